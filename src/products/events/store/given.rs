//! Tickets that were given to somebody else.

use serde_json::json;

use crate::base::id::{EventId, PaymentId, RsvpId, TicketCode};
use crate::base::time::UnixSeconds;
use crate::ports::storage::{Columns, all, first};
use crate::ports::{Sql, SqlError};
use crate::products::events::rsvp::Rsvp;
use crate::products::events::store::seats::{RSVP_COLUMNS, rsvp_of};
use crate::products::events::store::small;

/// In whose hands a ticket is that was given away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The wallet that has it (EIP-55). `None`: who has its link.
    pub holder: Option<String>,
    /// Whether the new guest got the link by mail.
    pub is_mailed: bool,
    /// How often it changed hands.
    pub times: u32,
    pub at: UnixSeconds,
}

/// A code that opens nothing any more, because its ticket was given away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormerCode {
    pub seat: RsvpId,
    /// Which transfer of the seat ended it.
    pub time: u32,
    /// Who gave the ticket away: a wallet (EIP-55), or the host.
    pub giver: String,
}

const GIVEN: &str = "holder, mailed, times, given_at";

/// Gives a seat its new code and guest. The former code ends in the same statement. `seat`: as it will be. Call it in a
/// transaction.
///
/// # Errors
/// [`SqlError`] if SQLite refuses, or if the seat has changed since it was read.
pub fn give(
    sql: &impl Sql,
    (seat, former): (&Rsvp, &TicketCode),
    given: &Given,
    giver: &str,
) -> Result<(), SqlError> {
    // What the guests of the event are not asked for is not stored.
    let moved = "UPDATE rsvps SET code = ?3, \
         name = CASE (SELECT ask_name FROM events WHERE id = event_id) WHEN 'notAsked' THEN NULL ELSE ?4 END, \
         email = CASE (SELECT ask_email FROM events WHERE id = event_id) WHEN 'notAsked' THEN NULL ELSE ?5 END \
         WHERE id = ?1 AND code = ?2 AND checked_in_at IS NULL RETURNING payment_id";
    let parameters = [
        seat.id.as_str().into(),
        former.as_str().into(),
        seat.code.as_str().into(),
        seat.guest.name.as_deref().into(),
        seat.guest.email.as_deref().into(),
    ];
    let changed = || SqlError("a ticket has changed while it was given away".to_owned());
    let payment = first(sql, moved, &parameters)?.ok_or_else(changed)?.text()?;
    let ended = "INSERT INTO given_codes (code, rsvp_id, event_id, payment_id, time, giver) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let event = seat.event_id.as_str();
    let parameters = [
        former.as_str().into(),
        seat.id.as_str().into(),
        event.into(),
        payment.as_str().into(),
        given.times.into(),
        giver.into(),
    ];
    sql.run(ended, &parameters)?;
    let held = "INSERT INTO given_seats (rsvp_id, event_id, payment_id, holder, mailed, times, given_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (rsvp_id) DO UPDATE SET holder = ?4, \
         mailed = ?5, times = ?6, given_at = ?7";
    let parameters = [
        seat.id.as_str().into(),
        event.into(),
        payment.as_str().into(),
        given.holder.as_deref().into(),
        u32::from(given.is_mailed).into(),
        given.times.into(),
        given.at.into(),
    ];
    sql.run(held, &parameters).map(drop)
}

/// In whose hands a seat is, if it was ever given away.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; so for every function here.
pub fn given(sql: &impl Sql, seat: &RsvpId) -> Result<Option<Given>, SqlError> {
    let statement = format!("SELECT {GIVEN} FROM given_seats WHERE rsvp_id = ?1");
    first(sql, &statement, &[seat.as_str().into()])?.as_mut().map(given_of).transpose()
}

/// The seats of these that are in other hands than those of the wallet that paid.
///
/// # Errors
/// As [`given`].
pub fn given_away(sql: &impl Sql, seats: &[Rsvp]) -> Result<Vec<RsvpId>, SqlError> {
    let ids: Vec<&str> = seats.iter().map(|seat| seat.id.as_str()).collect();
    let ids = json!(ids).to_string();
    let statement = "SELECT g.rsvp_id FROM given_seats g JOIN rsvps r ON r.id = g.rsvp_id \
         WHERE g.rsvp_id IN (SELECT value FROM json_each(?1)) AND g.holder IS NOT r.payer";
    all(sql, statement, &[ids.as_str().into()], |columns| columns.parsed(RsvpId::parse))
}

/// Whether a seat of this payment was ever given away.
///
/// # Errors
/// As [`given`].
pub fn was_any_given(sql: &impl Sql, payment: &PaymentId) -> Result<bool, SqlError> {
    let statement = "SELECT 1 FROM given_seats WHERE payment_id = ?1 LIMIT 1";
    Ok(first(sql, statement, &[payment.as_str().into()])?.is_some())
}

/// A code whose ticket was given away.
///
/// # Errors
/// As [`given`].
pub fn former_code(sql: &impl Sql, code: &TicketCode) -> Result<Option<FormerCode>, SqlError> {
    let statement = "SELECT rsvp_id, time, giver FROM given_codes WHERE code = ?1";
    let former = |mut columns: Columns| {
        Ok(FormerCode {
            seat: columns.parsed(RsvpId::parse)?,
            time: small(columns.count()?),
            giver: columns.text()?,
        })
    };
    first(sql, statement, &[code.as_str().into()])?.map(former).transpose()
}

/// Whether a code at this event that ends so was given away.
///
/// # Errors
/// As [`given`].
pub fn was_given_short(sql: &impl Sql, event: &EventId, end: &str) -> Result<bool, SqlError> {
    let statement =
        "SELECT 1 FROM given_codes WHERE event_id = ?1 AND substr(code, -8) = ?2 LIMIT 1";
    Ok(first(sql, statement, &[event.as_str().into(), end.into()])?.is_some())
}

/// The seat that was given to a wallet.
///
/// # Errors
/// As [`given`].
pub fn seat_in_hands(sql: &impl Sql, seat: &RsvpId) -> Result<Option<(Rsvp, Given)>, SqlError> {
    let columns: Vec<String> = RSVP_COLUMNS.split(", ").map(|name| format!("r.{name}")).collect();
    let statement = format!(
        "SELECT {}, g.holder, g.mailed, g.times, g.given_at \
         FROM given_seats g JOIN rsvps r ON r.id = g.rsvp_id WHERE g.rsvp_id = ?1",
        columns.join(", ")
    );
    let found = first(sql, &statement, &[seat.as_str().into()])?;
    let Some(mut columns) = found else { return Ok(None) };
    Ok(Some((rsvp_of(&mut columns)?, given_of(&mut columns)?)))
}

/// Forgets the transfers of a payment that the chain has dropped.
///
/// # Errors
/// As [`given`].
pub fn forget_given(sql: &impl Sql, payment: &PaymentId) -> Result<(), SqlError> {
    for table in ["given_seats", "given_codes"] {
        let statement = format!("DELETE FROM {table} WHERE payment_id = ?1");
        sql.run(&statement, &[payment.as_str().into()])?;
    }
    Ok(())
}

fn given_of(columns: &mut Columns) -> Result<Given, SqlError> {
    Ok(Given {
        holder: columns.optional_text()?,
        is_mailed: columns.int()? == 1,
        times: small(columns.count()?),
        at: columns.moment()?,
    })
}
