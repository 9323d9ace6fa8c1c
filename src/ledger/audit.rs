//! Checks the consistency of the books with the rules in `audit.sql`. Tests run it after every injected fault.

use crate::base::time::UnixSeconds;
use crate::ports::storage::{all, statements};
use crate::ports::{Clock, Sql, SqlError, SqlValue};

/// Each statement is a comment with the rule, and a query for the ids that break it. `?1` is the time, Unix seconds.
const RULES: &str = include_str!("audit.sql");

/// The one rule that holds only while the object can work.
pub const IN_TIME: &str = "every settled payment is delivered within ten minutes";

/// Ids that are named for one rule at most.
const NAMED_MAX: usize = 5;

/// The violated rules, each with the ids that break it. Empty if the books are consistent.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn audit(world: &(impl Sql + Clock)) -> Result<Vec<String>, SqlError> {
    audit_at(world, world.now())
}

/// As [`audit`], at the moment `at`.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_with_a_time_limit_is_one_of_the_rules() {
        let is_it = |statement: &str| statement.starts_with(&format!("-- {IN_TIME}\n"));
        assert!(statements(RULES).any(is_it));
    }
}
