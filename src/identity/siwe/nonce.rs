//! Nonces that contain their expiry and a MAC. Only this service can create them, and nothing is stored.

use alloy_primitives::hex;
use subtle::ConstantTimeEq;

use crate::base::id::ScopeId;
use crate::base::time::UnixSeconds;
use crate::identity::keys::Keys;
use crate::identity::siwe::error::{SIGN_IN_SECONDS, SiweError};
use crate::ports::Random;

const END_DIGITS: usize = 8;
/// The expiry and 96 random bits.
const PAYLOAD_DIGITS: usize = END_DIGITS + 24;
/// The payload, and the first 128 bits of its MAC.
const NONCE_DIGITS: usize = PAYLOAD_DIGITS + 32;

/// The purpose of a nonce. A nonce is refused for any other purpose.
#[derive(Clone, Copy, Debug)]
pub enum Purpose<'a> {
    /// Starting a host's session.
    SignIn,
    /// Proving a wallet at the server of this host.
    AtServer(&'a ScopeId),
    /// Listing what a wallet has bought at all hosts.
    Tickets,
}

/// Creates a nonce and returns it with its expiry. It has hex digits only, because EIP-4361 allows letters and digits.
#[must_use]
pub fn new_nonce(
    keys: &Keys,
    purpose: Purpose<'_>,
    random: &impl Random,
    now: UnixSeconds,
) -> (String, UnixSeconds) {
    let expires_at = now.plus(SIGN_IN_SECONDS);
    let payload = format!("{:08x}{}", expires_at.get(), hex::encode(random.bytes::<12>()));
    let mac = mac_of(keys, purpose, &payload);
    (payload + &mac, expires_at)
}

/// Verifies a nonce and returns its expiry.
///
/// # Errors
/// [`SiweError::Nonce`] if it has expired, is not ours, or is for another purpose.
pub(super) fn check_nonce(
    keys: &Keys,
    purpose: Purpose<'_>,
    nonce: &str,
    now: UnixSeconds,
) -> Result<UnixSeconds, SiweError> {
    let (payload, mac) = nonce.split_at_checked(PAYLOAD_DIGITS).ok_or(SiweError::Nonce)?;
    let is_ours = nonce.len() == NONCE_DIGITS
        && bool::from(mac_of(keys, purpose, payload).as_bytes().ct_eq(mac.as_bytes()));
    let end = payload.get(..END_DIGITS).and_then(|digits| i64::from_str_radix(digits, 16).ok());
    match end.map(UnixSeconds::new) {
        Some(end) if is_ours && now < end => Ok(end),
        Some(_) | None => Err(SiweError::Nonce),
    }
}

fn mac_of(keys: &Keys, purpose: Purpose<'_>, payload: &str) -> String {
    let mac = match purpose {
        Purpose::SignIn => keys.sign_nonce(payload.as_bytes()),
        // A payload and a scope have hex digits only, so the kinds of MAC input cannot collide.
        Purpose::AtServer(scope) => keys.sign_nonce(format!("{scope}/{payload}").as_bytes()),
        Purpose::Tickets => keys.sign_nonce(format!("tickets/{payload}").as_bytes()),
    };
    hex::encode(mac.get(..16).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::master_key::MasterKey;

    struct Sevens;

    impl Random for Sevens {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    const NOW: UnixSeconds = UnixSeconds::new(1_795_262_400);
    /// Computed with the HKDF and HMAC of Node's `crypto`; the sign-in vectors contain it.
    const NONCE: &str = "6b0188ec070707070707070707070707f9e1047aa6b41a396ff372bd475d6a65";

    fn keys(digit: &str) -> Keys {
        Keys::derive(&MasterKey::parse(&digit.repeat(64)).unwrap())
    }

    #[test]
    fn a_nonce_lasts_five_minutes() {
        let end = NOW.plus(300);
        assert_eq!(new_nonce(&keys("1"), Purpose::SignIn, &Sevens, NOW), (NONCE.to_owned(), end));
        assert_eq!(check_nonce(&keys("1"), Purpose::SignIn, NONCE, end.plus(-1)), Ok(end));
        assert_eq!(check_nonce(&keys("1"), Purpose::SignIn, NONCE, end), Err(SiweError::Nonce));
    }

    #[test]
    fn a_nonce_that_is_not_ours_is_refused() {
        let refused = Err(SiweError::Nonce);
        assert_eq!(check_nonce(&keys("2"), Purpose::SignIn, NONCE, NOW), refused);
        for place in 0..NONCE.len() {
            let mut changed = NONCE.to_owned().into_bytes();
            changed[place] = if changed[place] == b'1' { b'2' } else { b'1' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(check_nonce(&keys("1"), Purpose::SignIn, &changed, NOW), refused, "{place}");
        }
        for text in ["", "a1b2c3d4", &NONCE[1..], &format!("{NONCE}0"), &"ä".repeat(32)] {
            assert_eq!(check_nonce(&keys("1"), Purpose::SignIn, text, NOW), refused, "{text}");
        }
    }

    #[test]
    fn a_nonce_of_one_server_is_good_for_nothing_else() {
        let (one, other) = (ScopeId::from_bytes([1; 16]), ScopeId::from_bytes([2; 16]));
        let at = |purpose, nonce: &str| check_nonce(&keys("1"), purpose, nonce, NOW);
        let (nonce, end) = new_nonce(&keys("1"), Purpose::AtServer(&one), &Sevens, NOW);
        assert_eq!(at(Purpose::AtServer(&one), &nonce), Ok(end));
        assert_eq!(at(Purpose::AtServer(&other), &nonce), Err(SiweError::Nonce));
        assert_eq!(at(Purpose::SignIn, &nonce), Err(SiweError::Nonce));
        assert_eq!(at(Purpose::Tickets, &nonce), Err(SiweError::Nonce));
        let (nonce, end) = new_nonce(&keys("1"), Purpose::Tickets, &Sevens, NOW);
        assert_eq!(at(Purpose::Tickets, &nonce), Ok(end));
        assert_eq!(at(Purpose::SignIn, &nonce), Err(SiweError::Nonce), "it begins no session");
        assert_eq!(at(Purpose::AtServer(&one), &nonce), Err(SiweError::Nonce));
        assert_eq!(at(Purpose::AtServer(&one), NONCE), Err(SiweError::Nonce));
    }
}
