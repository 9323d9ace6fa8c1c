//! Sign-In with Ethereum (EIP-4361) for wallets with a key of their own.
//!
//! A nonce carries its own end and a MAC, so nothing is stored for strangers. That it is used only
//! once is the business of the caller: it must store the nonce of a [`ProvenWallet`] until its end,
//! in one place for that wallet, before it starts a session, and refuse a nonce that is there
//! already.

mod message;
mod nonce;

use alloy_primitives::{Address, Signature, hex};

pub use message::SiweMessage;
pub use nonce::new_nonce;

use crate::identity::keys::Keys;
use crate::identity::siwe::nonce::check_nonce;
use crate::time::UnixSeconds;

/// How long a nonce, and a message, may be used, seconds.
pub const SIGN_IN_SECONDS: i64 = 5 * 60;
const CLOCK_SKEW_SECONDS: i64 = 60;
/// `r`, `s` and `v`.
const SIGNATURE_BYTES: usize = 65;

/// The proof that somebody holds a wallet's key. Only [`verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenWallet {
    address: Address,
    nonce: String,
    nonce_expires_at: UnixSeconds,
}

/// What a message has to say to be meant for us.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Our host, with its port if it is not the usual one.
    pub domain: &'a str,
    /// Our address: scheme and host, without a slash at the end.
    pub uri_origin: &'a str,
    /// Chains that we accept.
    pub chain_ids: &'a [u64],
}

/// Why a sign-in is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SiweError {
    /// Not an EIP-4361 message.
    #[error(
        "the message is not a Sign-In with Ethereum message (EIP-4361): {0:?} is missing or malformed; write it anew and sign again"
    )]
    Malformed(&'static str),
    /// Meant for another site.
    #[error("the message was made for another site; its domain and URI must be this service's")]
    OtherSite,
    /// For a chain that we do not know.
    #[error(
        "the message names a chain that this service does not use; use the one that its door names"
    )]
    OtherChain,
    /// Not a nonce of ours, or too old.
    #[error("the nonce is not valid any more; ask for a new one and sign again")]
    Nonce,
    /// Made too long ago, not valid yet, or not any more.
    #[error(
        "the message is not valid at this time; check your clock, ask for a new nonce and sign again"
    )]
    Time,
    /// A signature that is longer than that of a key.
    #[error(
        "this signature is not one of an ordinary key; contract wallets cannot sign in yet, so use a wallet with a key of its own"
    )]
    NotAKey,
    /// Somebody else signed, or something else was signed.
    #[error(
        "the signature is not that of the address in the message; sign exactly this message with personal_sign (EIP-191)"
    )]
    Signature,
}

impl ProvenWallet {
    /// The wallet.
    #[must_use]
    pub fn address(&self) -> Address {
        self.address
    }

    /// The nonce, to be used up.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// Until when the nonce has to be remembered.
    #[must_use]
    pub fn nonce_expires_at(&self) -> UnixSeconds {
        self.nonce_expires_at
    }
}

/// Proves a wallet by its signature (hex, EIP-191) under `message`. Whether the nonce was used
/// before is not checked here.
///
/// # Errors
/// [`SiweError`] is the first thing that is wrong.
pub fn verify(
    message: &str,
    signature: &str,
    expected: &Expected<'_>,
    keys: &Keys,
    now: UnixSeconds,
) -> Result<ProvenWallet, SiweError> {
    let read = SiweMessage::parse(message)?;
    if !is_for(&read, expected) {
        return Err(SiweError::OtherSite);
    }
    if !expected.chain_ids.contains(&read.chain_id) {
        return Err(SiweError::OtherChain);
    }
    let nonce_expires_at = check_nonce(keys, &read.nonce, now)?;
    if !is_valid_at(&read, now) {
        return Err(SiweError::Time);
    }
    if recover(message, signature)? != read.address {
        return Err(SiweError::Signature);
    }
    Ok(ProvenWallet { address: read.address, nonce: read.nonce, nonce_expires_at })
}

fn is_for(message: &SiweMessage, expected: &Expected<'_>) -> bool {
    let our_scheme = expected.uri_origin.split_once("://").map(|(scheme, _)| scheme);
    // The origin must end where ours ends: a longer port or host, or a user's name, is not ours.
    let rest = message.uri.strip_prefix(expected.uri_origin);
    message.domain == expected.domain
        && (message.scheme.is_none() || message.scheme.as_deref() == our_scheme)
        && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

fn is_valid_at(message: &SiweMessage, now: UnixSeconds) -> bool {
    let age = now.since(message.issued_at);
    (-CLOCK_SKEW_SECONDS..=SIGN_IN_SECONDS + CLOCK_SKEW_SECONDS).contains(&age)
        && message.expiration_time.is_none_or(|end| now < end)
        && message.not_before.is_none_or(|begin| begin <= now)
}

/// Who signed `message`. Only one spelling of a signature counts: `s` in the lower half (EIP-2),
/// `v` of 27 or 28, or 0 or 1 as some wallets have it.
fn recover(message: &str, signature: &str) -> Result<Address, SiweError> {
    let bytes = hex::decode(signature).map_err(|_| SiweError::Signature)?;
    if bytes.len() > SIGNATURE_BYTES {
        return Err(SiweError::NotAKey);
    }
    if !matches!(bytes.last(), Some(0 | 1 | 27 | 28)) {
        return Err(SiweError::Signature);
    }
    let signature = Signature::from_raw(&bytes).map_err(|_| SiweError::Signature)?;
    if signature.normalize_s().is_some() {
        return Err(SiweError::Signature);
    }
    signature.recover_address_from_msg(message).map_err(|_| SiweError::Signature)
}

#[cfg(test)]
mod tests {
    use alloy_primitives::address;
    use serde::Deserialize;

    use super::*;
    use crate::identity::keys::MasterKey;

    const NOW: UnixSeconds = UnixSeconds::new(1_795_262_400);
    const EXPECTED: Expected<'static> = Expected {
        domain: "localhost:8787",
        uri_origin: "http://localhost:8787",
        chain_ids: &[84532],
    };

    #[derive(Deserialize)]
    struct Vector {
        name: String,
        verdict: String,
        message: String,
        signature: String,
    }

    fn vectors() -> Vec<Vector> {
        serde_json::from_str(include_str!("../../tests/vectors/siwe.json")).unwrap()
    }

    fn check(
        vector: &Vector,
        signature: &str,
        now: UnixSeconds,
    ) -> Result<ProvenWallet, SiweError> {
        let keys = Keys::derive(&MasterKey::parse(&"1".repeat(64)).unwrap());
        verify(&vector.message, signature, &EXPECTED, &keys, now)
    }

    #[test]
    fn what_viem_signs_proves_its_wallet_and_nothing_else_does() {
        for vector in vectors() {
            let verdict = match check(&vector, &vector.signature, NOW) {
                Ok(proven) => {
                    let signer = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
                    assert_eq!(proven.address(), signer, "{}", vector.name);
                    assert_eq!(proven.nonce().len(), 64, "{}", vector.name);
                    assert_eq!(proven.nonce_expires_at(), NOW.plus(300), "{}", vector.name);
                    "ok".to_owned()
                }
                Err(error) => format!("{error:?}"),
            };
            assert_eq!(verdict, vector.verdict, "{}", vector.name);
        }
    }

    #[test]
    fn a_sign_in_ends_with_its_nonce() {
        let vector = &vectors()[0];
        assert!(check(vector, &vector.signature, NOW.plus(299)).is_ok());
        assert_eq!(check(vector, &vector.signature, NOW.plus(300)), Err(SiweError::Nonce));
    }

    #[test]
    fn a_signature_under_another_message_proves_nothing() {
        let all = vectors();
        assert_eq!(check(&all[0], &all[1].signature, NOW), Err(SiweError::Signature));
        for signature in ["", "0x", "0x1b", "0x1234"] {
            assert_eq!(check(&all[0], signature, NOW), Err(SiweError::Signature), "{signature}");
        }
    }
}
