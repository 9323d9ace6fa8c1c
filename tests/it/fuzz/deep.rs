//! JSON so deep that reading it step by step into itself would run out of stack.

use std::cell::RefCell;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use events_concierge::base::http::Headers;
use events_concierge::base::id::ScopeId;
use events_concierge::base::time::UnixSeconds;
use events_concierge::chain::networks::Network;
use events_concierge::chain::rpc::{Rpc, RpcError};
use events_concierge::chain::transfers::Window;
use events_concierge::facilitator::client::{Facilitator, Question, Remote, SettleOutcome};
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtHost, Own};
use events_concierge::mcp::eras::{Inbound, read};
use events_concierge::ports::{Http, HttpError, HttpRequest, HttpResponse};
use events_concierge::rails::received::receive;
use events_concierge::rails::x402::wire::PaymentPayload;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::mcp::{Posted, check_answer};
use super::payment::{good, signed_of};
use super::server::{nothing_was_sold, post};
use super::{Verdict, fuzz};
use crate::support::{HttpOnly, Server, block_on};

struct Says(RefCell<String>);

impl Http for Says {
    async fn send(&self, _request: HttpRequest) -> Result<HttpResponse, HttpError> {
        Ok(HttpResponse { status: 200, body: self.0.borrow().clone() })
    }
}

/// So many lists or objects, one in the other; closed or not.
fn nested(depth: usize, opening: &str, closed: bool) -> String {
    let closing = if opening == "[" { "]" } else { "}" };
    let inner = if closed { format!("0{}", closing.repeat(depth)) } else { String::new() };
    format!("{}{inner}", opening.repeat(depth))
}

/// The text with `"HERE"` replaced by what is deep.
fn with(good: &Value, deep: &str) -> String {
    good.to_string().replace("\"HERE\"", deep)
}

fn check_server(deep: &str) -> Verdict {
    let server = Server::open();
    server.world.memory.verify_refuses.set(true);
    let event = server.event(5);
    let call = |params: Value| json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
    for body in [
        json!("HERE"),
        call(json!("HERE")),
        call(json!({"name": "listEvents", "arguments": {"cursor": "HERE"}})),
        call(json!({"name": "rsvpToEvent", "arguments": {"eventId": event},
            "_meta": {"x402/payment": "HERE"}})),
    ] {
        let posted = Posted { headers: Vec::new(), body: with(&body, deep).into_bytes() };
        check_answer(&post(&server, true, &posted), &posted.body)?;
    }
    let update = Own::UpdateEvent(events_concierge::base::id::EventId::parse(&event).unwrap());
    for action in [
        Action::Own(Own::CreateEvent),
        Action::Own(Own::Register),
        Action::Own(update),
        Action::AtHost(AtHost::Tool("getEvent".to_owned())),
    ] {
        let mut request = server.request(action, true, &[], &Value::Null);
        request.body = with(&json!({"title": "HERE"}), deep).into_bytes();
        prop_assert!((400..500).contains(&block_on(server.handle(request)).status));
    }
    nothing_was_sold(&server)
}

fn check_payment(deep: &str) -> Verdict {
    let mut payment = good()[1].clone();
    payment["extensions"] = json!("HERE");
    let text = with(&payment, deep);
    let header = vec![("payment-signature".to_owned(), STANDARD.encode(&text))];
    let meta = json!({"x402/payment": text});
    for received in
        [receive(None, &Headers::new(header)), receive(meta.as_object(), &Headers::default())]
    {
        if let Ok(Some(received)) = received {
            let copy = received.payment.clone();
            prop_assert_eq!(&serde_json::from_str::<Value>(&copy.to_string()).unwrap(), &copy);
            prop_assert!(PaymentPayload::read(received.payment).is_ok());
        }
    }
    Ok(())
}

fn check_answers(deep: &str) -> Verdict {
    let world = Says(RefCell::new(with(&json!({"success": true, "more": "HERE"}), deep)));
    let facilitator = Facilitator::At(Remote { base_url: String::new(), credentials: None });
    let empty = json!({});
    let scope = ScopeId::parse(&"0".repeat(32)).unwrap();
    let question = Question {
        x402_version: 2,
        payment: &empty,
        requirements: &empty,
        payer: "0x",
        scope: &scope,
    };
    let outcome = block_on(facilitator.settle(&HttpOnly(&world), &question));
    prop_assert!(matches!(outcome, SettleOutcome::Unknown(..)));
    world.0.replace(with(&json!({"result": "HERE"}), deep));
    let rpc = Rpc { url: String::new() };
    prop_assert_eq!(block_on(rpc.head_time(&world)), Err(RpcError::Malformed));
    let network = Network::by_caip2("eip155:84532").unwrap();
    let signed = signed_of(&PaymentPayload::read(good()[1].clone()).unwrap()).0;
    let window = Window { unused_at: None, created_at: UnixSeconds::new(1_795_262_400) };
    let found = block_on(rpc.find_transfer(&world, network, &signed, &window));
    prop_assert_eq!(found, Err(RpcError::Malformed));
    Ok(())
}

#[test]
fn what_is_too_deep_is_refused_and_what_is_not_is_carried() {
    let inputs = || {
        let depth = prop_oneof![100..140_usize, 1..20_000_usize, 100_000..300_000_usize];
        (depth, select(&["[", "{\"a\":"][..]), any::<bool>())
    };
    fuzz("deep nesting", inputs, |(depth, opening, closed)| {
        let deep = nested(depth, opening, closed);
        if let Inbound::Call(_) = read(&Headers::default(), deep.as_bytes()) {
            return Err(TestCaseError::fail("a call"));
        }
        check_payment(&deep)?;
        check_answers(&deep)?;
        check_server(&deep)
    });
}
