//! Detects keys that were typed by hand instead of generated.
//!
//! Randomness cannot be proven. These rules catch typical placeholders: a repeated byte or pattern, counting, few
//! different digits, digits of a known number, text. They refuse less than one in 20 billion random keys, nearly all of
//! these through the rule about text.

/// Fewest different bytes of a random key. One in 10^15 random keys has fewer.
const BYTES_MIN: usize = 16;
/// Fewest different steps from a byte to the next, which catches counting. One in 10^14 random keys has fewer.
const STEPS_MIN: usize = 16;
/// Fewest different ones of the 64 hex digits. One in 10^11 random keys has fewer.
const DIGITS_MIN: usize = 10;

/// Whether the key could come from a random generator.
#[must_use]
pub fn looks_random(key: &[u8; 32]) -> bool {
    let nibbles = || key.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let steps = key.iter().zip(key.iter().skip(1)).map(|(one, next)| next.wrapping_sub(*one));
    different(key.iter().copied()) >= BYTES_MIN
        && different(steps) >= STEPS_MIN
        && different(nibbles()) >= DIGITS_MIN
        // Decimal digits only: a known number, a date, a telephone number. One in 10^13.
        && nibbles().any(|digit| digit > 9)
        && !is_repeated(key)
        && !is_text(key)
}

fn different(values: impl Iterator<Item = u8>) -> usize {
    values.collect::<std::collections::BTreeSet<_>>().len()
}

/// Whether at least the second half repeats the beginning. One in 10^38.
fn is_repeated(key: &[u8; 32]) -> bool {
    (1..=16).any(|period| key.iter().zip(key.iter().skip(period)).all(|(one, next)| one == next))
}

/// Whether the key is text in UTF-8, possibly padded with zeros. One in 10^10.
fn is_text(key: &[u8; 32]) -> bool {
    let is_for_people = |c: char| matches!(c, '\0' | '\t' | '\n' | '\r') || !c.is_control();
    str::from_utf8(key).is_ok_and(|text| text.chars().all(is_for_people))
}

#[cfg(test)]
mod tests {
    use alloy_primitives::hex;
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> [u8; 32] {
        hex::decode_to_array(text).unwrap()
    }

    fn padded(text: &[u8]) -> [u8; 32] {
        let mut key = [0; 32];
        key[..text.len()].copy_from_slice(text);
        key
    }

    #[test]
    fn what_people_write_in_the_place_of_a_key_is_not_random() {
        let counting = std::array::from_fn(|place| u8::try_from(place).unwrap());
        let by_sevens: [u8; 32] = std::array::from_fn(|p| u8::try_from(p * 7 % 256).unwrap());
        for weak in [
            [0; 32],
            [0xab; 32],
            counting,
            counting.map(|byte| 255 - byte),
            by_sevens,
            key("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"),
            key("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
            key("fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"),
            key("deadbeefcafebabedeadbeefcafebabedeadbeefcafebabedeadbeefcafebabe"),
            // A random half, twice.
            key("8f3b5c1d9e7a2460b1c8d7e6f5a493028f3b5c1d9e7a2460b1c8d7e6f5a49302"),
            // A small number, and the digits of pi.
            key("00000000000000000000000000000000000000000000000000000000000004d2"),
            key("3141592653589793238462643383279502884197169399375105820974944592"),
            // Few digits only, though many bytes.
            key("aabacadaeabbcbdbebcacbcdcedadbdcdededbaecbadebcdaeabdcebacdbeadc"),
            padded(b"password"),
            padded(b"correct horse battery staple"),
            *b"the quick brown fox jumps over l",
            *b"8f3b5c1d9e7a2460b1c8d7e6f5a49302",
            padded("\u{43f}\u{430}\u{440}\u{43e}\u{43b}\u{44c} \u{434}\u{43b}\u{44f}".as_bytes()),
        ] {
            assert!(!looks_random(&weak), "{}", hex::encode(weak));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn random_keys_are_not_refused(key: [u8; 32]) {
            // proptest likes corners in numbers, but draws bytes of arrays alike.
            prop_assert!(looks_random(&key), "{}", hex::encode(key));
        }
    }

    proptest! {
        #[test]
        fn a_short_pattern_is_no_key(pattern in proptest::collection::vec(any::<u8>(), 1..=16)) {
            let key = std::array::from_fn(|place| pattern[place % pattern.len()]);
            prop_assert!(!looks_random(&key));
        }

        #[test]
        fn words_are_no_key(text in "[ -~]{32}") {
            prop_assert!(!looks_random(&text.as_bytes().try_into().unwrap()));
        }

        #[test]
        fn counting_is_no_key(start: u8, step: u8) {
            let at = |place: usize| u8::try_from(place).unwrap();
            let key = std::array::from_fn(|p| start.wrapping_add(step.wrapping_mul(at(p))));
            prop_assert!(!looks_random(&key));
        }
    }
}
