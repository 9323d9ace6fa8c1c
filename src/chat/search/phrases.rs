//! Phrases of a search: a price, a place, and words that turn a day round.

use crate::base::money::Usdc;
use crate::chat::ceiling::{self, Ceiling};
use crate::chat::grammar::class;
use crate::chat::pattern::begins;
use crate::chat::said::{Word, as_written};
use crate::chat::when::When;

/// The longest phrase of a price or a place, words.
const PHRASE_WORDS_MAX: usize = 6;

/// Words for what costs nothing.
const FREE: &[&str] = &[
    "for free",
    "free of charge",
    "free",
    "costs nothing",
    "cost nothing",
    "costing nothing",
    "for nothing",
    "without paying",
    "without cost",
    "at no cost",
    "no cost",
    "gratis",
    "complimentary",
];

/// Whether the next words are about what is not meant: `I can't do Friday`, `not on Friday`.
pub(super) fn is_denied(before: &[Word]) -> bool {
    let mut last = before.iter().rev().take(2);
    last.any(|word| matches!(word.text.as_str(), "not" | "except" | "besides"))
}

/// Whether `free` after these words is about somebody's time: `I have Saturday free`.
pub(super) fn is_own_time(before: &[Word]) -> bool {
    let has = |one: &str| before.iter().any(|word| word.text == one);
    !has("you") && ["have", "got", "keep", "my"].into_iter().any(has)
}

/// Whether the next words are about the end of a stay: `leaving on the 21st`.
pub(super) fn is_departure(before: &[Word]) -> bool {
    let last = before.iter().rev().take(3);
    let mut words = last.map(|word| word.text.as_str());
    words.any(|word| matches!(word, "leaving" | "leave" | "departing" | "depart" | "fly"))
}

/// The longest phrase that is a limit of the price.
pub(super) fn price(words: &[Word], message: &str) -> Option<(usize, Ceiling)> {
    if let Some(taken) = FREE.iter().find_map(|phrase| begins(words, phrase)) {
        return Some((taken, Ceiling::FREE));
    }
    let own = [
        "i only have",
        "i have only got",
        "i only got",
        "only got",
        "i have only",
        "i have got",
        "i have",
        "only have",
        "i only want to pay",
        "only want to pay",
        "only pay",
        "with",
        "for",
    ];
    if let Some(before) = own.iter().find_map(|phrase| begins(words, phrase)) {
        let amount = |length: usize| {
            let end = before.checked_add(length)?;
            let amount = ceiling::dollars(as_written(message, words.get(before..end)?))?;
            let less = begins(words.get(end..)?, "or less").unwrap_or(0);
            Some((end.checked_add(less)?, Ceiling::up_to(amount)))
        };
        if let Some(found) = amount(2).or_else(|| amount(1)) {
            return Some(found);
        }
    }
    let longest = words.len().min(PHRASE_WORDS_MAX);
    let mut lengths = (2..=longest).rev();
    lengths.find_map(|length| {
        let phrase = as_written(message, words.get(..length)?);
        Some((length, ceiling::read(phrase).ok()?))
    })
}

/// `between $1 and $2`, `between 20 and 50 cents`: the words taken, the lowest and the highest price.
pub(super) fn prices(words: &[Word], message: &str) -> Option<(usize, Usdc, Ceiling)> {
    words.first().filter(|word| word.text == "between")?;
    let joint = (2..=3).find(|at| words.get(*at).is_some_and(|word| word.text == "and"))?;
    let lowest = as_written(message, words.get(1..joint)?);
    let after = joint.checked_add(1)?;
    let has_unit = |text: &str| text.contains(|c: char| !c.is_ascii_digit() && c != '.');
    let upto = |end: usize| {
        let text = as_written(message, words.get(after..end)?);
        Some((end, text, ceiling::dollars(text).filter(|_| has_unit(text))?))
    };
    let (end, highest, most) =
        upto(after.checked_add(2)?).or_else(|| upto(after.checked_add(1)?))?;
    // The unit may stand once.
    let unit = highest.split_once(' ').map_or("", |(_, unit)| unit);
    let least = if has_unit(lowest) {
        ceiling::dollars(lowest)
    } else {
        ceiling::dollars(format!("{lowest} {unit}").trim())
    };
    Some((end, least?, Ceiling::up_to(most)))
}

/// `in Berlin`, up to what is something else.
pub(super) fn place(words: &[Word], message: &str) -> Option<(usize, Vec<String>)> {
    if begins(words, "online").is_some() {
        return Some((1, vec!["online".to_owned()]));
    }
    let before = class("prepositions").iter().find_map(|phrase| begins(words, phrase))?;
    // `in my wallet` is no place.
    words.get(before).filter(|word| !matches!(word.text.as_str(), "my" | "your" | "it"))?;
    let mut place = Vec::new();
    let mut taken = before;
    while let Some(word) = words.get(taken).filter(|_| place.len() < PHRASE_WORDS_MAX) {
        let here = words.get(taken..)?;
        if class("fillers").contains(&word.text.as_str()) && word.text != "the"
            || class("without meaning").iter().any(|phrase| begins(here, phrase).is_some())
            || When::read(here).is_some()
            || price(here, message).is_some()
        {
            break;
        }
        place.push(word.text.clone());
        taken = taken.saturating_add(1);
    }
    while place.last().is_some_and(|word| matches!(word.as_str(), "and" | "or")) {
        place.pop();
        taken = taken.saturating_sub(1);
    }
    place.retain(|word| word != "the");
    (!place.is_empty()).then_some((taken, place))
}
