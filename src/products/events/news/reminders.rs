//! The table `reminders`: when the guests of an event are reminded.

use crate::base::fields::{InvalidField, bad};
use crate::base::id::EventId;
use crate::base::time::UnixSeconds;
use crate::ports::storage::{all, first};
use crate::ports::{Sql, SqlError};

/// The earliest reminder before the start, hours: 30 days.
const REMIND_HOURS_MAX: u32 = 720;

/// Hours before the start of a reminder, unless the host says otherwise.
pub const fn a_day() -> u32 {
    24
}

/// Checks the hours that a host sets.
///
/// # Errors
/// [`InvalidField`] for `remindHours`.
pub fn remind_hours(hours: u32) -> Result<u32, InvalidField> {
    if hours > REMIND_HOURS_MAX {
        let remedy = format!("must be at most {REMIND_HOURS_MAX}, or 0 for no reminder");
        return Err(bad("remindHours", remedy));
    }
    Ok(hours)
}

/// Has the guests of an event reminded at `at`; `None`: not at all.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; so for every function here.
pub fn remind_at(sql: &impl Sql, event: &EventId, at: Option<UnixSeconds>) -> Result<(), SqlError> {
    let known =
        first(sql, "SELECT at FROM reminders WHERE event_id = ?1", &[event.as_str().into()])?;
    let known = known.map(|mut columns| columns.moment()).transpose()?;
    match at {
        at if at == known => Ok(()),
        None => {
            sql.run("DELETE FROM reminders WHERE event_id = ?1", &[event.as_str().into()]).map(drop)
        }
        Some(at) => {
            let statement = "INSERT INTO reminders (event_id, at) VALUES (?1, ?2) \
                 ON CONFLICT (event_id) DO UPDATE SET at = excluded.at";
            sql.run(statement, &[event.as_str().into(), at.into()]).map(drop)
        }
    }
}

/// Some events whose guests are to be reminded now.
///
/// # Errors
/// As [`remind_at`].
pub fn due(sql: &impl Sql, now: UnixSeconds, limit: u32) -> Result<Vec<EventId>, SqlError> {
    let statement = "SELECT event_id FROM reminders WHERE at <= ?1 ORDER BY at LIMIT ?2";
    all(sql, statement, &[now.into(), limit.into()], |columns| columns.parsed(EventId::parse))
}

/// When guests of an event are reminded next.
///
/// # Errors
/// As [`remind_at`].
pub fn next_due(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    let Some(mut columns) = first(sql, "SELECT min(at) FROM reminders", &[])? else {
        return Ok(None);
    };
    Ok(columns.optional_int()?.map(UnixSeconds::new))
}
