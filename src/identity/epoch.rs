//! The end of all sessions of a user at once. Tokens are signed and not stored, so what is stored is the
//! moment of the last sign-out: a sign-in up to then does not count any more, wherever its token is.
//!
//! The moments are those of the user's own object, which says when a sign-in begins ([`next_start`]): one
//! that follows a sign-out within the same second begins a second later, and counts.

use crate::base::time::UnixSeconds;
use crate::identity::session::SESSION_SECONDS;
use crate::ports::storage::first;
use crate::ports::{Sql, SqlError};

/// How long a sign-out is remembered: until the last token from before it has ended by itself, and a
/// little longer for clocks that differ.
const KEPT_SECONDS: i64 = SESSION_SECONDS + 60;

/// Whether a sign-in counts, given the last sign-out.
#[must_use]
pub fn counts(signed_in_at: UnixSeconds, signed_out_at: Option<UnixSeconds>) -> bool {
    signed_out_at.is_none_or(|end| signed_in_at > end)
}

/// The last sign-out, if it is remembered.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; so for all of these.
pub fn signed_out_at(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    first(sql, "SELECT at FROM signed_out", &[])?.map(|mut row| row.moment()).transpose()
}

/// When a sign-in at `now` begins.
///
/// # Errors
/// As [`signed_out_at`].
pub fn next_start(sql: &impl Sql, now: UnixSeconds) -> Result<UnixSeconds, SqlError> {
    Ok(signed_out_at(sql)?.map_or(now, |end| now.max(end.plus(1))))
}

/// Ends all sessions, at the wish of one that began at `signed_in_at`. One that does not count any more
/// ends nothing: who keeps an old token must not be able to sign its user out for ever.
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

/// Forgets a sign-out that no token is older than.
///
/// # Errors
/// As [`signed_out_at`].
pub fn forget(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    sql.run("DELETE FROM signed_out WHERE at <= ?1", &[now.plus(-KEPT_SECONDS).into()]).map(drop)
}

/// When there is something to forget.
///
/// # Errors
/// As [`signed_out_at`].
pub fn next_over(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    Ok(signed_out_at(sql)?.map(|end| end.plus(KEPT_SECONDS)))
}
