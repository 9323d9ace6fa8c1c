//! What the marketplace keeps.

use crate::base::id::ScopeId;
use crate::base::terms;
use crate::base::time::UnixSeconds;
use crate::market::listing::{ListedEvent, ListedTool, Listing};
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
    let Listing { scope, version, name, about, pay_to, has_sold, events, tools } = &told.bounded();
    let known = first(sql, "SELECT version FROM hosts WHERE scope = ?1", &[scope.as_str().into()])?;
    let known = known.map(|mut columns| columns.count()).transpose()?;
    if known.is_some_and(|known| known >= *version) {
        return Ok(true);
    }
    if known.is_none() && !make_room(sql, *has_sold, now)? {
        return Ok(false);
    }
    forget_offers(sql, scope)?;
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
    events.iter().try_for_each(|event| insert_event(sql, scope, name, event))?;
    tools.iter().try_for_each(|tool| insert_tool(sql, scope, name, *has_sold, tool))?;
    Ok(true)
}

/// Forgets a host that leaves.
///
/// # Errors
/// As [`tell`].
pub fn leave(sql: &impl Sql, scope: &ScopeId, version: u64) -> Result<(), SqlError> {
    let statement = "DELETE FROM hosts WHERE scope = ?1 AND version <= ?2 RETURNING scope";
    let gone = first(sql, statement, &[scope.as_str().into(), number(version)])?;
    if gone.is_some() { forget_offers(sql, scope) } else { Ok(()) }
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
    forget_offers(sql, &oldest).map(|()| true)
}

fn forget_offers(sql: &impl Sql, scope: &ScopeId) -> Result<(), SqlError> {
    for (words, table) in [("event_words", "events"), ("tool_words", "tools")] {
        let statement = format!(
            "DELETE FROM {words} WHERE rowid IN (SELECT number FROM {table} WHERE scope = ?1)"
        );
        sql.run(&statement, &[scope.as_str().into()])?;
        sql.run(&format!("DELETE FROM {table} WHERE scope = ?1"), &[scope.as_str().into()])?;
    }
    Ok(())
}

fn insert_event(
    sql: &impl Sql,
    scope: &ScopeId,
    host: &str,
    event: &ListedEvent,
) -> Result<(), SqlError> {
    let statement = "INSERT INTO events (scope, id, starts_at, ends_at, price, view) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (scope, id) DO NOTHING RETURNING number";
    let parameters = [
        scope.as_str().into(),
        event.id.as_str().into(),
        event.starts_at.into(),
        event.ends_at.into(),
        event.price.into(),
        event.view.to_string().into(),
    ];
    let Some(mut inserted) = first(sql, statement, &parameters)? else { return Ok(()) };
    let words = "INSERT INTO event_words (rowid, title, place, host) VALUES (?1, ?2, ?3, ?4)";
    let [title, place, host] = [event.title.as_str(), &event.place, host].map(terms::index);
    let row = [SqlValue::Int(inserted.int()?), title.into(), place.into(), host.into()];
    sql.run(words, &row).map(drop)
}

fn insert_tool(
    sql: &impl Sql,
    scope: &ScopeId,
    host: &str,
    has_sold: bool,
    tool: &ListedTool,
) -> Result<(), SqlError> {
    let statement = "INSERT INTO tools (scope, has_sold, name, title, description, price_min, price_max, price_words, example, example_price) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (scope, name) DO NOTHING RETURNING number";
    let parameters = [
        scope.as_str().into(),
        u32::from(has_sold).into(),
        tool.name.as_str().into(),
        tool.title.as_str().into(),
        tool.description.as_str().into(),
        tool.prices.map_or(SqlValue::Null, |(min, _)| min.into()),
        tool.prices.map_or(SqlValue::Null, |(_, max)| max.into()),
        tool.price_words.as_deref().into(),
        tool.example.as_ref().map(|it| it.arguments.to_string()).as_deref().into(),
        tool.example.as_ref().map_or(SqlValue::Null, |it| it.price.into()),
    ];
    let Some(mut inserted) = first(sql, statement, &parameters)? else { return Ok(()) };
    let words = "INSERT INTO tool_words (rowid, title, description, host) VALUES (?1, ?2, ?3, ?4)";
    let [title, description, host] =
        [tool.title.as_str(), &tool.description, host].map(terms::index);
    let row = [SqlValue::Int(inserted.int()?), title.into(), description.into(), host.into()];
    sql.run(words, &row).map(drop)
}

fn number(version: u64) -> SqlValue {
    SqlValue::Int(i64::try_from(version).unwrap_or(i64::MAX))
}
