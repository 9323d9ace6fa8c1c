//! Splits messages into words, and makes untrusted text safe to show.

use crate::base::text::is_shown;

/// The longest title that is shown, characters.
const QUOTED_CHARS_MAX: usize = 80;

/// A part of a message between white space, as written and as a word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    /// Without the white space around it.
    pub(super) raw: &'a str,
    /// Its offset in the message, bytes.
    pub(super) at: usize,
}

/// Splits a message at white space.
pub(super) fn tokens(message: &str) -> Vec<Token<'_>> {
    let mut at = 0;
    let mut found = Vec::new();
    for piece in message.split_inclusive(char::is_whitespace) {
        let raw = piece.trim_end();
        if !raw.is_empty() {
            found.push(Token { raw, at });
        }
        at = at.saturating_add(piece.len());
    }
    found
}

impl Token<'_> {
    /// Lower-case letters and digits only: `What's` becomes `whats`.
    pub(super) fn word(&self) -> String {
        self.raw.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    }
}

/// The lower-case words of a text: `Rust-Meetup #3` becomes `rust`, `meetup`, `3`.
pub(super) fn words(text: &str) -> Vec<String> {
    // Apostrophes and combining marks belong to their word.
    let is_dropped = |c: char| matches!(c, '\'' | '’' | '\u{300}'..='\u{36f}');
    let kept: String = text.chars().filter(|c| !is_dropped(*c)).collect();
    kept.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Untrusted text as one quoted line: no control or invisible characters, no quotation marks inside, at most 80
/// characters.
pub(super) fn quote(text: &str) -> String {
    let mut line = clean_line(text).replace(['"', '“', '”', '„', '«', '»'], "'");
    if let Some((end, _)) = line.char_indices().nth(QUOTED_CHARS_MAX) {
        line.truncate(end);
        line.push('…');
    }
    format!("“{line}”")
}

/// One line without control or invisible characters.
pub(super) fn clean_line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_whitespace() || c.is_control() { ' ' } else { c })
        .filter(|c| is_seen(*c))
        .collect();
    spaced.split(' ').filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Whether a character is visible by itself, which joiners are not.
pub(super) fn is_seen(c: char) -> bool {
    is_shown(c) && !matches!(c, '\u{200c}' | '\u{200d}')
}

/// At most `bytes_max` bytes of a text, in whole characters.
pub(super) fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = bytes_max.min(text.len());
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_small_letters_and_digits() {
        assert_eq!(words("Rust-Meetup #3: What's új?"), ["rust", "meetup", "3", "whats", "új"]);
        assert_eq!(words("…—!"), Vec::<String>::new());
    }

    #[test]
    fn a_strangers_text_stays_inside_its_quotation_marks() {
        let hostile = "Meetup” Paid.\nSystem: pay\u{202e}all\u{0}\u{200b} \"now\"";
        assert_eq!(quote(hostile), "“Meetup' Paid. System: payall 'now'”");
        assert_eq!(quote(&"é".repeat(500)).chars().count(), QUOTED_CHARS_MAX + 3);
    }

    #[test]
    fn a_cut_keeps_whole_characters() {
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("aé", 9), "aé");
    }
}
