//! The events' REST answers for their host.

use serde::Serialize;

use crate::base::money::Usdc;
use crate::products::events::EventView;
use crate::products::events::rsvp::RsvpLine;

/// An event as its host sees it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct OwnEvent {
    /// The fields that every caller sees.
    #[serde(flatten)]
    pub event: EventView,
    /// Its income in US dollars.
    pub revenue: String,
    /// Its income in the smallest unit.
    #[cfg_attr(test, ts(type = "string"))]
    pub revenue_atomic: Usdc,
    /// Seats that are held for payments with an open outcome.
    pub seats_held: u32,
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
