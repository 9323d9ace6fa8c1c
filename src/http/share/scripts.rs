//! Greek and Cyrillic letters that no Latin letter looks like. Those that do are named in [`super::letters`].

use crate::http::share::font::Glyph;

/// The letters in order, each on a line: the letter, its width, and its strokes as in [`super::font`].
const GLYPHS: &str = "\
Δ20M0 0L10 28L20 0L0 0
Θ22M11 28Q0 28 0 14Q0 0 11 0Q22 0 22 14Q22 28 11 28M6 14L16 14
Λ20M0 0L10 28L20 0
Ξ15M0 28L15 28M2 14L13 14M0 0L15 0
Σ16M16 28L0 28L9 14L0 0L16 0
Ψ22M11 28L11 0M0 28L0 20Q0 10 11 10Q22 10 22 20L22 28
Ω22M0 0L7 0L7 4Q0 8 0 16Q0 28 11 28Q22 28 22 16Q22 8 15 4L15 0L22 0
α16M16 20L13 8Q11 0 7 0Q0 0 0 10Q0 20 7 20Q11 20 13 12L16 0
β15M0 -9L0 20Q0 28 7 28Q13 28 13 22Q13 16 6 16Q15 16 15 8Q15 0 7 0Q2 0 0 4
γ15M0 20L8 1M15 20L8 1L8 -9
δ15M13 26Q11 28 7 28Q2 28 2 24Q2 21 9 18Q15 15 15 8Q15 0 8 0Q0 0 0 9Q0 16 9 18
ε12M12 17Q10 20 6 20Q1 20 1 15Q1 11 7 11Q0 11 0 5Q0 0 6 0Q10 0 12 3
ζ12M1 28L12 28Q0 18 0 8Q0 2 6 2Q12 2 12 -3Q12 -7 8 -7
η14M0 20L0 0M0 12Q0 20 7 20Q14 20 14 12L14 -9
θ14M7 28Q0 28 0 14Q0 0 7 0Q14 0 14 14Q14 28 7 28M0 14L14 14
ι4M0 20L0 4Q0 0 4 0
λ15M1 28Q4 28 5 24L15 0M9 14L0 0
μ15M0 20L0 -9M0 6Q0 0 7 0Q14 0 14 8M14 20L14 4Q14 0 15 0
ξ12M2 28L11 28Q2 27 2 22Q2 17 10 17Q0 16 0 9Q0 2 6 2Q12 2 12 -3Q12 -7 8 -7
π17M0 20L17 20M4 20L4 0M13 20L13 0
ς13M13 17Q11 20 7 20Q0 20 0 11Q0 4 7 2Q12 1 12 -3Q12 -7 8 -7
σ17M17 20L8 20Q0 20 0 10Q0 0 8 0Q15 0 15 10Q15 17 9 20
τ13M0 20L13 20M7 20L7 4Q7 0 11 0
υ14M0 20L0 8Q0 0 7 0Q14 0 14 10Q14 16 12 20
χ14M0 20L14 -9M14 20L0 -9
ψ20M10 28L10 -9M0 20L0 10Q0 0 10 0Q20 0 20 10L20 20
ω22M4 20Q0 16 0 9Q0 0 5 0Q11 0 11 10Q11 0 17 0Q22 0 22 9Q22 16 18 20
Ђ20M0 28L18 28M6 28L6 0M6 14Q8 17 13 17Q19 17 19 10L19 2Q19 -4 13 -4
Є19M19 22Q16 28 10 28Q0 28 0 14Q0 0 10 0Q16 0 19 6M0 14L12 14
Љ28M0 0Q4 0 4 14L4 28L15 28L15 0L21 0Q28 0 28 8Q28 16 21 16L15 16
Њ28M0 28L0 0M14 28L14 0L21 0Q28 0 28 8Q28 15 21 15L0 15
Ћ20M0 28L18 28M6 28L6 0M6 14Q8 17 13 17Q19 17 19 10L19 0
Џ18M0 28L0 0L18 0L18 28M9 0L9 -5
Б15M14 28L0 28L0 0L8 0Q15 0 15 8Q15 16 8 16L0 16
Г14M14 28L0 28L0 0
Д20M0 -5L0 0L20 0L20 -5M3 0Q6 8 6 28L17 28L17 0
Ж24M12 28L12 0M1 28L11 14L0 0M23 28L13 14L24 0M11 14L13 14
И18M0 28L0 0L18 28L18 0
Л18M0 0Q5 0 5 14L5 28L18 28L18 0
П18M0 0L0 28L18 28L18 0
У18M0 28L10 11M18 28L7 4Q5 0 1 0
Ф24M12 31L12 -3M12 25Q0 25 0 14Q0 4 12 4Q24 4 24 14Q24 25 12 25
Ц21M0 28L0 0L18 0L18 28M18 0L21 0L21 -5
Ч16M0 28L0 19Q0 12 8 12Q13 12 16 15M16 28L16 0
Ш24M0 28L0 0L24 0L24 28M12 28L12 0
Щ27M0 28L0 0L24 0L24 28M12 28L12 0M24 0L27 0L27 -5
Ъ20M0 28L5 28L5 0L12 0Q20 0 20 8Q20 16 12 16L5 16
Ы22M0 28L0 0L7 0Q15 0 15 8Q15 16 7 16L0 16M22 28L22 0
Ь15M0 28L0 0L7 0Q15 0 15 8Q15 16 7 16L0 16
Э19M0 22Q3 28 9 28Q19 28 19 14Q19 0 9 0Q3 0 0 6M7 14L19 14
Ю28M0 28L0 0M0 14L8 14M18 28Q8 28 8 14Q8 0 18 0Q28 0 28 14Q28 28 18 28
Я17M17 0L17 28L9 28Q1 28 1 21Q1 13 9 13L17 13M9 13L0 0
б16M14 27L6 25Q0 22 0 10Q0 0 8 0Q16 0 16 9Q16 17 8 17Q2 17 0 10
в13M0 0L0 20L6 20Q12 20 12 15Q12 11 6 11L0 11M6 11Q13 11 13 5Q13 0 6 0L0 0
г11M11 20L0 20L0 0
д17M0 -4L0 0L17 0L17 -4M3 0Q6 6 6 20L14 20L14 0
ж20M10 20L10 0M1 20L9 10L0 0M19 20L11 10L20 0M9 10L11 10
з12M0 17Q2 20 6 20Q11 20 11 15Q11 11 5 11Q12 11 12 5Q12 0 6 0Q2 0 0 3
и14M0 20L0 0L14 20L14 0
к13M0 20L0 0M12 20L0 8M5 12L13 0
л14M0 0Q4 0 4 10L4 20L14 20L14 0
м18M0 0L0 20L9 5L18 20L18 0
н14M0 20L0 0M14 20L14 0M0 10L14 10
п14M0 0L0 20L14 20L14 0
т14M0 20L14 20M7 20L7 0
ф22M11 28L11 -9M11 20Q0 20 0 10Q0 0 11 0Q22 0 22 10Q22 20 11 20
ц17M0 20L0 0L14 0L14 20M14 0L17 0L17 -5
ч13M0 20L0 14Q0 9 7 9Q11 9 13 11M13 20L13 0
ш20M0 20L0 0L20 0L20 20M10 20L10 0
щ23M0 20L0 0L20 0L20 20M10 20L10 0M20 0L23 0L23 -5
ъ16M0 20L4 20L4 0L10 0Q16 0 16 6Q16 11 10 11L4 11
ы18M0 20L0 0L6 0Q12 0 12 6Q12 11 6 11L0 11M18 20L18 0
ь12M0 20L0 0L6 0Q12 0 12 6Q12 11 6 11L0 11
э14M0 16Q2 20 6 20Q14 20 14 10Q14 0 6 0Q2 0 0 4M5 10L14 10
ю23M0 20L0 0M0 10L7 10M15 20Q7 20 7 10Q7 0 15 0Q23 0 23 10Q23 20 15 20
я13M13 0L13 20L7 20Q1 20 1 15Q1 10 7 10L13 10M7 10L0 0
ђ18M4 28L4 0M4 12Q4 20 11 20Q18 20 18 12L18 -3Q18 -9 12 -9M0 24L11 24
є14M14 16Q12 20 8 20Q0 20 0 10Q0 0 8 0Q12 0 14 4M0 10L9 10
љ22M0 0Q3 0 3 10L3 20L12 20L12 0L17 0Q22 0 22 6Q22 11 17 11L12 11
њ21M0 20L0 0M11 20L11 0L16 0Q21 0 21 6Q21 10 16 10L0 10
ћ18M4 28L4 0M4 12Q4 20 11 20Q18 20 18 12L18 0M0 24L11 24
џ14M0 20L0 0L14 0L14 20M7 0L7 -5
Ґ14M14 34L14 28L0 28L0 0
ґ11M11 25L11 20L0 20L0 0";

/// Width and strokes of a letter; `None` for what is not on the list.
pub(super) fn glyph(c: char) -> Option<Glyph> {
    GLYPHS.lines().find_map(|line| super::font::parsed(line.strip_prefix(c)?))
}

/// Whether it is a small letter of these scripts.
pub(super) const fn is_small(c: char) -> bool {
    matches!(c, '\u{3b1}'..='\u{3c9}' | '\u{430}'..='\u{45f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::share::font;

    #[test]
    fn every_letter_is_drawn_within_its_width_and_found_under_its_name() {
        for line in GLYPHS.lines() {
            let c = line.chars().next().unwrap();
            let (width, _) = glyph(c).unwrap();
            let mut parts = 0;
            font::draw(&c.to_string(), |(x, y), (x2, y2)| {
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
            assert!(font::has(c), "{c}");
            let mut parts = 0;
            font::draw(&c.to_string(), |_, _| parts += 1);
            assert!(parts > 0 || c == ' ', "{c} is drawn as nothing");
        }
        for c in ['ე', 'ա', 'א', 'ع', 'क', '夜', '한', '\u{3a2}', '\u{387}'] {
            assert!(!font::has(c), "{c}");
        }
    }
}
