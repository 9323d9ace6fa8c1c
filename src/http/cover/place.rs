//! Covers at a path of their own, for `<img>`: `/covers/{seed}/{shuffle}-{palette}/{cut}.svg`.

use crate::base::http::Reply;
use crate::base::id::{EventId, ScopeId};
use crate::http::cover::palette::Palette;
use crate::http::cover::{Cover, Cut, Look, SHUFFLES_MAX};

/// Stands in paths for the palette of the seed.
const OWN: &str = "own";
/// A picture in a page of its own may do nothing either.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; sandbox";

/// What a path asks for. It needs no storage: the path says all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    seed: String,
    look: Look,
    cut: Cut,
}

impl Cover<'_> {
    /// The path of the picture. What is there never changes.
    #[must_use]
    pub fn path(&self, cut: Cut) -> String {
        let Look { shuffle, palette } = self.look;
        let palette = palette.map_or(OWN, Palette::name);
        format!("/covers/{}/{shuffle}-{palette}/{}.svg", self.seed, cut.name())
    }
}

impl Place {
    /// Reads the three parts of a path. Each picture has one path: only ids are seeds, and no number has a zero before it.
    #[must_use]
    pub fn parse(seed: &str, look: &str, file: &str) -> Option<Self> {
        if EventId::parse(seed).is_err() && ScopeId::parse(seed).is_err() {
            return None;
        }
        let (shuffle, palette) = look.split_once('-')?;
        let number: u32 = shuffle.parse().ok().filter(|number| *number <= SHUFFLES_MAX)?;
        let palette = if palette == OWN { None } else { Some(Palette::parse(palette).ok()?) };
        let name = file.strip_suffix(".svg")?;
        let cut = Cut::ALL.into_iter().find(|cut| cut.name() == name)?;
        let place = Self { seed: seed.to_owned(), look: Look { shuffle: number, palette }, cut };
        (number.to_string() == shuffle).then_some(place)
    }

    /// The path that was read.
    #[must_use]
    pub fn path(&self) -> String {
        Cover { seed: &self.seed, look: self.look }.path(self.cut)
    }

    /// The picture, for a cache to keep.
    #[must_use]
    pub fn reply(&self) -> Reply {
        let Self { seed, look, cut } = self;
        let svg = Cover { seed, look: *look }.svg(*cut);
        Reply::text(200, "image/svg+xml", svg)
            .with_header("cache-control", "public, max-age=31536000, immutable".to_owned())
            .with_header("content-security-policy", CONTENT_SECURITY_POLICY.to_owned())
            .with_header("x-content-type-options", "nosniff".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_all_of_a_picture_and_each_picture_has_one() {
        let event = "evt_0123456789abcdef01234567";
        for seed in [event, "0123456789abcdef0123456789abcdef"] {
            for palette in Palette::ALL.map(Some).into_iter().chain([None]) {
                for cut in Cut::ALL {
                    let look = Look { shuffle: 7, palette };
                    let path = Cover { seed, look }.path(cut);
                    let parts: Vec<&str> = path.split('/').collect();
                    let place = Place::parse(parts[2], parts[3], parts[4]).unwrap();
                    assert_eq!(place, Place { seed: seed.to_owned(), look, cut });
                    assert_eq!(place.reply().body, Cover { seed, look }.svg(cut));
                }
            }
        }
        for (seed, look, file) in [
            ("x", "0-own", "wide.svg"),
            (event, "00-own", "wide.svg"),
            (event, "+1-own", "wide.svg"),
            (event, "1000000-own", "wide.svg"),
            (event, "0-red", "wide.svg"),
            (event, "0-own", "wide.png"),
            (event, "0", "wide.svg"),
        ] {
            assert_eq!(Place::parse(seed, look, file), None, "{seed} {look} {file}");
        }
    }
}
