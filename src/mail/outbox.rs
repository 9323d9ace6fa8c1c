//! The rows of outgoing mails.

use serde::Serialize;

use crate::base::email::EmailAddress;
use crate::base::id::{MailId, ScopeId};
use crate::base::time::UnixSeconds;
use crate::identity::codes::CODE_SECONDS;
use crate::mail::new_mail::NewMail;
use crate::ports::mail::{Kind, Message};
use crate::ports::paging::{Found, KeyKind, Order, Page, Query};
use crate::ports::storage::{Columns, all, first};
use crate::ports::{Delivery, Random, Sql, SqlError, SqlValue};

/// When a request without an answer counts as lost, seconds. Longer than the time limit of every provider.
pub const SEND_SECONDS: i64 = 60;
/// How long a mail may be retried with its idempotency key, seconds. Providers store a key for 24 hours.
const KEY_SECONDS: i64 = 20 * 60 * 60;
/// How long mails are stored, seconds.
pub const KEPT_SECONDS: i64 = 30 * 24 * 60 * 60;
/// When due mails are checked again while the deployment cannot send mail, seconds.
const NO_WAY_SECONDS: i64 = 600;
/// The reason of a mail whose request was interrupted.
const INTERRUPTED: &str = "its answer was lost; it may have arrived";

/// A queued mail that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    pub message: Message,
    /// Attempts before this one.
    pub attempts: u32,
}

/// A mail as its host sees it, without the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "OwnMail"))]
#[serde(rename_all = "camelCase")]
pub struct Line {
    id: String,
    /// `ticket` (of the desk), `notice` (the ticket of a seat) or `news` (what guests are told of an event); sign-in codes are
    /// not listed.
    kind: String,
    to: String,
    subject: String,
    ticket: Option<u32>,
    /// `queued`, `sending`, `sent`, `failed`, or `unknown`: may have arrived, and is not sent again.
    state: String,
    reason: Option<String>,
    /// Whether it bounced, or its recipient reported it as spam.
    is_failure: bool,
    created_at: String,
    updated_at: String,
}

/// Queues a mail. Call it in the transaction of the change that the mail reports. The alarm that the object sets after
/// every request sends it.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn queue(
    world: &(impl Sql + Random),
    mail: &NewMail,
    now: UnixSeconds,
) -> Result<MailId, SqlError> {
    let id = MailId::random(world);
    let statement = "INSERT INTO mail_outbox (id, kind, scope, to_address, subject, body, ticket, \
         state, attempts, next_at, created_at, updated_at, reply_to, unsubscribe, calendar) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'queued', 0, ?8, ?8, ?8, ?9, ?10, ?11)";
    let parameters: [SqlValue; 11] = [
        id.as_str().into(),
        mail.kind.as_str().into(),
        mail.scope.as_str().into(),
        mail.to.as_str().into(),
        mail.subject.as_str().into(),
        mail.text.as_str().into(),
        mail.ticket.map_or(SqlValue::Null, SqlValue::from),
        now.into(),
        mail.reply_to.as_ref().map(EmailAddress::as_str).into(),
        mail.unsubscribe.as_deref().into(),
        mail.calendar.as_deref().into(),
    ];
    world.run(statement, &parameters)?;
    Ok(id)
}

/// The ids of up to `limit` due mails. Rows are read one at a time later, so that a damaged row blocks no other.
///
/// # Errors
/// As [`queue`].
pub fn due(sql: &impl Sql, now: UnixSeconds, limit: u32) -> Result<Vec<MailId>, SqlError> {
    let statement = "SELECT id FROM mail_outbox WHERE state = 'queued' AND next_at <= ?1 \
         ORDER BY next_at, id LIMIT ?2";
    all(sql, statement, &[now.into(), limit.into()], |columns| columns.parsed(MailId::parse))
}

/// The mail, if it is queued.
///
/// # Errors
/// As [`queue`].
pub fn find_queued(sql: &impl Sql, id: &MailId) -> Result<Option<Due>, SqlError> {
    let statement = "SELECT id, kind, scope, to_address, subject, body, ticket, reply_to, \
         unsubscribe, calendar, attempts FROM mail_outbox WHERE state = 'queued' AND id = ?1";
    let mut found = all(sql, statement, &[id.as_str().into()], |columns| {
        let message = Message {
            id: columns.parsed(MailId::parse)?,
            kind: columns.parsed(Kind::parse)?,
            scope: columns.parsed(ScopeId::parse)?,
            to: columns.parsed(EmailAddress::parse)?,
            subject: columns.text()?,
            text: columns.text()?,
            ticket: optional_number(columns)?,
            reply_to: columns.optional_text()?.and_then(|text| EmailAddress::parse(&text).ok()),
            unsubscribe: columns.optional_text()?,
            calendar: columns.optional_text()?,
        };
        Ok(Due { message, attempts: number(columns)? })
    })?;
    Ok(found.pop())
}

/// Postpones a mail whose row fails.
///
/// # Errors
/// As [`queue`].
pub fn put_off(sql: &impl Sql, id: &MailId, until: UnixSeconds) -> Result<(), SqlError> {
    let statement = "UPDATE mail_outbox SET next_at = ?2 WHERE id = ?1 AND state = 'queued'";
    sql.run(statement, &[id.as_str().into(), until.into()]).map(drop)
}

/// When the next mail is due.
///
/// # Errors
/// As [`queue`].
pub fn next_due(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    let statement = "SELECT min(at) FROM (SELECT min(next_at) AS at FROM mail_outbox \
         WHERE state IN ('queued', 'sending') \
         UNION ALL SELECT min(created_at) + ?1 FROM mail_outbox WHERE kind = 'code')";
    let Some(mut columns) = first(sql, statement, &[SqlValue::Int(CODE_SECONDS)])? else {
        return Ok(None);
    };
    Ok(columns.optional_int()?.map(UnixSeconds::new))
}

/// Marks the mail as sending before its request; `false` if another run has done so already.
///
/// # Errors
/// As [`queue`].
pub fn mark_sending(sql: &impl Sql, id: &MailId, now: UnixSeconds) -> Result<bool, SqlError> {
    let statement = "UPDATE mail_outbox SET state = 'sending', attempts = attempts + 1, \
         first_try_at = coalesce(first_try_at, ?2), next_at = ?3, updated_at = ?2 \
         WHERE id = ?1 AND state = 'queued' RETURNING id";
    let parameters = [id.as_str().into(), now.into(), now.plus(SEND_SECONDS).into()];
    Ok(!sql.run(statement, &parameters)?.is_empty())
}

/// The provider accepted the mail. The row of a code is deleted.
///
/// # Errors
/// As [`queue`].
pub fn mark_sent(
    sql: &impl Sql,
    id: &MailId,
    provider_id: &str,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let code = "DELETE FROM mail_outbox WHERE id = ?1 AND kind = 'code'";
    sql.run(code, &[id.as_str().into()])?;
    let statement = "UPDATE mail_outbox SET state = 'sent', provider_id = ?2, reason = NULL, \
         updated_at = ?3 WHERE id = ?1 AND state = 'sending'";
    sql.run(statement, &[id.as_str().into(), provider_id.into(), now.into()]).map(drop)
}

/// The mail was refused for good, or is given up.
///
/// # Errors
/// As [`queue`].
pub fn mark_failed(
    sql: &impl Sql,
    id: &MailId,
    reason: &str,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    end(sql, id, "failed", reason, now)
}

/// The provider may have accepted the mail, and it must not be sent again.
///
/// # Errors
/// As [`queue`].
pub fn mark_unknown(
    sql: &impl Sql,
    id: &MailId,
    reason: &str,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    end(sql, id, "unknown", reason, now)
}

fn end(
    sql: &impl Sql,
    id: &MailId,
    state: &str,
    reason: &str,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "UPDATE mail_outbox SET state = ?2, reason = ?3, updated_at = ?4 \
         WHERE id = ?1 AND state = 'sending'";
    sql.run(statement, &[id.as_str().into(), state.into(), reason.into(), now.into()]).map(drop)
}

/// Queues the mail again for `next_at`. `is_unclear`: the provider may have accepted this attempt.
///
/// # Errors
/// As [`queue`].
pub fn mark_queued(
    sql: &impl Sql,
    id: &MailId,
    reason: &str,
    is_unclear: bool,
    next_at: UnixSeconds,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "UPDATE mail_outbox SET state = 'queued', reason = ?2, next_at = ?3, \
         updated_at = ?4, unclear = max(unclear, ?5) WHERE id = ?1 AND state = 'sending'";
    let unclear = u32::from(is_unclear).into();
    let parameters = [id.as_str().into(), reason.into(), next_at.into(), now.into(), unclear];
    sql.run(statement, &parameters).map(drop)
}

/// Ends the requests of earlier instances. Call it in a new instance, when no answer can arrive any more.
///
/// # Errors
/// As [`queue`].
pub fn take_over(
    sql: &impl Sql,
    delivery: Option<Delivery>,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    // Mails that waited for a configured provider are due now, because the settings may have changed.
    let waiting = "UPDATE mail_outbox SET next_at = min(next_at, ?1) \
         WHERE state = 'queued' AND attempts = 0";
    sql.run(waiting, &[now.plus(3).into()])?;
    // The earlier request may still be in progress; the provider accepts one of the two.
    end_interrupted(sql, delivery, None, now)
}

/// Ends the requests of this instance that exceed [`SEND_SECONDS`].
///
/// # Errors
/// As [`queue`].
pub fn end_overdue(
    sql: &impl Sql,
    delivery: Option<Delivery>,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    end_interrupted(sql, delivery, Some(now), now)
}

/// Ends all open requests, or those that were due by `by`.
fn end_interrupted(
    sql: &impl Sql,
    delivery: Option<Delivery>,
    by: Option<UnixSeconds>,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let by = by.unwrap_or(UnixSeconds::new(UnixSeconds::STORABLE_MAX));
    // Without a provider the guarantee is unknown; open requests are decided once there is one.
    let Some(delivery) = delivery else { return Ok(()) };
    let interrupted = "UPDATE mail_outbox SET state = 'queued', unclear = 1, reason = ?1, \
         next_at = ?2, updated_at = ?3 WHERE state = 'sending' AND next_at <= ?4";
    let parameters = [INTERRUPTED.into(), now.plus(3).into(), now.into(), by.into()];
    sql.run(interrupted, &parameters)?;
    // Includes mails whose answer was lost over a provider that is no longer configured.
    let first_try_by = match delivery {
        Delivery::ExactlyOnce => now.plus(-KEY_SECONDS),
        Delivery::AtMostOnce => UnixSeconds::new(UnixSeconds::STORABLE_MAX),
    };
    let unknown = "UPDATE mail_outbox SET state = 'unknown', reason = ?1, updated_at = ?2 \
         WHERE state = 'queued' AND unclear = 1 AND first_try_at <= ?3";
    sql.run(unknown, &[INTERRUPTED.into(), now.into(), first_try_by.into()]).map(drop)
}

/// How many mails of a kind are queued.
///
/// # Errors
/// As [`queue`].
pub fn count_queued(sql: &impl Sql, kind: Kind) -> Result<u64, SqlError> {
    let statement = "SELECT count(*) FROM mail_outbox WHERE state = 'queued' AND kind = ?1";
    first(sql, statement, &[kind.as_str().into()])?.map_or(Ok(0), |mut columns| columns.count())
}

/// Whether a mail is queued or being sent.
///
/// # Errors
/// As [`queue`].
pub fn is_any_open(sql: &impl Sql) -> Result<bool, SqlError> {
    let statement = "SELECT 1 FROM mail_outbox WHERE state IN ('queued', 'sending') LIMIT 1";
    Ok(first(sql, statement, &[])?.is_some())
}

/// Postpones due mails while the deployment cannot send mail. This is not counted as an attempt.
///
/// # Errors
/// As [`queue`].
pub fn wait(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "UPDATE mail_outbox SET next_at = ?2 \
         WHERE state IN ('queued', 'sending') AND next_at <= ?1";
    sql.run(statement, &[now.into(), now.plus(NO_WAY_SECONDS).into()]).map(drop)
}

/// Deletes mails of expired codes in any state, and mails older than 30 days, because addresses and texts are personal
/// data.
///
/// # Errors
/// As [`queue`].
pub fn forget(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    let oldest = "SELECT (SELECT min(created_at) FROM mail_outbox WHERE kind = 'code'), \
         (SELECT min(updated_at) FROM mail_outbox WHERE state IN ('sent', 'failed', 'unknown')), \
         (SELECT min(at) FROM mail_events)";
    let Some(mut columns) = first(sql, oldest, &[])? else { return Ok(()) };
    let mut oldest = || Ok(columns.optional_int()?.map(UnixSeconds::new));
    let (code, done, event) = (oldest()?, oldest()?, oldest()?);
    let kept = now.plus(-KEPT_SECONDS);
    let is_over = UnixSeconds::has_come(code, now.plus(-CODE_SECONDS))
        || UnixSeconds::has_come(done, kept)
        || UnixSeconds::has_come(event, kept);
    if !is_over {
        return Ok(());
    }
    let codes = "DELETE FROM mail_outbox WHERE kind = 'code' AND created_at <= ?1";
    sql.run(codes, &[now.plus(-CODE_SECONDS).into()])?;
    let done = "DELETE FROM mail_outbox WHERE state IN ('sent', 'failed', 'unknown') \
         AND updated_at <= ?1";
    sql.run(done, &[kept.into()])?;
    sql.run("DELETE FROM mail_events WHERE at <= ?1", &[kept.into()]).map(drop)
}

/// The order of the host's list: the newest first.
pub static NEWEST_FIRST: Order =
    Order { list: "mail", keys: &[("-created_at", KeyKind::Int), ("id", KeyKind::Text)] };

/// A page of the host's mails.
///
/// # Errors
/// As [`queue`].
pub fn list(sql: &impl Sql, page: &Page) -> Result<Found<Line>, SqlError> {
    let query = Query {
        columns: "id, kind, to_address, subject, ticket, state, reason, EXISTS (SELECT 1 FROM \
             mail_events WHERE mail_id = mail_outbox.id AND mail_events.kind <> 'delivered'), \
             created_at, updated_at",
        table: "mail_outbox",
        condition: "kind <> 'code'",
        parameters: &[],
    };
    page.find(sql, query, |columns| {
        Ok(Line {
            id: columns.text()?,
            kind: columns.text()?,
            to: columns.text()?,
            subject: columns.text()?,
            ticket: optional_number(columns)?,
            state: columns.text()?,
            reason: columns.optional_text()?,
            is_failure: columns.int()? != 0,
            created_at: columns.moment()?.to_string(),
            updated_at: columns.moment()?.to_string(),
        })
    })
}

fn number(columns: &mut Columns) -> Result<u32, SqlError> {
    let number = columns.int()?;
    u32::try_from(number).map_err(|_| SqlError("a number is out of range".to_owned()))
}

fn optional_number(columns: &mut Columns) -> Result<Option<u32>, SqlError> {
    let number = columns.optional_int()?.map(u32::try_from).transpose();
    number.map_err(|_| SqlError("a number is out of range".to_owned()))
}
