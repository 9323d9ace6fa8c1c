//! Reads a credential: an echo of the challenge, and an EIP-3009 authorization whose nonce follows from it.

use alloy_primitives::{Address, B256, keccak256};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::base::time::UnixSeconds;
use crate::chain::eip3009::Authorization;
use crate::chain::networks::Network;
use crate::rails::mpp::offer::{Issuer, Terms, encoded};
use crate::rails::mpp::{AUTHORIZATION, INTENT, METHOD};
use crate::rails::quote::PAYMENT_SECONDS;
use crate::rails::x402::dialects::extra;
use crate::rails::x402::signed::{authorization_json, read_authorization, read_signature};
use crate::rails::x402::wire::{Means, PaymentPayload, RequirementsV2, Version};

/// Why an object is no credential. Nothing was signed that anybody could use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoCredential {
    /// A member is missing or malformed.
    #[error("malformed-credential: {0} is missing or malformed")]
    Malformed(&'static str),
    /// Another method, intent or type than we offer.
    #[error(
        "method-unsupported: pay with method evm, intent charge and a credential of type authorization"
    )]
    Unsupported,
    /// The authorization is not made for this challenge.
    #[error("verification-failed: the nonce does not follow from id and realm of the challenge")]
    Nonce,
    /// The payer named another wallet than the one that signs.
    #[error("verification-failed: source is not the wallet that signs")]
    Source,
}

/// Why a credential does not pay for a call here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// This host has not made the challenge, or its time is over. Nothing that was signed for it can be used any more, or
    /// here.
    Void(&'static str),
    /// The challenge was for another call.
    OtherCall,
}

/// A payment, and the challenge that it was made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    pub payment: PaymentPayload,
    pub terms: Terms,
}

/// Reads a credential. Whether the challenge is ours is asked by [`check`].
///
/// # Errors
/// [`NoCredential`] names the first fault.
pub fn read(raw: &Value) -> Result<Credential, NoCredential> {
    let challenge = raw.get("challenge").ok_or(NoCredential::Malformed("challenge"))?;
    let terms = read_terms(challenge)?;
    let payload = raw.get("payload").ok_or(NoCredential::Malformed("payload"))?;
    let is_ours = terms.method == METHOD
        && terms.intent == INTENT
        && payload.get("type").and_then(Value::as_str) == Some(AUTHORIZATION);
    if !is_ours {
        return Err(NoCredential::Unsupported);
    }
    let authorization =
        read_authorization(payload).map_err(|_| NoCredential::Malformed("payload"))?;
    let signature =
        read_signature(payload).map_err(|_| NoCredential::Malformed("payload.signature"))?;
    if !nonces(&terms).contains(&authorization.nonce) {
        return Err(NoCredential::Nonce);
    }
    let (network, accepted) = read_request(&terms.request)?;
    check_source(raw.get("source"), network, &authorization)?;
    let payment = PaymentPayload {
        version: Version::V2,
        network: network.caip2.to_owned(),
        raw: json!({
            "x402Version": 2,
            "accepted": accepted,
            "payload": {
                "authorization": authorization_json(&authorization),
                "signature": signature,
            },
        }),
        means: Means::Evm {
            accepted: Some(Box::new(accepted)),
            authorization,
            permit: None,
            signature,
        },
        identifier: None,
        shows_challenge: true,
    };
    Ok(Credential { payment, terms })
}

/// Whether a challenge is ours, not over, and for the call with this digest.
///
/// # Errors
/// [`Foreign`] says what not.
pub fn check(
    terms: &Terms,
    issuer: &Issuer<'_>,
    digest: &str,
    now: UnixSeconds,
) -> Result<(), Foreign> {
    if !issuer.has_made(terms) {
        return Err(Foreign::Void("invalid-challenge: this server has not made it; pay a new one"));
    }
    let expires = UnixSeconds::from_rfc3339(&terms.expires);
    if expires.is_ok_and(|end| end <= now) {
        return Err(Foreign::Void("payment-expired: the challenge is over; pay a new one"));
    }
    let opaque = json_in(&terms.opaque).unwrap_or_default();
    match opaque.get("h").and_then(Value::as_str) == Some(digest) {
        true => Ok(()),
        false => Err(Foreign::OtherCall),
    }
}

fn read_terms(challenge: &Value) -> Result<Terms, NoCredential> {
    let optional = |name: &str| challenge.get(name).and_then(Value::as_str).unwrap_or_default();
    let needed = |name: &'static str| {
        let text = challenge.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or(NoCredential::Malformed(name))
    };
    // Over MCP these are objects, which some clients also make of what was text.
    let text_or_object = |name: &'static str| match challenge.get(name) {
        Some(object @ Value::Object(_)) => Ok(encoded(object)),
        _ => needed(name),
    };
    Ok(Terms {
        id: needed("id")?,
        realm: needed("realm")?,
        method: needed("method")?,
        intent: needed("intent")?,
        request: text_or_object("request")?,
        expires: needed("expires")?,
        digest: optional("digest").to_owned(),
        opaque: text_or_object("opaque")?,
    })
}

/// The nonces that follow from a challenge. Two recipes are in use: the hash of both texts one after the other
/// (draft-evm-charge, "Challenge Binding"), and that of their JSON array.
fn nonces(terms: &Terms) -> [B256; 2] {
    let array = json!([terms.id, terms.realm]).to_string();
    [keccak256(format!("{}{}", terms.id, terms.realm)), keccak256(array)]
}

/// The terms of payment as requirements of x402, on the network that they name.
fn read_request(request: &str) -> Result<(&'static Network, RequirementsV2), NoCredential> {
    let malformed = || NoCredential::Malformed("challenge.request");
    let request = json_in(request).ok_or_else(malformed)?;
    let address = |name: &str| {
        let text = request.get(name).and_then(Value::as_str);
        text.and_then(|text| text.parse::<Address>().ok()).ok_or_else(malformed)
    };
    let amount = request.get("amount").and_then(Value::as_str).ok_or_else(malformed)?;
    let chain = request.get("methodDetails").and_then(|details| details.get("chainId"));
    let chain = chain.and_then(Value::as_u64).ok_or_else(malformed)?;
    let network = Network::by_caip2(&format!("eip155:{chain}")).ok_or_else(malformed)?;
    let accepted = RequirementsV2 {
        scheme: "exact".to_owned(),
        network: network.caip2.to_owned(),
        amount: amount.to_owned(),
        asset: address("currency")?.to_checksum(None),
        pay_to: address("recipient")?.to_checksum(None),
        max_timeout_seconds: PAYMENT_SECONDS,
        extra: extra(network),
    };
    Ok((network, accepted))
}

/// A `did:pkh` of an EVM chain must name the wallet that signs. Others say nothing.
fn check_source(
    source: Option<&Value>,
    network: &Network,
    authorization: &Authorization,
) -> Result<(), NoCredential> {
    let named = source.and_then(Value::as_str).and_then(|text| text.strip_prefix("did:pkh:"));
    let Some((chain, address)) = named.and_then(|text| text.rsplit_once(':')) else {
        return Ok(());
    };
    if !chain.starts_with("eip155:") {
        return Ok(());
    }
    let is_payer = address.parse::<Address>().is_ok_and(|it| it == authorization.from);
    if chain == network.caip2 && is_payer { Ok(()) } else { Err(NoCredential::Source) }
}

fn json_in(base64: &str) -> Option<Value> {
    let text = base64.trim_end_matches('=');
    let bytes = URL_SAFE_NO_PAD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text)).ok()?;
    serde_json::from_slice(&bytes).ok()
}
