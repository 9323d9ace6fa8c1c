//! Records on their way to KV.
//!
//! A record is queued in the same block that changes what it shows, so a crash between the two
//! loses nothing. KV takes one write per key and second; a newer value replaces an older one that
//! has not gone out yet.

use futures_util::future::join_all;
use serde_json::Value;

use crate::ports::{Kv, Sql, SqlError, SqlValue, Timer, within};
use crate::storage::{all, first};
use crate::time::UnixSeconds;

/// Records sent in one go.
const BATCH: u32 = 50;
/// Seconds until a failed write is tried again, and between two writes of one key.
const RETRY_SECONDS: i64 = 10;
/// When a record is written once more after a write that had no answer, seconds: that may arrive late.
const UNCLEAR_SECONDS: i64 = 120;
/// Records that are written at a time; a Worker has six connections.
const LANES: usize = 3;
/// How long one write may take, milliseconds.
const WRITE_MILLIS: u32 = 5_000;
/// Stands for a key that is to be removed; no record is empty.
const REMOVED: &str = "";

/// One that is due.
struct Record {
    key: String,
    value: String,
    version: i64,
}

/// Queues `value` for `key`.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn put(sql: &impl Sql, key: &str, value: &Value, now: UnixSeconds) -> Result<(), SqlError> {
    put_text(sql, key, &value.to_string(), now)
}

/// Queues the removal of `key`.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn remove(sql: &impl Sql, key: &str, now: UnixSeconds) -> Result<(), SqlError> {
    put_text(sql, key, REMOVED, now)
}

/// Queues text that is not JSON for `key`; never empty, which stands for removal.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn put_text(sql: &impl Sql, key: &str, text: &str, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "INSERT INTO outbox (key, value, version, not_before) VALUES (?1, ?2, 1, ?3) \
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = version + 1, \
         not_before = max(not_before, excluded.not_before)";
    sql.run(statement, &[key.into(), text.into(), now.into()]).map(drop)
}

/// Sends what is due, a few at a time. Rows that a newer value has replaced meanwhile stay for the next round.
/// KV that does not answer is not waited for: what has not been sent stays.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; failures of KV only postpone their record.
pub async fn flush(world: &(impl Sql + Kv + Timer), now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "SELECT key, value, version FROM outbox WHERE value IS NOT NULL \
         AND not_before <= ?1 ORDER BY not_before LIMIT ?2";
    let due = all(world, statement, &[now.into(), BATCH.into()], |columns| {
        Ok(Record { key: columns.text()?, value: columns.text()?, version: columns.int()? })
    })?;
    let lanes = due.chunks(due.len().div_ceil(LANES).max(1));
    let sent = join_all(lanes.map(|lane| send_all(world, lane, now))).await;
    sent.into_iter().collect::<Result<(), SqlError>>()?;
    world
        .run("DELETE FROM outbox WHERE value IS NULL AND not_before <= ?1", &[now.into()])
        .map(drop)
}

/// One after the other, until one has no answer in time.
async fn send_all(
    world: &(impl Sql + Kv + Timer),
    lane: &[Record],
    now: UnixSeconds,
) -> Result<(), SqlError> {
    for record in lane {
        let write = async {
            match record.value.as_str() {
                REMOVED => world.delete(&record.key).await,
                value => world.put(&record.key, value).await,
            }
        };
        match within(world, WRITE_MILLIS, write).await {
            Some(Ok(())) => note_sent(world, record, now)?,
            Some(Err(_)) => note_not_sent(world, record, false, now)?,
            None => return note_not_sent(world, record, true, now),
        }
    }
    Ok(())
}

fn note_sent(
    sql: &impl Sql,
    Record { key, version, .. }: &Record,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let key = key.as_str();
    // A write that had no answer may arrive after this one, so this one is sent once more, later.
    let again = "UPDATE outbox SET unclear = 0, not_before = ?3 \
         WHERE key = ?1 AND version = ?2 AND unclear = 1 RETURNING key";
    let later = now.plus(UNCLEAR_SECONDS).into();
    if !sql.run(again, &[key.into(), SqlValue::Int(*version), later])?.is_empty() {
        return Ok(());
    }
    let parameters = [key.into(), SqlValue::Int(*version), now.plus(2).into()];
    // The row stays for a moment without a value, so that the next write of this key waits.
    let sent = "UPDATE outbox SET value = NULL, not_before = ?3 WHERE key = ?1 AND version = ?2";
    sql.run(sent, &parameters)?;
    let newer = "UPDATE outbox SET not_before = max(not_before, ?3) \
         WHERE key = ?1 AND version <> ?2";
    sql.run(newer, &parameters).map(drop)
}

fn note_not_sent(
    sql: &impl Sql,
    Record { key, .. }: &Record,
    is_unclear: bool,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "UPDATE outbox SET not_before = ?2, unclear = max(unclear, ?3) WHERE key = ?1";
    let unclear = u32::from(is_unclear).into();
    sql.run(statement, &[key.as_str().into(), now.plus(RETRY_SECONDS).into(), unclear]).map(drop)
}

/// When [`flush`] has something to do next.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn next_due(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    let Some(mut columns) = first(sql, "SELECT min(not_before) FROM outbox", &[])? else {
        return Ok(None);
    };
    Ok(columns.optional_int()?.map(UnixSeconds::new))
}
