//! Writes a PNG (RFC 2083) row by row: 8 bits for each of red, green and blue, one block of fixed Huffman codes
//! (RFC 1951, 3.2.6). Pictures are flat, so the only match that is looked for is the pixel before.

/// The bytes of a pixel, and the distance of every match.
const PIXEL: usize = 3;
/// The longest match of DEFLATE.
const RUN_MAX: u16 = 258;
/// Sums are reduced before they can overflow (RFC 1950, 9).
const ADLER: u32 = 65_521;

/// A picture that is being written.
pub(super) struct Png {
    width: u32,
    height: u32,
    /// The row above, for the filter "up".
    above: Vec<u8>,
    deflate: Deflate,
    adler: (u32, u32),
}

impl Png {
    pub(super) fn new(width: u32, height: u32) -> Self {
        Self { width, height, above: Vec::new(), deflate: Deflate::default(), adler: (1, 0) }
    }

    /// Adds the next row of `width` pixels.
    pub(super) fn row(&mut self, row: &[u8]) {
        if self.above.is_empty() {
            self.above = vec![0; row.len()];
        }
        self.byte(2);
        let above = std::mem::take(&mut self.above);
        for (byte, up) in row.iter().zip(&above) {
            self.byte(byte.wrapping_sub(*up));
        }
        self.above = above;
        self.above.clear();
        self.above.extend_from_slice(row);
    }

    fn byte(&mut self, byte: u8) {
        let (a, b) = self.adler;
        let a = (a + u32::from(byte)) % ADLER;
        self.adler = (a, (b + a) % ADLER);
        self.deflate.byte(byte);
    }

    /// The bytes of the whole file.
    pub(super) fn finish(self) -> Vec<u8> {
        let mut head = Vec::new();
        head.extend(self.width.to_be_bytes());
        head.extend(self.height.to_be_bytes());
        // 8 bits, red green blue, the only methods that there are, not interlaced.
        head.extend([8, 2, 0, 0, 0]);
        let (a, b) = self.adler;
        // The header of zlib: DEFLATE with a window of 32 KiB, fastest.
        let mut data = vec![0x78, 0x01];
        data.extend(self.deflate.finish());
        data.extend(((b << 16) | a).to_be_bytes());
        let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
        for (name, data) in [(b"IHDR", &head), (b"IDAT", &data), (b"IEND", &Vec::new())] {
            let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
            file.extend(length.to_be_bytes());
            file.extend(name);
            file.extend(data);
            file.extend(crc(name.iter().chain(data)).to_be_bytes());
        }
        file
    }
}

#[derive(Default)]
struct Deflate {
    out: Vec<u8>,
    bits: u64,
    count: u32,
    /// The bytes before the next one, the newest last.
    last: [u8; PIXEL],
    seen: usize,
    /// How many of the newest bytes equal those one pixel before.
    run: u16,
    is_open: bool,
}

impl Deflate {
    fn byte(&mut self, byte: u8) {
        if !self.is_open {
            self.is_open = true;
            // The last block, with fixed codes.
            self.put(0b011, 3);
        }
        let [oldest, middle, newest] = self.last;
        if self.seen >= PIXEL && byte == oldest {
            self.run += 1;
        } else {
            self.end_run();
            self.literal(byte);
        }
        self.last = [middle, newest, byte];
        self.seen = self.seen.saturating_add(1);
        if self.run == RUN_MAX {
            self.end_run();
        }
    }

    fn end_run(&mut self) {
        let [_, middle, newest] = self.last;
        match std::mem::take(&mut self.run) {
            0 => {}
            1 => self.literal(newest),
            2 => {
                self.literal(middle);
                self.literal(newest);
            }
            run => {
                let (code, extra, bits) = length_code(run);
                self.symbol(code);
                self.put(u64::from(extra), bits);
                // The distance 3 is the code 2, which has no extra bits.
                self.huffman(2, 5);
            }
        }
    }

    fn literal(&mut self, byte: u8) {
        self.symbol(u16::from(byte));
    }

    fn symbol(&mut self, symbol: u16) {
        match symbol {
            0..=143 => self.huffman(0x30 + symbol, 8),
            144..=255 => self.huffman(0x190 + symbol - 144, 9),
            256..=279 => self.huffman(symbol - 256, 7),
            _ => self.huffman(0xc0 + symbol - 280, 8),
        }
    }

    /// A Huffman code, which stands with its highest bit first.
    fn huffman(&mut self, code: u16, bits: u32) {
        let reversed = code.reverse_bits() >> (16 - bits);
        self.put(u64::from(reversed), bits);
    }

    fn put(&mut self, value: u64, bits: u32) {
        self.bits |= value << self.count;
        self.count += bits;
        while self.count >= 8 {
            let [byte, ..] = self.bits.to_le_bytes();
            self.out.push(byte);
            self.bits >>= 8;
            self.count -= 8;
        }
    }

    fn finish(mut self) -> Vec<u8> {
        self.end_run();
        self.symbol(256);
        let rest = (8 - self.count % 8) % 8;
        self.put(0, rest);
        self.out
    }
}

/// The code of a length from 3 to 258, its extra bits and how many these are (RFC 1951, 3.2.5).
fn length_code(length: u16) -> (u16, u16, u32) {
    if length >= RUN_MAX {
        return (285, 0, 0);
    }
    let zero_based = length - 3;
    if zero_based < 8 {
        return (257 + zero_based, 0, 0);
    }
    // Four codes for each power of two from 8 on.
    let bits = 13 - zero_based.leading_zeros();
    let group = u16::try_from(bits).unwrap_or(0);
    let within = zero_based >> bits;
    let code = 257 + 4 * group + within;
    (code, zero_based - (within << bits), bits)
}

/// CRC-32 of RFC 2083, 15.
pub(in crate::http) fn crc<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    let crc = bytes.fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            let shifted = crc >> 1;
            if crc & 1 == 1 { shifted ^ 0xedb8_8320 } else { shifted }
        })
    });
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_the_codes_of_the_standard() {
        for (length, expected) in [
            (3, (257, 0, 0)),
            (10, (264, 0, 0)),
            (11, (265, 0, 1)),
            (12, (265, 1, 1)),
            (18, (268, 1, 1)),
            (19, (269, 0, 2)),
            (130, (280, 15, 4)),
            (131, (281, 0, 5)),
            (257, (284, 30, 5)),
            (258, (285, 0, 0)),
        ] {
            assert_eq!(length_code(length), expected, "{length}");
        }
    }

    #[test]
    fn a_checksum_is_that_of_the_standard() {
        // The end of every PNG.
        assert_eq!(crc(b"IEND".iter()), 0xae42_6082);
    }

    #[test]
    fn a_file_is_what_another_decoder_reads() {
        // 3 by 2 pixels: zlib and the CRC of other programs have read these bytes as the two rows below.
        let mut png = Png::new(3, 2);
        png.row(&[1, 2, 3, 1, 2, 3, 1, 2, 3]);
        png.row(&[200, 2, 3, 1, 2, 3, 9, 9, 9]);
        let file = png.finish();
        let hex: String = file.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "89504e470d0a1a0a0000000d49484452000000030000000208020000001216f14d00000017494441547801636264628620a6e30c0c0c0c0c1cec6c00088300f33e471d2f0000000049454e44ae426082"
        );
    }
}
