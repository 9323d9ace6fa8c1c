//! A picture as an SVG element with presentation attributes only, so that it passes a strict policy.

use std::fmt::{Display, Formatter, Result, Write};

use crate::http::cover::palette::Colour;
use crate::http::cover::shapes::{Form, Picture, Shape, Side};

/// The picture as an `svg` element. It fills its box and is cut, not distorted.
#[must_use]
pub fn element(picture: &Picture) -> String {
    let Picture { width, height, ground, shapes } = picture;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         preserveAspectRatio=\"xMidYMid slice\" aria-hidden=\"true\">\
         <path fill=\"{ground}\" d=\"M0 0h{width}v{height}H0z\"/>"
    );
    for Shape { fill, form } in shapes {
        let drawn = Drawn { form: *form, width: *width, height: *height };
        // Writing to text cannot fail.
        let written = write!(svg, "<path fill=\"{fill}\" d=\"{drawn}\"/>");
        debug_assert!(written.is_ok());
    }
    svg.push_str("</svg>");
    svg
}

impl Display for Colour {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let [r, g, b] = self.0;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

/// The path of a form in a picture of this size.
struct Drawn {
    form: Form,
    width: i32,
    height: i32,
}

impl Display for Drawn {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.form {
            Form::Rect { x, y, width, height } => {
                write!(f, "M{x} {y}h{width}v{height}h{}z", width.saturating_neg())
            }
            Form::Disc { x, y, r } => {
                let (left, across) = (x.saturating_sub(r), r.saturating_mul(2));
                write!(f, "M{left} {y}a{r} {r} 0 1 1 {across} 0a{r} {r} 0 1 1-{across} 0z")
            }
            Form::Quarter { x, y, r, right, down } => {
                let dx = if right { r } else { r.saturating_neg() };
                let end = if down { y.saturating_add(r) } else { y.saturating_sub(r) };
                let clockwise = i32::from(right == down);
                write!(f, "M{x} {y}h{dx}A{r} {r} 0 0 {clockwise} {x} {end}z")
            }
            Form::Half { x, y, r, side } => {
                let across = r.saturating_mul(2);
                let (left, top) = (x.saturating_sub(r), y.saturating_sub(r));
                match side {
                    Side::Up => write!(f, "M{left} {y}a{r} {r} 0 0 1 {across} 0z"),
                    Side::Down => write!(f, "M{left} {y}a{r} {r} 0 0 0 {across} 0z"),
                    Side::Left => write!(f, "M{x} {top}a{r} {r} 0 0 0 0 {across}z"),
                    Side::Right => write!(f, "M{x} {top}a{r} {r} 0 0 1 0 {across}z"),
                }
            }
            Form::Leaf { x, y, size, falling } => {
                let (right, down) = (x.saturating_add(size), y.saturating_add(size));
                let (from, to) = if falling { (y, down) } else { (down, y) };
                write!(
                    f,
                    "M{x} {from}A{size} {size} 0 0 1 {right} {to}A{size} {size} 0 0 1 {x} {from}z"
                )
            }
            Form::Wave { y, arc, rise, phase } => {
                let start = phase.saturating_neg();
                let control = rise.saturating_mul(-2);
                write!(f, "M{start} {y}q{} {control} {arc} 0", arc / 2)?;
                let arcs = self.width.saturating_add(phase).checked_div(arc).unwrap_or(0);
                for _ in 0..arcs {
                    write!(f, "t{arc} 0")?;
                }
                write!(f, "V{}H{start}z", self.height)
            }
        }
    }
}
