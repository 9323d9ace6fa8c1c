//! A backup takes the place of what is in the storage. One block: everything or nothing.
//!
//! The tables of now are set aside or dropped. The schema of the backup is made, the rows are written, and the later
//! migrations run, as they would have in the storage that the backup shows. What is set aside is added (`merge.rs`), and the books
//! are audited.

use crate::base::time::UnixSeconds;
use crate::host::backup::format::{Counts, Header};
use crate::host::backup::incoming;
use crate::host::backup::tables::{CARRIED, all_tables, columns_of, listed, quoted};
use crate::ledger::{self, audit, payments};
use crate::ports::storage::{first, migrate_within};
use crate::ports::{Sql, SqlError, SqlValue};

/// What stands before the names of tables that are set aside.
pub(super) const ASIDE: &str = "aside_";
/// Tables of now that are looked at once more ([`super::merge`]).
const SET_ASIDE: &[&str] = &[
    "profile",
    "events",
    "secrets",
    "rsvps",
    "credentials",
    "mail_outbox",
    "mail_events",
    "unpaid",
    "signed_out",
    "outbox",
    "unpublished",
    "used_nonces",
    "sign_in_codes",
    "sign_in_times",
];
/// Why a mail of the backup is not sent.
const MAYBE_SENT: &str = "it was on its way when the backup was made; it may have arrived";

/// Why a backup cannot take the place of the storage.
#[derive(Debug)]
pub enum NoSwap {
    /// It holds what it should not; for our log.
    Damaged(String),
    /// Its books do not agree with themselves; which rules, for our log.
    Audit(Vec<String>),
    /// Storage.
    Storage(SqlError),
}

impl From<SqlError> for NoSwap {
    fn from(error: SqlError) -> Self {
        Self::Storage(error)
    }
}

/// What this storage has that cannot be given up, in words for its host; `None` if there is nothing. That is so for an empty
/// storage, and for one that was rebuilt from KV and has sold nothing since.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn holds(sql: &impl Sql) -> Result<Option<&'static str>, SqlError> {
    for (what, table, condition) in [
        ("payments", "payments", "NOT (state IN ('refused', 'failed') AND tx_hash IS NULL)"),
        (
            "sales",
            "ledger",
            "entry IN ('settled', 'delivered', 'reversed') AND note IS NOT 'carried over'",
        ),
        ("sales of secrets", "retrievals", "TRUE"),
        ("tickets at its desk", "tickets", "TRUE"),
        ("articles in its knowledge base", "kb_articles", "TRUE"),
    ] {
        let statement = format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE {condition})");
        let found = first(sql, &statement, &[])?.map_or(Ok(0), |mut columns| columns.int())?;
        if found == 1 {
            return Ok(Some(what));
        }
    }
    Ok(None)
}

/// Puts the rows that have come in the place of the storage, in a block of the caller's. Afterwards the tables of
/// [`SET_ASIDE`] are still there, until [`drop_aside`].
///
/// # Errors
/// [`NoSwap`]; the caller's block must end with it.
pub(super) fn swap(
    sql: &impl Sql,
    header: &Header,
    counts: &Counts,
    now: UnixSeconds,
) -> Result<(), NoSwap> {
    let staged = set_aside(sql)?;
    let schema = usize::try_from(header.schema).unwrap_or(usize::MAX);
    let of_then = ledger::MIGRATIONS.get(..schema);
    let of_then = of_then.ok_or_else(|| NoSwap::Damaged("its schema is unknown".to_owned()))?;
    migrate_within(sql, of_then, now)?;
    write_rows(sql, &staged, counts)?;
    migrate_within(sql, ledger::MIGRATIONS, now)?;
    // The index of the knowledge base is made before the next search.
    sql.run("UPDATE kb_articles SET terms = 0", &[])?;
    let mails = "UPDATE mail_outbox SET state = 'unknown', reason = ?1, updated_at = ?2 \
         WHERE state IN ('queued', 'sending')";
    sql.run(mails, &[MAYBE_SENT.into(), now.into()])?;
    // Whose seat or money a transaction is would otherwise be looked for in all of an event's.
    sql.run("CREATE INDEX aside_by_hash ON ledger (tx_hash, event_id, entry)", &[])?;
    Ok(payments::take_over(sql, now)?)
}

/// Whether the books agree with themselves. `at` is when they were copied: what was open then is not late now.
pub(super) fn check_books(sql: &impl Sql, at: UnixSeconds) -> Result<(), NoSwap> {
    let faults = audit::audit_at(sql, at)?;
    if faults.is_empty() { Ok(()) } else { Err(NoSwap::Audit(faults)) }
}

/// Removes what was set aside.
pub(super) fn drop_aside(sql: &impl Sql) -> Result<(), SqlError> {
    sql.run("DROP INDEX aside_by_hash", &[])?;
    for table in all_tables(sql)?.iter().filter(|table| table.starts_with(ASIDE)) {
        sql.run(&format!("DROP TABLE {}", quoted(table)), &[])?;
    }
    Ok(())
}

/// Empties the storage but for what is set aside; gives the name of the table that holds the backup.
fn set_aside(sql: &impl Sql) -> Result<String, SqlError> {
    for table in SET_ASIDE {
        sql.run(&format!("CREATE TABLE {ASIDE}{table} AS SELECT * FROM {table}"), &[])?;
    }
    let staged = format!("{ASIDE}backup_in");
    sql.run(&format!("ALTER TABLE backup_in RENAME TO {staged}"), &[])?;
    for table in all_tables(sql)?.iter().filter(|table| !table.starts_with(ASIDE)) {
        // Parts of an index go with it. The ledger's triggers go with their table, and do not stop that.
        sql.run(&format!("DROP TABLE IF EXISTS {}", quoted(table)), &[])?;
    }
    Ok(staged)
}

/// SQLite reads the text of the rows, as it has written it: none passes through our memory.
fn write_rows(sql: &impl Sql, staged: &str, counts: &Counts) -> Result<(), NoSwap> {
    let mut written = Counts::new();
    for chunk in incoming::chunks(sql, staged)? {
        let known = columns_of(sql, &chunk.name)?;
        let is_carried = CARRIED.iter().any(|(name, _)| *name == chunk.name);
        if !is_carried || known != chunk.columns {
            let what = format!("its table {} is not one of its schema", chunk.name);
            return Err(NoSwap::Damaged(what));
        }
        let values: Vec<String> = (0..chunk.columns.len())
            .map(|column| format!("json_extract(value, '$[{column}]')"))
            .collect();
        let statement = format!(
            "INSERT INTO {} ({}) SELECT {} FROM {staged}, \
             json_each('[' || replace(lines, char(10), ',') || ']') WHERE seq = ?1",
            quoted(&chunk.name),
            listed(&chunk.columns),
            values.join(", ")
        );
        sql.run(&statement, &[SqlValue::Int(chunk.seq)])?;
        let rows = first(sql, "SELECT changes()", &[])?.map_or(Ok(0), |mut row| row.count())?;
        let sum = written.entry(chunk.name).or_insert(0_u64);
        *sum = sum.saturating_add(rows);
    }
    let is_whole = counts.iter().all(|(name, rows)| written.get(name).unwrap_or(&0) == rows);
    if is_whole { Ok(()) } else { Err(NoSwap::Damaged("rows are missing".to_owned())) }
}
