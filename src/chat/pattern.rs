//! One matcher for all patterns.
//!
//! A pattern is words with spaces between: `a/b` is one of them, `%name` a phrase of a class, `$name` a slot of one or
//! more words, and `?` after any of these means that it may be missing. A message matches to its last word, because an
//! ignored word could be the decisive one (`not`, `two`, `if it is cheap`).

use crate::chat::grammar::class;
use crate::chat::said::Word;

/// A shorter word with an `s` is another one: `a` and `as`.
const PLURAL_BYTES_MIN: usize = 3;
/// A shorter word with `ing` or `ed` is another one.
const VERB_BYTES_MIN: usize = 4;
/// The longest name of something, words.
const SLOT_WORDS_MAX: usize = 16;
/// The slot that takes all words to the end.
const REST: &str = "text";

/// What the slots of a pattern hold.
pub(super) type Slots<'w> = Vec<(&'static str, &'w [Word])>;

/// The words of a slot; none if it is empty.
pub(super) fn slot<'w>(slots: &Slots<'w>, name: &str) -> &'w [Word] {
    slots.iter().find(|(known, _)| *known == name).map_or(&[], |(_, words)| words)
}

/// Tries every way in which the words fit the pattern, those with short slots first, until `found` makes something of one.
pub(super) fn matches<'w, R>(
    pattern: &'static str,
    words: &'w [Word],
    found: &mut dyn FnMut(&Slots<'w>) -> Option<R>,
) -> Option<R> {
    go(pattern, words, &mut Vec::new(), found)
}

fn go<'w, R>(
    pattern: &'static str,
    words: &'w [Word],
    slots: &mut Slots<'w>,
    found: &mut dyn FnMut(&Slots<'w>) -> Option<R>,
) -> Option<R> {
    let (part, rest) = pattern.split_once(' ').unwrap_or((pattern, ""));
    if part.is_empty() {
        return if words.is_empty() { found(slots) } else { None };
    }
    let must = part.trim_end_matches('?');
    let done = if let Some(name) = must.strip_prefix('$') {
        fill(name, rest, words, slots, found)
    } else if let Some(name) = must.strip_prefix('%') {
        let mut lengths = class(name).iter().filter_map(|phrase| begins(words, phrase));
        lengths.find_map(|length| go(rest, words.get(length..)?, slots, found))
    } else {
        let first = words.first().filter(|word| must.split('/').any(|one| one == word.text));
        first.and_then(|_| go(rest, words.get(1..)?, slots, found))
    };
    if done.is_none() && part.len() > must.len() { go(rest, words, slots, found) } else { done }
}

fn fill<'w, R>(
    name: &'static str,
    rest: &'static str,
    words: &'w [Word],
    slots: &mut Slots<'w>,
    found: &mut dyn FnMut(&Slots<'w>) -> Option<R>,
) -> Option<R> {
    let (least, most) = if name == REST {
        (words.len().max(1), words.len())
    } else {
        (1, words.len().min(SLOT_WORDS_MAX))
    };
    for length in least..=most {
        let (taken, after) = words.split_at_checked(length)?;
        slots.push((name, taken));
        let done = go(rest, after, slots, found);
        slots.pop();
        if done.is_some() {
            return done;
        }
    }
    None
}

/// Whether every group of the entry is in the message: one of its words, or words with `+` between, one after the other. The
/// plural and the other forms of a longer word are the same word.
pub(super) fn has_entry(entry: &str, words: &[Word]) -> bool {
    let is_here = |phrase: &str, rest: &[Word]| {
        let mut rest = rest.iter();
        phrase.split('+').all(|one| rest.next().is_some_and(|word| is_alike(one, &word.text)))
    };
    let is_said = |phrase: &str| anywhere(words, |rest| is_here(phrase, rest));
    entry.split(' ').all(|group| group.split('/').any(is_said))
}

fn is_alike(one: &str, other: &str) -> bool {
    let begins = |end: &str| {
        let stem = if end == "s" { one } else { one.strip_suffix('e').unwrap_or(one) };
        other.strip_suffix(end) == Some(stem)
    };
    let is_form = one.len() >= PLURAL_BYTES_MIN && begins("s")
        || one.len() >= VERB_BYTES_MIN
            && !matches!(other, "booking" | "booked")
            && (begins("ing") || begins("ed"));
    one == other || is_form
}

/// Whether the words are such from one of them on.
pub(super) fn anywhere(words: &[Word], is_it: impl Fn(&[Word]) -> bool) -> bool {
    (0..words.len()).any(|place| words.get(place..).is_some_and(&is_it))
}

/// How many words the phrase takes, if the words begin with it.
pub(super) fn begins(words: &[Word], phrase: &str) -> Option<usize> {
    let mut length = 0_usize;
    for part in phrase.split(' ') {
        if words.get(length)?.text != part {
            return None;
        }
        length = length.saturating_add(1);
    }
    Some(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::said::{as_written, said};

    fn thing(pattern: &'static str, message: &str, wanted: &str) -> Option<String> {
        let words = said(message);
        matches(pattern, &words, &mut |slots| {
            let thing = as_written(message, slot(slots, "thing")).to_owned();
            (wanted.is_empty() || thing == wanted).then_some(thing)
        })
    }

    #[test]
    fn a_message_matches_to_its_last_word() {
        assert_eq!(thing("when is $thing", "When is it?", "").as_deref(), Some("it"));
        for (pattern, message) in [
            ("when is $thing", "when is"),
            ("when is it", "when is it not"),
            ("when is it", "when"),
            ("", "when"),
        ] {
            assert_eq!(thing(pattern, message, ""), None, "{pattern}: {message}");
        }
    }

    #[test]
    fn slots_are_as_short_as_they_can_be_and_as_long_as_they_must_be() {
        let pattern = "when/where is/does $thing start/begin?";
        assert_eq!(thing(pattern, "when does the show start", "").as_deref(), Some("the show"));
        assert_eq!(thing(pattern, "where is the start", "the start").as_deref(), Some("the start"));
        assert_eq!(thing("ask? about $text", "about this and that", "").as_deref(), Some(""));
    }

    #[test]
    fn a_long_message_takes_no_long_time() {
        let message = "buy ".repeat(1_000);
        assert_eq!(thing("%buy %seat? $thing for $num", &message, "x"), None);
    }
}
