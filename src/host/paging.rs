//! Pages of the lists that tools answer with: `limit` and `cursor` in, `nextCursor` out.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::fields;
use crate::outcome::Failure;

const PAGE_DEFAULT: u32 = 50;

/// The page that a caller asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page {
    /// How many entries it passes over.
    pub(super) offset: u32,
    limit: u32,
}

impl Page {
    /// # Errors
    /// The field that is wrong, and what it must be.
    pub(super) fn read(limit: Option<u32>, cursor: Option<&str>) -> Result<Self, Failure> {
        let limit = limit.unwrap_or(PAGE_DEFAULT);
        if !(1..=fields::PAGE_MAX).contains(&limit) {
            return Err(fields::bad("limit", "must be from 1 to 100").into());
        }
        let offset = cursor.map_or(Some(0), read_cursor).ok_or_else(|| {
            let remedy = "must be the nextCursor of the page before; leave it out to begin";
            fields::bad("cursor", remedy)
        })?;
        Ok(Self { offset, limit })
    }

    /// How many entries to look for: one more than it shows, which tells whether a page follows.
    pub(super) const fn wanted(self) -> u32 {
        self.limit.saturating_add(1)
    }

    /// The members of the answer, the entries under `name`.
    pub(super) fn answer<T, V: Serialize>(
        self,
        name: &str,
        found: &[T],
        view: impl Fn(&T) -> V,
    ) -> Map<String, Value> {
        let shown = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let entries: Vec<V> = found.iter().take(shown).map(view).collect();
        let mut members = Map::from_iter([(name.to_owned(), json!(entries))]);
        if found.len() > shown {
            let next = format!("o{}", self.offset.saturating_add(self.limit));
            members.insert("nextCursor".to_owned(), next.into());
        }
        members
    }
}

/// `o` and the number of entries to pass over.
fn read_cursor(text: &str) -> Option<u32> {
    text.strip_prefix('o').filter(|digits| digits.len() < 8)?.parse().ok()
}
