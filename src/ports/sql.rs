//! The object's SQLite as a port.

use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};

/// A value in SQLite. Integers must lie within ±(2^53 - 1); 256-bit numbers are stored as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum SqlValue {
    Null,
    Int(i64),
    Text(String),
}

impl<'de> Deserialize<'de> for SqlValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneValue;
        impl Visitor<'_> for OneValue {
            type Value = SqlValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("null, an integer or text")
            }

            fn visit_unit<E: de::Error>(self) -> Result<SqlValue, E> {
                Ok(SqlValue::Null)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<SqlValue, E> {
                Ok(SqlValue::Int(number))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<SqlValue, E> {
                i64::try_from(number).map(SqlValue::Int).map_err(E::custom)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<SqlValue, E> {
                Ok(SqlValue::Text(text.to_owned()))
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<SqlValue, E> {
                Ok(SqlValue::Text(text))
            }
        }
        deserializer.deserialize_any(OneValue)
    }
}

/// SQLite refused a statement. The message is for our logs, never for a caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("storage: {0}")]
pub struct SqlError(pub String);

/// One row of a result.
pub type Row = Vec<SqlValue>;

/// The object's SQLite. Synchronous, so that nothing runs between a read and a write.
pub trait Sql {
    /// Runs one statement with numbered parameters `?1`, `?2`, …
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses the statement.
    fn run(&self, statement: &str, parameters: &[SqlValue]) -> Result<Vec<Row>, SqlError>;

    /// Runs `block` in a transaction: if it returns an error, its writes are rolled back. Must not be nested.
    ///
    /// # Errors
    /// The error of `block`, or [`SqlError`] if SQLite refuses to commit.
    fn atomically<T, E: From<SqlError>>(
        &self,
        block: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E>;

    /// A number that grows with every statement that may have changed something, and with every rolled back
    /// transaction. While it is the same, a value that was read before is still the stored one.
    fn writes(&self) -> u64;
}
