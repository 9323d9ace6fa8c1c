//! Reads private signing keys: Ed25519, and ECDSA over P-256. The platform signs with them, through the port `Signer`.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The signature algorithm of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519 (`EdDSA`, RFC 8037).
    Ed25519,
    /// ECDSA over P-256 with SHA-256 (`ES256`, RFC 7518).
    Es256,
}

/// A private key. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    algorithm: Algorithm,
    /// The key as PKCS #8 (RFC 5208), which `WebCrypto` imports.
    pkcs8: Vec<u8>,
}

/// PKCS #8 of an Ed25519 seed (RFC 8410, section 7), up to the 32 bytes of the seed.
const ED25519_HEAD: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
/// Version 0, and the algorithm: an EC key on P-256 (RFC 5915, RFC 5480).
const P256_HEAD: [u8; 24] = [
    0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08,
    0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
];
/// The longest text of a key, bytes.
const TEXT_BYTES_MAX: usize = 2_048;
/// The longest DER element, bytes. Keys of both kinds are shorter.
const DER_BYTES_MAX: usize = 255;

impl SigningKey {
    /// Parses base64 of an Ed25519 key (the 32-byte seed, optionally followed by the public key), or an EC key in PEM
    /// (`EC PRIVATE KEY` or `PRIVATE KEY`). In PEM a line may also end with the two characters `\n`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        if text.starts_with("-----BEGIN ") { Self::from_pem(text) } else { Self::from_base64(text) }
    }

    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key as PKCS #8, which the platform imports.
    #[must_use]
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    fn from_base64(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text).ok()?;
        let seed = bytes.get(..32).filter(|_| matches!(bytes.len(), 32 | 64))?;
        let pkcs8 = [ED25519_HEAD.as_slice(), seed].concat();
        Some(Self { algorithm: Algorithm::Ed25519, pkcs8 })
    }

    fn from_pem(text: &str) -> Option<Self> {
        let text = text.replace("\\n", "\n");
        let (label, rest) = text.strip_prefix("-----BEGIN ")?.split_once("-----")?;
        let body = rest.trim_end().strip_suffix(&format!("-----END {label}-----"))?;
        let base64: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let der = STANDARD.decode(base64).ok()?;
        let pkcs8 = match label {
            "EC PRIVATE KEY" => {
                let wrapped = [P256_HEAD.as_slice(), &element(0x04, &der)?].concat();
                element(0x30, &wrapped)?
            }
            "PRIVATE KEY" => der,
            _ => return None,
        };
        let is_p256 = pkcs8.windows(P256_HEAD.len()).take(8).any(|part| part == P256_HEAD);
        is_p256.then_some(Self { algorithm: Algorithm::Es256, pkcs8 })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({:?}, …)", self.algorithm)
    }
}

/// A DER element (X.690, section 8.1) of at most [`DER_BYTES_MAX`] bytes.
fn element(tag: u8, content: &[u8]) -> Option<Vec<u8>> {
    if content.len() > DER_BYTES_MAX {
        return None;
    }
    let length = u8::try_from(content.len()).ok()?;
    let head = if length < 0x80 { vec![tag, length] } else { vec![tag, 0x81, length] };
    Some([head.as_slice(), content].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `openssl ecparam -name prime256v1 -genkey -noout`, and the same key after `openssl pkcs8 -topk8 -nocrypt`.
    const SEC1: &str = "MHcCAQEEIKFLUzJVKVS6cMwOnzBQbY1k2+cFlSnRYDYq69SJ3jv5oAoGCCqGSM49AwEHoUQDQgAE2OSK4/hA\
        Xf/X2cbVbf39XoQHppBLNi3OczPHxUk4l0pTtyoHaSbty9rg0O4QocOQzzvFE4168W4fUHBqkbc2kw==";
    const PKCS8: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgoUtTMlUpVLpwzA6fMFBtjWTb5wWVKdFgNirr\
        1IneO/mhRANCAATY5Irj+EBd/9fZxtVt/f1ehAemkEs2Lc5zM8fFSTiXSlO3KgdpJu3L2uDQ7hChw5DPO8UT\
        jXrxbh9QcGqRtzaT";

    fn pem(label: &str, body: &str) -> String {
        let (first, rest) = body.split_at(64);
        format!("-----BEGIN {label}-----\n{first}\n{rest}\n-----END {label}-----\n")
    }

    fn sec1() -> String {
        pem("EC PRIVATE KEY", SEC1)
    }

    #[test]
    fn both_forms_of_an_ec_key_are_read_and_become_pkcs8() {
        let key = SigningKey::parse(&sec1()).unwrap();
        let other = SigningKey::parse(&pem("PRIVATE KEY", PKCS8)).unwrap();
        for key in [&key, &other] {
            assert_eq!(key.algorithm(), Algorithm::Es256);
        }
        // OpenSSL leaves the name of the curve out where the algorithm has it already.
        let der = STANDARD.decode(SEC1).unwrap();
        assert_eq!(key.pkcs8()[key.pkcs8().len() - der.len()..], der);
        assert_eq!(usize::from(key.pkcs8()[2]), key.pkcs8().len() - 3);
        assert_eq!(other.pkcs8(), STANDARD.decode(PKCS8).unwrap());
        assert_eq!(SigningKey::parse(&sec1().trim().replace('\n', "\\n")), Some(key));
    }

    #[test]
    fn an_ed25519_key_is_its_seed_with_or_without_the_public_key() {
        let text = |length: usize| STANDARD.encode((0..length).map(|_| 7_u8).collect::<Vec<_>>());
        let key = SigningKey::parse(&text(64)).unwrap();
        assert_eq!((key.algorithm(), key.pkcs8().len()), (Algorithm::Ed25519, 48));
        assert_eq!(SigningKey::parse(&text(32)), Some(key));
        for length in [0, 31, 33, 63, 65] {
            assert_eq!(SigningKey::parse(&text(length)), None, "{length}");
        }
    }

    #[test]
    fn other_texts_are_no_keys_and_no_key_is_shown() {
        let rsa = pem("RSA PRIVATE KEY", SEC1);
        let cut = sec1().replace("-----END", "-----");
        let long = format!("-----BEGIN EC PRIVATE KEY-----\n{}", "A".repeat(3_000));
        let empty = "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----";
        for text in ["", "key", &rsa, &cut, &long, empty] {
            assert_eq!(SigningKey::parse(text), None, "{text}");
        }
        let shown = format!("{:?}", SigningKey::parse(&sec1()).unwrap());
        assert_eq!(shown, "SigningKey(Es256, …)");
    }
}
