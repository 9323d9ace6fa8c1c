//! Sealing: AES-256-GCM (NIST SP 800-38D) with a key for each scope and key version, and a random nonce of
//! 96 bits. Scope, id and version of the secret are authenticated with it, so that a sealed value that is
//! moved to another place does not open there.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::id::{ScopeId, SecretId};
use crate::identity::keys::Keys;
use crate::ports::Random;
use crate::vault::Plain;

/// The version of the key that seals now. Older ones still open what they have sealed.
pub const KEY_VERSION: u32 = 1;

const FORMAT: &str = "v1";
const NONCE_BYTES: usize = 12;

/// Where a value belongs.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Whose it is.
    pub scope: &'a ScopeId,
    /// Which secret.
    pub id: &'a SecretId,
    /// How often its value was replaced, and one more.
    pub version: u32,
}

/// A sealed value does not open: it was changed, moved, or sealed with another key. For us only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value does not open at its place")]
pub struct NotOpened;

/// Seals a value for its place: `v1.{key version}.{nonce}.{ciphertext}`.
///
/// # Errors
/// [`NotOpened`] if the cipher refuses, which it does only for values of many gigabytes.
pub fn seal(
    keys: &Keys,
    place: Place<'_>,
    value: &Plain,
    random: &impl Random,
) -> Result<String, NotOpened> {
    let nonce = random.bytes::<NONCE_BYTES>();
    let authenticated = place.authenticated(KEY_VERSION);
    let payload = Payload { msg: value.expose().as_bytes(), aad: authenticated.as_bytes() };
    let cipher = cipher(keys, place.scope, KEY_VERSION);
    let sealed = cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| NotOpened)?;
    let (nonce, sealed) = (STANDARD_NO_PAD.encode(nonce), STANDARD_NO_PAD.encode(sealed));
    Ok(format!("{FORMAT}.{KEY_VERSION}.{nonce}.{sealed}"))
}

/// Opens what [`seal`] made for this place.
///
/// # Errors
/// [`NotOpened`].
pub fn open(keys: &Keys, place: Place<'_>, sealed: &str) -> Result<Plain, NotOpened> {
    let mut parts = sealed.split('.');
    let mut part = || parts.next().ok_or(NotOpened);
    let (format, version, nonce, sealed) = (part()?, part()?, part()?, part()?);
    if format != FORMAT || parts.next().is_some() {
        return Err(NotOpened);
    }
    let version: u32 = version.parse().map_err(|_| NotOpened)?;
    let decode = |text: &str| STANDARD_NO_PAD.decode(text).map_err(|_| NotOpened);
    let (nonce, sealed) = (decode(nonce)?, decode(sealed)?);
    let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| NotOpened)?;
    let authenticated = place.authenticated(version);
    let payload = Payload { msg: &sealed, aad: authenticated.as_bytes() };
    let cipher = cipher(keys, place.scope, version);
    let opened = cipher.decrypt(&Nonce::from(nonce), payload).map_err(|_| NotOpened)?;
    String::from_utf8(opened).map(Plain::new).map_err(|_| NotOpened)
}

impl Place<'_> {
    fn authenticated(self, key_version: u32) -> String {
        let Self { scope, id, version } = self;
        format!("events-concierge/vault\n{scope}\n{id}\n{version}\n{key_version}")
    }
}

fn cipher(keys: &Keys, scope: &ScopeId, version: u32) -> Aes256Gcm {
    Aes256Gcm::new(&keys.vault_key(scope, version).into())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::identity::keys::MasterKey;

    struct Counting(Cell<u8>);

    impl Random for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            self.0.set(self.0.get() + 1);
            buffer.fill(self.0.get());
        }
    }

    const SECRET: &str = "sk-live-0123456789";

    fn keys(digit: &str) -> Keys {
        Keys::derive(&MasterKey::parse(&digit.repeat(64)).unwrap())
    }

    fn scope(digit: &str) -> ScopeId {
        ScopeId::parse(&digit.repeat(32)).unwrap()
    }

    fn id(digit: &str) -> SecretId {
        SecretId::parse(&format!("sec_{}", digit.repeat(24))).unwrap()
    }

    fn sealed() -> String {
        let (scope, id) = (scope("a"), id("1"));
        let place = Place { scope: &scope, id: &id, version: 3 };
        seal(&keys("1"), place, &Plain::new(SECRET.to_owned()), &Counting(Cell::new(0))).unwrap()
    }

    #[test]
    fn a_sealed_value_opens_at_its_place_and_nowhere_else() {
        let sealed = sealed();
        assert!(!sealed.contains(SECRET));
        for (key, scope_digit, id_digit, version, opens) in [
            ("1", "a", "1", 3, true),
            ("2", "a", "1", 3, false),
            ("1", "b", "1", 3, false),
            ("1", "a", "2", 3, false),
            ("1", "a", "1", 2, false),
            ("1", "a", "1", 4, false),
        ] {
            let (scope, id) = (scope(scope_digit), id(id_digit));
            let place = Place { scope: &scope, id: &id, version };
            let opened = open(&keys(key), place, &sealed);
            let opened = opened.map(|plain| plain.expose().to_owned());
            let expected = if opens { Ok(SECRET.to_owned()) } else { Err(NotOpened) };
            assert_eq!(opened, expected, "{key} {scope_digit} {id_digit} {version}");
        }
    }

    #[test]
    fn a_changed_value_does_not_open() {
        let sealed = sealed();
        let (scope, id) = (scope("a"), id("1"));
        let place = Place { scope: &scope, id: &id, version: 3 };
        for index in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(open(&keys("1"), place, &changed).is_err(), "{index}");
        }
        for text in ["", "v1", "v1.1..", "v1.1.AAAA.AAAA", &format!("{sealed}.x"), "v1.x.A.B"] {
            assert!(open(&keys("1"), place, text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_same_value_is_never_sealed_the_same_twice() {
        let (scope, id) = (scope("a"), id("1"));
        let place = Place { scope: &scope, id: &id, version: 1 };
        let random = Counting(Cell::new(0));
        let seal = || seal(&keys("1"), place, &Plain::new("x".to_owned()), &random).unwrap();
        assert_ne!(seal(), seal());
    }
}
