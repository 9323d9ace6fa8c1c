//! The approval queue: drafts that wait for the host's approval.

use serde::Serialize;

use crate::base::id::{DraftId, PaymentId, TicketId};
use crate::base::time::UnixSeconds;
use crate::ports::paging::{Found, KeyKind, Order, Page, Query};
use crate::ports::storage::{Columns, first};
use crate::ports::{Sql, SqlError, SqlValue};
use crate::products::desk::Author;

/// Drafts that wait at a time.
pub const WAITING_MAX: u64 = 1_000;

/// What a draft becomes when it is approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "DraftKind"))]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A mail to the customer.
    Reply,
    /// The ticket is resolved.
    Resolution,
    /// The ticket gets an assignee.
    Assignment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "DraftState"))]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It waits for a decision.
    Waiting,
    /// The host approved it.
    Approved,
    /// The host rejected it, or the chain dropped its payment.
    Rejected,
}

/// A draft, waiting or decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub id: DraftId,
    pub ticket: TicketId,
    pub kind: Kind,
    /// The reply, the resolution, or the assignee.
    pub text: String,
    /// Why it needs approval.
    pub reason: String,
    pub author: Author,
    pub state: State,
    pub created_at: UnixSeconds,
    /// What its author wrote, if the host has changed it.
    pub original: Option<String>,
}

/// A draft to insert.
#[derive(Clone, Debug)]
pub struct NewDraft<'a> {
    pub ticket: &'a TicketId,
    pub kind: Kind,
    /// The reply, the resolution, or the assignee.
    pub text: &'a str,
    /// Why it needs approval.
    pub reason: &'a str,
    pub author: &'a Author,
    /// The payment that paid for it.
    pub payment: Option<&'a PaymentId>,
}

const COLUMNS: &str = "id, ticket_id, kind, text, reason, author, state, created_at, original";

/// Inserts a draft.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses; the same for every function here.
pub fn add(
    sql: &impl Sql,
    id: &DraftId,
    new: &NewDraft<'_>,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "INSERT INTO drafts (id, ticket_id, kind, text, reason, author, payment_id, \
         state, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'waiting', ?8)";
    let parameters: [SqlValue; 8] = [
        id.as_str().into(),
        new.ticket.as_str().into(),
        new.kind.as_str().into(),
        new.text.into(),
        new.reason.into(),
        new.author.as_str().into(),
        new.payment.map(PaymentId::as_str).into(),
        now.into(),
    ];
    sql.run(statement, &parameters).map(drop)
}

/// One draft.
///
/// # Errors
/// As [`add`].
pub fn find(sql: &impl Sql, id: &DraftId) -> Result<Option<Draft>, SqlError> {
    let statement = format!("SELECT {COLUMNS} FROM drafts WHERE id = ?1");
    first(sql, &statement, &[id.as_str().into()])?.as_mut().map(draft).transpose()
}

/// Drafts in the order in which they were made.
pub static OLDEST_FIRST: Order = Order { list: "approvals", keys: &[("seq", KeyKind::Int)] };

/// A page of the waiting drafts in the order [`OLDEST_FIRST`].
///
/// # Errors
///
/// As [`add`].
pub fn waiting(sql: &impl Sql, page: &Page) -> Result<Found<Draft>, SqlError> {
    let query = Query {
        columns: COLUMNS,
        table: "drafts",
        condition: "state = 'waiting'",
        parameters: &[],
    };
    page.find(sql, query, draft)
}

/// The number of waiting drafts.
///
/// # Errors
///
/// As [`add`].
pub fn count_waiting(sql: &impl Sql) -> Result<u64, SqlError> {
    let found = first(sql, "SELECT count(*) FROM drafts WHERE state = 'waiting'", &[])?;
    found.map_or(Ok(0), |mut columns| columns.count())
}

/// Changes the text of a waiting draft, and keeps what its author wrote.
///
/// # Errors
///
/// As [`add`].
pub fn change(sql: &impl Sql, id: &DraftId, text: &str) -> Result<(), SqlError> {
    let statement = "UPDATE drafts SET original = coalesce(original, text), text = ?2 \
         WHERE id = ?1 AND state = 'waiting' AND text <> ?2";
    sql.run(statement, &[id.as_str().into(), text.into()]).map(drop)
}

/// Decides on a draft. `false` if it was decided before.
///
/// # Errors
///
/// As [`add`].
pub fn decide(
    sql: &impl Sql,
    id: &DraftId,
    state: State,
    verdict: &str,
    now: UnixSeconds,
) -> Result<bool, SqlError> {
    let statement = "UPDATE drafts SET state = ?2, verdict = ?3, decided_at = ?4 \
         WHERE id = ?1 AND state = 'waiting' RETURNING id";
    let parameters = [id.as_str().into(), state.as_str().into(), verdict.into(), now.into()];
    Ok(!sql.run(statement, &parameters)?.is_empty())
}

/// Whether a reply to this ticket waits for approval.
///
/// # Errors
///
/// As [`add`].
pub fn is_reply_waiting(sql: &impl Sql, ticket: &TicketId) -> Result<bool, SqlError> {
    let statement = "SELECT 1 FROM drafts WHERE state = 'waiting' AND ticket_id = ?1 \
         AND kind = 'reply' LIMIT 1";
    Ok(first(sql, statement, &[ticket.as_str().into()])?.is_some())
}

/// The state of the draft that a payment made, if it made one.
///
/// # Errors
///
/// As [`add`].
pub fn state_of(sql: &impl Sql, payment: &PaymentId) -> Result<Option<State>, SqlError> {
    let statement = "SELECT state FROM drafts WHERE payment_id = ?1";
    let found = first(sql, statement, &[payment.as_str().into()])?;
    found.map(|mut columns| columns.parsed(State::parse)).transpose()
}

/// Rejects the waiting draft of a payment that the chain has dropped.
///
/// # Errors
///
/// As [`add`].
pub fn withdraw(sql: &impl Sql, payment: &PaymentId, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "UPDATE drafts SET state = 'rejected', verdict = 'its payment was dropped by \
         the chain', decided_at = ?2 WHERE payment_id = ?1 AND state = 'waiting'";
    sql.run(statement, &[payment.as_str().into(), now.into()]).map(drop)
}

impl Kind {
    /// As stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Resolution => "resolution",
            Self::Assignment => "assignment",
        }
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let mut all = [Self::Reply, Self::Resolution, Self::Assignment].into_iter();
        all.find(|kind| kind.as_str() == text).ok_or("unknown draft")
    }
}

impl State {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let mut all = [Self::Waiting, Self::Approved, Self::Rejected].into_iter();
        all.find(|state| state.as_str() == text).ok_or("unknown state")
    }
}

fn draft(columns: &mut Columns) -> Result<Draft, SqlError> {
    Ok(Draft {
        id: columns.parsed(DraftId::parse)?,
        ticket: columns.parsed(TicketId::parse)?,
        kind: columns.parsed(Kind::parse)?,
        text: columns.text()?,
        reason: columns.text()?,
        author: Author::parse(&columns.text()?),
        state: columns.parsed(State::parse)?,
        created_at: columns.moment()?,
        original: columns.optional_text()?,
    })
}
