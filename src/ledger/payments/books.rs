//! Appends rows to the ledger. Rows are never changed. Each has the sum of all amounts up to it.

use crate::base::id::{EventId, PaymentId};
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::ledger::revenue::TOTAL;
use crate::ports::storage::first;
use crate::ports::{Sql, SqlError, SqlValue};

/// Appends a note without a payment.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn note(sql: &impl Sql, entry: &str, note: &str, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = format!(
        "INSERT INTO ledger (entry, amount, note, at, total) VALUES (?1, 0, ?2, ?3, {TOTAL})"
    );
    sql.run(&statement, &[entry.into(), note.into(), now.into()]).map(drop)
}

/// Appends what was settled before the deployment moved, for a host that is rebuilt from KV.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn carry_over(
    sql: &impl Sql,
    amount: Usdc,
    seat: Option<(&EventId, &str)>,
    at: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = format!(
        "INSERT INTO ledger (entry, tool, event_id, amount, tx_hash, note, at, total) \
         VALUES ('settled', ?1, ?2, ?3, ?4, 'carried over', ?5, {TOTAL} + ?3)"
    );
    let tool = seat.map(|_| "rsvpToEvent");
    let (event_id, transaction) = seat.unzip();
    let event_id = event_id.map(EventId::as_str);
    let parameters = [tool.into(), event_id.into(), amount.into(), transaction.into(), at.into()];
    sql.run(&statement, &parameters).map(drop)
}

/// Appends the current values of the payment's row, and gives the revenue after it. `sign` is the factor of the amount: 1,
/// 0 or -1.
pub(super) fn append(
    sql: &impl Sql,
    entry: &str,
    id: &PaymentId,
    sign: i8,
    now: UnixSeconds,
) -> Result<Usdc, SqlError> {
    let statement = format!(
        "INSERT INTO ledger (entry, payment_id, tool, event_id, amount, tx_hash, at, total) \
         SELECT ?1, id, tool, event_id, amount * ?3, tx_hash, ?4, {TOTAL} + amount * ?3 \
         FROM payments WHERE id = ?2 RETURNING total"
    );
    let sign = SqlValue::Int(i64::from(sign));
    let appended = first(sql, &statement, &[entry.into(), id.as_str().into(), sign, now.into()])?;
    appended.ok_or_else(|| SqlError(format!("{id} is not there")))?.usdc()
}

/// Appends the host's decision about a payment.
pub(super) fn append_note(
    sql: &impl Sql,
    id: &PaymentId,
    note: &str,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = format!(
        "INSERT INTO ledger (entry, payment_id, tool, event_id, amount, note, at, total) \
         SELECT 'verdict', id, tool, event_id, 0, ?2, ?3, {TOTAL} FROM payments WHERE id = ?1"
    );
    sql.run(&statement, &[id.as_str().into(), note.into(), now.into()]).map(drop)
}
