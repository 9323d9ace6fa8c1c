//! Damaged payments against the price, and at the server of a whole host: what is not signed buys
//! nothing.

use alloy_primitives::Address;
use events_concierge::base::money::Usdc;
use events_concierge::base::time::UnixSeconds;
use events_concierge::chain::eip3009::Authorization;
use events_concierge::chain::networks::NETWORKS;
use events_concierge::rails::quote::{PaidCall, Quote};
use events_concierge::rails::received::receive;
use events_concierge::rails::x402::verify::{self, Payer};
use events_concierge::rails::x402::wire::PaymentPayload;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::bytes::{Slip, slipped_text, slips};
use super::fuzz;
use super::input::{Edit, Json, edited, edits, number, other_digit};
use super::mcp::{Posted, check_answer};
use super::payment::{Place, Written, encode, good, place, put, signed_of, written};
use super::server::{nothing_was_sold, post};
use crate::support::{NOW, PAY_TO, Server};

/// A change to a payment: of its JSON, of its text, of one number or digit of what is signed.
#[derive(Clone, Debug)]
struct Damage {
    version: usize,
    edits: Option<Vec<Edit>>,
    number: Option<(&'static str, String)>,
    digit: Option<(&'static str, usize, u8)>,
    slips: Vec<Slip>,
}

/// Where everything stands that a signature holds for, and the signature.
const SIGNED: &[&str] = &[
    "/payload/signature",
    "/payload/authorization/from",
    "/payload/authorization/to",
    "/payload/authorization/value",
    "/payload/authorization/validAfter",
    "/payload/authorization/validBefore",
    "/payload/authorization/nonce",
];

fn damage() -> impl Strategy<Value = Damage> {
    let field = proptest::sample::select(&["value", "validAfter", "validBefore"][..]);
    let signed = proptest::sample::select(SIGNED);
    let edits = option::weighted(0.3, edits());
    let number = option::weighted(0.2, (field, number()));
    let digit = option::weighted(0.4, (signed, 0..132_usize, 1..6_u8));
    let slips = prop_oneof![3 => Just(Vec::new()), 1 => slips()];
    (0..2_usize, edits, number, digit, slips).prop_map(|(version, edits, number, digit, slips)| {
        Damage { version, edits, number, digit, slips }
    })
}

impl Damage {
    fn of(&self, payments: &[Value; 2]) -> String {
        let mut payment = payments[self.version].clone();
        if let Some((field, number)) = &self.number {
            payment["payload"]["authorization"][field] = json!(number);
        }
        if let Some((place, digit, by)) = self.digit {
            let target = payment.pointer_mut(place).unwrap();
            *target = json!(other_digit(target.as_str().unwrap_or_default(), digit, by));
        }
        edited(&payment, self.edits.as_deref().unwrap_or_default())
    }
}

fn quote() -> Quote {
    Quote {
        call: PaidCall::new("rsvpToEvent", json!({})),
        amount: Usdc::from_cents(5),
        pay_to: PAY_TO.parse().unwrap(),
        networks: NETWORKS.iter().filter(|network| network.caip2 == "eip155:84532").collect(),
        solana: None,
        upto: None,
        wanted: None,
        seats: None,
        resource_url: String::new(),
        description: String::new(),
    }
}

#[test]
fn only_the_asked_amount_to_the_right_wallet_in_time_satisfies_the_quote() {
    let payments = good();
    fuzz("payment: against the quote", damage, move |damage| {
        let text = slipped_text(&damage.of(&payments), &damage.slips);
        let Ok(raw) = serde_json::from_str(&text) else { return Ok(()) };
        let Ok(payment) = PaymentPayload::read(raw) else { return Ok(()) };
        let Authorization { to, value, valid_after, valid_before, .. } = signed_of(&payment).0;
        let Ok(checked) = verify::check(&quote(), payment, Payer::Stranger, UnixSeconds::new(NOW))
        else {
            return Ok(());
        };
        prop_assert_eq!(to.to_string(), PAY_TO);
        prop_assert_eq!(value.to_string(), "50000");
        let window: [i64; 2] = [valid_after, valid_before].map(|moment| moment.try_into().unwrap());
        prop_assert!(window[0] < NOW && (NOW + 20..=NOW + 120).contains(&window[1]));
        prop_assert!(checked.payer() != Address::ZERO.to_checksum(None));
        Ok(())
    });
}

/// Everything that a signature holds for, and the signature.
fn essence(payment: &Value) -> Option<(Authorization, Vec<u8>)> {
    let payment = PaymentPayload::read(payment.clone()).ok()?;
    let (authorization, signature) = signed_of(&payment);
    Some((authorization, signature.to_vec()))
}

#[test]
fn a_payment_that_was_changed_buys_nothing() {
    let inputs = || (damage(), written(), place(), any::<bool>());
    let payments = good();
    let signed = essence(&payments[0]);
    fuzz("payment: the whole server", inputs, move |(damage, written, place, modern)| {
        let server = Server::open();
        // Without this the facilitator of the tests vouches for any signature.
        server.world.memory.verify_refuses.set(true);
        let event = server.event(5);
        let posted = call(&event, &damage, &payments, (written, place), modern);
        let reply = post(&server, false, &posted);
        check_answer(&reply, &posted.body)?;
        let answer: Value = serde_json::from_str(&reply.body).unwrap_or_default();
        let has_seat = answer["result"]["structuredContent"]["success"] == true;
        let settled = server.world.memory.settled.borrow().len();
        prop_assert_eq!(usize::from(has_seat), settled);
        if settled == 0 {
            return nothing_was_sold(&server);
        }
        let body: Value = serde_json::from_slice(&posted.body).unwrap();
        let meta = body["params"]["_meta"].as_object();
        let received = receive(meta, &super::mcp::headers(&posted.headers));
        let payment = received.unwrap().unwrap().payment;
        prop_assert_eq!(essence(&payment), signed.clone());
        Ok(())
    });
}

fn call(
    event: &str,
    damage: &Damage,
    payments: &[Value; 2],
    (written, place): (Written, Place),
    modern: bool,
) -> Posted {
    let text = slipped_text(&encode(&damage.of(payments), written), &damage.slips);
    let (mut meta, mut pairs) = (Map::new(), Vec::new());
    put(text, written, place, &mut meta, &mut pairs);
    let mut headers: Vec<_> = pairs
        .into_iter()
        .map(|(name, value)| match name.as_str() {
            "payment-signature" => ("payment-signature", value),
            _ => ("x-payment", value),
        })
        .collect();
    if modern {
        headers.push(("mcp-protocol-version", "2026-07-28".to_owned()));
        headers.push(("mcp-method", "tools/call".to_owned()));
        headers.push(("mcp-name", "rsvpToEvent".to_owned()));
        meta.insert("io.modelcontextprotocol/protocolVersion".to_owned(), json!("2026-07-28"));
        meta.insert("io.modelcontextprotocol/clientCapabilities".to_owned(), json!({}));
    }
    let params = json!({"name": "rsvpToEvent", "arguments": {"eventId": event}, "_meta": meta});
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
    Posted { headers, body: Json::of(&body).to_text().into_bytes() }
}
