//! Covers: the pictures of events and hosts. A cover is a pure function of a seed, a shuffle counter and a palette:
//! flat shapes on a grid, as SVG for pages ([`svg`]).

mod motifs;
pub mod palette;
pub mod shapes;
pub mod svg;

use crate::http::cover::motifs::Motif;
use crate::http::cover::palette::{Colours, Palette};
use crate::http::cover::shapes::Picture;

/// The side of a cell of the grid, units.
pub(crate) const CELL: i32 = 60;

/// Which picture somebody or something has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cover<'a> {
    /// The id of an event, or the scope of a host.
    pub seed: &'a str,
    /// How often its host asked for another picture.
    pub shuffle: u32,
    /// The palette that the host chose; `None` for the one of the seed.
    pub palette: Option<Palette>,
}

/// The cut of a cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// 4 by 4 cells, for an event's page and the link preview.
    Square,
    /// 5 by 3 cells, for a card.
    Wide,
    /// 10 by 3 cells, for a ticket.
    Band,
    /// 14 by 2 cells, for the head of a host's page.
    Strip,
    /// The face of a host, shown as a disc.
    Face,
}

impl Cut {
    pub const ALL: [Self; 5] = [Self::Square, Self::Wide, Self::Band, Self::Strip, Self::Face];

    /// Columns and rows of cells.
    const fn cells(self) -> (i32, i32) {
        match self {
            Self::Square => (4, 4),
            Self::Wide => (5, 3),
            Self::Band => (10, 3),
            Self::Strip => (14, 2),
            Self::Face => (1, 1),
        }
    }
}

impl Cover<'_> {
    /// The palette that is used.
    #[must_use]
    pub fn palette(&self) -> Palette {
        self.palette.unwrap_or_else(|| Palette::of_hash(self.hash()))
    }

    /// The picture in this cut.
    #[must_use]
    pub fn picture(&self, cut: Cut) -> Picture {
        let hash = self.hash();
        let (columns, rows) = cut.cells();
        let colours: Colours = self.palette().colours();
        let motif = match cut {
            Cut::Square | Cut::Wide => Motif::of_hash(hash),
            // Low and long cuts show rows of cells: the other motifs need height.
            Cut::Band | Cut::Strip => Motif::Notch,
            Cut::Face => Motif::Face,
        };
        motif.draw(&colours, columns, rows, &mut Chance::new(hash))
    }

    /// The picture as an SVG element.
    #[must_use]
    pub fn svg(&self, cut: Cut) -> String {
        svg::element(&self.picture(cut))
    }

    fn hash(&self) -> u64 {
        let first = fnv_1a(FNV_OFFSET, self.seed.as_bytes());
        if self.shuffle == 0 { first } else { fnv_1a(first, &self.shuffle.to_be_bytes()) }
    }
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a of 64 bits, continued from `hash`.
fn fnv_1a(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A xorshift generator. It draws pictures and nothing else.
pub(crate) struct Chance(u64);

impl Chance {
    fn new(hash: u64) -> Self {
        // Zero would stay zero.
        Self(hash | 1)
    }

    /// A number below `bound`, which is at least 1.
    pub(crate) fn below(&mut self, bound: i32) -> i32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let bound = u64::try_from(bound).unwrap_or(1).max(1);
        i32::try_from((self.0 >> 16) % bound).unwrap_or(0)
    }

    /// One of `of`, or `otherwise` if that is empty.
    pub(crate) fn pick<T: Copy>(&mut self, of: &[T], otherwise: T) -> T {
        let at = self.below(i32::try_from(of.len()).unwrap_or(1));
        usize::try_from(at).ok().and_then(|at| of.get(at)).copied().unwrap_or(otherwise)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cover_is_small_and_only_paints() {
        for number in 0..400_u32 {
            let seed = format!("evt_{number:024x}");
            for cut in Cut::ALL {
                let cover = Cover { seed: &seed, shuffle: number % 3, palette: None };
                let svg = cover.svg(cut);
                assert!(svg.len() < 6_000, "{} bytes: {cut:?} of {seed}", svg.len());
                let names =
                    ["style", "script", "href", "url(", "<text", "filter", " on", "&", "id="];
                assert!(names.iter().all(|name| !svg.contains(name)), "{svg}");
                assert_eq!(cover.svg(cut), svg, "the same every time");
            }
        }
    }

    #[test]
    fn all_motifs_and_palettes_come_up_and_a_shuffle_changes_the_picture() {
        let (mut palettes, mut motifs) = ([0; 8], [0; 5]);
        for number in 0..800_u32 {
            let seed = format!("evt_{number:024x}");
            let cover = Cover { seed: &seed, shuffle: 0, palette: None };
            let at = Palette::ALL.iter().position(|one| *one == cover.palette()).unwrap();
            palettes[at] += 1;
            let motif = Motif::of_hash(cover.hash());
            motifs[Motif::COVERS.iter().position(|one| *one == motif).unwrap()] += 1;
            let next = Cover { shuffle: 1, ..cover };
            assert_ne!(cover.svg(Cut::Square), next.svg(Cut::Square), "{seed}");
        }
        assert!(palettes.iter().all(|count| (60..=140).contains(count)), "{palettes:?}");
        assert!(motifs.iter().all(|count| (110..=210).contains(count)), "{motifs:?}");
    }

    #[test]
    fn the_host_s_palette_replaces_the_one_of_the_seed_and_nothing_else() {
        let seed = "evt_0123456789abcdef01234567";
        let own = Cover { seed, shuffle: 0, palette: None };
        for palette in Palette::ALL {
            let chosen = Cover { palette: Some(palette), ..own };
            assert_eq!(chosen.palette(), palette);
            assert_eq!(chosen.picture(Cut::Wide).shapes.len(), own.picture(Cut::Wide).shapes.len());
        }
    }
}
