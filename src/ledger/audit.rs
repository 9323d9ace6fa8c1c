//! Whether the books agree with themselves. Run after every fault that a test provokes.

use crate::ports::{Sql, SqlError};
use crate::storage::{all, statements};

/// A comment that states a rule, and a query that finds what breaks it.
const RULES: &str = include_str!("audit.sql");

/// How many offenders of one rule are named.
const NAMED_MAX: usize = 5;

/// Every rule that does not hold, with the ids that break it. Empty when the books are clean.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn audit(sql: &impl Sql) -> Result<Vec<String>, SqlError> {
    let mut faults = Vec::new();
    for statement in statements(RULES).filter(|statement| statement.contains("SELECT")) {
        let limited = format!("{statement} LIMIT {NAMED_MAX}");
        let ids = all(sql, &limited, &[], |columns| columns.text())?;
        if !ids.is_empty() {
            let rule = statement.lines().next().unwrap_or_default().trim_start_matches("-- ");
            faults.push(format!("{rule}: not so for {}", ids.join(", ")));
        }
    }
    Ok(faults)
}
