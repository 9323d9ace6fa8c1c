//! What a guest session pays for, and how far that is:
//!
//! ```text
//! asked → signing → paying → paid
//!   ↘       ↘         ↓ ↘
//!  declined  failed  unknown → paid | failed
//! ```
//!
//! From `signing` on the money counts as spent: a signature that has left may move it until it runs out.
//! Only when it has run out unused, or was never made, the purchase is `failed` and the money free again.
//!
//! A purchase is open while its money may move, and while it is paid and its result was neither shown nor kept
//! for whoever comes back ([`Purchase::is_open`]). An open purchase always has a `next_check_at`.

use alloy_primitives::Bytes;
use serde::Serialize;
use serde_json::Value;

use crate::base::id::PurchaseId;
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::chain::eip3009::Authorization;
use crate::mcp::client::Connection;
use crate::ports::storage::{Columns, all, first};
use crate::ports::{Sql, SqlError, SqlValue};
use crate::rails::x402::wire::{authorization_json, read_authorization};
use crate::wallets::policy::Spent;

pub(super) mod open;

const DAY_SECONDS: i64 = 86_400;

/// How far a purchase is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "PaymentState"))]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The person is asked.
    Asked,
    /// They said no.
    Declined,
    /// The policy said no.
    Refused,
    /// A signature is asked for. From here on its money counts as spent.
    Signing,
    /// The signed payment is with the door.
    Paying,
    /// It is signed, and nobody knows what became of it.
    Unknown,
    /// The money moved. Whether the result was shown is said by [`Purchase::shown`].
    Paid,
    /// No money moved, and none can any more.
    Failed,
}

/// Something that a session pays for, or was asked to.
#[derive(Clone, Debug)]
pub struct Purchase {
    /// Its id, which is also that of the confirmation and of the signature.
    pub id: PurchaseId,
    /// The door.
    pub door: String,
    /// The connection over which it was made; `None` if that cannot be read, or was never kept.
    pub connection: Option<Connection>,
    /// The tool.
    pub tool: String,
    /// Its arguments.
    pub arguments: Value,
    /// The caller's own name for the call.
    pub call_id: Option<String>,
    /// Who called.
    pub origin: Origin,
    /// The door's answer that asks for payment.
    pub challenge: Value,
    /// The price.
    pub amount: Usdc,
    /// Who is paid (EIP-55).
    pub pay_to: String,
    /// CAIP-2.
    pub network: String,
    /// Who pays (EIP-55).
    pub payer: String,
    /// How far it is.
    pub state: State,
    /// What is signed.
    pub authorization: Option<Authorization>,
    /// With what.
    pub signature: Option<Bytes>,
    /// The transaction.
    pub transaction: Option<String>,
    /// Whether the tool's result was shown, or is kept for whoever comes back.
    pub shown: bool,
    /// Whether the caller was told that there is no result yet.
    pub warned: bool,
    /// How often it was looked after.
    pub attempts: u32,
    /// When it is looked after next.
    pub next_check_at: Option<UnixSeconds>,
    /// When it was asked for.
    pub created_at: UnixSeconds,
}

/// Who called a tool, and so who waits for what comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `call_tool`.
    Call,
    /// Words that we understood.
    Chat,
    /// A language model, by the id of its call.
    Model(String),
}

impl Purchase {
    /// Whether its money may move yet, or has moved and its result is outstanding.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        match self.state {
            State::Signing | State::Paying | State::Unknown => true,
            State::Paid => !self.shown,
            State::Asked | State::Declined | State::Refused | State::Failed => false,
        }
    }
}

/// What is signed for and may have moved or move yet.
pub(super) fn spent(sql: &impl Sql, now: UnixSeconds) -> Result<Spent, SqlError> {
    let statement = "SELECT coalesce(sum(amount), 0), \
         coalesce(sum(CASE WHEN created_at > ?1 THEN amount ELSE 0 END), 0) FROM purchases \
         WHERE state IN ('signing', 'paying', 'unknown', 'paid')";
    let Some(mut columns) = first(sql, statement, &[now.plus(-DAY_SECONDS).into()])? else {
        return Ok(Spent { session: Usdc::ZERO, day: Usdc::ZERO });
    };
    Ok(Spent { session: columns.usdc()?, day: columns.usdc()? })
}

const PURCHASE: &str = "SELECT id, door, tool, arguments, call_id, origin, challenge, amount, \
     pay_to, network, payer, state, authorization, signature, tx_hash, shown, attempts, created_at, \
     connection, warned, next_check_at FROM purchases";

/// Writes a purchase down.
pub(super) fn add(sql: &impl Sql, purchase: &Purchase, reason: &str) -> Result<(), SqlError> {
    let statement = "INSERT INTO purchases (id, door, tool, arguments, call_id, origin, challenge, \
         amount, pay_to, network, payer, state, reason, created_at, updated_at, connection, \
         next_check_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?14, ?15, ?16)";
    let connection = purchase.connection.as_ref().map(serde_json::to_string).transpose();
    let connection =
        connection.map_err(|error| SqlError(format!("a connection cannot be stored: {error}")))?;
    let parameters: [SqlValue; 16] = [
        purchase.id.as_str().into(),
        purchase.door.as_str().into(),
        purchase.tool.as_str().into(),
        purchase.arguments.to_string().into(),
        purchase.call_id.as_deref().into(),
        purchase.origin.to_text().into(),
        purchase.challenge.to_string().into(),
        purchase.amount.into(),
        purchase.pay_to.as_str().into(),
        purchase.network.as_str().into(),
        purchase.payer.as_str().into(),
        purchase.state.as_str().into(),
        reason.into(),
        purchase.created_at.into(),
        connection.as_deref().into(),
        purchase.next_check_at.into(),
    ];
    sql.run(statement, &parameters).map(drop)
}

/// The purchase with this id.
pub(super) fn find(sql: &impl Sql, id: &PurchaseId) -> Result<Option<Purchase>, SqlError> {
    find_stored(sql, id.as_str())
}

/// The purchase with this id, as it is stored: a damaged one has perhaps none that can be read.
pub(super) fn find_stored(sql: &impl Sql, id: &str) -> Result<Option<Purchase>, SqlError> {
    let statement = format!("{PURCHASE} WHERE id = ?1");
    first(sql, &statement, &[id.into()])?.map(|mut row| purchase(&mut row)).transpose()
}

/// The newest purchases that can be read.
pub(super) fn newest(sql: &impl Sql, max: u32) -> Result<Vec<Purchase>, SqlError> {
    let statement = format!("{PURCHASE} ORDER BY created_at DESC, rowid DESC LIMIT ?1");
    readable(sql, &statement, &[max.into()])
}

/// The oldest purchases in a state, of those that can be read.
pub(super) fn in_state(sql: &impl Sql, state: State) -> Result<Vec<Purchase>, SqlError> {
    let statement = format!("{PURCHASE} WHERE state = ?1 ORDER BY created_at LIMIT 50");
    readable(sql, &statement, &[state.as_str().into()])
}

/// What a wallet has bought with a tool of a server and has a ticket for: the arguments and the ticket, the newest
/// first.
pub(super) fn tickets(
    sql: &impl Sql,
    door: &str,
    tool: &str,
    payer: &str,
) -> Result<Vec<(Value, String)>, SqlError> {
    let statement = "SELECT arguments, ticket FROM purchases WHERE door = ?1 AND tool = ?2 \
         AND payer = ?3 AND ticket IS NOT NULL AND state IN ('paying', 'unknown', 'paid') \
         ORDER BY created_at DESC LIMIT 500";
    all(sql, statement, &[door.into(), tool.into(), payer.into()], |columns| {
        Ok((columns.parsed(|text| serde_json::from_str(text))?, columns.text()?))
    })
}

/// A damaged row hides no other; it is logged when it is due.
fn readable(
    sql: &impl Sql,
    statement: &str,
    parameters: &[SqlValue],
) -> Result<Vec<Purchase>, SqlError> {
    let rows = all(sql, statement, parameters, |row| Ok(purchase(row).ok()))?;
    Ok(rows.into_iter().flatten().collect())
}

/// How far a purchase is now, why, and when it is looked after next. `false` if it is over already:
/// somebody else was faster, and what is over stays so.
pub(super) fn set_state(
    sql: &impl Sql,
    id: &PurchaseId,
    state: State,
    reason: &str,
    next_check_at: Option<UnixSeconds>,
    now: UnixSeconds,
) -> Result<bool, SqlError> {
    let statement = "UPDATE purchases SET state = ?2, reason = ?3, next_check_at = ?4, \
         updated_at = ?5 WHERE id = ?1 AND state IN ('asked', 'signing', 'paying', 'unknown') \
         RETURNING id";
    let parameters = [
        id.as_str().into(),
        state.as_str().into(),
        reason.into(),
        next_check_at.into(),
        now.into(),
    ];
    Ok(!sql.run(statement, &parameters)?.is_empty())
}

/// What is about to be signed.
pub(super) fn set_authorization(
    sql: &impl Sql,
    id: &PurchaseId,
    authorization: &Authorization,
) -> Result<(), SqlError> {
    let valid_before = i64::try_from(authorization.valid_before).unwrap_or(i64::MAX);
    let statement = "UPDATE purchases SET authorization = ?2, valid_before = ?3 WHERE id = ?1";
    let parameters = [
        id.as_str().into(),
        authorization_json(authorization).to_string().into(),
        UnixSeconds::new(valid_before.min(UnixSeconds::STORABLE_MAX)).into(),
    ];
    sql.run(statement, &parameters).map(drop)
}

/// The signature that was made.
pub(super) fn set_signature(
    sql: &impl Sql,
    id: &PurchaseId,
    signature: &Bytes,
) -> Result<(), SqlError> {
    let statement = "UPDATE purchases SET signature = ?2 WHERE id = ?1";
    sql.run(statement, &[id.as_str().into(), signature.to_string().into()]).map(drop)
}

impl State {
    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Declined => "declined",
            Self::Refused => "refused",
            Self::Signing => "signing",
            Self::Paying => "paying",
            Self::Unknown => "unknown",
            Self::Paid => "paid",
            Self::Failed => "failed",
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let all = [
            Self::Asked,
            Self::Declined,
            Self::Refused,
            Self::Signing,
            Self::Paying,
            Self::Unknown,
            Self::Paid,
            Self::Failed,
        ];
        all.into_iter().find(|state| state.as_str() == text).ok_or_else(|| text.to_owned())
    }
}

impl Origin {
    fn to_text(&self) -> String {
        match self {
            Self::Call => "call".to_owned(),
            Self::Chat => "chat".to_owned(),
            Self::Model(id) => format!("model:{id}"),
        }
    }

    fn parse(text: &str) -> Self {
        match text.strip_prefix("model:") {
            Some(id) => Self::Model(id.to_owned()),
            None if text == "chat" => Self::Chat,
            None => Self::Call,
        }
    }
}

fn purchase(columns: &mut Columns) -> Result<Purchase, SqlError> {
    Ok(Purchase {
        id: columns.parsed(PurchaseId::parse)?,
        door: columns.text()?,
        tool: columns.text()?,
        arguments: columns.parsed(|text| serde_json::from_str(text))?,
        call_id: columns.optional_text()?,
        origin: Origin::parse(&columns.text()?),
        challenge: columns.parsed(|text| serde_json::from_str(text))?,
        amount: columns.usdc()?,
        pay_to: columns.text()?,
        network: columns.text()?,
        payer: columns.text()?,
        state: columns.parsed(State::parse)?,
        authorization: columns.optional_text()?.map(|text| authorization(&text)).transpose()?,
        signature: columns.optional_text()?.and_then(|text| text.parse().ok()),
        transaction: columns.optional_text()?,
        shown: columns.int()? != 0,
        attempts: u32::try_from(columns.count()?).unwrap_or(u32::MAX),
        created_at: columns.moment()?,
        // A new one is opened in the place of one that cannot be read.
        connection: columns.optional_text()?.and_then(|text| serde_json::from_str(&text).ok()),
        warned: columns.int()? != 0,
        next_check_at: columns.optional_int()?.map(UnixSeconds::new),
    })
}

fn authorization(text: &str) -> Result<Authorization, SqlError> {
    let damaged = |error: String| SqlError(format!("a stored authorization is damaged: {error}"));
    let json: Value = serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
    read_authorization(&json).map_err(|error| damaged(error.to_string()))
}
