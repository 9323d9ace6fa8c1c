//! Seats that their guests gave back.

use crate::base::id::{EventId, PaymentId, TicketCode};
use crate::base::time::UnixSeconds;
use crate::ports::storage::{all, first};
use crate::ports::{Sql, SqlError, SqlValue};
use crate::products::events::rsvp::Rsvp;
use crate::products::events::store::seats::{self, rsvp_of};

/// The columns that a seat keeps when it is given back.
const KEPT: &str = "id, event_id, payer, code, payment_id, name, email, paid, tx_hash, network, created_at, place, answers, ticket_type";
/// They as columns of a seat. A seat that was used at the entrance is not given back.
const AS_RSVP: &str = "id, event_id, payer, code, name, email, paid, tx_hash, network, created_at, NULL, place, answers, ticket_type, NULL";

/// Takes all seats of a payment back: they can be sold again, and their codes open nothing. Call it in the transaction
/// that writes the refund.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; so for every function here.
pub fn take_back(sql: &impl Sql, payment: &PaymentId, now: UnixSeconds) -> Result<(), SqlError> {
    take(sql, "payment_id = ?1", vec![payment.as_str().into()], now)
}

/// Takes the free seats of a wallet at an event back, as [`take_back`].
///
/// # Errors
/// As [`take_back`].
pub fn take_back_free(
    sql: &impl Sql,
    event: &EventId,
    payer: &str,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let of = vec![event.as_str().into(), payer.into()];
    take(sql, "event_id = ?1 AND payer = ?2 AND paid = 0", of, now)
}

fn take(
    sql: &impl Sql,
    which: &str,
    mut of: Vec<SqlValue>,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let selected = of.clone();
    of.push(now.into());
    let kept = format!(
        "INSERT INTO cancelled_seats ({KEPT}, cancelled_at) SELECT {KEPT}, ?{} FROM rsvps WHERE {which}",
        of.len()
    );
    sql.run(&kept, &of)?;
    seats::remove(sql, which, &selected)
}

/// Forgets the given back seats of a payment that the chain has dropped.
///
/// # Errors
/// As [`take_back`].
pub fn forget_cancelled(sql: &impl Sql, payment: &PaymentId) -> Result<(), SqlError> {
    let statement = "DELETE FROM cancelled_seats WHERE payment_id = ?1";
    sql.run(statement, &[payment.as_str().into()]).map(drop)
}

/// The seats that this payment bought and its guest gave back, in the order of their places.
///
/// # Errors
/// As [`take_back`].
pub fn cancelled_of_payment(sql: &impl Sql, payment: &PaymentId) -> Result<Vec<Rsvp>, SqlError> {
    let statement =
        format!("SELECT {AS_RSVP} FROM cancelled_seats WHERE payment_id = ?1 ORDER BY place");
    all(sql, &statement, &[payment.as_str().into()], rsvp_of)
}

/// The newest free seat that this wallet gave back at an event.
///
/// # Errors
/// As [`take_back`].
pub fn cancelled_of_payer(
    sql: &impl Sql,
    event: &EventId,
    payer: &str,
) -> Result<Option<Rsvp>, SqlError> {
    let statement = format!(
        "SELECT {AS_RSVP} FROM cancelled_seats WHERE event_id = ?1 AND payer = ?2 AND paid = 0 \
         ORDER BY cancelled_at DESC, place LIMIT 1"
    );
    let parameters = [event.as_str().into(), payer.into()];
    first(sql, &statement, &parameters)?.as_mut().map(rsvp_of).transpose()
}

/// The given back seat of a ticket code, with the purchase that it belonged to.
///
/// # Errors
/// As [`take_back`].
pub fn cancelled_of_ticket(
    sql: &impl Sql,
    code: &TicketCode,
) -> Result<Option<(Rsvp, PaymentId)>, SqlError> {
    let statement = format!("SELECT {AS_RSVP}, payment_id FROM cancelled_seats WHERE code = ?1");
    let found = first(sql, &statement, &[code.as_str().into()])?;
    let Some(mut columns) = found else { return Ok(None) };
    Ok(Some((rsvp_of(&mut columns)?, columns.parsed(PaymentId::parse)?)))
}

/// Whether a seat at this event was given back at `since` or later.
///
/// # Errors
/// As [`take_back`].
pub fn was_given_back_since(
    sql: &impl Sql,
    event: &EventId,
    since: UnixSeconds,
) -> Result<bool, SqlError> {
    let statement =
        "SELECT 1 FROM cancelled_seats WHERE event_id = ?1 AND cancelled_at >= ?2 LIMIT 1";
    Ok(first(sql, statement, &[event.as_str().into(), since.into()])?.is_some())
}

/// Whether the code of a given back seat at this event ends so.
///
/// # Errors
/// As [`take_back`].
pub fn cancelled_of_short_code(
    sql: &impl Sql,
    event: &EventId,
    end: &str,
) -> Result<bool, SqlError> {
    let statement =
        "SELECT 1 FROM cancelled_seats WHERE event_id = ?1 AND substr(code, -8) = ?2 LIMIT 1";
    Ok(first(sql, statement, &[event.as_str().into(), end.into()])?.is_some())
}

/// Notes when the host cancelled an event: from then on its guests are owed their money.
///
/// # Errors
/// As [`take_back`].
pub fn mark_cancelled(sql: &impl Sql, event: &EventId, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "UPDATE events SET cancelled_at = coalesce(cancelled_at, ?2) WHERE id = ?1";
    sql.run(statement, &[event.as_str().into(), now.into()]).map(drop)
}
