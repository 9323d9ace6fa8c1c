//! USDC as an integer. Money never passes through a float.

#![deny(clippy::arithmetic_side_effects)]

use std::fmt;

use alloy_primitives::U256;
use alloy_primitives::utils::{ParseUnits, format_units, parse_units};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An amount of USDC in its smallest unit (1 USDC = 1,000,000).
///
/// At most [`Usdc::MAX`], so that every value fits the integers of a Durable Object's SQLite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usdc(u64);

/// Why text or a number is not an amount of USDC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a plain decimal number.
    #[error("must be a decimal number of dollars such as \"0.05\"")]
    NotDecimal,
    /// More than six digits after the point.
    #[error("must have at most 6 digits after the point")]
    TooPrecise,
    /// More than [`Usdc::MAX`], 2^53 - 1 atomic units.
    #[error("is larger than this service handles")]
    TooLarge,
}

impl Usdc {
    /// Digits after the decimal point.
    pub const DECIMALS: u8 = 6;
    /// 2^53 - 1: the largest integer that a Durable Object's SQLite stores (workers-rs `sql.rs`).
    pub const MAX: Self = Self(9_007_199_254_740_991);
    pub const ZERO: Self = Self(0);

    /// From the smallest unit.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`] above [`Usdc::MAX`].
    pub const fn from_atomic(atomic: u64) -> Result<Self, MoneyError> {
        if atomic > Self::MAX.0 { Err(MoneyError::TooLarge) } else { Ok(Self(atomic)) }
    }

    /// From cents, for constant prices in the source.
    #[must_use]
    pub const fn from_cents(cents: u16) -> Self {
        // A u16 of cents times 10,000 is far below MAX. `as` is the only conversion in a const fn.
        #[expect(clippy::as_conversions, reason = "widening u16 to u64 cannot lose anything")]
        Self((cents as u64).saturating_mul(10_000))
    }

    /// From dollars in decimal notation: `"0.05"`, `"12"`.
    ///
    /// # Errors
    /// [`MoneyError`] if the text is not a decimal number, too precise or too large.
    pub fn from_dollars(text: &str) -> Result<Self, MoneyError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || text.ends_with('.') {
            return Err(MoneyError::NotDecimal);
        }
        if whole.len() > 16 {
            return Err(MoneyError::TooLarge);
        }
        if fraction.len() > usize::from(Self::DECIMALS) {
            return Err(MoneyError::TooPrecise);
        }
        let units = parse_units(text, Self::DECIMALS).map_err(|_| MoneyError::NotDecimal)?;
        u64::try_from(units.get_absolute())
            .map_err(|_| MoneyError::TooLarge)
            .and_then(Self::from_atomic)
    }

    /// The amount in the smallest unit.
    #[must_use]
    pub const fn atomic(self) -> u64 {
        self.0
    }

    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The amount as the 256-bit integer that token contracts use, in the smallest unit.
    #[must_use]
    pub fn to_u256(self) -> U256 {
        U256::from(self.0)
    }

    /// The sum, or `None` above [`Usdc::MAX`].
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).and_then(|sum| Self::from_atomic(sum).ok())
    }

    /// The price of `count` at this price each, or `None` above [`Usdc::MAX`].
    #[must_use]
    pub fn checked_mul(self, count: u32) -> Option<Self> {
        self.0.checked_mul(u64::from(count)).and_then(|product| Self::from_atomic(product).ok())
    }

    /// So many percent of it, at most all, rounded down to the smallest unit.
    #[must_use]
    pub fn percent(self, percent: u8) -> Self {
        // At most 2^53 times 100, which is far below 2^64.
        Self(self.0.saturating_mul(u64::from(percent.min(100))) / 100)
    }

    /// The difference, or `None` if it would be negative.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }
}

/// Dollars with at least two digits after the point: `0.05`, `12.00`, `0.123456`.
impl fmt::Display for Usdc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format_units(ParseUnits::U256(self.to_u256()), Self::DECIMALS)
            .map_err(|_| fmt::Error)?;
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let kept = fraction.trim_end_matches('0');
        write!(f, "{whole}.{kept:0<2}")
    }
}

/// JSON holds an amount as a decimal string in the smallest unit.
impl Serialize for Usdc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Usdc {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let atomic = text.parse().map_err(|_| serde::de::Error::custom("not an amount"))?;
        Self::from_atomic(atomic).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_and_smallest_units_are_the_same_money() {
        for (text, atomic, shown) in [
            ("0.05", 50_000, "0.05"),
            ("12", 12_000_000, "12.00"),
            ("0.123456", 123_456, "0.123456"),
        ] {
            let money = Usdc::from_dollars(text).unwrap();
            assert_eq!(money.atomic(), atomic);
            assert_eq!(money.to_string(), shown);
        }
    }

    #[test]
    fn text_that_is_not_an_amount_is_refused() {
        for (text, error) in [
            ("", MoneyError::NotDecimal),
            (".5", MoneyError::NotDecimal),
            ("1.", MoneyError::NotDecimal),
            ("-1", MoneyError::NotDecimal),
            ("1e3", MoneyError::NotDecimal),
            ("0x10", MoneyError::NotDecimal),
            ("1,5", MoneyError::NotDecimal),
            ("0.1234567", MoneyError::TooPrecise),
            ("9007199255", MoneyError::TooLarge),
            ("99999999999999999999999999", MoneyError::TooLarge),
        ] {
            assert_eq!(Usdc::from_dollars(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_sum_above_the_limit_is_none() {
        assert_eq!(Usdc::MAX.checked_add(Usdc(1)), None);
        assert_eq!(Usdc(1).checked_add(Usdc(2)), Some(Usdc(3)));
    }
}
