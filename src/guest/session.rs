//! The row of a session, and what belongs to it: owner, policy, wallet, server, and the events that it lists.

use alloy_primitives::{Address, hex};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::base::id::SessionId;
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::config::Config;
use crate::guest::handshake::SignIn;
use crate::guest::views::{DeploymentView, explorer_url};
use crate::identity::UserId;
use crate::mcp::client::{Connection, ServerTool};
use crate::ports::storage::{Columns, Migrations, all, first};
use crate::ports::{Sql, SqlError, SqlValue};
use crate::wallets::Kind;
use crate::wallets::policy::Policy;

/// The schema of a guest's object.
pub const MIGRATIONS: Migrations = &[
    include_str!("schema.sql"),
    include_str!("schema-2.sql"),
    include_str!("schema-3.sql"),
    include_str!("schema-4.sql"),
    include_str!("schema-5.sql"),
    include_str!("schema-6.sql"),
    include_str!("schema-7.sql"),
    include_str!("schema-8.sql"),
];

const DAY_SECONDS: i64 = 86_400;
/// A session that was not used for so long ends.
pub(super) const IDLE_SECONDS: i64 = 30 * DAY_SECONDS;
/// So long after it began it ends in any case.
const LIFE_SECONDS: i64 = 90 * DAY_SECONDS;

/// Whose a session is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) user: UserId,
    /// The user's newest sign-in.
    pub(super) sign_in: SignIn,
}

/// The wallet that a session pays with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ChosenWallet {
    pub(super) kind: Kind,
    pub(super) address: Address,
    /// What Crossmint calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) locator: Option<String>,
    /// Whether it was seen on the chain.
    #[serde(default)]
    pub(super) deployed: bool,
}

/// An event that the server has listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) event_id: String,
    /// Its title: a stranger's words.
    pub(super) title: String,
    pub(super) price: Usdc,
    /// Seats that are left, if they are limited.
    pub(super) seats_left: Option<u64>,
    /// When it begins, as the server says it.
    pub(super) starts_at: String,
}

/// Inserts the session, with the default policy.
pub(super) fn create(
    sql: &impl Sql,
    session: &SessionId,
    token: &str,
    owner: Option<&Owner>,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "INSERT INTO session (id, session, token_digest, created_at, policy, used_at, \
         user_id, proven_at, proven_until) VALUES (1, ?1, ?2, ?3, ?4, ?3, ?5, ?6, ?7)";
    let parameters: [SqlValue; 7] = [
        session.as_str().into(),
        digest(token).into(),
        now.into(),
        json(&Policy::default())?.into(),
        owner.map(|owner| owner.user.as_str()).into(),
        owner.map(|owner| owner.sign_in.at).into(),
        owner.map(|owner| owner.sign_in.until).into(),
    ];
    sql.run(statement, &parameters).map(drop)
}

/// Whether this token resumes the session. Takes as long for a wrong one.
pub(super) fn is_token(sql: &impl Sql, token: &str) -> Result<bool, SqlError> {
    let kept: Option<String> = text(sql, "token_digest")?;
    let given = digest(token);
    Ok(kept.is_some_and(|kept| bool::from(kept.as_bytes().ct_eq(given.as_bytes()))))
}

/// The session's id; `None` if there is no session.
pub(super) fn id(sql: &impl Sql) -> Result<Option<String>, SqlError> {
    text(sql, "session")
}

/// Whose session it is, and the newest sign-in of theirs.
pub(super) fn owner(sql: &impl Sql) -> Result<Option<Owner>, SqlError> {
    let statement = "SELECT user_id, coalesce(proven_at, 0), coalesce(proven_until, 0) FROM session \
         WHERE id = 1 AND user_id IS NOT NULL";
    let found = first(sql, statement, &[])?;
    let owner = |mut row: Columns| {
        let user = row.parsed(UserId::parse)?;
        Ok(Owner { user, sign_in: SignIn { at: row.moment()?, until: row.moment()? } })
    };
    found.map(owner).transpose()
}

/// The owner has come with a sign-in; the newest one is kept.
pub(super) fn renew(sql: &impl Sql, sign_in: SignIn) -> Result<(), SqlError> {
    let statement = "UPDATE session SET proven_at = ?1, proven_until = ?2 \
         WHERE id = 1 AND (proven_until IS NULL OR proven_at <= ?1)";
    sql.run(statement, &[sign_in.at.into(), sign_in.until.into()]).map(drop)
}

/// When the owner signed out last, as far as is known here.
pub(super) fn signed_out_at(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    moment(sql, "signed_out_at")
}

/// Notes when the owner signed out.
pub(super) fn note_sign_out(sql: &impl Sql, at: UnixSeconds) -> Result<(), SqlError> {
    set(sql, "signed_out_at", at.into())
}

/// When the session was used last, about.
pub(super) fn used_at(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    moment(sql, "coalesce(used_at, created_at)")
}

/// Notes that the session was used.
pub(super) fn set_used(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    set(sql, "used_at", now.into())
}

/// When the session ends if it is not used; `None` if there is none.
pub(super) fn ends_at(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    let Some(used_at) = used_at(sql)? else { return Ok(None) };
    let created_at = moment(sql, "created_at")?.unwrap_or(used_at);
    Ok(Some(used_at.plus(IDLE_SECONDS).min(created_at.plus(LIFE_SECONDS))))
}

/// The spending policy; the default one if none is stored.
pub(super) fn policy(sql: &impl Sql) -> Result<Policy, SqlError> {
    Ok(read(sql, "policy")?.unwrap_or_default())
}

pub(super) fn set_policy(sql: &impl Sql, policy: &Policy) -> Result<(), SqlError> {
    set(sql, "policy", json(policy)?.into())
}

/// The wallet that pays; `None` before one is chosen.
pub(super) fn wallet(sql: &impl Sql) -> Result<Option<ChosenWallet>, SqlError> {
    read(sql, "wallet")
}

pub(super) fn set_wallet(sql: &impl Sql, wallet: &ChosenWallet) -> Result<(), SqlError> {
    set(sql, "wallet", json(wallet)?.into())
}

/// The server that the session is connected to.
pub(super) fn connection(sql: &impl Sql) -> Result<Option<Connection>, SqlError> {
    read(sql, "connection")
}

/// The tools of the connected server.
pub(super) fn tools(sql: &impl Sql) -> Result<Vec<ServerTool>, SqlError> {
    Ok(read(sql, "tools")?.unwrap_or_default())
}

/// Connects to a server, or keeps what has changed of the connection.
pub(super) fn set_connection(sql: &impl Sql, connection: &Connection) -> Result<(), SqlError> {
    set(sql, "connection", json(connection)?.into())
}

/// Replaces the server's tools.
pub(super) fn set_tools(sql: &impl Sql, tools: &[ServerTool]) -> Result<(), SqlError> {
    set(sql, "tools", json(&tools)?.into())
}

/// Removes the connection, its tools and its listed events.
pub(super) fn disconnect(sql: &impl Sql) -> Result<(), SqlError> {
    sql.run("UPDATE session SET connection = NULL, tools = '[]' WHERE id = 1", &[])?;
    sql.run("DELETE FROM listed", &[]).map(drop)
}

/// What the chat waits for, or its conversation with a model: the column's JSON.
pub(super) fn chat<T: DeserializeOwned>(
    sql: &impl Sql,
    column: ChatColumn,
) -> Result<Option<T>, SqlError> {
    read(sql, column.name())
}

/// Stores the column's value; `None` clears it.
pub(super) fn set_chat(
    sql: &impl Sql,
    column: ChatColumn,
    value: Option<&impl Serialize>,
) -> Result<(), SqlError> {
    let value = value.map(json).transpose()?;
    set(sql, column.name(), value.as_deref().into())
}

/// Notes that a wallet is on the chain now. The first payment that it made in this session brought it
/// there; without one it was there before.
pub(super) fn note_deployment(
    sql: &impl Sql,
    address: Address,
    network: &str,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "INSERT INTO deployments (address, network, tx_hash, at) VALUES (?1, ?2, \
         (SELECT tx_hash FROM purchases WHERE payer = ?1 AND network = ?2 AND state = 'paid' \
         ORDER BY created_at, rowid LIMIT 1), ?3) ON CONFLICT DO NOTHING";
    sql.run(statement, &[address.to_checksum(None).into(), network.into(), now.into()]).map(drop)
}

/// Wallets that were seen on the chain, the newest first.
pub(super) fn deployments(
    sql: &impl Sql,
    config: &Config,
) -> Result<Vec<DeploymentView>, SqlError> {
    let statement =
        "SELECT address, network, tx_hash, at FROM deployments ORDER BY at DESC LIMIT 50";
    all(sql, statement, &[], |columns| {
        let (address, network) = (columns.text()?, columns.text()?);
        let tx_hash = columns.optional_text()?;
        let explorer_url = explorer_url(config, &network, tx_hash.as_deref());
        let at = columns.moment()?.to_string();
        Ok(DeploymentView { address, network, tx_hash, explorer_url, at })
    })
}

/// What is kept of the chat.
#[derive(Clone, Copy, Debug)]
pub(super) enum ChatColumn {
    /// What it waits for.
    Missing,
    /// Its conversation with a model.
    Conversation,
    /// What it has shown last.
    Seen,
    /// What a wallet in a browser is asked to sign for it.
    Proof,
}

impl ChatColumn {
    const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Conversation => "conversation",
            Self::Seen => "seen",
            Self::Proof => "proof",
        }
    }
}

/// Notes what a server lists.
pub(super) fn list(sql: &impl Sql, server: &str, event: &Listed) -> Result<(), SqlError> {
    let statement = "INSERT INTO listed (door, event_id, title, price, seats_left, starts_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (door, event_id) DO UPDATE SET \
         title = ?3, price = ?4, seats_left = ?5, starts_at = ?6";
    let seats = event.seats_left.and_then(|seats| i64::try_from(seats).ok());
    let parameters: [SqlValue; 6] = [
        server.into(),
        event.event_id.as_str().into(),
        event.title.as_str().into(),
        event.price.into(),
        seats.map_or(SqlValue::Null, SqlValue::Int),
        event.starts_at.as_str().into(),
    ];
    sql.run(statement, &parameters).map(drop)
}

/// Forgets what a server has listed before.
pub(super) fn clear_list(sql: &impl Sql, server: &str) -> Result<(), SqlError> {
    sql.run("DELETE FROM listed WHERE door = ?1", &[server.into()]).map(drop)
}

/// What a server has listed under this id.
pub(super) fn listed(sql: &impl Sql, server: &str, id: &str) -> Result<Option<Listed>, SqlError> {
    let statement = "SELECT event_id, title, price, seats_left, starts_at FROM listed \
         WHERE door = ?1 AND event_id = ?2";
    let found = first(sql, statement, &[server.into(), id.into()])?;
    let Some(mut columns) = found else { return Ok(None) };
    Ok(Some(Listed {
        event_id: columns.text()?,
        title: columns.text()?,
        price: columns.usdc()?,
        seats_left: columns.optional_int()?.and_then(|seats| u64::try_from(seats).ok()),
        starts_at: columns.text()?,
    }))
}

fn text(sql: &impl Sql, column: &str) -> Result<Option<String>, SqlError> {
    let statement = format!("SELECT {column} FROM session WHERE id = 1");
    let found = first(sql, &statement, &[])?;
    found.map_or(Ok(None), |mut columns| columns.optional_text())
}

fn moment(sql: &impl Sql, column: &str) -> Result<Option<UnixSeconds>, SqlError> {
    let statement = format!("SELECT {column} FROM session WHERE id = 1");
    let found = first(sql, &statement, &[])?;
    let found = found.map_or(Ok(None), |mut columns| columns.optional_int())?;
    Ok(found.map(UnixSeconds::new))
}

fn read<T: DeserializeOwned>(sql: &impl Sql, column: &str) -> Result<Option<T>, SqlError> {
    let Some(text) = text(sql, column)? else { return Ok(None) };
    let damaged = |error| SqlError(format!("the session's {column} is damaged: {error}"));
    serde_json::from_str(&text).map(Some).map_err(damaged)
}

fn set(sql: &impl Sql, column: &str, value: SqlValue) -> Result<(), SqlError> {
    let statement = format!("UPDATE session SET {column} = ?1 WHERE id = 1");
    sql.run(&statement, &[value]).map(drop)
}

fn json(value: &impl Serialize) -> Result<String, SqlError> {
    serde_json::to_string(value).map_err(|error| SqlError(format!("cannot be stored: {error}")))
}

fn digest(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}
