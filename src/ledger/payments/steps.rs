//! State transitions of payments until the delivery (`delivered.rs` has the later ones). Each names its allowed source states and the claim it belongs to, so that a late answer
//! does not overwrite newer findings. Each changes the state and appends to the ledger without an `await` in between.

use serde_json::Value;

use crate::base::id::PaymentId;
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::ledger::payments::books::{append, append_note};
use crate::ledger::payments::claim::CLAIM_SECONDS;
use crate::ledger::payments::rows::{COLUMNS, find, payment_of};
use crate::ledger::payments::types::{Claim, Payment, Settled, State, stored_block};
use crate::ledger::wallets;
use crate::ports::storage::{Columns, first};
use crate::ports::{Sql, SqlError, SqlValue};

/// When the alarm checks a `/settle` without an answer, seconds.
pub const SETTLE_SECONDS: i64 = 75;

/// How long after the delivery the alarm asks the chain whether it still has the transfer, seconds. About twelve blocks
/// on most networks.
pub const CONFIRM_SECONDS: i64 = 30;

/// The result of a state transition.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The state was changed.
    Taken,
    /// The payment is in another state or has a newer claim. Nothing was changed.
    TooLate,
}

/// States before a settlement is requested.
const BEFORE: &[State] = &[State::Claimed, State::Verified];
/// States in which it is unknown whether money moved.
const UNDECIDED: &[State] = &[State::Settling, State::Unknown];
/// States from which a payment can end without moving money.
const UNPAID: &[State] = &[State::Claimed, State::Verified, State::Settling, State::Unknown];

/// Ends a claim before a settlement is requested. A payment in a later state stays unchanged.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
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

/// Records a block in which the authorization was unused, if the chain gave no answer at the claim.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn was_unused(sql: &impl Sql, claim: &Claim, block: u64) -> Result<(), SqlError> {
    let statement = "UPDATE payments SET unused_at = coalesce(unused_at, ?3) \
         WHERE id = ?1 AND claim = ?2";
    let parameters = [claim.id.as_str().into(), claim.number.into(), stored_block(Some(block))];
    sql.run(statement, &parameters).map(drop)
}

/// The chain shows a use, in the transaction and block of `seen`, that may have been for another server. The payment
/// waits for its payer's proof and keeps claim and seat meanwhile.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
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

/// Records that `/settle` is about to be requested. Holds the wanted seat, and stores the prepared answer `staged`.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
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

/// Records that money moved, and returns the proof. `None` if the payment is not being settled. The chain is then asked
/// about a payment that has ended; a newer claim asks the chain itself.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn mark_settled(
    sql: &impl Sql,
    claim: &Claim,
    transaction: &str,
    now: UnixSeconds,
) -> Result<Option<Settled>, SqlError> {
    let settled = sql.atomically(|| {
        let values = [transaction.into(), now.plus(CLAIM_SECONDS).into()];
        let set = "tx_hash = ?4, next_check_at = ?5, reason = NULL, \
             doubtful_at = NULL";
        let step = (UNDECIDED, State::Settled);
        let mut row = move_row(sql, claim, step, now, (set, &values), COLUMNS)?;
        let Some(payment) = row.as_mut().map(payment_of).transpose()? else { return Ok(None) };
        append(sql, "settled", &claim.id, 1, now)?;
        wallets::count_settled(sql, &payment.payer, now)?;
        Ok::<_, SqlError>(payment.settled())
    })?;
    if settled.is_some() {
        return Ok(settled);
    }
    match find(sql, &claim.id)?.filter(|known| known.number == claim.number) {
        Some(ended) if matches!(ended.state, State::Refused | State::Failed) => {
            reopen(sql, claim, now)?;
            Ok(None)
        }
        // Two callers may report the same settlement; the money is counted once.
        Some(known) => Ok(known.settled()),
        None => Ok(None),
    }
}

/// Money is said to have moved for a payment that has ended: the alarm asks the chain.
fn reopen(sql: &impl Sql, claim: &Claim, now: UnixSeconds) -> Result<(), SqlError> {
    let from = &[State::Refused, State::Failed];
    let set = "reason = 'said to be paid after it had ended', next_check_at = ?3";
    step(sql, claim, from, State::Unknown, now, set, &[]).map(drop)
}

/// Stores the answer, and gives the host's revenue. Call it in the transaction that writes the bought item.
///
/// # Errors
/// [`SqlError`] if SQLite refuses, also if the payment was delivered already.
pub fn mark_delivered(
    sql: &impl Sql,
    settled: &Settled,
    answer: &Value,
    now: UnixSeconds,
) -> Result<Usdc, SqlError> {
    let claim = settled.payment().claim();
    // The signature is kept until the chain has confirmed the transfer, because it may be needed to settle again.
    // What was promised about the money when the payment was reserved holds as long as the purchase.
    let set = "answer = ?4, refund_terms = json_extract(staged, '$.refundTerms'), staged = NULL, \
         attempts = 0, next_check_at = ?5";
    let values = [answer.to_string().into(), now.plus(CONFIRM_SECONDS).into()];
    match step(sql, &claim, &[State::Settled], State::Delivered, now, set, &values)? {
        Step::Taken => append(sql, "delivered", &claim.id, 0, now),
        Step::TooLate => Err(SqlError("it is not settled any more".to_owned())),
    }
}

/// How a payment ended without moving money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotPaid {
    /// It was refused before or by `/settle`.
    Refused,
    /// It expired while its outcome was unknown.
    Failed,
}

/// Ends a payment that moved no money, and frees the seat.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn mark_not_paid(
    sql: &impl Sql,
    claim: &Claim,
    how: NotPaid,
    reason: &str,
    now: UnixSeconds,
) -> Result<Step, SqlError> {
    // A refusal counts against the wallet only while settling: its signature is verified then.
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

/// Clears the call's data of a payment that moved no money. The id of the wanted item stays.
const FORGET_CALL: &str = "payment = NULL, arguments = 'null', requirements = 'null', \
     next_check_at = NULL, doubtful_at = NULL";

/// Payments that moved no money are kept for the host, at most this many.
const ENDED_MAX: u32 = 1_000;

fn forget_ended(sql: &impl Sql) -> Result<(), SqlError> {
    let statement = "DELETE FROM payments WHERE id IN (SELECT id FROM payments \
         WHERE state IN ('refused', 'failed') AND tx_hash IS NULL \
         ORDER BY updated_at DESC LIMIT -1 OFFSET ?1)";
    sql.run(statement, &[ENDED_MAX.into()]).map(drop)
}

/// It is unknown whether money moved. Claim and seat are kept; the alarm checks at `next_check_at`.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
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

/// Takes over the open payments of an earlier instance of the object. An object has one instance at a time, so no call
/// can be waiting for a `/settle` in a new one, and it is unknown whether that moved money.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn take_over(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    // The facilitator may still be working on it, so it gets three seconds.
    let soon = now.plus(3);
    let settling = "UPDATE payments SET state = 'unknown', reason = 'interrupted', \
         next_check_at = ?1, updated_at = ?2 WHERE state = 'settling'";
    sql.run(settling, &[soon.into(), now.into()])?;
    // A check that was interrupted with its instance has already postponed the next one.
    let statement = "UPDATE payments SET next_check_at = min(next_check_at, ?1) \
         WHERE state IN ('claimed', 'verified', 'settled', 'unknown')";
    sql.run(statement, &[soon.into()]).map(drop)
}

/// Postpones the next check. A final payment stays final.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn postpone(sql: &impl Sql, claim: &Claim, next_check_at: UnixSeconds) -> Result<(), SqlError> {
    let statement = "UPDATE payments SET next_check_at = ?3, attempts = attempts + 1 \
         WHERE id = ?1 AND claim = ?2 AND next_check_at IS NOT NULL";
    let parameters = [claim.id.as_str().into(), claim.number.into(), next_check_at.into()];
    sql.run(statement, &parameters).map(drop)
}

/// As [`postpone`], for a payment whose row cannot be read.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn put_off(sql: &impl Sql, id: &PaymentId, next_check_at: UnixSeconds) -> Result<(), SqlError> {
    let statement = "UPDATE payments SET next_check_at = ?2 \
         WHERE id = ?1 AND next_check_at IS NOT NULL";
    sql.run(statement, &[id.as_str().into(), next_check_at.into()]).map(drop)
}

/// Moves a payment from one of the states `from` to `to`. `set` assigns further columns; its parameters start at `?4`.
pub(super) fn step(
    sql: &impl Sql,
    claim: &Claim,
    from: &[State],
    to: State,
    now: UnixSeconds,
    set: &str,
    values: &[SqlValue],
) -> Result<Step, SqlError> {
    let row = move_row(sql, claim, (from, to), now, (set, values), "id")?;
    Ok(if row.is_some() { Step::Taken } else { Step::TooLate })
}

/// As [`step`]; gives the columns `returned` of the moved row.
fn move_row(
    sql: &impl Sql,
    claim: &Claim,
    (from, to): (&[State], State),
    now: UnixSeconds,
    (set, values): (&str, &[SqlValue]),
    returned: &str,
) -> Result<Option<Columns>, SqlError> {
    let from: Vec<String> = from.iter().map(|state| format!("'{}'", state.as_str())).collect();
    let statement = format!(
        "UPDATE payments SET state = ?2, updated_at = ?3, {set} \
         WHERE id = ?1 AND claim = {} AND state IN ({}) RETURNING {returned}",
        claim.number,
        from.join(", ")
    );
    let mut parameters = vec![claim.id.as_str().into(), to.as_str().into(), now.into()];
    parameters.extend_from_slice(values);
    first(sql, &statement, &parameters)
}

/// Records the host's decision about a payment whose outcome cannot be found out: the money moved in this transaction, or
/// it did not move (`None`). The ledger keeps the decision.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
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
