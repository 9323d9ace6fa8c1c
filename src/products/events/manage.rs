//! A host's work on its events, over MCP and REST: list, create, change, cancel. `entrance` has the check-in.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::base::code::Code;
use crate::base::fields;
use crate::base::id::EventId;
use crate::ports::World;
use crate::ports::paging::Page;
pub use crate::products::events::entrance::check_in;
use crate::products::events::input::{self, CreateEvent, EventChanges, ListEvents};
use crate::products::events::news::note;
use crate::products::events::news::rows::Was;
use crate::products::events::records::{event, publish_event, save_event, shown};
use crate::products::events::store::{self, Filter};
use crate::products::events::{Event, Seats, drafts};
use crate::rails::outcome::{Abort, Failure};
use crate::sale::cx::Cx;
use crate::sale::request::read_arguments;

/// Events of one host.
const EVENTS_MAX: u64 = 10_000;

pub fn list_events(cx: &Cx<'_, impl World>, arguments: ListEvents) -> Result<Value, Failure> {
    let now = cx.world.now();
    let cursor = arguments.cursor.as_deref();
    let page = Page::read(&store::BY_START, arguments.limit, cursor, now)?;
    let moment =
        |field, text: Option<&str>| text.map(|text| fields::moment(field, text)).transpose();
    let filter = Filter {
        from: moment("from", arguments.from.as_deref())?,
        to: moment("to", arguments.to.as_deref())?,
        ..Filter::default()
    };
    let found = store::list(cx.world, filter, &page)?;
    Ok(found.map(|(event, seats)| event.view(seats, now).in_list()).answer("events").into())
}

pub fn get_event(cx: &Cx<'_, impl World>, id: &EventId) -> Result<Value, Failure> {
    let (event, seats) = shown(cx, id)?;
    Ok(json!({"event": event.view(seats, cx.now())}))
}

pub fn create_event(cx: &Cx<'_, impl World>, arguments: CreateEvent) -> Result<Value, Failure> {
    let now = cx.world.now();
    let mut event = arguments.into_event(EventId::random(cx.world), now)?;
    event.fit_capacity(None, Seats::default());
    check_prices(cx, &event)?;
    if store::count(cx.world)? >= EVENTS_MAX {
        let detail = format!("a host may have at most {EVENTS_MAX} events");
        return Err(Abort::new(Code::TooManyEvents, detail).into());
    }
    cx.world.atomically(|| {
        store::insert(cx.world, &event)?;
        note::changed(cx, None, &event)?;
        publish_event(cx, &event, Seats::default(), now)
    })?;
    Ok(json!({
        "success": true,
        "eventId": event.id,
        "event": event.view(Seats::default(), now),
        "guestsOnly": event.guests_only,
        "promoCodes": event.promo_views(),
        "message": match event.prices(now).1.is_zero() {
            _ if event.is_draft => "The draft is saved. Only you see it until you publish it.".to_owned(),
            true => "The event is open, and its seats are free.".to_owned(),
            false => format!("The event is on sale for {}.", event.prices_in_words(now)),
        },
    }))
}

pub fn update_event(
    cx: &Cx<'_, impl World>,
    id: &EventId,
    changes: EventChanges,
) -> Result<Value, Failure> {
    let now = cx.world.now();
    let (event, seats) = event(cx, id)?;
    if event.cancelled {
        return Err(cancelled().into());
    }
    let (before, was, was_draft) = (event.clone(), Was::of(&event), event.is_draft);
    let offered = store::line(cx.world, id)?.offered;
    let used = seats.taken.saturating_add(seats.held).saturating_add(offered);
    let mut event = changes.apply(event, used, now)?;
    event.fit_capacity(Some(&before), seats);
    if (event.price, &event.types, &event.promos) != (before.price, &before.types, &before.promos) {
        check_prices(cx, &event)?;
    }
    let is_published = was_draft && !event.is_draft;
    if is_published {
        drafts::check_published(&event, now)?;
    }
    cx.world.atomically(|| {
        save_event(cx, &event, seats, now)?;
        note::changed(cx, Some(&was), &event)
    })?;
    let view = event.view(seats, now);
    let message = if is_published { "The event is published." } else { "The event was changed." };
    Ok(json!({
        "success": true,
        "eventId": id,
        "event": view,
        "guestsOnly": event.guests_only,
        "promoCodes": event.promo_views(),
        "message": message,
    }))
}

/// Checks the prices of an event, also those with promo codes; what is free is always good.
fn check_prices(cx: &Cx<'_, impl World>, event: &Event) -> Result<(), Failure> {
    let early = event.types.iter().filter_map(|kind| kind.early.map(|early| early.price));
    let all = event.types.iter().map(|kind| kind.price).chain(early).chain([event.price]);
    for price in all.filter(|price| !price.is_zero()) {
        cx.check_own_price(price)?;
        event.check_codes(price, cx.config.price_min)?;
    }
    Ok(())
}

/// The event that the arguments of a tool name beside others, and these.
pub fn split_event<T: DeserializeOwned>(mut arguments: Value) -> Result<(EventId, T), Failure> {
    let id = arguments.as_object_mut().and_then(|members| members.remove("eventId"));
    let Some(Value::String(id)) = id else {
        return Err(fields::bad("eventId", "is missing; it must be an event's id").into());
    };
    Ok((input::event_id(&id)?, read_arguments(arguments)?))
}

fn cancelled() -> Abort {
    Abort::new(Code::EventCancelled, "this event was cancelled")
}
