//! The waitlists of events.

use crate::base::id::EventId;
use crate::base::time::UnixSeconds;
use crate::ports::paging::{Found, KeyKind, Order, Page, Query};
use crate::ports::storage::{Columns, all, first};
use crate::ports::{Sql, SqlError, SqlValue};
use crate::products::events::asks::GuestDetails;
use crate::products::events::store::small;

/// SQL: a row `w` that waits for a seat, or has an offer. Who has a seat or pays for one does not count.
const IN_LINE: &str = in_line!();

/// How far a guest on a waitlist is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Waiting,
    /// A seat is held until then.
    Offered(UnixSeconds),
    /// The offer ran out then.
    Expired(UnixSeconds),
}

/// A guest on a waitlist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiter {
    /// Grows with each guest that joins.
    pub number: u64,
    /// The wallet of the guest (EIP-55).
    pub wallet: String,
    pub guest: GuestDetails,
    pub place: Place,
    pub joined_at: UnixSeconds,
    /// When the last seat was held for it. `None` also for offers of before this was stored.
    pub offered_at: Option<UnixSeconds>,
}

/// How many are in line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line {
    pub waiting: u32,
    /// Seats that are held for offers.
    pub offered: u32,
}

/// What limits who may join.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Joined {
    /// Guests of the event who wait or have an offer.
    pub at_event: u32,
    /// Those of them whose wallets have no history.
    pub newcomers: u32,
    /// Places that wallets without history of one network took, at all events.
    pub by_source: u32,
}

const COLUMNS: &str = "number, wallet, name, email, state, offered_until, joined_at, offered_at";

/// Guests in the order in which they joined.
pub static BY_NUMBER: Order = Order { list: "waitlist", keys: &[("number", KeyKind::Int)] };

/// A guest of a waitlist.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; so for every function here.
pub fn waiter(sql: &impl Sql, event: &EventId, wallet: &str) -> Result<Option<Waiter>, SqlError> {
    let statement = format!("SELECT {COLUMNS} FROM waitlist WHERE event_id = ?1 AND wallet = ?2");
    let parameters = [event.as_str().into(), wallet.into()];
    first(sql, &statement, &parameters)?.as_mut().map(waiter_of).transpose()
}

/// A guest of a waitlist, by its number.
///
/// # Errors
/// As [`waiter`].
pub fn by_number(sql: &impl Sql, event: &EventId, number: u64) -> Result<Option<Waiter>, SqlError> {
    let statement = format!("SELECT {COLUMNS} FROM waitlist WHERE event_id = ?1 AND number = ?2");
    let parameters = [event.as_str().into(), of_number(number)];
    first(sql, &statement, &parameters)?.as_mut().map(waiter_of).transpose()
}

/// A page of a waitlist in the order [`BY_NUMBER`].
///
/// # Errors
/// As [`waiter`].
pub fn waiters(sql: &impl Sql, event: &EventId, page: &Page) -> Result<Found<Waiter>, SqlError> {
    let query = Query {
        columns: COLUMNS,
        table: "waitlist",
        condition: "event_id = ?1",
        parameters: &[event.as_str().into()],
    };
    page.find(sql, query, waiter_of)
}

/// How many are in line at an event.
///
/// # Errors
/// As [`waiter`].
pub fn line(sql: &impl Sql, event: &EventId) -> Result<Line, SqlError> {
    let statement = format!(
        "SELECT count(*) FILTER (WHERE w.state = 'waiting'), count(*) FILTER (WHERE w.state = 'offered') \
         FROM waitlist w WHERE w.event_id = ?1 AND {IN_LINE}"
    );
    let found = first(sql, &statement, &[event.as_str().into()])?;
    found.map_or(Ok(Line::default()), |mut columns| {
        Ok(Line { waiting: small(columns.count()?), offered: small(columns.count()?) })
    })
}

/// How many wait before this number.
///
/// # Errors
/// As [`waiter`].
pub fn count_before(sql: &impl Sql, event: &EventId, number: u64) -> Result<u32, SqlError> {
    let statement = format!(
        "SELECT count(*) FROM waitlist w WHERE w.event_id = ?1 AND w.number < ?2 AND w.state = 'waiting' AND {IN_LINE}"
    );
    let found = first(sql, &statement, &[event.as_str().into(), of_number(number)])?;
    found.map_or(Ok(0), |mut columns| Ok(small(columns.count()?)))
}

/// The first that wait at an event.
///
/// # Errors
/// As [`waiter`].
pub fn next_waiting(sql: &impl Sql, event: &EventId, limit: u32) -> Result<Vec<Waiter>, SqlError> {
    let statement = format!(
        "SELECT {COLUMNS} FROM waitlist w WHERE w.event_id = ?1 AND w.state = 'waiting' AND {IN_LINE} \
         ORDER BY w.number LIMIT ?2"
    );
    all(sql, &statement, &[event.as_str().into(), limit.into()], waiter_of)
}

/// What limits who may join. `source`: a keyed hash of the caller's network.
///
/// # Errors
/// As [`waiter`].
pub fn joined(
    sql: &impl Sql,
    event: &EventId,
    source: &str,
    since: UnixSeconds,
) -> Result<Joined, SqlError> {
    let statement = "SELECT (SELECT count(*) FROM waitlist WHERE event_id = ?1 AND state <> 'expired'), \
         (SELECT count(*) FROM waitlist WHERE event_id = ?1 AND state <> 'expired' AND source IS NOT NULL), \
         (SELECT count(*) FROM waitlist WHERE source = ?2 AND joined_at > ?3)";
    let found = first(sql, statement, &[event.as_str().into(), source.into(), since.into()])?;
    found.map_or(Ok(Joined::default()), |mut columns| {
        Ok(Joined {
            at_event: small(columns.count()?),
            newcomers: small(columns.count()?),
            by_source: small(columns.count()?),
        })
    })
}

/// Puts a guest at the end of a waitlist. One whose offer ran out begins anew.
///
/// # Errors
/// As [`waiter`].
pub fn join(
    sql: &impl Sql,
    event: &EventId,
    (wallet, guest): (&str, &GuestDetails),
    source: Option<&str>,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let before = "DELETE FROM waitlist WHERE event_id = ?1 AND wallet = ?2 AND state = 'expired'";
    sql.run(before, &[event.as_str().into(), wallet.into()])?;
    let statement = "INSERT INTO waitlist (event_id, wallet, name, email, source, state, joined_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, 'waiting', ?6)";
    let parameters = [
        event.as_str().into(),
        wallet.into(),
        guest.name.as_deref().into(),
        guest.email.as_deref().into(),
        source.into(),
        now.into(),
    ];
    sql.run(statement, &parameters).map(drop)
}

/// Takes a guest off a waitlist.
///
/// # Errors
/// As [`waiter`].
pub fn leave(sql: &impl Sql, event: &EventId, wallet: &str) -> Result<(), SqlError> {
    let statement = "DELETE FROM waitlist WHERE event_id = ?1 AND wallet = ?2";
    sql.run(statement, &[event.as_str().into(), wallet.into()]).map(drop)
}

/// Holds a seat for a guest that waits.
///
/// # Errors
/// As [`waiter`].
pub fn offer(
    sql: &impl Sql,
    number: u64,
    until: UnixSeconds,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "UPDATE waitlist SET state = 'offered', offered_until = ?2, offered_at = ?3 \
         WHERE number = ?1 AND state = 'waiting'";
    sql.run(statement, &[of_number(number), until.into(), now.into()]).map(drop)
}

/// Ends the offers of an event that have run out, and forgets guests who have a seat.
///
/// # Errors
/// As [`waiter`].
pub fn expire(sql: &impl Sql, event: &EventId, now: UnixSeconds) -> Result<(), SqlError> {
    // Every alarm comes here, and a write makes the object forget what it has read.
    let due = "SELECT 1 FROM waitlist WHERE event_id = ?1 AND ((state = 'offered' AND offered_until <= ?2) \
         OR wallet IN (SELECT payer FROM rsvps WHERE event_id = ?1)) LIMIT 1";
    if first(sql, due, &[event.as_str().into(), now.into()])?.is_none() {
        return Ok(());
    }
    let seated = "DELETE FROM waitlist WHERE event_id = ?1 AND wallet IN \
         (SELECT payer FROM rsvps WHERE event_id = ?1)";
    sql.run(seated, &[event.as_str().into()])?;
    let statement = "UPDATE waitlist SET state = 'expired' \
         WHERE event_id = ?1 AND state = 'offered' AND offered_until <= ?2";
    sql.run(statement, &[event.as_str().into(), now.into()]).map(drop)
}

/// Forgets the waitlist of an event.
///
/// # Errors
/// As [`waiter`].
pub fn clear(sql: &impl Sql, event: &str) -> Result<(), SqlError> {
    sql.run("DELETE FROM waitlist WHERE event_id = ?1", &[event.into()]).map(drop)
}

/// The events that have a waitlist.
///
/// # Errors
/// As [`waiter`].
pub fn with_waitlist(sql: &impl Sql) -> Result<Vec<String>, SqlError> {
    all(sql, "SELECT DISTINCT event_id FROM waitlist ORDER BY event_id", &[], Columns::text)
}

/// When the next offer runs out.
///
/// # Errors
/// As [`waiter`].
pub fn next_expiry(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    moment(sql, "SELECT min(offered_until) FROM waitlist WHERE state = 'offered'")
}

/// When the next event with a waitlist starts.
///
/// # Errors
/// As [`waiter`].
pub fn next_start(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    let statement = "SELECT min(starts_at) FROM events WHERE id IN (SELECT event_id FROM waitlist)";
    moment(sql, statement)
}

/// Whether a seat can be offered to somebody who waits, or a list is of no use any more.
///
/// # Errors
/// As [`waiter`].
pub fn is_any_due(sql: &impl Sql) -> Result<bool, SqlError> {
    let count = |state: &str| {
        format!(
            "(SELECT count(*) FROM waitlist w WHERE w.event_id = e.id AND w.state = '{state}' AND {IN_LINE})"
        )
    };
    let statement = format!(
        "SELECT 1 FROM events e WHERE e.id IN (SELECT event_id FROM waitlist) AND (e.status = 'cancelled' \
         OR ({} > 0 AND (e.capacity = 0 OR e.capacity > e.taken + {} + \
         (SELECT coalesce(sum(p.seats), 0) FROM payments p WHERE p.event_id = e.id \
         AND p.state IN ('settling', 'unknown', 'settled'))))) LIMIT 1",
        count("waiting"),
        count("offered"),
    );
    Ok(first(sql, &statement, &[])?.is_some())
}

fn moment(sql: &impl Sql, statement: &str) -> Result<Option<UnixSeconds>, SqlError> {
    let found = first(sql, statement, &[])?;
    let found = found.map(|mut columns| columns.optional_int()).transpose()?.flatten();
    Ok(found.map(UnixSeconds::new))
}

fn waiter_of(columns: &mut Columns) -> Result<Waiter, SqlError> {
    let (number, wallet) = (columns.count()?, columns.text()?);
    let (name, email) = (columns.optional_text()?, columns.optional_text()?);
    // Questions are answered when the seat is taken.
    let guest = GuestDetails { name, email, ..GuestDetails::default() };
    let state = columns.text()?;
    let until = columns.optional_int()?.map(UnixSeconds::new);
    let place = match (state.as_str(), until) {
        ("waiting", _) => Place::Waiting,
        ("offered", Some(until)) => Place::Offered(until),
        ("expired", Some(until)) => Place::Expired(until),
        (other, _) => return Err(SqlError(format!("a row of a waitlist is {other}"))),
    };
    let joined_at = columns.moment()?;
    let offered_at = columns.optional_int()?.map(UnixSeconds::new);
    Ok(Waiter { number, wallet, guest, place, joined_at, offered_at })
}

fn of_number(number: u64) -> SqlValue {
    SqlValue::Int(i64::try_from(number).unwrap_or(i64::MAX))
}
