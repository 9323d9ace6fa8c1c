//! Makes untrusted text safe to show to people, logs and language models.

use crate::base::standards::standards;

/// Up to `chars_max` characters on one line. Line breaks and tabs become spaces. Control characters and invisible
/// characters are dropped.
#[must_use]
pub fn line(text: &str, chars_max: usize) -> String {
    let spaced = text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c });
    bounded(spaced, chars_max)
}

/// As [`line()`], but line breaks are kept.
#[must_use]
pub fn paragraph(text: &str, chars_max: usize) -> String {
    bounded(text.chars().map(|c| if c == '\t' { ' ' } else { c }), chars_max)
}

/// The visible characters and line breaks of a text, without a limit.
#[must_use]
pub fn visible(text: &str) -> String {
    text.chars().filter(|c| is_shown(*c)).collect()
}

fn bounded(chars: impl Iterator<Item = char>, chars_max: usize) -> String {
    let mut visible = chars.filter(|c| is_shown(*c));
    let mut kept: String = visible.by_ref().take(chars_max).collect();
    if visible.next().is_some() {
        kept.pop();
        kept.push('…');
    }
    kept.trim().to_owned()
}

/// Whether a character is visible or a line break. Joiners count as visible, because emoji and many scripts need them.
/// Direction marks and tags do not: with them, text can say one thing to people and another to machines.
#[must_use]
pub fn is_shown(c: char) -> bool {
    let is_hidden = matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}');
    c == '\n' || !(c.is_control() || is_hidden)
}

/// Up to `chars_max` characters on one line of ASCII. Latin letters lose their accents; characters without an ASCII
/// counterpart become spaces.
#[must_use]
pub fn ascii_line(text: &str, chars_max: usize) -> String {
    let plain: String = text.chars().map(to_ascii).filter(char::is_ascii).collect();
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    if plain.len() <= chars_max {
        return plain;
    }
    let kept: String = plain.chars().take(chars_max.saturating_sub(3)).collect();
    format!("{}...", kept.trim_end())
}

/// U+00C0 to U+017F without their accents.
const LATIN: &str = "AAAAAAACEEEEIIIIDNOOOOOxOUUUUYTsaaaaaaaceeeeiiiidnooooo/ouuuuyty\
     AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIiIiJjKkkLlLlLlLlLlNnNnNnnNnOoOo\
     OoOoRrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";

fn to_ascii(c: char) -> char {
    match c {
        ' '..='~' => c,
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{2018}' | '\u{2019}' => '\'',
        '\u{201c}'..='\u{201e}' => '"',
        '\u{c0}'..='\u{17f}' => {
            let place = u32::from(c).saturating_sub(0xc0);
            let place = usize::try_from(place).unwrap_or(usize::MAX);
            LATIN.chars().nth(place).unwrap_or(' ')
        }
        // A combining accent belongs to the letter before it and is dropped.
        '\u{300}'..='\u{36f}' => '\u{300}',
        _ => ' ',
    }
}

/// Whether a text has no visible character: only white space, control and format characters, fillers, variation
/// selectors, tags and combining accents.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    // Most texts have a character of ASCII, of which no table is needed.
    if text.bytes().any(|b| b.is_ascii_graphic()) {
        return false;
    }
    text.is_ascii() || !standards().has_ink(text)
}

/// The longest name in a payment challenge, characters.
const NAME_CHARS_MAX: usize = 80;

/// A host's name or title in ASCII, for wallets; `otherwise` if no letter or digit is left.
#[must_use]
pub fn ascii_name(name: &str, otherwise: &str) -> String {
    let line = ascii_line(name, NAME_CHARS_MAX);
    if line.contains(|c: char| c.is_ascii_alphanumeric()) { line } else { otherwise.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_left_out() {
        assert_eq!(line("a\u{0}b\u{1b}[31m\u{202e}c\u{e0041}\u{200b}d\n e\t", 100), "ab[31mcd  e");
        assert_eq!(line("a\u{115f}\u{1160}\u{3164}b", 100), "ab", "fillers");
        assert_eq!(paragraph("a\r\nb\u{7f}\u{85}\tc", 100), "a\nb c");
        assert_eq!(visible(" a\u{0}\u{e0041}\nb "), " a\nb ");
        assert_eq!(line("👩\u{200d}🚀 é", 100), "👩\u{200d}🚀 é");
    }

    #[test]
    fn a_line_in_ascii_keeps_what_has_a_likeness_there() {
        assert_eq!(LATIN.len(), 0x17f - 0xc0 + 1);
        for (text, plain) in [
            ("Rust meetup \u{1f980}", "Rust meetup"),
            ("Caf\u{e9} Stra\u{df}e \u{141}\u{f3}d\u{17a}", "Cafe Strase Lodz"),
            ("Cafe\u{301} \u{201c}x\u{201d} \u{2013} y", "Cafe \"x\" - y"),
            ("a\r\nb\u{0}\u{202e}c\td", "a b c d"),
            ("\u{6771}\u{4eac}", ""),
        ] {
            assert_eq!(ascii_line(text, 80), plain);
        }
        assert_eq!(ascii_line("abcdefgh", 6), "abc...");
    }

    #[test]
    fn what_nobody_can_see_is_blank() {
        for c in [
            ' ',
            '\u{0}',
            '\n',
            '\u{a0}',
            '\u{ad}',
            '\u{301}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{1160}',
            '\u{17b4}',
            '\u{180e}',
            '\u{200b}',
            '\u{200c}',
            '\u{200d}',
            '\u{200e}',
            '\u{2028}',
            '\u{202e}',
            '\u{2060}',
            '\u{2064}',
            '\u{206f}',
            '\u{20e3}',
            '\u{2800}',
            '\u{3000}',
            '\u{3164}',
            '\u{fe00}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fff0}',
            '\u{fffa}',
            '\u{1d159}',
            '\u{1d173}',
            '\u{e0001}',
            '\u{e0041}',
            '\u{e0100}',
            '\u{10fffe}',
        ] {
            assert!(is_blank(&format!("{c}{c}\u{200b}")), "{c:?}");
            assert!(!is_blank(&format!("{c}a")), "{c:?}");
        }
        assert!(is_blank(""));
        for seen in [
            "a",
            "e\u{301}",
            "漢",
            "ㅎ",
            "👩\u{200d}🚀",
            "❤\u{fe0f}",
            "٣",
            "$",
            ".",
            "\u{fffd}",
            "क",
        ] {
            assert!(!is_blank(seen), "{seen:?}");
        }
    }

    #[test]
    fn text_is_cut_at_its_limit_in_characters() {
        assert_eq!(line("ééé", 3), "ééé");
        assert_eq!(line("éééé", 3), "éé…");
        assert_eq!(line("abc", 0), "…");
        assert_eq!(paragraph(&"x".repeat(5_000), 2_000).chars().count(), 2_000);
    }
}
