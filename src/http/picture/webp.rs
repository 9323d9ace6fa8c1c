//! WebP (RFC 9649): keeps the picture and its transparency.

use crate::http::picture::bytes::{Bytes, length};
use crate::http::picture::kinds::{Rebuilt, Refused};

pub(super) const MAGIC: &[u8] = b"RIFF";
/// The flag of transparency in `VP8X`.
const ALPHA: u8 = 0x10;

/// The chunks that are kept.
#[derive(Default)]
struct Kept<'a> {
    /// The size in `VP8X`.
    canvas: Option<(u32, u32)>,
    alpha: Option<&'a [u8]>,
    lossy: Option<&'a [u8]>,
    lossless: Option<&'a [u8]>,
}

pub(super) fn rebuilt(file: &[u8]) -> Result<Rebuilt, Refused> {
    let mut from = Bytes(file);
    from.take(MAGIC.len())?;
    let bytes = length(from.le_u32()?);
    if bytes < from.0.len() {
        return Err(Refused::NotAlone);
    }
    let mut from = Bytes(from.take(bytes)?);
    if &from.array()? != b"WEBP" {
        return Err(Refused::NoPicture);
    }
    let mut kept = Kept::default();
    let mut is_first = true;
    while !from.is_empty() {
        let name: [u8; 4] = from.array()?;
        let bytes = length(from.le_u32()?);
        let data = from.take(bytes)?;
        if bytes % 2 == 1 {
            from.byte()?;
        }
        kept.take(name, data, is_first)?;
        is_first = false;
    }
    kept.file()
}

impl<'a> Kept<'a> {
    fn take(&mut self, name: [u8; 4], data: &'a [u8], is_first: bool) -> Result<(), Refused> {
        let place = match &name {
            b"VP8X" if is_first => {
                self.canvas = Some(canvas(data)?);
                return Ok(());
            }
            b"ANIM" | b"ANMF" => return Err(Refused::Moves),
            b"ALPH" if self.canvas.is_some() && self.lossy.is_none() => &mut self.alpha,
            b"VP8 " if self.lossless.is_none() => &mut self.lossy,
            b"VP8L" if self.lossy.is_none() && self.alpha.is_none() => &mut self.lossless,
            b"VP8X" | b"ALPH" | b"VP8 " | b"VP8L" => return Err(Refused::Damaged("its chunks")),
            // A colour profile, metadata, and what nobody knows.
            _ => return Ok(()),
        };
        if place.replace(data).is_some() { Err(Refused::Damaged("its chunks")) } else { Ok(()) }
    }

    fn file(&self) -> Result<Rebuilt, Refused> {
        let Self { canvas, alpha, lossy, lossless } = *self;
        let (name, data, size) = match (lossy, lossless) {
            (Some(data), None) => (*b"VP8 ", data, lossy_size(data)?),
            (None, Some(data)) => (*b"VP8L", data, lossless_size(data)?),
            (None, None) | (Some(_), Some(_)) => return Err(Refused::Damaged("it has no pixels")),
        };
        if canvas.is_some_and(|canvas| canvas != size) {
            return Err(Refused::Damaged("its size is not that of its pixels"));
        }
        let (width, height) = size;
        let mut chunks = b"WEBP".to_vec();
        if let Some(alpha) = alpha {
            let less = |side: u32| side.saturating_sub(1).to_le_bytes();
            let ([a, b, c, _], [d, e, f, _]) = (less(width), less(height));
            push(&mut chunks, *b"VP8X", &[ALPHA, 0, 0, 0, a, b, c, d, e, f]);
            push(&mut chunks, *b"ALPH", alpha);
        }
        push(&mut chunks, name, data);
        let mut to = MAGIC.to_vec();
        to.extend(bytes_of(&chunks));
        to.extend(chunks);
        Ok((to, width, height))
    }
}

fn push(to: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    to.extend(name);
    to.extend(bytes_of(data));
    to.extend(data);
    if data.len() % 2 == 1 {
        to.push(0);
    }
}

fn bytes_of(data: &[u8]) -> [u8; 4] {
    // A file is much shorter.
    u32::try_from(data.len()).unwrap_or(u32::MAX).to_le_bytes()
}

/// The size in the extended header (2.7.1.1).
fn canvas(data: &[u8]) -> Result<(u32, u32), Refused> {
    let mut from = Bytes(data);
    let [_, _, _, _, a, b, c, d, e, f] = from.array()?;
    let side = |bytes| u32::from_le_bytes(bytes).saturating_add(1);
    let size = (side([a, b, c, 0]), side([d, e, f, 0]));
    if from.is_empty() { Ok(size) } else { Err(Refused::Damaged("its header")) }
}

/// The size in the header of a lossy key frame (RFC 6386, 9.1).
fn lossy_size(data: &[u8]) -> Result<(u32, u32), Refused> {
    let mut from = Bytes(data);
    let [first, _, _, a, b, c] = from.array()?;
    let (width, height) = (from.le_u16()?, from.le_u16()?);
    if first & 1 != 0 || [a, b, c] != [0x9d, 1, 0x2a] {
        return Err(Refused::Damaged("its pixels"));
    }
    // The two highest bits ask for scaling.
    Ok((u32::from(width & 0x3fff), u32::from(height & 0x3fff)))
}

/// The size in the header of a lossless picture (RFC 9649, 3.4).
fn lossless_size(data: &[u8]) -> Result<(u32, u32), Refused> {
    let mut from = Bytes(data);
    if from.byte()? != 0x2f {
        return Err(Refused::Damaged("its pixels"));
    }
    let bits = from.le_u32()?;
    if bits >> 29 != 0 {
        return Err(Refused::Damaged("its version"));
    }
    let side = |bits: u32| (bits & 0x3fff).saturating_add(1);
    Ok((side(bits), side(bits >> 14)))
}
