//! Letters that look like others, with their marks: Latin scripts from Icelandic to Vietnamese, Greek and Cyrillic.

use crate::http::share::point::Point;

/// For a range of characters its first one, and for each of them letters of the font with the names of its marks
/// ([`Mark::parse`]).
const LETTERS: &[(u32, &str)] = &[
    (
        0xc0,
        "A` A' A^ A~ A: A* AE C, E` E' E^ E: I` I' I^ I: D@ N~ O` O' O^ O~ O: x O/ U` U' U^ U: Y' Th ss a` a' \
         a^ a~ a: a* ae c, e` e' e^ e: i` i' i^ i: d# n~ o` o' o^ o~ o: / o/ u` u' u^ u: y' th y: A= a= A( a( \
         A; a; C' c' C^ c^ C. c. C< c< D< d| D@ d# E= e= E( e( E. e. E; e; E< e< G^ g^ G( g( G. g. G_ g? H^ \
         h^ H/ h$ I~ i~ I= i= I( i( I; i; I. i- IJ ij J^ j^ K_ k_ k L' l' L_ l_ L| l| L l L/ l/ N' n' N_ n_ N< \
         n< n N n O= o= O( o( O\" o\" OE oe R' r' R_ r_ R< r< S' s' S^ s^ S, s, S< s< T, t, T< t| T/ t/ U~ u~ \
         U= u= U( u( U* u* U\" u\" U; u; W^ w^ Y^ y^ Y: Z' z' Z. z. Z< z< s",
    ),
    (0x1a0, "O+ o+"),
    (0x1af, "U+ u+"),
    (0x1cd, "A< a< I< i< O< o< U< u< U:= u:= U:' u:' U:< u:< U:` u:`"),
    (0x218, "S_ s_ T_ t_"),
    (0x386, "A'"),
    (0x388, "E' H' I'"),
    (0x38c, "O'"),
    (0x38e, "Y' Ω' ι:' A B Г Δ E Z H Θ I K Λ M N Ξ O П P"),
    (
        0x3a3,
        "Σ T Y Ф X Ψ Ω I: Y: α' ε' η' ι' υ:' α β γ δ ε ζ η θ ι к λ μ v ξ o π p ς σ τ υ ф χ ψ ω ι: υ: o' υ' ω'",
    ),
    (
        0x400,
        "E` E: Ђ Г' Є S I I: J Љ Њ Ћ K' И` У( Џ A Б B Г Д E Ж 3 И И( K Л M H O П P C T У Ф X Ц Ч Ш Щ Ъ Ы Ь Э \
         Ю Я a б в г д e ж з и и( к л м н o п p c т y ф x ц ч ш щ ъ ы ь э ю я e` e: ђ г' є s i i: j љ њ ћ к' и` \
         y( џ",
    ),
    (0x490, "Ґ ґ"),
    (0x1e80, "W` w` W' w' W: w:"),
    (0x1e9e, "SS"),
    (
        0x1ea0,
        "A! a! A? a? A^' a^' A^` a^` A^? a^? A^~ a^~ A!^ a!^ A(' a(' A(` a(` A(? a(? A(~ a(~ A!( a!( E! e! E? \
         e? E~ e~ E^' e^' E^` e^` E^? e^? E^~ e^~ E!^ e!^ I? i? I! i! O! o! O? o? O^' o^' O^` o^` O^? o^? O^~ \
         o^~ O!^ o!^ O+' o+' O+` o+` O+? o+? O+~ o+~ O+! o+! U! u! U? u? U+' u+' U+` u+` U+? u+? U+~ u+~ U+! \
         u+! Y` y` Y! y! Y? y? Y~ y~",
    ),
];

/// What is drawn at a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Strokes over the letter, from the middle of its upper edge.
    Above(&'static str),
    /// Strokes under the letter, from the middle of the base line.
    Below(&'static str),
    /// Strokes across the letter, from its middle at half its height.
    Across(&'static str),
    /// Strokes beside the letter, from its right upper corner.
    Beside(&'static str),
}

impl Mark {
    const fn parse(name: char) -> Option<Self> {
        Some(match name {
            '`' => Self::Above("M1 4L-4 9"),
            '\'' => Self::Above("M-1 4L4 9"),
            '^' => Self::Above("M-5 4L0 9L5 4"),
            '<' => Self::Above("M-5 9L0 4L5 9"),
            '~' => Self::Above("M-6 5Q-4 10 0 7Q4 4 6 9"),
            ':' => Self::Above("M-4 7L-4 7M4 7L4 7"),
            '.' => Self::Above("M0 7L0 7"),
            '*' => Self::Above("M0 4Q-6 4 -6 9Q-6 14 0 14Q6 14 6 9Q6 4 0 4"),
            '=' => Self::Above("M-5 7L5 7"),
            '(' => Self::Above("M-5 9Q0 2 5 9"),
            '"' => Self::Above("M-4 4L-1 9M3 4L6 9"),
            '?' => Self::Above("M-2 9Q3 11 3 8Q3 7 0 5"),
            ',' => Self::Below("M0 0L0 -3Q4 -4 3 -7Q1 -9 -3 -8"),
            ';' => Self::Below("M3 0Q-1 -5 2 -8L5 -8"),
            '!' => Self::Below("M0 -7L0 -7"),
            '_' => Self::Below("M1 -5L-1 -9"),
            '/' => Self::Across("M-6 -4L6 4"),
            '@' => Self::Across("M-12 0L-2 0"),
            '#' => Self::Beside("M-8 -5L3 -5"),
            '$' => Self::Beside("M-17 -5L-6 -5"),
            '+' => Self::Beside("M-2 -1Q3 -1 3 4"),
            '|' => Self::Beside("M3 0L2 -6"),
            // The dot of an i is left out, and nothing takes its place.
            '-' => Self::Above(""),
            _ => return None,
        })
    }

    /// The mark that a combining character (U+0300 and following) puts on the letter before it.
    pub(super) const fn combining(c: char) -> Option<Self> {
        Self::parse(match c {
            '\u{300}' => '`',
            '\u{301}' => '\'',
            '\u{302}' => '^',
            '\u{303}' => '~',
            '\u{304}' => '=',
            '\u{306}' => '(',
            '\u{307}' => '.',
            '\u{308}' => ':',
            '\u{309}' => '?',
            '\u{30a}' => '*',
            '\u{30b}' => '"',
            '\u{30c}' => '<',
            '\u{31b}' => '+',
            '\u{323}' => '!',
            '\u{326}' => '_',
            '\u{327}' => ',',
            '\u{328}' => ';',
            _ => return None,
        })
    }

    /// The strokes, and where they begin at a letter of this width and height. `level`: marks above that are there.
    pub(super) fn place(self, (width, height): Point, level: i32) -> (&'static str, Point) {
        let middle = width / 2;
        match self {
            Self::Above(strokes) => {
                (strokes, (middle, height.saturating_add(level.saturating_mul(7))))
            }
            Self::Below(strokes) => (strokes, (middle, 0)),
            Self::Across(strokes) => (strokes, (middle, height / 2)),
            Self::Beside(strokes) => (strokes, (width, height)),
        }
    }
}

/// The letters of the font that stand for a character, and the marks on the last of them.
pub(super) fn parts(c: char) -> Option<(&'static str, impl Iterator<Item = Mark>)> {
    let number = u32::from(c);
    let (first, all) = LETTERS.iter().rev().find(|(first, _)| *first <= number)?;
    let place = usize::try_from(number.saturating_sub(*first)).ok()?;
    let parts = all.split(' ').nth(place)?;
    let is_letter = |c: char| c.is_ascii_alphanumeric() || !c.is_ascii();
    let letters = parts.len().saturating_sub(parts.trim_start_matches(is_letter).len());
    // A sign alone, as the one of a division, is a letter too.
    let (letters, marks) = parts.split_at_checked(letters.max(1))?;
    Some((letters, marks.chars().filter_map(Mark::parse)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_those_of_unicode_with_their_marks() {
        let read = |c: char| {
            let (letters, marks) = parts(c).unwrap();
            (letters, marks.count())
        };
        for (c, letters, marks) in [
            ('\u{e9}', "e", 1),
            ('\u{fc}', "u", 1),
            ('\u{df}', "ss", 0),
            ('\u{d8}', "O", 1),
            ('\u{10d}', "c", 1),
            ('\u{142}', "l", 1),
            ('\u{153}', "oe", 0),
            ('\u{219}', "s", 1),
            ('\u{1ebf}', "e", 2),
            ('\u{1edb}', "o", 2),
            ('\u{131}', "i", 1),
            ('\u{f7}', "/", 0),
            ('\u{401}', "E", 1),
            ('\u{416}', "\u{416}", 0),
            ('\u{439}', "\u{438}", 1),
            ('\u{45f}', "\u{45f}", 0),
            ('\u{390}', "\u{3b9}", 2),
            ('\u{3a1}', "P", 0),
            ('\u{3ce}', "\u{3c9}", 1),
        ] {
            assert_eq!(read(c), (letters, marks), "{c}");
        }
        for c in
            ['a', '\u{17f}', '\u{180}', '\u{3a2}', '\u{460}', '\u{4f60}', '\u{1f980}', '\u{1efa}']
        {
            assert_eq!(parts(c).is_some(), c == '\u{17f}', "{c}");
        }
    }

    #[test]
    fn every_mark_that_is_named_is_drawn() {
        for (first, all) in LETTERS {
            for parts in all.split(' ') {
                let marks = parts.chars().filter(|c| c.is_ascii() && !c.is_ascii_alphanumeric());
                let named = marks.filter(|c| Mark::parse(*c).is_none()).count();
                assert_eq!(named, 0, "{first:x} {parts}");
            }
        }
    }
}
