//! The derived keys: one for each purpose, from `MASTER_KEY` (HKDF-SHA-256, RFC 5869).
//!
//! `MASTER_KEY` can be rotated. Keys that name objects or own money must not change with it: these are the
//! [`IdentityKeys`], which come from the first master key and become a setting of their own at the first rotation. All
//! other keys change: sessions, nonces and codes of the old key become invalid, and the vault reseals its values
//! (`host/resealing.rs`) while the previous key can still open them.

use std::fmt;

use alloy_primitives::Address;
use hmac::digest::Key;
use hmac::{Hmac, Mac};
use k256::ecdsa::SigningKey;
use k256::elliptic_curve::ops::Reduce;
use k256::{FieldBytes, NonZeroScalar, U256};
use serde::Serialize;
use sha2::Sha256;

use crate::base::id::ScopeId;
use crate::identity::lasting::IdentityKeys;
use crate::identity::master_key::MasterKey;
use crate::identity::user::UserId;

/// The derived keys. Never shown, not even to `Debug`.
pub struct Keys {
    lasting: IdentityKeys,
    session: [u8; 32],
    nonce: [u8; 32],
    code: [u8; 32],
    challenge: [u8; 32],
    browser: [u8; 32],
    source: [u8; 32],
    payment: [u8; 32],
    place: [u8; 32],
    vault: VaultKey,
    previous_vault: Option<VaultKey>,
}

/// The id of a master key in sealed values. It reveals nothing about the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct KeyId(u32);

/// The key from which the vault derives one key for each scope.
pub struct VaultKey {
    id: KeyId,
    key: [u8; 32],
}

impl KeyId {
    /// The id in values that were sealed before keys had ids. No key has it.
    pub const UNNAMED: Self = Self(1);

    /// The lowest id of a key, so that none equals [`KeyId::UNNAMED`].
    const FIRST: u32 = 1 << 31;

    /// The id of a master key.
    #[must_use]
    pub fn of(master: &MasterKey) -> Self {
        Self(u32::from_be_bytes(master.derive("vault-key-id")) | Self::FIRST)
    }

    /// Parses the id in a sealed value. Only the canonical decimal form is accepted.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self).filter(|id| id.to_string() == text)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl VaultKey {
    fn of(master: &MasterKey) -> Self {
        Self { id: KeyId::of(master), key: master.derive("vault") }
    }

    /// The key that seals the values of a scope; `named` is the key id in the sealed value.
    #[must_use]
    pub fn for_scope(&self, scope: &ScopeId, named: KeyId) -> [u8; 32] {
        mac(&self.key, format!("{named}:{scope}").as_bytes())
    }
}

impl Keys {
    /// Derives all keys from one master key that was never rotated.
    #[must_use]
    pub fn derive(master: &MasterKey) -> Self {
        Self::rotated(master, None, IdentityKeys::of(master))
    }

    /// As [`Self::derive`] after a rotation: with the identity keys of the first master key, and with the previous master
    /// key, which opens values that are not resealed yet.
    #[must_use]
    pub fn rotated(
        master: &MasterKey,
        previous: Option<&MasterKey>,
        lasting: IdentityKeys,
    ) -> Self {
        Self {
            lasting,
            session: master.derive("session"),
            nonce: master.derive("siwe-nonce"),
            code: master.derive("sign-in-code"),
            challenge: master.derive("sign-in-challenge"),
            browser: master.derive("known-browser"),
            source: master.derive("source"),
            payment: master.derive("payment-challenge"),
            place: master.derive("waitlist-place"),
            vault: VaultKey::of(master),
            previous_vault: previous.map(VaultKey::of),
        }
    }

    /// The scope of a user: the first half of a keyed hash, so that it cannot be found by trying addresses.
    #[must_use]
    pub fn scope_of(&self, user: &UserId) -> ScopeId {
        half(&mac(&self.lasting.scope, user.as_str().as_bytes()))
    }

    /// The pseudonym of a wallet in the index of buyers: 32 hex digits. It is a keyed hash, so that a reader of the index
    /// cannot look for an address.
    #[must_use]
    pub fn holder_of(&self, wallet: Address) -> String {
        half(&mac(&self.lasting.holder, wallet.as_slice())).to_string()
    }

    /// The name of the object that counts the requests of a network address before sign-in. Its own key keeps it apart from
    /// the scopes of users.
    #[must_use]
    pub fn scope_of_source(&self, source: &str) -> ScopeId {
        half(&mac(&self.source, source.as_bytes()))
    }

    /// The key that owns the smart wallet of a session or a user. The prefix of `owner` tells the two apart, so that no
    /// session can be named like a user.
    #[must_use]
    pub fn wallet_key(&self, owner: &str) -> SigningKey {
        let bytes = FieldBytes::from(mac(&self.lasting.wallet, owner.as_bytes()));
        // The order of the curve is so close to 2^256 that the result is practically uniform.
        let scalar = <NonZeroScalar as Reduce<U256>>::reduce_bytes(&bytes);
        SigningKey::from(scalar)
    }

    /// The key that the vault seals new values with.
    #[must_use]
    pub const fn vault_key(&self) -> &VaultKey {
        &self.vault
    }

    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.vault.id
    }

    /// The id of the previous key, while `MASTER_KEY_PREVIOUS` is set.
    #[must_use]
    pub fn previous_key_id(&self) -> Option<KeyId> {
        self.previous_vault.as_ref().map(|key| key.id)
    }

    /// The keys that may open a value with this key id, the likelier one first.
    pub fn vault_keys(&self, named: KeyId) -> impl Iterator<Item = &VaultKey> {
        let keys = [Some(&self.vault), self.previous_vault.as_ref()].into_iter().flatten();
        keys.filter(move |key| named == KeyId::UNNAMED || key.id == named)
    }

    /// Signs a page of a backup: HMAC over the concatenated parts.
    #[must_use]
    pub fn sign_backup(&self, parts: &[&[u8]]) -> [u8; 32] {
        mac_of(&self.lasting.backup, parts)
    }

    /// Signs what opens a ticket of the desk. It outlives a rotation, because customers answer old mails.
    #[must_use]
    pub fn sign_ticket(&self, payload: &[u8]) -> [u8; 32] {
        mac(&self.lasting.ticket, payload)
    }

    /// Signs the challenge of a payment to a host (MPP). After a rotation a challenge of before is refused; it would end within
    /// two minutes anyway.
    #[must_use]
    pub fn sign_payment(&self, scope: &ScopeId, terms: &[u8]) -> [u8; 32] {
        mac_of(&self.payment, &[scope.as_str().as_bytes(), b"|", terms])
    }

    /// Signs a place on a waitlist of a host, so that its guest can ask for it without signing in. After a rotation the guest
    /// signs in once more for a new one.
    #[must_use]
    pub fn sign_place(&self, scope: &ScopeId, place: &[u8]) -> [u8; 32] {
        mac_of(&self.place, &[scope.as_str().as_bytes(), b"|", place])
    }

    /// Names a reader of mails and signs the name. It outlives a rotation, because a link in an old mail works for good.
    pub(super) fn sign_reader(&self, payload: &[u8]) -> [u8; 32] {
        mac(&self.lasting.reader, payload)
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

/// The first half of a keyed hash, as a scope id.
fn half(hash: &[u8; 32]) -> ScopeId {
    let mut half = [0; 16];
    for (target, byte) in half.iter_mut().zip(hash) {
        *target = *byte;
    }
    ScopeId::from_bytes(half)
}

/// HMAC-SHA-256 (RFC 2104) of one message.
fn mac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    mac_of(key, &[message])
}

/// HMAC-SHA-256 of a message in parts.
fn mac_of(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // A key shorter than a block is padded with zeros (RFC 2104, 2).
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
    fn the_pseudonym_of_a_wallet_depends_on_the_identity_keys_alone() {
        let wallet = Address::repeat_byte(0x11);
        let master = |digit: &str| MasterKey::parse(&digit.repeat(64)).unwrap();
        let name = keys("1").holder_of(wallet);
        let lasting = IdentityKeys::of(&master("1"));
        assert_eq!(Keys::rotated(&master("2"), None, lasting).holder_of(wallet), name);
        assert_ne!(keys("2").holder_of(wallet), name);
        assert_ne!(keys("1").holder_of(Address::repeat_byte(0x12)), name);
        // Computed with the HKDF and HMAC of Node's `crypto`. A change would lose the index of buyers.
        assert_eq!(name, "8ce9925fae5000fc7c05677d710cd5f3");
    }

    #[test]
    fn a_wallet_key_depends_on_owner_and_key_and_never_changes() {
        let address = |digit, owner| {
            let key = keys(digit).wallet_key(owner);
            Address::from_private_key(&key).to_string()
        };
        // Computed with the HKDF and HMAC of Node's `crypto`, modulo n - 1 and one more, and viem.
        assert_eq!(address("1", "session:a"), "0x3F7A65a427C5e0a98e5Ea0102Df9307C2764aA4a");
        assert_ne!(address("1", "session:a"), address("2", "session:a"));
        assert_ne!(address("1", "session:a"), address("1", "session:b"));
    }

    #[test]
    fn scopes_and_wallets_stay_with_the_identity_keys_and_all_else_changes_with_the_master_key() {
        let master = |digit: &str| MasterKey::parse(&digit.repeat(64)).unwrap();
        let first = keys("1");
        let rotated =
            Keys::rotated(&master("3"), Some(&master("2")), IdentityKeys::of(&master("1")));
        let user = UserId::parse("ada@example.org").unwrap();
        assert_eq!(rotated.scope_of(&user), first.scope_of(&user));
        assert_eq!(rotated.wallet_key("user:a"), first.wallet_key("user:a"));
        assert_ne!(rotated.scope_of_source("203.0.113.1"), first.scope_of_source("203.0.113.1"));
        for sign in [
            Keys::sign_session,
            Keys::sign_nonce,
            Keys::sign_code,
            Keys::sign_challenge,
            Keys::sign_browser,
        ] {
            assert_ne!(sign(&rotated, b"a"), sign(&first, b"a"));
            assert_eq!(sign(&rotated, b"a"), sign(&keys("3"), b"a"));
        }
    }

    #[test]
    fn the_id_of_a_key_never_changes_and_is_never_that_of_unnamed_values() {
        // Computed with the HKDF of Node's `crypto`.
        assert_eq!(keys("1").key_id().to_string(), "2776102471");
        assert_ne!(keys("1").key_id(), keys("2").key_id());
        for digit in ["0", "1", "2", "a", "f"] {
            assert_ne!(keys(digit).key_id(), KeyId::UNNAMED);
        }
        assert_eq!(keys("1").previous_key_id(), None);
    }
}
