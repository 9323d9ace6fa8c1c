//! Finds hosts, events and tools.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::fields::InvalidField;
use crate::base::money::Usdc;
use crate::base::terms;
use crate::base::time::UnixSeconds;
use crate::ports::paging::{Found, KeyKind, Order, Page, Query};
use crate::ports::storage::Columns;
use crate::ports::{Sql, SqlError, SqlValue};

/// The longest text that is searched for, characters.
pub const TEXT_CHARS_MAX: usize = 200;

static HOSTS: Order = Order {
    list: "market-hosts",
    keys: &[
        ("-hosts.has_sold", KeyKind::Int),
        ("hosts.name", KeyKind::Text),
        ("hosts.scope", KeyKind::Text),
    ],
};
static EVENTS: Order = Order {
    list: "market-events",
    keys: &[("events.starts_at", KeyKind::Int), ("events.number", KeyKind::Int)],
};
static TOOLS: Order = Order {
    list: "market-tools",
    keys: &[("-tools.has_sold", KeyKind::Int), ("tools.number", KeyKind::Int)],
};

/// Which part of a list is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// A search for hosts: all that are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostsAsk {
    pub part: Part,
}

/// A search for events to come. `None` asks for all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventsAsk {
    /// Words of title, place and host; all of them.
    pub text: Option<String>,
    /// Words of the place.
    pub place: Option<String>,
    pub from: Option<UnixSeconds>,
    pub to: Option<UnixSeconds>,
    /// The highest price of a seat in the smallest unit of USDC.
    pub price_max: Option<i64>,
    pub part: Part,
}

/// A search for tools. `None` asks for all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolsAsk {
    /// Words of title, description and host; all of them.
    pub text: Option<String>,
    /// The highest price of a call, in the smallest unit of USDC: tools that sell something for that or less.
    pub price_max: Option<i64>,
    pub part: Part,
}

/// The conditions of a search, and their parameters. What was not asked for is not in the statement, so that SQLite can begin
/// with the rows that have a rare word.
struct Given(String, Vec<SqlValue>);

impl Given {
    /// Adds a condition around a value, if there is one.
    fn and(&mut self, before: &str, value: Option<SqlValue>, after: &str) {
        let Some(value) = value else { return };
        let Self(condition, parameters) = self;
        parameters.push(value);
        condition.push_str(&format!(" AND {before}?{}{after}", parameters.len()));
    }
}

/// What the marketplace answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// Whether what a host told is listed.
    Told(bool),
    /// Entries, and the cursor of the next page; for [`Ask::Resources`](crate::market::Ask), how many there are in all.
    Found(Vec<Value>, Option<String>),
    /// The caller's field, and what is wrong with it.
    Invalid(String),
}

/// A page of the hosts: those that were paid first, by name.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn hosts(sql: &impl Sql, asked: &HostsAsk, now: UnixSeconds) -> Result<Answer, SqlError> {
    let page = match page(&HOSTS, &asked.part, now) {
        Ok(page) => page,
        Err(field) => return Ok(Answer::Invalid(field.to_string())),
    };
    let query = Query {
        columns: "hosts.scope, hosts.name, hosts.about, \
             (SELECT count(*) FROM events WHERE events.scope = hosts.scope AND ends_at > ?1), hosts.updated_at",
        table: "hosts",
        condition: "TRUE",
        parameters: &[page.began().into()],
    };
    let read = |columns: &mut Columns| {
        Ok(json!({
            "scope": columns.text()?,
            "name": columns.text()?,
            "about": columns.text()?,
            "events": columns.count()?,
            "updatedAt": columns.moment()?.to_string(),
        }))
    };
    page.find(sql, query, read).map(found)
}

/// A page of the events, the next ones first.
///
/// # Errors
/// As [`hosts`].
pub fn events(sql: &impl Sql, asked: &EventsAsk, now: UnixSeconds) -> Result<Answer, SqlError> {
    let page = match page(&EVENTS, &asked.part, now) {
        Ok(page) => page,
        Err(field) => return Ok(Answer::Invalid(field.to_string())),
    };
    let words = [
        asked.text.as_deref().map(terms::query_of_all),
        asked.place.as_deref().map(|place| in_column("place", place)),
    ];
    let words: Vec<String> =
        words.into_iter().flatten().filter(|words| !words.is_empty()).collect();
    let words = (!words.is_empty()).then(|| words.join(" AND "));
    let mut given = Given("events.ends_at > ?1".to_owned(), vec![page.began().into()]);
    given.and("events.starts_at >= ", asked.from.map(SqlValue::from), "");
    given.and("events.starts_at < ", asked.to.map(SqlValue::from), "");
    given.and("events.price <= ", asked.price_max.map(SqlValue::Int), "");
    let matching = "events.number IN (SELECT rowid FROM event_words WHERE event_words MATCH ";
    given.and(matching, words.map(SqlValue::from), ")");
    let query = Query {
        columns: "events.view, hosts.scope, hosts.name",
        table: "events JOIN hosts ON hosts.scope = events.scope",
        condition: &given.0,
        parameters: &given.1,
    };
    let read = |columns: &mut Columns| {
        let view = columns.text()?;
        let mut view: Value = serde_json::from_str(&view).map_err(|e| SqlError(e.to_string()))?;
        let host = json!({"scope": columns.text()?, "name": columns.text()?});
        if let Some(members) = view.as_object_mut() {
            members.insert("host".to_owned(), host);
        }
        Ok(view)
    };
    page.find(sql, query, read).map(found)
}

/// A page of the tools, those of hosts that were paid first.
///
/// # Errors
/// As [`hosts`].
pub fn tools(sql: &impl Sql, asked: &ToolsAsk, now: UnixSeconds) -> Result<Answer, SqlError> {
    let page = match page(&TOOLS, &asked.part, now) {
        Ok(page) => page,
        Err(field) => return Ok(Answer::Invalid(field.to_string())),
    };
    let words = asked.text.as_deref().map(terms::query_of_all).filter(|words| !words.is_empty());
    let mut given = Given("TRUE".to_owned(), Vec::new());
    given.and("tools.price_min <= ", asked.price_max.map(SqlValue::Int), "");
    let matching = "tools.number IN (SELECT rowid FROM tool_words WHERE tool_words MATCH ";
    given.and(matching, words.map(SqlValue::from), ")");
    let query = Query {
        columns: "tools.name, tools.title, tools.description, tools.price_min, tools.price_max, tools.price_words, tools.example, hosts.scope, hosts.name",
        table: "tools JOIN hosts ON hosts.scope = tools.scope",
        condition: &given.0,
        parameters: &given.1,
    };
    page.find(sql, query, tool).map(found)
}

fn tool(columns: &mut Columns) -> Result<Value, SqlError> {
    let (name, title, description) = (columns.text()?, columns.text()?, columns.text()?);
    let prices = (columns.optional_int()?, columns.optional_int()?);
    let words = columns.optional_text()?;
    let example = columns.optional_text()?;
    let example: Option<Value> = example.and_then(|text| serde_json::from_str(&text).ok());
    let host = json!({"scope": columns.text()?, "name": columns.text()?});
    let (min, max) = (prices.0.map(dollars), prices.1.map(dollars));
    let price = match (&min, &max) {
        (Some(min), Some(max)) if min == max => Some(min.clone()),
        _ => words,
    };
    Ok(json!({
        "name": name,
        "title": title,
        "description": description,
        "price": price,
        "priceMin": min,
        "priceMax": max,
        "example": example,
        "host": host,
    }))
}

fn dollars(atomic: i64) -> String {
    let price = Usdc::from_atomic(atomic.unsigned_abs());
    price.map_or_else(|_| atomic.to_string(), |price| price.to_string())
}

/// Words that have to be in one column of the index.
fn in_column(column: &str, text: &str) -> String {
    let words = terms::query_of_all(text);
    if words.is_empty() { words } else { format!("{{{column}}} : ({words})") }
}

fn page(order: &'static Order, part: &Part, now: UnixSeconds) -> Result<Page, InvalidField> {
    Page::read(order, part.limit, part.cursor.as_deref(), now)
}

fn found(found: Found<Value>) -> Answer {
    Answer::Found(found.entries, found.next_cursor)
}
