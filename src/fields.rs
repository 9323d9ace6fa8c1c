//! What callers may write into fields, whatever the door: each check names the field and the remedy.

use serde::{Deserialize, Deserializer};

use crate::money::Usdc;
use crate::time::UnixSeconds;

/// A field that cannot be accepted, and what to send instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {remedy}")]
pub struct InvalidField {
    /// The field's name as the caller wrote it.
    pub field: &'static str,
    /// What it must be.
    pub remedy: String,
}

/// The longest page of a list.
pub const PAGE_MAX: u32 = 100;
/// The most that anything costs here: $100,000.
pub const PRICE_MAX: Usdc = match Usdc::from_atomic(100_000_000_000) {
    Ok(price) => price,
    Err(_) => Usdc::MAX,
};

/// A moment from a caller.
///
/// # Errors
/// [`InvalidField`] for `field`.
pub fn moment(field: &'static str, text: &str) -> Result<UnixSeconds, InvalidField> {
    UnixSeconds::from_rfc3339(text).map_err(|error| bad(field, error))
}

/// A moment from a caller that is still to come.
///
/// # Errors
/// As [`moment`].
pub fn future(
    field: &'static str,
    text: &str,
    now: UnixSeconds,
) -> Result<UnixSeconds, InvalidField> {
    let end = moment(field, text)?;
    if end <= now {
        return Err(bad(field, "lies in the past; send a moment in the future"));
    }
    Ok(end)
}

/// An error about `field`.
#[must_use]
pub fn bad(field: &'static str, remedy: impl ToString) -> InvalidField {
    InvalidField { field, remedy: remedy.to_string() }
}

/// A price in dollars.
///
/// # Errors
/// [`InvalidField`] for `price`.
pub fn price(dollars: &str) -> Result<Usdc, InvalidField> {
    let price = Usdc::from_dollars(dollars).map_err(|error| bad("price", error))?;
    if price.is_zero() || price > PRICE_MAX {
        return Err(bad("price", "must be more than 0 and at most 100000 dollars"));
    }
    Ok(price)
}

/// Text of any number of lines.
///
/// # Errors
/// [`InvalidField`] for `field`; so for the ones that follow.
pub fn text(field: &'static str, value: &str, chars_max: usize) -> Result<String, InvalidField> {
    let value = value.trim();
    if value.chars().count() > chars_max {
        return Err(bad(field, format!("must have at most {chars_max} characters")));
    }
    if value.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(bad(field, "must not contain control characters"));
    }
    Ok(value.to_owned())
}

/// One line.
///
/// # Errors
/// As [`text`].
pub fn line(
    field: &'static str,
    value: &str,
    chars_min: usize,
    chars_max: usize,
) -> Result<String, InvalidField> {
    let value = text(field, value, chars_max)?;
    if value.chars().count() < chars_min {
        return Err(bad(field, "must not be empty"));
    }
    if value.contains(['\n', '\r']) {
        return Err(bad(field, "must be one line"));
    }
    Ok(value)
}

/// One line, or none; an empty one is none.
///
/// # Errors
/// As [`text`].
pub fn optional_line(
    field: &'static str,
    value: Option<&str>,
    chars_max: usize,
) -> Result<Option<String>, InvalidField> {
    let value = value.map(|value| line(field, value, 0, chars_max)).transpose()?;
    Ok(value.filter(|value| !value.is_empty()))
}

/// Whether mail could be sent there, as far as its form tells.
#[must_use]
pub fn looks_like_email(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else { return false };
    !name.is_empty() && host.contains('.') && !text.contains(char::is_whitespace)
}

/// Of a change: `null`, which takes something away, is told from what is left out.
///
/// # Errors
/// Whatever is neither text nor `null`.
pub fn null_or<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}
