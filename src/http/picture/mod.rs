//! Uploaded pictures. A file is taken apart and put together again from the parts that a picture needs, so that no
//! metadata (place, camera, comments, colour profile), no second file and no other format comes along. The pixels are
//! not decoded: what is compressed stays as it was sent.

mod bytes;
mod jpeg;
mod kinds;
mod name;
mod png;
pub mod shelf;
mod webp;

use sha2::{Digest, Sha256};

pub use kinds::{Clean, Format, KEPT_BYTES_MAX, Refused, SENT_BYTES_MAX, SIDE_MAX, SIDE_MIN};
pub use name::PictureName;

/// Takes a file apart and puts it together again.
///
/// # Errors
/// [`Refused`] says why the file is not taken.
pub fn read(file: &[u8]) -> Result<Clean, Refused> {
    if file.len() > SENT_BYTES_MAX {
        return Err(Refused::TooLong { sent: file.len() });
    }
    let (format, (bytes, width, height)) = if file.starts_with(jpeg::MAGIC) {
        (Format::Jpeg, jpeg::rebuilt(file)?)
    } else if file.starts_with(png::MAGIC) {
        (Format::Png, png::rebuilt(file)?)
    } else if file.starts_with(webp::MAGIC) {
        (Format::Webp, webp::rebuilt(file)?)
    } else {
        return Err(Refused::NoPicture);
    };
    let is_side = |side| (SIDE_MIN..=SIDE_MAX).contains(&side);
    if !is_side(width) || !is_side(height) {
        return Err(Refused::Pixels { width, height });
    }
    if bytes.len() > KEPT_BYTES_MAX {
        return Err(Refused::TooLong { sent: bytes.len() });
    }
    Ok(Clean { format, bytes, width, height })
}

impl Clean {
    /// The name of the picture: it follows from all bytes, so what is at its path never changes.
    #[must_use]
    pub fn name(&self) -> PictureName {
        let digest: [u8; 32] = Sha256::digest(&self.bytes).into();
        PictureName::of(&digest, self.format)
    }
}
