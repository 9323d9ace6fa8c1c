//! The rows of customers' mails: entries of a thread, their limits, and what became of all incoming mails.

use serde_json::json;

use crate::base::email::EmailAddress;
use crate::base::id::TicketId;
use crate::base::time::UnixSeconds;
use crate::mail::inbound::{Attachment, Verdict};
use crate::ports::storage::first;
use crate::ports::{Sql, SqlError, SqlValue};
use crate::products::desk::tickets::{self, Entry};

const DAY_SECONDS: i64 = 86_400;
/// Mails of one ticket, all in all.
const TICKET_MAX: u64 = 200;
/// Mails of one ticket in a day.
const TICKET_DAY_MAX: u64 = 20;
/// Mails of one sender in a day.
const SENDER_DAY_MAX: u64 = 40;
/// Mails of one host in a day.
const HOST_DAY_MAX: u64 = 1_000;
/// When a host has got so many mails in a day, each ticket takes [`TICKET_BUSY_MAX`] only. So a flood into some tickets
/// leaves room for all others.
const HOST_BUSY: u64 = 400;
/// Mails of one ticket in a day while its host gets many.
const TICKET_BUSY_MAX: u64 = 3;
/// The shortest text whose repetition tells a program, characters. People repeat short ones.
const REPEATED_CHARS_MIN: usize = 40;
/// How often a person sends the same text in a day.
const REPEATED_MAX: u64 = 2;
/// The highest count of a day, so that strangers cause no more writes.
const COUNT_MAX: u32 = 10_000;
/// How long counts are kept, days.
const COUNTED_DAYS: i64 = 30;

/// A customer's mail to insert.
#[derive(Clone, Copy, Debug)]
pub struct NewMessage<'a> {
    pub from: &'a EmailAddress,
    /// What is new in it.
    pub text: &'a str,
    /// What it repeats of earlier mails.
    pub rest: &'a str,
    pub verdict: Verdict,
    pub files: &'a [Attachment],
    /// Tells a repeated delivery.
    pub key: &'a str,
}

/// What became of an incoming mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the thread of its ticket.
    Added,
    /// It was there before.
    Again,
    /// A program sent it, so it is only counted.
    Automatic,
    /// It belongs to no ticket.
    Unknown,
    /// It is beyond a limit.
    Refused,
}

/// Incoming mails of the last 24 hours, or a little more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub added: u64,
    pub automatic: u64,
    /// Without a ticket, or beyond a limit.
    pub refused: u64,
}

impl Outcome {
    /// The name that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Again => "again",
            Self::Automatic => "automatic",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
        }
    }
}

/// Adds a mail to the thread; `false` if it is there already.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses; the same for every function here.
pub fn add(
    sql: &impl Sql,
    id: &TicketId,
    new: &NewMessage<'_>,
    now: UnixSeconds,
) -> Result<bool, SqlError> {
    let statement = "INSERT INTO ticket_entries (ticket_id, kind, author, text, at, rest, verdict, \
         files, source) VALUES (?1, 'message', ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
         ON CONFLICT DO NOTHING RETURNING seq";
    let files = (!new.files.is_empty()).then(|| json!(new.files).to_string());
    let parameters: [SqlValue; 8] = [
        id.as_str().into(),
        new.from.as_str().into(),
        new.text.into(),
        now.into(),
        Some(new.rest).filter(|rest| !rest.is_empty()).into(),
        new.verdict.as_str().into(),
        files.as_deref().into(),
        new.key.into(),
    ];
    let is_new = !sql.run(statement, &parameters)?.is_empty();
    if is_new {
        tickets::mark_changed(sql, id)?;
    }
    Ok(is_new)
}

/// Whether the limits of ticket, sender and host allow another mail now.
///
/// # Errors
///
/// As [`add`].
pub fn has_room(
    sql: &impl Sql,
    id: &TicketId,
    (from, verdict): (&EmailAddress, Verdict),
    now: UnixSeconds,
) -> Result<bool, SqlError> {
    let of_ticket = "SELECT count(*), count(*) FILTER (WHERE at > ?2) FROM ticket_entries \
         WHERE ticket_id = ?1 AND kind = 'message'";
    let day = now.plus(-DAY_SECONDS);
    let Some(mut columns) = first(sql, of_ticket, &[id.as_str().into(), day.into()])? else {
        return Ok(false);
    };
    let (in_all, in_a_day) = (columns.count()?, columns.count()?);
    if in_all >= TICKET_MAX || in_a_day >= TICKET_DAY_MAX {
        return Ok(false);
    }
    // By verdict, so that nobody uses up the share of an address by writing in its name.
    let of_host = "SELECT count(*), count(*) FILTER (WHERE author = ?2 AND verdict = ?3) \
         FROM ticket_entries WHERE kind = 'message' AND at > ?1";
    let parameters = [day.into(), from.as_str().into(), verdict.as_str().into()];
    let Some(mut columns) = first(sql, of_host, &parameters)? else { return Ok(false) };
    let (of_host, of_sender) = (columns.count()?, columns.count()?);
    let has_share = of_host < HOST_BUSY || in_a_day < TICKET_BUSY_MAX;
    Ok(has_share && of_host < HOST_DAY_MAX && of_sender < SENDER_DAY_MAX)
}

/// Whether a text came from this sender into this ticket so often today that a program repeats it.
///
/// # Errors
///
/// As [`add`].
pub fn is_loop(
    sql: &impl Sql,
    id: &TicketId,
    (from, text): (&EmailAddress, &str),
    now: UnixSeconds,
) -> Result<bool, SqlError> {
    if text.chars().count() < REPEATED_CHARS_MIN {
        return Ok(false);
    }
    let statement = "SELECT count(*) FROM ticket_entries WHERE ticket_id = ?1 \
         AND kind = 'message' AND at > ?4 AND author = ?2 AND text = ?3";
    let day = now.plus(-DAY_SECONDS);
    let parameters = [id.as_str().into(), from.as_str().into(), text.into(), day.into()];
    let found = first(sql, statement, &parameters)?;
    Ok(found.map_or(Ok(0), |mut columns| columns.count())? >= REPEATED_MAX)
}

/// The ticket in whose thread a mail of ours with this message id was written: `{mail id}@…`, or the id that the provider
/// gave it.
///
/// # Errors
///
/// As [`add`].
pub fn ticket_of(sql: &impl Sql, message_id: &str) -> Result<Option<TicketId>, SqlError> {
    let name = message_id.split('@').next().unwrap_or_default();
    let by_id = "SELECT ticket_id FROM ticket_entries WHERE mail_id = ?1";
    let by_provider = "SELECT e.ticket_id FROM mail_outbox m JOIN ticket_entries e ON e.mail_id = m.id \
         WHERE m.provider_id IN (?1, ?2) AND m.provider_id <> ''";
    let found = match first(sql, by_id, &[name.into()])? {
        Some(found) => Some(found),
        None => {
            let parameters = [message_id.into(), format!("<{message_id}>").into()];
            first(sql, by_provider, &parameters)?
        }
    };
    found.map(|mut columns| columns.parsed(TicketId::parse)).transpose()
}

/// The customer's newest mail in a thread, with its place.
///
/// # Errors
///
/// As [`add`].
pub fn latest(sql: &impl Sql, id: &TicketId) -> Result<Option<(i64, Entry)>, SqlError> {
    let statement = "SELECT seq, kind, author, text, mail_id, at, rest, verdict, files \
         FROM ticket_entries WHERE ticket_id = ?1 AND kind = 'message' \
         ORDER BY at DESC, seq DESC LIMIT 1";
    let found = first(sql, statement, &[id.as_str().into()])?;
    found.map(|mut columns| Ok((columns.int()?, tickets::entry(&mut columns)?))).transpose()
}

/// Counts an incoming mail, up to a bound.
///
/// # Errors
///
/// As [`add`].
pub fn count(sql: &impl Sql, outcome: Outcome, now: UnixSeconds) -> Result<(), SqlError> {
    let day = now.get().div_euclid(DAY_SECONDS);
    let counted = "INSERT INTO mail_in (day, outcome, count) VALUES (?1, ?2, 1) \
         ON CONFLICT (day, outcome) DO UPDATE SET count = count + 1 WHERE count < ?3 \
         RETURNING count";
    let parameters = [SqlValue::Int(day), outcome.as_str().into(), COUNT_MAX.into()];
    let is_first = first(sql, counted, &parameters)?.map(|mut columns| columns.count());
    if is_first.transpose()? == Some(1) {
        let oldest = SqlValue::Int(day.saturating_sub(COUNTED_DAYS));
        sql.run("DELETE FROM mail_in WHERE day < ?1", &[oldest])?;
    }
    Ok(())
}

/// Incoming mails of today and yesterday.
///
/// # Errors
///
/// As [`add`].
pub fn counts(sql: &impl Sql, now: UnixSeconds) -> Result<Counts, SqlError> {
    let statement = "SELECT coalesce(sum(count) FILTER (WHERE outcome = 'added'), 0), \
         coalesce(sum(count) FILTER (WHERE outcome = 'automatic'), 0), \
         coalesce(sum(count) FILTER (WHERE outcome IN ('unknown', 'refused')), 0) \
         FROM mail_in WHERE day >= ?1";
    let day = SqlValue::Int(now.get().div_euclid(DAY_SECONDS).saturating_sub(1));
    let Some(mut columns) = first(sql, statement, &[day])? else { return Ok(Counts::default()) };
    Ok(Counts { added: columns.count()?, automatic: columns.count()?, refused: columns.count()? })
}

/// Whether a mail is in the thread already.
///
/// # Errors
///
/// As [`add`].
pub fn is_known(sql: &impl Sql, id: &TicketId, key: &str) -> Result<bool, SqlError> {
    let statement = "SELECT 1 FROM ticket_entries WHERE ticket_id = ?1 AND source = ?2";
    Ok(first(sql, statement, &[id.as_str().into(), key.into()])?.is_some())
}
