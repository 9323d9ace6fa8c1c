//! Checks of the fields that callers send. Each error names the field and the remedy.

use serde::{Deserialize, Deserializer};
use serde_json::{Number, Value};

use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;

/// A field that is refused, and what to send instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {remedy}")]
pub struct InvalidField {
    /// The field's name on the wire.
    pub field: &'static str,
    /// What the value must be.
    pub remedy: String,
}

/// Whether JSON Schema counts the number as an integer. It counts 2.0 (Core, 4.2.3; Validation, 6.1.1).
#[must_use]
pub fn is_integer(number: &Number) -> bool {
    number.is_i64() || number.is_u64() || whole(number).is_some()
}

/// The same value with every integral number such as 2.0 written as an integer.
#[must_use]
pub fn with_integers(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(whole(&number).map_or(number, Number::from)),
        Value::Array(items) => Value::Array(items.into_iter().map(with_integers).collect()),
        Value::Object(members) => Value::Object(
            members.into_iter().map(|(name, value)| (name, with_integers(value))).collect(),
        ),
        other @ (Value::Null | Value::Bool(_) | Value::String(_)) => other,
    }
}

/// The integer that a number such as 2.0 stands for.
fn whole(number: &Number) -> Option<i64> {
    if number.is_f64() { number.to_string().strip_suffix(".0")?.parse().ok() } else { None }
}

/// The highest price that a host may set: $100,000.
pub const PRICE_MAX: Usdc = match Usdc::from_atomic(100_000_000_000) {
    Ok(price) => price,
    Err(_) => Usdc::MAX,
};

/// The most seats an event may have.
pub const CAPACITY_MAX: u32 = 1_000_000;

/// Reads an RFC 3339 moment.
///
/// # Errors
/// [`InvalidField`] names `field`.
pub fn moment(field: &'static str, text: &str) -> Result<UnixSeconds, InvalidField> {
    UnixSeconds::from_rfc3339(text).map_err(|error| bad(field, error))
}

/// Reads an RFC 3339 moment that must be after `now`.
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

/// Reads a price in dollars: more than 0 and at most [`PRICE_MAX`].
///
/// # Errors
/// [`InvalidField`] names `price`.
pub fn price(dollars: &str) -> Result<Usdc, InvalidField> {
    let price = Usdc::from_dollars(dollars).map_err(|error| bad("price", error))?;
    if price.is_zero() || price > PRICE_MAX {
        return Err(bad("price", "must be more than 0 and at most 100000 dollars"));
    }
    Ok(price)
}

/// Reads a price in dollars: 0 for what is free, and at most [`PRICE_MAX`].
///
/// # Errors
/// [`InvalidField`] names `price`.
pub fn price_or_free(dollars: &str) -> Result<Usdc, InvalidField> {
    let read = Usdc::from_dollars(dollars).map_err(|error| bad("price", error))?;
    if read.is_zero() { Ok(read) } else { price(dollars) }
}

/// Reads text of any number of lines. Text without visible characters becomes empty.
///
/// # Errors
/// [`InvalidField`] names `field`.
pub fn text(field: &'static str, value: &str, chars_max: usize) -> Result<String, InvalidField> {
    if crate::base::text::is_blank(value) {
        return Ok(String::new());
    }
    let value = value.trim();
    if value.chars().count() > chars_max {
        return Err(bad(field, format!("must have at most {chars_max} characters")));
    }
    if value.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(bad(field, "must not contain control characters"));
    }
    Ok(value.to_owned())
}

/// Reads text of one line.
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

/// Reads an optional line. Empty text and text without visible characters become `None`.
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

/// Deserializes a field of a change, so that `null` (remove the value) differs from a missing field (keep it).
///
/// # Errors
/// If the value is neither `null` nor what the field takes.
pub fn null_or<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_number_that_is_whole_and_fits_becomes_an_integer() {
        for (sent, expected) in [
            ("2.0", json!(2)),
            ("-3.0", json!(-3)),
            ("[{\"a\": 2e0}]", json!([{"a": 2}])),
            ("2.5", json!(2.5)),
            ("1e300", json!(1e300)),
            ("18446744073709551615", json!(u64::MAX)),
            ("\"2.0\"", json!("2.0")),
            ("null", json!(null)),
        ] {
            let value = serde_json::from_str(sent).unwrap();
            assert_eq!(with_integers(value), expected, "{sent}");
        }
        let number = |text: &str| serde_json::from_str::<Number>(text).unwrap();
        assert!(is_integer(&number("1.0")) && is_integer(&number("7")));
        assert!(!is_integer(&number("1.5")) && !is_integer(&number("1e300")));
    }
}
