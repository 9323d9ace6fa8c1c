//! What a host is told over REST, as types: the page's own are written from these.

use serde::Serialize;

use crate::events::EventView;
use crate::events::rsvp::RsvpLine;
use crate::host::limits::LimitsView;
use crate::ledger::statement::Line;
use crate::money::Usdc;

/// The answer to a registration.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Registered {
    /// A name for the server in a client's settings.
    pub name: String,
    /// The door.
    pub mcp_url: String,
    /// Who is paid.
    pub wallet_address: String,
    /// The scope.
    pub url_safe_id: String,
    /// What happened, for people.
    pub message: &'static str,
}

/// The host's own record.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ProfileView {
    /// Who.
    pub user_id: String,
    /// Who is paid.
    pub wallet_address: String,
    /// The scope.
    pub url_safe_id: String,
    /// The door.
    pub mcp_url: String,
    /// What is sold there.
    pub doors: Vec<&'static str>,
    /// What strangers may do there.
    pub limits: LimitsView,
    /// When the host registered.
    pub created_at: String,
    /// When the record last changed.
    pub updated_at: String,
}

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

/// A page of payments.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct OwnPayments {
    /// The newest first.
    pub payments: Vec<Line>,
    /// For the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub next_cursor: Option<String>,
}

/// The guests of an event.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Rsvps<'a> {
    /// In the order in which they came.
    pub rsvps: Vec<RsvpLine<'a>>,
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
