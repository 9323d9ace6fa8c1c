//! The transfer encodings and character sets of mails. What is malformed is read as well as it can be, because people read
//! the result and nothing acts on it.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Accepts base64 with and without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What windows-1252 has for the bytes 0x80 to 0x9f, as browsers read ISO-8859-1 too (WHATWG Encoding, 9).
const HIGH: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";

/// Decodes base64; characters outside of the alphabet are skipped (RFC 2045, 6.8).
pub(super) fn base64(text: &[u8]) -> Vec<u8> {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let mut digits: Vec<u8> =
        text.iter().copied().take_while(|b| *b != b'=').filter(is_part).collect();
    // A single digit more than whole bytes says nothing.
    if digits.len() % 4 == 1 {
        digits.pop();
    }
    BASE64.decode(digits).unwrap_or_default()
}

/// Decodes quoted-printable (RFC 2045, 6.7). `in_header`: `_` is a space (RFC 2047, 4.2).
pub(super) fn quoted_printable(text: &[u8], in_header: bool) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        match byte {
            b'_' if in_header => decoded.push(b' '),
            b'=' => {
                let mut ahead = rest.clone();
                match (ahead.next(), ahead.next()) {
                    (Some(b'\r'), Some(b'\n')) => rest = ahead,
                    (Some(b'\n'), _) => drop(rest.next()),
                    (Some(high), Some(low)) => match (digit(high), digit(low)) {
                        (Some(high), Some(low)) => {
                            decoded.push(high.wrapping_mul(16).wrapping_add(low));
                            rest = ahead;
                        }
                        _ => decoded.push(b'='),
                    },
                    (Some(_), None) => decoded.push(b'='),
                    // A line that ends with the text.
                    (None, _) => {}
                }
            }
            other => decoded.push(other),
        }
    }
    decoded
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Text in a character set. Unknown sets are read as UTF-8, or else as windows-1252.
pub(super) fn text(bytes: &[u8], charset: Option<&str>) -> String {
    let charset = charset.unwrap_or_default().to_ascii_lowercase();
    match charset.as_str() {
        "iso-8859-1" | "latin1" | "windows-1252" | "cp1252" => western(bytes, '¤'),
        "iso-8859-15" | "latin9" => western(bytes, '€'),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) if matches!(charset.as_str(), "utf-8" | "utf8") => {
                String::from_utf8_lossy(bytes).into_owned()
            }
            Err(_) => western(bytes, '¤'),
        },
    }
}

fn western(bytes: &[u8], at_a4: char) -> String {
    let high: Vec<char> = HIGH.chars().collect();
    let character = |byte: u8| match byte {
        0x80..=0x9f => high.get(usize::from(byte.wrapping_sub(0x80))).copied().unwrap_or('?'),
        0xa4 => at_a4,
        byte => char::from(byte),
    };
    bytes.iter().copied().map(character).collect()
}

/// Decodes the encoded words of a header (RFC 2047).
pub(super) fn words(value: &str) -> String {
    let mut shown = String::new();
    let mut rest = value;
    let mut is_after_word = false;
    while let Some(at) = rest.find("=?") {
        let (before, from) = rest.split_at(at);
        let Some((word, after)) = encoded_word(from) else {
            shown.push_str(before);
            shown.push_str("=?");
            rest = from.get(2..).unwrap_or_default();
            is_after_word = false;
            continue;
        };
        // White space between two encoded words is none of the text.
        if !(is_after_word && before.trim().is_empty()) {
            shown.push_str(before);
        }
        shown.push_str(&word);
        rest = after;
        is_after_word = true;
    }
    shown.push_str(rest);
    shown
}

/// The encoded word at the beginning of `text`, and what follows it.
fn encoded_word(text: &str) -> Option<(String, &str)> {
    let (charset, rest) = text.strip_prefix("=?")?.split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    let (content, after) = rest.split_once("?=")?;
    let bytes = match encoding {
        "B" | "b" => base64(content.as_bytes()),
        "Q" | "q" => quoted_printable(content.as_bytes(), true),
        _ => return None,
    };
    // RFC 2231 allows a language after the set.
    let charset = charset.split('*').next();
    Some((self::text(&bytes, charset), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_read_and_nonsense_does_no_harm() {
        for (encoded, plain) in [
            ("a=20b=\r\nc=\nd", "a bcd"),
            ("gr=C3=BC=c3=9f", "grüß"),
            ("=ZZ=4", "=ZZ=4"),
            ("100%=", "100%"),
            ("a_b", "a_b"),
        ] {
            let read = quoted_printable(encoded.as_bytes(), false);
            assert_eq!(String::from_utf8(read).unwrap(), plain, "{encoded}");
        }
        for (encoded, plain) in
            [("aGk=", "hi"), ("aG\r\nk", "hi"), ("a", ""), ("aGk=ignored", "hi"), ("!!", "")]
        {
            assert_eq!(base64(encoded.as_bytes()), plain.as_bytes(), "{encoded}");
        }
    }

    #[test]
    fn characters_of_old_sets_are_found() {
        assert_eq!(text(b"na\xefve \x93x\x94 \x80", Some("ISO-8859-1")), "naïve “x” €");
        assert_eq!(text(b"\xa4", Some("iso-8859-15")), "€");
        assert_eq!(text("grün".as_bytes(), None), "grün");
        assert_eq!(text(b"gr\xfcn", Some("x-unknown")), "grün");
        assert_eq!(text(b"gr\xfcn", Some("utf-8")), "gr\u{fffd}n");
    }

    #[test]
    fn words_of_headers_are_joined_as_they_were_split() {
        for (value, shown) in [
            ("=?UTF-8?Q?Gr=C3=BC=C3=9Fe?= aus =?iso-8859-1?q?K=F6ln?=", "Grüße aus Köln"),
            ("=?utf-8?B?R3LDvA==?=\r\n =?utf-8?B?w59l?=", "Grüße"),
            ("=?utf-8?X?abc?= =? x", "=?utf-8?X?abc?= =? x"),
            ("Re: [#7] plain", "Re: [#7] plain"),
        ] {
            assert_eq!(words(value), shown);
        }
    }
}
