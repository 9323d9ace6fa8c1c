//! The outbox of KV records.
//!
//! A record is queued in the transaction of the change that it shows, so a crash loses nothing. A newer value replaces a
//! queued older one.
//!
//! Writes are limited: KV accepts one per key and second, and 1,000 a day on the free plan. After a write the row stays
//! without a value, to delay the next change of the key. Records that sum up many sales ([`put_soon`]) are delayed
//! longer with each write; their last state is always written. Refused writes are retried with exponential back-off, of
//! the record, or of all records if KV refuses everything.

use serde_json::Value;

use crate::base::backoff::doubled;
use crate::base::time::UnixSeconds;
use crate::ports::storage::{all, first};
use crate::ports::{Clock, Kv, Sql, SqlError, SqlValue, Timer, within};

/// Records sent in one alarm. Each takes one of its 50 subrequests.
pub const BATCH: u32 = 6;
/// When a change is written at the earliest, seconds. One alarm then writes the changes of many sales.
pub const GATHER_SECONDS: i64 = 1;
/// Fewest seconds between two writes of one key. KV accepts one a second.
const APART_SECONDS: i64 = 2;
/// The first delay of a change queued with [`put_soon`], seconds. Each further write doubles it.
pub const PACE_SECONDS: i64 = 10;
/// The longest such delay, seconds. A key that is busy all day is written 144 times.
pub const PACE_SECONDS_MAX: i64 = 600;
/// The first back-off after a refused write, seconds. Each further refusal doubles it, up to the maximum.
const RETRY_SECONDS: i64 = 10;
const RETRY_SECONDS_MAX: i64 = 900;
/// When a record is written again after a write without an answer, seconds. The lost write may still arrive late.
const UNCLEAR_SECONDS: i64 = 120;
/// Refusals in a row that end a flush.
const REFUSALS_MAX: u32 = 2;
/// Time limit of a write, milliseconds.
const WRITE_MILLIS: u32 = 5_000;
/// The value that stands for a removal. Records are never empty.
const REMOVED: &str = "";

/// A record that is due.
struct Record {
    key: String,
    value: String,
    version: i64,
    attempts: u64,
}

/// The outcome of a write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    Yes,
    No,
    /// No answer in time.
    Perhaps,
}

/// A new value of a record.
#[derive(Debug)]
pub struct Change {
    key: String,
    value: String,
    is_urgent: bool,
}

impl Change {
    /// `value` for `key`, as soon as KV takes it.
    #[must_use]
    pub fn new(key: String, value: &Value) -> Self {
        Self { key, value: value.to_string(), is_urgent: true }
    }

    /// The same for a key that changes often and may be some minutes old.
    #[must_use]
    pub fn soon(self) -> Self {
        Self { is_urgent: false, ..self }
    }
}

/// Queues `value` for `key`.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn put(sql: &impl Sql, key: &str, value: &Value, now: UnixSeconds) -> Result<(), SqlError> {
    put_all(sql, &[Change::new(key.to_owned(), value)], now)
}

/// Queues the removal of `key`.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn remove(sql: &impl Sql, key: &str, now: UnixSeconds) -> Result<(), SqlError> {
    let (key, value) = (key.to_owned(), REMOVED.to_owned());
    put_all(sql, &[Change { key, value, is_urgent: true }], now)
}

/// Queues `text` for a `key` that changes often and may be some minutes old. `text` must not be empty, which would
/// remove the key.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn put_soon(sql: &impl Sql, key: &str, text: &str, now: UnixSeconds) -> Result<(), SqlError> {
    let (key, value) = (key.to_owned(), text.to_owned());
    put_all(sql, &[Change { key, value, is_urgent: false }], now)
}

/// Queues several records together, at least one.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn put_all(sql: &impl Sql, changes: &[Change], now: UnixSeconds) -> Result<(), SqlError> {
    let mut parameters = vec![now.plus(GATHER_SECONDS).into(), SqlValue::Int(APART_SECONDS)];
    let mut rows = Vec::new();
    for Change { key, value, is_urgent } in changes {
        parameters.extend([key.as_str().into(), value.as_str().into()]);
        let (value_at, is_urgent) = (parameters.len(), u8::from(*is_urgent));
        rows.push(format!("(?{}, ?{value_at}, 1, ?1, {is_urgent})", value_at.saturating_sub(1)));
    }
    // A change that is not urgent waits for its turn; an urgent one waits only until KV takes the key again.
    let statement = format!(
        "INSERT INTO outbox (key, value, version, not_before, urgent) VALUES {} \
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = version + 1, \
         urgent = max(urgent, excluded.urgent), not_before = CASE WHEN excluded.urgent = 0 THEN not_before \
         WHEN attempts > 0 OR unclear > 0 THEN max(not_before, ?1) \
         ELSE max(?1, coalesce(written_at + ?2, ?1)) END",
        rows.join(", ")
    );
    sql.run(&statement, &parameters).map(drop)
}

/// Writes due records one after the other, at most [`BATCH`]. A row whose value is replaced meanwhile stays queued. If KV
/// refuses or does not answer, the other records stay queued too. `pace_max` is the longest delay of changes queued with
/// [`put_soon`], seconds; usually [`PACE_SECONDS_MAX`].
///
/// # Errors
/// [`SqlError`] if SQLite refuses. Failures of KV only postpone records.
pub async fn flush(world: &(impl Sql + Kv + Timer + Clock), pace_max: i64) -> Result<(), SqlError> {
    if UnixSeconds::has_come(dues(world, pace_max)?.next, world.now()) {
        write_due(world, pace_max).await?;
    }
    let now = world.now();
    if !UnixSeconds::has_come(dues(world, pace_max)?.first_over, now) {
        return Ok(());
    }
    let over = "DELETE FROM outbox WHERE value IS NULL AND not_before <= ?1 \
         AND coalesce(written_at, 0) <= ?2";
    world.run(over, &[now.into(), now.plus(pace_max.saturating_neg()).into()]).map(drop)
}

async fn write_due(world: &(impl Sql + Kv + Timer + Clock), pace_max: i64) -> Result<(), SqlError> {
    // Often refused keys come last, so that they do not block others.
    let statement = "SELECT key, value, version, attempts FROM outbox WHERE value IS NOT NULL \
         AND not_before <= ?1 ORDER BY attempts, not_before LIMIT ?2";
    let due = all(world, statement, &[world.now().into(), BATCH.into()], |columns| {
        Ok(Record {
            key: columns.text()?,
            value: columns.text()?,
            version: columns.int()?,
            attempts: columns.count()?,
        })
    })?;
    let (mut is_heard, mut refused, mut attempts) = (false, 0_u32, 0);
    for record in &due {
        match send(world, record, pace_max).await? {
            None => continue,
            Some(Written::Yes) => (is_heard, refused) = (true, 0),
            Some(Written::No) => refused = refused.saturating_add(1),
            Some(Written::Perhaps) => refused = REFUSALS_MAX,
        }
        attempts = attempts.max(record.attempts.saturating_add(1));
        if refused >= REFUSALS_MAX {
            break;
        }
    }
    if refused > 0 && !is_heard {
        put_all_off(world, attempts, world.now())?;
    }
    Ok(())
}

/// Writes one record, unless a newer value has replaced it. The attempt is recorded first, so that a crash counts like a
/// refusal.
async fn send(
    world: &(impl Sql + Kv + Timer + Clock),
    record: &Record,
    pace_max: i64,
) -> Result<Option<Written>, SqlError> {
    let now = world.now();
    let try_it = "UPDATE outbox SET attempts = attempts + 1, written_at = ?3, not_before = ?4 \
         WHERE key = ?1 AND version = ?2 AND not_before <= ?3 RETURNING key";
    let again = now.plus(retry_after(record.attempts));
    let version = SqlValue::Int(record.version);
    let parameters = [record.key.as_str().into(), version, now.into(), again.into()];
    if world.run(try_it, &parameters)?.is_empty() {
        return Ok(None);
    }
    let write = async {
        match record.value.as_str() {
            REMOVED => world.delete(&record.key).await,
            value => world.put(&record.key, value).await,
        }
    };
    Ok(Some(match within(world, WRITE_MILLIS, write).await {
        Some(Ok(())) => {
            note_sent(world, record, pace_max, world.now())?;
            Written::Yes
        }
        Some(Err(_)) => Written::No,
        None => {
            let statement = "UPDATE outbox SET unclear = 1 WHERE key = ?1";
            world.run(statement, &[record.key.as_str().into()])?;
            Written::Perhaps
        }
    }))
}

fn note_sent(
    sql: &impl Sql,
    Record { key, version, .. }: &Record,
    pace_max: i64,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    // The delay of the next change doubles. A value that was written stays as a row without a value until the key has
    // been quiet for long, to delay its next write; a newer value waits for its turn. An earlier write without an answer
    // may arrive after this one, so this one is repeated later.
    let statement = "UPDATE outbox SET attempts = 0, written_at = ?3, pace = next.pace, \
         value = CASE WHEN version = ?2 AND unclear <> 1 THEN NULL ELSE value END, \
         urgent = CASE WHEN version = ?2 AND unclear <> 1 THEN 0 ELSE urgent END, \
         unclear = CASE WHEN version <> ?2 THEN unclear WHEN unclear = 1 THEN 2 ELSE 0 END, \
         not_before = ?3 + CASE WHEN version = ?2 AND unclear = 1 THEN ?4 \
         WHEN version <> ?2 AND urgent <> 0 THEN ?5 ELSE next.pace END \
         FROM (SELECT CASE pace WHEN 0 THEN ?6 ELSE min(2 * pace, ?7) END AS pace \
         FROM outbox WHERE key = ?1) AS next WHERE key = ?1";
    let seconds = [UNCLEAR_SECONDS, APART_SECONDS, PACE_SECONDS, pace_max].map(SqlValue::Int);
    let mut parameters = vec![key.as_str().into(), SqlValue::Int(*version), now.into()];
    parameters.extend(seconds);
    sql.run(statement, &parameters).map(drop)
}

/// KV refuses everything: postpones all records that are due before the longest back-off ends, so that few are tried in
/// vain.
fn put_all_off(sql: &impl Sql, attempts: u64, now: UnixSeconds) -> Result<(), SqlError> {
    let most = "SELECT coalesce(max(attempts), 0) FROM outbox \
         WHERE value IS NOT NULL AND not_before <= ?1";
    let most = first(sql, most, &[now.into()])?.map_or(Ok(0), |mut columns| columns.count())?;
    let most = most.max(attempts);
    let again = now.plus(retry_after(most.saturating_sub(1)));
    let statement = "UPDATE outbox SET attempts = max(attempts, ?1), not_before = ?2 \
         WHERE value IS NOT NULL AND not_before < ?2";
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    sql.run(statement, &[SqlValue::Int(most), again.into()]).map(drop)
}

/// The back-off after this number of refusals, seconds.
fn retry_after(refused: u64) -> i64 {
    let refused = u32::try_from(refused).unwrap_or(u32::MAX);
    doubled(RETRY_SECONDS, refused, RETRY_SECONDS_MAX)
}

/// What is due in the outbox, and when.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dues {
    /// When the next record is written.
    pub next: Option<UnixSeconds>,
    /// When the first row without a value can be deleted.
    first_over: Option<UnixSeconds>,
    /// When all of them can be deleted, with one alarm.
    pub over: Option<UnixSeconds>,
}

/// When something is due. `pace_max` as in [`flush`].
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn dues(sql: &impl Sql, pace_max: i64) -> Result<Dues, SqlError> {
    let statement = "SELECT min(next), min(over), max(over) FROM (SELECT \
         CASE WHEN value IS NOT NULL THEN not_before END AS next, \
         CASE WHEN value IS NULL THEN max(not_before, coalesce(written_at, 0) + ?1) END AS over \
         FROM outbox)";
    let found = first(sql, statement, &[SqlValue::Int(pace_max)])?;
    let Some(mut columns) = found else { return Ok(Dues::default()) };
    let mut moment = || Ok(columns.optional_int()?.map(UnixSeconds::new));
    Ok(Dues { next: moment()?, first_over: moment()?, over: moment()? })
}

/// Whether a record with the key prefix `prefix` is queued that was never written, or was refused.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn is_behind(sql: &impl Sql, prefix: &str) -> Result<bool, SqlError> {
    let statement = "SELECT 1 FROM outbox WHERE substr(key, 1, length(?1)) = ?1 \
         AND value IS NOT NULL AND (attempts > 0 OR written_at IS NULL) LIMIT 1";
    Ok(first(sql, statement, &[prefix.into()])?.is_some())
}
