//! What a challenge offers: one way to pay for each network whose token the clients know.
//!
//! The id is a keyed hash of the terms and of the call ("Recommended: HMAC-SHA256 Binding"), so nothing is stored for a call
//! that is not paid. What is signed later has a nonce that follows from the id and the realm, so a payment names its shop.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use subtle::ConstantTimeEq;

use crate::base::id::ScopeId;
use crate::base::time::UnixSeconds;
use crate::chain::networks::Network;
use crate::identity::keys::Keys;
use crate::rails::mpp::{AUTHORIZATION, INTENT, METHOD, SCHEME};
use crate::rails::quote::{PAYMENT_SECONDS, Quote};

/// Bytes of the random part of an id.
pub const RANDOM_BYTES: usize = 16;

/// The networks whose USDC known clients can sign for: the protocol does not carry the domain of a token, and a client
/// that does not know it fails, even if it could pay in another way.
pub const KNOWN_CHAINS: [u64; 2] = [8453, 84532];

/// Who makes challenges, and knows them again: one host.
pub struct Issuer<'a> {
    pub keys: &'a Keys,
    pub scope: &'a ScopeId,
    /// The protection space: the host name of the deployment.
    pub realm: &'a str,
}

/// One way to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub terms: Terms,
    /// The terms of payment before they were encoded.
    request: Value,
    /// What is bought, ASCII.
    description: String,
}

/// The parameters that the id binds, as they are on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    pub id: String,
    pub realm: String,
    pub method: String,
    pub intent: String,
    /// Base64url of JSON: amount, token, recipient, chain.
    pub request: String,
    /// When the challenge ends, RFC 3339.
    pub expires: String,
    pub digest: String,
    /// Base64url of JSON: the digest of the call, and a random part.
    pub opaque: String,
}

impl Terms {
    /// What the id is the keyed hash of: seven slots.
    fn bound(&self) -> String {
        let Self { id: _, realm, method, intent, request, expires, digest, opaque } = self;
        [realm, method, intent, request, expires, digest, opaque].map(String::as_str).join("|")
    }
}

impl Issuer<'_> {
    /// The ways to pay for the quoted call. `random` makes their ids unique.
    #[must_use]
    pub fn offers(
        &self,
        quote: &Quote,
        random: &[u8; RANDOM_BYTES],
        now: UnixSeconds,
    ) -> Vec<Offer> {
        let is_known = |network: &&&Network| KNOWN_CHAINS.contains(&network.chain_id);
        let networks = quote.networks.iter().filter(is_known);
        networks.map(|network| self.offer(quote, network, random, now)).collect()
    }

    fn offer(
        &self,
        quote: &Quote,
        network: &Network,
        random: &[u8; RANDOM_BYTES],
        now: UnixSeconds,
    ) -> Offer {
        let request = json!({
            "amount": quote.amount.atomic().to_string(),
            "currency": network.usdc.to_checksum(None),
            "recipient": quote.pay_to.to_checksum(None),
            "methodDetails": {
                "chainId": network.chain_id,
                "credentialTypes": [AUTHORIZATION],
                "decimals": 6,
            },
        });
        let opaque = json!({"h": quote.call.digest, "n": URL_SAFE_NO_PAD.encode(random)});
        let mut terms = Terms {
            id: String::new(),
            realm: self.realm.to_owned(),
            method: METHOD.to_owned(),
            intent: INTENT.to_owned(),
            request: encoded(&request),
            expires: now.plus(i64::from(PAYMENT_SECONDS)).to_string(),
            digest: String::new(),
            opaque: encoded(&opaque),
        };
        terms.id = URL_SAFE_NO_PAD.encode(self.mac(&terms));
        Offer { terms, request, description: quoted(&quote.description) }
    }

    /// Whether this host made a challenge with these terms.
    #[must_use]
    pub fn has_made(&self, terms: &Terms) -> bool {
        let named = URL_SAFE_NO_PAD.decode(&terms.id).unwrap_or_default();
        bool::from(self.mac(terms).as_slice().ct_eq(&named))
    }

    fn mac(&self, terms: &Terms) -> [u8; 32] {
        self.keys.sign_payment(self.scope, terms.bound().as_bytes())
    }
}

impl Offer {
    /// As a challenge of `WWW-Authenticate`.
    #[must_use]
    pub fn to_header(&self) -> String {
        let Terms { id, realm, method, intent, request, expires, digest: _, opaque } = &self.terms;
        let description = &self.description;
        format!(
            r#"{SCHEME} id="{id}", realm="{realm}", method="{method}", intent="{intent}", request="{request}", expires="{expires}", description="{description}", opaque="{opaque}""#
        )
    }

    /// As an object for MCP: the same parameters, but `request` is not encoded.
    fn to_object(&self) -> Value {
        json!({
            "id": self.terms.id,
            "realm": self.terms.realm,
            "method": self.terms.method,
            "intent": self.terms.intent,
            "request": self.request,
            "expires": self.terms.expires,
            "description": self.description,
            "opaque": self.terms.opaque,
        })
    }
}

/// The field `WWW-Authenticate`; `None` if nothing is offered.
#[must_use]
pub fn to_header(offers: &[Offer]) -> Option<String> {
    let all: Vec<_> = offers.iter().map(Offer::to_header).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// The members of a problem document (RFC 9457) about an unpaid call. `why`: ASCII.
#[must_use]
pub fn problem(offers: &[Offer], why: &str) -> Map<String, Value> {
    let mut members = Map::new();
    let mut insert = |name: &str, value: Value| members.insert(name.to_owned(), value);
    insert("type", json!("https://paymentauth.org/problems/payment-required"));
    insert("title", json!("Payment Required"));
    insert("status", json!(402));
    insert("detail", json!(why));
    if let Some(offer) = offers.first() {
        insert("challengeId", json!(offer.terms.id));
    }
    members
}

/// What an unpaid call over MCP says (`data` of the error -32042, or `_meta` of a result).
#[must_use]
pub fn required(offers: &[Offer], why: &str) -> Value {
    let challenges: Vec<_> = offers.iter().map(Offer::to_object).collect();
    json!({"httpStatus": 402, "challenges": challenges, "problem": problem(offers, why)})
}

/// Base64url of the JSON. Members are sorted, and there are neither floats nor other characters than ASCII, so this is the
/// canonical form (RFC 8785).
pub(super) fn encoded(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

/// The text as it may stand in a quoted string.
fn quoted(text: &str) -> String {
    let is_plain = |c: &char| c.is_ascii_graphic() || *c == ' ';
    let plain = text.chars().filter(is_plain);
    plain.map(|c| if matches!(c, '"' | '\\') { '\'' } else { c }).collect()
}
