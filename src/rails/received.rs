//! The payment of a call, of either rail, in every carrier that known clients use.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use crate::base::http::Headers;
use crate::rails::mpp::credential;
use crate::rails::mpp::offer::Terms;
use crate::rails::mpp::{self, META_CREDENTIAL};
use crate::rails::x402::wire::PaymentPayload;

/// The longest payment in any form, bytes.
pub const PAYMENT_BYTES_MAX: usize = 32 * 1024;

const META_PAYMENT: &str = "x402/payment";
const META_PAYMENT_DOTTED: &str = "x402.payment";

/// A payment as JSON, and the carriers in which it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    rail: Rail,
    pub payment: Value,
    /// The carriers in which it came; the receipt goes back in the same ones.
    pub ways: Ways,
}

/// The protocol of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rail {
    X402,
    Mpp,
}

/// A payment that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    pub payment: PaymentPayload,
    /// The challenge that it answers, if that is to be ours (MPP).
    pub terms: Option<Terms>,
}

/// The carriers of a payment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// MCP: `_meta["x402.payment"]`, with a point.
    pub dotted: bool,
    /// HTTP: the header `PAYMENT-SIGNATURE` of version 2.
    pub header_v2: bool,
    /// HTTP: the header `X-PAYMENT` of version 1.
    pub header_v1: bool,
    /// MPP: the id of the challenge that the credential answers.
    pub challenge: Option<String>,
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
    /// A payment of x402 and one of MPP, so that nobody could say which one to take.
    #[error("a payment of x402 and one of MPP were sent; send one")]
    TwoRails,
}

impl Received {
    /// Reads the payment.
    ///
    /// # Errors
    /// The reason in the words of its protocol, ASCII.
    pub fn read(self) -> Result<Paid, String> {
        match self.rail {
            Rail::X402 => {
                let payment = PaymentPayload::read(self.payment);
                payment.map(|payment| Paid { payment, terms: None }).map_err(|e| e.to_string())
            }
            Rail::Mpp => {
                let credential = credential::read(&self.payment).map_err(|e| e.to_string())?;
                Ok(Paid { payment: credential.payment, terms: Some(credential.terms) })
            }
        }
    }
}

/// Whether a call may hold a payment, judged without parsing it.
#[must_use]
pub fn may_carry(headers: &Headers, body: &[u8]) -> bool {
    // `x402/payment` or `x402.payment`.
    const IN_META: &[u8] = b"x402";
    let names = [HEADER_V2, HEADER_V1, mpp::HEADER];
    let is_in_header = names.into_iter().any(|name| headers.get(name).is_some());
    let holds = |mark: &[u8]| body.windows(mark.len()).any(|part| part == mark);
    is_in_header || holds(IN_META) || holds(META_CREDENTIAL.as_bytes())
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
    let credential = [in_meta(META_CREDENTIAL)?, in_header(mpp::HEADER)?];
    let mut credentials = credential.into_iter().flatten();
    let credential = credentials.next();
    if credentials.any(|other| Some(&other) != credential.as_ref()) {
        return Err(Unreadable::Contradiction);
    }
    let ways = Ways {
        dotted: dotted.is_some(),
        header_v2: header_v2.is_some(),
        header_v1: header_v1.is_some(),
        challenge: credential.as_ref().and_then(challenge_id),
    };
    let mut found = [slash, dotted, header_v2, header_v1].into_iter().flatten();
    let (rail, payment) = match (found.next(), credential) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => return Err(Unreadable::TwoRails),
        (Some(payment), None) => (Rail::X402, payment),
        (None, Some(credential)) => (Rail::Mpp, credential),
    };
    if found.any(|other| other != payment) {
        return Err(Unreadable::Contradiction);
    }
    Ok(Some(Received { rail, payment, ways }))
}

/// The id of the challenge that a credential answers.
fn challenge_id(credential: &Value) -> Option<String> {
    credential.get("challenge")?.get("id")?.as_str().map(str::to_owned)
}

/// Reads a JSON object as it is, as its text, or in base64. `key` names its place.
pub(in crate::rails) fn read_object(key: &'static str, value: &Value) -> Result<Value, Unreadable> {
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
    use serde_json::json;

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
