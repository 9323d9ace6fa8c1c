//! The format of a backup: lines of JSON (NDJSON), in pages.
//!
//! ```text
//! {"backup":{"format":"events-concierge-backup","version":1,"scope":…,"schema":17,"exportedAt":…,"id":"bak_…"}}
//! {"table":{"name":"events","columns":["id","title",…]}}
//! ["evt_…","Rust meetup",…]
//! {"seal":{"page":0,"last":false,"mac":"…"}}
//! …
//! {"end":{"events":3,…}}
//! {"seal":{"page":7,"last":true,"mac":"…"}}
//! ```
//!
//! Each page ends with a seal: an HMAC over its lines, its number, whether it is the last page, the backup's id and
//! the host's scope. A page that was changed, moved, left out or made for another host is therefore refused.

use std::collections::BTreeMap;

use alloy_primitives::hex;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::base::id::{BackupId, ScopeId};
use crate::base::time::UnixSeconds;
use crate::identity::keys::Keys;

/// The name of the format, in the first line.
pub const FORMAT: &str = "events-concierge-backup";
/// The version of the format.
pub const VERSION: u32 = 1;
/// Bytes of rows on one page. A longer row has a page to itself.
pub const PAGE_BYTES: u32 = 250_000;
/// The longest page that a restore accepts, bytes.
pub const PAGE_BYTES_MAX: usize = 2_000_000;
/// The most pages of a backup.
pub const PAGES_MAX: u32 = 20_000;
/// The most bytes of rows in a backup.
pub const BYTES_MAX: u64 = 512 * 1024 * 1024;

/// The number of rows by table.
pub type Counts = BTreeMap<String, u64>;

/// The first line of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// Always [`FORMAT`], which tells a backup from other files.
    pub format: String,
    /// [`VERSION`] of the program that wrote it.
    pub version: u32,
    pub scope: ScopeId,
    /// The schema version of the rows.
    pub schema: u32,
    /// When the rows were copied.
    pub exported_at: UnixSeconds,
    pub id: BackupId,
}

/// The line before the rows of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    pub name: String,
    /// The columns, in the order of the values.
    pub columns: Vec<String>,
}

/// The last line of a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// The page number, from 0.
    pub page: u32,
    /// Whether this is the last page.
    pub last: bool,
    mac: String,
}

/// A line that is not a row.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Line {
    Backup(Header),
    Table(Table),
    End(Counts),
    Seal(Seal),
}

/// Rows of one table, one per line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk<'a> {
    pub table: Table,
    /// The rows, without the final line break.
    pub lines: &'a str,
}

/// A parsed page. [`Page::is_ours`] verifies its seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<'a> {
    content: &'a str,
    pub seal: Seal,
    /// On the first page only.
    pub header: Option<Header>,
    pub chunks: Vec<Chunk<'a>>,
    /// On the last page only: the rows of the whole backup by table.
    pub end: Option<Counts>,
}

/// The text is not a page of a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no page of a backup: {0}")]
pub struct NoPage(&'static str);

impl Header {
    /// The first line of a backup.
    #[must_use]
    pub fn line(&self) -> String {
        line(&Line::Backup(self.clone()))
    }
}

impl Table {
    /// The line that precedes rows of this table.
    #[must_use]
    pub fn line(&self) -> String {
        line(&Line::Table(self.clone()))
    }
}

/// The line before the last page's seal.
#[must_use]
pub fn end_line(counts: &Counts) -> String {
    line(&Line::End(counts.clone()))
}

/// A page: its lines and the seal.
#[must_use]
pub fn sealed(keys: &Keys, header: &Header, page: u32, last: bool, content: String) -> String {
    let mac = hex::encode(mac(keys, &header.scope, &header.id, page, last, &content));
    let mut text = content;
    text.push_str(&line(&Line::Seal(Seal { page, last, mac })));
    text
}

fn line(line: &Line) -> String {
    // Serialization of texts and numbers cannot fail.
    let mut text = serde_json::to_string(line).unwrap_or_default();
    text.push('\n');
    text
}

fn mac(
    keys: &Keys,
    scope: &ScopeId,
    id: &BackupId,
    page: u32,
    last: bool,
    content: &str,
) -> [u8; 32] {
    let head = format!("{FORMAT}/{VERSION}\n{scope}\n{id}\n{page}\n{last}\n");
    keys.sign_backup(&[head.as_bytes(), content.as_bytes()])
}

impl<'a> Page<'a> {
    /// Parses a page. The seal is not verified.
    ///
    /// # Errors
    /// [`NoPage`] says what is wrong with the text.
    pub fn read(text: &'a str) -> Result<Self, NoPage> {
        let body = text.trim_end_matches(['\r', '\n']);
        let start = body.rfind('\n').map_or(0, |at| at.saturating_add(1));
        let (content, seal) = body.split_at_checked(start).ok_or(NoPage("it has no seal"))?;
        let Ok(Line::Seal(seal)) = serde_json::from_str(seal) else {
            return Err(NoPage("its last line is no seal"));
        };
        let mut page = Self { content, seal, header: None, chunks: Vec::new(), end: None };
        let (mut at, mut table, mut rows_from) = (0_usize, None::<Table>, 0_usize);
        for line in content.split_inclusive('\n') {
            let next = at.saturating_add(line.len());
            if !line.starts_with('[') {
                page.add_rows(table.take(), rows_from, at)?;
                match serde_json::from_str(line).map_err(|_| NoPage("a line cannot be read"))? {
                    Line::Backup(header) => page.header = Some(header),
                    Line::Table(named) => table = Some(named),
                    Line::End(counts) => page.end = Some(counts),
                    Line::Seal(_) => return Err(NoPage("it has two seals")),
                }
                rows_from = next;
            }
            at = next;
        }
        page.add_rows(table, rows_from, at)?;
        Ok(page)
    }

    fn add_rows(&mut self, table: Option<Table>, from: usize, to: usize) -> Result<(), NoPage> {
        let lines = self.content.get(from..to).unwrap_or_default().trim_end_matches('\n');
        match table {
            Some(table) if !lines.is_empty() => self.chunks.push(Chunk { table, lines }),
            None if !lines.is_empty() => return Err(NoPage("rows belong to no table")),
            Some(_) | None => {}
        }
        Ok(())
    }

    /// Whether this deployment wrote this page, for this backup of this host.
    #[must_use]
    pub fn is_ours(&self, keys: &Keys, scope: &ScopeId, id: &BackupId) -> bool {
        let Seal { page, last, mac: given } = &self.seal;
        let ours = mac(keys, scope, id, *page, *last, self.content);
        let given = hex::decode(given).unwrap_or_default();
        bool::from(given.as_slice().ct_eq(&ours))
    }

    /// The length of its lines, bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        u64::try_from(self.content.len()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::master_key::MasterKey;

    const SCOPE: &str = "0123456789abcdef0123456789abcdef";
    const ID: &str = "bak_0123456789abcdef01234567";

    fn keys(digit: &str) -> Keys {
        Keys::derive(&MasterKey::parse(&digit.repeat(64)).unwrap())
    }

    fn header() -> Header {
        Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            scope: ScopeId::parse(SCOPE).unwrap(),
            schema: 3,
            exported_at: UnixSeconds::new(1_795_262_400),
            id: BackupId::parse(ID).unwrap(),
        }
    }

    fn page() -> String {
        let table = Table { name: "events".to_owned(), columns: vec!["id".to_owned()] };
        let end = end_line(&Counts::from([("events".to_owned(), 2)]));
        let content = format!("{}{}[\"a\\nb\"]\n[\"c\"]\n{end}", header().line(), table.line());
        sealed(&keys("1"), &header(), 0, true, content)
    }

    #[test]
    fn a_page_is_read_as_it_was_written() {
        let text = page();
        let page = Page::read(&text).unwrap();
        assert_eq!(page.header, Some(header()));
        assert_eq!(page.chunks.len(), 1);
        assert_eq!(page.chunks[0].lines, "[\"a\\nb\"]\n[\"c\"]");
        assert_eq!(page.end, Some(Counts::from([("events".to_owned(), 2)])));
        assert!(page.is_ours(&keys("1"), &header().scope, &header().id));
    }

    #[test]
    fn nothing_of_a_page_can_be_changed() {
        let text = page();
        let is_ours = |text: &str, key: &str, scope: &str, id: &str| {
            let (scope, id) = (ScopeId::parse(scope).unwrap(), BackupId::parse(id).unwrap());
            Page::read(text).is_ok_and(|page| page.is_ours(&keys(key), &scope, &id))
        };
        assert!(is_ours(&text, "1", SCOPE, ID));
        assert!(!is_ours(&text, "2", SCOPE, ID), "another key");
        assert!(!is_ours(&text, "1", &"f".repeat(32), ID), "another host");
        assert!(!is_ours(&text, "1", SCOPE, &ID.replace("4567", "4568")), "another backup");
        for (from, to) in [
            ("\"c\"", "\"d\""),
            ("\"page\":0", "\"page\":1"),
            ("\"last\":true", "\"last\":false"),
            ("\"schema\":3", "\"schema\":4"),
            ("\"events\":2", "\"events\":1"),
            ("[\"c\"]\n", ""),
        ] {
            assert!(text.contains(from), "{from}");
            assert!(!is_ours(&text.replace(from, to), "1", SCOPE, ID), "{from}");
        }
    }

    #[test]
    fn what_is_no_page_is_refused() {
        for text in
            ["", "{}", "[1]", "x\n[1]", "[1]\n{\"seal\":{\"page\":0,\"last\":true,\"mac\":\"\"}}"]
        {
            assert!(Page::read(text).is_err(), "{text}");
        }
    }
}
