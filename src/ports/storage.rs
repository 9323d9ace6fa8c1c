//! Typed rows and schema migrations over the [`Sql`] port.

use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::ports::{Row, Sql, SqlError, SqlValue};

/// Reads a row's columns from left to right.
pub struct Columns(std::vec::IntoIter<SqlValue>);

impl Columns {
    /// Over one row.
    #[must_use]
    pub fn new(row: Row) -> Self {
        Self(row.into_iter())
    }

    fn next(&mut self) -> Result<SqlValue, SqlError> {
        self.0.next().ok_or_else(|| SqlError("a column is missing".to_owned()))
    }

    /// A text.
    ///
    /// # Errors
    /// [`SqlError`] if the column is missing or of another type; so for all of these.
    pub fn text(&mut self) -> Result<String, SqlError> {
        self.optional_text()?.ok_or_else(|| SqlError("a text is missing".to_owned()))
    }

    /// A text or `NULL`.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn optional_text(&mut self) -> Result<Option<String>, SqlError> {
        match self.next()? {
            SqlValue::Text(text) => Ok(Some(text)),
            SqlValue::Null => Ok(None),
            SqlValue::Int(_) => Err(SqlError("a number stands where text should".to_owned())),
        }
    }

    /// An integer.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn int(&mut self) -> Result<i64, SqlError> {
        self.optional_int()?.ok_or_else(|| SqlError("a number is missing".to_owned()))
    }

    /// An integer or `NULL`.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn optional_int(&mut self) -> Result<Option<i64>, SqlError> {
        match self.next()? {
            SqlValue::Int(number) => Ok(Some(number)),
            SqlValue::Null => Ok(None),
            SqlValue::Text(_) => Err(SqlError("text stands where a number should".to_owned())),
        }
    }

    /// An integer that cannot be negative.
    ///
    /// # Errors
    /// As [`Self::text`], and for a negative number.
    pub fn count(&mut self) -> Result<u64, SqlError> {
        u64::try_from(self.int()?).map_err(|_| SqlError("a count is negative".to_owned()))
    }

    /// A moment.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn moment(&mut self) -> Result<UnixSeconds, SqlError> {
        self.int().map(UnixSeconds::new)
    }

    /// An amount of money.
    ///
    /// # Errors
    /// As [`Self::text`], and for an amount that cannot be one.
    pub fn usdc(&mut self) -> Result<Usdc, SqlError> {
        Usdc::from_atomic(self.count()?).map_err(|error| SqlError(format!("an amount {error}")))
    }

    /// Text that is parsed by `read`; what we stored ourselves should always parse.
    ///
    /// # Errors
    /// As [`Self::text`], and if `read` refuses.
    pub fn parsed<T, E: std::fmt::Display>(
        &mut self,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, SqlError> {
        let text = self.text()?;
        read(&text).map_err(|error| SqlError(format!("a stored value is damaged: {error}")))
    }
}

impl From<&str> for SqlValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for SqlValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Option<&str>> for SqlValue {
    fn from(text: Option<&str>) -> Self {
        text.map_or(Self::Null, Self::from)
    }
}

impl From<UnixSeconds> for SqlValue {
    fn from(moment: UnixSeconds) -> Self {
        Self::Int(moment.get())
    }
}

impl From<Option<UnixSeconds>> for SqlValue {
    fn from(moment: Option<UnixSeconds>) -> Self {
        moment.map_or(Self::Null, Self::from)
    }
}

impl From<u32> for SqlValue {
    fn from(number: u32) -> Self {
        Self::Int(i64::from(number))
    }
}

impl From<Usdc> for SqlValue {
    fn from(amount: Usdc) -> Self {
        // Usdc::MAX is 2^53 - 1, so this always fits.
        Self::Int(i64::try_from(amount.atomic()).unwrap_or(i64::MAX))
    }
}

/// The first row, if there is one.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn first(
    sql: &impl Sql,
    statement: &str,
    parameters: &[SqlValue],
) -> Result<Option<Columns>, SqlError> {
    Ok(sql.run(statement, parameters)?.into_iter().next().map(Columns::new))
}

/// Every row, read by `read`.
///
/// # Errors
/// [`SqlError`] if SQLite or `read` refuses.
pub fn all<T>(
    sql: &impl Sql,
    statement: &str,
    parameters: &[SqlValue],
    read: impl Fn(&mut Columns) -> Result<T, SqlError>,
) -> Result<Vec<T>, SqlError> {
    sql.run(statement, parameters)?.into_iter().map(|row| read(&mut Columns::new(row))).collect()
}

/// A schema's history. A stored shape changes by a new entry, never by editing one.
pub type Migrations = &'static [&'static str];

/// Brings an object's storage to the newest schema.
///
/// `PRAGMA user_version` is refused in Durable Objects, so a table holds the version.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; then nothing has changed.
pub fn migrate(sql: &impl Sql, migrations: Migrations, now: UnixSeconds) -> Result<(), SqlError> {
    sql.atomically(|| migrate_within(sql, migrations, now))
}

/// The same in a block of the caller's, up to the last of `migrations`.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; the caller's block must end with it.
pub fn migrate_within(
    sql: &impl Sql,
    migrations: &[&str],
    now: UnixSeconds,
) -> Result<(), SqlError> {
    sql.run(
        "CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT",
        &[],
    )?;
    let done = schema_of(sql)?;
    for (version, migration) in (1_u32..).zip(migrations) {
        if version > done {
            for statement in statements(migration) {
                sql.run(statement, &[])?;
            }
            sql.run(
                "INSERT INTO migrations (version, applied_at) VALUES (?1, ?2)",
                &[version.into(), now.into()],
            )?;
        }
    }
    Ok(())
}

/// The number of the schema that a storage in use has.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn schema_of(sql: &impl Sql) -> Result<u32, SqlError> {
    let done = first(sql, "SELECT count(*) FROM migrations", &[])?;
    let done = done.map_or(Ok(0), |mut columns| columns.count())?;
    u32::try_from(done).map_err(|_| SqlError("the schema has no number".to_owned()))
}

/// Whether this storage was ever used. Reading this writes nothing.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn is_used(sql: &impl Sql) -> Result<bool, SqlError> {
    let statement = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migrations'";
    Ok(first(sql, statement, &[])?.is_some())
}

/// The statements of a file of SQL. They stand between lines that hold `--;` alone, because triggers
/// contain semicolons.
pub fn statements(migration: &str) -> impl Iterator<Item = &str> {
    migration.split("\n--;\n").map(str::trim).filter(|statement| !statement.is_empty())
}
