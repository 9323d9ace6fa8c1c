//! The points that letters are drawn between.

/// A point, in units from left and from the base line.
pub(super) type Point = (i32, i32);
