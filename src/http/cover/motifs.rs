//! The five motifs of covers, and the face of a host.

use crate::http::cover::chance::Chance;
use crate::http::cover::palette::{Colour, Colours};
use crate::http::cover::shapes::{CELL, Form, Picture, Shape, Side};

/// What a cover shows, besides its colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Motif {
    /// A grid of parts of discs, cut like the notch of a ticket.
    Notch,
    Sun,
    Rings,
    Waves,
    Bars,
    Face,
}

impl Motif {
    #[cfg(test)]
    pub(super) const COVERS: [Self; 5] =
        [Self::Notch, Self::Sun, Self::Rings, Self::Waves, Self::Bars];

    /// The motif of a hash, by the bits above those of the palette.
    pub(super) const fn of_hash(hash: u64) -> Self {
        match (hash >> 3) % 5 {
            0 => Self::Notch,
            1 => Self::Sun,
            2 => Self::Rings,
            3 => Self::Waves,
            _ => Self::Bars,
        }
    }

    pub(super) fn draw(
        self,
        colours: &Colours,
        columns: i32,
        rows: i32,
        chance: &mut Chance,
    ) -> Picture {
        let (width, height) = (columns.saturating_mul(CELL), rows.saturating_mul(CELL));
        let ground = match self {
            Self::Notch | Self::Face => colours.base,
            Self::Sun | Self::Rings | Self::Bars => colours.deep,
            Self::Waves => colours.paper,
        };
        let mut canvas = Canvas { width, height, shapes: Vec::new() };
        match self {
            Self::Notch => canvas.notch(colours, columns, rows, chance),
            Self::Sun => canvas.sun(colours, chance),
            Self::Rings => canvas.rings(colours, chance),
            Self::Waves => canvas.waves(colours, chance),
            Self::Bars => canvas.bars(colours, chance),
            Self::Face => canvas.face(colours, chance),
        }
        Picture { width, height, ground, shapes: canvas.shapes }
    }
}

struct Canvas {
    width: i32,
    height: i32,
    shapes: Vec<Shape>,
}

impl Canvas {
    fn paint(&mut self, fill: Colour, form: Form) {
        self.shapes.push(Shape { fill, form });
    }

    fn disc(&mut self, fill: Colour, x: i32, y: i32, r: i32) {
        self.paint(fill, Form::Disc { x, y, r });
    }

    /// A length that is `parts` of 100 parts of the height.
    const fn of_height(&self, parts: i32) -> i32 {
        self.height.saturating_mul(parts) / 100
    }

    /// A length that is `parts` of 100 parts of the width.
    const fn of_width(&self, parts: i32) -> i32 {
        self.width.saturating_mul(parts) / 100
    }

    fn notch(&mut self, colours: &Colours, columns: i32, rows: i32, chance: &mut Chance) {
        let Colours { deep, base, mid, light, pop, paper } = *colours;
        // Greens and browns more often than the bright ones, so that these stand out.
        let grounds = [deep, base, base, mid, light, light, pop, paper];
        let figures = [deep, base, mid, light, pop, pop, paper];
        let mut above: Vec<Colour> = Vec::new();
        for row in 0..rows {
            let mut line: Vec<Colour> = Vec::new();
            for column in 0..columns {
                let next = usize::try_from(column).unwrap_or_default();
                let taken = [above.get(next).copied(), line.last().copied()];
                let free = |colour: &Colour| !taken.contains(&Some(*colour));
                let ground: Vec<Colour> = grounds.iter().copied().filter(free).collect();
                let ground = chance.pick(&ground, base);
                let figure: Vec<Colour> =
                    figures.iter().copied().filter(|one| *one != ground).collect();
                let figure = chance.pick(&figure, deep);
                let (x, y) = (column.saturating_mul(CELL), row.saturating_mul(CELL));
                // One unit too large: the next cells cover it, and no seam shows what is below.
                self.paint(ground, Form::Rect { x, y, width: CELL + 1, height: CELL + 1 });
                self.part(x, y, (ground, figure), chance);
                line.push(ground);
            }
            above = line;
        }
    }

    /// What one cell of [`Motif::Notch`] holds.
    fn part(&mut self, x: i32, y: i32, (ground, fill): (Colour, Colour), chance: &mut Chance) {
        let (half, far_x, far_y) = (CELL / 2, x.saturating_add(CELL), y.saturating_add(CELL));
        let (middle_x, middle_y) = (x.saturating_add(half), y.saturating_add(half));
        let corner = chance.below(4);
        let (right, down) = (corner & 1 == 0, corner & 2 == 0);
        // The corner from which a quarter opens into the cell.
        let (corner_x, corner_y) = (if right { x } else { far_x }, if down { y } else { far_y });
        let quarter = |r| Form::Quarter { x: corner_x, y: corner_y, r, right, down };
        match chance.below(12) {
            0..=3 => self.paint(fill, quarter(CELL)),
            4 | 5 => {
                let side = chance.pick(&Side::ALL, Side::Up);
                // The flat side of a half lies on an edge of the cell.
                let (x, y) = match side {
                    Side::Up => (middle_x, far_y),
                    Side::Down => (middle_x, y),
                    Side::Left => (far_x, middle_y),
                    Side::Right => (x, middle_y),
                };
                self.paint(fill, Form::Half { x, y, r: half, side });
            }
            6 | 7 => self.paint(fill, Form::Leaf { x, y, size: CELL, falling: right }),
            8 | 9 => self.disc(fill, middle_x, middle_y, CELL * 3 / 10),
            10 => {
                self.paint(fill, quarter(CELL));
                self.paint(ground, quarter(CELL * 2 / 3));
                self.paint(fill, quarter(CELL / 3));
            }
            _ => {}
        }
    }

    fn sun(&mut self, colours: &Colours, chance: &mut Chance) {
        let (x, y) = (self.of_width(38 + chance.below(25)), self.of_height(44 + chance.below(8)));
        let r = self.of_height(27 + chance.below(4));
        for (step, parts) in [(9, 3), (7, 5), (5, 8), (3, 11)] {
            let halo = r.saturating_add(self.of_height(4).saturating_mul(step));
            self.disc(colours.deep.mixed(colours.base, parts), x, y, halo);
        }
        self.disc(colours.shining(), x, y, r);
        // Stripes of the sky cut the lower half; each is higher than the one above.
        let sky = colours.deep.mixed(colours.base, 11);
        let (left, width) = (x.saturating_sub(r), r.saturating_mul(2));
        for (number, high) in (1..=5).zip([2, 3, 4, 5, 6]) {
            let y = y.saturating_add(r.saturating_mul(number) / 6);
            let height = self.of_height(high).max(2) / 2;
            self.paint(sky, Form::Rect { x: left, y, width, height });
        }
        let hills = [colours.base, colours.base.mixed(colours.deep, 9), colours.deep];
        for (fill, at) in hills.into_iter().zip([10, 88, 48]) {
            let x = self.of_width(at + chance.below(12));
            let r = self.of_width(52 + chance.below(12));
            let top = self.of_height(72 + chance.below(9));
            self.disc(fill, x, top.saturating_add(r), r);
        }
    }

    fn rings(&mut self, colours: &Colours, chance: &mut Chance) {
        let Colours { base, mid, light, pop, paper, .. } = *colours;
        let corner = chance.below(3);
        let x = if corner == 0 { 0 } else { self.width };
        let y = if corner == 2 { 0 } else { self.height };
        let far_x = if corner == 0 { self.of_width(82) } else { self.of_width(18) };
        let far_y = if corner == 2 { self.of_height(80) } else { self.of_height(20) };
        // The bands reach from the corner to beyond the middle of the opposite sides.
        let band = self.height.saturating_mul(3).saturating_add(self.width) / 27;
        let order = if chance.below(2) == 0 {
            [mid, light, paper, pop, base, colours.deep, mid]
        } else {
            [base, mid, light, paper, pop, colours.deep, light]
        };
        for (fill, steps) in order.into_iter().zip((1..=7).rev()) {
            self.disc(fill, x, y, band.saturating_mul(steps));
        }
        self.disc(colours.shining(), far_x, far_y, self.of_height(11));
    }

    fn waves(&mut self, colours: &Colours, chance: &mut Chance) {
        let Colours { deep, base, mid, light, pop, .. } = *colours;
        let x = self.of_width(25 + chance.below(50));
        self.disc(pop, x, self.of_height(20), self.of_height(10));
        let tops = [26, 43, 57, 70, 87];
        for (fill, top) in [light, mid, pop, base, deep].into_iter().zip(tops) {
            let arc = self.of_height(30 + chance.below(12)).max(8) / 2 * 2;
            let rise = self.of_height(6 + chance.below(3));
            let phase = chance.below(arc.saturating_mul(2));
            self.paint(fill, Form::Wave { y: self.of_height(top), arc, rise, phase });
        }
    }

    fn bars(&mut self, colours: &Colours, chance: &mut Chance) {
        let Colours { base, mid, light, pop, paper, .. } = *colours;
        let width = CELL / 2;
        let count = self.width / width;
        let mut last = colours.deep;
        for number in 0..count {
            let fills: Vec<Colour> = [base, base, mid, mid, light, pop, paper]
                .into_iter()
                .filter(|one| *one != last)
                .collect();
            last = chance.pick(&fills, base);
            // High at the sides and low in the middle, so that the disc has room.
            let side = (number.saturating_mul(2).saturating_sub(count - 1)).abs();
            let high = 34_i32
                .saturating_add(side.saturating_mul(34) / count)
                .saturating_add(chance.below(18));
            let (x, r) = (number.saturating_mul(width), width / 2);
            let top = self.height.saturating_sub(self.of_height(high));
            let height = self.height.saturating_sub(top);
            self.paint(last, Form::Rect { x, y: top, width, height });
            self.disc(last, x.saturating_add(r), top, r);
        }
        let x = self.of_width(40 + chance.below(26));
        self.disc(colours.shining(), x, self.of_height(22), self.of_height(9));
    }

    fn face(&mut self, colours: &Colours, chance: &mut Chance) {
        let Colours { deep, base, mid, light, pop, .. } = *colours;
        let first = chance.pick(&[base, deep, mid], base);
        self.paint(first, Form::Rect { x: 0, y: 0, width: CELL, height: CELL });
        let corner = chance.below(4);
        let at = |near: bool| if near { CELL / 10 } else { CELL - CELL / 10 };
        let (x, y) = (at(corner & 1 == 0), at(corner & 2 == 0));
        self.disc(light, x, y, CELL * 3 / 4);
        self.disc(pop, x, y, CELL * 2 / 5);
    }
}
