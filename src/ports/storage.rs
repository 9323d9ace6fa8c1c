//! Typed rows and schema migrations over the [`Sql`] port.

use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::ports::{Row, Sql, SqlError, SqlValue};

/// Reads the columns of a row from left to right.
pub struct Columns(std::vec::IntoIter<SqlValue>);

impl Columns {
    /// Starts at the first column.
    #[must_use]
    pub fn new(row: Row) -> Self {
        Self(row.into_iter())
    }

    fn next(&mut self) -> Result<SqlValue, SqlError> {
        self.0.next().ok_or_else(|| SqlError("a column is missing".to_owned()))
    }

    /// Reads text.
    ///
    /// # Errors
    /// [`SqlError`] if the column is missing or of another type.
    pub fn text(&mut self) -> Result<String, SqlError> {
        self.optional_text()?.ok_or_else(|| SqlError("a text is missing".to_owned()))
    }

    /// Reads text or `NULL`.
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

    /// Reads an integer.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn int(&mut self) -> Result<i64, SqlError> {
        self.optional_int()?.ok_or_else(|| SqlError("a number is missing".to_owned()))
    }

    /// Reads an integer or `NULL`.
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

    /// Reads an integer that is not negative.
    ///
    /// # Errors
    /// As [`Self::text`], and for a negative number.
    pub fn count(&mut self) -> Result<u64, SqlError> {
        u64::try_from(self.int()?).map_err(|_| SqlError("a count is negative".to_owned()))
    }

    /// Reads a moment, Unix seconds.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn moment(&mut self) -> Result<UnixSeconds, SqlError> {
        self.int().map(UnixSeconds::new)
    }

    /// Reads an amount of USDC in the smallest unit.
    ///
    /// # Errors
    /// As [`Self::text`], and for an amount above [`Usdc::MAX`].
    pub fn usdc(&mut self) -> Result<Usdc, SqlError> {
        Usdc::from_atomic(self.count()?).map_err(|error| SqlError(format!("an amount {error}")))
    }

    /// Reads text and parses it with `read`.
    ///
    /// # Errors
    /// As [`Self::text`], and if `read` refuses the stored text, which means that it is damaged.
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

/// Runs a statement and returns the first row, if there is one.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
#[inline(never)]
pub fn first(
    sql: &impl Sql,
    statement: &str,
    parameters: &[SqlValue],
) -> Result<Option<Columns>, SqlError> {
    Ok(sql.run(statement, parameters)?.into_iter().next().map(Columns::new))
}

/// Runs a statement and reads every row with `read`.
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

/// The migrations of a schema, oldest first. A new migration changes the schema; existing ones are never edited.
pub type Migrations = &'static [&'static str];

/// Migrates an object's storage to the newest schema.
///
/// Durable Objects refuse `PRAGMA user_version`, so a table holds the version.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; the storage is unchanged then.
pub fn migrate(sql: &impl Sql, migrations: Migrations, now: UnixSeconds) -> Result<(), SqlError> {
    sql.atomically(|| migrate_within(sql, migrations, now))
}

/// As [`migrate`], inside a transaction of the caller.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; the caller must then roll its transaction back.
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

/// The version of the schema: the number of migrations that were applied.
///
/// # Errors
/// [`SqlError`] if SQLite refuses, also if the storage was never migrated.
pub fn schema_of(sql: &impl Sql) -> Result<u32, SqlError> {
    let done = first(sql, "SELECT count(*) FROM migrations", &[])?;
    let done = done.map_or(Ok(0), |mut columns| columns.count())?;
    u32::try_from(done).map_err(|_| SqlError("the schema has no number".to_owned()))
}

/// Whether the storage was ever migrated. Writes nothing.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn is_used(sql: &impl Sql) -> Result<bool, SqlError> {
    let statement = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migrations'";
    Ok(first(sql, statement, &[])?.is_some())
}

/// The statements of a migration, separated by lines that hold only `--;`. Semicolons do not separate them, because
/// triggers contain some.
pub fn statements(migration: &str) -> impl Iterator<Item = &str> {
    migration.split("\n--;\n").map(str::trim).filter(|statement| !statement.is_empty())
}
