//! A reader of a host's mails: who follows a link in one, without signing in.
//!
//! The link names the reader by a keyed hash of host and address, and signs that name. So nobody stops the mails of another
//! address, no address stands in a URL, and a storage of those who want no mails holds none.

use std::fmt;

use alloy_primitives::hex;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::base::email::EmailAddress;
use crate::base::id::ScopeId;
use crate::identity::keys::Keys;

/// Bytes of the name and of its signature.
const PART_BYTES: usize = 16;
/// Hex digits of both.
const CHARS: usize = 4 * PART_BYTES;

/// A reader at one host. What [`Reader::parse`] gives is not verified yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reader {
    /// The pseudonym of the address, 32 hex digits.
    name: String,
    /// Its signature, 32 hex digits.
    mac: String,
}

impl Reader {
    /// The reader with this address at the host with this scope.
    #[must_use]
    pub fn of(keys: &Keys, scope: &ScopeId, address: &EmailAddress) -> Self {
        let name = half(&keys.sign_reader(format!("name:{scope}:{address}").as_bytes()));
        Self { mac: mac_of(keys, scope, &name), name }
    }

    /// Parses the end of a link.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let (name, mac) = text.split_at_checked(CHARS / 2)?;
        (text.len() == CHARS && is_hex).then(|| Self { name: name.to_owned(), mac: mac.to_owned() })
    }

    /// Whether this deployment has made the link, for this host.
    #[must_use]
    pub fn is_of(&self, keys: &Keys, scope: &ScopeId) -> bool {
        self.mac.as_bytes().ct_eq(mac_of(keys, scope, &self.name).as_bytes()).into()
    }

    /// The pseudonym under which the reader is stored.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The end of the link.
impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name, self.mac)
    }
}

fn mac_of(keys: &Keys, scope: &ScopeId, name: &str) -> String {
    half(&keys.sign_reader(format!("mac:{scope}:{name}").as_bytes()))
}

fn half(whole: &[u8; 32]) -> String {
    hex::encode(whole.first_chunk::<PART_BYTES>().unwrap_or(&[0; PART_BYTES]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::lasting::IdentityKeys;
    use crate::identity::master_key::MasterKey;

    fn master(digit: &str) -> MasterKey {
        MasterKey::parse(&digit.repeat(64)).unwrap()
    }

    #[test]
    fn a_link_is_for_one_address_at_one_host_and_outlives_a_rotation() {
        let keys = Keys::derive(&master("1"));
        let [here, there] = [1, 2].map(|byte| ScopeId::from_bytes([byte; 16]));
        let [ada, bob] = ["ada", "bob"].map(|name| {
            Reader::of(&keys, &here, &EmailAddress::parse(&format!("{name}@example.org")).unwrap())
        });
        let read = Reader::parse(&ada.to_string()).unwrap();
        assert_eq!(read, ada);
        assert!(read.is_of(&keys, &here));
        assert!(!read.is_of(&keys, &there));
        let forged = Reader { name: bob.name.clone(), ..ada.clone() };
        assert!(!forged.is_of(&keys, &here));
        assert!(!read.is_of(&Keys::derive(&master("2")), &here));
        let rotated = Keys::rotated(&master("2"), None, IdentityKeys::of(&master("1")));
        assert!(read.is_of(&rotated, &here));
        for text in ["", &"a".repeat(63), &"A".repeat(64), &"\u{e9}".repeat(32)] {
            assert_eq!(Reader::parse(text), None, "{text}");
        }
    }
}
