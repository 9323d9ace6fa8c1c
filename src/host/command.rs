//! What the gateway asks of a host's object, in one internal header. Only `edge/entry.rs` makes it.

use serde::{Deserialize, Serialize};

use crate::id::{EventId, RequestId, ScopeId, TicketCode};
use crate::identity::UserId;
use crate::time::UnixSeconds;

/// The one internal header. The gateway builds the headers that it forwards from a list of known
/// ones, so a caller's own copy of this never arrives.
pub const HEADER: &str = "x-concierge-command";

/// A command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// For joining the answer with our logs.
    pub request_id: RequestId,
    /// Whose object this is.
    pub scope: ScopeId,
    /// The allowed web page behind the request, for the CORS headers of the answer.
    pub origin: Option<String>,
    /// Who asks, if signed in.
    pub user: Option<SignedIn>,
    /// What to do.
    pub action: Action,
}

/// A caller with a valid session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// Who.
    pub user: UserId,
    /// The scope of that user.
    pub scope: ScopeId,
    /// Whether the sign-in is recent enough for moving a payout.
    pub fresh: bool,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Remember that the nonce of a sign-in was used.
    UseNonce {
        /// The nonce.
        nonce: String,
        /// Until when it has to be remembered.
        expires_at: UnixSeconds,
    },
    /// Register, or change the payout wallet.
    Register,
    /// MCP, or JSON-RPC from a plain caller.
    Door,
    /// A tool over plain HTTP.
    Tool {
        /// Its name.
        name: String,
    },
    /// Tools and prices.
    Manifest,
    /// The host's own record.
    Profile,
    /// The host's events with revenue.
    Events {
        /// Of the page before.
        cursor: Option<String>,
    },
    /// A new event.
    CreateEvent,
    /// Changes to an event.
    UpdateEvent {
        /// Which.
        event_id: EventId,
    },
    /// The end of an event.
    CancelEvent {
        /// Which.
        event_id: EventId,
    },
    /// The guests of an event.
    Rsvps {
        /// Which.
        event_id: EventId,
        /// As CSV instead of JSON.
        csv: bool,
    },
    /// A guest arrives.
    CheckIn {
        /// Where.
        event_id: EventId,
    },
    /// Totals.
    Revenue,
    /// The page of an event.
    EventPage {
        /// Which.
        event_id: EventId,
    },
    /// The calendar file of an event.
    Calendar {
        /// Which.
        event_id: EventId,
    },
    /// The page of a ticket.
    Ticket {
        /// Which.
        code: TicketCode,
    },
}

impl Command {
    /// Whether the caller is the host whose object this is.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        self.user.as_ref().is_some_and(|user| user.scope == self.scope)
    }
}
