//! What a message can ask for, and what it is understood in.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::chat::ceiling::Ceiling;
use crate::chat::create::Draft;
use crate::chat::things::{Lists, Seen};

/// The context of a message.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The URL of the connected server.
    pub connected: Option<&'a str>,
    /// The names of its tools.
    pub tools: &'a [String],
    /// What it lists at this moment; `None` if it was not asked yet ([`Intent::Look`]).
    pub lists: Option<&'a Lists>,
    /// What was shown last.
    pub seen: &'a Seen,
    /// Whether a payment waits for a yes or a no.
    pub pending: bool,
    /// The question of the last [`Intent::Ask`], unless another intent came since.
    pub awaiting: Option<&'a Missing>,
    /// Whether the user is the host of the connected server.
    pub is_owner: bool,
    pub now: UnixSeconds,
}

/// What a message asks the agent to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// What it means depends on what the server lists: read the lists, and ask again with them.
    Look,
    Hello,
    Thanks,
    Help,
    /// Connect to the server at this URL.
    Connect {
        /// http or https, without user name or password.
        url: String,
    },
    /// Disconnect from the server.
    Disconnect,
    /// List the server's tools.
    ListTools,
    /// Where the session stands: server, wallet, what was spent.
    Status,
    Wallet,
    /// Show the wallet's balance.
    Balance,
    History,
    /// What may be spent.
    Limits,
    /// Spend this much at most.
    SetLimit {
        per: Per,
        amount: Usdc,
    },
    /// What became of the newest payment.
    Payment,
    /// Money back, perhaps for this event.
    Refund {
        event_id: Option<String>,
    },
    /// What was bought, or the ticket of this event.
    Tickets {
        event_id: Option<String>,
    },
    Events {
        /// In the order in which they are shown.
        ids: Vec<String>,
        /// The limits as they were typed, such as `in Berlin this weekend`.
        typed: String,
        /// Whether one was looked for, such as the cheapest.
        is_pick: bool,
    },
    Secrets {
        ids: Vec<String>,
        /// The name that was asked for; empty if all were.
        typed: String,
    },
    /// Tell something of an event or a secret.
    Tell {
        id: String,
        topic: Topic,
    },
    /// Buy a seat of an event.
    Rsvp {
        /// The server's id of the event.
        event_id: String,
        /// The highest price. The known price may be old, so compare this with the challenge.
        max_price: Option<Usdc>,
    },
    BuySecret {
        secret_id: String,
        max_price: Option<Usdc>,
    },
    /// Buy several seats of an event at once.
    Several {
        event_id: String,
        /// How many, if the words said a number; above 1.
        seats: Option<u32>,
        /// The highest price of all together.
        max_price: Option<Usdc>,
    },
    /// Open a ticket at the server's helpdesk, with this text.
    OpenTicket {
        text: String,
    },
    /// How far a ticket of the helpdesk is: with this id, or the last one.
    TicketStatus {
        id: Option<String>,
    },
    /// Buy the analytics of an event.
    Analytics {
        /// The server's id of the event.
        event_id: String,
    },
    /// Create an event: the arguments of `createEvent`.
    CreateEvent(Value),
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
    /// It is about something that the server does not list.
    NotFound {
        /// As it was typed.
        name: String,
    },
    /// No pattern matches the message.
    Unknown,
}

/// What a limit is counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    Call,
    Session,
    Day,
}

/// What is asked about an event or a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Topic {
    All,
    When,
    Where,
    Price,
    Seats,
    /// A wish to buy it that was understood only in part.
    Unsure,
}

/// What the next message must supply, with what is known so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Missing {
    /// The URL of a server.
    Url,
    /// One of the events or secrets that were offered.
    #[serde(rename_all = "camelCase")]
    Event {
        purpose: Purpose,
        /// The ids in the order in which they were offered.
        offered: Vec<String>,
    },
    /// The next fact of a new event.
    Create(Draft),
    /// What a ticket for the helpdesk is about.
    Problem,
    /// A yes to what was offered.
    #[serde(rename_all = "camelCase")]
    Offer {
        /// The event or secret that it is about.
        id: Option<String>,
        /// What the user says to have it, in words that the grammar takes.
        say: String,
        /// What it costs at most, as it was offered.
        #[serde(default)]
        max: Option<Usdc>,
    },
}

/// The purpose of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Purpose {
    /// A seat or a secret, at this price at most.
    Rsvp(Option<Ceiling>),
    Analytics,
    Tell(Topic),
}

pub(super) fn say(text: impl Into<String>) -> Intent {
    Intent::Say(text.into())
}

impl Intent {
    /// Whether it only shows something: it pays for nothing, promises nothing and changes nothing. What says nothing about the
    /// message, such as a greeting, does not count.
    pub(super) fn is_read_only(&self) -> bool {
        match self {
            Self::Help
            | Self::ListTools
            | Self::Status
            | Self::Wallet
            | Self::Balance
            | Self::History
            | Self::Limits
            | Self::Payment
            | Self::Refund { .. }
            | Self::Tickets { .. }
            | Self::Events { .. }
            | Self::Secrets { .. }
            | Self::Tell { .. }
            | Self::Ask {
                missing: Missing::Problem | Missing::Event { purpose: Purpose::Tell(_), .. },
                ..
            } => true,
            Self::Look
            | Self::Hello
            | Self::Thanks
            | Self::Connect { .. }
            | Self::Disconnect
            | Self::SetLimit { .. }
            | Self::Rsvp { .. }
            | Self::BuySecret { .. }
            | Self::Several { .. }
            | Self::OpenTicket { .. }
            | Self::TicketStatus { .. }
            | Self::Analytics { .. }
            | Self::CreateEvent(_)
            | Self::Yes
            | Self::No
            | Self::Say(_)
            | Self::Ask { .. }
            | Self::NotFound { .. }
            | Self::Unknown => false,
        }
    }

    /// Whether the message was understood, and what it is about was found.
    pub(super) const fn is_understood(&self) -> bool {
        !matches!(self, Self::Unknown | Self::NotFound { .. })
    }

    /// What the user has seen after this intent was carried out.
    #[must_use]
    pub fn seen(&self, before: Seen) -> Seen {
        let of = |ids: &[String]| Seen {
            list: ids.to_vec(),
            it: if let [one] = ids { Some(one.clone()) } else { None },
        };
        match self {
            Self::Events { ids, .. } | Self::Secrets { ids, .. } if !ids.is_empty() => of(ids),
            Self::Ask { missing: Missing::Event { offered, .. }, .. } => of(offered),
            Self::Ask { missing: Missing::Offer { id: Some(id), .. }, .. }
            | Self::Tell { id, .. }
            | Self::Rsvp { event_id: id, .. }
            | Self::Several { event_id: id, .. }
            | Self::BuySecret { secret_id: id, .. } => Seen { it: Some(id.clone()), ..before },
            Self::Disconnect | Self::Connect { .. } => Seen::default(),
            Self::Look
            | Self::Hello
            | Self::Thanks
            | Self::Help
            | Self::ListTools
            | Self::Status
            | Self::Wallet
            | Self::Balance
            | Self::History
            | Self::Limits
            | Self::SetLimit { .. }
            | Self::Payment
            | Self::Refund { .. }
            | Self::Tickets { .. }
            | Self::Events { .. }
            | Self::Secrets { .. }
            | Self::OpenTicket { .. }
            | Self::TicketStatus { .. }
            | Self::Analytics { .. }
            | Self::CreateEvent(_)
            | Self::Yes
            | Self::No
            | Self::Say(_)
            | Self::Ask { .. }
            | Self::NotFound { .. }
            | Self::Unknown => before,
        }
    }
}
