//! What a message names, if not all of its words have to be in a title, and one letter may be wrong.

use crate::base::time::UnixSeconds;
use crate::chat::grammar::{GRAMMAR, class};
use crate::chat::pattern::begins;
use crate::chat::said::Word;
use crate::chat::search::{Search, is_generic};
use crate::chat::things::{Item, Lists, same};

/// Shorter words are too near to others.
const TYPO_CHARS_MIN: usize = 5;

/// The things of which the titles have most of the words, and the limits fit. Words that are common in titles name one only
/// if all of its title is there.
pub(super) fn named<'a>(
    words: &[Word],
    search: &Search,
    lists: &'a Lists,
    now: UnixSeconds,
) -> Vec<Item<'a>> {
    let left_out = left_out(words, lists);
    let is_in = |word: &&str| !left_out.contains(word);
    let is_own = |word: &&str| !class("common").contains(word);
    let naming: Vec<&str> = search.topic().filter(is_own).filter(is_in).collect();
    let hits = |title: &[String], said: &[&str]| {
        title.iter().filter(|word| said.iter().any(|said| same(said, word))).count()
    };
    // `meetup` names one only if no other word does.
    let titles = |word: &&str| lists.titles().any(|(_, title)| hits(title, &[word]) > 0);
    let own: Vec<&str> =
        naming.iter().copied().filter(|word| !is_generic(word)).filter(titles).collect();
    let naming = if own.is_empty() { naming } else { own };
    let all: Vec<&str> = words.iter().map(|word| word.text.as_str()).filter(is_in).collect();
    let is_joint = |word: &&String| !matches!(word.as_str(), "the" | "a" | "of" | "and" | "to");
    // How much of its title was said, and the words that name it.
    let scored: Vec<(_, Vec<&str>, Item<'a>)> = lists
        .titles()
        .filter_map(|(item, title)| {
            let whole = title.iter().filter(is_joint);
            let is_whole = title.len() > 1
                && whole.clone().all(|word| all.iter().any(|said| same(said, word)));
            let said = if is_whole { &all } else { &naming };
            let by: Vec<&str> =
                said.iter().copied().filter(|word| hits(title, &[word]) > 0).collect();
            let by_name = if is_whole { whole.count() } else { hits(title, &naming) };
            (by_name > 0).then(|| ((by_name, hits(title, &all)), by, item))
        })
        .collect();
    // Of those that the same word names, the best; another word may name another one: `the choir or the jazz`.
    let is_best = |(score, by, _): &&(_, Vec<&str>, Item<'a>)| {
        !scored
            .iter()
            .any(|(other, names, _)| other > score && names.iter().any(|word| by.contains(word)))
    };
    let mut items: Vec<Item<'a>> = scored.iter().filter(is_best).map(|(.., item)| *item).collect();
    if items.len() > 1 {
        let events = search.run(lists, now);
        let fits = |item: &Item<'_>| events.iter().any(|event| event.id == item.id());
        if items.iter().any(fits) {
            items.retain(fits);
        }
    }
    items
}

/// The names that are said not to be meant: `not the jazz`, `the brunch instead of the jazz`.
fn left_out<'w>(words: &'w [Word], lists: &Lists) -> Vec<&'w str> {
    const BEFORE: &[&str] = &[
        "not",
        "no",
        "except",
        "besides",
        "instead of",
        "other than",
        "rather than",
        "apart from",
    ];
    let is_title =
        |word: &&str| lists.titles().any(|(_, title)| title.iter().any(|one| same(one, word)));
    let mut left_out = Vec::new();
    for place in 0..words.len() {
        let rest = words.get(place..).unwrap_or_default();
        let Some(length) = BEFORE.iter().find_map(|phrase| begins(rest, phrase)) else { continue };
        let after = rest.iter().skip(length).map(|word| word.text.as_str());
        let name = after.skip_while(|word| matches!(*word, "the" | "a" | "to" | "for" | "that"));
        left_out.extend(name.take_while(is_title));
    }
    left_out
}

/// Whether the word has to do with what can be said here; another one may be a name.
pub(super) fn is_familiar(text: &str) -> bool {
    let known = &GRAMMAR.words;
    let single = text.strip_suffix('s').is_some_and(|single| known.contains(single));
    single || known.contains(text) || class("small").contains(&text)
}

/// The words, with those that nobody knows written as one that is known if they differ in one letter.
pub(super) fn spelled(words: &[Word], lists: &Lists) -> Vec<Word> {
    let of_topics = || GRAMMAR.words.iter().copied();
    let of_lists = || lists.titles().flat_map(|(_, title)| title).map(String::as_str);
    let right = |word: &Word| {
        let is_known = |text: &str| is_familiar(text) || lists.is_in_text(text);
        let short = without_runs(&word.text);
        if is_known(&word.text) {
            return word.clone();
        }
        if short != word.text && is_known(&short) {
            return word.renamed(&short);
        }
        let is_long =
            short.chars().count() >= TYPO_CHARS_MIN && short.chars().all(char::is_alphabetic);
        let near = of_lists()
            .chain(of_topics())
            .filter(|known| known.chars().count() >= TYPO_CHARS_MIN)
            .find(|known| is_long && is_near(&short, known));
        near.map_or_else(|| word.clone(), |known| word.renamed(known))
    };
    words.iter().map(right).collect()
}

/// A letter that is written three times counts once: `heyyy` is `hey`.
fn without_runs(text: &str) -> String {
    let mut short = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let mut count = 1_usize;
        while chars.next_if_eq(&c).is_some() {
            count = count.saturating_add(1);
        }
        let kept = if count > 2 && c.is_alphabetic() { 1 } else { count };
        short.extend(std::iter::repeat_n(c, kept));
    }
    short
}

/// Whether one letter is missing, too many or another one, or two stand the other way round.
fn is_near(one: &str, other: &str) -> bool {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    let start = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let (Some(a), Some(b)) = (one.get(start..), other.get(start..)) else { return false };
    let end = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    let rest = |part: &[char]| {
        part.len().checked_sub(end).and_then(|length| part.get(..length).map(<[char]>::to_vec))
    };
    match (rest(a).as_deref(), rest(b).as_deref()) {
        (Some([] | [_]), Some([] | [_])) => true,
        (Some([a, b]), Some([c, d])) => a == d && b == c,
        (_, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wrong_letter_is_near_and_two_are_not() {
        for (one, other, near) in [
            ("metup", "meetup", true),
            ("meeetup", "meetup", true),
            ("meatup", "meetup", true),
            ("metepu", "meetup", false),
            ("ceremnoy", "ceremony", true),
            ("ceremony", "ceremony", true),
            ("cermnoy", "ceremony", false),
            ("", "a", true),
        ] {
            assert_eq!(is_near(one, other), near, "{one} {other}");
        }
        assert_eq!(without_runs("heyyy coool 1000"), "hey col 1000");
    }
}
