//! PNG (RFC 2083): keeps the header, the palette, transparency and the pixels.

use crate::http::picture::bytes::{Bytes, length};
use crate::http::picture::kinds::{Rebuilt, Refused};
use crate::http::share::crc;

pub(super) const MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";
/// The longest palette, bytes.
const PALETTE_BYTES_MAX: usize = 768;

pub(super) fn rebuilt(file: &[u8]) -> Result<Rebuilt, Refused> {
    let mut from = Bytes(file);
    from.take(MAGIC.len())?;
    let mut to = MAGIC.to_vec();
    let (name, head) = chunk(&mut from)?;
    if &name != b"IHDR" {
        return Err(Refused::Damaged("its header"));
    }
    let (width, height, is_indexed) = header(head)?;
    push(&mut to, *b"IHDR", head);
    let (mut has_palette, mut pixels) = (false, Vec::new());
    loop {
        let (name, data) = chunk(&mut from)?;
        match &name {
            b"PLTE" => {
                let is_good = data.len() <= PALETTE_BYTES_MAX && data.len().is_multiple_of(3);
                if has_palette || !pixels.is_empty() || data.is_empty() || !is_good {
                    return Err(Refused::Damaged("its palette"));
                }
                has_palette = true;
                push(&mut to, name, data);
            }
            b"tRNS" if pixels.is_empty() && data.len() <= 256 => push(&mut to, name, data),
            // All pixels go into one chunk.
            b"IDAT" => pixels.extend(data),
            b"IEND" => break,
            b"acTL" | b"fcTL" | b"fdAT" => return Err(Refused::Moves),
            // A capital first letter: a decoder must know the chunk.
            [first, ..] if first.is_ascii_uppercase() => {
                return Err(Refused::Damaged("a kind of PNG that browsers do not show"));
            }
            _ => {}
        }
    }
    if !from.is_empty() {
        return Err(Refused::NotAlone);
    }
    if (is_indexed && !has_palette) || !is_zlib(&pixels) {
        return Err(Refused::Damaged("its pixels"));
    }
    push(&mut to, *b"IDAT", &pixels);
    push(&mut to, *b"IEND", &[]);
    Ok((to, width, height))
}

/// The next chunk: its name and its data. The sum over both must be right.
fn chunk<'a>(from: &mut Bytes<'a>) -> Result<([u8; 4], &'a [u8]), Refused> {
    let bytes = from.be_u32()?;
    let name: [u8; 4] = from.array()?;
    let data = from.take(length(bytes))?;
    if from.be_u32()? != crc(name.iter().chain(data)) {
        return Err(Refused::Damaged("a sum is wrong"));
    }
    Ok((name, data))
}

fn push(to: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    // A file is much shorter.
    to.extend(u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
    to.extend(name);
    to.extend(data);
    to.extend(crc(name.iter().chain(data)).to_be_bytes());
}

/// Width, height, and whether there must be a palette.
fn header(head: &[u8]) -> Result<(u32, u32, bool), Refused> {
    let mut from = Bytes(head);
    let (width, height) = (from.be_u32()?, from.be_u32()?);
    let [bits, colours, compression, filter, interlaced] = from.array()?;
    let is_known = matches!(
        (colours, bits),
        (0, 1 | 2 | 4 | 8 | 16) | (3, 1 | 2 | 4 | 8) | (2 | 4 | 6, 8 | 16)
    );
    if !is_known || compression != 0 || filter != 0 || interlaced > 1 || !from.is_empty() {
        return Err(Refused::Damaged("its header"));
    }
    Ok((width, height, colours == 3))
}

/// Whether the data begins as zlib's does (RFC 1950, 2.2): DEFLATE, without a dictionary.
fn is_zlib(data: &[u8]) -> bool {
    let Ok([method, flags]) = Bytes(data).array() else { return false };
    let check = u16::from_be_bytes([method, flags]);
    method & 15 == 8 && method >> 4 <= 7 && check.is_multiple_of(31) && flags & 0x20 == 0
}
