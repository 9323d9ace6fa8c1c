//! Events as callers see them, and the REST answers for their host.

use serde::Serialize;
use serde_json::{Value, json};

use crate::base::money::Usdc;
use crate::base::time::{UnixSeconds, ZoneName};
use crate::http::cover::Cut;
use crate::http::cover::palette::Palette;
use crate::products::events::asks::Ask;
use crate::products::events::promos::PromoView;
use crate::products::events::questions::Question;
use crate::products::events::rsvp::RsvpLine;
use crate::products::events::types::TicketTypeView;
use crate::products::events::{Event, Seats, Status};

/// An event as callers see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct EventView {
    id: String,
    title: String,
    description: String,
    starts_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    ends_at: Option<String>,
    #[cfg_attr(test, ts(type = "string"))]
    time_zone: ZoneName,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    location: Option<String>,
    capacity: u32,
    /// `null` when the number of seats is not limited.
    seats_left: Option<u32>,
    rsvp_count: u32,
    /// What a seat costs now, dollars; with ticket types that of the first one.
    price: String,
    #[cfg_attr(test, ts(type = "string"))]
    price_atomic: Usdc,
    /// The ticket types; empty if all seats have one price.
    types: Vec<TicketTypeView>,
    /// Whether guests are asked for their name.
    ask_name: Ask,
    /// Whether guests are asked for their e-mail address.
    ask_email: Ask,
    /// What else they are asked.
    questions: Vec<Question>,
    /// Whether the ticket says a place, a link or more that only guests get to know.
    has_guests_only: bool,
    /// What a guest that cancels gets back, percent of the price. If the host cancels, everything goes back.
    refund_percent: u8,
    /// Until so many hours before the start.
    refund_until_hours: u32,
    /// Whether everything goes back to guests that cancel after the host has moved the event to another time or place.
    refund_if_moved: bool,
    /// Guests who gave an address are reminded so many hours before the start; 0: never.
    remind_hours: u32,
    /// The same in words.
    refund_policy: String,
    /// The path of its cover on this server: an SVG of 5 by 3, or the picture that its host uploaded.
    cover_path: String,
    /// What the uploaded picture shows, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    cover_alt: Option<String>,
    /// How often its host asked for another cover.
    cover_shuffle: u32,
    /// The palette that its host chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    cover_palette: Option<Palette>,
    status: Status,
    created_at: String,
}

impl Event {
    /// The public view at `now`.
    #[must_use]
    pub fn view(&self, seats: Seats, now: UnixSeconds) -> EventView {
        let price = self.price_at(None, now);
        EventView {
            id: self.id.to_string(),
            title: self.title.clone(),
            description: self.description.clone(),
            starts_at: self.starts_at.to_string(),
            ends_at: self.ends_at.map(|moment| moment.to_string()),
            time_zone: self.time_zone.clone(),
            location: self.location.clone(),
            capacity: self.capacity,
            seats_left: self.seats_left(seats),
            rsvp_count: seats.taken,
            price: price.to_string(),
            price_atomic: price,
            types: self.types.iter().map(|kind| kind.view(now)).collect(),
            ask_name: self.asks.name,
            ask_email: self.asks.email,
            questions: self.questions.clone(),
            has_guests_only: self.guests_only.is_some(),
            refund_percent: self.refund.percent,
            refund_until_hours: self.refund.hours,
            refund_if_moved: self.refund.if_moved,
            remind_hours: self.remind_hours,
            refund_policy: self.refund.words(),
            cover_path: self.cover_path(Cut::Wide),
            cover_alt: self.picture.as_ref().map(|picture| picture.alt.clone()),
            cover_shuffle: self.look.shuffle,
            cover_palette: self.look.palette,
            status: self.status(now),
            created_at: self.created_at.to_string(),
        }
    }
}

/// What a list of events leaves out and `getEvent` says. An agent pays for each word that it reads, and a list may have a hundred
/// events.
const NOT_IN_LISTS: &[&str] = &["refundPolicy", "remindHours", "coverShuffle", "coverPalette"];
/// What a list says only where there is something to say.
const IF_ANY: &[&str] = &["types", "questions", "hasGuestsOnly"];

impl EventView {
    /// As `listEvents` shows it.
    #[must_use]
    pub fn in_list(&self) -> Value {
        let mut item = json!(self);
        if let Some(members) = item.as_object_mut() {
            let says_none = |value: &Value| *value == json!([]) || *value == json!(false);
            members.retain(|name, value| match name.as_str() {
                name if NOT_IN_LISTS.contains(&name) => false,
                name if IF_ANY.contains(&name) => !says_none(value),
                _ => true,
            });
        }
        item
    }
}

/// An event as its host sees it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct OwnEvent {
    /// The fields that every caller sees.
    #[serde(flatten)]
    pub event: EventView,
    /// What only guests get to know.
    pub guests_only: Option<String>,
    /// Its promo codes, with their uses so far.
    pub promo_codes: Vec<PromoView>,
    /// Its income in US dollars.
    pub revenue: String,
    /// Its income in the smallest unit.
    #[cfg_attr(test, ts(type = "string"))]
    pub revenue_atomic: Usdc,
    /// Seats that are held for payments with an open outcome.
    pub seats_held: u32,
    /// Guests on its waitlist.
    pub waiting: u32,
}

/// A page of events.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct OwnEvents {
    /// In the order of their start.
    pub events: Vec<OwnEvent>,
    /// The cursor of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub next_cursor: Option<String>,
}

/// The guests of an event.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Rsvps<'a> {
    /// In the order in which they bought.
    pub rsvps: Vec<RsvpLine<'a>>,
    /// The cursor of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub next_cursor: Option<String>,
}

/// The waitlist of an event, as its host sees it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Waitlist {
    /// How many guests wait for a seat.
    pub waiting: u32,
    /// How many seats are held for guests who waited.
    pub offered: u32,
    /// In the order in which they joined.
    pub guests: Vec<WaitlistLine>,
    /// The cursor of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub next_cursor: Option<String>,
}

/// A guest on a waitlist.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct WaitlistLine {
    pub wallet: String,
    pub name: Option<String>,
    pub email: Option<String>,
    /// `waiting`, `offered` or `expired`.
    pub state: &'static str,
    /// Until when a seat is or was held.
    pub offered_until: Option<String>,
    pub joined_at: String,
}

/// The result of a check-in.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CheckInAnswer<'a> {
    /// Whether the ticket is valid and was not used before.
    pub success: bool,
    /// When it was first used.
    pub first_used_at: String,
    pub rsvp: RsvpLine<'a>,
    /// A message for the host.
    pub message: String,
}
