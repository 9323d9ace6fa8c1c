//! The formats of uploaded pictures, their bounds, and why a file is refused.

/// The longest file that is read, bytes.
pub const SENT_BYTES_MAX: usize = 700_000;
/// The longest picture that is kept, bytes.
pub const KEPT_BYTES_MAX: usize = 300_000;
/// The least pixels of a side.
pub const SIDE_MIN: u32 = 64;
/// The most pixels of a side.
pub const SIDE_MAX: u32 = 2_400;

/// The format of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Jpeg,
    Png,
    Webp,
}

impl Format {
    pub const ALL: [Self; 3] = [Self::Jpeg, Self::Png, Self::Webp];

    /// The ending of a file's name.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }

    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }
}

/// A picture that was taken apart and put together again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clean {
    pub format: Format,
    pub bytes: Vec<u8>,
    /// The width in pixels.
    pub width: u32,
    /// The height in pixels.
    pub height: u32,
}

/// Why a file is not taken, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error(
        "is not a JPEG, PNG or WebP picture; save it as JPEG (SVG, GIF, HEIC and PDF are not taken)"
    )]
    NoPicture,
    #[error("is a damaged or unusual picture ({0}); save it as JPEG and send that")]
    Damaged(&'static str),
    #[error("is more than a picture: other data follows its end; save it as JPEG and send that")]
    NotAlone,
    #[error("moves; send a still picture")]
    Moves,
    #[error(
        "has {width} by {height} pixels; each side must have {SIDE_MIN} to {SIDE_MAX}, so resize it"
    )]
    Pixels { width: u32, height: u32 },
    #[error(
        "has {sent} bytes; at most {KEPT_BYTES_MAX} are kept, so make it smaller or save it as JPEG of a lower quality"
    )]
    TooLong { sent: usize },
}

/// What one format yields: the new file, its width and its height.
pub(super) type Rebuilt = (Vec<u8>, u32, u32);
