//! State transitions of a delivered payment: the chain still has the transfer, has it in another transaction, or has
//! dropped it.

use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::ledger::payments::books::append;
use crate::ledger::payments::steps::{CONFIRM_SECONDS, Step, step};
use crate::ledger::payments::types::{Claim, Settled, State, stored_block};
use crate::ledger::wallets;
use crate::ports::{Sql, SqlError, SqlValue};

/// The chain shows the transfer of a delivered payment in the transaction and block of `seen`. The alarm checks again at
/// `next_check_at`.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
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

/// The chain has confirmed the transfer. The signature is deleted and the payment is final.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn mark_confirmed(sql: &impl Sql, settled: &Settled) -> Result<(), SqlError> {
    let statement = "UPDATE payments SET payment = NULL, next_check_at = NULL \
         WHERE id = ?1 AND claim = ?2 AND state = 'delivered'";
    let Claim { id, number } = settled.payment().claim();
    sql.run(statement, &[id.as_str().into(), number.into()]).map(drop)
}

/// The chain dropped the recorded transaction of a delivered payment, and the money moved in another one. `also` runs in
/// the same transaction of the database.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
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

/// The chain dropped the transfer of a delivered payment, and the authorization has expired. Gives the host's revenue.
/// Call it in the transaction that revokes the bought item.
///
/// # Errors
/// [`SqlError`] if SQLite refuses, also if the payment is not delivered (any more).
pub fn mark_reversed(
    sql: &impl Sql,
    settled: &Settled,
    now: UnixSeconds,
) -> Result<Usdc, SqlError> {
    let claim = settled.payment().claim();
    let revenue = append(sql, "reversed", &claim.id, -1, now)?;
    wallets::uncount_settled(sql, &settled.payment().payer)?;
    let set = "reason = ?4, answer = NULL, payment = NULL, next_check_at = NULL";
    let reason = "the chain has dropped the transaction";
    let from = &[State::Delivered];
    match step(sql, &claim, from, State::Failed, now, set, &[reason.into()])? {
        Step::Taken => Ok(revenue),
        Step::TooLate => Err(SqlError("it is not delivered any more".to_owned())),
    }
}
