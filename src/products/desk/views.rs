//! The desk's REST answers for its host.

use serde::Serialize;

use crate::mail::inbound::{Attachment, Verdict};
use crate::products::desk::kb::Article;
use crate::products::desk::tickets::Entry;
use crate::products::desk::{self, Priority, Ticket, drafts};

/// A page of the knowledge base.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Articles {
    /// The newest change comes first.
    pub articles: Vec<Article>,
    /// The cursor of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub next_cursor: Option<String>,
}

/// A ticket as its host sees it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct TicketView {
    pub ticket_id: String,
    /// Its number, which people and mails use.
    pub number: u32,
    /// One line by its author.
    pub subject: String,
    /// The customer's request, plain text.
    pub body: String,
    /// The customer's address, to which replies go.
    pub email: Option<String>,
    pub status: desk::Status,
    pub priority: Priority,
    pub category: Option<String>,
    pub tags: Vec<String>,
    /// Who works on it.
    pub assignee: Option<String>,
    /// `owner`, `agent`, or the wallet that opened it.
    pub author: String,
    /// Replies, notes and changes; empty in lists.
    pub thread: Vec<Entry>,
    /// When it was opened.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// Until when it sleeps, if it does.
    pub snoozed_until: Option<String>,
}

/// A page of tickets.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Tickets {
    /// Open and urgent ones first.
    pub tickets: Vec<TicketView>,
    /// Whether a search has looked through all tickets. Another one looks further.
    pub is_whole: bool,
    /// The cursor of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub next_cursor: Option<String>,
}

/// A draft that waits for approval.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct DraftView {
    pub draft_id: String,
    pub ticket_id: String,
    pub number: u32,
    pub subject: String,
    /// What the customer has asked last.
    pub question: Question,
    /// The address that the mail would go to.
    pub to: Option<String>,
    /// What it becomes when it is approved.
    pub kind: drafts::Kind,
    /// The reply, the resolution, or the assignee.
    pub text: String,
    /// Whether the host has changed it.
    pub is_edited: bool,
    /// Why it needs approval.
    pub reason: String,
    /// `owner`, `agent`, or the wallet.
    pub author: String,
    /// The record of the wallet here.
    pub record: Option<Record>,
    /// Stands for draft, recipient and question. An approval sends it back, and is refused if one of them has changed.
    pub seen: String,
    /// When it was made.
    pub created_at: String,
}

/// What a customer has asked.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "CustomerQuestion"))]
pub struct Question {
    /// Who wrote it, if there is an address.
    pub from: Option<String>,
    pub text: String,
    pub at: String,
    /// Whether the platform has checked the author of a mail; `null` for the text of the ticket.
    pub verdict: Option<Verdict>,
    /// Files that came with it. Their content is not kept.
    pub files: Vec<Attachment>,
}

/// A wallet's drafts so far.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "DraftRecord"))]
pub struct Record {
    #[cfg_attr(test, ts(type = "number"))]
    pub approved: u64,
    #[cfg_attr(test, ts(type = "number"))]
    pub rejected: u64,
    /// Approvals, less rejections, that it needs before it may act by itself.
    pub needed: u32,
}

/// A page of the approval queue.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Approvals {
    /// The oldest draft comes first.
    pub approvals: Vec<DraftView>,
    /// Drafts that wait in all.
    #[cfg_attr(test, ts(type = "number"))]
    pub total: u64,
    /// The cursor of the next page, if there is one.
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
            snoozed_until: ticket.snoozed_until.map(|moment| moment.to_string()),
        }
    }
}
