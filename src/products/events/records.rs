//! Reading an event, its analytics, and the published records of events and seats.

use serde_json::{Value, json};

use crate::base::id::{EventId, ScopeId};
use crate::base::time::UnixSeconds;
use crate::ledger::outbox::{self, Change};
use crate::ledger::payments::Payment;
use crate::ports::{SqlError, World};
use crate::products::events::rsvp::{self, Rsvp};
use crate::products::events::tools::Tool;
use crate::products::events::{Event, Seats, store};
use crate::rails::outcome::{Abort, Failure};
use crate::sale::cx::Cx;
use crate::sale::tool::ProductTool;

/// Seats that `getEventAnalytics` lists.
const ANALYTICS_RSVPS_MAX: u32 = 1_000;

/// One event with its seats.
pub fn event(cx: &Cx<'_, impl World>, id: &EventId) -> Result<(Event, Seats), Failure> {
    Ok(store::find(cx.world, id)?.ok_or_else(Abort::event_not_found)?)
}

/// One event that everybody may know.
pub fn shown(cx: &Cx<'_, impl World>, id: &EventId) -> Result<(Event, Seats), Failure> {
    let found = store::find(cx.world, id)?.filter(|(event, _)| !event.is_draft);
    Ok(found.ok_or_else(Abort::event_not_found)?)
}

/// Queues the published record of an event that its host has made or changed. A draft has none.
pub fn publish_event(
    cx: &Cx<'_, impl World>,
    event: &Event,
    seats: Seats,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    if event.is_draft {
        return Ok(());
    }
    let (key, record) = event_record(cx.scope, event, seats, now);
    outbox::put(cx.world, &key, &record, now)
}

/// Stores an event that its host has changed, and queues its record.
pub fn save_event(
    cx: &Cx<'_, impl World>,
    event: &Event,
    seats: Seats,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    cx.world.atomically(|| {
        store::update(cx.world, event, now)?;
        publish_event(cx, event, seats, now)
    })
}

/// The published record of an event and its KV key `{scope}:events:{eventId}` (docs/storage.md).
pub fn event_record(
    scope: &ScopeId,
    event: &Event,
    seats: Seats,
    now: UnixSeconds,
) -> (String, Value) {
    // The record does not count seats that are held or kept, because they are not sold yet.
    let seats = Seats { held: 0, line: 0, ..seats };
    let mut event = event.clone();
    event.types.iter_mut().for_each(|kind| kind.held = 0);
    (format!("{scope}:events:{}", event.id), json!(event.view(seats, now)))
}

/// The answer of `getEventAnalytics`.
pub fn analytics(cx: &Cx<'_, impl World>, id: &EventId) -> Result<Value, SqlError> {
    let earned = store::earned(cx.world, id)?;
    let rsvps = store::rsvps(cx.world, id, ANALYTICS_RSVPS_MAX)?;
    Ok(json!({
        "totalRsvps": earned.rsvps,
        "totalRevenue": earned.revenue.to_string(),
        "totalRevenueAtomic": earned.revenue,
        "rsvps": rsvps.iter().map(Rsvp::public_line).collect::<Vec<_>>(),
    }))
}

/// Queues the published records of the seats of a purchase that is sold now, and of their event.
pub fn publish_sale(
    cx: &Cx<'_, impl World>,
    rsvps: &[Rsvp],
    event: &Event,
    seats: Seats,
) -> Result<(), SqlError> {
    let now = cx.now();
    let (key, record) = event_record(cx.scope, event, seats, now);
    let event = Change::new(key, &record).soon();
    let Some((first, seats)) = rsvps.first().zip(rsvp::record(rsvps)) else { return Ok(()) };
    let seats = Change::new(seat_key(cx.scope, &first.event_id, &first.payer), &seats);
    outbox::put_all(cx.world, &[seats, event], now)
}

/// The KV key of the record of a wallet's seats at an event.
fn seat_key(scope: &ScopeId, event: &EventId, payer: &str) -> String {
    format!("{scope}:rsvps:{event}:{payer}")
}

/// Queues the published record of the seats that a wallet has at an event.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn publish_seats(
    cx: &Cx<'_, impl World>,
    event: &EventId,
    payer: &str,
) -> Result<(), SqlError> {
    let (sql, now) = (cx.world, cx.world.now());
    let key = seat_key(cx.scope, event, payer);
    match rsvp::record(&store::rsvps_of_payer(sql, event, payer)?) {
        Some(record) => outbox::put(sql, &key, &record, now),
        None => outbox::remove(sql, &key, now),
    }
}

/// Queues the published records of the seats that a payment bought, and of their event.
pub fn publish_seat(cx: &Cx<'_, impl World>, payment: &Payment) -> Result<(), SqlError> {
    let is_seat = payment.tool == Tool::RsvpToEvent.spec().name;
    let Some(id) = payment.event_id.as_ref().filter(|_| is_seat) else { return Ok(()) };
    publish_seats_of(cx, id, &payment.payer)
}

/// Queues the published records of the seats that a wallet has at an event, and of the event.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn publish_seats_of(
    cx: &Cx<'_, impl World>,
    id: &EventId,
    payer: &str,
) -> Result<(), SqlError> {
    let (sql, now) = (cx.world, cx.world.now());
    publish_seats(cx, id, payer)?;
    match store::find(sql, id)? {
        Some((event, seats)) => {
            let (key, record) = event_record(cx.scope, &event, seats, now);
            outbox::put_soon(sql, &key, &record.to_string(), now)
        }
        None => Ok(()),
    }
}
