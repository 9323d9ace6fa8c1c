//! A payment's steps. Each names the states that it may come from and the claim that it belongs to, so that
//! an answer that comes late changes nothing that others have found out since. Each moves the state and
//! appends to the ledger without an `await` between.

use serde_json::Value;

use crate::base::id::PaymentId;
use crate::base::time::UnixSeconds;
use crate::ledger::payments::books::{append, append_note};
use crate::ledger::payments::claim::CLAIM_SECONDS;
use crate::ledger::payments::rows::find;
use crate::ledger::payments::types::{Claim, Payment, Settled, State, stored_block};
use crate::ledger::wallets;
use crate::ports::{Sql, SqlError, SqlValue};

/// How long a `/settle` may stay without an answer before the alarm looks after it, seconds.
pub const SETTLE_SECONDS: i64 = 75;

/// How long after the delivery the chain is asked whether the money is still there, seconds: a
/// dozen blocks on the networks that we know.
pub const CONFIRM_SECONDS: i64 = 30;

/// Whether a step was taken.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It was.
    Taken,
    /// The payment is not where it may come from: others have taken it further, or claimed it anew.
    TooLate,
}

/// States before anybody was asked to move money.
const BEFORE: &[State] = &[State::Claimed, State::Verified];
/// States in which nobody knows whether money moved.
const UNDECIDED: &[State] = &[State::Settling, State::Unknown];
/// States from which a payment can end without money moving.
const UNPAID: &[State] = &[State::Claimed, State::Verified, State::Settling, State::Unknown];

/// Gives a claim up before anybody was asked to move money. A payment that another call has taken
/// further meanwhile stays as it is.
///
/// # Errors
/// As [`super::bar`].
pub fn release(
    sql: &impl Sql,
    claim: &Claim,
    reason: &str,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let set = format!("reason = ?4, {FORGET_CALL}");
    let _: Step = step(sql, claim, BEFORE, State::Refused, now, &set, &[reason.into()])?;
    forget_ended(sql)
}

/// The chain could be asked after the claim, and says that the authorization was not used in this
/// block. What was known at the claim stays.
///
/// # Errors
/// As [`super::bar`].
pub fn was_unused(sql: &impl Sql, claim: &Claim, block: u64) -> Result<(), SqlError> {
    let statement = "UPDATE payments SET unused_at = coalesce(unused_at, ?3) \
         WHERE id = ?1 AND claim = ?2";
    let parameters = [claim.id.as_str().into(), claim.number.into(), stored_block(Some(block))];
    sql.run(statement, &parameters).map(drop)
}

/// The chain shows a use that may have been for somebody else, in the transaction and block of `seen`: it waits for its
/// payer's proof, and keeps claim and seat meanwhile.
///
/// # Errors
/// As [`super::bar`].
pub fn mark_doubtful(
    sql: &impl Sql,
    claim: &Claim,
    seen: (&str, u64),
    next_check_at: UnixSeconds,
    now: UnixSeconds,
) -> Result<Step, SqlError> {
    let reason = "used on chain, perhaps for somebody else; its payer has to prove it";
    let set = "reason = ?4, next_check_at = ?5, \
         doubtful_at = coalesce(doubtful_at, ?3), seen_tx = ?6, seen_in = ?7";
    let (transaction, block) = seen;
    let block = stored_block(Some(block));
    let values = [reason.into(), next_check_at.into(), transaction.into(), block];
    step(sql, claim, UNDECIDED, State::Unknown, now, set, &values)
}

/// Holds the seat, if one is wanted, keeps what is `staged`, and writes down that `/settle` will be
/// asked for.
///
/// # Errors
/// As [`super::bar`].
pub fn mark_settling(
    sql: &impl Sql,
    claim: &Claim,
    staged: Option<&Value>,
    now: UnixSeconds,
) -> Result<Step, SqlError> {
    let staged = staged.map(Value::to_string);
    let values = [now.plus(SETTLE_SECONDS).into(), staged.as_deref().into()];
    let set = "next_check_at = ?4, staged = ?5, attempts = attempts + 1";
    step(sql, claim, BEFORE, State::Settling, now, set, &values)
}

/// Money moved: writes it down and gives the proof. `None` if the payment is not being settled: one that
/// has ended is looked for on the chain then, and one that is claimed anew finds it there by itself.
///
/// # Errors
/// As [`super::bar`].
pub fn mark_settled(
    sql: &impl Sql,
    claim: &Claim,
    transaction: &str,
    now: UnixSeconds,
) -> Result<Option<Settled>, SqlError> {
    let Some(before) = find(sql, &claim.id)? else { return Ok(None) };
    if before.number != claim.number {
        return Ok(None);
    }
    // Two may find out the same at once; the money is counted once.
    if let Some(settled) = before.settled() {
        return Ok(Some(settled));
    }
    if matches!(before.state, State::Refused | State::Failed) {
        reopen(sql, claim, now)?;
        return Ok(None);
    }
    let is_taken = sql.atomically(|| {
        let values = [transaction.into(), now.plus(CLAIM_SECONDS).into()];
        let set = "tx_hash = ?4, next_check_at = ?5, reason = NULL, \
             doubtful_at = NULL";
        let taken = step(sql, claim, UNDECIDED, State::Settled, now, set, &values)?;
        if taken == Step::Taken {
            append(sql, "settled", &claim.id, 1, now)?;
            wallets::count_settled(sql, &before.payer, now)?;
        }
        Ok::<_, SqlError>(taken == Step::Taken)
    })?;
    if !is_taken {
        return Ok(None);
    }
    Ok(find(sql, &claim.id)?.and_then(|payment| payment.settled()))
}

/// Somebody says that money moved for a payment that has ended: the chain is to be asked.
fn reopen(sql: &impl Sql, claim: &Claim, now: UnixSeconds) -> Result<(), SqlError> {
    let from = &[State::Refused, State::Failed];
    let set = "reason = 'said to be paid after it had ended', next_check_at = ?3";
    step(sql, claim, from, State::Unknown, now, set, &[]).map(drop)
}

/// The result is stored. Part of the block that also writes what was bought.
///
/// # Errors
/// As [`super::bar`], also if it was delivered already.
pub fn mark_delivered(
    sql: &impl Sql,
    settled: &Settled,
    answer: &Value,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let claim = settled.payment().claim();
    // The signature is kept until the chain has confirmed the money: until then it may be needed to
    // settle once more.
    let set = "answer = ?4, staged = NULL, attempts = 0, next_check_at = ?5";
    let values = [answer.to_string().into(), now.plus(CONFIRM_SECONDS).into()];
    match step(sql, &claim, &[State::Settled], State::Delivered, now, set, &values)? {
        Step::Taken => append(sql, "delivered", &claim.id, 0, now),
        Step::TooLate => Err(SqlError("it is delivered already".to_owned())),
    }
}

/// Which end without payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotPaid {
    /// Refused before or by `/settle`.
    Refused,
    /// Ran out while its outcome was unknown.
    Failed,
}

/// No money moved. Frees the seat.
///
/// # Errors
/// As [`super::bar`].
pub fn mark_not_paid(
    sql: &impl Sql,
    claim: &Claim,
    how: NotPaid,
    reason: &str,
    now: UnixSeconds,
) -> Result<Step, SqlError> {
    // Only a judged signature says something of the wallet; anybody can send another one.
    let signer = find(sql, &claim.id)?.filter(|before| before.state == State::Settling);
    let set = format!("reason = ?4, staged = NULL, {FORGET_CALL}");
    let (state, is_refused) = match how {
        NotPaid::Refused => (State::Refused, true),
        NotPaid::Failed => (State::Failed, false),
    };
    sql.atomically(|| {
        let taken = step(sql, claim, UNPAID, state, now, &set, &[reason.into()])?;
        if let (Step::Taken, true, Some(before)) = (taken, is_refused, &signer) {
            wallets::count_refusal(sql, &before.payer, now)?;
        }
        forget_ended(sql)?;
        Ok(taken)
    })
}

/// Nobody needs to know what was wanted with a payment that moved no money, beyond its id.
const FORGET_CALL: &str = "payment = NULL, arguments = 'null', requirements = 'null', \
     next_check_at = NULL, doubtful_at = NULL";

/// How many payments that ended without money moving are kept, for the host to look at.
const ENDED_MAX: u32 = 1_000;

fn forget_ended(sql: &impl Sql) -> Result<(), SqlError> {
    let statement = "DELETE FROM payments WHERE id IN (SELECT id FROM payments \
         WHERE state IN ('refused', 'failed') AND tx_hash IS NULL \
         ORDER BY updated_at DESC LIMIT -1 OFFSET ?1)";
    sql.run(statement, &[ENDED_MAX.into()]).map(drop)
}

/// Nobody knows whether money moved. Keeps claim and seat; the alarm looks at `next_check_at`.
///
/// # Errors
/// As [`super::bar`].
pub fn mark_unknown(
    sql: &impl Sql,
    claim: &Claim,
    reason: &str,
    next_check_at: UnixSeconds,
    now: UnixSeconds,
) -> Result<Step, SqlError> {
    let values = [reason.into(), next_check_at.into()];
    let set = "reason = ?4, next_check_at = ?5";
    step(sql, claim, UNDECIDED, State::Unknown, now, set, &values)
}

/// The chain shows the money of a delivered payment in the transaction and block of `seen`. It is looked for once more.
///
/// # Errors
/// As [`super::bar`].
pub fn mark_seen(
    sql: &impl Sql,
    settled: &Settled,
    seen: (&str, u64),
    next_check_at: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "UPDATE payments SET seen_tx = ?3, seen_in = ?4, next_check_at = ?5 \
         WHERE id = ?1 AND claim = ?2 AND state = 'delivered'";
    let Claim { id, number } = settled.payment().claim();
    let (transaction, block) = seen;
    let block = stored_block(Some(block));
    let parameters =
        [id.as_str().into(), number.into(), transaction.into(), block, next_check_at.into()];
    sql.run(statement, &parameters).map(drop)
}

/// The chain has kept the money: nothing is left to do, and the signature is not needed any more.
///
/// # Errors
/// As [`super::bar`].
pub fn mark_confirmed(sql: &impl Sql, settled: &Settled) -> Result<(), SqlError> {
    let statement = "UPDATE payments SET payment = NULL, next_check_at = NULL \
         WHERE id = ?1 AND claim = ?2 AND state = 'delivered'";
    let Claim { id, number } = settled.payment().claim();
    sql.run(statement, &[id.as_str().into(), number.into()]).map(drop)
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
) -> Result<Step, SqlError> {
    let Claim { id, number } = settled.payment().claim();
    let old: SqlValue = settled.transaction().into();
    sql.atomically(|| {
        let is_there = "SELECT 1 FROM payments WHERE id = ?1 AND claim = ?2 AND tx_hash = ?3 \
             AND state = 'delivered'";
        if sql.run(is_there, &[id.as_str().into(), number.into(), old])?.is_empty() {
            return Ok(Step::TooLate);
        }
        append(sql, "reversed", &id, -1, now)?;
        let statement = "UPDATE payments SET tx_hash = ?2, answer = replace(answer, tx_hash, ?2), \
             attempts = 0, next_check_at = ?3, updated_at = ?4 WHERE id = ?1";
        let next = now.plus(CONFIRM_SECONDS);
        sql.run(statement, &[id.as_str().into(), transaction.into(), next.into(), now.into()])?;
        append(sql, "settled", &id, 1, now)?;
        also()?;
        Ok(Step::Taken)
    })
}

/// The chain has dropped the money of a delivered payment, and the authorization has run out. Part
/// of the block that also takes back what was bought.
///
/// # Errors
/// As [`super::bar`], also if it is not delivered (any more).
pub fn mark_reversed(sql: &impl Sql, settled: &Settled, now: UnixSeconds) -> Result<(), SqlError> {
    let claim = settled.payment().claim();
    append(sql, "reversed", &claim.id, -1, now)?;
    wallets::uncount_settled(sql, &settled.payment().payer)?;
    let set = "reason = ?4, answer = NULL, payment = NULL, next_check_at = NULL";
    let reason = "the chain has dropped the transaction";
    let from = &[State::Delivered];
    match step(sql, &claim, from, State::Failed, now, set, &[reason.into()])? {
        Step::Taken => Ok(()),
        Step::TooLate => Err(SqlError("it is not delivered any more".to_owned())),
    }
}

/// Takes over what an earlier instance of the object left half-done. An object has one instance at a
/// time, so in a new one no call can be waiting for a `/settle`; whether that moved money is unknown.
///
/// # Errors
/// As [`super::bar`].
pub fn take_over(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    // The facilitator may still be at work on it, so it gets a moment.
    let soon = now.plus(3);
    let settling = "UPDATE payments SET state = 'unknown', reason = 'interrupted', \
         next_check_at = ?1, updated_at = ?2 WHERE state = 'settling'";
    sql.run(settling, &[soon.into(), now.into()])?;
    // A look at the chain that died with its instance has put the next one off.
    let statement = "UPDATE payments SET next_check_at = min(next_check_at, ?1) \
         WHERE state IN ('claimed', 'verified', 'settled', 'unknown')";
    sql.run(statement, &[soon.into()]).map(drop)
}

/// The alarm looks again at `next_check_at`; nothing else changed. Whose fate is final stays so.
///
/// # Errors
/// As [`super::bar`].
pub fn postpone(sql: &impl Sql, claim: &Claim, next_check_at: UnixSeconds) -> Result<(), SqlError> {
    let statement = "UPDATE payments SET next_check_at = ?3, attempts = attempts + 1 \
         WHERE id = ?1 AND claim = ?2 AND next_check_at IS NOT NULL";
    let parameters = [claim.id.as_str().into(), claim.number.into(), next_check_at.into()];
    sql.run(statement, &parameters).map(drop)
}

/// The same for a payment whose row cannot be read.
///
/// # Errors
/// As [`super::bar`].
pub fn put_off(sql: &impl Sql, id: &PaymentId, next_check_at: UnixSeconds) -> Result<(), SqlError> {
    let statement = "UPDATE payments SET next_check_at = ?2 \
         WHERE id = ?1 AND next_check_at IS NOT NULL";
    sql.run(statement, &[id.as_str().into(), next_check_at.into()]).map(drop)
}

/// Moves a payment from one of the states `from` to `to`; `set` names further columns, whose values begin
/// at `?4`.
fn step(
    sql: &impl Sql,
    claim: &Claim,
    from: &[State],
    to: State,
    now: UnixSeconds,
    set: &str,
    values: &[SqlValue],
) -> Result<Step, SqlError> {
    let from: Vec<String> = from.iter().map(|state| format!("'{}'", state.as_str())).collect();
    let statement = format!(
        "UPDATE payments SET state = ?2, updated_at = ?3, {set} \
         WHERE id = ?1 AND claim = {} AND state IN ({}) RETURNING id",
        claim.number,
        from.join(", ")
    );
    let mut parameters = vec![claim.id.as_str().into(), to.as_str().into(), now.into()];
    parameters.extend_from_slice(values);
    let is_taken = !sql.run(&statement, &parameters)?.is_empty();
    Ok(if is_taken { Step::Taken } else { Step::TooLate })
}

/// The host says by hand what became of a payment that nobody else can tell: it moved its money in this
/// transaction, or it moved none. The ledger keeps that it was said.
///
/// # Errors
/// As [`super::bar`].
pub fn decide(
    sql: &impl Sql,
    payment: &Payment,
    transaction: Option<&str>,
    now: UnixSeconds,
) -> Result<Option<Settled>, SqlError> {
    let claim = payment.claim();
    match transaction {
        Some(transaction) => {
            append_note(sql, &claim.id, "the host says: paid", now)?;
            mark_settled(sql, &claim, transaction, now)
        }
        None => {
            append_note(sql, &claim.id, "the host says: not paid", now)?;
            let reason = "not paid, says the host";
            mark_not_paid(sql, &claim, NotPaid::Failed, reason, now).map(|_| None)
        }
    }
}
