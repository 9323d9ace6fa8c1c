//! The identity keys, which survive every rotation of the master key: they name the objects of users and own the smart
//! wallets.
//!
//! They are derived from the first `MASTER_KEY`. The first rotation stores them in the setting `IDENTITY_KEYS`:
//! `ik1.{scope key and wallet key, 128 hex digits}.{checksum, 8 hex digits}`. The checksum is the beginning of the
//! SHA-256 of a fixed text and those digits. It detects damage, because a wrong key would silently give every user
//! another scope.

use alloy_primitives::hex;
use sha2::{Digest, Sha256};

use crate::identity::master_key::{MasterKey, expand};

const FORMAT: &str = "ik1";
const CHECKED: &str = "events-concierge/identity-keys\n";
const CHECKSUM_BYTES: usize = 4;

/// The keys that survive rotations. There is no `Debug`, so they are never shown.
pub struct IdentityKeys {
    pub(super) scope: [u8; 32],
    pub(super) wallet: [u8; 32],
    /// Signs backups. Derived from the two others, so it is not part of the setting.
    pub(super) backup: [u8; 32],
    /// Hides wallets in the index of buyers. Derived as `backup` is.
    pub(super) holder: [u8; 32],
    /// Signs what opens a ticket of the desk. Derived as `backup` is.
    pub(super) ticket: [u8; 32],
    /// Signs what stops mails to a reader. Derived as `backup` is.
    pub(super) reader: [u8; 32],
}

/// Text that is not an intact `IDENTITY_KEYS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "is damaged: it must be the text ik1.… that `npm run secrets -- --rotate` has shown, whole"
)]
pub struct IdentityKeysError;

impl IdentityKeys {
    /// Derives the keys from the first master key.
    #[must_use]
    pub fn of(master: &MasterKey) -> Self {
        Self::new(master.derive("scope"), master.derive("wallet"))
    }

    fn new(scope: [u8; 32], wallet: [u8; 32]) -> Self {
        let both = [scope, wallet].concat();
        let (backup, holder) = (expand(&both, "backup"), expand(&both, "holder"));
        let (ticket, reader) = (expand(&both, "ticket"), expand(&both, "reader"));
        Self { scope, wallet, backup, holder, ticket, reader }
    }

    /// Parses the setting `IDENTITY_KEYS`.
    ///
    /// # Errors
    /// [`IdentityKeysError`] if a part is missing or changed.
    pub fn parse(text: &str) -> Result<Self, IdentityKeysError> {
        let mut parts = text.trim().split('.');
        let mut part = || parts.next().ok_or(IdentityKeysError);
        let (format, keys, checksum) = (part()?, part()?, part()?);
        if format != FORMAT || parts.next().is_some() {
            return Err(IdentityKeysError);
        }
        let keys = keys.to_ascii_lowercase();
        let hash = Sha256::digest(format!("{CHECKED}{keys}"));
        let expected = hash.get(..CHECKSUM_BYTES).map(hex::encode).unwrap_or_default();
        if !checksum.eq_ignore_ascii_case(&expected) {
            return Err(IdentityKeysError);
        }
        let (scope, wallet) = keys.split_at_checked(64).ok_or(IdentityKeysError)?;
        let key = |text| hex::decode_to_array(text).map_err(|_| IdentityKeysError);
        Ok(Self::new(key(scope)?, key(wallet)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `dev/lib/keys.mjs` for the master key 11…11, as `tests/dev/rotate.spec.mjs` has it.
    const OF_ONES: &str = "ik1.ebdf31d27e64bb9fa68e7e9a8296a05975a5dbcede18f20894a1cc1277f05a26f729a4a81c7b91988ab9dafa2b3633173aa690003a2f810e1569ab2fa5f92614.dfc6235a";

    #[test]
    fn what_the_rotation_writes_down_is_what_the_first_master_key_gives() {
        let read = IdentityKeys::parse(OF_ONES).unwrap();
        let derived = IdentityKeys::of(&MasterKey::parse(&"1".repeat(64)).unwrap());
        assert_eq!((read.scope, read.wallet), (derived.scope, derived.wallet));
        let typed = format!(" {}\n", OF_ONES.to_uppercase().replace("IK1", "ik1"));
        assert!(IdentityKeys::parse(&typed).is_ok(), "hex digits may be typed in either case");
    }

    #[test]
    fn a_damaged_value_is_refused() {
        for place in 0..OF_ONES.len() {
            let mut changed = OF_ONES.to_owned().into_bytes();
            changed[place] = if changed[place] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(IdentityKeys::parse(&changed).is_err(), "{place}");
            assert!(IdentityKeys::parse(&OF_ONES[..place]).is_err(), "{place}");
        }
        for text in [format!("{OF_ONES}.x"), format!("{OF_ONES}0"), "ik1..".to_owned()] {
            assert!(IdentityKeys::parse(&text).is_err(), "{text}");
        }
    }
}
