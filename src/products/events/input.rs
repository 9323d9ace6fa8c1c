//! Input of callers about events: shapes, limits, and errors that name the field.

mod event;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::fields::{InvalidField, bad};
use crate::base::id::EventId;
use crate::products::events::questions::Answer;

pub use self::event::{CreateEvent, EventChanges};

/// The arguments of the tool `listEvents`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ListEvents {
    /// nextCursor of the page before.
    pub cursor: Option<String>,
    /// How many events at the most, 1 to 100. Default 50.
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
    /// Only events that start at or after this moment (RFC 3339).
    pub from: Option<String>,
    /// Only events that start before this moment (RFC 3339).
    pub to: Option<String>,
}

/// Arguments of the tools that name one event.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OneEvent {
    /// The event's id, as listEvents gives it.
    pub event_id: String,
}

/// The arguments of the tool `rsvpToEvent`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RsvpToEvent {
    /// The event's id, as listEvents gives it.
    pub event_id: String,
    /// How many seats, 1 to 10, each with a ticket of its own. All of them are sold, or none. Default 1.
    #[schemars(range(min = 1, max = 10))]
    pub seats: Option<u32>,
    /// Takes fewer seats if not all of `seats` are left, but at least so many. The challenge then also offers to allow the price
    /// of all of them (x402 scheme `upto`), of which only the seats that you get are paid. Default: all, or none.
    #[schemars(range(min = 1, max = 10))]
    pub seats_at_least: Option<u32>,
    /// The ticket type, by the name that `types` of the event has. Without it the first type is bought. All seats of a
    /// purchase are of one type. Leave it out if the event has no types.
    pub ticket_type: Option<String>,
    /// A promo code that the buyer has from the host, for a lower price. Never try one: wrong codes are refused, and few are heard.
    pub promo_code: Option<String>,
    /// The guest's name for the host's list, at most 200 characters. Needed if askName of the event is "required".
    pub name: Option<String>,
    /// The guest's e-mail address for the host's list. Needed if askEmail of the event is "required". The ticket is mailed to
    /// it if this deployment sends mail.
    pub email: Option<String>,
    /// A name for each ticket, in order, if several seats are bought. A ticket without one has the name of `name`.
    #[schemars(length(max = 10))]
    pub names: Option<Vec<String>>,
    /// Answers to the event's `questions`. They hold for all seats of the purchase. Those with `required` must be answered.
    #[schemars(length(max = 10))]
    pub answers: Option<Vec<Answer>>,
    /// Must equal the paying wallet; may be left out.
    pub wallet_address: Option<String>,
}

/// The arguments of the tool `cancelRsvp`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CancelRsvp {
    /// The event's id, as listEvents gives it.
    pub event_id: String,
    /// What you accept to get back, in US dollars, for example "0.05" or "0". Without it nothing is cancelled, and the
    /// answer says what you would get back.
    pub refund: Option<String>,
}

/// The arguments of the tool `transferTicket`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TransferTicket {
    /// The ticket to give away: its `code`, or its `ticketUrl`, as rsvpToEvent gave it.
    pub ticket: String,
    /// The name of the new guest, at most 200 characters. Needed if askName of the event is "required".
    pub name: Option<String>,
    /// The e-mail address of the new guest. The new ticket is mailed to it if this deployment sends mail. Needed if askEmail of
    /// the event is "required".
    pub email: Option<String>,
    /// The wallet of the new guest (0x and 40 hex digits), which can then show the ticket and give it on. Without a wallet and a
    /// mail the answer has the new ticket's link for you to hand over.
    pub to_wallet: Option<String>,
}

/// The arguments of the tool `joinWaitlist`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JoinWaitlist {
    /// The event's id, as listEvents gives it.
    pub event_id: String,
    /// The guest's name for the host's list, at most 200 characters.
    pub name: Option<String>,
    /// Where the guest is told by mail that a seat is held, if this deployment sends mail.
    pub email: Option<String>,
}

/// The arguments of the tool `listWaitlist`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListWaitlist {
    /// The id of the event.
    pub event_id: String,
    /// nextCursor of the page before.
    pub cursor: Option<String>,
    /// How many guests at the most, 1 to 100. Default 50.
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
}

/// The arguments of the tool `checkIn`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckIn {
    /// The id of the event.
    pub event_id: String,
    /// The code on the guest's ticket, what its QR code holds (the ticket's address), or the eight digits under it.
    pub code: String,
}

/// Parses the id of an event.
///
/// # Errors
/// [`InvalidField`] for `eventId`.
pub fn event_id(text: &str) -> Result<EventId, InvalidField> {
    EventId::parse(text).map_err(|error| bad("eventId", error))
}
