//! The tables `news` and `news_to`.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::base::email::EmailAddress;
use crate::base::id::{EventId, NewsId, PaymentId};
use crate::base::time::UnixSeconds;
use crate::mail::outbox::KEPT_SECONDS;
use crate::ports::storage::{Columns, all, first};
use crate::ports::{Sql, SqlError, SqlValue};
use crate::products::events::Event;
use crate::products::events::news::input::Audience;
use crate::products::events::news::kind::Kind;
use crate::products::events::news::views::NewsLine;
use crate::products::events::rsvp::Rsvp;
use crate::products::events::store::{RSVP_COLUMNS, rsvp_of};

/// One occasion on which guests are told something.
#[derive(Clone, Debug)]
pub struct News {
    pub id: NewsId,
    pub event_id: EventId,
    pub kind: Kind,
    /// Of a message; otherwise empty.
    pub subject: String,
    pub body: String,
    /// Of a change: the event before it.
    pub was: Option<Was>,
    pub created_at: UnixSeconds,
}

/// What guests knew of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Was {
    pub title: String,
    /// The start, in Unix seconds.
    pub starts_at: i64,
    pub ends_at: Option<i64>,
    pub location: Option<String>,
}

impl Was {
    #[must_use]
    pub fn of(event: &Event) -> Self {
        Self {
            title: event.title.clone(),
            starts_at: event.starts_at.get(),
            ends_at: event.ends_at.map(UnixSeconds::get),
            location: event.location.clone(),
        }
    }
}

/// Writes an occasion, without addresses.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; so for every function here.
pub fn insert(sql: &impl Sql, news: &News, next_at: UnixSeconds) -> Result<(), SqlError> {
    let statement = "INSERT INTO news (id, event_id, kind, subject, body, was, next_at, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let parameters: [SqlValue; 8] = [
        news.id.as_str().into(),
        news.event_id.as_str().into(),
        news.kind.as_str().into(),
        news.subject.as_str().into(),
        news.body.as_str().into(),
        news.was.as_ref().map(|was| json!(was).to_string()).as_deref().into(),
        next_at.into(),
        news.created_at.into(),
    ];
    sql.run(statement, &parameters).map(drop)
}

/// Adds one address.
///
/// # Errors
/// As [`insert`].
pub fn add(sql: &impl Sql, id: &NewsId, address: &EmailAddress) -> Result<(), SqlError> {
    let statement = "INSERT INTO news_to (news_id, address, state) VALUES (?1, ?2, 'waiting')";
    sql.run(statement, &[id.as_str().into(), address.as_str().into()]).map(drop)
}

/// Adds the addresses of all guests of its event who have a seat; with `is_free` only of free seats. Who still waits for
/// earlier news of the same kind is told once, so it is left out. Returns whether there is anybody.
///
/// # Errors
/// As [`insert`].
pub fn add_guests(sql: &impl Sql, news: &News, is_free: bool) -> Result<bool, SqlError> {
    let statement = "INSERT INTO news_to (news_id, address, state) \
         SELECT DISTINCT ?1, r.email, 'waiting' FROM rsvps r WHERE r.event_id = ?2 AND r.email IS NOT NULL \
         AND (?4 = 0 OR r.paid = 0) AND NOT EXISTS (SELECT 1 FROM news_to t JOIN news n ON n.id = t.news_id \
         WHERE n.event_id = ?2 AND n.kind = ?3 AND t.state = 'waiting' AND t.address = r.email) RETURNING news_id";
    let parameters = [
        news.id.as_str().into(),
        news.event_id.as_str().into(),
        news.kind.as_str().into(),
        u32::from(is_free).into(),
    ];
    Ok(!sql.run(statement, &parameters)?.is_empty())
}

/// The guests of an event that a message is for.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<'a> {
    pub event: &'a EventId,
    pub to: Audience,
    /// A JSON array of ids, or nothing for everybody.
    pub only: Option<&'a str>,
}

impl Chosen<'_> {
    /// SQL condition for [`Self::parameters`].
    const IS: &'static str = "event_id = ?1 AND (?2 = 'all' OR (?2 = 'in') = (checked_in_at IS NOT NULL)) \
         AND (?3 IS NULL OR id IN (SELECT value FROM json_each(?3)))";

    fn parameters(&self) -> Vec<SqlValue> {
        let to = match self.to {
            Audience::All => "all",
            Audience::ToCome => "toCome",
            Audience::In => "in",
        };
        vec![self.event.as_str().into(), to.into(), self.only.into()]
    }

    /// Up to `limit` different addresses of theirs.
    ///
    /// # Errors
    /// As [`insert`].
    pub fn addresses(&self, sql: &impl Sql, limit: u32) -> Result<Vec<EmailAddress>, SqlError> {
        let statement = format!(
            "SELECT DISTINCT email FROM rsvps WHERE {} AND email IS NOT NULL ORDER BY email LIMIT ?4",
            Self::IS
        );
        let mut parameters = self.parameters();
        parameters.push(limit.into());
        all(sql, &statement, &parameters, |columns| columns.parsed(EmailAddress::parse))
    }

    /// How many of them gave no address.
    ///
    /// # Errors
    /// As [`insert`].
    pub fn count_without_address(&self, sql: &impl Sql) -> Result<u64, SqlError> {
        let statement = format!("SELECT count(*) FROM rsvps WHERE {} AND email IS NULL", Self::IS);
        first(sql, &statement, &self.parameters())?.map_or(Ok(0), |mut columns| columns.count())
    }
}

/// The addresses that have got, or wait for, exactly this message, among the last 30 days' news.
///
/// # Errors
/// As [`insert`].
pub fn have(
    sql: &impl Sql,
    event: &EventId,
    (subject, body): (&str, &str),
) -> Result<Vec<String>, SqlError> {
    let statement = "SELECT t.address FROM news_to t JOIN news n ON n.id = t.news_id \
         WHERE n.event_id = ?1 AND n.kind = 'message' AND n.subject = ?2 AND n.body = ?3 AND t.state <> 'skipped'";
    let parameters = [event.as_str().into(), subject.into(), body.into()];
    all(sql, statement, &parameters, Columns::text)
}

/// What a host has done to reach its guests.
#[derive(Clone, Copy, Debug)]
pub struct Activity {
    /// Messages to guests of the event.
    pub of_event: u64,
    /// Messages to guests of any event.
    pub of_host: u64,
    /// Mails that were made of news.
    pub made: u64,
    /// Those that are still to be made.
    pub waiting: u64,
}

/// Counts since `since`.
///
/// # Errors
/// As [`insert`].
pub fn activity(sql: &impl Sql, event: &EventId, since: UnixSeconds) -> Result<Activity, SqlError> {
    let statement = "SELECT \
         (SELECT count(*) FROM news WHERE kind = 'message' AND event_id = ?1 AND created_at > ?2), \
         (SELECT count(*) FROM news WHERE kind = 'message' AND created_at > ?2), \
         (SELECT count(*) FROM mail_outbox WHERE kind = 'news' AND created_at > ?2), \
         (SELECT count(*) FROM news_to WHERE state = 'waiting')";
    let found = first(sql, statement, &[event.as_str().into(), since.into()])?;
    let mut columns = found.ok_or_else(|| SqlError("news are not counted".to_owned()))?;
    Ok(Activity {
        of_event: columns.count()?,
        of_host: columns.count()?,
        made: columns.count()?,
        waiting: columns.count()?,
    })
}

/// Some of those who are to be written to now.
///
/// # Errors
/// As [`insert`].
pub fn due(sql: &impl Sql, now: UnixSeconds, limit: u64) -> Result<Vec<(News, String)>, SqlError> {
    let statement = "SELECT n.id, n.event_id, n.kind, n.subject, n.body, n.was, n.created_at, t.address \
         FROM news_to t JOIN news n ON n.id = t.news_id WHERE t.state = 'waiting' AND n.next_at <= ?1 \
         ORDER BY n.next_at, n.id, t.address LIMIT ?2";
    let limit = SqlValue::Int(i64::try_from(limit).unwrap_or(0));
    all(sql, statement, &[now.into(), limit], |columns| {
        let news = News {
            id: columns.parsed(NewsId::parse)?,
            event_id: columns.parsed(EventId::parse)?,
            kind: columns.parsed(Kind::parse)?,
            subject: columns.text()?,
            body: columns.text()?,
            was: columns.optional_text()?.and_then(|was| serde_json::from_str(&was).ok()),
            created_at: columns.moment()?,
        };
        Ok((news, columns.text()?))
    })
}

/// Notes that a mail was queued for an address, or that none is wanted any more.
///
/// # Errors
/// As [`insert`].
pub fn end(sql: &impl Sql, id: &NewsId, address: &str, is_sent: bool) -> Result<(), SqlError> {
    let statement = "UPDATE news_to SET state = ?3 WHERE news_id = ?1 AND address = ?2";
    let state = if is_sent { "sent" } else { "skipped" };
    sql.run(statement, &[id.as_str().into(), address.into(), state.into()]).map(drop)
}

/// Has all that is due wait until `until`.
///
/// # Errors
/// As [`insert`].
pub fn put_off(sql: &impl Sql, now: UnixSeconds, until: UnixSeconds) -> Result<(), SqlError> {
    let statement = "UPDATE news SET next_at = ?2 WHERE next_at <= ?1 \
         AND EXISTS (SELECT 1 FROM news_to t WHERE t.news_id = news.id AND t.state = 'waiting')";
    sql.run(statement, &[now.into(), until.into()]).map(drop)
}

/// Has one occasion wait whose rows fail, so that it blocks no other.
///
/// # Errors
/// As [`insert`].
pub fn put_off_one(sql: &impl Sql, id: &NewsId, until: UnixSeconds) -> Result<(), SqlError> {
    let statement = "UPDATE news SET next_at = ?2 WHERE id = ?1";
    sql.run(statement, &[id.as_str().into(), until.into()]).map(drop)
}

/// When somebody is to be written to next.
///
/// # Errors
/// As [`insert`].
pub fn next_due(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    let statement = "SELECT min(n.next_at) FROM news n \
         WHERE n.id IN (SELECT t.news_id FROM news_to t WHERE t.state = 'waiting')";
    let Some(mut columns) = first(sql, statement, &[])? else { return Ok(None) };
    Ok(columns.optional_int()?.map(UnixSeconds::new))
}

/// The seats at an event that were given this address, each with its payment.
///
/// # Errors
/// As [`insert`].
pub fn seats_of(
    sql: &impl Sql,
    event: &EventId,
    address: &str,
) -> Result<Vec<(Rsvp, Option<PaymentId>)>, SqlError> {
    let statement = format!(
        "SELECT {RSVP_COLUMNS}, payment_id FROM rsvps WHERE event_id = ?1 AND email = ?2 \
         ORDER BY created_at, payment_id, place LIMIT 100"
    );
    all(sql, &statement, &[event.as_str().into(), address.into()], |columns| {
        let rsvp = rsvp_of(columns)?;
        let payment = columns.optional_text()?.and_then(|id| PaymentId::parse(&id).ok());
        Ok((rsvp, payment))
    })
}

/// The newest occasions of an event.
///
/// # Errors
/// As [`insert`].
pub fn list(sql: &impl Sql, event: &EventId, limit: u32) -> Result<Vec<NewsLine>, SqlError> {
    let statement = "SELECT n.id, n.kind, n.subject, count(t.address), \
         count(CASE t.state WHEN 'sent' THEN 1 END), count(CASE t.state WHEN 'waiting' THEN 1 END), n.created_at \
         FROM news n LEFT JOIN news_to t ON t.news_id = n.id WHERE n.event_id = ?1 \
         GROUP BY n.id ORDER BY n.created_at DESC, n.id LIMIT ?2";
    let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    all(sql, statement, &[event.as_str().into(), limit.into()], |columns| {
        Ok(NewsLine {
            id: columns.text()?,
            kind: columns.parsed(Kind::parse)?,
            subject: columns.text()?,
            recipients: small(columns.count()?),
            sent: small(columns.count()?),
            waiting: small(columns.count()?),
            created_at: columns.moment()?.to_string(),
        })
    })
}

/// Deletes what is older than 30 days, as mails are: addresses and texts are personal data.
///
/// # Errors
/// As [`insert`].
pub fn forget(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    let kept = now.plus(-KEPT_SECONDS);
    let oldest = first(sql, "SELECT min(created_at) FROM news", &[])?;
    let oldest = oldest.map_or(Ok(None), |mut columns| columns.optional_int())?;
    if !UnixSeconds::has_come(oldest.map(UnixSeconds::new), kept) {
        return Ok(());
    }
    let gone = "DELETE FROM news_to WHERE news_id IN (SELECT id FROM news WHERE created_at <= ?1)";
    sql.run(gone, &[kept.into()])?;
    sql.run("DELETE FROM news WHERE created_at <= ?1", &[kept.into()]).map(drop)
}

/// The name that the host has given itself; may be empty.
///
/// # Errors
/// As [`insert`].
pub fn host_name(sql: &impl Sql) -> Result<String, SqlError> {
    let found = first(sql, "SELECT display_name FROM profile WHERE id = 1", &[])?;
    found.map_or(Ok(String::new()), |mut columns| columns.text())
}
