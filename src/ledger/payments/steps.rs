//! A payment's steps. Each moves its state and appends to the ledger, without an `await` between.

use serde_json::Value;

use super::rows::find;
use super::{CLAIM_SECONDS, Settled, State};
use crate::id::{EventId, PaymentId};
use crate::ledger::wallets;
use crate::money::Usdc;
use crate::ports::{Sql, SqlError, SqlValue};
use crate::time::UnixSeconds;

/// How long a `/settle` may stay without an answer before the alarm looks after it, seconds.
pub const SETTLE_SECONDS: i64 = 75;

/// How long after the delivery the chain is asked whether the money is still there, seconds: a
/// dozen blocks on the networks that we know.
pub const CONFIRM_SECONDS: i64 = 30;

/// Gives a claim up before anybody was asked to move money. A payment that another call has taken
/// further meanwhile stays as it is.
///
/// # Errors
/// As [`super::bar`].
pub fn release(
    sql: &impl Sql,
    id: &PaymentId,
    reason: &str,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = format!(
        "UPDATE payments SET state = 'refused', updated_at = ?2, reason = ?3, {FORGET_CALL} \
         WHERE id = ?1 AND state IN ('claimed', 'verified')"
    );
    sql.run(&statement, &[id.as_str().into(), now.into(), reason.into()])?;
    forget_ended(sql)
}

/// The chain could be asked after the claim, and says that the authorization was not used in this
/// block. What was known at the claim stays.
///
/// # Errors
/// As [`super::bar`].
pub fn was_unused(sql: &impl Sql, id: &PaymentId, block: u64) -> Result<(), SqlError> {
    let statement = "UPDATE payments SET unused_at = coalesce(unused_at, ?2) WHERE id = ?1";
    sql.run(statement, &[id.as_str().into(), super::block(Some(block))]).map(drop)
}

/// The chain shows a use that may have been for somebody else: it waits for its payer's proof, and
/// keeps claim and seat meanwhile.
///
/// # Errors
/// As [`super::bar`].
pub fn mark_doubtful(
    sql: &impl Sql,
    id: &PaymentId,
    next_check_at: UnixSeconds,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let reason = "used on chain, perhaps for somebody else; its payer has to prove it";
    let set = "reason = ?4, next_check_at = ?5, is_doubtful = 1";
    step(sql, id, State::Unknown, now, set, &[reason.into(), next_check_at.into()])
}

/// Holds a seat, if one is needed, keeps what is `staged`, and writes down that `/settle` will be
/// asked for.
///
/// # Errors
/// As [`super::bar`].
pub fn mark_settling(
    sql: &impl Sql,
    id: &PaymentId,
    seat: Option<&EventId>,
    staged: Option<&Value>,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let staged = staged.map(Value::to_string);
    let values = [
        now.plus(SETTLE_SECONDS).into(),
        seat.map(EventId::as_str).into(),
        staged.as_deref().into(),
    ];
    let set = "next_check_at = ?4, event_id = coalesce(?5, event_id), staged = ?6, \
         attempts = attempts + 1";
    step(sql, id, State::Settling, now, set, &values)
}

/// Money moved: writes it down and gives the proof.
///
/// # Errors
/// As [`super::bar`].
pub fn mark_settled(
    sql: &impl Sql,
    id: &PaymentId,
    transaction: &str,
    now: UnixSeconds,
) -> Result<Settled, SqlError> {
    let missing = || SqlError("a settled payment is not there".to_owned());
    let before = find(sql, id)?.ok_or_else(missing)?;
    // Two may find out the same at once; the money is counted once.
    if let Some(settled) = before.settled() {
        return Ok(settled);
    }
    sql.atomically(|| {
        let values = [transaction.into(), now.plus(CLAIM_SECONDS).into()];
        step(sql, id, State::Settled, now, "tx_hash = ?4, next_check_at = ?5", &values)?;
        append(sql, "settled", id, 1, now)?;
        wallets::count_settled(sql, &before.payer, now)
    })?;
    find(sql, id)?.and_then(|payment| payment.settled()).ok_or_else(missing)
}

/// The result is stored. Part of the block that also writes what was bought.
///
/// # Errors
/// As [`super::bar`].
pub fn mark_delivered(
    sql: &impl Sql,
    settled: &Settled,
    answer: &Value,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let id = &settled.payment.id;
    // The signature is kept until the chain has confirmed the money: until then it may be needed to
    // settle once more.
    let set = "answer = ?4, staged = NULL, attempts = 0, next_check_at = ?5";
    let values = [answer.to_string().into(), now.plus(CONFIRM_SECONDS).into()];
    step(sql, id, State::Delivered, now, set, &values)?;
    append(sql, "delivered", id, 0, now)
}

/// No money moved. Frees the seat.
///
/// # Errors
/// As [`super::bar`].
pub fn mark_not_paid(
    sql: &impl Sql,
    id: &PaymentId,
    state: NotPaid,
    reason: &str,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    // Only a judged signature says something of the wallet; anybody can send another one.
    let signer = find(sql, id)?.filter(|before| before.state == State::Settling);
    let set = format!("reason = ?4, event_id = NULL, staged = NULL, {FORGET_CALL}");
    sql.atomically(|| {
        if let (NotPaid::Refused, Some(before)) = (state, &signer) {
            wallets::count_refusal(sql, &before.payer, now)?;
        }
        let state = match state {
            NotPaid::Refused => State::Refused,
            NotPaid::Failed => State::Failed,
        };
        step(sql, id, state, now, &set, &[reason.into()])?;
        forget_ended(sql)
    })
}

/// Nobody needs to know what was wanted with a payment that moved no money.
const FORGET_CALL: &str =
    "payment = NULL, arguments = 'null', requirements = 'null', next_check_at = NULL";

/// How many payments that ended without money moving are kept, for the host to look at.
const ENDED_MAX: u32 = 1_000;

fn forget_ended(sql: &impl Sql) -> Result<(), SqlError> {
    let statement = "DELETE FROM payments WHERE id IN (SELECT id FROM payments \
         WHERE state IN ('refused', 'failed') AND tx_hash IS NULL \
         ORDER BY updated_at DESC LIMIT -1 OFFSET ?1)";
    sql.run(statement, &[ENDED_MAX.into()]).map(drop)
}

/// Which end without payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotPaid {
    /// Refused before or by `/settle`.
    Refused,
    /// Ran out while its outcome was unknown.
    Failed,
}

/// Nobody knows whether money moved. Keeps claim and seat; the alarm looks at `next_check_at`.
///
/// # Errors
/// As [`super::bar`].
pub fn mark_unknown(
    sql: &impl Sql,
    id: &PaymentId,
    reason: &str,
    next_check_at: UnixSeconds,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let values = [reason.into(), next_check_at.into()];
    step(sql, id, State::Unknown, now, "reason = ?4, next_check_at = ?5", &values)
}

/// The chain has kept the money: nothing is left to do, and the signature is not needed any more.
///
/// # Errors
/// As [`super::bar`].
pub fn mark_confirmed(sql: &impl Sql, id: &PaymentId) -> Result<(), SqlError> {
    let statement = "UPDATE payments SET payment = NULL, next_check_at = NULL WHERE id = ?1";
    sql.run(statement, &[id.as_str().into()]).map(drop)
}

/// The money of a delivered payment moved in another transaction than was written down, because the
/// chain has dropped that one. `also` is done in the same block.
///
/// # Errors
/// As [`super::bar`].
pub fn correct_transaction(
    sql: &impl Sql,
    settled: &Settled,
    transaction: &str,
    now: UnixSeconds,
    also: impl FnOnce() -> Result<(), SqlError>,
) -> Result<(), SqlError> {
    let id = &settled.payment.id;
    sql.atomically(|| {
        append(sql, "reversed", id, -1, now)?;
        let statement = "UPDATE payments SET tx_hash = ?2, answer = replace(answer, tx_hash, ?2), \
             attempts = 0, next_check_at = ?3, updated_at = ?4 WHERE id = ?1";
        let next = now.plus(CONFIRM_SECONDS);
        sql.run(statement, &[id.as_str().into(), transaction.into(), next.into(), now.into()])?;
        append(sql, "settled", id, 1, now)?;
        also()
    })
}

/// The chain has dropped the money of a delivered payment, and the authorization has run out. Part
/// of the block that also takes back what was bought.
///
/// # Errors
/// As [`super::bar`].
pub fn mark_reversed(sql: &impl Sql, settled: &Settled, now: UnixSeconds) -> Result<(), SqlError> {
    let id = &settled.payment.id;
    append(sql, "reversed", id, -1, now)?;
    wallets::uncount_settled(sql, &settled.payment.payer)?;
    let set = "reason = ?4, answer = NULL, event_id = NULL, payment = NULL, next_check_at = NULL";
    let reason = "the chain has dropped the transaction";
    step(sql, id, State::Failed, now, set, &[reason.into()])
}

/// Takes over what an earlier instance of the object left half-done. An object has one instance at a
/// time, so in a new one no call can be waiting for a `/settle`; whether that moved money is unknown.
///
/// # Errors
/// As [`super::bar`].
pub fn take_over(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    for id in super::rows::ids_in(sql, State::Settling)? {
        // The facilitator may still be at work on it, so it gets a moment.
        mark_unknown(sql, &id, "interrupted", now.plus(3), now)?;
    }
    // A look at the chain that died with its instance has put the next one off.
    let statement = "UPDATE payments SET next_check_at = min(next_check_at, ?1) \
         WHERE state IN ('claimed', 'verified', 'settled', 'unknown')";
    sql.run(statement, &[now.plus(3).into()]).map(drop)
}

/// The alarm looks again at `next_check_at`; nothing else changed.
///
/// # Errors
/// As [`super::bar`].
pub fn postpone(
    sql: &impl Sql,
    id: &PaymentId,
    next_check_at: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "UPDATE payments SET next_check_at = ?2, attempts = attempts + 1 WHERE id = ?1";
    sql.run(statement, &[id.as_str().into(), next_check_at.into()]).map(drop)
}

/// Writes something to the ledger that is not a payment.
///
/// # Errors
/// As [`super::bar`].
pub fn note(sql: &impl Sql, entry: &str, note: &str, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "INSERT INTO ledger (entry, amount, note, at) VALUES (?1, 0, ?2, ?3)";
    sql.run(statement, &[entry.into(), note.into(), now.into()]).map(drop)
}

/// Writes to the ledger what was settled before the deployment moved.
///
/// # Errors
/// As [`super::bar`].
pub fn carry_over(
    sql: &impl Sql,
    amount: Usdc,
    seat: Option<(&EventId, &str)>,
    at: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "INSERT INTO ledger (entry, tool, event_id, amount, tx_hash, note, at) \
         VALUES ('settled', ?1, ?2, ?3, ?4, 'carried over', ?5)";
    let tool = seat.map(|_| "rsvpToEvent");
    let (event_id, transaction) = seat.unzip();
    let event_id = event_id.map(EventId::as_str);
    let parameters = [tool.into(), event_id.into(), amount.into(), transaction.into(), at.into()];
    sql.run(statement, &parameters).map(drop)
}

/// Moves a payment to `state`; `set` names further columns, whose values begin at `?4`.
fn step(
    sql: &impl Sql,
    id: &PaymentId,
    state: State,
    now: UnixSeconds,
    set: &str,
    values: &[SqlValue],
) -> Result<(), SqlError> {
    let statement = format!("UPDATE payments SET state = ?2, updated_at = ?3, {set} WHERE id = ?1");
    let mut parameters = vec![id.as_str().into(), state.as_str().into(), now.into()];
    parameters.extend_from_slice(values);
    sql.run(&statement, &parameters).map(drop)
}

/// Appends to the ledger what the payment's row says now; `sign` is that of the money: 1, 0 or -1.
fn append(
    sql: &impl Sql,
    entry: &str,
    id: &PaymentId,
    sign: i8,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "INSERT INTO ledger (entry, payment_id, tool, event_id, amount, tx_hash, at) \
         SELECT ?1, id, tool, event_id, amount * ?3, tx_hash, ?4 FROM payments WHERE id = ?2";
    let sign = SqlValue::Int(i64::from(sign));
    sql.run(statement, &[entry.into(), id.as_str().into(), sign, now.into()]).map(drop)
}
