//! What hosts see of their events over REST.

use serde::Serialize;

use crate::base::money::Usdc;
use crate::products::events::EventView;
use crate::products::events::rsvp::RsvpLine;

/// An event as its host sees it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct OwnEvent {
    /// What everybody sees.
    #[serde(flatten)]
    pub event: EventView,
    /// What it has earned, dollars.
    pub revenue: String,
    /// The same in the smallest unit.
    #[cfg_attr(test, ts(type = "string"))]
    pub revenue_atomic: Usdc,
    /// Seats that are held for payments whose outcome is not known yet.
    pub seats_held: u32,
}

/// A page of events.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct OwnEvents {
    /// In the order of their start.
    pub events: Vec<OwnEvent>,
    /// For the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub next_cursor: Option<String>,
}

/// The guests of an event.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Rsvps<'a> {
    /// In the order in which they came.
    pub rsvps: Vec<RsvpLine<'a>>,
    /// For the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub next_cursor: Option<String>,
}

/// What becomes of a ticket at the entrance.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CheckInAnswer<'a> {
    /// Whether it was good and not used before.
    pub success: bool,
    /// When it was first used.
    pub first_used_at: String,
    /// Whose it is.
    pub rsvp: RsvpLine<'a>,
    /// For people.
    pub message: String,
}
