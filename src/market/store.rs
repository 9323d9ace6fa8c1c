//! What the marketplace keeps.

use crate::base::id::ScopeId;
use crate::base::time::UnixSeconds;
use crate::market::listing::Listing;
use crate::market::offers;
use crate::ports::storage::{Migrations, first};
use crate::ports::{Sql, SqlError, SqlValue};

/// The schema of the marketplace's object.
pub const MIGRATIONS: Migrations = &[include_str!("schema.sql"), include_str!("schema-2.sql")];

/// Hosts that are listed at most. Beyond it those go first that nobody has paid and that have no event to come.
pub const HOSTS_MAX: u32 = 20_000;

/// Keeps what a host offers now. `false`: it is not listed, because there are too many hosts; everything that was known of it
/// stays.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn tell(sql: &impl Sql, told: &Listing, now: UnixSeconds) -> Result<bool, SqlError> {
    let told = &told.bounded();
    let Listing { scope, version, name, about, pay_to, has_sold, .. } = told;
    let known = first(sql, "SELECT version FROM hosts WHERE scope = ?1", &[scope.as_str().into()])?;
    let known = known.map(|mut columns| columns.count()).transpose()?;
    if known.is_some_and(|known| known >= *version) {
        return Ok(true);
    }
    if known.is_none() && !make_room(sql, *has_sold, now)? {
        return Ok(false);
    }
    let statement = "INSERT INTO hosts (scope, version, name, about, has_sold, updated_at, pay_to) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (scope) DO UPDATE SET version = excluded.version, \
         name = excluded.name, about = excluded.about, has_sold = excluded.has_sold, \
         updated_at = excluded.updated_at, pay_to = excluded.pay_to";
    let parameters = [
        scope.as_str().into(),
        number(*version),
        name.as_str().into(),
        about.as_str().into(),
        u32::from(*has_sold).into(),
        now.into(),
        pay_to.to_checksum(None).into(),
    ];
    sql.run(statement, &parameters)?;
    offers::keep(sql, told)?;
    Ok(true)
}

/// Forgets a host that leaves.
///
/// # Errors
/// As [`tell`].
pub fn leave(sql: &impl Sql, scope: &ScopeId, version: u64) -> Result<(), SqlError> {
    let statement = "DELETE FROM hosts WHERE scope = ?1 AND version <= ?2 RETURNING scope";
    let gone = first(sql, statement, &[scope.as_str().into(), number(version)])?;
    if gone.is_some() { offers::forget(sql, scope) } else { Ok(()) }
}

/// Makes room for one more host, if there is none. A host that was paid takes the place of one that was not.
fn make_room(sql: &impl Sql, has_sold: bool, now: UnixSeconds) -> Result<bool, SqlError> {
    let count = first(sql, "SELECT count(*) FROM hosts", &[])?;
    if count.map_or(Ok(0), |mut columns| columns.count())? < u64::from(HOSTS_MAX) {
        return Ok(true);
    }
    // With its sign, as in the index.
    let statement = "SELECT scope FROM hosts WHERE -has_sold = 0 AND (?2 OR NOT EXISTS \
         (SELECT 1 FROM events WHERE events.scope = hosts.scope AND ends_at > ?1)) \
         ORDER BY updated_at LIMIT 1";
    let found = first(sql, statement, &[now.into(), u32::from(has_sold).into()])?;
    let Some(mut columns) = found else { return Ok(false) };
    let oldest = columns.parsed(ScopeId::parse)?;
    sql.run("DELETE FROM hosts WHERE scope = ?1", &[oldest.as_str().into()])?;
    offers::forget(sql, &oldest).map(|()| true)
}

fn number(version: u64) -> SqlValue {
    SqlValue::Int(i64::try_from(version).unwrap_or(i64::MAX))
}
