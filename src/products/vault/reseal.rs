//! Finds values that are not sealed with the current key, and writes them anew. A value is in one of two tables;
//! values move from the first to the second and never back.

use crate::ports::storage::{all, first};
use crate::ports::{Sql, SqlError, SqlValue};

/// A table that holds sealed values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Values of secrets on sale.
    OnSale,
    /// Values that are kept for their buyers.
    Kept,
}

/// A sealed value with its place. The id is text, so that a damaged one does not stop a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    pub id: String,
    /// The version of the value.
    pub version: i64,
    pub sealed: String,
}

/// Where a search stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub id: String,
    /// The version of the value.
    pub version: i64,
}

impl Table {
    /// The table, and its column of secret ids.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::OnSale => ("secrets", "id"),
            Self::Kept => ("kept_values", "secret_id"),
        }
    }
}

/// Whether any value lacks the prefix.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses; the same for every function here.
pub fn is_any(sql: &impl Sql, prefix: &str) -> Result<bool, SqlError> {
    let statement = "SELECT 1 FROM secrets WHERE sealed IS NOT NULL \
         AND substr(sealed, 1, length(?1)) <> ?1 UNION ALL \
         SELECT 1 FROM kept_values WHERE substr(sealed, 1, length(?1)) <> ?1 LIMIT 1";
    Ok(first(sql, statement, &[prefix.into()])?.is_some())
}

/// Values after `place` that lack the prefix, in the order of their places.
///
/// # Errors
///
/// As [`is_any`].
pub fn next(
    sql: &impl Sql,
    table: Table,
    prefix: &str,
    place: &Place,
    max: u32,
) -> Result<Vec<Sealed>, SqlError> {
    let (table, id) = table.names();
    let statement = format!(
        "SELECT {id}, version, sealed FROM {table} WHERE sealed IS NOT NULL \
         AND ({id}, version) > (?1, ?2) AND substr(sealed, 1, length(?3)) <> ?3 \
         ORDER BY {id}, version LIMIT ?4"
    );
    let Place { id, version } = place;
    let version = SqlValue::Int(*version);
    all(sql, &statement, &[id.as_str().into(), version, prefix.into(), max.into()], |columns| {
        Ok(Sealed { id: columns.text()?, version: columns.int()?, sealed: columns.text()? })
    })
}

/// Replaces a sealed value by the same value sealed with another key.
///
/// # Errors
///
/// As [`is_any`].
pub fn replace(
    sql: &impl Sql,
    table: Table,
    before: &Sealed,
    sealed: &str,
) -> Result<(), SqlError> {
    let (table, id) = table.names();
    let statement =
        format!("UPDATE {table} SET sealed = ?4 WHERE {id} = ?1 AND version = ?2 AND sealed = ?3");
    let Sealed { id, version, sealed: old } = before;
    let version = SqlValue::Int(*version);
    let parameters = [id.as_str().into(), version, old.as_str().into(), sealed.into()];
    sql.run(&statement, &parameters).map(drop)
}
