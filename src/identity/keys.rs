//! One key from outside, one derived key for each purpose (HKDF-SHA-256, RFC 5869).

use alloy_primitives::hex;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hkdf::Hkdf;
use hmac::digest::Key;
use hmac::{Hmac, Mac};
use k256::ecdsa::SigningKey;
use k256::elliptic_curve::ops::Reduce;
use k256::{FieldBytes, NonZeroScalar, U256};
use sha2::Sha256;

use crate::id::ScopeId;
use crate::identity::UserId;
use crate::identity::randomness::looks_random;

/// The key that everything is derived from (`MASTER_KEY`). Never shown, not even to `Debug`.
pub struct MasterKey([u8; 32]);

/// Not 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 32 random bytes, as 64 hex digits or in base64")]
pub struct KeyError;

/// The derived keys. Never shown, not even to `Debug`.
pub struct Keys {
    scope: [u8; 32],
    session: [u8; 32],
    nonce: [u8; 32],
    wallet: [u8; 32],
    vault: [u8; 32],
    code: [u8; 32],
    challenge: [u8; 32],
    browser: [u8; 32],
    source: [u8; 32],
    backup: [u8; 32],
}

impl MasterKey {
    /// From 64 hex digits or base64.
    ///
    /// # Errors
    /// [`KeyError`] if that does not give 32 bytes.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        let bytes = hex::decode(text).or_else(|_| STANDARD.decode(text)).map_err(|_| KeyError)?;
        bytes.try_into().map(Self).map_err(|_| KeyError)
    }

    /// Whether it can be random ([`looks_random`]).
    #[must_use]
    pub fn looks_random(&self) -> bool {
        looks_random(&self.0)
    }
}

impl Keys {
    /// Derives them all.
    #[must_use]
    pub fn derive(master: &MasterKey) -> Self {
        let hkdf = Hkdf::<Sha256>::new(None, &master.0);
        let key = |purpose: &str| {
            let mut key = [0; 32];
            // HKDF fails only for more than 8,160 bytes.
            let filled = hkdf.expand(purpose.as_bytes(), &mut key);
            debug_assert!(filled.is_ok(), "32 bytes can always be derived");
            key
        };
        Self {
            scope: key("scope"),
            session: key("session"),
            nonce: key("siwe-nonce"),
            wallet: key("wallet"),
            vault: key("vault"),
            code: key("sign-in-code"),
            challenge: key("sign-in-challenge"),
            browser: key("known-browser"),
            source: key("source"),
            backup: key("backup"),
        }
    }

    /// The scope of a user: the first half of a keyed hash, so that nobody can find
    /// it by trying addresses.
    #[must_use]
    pub fn scope_of(&self, user: &UserId) -> ScopeId {
        half(&mac(&self.scope, user.as_str().as_bytes()))
    }

    /// The name of the object that counts what a network address asks for before anybody is signed in.
    /// It is derived with a key of its own, so that it is never the scope of a user.
    #[must_use]
    pub fn scope_of_source(&self, source: &str) -> ScopeId {
        half(&mac(&self.source, source.as_bytes()))
    }

    /// The key that owns the smart wallet of a session or a user. The owner's name says which of the
    /// two it is, so that no session can be named like a user.
    #[must_use]
    pub fn wallet_key(&self, owner: &str) -> SigningKey {
        let bytes = FieldBytes::from(mac(&self.wallet, owner.as_bytes()));
        // The order of the curve lies so close to 2^256 that this is as good as uniform.
        let scalar = <NonZeroScalar as Reduce<U256>>::reduce_bytes(&bytes);
        SigningKey::from(scalar)
    }

    /// The key that seals the secrets of a scope; `version` is that of the key.
    #[must_use]
    pub fn vault_key(&self, scope: &ScopeId, version: u32) -> [u8; 32] {
        mac(&self.vault, format!("{version}:{scope}").as_bytes())
    }

    /// The seal of a page of a backup, over the parts one after the other.
    #[must_use]
    pub fn sign_backup(&self, parts: &[&[u8]]) -> [u8; 32] {
        mac_of(&self.backup, parts)
    }

    pub(super) fn sign_session(&self, payload: &[u8]) -> [u8; 32] {
        mac(&self.session, payload)
    }

    pub(super) fn sign_nonce(&self, payload: &[u8]) -> [u8; 32] {
        mac(&self.nonce, payload)
    }

    pub(super) fn sign_code(&self, payload: &[u8]) -> [u8; 32] {
        mac(&self.code, payload)
    }

    pub(super) fn sign_challenge(&self, payload: &[u8]) -> [u8; 32] {
        mac(&self.challenge, payload)
    }

    pub(super) fn sign_browser(&self, payload: &[u8]) -> [u8; 32] {
        mac(&self.browser, payload)
    }
}

/// The first half of a keyed hash, as a name.
fn half(hash: &[u8; 32]) -> ScopeId {
    let mut half = [0; 16];
    for (target, byte) in half.iter_mut().zip(hash) {
        *target = *byte;
    }
    ScopeId::from_bytes(half)
}

/// HMAC-SHA-256.
fn mac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    mac_of(key, &[message])
}

/// The same of a message in parts.
fn mac_of(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // A key that is shorter than a block is filled up with zeros (RFC 2104, 2).
    let mut block = Key::<Hmac<Sha256>>::default();
    for (target, byte) in block.iter_mut().zip(key) {
        *target = *byte;
    }
    let mut mac = Hmac::<Sha256>::new(&block);
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(digit: &str) -> Keys {
        Keys::derive(&MasterKey::parse(&digit.repeat(64)).unwrap())
    }

    #[test]
    fn a_scope_depends_on_user_and_key_and_never_changes() {
        let user = UserId::parse("ada@example.org").unwrap();
        // Computed with the HKDF and HMAC of Node's `crypto`.
        assert_eq!(keys("1").scope_of(&user).as_str(), "97dc1fc24e7aba208cef668a8f9a87be");
        assert_ne!(keys("1").scope_of(&user), keys("2").scope_of(&user));
        let other = UserId::parse("bob@example.org").unwrap();
        assert_ne!(keys("1").scope_of(&user), keys("1").scope_of(&other));
    }

    #[test]
    fn what_counts_a_source_is_never_the_object_of_a_user() {
        let user = UserId::parse("ada@example.org").unwrap();
        let keys = keys("1");
        assert_ne!(keys.scope_of(&user), keys.scope_of_source(user.as_str()));
        assert_ne!(keys.scope_of_source("203.0.113.1"), keys.scope_of_source("203.0.113.2"));
    }

    #[test]
    fn a_wallet_key_depends_on_owner_and_key_and_never_changes() {
        let address = |digit, owner| {
            let key = keys(digit).wallet_key(owner);
            alloy_primitives::Address::from_private_key(&key).to_string()
        };
        // Computed with the HKDF and HMAC of Node's `crypto`, modulo n - 1 and one more, and viem.
        assert_eq!(address("1", "session:a"), "0x3F7A65a427C5e0a98e5Ea0102Df9307C2764aA4a");
        assert_ne!(address("1", "session:a"), address("2", "session:a"));
        assert_ne!(address("1", "session:a"), address("1", "session:b"));
    }

    #[test]
    fn keys_of_another_length_are_refused() {
        for text in ["", "00", &"0".repeat(62), "not hex"] {
            assert!(MasterKey::parse(text).is_err(), "{text}");
        }
        assert!(MasterKey::parse(&STANDARD.encode([7; 32])).is_ok());
    }
}
