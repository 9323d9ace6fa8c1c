//! `MASTER_KEY`, and HKDF-SHA-256 (RFC 5869), which derives a key for each purpose from it.

use alloy_primitives::hex;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hkdf::Hkdf;
use sha2::Sha256;

use crate::identity::randomness::looks_random;

/// The setting `MASTER_KEY`, from which all keys are derived. There is no `Debug`, so it is never shown.
pub struct MasterKey([u8; 32]);

/// Text that does not encode 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 32 random bytes, as 64 hex digits or in base64")]
pub struct KeyError;

impl MasterKey {
    /// Parses 64 hex digits or base64.
    ///
    /// # Errors
    /// [`KeyError`] if the text does not encode 32 bytes.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        let bytes = hex::decode(text).or_else(|_| STANDARD.decode(text)).map_err(|_| KeyError)?;
        bytes.try_into().map(Self).map_err(|_| KeyError)
    }

    /// Whether the key can be random, see [`looks_random`].
    #[must_use]
    pub fn looks_random(&self) -> bool {
        looks_random(&self.0)
    }

    /// Derives the key for one purpose. A shorter `N` gives its first bytes.
    pub(super) fn derive<const N: usize>(&self, purpose: &str) -> [u8; N] {
        expand(&self.0, purpose)
    }
}

/// HKDF over a secret: derives the key for one purpose. A shorter `N` gives its first bytes.
pub(super) fn expand<const N: usize>(secret: &[u8], purpose: &str) -> [u8; N] {
    let mut key = [0; N];
    // HKDF fails only for more than 8,160 bytes.
    let filled = Hkdf::<Sha256>::new(None, secret).expand(purpose.as_bytes(), &mut key);
    debug_assert!(filled.is_ok(), "so few bytes can always be derived");
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_another_length_are_refused() {
        for text in ["", "00", &"0".repeat(62), "not hex"] {
            assert!(MasterKey::parse(text).is_err(), "{text}");
        }
        assert!(MasterKey::parse(&STANDARD.encode([7; 32])).is_ok());
    }
}
