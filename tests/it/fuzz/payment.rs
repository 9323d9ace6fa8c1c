//! Payments in every form, whole and damaged: what is read out of them.

use alloy_primitives::Bytes;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use events_concierge::base::http::Headers;
use events_concierge::chain::eip3009::Authorization;
use events_concierge::rails::received::{PAYMENT_BYTES_MAX, Unreadable, receive};
use events_concierge::rails::x402::signed::PayloadError;
use events_concierge::rails::x402::wire::{Means, PaymentPayload};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::bytes::{slipped_text, slips, some_slips};
use super::input::{Edit, edited, edits, number, text};
use super::{Verdict, fuzz};
use crate::support::{PAY_TO, Wallet, as_v1};

/// How a payment is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Written {
    /// As JSON, where that can be.
    Object,
    /// As JSON text.
    Text,
    /// In base64, with or without padding, in the usual or the URL-safe alphabet.
    Base64 { padded: bool, url_safe: bool },
    /// As `btoa` of a browser writes it.
    Latin1,
}

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Meta,
    MetaDotted,
    HeaderV2,
    HeaderV1,
}

pub(super) fn written() -> impl Strategy<Value = Written> {
    let base64 = (any::<bool>(), any::<bool>())
        .prop_map(|(padded, url_safe)| Written::Base64 { padded, url_safe });
    prop_oneof![Just(Written::Object), Just(Written::Text), base64, Just(Written::Latin1)]
}

pub(super) fn place() -> impl Strategy<Value = Place> {
    select(vec![Place::Meta, Place::MetaDotted, Place::HeaderV2, Place::HeaderV1])
}

/// The text of a payment, as it goes over the wire.
pub(super) fn encode(payment: &str, written: Written) -> String {
    match written {
        Written::Object | Written::Text => payment.to_owned(),
        Written::Base64 { padded: true, url_safe: false } => STANDARD.encode(payment),
        Written::Base64 { padded: false, url_safe: false } => STANDARD_NO_PAD.encode(payment),
        Written::Base64 { padded: true, url_safe: true } => URL_SAFE.encode(payment),
        Written::Base64 { padded: false, url_safe: true } => URL_SAFE_NO_PAD.encode(payment),
        Written::Latin1 => {
            let bytes: Option<Vec<u8>> = payment.chars().map(|c| u8::try_from(c).ok()).collect();
            // What happens to be UTF-8 as well is read as that.
            let bytes = bytes.filter(|bytes| str::from_utf8(bytes).is_err());
            STANDARD.encode(bytes.unwrap_or_else(|| payment.as_bytes().to_vec()))
        }
    }
}

/// Puts a payment where the server looks for it.
pub(super) fn put(
    text: String,
    written: Written,
    place: Place,
    meta: &mut Map<String, Value>,
    headers: &mut Vec<(String, String)>,
) {
    let key = match place {
        Place::Meta => "x402/payment",
        Place::MetaDotted => "x402.payment",
        Place::HeaderV2 => return headers.push(("payment-signature".to_owned(), text)),
        Place::HeaderV1 => return headers.push(("X-PAYMENT".to_owned(), text)),
    };
    let object = serde_json::from_str(&text).ok().filter(|_| matches!(written, Written::Object));
    meta.insert(key.to_owned(), object.unwrap_or(Value::String(text)));
}

/// What the server asks for a seat at the first event of a new one.
pub(super) fn offer() -> Value {
    json!({"scheme": "exact", "network": "eip155:84532", "amount": "50000",
        "asset": "0x036CbD53842c5426634e7929541eC2318f3dCF7e", "payTo": PAY_TO,
        "maxTimeoutSeconds": 110, "extra": {"name": "USDC", "version": "2"}})
}

/// A good payment in both versions.
pub(super) fn good() -> [Value; 2] {
    let payment = Wallet::new(7).pay(&offer(), 1);
    [as_v1(&payment), payment]
}

#[test]
fn a_payment_is_found_in_every_form_and_a_damaged_one_is_none() {
    let inputs = || {
        let long = (20_000..40_000_usize).prop_map(|size| "x".repeat(size));
        let note = prop_oneof![4 => Just("\u{e9}".to_owned()), 4 => text(), 1 => long];
        (0..2_usize, note, vec((written(), place(), slips()), 1..4), any::<bool>())
    };
    let payments = good();
    fuzz("payment: its forms", inputs, move |(version, note, ways, differ)| {
        let mut payment = payments[version].clone();
        payment["note"] = json!(note);
        let (mut meta, mut pairs) = (Map::new(), Vec::new());
        let (mut is_whole, mut is_short) = (true, true);
        let mut places = Vec::new();
        for (nth, (written, place, slips)) in ways.iter().enumerate() {
            payment["nth"] = if differ { json!(nth) } else { json!(0) };
            let whole = encode(&payment.to_string(), *written);
            let text = slipped_text(&whole, slips);
            is_whole &= text == whole;
            is_short &= text.len() <= PAYMENT_BYTES_MAX;
            places.push(*place);
            put(text, *written, *place, &mut meta, &mut pairs);
        }
        places.sort_unstable();
        let is_one_each = places.windows(2).all(|pair| pair[0] != pair[1]);
        let received = receive(Some(&meta), &Headers::new(pairs));
        // Something was sent, so it is never taken for nothing.
        prop_assert_ne!(&received, &Ok(None));
        if !is_whole || !is_one_each {
            return Ok(());
        }
        if !is_short {
            prop_assert!(matches!(received, Err(Unreadable::TooLong(_))));
        } else if differ && ways.len() > 1 {
            prop_assert_eq!(received, Err(Unreadable::Contradiction));
        } else {
            prop_assert_eq!(
                received.map(|found| found.map(|found| found.payment)),
                Ok(Some(payment))
            );
        }
        Ok(())
    });
}

/// Fields of a payment with what makes each of them malformed for sure.
const FIELDS: &[&str] = &["from", "to", "value", "validAfter", "validBefore", "nonce", "signature"];

fn check_named(payment: &Value, field: &'static str, with: &str) -> Verdict {
    let parent = match field {
        "signature" => "/payload",
        _ => "/payload/authorization",
    };
    let mut payment = payment.clone();
    payment.pointer_mut(parent).unwrap()[field] = json!(with);
    let digits = with.strip_prefix("0x").unwrap_or(with);
    let is_hex = |bytes: usize| digits.len() == 2 * bytes && is_hex(digits);
    let is_good = match field {
        "from" | "to" => is_hex(20),
        "nonce" => with.starts_with("0x") && is_hex(32),
        "signature" => with.starts_with("0x"),
        _ => !with.is_empty() && with.len() <= 78 && with.bytes().all(|b| b.is_ascii_digit()),
    };
    match PaymentPayload::read(payment) {
        Err(error) => prop_assert_eq!(error, PayloadError::Field(field)),
        Ok(_) => prop_assert!(is_good, "{field} may be {with:?}"),
    }
    Ok(())
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What was read stands in the payment in plain sight.
fn check_fields(text: &str) -> Verdict {
    let Ok(raw) = serde_json::from_str::<Value>(text) else { return Ok(()) };
    let payment = match PaymentPayload::read(raw.clone()) {
        Ok(payment) => payment,
        Err(PayloadError::Version | PayloadError::Scheme | PayloadError::Transfer(_)) => {
            return Ok(());
        }
        Err(PayloadError::Field(field)) => {
            prop_assert!(!field.is_empty());
            return Ok(());
        }
    };
    prop_assert_eq!(raw["x402Version"].as_u64(), Some(u64::from(payment.version.number())));
    let signed = &raw["payload"]["authorization"];
    let said = |field: &str| signed[field].as_str().unwrap_or_default().to_ascii_lowercase();
    let (read_of, _) = signed_of(&payment);
    let number = |field: &str| said(field).trim_start_matches('0').to_owned();
    for (field, read) in [
        ("value", read_of.value),
        ("validAfter", read_of.valid_after),
        ("validBefore", read_of.valid_before),
    ] {
        let read = read.to_string().trim_start_matches('0').to_owned();
        prop_assert_eq!(number(field), read);
    }
    for (field, read) in [("from", read_of.from), ("to", read_of.to)] {
        let read = read.to_string().to_ascii_lowercase();
        prop_assert!(read.ends_with(said(field).trim_start_matches("0x")), "{field}");
    }
    prop_assert_eq!(said("nonce"), read_of.nonce.to_string());
    prop_assert_eq!(payment.raw, raw);
    Ok(())
}

/// What an EVM payment holds.
pub(super) fn signed_of(payment: &PaymentPayload) -> (Authorization, Bytes) {
    match &payment.means {
        Means::Evm { authorization, signature, .. } => (authorization.clone(), signature.clone()),
        Means::Solana(_) => panic!("these payments are EVM ones"),
    }
}

#[test]
fn a_payment_is_read_as_it_stands_or_refused_by_the_name_of_a_field() {
    #[derive(Clone, Debug)]
    enum Change {
        Edits(Vec<Edit>),
        Slips(Vec<super::bytes::Slip>),
        Field(&'static str, String),
    }
    let inputs = || {
        let value = prop_oneof![
            2 => number(),
            2 => text(),
            1 => "0x[0-9a-fA-F]{38,42}",
            1 => "0x[0-9a-f]{63,65}",
            1 => "[0-9]{76,80}",
        ];
        let change = prop_oneof![
            2 => edits().prop_map(Change::Edits),
            1 => some_slips().prop_map(Change::Slips),
            3 => (select(FIELDS), value).prop_map(|(field, value)| Change::Field(field, value)),
        ];
        (0..2_usize, change)
    };
    let payments = good();
    fuzz("payment: its fields", inputs, move |(version, change)| {
        let payment = &payments[version];
        match change {
            Change::Edits(edits) => check_fields(&edited(payment, &edits)),
            Change::Slips(slips) => check_fields(&slipped_text(&payment.to_string(), &slips)),
            Change::Field(field, value) => check_named(payment, field, &value),
        }
    });
}
