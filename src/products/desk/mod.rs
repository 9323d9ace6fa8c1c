//! The product `desk`: a helpdesk that agents operate, paying for each action. Callers open tickets, read them and
//! write drafts. [`rules`] decides which mail leaves: a wallet with enough approved drafts sends directly, other
//! replies wait in the approval queue ([`drafts`]). Only the host writes the knowledge base ([`kb`]).
//!
//! The text of a ticket comes from outside. Every answer marks it as untrusted data, and the desk never acts on it.

pub mod approvals;
pub mod articles;
pub mod bought;
pub mod call;
pub mod drafts;
pub mod incoming;
pub mod input;
pub mod kb;
pub mod merge;
pub mod messages;
pub mod outgoing;
pub mod rest;
pub mod rules;
pub mod sale;
pub mod search;
pub mod snooze;
pub mod status;
pub mod tickets;
pub mod tools;
pub mod views;
pub mod work;

pub use sale::call;

use serde::{Deserialize, Serialize};

use crate::base::id::TicketId;
use crate::base::time::UnixSeconds;

/// The name of this product in settings and storage.
pub const NAME: &str = "desk";

/// The state of a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "TicketStatus"))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Open,
    /// It needs no more work.
    Resolved,
}

/// How urgent a ticket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// It waits for all others.
    Low,
    /// It takes its usual turn.
    Normal,
    /// It comes before normal ones.
    High,
    /// It comes before all others.
    Urgent,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Its number, which people and mails use.
    pub number: u32,
    pub id: TicketId,
    /// One line by its author.
    pub subject: String,
    /// The customer's request, plain text.
    pub body: String,
    /// The customer's address, to which replies go.
    pub email: Option<String>,
    pub status: Status,
    pub priority: Priority,
    pub category: Option<String>,
    pub tags: Vec<String>,
    /// Who works on it.
    pub assignee: Option<String>,
    pub author: Author,
    pub created_at: UnixSeconds,
    pub updated_at: UnixSeconds,
    /// Until when it sleeps.
    pub snoozed_until: Option<UnixSeconds>,
    /// The number of the ticket that it has become part of.
    pub merged_into: Option<u32>,
}

/// The author of a ticket, an entry or a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Author {
    /// A wallet that paid for it (EIP-55).
    Wallet(String),
    Owner,
    /// A program of the host.
    Agent,
}

impl Author {
    /// As stored and shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Wallet(address) => address,
            Self::Owner => "owner",
            Self::Agent => "agent",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "owner" => Self::Owner,
            "agent" => Self::Agent,
            address => Self::Wallet(address.to_owned()),
        }
    }

    #[must_use]
    pub fn wallet(&self) -> Option<&str> {
        match self {
            Self::Wallet(address) => Some(address),
            Self::Owner | Self::Agent => None,
        }
    }
}

impl Status {
    /// As stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Resolved => "resolved",
        }
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let mut all = [Self::Open, Self::Resolved].into_iter();
        all.find(|status| status.as_str() == text).ok_or("unknown status")
    }
}

impl Priority {
    /// As stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let mut all = [Self::Low, Self::Normal, Self::High, Self::Urgent].into_iter();
        all.find(|priority| priority.as_str() == text).ok_or("unknown priority")
    }
}
