//! Wallets of payers: signing, paying.

use std::cell::RefCell;
use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256, hex};
use events_concierge::chain::eip3009::{Authorization, Via, digest};
use events_concierge::chain::networks::Network;
use events_concierge::chain::permit2::{self, Permit, UPTO_PROXY};
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};

use crate::support::memory::WALLET_CLOCK;

thread_local! {
    /// Simulations ask for the same few wallets thousands of times, and a public key takes its time.
    static WALLETS: RefCell<BTreeMap<u8, Wallet>> = const { RefCell::new(BTreeMap::new()) };
}

/// A wallet that pays.
#[derive(Clone)]
pub(crate) struct Wallet {
    key: SigningKey,
    pub(crate) address: Address,
}

impl Wallet {
    pub(crate) fn new(seed: u8) -> Self {
        let make = || {
            let key = SigningKey::from_slice(&[seed; 32]).unwrap();
            Self { address: Address::from_private_key(&key), key }
        };
        WALLETS.with_borrow_mut(|wallets| wallets.entry(seed).or_insert_with(make).clone())
    }

    /// A version 2 payment of `requirements`, as the official clients make it.
    pub(crate) fn pay(&self, requirements: &Value, nonce: u8) -> Value {
        self.pay_with(requirements, nonce, |_| {})
    }

    /// A signature of this hash, hex.
    pub(crate) fn sign(&self, hash: B256) -> String {
        let (signature, recovery) = self.key.sign_prehash_recoverable(hash.as_slice()).unwrap();
        let mut bytes = signature.to_bytes().to_vec();
        bytes.push(27 + recovery.to_byte());
        hex::encode_prefixed(bytes)
    }

    /// The same, with something changed before it is signed.
    pub(crate) fn pay_with(
        &self,
        requirements: &Value,
        nonce: u8,
        change: impl FnOnce(&mut Authorization),
    ) -> Value {
        let network = Network::by_caip2(requirements["network"].as_str().unwrap()).unwrap();
        let mut authorization = Authorization {
            from: self.address,
            to: requirements["payTo"].as_str().unwrap().parse().unwrap(),
            value: requirements["amount"].as_str().unwrap().parse().unwrap(),
            valid_after: U256::ZERO,
            valid_before: U256::from(
                WALLET_CLOCK.get() + requirements["maxTimeoutSeconds"].as_i64().unwrap_or(110),
            ),
            nonce: B256::repeat_byte(nonce),
            via: Via::Token,
        };
        change(&mut authorization);
        json!({
            "x402Version": 2,
            "accepted": requirements,
            "payload": {
                "signature": self.sign(digest(network, &authorization)),
                "authorization": {
                    "from": authorization.from.to_string(),
                    "to": authorization.to.to_string(),
                    "value": authorization.value.to_string(),
                    "validAfter": authorization.valid_after.to_string(),
                    "validBefore": authorization.valid_before.to_string(),
                    "nonce": authorization.nonce.to_string(),
                },
            },
        })
    }
}

impl Wallet {
    /// A payment that allows at most what an offer of the scheme `upto` says, with something changed before it is signed.
    pub(crate) fn allow_with(
        &self,
        offer: &Value,
        nonce: u8,
        change: impl FnOnce(&mut Authorization, &mut Permit),
    ) -> Value {
        let network = Network::by_caip2(offer["network"].as_str().unwrap()).unwrap();
        let end = WALLET_CLOCK.get() + offer["maxTimeoutSeconds"].as_i64().unwrap();
        let max = offer["amount"].as_str().unwrap().parse().unwrap();
        let mut permit = Permit {
            max,
            token: offer["asset"].as_str().unwrap().parse().unwrap(),
            spender: UPTO_PROXY,
            facilitator: offer["extra"]["facilitatorAddress"].as_str().unwrap().parse().unwrap(),
        };
        let mut allowed = Authorization {
            from: self.address,
            to: offer["payTo"].as_str().unwrap().parse().unwrap(),
            value: max,
            valid_after: U256::ZERO,
            valid_before: U256::from(end),
            nonce: B256::repeat_byte(nonce),
            via: Via::Permit2,
        };
        change(&mut allowed, &mut permit);
        json!({
            "x402Version": 2,
            "accepted": offer,
            "payload": {
                "signature": self.sign(permit2::digest(network, &allowed, &permit)),
                "permit2Authorization": {
                    "from": allowed.from,
                    "permitted": {"token": permit.token, "amount": permit.max.to_string()},
                    "spender": permit.spender,
                    "nonce": U256::from_be_bytes(allowed.nonce.0).to_string(),
                    "deadline": allowed.valid_before.to_string(),
                    "witness": {
                        "to": allowed.to,
                        "facilitator": permit.facilitator,
                        "validAfter": allowed.valid_after.to_string(),
                    },
                },
            },
        })
    }

    /// The header `SIGN-IN-WITH-X` for what a challenge offers to sign.
    pub(crate) fn prove(&self, challenge: &Value) -> String {
        let info = &challenge["extensions"]["sign-in-with-x"]["info"];
        let text = |name: &str| info[name].as_str().unwrap().to_owned();
        let message = format!(
            "{} wants you to sign in with your Ethereum account:\n{}\n\n{}\n\nURI: {}\nVersion: 1\n\
             Chain ID: 84532\nNonce: {}\nIssued At: {}\nExpiration Time: {}\nResources:\n- {}",
            text("domain"),
            self.address.to_checksum(None),
            text("statement"),
            text("uri"),
            text("nonce"),
            text("issuedAt"),
            text("expirationTime"),
            info["resources"][0].as_str().unwrap(),
        );
        let hash = alloy_primitives::eip191_hash_message(message);
        let (signature, recovery) = self.key.sign_prehash_recoverable(hash.as_slice()).unwrap();
        let mut bytes = signature.to_bytes().to_vec();
        bytes.push(27 + recovery.to_byte());
        let mut proof = info.clone();
        proof["address"] = json!(self.address.to_checksum(None));
        proof["chainId"] = json!("eip155:84532");
        proof["type"] = json!("eip191");
        proof["signature"] = json!(hex::encode_prefixed(bytes));
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(proof.to_string())
    }
}
