//! A price limit in the user's words: `if it costs less than $0.10`.
//!
//! A condition must be understood completely, or it cannot be kept. Any other condition is refused as a whole.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::money::Usdc;
use crate::chat::text::{Token, tokens};

/// The highest price that the user accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ceiling {
    amount: Usdc,
    /// Whether the price must be less than the amount, not equal to it.
    is_strict: bool,
}

/// A condition that was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotUnderstood;

/// Words that begin a condition.
const OPENERS: &[&str] = &[
    "if", "unless", "provided", "when", "while", "only", "as", "for", "under", "below", "less",
    "cheaper", "max", "maximum", "at", "up", "no", "not", "within", "but", "and", "so", "except",
];

/// Words beside amount and comparison that have no meaning.
const FILLERS: &[&str] = &[
    "if", "it", "its", "is", "the", "a", "an", "for", "price", "cost", "costs", "costing", "that",
    "only", "as", "long", "provided", "when", "seat", "ticket", "per", "one", "please", "of",
    "dollar", "dollars", "usd", "usdc", "buck", "bucks", "but", "and", "pay", "spend", "to", "me",
];

const STRICT: &[&str] = &["less than", "under", "below", "cheaper than", "lower than", "<"];
const INCLUSIVE: &[&str] = &[
    "at most",
    "no more than",
    "not more than",
    "dont go over",
    "dont go above",
    "dont pay more than",
    "dont spend more than",
    "do not pay more than",
    "do not spend more than",
    "up to",
    "or less",
    "max",
    "maximum",
    "within",
    "not over",
    "nothing over",
    "nothing above",
    "nothing more expensive than",
    "not above",
    "<=",
    "≤",
];
const ABOVE: &[&str] = &["more than", "over", "above", "exceeds", "dearer than", ">"];

impl Ceiling {
    pub(super) const FREE: Self = Self { amount: Usdc::ZERO, is_strict: false };

    /// At most this amount.
    pub(super) const fn up_to(amount: Usdc) -> Self {
        Self { amount, is_strict: false }
    }

    /// Whether `price` is within the limit.
    #[must_use]
    pub fn allows(self, price: Usdc) -> bool {
        price <= self.max()
    }

    /// The highest price within the limit.
    #[must_use]
    pub fn max(self) -> Usdc {
        if !self.is_strict {
            return self.amount;
        }
        let least = Usdc::from_atomic(1).unwrap_or(Usdc::ZERO);
        self.amount.checked_sub(least).unwrap_or(Usdc::ZERO)
    }
}

impl fmt::Display for Ceiling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = if self.is_strict { "less than" } else { "at most" };
        write!(f, "{words} ${}", self.amount)
    }
}

/// Every split of a text into a command and a condition: first the whole text without a condition, then the longest
/// condition.
pub(super) fn divisions(text: &str) -> Vec<(&str, Option<&str>)> {
    let mut found = vec![(text, None)];
    for token in tokens(text) {
        let is_opener =
            OPENERS.contains(&token.word().as_str()) || token.raw.starts_with(['<', '≤']);
        if is_opener && let Some((before, condition)) = text.split_at_checked(token.at) {
            found.push((before.trim(), Some(condition)));
        }
    }
    found
}

/// Whether the words after an opener make something depend on something: not `for my team` and `at noon`.
pub(super) fn is_condition(condition: &str) -> bool {
    let opener = tokens(condition).first().map(Token::word).unwrap_or_default();
    let is_weak = matches!(opener.as_str(), "for" | "and" | "so" | "at" | "as");
    !is_weak || condition.contains(|c: char| c.is_ascii_digit())
}

/// Parses a condition, such as `if it is under $1`. All of its words must be understood.
pub(super) fn read(condition: &str) -> Result<Ceiling, NotUnderstood> {
    let spaced = condition.replace("<=", " <= ").replace('≤', " ≤ ");
    let spaced = if spaced.contains("<=") { spaced } else { spaced.replace('<', " < ") };
    let mut amounts = Vec::new();
    let mut rest: Vec<String> = Vec::new();
    let parts = tokens(&spaced);
    let mut parts = parts.iter().peekable();
    while let Some(token) = parts.next() {
        let unit = parts.peek().map(|next| next.word());
        match amount(token, unit.as_deref()) {
            Some(found) => {
                if found.takes_unit {
                    parts.next();
                }
                amounts.push(found.amount);
            }
            None if token.word().is_empty() => rest.push(token.raw.to_owned()),
            None => rest.push(token.word()),
        }
    }
    let [amount] = amounts.as_slice() else { return Err(NotUnderstood) };
    let is_strict = comparison(rest)?;
    Ok(Ceiling { amount: *amount, is_strict })
}

/// Parses an amount: `$0.10`, `1 dollar`, `10 cents`.
pub(super) fn dollars(text: &str) -> Option<Usdc> {
    let parts = tokens(text);
    let unit = parts.get(1).map(Token::word);
    let found = amount(parts.first()?, unit.as_deref())?;
    let is_unit = unit.is_none() || found.takes_unit || unit.as_deref().is_some_and(is_dollar);
    (parts.len() <= 2 && is_unit).then_some(found.amount)
}

struct Amount {
    amount: Usdc,
    takes_unit: bool,
}

fn amount(token: &Token<'_>, unit: Option<&str>) -> Option<Amount> {
    let is_end = |c: char| matches!(c, ',' | '.' | '!' | '?' | ')' | ';');
    let text = token.raw.trim_end_matches(is_end).trim_start_matches('(');
    let next_is_cents = matches!(unit, Some("cent" | "cents" | "ct" | "c"));
    let next_is_dollar = unit.is_some_and(is_dollar);
    let in_words = match text.to_lowercase().as_str() {
        "a" | "one" => Some("1"),
        "two" => Some("2"),
        "three" => Some("3"),
        "four" => Some("4"),
        "five" => Some("5"),
        "six" => Some("6"),
        "seven" => Some("7"),
        "eight" => Some("8"),
        "nine" => Some("9"),
        "ten" => Some("10"),
        "twenty" => Some("20"),
        "fifty" => Some("50"),
        _ => None,
    };
    if let Some(number) = in_words.filter(|_| next_is_cents || next_is_dollar) {
        return Some(Amount { amount: in_unit(number, next_is_cents)?, takes_unit: true });
    }
    if let Some(cents) = text.strip_suffix(['¢', '￠']) {
        return Some(Amount { amount: in_unit(cents, true)?, takes_unit: false });
    }
    let plain = text.strip_prefix('$').or_else(|| text.strip_suffix('$'));
    let is_cents = next_is_cents && plain.is_none();
    let number = plain.unwrap_or(text);
    let number = if number.starts_with('.') { format!("0{number}") } else { number.to_owned() };
    let takes_unit = is_cents || next_is_dollar;
    Some(Amount { amount: in_unit(&number, is_cents)?, takes_unit })
}

fn in_unit(number: &str, is_cents: bool) -> Option<Usdc> {
    if !is_cents {
        return Usdc::from_dollars(number).ok();
    }
    let cents: u16 = number.parse().ok()?;
    Some(Usdc::from_cents(cents))
}

fn is_dollar(word: &str) -> bool {
    matches!(word, "dollar" | "dollars" | "usd" | "usdc" | "buck" | "bucks")
}

/// Whether the comparison is strict.
fn comparison(mut rest: Vec<String>) -> Result<bool, NotUnderstood> {
    let is_unless = rest.iter().any(|word| word == "unless");
    rest.retain(|word| word != "unless");
    let joined = format!(" {} ", rest.join(" ")).replace("more then ", "more than ");
    let joined = joined.replace("less then ", "less than ");
    let (phrases, is_strict): (&[&[&str]], bool) = if is_unless {
        (&[ABOVE], false)
    } else if INCLUSIVE.iter().any(|phrase| contains(&joined, phrase)) {
        (&[INCLUSIVE], false)
    } else {
        (&[STRICT], true)
    };
    let mut left = joined;
    let mut found = 0_usize;
    for phrase in phrases.iter().copied().flatten() {
        if contains(&left, phrase) {
            left = left.replacen(&format!(" {phrase} "), " ", 1);
            found = found.saturating_add(1);
        }
    }
    let is_filler =
        |word: &str| FILLERS.contains(&word) || word.chars().all(|c| ",.!()-–".contains(c));
    if found != 1 || !left.split_whitespace().all(is_filler) {
        return Err(NotUnderstood);
    }
    Ok(is_strict)
}

fn contains(text: &str, phrase: &str) -> bool {
    text.contains(&format!(" {phrase} "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_as_people_say_them() {
        for (condition, shown, max) in [
            ("if it is under 1 dollar", "less than $1.00", 999_999),
            ("if it costs less than $0.10", "less than $0.10", 99_999),
            ("if it's at most 0.10 usdc.", "at most $0.10", 100_000),
            ("for at most $5", "at most $5.00", 5_000_000),
            ("for no more than 50 cents", "at most $0.50", 500_000),
            ("unless it costs more than $2", "at most $2.00", 2_000_000),
            ("if the price is <$1", "less than $1.00", 999_999),
            ("if price <= 1$", "at most $1.00", 1_000_000),
            ("for $3 or less", "at most $3.00", 3_000_000),
            ("only if it is below a dollar", "less than $1.00", 999_999),
            ("under 10¢", "less than $0.10", 99_999),
            ("if it is cheaper than .5 bucks", "less than $0.50", 499_999),
            ("max $1", "at most $1.00", 1_000_000),
        ] {
            let ceiling = read(condition).unwrap_or_else(|_| panic!("{condition}"));
            assert_eq!(ceiling.to_string(), shown, "{condition}");
            assert_eq!(ceiling.max().atomic(), max, "{condition}");
        }
    }

    #[test]
    fn a_condition_that_is_not_understood_whole_is_refused() {
        for condition in [
            "if it is cheap",
            "if it is over $1",
            "if it is more than $1",
            "if it is not under $1",
            "if it isn't under $1",
            "if it never costs less than $1",
            "unless it is under $1",
            "if it is under $1 and there is food",
            "if it is under $1 or $2",
            "if it is under 1,000 dollars",
            "if it is under $1k",
            "if it is under €1",
            "if it is under 1 bitcoin",
            "if it is under $0.0000001",
            "if it is $1",
            "unless it costs $1",
            "under -1 dollar",
        ] {
            assert_eq!(read(condition), Err(NotUnderstood), "{condition}");
        }
    }

    #[test]
    fn less_than_a_price_is_not_the_price() {
        let dollar = Usdc::from_cents(100);
        assert!(!read("under $1").is_ok_and(|ceiling| ceiling.allows(dollar)));
        assert!(read("at most $1").is_ok_and(|ceiling| ceiling.allows(dollar)));
    }
}
