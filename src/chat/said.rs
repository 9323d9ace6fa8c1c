//! A message as words in a normal form, each with its place in the text.
//!
//! The normal form is for comparing: small letters, no apostrophes, contractions and usual abbreviations written out,
//! words of courtesy left out. Titles get the same form, so a word that is changed here is found all the same.

use std::sync::LazyLock;

/// A word in its normal form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// Where it stands in the message, bytes.
    from: usize,
    to: usize,
}

impl Word {
    /// The same word as another text.
    pub(super) fn renamed(&self, text: &str) -> Self {
        Self { text: text.to_owned(), ..self.clone() }
    }
}

const TEXT: &str = include_str!("written.txt");

/// What is written for what (`written.txt`).
static WRITTEN_OUT: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let lines = TEXT.lines().filter(|line| !line.starts_with('#'));
    let lines = lines.filter_map(|line| line.split_once(": "));
    lines.flat_map(|(full, short)| short.split(' ').map(move |short| (short, full))).collect()
});

/// `then` after one of them is a misspelled `than`.
const COMPARED: &[&str] = &[
    "more", "less", "cheaper", "later", "earlier", "higher", "lower", "other", "rather", "longer",
];

/// The words of a message.
pub(super) fn said(message: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut open: Option<(usize, String)> = None;
    let mut chars = message.char_indices().peekable();
    let mut before = ' ';
    while let Some((at, c)) = chars.next() {
        let after = chars.peek().map_or(' ', |(_, next)| *next);
        let is_inside =
            matches!(c, '.' | ':' | ',') && before.is_ascii_digit() && after.is_ascii_digit();
        // Apostrophes and combining marks belong to their word.
        let is_dropped = matches!(c, '\'' | '’' | '\u{300}'..='\u{36f}');
        if c.is_alphanumeric()
            || matches!(c, '$' | '€' | '£' | '¢' | '_')
            || is_inside
            || is_dropped
        {
            let (_, word) = open.get_or_insert_with(|| (at, String::new()));
            match is_dropped {
                // `were` and `well` are words, too.
                true if *word == "we" && after == 'r' => word.push_str(" a"),
                true if *word == "we" && after == 'l' => word.push_str(" wi"),
                true => {}
                false => word.extend(c.to_lowercase()),
            }
        } else {
            close(&mut words, open.take(), at);
        }
        before = c;
    }
    close(&mut words, open, message.len());
    words
}

/// The words of a title, without their places.
pub(super) fn normal(text: &str) -> Vec<String> {
    said(text).into_iter().map(|word| word.text).collect()
}

/// The part of the message in which these words stand.
pub(super) fn as_written<'a>(message: &'a str, words: &[Word]) -> &'a str {
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return "" };
    message.get(first.from..last.to).unwrap_or_default()
}

/// The message from this word to its end.
pub(super) fn from_here<'a>(message: &'a str, words: &[Word]) -> &'a str {
    words.first().and_then(|first| message.get(first.from..)).unwrap_or_default().trim()
}

fn close(words: &mut Vec<Word>, open: Option<(usize, String)>, to: usize) {
    let Some((from, text)) = open.filter(|(_, text)| !text.is_empty()) else { return };
    let full = WRITTEN_OUT
        .iter()
        .find(|(short, _)| *short == text)
        .map_or(text.as_str(), |(_, full)| *full);
    // `no more then a dollar`
    let is_compared = |word: &Word| COMPARED.contains(&word.text.as_str());
    let full = if full == "then" && words.last().is_some_and(is_compared) { "than" } else { full };
    let parts = full.split(' ').filter(|part| !part.is_empty());
    words.extend(parts.map(|part| Word { text: part.to_owned(), from, to }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_in_one_form_however_they_are_typed() {
        for (text, words) in [
            ("What’s ON?", "what is on"),
            ("pls, book me 2 tix for tmrw!!", "book me 2 tickets for tomorrow"),
            ("I'd like it for $0.10, at 6:30pm.", "i would like it for $0.10 at 6:30pm"),
            ("We're off; we'll see, were we well?", "we are off we will see were we well"),
            ("Rust-Meetup #3", "rust meetup 3"),
            ("Ünïcode’s café", "ünïcodes café"),
            ("…—!", ""),
        ] {
            assert_eq!(normal(text).join(" "), words, "{text}");
        }
    }

    #[test]
    fn what_a_word_stands_for_is_found_in_the_message() {
        let text = "pls tell me: what’s “The Rüst”, then?";
        let words = said(text);
        assert_eq!(as_written(text, &words[4..6]), "The Rüst");
        assert_eq!(as_written(text, &words[2..3]), "what’s");
        assert_eq!(from_here(text, &words[4..]), "The Rüst”, then?");
    }
}
