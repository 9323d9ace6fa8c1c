//! The challenge and the payment in every spelling that known clients use.
//!
//! The challenge is pure version 2 where a strict client validates it, both versions together where `agents/x402`
//! reads (`_meta["x402/error"]`), and version 1 as an HTTP body.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use crate::base::http::{Headers, Reply};
use crate::chain::networks::Network;
use crate::rails::quote::{PAYMENT_SECONDS, Quote};
use crate::rails::x402::wire::{
    Extra, PAYMENT_IDENTIFIER, PaymentRequiredV1, PaymentRequiredV2, RequirementsV1,
    RequirementsV2, Resource, SIGN_IN_WITH_X, SettleResponse,
};

/// The longest payment in any form, bytes.
pub const PAYMENT_BYTES_MAX: usize = 32 * 1024;

/// The primary EIP-712 type of EIP-3009.
const PRIMARY_TYPE: &str = "TransferWithAuthorization";
const MIME_TYPE: &str = "application/json";
const META_PAYMENT: &str = "x402/payment";
const META_PAYMENT_DOTTED: &str = "x402.payment";

/// A payment challenge: the price of a call, and why the caller must pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The reason, ASCII; an x402 reason code if a payment was refused.
    pub error: String,
    pub quote: Quote,
    /// The failed settlement, if there was one.
    pub failed: Option<SettleResponse>,
    /// A random key that comes back with the payment and is never on the chain. It lets the caller read the answer
    /// again.
    pub receipt_key: Option<String>,
    /// The message with which a wallet proves that it has paid before (x402, `sign-in-with-x`).
    pub sign_in: Option<Value>,
}

/// A payment as JSON, and the carriers in which it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub payment: Value,
    /// The carriers in which it came; the receipt goes back in the same ones.
    pub ways: Ways,
}

/// The carriers of a payment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// MCP: `_meta["x402.payment"]`, with a point.
    pub dotted: bool,
    /// HTTP: the header `PAYMENT-SIGNATURE` of version 2.
    pub header_v2: bool,
    /// HTTP: the header `X-PAYMENT` of version 1.
    pub header_v1: bool,
}

/// The header with a payment of version 2.
const HEADER_V2: &str = "payment-signature";
/// The header with a payment of version 1.
const HEADER_V1: &str = "x-payment";

/// Why a payment that was sent cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Neither JSON nor base64 of JSON.
    #[error("invalid_payload: {0} holds neither a JSON object nor base64 of one")]
    NotJson(&'static str),
    /// The carrier holds more than [`PAYMENT_BYTES_MAX`].
    #[error("invalid_payload: {0} is too long")]
    TooLong(&'static str),
    /// Two carriers hold different payments.
    #[error("invalid_payload: two different payments were sent; send one")]
    Contradiction,
}

/// Our requirements for one network, version 2.
#[must_use]
pub fn requirements_v2(quote: &Quote, network: &Network) -> RequirementsV2 {
    RequirementsV2 {
        scheme: "exact".to_owned(),
        network: network.caip2.to_owned(),
        amount: quote.amount.atomic().to_string(),
        asset: network.usdc.to_checksum(None),
        pay_to: quote.pay_to.to_checksum(None),
        max_timeout_seconds: PAYMENT_SECONDS,
        extra: extra(network),
    }
}

/// Our requirements for one network, version 1.
#[must_use]
pub fn requirements_v1(quote: &Quote, network: &Network) -> RequirementsV1 {
    RequirementsV1 {
        scheme: "exact",
        network: network.v1_name,
        max_amount_required: quote.amount.atomic().to_string(),
        resource: quote.resource_url.clone(),
        description: quote.description.clone(),
        mime_type: MIME_TYPE,
        pay_to: quote.pay_to.to_checksum(None),
        max_timeout_seconds: PAYMENT_SECONDS,
        asset: network.usdc.to_checksum(None),
        extra: extra(network),
    }
}

impl Challenge {
    /// A challenge for the quoted price.
    #[must_use]
    pub fn new(quote: Quote, error: String, failed: Option<SettleResponse>) -> Self {
        Self { error, quote, failed, receipt_key: None, sign_in: None }
    }

    /// The challenge for clients of x402 version 2.
    #[must_use]
    pub fn v2(&self) -> PaymentRequiredV2 {
        PaymentRequiredV2 {
            x402_version: 2,
            error: self.error.clone(),
            resource: Resource {
                url: self.quote.resource_url.clone(),
                description: self.quote.description.clone(),
                mime_type: MIME_TYPE,
            },
            accepts: self.each_network(|quote, network| {
                let mut requirements = requirements_v2(quote, network);
                requirements.extra.receipt_key.clone_from(&self.receipt_key);
                requirements
            }),
            extensions: self.extensions(),
        }
    }

    /// The challenge for clients of x402 version 1, which has no extensions.
    #[must_use]
    pub fn v1(&self) -> PaymentRequiredV1 {
        PaymentRequiredV1 {
            x402_version: 1,
            error: self.error.clone(),
            accepts: self.each_network(requirements_v1),
        }
    }

    /// For the result of an MCP `tools/call`: version 2, and the same with the requirements of version 1 beside its own.
    #[must_use]
    pub fn for_tools(&self) -> (Value, Value) {
        let v2 = json!(self.v2());
        let mut both = v2.clone();
        if let Some(accepts) = both.get_mut("accepts").and_then(Value::as_array_mut) {
            accepts.extend(self.v1().accepts.iter().map(|requirements| json!(requirements)));
        }
        (v2, both)
    }

    /// As an HTTP answer: version 1 in the body, version 2 in a header.
    #[must_use]
    pub fn to_http(&self) -> Reply {
        let reply = Reply::json(402, json!(self.v1()).to_string())
            .with_header("payment-required", STANDARD.encode(json!(self.v2()).to_string()));
        match &self.failed {
            Some(response) => reply
                .with_header("payment-response", encode(response))
                .with_header("x-payment-response", encode(response)),
            None => reply,
        }
    }

    /// The extensions that we support. Clients echo them and fill in their own values.
    fn extensions(&self) -> Value {
        let mut extensions = extensions();
        if let (Some(sign_in), Some(members)) = (&self.sign_in, extensions.as_object_mut()) {
            members.insert(SIGN_IN_WITH_X.to_owned(), sign_in.clone());
        }
        extensions
    }

    fn each_network<T>(&self, requirements: impl Fn(&Quote, &Network) -> T) -> Vec<T> {
        self.quote.networks.iter().map(|network| requirements(&self.quote, network)).collect()
    }
}

/// Base64 of the JSON, as the HTTP headers carry it.
#[must_use]
pub fn encode(response: &SettleResponse) -> String {
    STANDARD.encode(json!(response).to_string())
}

/// Whether a call may hold a payment, judged without parsing it.
#[must_use]
pub fn may_carry(headers: &Headers, body: &[u8]) -> bool {
    // `x402/payment` or `x402.payment`.
    const IN_META: &[u8] = b"x402";
    let is_in_header = [HEADER_V2, HEADER_V1].into_iter().any(|name| headers.get(name).is_some());
    is_in_header || body.windows(IN_META.len()).any(|part| part == IN_META)
}

/// Finds the payment in a call's `_meta` and headers.
///
/// # Errors
///
/// [`Unreadable`] if the call holds anything else than one payment.
pub fn receive(
    meta: Option<&Map<String, Value>>,
    headers: &Headers,
) -> Result<Option<Received>, Unreadable> {
    let in_meta = |key: &'static str| {
        meta.and_then(|meta| meta.get(key)).map(|value| read_object(key, value)).transpose()
    };
    let in_header =
        |name: &'static str| headers.get(name).map(|text| from_text(name, text)).transpose();
    let slash = in_meta(META_PAYMENT)?;
    let dotted = in_meta(META_PAYMENT_DOTTED)?;
    let header_v2 = in_header(HEADER_V2)?;
    let header_v1 = in_header(HEADER_V1)?;
    let ways = Ways {
        dotted: dotted.is_some(),
        header_v2: header_v2.is_some(),
        header_v1: header_v1.is_some(),
    };
    let mut found = [slash, dotted, header_v2, header_v1].into_iter().flatten();
    let Some(payment) = found.next() else { return Ok(None) };
    if found.any(|other| other != payment) {
        return Err(Unreadable::Contradiction);
    }
    Ok(Some(Received { payment, ways }))
}

/// The extensions that every challenge offers.
fn extensions() -> Value {
    json!({PAYMENT_IDENTIFIER: {
        "info": {"required": false},
        "schema": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {
                "required": {"type": "boolean"},
                "id": {
                    "type": "string",
                    "minLength": 16,
                    "maxLength": 128,
                    "pattern": "^[a-zA-Z0-9_-]+$",
                },
            },
            "required": ["required"],
        },
    }})
}

/// Name and version of the token's EIP-712 domain on a network.
#[must_use]
pub fn extra(network: &Network) -> Extra {
    Extra {
        name: network.eip712_name.to_owned(),
        version: network.eip712_version.to_owned(),
        primary_type: Some(PRIMARY_TYPE.to_owned()),
        receipt_key: None,
    }
}

/// Reads a JSON object as it is, as its text, or in base64. `key` names its place.
pub(super) fn read_object(key: &'static str, value: &Value) -> Result<Value, Unreadable> {
    match value {
        // A facilitator may refuse a longer one, which would count as its failure.
        Value::Object(_) if value.to_string().len() > PAYMENT_BYTES_MAX => {
            Err(Unreadable::TooLong(key))
        }
        Value::Object(_) => Ok(value.clone()),
        Value::String(text) => from_text(key, text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            Err(Unreadable::NotJson(key))
        }
    }
}

fn from_text(place: &'static str, text: &str) -> Result<Value, Unreadable> {
    if text.len() > PAYMENT_BYTES_MAX {
        return Err(Unreadable::TooLong(place));
    }
    let json = if text.starts_with('{') {
        text.to_owned()
    } else {
        let engines = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD];
        let bytes = engines.iter().find_map(|engine| engine.decode(text).ok());
        utf8_or_latin1(bytes.ok_or(Unreadable::NotJson(place))?)
    };
    match serde_json::from_str(&json) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) | Err(_) => Err(Unreadable::NotJson(place)),
    }
}

/// Clients with `btoa(JSON.stringify(…))` send Latin-1 bytes.
fn utf8_or_latin1(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> Headers {
        Headers::new(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn a_call_that_may_hold_a_payment_is_known_without_reading_it() {
        let call = br#"{"method": "tools/call", "params": {"name": "getEvent"}}"#;
        let in_meta = br#"{"params": {"_meta": {"x402/payment": {}}}}"#;
        let dotted = br#"{"params": {"_meta": {"x402.payment": {}}}}"#;
        for (headers, body, may) in [
            (headers(&[("accept", "x402")]), &call[..], false),
            (headers(&[]), in_meta, true),
            (headers(&[]), dotted, true),
            (headers(&[("PAYMENT-SIGNATURE", "e30=")]), call, true),
            (headers(&[("X-Payment", "e30=")]), call, true),
        ] {
            assert_eq!(may_carry(&headers, body), may, "{headers:?}");
        }
    }

    #[test]
    fn a_payment_is_found_in_every_form() {
        let payment = json!({"x402Version": 2, "note": "é"});
        let encoded = STANDARD.encode(payment.to_string());
        let latin1: Vec<u8> =
            payment.to_string().chars().map(|c| u8::try_from(c).unwrap()).collect();
        let text = payment.to_string();
        for meta in [
            json!({"x402/payment": payment}),
            json!({"x402/payment": encoded}),
            json!({"x402/payment": text}),
            json!({"x402.payment": encoded}),
            json!({"x402.payment": STANDARD.encode(latin1)}),
        ] {
            let received = receive(meta.as_object(), &Headers::default()).unwrap().unwrap();
            assert_eq!(received.payment, payment, "{meta}");
        }
        for name in ["PAYMENT-SIGNATURE", "x-payment"] {
            let received = receive(None, &headers(&[(name, &encoded)])).unwrap().unwrap();
            assert_eq!(received.payment, payment, "{name}");
        }
    }

    #[test]
    fn the_same_payment_twice_is_one_and_two_payments_are_none() {
        let one = STANDARD.encode(r#"{"a":1}"#);
        let two = STANDARD.encode(r#"{"a":2}"#);
        let meta = json!({"x402/payment": {"a": 1}});
        let both = receive(meta.as_object(), &headers(&[("payment-signature", &one)]));
        assert!(both.unwrap().unwrap().ways.header_v2);
        let different = receive(meta.as_object(), &headers(&[("payment-signature", &two)]));
        assert_eq!(different, Err(Unreadable::Contradiction));
    }

    #[test]
    fn a_payment_object_is_no_longer_than_a_payment_text() {
        for key in [META_PAYMENT, META_PAYMENT_DOTTED] {
            let meta = json!({key: {"x402Version": 2, "note": "x".repeat(PAYMENT_BYTES_MAX)}});
            let received = receive(meta.as_object(), &Headers::default());
            assert_eq!(received, Err(Unreadable::TooLong(key)));
        }
    }

    #[test]
    fn what_is_not_a_payment_is_said_to_be_none() {
        for value in ["", "%%%", "bm90IGpzb24=", "W10=", "[]"] {
            let found = receive(None, &headers(&[("x-payment", value)]));
            assert_eq!(found, Err(Unreadable::NotJson("x-payment")), "{value}");
        }
        let long = "A".repeat(PAYMENT_BYTES_MAX + 1);
        assert_eq!(
            receive(None, &headers(&[("x-payment", &long)])),
            Err(Unreadable::TooLong("x-payment"))
        );
        assert_eq!(receive(None, &Headers::default()), Ok(None));
    }
}
