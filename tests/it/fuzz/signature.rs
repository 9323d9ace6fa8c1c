//! Signatures under payments: `r`, `s`, `v` and everything that they hold for.

use alloy_primitives::{Address, B256, U256, hex};
use events_concierge::chain::eip3009::{Authorization, digest};
use events_concierge::chain::networks::NETWORKS;
use events_concierge::chain::signature::recover as signer_of;
use events_concierge::rails::x402::wire::PaymentPayload;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::bytes::{Slip, slipped, some_slips};
use super::payment::{good, signed_of};
use super::{Verdict, fuzz};

/// The order of the curve, half of it, and their neighbours.
const EDGES: &[&str] = &[
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000001",
    "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0",
    "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a1",
    "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140",
    "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

#[derive(Clone, Debug)]
enum Change {
    /// Of the signature as bytes.
    Slips(Vec<Slip>),
    /// Another signature altogether.
    Any(Vec<u8>),
    /// Its halves, or those that are kept, and its last byte.
    Parts(Option<String>, Option<String>, u8),
    /// The other signature that the same key could have made.
    Twin,
    /// One bit of what was signed.
    Signed(usize, u8),
    /// Another network.
    Network(usize),
}

fn changes() -> impl Strategy<Value = Change> {
    let word = || prop_oneof![Just(None), select(EDGES).prop_map(|word| Some(word.to_owned()))];
    let v = prop_oneof![select(&[0_u8, 1, 26, 27, 28, 29, 255][..]), any::<u8>()];
    prop_oneof![
        some_slips().prop_map(Change::Slips),
        vec(any::<u8>(), 0..200).prop_map(Change::Any),
        vec(any::<u8>(), 65..66).prop_map(Change::Any),
        (word(), word(), v).prop_map(|(r, s, v)| Change::Parts(r, s, v)),
        Just(Change::Twin),
        (0..200_usize, 0..8_u8).prop_map(|(byte, bit)| Change::Signed(byte, bit)),
        (0..NETWORKS.len()).prop_map(Change::Network),
    ]
}

/// What was signed with one bit changed.
fn flipped(authorization: &Authorization, byte: usize, bit: u8) -> Authorization {
    let mut changed = authorization.clone();
    let flip = |bytes: &mut [u8], place: usize| bytes[place % bytes.len()] ^= 1 << bit;
    let number = |number: U256| {
        let mut bytes = number.to_be_bytes::<32>();
        bytes[byte % 32] ^= 1 << bit;
        U256::from_be_bytes(bytes)
    };
    match byte % 6 {
        0 => flip(changed.from.as_mut_slice(), byte),
        1 => flip(changed.to.as_mut_slice(), byte),
        2 => flip(changed.nonce.as_mut_slice(), byte),
        3 => changed.value = number(changed.value),
        4 => changed.valid_after = number(changed.valid_after),
        _ => changed.valid_before = number(changed.valid_before),
    }
    changed
}

/// `n - s` with the other parity.
fn twin(signature: &[u8]) -> Vec<u8> {
    let order: U256 = U256::from_str_radix(EDGES[5], 16).unwrap();
    let s = order - U256::from_be_slice(&signature[32..64]);
    let mut twin = signature[..32].to_vec();
    twin.extend(s.to_be_bytes::<32>());
    twin.push(55 - signature[64]);
    twin
}

fn check(payment: &PaymentPayload, change: &Change) -> Verdict {
    let sepolia = NETWORKS.iter().find(|network| network.caip2 == "eip155:84532").unwrap();
    let (authorization, signature) = &signed_of(payment);
    let payer = authorization.from;
    let recover = |authorization: &Authorization, signature: &[u8]| {
        let found = signer_of(digest(sepolia, authorization), signature);
        let half = U256::from_str_radix(EDGES[2], 16).unwrap();
        let is_plain = signature.len() == 65
            && matches!(signature[64], 27 | 28)
            && U256::from_be_slice(&signature[32..64]) <= half;
        prop_assert!(found.is_none() || is_plain, "{}", hex::encode(signature));
        Ok::<Option<Address>, TestCaseError>(found)
    };
    prop_assert_eq!(recover(authorization, signature)?, Some(payer));
    let other = match change {
        Change::Slips(slips) => slipped(signature, slips),
        Change::Any(bytes) => bytes.clone(),
        Change::Parts(r, s, v) => {
            let part = |word: &Option<String>, kept: &[u8]| match word {
                Some(word) => word.parse::<B256>().unwrap().to_vec(),
                None => kept.to_vec(),
            };
            [part(r, &signature[..32]), part(s, &signature[32..64]), vec![*v]].concat()
        }
        Change::Twin => twin(signature),
        Change::Signed(byte, bit) => {
            let changed = flipped(authorization, *byte, *bit);
            let found = recover(&changed, signature)?;
            // Nor is it valid for the signer that the changed authorization names.
            prop_assert!(found != Some(payer) && found != Some(changed.from));
            return Ok(());
        }
        Change::Network(place) => {
            let found = signer_of(digest(&NETWORKS[*place], authorization), signature);
            prop_assert_eq!(found == Some(payer), NETWORKS[*place] == *sepolia);
            return Ok(());
        }
    };
    let found = recover(authorization, &other)?;
    prop_assert!(other == signature.as_ref() || found != Some(payer), "{}", hex::encode(other));
    Ok(())
}

#[test]
fn a_signature_has_one_spelling_and_holds_for_one_thing() {
    let payment = PaymentPayload::read(good()[1].clone()).unwrap();
    fuzz("signatures: EIP-3009", changes, move |change| check(&payment, &change));
}
