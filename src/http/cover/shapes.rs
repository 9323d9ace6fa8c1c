//! Flat shapes in whole units: what SVG and the raster copy of a cover are both drawn from.

use crate::http::cover::palette::Colour;

/// The side of a cell of the grid, units.
pub(crate) const CELL: i32 = 60;

/// Shapes from the lowest to the highest, on a ground that they cover as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The width of the whole, in units.
    pub width: i32,
    /// The height of the whole, in units.
    pub height: i32,
    pub ground: Colour,
    pub shapes: Vec<Shape>,
}

/// One shape in one colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub fill: Colour,
    pub form: Form,
}

/// The outline of a shape, in units. What lies outside of the picture is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// From its left upper corner.
    Rect {
        x: i32,
        y: i32,
        width: i32,
        height: i32,
    },
    Disc {
        x: i32,
        y: i32,
        r: i32,
    },
    /// The quarter of a disc that lies to the right or left of its centre, and below or above it.
    Quarter {
        x: i32,
        y: i32,
        r: i32,
        right: bool,
        down: bool,
    },
    /// The half of a disc on one side of its centre.
    Half {
        x: i32,
        y: i32,
        r: i32,
        side: Side,
    },
    /// What two quarters of discs share, in a square: its tips are the left upper and the right lower corner
    /// (`falling`), or the other two.
    Leaf {
        x: i32,
        y: i32,
        size: i32,
        falling: bool,
    },
    /// All below a wavy line around `y` that begins `phase` to the left of the picture. Its arcs are parabolas.
    Wave {
        y: i32,
        arc: i32,
        rise: i32,
        phase: i32,
    },
}

/// A side of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Up,
    Down,
    Left,
    Right,
}

impl Side {
    pub const ALL: [Self; 4] = [Self::Up, Self::Down, Self::Left, Self::Right];
}
