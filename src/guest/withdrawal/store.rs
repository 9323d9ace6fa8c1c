//! Rows of withdrawals, and of the wallets that they leave. A step of the machine is one read and one write of a row.

use alloy_primitives::Address;

use crate::base::id::WithdrawalId;
use crate::base::time::UnixSeconds;
use crate::chain::eip3009::Authorization;
use crate::chain::networks::Network;
use crate::guest::session::{self, ChosenWallet};
use crate::guest::withdrawal::model::{State, Withdrawal};
use crate::ports::storage::{Columns, all, first};
use crate::ports::{Sql, SqlError, SqlValue};
use crate::rails::x402::signed::{authorization_json, read_authorization};
use crate::wallets::Kind;

/// Wallets of a session that are shown, the newest.
const WALLETS_MAX: u32 = 8;
/// A withdrawal whose outcome cannot be read for so long is not in the way of another one, seconds. Its authorization
/// has ended long before.
const IN_THE_WAY_SECONDS: i64 = 86_400;

const OPEN: &str = "state IN ('signing', 'sending')";
const WITHDRAWAL: &str = "SELECT id, request_id, wallet, network, amount, state, reason, \
     authorization, signature, tx_hash, requests, refused, attempts, next_check_at, created_at \
     FROM withdrawals";

/// Notes a wallet whose key is not its user's.
pub(crate) fn keep_wallet(
    sql: &impl Sql,
    wallet: &ChosenWallet,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    if wallet.kind == Kind::Browser {
        return Ok(());
    }
    let statement = "INSERT INTO kept_wallets (address, wallet, at) VALUES (?1, ?2, ?3) \
         ON CONFLICT DO NOTHING";
    let address = wallet.address.to_checksum(None);
    sql.run(statement, &[address.into(), json(wallet)?.into(), now.into()]).map(drop)
}

/// The wallets of this session that the deployment keeps: the one that pays, if it is one, and earlier ones.
pub(crate) fn kept_wallets(sql: &impl Sql) -> Result<Vec<ChosenWallet>, SqlError> {
    let statement = "SELECT wallet FROM kept_wallets ORDER BY at DESC, rowid DESC LIMIT ?1";
    let mut kept = all(sql, statement, &[WALLETS_MAX.into()], |columns| {
        columns.parsed(|text| serde_json::from_str::<ChosenWallet>(text))
    })?;
    let chosen = session::wallet(sql)?.filter(|wallet| wallet.kind != Kind::Browser);
    // One that was chosen before rows were kept has none.
    let is_new = |chosen: &ChosenWallet| kept.iter().all(|one| one.address != chosen.address);
    kept.extend(chosen.filter(is_new));
    Ok(kept)
}

/// Inserts a new withdrawal.
pub(super) fn add(sql: &impl Sql, new: &Withdrawal) -> Result<(), SqlError> {
    let statement = "INSERT INTO withdrawals (id, request_id, wallet, network, amount, state, \
         authorization, next_check_at, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let wallet = wallet_of(new);
    let parameters: [SqlValue; 9] = [
        new.id.as_str().into(),
        new.request_id.as_str().into(),
        json(&wallet)?.into(),
        new.network.caip2.into(),
        new.amount.into(),
        new.state.as_str().into(),
        authorization_json(&new.authorization).to_string().into(),
        new.next_check_at.into(),
        new.created_at.into(),
    ];
    sql.run(statement, &parameters).map(drop)
}

/// Writes what a step can change. What is signed, and the signature, are never written over.
pub(super) fn save(sql: &impl Sql, changed: &Withdrawal) -> Result<(), SqlError> {
    let statement = "UPDATE withdrawals SET state = ?2, reason = ?3, \
         signature = coalesce(signature, ?4), tx_hash = coalesce(?5, tx_hash), requests = ?6, \
         refused = ?7, attempts = ?8, next_check_at = ?9 WHERE id = ?1";
    let parameters: [SqlValue; 9] = [
        changed.id.as_str().into(),
        changed.state.as_str().into(),
        changed.reason.as_str().into(),
        changed.signature.as_ref().map(ToString::to_string).as_deref().into(),
        changed.transaction.map(|hash| hash.to_string()).as_deref().into(),
        changed.requests.into(),
        SqlValue::Int(i64::from(changed.refused)),
        changed.attempts.into(),
        changed.next_check_at.into(),
    ];
    sql.run(statement, &parameters).map(drop)
}

/// The withdrawal with this id.
pub(crate) fn find(sql: &impl Sql, id: &WithdrawalId) -> Result<Option<Withdrawal>, SqlError> {
    one(sql, "id = ?1", id.as_str())
}

/// The withdrawal that this request of a client has made.
pub(super) fn of_request(sql: &impl Sql, request: &str) -> Result<Option<Withdrawal>, SqlError> {
    one(sql, "request_id = ?1", request)
}

/// Whether a withdrawal of this wallet is under way, so that a second one could send the same money twice.
pub(super) fn is_in_the_way(
    sql: &impl Sql,
    from: Address,
    now: UnixSeconds,
) -> Result<bool, SqlError> {
    let statement = format!(
        "SELECT 1 FROM withdrawals WHERE {OPEN} AND created_at > ?1 \
         AND json_extract(wallet, '$.address') = ?2 LIMIT 1"
    );
    let since = now.plus(-IN_THE_WAY_SECONDS);
    Ok(first(sql, &statement, &[since.into(), json_address(from).into()])?.is_some())
}

/// The newest withdrawals, for lists.
pub(crate) fn newest(sql: &impl Sql, max: u32) -> Result<Vec<Withdrawal>, SqlError> {
    let statement = format!("{WITHDRAWAL} ORDER BY created_at DESC, rowid DESC LIMIT ?1");
    let rows = all(sql, &statement, &[max.into()], |row| Ok(withdrawal(row).ok()))?;
    Ok(rows.into_iter().flatten().collect())
}

/// The withdrawal that has waited longest for its next look, and is due.
pub(super) fn due(sql: &impl Sql, now: UnixSeconds) -> Result<Option<String>, SqlError> {
    let statement = "SELECT id FROM withdrawals WHERE next_check_at <= ?1 ORDER BY next_check_at";
    first(sql, &format!("{statement} LIMIT 1"), &[now.into()])?
        .map(|mut row| row.text())
        .transpose()
}

/// When the next one is to be looked after.
pub(crate) fn next_due(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    let found = first(sql, "SELECT min(next_check_at) FROM withdrawals", &[])?;
    let found = found.map(|mut row| row.optional_int()).transpose()?.flatten();
    Ok(found.map(UnixSeconds::new))
}

/// How many are open.
pub(crate) fn count_open(sql: &impl Sql) -> Result<u64, SqlError> {
    let statement = format!("SELECT count(*) FROM withdrawals WHERE {OPEN}");
    first(sql, &statement, &[])?.map_or(Ok(0), |mut row| row.count())
}

/// All that are open are looked after by `now`: an instance has ended, or somebody has come back.
pub(crate) fn hurry(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    let statement =
        format!("UPDATE withdrawals SET next_check_at = ?1 WHERE {OPEN} AND next_check_at > ?1");
    sql.run(&statement, &[now.into()]).map(drop)
}

/// Puts a row off that cannot be read.
pub(super) fn put_off(sql: &impl Sql, id: &str, next: UnixSeconds) -> Result<(), SqlError> {
    let statement = "UPDATE withdrawals SET next_check_at = ?2 WHERE id = ?1";
    sql.run(statement, &[id.into(), next.into()]).map(drop)
}

/// The wallet as the session has it.
pub(super) fn wallet_of(withdrawal: &Withdrawal) -> ChosenWallet {
    ChosenWallet {
        kind: withdrawal.kind,
        address: withdrawal.from(),
        locator: withdrawal.locator.clone(),
        deployed: false,
    }
}

fn one(sql: &impl Sql, condition: &str, value: &str) -> Result<Option<Withdrawal>, SqlError> {
    let statement = format!("{WITHDRAWAL} WHERE {condition}");
    first(sql, &statement, &[value.into()])?.map(|mut row| withdrawal(&mut row)).transpose()
}

fn withdrawal(row: &mut Columns) -> Result<Withdrawal, SqlError> {
    let (id, request_id) = (row.parsed(WithdrawalId::parse)?, row.text()?);
    let wallet = row.parsed(|text| serde_json::from_str::<ChosenWallet>(text))?;
    Ok(Withdrawal {
        id,
        request_id,
        kind: wallet.kind,
        locator: wallet.locator,
        network: row.parsed(|id| Network::by_caip2(id).ok_or("an unknown network"))?,
        amount: row.usdc()?,
        state: row.parsed(State::parse)?,
        reason: row.text()?,
        authorization: row.parsed(authorization)?,
        signature: row.optional_text()?.and_then(|text| text.parse().ok()),
        transaction: row.optional_text()?.and_then(|text| text.parse().ok()),
        requests: u32::try_from(row.count()?).unwrap_or(u32::MAX),
        refused: row.int()? != 0,
        attempts: u32::try_from(row.count()?).unwrap_or(u32::MAX),
        next_check_at: row.optional_int()?.map(UnixSeconds::new),
        created_at: row.moment()?,
    })
}

fn authorization(text: &str) -> Result<Authorization, String> {
    let json = serde_json::from_str(text).map_err(|error| error.to_string())?;
    read_authorization(&json).map_err(|error| error.to_string())
}

/// An address as `ChosenWallet` stores it.
fn json_address(address: Address) -> String {
    address.to_string().to_lowercase()
}

fn json(value: &impl serde::Serialize) -> Result<String, SqlError> {
    serde_json::to_string(value).map_err(|error| SqlError(format!("cannot be stored: {error}")))
}
