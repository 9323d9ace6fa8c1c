//! The table `unsubscribed`: readers who want no more messages and reminders of the host.

use serde_json::json;

use crate::base::time::UnixSeconds;
use crate::identity::reader::Reader;
use crate::ports::storage::{Columns, all};
use crate::ports::{Sql, SqlError};

/// Notes whether a reader wants messages and reminders.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; so for every function here.
pub fn set_unsubscribed(
    sql: &impl Sql,
    reader: &Reader,
    is_unsubscribed: bool,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let name = reader.name();
    if is_unsubscribed {
        let statement =
            "INSERT INTO unsubscribed (reader, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        return sql.run(statement, &[name.into(), now.into()]).map(drop);
    }
    sql.run("DELETE FROM unsubscribed WHERE reader = ?1", &[name.into()]).map(drop)
}

/// Those of the readers that want no more.
///
/// # Errors
/// As [`set_unsubscribed`].
pub fn unsubscribed(sql: &impl Sql, readers: &[Reader]) -> Result<Vec<String>, SqlError> {
    let names: Vec<&str> = readers.iter().map(Reader::name).collect();
    let names = json!(names).to_string();
    let statement =
        "SELECT reader FROM unsubscribed WHERE reader IN (SELECT value FROM json_each(?1))";
    all(sql, statement, &[names.as_str().into()], Columns::text)
}
