//! Points of letters.

/// A point, in units from left and from the base line.
pub(super) type Point = (i32, i32);
