//! A letter as a width and strokes.

/// Width and strokes of a letter, as [`super::font`] draws them.
pub(super) type Glyph = (i32, &'static str);

/// The glyph in a line: its width, then its strokes.
pub(super) fn parsed(line: &'static str) -> Option<Glyph> {
    let (width, strokes) = line.split_at(line.find('M')?);
    Some((width.parse().ok()?, strokes))
}
