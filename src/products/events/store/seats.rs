//! Reading and changing the seats of events.

use crate::base::id::{EventId, PaymentId, RsvpId, TicketCode};
use crate::base::time::UnixSeconds;
use crate::ports::paging::{Found, KeyKind, Order, Page, Query};
use crate::ports::storage::{Columns, all, first};
use crate::ports::{Sql, SqlError, SqlValue};
use crate::products::events::asks::GuestDetails;
use crate::products::events::questions;
use crate::products::events::rsvp::Rsvp;
use crate::products::events::store::labels;

pub(in crate::products::events) const RSVP_COLUMNS: &str = "id, event_id, payer, code, name, email, paid, tx_hash, network, created_at, checked_in_at, place, answers, ticket_type, promo";

/// Corrects the transaction of a payment's seats.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn correct_rsvps(sql: &impl Sql, payment: &PaymentId, hash: &str) -> Result<(), SqlError> {
    for table in ["rsvps", "cancelled_seats"] {
        let statement = format!("UPDATE {table} SET tx_hash = ?2 WHERE payment_id = ?1");
        sql.run(&statement, &[payment.as_str().into(), hash.into()])?;
    }
    Ok(())
}

/// Removes the seats of a payment whose money the chain has dropped.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn remove_rsvps(sql: &impl Sql, payment: &PaymentId) -> Result<(), SqlError> {
    remove(sql, "payment_id = ?1", &[payment.as_str().into()])
}

/// Removes the seats of one event that the condition `which` selects with the parameters `of`: they count as not sold.
pub(super) fn remove(sql: &impl Sql, which: &str, of: &[SqlValue]) -> Result<(), SqlError> {
    labels::discount(sql, which, of)?;
    let statement = format!("DELETE FROM rsvps WHERE {which} RETURNING event_id");
    let removed = all(sql, &statement, of, Columns::text)?;
    let Some(event) = removed.first() else { return Ok(()) };
    let count = u32::try_from(removed.len()).unwrap_or(u32::MAX);
    let counted = "UPDATE events SET taken = taken - ?2 WHERE id = ?1";
    sql.run(counted, &[event.as_str().into(), count.into()]).map(drop)
}

/// Seats in the order in which they were sold.
pub static BY_SALE: Order =
    Order { list: "rsvps", keys: &[("created_at", KeyKind::Int), ("id", KeyKind::Text)] };

/// A page of an event's seats in the order [`BY_SALE`].
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn guests(sql: &impl Sql, id: &EventId, page: &Page) -> Result<Found<Rsvp>, SqlError> {
    let query = Query {
        columns: RSVP_COLUMNS,
        table: "rsvps",
        condition: "event_id = ?1",
        parameters: &[id.as_str().into()],
    };
    page.find(sql, query, rsvp_of)
}

/// The first seats of an event, oldest first.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn rsvps(sql: &impl Sql, id: &EventId, limit: u32) -> Result<Vec<Rsvp>, SqlError> {
    let statement = format!(
        "SELECT {RSVP_COLUMNS} FROM rsvps WHERE event_id = ?1 ORDER BY created_at, id LIMIT ?2"
    );
    all(sql, &statement, &[id.as_str().into(), limit.into()], rsvp_of)
}

/// A wallet's seats at an event, in the order of their places.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn rsvps_of_payer(sql: &impl Sql, id: &EventId, payer: &str) -> Result<Vec<Rsvp>, SqlError> {
    let statement = format!(
        "SELECT {RSVP_COLUMNS} FROM rsvps WHERE event_id = ?1 AND payer = ?2 ORDER BY place"
    );
    all(sql, &statement, &[id.as_str().into(), payer.into()], rsvp_of)
}

/// The seat with this id.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn rsvp(sql: &impl Sql, id: &RsvpId) -> Result<Option<Rsvp>, SqlError> {
    let statement = format!("SELECT {RSVP_COLUMNS} FROM rsvps WHERE id = ?1");
    first(sql, &statement, &[id.as_str().into()])?.as_mut().map(rsvp_of).transpose()
}

/// The seats that a payment bought, in the order of their places.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn rsvps_of_payment(sql: &impl Sql, payment: &PaymentId) -> Result<Vec<Rsvp>, SqlError> {
    let statement =
        format!("SELECT {RSVP_COLUMNS} FROM rsvps WHERE payment_id = ?1 ORDER BY place");
    all(sql, &statement, &[payment.as_str().into()], rsvp_of)
}

/// The seat of a ticket code.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn rsvp_of_ticket(sql: &impl Sql, code: &TicketCode) -> Result<Option<Rsvp>, SqlError> {
    let statement = format!("SELECT {RSVP_COLUMNS} FROM rsvps WHERE code = ?1");
    first(sql, &statement, &[code.as_str().into()])?.as_mut().map(rsvp_of).transpose()
}

/// The seat at an event whose ticket code ends so. `None` if there is none, or more than one.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn rsvp_of_short_code(
    sql: &impl Sql,
    id: &EventId,
    end: &str,
) -> Result<Option<Rsvp>, SqlError> {
    let statement = format!(
        "SELECT {RSVP_COLUMNS} FROM rsvps WHERE event_id = ?1 AND substr(code, -8) = ?2 LIMIT 2"
    );
    let mut found = all(sql, &statement, &[id.as_str().into(), end.into()], rsvp_of)?;
    let one = found.pop();
    Ok(if found.is_empty() { one } else { None })
}

pub(in crate::products::events) fn rsvp_of(columns: &mut Columns) -> Result<Rsvp, SqlError> {
    let mut rsvp = Rsvp {
        id: columns.parsed(RsvpId::parse)?,
        event_id: columns.parsed(EventId::parse)?,
        payer: columns.text()?,
        code: columns.parsed(TicketCode::parse)?,
        guest: GuestDetails {
            name: columns.optional_text()?,
            email: columns.optional_text()?,
            answers: Vec::new(),
        },
        paid: columns.usdc()?,
        transaction: columns.text()?,
        network: columns.text()?,
        created_at: columns.moment()?,
        checked_in_at: columns.optional_int()?.map(UnixSeconds::new),
        ticket_type: None,
        promo: None,
        place: u32::try_from(columns.count()?).unwrap_or(u32::MAX),
    };
    if let Some(answers) = columns.optional_text()? {
        rsvp.guest.answers = questions::of_row(&answers)?;
    }
    rsvp.ticket_type = columns.optional_text()?;
    rsvp.promo = columns.optional_text()?;
    Ok(rsvp)
}

/// What a guest answered, as it is stored.
pub(super) fn stored_answers(guest: &GuestDetails) -> Option<String> {
    (!guest.answers.is_empty()).then(|| questions::stored(&guest.answers))
}
