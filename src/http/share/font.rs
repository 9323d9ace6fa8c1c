//! Letters of one line width for the pictures of link previews: strokes on a grid whose capitals are 28 units high.

use crate::http::share::glyph::{Glyph, parsed};
use crate::http::share::letters::{Mark, parts};
use crate::http::share::point::Point;
use crate::http::share::scripts;

/// The height of a capital letter, units.
pub(super) const CAPITAL: i32 = 28;
/// The height of a small letter, units.
const SMALL: i32 = 20;
/// What lies between two letters, units.
const GAP: i32 = 8;
/// The width of a space, units.
const SPACE: i32 = 4;
/// Letters whose dot gives way to a mark.
const DOTLESS_I: Glyph = (0, "M0 20L0 0");
const DOTLESS_J: Glyph = (5, "M5 20L5 -3Q5 -9 0 -9");
/// Straight parts of a curve.
const STEPS: i32 = 8;

/// For each character from `!` to `~`: its width, then strokes. `M` goes to a point, `L` draws a line, `Q` a quadratic
/// curve with its control point; y grows upwards from the base line.
const GLYPHS: &str = "\
0M0 28L0 9M0 1L0 1
6M0 28L0 21M6 28L6 21
18M5 0L8 28M11 0L14 28M0 9L17 9M1 19L18 19
16M15 23Q13 28 8 28Q1 28 1 21Q1 16 8 14Q16 12 16 7Q16 0 8 0Q2 0 0 5M8 32L8 -4
24M19 28L5 0M5 28Q0 28 0 22Q0 16 5 16Q10 16 10 22Q10 28 5 28M19 12Q14 12 14 6Q14 0 19 0Q24 0 24 6Q24 12 19 12
20M20 0L5 18Q2 22 4 25Q6 28 9 28Q14 28 14 23Q14 19 8 16Q0 12 0 7Q0 0 8 0Q16 0 19 12
0M0 28L0 21
5M5 31Q0 24 0 13Q0 2 5 -5
5M0 31Q5 24 5 13Q5 2 0 -5
12M6 28L6 16M0 25L12 19M12 25L0 19
16M8 21L8 5M0 13L16 13
2M2 1L0 -5
9M0 11L9 11
0M0 1L0 1
12M0 -4L12 31
16M8 28Q0 28 0 14Q0 0 8 0Q16 0 16 14Q16 28 8 28
8M0 22L8 28L8 0
15M0 22Q1 28 8 28Q15 28 15 21Q15 17 10 12L0 0L15 0
15M0 24Q2 28 7 28Q14 28 14 21Q14 15 6 15Q15 15 15 7Q15 0 7 0Q1 0 0 5
17M12 0L12 28L0 8L17 8
15M14 28L2 28L1 15Q4 18 8 18Q15 18 15 9Q15 0 7 0Q2 0 0 4
16M13 28L3 15Q0 11 0 8Q0 0 8 0Q16 0 16 8Q16 16 8 16Q3 16 1 12
15M0 28L15 28L5 0
16M8 28Q1 28 1 21Q1 15 8 15Q15 15 15 21Q15 28 8 28M8 15Q0 15 0 7Q0 0 8 0Q16 0 16 7Q16 15 8 15
16M3 0L13 13Q16 17 16 20Q16 28 8 28Q0 28 0 20Q0 12 8 12Q13 12 15 16
0M0 17L0 17M0 1L0 1
2M2 17L2 17M2 1L0 -5
14M14 22L0 13L14 4
15M0 17L15 17M0 8L15 8
14M0 22L14 13L0 4
13M0 23Q2 28 7 28Q13 28 13 22Q13 17 9 15Q6 13 6 9M6 1L6 1
26M19 18L19 10Q19 6 22 6Q26 6 26 14Q26 27 13 27Q0 27 0 13Q0 -2 13 -2Q18 -2 21 0M19 13Q19 19 13 19Q7 19 7 12Q7 6 13 6Q19 6 19 13
20M0 0L10 28L20 0M4 10L16 10
17M0 0L0 28L9 28Q16 28 16 21Q16 15 9 15L0 15M9 15Q17 15 17 7Q17 0 9 0L0 0
19M19 22Q16 28 10 28Q0 28 0 14Q0 0 10 0Q16 0 19 6
19M0 0L0 28L8 28Q19 28 19 14Q19 0 8 0L0 0
15M15 28L0 28L0 0L15 0M0 15L13 15
15M15 28L0 28L0 0M0 14L13 14
20M19 22Q16 28 10 28Q0 28 0 14Q0 0 10 0Q20 0 20 13L12 13
18M0 0L0 28M18 0L18 28M0 15L18 15
0M0 0L0 28
12M12 28L12 8Q12 0 6 0Q1 0 0 6
17M0 0L0 28M17 28L0 11M6 17L17 0
14M0 28L0 0L14 0
22M0 0L0 28L11 10L22 28L22 0
18M0 0L0 28L18 0L18 28
22M11 28Q0 28 0 14Q0 0 11 0Q22 0 22 14Q22 28 11 28
16M0 0L0 28L8 28Q16 28 16 20Q16 12 8 12L0 12
22M11 28Q0 28 0 14Q0 0 11 0Q22 0 22 14Q22 28 11 28M14 7L22 -2
17M0 0L0 28L8 28Q16 28 16 20Q16 13 8 13L0 13M9 13L17 0
16M15 23Q13 28 8 28Q1 28 1 21Q1 16 8 14Q16 12 16 7Q16 0 8 0Q2 0 0 5
18M0 28L18 28M9 28L9 0
18M0 28L0 9Q0 0 9 0Q18 0 18 9L18 28
20M0 28L10 0L20 28
28M0 28L7 0L14 22L21 0L28 28
18M0 28L18 0M18 28L0 0
18M0 28L9 13L18 28M9 13L9 0
17M0 28L17 28L0 0L17 0
5M5 31L0 31L0 -5L5 -5
12M12 -4L0 31
5M0 31L5 31L5 -5L0 -5
12M0 20L6 28L12 20
16M0 -5L16 -5
4M0 28L4 23
15M15 20L15 0M15 10Q15 20 7 20Q0 20 0 10Q0 0 7 0Q15 0 15 10
15M0 28L0 0M0 10Q0 20 8 20Q15 20 15 10Q15 0 8 0Q0 0 0 10
14M14 16Q12 20 8 20Q0 20 0 10Q0 0 8 0Q12 0 14 4
15M15 28L15 0M15 10Q15 20 7 20Q0 20 0 10Q0 0 7 0Q15 0 15 10
15M0 10L15 10Q15 20 8 20Q0 20 0 10Q0 0 8 0Q13 0 15 4
10M10 28Q4 29 4 23L4 0M0 19L9 19
15M15 20L15 -2Q15 -9 7 -9Q3 -9 1 -6M15 10Q15 20 7 20Q0 20 0 10Q0 0 7 0Q15 0 15 10
14M0 28L0 0M0 12Q0 20 7 20Q14 20 14 12L14 0
0M0 20L0 0M0 27L0 27
5M5 20L5 -3Q5 -9 0 -9M5 27L5 27
13M0 28L0 0M12 20L0 8M5 12L13 0
0M0 28L0 0
23M0 20L0 0M0 13Q0 20 6 20Q12 20 12 13L12 0M12 13Q12 20 18 20Q23 20 23 13L23 0
14M0 20L0 0M0 12Q0 20 7 20Q14 20 14 12L14 0
16M8 20Q0 20 0 10Q0 0 8 0Q16 0 16 10Q16 20 8 20
15M0 20L0 -9M0 10Q0 20 8 20Q15 20 15 10Q15 0 8 0Q0 0 0 10
15M15 20L15 -9M15 10Q15 20 7 20Q0 20 0 10Q0 0 7 0Q15 0 15 10
9M0 20L0 0M0 11Q0 20 9 20
13M12 16Q11 20 6 20Q1 20 1 15Q1 11 7 10Q13 9 13 5Q13 0 7 0Q1 0 0 4
10M4 26L4 6Q4 0 10 0M0 20L9 20
14M0 20L0 8Q0 0 7 0Q14 0 14 8M14 20L14 0
15M0 20L8 0L15 20
22M0 20L5 0L11 16L17 0L22 20
14M0 20L14 0M14 20L0 0
15M0 20L8 1M15 20L8 1Q5 -9 0 -9
13M0 20L13 20L0 0L13 0
7M7 31Q3 31 3 26L3 18Q3 13 0 13Q3 13 3 8L3 0Q3 -5 7 -5
0M0 31L0 -5
7M0 31Q4 31 4 26L4 18Q4 13 7 13Q4 13 4 8L4 0Q4 -5 0 -5
16M0 11Q4 17 8 13Q12 9 16 15";

/// The width of a text, units.
pub(super) fn width(text: &str) -> i32 {
    let mut pen = Pen::default();
    text.chars().for_each(|c| pen.write(c, &mut |_, _| {}));
    pen.left.saturating_sub(GAP).max(0)
}

/// Calls `line` with the two ends of each straight part of the text, units from the left end of the base line.
pub(super) fn draw(text: &str, mut line: impl FnMut(Point, Point)) {
    let mut pen = Pen::default();
    text.chars().for_each(|c| pen.write(c, &mut line));
}

/// Whether the font has this character.
pub(super) fn has(c: char) -> bool {
    (' '..='~').contains(&c) || Mark::combining(c).is_some() || parts(c).is_some()
}

/// Where the next letter goes.
#[derive(Default)]
struct Pen {
    left: i32,
    /// The letter before, for the marks that come after it.
    last: Letter,
}

/// A letter that was drawn: where, how wide and high, and how many marks it has above.
#[derive(Clone, Copy, Default)]
struct Letter {
    left: i32,
    size: Point,
    above: i32,
}

type Line<'a> = &'a mut dyn FnMut(Point, Point);

impl Pen {
    fn write(&mut self, c: char, line: Line<'_>) {
        if let Some(mark) = Mark::combining(c) {
            return self.mark(mark, line);
        }
        let Some((letters, marks)) = parts(c) else {
            return self.letter(glyph(c), height(c), line);
        };
        let marks: Vec<Mark> = marks.collect();
        let is_dotless = marks.iter().any(|mark| matches!(mark, Mark::Above(_)));
        for letter in letters.chars() {
            match (letter, is_dotless) {
                ('i', true) => self.letter(Some(DOTLESS_I), SMALL, line),
                ('j', true) => self.letter(Some(DOTLESS_J), SMALL, line),
                (letter, _) => self.letter(glyph(letter), height(letter), line),
            }
        }
        for mark in marks {
            self.mark(mark, line);
        }
    }

    fn letter(&mut self, glyph: Option<Glyph>, height: i32, line: Line<'_>) {
        let width = glyph.map_or(SPACE, |(width, _)| width);
        self.last = Letter { left: self.left, size: (width, height), above: 0 };
        if let Some((_, strokes)) = glyph {
            shifted(strokes, (self.left, 0), line);
        }
        self.left = self.left.saturating_add(width).saturating_add(GAP);
    }

    fn mark(&mut self, mark: Mark, line: Line<'_>) {
        let Letter { left, size, above } = self.last;
        let (strokes, (x, y)) = mark.place(size, above);
        shifted(strokes, (left.saturating_add(x), y), line);
        if matches!(mark, Mark::Above(_)) {
            self.last.above = above.saturating_add(1);
        }
    }
}

/// The height of a letter without marks, units.
fn height(c: char) -> i32 {
    let is_small = c.is_ascii_lowercase() && !matches!(c, 'b' | 'd' | 'f' | 'h' | 'k' | 'l' | 't');
    if is_small || scripts::is_small(c) { SMALL } else { CAPITAL }
}

/// Draws strokes from this origin.
fn shifted(strokes: &str, (left, up): Point, line: Line<'_>) {
    draw_strokes(strokes, |(x, y), (x2, y2)| {
        line(
            (left.saturating_add(x), up.saturating_add(y)),
            (left.saturating_add(x2), up.saturating_add(y2)),
        );
    });
}

/// Width and strokes of a character; `None` for a space and for what the font does not have.
fn glyph(c: char) -> Option<Glyph> {
    let at = u32::from(c).checked_sub(u32::from('!'))?;
    let line = GLYPHS.lines().nth(usize::try_from(at).ok()?);
    line.map_or_else(|| scripts::glyph(c), parsed)
}

fn draw_strokes(strokes: &str, mut line: impl FnMut(Point, Point)) {
    let mut at: Point = (0, 0);
    let mut rest = strokes;
    while let Some(command) = rest.chars().next() {
        let tail = rest.get(1..).unwrap_or_default();
        let end = tail.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (numbers, after) = tail.split_at(end);
        let mut numbers = numbers.split(' ').filter_map(|number| number.parse::<i32>().ok());
        let mut point = || Some((numbers.next()?, numbers.next()?));
        let (first, second) = (point(), point());
        match (command, first, second) {
            ('M', Some(to), _) => at = to,
            ('Q', Some(control), Some(to)) => {
                let mut from = at;
                for step in 1..=STEPS {
                    let next = on_curve(at, control, to, step);
                    line(from, next);
                    from = next;
                }
                at = to;
            }
            (_, Some(to), _) => {
                line(at, to);
                at = to;
            }
            (_, None, _) => {}
        }
        rest = after;
    }
}

/// The point of a quadratic curve at `step` of [`STEPS`].
fn on_curve(from: Point, control: Point, to: Point, step: i32) -> Point {
    let back = STEPS - step;
    let all = STEPS * STEPS;
    let of =
        |a: i32, b: i32, c: i32| (a * back * back + 2 * b * back * step + c * step * step) / all;
    (of(from.0, control.0, to.0), of(from.1, control.1, to.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printable_character_of_ascii_has_a_glyph_within_its_width() {
        assert_eq!(GLYPHS.lines().count(), 94);
        for c in '!'..='~' {
            let (width, _) = glyph(c).unwrap();
            let mut parts = 0;
            draw(&c.to_string(), |(x, y), (x2, y2)| {
                parts += 1;
                assert!([x, x2].iter().all(|x| (0..=width).contains(x)), "{c}");
                assert!([y, y2].iter().all(|y| (-9..=32).contains(y)), "{c}");
            });
            assert!(parts > 0, "{c}");
        }
        for (composed, letters) in
            [("\u{e9}", "e\u{301}"), ("\u{1ebf}", "e\u{302}\u{301}"), ("\u{219}", "s\u{326}")]
        {
            let drawn = |text: &str| {
                let mut lines = Vec::new();
                draw(text, |from, to| lines.push((from, to)));
                lines
            };
            assert_eq!(drawn(composed), drawn(letters));
            assert_eq!(width(composed), width(letters));
            assert!(drawn(composed).len() > drawn(&letters[..1]).len());
        }
        assert_eq!(width("ll"), GAP);
        assert_eq!(width(""), 0);
    }

    #[test]
    fn every_letter_is_drawn_within_its_width_and_found_under_its_name() {
        for c in scripts::letters() {
            let (width, _) = glyph(c).unwrap();
            let mut parts = 0;
            draw(&c.to_string(), |(x, y), (x2, y2)| {
                parts += 1;
                assert!([x, x2].iter().all(|x| (0..=width).contains(x)), "{c}");
                assert!([y, y2].iter().all(|y| (-9..=34).contains(y)), "{c}");
            });
            assert!(parts > 0, "{c}");
        }
    }

    #[test]
    fn the_letters_of_greek_and_of_the_slavic_languages_are_there() {
        let greek = "Άρθρο Έξι ΐΰ Ή Ί Ό Ύ Ώ ΪΫ αβγδεζηθικλμνξοπρσςτυφχψω άέήίόύώ ϊϋ ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ";
        let slavic = "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ абвгдежзийклмнопрстуфхцчшщъыьэюя \
                      Ёё Її Іі Єє Ґґ Ўў Ђђ Ћћ Љљ Њњ Џџ Јј Ѓѓ Ќќ Ѕѕ Ѐѐ Ѝѝ";
        for c in greek.chars().chain(slavic.chars()) {
            assert!(has(c), "{c}");
            let mut parts = 0;
            draw(&c.to_string(), |_, _| parts += 1);
            assert!(parts > 0 || c == ' ', "{c} is drawn as nothing");
        }
        for c in ['ე', 'ա', 'א', 'ع', 'क', '夜', '한', '\u{3a2}', '\u{387}'] {
            assert!(!has(c), "{c}");
        }
    }
}
