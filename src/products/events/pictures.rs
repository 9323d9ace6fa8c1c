//! Pictures that a host uploads: one for each of its events, and one of itself.

use crate::base::id::EventId;
use crate::ports::storage::first;
use crate::ports::{Sql, SqlError};

/// Stands in storage for the host itself.
pub(super) const HOST: &str = "host";

/// A picture that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Where the gateway serves it.
    pub path: String,
    /// What it shows, in words; may be empty.
    pub alt: String,
}

impl Picture {
    /// Reads what the storage says of a picture: the path, a space, and the words.
    #[must_use]
    pub fn of_row(text: &str) -> Self {
        let (path, alt) = text.split_once(' ').unwrap_or((text, ""));
        Self { path: path.to_owned(), alt: alt.to_owned() }
    }

    /// Whether link previews show it. Some read no WebP.
    #[must_use]
    pub fn is_for_previews(&self) -> bool {
        !self.path.ends_with(".webp")
    }
}

/// The host's own picture.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn of_host(sql: &impl Sql) -> Result<Option<Picture>, SqlError> {
    let statement = "SELECT path || ' ' || alt FROM pictures WHERE item = ?1";
    let row = first(sql, statement, &[HOST.into()])?;
    row.map_or(Ok(None), |mut columns| Ok(Some(Picture::of_row(&columns.text()?))))
}

/// Deletes the picture of an event or of the host, in the caller's transaction.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn forget(sql: &impl Sql, item: Option<&EventId>) -> Result<(), SqlError> {
    let key = item.map_or(HOST, EventId::as_str);
    sql.run("DELETE FROM pictures WHERE item = ?1", &[key.into()]).map(drop)
}
