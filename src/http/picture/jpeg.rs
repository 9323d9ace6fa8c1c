//! JPEG (ITU-T T.81): keeps the segments that a baseline or progressive picture is decoded from.

use crate::http::picture::bytes::Bytes;
use crate::http::picture::kinds::{Rebuilt, Refused};

pub(super) const MAGIC: &[u8] = b"\xff\xd8\xff";
/// A progressive picture has about ten scans. Each is decoded over the whole picture, so their number has a bound.
const SCANS_MAX: u32 = 40;
/// Segments with tables, which may come before each scan.
const TABLES_MAX: u32 = 200;
/// The payload of Adobe's segment (APP14), which says how colours are stored.
const ADOBE_BYTES: usize = 12;

/// What the segments up to now have said.
#[derive(Default)]
struct Seen {
    size: Option<(u32, u32)>,
    components: u8,
    has_tables: bool,
    tables: u32,
    scans: u32,
}

pub(super) fn rebuilt(file: &[u8]) -> Result<Rebuilt, Refused> {
    let mut from = Bytes(file);
    from.take(2)?;
    let mut to = vec![0xff, 0xd8];
    let mut seen = Seen::default();
    loop {
        let marker = marker(&mut from)?;
        if marker == 0xd9 {
            break;
        }
        let bytes = from.be_u16()?.checked_sub(2).ok_or(Refused::Damaged("a segment"))?;
        let payload = from.take(usize::from(bytes))?;
        let is_kept = match marker {
            0xc0..=0xc2 => seen.frame(payload)?,
            0xdb => seen.tables(is_quantization(payload))?,
            0xc4 => seen.tables(is_huffman(payload))?,
            0xdd => seen.tables(payload.len() == 2)?,
            0xda => seen.scan(payload)?,
            0xee => payload.len() == ADOBE_BYTES && payload.starts_with(b"Adobe"),
            // Application data and comments.
            0xe0..=0xef | 0xfe => false,
            _ => return Err(Refused::Damaged("a kind of JPEG that browsers do not show")),
        };
        if is_kept {
            to.extend([0xff, marker]);
            to.extend(bytes.saturating_add(2).to_be_bytes());
            to.extend(payload);
        }
        if marker == 0xda {
            to.extend(entropy(&mut from)?);
        }
    }
    if !from.is_empty() {
        return Err(Refused::NotAlone);
    }
    to.extend([0xff, 0xd9]);
    let (width, height) =
        seen.size.filter(|_| seen.scans > 0).ok_or(Refused::Damaged("it has no pixels"))?;
    Ok((to, width, height))
}

/// The next marker. Any number of 0xff may stand before it.
fn marker(from: &mut Bytes<'_>) -> Result<u8, Refused> {
    if from.byte()? != 0xff {
        return Err(Refused::Damaged("bytes between segments"));
    }
    loop {
        let byte = from.byte()?;
        if byte != 0xff {
            return Ok(byte);
        }
    }
}

/// The compressed data of a scan: up to a marker that is no restart.
fn entropy<'a>(from: &mut Bytes<'a>) -> Result<&'a [u8], Refused> {
    let is_end = |pair: &[u8]| matches!(pair, [0xff, next] if !matches!(next, 0 | 0xd0..=0xd7));
    let end = from.0.windows(2).position(is_end).ok_or(Refused::Damaged("it has no end"))?;
    from.take(end)
}

impl Seen {
    /// The size and the components (B.2.2): 8 bits, grey or three colours.
    fn frame(&mut self, payload: &[u8]) -> Result<bool, Refused> {
        let mut from = Bytes(payload);
        let (bits, height, width) = (from.byte()?, from.be_u16()?, from.be_u16()?);
        let components = from.byte()?;
        if bits != 8 || !matches!(components, 1 | 3) {
            return Err(Refused::Damaged("its colours are not those of a screen"));
        }
        for _ in 0..components {
            let [_, sampling, table] = from.array()?;
            let is_factor = |factor| (1..=4).contains(&factor);
            if !is_factor(sampling >> 4) || !is_factor(sampling & 15) || table > 3 {
                return Err(Refused::Damaged("its frame"));
            }
        }
        if self.size.is_some() || !from.is_empty() {
            return Err(Refused::Damaged("its frame"));
        }
        self.size = Some((u32::from(width), u32::from(height)));
        self.components = components;
        Ok(true)
    }

    fn tables(&mut self, is_good: bool) -> Result<bool, Refused> {
        self.tables = self.tables.saturating_add(1);
        self.has_tables = true;
        if is_good && self.tables <= TABLES_MAX {
            Ok(true)
        } else {
            Err(Refused::Damaged("its tables"))
        }
    }

    /// The head of a scan (B.2.3).
    fn scan(&mut self, payload: &[u8]) -> Result<bool, Refused> {
        let mut from = Bytes(payload);
        let components = from.byte()?;
        self.scans = self.scans.saturating_add(1);
        let is_good = self.size.is_some()
            && self.has_tables
            && (1..=self.components).contains(&components)
            && payload.len() == usize::from(components).saturating_mul(2).saturating_add(4)
            && self.scans <= SCANS_MAX;
        if is_good { Ok(true) } else { Err(Refused::Damaged("a scan")) }
    }
}

/// Quantization tables (B.2.4.1): 64 values of 8 or 16 bits.
fn is_quantization(payload: &[u8]) -> bool {
    let mut from = Bytes(payload);
    let mut table = || {
        let head = from.byte().ok()?;
        let wide = usize::from(head >> 4);
        from.take(wide.saturating_add(1).saturating_mul(64)).ok()?;
        (wide <= 1 && head & 15 <= 3).then_some(from.is_empty())
    };
    are_tables(&mut table)
}

/// Huffman tables (B.2.4.2): 16 counts, and so many values.
fn is_huffman(payload: &[u8]) -> bool {
    let mut from = Bytes(payload);
    let mut table = || {
        let head = from.byte().ok()?;
        let counts = from.take(16).ok()?.iter().map(|count| usize::from(*count));
        let values = counts.sum();
        from.take(values).ok()?;
        (values <= 256 && head >> 4 <= 1 && head & 15 <= 3).then_some(from.is_empty())
    };
    are_tables(&mut table)
}

/// Reads one or more tables. `next` says whether it was the last one, or nothing if it is not good.
fn are_tables(next: &mut dyn FnMut() -> Option<bool>) -> bool {
    loop {
        match next() {
            Some(true) => return true,
            Some(false) => {}
            None => return false,
        }
    }
}
