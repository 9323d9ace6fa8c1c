//! The list of tickets, and what is looked for in it: words in all texts of a ticket, its number, its status.

use std::fmt::Write as _;

use crate::base::fields::{InvalidField, bad};
use crate::base::id::TicketId;
use crate::base::terms;
use crate::ports::paging::{Found, KeyKind, Order, Page, Query};
use crate::ports::storage::{Columns, all};
use crate::ports::{Sql, SqlError, SqlValue};
use crate::products::desk::Ticket;
use crate::products::desk::input::{ListTickets, TicketFilter};
use crate::products::desk::tickets::{COLUMNS, ticket};

/// The longest search, characters.
const QUERY_CHARS_MAX: usize = 200;
/// Tickets that are indexed in one transaction.
const AT_ONCE: u32 = 20;
/// Transactions of one search. What is left is indexed by the next one.
const ROUNDS: u32 = 25;
/// Entries of a ticket that are indexed, the newest.
const ENTRIES: u32 = 200;
/// The longest text of a ticket that is indexed, characters.
const TEXT_CHARS_MAX: usize = 60_000;

/// Tickets: open ones first, then those that sleep, then by urgency, then newest first.
pub static MOST_URGENT_FIRST: Order = Order {
    list: "tickets",
    keys: &[
        (
            "CASE WHEN status = 'resolved' THEN 2 WHEN snoozed_until IS NOT NULL THEN 1 ELSE 0 END",
            KeyKind::Int,
        ),
        (
            "CASE priority WHEN 'urgent' THEN 0 WHEN 'high' THEN 1 WHEN 'normal' THEN 2 ELSE 3 END",
            KeyKind::Int,
        ),
        ("-number", KeyKind::Int),
    ],
};

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The query of the index; `None`: all tickets.
    words: Option<String>,
    number: Option<u32>,
    status: Option<TicketFilter>,
}

impl Wanted {
    /// Reads what a caller looks for.
    ///
    /// # Errors
    /// [`InvalidField`] for `query`.
    pub fn read(asked: &ListTickets) -> Result<Self, InvalidField> {
        let query = asked.query.as_deref().unwrap_or_default().trim();
        if query.chars().count() > QUERY_CHARS_MAX {
            return Err(bad("query", "must have at most 200 characters"));
        }
        let number = query.strip_prefix('#').unwrap_or(query).parse().ok();
        let words = (!query.is_empty()).then(|| terms::query_all(query));
        Ok(Self { words, number, status: asked.status })
    }

    fn condition(&self) -> (String, Vec<SqlValue>) {
        let mut condition = "merged_into IS NULL".to_owned();
        condition.push_str(match self.status {
            None => "",
            Some(TicketFilter::Open) => " AND status = 'open' AND snoozed_until IS NULL",
            Some(TicketFilter::Snoozed) => " AND status = 'open' AND snoozed_until IS NOT NULL",
            Some(TicketFilter::Resolved) => " AND status = 'resolved'",
        });
        let Some(words) = &self.words else { return (condition, Vec::new()) };
        let number = SqlValue::Int(self.number.map_or(-1, i64::from));
        if words.is_empty() {
            condition.push_str(" AND number = ?1");
            return (condition, vec![number]);
        }
        condition.push_str(
            " AND (number = ?1 OR number IN (SELECT rowid FROM ticket_text WHERE ticket_text MATCH ?2))",
        );
        (condition, vec![number, words.as_str().into()])
    }
}

/// A page of the tickets that are wanted, in the order [`MOST_URGENT_FIRST`], and whether all tickets were looked through.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses; the same for every function here.
pub fn list(
    sql: &impl Sql,
    page: &Page,
    wanted: &Wanted,
) -> Result<(Found<Ticket>, bool), SqlError> {
    let is_whole = wanted.words.is_none() || catch_up(sql)?;
    let (condition, parameters) = wanted.condition();
    let query = Query {
        columns: COLUMNS,
        table: "tickets",
        condition: &condition,
        parameters: &parameters,
    };
    Ok((page.find(sql, query, ticket)?, is_whole))
}

/// Indexes tickets whose text has changed, the newest first. `false` if some are left.
fn catch_up(sql: &impl Sql) -> Result<bool, SqlError> {
    let statement = "SELECT id, number, concat_ws(char(10), subject, body, email, category, tags, assignee) \
         FROM tickets WHERE terms < ?1 AND merged_into IS NULL ORDER BY number DESC LIMIT ?2";
    for _ in 0..ROUNDS {
        let read = |columns: &mut Columns| {
            Ok((columns.parsed(TicketId::parse)?, columns.int()?, columns.text()?))
        };
        let old = all(sql, statement, &[terms::VERSION.into(), AT_ONCE.into()], read)?;
        if old.is_empty() {
            return Ok(true);
        }
        sql.atomically(|| {
            old.iter().try_for_each(|(id, number, text)| index(sql, id, *number, text))
        })?;
    }
    Ok(false)
}

fn index(sql: &impl Sql, id: &TicketId, number: i64, text: &str) -> Result<(), SqlError> {
    let newest = "SELECT text FROM ticket_entries WHERE ticket_id = ?1 ORDER BY seq DESC LIMIT ?2";
    let entries = all(sql, newest, &[id.as_str().into(), ENTRIES.into()], Columns::text)?;
    let mut whole = text.to_owned();
    for entry in entries {
        if whole.len() >= TEXT_CHARS_MAX {
            break;
        }
        let _ = write!(whole, "\n{entry}");
    }
    let whole: String = whole.chars().take(TEXT_CHARS_MAX).collect();
    sql.run("DELETE FROM ticket_text WHERE rowid = ?1", &[SqlValue::Int(number)])?;
    let statement = "INSERT INTO ticket_text (rowid, text) VALUES (?1, ?2)";
    sql.run(statement, &[SqlValue::Int(number), terms::index(&whole).into()])?;
    let statement = "UPDATE tickets SET terms = ?2 WHERE id = ?1";
    sql.run(statement, &[id.as_str().into(), terms::VERSION.into()]).map(drop)
}
