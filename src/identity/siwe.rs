//! Sign-In with Ethereum (EIP-4361), for wallets with a key and for contract wallets (ERC-1271, ERC-6492). A key's
//! signature is verified here, a contract's by the chain that the message names.
//!
//! A nonce contains its expiry and a MAC, so issuing one stores nothing. The caller must ensure that it is used once:
//! before it starts a session, it stores the nonce of the [`ProvenWallet`] until its expiry, in one place for that
//! wallet, and refuses a nonce that is stored already.

mod error;
mod message;
mod nonce;

use alloy_primitives::{Address, B256, Signature, eip191_hash_message, hex};

pub use error::{SIGN_IN_SECONDS, SiweError};
pub use message::SiweMessage;
pub use nonce::{Purpose, new_nonce};

use crate::base::time::UnixSeconds;
use crate::chain::erc1271;
use crate::chain::rpc::Rpc;
use crate::chain::signature::{Factories, Given, KEY_SIGNATURE_BYTES};
use crate::identity::keys::Keys;
use crate::identity::siwe::nonce::check_nonce;
use crate::identity::user::UserId;
use crate::ports::Http;

const CLOCK_SKEW_SECONDS: i64 = 60;
/// The longest accepted signature, bytes.
const SIGNATURE_BYTES_MAX: usize = 8 * 1024;

/// Proof of control over a wallet. Only [`read`] and [`Unproven::ask`] create one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenWallet {
    address: Address,
    /// The chain whose contract accepted the signature; `None` for a wallet's key.
    contract_chain: Option<u64>,
    nonce: String,
    nonce_expires_at: UnixSeconds,
}

/// A valid message, and whether its signature is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// The wallet's key made the signature.
    Proven(ProvenWallet),
    /// The signature is not from the wallet's key; the wallet may be a contract.
    Unproven(Unproven),
}

/// A valid message whose signature only a contract can accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unproven {
    wallet: ProvenWallet,
    chain_id: u64,
    digest: B256,
    given: Given,
}

/// The values that a message for this service must have.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Our host name, with the port unless it is the default.
    pub domain: &'a str,
    /// Our origin: scheme and host, without a slash at the end.
    pub uri_origin: &'a str,
    /// The accepted EIP-155 chain ids.
    pub chain_ids: &'a [u64],
}

impl ProvenWallet {
    /// The address of the wallet.
    #[must_use]
    pub fn address(&self) -> Address {
        self.address
    }

    /// The identity that signed in. A contract's signature proves an identity on its chain only: on another chain the
    /// same address may have another owner, or one that was removed here.
    #[must_use]
    pub fn user(&self) -> UserId {
        match self.contract_chain {
            None => UserId::from_wallet(self.address),
            Some(chain_id) => UserId::from_contract(chain_id, self.address),
        }
    }

    /// The nonce, which the caller must use up.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// Until when the used nonce must be stored.
    #[must_use]
    pub fn nonce_expires_at(&self) -> UnixSeconds {
        self.nonce_expires_at
    }
}

impl Unproven {
    /// The EIP-155 chain id in the message.
    #[must_use]
    pub fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// Asks the contract, deployed or not, whether it accepts the signature.
    ///
    /// # Errors
    /// [`SiweError::Signature`] if the contract refuses, [`SiweError::Chain`] if the chain gives no answer.
    pub async fn ask(
        self,
        http: &impl Http,
        rpc: &Rpc,
        factories: &Factories,
    ) -> Result<ProvenWallet, SiweError> {
        let Self { wallet, chain_id, digest, given } = self;
        match erc1271::accepts(http, rpc, factories, wallet.address, digest, &given).await {
            Ok(true) => Ok(ProvenWallet { contract_chain: Some(chain_id), ..wallet }),
            Ok(false) => Err(SiweError::Signature),
            Err(_) => Err(SiweError::Chain),
        }
    }
}

/// Verifies `message` and its signature (hex, EIP-191) as far as possible without a chain. Does not check whether the
/// nonce was used before.
///
/// # Errors
/// [`SiweError`] for the first violated rule.
pub fn read(
    message: &str,
    signature: &str,
    expected: &Expected<'_>,
    keys: &Keys,
    purpose: Purpose<'_>,
    now: UnixSeconds,
) -> Result<SignIn, SiweError> {
    let read = SiweMessage::parse(message)?;
    if !is_for(&read, expected) {
        return Err(SiweError::OtherSite);
    }
    if !expected.chain_ids.contains(&read.chain_id) {
        return Err(SiweError::OtherChain);
    }
    let nonce_expires_at = check_nonce(keys, purpose, &read.nonce, now)?;
    if !is_valid_at(&read, now) {
        return Err(SiweError::Time);
    }
    let digits = signature.strip_prefix("0x").unwrap_or(signature);
    if digits.len() / 2 > SIGNATURE_BYTES_MAX {
        return Err(SiweError::Signature);
    }
    let bytes = hex::decode(digits).map_err(|_| SiweError::Signature)?;
    let (address, nonce) = (read.address, read.nonce);
    let wallet = ProvenWallet { address, contract_chain: None, nonce, nonce_expires_at };
    if recover(message, &bytes) == Some(read.address) {
        return Ok(SignIn::Proven(wallet));
    }
    let given = Given::read(&bytes).map_err(|_| SiweError::Signature)?;
    let digest = eip191_hash_message(message);
    Ok(SignIn::Unproven(Unproven { wallet, chain_id: read.chain_id, digest, given }))
}

fn is_for(message: &SiweMessage, expected: &Expected<'_>) -> bool {
    let our_scheme = expected.uri_origin.split_once("://").map(|(scheme, _)| scheme);
    // The origin must end where ours ends: a longer port or host, or a user name, is another origin.
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

/// Recovers the address that signed `message`. Requires `s` in the lower half (EIP-2), and `v` of 27 or 28, or 0 or 1
/// as some wallets write it.
fn recover(message: &str, bytes: &[u8]) -> Option<Address> {
    if bytes.len() != KEY_SIGNATURE_BYTES || !matches!(bytes.last(), Some(0 | 1 | 27 | 28)) {
        return None;
    }
    let signature = Signature::from_raw(bytes).ok()?;
    if signature.normalize_s().is_some() {
        return None;
    }
    signature.recover_address_from_msg(message).ok()
}

#[cfg(test)]
mod tests {
    use alloy_primitives::address;
    use futures_util::FutureExt;
    use serde::Deserialize;

    use super::*;
    use crate::identity::master_key::MasterKey;
    use crate::ports::{HttpError, HttpRequest, HttpResponse};

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

    fn check(vector: &Vector, signature: &str, now: UnixSeconds) -> Result<SignIn, SiweError> {
        let keys = Keys::derive(&MasterKey::parse(&"1".repeat(64)).unwrap());
        read(&vector.message, signature, &EXPECTED, &keys, Purpose::SignIn, now)
    }

    #[test]
    fn what_viem_signs_proves_its_wallet_and_nothing_else_does() {
        for vector in vectors() {
            let verdict = match check(&vector, &vector.signature, NOW) {
                Ok(SignIn::Unproven(_)) => "AskChain".to_owned(),
                Ok(SignIn::Proven(proven)) => {
                    let signer = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
                    assert_eq!(proven.address(), signer, "{}", vector.name);
                    assert_eq!(proven.user(), UserId::from_wallet(signer), "{}", vector.name);
                    assert_eq!(proven.nonce().len(), 64, "{}", vector.name);
                    assert_eq!(proven.nonce_expires_at(), NOW.plus(300), "{}", vector.name);
                    "ok".to_owned()
                }
                Err(error) => format!("{error:?}"),
            };
            assert_eq!(verdict, vector.verdict, "{}", vector.name);
        }
    }

    /// An endpoint of a chain on which every contract accepts everything.
    struct Agreeable;

    impl Http for Agreeable {
        async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
            let is_call = request.body.unwrap_or_default().contains("eth_call");
            let magic = format!("0x1626ba7e{}", "0".repeat(56));
            let result = if is_call { magic } else { "0x60".to_owned() };
            let body = format!(r#"{{"jsonrpc":"2.0","id":1,"result":"{result}"}}"#);
            Ok(HttpResponse { status: 200, body })
        }
    }

    #[test]
    fn an_owner_who_was_rotated_away_on_one_chain_is_not_let_in_through_another() {
        let vectors = vectors();
        let vector = vectors.iter().find(|vector| vector.verdict == "AskChain").unwrap();
        let keys = Keys::derive(&MasterKey::parse(&"1".repeat(64)).unwrap());
        let user_on = |chain_id: u64| {
            let (from, to) = ("Chain ID: 84532", format!("Chain ID: {chain_id}"));
            let message = vector.message.replace(from, &to);
            let expected = Expected { chain_ids: &[84_532, 8_453], ..EXPECTED };
            let (signature, purpose) = (&vector.signature, Purpose::SignIn);
            let Ok(SignIn::Unproven(unproven)) =
                read(&message, signature, &expected, &keys, purpose, NOW)
            else {
                panic!("a contract is asked");
            };
            assert_eq!(unproven.chain_id(), chain_id);
            let rpc = Rpc { url: "http://127.0.0.1:8545".to_owned() };
            let factories = Factories::default();
            let asked = unproven.ask(&Agreeable, &rpc, &factories).now_or_never();
            let proven = asked.unwrap().unwrap();
            proven.user()
        };
        let (here, there) = (user_on(84_532), user_on(8_453));
        assert_eq!(here.wallet(), there.wallet());
        assert_ne!(here, there);
        assert_ne!(keys.scope_of(&here), keys.scope_of(&there));
        assert_ne!(here, UserId::from_wallet(here.wallet().unwrap()), "nor is it the key's");
    }

    #[test]
    fn a_sign_in_ends_with_its_nonce() {
        let vector = &vectors()[0];
        let in_time = check(vector, &vector.signature, NOW.plus(299));
        assert!(matches!(in_time, Ok(SignIn::Proven(_))));
        assert_eq!(check(vector, &vector.signature, NOW.plus(300)), Err(SiweError::Nonce));
    }

    #[test]
    fn a_signature_under_another_message_proves_nothing() {
        let all = vectors();
        for signature in [&all[1].signature, "", "0x", "0x1b", "0x1234"] {
            let unproven = check(&all[0], signature, NOW);
            assert!(matches!(unproven, Ok(SignIn::Unproven(_))), "{signature}");
        }
        for signature in ["0x1", "zz", &"11".repeat(8193)] {
            assert_eq!(check(&all[0], signature, NOW), Err(SiweError::Signature), "{signature}");
        }
    }
}
