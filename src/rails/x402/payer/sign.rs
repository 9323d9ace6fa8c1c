//! The authorization that is signed, and the payment that is built from it.

use alloy_primitives::{Address, B256, Bytes, U256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::base::time::UnixSeconds;
use crate::chain::eip3009::{Authorization, Via};
use crate::chain::networks::Network;
use crate::ports::Random;
use crate::rails::x402::payer::offer::{Dialect, Offer};
use crate::rails::x402::signed::authorization_json;
use crate::rails::x402::wire::{PAYMENT_IDENTIFIER, Version};

/// The longest validity of a payment, seconds, even if a server allows more.
pub const VALID_SECONDS_MAX: u32 = 300;
/// How far back the validity of a version 1 payment begins, seconds, as in the reference clients.
const V1_SECONDS_BACK: i64 = 600;

/// The authorization that pays an offer, with a fresh nonce.
#[must_use]
pub fn authorize(
    offer: &Offer,
    payer: Address,
    now: UnixSeconds,
    random: &impl Random,
) -> Authorization {
    let seconds = |moment: UnixSeconds| U256::from(moment.get().unsigned_abs());
    let valid_after = match offer.version {
        Version::V1 => seconds(now.plus(-V1_SECONDS_BACK)),
        Version::V2 => U256::ZERO,
    };
    let valid_for = offer.max_timeout_seconds.min(VALID_SECONDS_MAX);
    Authorization {
        from: payer,
        to: offer.pay_to,
        value: offer.amount.to_u256(),
        valid_after,
        valid_before: seconds(now.plus(i64::from(valid_for))),
        nonce: B256::new(random.bytes()),
        via: Via::Token,
    }
}

/// The typed data that a wallet signs (`eth_signTypedData_v4`, EIP-712). Its digest is
/// [`crate::chain::eip3009::digest`].
#[must_use]
pub fn typed_data(network: &Network, authorization: &Authorization) -> Value {
    let types = |members: &[[&str; 2]]| -> Value {
        members.iter().map(|[name, kind]| json!({"name": name, "type": kind})).collect()
    };
    json!({
        "types": {
            "EIP712Domain": types(&[
                ["name", "string"],
                ["version", "string"],
                ["chainId", "uint256"],
                ["verifyingContract", "address"],
            ]),
            "TransferWithAuthorization": types(&[
                ["from", "address"],
                ["to", "address"],
                ["value", "uint256"],
                ["validAfter", "uint256"],
                ["validBefore", "uint256"],
                ["nonce", "bytes32"],
            ]),
        },
        "primaryType": "TransferWithAuthorization",
        "domain": {
            "name": network.eip712_name,
            "version": network.eip712_version,
            "chainId": network.chain_id,
            "verifyingContract": network.usdc.to_checksum(None),
        },
        "message": authorization_json(authorization),
    })
}

/// The payment of an offer (`PaymentPayload` of the offer's version).
#[must_use]
pub fn payload(offer: &Offer, authorization: &Authorization, signature: &Bytes) -> Value {
    let signed = json!({
        "authorization": authorization_json(authorization),
        "signature": signature,
    });
    if offer.version == Version::V1 {
        return json!({
            "x402Version": 1,
            "scheme": "exact",
            "network": offer.network.v1_name,
            "payload": signed,
        });
    }
    let mut payment = json!({"x402Version": 2, "accepted": offer.raw, "payload": signed});
    if let Some(members) = payment.as_object_mut() {
        let resource = offer.resource.clone().map(|resource| ("resource".to_owned(), resource));
        members.extend(resource);
        let extensions = extensions(offer, authorization);
        members.extend(extensions.map(|extensions| ("extensions".to_owned(), extensions)));
    }
    payment
}

/// The payment as the value of `_meta["x402/payment"]` that the server reads.
#[must_use]
pub fn for_meta(offer: &Offer, payload: &Value) -> Value {
    match offer.dialect {
        Dialect::Object => payload.clone(),
        Dialect::Base64 => Value::String(STANDARD.encode(ascii(&payload.to_string()))),
    }
}

/// The challenge's extensions as received. If the server requires a payment id, it is derived from the nonce, so that
/// one payment always has the same id.
fn extensions(offer: &Offer, authorization: &Authorization) -> Option<Value> {
    let mut extensions = offer.extensions.clone()?;
    let info = extensions.get_mut(PAYMENT_IDENTIFIER).and_then(|it| it.get_mut("info"));
    if let Some(info) = info.and_then(Value::as_object_mut)
        && info.get("required") == Some(&Value::Bool(true))
    {
        info.insert("id".to_owned(), json!(format!("pay_{:x}", authorization.nonce)));
    }
    Some(extensions)
}

/// The same JSON in ASCII only: servers that decode base64 with `atob` read each byte as a character.
fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}
