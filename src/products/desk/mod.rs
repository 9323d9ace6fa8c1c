//! The desk: a helpdesk that agents operate and pay for by the action. Strangers open tickets, read them,
//! and draft; what leaves the house is decided by [`rules`]: a wallet whose drafts a person has approved often
//! enough may send, everybody else's replies wait in the approval queue ([`drafts`]). The knowledge base
//! ([`kb`]) is written by the host alone.
//!
//! Whatever a ticket says was written by strangers. It is data in every answer, and named so; nothing in it
//! is ever acted on here.

pub mod articles;
pub mod call;
pub mod drafts;
pub mod input;
pub mod kb;
pub mod rest;
pub mod rules;
pub mod sale;
pub mod terms;
pub mod tickets;
pub mod tools;
pub mod views;
pub mod work;

pub use work::call;

use serde::{Deserialize, Serialize};

use crate::base::id::TicketId;
use crate::base::time::UnixSeconds;

/// The name of this product in settings and storage.
pub const NAME: &str = "desk";

/// Where a ticket is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "TicketStatus"))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Somebody has to look after it.
    Open,
    /// Nobody has to any more.
    Resolved,
}

/// How urgent a ticket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// It can wait.
    Low,
    /// As usual.
    Normal,
    /// Soon.
    High,
    /// Now.
    Urgent,
}

/// A ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Its number, which people and mails use.
    pub number: u32,
    /// Its id.
    pub id: TicketId,
    /// One line by whoever opened it.
    pub subject: String,
    /// What they want.
    pub body: String,
    /// Where replies go.
    pub email: Option<String>,
    /// Where it is in its life.
    pub status: Status,
    /// How urgent.
    pub priority: Priority,
    /// What it is about.
    pub category: Option<String>,
    /// More of that.
    pub tags: Vec<String>,
    /// Who looks after it.
    pub assignee: Option<String>,
    /// Who opened it.
    pub author: Author,
    /// When.
    pub created_at: UnixSeconds,
    /// When it last changed.
    pub updated_at: UnixSeconds,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Author {
    /// A wallet that paid for it (EIP-55).
    Wallet(String),
    /// The host.
    Owner,
    /// A program of the host's.
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

    /// The wallet, if it was one.
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
