//! Replaces the storage with a backup, in one transaction.
//!
//! The current tables are set aside or dropped. The schema of the backup is created, its rows are written, and later
//! migrations run. Then newer data from the set-aside tables is merged (`merge.rs`), and the books are audited.

use crate::base::time::UnixSeconds;
use crate::host::backup::format::{Counts, Header};
use crate::host::backup::incoming;
use crate::host::backup::tables::{CARRIED, all_tables, columns_of, listed, quoted};
use crate::ledger::{self, audit, payments};
use crate::ports::storage::{first, migrate_within};
use crate::ports::{Sql, SqlError, SqlValue};

/// The prefix of set-aside tables.
pub(super) const ASIDE: &str = "aside_";
/// Current tables that [`super::merge`] reads.
const SET_ASIDE: &[&str] = &[
    "profile",
    "events",
    "secrets",
    "rsvps",
    "pictures",
    "entrance",
    "credentials",
    "mail_outbox",
    "mail_events",
    "unpaid",
    "given_seats",
    "given_codes",
    "waitlist",
    "news",
    "reminders",
    "unsubscribed",
    "signed_out",
    "outbox",
    "unpublished",
    "holders",
    "used_nonces",
    "sign_in_codes",
    "sign_in_times",
];
/// The reason stored with a mail of the backup that is not sent.
const MAYBE_SENT: &str = "it was on its way when the backup was made; it may have arrived";

/// A backup cannot replace the storage.
#[derive(Debug)]
pub enum NoSwap {
    /// Its content is invalid. The text is for our log.
    Damaged(String),
    /// Its books break these audit rules. The texts are for our log.
    Audit(Vec<String>),
    Storage(SqlError),
}

impl From<SqlError> for NoSwap {
    fn from(error: SqlError) -> Self {
        Self::Storage(error)
    }
}

/// What would be lost if this storage were replaced, as a text for its host. `None` for an empty storage, and for one
/// that was rebuilt from KV and has sold nothing since.
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
        ("refunds", "refunds", "state IN ('paying', 'paid')"),
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

/// Replaces the storage with the uploaded rows, in the caller's transaction. The tables of [`SET_ASIDE`] stay until
/// [`drop_aside`].
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
    // The next search rebuilds the indexes of the knowledge base and of the tickets.
    sql.run("UPDATE kb_articles SET terms = 0", &[])?;
    sql.run("UPDATE tickets SET terms = 0", &[])?;
    let mails = "UPDATE mail_outbox SET state = 'unknown', reason = ?1, updated_at = ?2 \
         WHERE state IN ('queued', 'sending')";
    sql.run(mails, &[MAYBE_SENT.into(), now.into()])?;
    // Without this index the merge would search all ledger rows of an event for each transaction.
    sql.run("CREATE INDEX aside_by_hash ON ledger (tx_hash, event_id, entry)", &[])?;
    Ok(payments::take_over(sql, now)?)
}

/// Audits the books as of `at`, when they were copied: a payment that was open then is not overdue now.
pub(super) fn check_books(sql: &impl Sql, at: UnixSeconds) -> Result<(), NoSwap> {
    let faults = audit::audit_at(sql, at)?;
    if faults.is_empty() { Ok(()) } else { Err(NoSwap::Audit(faults)) }
}

/// Drops the set-aside tables.
pub(super) fn drop_aside(sql: &impl Sql) -> Result<(), SqlError> {
    sql.run("DROP INDEX aside_by_hash", &[])?;
    for table in all_tables(sql)?.iter().filter(|table| table.starts_with(ASIDE)) {
        sql.run(&format!("DROP TABLE {}", quoted(table)), &[])?;
    }
    Ok(())
}

/// Empties the storage except for the set-aside tables, and returns the name of the table with the uploaded rows.
fn set_aside(sql: &impl Sql) -> Result<String, SqlError> {
    for table in SET_ASIDE {
        sql.run(&format!("CREATE TABLE {ASIDE}{table} AS SELECT * FROM {table}"), &[])?;
    }
    let staged = format!("{ASIDE}backup_in");
    sql.run(&format!("ALTER TABLE backup_in RENAME TO {staged}"), &[])?;
    for table in all_tables(sql)?.iter().filter(|table| !table.starts_with(ASIDE)) {
        // Dropping an index drops its shadow tables too. The ledger's triggers do not prevent dropping their table.
        sql.run(&format!("DROP TABLE IF EXISTS {}", quoted(table)), &[])?;
    }
    Ok(staged)
}

/// SQLite parses the rows' text itself, so rows never pass through the Worker's memory.
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
