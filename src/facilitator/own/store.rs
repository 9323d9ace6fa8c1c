//! The relayer's storage: settlements and their signed transactions. A row is written before its transaction is sent,
//! in the same SQL transaction as its nonce.

use alloy_primitives::B256;
use serde_json::Value;

use crate::base::time::UnixSeconds;
use crate::chain::eip3009::{Authorization, Via};
use crate::chain::transaction::SignedTransaction;
use crate::facilitator::own::gas::Micros;
use crate::facilitator::own::order::Order;
use crate::facilitator::own::refusal::Reason;
use crate::ports::storage::{Columns, Migrations, all, first};
use crate::ports::{Sql, SqlError, SqlValue};
use crate::rails::x402::signed::{authorization_json, read_authorization};

/// The schema of a relayer's object.
pub const MIGRATIONS: Migrations =
    &[include_str!("schema.sql"), include_str!("schema-2.sql"), include_str!("schema-3.sql")];

/// How long rows are kept after their authorization expires, seconds. Until then a repeated request gets its answer,
/// and a dropped block is repaired.
const KEEP_SECONDS: i64 = 86_400;

/// The state of a settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Signed, and sent or about to be sent.
    Sent,
    /// The money moved, in [`Settlement::hash`].
    Settled,
    /// The money did not move, and this attempt can no longer move it.
    Failed(Reason),
}

/// A payment that the relayer was asked to settle.
#[derive(Clone, Debug)]
pub(super) struct Settlement {
    pub(super) id: String,
    pub(super) claimant: String,
    pub(super) fingerprint: String,
    pub(super) authorization: Authorization,
    pub(super) valid_before: UnixSeconds,
    pub(super) state: State,
    pub(super) hash: B256,
    pub(super) attempts: u32,
    /// A block has reverted its transaction, so no more gas is spent on it.
    pub(super) is_reverted: bool,
    /// The gas charge, and its day.
    pub(super) gas: Charged,
    /// The id of the payer's code; `None` for a key.
    pub(super) code: Option<String>,
    /// The time of the first request.
    pub(super) created_at: UnixSeconds,
}

/// A charge to the budgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Charged {
    pub(super) micros: Micros,
    pub(super) day: i64,
}

/// A row of `transactions`, stored before it is first sent.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) hash: B256,
    pub(super) nonce: u64,
    /// `None` if it only fills a nonce gap.
    pub(super) settlement: Option<String>,
    pub(super) raw: String,
    pub(super) signed_at: UnixSeconds,
    pub(super) sent_at: UnixSeconds,
}

/// The member of a stored authorization that says that Permit2 takes it.
const VIA: &str = "via";

const SETTLEMENT: &str = "SELECT id, claimant, fingerprint, authorization, valid_before, state, \
     hash, reason, attempts, reverted_at, gas_micros, gas_day, code, created_at FROM settlements";
const TRANSACTION: &str =
    "SELECT hash, nonce, settlement, raw, signed_at, sent_at FROM transactions";

pub(super) fn find(sql: &impl Sql, id: &str) -> Result<Option<Settlement>, SqlError> {
    let statement = format!("{SETTLEMENT} WHERE id = ?1");
    first(sql, &statement, &[id.into()])?.map(|mut columns| settlement(&mut columns)).transpose()
}

/// The ids of settlements that are due for another check. Ids only, because a row may be damaged.
pub(super) fn to_confirm(
    sql: &impl Sql,
    now: UnixSeconds,
    max: u32,
) -> Result<Vec<String>, SqlError> {
    let statement =
        "SELECT id FROM settlements WHERE confirm_at <= ?1 ORDER BY confirm_at LIMIT ?2";
    all(sql, statement, &[now.into(), max.into()], Columns::text)
}

/// Sets or clears the time of the next check.
pub(super) fn confirm_at(
    sql: &impl Sql,
    id: &str,
    at: Option<UnixSeconds>,
) -> Result<(), SqlError> {
    let statement = "UPDATE settlements SET confirm_at = ?2 WHERE id = ?1";
    sql.run(statement, &[id.into(), at.into()]).map(drop)
}

/// Transactions that may still enter a block, by nonce, the newest of each nonce first. An unreadable row is an error
/// of its own.
pub(super) fn live(sql: &impl Sql, max: u32) -> Result<Vec<Result<Sent, SqlError>>, SqlError> {
    let statement = format!(
        "{TRANSACTION} WHERE state = 'live' ORDER BY nonce, signed_at DESC, rowid DESC LIMIT ?1"
    );
    let rows = sql.run(&statement, &[max.into()])?;
    Ok(rows.into_iter().map(|row| transaction(&mut Columns::new(row))).collect())
}

/// When the newest transaction was signed that may still enter a block.
pub(super) fn newest_live(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    let statement = "SELECT max(signed_at) FROM transactions WHERE state = 'live'";
    let found =
        first(sql, statement, &[])?.map(|mut columns| columns.optional_int()).transpose()?;
    Ok(found.flatten().map(UnixSeconds::new))
}

/// Nonces that wait for a block.
pub(super) fn queue(sql: &impl Sql) -> Result<u64, SqlError> {
    let statement = "SELECT count(DISTINCT nonce) FROM transactions WHERE state = 'live'";
    first(sql, statement, &[])?.map_or(Ok(0), |mut columns| columns.count())
}

/// The newest transaction with this nonce.
pub(super) fn of_nonce(sql: &impl Sql, nonce: u64) -> Result<Option<Sent>, SqlError> {
    let statement = format!("{TRANSACTION} WHERE nonce = ?1 ORDER BY rowid DESC LIMIT 1");
    first(sql, &statement, &[int(nonce)])?.map(|mut columns| transaction(&mut columns)).transpose()
}

/// All transactions of a settlement.
pub(super) fn hashes(sql: &impl Sql, id: &str) -> Result<Vec<B256>, SqlError> {
    let statement = "SELECT hash FROM transactions WHERE settlement = ?1 ORDER BY rowid";
    all(sql, statement, &[id.into()], |columns| columns.parsed(str::parse))
}

/// The settlement that this nonce was given to.
pub(super) fn settlement_of_nonce(
    sql: &impl Sql,
    nonce: u64,
) -> Result<Option<Settlement>, SqlError> {
    let statement =
        "SELECT settlement FROM transactions WHERE nonce = ?1 AND settlement IS NOT NULL LIMIT 1";
    let id = first(sql, statement, &[int(nonce)])?.map(|mut columns| columns.text()).transpose()?;
    id.map(|id| find(sql, &id)).transpose().map(Option::flatten)
}

/// The newest transaction of a settlement.
pub(super) fn of_settlement(sql: &impl Sql, id: &str) -> Result<Option<Sent>, SqlError> {
    let statement = format!("{TRANSACTION} WHERE settlement = ?1 ORDER BY rowid DESC LIMIT 1");
    first(sql, &statement, &[id.into()])?.map(|mut columns| transaction(&mut columns)).transpose()
}

/// The next nonce, if one was ever given.
pub(super) fn next_nonce(sql: &impl Sql) -> Result<Option<u64>, SqlError> {
    let found = first(sql, "SELECT next_nonce FROM account WHERE id = 1", &[])?;
    found.map(|mut columns| columns.count()).transpose()
}

/// Sets the next nonce.
pub(super) fn set_next_nonce(sql: &impl Sql, nonce: u64) -> Result<(), SqlError> {
    let statement = "INSERT INTO account (id, next_nonce) VALUES (1, ?1) \
         ON CONFLICT (id) DO UPDATE SET next_nonce = ?1";
    sql.run(statement, &[int(nonce)]).map(drop)
}

/// Starts a settlement with its first transaction, or restarts a failed one.
pub(super) fn begin(
    sql: &impl Sql,
    order: &Order,
    claimant: &str,
    nonce: u64,
    signed: &SignedTransaction,
    (gas, code): (Charged, Option<&str>),
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let id = order.key();
    let statement = "INSERT INTO settlements (id, claimant, fingerprint, authorization, \
         valid_before, state, hash, attempts, created_at, updated_at, gas_micros, gas_day, code) \
         VALUES (?1, ?2, ?3, ?4, ?5, 'sent', ?6, 1, ?7, ?7, ?8, ?9, ?10) \
         ON CONFLICT (id) DO UPDATE SET claimant = ?2, fingerprint = ?3, authorization = ?4, \
         valid_before = ?5, state = 'sent', hash = ?6, reason = NULL, confirm_at = NULL, \
         attempts = attempts + 1, updated_at = ?7, gas_micros = ?8, gas_day = ?9, code = ?10";
    let parameters: [SqlValue; 10] = [
        id.as_str().into(),
        claimant.into(),
        order.fingerprint().to_string().into(),
        stored(&order.authorization).to_string().into(),
        order.valid_before().into(),
        signed.hash.to_string().into(),
        now.into(),
        int(gas.micros),
        SqlValue::Int(gas.day),
        code.into(),
    ];
    sql.run(statement, &parameters)?;
    add_transaction(sql, Some(&id), nonce, signed, now)
}

/// Stores a transaction that is about to be sent.
pub(super) fn add_transaction(
    sql: &impl Sql,
    settlement: Option<&str>,
    nonce: u64,
    signed: &SignedTransaction,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "INSERT INTO transactions (hash, nonce, settlement, raw, state, signed_at, \
         sent_at) VALUES (?1, ?2, ?3, ?4, 'live', ?5, ?5)";
    let parameters: [SqlValue; 5] = [
        signed.hash.to_string().into(),
        int(nonce),
        settlement.into(),
        signed.raw.as_str().into(),
        now.into(),
    ];
    sql.run(statement, &parameters).map(drop)
}

/// Undoes the start of a settlement: its transaction will never be in a block.
pub(super) fn remove(sql: &impl Sql, id: &str, nonce: u64) -> Result<(), SqlError> {
    sql.run("DELETE FROM transactions WHERE nonce = ?1", &[int(nonce)])?;
    sql.run("DELETE FROM settlements WHERE id = ?1", &[id.into()]).map(drop)
}

/// Records that it was handed to a node.
pub(super) fn mark_sent(sql: &impl Sql, hash: B256, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "UPDATE transactions SET sent_at = ?2 WHERE hash = ?1";
    sql.run(statement, &[hash.to_string().into(), now.into()]).map(drop)
}

/// No other transaction with this nonce can enter a block any more.
pub(super) fn mark_done(sql: &impl Sql, nonce: u64) -> Result<(), SqlError> {
    let statement = "UPDATE transactions SET state = 'done' WHERE nonce = ?1";
    sql.run(statement, &[int(nonce)]).map(drop)
}

/// It may enter a block again: the chain has dropped its block.
pub(super) fn mark_live(sql: &impl Sql, hash: B256) -> Result<(), SqlError> {
    let statement = "UPDATE transactions SET state = 'live' WHERE hash = ?1";
    sql.run(statement, &[hash.to_string().into()]).map(drop)
}

/// Sets the state of a settlement. A settled one is checked again at `confirm_at`.
pub(super) fn set_state(
    sql: &impl Sql,
    id: &str,
    state: &State,
    hash: B256,
    confirm_at: Option<UnixSeconds>,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let (word, reason) = match state {
        State::Sent => ("sent", None),
        State::Settled => ("settled", None),
        State::Failed(reason) => ("failed", Some(reason.to_string())),
    };
    let statement = "UPDATE settlements SET state = ?2, reason = ?3, hash = ?4, confirm_at = ?5, \
         updated_at = ?6 WHERE id = ?1";
    let parameters: [SqlValue; 6] = [
        id.into(),
        word.into(),
        reason.as_deref().into(),
        hash.to_string().into(),
        confirm_at.into(),
        now.into(),
    ];
    sql.run(statement, &parameters).map(drop)
}

/// Stores the actual gas cost.
pub(super) fn set_gas(sql: &impl Sql, id: &str, micros: Micros) -> Result<(), SqlError> {
    let statement = "UPDATE settlements SET gas_micros = ?2 WHERE id = ?1";
    sql.run(statement, &[id.into(), int(micros)]).map(drop)
}

/// Whether a settlement of this payer is in flight.
pub(super) fn is_under_way(sql: &impl Sql, payer: &str) -> Result<bool, SqlError> {
    let statement =
        "SELECT 1 FROM settlements WHERE state = 'sent' AND id > ?1 AND id < ?2 LIMIT 1";
    // An id is the payer, a slash and the nonce; `0` is the character after the slash.
    let bounds = [format!("{payer}/").into(), format!("{payer}0").into()];
    Ok(first(sql, statement, &bounds)?.is_some())
}

/// Records that a block has reverted its transaction.
pub(super) fn mark_reverted(sql: &impl Sql, id: &str, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "UPDATE settlements SET reverted_at = ?2 WHERE id = ?1";
    sql.run(statement, &[id.into(), now.into()]).map(drop)
}

/// When the next settlement is due for a check.
pub(super) fn next_confirmation(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    let found = first(sql, "SELECT min(confirm_at) FROM settlements", &[])?;
    let found = found.map(|mut columns| columns.optional_int()).transpose()?.flatten();
    Ok(found.map(UnixSeconds::new))
}

/// Deletes rows that no request can ask for any more.
pub(super) fn forget(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "DELETE FROM settlements WHERE valid_before < ?1 AND state <> 'sent' \
         AND confirm_at IS NULL AND NOT EXISTS (SELECT 1 FROM transactions \
         WHERE settlement = settlements.id AND state = 'live')";
    sql.run(statement, &[now.plus(-KEEP_SECONDS).into()])?;
    let statement = "DELETE FROM transactions WHERE state = 'done' AND signed_at < ?1 \
         AND NOT EXISTS (SELECT 1 FROM settlements WHERE id = transactions.settlement)";
    sql.run(statement, &[now.plus(-KEEP_SECONDS).into()]).map(drop)
}

fn settlement(columns: &mut Columns) -> Result<Settlement, SqlError> {
    let (id, claimant, fingerprint) = (columns.text()?, columns.text()?, columns.text()?);
    let authorization = columns.parsed(|text| {
        let json: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let read = read_authorization(&json).map_err(|error| error.to_string())?;
        let via = if json.get(VIA).is_some() { Via::Permit2 } else { Via::Token };
        Ok::<_, String>(Authorization { via, ..read })
    })?;
    let valid_before = columns.moment()?;
    let word = columns.text()?;
    let hash = columns.parsed(str::parse)?;
    let reason = columns.optional_text()?;
    let state = match word.as_str() {
        "settled" => State::Settled,
        "failed" => State::Failed(reason_of(reason.as_deref())),
        _ => State::Sent,
    };
    let attempts = u32::try_from(columns.count()?).unwrap_or(u32::MAX);
    let is_reverted = columns.optional_int()?.is_some();
    let gas = Charged { micros: columns.count()?, day: columns.int()? };
    let code = columns.optional_text()?;
    let created_at = columns.moment()?;
    Ok(Settlement {
        id,
        claimant,
        fingerprint,
        authorization,
        valid_before,
        state,
        hash,
        attempts,
        is_reverted,
        gas,
        code,
        created_at,
    })
}

/// An authorization as it is stored. A settlement from before permits has no [`VIA`].
fn stored(authorization: &Authorization) -> Value {
    let mut json = authorization_json(authorization);
    match (authorization.via, json.as_object_mut()) {
        (Via::Permit2, Some(members)) => drop(members.insert(VIA.to_owned(), "permit2".into())),
        (Via::Permit2, None) | (Via::Token, _) => {}
    }
    json
}

/// An attempt fails on the chain for these reasons only.
fn reason_of(word: Option<&str>) -> Reason {
    let used = [Reason::NonceUsed, Reason::PermitUsed];
    let known = used.into_iter().find(|reason| word == Some(reason.to_string().as_str()));
    known.unwrap_or(Reason::TransactionFailed)
}

fn transaction(columns: &mut Columns) -> Result<Sent, SqlError> {
    Ok(Sent {
        hash: columns.parsed(str::parse)?,
        nonce: columns.count()?,
        settlement: columns.optional_text()?,
        raw: columns.text()?,
        signed_at: columns.moment()?,
        sent_at: columns.moment()?,
    })
}

/// Nonces count transactions, and amounts are bounded, so both fit into SQLite's integers.
fn int(nonce: u64) -> SqlValue {
    SqlValue::Int(i64::try_from(nonce).unwrap_or(i64::MAX))
}
