//! Changes to bytes that were good.

use proptest::collection::vec;
use proptest::prelude::*;

/// A change. Places begin anew at the end.
#[derive(Clone, Debug)]
pub(super) enum Slip {
    Set(usize, u8),
    Flip(usize, u8),
    Insert(usize, Vec<u8>),
    Delete(usize, usize),
    Cut(usize),
    Repeat(usize, usize),
}

/// None to three changes, mostly none.
pub(super) fn slips() -> BoxedStrategy<Vec<Slip>> {
    prop_oneof![3 => Just(Vec::new()), 2 => some_slips()].boxed()
}

/// One to three changes.
pub(super) fn some_slips() -> BoxedStrategy<Vec<Slip>> {
    let place = || 0..4_096_usize;
    vec(
        prop_oneof![
            2 => (place(), any::<u8>()).prop_map(|(place, byte)| Slip::Set(place, byte)),
            2 => (place(), 0..8_u8).prop_map(|(place, bit)| Slip::Flip(place, bit)),
            2 => (place(), vec(any::<u8>(), 1..5)).prop_map(|(p, bytes)| Slip::Insert(p, bytes)),
            2 => (place(), 1..5_usize).prop_map(|(place, bytes)| Slip::Delete(place, bytes)),
            1 => place().prop_map(Slip::Cut),
            1 => (place(), 1..64_usize).prop_map(|(place, bytes)| Slip::Repeat(place, bytes)),
        ],
        1..4,
    )
    .boxed()
}

/// The bytes with the changes.
pub(super) fn slipped(bytes: &[u8], slips: &[Slip]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for slip in slips {
        let size = bytes.len();
        if size == 0 {
            return bytes;
        }
        match slip {
            Slip::Set(place, byte) => bytes[place % size] = *byte,
            Slip::Flip(place, bit) => bytes[place % size] ^= 1 << bit,
            Slip::Insert(place, more) => {
                let place = place % size;
                bytes.splice(place..place, more.iter().copied());
            }
            Slip::Delete(place, count) => {
                let place = place % size;
                bytes.drain(place..size.min(place + count));
            }
            Slip::Cut(place) => bytes.truncate(place % size),
            Slip::Repeat(place, count) => {
                let place = place % size;
                let again = bytes[place..size.min(place + count)].to_vec();
                bytes.splice(place..place, again);
            }
        }
    }
    bytes
}

/// The same for text; whatever is no UTF-8 any more becomes the replacement character.
pub(super) fn slipped_text(text: &str, slips: &[Slip]) -> String {
    String::from_utf8_lossy(&slipped(text.as_bytes(), slips)).into_owned()
}
