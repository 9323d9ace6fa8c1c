//! The rows of what a host offers. A host tells everything that it offers whenever something changes; only that is written.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::id::ScopeId;
use crate::base::terms;
use crate::market::listing::{ListedEvent, ListedTool, Listing};
use crate::ports::storage::first;
use crate::ports::{Sql, SqlError, SqlValue};

/// A table of offers, and the index of their words.
struct Table {
    name: &'static str,
    words: &'static str,
    /// What tells the offers of a host apart.
    key: &'static str,
    columns: &'static [&'static str],
    indexed: &'static [&'static str],
}

static EVENTS: Table = Table {
    name: "events",
    words: "event_words",
    key: "id",
    columns: &["starts_at", "ends_at", "price", "view"],
    indexed: &["title", "place", "host"],
};

static TOOLS: Table = Table {
    name: "tools",
    words: "tool_words",
    key: "name",
    columns: &[
        "has_sold",
        "title",
        "description",
        "price_min",
        "price_max",
        "price_words",
        "example",
        "example_price",
    ],
    indexed: &["title", "description", "host"],
};

/// An offer: its key, the values of `columns`, and those of `indexed`.
struct Offer(String, Vec<SqlValue>, Vec<SqlValue>);

/// Keeps what a host offers now.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub(super) fn keep(sql: &impl Sql, told: &Listing) -> Result<(), SqlError> {
    let host = terms::index(&told.name);
    let events = told.events.iter().map(|told| event(told, &host)).collect();
    EVENTS.keep(sql, &told.scope, events)?;
    let tools = told.tools.iter().map(|one| tool(one, told.has_sold, &host)).collect();
    TOOLS.keep(sql, &told.scope, tools)
}

/// Forgets what a host offers.
///
/// # Errors
/// As [`keep`].
pub(super) fn forget(sql: &impl Sql, scope: &ScopeId) -> Result<(), SqlError> {
    [&EVENTS, &TOOLS].into_iter().try_for_each(|table| table.keep(sql, scope, Vec::new()))
}

fn event(event: &ListedEvent, host: &str) -> Offer {
    let values = vec![
        event.starts_at.into(),
        event.ends_at.into(),
        event.price.into(),
        event.view.to_string().into(),
    ];
    let words = [&event.title, &event.place].map(|text| terms::index(text).into());
    Offer(event.id.to_string(), values, words.into_iter().chain([host.into()]).collect())
}

fn tool(tool: &ListedTool, has_sold: bool, host: &str) -> Offer {
    let example = tool.example.as_ref();
    let values = vec![
        u32::from(has_sold).into(),
        tool.title.as_str().into(),
        tool.description.as_str().into(),
        tool.prices.map_or(SqlValue::Null, |(min, _)| min.into()),
        tool.prices.map_or(SqlValue::Null, |(_, max)| max.into()),
        tool.price_words.as_deref().into(),
        example.map_or(SqlValue::Null, |it| it.arguments.to_string().into()),
        example.map_or(SqlValue::Null, |it| it.price.into()),
    ];
    let words = [&tool.title, &tool.description].map(|text| terms::index(text).into());
    Offer(tool.name.clone(), values, words.into_iter().chain([host.into()]).collect())
}

impl Table {
    fn keep(&self, sql: &impl Sql, scope: &ScopeId, told: Vec<Offer>) -> Result<(), SqlError> {
        let mut known = self.known(sql, scope)?;
        let mut seen = BTreeSet::new();
        for Offer(key, values, words) in told {
            if !seen.insert(key.clone()) {
                continue;
            }
            let number = match known.remove(&key) {
                Some((_, stored)) if stored.iter().eq(values.iter().chain(&words)) => continue,
                // It keeps its number, by which pages are read.
                Some((number, _)) => {
                    self.remove(sql, number)?;
                    SqlValue::Int(number)
                }
                None => SqlValue::Null,
            };
            let row = [number, scope.as_str().into(), key.into()].into_iter().chain(values);
            self.insert(sql, row.collect(), words)?;
        }
        known.into_values().try_for_each(|(number, _)| self.remove(sql, number))
    }

    /// The offers of a host by their keys: the number of each, and its values and words.
    fn known(
        &self,
        sql: &impl Sql,
        scope: &ScopeId,
    ) -> Result<BTreeMap<String, (i64, Vec<SqlValue>)>, SqlError> {
        let Self { name, words, key, columns, indexed } = self;
        let columns = columns.iter().map(|column| format!("o.{column}"));
        let indexed = indexed.iter().map(|column| format!("w.{column}"));
        let values: Vec<String> = columns.chain(indexed).collect();
        let statement = format!(
            "SELECT o.number, o.{key}, {} FROM {name} AS o JOIN {words} AS w ON w.rowid = o.number WHERE o.scope = ?1",
            values.join(", ")
        );
        let mut known = BTreeMap::new();
        for row in sql.run(&statement, &[scope.as_str().into()])? {
            let mut row = row.into_iter();
            let (Some(SqlValue::Int(number)), Some(SqlValue::Text(key))) = (row.next(), row.next())
            else {
                return Err(SqlError("an offer without a number or a name".to_owned()));
            };
            known.insert(key, (number, row.collect()));
        }
        Ok(known)
    }

    fn insert(
        &self,
        sql: &impl Sql,
        row: Vec<SqlValue>,
        words: Vec<SqlValue>,
    ) -> Result<(), SqlError> {
        let Self { name, key, columns, indexed, .. } = self;
        let columns = columns.join(", ");
        let statement = format!(
            "INSERT INTO {name} (number, scope, {key}, {columns}) VALUES ({}) RETURNING number",
            parameters(row.len())
        );
        let number = first(sql, &statement, &row)?;
        let number = number.map_or(Ok(SqlValue::Null), |mut it| it.int().map(SqlValue::Int))?;
        let row: Vec<SqlValue> = [number].into_iter().chain(words).collect();
        let statement = format!(
            "INSERT INTO {} (rowid, {}) VALUES ({})",
            self.words,
            indexed.join(", "),
            parameters(row.len())
        );
        sql.run(&statement, &row).map(drop)
    }

    fn remove(&self, sql: &impl Sql, number: i64) -> Result<(), SqlError> {
        for (table, column) in [(self.words, "rowid"), (self.name, "number")] {
            let statement = format!("DELETE FROM {table} WHERE {column} = ?1");
            sql.run(&statement, &[SqlValue::Int(number)])?;
        }
        Ok(())
    }
}

/// The places of so many values in a statement: `?1, ?2, …`
fn parameters(count: usize) -> String {
    (1..=count).map(|number| format!("?{number}")).collect::<Vec<_>>().join(", ")
}
