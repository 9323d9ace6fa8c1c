//! State transitions of refunds. Each names its allowed source states, and what follows a request also the round that it
//! belongs to, so that a late answer does not overwrite newer findings. Each changes the row and appends to the ledger
//! without an `await` in between.

use crate::base::id::{EventId, PaymentId};
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::ledger::payments::{Payment, Step, stored_block};
use crate::ledger::refunds::rows::IS_FINAL;
use crate::ledger::refunds::types::{Cause, Refund};
use crate::ledger::revenue::TOTAL;
use crate::ports::storage::first;
use crate::ports::{Sql, SqlError, SqlValue};

/// When the alarm asks first what became of an authorization that was offered, and for which no signature came, seconds.
pub const OFFERED_SECONDS: i64 = 60;

/// Writes down what goes back of a purchase, once: nothing (`amount` 0), or money that the host owes. Call it in the
/// transaction that cancels. Returns whether it was not written down before.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; so for every function here.
pub fn owe(
    sql: &impl Sql,
    payment: &Payment,
    event: &EventId,
    cause: Cause,
    amount: Usdc,
    now: UnixSeconds,
) -> Result<bool, SqlError> {
    let statement = "INSERT INTO refunds (payment_id, event_id, cause, network, payer, amount, bought_at, state, told, \
         created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?10, ?9, ?9) \
         ON CONFLICT (payment_id) DO UPDATE SET cause = excluded.cause, amount = excluded.amount, \
         state = excluded.state, told = excluded.told, updated_at = excluded.updated_at \
         WHERE refunds.state = 'void' RETURNING payment_id";
    let parameters = [
        payment.id.as_str().into(),
        event.as_str().into(),
        cause.as_str().into(),
        payment.network.as_str().into(),
        payment.payer.as_str().into(),
        amount.into(),
        payment.created_at.into(),
        if amount.is_zero() { "none" } else { "owed" }.into(),
        now.into(),
        u32::from(cause == Cause::Guest).into(),
    ];
    let is_new = first(sql, statement, &parameters)?.is_some();
    if is_new && !amount.is_zero() {
        append(sql, "refund_owed", &payment.id, 1, cause.as_str(), now)?;
    }
    Ok(is_new)
}

/// Owes everything that was paid for seats at an event to all who have one, because its host cancelled it.
///
/// # Errors
/// As [`owe`].
pub fn owe_event(sql: &impl Sql, event: &EventId, now: UnixSeconds) -> Result<(), SqlError> {
    let id: SqlValue = event.as_str().into();
    // One purchase may have several seats. What was paid stands with its payment, or with seats that were read back.
    let statement = "INSERT INTO refunds (payment_id, event_id, cause, network, payer, amount, bought_at, state, \
         told, created_at, updated_at) \
         SELECT r.payment_id, r.event_id, 'host', r.network, r.payer, \
         coalesce((SELECT p.amount FROM payments p WHERE p.id = r.payment_id), sum(r.paid)), \
         coalesce((SELECT p.created_at FROM payments p WHERE p.id = r.payment_id), min(r.created_at)), \
         'owed', 0, ?2, ?2 FROM rsvps r WHERE r.event_id = ?1 AND r.paid > 0 \
         AND NOT EXISTS (SELECT 1 FROM refunds f WHERE f.payment_id = r.payment_id AND f.state <> 'void') \
         GROUP BY r.payment_id \
         ON CONFLICT (payment_id) DO UPDATE SET cause = 'host', amount = excluded.amount, state = 'owed', \
         told = 0, updated_at = excluded.updated_at WHERE refunds.state = 'void'";
    sql.run(statement, &[id.clone(), now.into()])?;
    let booked = format!(
        "INSERT INTO ledger (entry, payment_id, tool, event_id, amount, note, at, total) \
         SELECT 'refund_owed', payment_id, 'rsvpToEvent', event_id, amount, 'host', ?2, {TOTAL} \
         FROM refunds WHERE event_id = ?1 AND cause = 'host' AND state = 'owed' AND 0 = \
         (SELECT coalesce(sum(l.amount), 0) FROM ledger l WHERE l.payment_id = refunds.payment_id \
         AND l.entry IN ('refund_owed', 'refund_void'))"
    );
    sql.run(&booked, &[id, now.into()]).map(drop)
}

/// The chain has dropped the payment, so nothing was paid that could go back. Call it in the transaction that reverses the
/// payment. Nothing is being paid back then: a refund waits until its payment is final.
///
/// # Errors
/// As [`owe`].
pub fn void(sql: &impl Sql, payment: &PaymentId, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "UPDATE refunds SET state = 'void', told = 1, updated_at = ?2 \
         WHERE payment_id = ?1 AND state IN ('none', 'owed') RETURNING amount";
    let voided = first(sql, statement, &[payment.as_str().into(), now.into()])?;
    match voided.map(|mut columns| columns.usdc()).transpose()? {
        Some(amount) if !amount.is_zero() => {
            append(sql, "refund_void", payment, -1, "", now).map(drop)
        }
        Some(_) | None => Ok(()),
    }
}

/// Notes, before a wallet is asked, that it may sign the refund until `until`. The same wallet may be asked again; another
/// one, or one after a reported transaction, may not.
///
/// # Errors
/// As [`owe`].
pub fn prepare(
    sql: &impl Sql,
    payment: &PaymentId,
    from: &str,
    until: UnixSeconds,
    now: UnixSeconds,
) -> Result<Step, SqlError> {
    let first_time = format!(
        "UPDATE refunds SET state = 'paying', from_wallet = ?2, offered_until = ?3, reason = NULL, attempts = 0, \
         next_check_at = ?5, round = round + 1, updated_at = ?4 \
         WHERE payment_id = ?1 AND state = 'owed' AND {IS_FINAL} RETURNING payment_id"
    );
    let again = "UPDATE refunds SET offered_until = max(offered_until, ?3), round = round + 1, updated_at = ?4 \
         WHERE payment_id = ?1 AND state = 'paying' AND reported_tx IS NULL AND from_wallet = ?2 \
         RETURNING payment_id";
    // A new round also then: who has just seen that what was offered before is over must not say that nothing is live.
    let id: SqlValue = payment.as_str().into();
    let mut parameters = vec![id, from.into(), until.into(), now.into()];
    sql.atomically(|| {
        if first(sql, again, &parameters)?.is_some() {
            return Ok(Step::Taken);
        }
        parameters.push(now.plus(OFFERED_SECONDS).into());
        if first(sql, &first_time, &parameters)?.is_none() {
            return Ok(Step::TooLate);
        }
        append(sql, "refund_paying", payment, 0, from, now)?;
        Ok(Step::Taken)
    })
}

/// Keeps what the wallet has signed; the alarm has it carried out at once. A signature that is being carried out is not
/// replaced, unless it failed or has ended.
///
/// # Errors
/// As [`owe`].
pub fn sign(
    sql: &impl Sql,
    payment: &PaymentId,
    (signature, until): (&str, UnixSeconds),
    now: UnixSeconds,
) -> Result<Step, SqlError> {
    let statement = "UPDATE refunds SET signature = ?2, signed_until = ?3, reason = NULL, attempts = 0, \
         next_check_at = ?4, round = round + 1, updated_at = ?4 \
         WHERE payment_id = ?1 AND state = 'paying' AND reported_tx IS NULL AND offered_until >= ?3 \
         AND (signature IS NULL OR reason IS NOT NULL OR signed_until <= ?4)";
    let parameters = [payment.as_str().into(), signature.into(), until.into(), now.into()];
    taken(sql, statement, &parameters)
}

/// Notes a transaction that is said to have paid the refund by hand. Nothing that was signed can be live then.
///
/// # Errors
/// As [`owe`].
pub fn report(
    sql: &impl Sql,
    payment: &PaymentId,
    transaction: &str,
    now: UnixSeconds,
) -> Result<Step, SqlError> {
    let statement = format!(
        "UPDATE refunds SET state = 'paying', reported_tx = ?2, reason = NULL, attempts = 0, next_check_at = ?3, \
         round = round + 1, updated_at = ?3 WHERE payment_id = ?1 \
         AND (state = 'owed' OR (state = 'paying' AND reported_tx IS NOT NULL)) AND {IS_FINAL}"
    );
    let parameters = [payment.as_str().into(), transaction.into(), now.into()];
    sql.atomically(|| {
        let step = taken(sql, &statement, &parameters)?;
        if step == Step::Taken {
            append(sql, "refund_paying", payment, 0, transaction, now)?;
        }
        Ok(step)
    })
}

/// The chain shows the transfer in the transaction and block of `seen`.
///
/// # Errors
/// As [`owe`].
pub fn mark_seen(
    sql: &impl Sql,
    refund: &Refund,
    (transaction, block): (&str, u64),
    next: UnixSeconds,
) -> Result<Step, SqlError> {
    let set = "seen_tx = ?3, seen_in = ?4, next_check_at = ?5, reason = NULL";
    of_round(sql, refund, set, &[transaction.into(), stored_block(Some(block)), next.into()])
}

/// The chain has confirmed the transfer: the money went back. Gives the host's revenue.
///
/// # Errors
/// As [`owe`].
pub fn mark_paid(
    sql: &impl Sql,
    refund: &Refund,
    transaction: &str,
    now: UnixSeconds,
) -> Result<Option<Usdc>, SqlError> {
    let set = "state = 'paid', tx_hash = ?3, signature = NULL, signed_until = NULL, reason = NULL, \
         next_check_at = NULL, updated_at = ?4";
    sql.atomically(|| match of_round(sql, refund, set, &[transaction.into(), now.into()])? {
        Step::Taken => append(sql, "refunded", &refund.payment, -1, "", now).map(Some),
        Step::TooLate => Ok(None),
    })
}

/// Nothing that was signed or reported can move money any more: the refund is owed again. `is_burnt`: the nonce was used up
/// for something else, so the next transfer has another one.
///
/// # Errors
/// As [`owe`].
pub fn back_to_owed(
    sql: &impl Sql,
    refund: &Refund,
    why: &str,
    is_burnt: bool,
    now: UnixSeconds,
) -> Result<Step, SqlError> {
    let set = "state = 'owed', reason = ?3, attempt = attempt + ?4, round = round + 1, from_wallet = NULL, \
         offered_until = NULL, signature = NULL, signed_until = NULL, reported_tx = NULL, unused_at = NULL, \
         seen_tx = NULL, seen_in = NULL, attempts = 0, next_check_at = NULL, updated_at = ?5";
    let values = [why.into(), u32::from(is_burnt).into(), now.into()];
    sql.atomically(|| {
        let step = of_round(sql, refund, set, &values)?;
        if step == Step::Taken {
            append(sql, "refund_unpaid", &refund.payment, 0, why, now)?;
        }
        Ok(step)
    })
}

/// Notes why the refund is not paid yet, and when the chain is asked next.
///
/// # Errors
/// As [`owe`].
pub fn note(
    sql: &impl Sql,
    refund: &Refund,
    why: Option<&str>,
    next: UnixSeconds,
) -> Result<Step, SqlError> {
    let set = "reason = ?3, attempts = attempts + 1, next_check_at = ?4";
    of_round(sql, refund, set, &[why.into(), next.into()])
}

/// Records a block in which the nonce was unused.
///
/// # Errors
/// As [`owe`].
pub fn was_unused(sql: &impl Sql, refund: &Refund, block: u64) -> Result<Step, SqlError> {
    of_round(
        sql,
        refund,
        "unused_at = ?3, seen_tx = NULL, seen_in = NULL",
        &[stored_block(Some(block))],
    )
}

/// Postpones the next check, whatever the round.
///
/// # Errors
/// As [`owe`].
pub fn put_off(sql: &impl Sql, payment: &PaymentId, next: UnixSeconds) -> Result<(), SqlError> {
    let statement =
        "UPDATE refunds SET next_check_at = ?2 WHERE payment_id = ?1 AND next_check_at IS NOT NULL";
    sql.run(statement, &[payment.as_str().into(), next.into()]).map(drop)
}

/// The guest was told that the event is cancelled, or cannot be.
///
/// # Errors
/// As [`owe`].
pub fn mark_told(sql: &impl Sql, payment: &PaymentId) -> Result<(), SqlError> {
    let statement = "UPDATE refunds SET told = 1 WHERE payment_id = ?1";
    sql.run(statement, &[payment.as_str().into()]).map(drop)
}

/// Changes a refund that is being paid, if it is still in the round of `refund`. The parameters of `set` start at `?3`.
fn of_round(
    sql: &impl Sql,
    refund: &Refund,
    set: &str,
    values: &[SqlValue],
) -> Result<Step, SqlError> {
    let statement = format!(
        "UPDATE refunds SET {set} WHERE payment_id = ?1 AND round = ?2 AND state = 'paying'"
    );
    let mut parameters = vec![refund.payment.as_str().into(), refund.round.into()];
    parameters.extend_from_slice(values);
    taken(sql, &statement, &parameters)
}

fn taken(sql: &impl Sql, statement: &str, parameters: &[SqlValue]) -> Result<Step, SqlError> {
    let statement = format!("{statement} RETURNING payment_id");
    let is_taken = first(sql, &statement, parameters)?.is_some();
    Ok(if is_taken { Step::Taken } else { Step::TooLate })
}

/// Appends the refund's current values to the ledger, and gives the revenue after it. `sign` is the factor of the amount;
/// only a `refunded` row is money.
fn append(
    sql: &impl Sql,
    entry: &str,
    payment: &PaymentId,
    sign: i8,
    note: &str,
    now: UnixSeconds,
) -> Result<Usdc, SqlError> {
    let moved = if entry == "refunded" { "amount * ?3" } else { "0" };
    let statement = format!(
        "INSERT INTO ledger (entry, payment_id, tool, event_id, amount, tx_hash, note, at, total) \
         SELECT ?1, payment_id, 'rsvpToEvent', event_id, amount * ?3, tx_hash, nullif(?5, ''), ?4, {TOTAL} + {moved} \
         FROM refunds WHERE payment_id = ?2 RETURNING total"
    );
    let sign = SqlValue::Int(i64::from(sign));
    let parameters = [entry.into(), payment.as_str().into(), sign, now.into(), note.into()];
    let appended = first(sql, &statement, &parameters)?;
    appended.ok_or_else(|| SqlError(format!("the refund of {payment} is not there")))?.usdc()
}
