//! Events and seats in the host's SQLite.

use crate::base::id::EventId;
use crate::base::money::Usdc;
use crate::base::time::{UnixSeconds, ZoneName};
use crate::http::cover::Look;
use crate::http::cover::palette::Palette;
use crate::ports::paging::{Found, KeyKind, Order, Page, Query};
use crate::ports::storage::{Columns, first};
use crate::ports::{Sql, SqlError, SqlValue};
use crate::products::events::asks::{Ask, Asks};
use crate::products::events::pictures::Picture;
use crate::products::events::policy::RefundPolicy;
use crate::products::events::rsvp::Rsvp;
use crate::products::events::{Event, SeatFor, Seats, questions};

/// SQL: a row `w` that waits for a seat, or has an offer. Who has a seat or pays for one does not count.
macro_rules! in_line {
    () => {
        "w.state IN ('waiting', 'offered') \
         AND NOT EXISTS (SELECT 1 FROM rsvps s WHERE s.event_id = w.event_id AND s.payer = w.wallet) \
         AND NOT EXISTS (SELECT 1 FROM payments o WHERE o.event_id = w.event_id AND o.payer = w.wallet \
         AND o.state IN ('settling', 'unknown', 'settled'))"
    };
}

mod cancelled;
mod free;
mod given;
mod guesses;
mod labels;
mod seats;
mod waitlist;

use labels::LABEL_COLUMNS;

pub use cancelled::{
    cancelled_of_payer, cancelled_of_payment, cancelled_of_short_code, cancelled_of_ticket,
    forget_cancelled, mark_cancelled, take_back, take_back_free, was_given_back_since,
};
pub use free::{FreeTaken, free_taken, has_come, note_free};
pub use given::{
    FormerCode, Given, forget_given, former_code, give, given, given_away, seat_in_hands,
    was_any_given, was_given_short,
};
pub use guesses::{Guesses, guesses, note_guess};
pub use seats::{
    BY_SALE, correct_rsvps, guests, remove_rsvps, rsvp, rsvp_of_short_code, rsvp_of_ticket, rsvps,
    rsvps_of_payer, rsvps_of_payment,
};
pub(in crate::products::events) use seats::{RSVP_COLUMNS, rsvp_of};
pub use waitlist::{
    BY_NUMBER, Joined, Line, Place, Waiter, by_number, clear, count_before, expire, is_any_due,
    join, joined, leave, line, next_expiry, next_start, next_waiting, offer, waiter, waiters,
    with_waitlist,
};

/// A filter for lists of events.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// Starting at or after this time.
    pub from: Option<UnixSeconds>,
    /// Starting before this time.
    pub to: Option<UnixSeconds>,
    /// Only events that are scheduled then ([`crate::products::events::Status::Scheduled`]).
    pub scheduled_at: Option<UnixSeconds>,
    /// With those that are not published yet, for their host.
    pub with_drafts: bool,
}

/// The income of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Earned {
    /// Number of seats sold.
    pub rsvps: u32,
    /// The sum of settled payments, without what was paid back.
    pub revenue: Usdc,
}

const EVENT_COLUMNS: &str = "events.id, events.title, events.description, events.starts_at, events.ends_at, events.time_zone, \
     events.location, events.capacity, events.price, events.status, events.sequence, events.cover_shuffle, \
     events.cover_palette, events.ask_name, events.ask_email, events.refund_percent, \
     events.refund_hours, events.refund_if_moved, events.questions, events.guests_only, events.remind_hours, \
     events.is_draft, events.types, events.price_was, events.promos, events.created_at, \
     (SELECT path || ' ' || alt FROM pictures WHERE item = events.id)";

/// Taken seats (counted with each sale), seats held by every payment that may still settle, and guests in line.
const SEAT_COLUMNS: &str = concat!(
    "events.taken, (SELECT coalesce(sum(p.seats), 0) FROM payments p WHERE p.event_id = events.id \
        AND p.state IN ('settling', 'unknown', 'settled')), \
     (SELECT count(*) FROM waitlist w WHERE w.event_id = events.id AND ",
    in_line!(),
    ")"
);

/// Inserts a new event.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses; the same for every function here.
pub fn insert(sql: &impl Sql, event: &Event) -> Result<(), SqlError> {
    let statement = "INSERT INTO events (id, title, description, starts_at, ends_at, time_zone, \
         location, capacity, price, status, sequence, cover_shuffle, cover_palette, ask_name, \
         ask_email, refund_percent, refund_hours, refund_if_moved, questions, guests_only, remind_hours, is_draft, \
         types, price_was, promos, created_at, updated_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, \
         ?21, ?22, ?23, ?24, ?25, ?26, ?26)";
    let mut parameters = parameters(event);
    parameters.push(event.created_at.into());
    sql.run(statement, &parameters).map(drop)
}

/// Stores the changes of an event.
///
/// # Errors
///
/// As [`insert`].
pub fn update(sql: &impl Sql, event: &Event, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "UPDATE events SET title = ?2, description = ?3, starts_at = ?4, ends_at = ?5, \
         time_zone = ?6, location = ?7, capacity = ?8, price = ?9, status = ?10, sequence = ?11, \
         cover_shuffle = ?12, cover_palette = ?13, ask_name = ?14, ask_email = ?15, \
         refund_percent = ?16, refund_hours = ?17, refund_if_moved = ?18, \
         questions = ?19, guests_only = ?20, remind_hours = ?21, is_draft = ?22, types = ?23, price_was = ?24, \
         promos = ?25, updated_at = ?26 WHERE id = ?1";
    let mut parameters = parameters(event);
    parameters.push(now.into());
    sql.run(statement, &parameters).map(drop)
}

/// One event with its seats.
///
/// # Errors
/// As [`insert`].
pub fn find(sql: &impl Sql, id: &EventId) -> Result<Option<(Event, Seats)>, SqlError> {
    let statement = format!(
        "SELECT {EVENT_COLUMNS}, {SEAT_COLUMNS}, {LABEL_COLUMNS} FROM events WHERE events.id = ?1"
    );
    first(sql, &statement, &[id.as_str().into()])?.as_mut().map(event_and_seats).transpose()
}

/// An event as it is for one payer.
///
/// # Errors
/// As [`insert`].
pub fn find_for(sql: &impl Sql, id: &EventId, payer: &str) -> Result<Option<SeatFor>, SqlError> {
    let statement = format!(
        "SELECT {EVENT_COLUMNS}, {SEAT_COLUMNS}, {LABEL_COLUMNS}, \
         (SELECT coalesce(sum(p.seats), 0) FROM payments p WHERE p.event_id = events.id \
            AND p.state IN ('settling', 'unknown') AND NOT EXISTS \
            (SELECT 1 FROM wallets w WHERE w.payer = p.payer AND w.settled > 0)), \
         EXISTS (SELECT 1 FROM wallets w WHERE w.payer = ?2 AND w.settled > 0), \
         EXISTS (SELECT 1 FROM rsvps r WHERE r.event_id = events.id AND r.payer = ?2), \
         (SELECT l.offered_until FROM waitlist l WHERE l.event_id = events.id AND l.wallet = ?2 \
            AND l.state = 'offered') \
         FROM events WHERE events.id = ?1"
    );
    let found = first(sql, &statement, &[id.as_str().into(), payer.into()])?;
    found.map_or(Ok(None), |mut columns| {
        let (event, seats) = event_and_seats(&mut columns)?;
        Ok(Some(SeatFor {
            event,
            seats,
            held_by_strangers: small(columns.count()?),
            has_paid_here: columns.int()? == 1,
            has_seat: columns.int()? == 1,
            offered_until: columns.optional_int()?.map(UnixSeconds::new),
        }))
    })
}

/// Events by start, those with the same start by id.
pub static BY_START: Order = Order {
    list: "events",
    keys: &[("events.starts_at", KeyKind::Int), ("events.id", KeyKind::Text)],
};

/// A page of events in the order [`BY_START`].
///
/// # Errors
///
/// As [`insert`].
pub fn list(
    sql: &impl Sql,
    filter: Filter,
    page: &Page,
) -> Result<Found<(Event, Seats)>, SqlError> {
    let query = Query {
        columns: &format!("{EVENT_COLUMNS}, {SEAT_COLUMNS}, {LABEL_COLUMNS}"),
        table: "events",
        condition: "(?1 IS NULL OR events.starts_at >= ?1) AND (?2 IS NULL OR events.starts_at < ?2) \
             AND (?3 IS NULL OR (events.status = 'scheduled' AND coalesce(events.ends_at, events.starts_at) > ?3)) \
             AND (?4 = 1 OR events.is_draft = 0)",
        parameters: &[
            filter.from.into(),
            filter.to.into(),
            filter.scheduled_at.into(),
            u32::from(filter.with_drafts).into(),
        ],
    };
    page.find(sql, query, event_and_seats)
}

/// The number of events.
///
/// # Errors
///
/// As [`insert`].
pub fn count(sql: &impl Sql) -> Result<u64, SqlError> {
    first(sql, "SELECT count(*) FROM events", &[])?.map_or(Ok(0), |mut columns| columns.count())
}

/// The number of events that were published.
///
/// # Errors
///
/// As [`insert`].
pub fn count_published(sql: &impl Sql) -> Result<u64, SqlError> {
    let statement = "SELECT count(*) FROM events WHERE is_draft = 0";
    first(sql, statement, &[])?.map_or(Ok(0), |mut columns| columns.count())
}

/// Deletes an event that was never published.
///
/// # Errors
///
/// As [`insert`].
pub fn delete_draft(sql: &impl Sql, id: &EventId) -> Result<(), SqlError> {
    let statement = "DELETE FROM events WHERE id = ?1 AND is_draft = 1";
    sql.run(statement, &[id.as_str().into()]).map(drop)
}

/// The number of seats that are sold.
///
/// # Errors
///
/// As [`insert`].
pub fn count_seats(sql: &impl Sql) -> Result<u64, SqlError> {
    first(sql, "SELECT count(*) FROM rsvps", &[])?.map_or(Ok(0), |mut columns| columns.count())
}

/// The number of purchases at an event that were paid for.
///
/// # Errors
///
/// As [`insert`].
pub fn count_purchases(sql: &impl Sql, id: &EventId) -> Result<u64, SqlError> {
    let statement = "SELECT count(DISTINCT payment_id) FROM rsvps WHERE event_id = ?1 AND paid > 0";
    first(sql, statement, &[id.as_str().into()])?.map_or(Ok(0), |mut columns| columns.count())
}

/// The income of an event, from the ledger.
///
/// # Errors
///
/// As [`insert`].
pub fn earned(sql: &impl Sql, id: &EventId) -> Result<Earned, SqlError> {
    let statement = "SELECT (SELECT count(*) FROM rsvps WHERE event_id = ?1), \
         (SELECT coalesce(sum(amount), 0) FROM ledger \
         WHERE entry IN ('settled', 'reversed', 'refunded') AND event_id = ?1)";
    let Some(mut columns) = first(sql, statement, &[id.as_str().into()])? else {
        return Ok(Earned::default());
    };
    Ok(Earned { rsvps: small(columns.count()?), revenue: columns.usdc()? })
}

/// Inserts the seats of one purchase, and gives their event with all seats; `None` if that is not there. What the guests
/// of the event are not asked for is not stored: the rule is in the statement, because a sale should not read the event once
/// more for it.
///
/// # Errors
///
/// As [`insert`]; the table refuses a second purchase for the same payer and event.
pub fn insert_rsvps(
    sql: &impl Sql,
    rsvps: &[Rsvp],
    payment_id: &str,
) -> Result<Option<(Event, Seats)>, SqlError> {
    let statement = "INSERT INTO rsvps (id, event_id, payer, code, name, email, paid, tx_hash, \
         network, created_at, payment_id, place, answers, ticket_type, promo) VALUES (?1, ?2, ?3, ?4, \
         CASE (SELECT ask_name FROM events WHERE id = ?2) WHEN 'notAsked' THEN NULL ELSE ?5 END, \
         CASE (SELECT ask_email FROM events WHERE id = ?2) WHEN 'notAsked' THEN NULL ELSE ?6 END, \
         ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
    for rsvp in rsvps {
        let parameters = [
            rsvp.id.as_str().into(),
            rsvp.event_id.as_str().into(),
            rsvp.payer.as_str().into(),
            rsvp.code.as_str().into(),
            rsvp.guest.name.as_deref().into(),
            rsvp.guest.email.as_deref().into(),
            rsvp.paid.into(),
            rsvp.transaction.as_str().into(),
            rsvp.network.as_str().into(),
            rsvp.created_at.into(),
            payment_id.into(),
            rsvp.place.into(),
            seats::stored_answers(&rsvp.guest).as_deref().into(),
            rsvp.ticket_type.as_deref().into(),
            rsvp.promo.as_deref().into(),
        ];
        sql.run(statement, &parameters)?;
    }
    let Some(first_seat) = rsvps.first() else { return Ok(None) };
    let count = u32::try_from(rsvps.len()).unwrap_or(u32::MAX);
    labels::count(sql, first_seat, count)?;
    let counted = format!(
        "UPDATE events SET taken = taken + ?2 WHERE events.id = ?1 \
         RETURNING {EVENT_COLUMNS}, {SEAT_COLUMNS}, {LABEL_COLUMNS}"
    );
    let event = first(sql, &counted, &[first_seat.event_id.as_str().into(), count.into()])?;
    event.map(|mut columns| event_and_seats(&mut columns)).transpose()
}

fn parameters(event: &Event) -> Vec<SqlValue> {
    vec![
        event.id.as_str().into(),
        event.title.as_str().into(),
        event.description.as_str().into(),
        event.starts_at.into(),
        event.ends_at.into(),
        event.time_zone.as_str().into(),
        event.location.as_deref().into(),
        event.capacity.into(),
        event.price.into(),
        if event.cancelled { "cancelled" } else { "scheduled" }.into(),
        event.sequence.into(),
        event.look.shuffle.into(),
        event.look.palette.map(Palette::name).into(),
        event.asks.name.name().into(),
        event.asks.email.name().into(),
        u32::from(event.refund.percent).into(),
        event.refund.hours.into(),
        u32::from(event.refund.if_moved).into(),
        questions::stored(&event.questions).as_str().into(),
        event.guests_only.as_deref().into(),
        event.remind_hours.into(),
        u32::from(event.is_draft).into(),
        questions::stored(&event.types).as_str().into(),
        event.was.map(|was| questions::stored(&[was])).as_deref().into(),
        questions::stored(&event.promos).as_str().into(),
    ]
}

fn event_and_seats(columns: &mut Columns) -> Result<(Event, Seats), SqlError> {
    let mut event = Event {
        id: columns.parsed(EventId::parse)?,
        title: columns.text()?,
        description: columns.text()?,
        starts_at: columns.moment()?,
        ends_at: columns.optional_int()?.map(UnixSeconds::new),
        time_zone: columns.parsed(ZoneName::parse)?,
        location: columns.optional_text()?,
        capacity: small(columns.count()?),
        price: columns.usdc()?,
        cancelled: columns.text()? == "cancelled",
        sequence: small(columns.count()?),
        look: Look {
            shuffle: small(columns.count()?),
            palette: match columns.optional_text()? {
                None => None,
                Some(name) => Some(Palette::parse(&name).map_err(damaged)?),
            },
        },
        asks: Asks { name: columns.parsed(Ask::parse)?, email: columns.parsed(Ask::parse)? },
        refund: RefundPolicy {
            percent: u8::try_from(columns.count()?).unwrap_or(0),
            hours: small(columns.count()?),
            if_moved: columns.int()? == 1,
        },
        questions: questions::of_row(&columns.text()?)?,
        guests_only: columns.optional_text()?,
        remind_hours: small(columns.count()?),
        is_draft: columns.int()? == 1,
        types: questions::of_row(&columns.text()?)?,
        was: match columns.optional_text()? {
            None => None,
            Some(was) => questions::of_row(&was)?.first().copied(),
        },
        promos: questions::of_row(&columns.text()?)?,
        created_at: columns.moment()?,
        picture: columns.optional_text()?.as_deref().map(Picture::of_row),
    };
    let seats = Seats {
        taken: small(columns.count()?),
        held: small(columns.count()?),
        line: small(columns.count()?),
    };
    let (taken, held) = (columns.text()?, columns.text()?);
    labels::read(&mut event, &taken, &held)?;
    Ok((event, seats))
}

fn damaged(what: &str) -> SqlError {
    SqlError(format!("a stored palette {what}"))
}

/// Counts are far below 2^32. A damaged row shows the largest value instead of failing the list.
fn small(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
