//! Tickets and their threads in the host's SQLite.

use serde::Serialize;

use crate::base::id::{MailId, PaymentId, TicketId};
use crate::base::time::UnixSeconds;
use crate::mail::inbound::{Attachment, Verdict};
use crate::ports::storage::{Columns, all, first};
use crate::ports::{Sql, SqlError, SqlValue};
use crate::products::desk::{Author, Priority, Status, Ticket};

/// Tickets of one host.
pub const TICKETS_MAX: u64 = 100_000;
/// Entries of one ticket.
pub const ENTRIES_MAX: u64 = 1_000;
/// The period in which replies are counted, seconds.
const REPLIES_SECONDS: i64 = 300;
/// Replies for one ticket within that period.
pub const REPLIES_MAX: u64 = 3;

/// The kind of an entry in a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum EntryKind {
    /// A mail to the customer.
    Reply,
    /// A note for the host only.
    Note,
    /// A change of the ticket, for the host only.
    Change,
    /// A mail from the customer.
    Message,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Reply, note or change.
    pub kind: EntryKind,
    /// `owner`, `agent`, a wallet, or the address of a message.
    pub author: String,
    pub text: String,
    /// The id of the mail, if it is a reply.
    pub mail_id: Option<String>,
    /// When it was added.
    pub at: String,
    /// What a message repeats of older mails.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub rest: Option<String>,
    /// Whether the platform has checked the author of a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub verdict: Option<Verdict>,
    /// Files that came with a message. Their content is not kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<Vec<Attachment>>"))]
    pub files: Vec<Attachment>,
}

/// A ticket to insert.
#[derive(Clone, Debug)]
pub struct NewTicket<'a> {
    /// One line by its author.
    pub subject: &'a str,
    /// The customer's request, plain text.
    pub body: &'a str,
    /// The customer's address, to which replies go.
    pub email: Option<&'a str>,
    pub priority: Priority,
    pub author: &'a Author,
    /// The payment that paid for it.
    pub payment: Option<&'a PaymentId>,
}

pub(super) const COLUMNS: &str = "number, id, subject, body, email, status, priority, category, tags, \
     assignee, author, created_at, updated_at, snoozed_until, merged_into";

/// Inserts a ticket.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses; the same for every function here.
pub fn open(
    sql: &impl Sql,
    id: &TicketId,
    new: &NewTicket<'_>,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "INSERT INTO tickets (id, subject, body, email, status, priority, tags, \
         author, payment_id, created_at, updated_at) \
         VALUES (?1, ?2, ?3, ?4, 'open', ?5, '[]', ?6, ?7, ?8, ?8)";
    let parameters: [SqlValue; 8] = [
        id.as_str().into(),
        new.subject.into(),
        new.body.into(),
        new.email.into(),
        new.priority.as_str().into(),
        new.author.as_str().into(),
        new.payment.map(PaymentId::as_str).into(),
        now.into(),
    ];
    sql.run(statement, &parameters).map(drop)
}

/// One ticket, or the one that it has become part of.
///
/// # Errors
/// As [`open`].
pub fn find(sql: &impl Sql, id: &TicketId) -> Result<Option<Ticket>, SqlError> {
    let statement = format!("SELECT {COLUMNS} FROM tickets WHERE id = ?1");
    let found = first(sql, &statement, &[id.as_str().into()])?.as_mut().map(ticket).transpose()?;
    found.map(|found| follow(sql, found)).transpose()
}

/// The ticket that this one has become part of, or itself.
///
/// # Errors
/// As [`open`].
pub fn follow(sql: &impl Sql, ticket: Ticket) -> Result<Ticket, SqlError> {
    let Some(number) = ticket.merged_into else { return Ok(ticket) };
    Ok(find_by_number(sql, number)?.unwrap_or(ticket))
}

/// The ticket with this number, also if it has become part of another one.
///
/// # Errors
/// As [`open`].
pub fn find_by_number(sql: &impl Sql, number: u32) -> Result<Option<Ticket>, SqlError> {
    let statement = format!("SELECT {COLUMNS} FROM tickets WHERE number = ?1");
    first(sql, &statement, &[number.into()])?.as_mut().map(ticket).transpose()
}

/// The number of tickets.
///
/// # Errors
///
/// As [`open`].
pub fn count(sql: &impl Sql) -> Result<u64, SqlError> {
    first(sql, "SELECT count(*) FROM tickets", &[])?.map_or(Ok(0), |mut columns| columns.count())
}

/// Stores the changes of a ticket.
///
/// # Errors
///
/// As [`open`].
pub fn update(sql: &impl Sql, ticket: &Ticket, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "UPDATE tickets SET status = ?2, priority = ?3, category = ?4, tags = ?5, \
         assignee = ?6, updated_at = ?7, snoozed_until = ?8, terms = 0 WHERE id = ?1";
    let parameters: [SqlValue; 8] = [
        ticket.id.as_str().into(),
        ticket.status.as_str().into(),
        ticket.priority.as_str().into(),
        ticket.category.as_deref().into(),
        serde_json::json!(ticket.tags).to_string().into(),
        ticket.assignee.as_deref().into(),
        now.into(),
        // What is resolved does not sleep.
        ticket.snoozed_until.filter(|_| ticket.status == Status::Open).into(),
    ];
    sql.run(statement, &parameters).map(drop)
}

/// Adds an entry to the thread.
///
/// # Errors
///
/// As [`open`].
pub fn add(
    sql: &impl Sql,
    id: &TicketId,
    kind: EntryKind,
    author: &Author,
    text: &str,
    mail: Option<&MailId>,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "INSERT INTO ticket_entries (ticket_id, kind, author, text, mail_id, at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let parameters: [SqlValue; 6] = [
        id.as_str().into(),
        kind.as_str().into(),
        author.as_str().into(),
        text.into(),
        mail.map(MailId::as_str).into(),
        now.into(),
    ];
    sql.run(statement, &parameters)?;
    mark_changed(sql, id)
}

/// The text of a ticket has changed: it is indexed anew before the next search.
///
/// # Errors
///
/// As [`open`].
pub fn mark_changed(sql: &impl Sql, id: &TicketId) -> Result<(), SqlError> {
    let statement = "UPDATE tickets SET terms = 0 WHERE id = ?1 AND terms <> 0";
    sql.run(statement, &[id.as_str().into()]).map(drop)
}

/// The newest entries of a thread, oldest first. `with_internal`: also notes and changes.
///
/// # Errors
///
/// As [`open`].
pub fn thread(
    sql: &impl Sql,
    id: &TicketId,
    with_internal: bool,
    limit: u32,
) -> Result<Vec<Entry>, SqlError> {
    let statement = "SELECT kind, author, text, mail_id, at, rest, verdict, files FROM \
         (SELECT * FROM ticket_entries WHERE ticket_id = ?1 AND (?2 OR kind IN ('reply', 'message')) \
         ORDER BY at DESC, seq DESC LIMIT ?3) ORDER BY at, seq";
    let parameters = [id.as_str().into(), u32::from(with_internal).into(), limit.into()];
    all(sql, statement, &parameters, entry)
}

/// The number of entries of a ticket.
///
/// # Errors
///
/// As [`open`].
pub fn entries(sql: &impl Sql, id: &TicketId) -> Result<u64, SqlError> {
    let statement = "SELECT count(*) FROM ticket_entries WHERE ticket_id = ?1";
    first(sql, statement, &[id.as_str().into()])?.map_or(Ok(0), |mut columns| columns.count())
}

/// The number of replies and messages of a ticket.
///
/// # Errors
///
/// As [`open`].
pub fn replies(sql: &impl Sql, id: &TicketId) -> Result<u64, SqlError> {
    let statement = "SELECT count(*) FROM ticket_entries \
         WHERE ticket_id = ?1 AND kind IN ('reply', 'message')";
    first(sql, statement, &[id.as_str().into()])?.map_or(Ok(0), |mut columns| columns.count())
}

/// Whether the rate limit allows another reply for this ticket now.
///
/// # Errors
///
/// As [`open`].
pub fn has_room_for_reply(
    sql: &impl Sql,
    id: &TicketId,
    now: UnixSeconds,
) -> Result<bool, SqlError> {
    let statement = "SELECT count(*) FROM ticket_entries \
         WHERE ticket_id = ?1 AND kind = 'reply' AND at > ?2";
    let since = now.plus(-REPLIES_SECONDS);
    let sent = first(sql, statement, &[id.as_str().into(), since.into()])?;
    Ok(sent.map_or(Ok(0), |mut columns| columns.count())? < REPLIES_MAX)
}

/// The ticket that a payment opened, or the one that this has become part of.
///
/// # Errors
///
/// As [`open`].
pub fn opened_with(sql: &impl Sql, payment: &PaymentId) -> Result<Option<TicketId>, SqlError> {
    let statement = "SELECT coalesce((SELECT id FROM tickets WHERE number = t.merged_into), t.id) \
         FROM tickets t WHERE t.payment_id = ?1";
    let found = first(sql, statement, &[payment.as_str().into()])?;
    found.map(|mut columns| columns.parsed(TicketId::parse)).transpose()
}

impl EntryKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Note => "note",
            Self::Change => "change",
            Self::Message => "message",
        }
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let mut all = [Self::Reply, Self::Note, Self::Change, Self::Message].into_iter();
        all.find(|kind| kind.as_str() == text).ok_or("unknown entry")
    }
}

pub(super) fn entry(columns: &mut Columns) -> Result<Entry, SqlError> {
    Ok(Entry {
        kind: columns.parsed(EntryKind::parse)?,
        author: columns.text()?,
        text: columns.text()?,
        mail_id: columns.optional_text()?,
        at: columns.moment()?.to_string(),
        rest: columns.optional_text()?,
        verdict: columns.optional_text()?.and_then(|text| Verdict::parse(&text).ok()),
        files: match columns.optional_text()? {
            Some(text) => serde_json::from_str(&text).unwrap_or_default(),
            None => Vec::new(),
        },
    })
}

pub(super) fn ticket(columns: &mut Columns) -> Result<Ticket, SqlError> {
    Ok(Ticket {
        number: u32::try_from(columns.count()?).unwrap_or(u32::MAX),
        id: columns.parsed(TicketId::parse)?,
        subject: columns.text()?,
        body: columns.text()?,
        email: columns.optional_text()?,
        status: columns.parsed(Status::parse)?,
        priority: columns.parsed(Priority::parse)?,
        category: columns.optional_text()?,
        tags: columns.parsed(|text| serde_json::from_str(text))?,
        assignee: columns.optional_text()?,
        author: Author::parse(&columns.text()?),
        created_at: columns.moment()?,
        updated_at: columns.moment()?,
        snoozed_until: columns.optional_int()?.map(UnixSeconds::new),
        merged_into: columns.optional_int()?.and_then(|number| u32::try_from(number).ok()),
    })
}
