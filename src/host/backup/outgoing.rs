//! An export in progress.
//!
//! A backup is a snapshot, while sales go on. One transaction copies the rows of all tables into `backup_out` as JSON
//! text; SQLite produces the text, so rows never pass through the Worker's memory. One row of the copy holds many
//! rows, which keeps the number of writes low. Pages are read from the copy one at a time. The copy is removed with
//! the last page, or ten minutes after the last request for a page.

use crate::base::time::UnixSeconds;
use crate::host::backup::format::{
    BYTES_MAX, Counts, Header, PAGE_BYTES, PAGES_MAX, Table, end_line, sealed,
};
use crate::host::backup::tables::{CARRIED, columns_of, quoted};
use crate::identity::keys::Keys;
use crate::ports::storage::{Columns, all, first};
use crate::ports::{Sql, SqlError, SqlValue};

/// The shortest time between two exports, seconds.
pub const APART_SECONDS: i64 = 60;
/// How long the copy is kept after the last request for a page, seconds.
pub const KEPT_SECONDS: i64 = 600;
/// The most rows in one row of the copy.
const ROWS_TOGETHER: u32 = 200;
/// The most bytes in one row of the copy. JSON escapes turn one byte into at most six, which still fits on a page.
const BYTES_TOGETHER: u32 = 40_000;
/// Columns in one group of an SQL expression.
const COLUMNS_TOGETHER: usize = 8;

/// An export cannot begin.
pub enum NoCopy {
    /// The backup would be too large to be restored.
    TooLarge,
    Storage(SqlError),
}

impl From<SqlError> for NoCopy {
    fn from(error: SqlError) -> Self {
        Self::Storage(error)
    }
}

/// The stored copy of an export.
struct Copy {
    header: Header,
    pages: u32,
    counts: Counts,
    began_at: UnixSeconds,
}

/// When the last export began, if it is still stored.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; so for every function here.
pub fn began_at(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    let statement = "SELECT began_at FROM backups WHERE direction = 'out'";
    first(sql, statement, &[])?.map(|mut columns| columns.moment()).transpose()
}

/// Copies all rows in one transaction, and removes an earlier copy.
///
/// # Errors
/// [`NoCopy`]; then nothing has changed.
pub fn begin(sql: &impl Sql, header: &Header) -> Result<(), NoCopy> {
    sql.atomically(|| {
        forget(sql)?;
        let mut packer = Packer { sql, page: 0, in_page: 0, bytes: 0 };
        let mut counts = Counts::new();
        for (table, condition) in CARRIED {
            let columns = columns_of(sql, table)?;
            if !columns.is_empty() {
                let rows = packer.pack(table, &columns, condition)?;
                counts.insert((*table).to_owned(), rows);
            }
        }
        let pages = packer.page.saturating_add(1);
        let bytes = SqlValue::Int(i64::try_from(packer.bytes).unwrap_or(i64::MAX));
        let statement = "INSERT INTO backups (direction, id, header, pages, bytes, counts, \
             began_at, over_at) VALUES ('out', ?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let began_at = header.exported_at;
        let parameters = [
            header.id.as_str().into(),
            to_json(header).into(),
            pages.into(),
            bytes,
            to_json(&counts).into(),
            began_at.into(),
            began_at.plus(KEPT_SECONDS).into(),
        ];
        sql.run(statement, &parameters)?;
        Ok(())
    })
}

/// Removes the copy.
///
/// # Errors
/// As [`began_at`].
pub fn forget(sql: &impl Sql) -> Result<(), SqlError> {
    sql.run("DELETE FROM backup_out", &[])?;
    sql.run("DELETE FROM backups WHERE direction = 'out'", &[]).map(drop)
}

/// A page of an export.
pub struct OutPage {
    /// Its lines and the seal.
    pub text: String,
    /// Whether it is the last page.
    pub is_last: bool,
}

/// A page of the copy with this id. `None` if there is no such page or the copy is gone. Reading the last page
/// removes the copy.
///
/// # Errors
/// As [`began_at`].
pub fn page(
    sql: &impl Sql,
    keys: &Keys,
    id: &str,
    number: u32,
    now: UnixSeconds,
) -> Result<Option<OutPage>, SqlError> {
    let Some(copy) = copy(sql, id)?.filter(|copy| number < copy.pages) else { return Ok(None) };
    let is_last = number.saturating_add(1) == copy.pages;
    let mut content = String::new();
    if number == 0 {
        content.push_str(&copy.header.line());
    }
    let statement = "SELECT name, columns, lines FROM backup_out WHERE page = ?1 ORDER BY seq";
    let chunks = all(sql, statement, &[number.into()], |columns| {
        let name = columns.text()?;
        let names = columns.parsed(|text| serde_json::from_str(text))?;
        Ok((Table { name, columns: names }, columns.text()?))
    })?;
    for (table, lines) in chunks {
        content.push_str(&table.line());
        content.push_str(&lines);
        content.push('\n');
    }
    if is_last {
        content.push_str(&end_line(&copy.counts));
        sql.run("DELETE FROM backup_out", &[])?;
    }
    // The row in `backups` stays until the next export is allowed.
    let over_at =
        if is_last { now.max(copy.began_at.plus(APART_SECONDS)) } else { now.plus(KEPT_SECONDS) };
    let statement = "UPDATE backups SET over_at = ?1 WHERE direction = 'out'";
    sql.run(statement, &[over_at.into()])?;
    let text = sealed(keys, &copy.header, number, is_last, content);
    Ok(Some(OutPage { text, is_last }))
}

fn copy(sql: &impl Sql, id: &str) -> Result<Option<Copy>, SqlError> {
    let statement = "SELECT header, pages, counts, began_at FROM backups \
         WHERE direction = 'out' AND id = ?1 AND EXISTS (SELECT 1 FROM backup_out)";
    let found = first(sql, statement, &[id.into()])?;
    let read = |mut columns: Columns| {
        Ok(Copy {
            header: columns.parsed(|text| serde_json::from_str(text))?,
            pages: u32::try_from(columns.count()?).unwrap_or(u32::MAX),
            counts: columns.parsed(|text| serde_json::from_str(text))?,
            began_at: columns.moment()?,
        })
    };
    found.map(read).transpose()
}

/// Packs rows into pages.
struct Packer<'a, S> {
    sql: &'a S,
    page: u32,
    /// The size of the current page, bytes.
    in_page: u64,
    bytes: u64,
}

/// SQL queries for at most `?2` rows after the key `?1`.
struct Source {
    /// Selects `k`, the key, and `size`, the bytes of the values.
    sizes: String,
    /// Selects `line`, a JSON array.
    lines: String,
}

/// Consecutive rows that are copied into one row.
struct Next {
    after: i64,
    last: i64,
    rows: u32,
}

impl<S: Sql> Packer<'_, S> {
    /// Copies all rows of a table and returns their number.
    fn pack(&mut self, table: &str, columns: &[String], condition: &str) -> Result<u64, NoCopy> {
        let source = self.source(table, columns, condition)?;
        let place = [table.into(), to_json(&columns).into()];
        // Row ids begin with 1.
        let (mut after, mut rows) = (0_i64, 0_u64);
        while let Some(next) = self.next(&source, after)? {
            self.write(&source, &place, &next)?;
            after = next.last;
            rows = rows.saturating_add(u64::from(next.rows));
            if self.bytes > BYTES_MAX || self.page >= PAGES_MAX {
                return Err(NoCopy::TooLarge);
            }
        }
        Ok(rows)
    }

    /// The next rows to put together: few enough to fit on a page with all escapes, or a single row.
    fn next(&self, source: &Source, after: i64) -> Result<Option<Next>, SqlError> {
        let statement = format!(
            "SELECT count(*) FILTER (WHERE total <= ?3), max(k) FILTER (WHERE total <= ?3), min(k) \
             FROM (SELECT k, sum(size) OVER (ORDER BY k ROWS UNBOUNDED PRECEDING) AS total \
             FROM ({}))",
            source.sizes
        );
        let parameters = [SqlValue::Int(after), ROWS_TOGETHER.into(), BYTES_TOGETHER.into()];
        let Some(mut found) = first(self.sql, &statement, &parameters)? else { return Ok(None) };
        let rows = u32::try_from(found.count()?).unwrap_or(u32::MAX).max(1);
        let (fits, first) = (found.optional_int()?, found.optional_int()?);
        Ok(fits.or(first).map(|last| Next { after, last, rows }))
    }

    /// Writes rows to the current page or to the next.
    fn write(&mut self, source: &Source, place: &[SqlValue], next: &Next) -> Result<(), SqlError> {
        let statement = format!(
            "INSERT INTO backup_out (page, name, columns, lines) \
             SELECT ?3, ?4, ?5, group_concat(line, char(10)) FROM ({}) \
             RETURNING octet_length(lines) + 1, seq",
            source.lines
        );
        let from = [SqlValue::Int(next.after), next.rows.into(), self.page.into()];
        let parameters: Vec<SqlValue> = from.iter().chain(place).cloned().collect();
        let written = first(self.sql, &statement, &parameters)?;
        let mut written = written.ok_or_else(|| SqlError("rows were not written".to_owned()))?;
        let (bytes, seq) = (written.count()?, SqlValue::Int(written.int()?));
        self.bytes = self.bytes.saturating_add(bytes);
        let in_page = self.in_page.saturating_add(bytes);
        if self.in_page == 0 || in_page <= u64::from(PAGE_BYTES) {
            self.in_page = in_page;
            return Ok(());
        }
        self.page = self.page.saturating_add(1);
        self.in_page = bytes;
        let moved = "UPDATE backup_out SET page = ?1 WHERE seq = ?2";
        self.sql.run(moved, &[self.page.into(), seq]).map(drop)
    }

    fn source(&self, table: &str, columns: &[String], condition: &str) -> Result<Source, SqlError> {
        let statement = "SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?1";
        let found = first(self.sql, statement, &[table.into()])?;
        let has_rowids = found.map_or(Ok(0), |mut columns| columns.int())? == 0;
        let (table, line, size) = (quoted(table), line_of(columns), size_of(columns));
        Ok(if has_rowids {
            let rows =
                format!("FROM {table} WHERE rowid > ?1 AND {condition} ORDER BY rowid LIMIT ?2");
            Source {
                sizes: format!("SELECT rowid AS k, {size} AS size {rows}"),
                lines: format!("SELECT {line} AS line {rows}"),
            }
        } else {
            // A table without row ids is read by offset, in the order of its primary key.
            let rows = format!("FROM {table} WHERE {condition} LIMIT ?2 OFFSET ?1");
            Source {
                sizes: format!(
                    "SELECT ?1 + row_number() OVER () AS k, size FROM (SELECT {size} AS size {rows})"
                ),
                lines: format!("SELECT {line} AS line {rows}"),
            }
        })
    }
}

/// SQL that writes a row as a JSON array.
fn line_of(columns: &[String]) -> String {
    let value = |column: &String| format!("json_quote({})", quoted(column));
    format!("'[' || {} || ']'", joined(columns, value, " || ',' || "))
}

/// SQL for the length of a row's values.
fn size_of(columns: &[String]) -> String {
    joined(columns, |column| format!("coalesce(octet_length({}), 1) + 3", quoted(column)), " + ")
}

/// One expression for all columns. Columns are grouped because Durable Objects limit the depth of an expression to
/// 100.
fn joined(columns: &[String], value: impl Fn(&String) -> String, operator: &str) -> String {
    let groups = columns.chunks(COLUMNS_TOGETHER).map(|group| {
        let values: Vec<String> = group.iter().map(&value).collect();
        format!("({})", values.join(operator))
    });
    groups.collect::<Vec<String>>().join(operator)
}

fn to_json(value: &impl serde::Serialize) -> String {
    // Serialization of texts and numbers cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}
