//! Words of strangers, made fit to be shown: to people, to logs and to language models.

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Up to `chars_max` characters on one line. Line breaks and tabs become spaces; control characters
/// and those that nobody sees are left out.
#[must_use]
pub fn line(text: &str, chars_max: usize) -> String {
    let spaced = text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c });
    bounded(spaced, chars_max)
}

/// Up to `chars_max` characters on any number of lines; otherwise as [`line()`].
#[must_use]
pub fn paragraph(text: &str, chars_max: usize) -> String {
    bounded(text.chars().map(|c| if c == '\t' { ' ' } else { c }), chars_max)
}

/// Everything of a text that is seen, however long; line breaks among it.
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

/// Whether a character is seen. Joiners stay: emoji and many scripts need them. Marks that turn the direction of text around, and
/// tags, are how text says one thing to people and another to machines.
#[must_use]
pub fn is_shown(c: char) -> bool {
    let is_hidden = matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}');
    c == '\n' || !(c.is_control() || is_hidden)
}

/// Whether nobody sees anything of a text: it has white space, control and format characters, fillers, variation
/// selectors and tags only, or accents without a letter under them.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    !text.chars().any(is_ink)
}

/// Whether a character leaves ink by itself.
fn is_ink(c: char) -> bool {
    // Of Unicode's letters and symbols these are empty: the blank of Braille, and the note without a head.
    if c.is_whitespace() || matches!(c, '\u{2800}' | '\u{1d159}') {
        return false;
    }
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    let is_inkless = GeneralCategoryGroup::Mark
        .union(GeneralCategoryGroup::Control)
        .union(GeneralCategoryGroup::Format)
        .union(GeneralCategoryGroup::Unassigned)
        .union(GeneralCategoryGroup::Separator);
    // The fillers of Hangul are letters.
    let is_ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c);
    !is_inkless.contains(category) && !is_ignorable
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
