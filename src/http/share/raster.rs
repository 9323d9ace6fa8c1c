//! Draws flat shapes into rows of pixels, with smooth edges: each row is looked at on four lines, each line in
//! sixteenths of a pixel.

use crate::http::cover::palette::Colour;
use crate::http::cover::shapes::{CELL, Form, Side};

/// Parts of a pixel, across.
pub(super) const SUB: i32 = 16;
/// Where the lines of a row are, in sixteenths.
const LINES: [i32; 4] = [2, 6, 10, 14];
/// What covers a pixel as a whole: four lines of sixteen parts.
const WHOLE: i32 = 64;

/// Left and right end of what a shape covers on one line, sixteenths of a pixel.
type Span = Option<(i32, i32)>;

/// A row of pixels.
pub(super) struct Row {
    pub(super) y: i32,
    pub(super) pixels: Vec<Colour>,
}

/// Where a picture of shapes lies: the pixel of its left upper corner, and sixteenths of a pixel for a unit.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) left: i32,
    pub(super) right: i32,
    pub(super) scale: i32,
}

impl Row {
    /// Paints what spans cover. Shapes are convex, so a line has one span.
    fn paint(&mut self, fill: Colour, spans: [Span; 4]) {
        let known = || spans.iter().flatten();
        let Some(start) = known().map(|(from, _)| from.div_euclid(SUB)).min() else { return };
        let end = known().map(|(_, to)| to.div_euclid(SUB) + 1).max().unwrap_or(start);
        let is_whole = spans.iter().all(Option::is_some);
        let inner_start = known().map(|(from, _)| (from + SUB - 1).div_euclid(SUB)).max();
        let inner_end = known().map(|(_, to)| to.div_euclid(SUB)).min();
        let (inner_start, inner_end) = match (is_whole, inner_start, inner_end) {
            (true, Some(from), Some(to)) if from < to => (from, to),
            _ => (end, end),
        };
        for pixel in self.range(inner_start, inner_end) {
            *pixel = fill;
        }
        for (from, to) in [(start, inner_start), (inner_end, end)] {
            let first = from.max(0);
            for (x, pixel) in (first..).zip(self.range(from, to)) {
                let (left, right) = (x * SUB, (x + 1) * SUB);
                let part = |(from, to): &(i32, i32)| (right.min(*to) - left.max(*from)).max(0);
                let covered: i32 = spans.iter().flatten().map(part).sum();
                *pixel = pixel.mixed(fill, parts(covered));
            }
        }
    }

    fn range(&mut self, from: i32, to: i32) -> impl Iterator<Item = &mut Colour> {
        let at = |x: i32| usize::try_from(x.max(0)).unwrap_or(0);
        let count = at(to).saturating_sub(at(from));
        self.pixels.iter_mut().skip(at(from)).take(count)
    }

    /// Paints a form of a cover.
    pub(super) fn form(&mut self, fill: Colour, form: Form, frame: Frame) {
        if let Form::Wave { y, arc, rise, phase } = form {
            self.wave(fill, frame, (y, arc, rise, phase));
            return;
        }
        let top = self.y * SUB;
        let clip = (frame.left * SUB, frame.right * SUB);
        let spans = LINES.map(|line| clipped(span(form, top + line, frame), clip));
        self.paint(fill, spans);
    }

    fn wave(&mut self, fill: Colour, frame: Frame, (y, arc, rise, phase): (i32, i32, i32, i32)) {
        let scale = frame.scale;
        let (bottom, arc) = ((self.y + 1) * SUB, (arc * scale).max(1));
        for (x, pixel) in (frame.left..).zip(self.range(frame.left, frame.right)) {
            let along = (x - frame.left) * SUB + SUB / 2 + phase * scale;
            let (number, within) = (along / arc, i64::from(along % arc));
            let (long, high) = (i64::from(arc), i64::from(rise * scale));
            // The parabola through both ends of the arc.
            let lift = 4 * high * within * (long - within) / (long * long);
            let lift = i32::try_from(lift).unwrap_or(0);
            let edge = y * scale + if number % 2 == 0 { -lift } else { lift };
            let covered = (bottom - edge).clamp(0, SUB);
            if covered > 0 {
                *pixel = pixel.mixed(fill, parts(covered * 4));
            }
        }
    }

    /// Paints a line with round ends. Its points and half its width are in sixteenths of a pixel.
    pub(super) fn stroke(&mut self, fill: Colour, from: (i32, i32), to: (i32, i32), r: i32) {
        let top = self.y * SUB;
        if top + SUB < from.1.min(to.1) - r || top > from.1.max(to.1) + r {
            return;
        }
        let spans = LINES.map(|line| {
            let y = top + line;
            let ends = [disc(from, r, y), disc(to, r, y), band(from, to, r, y)];
            let (left, right) = (
                ends.iter().flatten().map(|end| end.0).min(),
                ends.iter().flatten().map(|end| end.1).max(),
            );
            left.zip(right)
        });
        self.paint(fill, spans);
    }
}

/// Parts of sixteen for [`Colour::mixed`].
fn parts(covered: i32) -> u16 {
    u16::try_from(covered.clamp(0, WHOLE) / 4).unwrap_or(0)
}

fn clipped(span: Span, (left, right): (i32, i32)) -> Span {
    let (from, to) = span?;
    let (from, to) = (from.max(left), to.min(right));
    (from < to).then_some((from, to))
}

fn both(one: Span, other: Span) -> Span {
    clipped(one, other?)
}

/// The span of a disc on the line `y`.
fn disc((x, centre): (i32, i32), r: i32, y: i32) -> Span {
    let away = i64::from(y - centre);
    let square = i64::from(r) * i64::from(r) - away * away;
    let half = i32::try_from(square.max(0).isqrt()).unwrap_or(0);
    (square > 0).then_some((x - half, x + half))
}

/// The span of the rectangle around a line, without its round ends.
fn band(from: (i32, i32), to: (i32, i32), r: i32, y: i32) -> Span {
    let (dx, dy) = (i64::from(to.0 - from.0), i64::from(to.1 - from.1));
    let length = (dx * dx + dy * dy).isqrt();
    if length == 0 {
        return None;
    }
    let across = |part: i64| i32::try_from(part * i64::from(r) / length).unwrap_or(0);
    let (nx, ny) = (across(-dy), across(dx));
    let corners = [
        (from.0 + nx, from.1 + ny),
        (to.0 + nx, to.1 + ny),
        (to.0 - nx, to.1 - ny),
        (from.0 - nx, from.1 - ny),
    ];
    let sides = corners.iter().zip(corners.iter().cycle().skip(1));
    let crossings = sides.filter_map(|(a, b)| {
        let (low, high) = if a.1 <= b.1 { (a, b) } else { (b, a) };
        if y < low.1 || y > high.1 || low.1 == high.1 {
            return None;
        }
        let (run, rise) = (i64::from(high.0 - low.0), i64::from(high.1 - low.1));
        let x = i64::from(low.0) + run * i64::from(y - low.1) / rise;
        i32::try_from(x).ok()
    });
    let (mut left, mut right) = (i32::MAX, i32::MIN);
    for x in crossings {
        (left, right) = (left.min(x), right.max(x));
    }
    (left < right).then_some((left, right))
}

/// The span of a form on the line `y`.
fn span(form: Form, y: i32, frame: Frame) -> Span {
    let Frame { left, scale, .. } = frame;
    let x_of = |x: i32| left * SUB + x * scale;
    let round = |x: i32, centre: i32, r: i32| disc((x_of(x), centre * scale), r * scale, y);
    let all = (i32::MIN / 2, i32::MAX / 2);
    match form {
        Form::Rect { x, y: top, width, height } => {
            let is_in = y >= top * scale && y < (top + height) * scale;
            is_in.then_some((x_of(x), x_of(x + width)))
        }
        Form::Disc { x, y: centre, r } => round(x, centre, r),
        Form::Quarter { x, y: centre, r, right, down } => {
            let is_in = if down { y >= centre * scale } else { y < centre * scale };
            let side = if right { (x_of(x), all.1) } else { (all.0, x_of(x)) };
            if is_in { clipped(round(x, centre, r), side) } else { None }
        }
        Form::Half { x, y: centre, r, side } => {
            let whole = round(x, centre, r);
            match side {
                Side::Up => whole.filter(|_| y < centre * scale),
                Side::Down => whole.filter(|_| y >= centre * scale),
                Side::Left => clipped(whole, (all.0, x_of(x))),
                Side::Right => clipped(whole, (x_of(x), all.1)),
            }
        }
        Form::Leaf { x, y: top, size, falling } => {
            let is_in = y >= top * scale && y < (top + size) * scale;
            let (high, low) = if falling { (x + size, x) } else { (x, x + size) };
            let lens = both(round(high, top, size), round(low, top + size, size));
            if is_in { clipped(lens, (x_of(x), x_of(x + size))) } else { None }
        }
        // Painted by `Row::wave`.
        Form::Wave { .. } => None,
    }
}

/// Sixteenths of a pixel for a unit, so that `cells` cells are `pixels` high.
pub(super) const fn scale_of(pixels: i32, cells: i32) -> i32 {
    pixels * SUB / (cells * CELL)
}
