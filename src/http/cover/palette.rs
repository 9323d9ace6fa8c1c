//! The eight palettes of covers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A colour, 8 bits for each of red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Colour(pub [u8; 3]);

impl Colour {
    const fn of(rgb: u32) -> Self {
        let [_, r, g, b] = rgb.to_be_bytes();
        Self([r, g, b])
    }

    /// `parts` of 16 parts of `other`, the rest of `self`.
    #[must_use]
    pub fn mixed(self, other: Self, parts: u16) -> Self {
        let ([r, g, b], [r2, g2, b2]) = (self.0, other.0);
        let mix = |a: u8, b: u8| {
            let parts = parts.min(16);
            let sum = u16::from(a).saturating_mul(16_u16.saturating_sub(parts));
            let sum = sum.saturating_add(u16::from(b).saturating_mul(parts));
            u8::try_from(sum.saturating_add(8) / 16).unwrap_or(u8::MAX)
        };
        Self([mix(r, r2), mix(g, g2), mix(b, b2)])
    }

    /// How bright it looks, 0 to 255.
    fn brightness(self) -> u16 {
        let [r, g, b] = self.0.map(u32::from);
        let sum = r
            .saturating_mul(54)
            .saturating_add(g.saturating_mul(183))
            .saturating_add(b.saturating_mul(19));
        u16::try_from(sum / 256).unwrap_or(u16::MAX)
    }
}

/// The colours of a palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colours {
    pub deep: Colour,
    pub base: Colour,
    pub mid: Colour,
    pub light: Colour,
    pub pop: Colour,
    pub paper: Colour,
}

impl Colours {
    /// What shines on a dark ground: `pop`, or `light` where `pop` is dark.
    pub(crate) fn shining(&self) -> Colour {
        if self.pop.brightness() < 110 { self.light } else { self.pop }
    }
}

/// A palette of covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Palette {
    Pine,
    Dusk,
    Tide,
    Clay,
    Plum,
    Moss,
    Ink,
    Honey,
}

impl Palette {
    pub const ALL: [Self; 8] = [
        Self::Pine,
        Self::Dusk,
        Self::Tide,
        Self::Clay,
        Self::Plum,
        Self::Moss,
        Self::Ink,
        Self::Honey,
    ];

    /// The palette of a hash: its lowest three bits.
    pub(crate) fn of_hash(hash: u64) -> Self {
        match hash & 7 {
            0 => Self::Pine,
            1 => Self::Dusk,
            2 => Self::Tide,
            3 => Self::Clay,
            4 => Self::Plum,
            5 => Self::Moss,
            6 => Self::Ink,
            _ => Self::Honey,
        }
    }

    /// The name, as in arguments, storage and the classes of pages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pine => "pine",
            Self::Dusk => "dusk",
            Self::Tide => "tide",
            Self::Clay => "clay",
            Self::Plum => "plum",
            Self::Moss => "moss",
            Self::Ink => "ink",
            Self::Honey => "honey",
        }
    }

    /// Finds a palette by its name.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn parse(name: &str) -> Result<Self, &'static str> {
        Self::ALL.into_iter().find(|one| one.name() == name).ok_or(
            "must be \"pine\", \"dusk\", \"tide\", \"clay\", \"plum\", \"moss\", \"ink\" or \"honey\"",
        )
    }

    /// The six colours of the palette.
    #[must_use]
    pub fn colours(self) -> Colours {
        let [deep, base, mid, light, pop, paper] = match self {
            Self::Pine => [0x0a_3b31, 0x0f_6b57, 0x3f_9d84, 0xbf_e3d5, 0xf2_b84b, 0xf6_f1e3],
            Self::Dusk => [0x22_1f4d, 0x4a_3f8f, 0xe8_663d, 0xf8_b98a, 0xff_d76a, 0xfd_f0e2],
            Self::Tide => [0x0a_2f4a, 0x13_649a, 0x4f_a9d8, 0xc5_e6f5, 0xff_9068, 0xf5_f8f7],
            Self::Clay => [0x4b_1d16, 0xa1_3f26, 0xdd_7a54, 0xf3_c9a5, 0x2f_6f73, 0xfa_f1e4],
            Self::Plum => [0x32_123a, 0x6f_2a72, 0xc2_588f, 0xf2_bccd, 0xff_cc66, 0xfd_f2f1],
            Self::Moss => [0x22_2e17, 0x4d_6328, 0x8e_a04f, 0xdd_e3b4, 0xe0_8a3c, 0xf8_f5e6],
            Self::Ink => [0x14_181d, 0x2c_3742, 0x5f_7486, 0xcb_d5dc, 0xff_6f59, 0xf3_f2ee],
            Self::Honey => [0x4a_2f06, 0xc0_7a12, 0xef_ab3c, 0xfb_df9c, 0x1f_6f66, 0xfd_f7e6],
        }
        .map(Colour::of);
        Colours { deep, base, mid, light, pop, paper }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_palette_is_found_by_its_name() {
        for palette in Palette::ALL {
            assert_eq!(Palette::parse(palette.name()), Ok(palette));
        }
        assert!(Palette::parse("Pine").is_err());
    }

    #[test]
    fn a_dark_pop_shines_nowhere() {
        let dark: Vec<&str> = Palette::ALL
            .into_iter()
            .filter(|one| one.colours().shining() == one.colours().light)
            .map(Palette::name)
            .collect();
        assert_eq!(dark, ["clay", "honey"]);
    }

    #[test]
    fn a_mix_lies_between_its_colours() {
        let (black, white) = (Colour([0; 3]), Colour([255; 3]));
        assert_eq!(black.mixed(white, 0), black);
        assert_eq!(black.mixed(white, 16), white);
        assert_eq!(black.mixed(white, 8), Colour([128; 3]));
    }
}
