//! What a message names, if not all of its words have to be in a title, and one letter may be wrong.

use crate::base::time::UnixSeconds;
use crate::chat::grammar::{GRAMMAR, class};
use crate::chat::pattern::begins;
use crate::chat::said::Word;
use crate::chat::search::{Search, is_generic};
use crate::chat::things::{Item, Lists, same};

/// Shorter words are too near to others.
const TYPO_CHARS_MIN: usize = 5;
/// Longer ones are known even with two wrong letters.
const TWO_TYPOS_CHARS_MIN: usize = 8;
/// Shorter beginnings of words say little.
const BEGUN_CHARS_MIN: usize = 4;

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
    if scored.is_empty() && !search.is_limited() {
        return by_run(&all, lists);
    }
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

/// The one thing of which the title has two of the words, one after the other, though each of them is common: `the guest list`.
fn by_run<'a>(said: &[&str], lists: &'a Lists) -> Vec<Item<'a>> {
    const JOINING: &[&str] =
        &["the", "a", "an", "of", "and", "to", "for", "in", "at", "on", "my", "with", "your"];
    let is_run = |title: &[String]| {
        said.windows(2).filter(|pair| !pair.iter().any(|word| JOINING.contains(word))).any(|pair| {
            title.windows(2).any(|words| words.iter().zip(pair).all(|(a, b)| same(a, b)))
        })
    };
    let found: Vec<Item<'a>> =
        lists.titles().filter(|(_, title)| is_run(title)).map(|(item, _)| item).collect();
    if found.len() == 1 { found } else { Vec::new() }
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

/// The words, with those that nobody knows written as one that is known if they differ in a letter or two, or begin a word of
/// a title.
pub(super) fn spelled(words: &[Word], lists: &Lists) -> Vec<Word> {
    let of_topics = || GRAMMAR.words.iter().copied();
    let of_lists = || lists.titles().flat_map(|(_, title)| title).map(String::as_str);
    let right = |word: &Word| {
        let is_plain = |text: &str| class("plain").contains(&text);
        let is_known = |text: &str| is_familiar(text) || is_plain(text) || lists.is_in_text(text);
        let short = without_runs(&word.text);
        if is_known(&word.text) {
            return word.clone();
        }
        if short != word.text && is_known(&short) {
            return word.renamed(&short);
        }
        if !short.chars().all(char::is_alphabetic) {
            return word.clone();
        }
        let begun = || of_lists().find(|known| is_begun(&short, known));
        let single = short.strip_suffix('s').unwrap_or(&short);
        let is_right = |known: &&str| is_near(&short, known) || is_near(single, known);
        let near = of_lists().chain(of_topics()).find(is_right);
        near.or_else(begun).map_or_else(|| word.clone(), |known| word.renamed(known))
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

/// Whether the word is the beginning of a longer one: `roof` for `rooftop`.
fn is_begun(one: &str, other: &str) -> bool {
    one.chars().count() >= BEGUN_CHARS_MIN && other.len() > one.len() && other.starts_with(one)
}

/// Whether a few letters are missing, too many or other ones, or stand the other way round: one in a word, two in a long one,
/// and in a short one only one of five, two that are swapped, or a double letter that is written once.
fn is_near(one: &str, other: &str) -> bool {
    if one.chars().count().abs_diff(other.chars().count()) > 2 {
        return false;
    }
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    let shorter = one.len().min(other.len());
    // Hardly anybody gets the first letter wrong: `lunch` is no `bunch`.
    let begins = |letters: &[char], at: [usize; 2]| at.map(|at| letters.get(at).copied());
    if one.first() != other.first() && begins(&one, [0, 1]) != begins(&other, [1, 0]) {
        return false;
    }
    if shorter >= TYPO_CHARS_MIN {
        let edits = if shorter >= TWO_TYPOS_CHARS_MIN { 2 } else { 1 };
        return differs(&one, &other, edits);
    }
    let longer = one.len().max(other.len());
    if shorter.saturating_add(1) == TYPO_CHARS_MIN && longer == TYPO_CHARS_MIN {
        return differs(&one, &other, 1);
    }
    let mut wrong = one.iter().zip(&other).enumerate().filter(|(_, (a, b))| a != b);
    let (first, second) = (wrong.next(), wrong.next());
    let is_swapped = longer == shorter
        && shorter > 3
        && wrong.next().is_none()
        && matches!((first, second), (Some((at, (a, b))), Some((next, (c, d)))) if a == d && b == c && at.checked_add(1) == Some(next));
    let mut single = other.clone();
    single.dedup();
    is_swapped || (shorter > 2 && longer > one.len() && single == one)
}

/// Whether one becomes the other by so many letters that are left out, added, replaced, or swapped with the next.
fn differs(one: &[char], other: &[char], edits: u8) -> bool {
    let start = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (Some(one), Some(other)) = (one.get(start..), other.get(start..)) else { return false };
    let Some(left) = edits.checked_sub(1) else { return one.is_empty() && other.is_empty() };
    if one.len().abs_diff(other.len()) > usize::from(edits) {
        return false;
    }
    match (one, other) {
        ([], _) | (_, []) => true,
        ([a, after @ ..], [b, rest @ ..]) => {
            let is_swapped = after.first() == Some(b) && rest.first() == Some(a);
            differs(after, rest, left)
                || differs(after, other, left)
                || differs(one, rest, left)
                || is_swapped
                    && differs(after.get(1..).unwrap_or(&[]), rest.get(1..).unwrap_or(&[]), left)
        }
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
            ("", "a", false),
            ("wrokshpo", "workshop", true),
            ("wrksho", "workshop", false),
            ("shwo", "show", true),
            ("form", "from", true),
            ("jaz", "jazz", true),
            ("jam", "jazz", false),
        ] {
            assert_eq!(is_near(one, other), near, "{one} {other}");
        }
        assert_eq!(without_runs("heyyy coool 1000"), "hey col 1000");
    }
}
