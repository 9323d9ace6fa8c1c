//! Ends all sessions of a user at once. Tokens are signed and not stored, so the user's object stores the time of the
//! last sign-out. Sessions that began up to that time are invalid.
//!
//! The user's object also decides when a session begins ([`next_start`]). A sign-in within the second of a sign-out
//! begins one second later, so that it is valid.

use crate::base::time::UnixSeconds;
use crate::identity::session::SESSION_SECONDS;
use crate::ports::storage::first;
use crate::ports::{Sql, SqlError};

/// How long a sign-out is stored, seconds: the lifetime of a token, plus a minute for differing clocks.
const KEPT_SECONDS: i64 = SESSION_SECONDS + 60;

/// Whether a session that began at `signed_in_at` is valid, given the last sign-out.
#[must_use]
pub fn counts(signed_in_at: UnixSeconds, signed_out_at: Option<UnixSeconds>) -> bool {
    signed_out_at.is_none_or(|end| signed_in_at > end)
}

/// The last sign-out, if it is still stored.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn signed_out_at(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    first(sql, "SELECT at FROM signed_out", &[])?.map(|mut row| row.moment()).transpose()
}

/// The beginning of a session that starts now: after the last sign-out.
///
/// # Errors
/// As [`signed_out_at`].
pub fn next_start(sql: &impl Sql, now: UnixSeconds) -> Result<UnixSeconds, SqlError> {
    Ok(signed_out_at(sql)?.map_or(now, |end| now.max(end.plus(1))))
}

/// Ends all sessions, on request of the session that began at `signed_in_at`. A session that is already invalid ends
/// nothing, or the holder of an old token could sign the user out again and again.
///
/// # Errors
/// As [`signed_out_at`].
pub fn end(sql: &impl Sql, signed_in_at: UnixSeconds, now: UnixSeconds) -> Result<(), SqlError> {
    if !counts(signed_in_at, signed_out_at(sql)?) {
        return Ok(());
    }
    let statement = "INSERT INTO signed_out (id, at) VALUES (1, ?1) \
         ON CONFLICT (id) DO UPDATE SET at = max(at, ?1)";
    sql.run(statement, &[now.max(signed_in_at).into()]).map(drop)
}

/// Deletes a sign-out once all older tokens have expired.
///
/// # Errors
/// As [`signed_out_at`].
pub fn forget(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    if !UnixSeconds::has_come(next_over(sql)?, now) {
        return Ok(());
    }
    sql.run("DELETE FROM signed_out WHERE at <= ?1", &[now.plus(-KEPT_SECONDS).into()]).map(drop)
}

/// When [`forget`] has something to delete next.
///
/// # Errors
/// As [`signed_out_at`].
pub fn next_over(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    Ok(signed_out_at(sql)?.map(|end| end.plus(KEPT_SECONDS)))
}
