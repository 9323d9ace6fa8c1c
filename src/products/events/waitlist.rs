//! The waitlist of a full event: first come, first served. A seat that comes back is held for the first in line for a while
//! and then goes to the next.
//!
//! While somebody waits, a free seat is for sale to nobody else ([`Seats::line`]): as many seats as there are guests in line
//! are kept from the moment that they come back, so that it does not matter when the alarm comes that offers them. Who has a
//! seat or is paying for one is not in line.
//!
//! Places cost nothing, so wallets without history have limits as for free seats: few for each network, and half of a list.

use serde_json::{Value, json};

use crate::base::code::Code;
use crate::base::email::optional_email;
use crate::base::fields::optional_line;
use crate::base::id::EventId;
use crate::base::time::UnixSeconds;
use crate::ports::paging::Page;
use crate::ports::{SqlError, World};
use crate::products::events::asks::GuestDetails;
use crate::products::events::input::{JoinWaitlist, ListWaitlist, event_id};
use crate::products::events::records::{event, shown};
use crate::products::events::refusals::{check_no_seat, event_for};
use crate::products::events::store::{self, Joined, Place, Waiter};
use crate::products::events::views::{Waitlist, WaitlistLine};
use crate::products::events::{Event, Seats, Status, offered, waitlist_mail};
use crate::rails::outcome::{Abort, Failure};
use crate::sale::cx::Cx;
use crate::sale::product::Taker;
use crate::sale::repeat::ProvenPayer;

/// The longest time for which a seat is held, seconds.
const HOLD_SECONDS_MAX: i64 = 7_200;
/// The shortest one, seconds. So long before its start an event has no waitlist any more.
const HOLD_SECONDS_MIN: i64 = 900;
/// Guests on one list.
const GUESTS_MAX: u32 = 500;
/// Those of them whose wallets have no history here.
const NEWCOMERS_MAX: u32 = 250;
/// Places that wallets without history of one network get at a host in [`DAY_SECONDS`].
const SOURCE_MAX: u32 = 3;
const DAY_SECONDS: i64 = 86_400;
/// Offers at one event in one alarm.
const OFFERS_AT_ONCE: u32 = 20;
/// The longest name of a guest, characters.
const NAME_CHARS_MAX: usize = 200;

/// Puts the wallet that signed in on the waitlist of a full event. One that is there already is told its place.
pub(super) fn join(
    cx: &Cx<'_, impl World>,
    arguments: &JoinWaitlist,
    by: &Taker<'_>,
    wallet: &ProvenPayer,
) -> Result<Value, Failure> {
    let (id, now, wallet) = (event_id(&arguments.event_id)?, cx.now(), wallet.wallet());
    let name = optional_line("name", arguments.name.as_deref(), NAME_CHARS_MAX)?;
    let email = optional_email("email", arguments.email.as_deref())?;
    let wanted = event_for(cx, &id, wallet)?;
    check_no_seat(&wanted)?;
    let known = store::waiter(cx.world, &id, wallet)?;
    let is_in_line = known.as_ref().is_some_and(|known| match known.place {
        Place::Waiting => true,
        Place::Offered(until) => until > now,
        Place::Expired(_) => false,
    });
    if !is_in_line {
        check_open(&wanted.event, wanted.seats, now)?;
        if !by.is_open {
            let detail = "this host sells no seats now";
            return Err(Abort::new(Code::UnknownTool, detail).into());
        }
        let is_newcomer = !wanted.has_paid_here && !store::has_come(cx.world, wallet)?;
        let source = cx.pseudonym(by.source);
        let since = now.plus(-DAY_SECONDS);
        check_room(store::joined(cx.world, &id, &source, since)?, is_newcomer)?;
        // Before the row, so that every row has an alarm.
        wake_soon(cx);
        let source = is_newcomer.then_some(source.as_str());
        let guest = GuestDetails { name, email, ..GuestDetails::default() };
        cx.world.atomically(|| store::join(cx.world, &id, (wallet, &guest), source, now))?;
    }
    place(cx, &id, wallet)
}

/// Takes the wallet that signed in off a waitlist. A seat that was held for it goes to the next.
pub(super) fn leave(
    cx: &Cx<'_, impl World>,
    id: &str,
    wallet: &ProvenPayer,
) -> Result<Value, Failure> {
    let id = event_id(id)?;
    shown(cx, &id)?;
    let was_there = store::waiter(cx.world, &id, wallet.wallet())?.is_some();
    if was_there {
        wake_soon(cx);
        store::leave(cx.world, &id, wallet.wallet())?;
    }
    let message = match was_there {
        true => "You are off the waitlist.",
        false => "You are not on the waitlist.",
    };
    Ok(json!({"success": true, "eventId": id, "state": "none", "message": message}))
}

/// Where the wallet that signed in is on a waitlist.
pub(super) fn show(
    cx: &Cx<'_, impl World>,
    id: &str,
    wallet: &ProvenPayer,
) -> Result<Value, Failure> {
    place(cx, &event_id(id)?, wallet.wallet())
}

fn place(cx: &Cx<'_, impl World>, id: &EventId, wallet: &str) -> Result<Value, Failure> {
    let (event, _) = shown(cx, id)?;
    let line = store::line(cx.world, id)?;
    let found = store::waiter(cx.world, id, wallet)?;
    let (state, number, until, message) = match found.as_ref().map(|found| found.place) {
        None => ("none", None, None, "You are not on the waitlist.".to_owned()),
        Some(Place::Waiting) => {
            let number = found.as_ref().map_or(0, |found| found.number);
            let place = store::count_before(cx.world, id, number)?.saturating_add(1);
            let message = format!(
                "You are number {place} on the waitlist. When it is your turn, a seat is held for you for up to two hours: look here again, or give an e-mail address to be told."
            );
            ("waiting", Some(place), None, message)
        }
        Some(Place::Offered(until)) if until > cx.now() => {
            ("offered", None, Some(until), offered::in_words(&event, until))
        }
        Some(Place::Offered(until) | Place::Expired(until)) => {
            let message = format!(
                "The seat that was held for you until {} went to the next. You can join the waitlist again.",
                until.to_words(&event.time_zone)
            );
            ("expired", None, Some(until), message)
        }
    };
    let in_line = found.as_ref().filter(|_| matches!(state, "waiting" | "offered"));
    Ok(json!({
        "success": true,
        "eventId": id,
        "state": state,
        "place": number,
        "waiting": line.waiting,
        "offeredUntil": until.map(|until| until.to_string()),
        "next": (state == "offered").then(|| offered::call_of(id, wallet)),
        "subscribe": in_line.map(|waiter| offered::subscription(cx, id, waiter)),
        "buyUrl": offered::buy_url(cx, id),
        "message": message,
    }))
}

/// Whether there is something to wait for.
fn check_open(event: &Event, seats: Seats, now: UnixSeconds) -> Result<(), Failure> {
    let refused = |code, detail: &str| Err(Abort::new(code, detail).into());
    match event.status(now) {
        Status::Cancelled => {
            return refused(Code::EventCancelled, "this event was cancelled by its host");
        }
        Status::Past => return refused(Code::EventPast, "this event is over"),
        Status::Scheduled if is_closed(event, now) => {
            let detail = "the waitlist of this event is closed, because the event begins soon; a seat that comes back is for sale to everybody";
            return refused(Code::WaitlistClosed, detail);
        }
        Status::Draft => return Err(Abort::event_not_found().into()),
        Status::Scheduled => {}
    }
    match event.seats_left(seats) {
        Some(0) => Ok(()),
        Some(_) | None => {
            refused(Code::EventNotFull, "this event has seats left; get one instead of waiting")
        }
    }
}

fn is_closed(event: &Event, now: UnixSeconds) -> bool {
    event.starts_at.plus(-HOLD_SECONDS_MIN) <= now
}

fn check_room(joined: Joined, is_newcomer: bool) -> Result<(), Failure> {
    if joined.at_event >= GUESTS_MAX || (is_newcomer && joined.newcomers >= NEWCOMERS_MAX) {
        let detail = "the waitlist of this event is full; look again later";
        return Err(Abort::new(Code::WaitlistFull, detail).into());
    }
    if is_newcomer && joined.by_source >= SOURCE_MAX {
        let detail = format!(
            "new wallets from your network have taken {SOURCE_MAX} places on waitlists here in 24 hours, and no more are given; try again tomorrow, or with a wallet that this host knows"
        );
        let abort = Abort::new(Code::RateLimited, detail);
        return Err(Abort { retry_after: Some(DAY_SECONDS), ..abort }.into());
    }
    Ok(())
}

/// Offers the seats that came back, ends offers that have run out, and forgets lists that are of no use any more. Work of the
/// alarm.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn advance(cx: &Cx<'_, impl World>) -> Result<(), SqlError> {
    for id in store::with_waitlist(cx.world)? {
        cx.world.atomically(|| advance_event(cx, &id))?;
    }
    Ok(())
}

fn advance_event(cx: &Cx<'_, impl World>, id: &str) -> Result<(), SqlError> {
    let now = cx.now();
    let found = EventId::parse(id).ok().map(|id| store::find(cx.world, &id)).transpose()?.flatten();
    let Some((event, seats)) = found else { return store::clear(cx.world, id) };
    if event.status(now) != Status::Scheduled || is_closed(&event, now) {
        return store::clear(cx.world, id);
    }
    store::expire(cx.world, &event.id, now)?;
    let line = store::line(cx.world, &event.id)?;
    let free = match event.capacity {
        0 => line.waiting,
        _ => event.free_seats(seats).saturating_sub(line.offered),
    };
    let until = offered_until(&event, line.waiting, now);
    for waiter in store::next_waiting(cx.world, &event.id, free.min(OFFERS_AT_ONCE))? {
        store::offer(cx.world, waiter.number, until, now)?;
        waitlist_mail::queue(cx, &event, &waiter, until);
    }
    Ok(())
}

/// Until when a seat is held that is offered now. If many wait and the event is near, the time is shorter, so that half of
/// what is left is enough for all.
fn offered_until(event: &Event, waiting: u32, now: UnixSeconds) -> UnixSeconds {
    let left = event.starts_at.since(now);
    let share = left.checked_div(i64::from(waiting.max(1)).saturating_mul(2)).unwrap_or(0);
    now.plus(share.clamp(HOLD_SECONDS_MIN, HOLD_SECONDS_MAX)).min(event.starts_at)
}

/// When there is work for [`advance`]: what somebody waits for, and what only makes room.
pub struct Dues {
    pub offers: Option<UnixSeconds>,
    pub over: Option<UnixSeconds>,
}

/// When [`advance`] has something to do next.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn dues(world: &impl World) -> Result<Dues, SqlError> {
    // Remembered until a waitlist changes, so that a sale elsewhere asks nothing.
    if store::with_waitlist(world)?.is_empty() {
        return Ok(Dues { offers: None, over: None });
    }
    let starts_at = store::next_start(world)?;
    let expiry = store::next_expiry(world)?;
    let now = store::is_any_due(world)?.then(|| world.now());
    Ok(Dues {
        offers: expiry.into_iter().chain(now).min(),
        over: starts_at.map(|at| at.plus(-HOLD_SECONDS_MIN)),
    })
}

fn wake_soon(cx: &Cx<'_, impl World>) {
    cx.world.wake_at(cx.now());
    cx.world.note_open();
}

/// The host's view of a waitlist.
pub(super) fn list(
    cx: &Cx<'_, impl World>,
    id: &EventId,
    limit: Option<u32>,
    cursor: Option<&str>,
) -> Result<Waitlist, Failure> {
    event(cx, id)?;
    let page = Page::read(&store::BY_NUMBER, limit, cursor, cx.now())?;
    let found = store::waiters(cx.world, id, &page)?;
    let line = store::line(cx.world, id)?;
    Ok(Waitlist {
        waiting: line.waiting,
        offered: line.offered,
        guests: found.entries.into_iter().map(|waiter| line_of(waiter, cx.now())).collect(),
        next_cursor: found.next_cursor,
    })
}

/// The answer of `listWaitlist`.
pub(super) fn list_waitlist(
    cx: &Cx<'_, impl World>,
    asked: &ListWaitlist,
) -> Result<Value, Failure> {
    let id = event_id(&asked.event_id)?;
    Ok(json!(list(cx, &id, asked.limit, asked.cursor.as_deref())?))
}

fn line_of(waiter: Waiter, now: UnixSeconds) -> WaitlistLine {
    let (state, until) = match waiter.place {
        Place::Waiting => ("waiting", None),
        Place::Offered(until) if until > now => ("offered", Some(until)),
        Place::Offered(until) | Place::Expired(until) => ("expired", Some(until)),
    };
    WaitlistLine {
        wallet: waiter.wallet,
        name: waiter.guest.name,
        email: waiter.guest.email,
        state,
        offered_until: until.map(|until| until.to_string()),
        joined_at: waiter.joined_at.to_string(),
    }
}
