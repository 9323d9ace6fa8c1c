//! A backup that is being uploaded. Pages arrive in order and are stored until the last one is here.

use crate::base::time::UnixSeconds;
use crate::host::backup::format::{Chunk, Header};
use crate::ports::storage::{Columns, all, first};
use crate::ports::{Sql, SqlError, SqlValue};

/// How long stored pages wait for the next one, seconds.
pub const KEPT_SECONDS: i64 = 3_600;

/// The progress of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    /// The backup's first line.
    pub header: Header,
    /// The number of the next page.
    pub next: u32,
    /// The size of the stored pages, bytes.
    pub bytes: u64,
    /// Whether the backup is restored.
    pub is_done: bool,
}

/// Stored rows of one table.
pub(super) struct StagedChunk {
    pub(super) seq: i64,
    pub(super) name: String,
    pub(super) columns: Vec<String>,
}

/// The upload in progress, if there is one.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; so for every function here.
pub fn staged(sql: &impl Sql, now: UnixSeconds) -> Result<Option<Staged>, SqlError> {
    let statement = "SELECT header, pages, bytes, is_done FROM backups \
         WHERE direction = 'in' AND over_at > ?1";
    let read = |mut columns: Columns| {
        Ok(Staged {
            header: columns.parsed(|text| serde_json::from_str(text))?,
            next: u32::try_from(columns.count()?).unwrap_or(u32::MAX),
            bytes: columns.count()?,
            is_done: columns.int()? == 1,
        })
    };
    first(sql, statement, &[now.into()])?.map(read).transpose()
}

/// Stores the progress, in the caller's transaction.
///
/// # Errors
/// As [`staged`].
pub fn save(sql: &impl Sql, staged: &Staged, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "INSERT INTO backups (direction, id, header, pages, bytes, is_done, began_at, \
         over_at) VALUES ('in', ?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (direction) DO UPDATE SET \
         pages = excluded.pages, bytes = excluded.bytes, is_done = excluded.is_done, \
         over_at = excluded.over_at";
    // Serialization of texts and numbers cannot fail.
    let header = serde_json::to_string(&staged.header).unwrap_or_default();
    let parameters = [
        staged.header.id.as_str().into(),
        header.into(),
        staged.next.into(),
        SqlValue::Int(i64::try_from(staged.bytes).unwrap_or(i64::MAX)),
        u32::from(staged.is_done).into(),
        now.into(),
        now.plus(KEPT_SECONDS).into(),
    ];
    sql.run(statement, &parameters).map(drop)
}

/// Stores rows, in the caller's transaction.
///
/// # Errors
/// As [`staged`].
pub fn keep(sql: &impl Sql, chunk: &Chunk<'_>) -> Result<(), SqlError> {
    // Serialization of texts cannot fail.
    let columns = serde_json::to_string(&chunk.table.columns).unwrap_or_default();
    let statement = "INSERT INTO backup_in (name, columns, lines) VALUES (?1, ?2, ?3)";
    let parameters = [chunk.table.name.as_str().into(), columns.into(), chunk.lines.into()];
    sql.run(statement, &parameters).map(drop)
}

/// Removes all stored pages.
///
/// # Errors
/// As [`staged`].
pub fn forget(sql: &impl Sql) -> Result<(), SqlError> {
    sql.run("DELETE FROM backup_in", &[])?;
    sql.run("DELETE FROM backups WHERE direction = 'in'", &[]).map(drop)
}

/// All stored rows, read from `table`: the staging table has another name while a backup replaces the storage.
///
/// # Errors
/// As [`staged`].
pub(super) fn chunks(sql: &impl Sql, table: &str) -> Result<Vec<StagedChunk>, SqlError> {
    all(sql, &format!("SELECT seq, name, columns FROM {table} ORDER BY seq"), &[], |columns| {
        Ok(StagedChunk {
            seq: columns.int()?,
            name: columns.text()?,
            columns: columns.parsed(|text| serde_json::from_str(text))?,
        })
    })
}
