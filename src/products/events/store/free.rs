//! Free seats that wallets without history took, counted for a day.

use crate::base::id::EventId;
use crate::base::time::UnixSeconds;
use crate::ports::storage::first;
use crate::ports::{Sql, SqlError};

/// Free seats that wallets without history took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FreeTaken {
    /// Seats of the event that is asked about.
    pub at_event: u32,
    /// Seats that callers of one network took, at all events.
    pub by_source: u32,
}

/// What wallets without history have taken after `since`. `source`: a keyed hash of the caller's network.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn free_taken(
    sql: &impl Sql,
    event: &EventId,
    source: &str,
    since: UnixSeconds,
) -> Result<FreeTaken, SqlError> {
    let statement = "SELECT coalesce(sum(seats) FILTER (WHERE event_id = ?1), 0), \
         coalesce(sum(seats) FILTER (WHERE source = ?2), 0) FROM free_seats WHERE at > ?3";
    let found = first(sql, statement, &[event.as_str().into(), source.into(), since.into()])?;
    found.map_or(Ok(FreeTaken::default()), |mut columns| {
        let count = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        Ok(FreeTaken { at_event: count(columns.count()?), by_source: count(columns.count()?) })
    })
}

/// Notes what a wallet without history takes now, and forgets what was noted at `since` or before.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn note_free(
    sql: &impl Sql,
    event: &EventId,
    source: &str,
    seats: u32,
    (now, since): (UnixSeconds, UnixSeconds),
) -> Result<(), SqlError> {
    sql.run("DELETE FROM free_seats WHERE at <= ?1", &[since.into()])?;
    let statement = "INSERT INTO free_seats (at, event_id, source, seats) VALUES (?1, ?2, ?3, ?4)";
    sql.run(statement, &[now.into(), event.as_str().into(), source.into(), seats.into()]).map(drop)
}

/// Whether this host has checked a guest with this wallet in before.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn has_come(sql: &impl Sql, wallet: &str) -> Result<bool, SqlError> {
    let statement = "SELECT 1 FROM rsvps WHERE payer = ?1 AND checked_in_at IS NOT NULL LIMIT 1";
    Ok(first(sql, statement, &[wallet.into()])?.is_some())
}
