//! The event `waitlist.offered` for clients that poll (MCP extension `io.modelcontextprotocol/events`, SEP-3415): a seat is
//! held for a guest of a waitlist.
//!
//! A guest asks with a key that `joinWaitlist` and `getWaitlistPlace` give, and signs nothing. Whoever has the key learns
//! about this one place; the seat still goes to its wallet only. Nothing is stored of who asks: the cursor says which offers
//! the guest has heard of.

use alloy_primitives::hex;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use crate::base::id::EventId;
use crate::base::time::UnixSeconds;
use crate::ports::World;
use crate::products::events::Event;
use crate::products::events::input::event_id;
use crate::products::events::store::{self, Place, Waiter};
use crate::rails::outcome::Failure;
use crate::sale::cx::Cx;
use crate::sale::tool::input_schema;

/// The name of the event.
pub const NAME: &str = "waitlist.offered";
/// When to ask again, milliseconds. An offer holds for 15 minutes at least.
const NEXT_POLL_MILLIS: u32 = 60_000;
/// Bytes of the hash in a key.
const HASH_BYTES: usize = 16;
/// The cursor of a guest who has heard of no offer.
const NONE_HEARD: UnixSeconds = UnixSeconds::new(0);

/// The arguments of a subscription to `waitlist.offered`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Subscription {
    /// The event's id, as listEvents gives it.
    pub event_id: String,
    /// The key of the place, as joinWaitlist and getWaitlistPlace give it.
    pub key: String,
}

/// What a client has heard of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heard {
    /// The end of the last offer that it knows. `None`: it asks for what comes from now on.
    pub until: Option<UnixSeconds>,
    /// Older offers are left out, seconds.
    pub age_max: Option<i64>,
}

impl Heard {
    /// Reads a cursor of this event; `None` if it is none.
    #[must_use]
    pub fn read(cursor: &str) -> Option<UnixSeconds> {
        let until = cursor.parse().ok().filter(|until: &i64| *until >= 0)?;
        (until.to_string() == cursor).then(|| UnixSeconds::new(until))
    }
}

/// How the event is listed (`events/list`).
#[must_use]
pub fn definition() -> Value {
    json!({
        "name": NAME,
        "description": "A seat at a full event is held for the guest of its waitlist who asks, until `offeredUntil`. The call in `next` gets it. The arguments come from `subscribe` in the answer of joinWaitlist or getWaitlistPlace.",
        "delivery": ["poll"],
        "inputSchema": input_schema::<Subscription>(),
        "payloadSchema": {
            "type": "object",
            "properties": {
                "eventId": {"type": "string", "description": "The event with the seat"},
                "title": {"type": "string"},
                "offeredUntil": {"type": "string", "format": "date-time"},
                "next": {"type": "object", "description": "The tool to call, and its arguments"},
                "buyUrl": {"type": "string", "description": "Where a person gets the seat"},
                "message": {"type": "string"},
            },
            "required": ["eventId", "title", "offeredUntil", "next", "buyUrl", "message"],
        },
    })
}

/// What a guest in line sends to hear of the offer.
#[must_use]
pub(super) fn subscription(cx: &Cx<'_, impl World>, event: &EventId, waiter: &Waiter) -> Value {
    json!({"method": "events/poll", "params": {
        "name": NAME,
        "arguments": {"eventId": event, "key": key(cx, event, waiter)},
        "cursor": NONE_HEARD.get().to_string(),
    }})
}

/// The call that gets a seat which is held for a wallet.
pub(super) fn call_of(id: &EventId, wallet: &str) -> Value {
    json!({"tool": "rsvpToEvent", "arguments": {"eventId": id, "walletAddress": wallet}})
}

/// Where a person gets a seat.
pub(super) fn buy_url(cx: &Cx<'_, impl World>, id: &EventId) -> String {
    format!("{}/buy/{}/{id}", cx.config.public_url, cx.scope)
}

/// What is said of a seat that is held for a wallet.
pub(super) fn in_words(event: &Event, until: UnixSeconds) -> String {
    let until = until.to_words(&event.time_zone);
    format!("A seat is held for this wallet until {until}. Get it with this wallet before then.")
}

/// The result of `events/poll`; `None` if there is no such place (any more).
///
/// # Errors
///
/// `invalid_arguments` names the field.
pub fn poll(
    cx: &Cx<'_, impl World>,
    asked: &Subscription,
    heard: Heard,
) -> Result<Option<Value>, Failure> {
    let (id, now) = (event_id(&asked.event_id)?, cx.now());
    let Some(waiter) = waiter_of(cx, &id, &asked.key)? else { return Ok(None) };
    let Some((event, _)) = store::find(cx.world, &id)? else { return Ok(None) };
    let newest = match waiter.place {
        Place::Waiting => None,
        Place::Offered(until) | Place::Expired(until) => Some(until),
    };
    let known = heard.until.or(newest).unwrap_or(NONE_HEARD);
    let Some(until) = newest.filter(|until| *until > known) else {
        return Ok(Some(result(&[], known, false)));
    };
    let at = waiter.offered_at.unwrap_or(waiter.joined_at);
    let is_old = heard.age_max.is_some_and(|seconds| now.since(at) > seconds);
    let is_over = until <= now || waiter.place != Place::Offered(until);
    // An offer that cannot be taken any more is skipped, and the client hears that something was.
    let events = match is_old || is_over {
        true => Vec::new(),
        false => vec![occurrence(cx, &event, &waiter, (at, until))],
    };
    Ok(Some(result(&events, until, events.is_empty())))
}

fn result(events: &[Value], cursor: UnixSeconds, is_truncated: bool) -> Value {
    json!({
        "events": events,
        "cursor": cursor.get().to_string(),
        "truncated": is_truncated,
        "hasMore": false,
        "nextPollMs": NEXT_POLL_MILLIS,
    })
}

fn occurrence(
    cx: &Cx<'_, impl World>,
    event: &Event,
    waiter: &Waiter,
    (at, until): (UnixSeconds, UnixSeconds),
) -> Value {
    json!({
        // Of the occurrence; that of the event is in `data`.
        "eventId": format!("off_{}_{}", waiter.number, until.get()),
        "name": NAME,
        "timestamp": at.to_string(),
        "data": {
            "eventId": event.id,
            "title": event.title,
            "offeredUntil": until.to_string(),
            "next": call_of(&event.id, &waiter.wallet),
            "buyUrl": buy_url(cx, &event.id),
            "message": in_words(event, until),
        },
        "cursor": until.get().to_string(),
    })
}

/// The place that a key opens. A guest that joins anew has another number, and so another key.
fn waiter_of(
    cx: &Cx<'_, impl World>,
    event: &EventId,
    asked: &str,
) -> Result<Option<Waiter>, Failure> {
    let number = asked.split_once('-').and_then(|(number, _)| number.parse().ok());
    let found =
        number.map(|number| store::by_number(cx.world, event, number)).transpose()?.flatten();
    Ok(found.filter(|waiter| key(cx, event, waiter).as_bytes().ct_eq(asked.as_bytes()).into()))
}

fn key(cx: &Cx<'_, impl World>, event: &EventId, waiter: &Waiter) -> String {
    let place = format!("{event}|{}|{}", waiter.number, waiter.wallet);
    let hash = cx.config.keys.sign_place(cx.scope, place.as_bytes());
    let half = hash.first_chunk::<HASH_BYTES>().map(hex::encode).unwrap_or_default();
    format!("{}-{half}", waiter.number)
}
