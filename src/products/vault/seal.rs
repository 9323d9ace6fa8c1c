//! Sealing with AES-256-GCM (NIST SP 800-38D): one key for each master key and scope, and a random nonce of 96 bits.
//! Scope, secret id, version and key id are authenticated data, so that a sealed value cannot be opened in another
//! place.
//!
//! A sealed value names its key by id, so each row shows whether it uses the current key. Values from before keys had
//! ids begin with 1; they open with the current key or else with the previous one.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::base::id::{ScopeId, SecretId};
use crate::identity::keys::{KeyId, Keys, VaultKey};
use crate::ports::Random;
use crate::products::vault::Plain;

const FORMAT: &str = "v1";
const NONCE_BYTES: usize = 12;

/// The place of a value.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub scope: &'a ScopeId,
    pub id: &'a SecretId,
    /// 1 and the number of replacements.
    pub version: u32,
}

/// A sealed value cannot be opened: it was changed, moved, or sealed with another key. For the log only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value does not open at its place")]
pub struct NotOpened;

/// The prefix of values that are sealed with the current key.
#[must_use]
pub fn current_prefix(keys: &Keys) -> String {
    format!("{FORMAT}.{}.", keys.key_id())
}

/// Seals a value for its place with the current key: `v1.{key id}.{nonce}.{ciphertext}`.
///
/// # Errors
///
/// [`NotOpened`] if the cipher refuses, which it does only for values of many gigabytes.
pub fn seal(
    keys: &Keys,
    place: Place<'_>,
    value: &Plain,
    random: &impl Random,
) -> Result<String, NotOpened> {
    let nonce = random.bytes::<NONCE_BYTES>();
    let authenticated = place.authenticated(keys.key_id());
    let payload = Payload { msg: value.expose().as_bytes(), aad: authenticated.as_bytes() };
    let cipher = cipher(keys.vault_key(), place.scope, keys.key_id());
    let sealed = cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| NotOpened)?;
    let (nonce, sealed) = (STANDARD_NO_PAD.encode(nonce), STANDARD_NO_PAD.encode(sealed));
    Ok(format!("{}{nonce}.{sealed}", current_prefix(keys)))
}

/// Opens a value that [`seal`] made for this place, with the current key or the previous one.
///
/// # Errors
///
/// [`NotOpened`].
pub fn open(keys: &Keys, place: Place<'_>, sealed: &str) -> Result<Plain, NotOpened> {
    let mut parts = sealed.split('.');
    let mut part = || parts.next().ok_or(NotOpened);
    let (format, named, nonce, sealed) = (part()?, part()?, part()?, part()?);
    if format != FORMAT || parts.next().is_some() {
        return Err(NotOpened);
    }
    let named = KeyId::parse(named).ok_or(NotOpened)?;
    let decode = |text: &str| STANDARD_NO_PAD.decode(text).map_err(|_| NotOpened);
    let (nonce, sealed) = (decode(nonce)?, decode(sealed)?);
    let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| NotOpened)?;
    let authenticated = place.authenticated(named);
    let open_with = |key: &VaultKey| {
        let payload = Payload { msg: &sealed, aad: authenticated.as_bytes() };
        cipher(key, place.scope, named).decrypt(&Nonce::from(nonce), payload).ok()
    };
    let opened = keys.vault_keys(named).find_map(open_with).ok_or(NotOpened)?;
    String::from_utf8(opened).map(Plain::new).map_err(|_| NotOpened)
}

impl Place<'_> {
    fn authenticated(self, key: KeyId) -> String {
        let Self { scope, id, version } = self;
        format!("events-concierge/vault\n{scope}\n{id}\n{version}\n{key}")
    }
}

fn cipher(key: &VaultKey, scope: &ScopeId, named: KeyId) -> Aes256Gcm {
    Aes256Gcm::new(&key.for_scope(scope, named).into())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::identity::lasting::IdentityKeys;
    use crate::identity::master_key::MasterKey;

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

    /// The keys of a deployment whose key was `previous` before.
    fn rotated(digit: &str, previous: &str) -> Keys {
        let master = |digit: &str| MasterKey::parse(&digit.repeat(64)).unwrap();
        Keys::rotated(&master(digit), Some(&master(previous)), IdentityKeys::of(&master("1")))
    }

    /// Sealed for scope a…a, secret 1…1 and version 3 as before keys had ids, with the key 1…1;
    /// computed with Node's `crypto`.
    const UNNAMED: &str = "v1.1.AQEBAQEBAQEBAQEB.PW6xsbJ+gz+4u3iIO0ZwVgwYebL2j21ear4cu0gTK4DCQQ";

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
    fn a_value_opens_with_the_key_that_it_names_as_long_as_that_is_current_or_previous() {
        let (scope, id) = (scope("a"), id("1"));
        let place = Place { scope: &scope, id: &id, version: 3 };
        for sealed in [sealed().as_str(), UNNAMED] {
            for (keys, opens) in [
                (keys("1"), true),
                (rotated("2", "1"), true),
                (rotated("1", "2"), true),
                (rotated("3", "2"), false),
                (keys("2"), false),
            ] {
                let opened = open(&keys, place, sealed);
                assert_eq!(opened.is_ok_and(|plain| plain.expose() == SECRET), opens, "{sealed}");
            }
        }
        let other = sealed().replacen(&keys("1").key_id().to_string(), "1", 1);
        assert!(open(&keys("1"), place, &other).is_err(), "the id of the key is authenticated");
    }

    #[test]
    fn what_is_sealed_now_is_sealed_with_the_current_key_and_says_so() {
        let (scope, id) = (scope("a"), id("1"));
        let place = Place { scope: &scope, id: &id, version: 3 };
        let rotated = rotated("2", "1");
        let value = Plain::new(SECRET.to_owned());
        let sealed = seal(&rotated, place, &value, &Counting(Cell::new(0))).unwrap();
        assert!(sealed.starts_with(&format!("v1.{}.", keys("2").key_id())));
        assert!(sealed.starts_with(&current_prefix(&rotated)));
        assert!(
            open(&keys("2"), place, &sealed).is_ok() && open(&keys("1"), place, &sealed).is_err()
        );
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
