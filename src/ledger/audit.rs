//! Whether the books agree with themselves. Run after every fault that a test provokes.

use crate::base::time::UnixSeconds;
use crate::ports::storage::{all, statements};
use crate::ports::{Clock, Sql, SqlError, SqlValue};

/// A comment that states a rule, and a query that finds what breaks it; `?1` is now, Unix seconds.
const RULES: &str = include_str!("audit.sql");

/// How many offenders of one rule are named.
const NAMED_MAX: usize = 5;

/// Every rule that does not hold, with the ids that break it. Empty when the books are clean.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn audit(world: &(impl Sql + Clock)) -> Result<Vec<String>, SqlError> {
    audit_at(world, world.now())
}

/// The same for books that show the moment `at`.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn audit_at(sql: &impl Sql, at: UnixSeconds) -> Result<Vec<String>, SqlError> {
    let now: SqlValue = at.into();
    let mut faults = Vec::new();
    for statement in statements(RULES).filter(|statement| statement.contains("SELECT")) {
        let limited = format!("{statement} LIMIT {NAMED_MAX}");
        let now = statement.contains("?1").then(|| now.clone());
        let ids = all(sql, &limited, now.as_slice(), |columns| columns.text())?;
        if !ids.is_empty() {
            let rule = statement.lines().next().unwrap_or_default().trim_start_matches("-- ");
            faults.push(format!("{rule}: not so for {}", ids.join(", ")));
        }
    }
    Ok(faults)
}
