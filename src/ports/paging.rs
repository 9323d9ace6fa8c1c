//! Keyset pagination. A cursor holds the sort keys of the last row of a page; the next page starts after them. Inserted
//! and deleted rows do not shift pages. A row whose sort keys change during the reading may be shown twice or skipped.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::base::fields::{self, InvalidField};
use crate::base::time::UnixSeconds;
use crate::ports::storage::Columns;
use crate::ports::{Sql, SqlError, SqlValue};

/// Entries of a page if the caller sends no `limit`.
const PAGE_DEFAULT: u32 = 50;
/// The highest `limit` of a caller.
pub const PAGE_MAX: u32 = 100;
/// The longest accepted cursor, bytes. Ours have about 120.
const CURSOR_BYTES_MAX: usize = 512;
/// The largest exact integer of JavaScript, 2^53 - 1. The storage passes integers as JavaScript numbers.
const INT_MAX: i64 = 9_007_199_254_740_991;

/// The sort order of a list. Keys ascend; a descending key is negated. All keys together identify one row.
#[derive(Debug)]
pub struct Order {
    /// The name of the list in its cursors. A list refuses the cursors of other lists.
    pub list: &'static str,
    /// SQL expressions and their types, the most significant first.
    pub keys: &'static [(&'static str, KeyKind)],
}

/// The type of a sort key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    Int,
    Text,
}

/// The page that a caller asked for.
#[derive(Clone, Debug)]
pub struct Page {
    order: &'static Order,
    limit: u32,
    began: UnixSeconds,
    after: Option<Vec<Key>>,
}

/// The query of a list: `SELECT columns FROM table WHERE condition`.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// The columns that the row reader expects.
    pub columns: &'a str,
    /// A table or a join.
    pub table: &'a str,
    /// Selects the rows of the list.
    pub condition: &'a str,
    /// The parameters of columns, condition and sort keys, `?1` first.
    pub parameters: &'a [SqlValue],
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<T> {
    /// At most `limit` entries.
    pub entries: Vec<T>,
    /// The cursor of the next page, if there is one.
    pub next_cursor: Option<String>,
}

/// A decoded cursor: the list, when the reading began (Unix seconds), the keys of the last row.
#[derive(Serialize, Deserialize)]
struct Cursor(String, i64, Vec<Key>);

/// The value of a sort key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Key {
    Int(i64),
    Text(String),
}

impl Page {
    /// The page after `cursor`, or the first page, with the caller's `limit`.
    ///
    /// # Errors
    /// [`InvalidField`] for `limit` or `cursor`.
    pub fn read(
        order: &'static Order,
        limit: Option<u32>,
        cursor: Option<&str>,
        now: UnixSeconds,
    ) -> Result<Self, InvalidField> {
        let limit = limit.unwrap_or(PAGE_DEFAULT);
        if !(1..=PAGE_MAX).contains(&limit) {
            return Err(fields::bad("limit", "must be from 1 to 100"));
        }
        Self::of(order, limit, cursor, now)
    }

    /// The page after `cursor`, or the first page, with a limit that the server chooses.
    ///
    /// # Errors
    /// [`InvalidField`] for `cursor`.
    pub fn of(
        order: &'static Order,
        limit: u32,
        cursor: Option<&str>,
        now: UnixSeconds,
    ) -> Result<Self, InvalidField> {
        let first = Self { order, limit, began: now, after: None };
        let Some(text) = cursor else { return Ok(first) };
        let Cursor(_, began, keys) = decode(order, text).ok_or_else(not_ours)?;
        Ok(Self { began: UnixSeconds::new(began).min(now), after: Some(keys), ..first })
    }

    /// When the first page of this reading was read. Sort keys that depend on the time must use this moment, so that they
    /// are the same on every page.
    #[must_use]
    pub const fn began(&self) -> UnixSeconds {
        self.began
    }

    /// Reads the page from storage.
    ///
    /// # Errors
    /// [`SqlError`] if SQLite or `read` refuses.
    pub fn find<T>(
        &self,
        sql: &impl Sql,
        query: Query<'_>,
        read: impl Fn(&mut Columns) -> Result<T, SqlError>,
    ) -> Result<Found<T>, SqlError> {
        let keys: Vec<&str> = self.order.keys.iter().map(|(key, _)| *key).collect();
        let keys = keys.join(", ");
        let mut parameters = query.parameters.to_vec();
        let mut parameter = |value: SqlValue| {
            parameters.push(value);
            format!("?{}", parameters.len())
        };
        let after = match &self.after {
            None => String::new(),
            Some(after) => {
                let after: Vec<String> = after.iter().map(|key| parameter(key.into())).collect();
                format!(" AND ({keys}) > ({})", after.join(", "))
            }
        };
        // One row more than the limit tells whether a page follows.
        let limit = parameter(self.limit.saturating_add(1).into());
        let Query { columns, table, condition, .. } = query;
        let statement = format!(
            "SELECT {columns}, {keys} FROM {table} WHERE ({condition}){after} ORDER BY {keys} LIMIT {limit}"
        );
        let rows = sql.run(&statement, &parameters)?;
        let shown = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > shown;
        let mut found = Found { entries: Vec::new(), next_cursor: None };
        let mut last = None;
        for row in rows.into_iter().take(shown) {
            let mut columns = Columns::new(row);
            found.entries.push(read(&mut columns)?);
            last = Some(columns);
        }
        if let (true, Some(mut columns)) = (has_more, last) {
            found.next_cursor = Some(self.cursor_at(&mut columns)?);
        }
        Ok(found)
    }

    fn cursor_at(&self, columns: &mut Columns) -> Result<String, SqlError> {
        let key = |(_, kind): &(&str, KeyKind)| match kind {
            KeyKind::Int => columns.int().map(Key::Int),
            KeyKind::Text => columns.text().map(Key::Text),
        };
        let keys = self.order.keys.iter().map(key).collect::<Result<_, _>>()?;
        Ok(encode(&Cursor(self.order.list.to_owned(), self.began.get(), keys)))
    }
}

impl<T> Found<T> {
    /// Converts the entries and keeps the cursor.
    #[must_use]
    pub fn map<V>(self, view: impl FnMut(T) -> V) -> Found<V> {
        let entries = self.entries.into_iter().map(view).collect();
        Found { entries, next_cursor: self.next_cursor }
    }
}

impl<T: Serialize> Found<T> {
    /// The members of a tool's answer: the entries under `name`, and `nextCursor` if a page follows.
    #[must_use]
    pub fn answer(self, name: &str) -> Map<String, Value> {
        let mut members = Map::from_iter([(name.to_owned(), json!(self.entries))]);
        if let Some(next) = self.next_cursor {
            members.insert("nextCursor".to_owned(), next.into());
        }
        members
    }
}

impl From<&Key> for SqlValue {
    fn from(key: &Key) -> Self {
        match key {
            Key::Int(number) => Self::Int(*number),
            Key::Text(text) => Self::Text(text.clone()),
        }
    }
}

/// The cursor of a list that no single storage has: of these keys, in the order of `order`.
#[must_use]
pub fn cursor_of(order: &Order, keys: Vec<Key>) -> String {
    encode(&Cursor(order.list.to_owned(), 0, keys))
}

/// The keys in a caller's cursor of such a list.
///
/// # Errors
/// [`InvalidField`] for `cursor`.
pub fn keys_of(order: &Order, cursor: &str) -> Result<Vec<Key>, InvalidField> {
    decode(order, cursor).map(|Cursor(_, _, keys)| keys).ok_or_else(not_ours)
}

fn not_ours() -> InvalidField {
    let remedy =
        "must be the nextCursor of the page before, of the same list; leave it out to begin";
    fields::bad("cursor", remedy)
}

fn encode(cursor: &Cursor) -> String {
    URL_SAFE_NO_PAD.encode(json!(cursor).to_string())
}

/// `None` if the text is not a cursor of this list.
fn decode(order: &Order, text: &str) -> Option<Cursor> {
    if text.len() > CURSOR_BYTES_MAX {
        return None;
    }
    let cursor: Cursor = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let Cursor(list, began, keys) = &cursor;
    let is_safe = |number: i64| (-INT_MAX..=INT_MAX).contains(&number);
    let fits = |(key, (_, kind)): (&Key, &(&str, KeyKind))| match key {
        Key::Int(number) => *kind == KeyKind::Int && is_safe(*number),
        Key::Text(_) => *kind == KeyKind::Text,
    };
    let is_ours = list == order.list
        && is_safe(*began)
        && keys.len() == order.keys.len()
        && keys.iter().zip(order.keys).all(fits);
    // Only the canonical encoding is accepted.
    (is_ours && encode(&cursor) == text).then_some(cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: Order =
        Order { list: "things", keys: &[("-at", KeyKind::Int), ("id", KeyKind::Text)] };
    static THINGS: Order = ORDER;

    #[test]
    fn a_cursor_is_one_that_this_list_made() {
        let now = UnixSeconds::new(1_000);
        let at = |text: &str| Page::read(&THINGS, None, Some(text), now);
        let raw = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let good = raw(r#"["things",900,[-5,"a"]]"#);
        let page = at(&good).unwrap();
        assert_eq!(page.began(), UnixSeconds::new(900));
        assert_eq!(page.after, Some(vec![Key::Int(-5), Key::Text("a".to_owned())]));
        let from_tomorrow = at(&raw(r#"["things",9000,[-5,"a"]]"#)).unwrap();
        assert_eq!(from_tomorrow.began(), now, "no reading began in the future");
        let long = raw(&format!(r#"["things",900,[-5,"{}"]]"#, "a".repeat(500)));
        for bad in [
            String::new(),
            "o50".to_owned(),
            "bzE".to_owned(),
            format!("{good}="),
            raw(r#"["others",900,[-5,"a"]]"#),
            raw(r#"["things",900,[-5]]"#),
            raw(r#"["things",900,["a",-5]]"#),
            raw(r#"["things", 900,[-5,"a"]]"#),
            raw(r#"["things",900,[-5.0,"a"]]"#),
            raw(r#"["things",900,[9007199254740992,"a"]]"#),
            raw(r#"["things",900,[null,"a"]]"#),
            long,
        ] {
            let error = at(&bad).unwrap_err();
            assert_eq!(error.field, "cursor", "{bad}");
        }
        for limit in [0, 101] {
            let error = Page::read(&THINGS, Some(limit), None, now).unwrap_err();
            assert_eq!(error.field, "limit");
        }
    }
}
