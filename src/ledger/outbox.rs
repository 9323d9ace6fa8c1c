//! Records on their way to KV.
//!
//! A record is queued in the same block that changes what it shows, so a crash between the two
//! loses nothing. KV takes one write per key and second; a newer value replaces an older one that
//! has not gone out yet.

use serde_json::Value;

use crate::ports::{Kv, Sql, SqlError};
use crate::storage::{all, first};
use crate::time::UnixSeconds;

/// Records sent in one go.
const BATCH: u32 = 50;
/// Seconds until a failed write is tried again, and between two writes of one key.
const RETRY_SECONDS: i64 = 10;
/// Stands for a key that is to be removed; no record is empty.
const REMOVED: &str = "";

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

/// Sends what is due. Rows that a newer value has replaced meanwhile stay for the next round.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; failures of KV only postpone their record.
pub async fn flush(world: &(impl Sql + Kv), now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "SELECT key, value, version FROM outbox WHERE value IS NOT NULL \
         AND not_before <= ?1 ORDER BY not_before LIMIT ?2";
    let rows = all(world, statement, &[now.into(), BATCH.into()], |columns| {
        Ok((columns.text()?, columns.text()?, columns.int()?))
    })?;
    for (key, value, version) in rows {
        let sent = match value.as_str() {
            REMOVED => world.delete(&key).await.is_ok(),
            value => world.put(&key, value).await.is_ok(),
        };
        let version = crate::ports::SqlValue::Int(version);
        if sent {
            // The row stays for a moment without a value, so that the next write of this key waits.
            world.run(
                "UPDATE outbox SET value = NULL, not_before = ?3 WHERE key = ?1 AND version = ?2",
                &[key.as_str().into(), version.clone(), now.plus(2).into()],
            )?;
            world.run(
                "UPDATE outbox SET not_before = max(not_before, ?3) WHERE key = ?1 AND version <> ?2",
                &[key.into(), version, now.plus(2).into()],
            )?;
        } else {
            world.run(
                "UPDATE outbox SET not_before = ?2 WHERE key = ?1",
                &[key.into(), now.plus(RETRY_SECONDS).into()],
            )?;
        }
    }
    world
        .run("DELETE FROM outbox WHERE value IS NULL AND not_before <= ?1", &[now.into()])
        .map(drop)
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
