//! The picture of a link preview (`og:image`): the cover of an event beside its title, day and price, as a PNG of
//! 1200 by 630 pixels. The host's object says what is on it ([`Card`]), the gateway draws it.

mod font;
mod glyph;
mod letters;
mod png;
mod point;
mod raster;
mod scripts;

use serde::{Deserialize, Serialize};

use crate::base::http::Headers;
use crate::base::text::{ascii_line, visible};
use crate::http::cover::palette::{Colour, Palette};
use crate::http::cover::{Cover, Cut, Look};
use crate::http::share::png::Png;
pub(super) use crate::http::share::png::crc;
use crate::http::share::raster::{Frame, Row, SUB, scale_of};

/// The width of the picture, pixels: what link previews ask for.
pub const WIDTH: i32 = 1_200;
/// The height of the picture, pixels.
pub const HEIGHT: i32 = 630;
/// Where the cover begins, pixels. It is as wide as it is high.
const COVER_LEFT: i32 = WIDTH - HEIGHT;
/// The left edge of the text, pixels.
const MARGIN: i32 = 64;
/// The longest title, characters.
const TITLE_CHARS_MAX: usize = 90;
/// The longest day and time, or name of a host, characters.
const LINE_CHARS_MAX: usize = 40;
/// The headers of every answer, without the tag.
pub const HEADERS: [(&str, &str); 4] = [
    ("content-type", "image/png"),
    ("cache-control", "public, max-age=3600"),
    ("content-security-policy", "default-src 'none'; sandbox"),
    ("x-content-type-options", "nosniff"),
];
/// The size of day and time where there is no title: ten figures fill a line.
const FIGURES_SCALE: i32 = 29;
/// Counts the ways of drawing, so that caches ask again after a change.
const VERSION: u32 = 3;

/// What is on the picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// The id of the event.
    pub seed: String,
    pub shuffle: u32,
    pub palette: Option<Palette>,
    pub title: String,
    /// As the host calls itself; empty if it has no name.
    pub host: String,
    /// Day and time in words.
    pub when: String,
    /// Day and time in figures, `2026-12-12 18:30`, for who does not read the title's script here.
    pub figures: String,
    /// The price with its sign, or why nothing is sold.
    pub price: String,
}

impl Card {
    /// The entity tag of the picture (RFC 9110, 8.8.3), which is known before it is drawn.
    #[must_use]
    pub fn etag(&self) -> String {
        let Self { seed, shuffle, palette, title, host, when, figures, price } = self;
        let palette = palette.map_or("own", Palette::name);
        let all = [seed, palette, title, host, when, figures, price].join("\n");
        let hash = crate::http::cover::fnv_1a(u64::from(*shuffle), all.as_bytes());
        format!("\"{VERSION}-{hash:016x}\"")
    }

    /// The status and the body for who has these headers: the picture, or 304 if it is the same as there.
    #[must_use]
    pub fn answer(&self, headers: &Headers) -> (u16, Vec<u8>) {
        let tag = self.etag();
        let known = headers.get("if-none-match").unwrap_or_default().split(',').map(str::trim);
        let is_known = known.into_iter().any(|known| known.trim_start_matches("W/") == tag);
        if is_known { (304, Vec::new()) } else { (200, self.png()) }
    }

    /// Draws the picture of this card.
    #[must_use]
    pub fn png(&self) -> Vec<u8> {
        let look = Look { shuffle: self.shuffle, palette: self.palette };
        let cover = Cover { seed: &self.seed, look };
        let colours = cover.palette().colours();
        let picture = cover.picture(Cut::Square);
        let frame = Frame { left: COVER_LEFT, right: WIDTH, scale: scale_of(HEIGHT, 4) };
        let lines = self.lines(colours.deep, colours.base);
        let strokes: Vec<Stroke> = lines.iter().flat_map(Line::strokes).collect();
        let at = |x: i32| usize::try_from(x).unwrap_or(0);
        let (mut png, mut bytes) = (Png::new(1_200, 630), Vec::new());
        let mut row = Row { y: 0, pixels: Vec::new() };
        for y in 0..HEIGHT {
            row.y = y;
            row.pixels.clear();
            row.pixels.resize(at(COVER_LEFT), colours.paper);
            row.pixels.resize(at(WIDTH), picture.ground);
            for shape in &picture.shapes {
                row.form(shape.fill, shape.form, frame);
            }
            for stroke in &strokes {
                row.stroke(stroke.fill, stroke.from, stroke.to, stroke.r);
            }
            bytes.clear();
            bytes.extend(row.pixels.iter().flat_map(|pixel| pixel.0));
            png.row(&bytes);
        }
        png.finish()
    }

    /// The lines of text. A title in a script that the font does not have is left out: half a word would be worse.
    fn lines(&self, ink: Colour, accent: Colour) -> Vec<Line> {
        let line = |text, y, scale, fill| Line { text, x: MARGIN, y, scale, fill };
        let bottom = HEIGHT - MARGIN;
        let price = drawn_line(&self.price, 24).unwrap_or_default();
        let mut lines = vec![line(price, bottom, 27, accent)];
        // The largest of two sizes in which the line has room.
        let above_price = |text: String| {
            let scale = if font::width(&text) * 17 > room() { 13 } else { 17 };
            line(text, bottom - cap(27) - 34, scale, ink)
        };
        let Some(title) = drawn_line(&self.title, TITLE_CHARS_MAX) else {
            // Day and time are large instead, in figures, which every script reads.
            let mut y = MARGIN + cap(FIGURES_SCALE);
            for text in self.figures.split(' ').take(2) {
                lines.push(line(text.to_owned(), y, FIGURES_SCALE, ink));
                y += cap(FIGURES_SCALE) * 2;
            }
            lines.extend(drawn_line(&self.host, LINE_CHARS_MAX).map(above_price));
            return lines;
        };
        // The largest size in which the title has at most so many lines.
        let sizes = [(34, 3), (27, 4), (21, 5)];
        let fitting = sizes.iter().find_map(|(scale, most)| {
            let wrapped = wrapped(&title, *scale);
            (wrapped.len() <= *most).then_some((*scale, wrapped))
        });
        let (scale, wrapped) = fitting.unwrap_or_else(|| (21, wrapped(&title, 21)));
        let mut y = MARGIN + cap(scale);
        for text in wrapped.into_iter().take(6) {
            lines.push(line(text, y, scale, ink));
            y += cap(scale) * 17 / 10;
        }
        lines.extend(drawn_line(&self.when, LINE_CHARS_MAX).map(above_price));
        lines
    }
}

/// Up to `chars_max` characters on one line. Signs that the font does not have become what they are in ASCII, or spaces.
/// `None` if a letter or figure cannot be drawn, or nothing is left.
fn drawn_line(text: &str, chars_max: usize) -> Option<String> {
    let mut plain = String::new();
    for c in visible(text).chars() {
        if font::has(c) {
            plain.push(c);
            continue;
        }
        let ascii = ascii_line(c.encode_utf8(&mut [0; 4]), 1);
        if ascii.is_empty() && c.is_alphanumeric() {
            return None;
        }
        plain.push_str(if ascii.is_empty() { " " } else { &ascii });
    }
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    if plain.chars().count() <= chars_max {
        return Some(plain).filter(|plain| !plain.is_empty());
    }
    let kept: String = plain.chars().take(chars_max.saturating_sub(3)).collect();
    Some(format!("{}...", kept.trim_end()))
}

/// The room for text, sixteenths of a pixel.
const fn room() -> i32 {
    (COVER_LEFT - 2 * MARGIN) * SUB
}

/// The height of a capital letter, pixels.
const fn cap(scale: i32) -> i32 {
    font::CAPITAL * scale / SUB
}

/// A text in lines that fit. A word that is longer than a line is cut.
fn wrapped(text: &str, scale: i32) -> Vec<String> {
    let fits = |text: &str| font::width(text) * scale <= room();
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if let Some(last) = lines.last_mut() {
            let longer = format!("{last} {word}");
            if fits(&longer) {
                *last = longer;
                continue;
            }
        }
        let mut part = String::new();
        for c in word.chars() {
            part.push(c);
            if !fits(&part) {
                part.pop();
                lines.push(std::mem::replace(&mut part, c.to_string()));
            }
        }
        lines.push(part);
    }
    lines
}

/// A line of text.
struct Line {
    text: String,
    /// The left end of the base line, pixels.
    x: i32,
    y: i32,
    /// Sixteenths of a pixel for a unit of the font.
    scale: i32,
    fill: Colour,
}

/// A straight part of a letter, sixteenths of a pixel.
struct Stroke {
    fill: Colour,
    from: (i32, i32),
    to: (i32, i32),
    r: i32,
}

impl Line {
    fn strokes(&self) -> Vec<Stroke> {
        let mut strokes = Vec::new();
        let Self { x, y, scale, fill, .. } = self;
        let place = |(px, py): (i32, i32)| (x * SUB + px * scale, y * SUB - py * scale);
        font::draw(&self.text, |from, to| {
            // Two and a half units to each side.
            strokes.push(Stroke {
                fill: *fill,
                from: place(from),
                to: place(to),
                r: scale * 5 / 2,
            });
        });
        strokes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(title: &str) -> Card {
        Card {
            seed: "evt_0123456789abcdef01234567".to_owned(),
            shuffle: 0,
            palette: None,
            title: title.to_owned(),
            host: "Ada".to_owned(),
            when: "Sat 12 Dec 2026, 18:30".to_owned(),
            figures: "2026-12-12 18:30".to_owned(),
            price: "$0.05".to_owned(),
        }
    }

    #[test]
    fn titles_of_every_length_stay_in_their_room() {
        for title in [
            "Rust",
            "An extraordinarily long title of an evening about many things that goes on and on",
            &"W".repeat(200),
            "",
            "\u{4f60}\u{597d}\u{4e16}\u{754c}",
        ] {
            for line in card(title).lines(Colour([0; 3]), Colour([0; 3])) {
                assert!(font::width(&line.text) * line.scale <= room(), "{title}: {}", line.text);
                assert!(line.y <= HEIGHT - MARGIN, "{title}");
            }
        }
        let texts = |title: &str| {
            let lines = card(title).lines(Colour([0; 3]), Colour([0; 3])).into_iter();
            lines.map(|line| line.text).collect::<Vec<_>>()
        };
        // A title that cannot be drawn as a whole is left out.
        let in_figures = ["$0.05", "2026-12-12", "18:30", "Ada"];
        for title in
            ["\u{4f60}\u{597d}", "A long title and one \u{4f60}", "\u{5d0}", "\u{1f980}", ""]
        {
            assert_eq!(texts(title), in_figures, "{title}");
        }
        for title in ["\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}", "\u{388}\u{3be}\u{3b9}"] {
            assert_eq!(texts(title), ["$0.05", title, "Sat 12 Dec 2026, 18:30"], "{title}");
        }
        // Neither can the name of this host.
        let nameless = Card { host: "\u{4f60}".to_owned(), ..card("\u{597d}") };
        assert_eq!(nameless.lines(Colour([0; 3]), Colour([0; 3])).len(), 3);
        let cafe = texts("Caf\u{e9} \u{201e}M\u{fc}nchen\u{201c} \u{1f980}");
        assert_eq!(cafe[1..cafe.len() - 1].join(" "), "Caf\u{e9} \"M\u{fc}nchen\"");
    }

    #[test]
    fn the_tag_changes_with_everything_on_the_picture() {
        let one = card("Rust");
        for other in [
            card("Rusty"),
            Card { shuffle: 1, ..card("Rust") },
            Card { palette: Some(Palette::Ink), ..card("Rust") },
            Card { when: "x".to_owned(), ..card("Rust") },
            Card { host: "x".to_owned(), ..card("Rust") },
            Card { price: "x".to_owned(), ..card("Rust") },
        ] {
            assert_ne!(one.etag(), other.etag());
        }
        assert_eq!(one.etag(), card("Rust").etag());
        let asked = |known: &str| {
            let headers = vec![("If-None-Match".to_owned(), known.to_owned())];
            one.answer(&Headers::new(headers)).0
        };
        assert_eq!(asked(&one.etag()), 304);
        assert_eq!(asked(&format!("\"x\", W/{}", one.etag())), 304);
        assert_eq!(asked("\"x\""), 200);
    }
}
