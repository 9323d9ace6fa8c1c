//! Covers: the pictures of events and hosts. A cover is a pure function of a seed, a shuffle counter and a palette:
//! flat shapes on a grid, as SVG for pages ([`svg`]).

mod chance;
mod motifs;
pub mod palette;
pub mod place;
pub mod shapes;
pub mod svg;

use crate::http::cover::chance::Chance;
use crate::http::cover::motifs::Motif;
use crate::http::cover::palette::{Colours, Palette};
use crate::http::cover::shapes::Picture;

/// The most shuffles of a cover.
pub const SHUFFLES_MAX: u32 = 999_999;

/// What a host chooses of a cover.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// How often the host asked for another picture, at most [`SHUFFLES_MAX`].
    pub shuffle: u32,
    /// `None` for the palette of the seed.
    pub palette: Option<Palette>,
}

/// The picture of an event or a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cover<'a> {
    /// The id of an event, or the scope of a host.
    pub seed: &'a str,
    pub look: Look,
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

    /// The name in paths.
    const fn name(self) -> &'static str {
        match self {
            Self::Square => "square",
            Self::Wide => "wide",
            Self::Band => "band",
            Self::Strip => "strip",
            Self::Face => "face",
        }
    }

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
        self.look.palette.unwrap_or_else(|| Palette::of_hash(self.hash()))
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
        let shuffle = self.look.shuffle;
        if shuffle == 0 { first } else { fnv_1a(first, &shuffle.to_be_bytes()) }
    }
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a of 64 bits, continued from `hash`.
pub(crate) fn fnv_1a(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cover_is_small_and_only_paints() {
        for number in 0..400_u32 {
            let seed = format!("evt_{number:024x}");
            for cut in Cut::ALL {
                let look = Look { shuffle: number % 3, palette: None };
                let cover = Cover { seed: &seed, look };
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
            let cover = Cover { seed: &seed, look: Look::default() };
            let at = Palette::ALL.iter().position(|one| *one == cover.palette()).unwrap();
            palettes[at] += 1;
            let motif = Motif::of_hash(cover.hash());
            motifs[Motif::COVERS.iter().position(|one| *one == motif).unwrap()] += 1;
            let next = Cover { look: Look { shuffle: 1, palette: None }, ..cover };
            assert_ne!(cover.svg(Cut::Square), next.svg(Cut::Square), "{seed}");
        }
        assert!(palettes.iter().all(|count| (60..=140).contains(count)), "{palettes:?}");
        assert!(motifs.iter().all(|count| (110..=210).contains(count)), "{motifs:?}");
    }

    #[test]
    fn the_host_s_palette_replaces_the_one_of_the_seed_and_nothing_else() {
        let seed = "evt_0123456789abcdef01234567";
        let own = Cover { seed, look: Look::default() };
        for palette in Palette::ALL {
            let chosen = Cover { look: Look { shuffle: 0, palette: Some(palette) }, ..own };
            assert_eq!(chosen.palette(), palette);
            assert_eq!(chosen.picture(Cut::Wide).shapes.len(), own.picture(Cut::Wide).shapes.len());
        }
    }
}
