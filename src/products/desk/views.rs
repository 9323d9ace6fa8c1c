//! What hosts see of their desk over REST.

use serde::Serialize;

use crate::products::desk::kb::Article;
use crate::products::desk::tickets::Entry;
use crate::products::desk::{self, Priority, Ticket, drafts};

/// A page of the knowledge base.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Articles {
    /// The newest first.
    pub articles: Vec<Article>,
    /// For the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub next_cursor: Option<String>,
}

/// A ticket as its host sees it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct TicketView {
    /// Its id.
    pub ticket_id: String,
    /// Its number, which people and mails use.
    pub number: u32,
    /// One line by whoever opened it.
    pub subject: String,
    /// What they want.
    pub body: String,
    /// Where replies go.
    pub email: Option<String>,
    /// Where it is in its life.
    pub status: desk::Status,
    /// How urgent.
    pub priority: Priority,
    /// What it is about.
    pub category: Option<String>,
    /// More of that.
    pub tags: Vec<String>,
    /// Who looks after it.
    pub assignee: Option<String>,
    /// `owner`, `agent`, or the wallet that opened it.
    pub author: String,
    /// Replies, notes and changes; empty in lists.
    pub thread: Vec<Entry>,
    /// When it was opened.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
}

/// A page of tickets.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Tickets {
    /// Open and urgent ones first.
    pub tickets: Vec<TicketView>,
    /// For the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub next_cursor: Option<String>,
}

/// Something that waits for a person.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct DraftView {
    /// Its id.
    pub draft_id: String,
    /// Of which ticket.
    pub ticket_id: String,
    /// The number of that.
    pub number: u32,
    /// The subject of that.
    pub subject: String,
    /// Where the mail would go.
    pub to: Option<String>,
    /// What it becomes.
    pub kind: drafts::Kind,
    /// The reply, how it was resolved, or the assignee.
    pub text: String,
    /// Why it did not happen at once.
    pub reason: String,
    /// `owner`, `agent`, or the wallet.
    pub author: String,
    /// When it was made.
    pub created_at: String,
}

/// A page of the approval queue.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Approvals {
    /// The oldest first.
    pub approvals: Vec<DraftView>,
    /// For the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub next_cursor: Option<String>,
}

impl From<&Ticket> for TicketView {
    fn from(ticket: &Ticket) -> Self {
        Self {
            ticket_id: ticket.id.to_string(),
            number: ticket.number,
            subject: ticket.subject.clone(),
            body: ticket.body.clone(),
            email: ticket.email.clone(),
            status: ticket.status,
            priority: ticket.priority,
            category: ticket.category.clone(),
            tags: ticket.tags.clone(),
            assignee: ticket.assignee.clone(),
            author: ticket.author.as_str().to_owned(),
            thread: Vec::new(),
            created_at: ticket.created_at.to_string(),
            updated_at: ticket.updated_at.to_string(),
        }
    }
}
