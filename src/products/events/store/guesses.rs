//! Wrong promo codes, counted for an hour.

use crate::base::time::UnixSeconds;
use crate::ports::storage::first;
use crate::ports::{Sql, SqlError};

/// How many wrong codes came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guesses {
    /// From the network that is asked about.
    pub by_source: u64,
    /// From all networks together.
    pub all: u64,
}

/// The wrong codes after `since`. `source`: a pseudonym of the caller's network.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn guesses(sql: &impl Sql, source: &str, since: UnixSeconds) -> Result<Guesses, SqlError> {
    let statement =
        "SELECT count(*) FILTER (WHERE source = ?1), count(*) FROM promo_guesses WHERE at > ?2";
    let found = first(sql, statement, &[source.into(), since.into()])?;
    found.map_or(Ok(Guesses::default()), |mut columns| {
        Ok(Guesses { by_source: columns.count()?, all: columns.count()? })
    })
}

/// Notes a wrong code now, and forgets those of `since` or before.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn note_guess(
    sql: &impl Sql,
    source: &str,
    (now, since): (UnixSeconds, UnixSeconds),
) -> Result<(), SqlError> {
    sql.run("DELETE FROM promo_guesses WHERE at <= ?1", &[since.into()])?;
    let statement = "INSERT INTO promo_guesses (at, source) VALUES (?1, ?2)";
    sql.run(statement, &[now.into(), source.into()]).map(drop)
}
