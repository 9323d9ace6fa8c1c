//! What a message can ask for, and what it is understood in.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::money::Usdc;
use crate::chat::ceiling::Ceiling;
use crate::chat::create::Draft;
use crate::chat::events::KnownEvent;

/// The context of a message.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The URL of the connected server.
    pub connected: Option<&'a str>,
    /// The names of its tools.
    pub tools: &'a [String],
    /// Its events, as it listed them.
    pub events: &'a [KnownEvent],
    /// Whether a payment waits for a yes or a no.
    pub pending: bool,
    /// The question of the last [`Intent::Ask`], unless another intent came since.
    pub awaiting: Option<&'a Missing>,
    /// Whether the user is the host of the connected server.
    pub is_owner: bool,
}

/// What a message asks the agent to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Connect to the server at this URL.
    Connect {
        /// http or https, without user name or password.
        url: String,
    },
    /// Disconnect from the server.
    Disconnect,
    /// List the server's events.
    ListEvents,
    /// List the server's tools.
    ListTools,
    /// Buy a seat of an event.
    Rsvp {
        /// The server's id of the event.
        event_id: String,
        /// The highest price. The known price may be old, so compare this with the challenge.
        max_price: Option<Usdc>,
    },
    /// Buy the analytics of an event.
    Analytics {
        /// The server's id of the event.
        event_id: String,
    },
    /// Create an event: the arguments of `createEvent`.
    CreateEvent(Value),
    Status,
    /// Show the wallet's balance.
    Balance,
    History,
    Help,
    /// Confirm the waiting payment. Only if one waits, and the message says nothing else.
    Yes,
    /// Reject the waiting payment.
    No,
    /// Nothing to do; show this text.
    Say(String),
    /// Show `text`, and keep `missing` as [`Context::awaiting`] for the next message.
    Ask {
        text: String,
        /// What the answer supplies.
        missing: Missing,
    },
    /// No pattern matches the message.
    Unknown,
}

/// What the next message must supply, with what is known so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Missing {
    /// The URL of a server.
    Url,
    /// One of the events that are shown in a numbered list.
    #[serde(rename_all = "camelCase")]
    Event {
        purpose: Purpose,
        /// The ids in the order of the numbered list.
        offered: Vec<String>,
    },
    /// The next fact of a new event.
    Create(Draft),
}

/// The purpose of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Purpose {
    /// A seat, at this price at most.
    Rsvp(Option<Ceiling>),
    Analytics,
}

pub(super) fn say(text: impl Into<String>) -> Intent {
    Intent::Say(text.into())
}
