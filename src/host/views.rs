//! What a host is told over REST, as types: the page's own are written from these.

use serde::Serialize;

use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::host::credentials::{Credential, Status};
use crate::host::limits::LimitsView;
use crate::ledger::statement::Line;
use crate::mail::outbox::Line as MailLine;
use crate::mcp::catalog::Tier;
use crate::products::desk::kb::Article;
use crate::products::desk::tickets::Entry;
use crate::products::desk::{self, Priority, Ticket, drafts};
use crate::products::events::EventView;
use crate::products::events::rsvp::RsvpLine;
use crate::products::vault::SecretView;
use crate::products::vault::store::Retrieval;

/// The answer to a registration.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Registered {
    /// A name for the server in a client's settings.
    pub name: String,
    /// The server.
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
    /// The server.
    pub mcp_url: String,
    /// The products that are switched on.
    pub products: Vec<&'static str>,
    /// The same list under its old name, for programs that still read it.
    pub doors: Vec<&'static str>,
    /// What strangers may do there.
    pub limits: LimitsView,
    /// Payments that wait for the host's word, because nobody else can say what became of them.
    pub stuck_payments: u32,
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
    /// What waits for the host's word, then the newest.
    pub payments: Vec<Line>,
    /// For the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub next_cursor: Option<String>,
}

/// A page of mails.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct OwnMails {
    /// The newest first, of the last 30 days.
    pub mails: Vec<MailLine>,
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

/// All secrets of a host, without their values.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct OwnSecrets {
    /// In the order in which they were stored.
    pub secrets: Vec<SecretView>,
}

/// Who has read a secret.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Retrievals {
    /// The newest first.
    pub retrievals: Vec<Retrieval>,
    /// For the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub next_cursor: Option<String>,
}

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

/// A credential of one of the host's programs, without its token.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CredentialView {
    /// Its id.
    pub id: String,
    /// One line.
    pub name: String,
    /// How far it may go.
    pub tier: Tier,
    /// The tools that it may call; none stands for all.
    pub tools: Vec<String>,
    /// The first characters of the token's random part (`mcp_{scope}_{hint}…`).
    pub hint: String,
    /// When it was made.
    pub created_at: String,
    /// When it was used last, give or take an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub last_used_at: Option<String>,
    /// From when on it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub expires_at: Option<String>,
    /// Whether it is good.
    pub status: Status,
}

/// All credentials of a host.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct OwnCredentials {
    /// The newest first.
    pub credentials: Vec<CredentialView>,
}

/// The answer to a new credential, and the only one with its token; hence no `Debug`.
#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CreatedCredential {
    /// The credential.
    pub credential: CredentialView,
    /// The token, shown this once.
    pub token: String,
    /// The tools of the open products that it may call.
    pub may_call: Vec<&'static str>,
    /// What it is good for, for people.
    pub message: &'static str,
}

/// The answer to a revocation.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RevokedCredential {
    /// The credential.
    pub credential: CredentialView,
    /// What has happened, for people.
    pub message: &'static str,
}

impl Credential {
    /// As its host sees it at `now`.
    #[must_use]
    pub fn view(&self, now: UnixSeconds) -> CredentialView {
        CredentialView {
            id: self.id.to_string(),
            name: self.name.clone(),
            tier: self.tier,
            tools: self.tools.clone(),
            hint: self.hint.clone(),
            created_at: self.created_at.to_string(),
            last_used_at: self.last_used_at.map(|moment| moment.to_string()),
            expires_at: self.expires_at.map(|moment| moment.to_string()),
            status: self.status(now),
        }
    }
}
