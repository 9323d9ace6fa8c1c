//! The tables in a backup, and the reason for each that is not. A test compares both lists with the schema.

use crate::ports::storage::{Columns, all};
use crate::ports::{Sql, SqlError};

/// The tables in a backup, with the SQL condition of their rows.
pub const CARRIED: &[(&str, &str)] = &[
    ("profile", "TRUE"),
    ("events", "TRUE"),
    ("secrets", "TRUE"),
    ("kept_values", "TRUE"),
    ("payments", "TRUE"),
    ("ledger", "TRUE"),
    ("rsvps", "TRUE"),
    ("label_seats", "TRUE"),
    ("pictures", "TRUE"),
    ("entrance", "TRUE"),
    ("cancelled_seats", "TRUE"),
    ("given_seats", "TRUE"),
    ("given_codes", "TRUE"),
    ("waitlist", "TRUE"),
    ("refunds", "TRUE"),
    ("news", "TRUE"),
    ("reminders", "TRUE"),
    ("unsubscribed", "TRUE"),
    ("prices", "TRUE"),
    ("retrievals", "TRUE"),
    ("wallets", "TRUE"),
    ("holders", "TRUE"),
    ("unpaid", "TRUE"),
    ("kb_articles", "TRUE"),
    ("tickets", "TRUE"),
    ("ticket_entries", "TRUE"),
    ("drafts", "TRUE"),
    ("desk", "TRUE"),
    ("credentials", "TRUE"),
    // A mail with a sign-in code contains the code.
    ("mail_outbox", "kind <> 'code'"),
    ("mail_events", "TRUE"),
    ("mail_in", "TRUE"),
    ("signed_out", "TRUE"),
    // Records that KV did not have yet. A restore does not send them (`merge.rs`).
    ("outbox", "TRUE"),
    ("unpublished", "TRUE"),
];

/// The tables that are not in a backup, with the reason.
pub const LEFT_OUT: &[(&str, &str)] = &[
    (
        "migrations",
        "the header has the number of the schema, and a restored storage is migrated anew",
    ),
    ("used_nonces", "sign-ins of minutes; those of the storage that is replaced stay"),
    ("sign_in_codes", "codes of minutes; those of the storage that is replaced stay"),
    ("sign_in_times", "counts of one day; those of the storage that is replaced stay"),
    ("free_seats", "counts of one day"),
    ("promo_guesses", "counts of one hour"),
    ("news_to", "who waits for a mail: it may have left since, and nobody is written to twice"),
    ("free_calls", "counts of one day"),
    ("restoring", "while a host is restored there is nothing to export"),
    ("restoring_records", "as restoring"),
    ("backups", "the backup itself"),
    ("backup_out", "the backup itself"),
    ("backup_in", "the backup itself"),
    ("listing", "what the marketplace was told; it is told anew"),
    ("kb_text", "the index of kb_articles; what is not in it is indexed before the next search"),
    ("kb_text_config", "part of kb_text"),
    ("kb_text_content", "part of kb_text"),
    ("kb_text_data", "part of kb_text"),
    ("kb_text_docsize", "part of kb_text"),
    ("kb_text_idx", "part of kb_text"),
    ("ticket_text", "the index of tickets; what is not in it is indexed before the next search"),
    ("ticket_text_config", "part of ticket_text"),
    ("ticket_text_content", "part of ticket_text"),
    ("ticket_text_data", "part of ticket_text"),
    ("ticket_text_docsize", "part of ticket_text"),
    ("ticket_text_idx", "part of ticket_text"),
];

/// The names of all tables except those of SQLite and of the platform.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; so for every function here.
pub fn all_tables(sql: &impl Sql) -> Result<Vec<String>, SqlError> {
    let statement = "SELECT name FROM sqlite_master WHERE type = 'table' \
         AND name NOT GLOB 'sqlite_*' AND name NOT GLOB '_cf_*' ORDER BY name";
    all(sql, statement, &[], Columns::text)
}

/// The columns of a table; empty if it does not exist.
///
/// # Errors
/// As [`all_tables`].
pub fn columns_of(sql: &impl Sql, table: &str) -> Result<Vec<String>, SqlError> {
    all(sql, "SELECT name FROM pragma_table_info(?1) ORDER BY cid", &[table.into()], Columns::text)
}

/// A quoted SQL identifier.
#[must_use]
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quoted SQL identifiers, separated by commas.
#[must_use]
pub fn listed(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    names.join(", ")
}
