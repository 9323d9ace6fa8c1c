//! Answers of strangers' servers: what the client makes of them, and what the payer.

use std::cell::Cell;

use alloy_primitives::{Address, Bytes};
use events_concierge::base::http::Headers;
use events_concierge::base::id::ScopeId;
use events_concierge::chain::networks::NETWORKS;
use events_concierge::mcp::client::{
    Client, ClientError, PAGES_MAX, Person, Question, Rules, Said, TOOLS_MAX, Watch, holds_answer,
    messages,
};
use events_concierge::ports::{Clock, HttpError, Servers, Timer, Web, WebRequest, WebResponse};
use events_concierge::rails::x402::payer::{
    Answer, Challenge, authorize, choose, for_meta, payload, read_answer, typed_data,
};
use events_concierge::rails::x402::wire::Version;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::bytes::{slipped_text, slips};
use super::input::{edited, edits, json, text};
use super::payment::offer;
use super::{Verdict, fuzz};
use crate::support::{World, block_on};

/// No control characters, and none that turn text around.
fn is_clean(text: &str) -> bool {
    !text.contains(|c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}'))
}

#[test]
fn a_stream_gives_back_what_was_put_into_it() {
    let inputs = || {
        let end = select(&["\n", "\r\n", "\r"][..]);
        let line = "[^\r\n]{0,20}";
        let event = (vec(line, 1..4), option::of(Just("message")), "[^\r\n]{0,10}");
        (vec(event, 0..6), end, slips(), any::<bool>())
    };
    fuzz("client: event streams", inputs, |(events, end, slips, last)| {
        let mut stream = String::new();
        for (lines, kind, comment) in &events {
            let kind = kind.map(|kind| format!("event:{kind}{end}")).unwrap_or_default();
            stream.push_str(&format!(":{comment}{end}{kind}"));
            for line in lines {
                stream.push_str(&format!("data: {line}{end}"));
            }
            stream.push_str(end);
        }
        if last {
            stream.truncate(stream.len() - stream.len().min(end.len()));
        }
        let expected: Vec<String> = events.iter().map(|(lines, ..)| lines.join("\n")).collect();
        prop_assert_eq!(messages(&stream).collect::<Vec<_>>(), expected);
        // Damaged, it gives something or nothing, but never more than there is.
        let damaged = slipped_text(&stream, &slips);
        let read: usize = messages(&damaged).map(|message| message.len()).sum();
        prop_assert!(read <= damaged.len());
        prop_assert!(!holds_answer(&damaged, 1) && !Watch::new(1).has_come(damaged.as_bytes()));
        Ok(())
    });
}

/// A server that answers the same to everything, with the right id where it says `ID`.
struct Stranger {
    status: u16,
    kind: &'static str,
    location: Option<String>,
    body: String,
    asked: Cell<usize>,
}

impl Web for Stranger {
    async fn exchange(&self, request: WebRequest) -> Result<WebResponse, HttpError> {
        self.asked.set(self.asked.get() + 1);
        let id = request.until_answer_to.unwrap_or_default().to_string();
        let mut pairs = vec![("content-type".to_owned(), self.kind.to_owned())];
        pairs.extend(self.location.clone().map(|to| ("location".to_owned(), to)));
        let body = self.body.replace("\"ID\"", &id);
        Ok(WebResponse { status: self.status, headers: Headers::new(pairs), body })
    }
}

impl Person for Stranger {
    fn is_there(&self) -> bool {
        true
    }

    async fn ask(&self, question: Question) -> Said {
        assert!(question.message.chars().count() <= 500 && question.fields.len() <= 10);
        Said::Cancel
    }
}

impl Servers for Stranger {
    async fn send_to_server(&self, _: &ScopeId, _: WebRequest) -> Result<WebResponse, HttpError> {
        Err(HttpError::Timeout)
    }
}

impl Timer for Stranger {
    async fn sleep(&self, _millis: u32) {}
}

/// What is an answer to everything that a client asks, in both eras at once.
fn good_for_everything() -> Value {
    json!({"jsonrpc": "2.0", "id": "ID", "result": {
        "resultType": "complete", "supportedVersions": ["2026-07-28"],
        "protocolVersion": "2025-06-18", "serverInfo": {"name": "s"}, "nextCursor": "c",
        "tools": [{"name": "t", "title": "T", "description": "d", "_meta": {
            "agents-x402/paymentRequired": true, "agents-x402/priceUSD": 0.05},
            "inputSchema": {"type": "object", "properties": {
                "a": {"type": "string", "x-mcp-header": "A"}}}}],
        "content": [{"type": "text", "text": "ok"}]}})
}

fn check_stranger(stranger: &Stranger) -> Verdict {
    let rules = Rules { public_url: "https://events.example".to_owned(), is_local: false };
    let client = Client::new(stranger, &rules);
    let check = |error: &ClientError| -> Verdict {
        let text = error.to_string();
        prop_assert!(text.chars().count() < 700 && is_clean(&text), "{text}");
        Ok(())
    };
    let connected = block_on(client.connect("https://mcp.example.com/mcp", None));
    // Two probes and a list, each three times with three redirects; the pages; a notification.
    prop_assert!(stranger.asked.get() <= 3 * 3 * 4 + PAGES_MAX + 4);
    let (mut connection, tools) = match connected {
        Ok(connected) => connected,
        Err(error) => return check(&error),
    };
    prop_assert!(tools.len() <= TOOLS_MAX && is_clean(&connection.server));
    for tool in &tools {
        prop_assert!(is_clean(&tool.name) && is_clean(&tool.description), "{tool:?}");
    }
    let name = tools.first().map_or("t", |tool| tool.name.as_str());
    let arguments = json!({"a": "\u{e9}\r\n"});
    match block_on(client.call_tool(&mut connection, name, &arguments, None)) {
        Ok(result) => prop_assert!(result.is_object()),
        Err(error) => check(&error)?,
    }
    Ok(())
}

#[test]
fn a_strangers_server_can_do_nothing_but_answer() {
    let inputs = || {
        let status = prop_oneof![
            4 => Just(200_u16),
            2 => select(&[202, 307, 308, 400, 404, 429, 500][..]),
            1 => any::<u16>(),
        ];
        let kind = select(&["application/json", "text/event-stream", "text/html", ""][..]);
        let location = option::weighted(0.2, prop_oneof![text(), Just("/mcp".to_owned())]);
        let change = (option::weighted(0.7, edits()), slips(), option::weighted(0.1, text()));
        (status, kind, location, change)
    };
    fuzz("client: a stranger's server", inputs, |(status, kind, location, change)| {
        let (edits, slips, instead) = change;
        let good = edited(&good_for_everything(), edits.as_deref().unwrap_or_default());
        let body = instead.unwrap_or_else(|| slipped_text(&good, &slips));
        let body = if kind == "text/event-stream" { format!("data: {body}\n\n") } else { body };
        check_stranger(&Stranger { status, kind, location, body, asked: Cell::new(0) })
    });
}

/// Results in the dialects of the servers that we know.
fn results() -> Vec<Value> {
    let v1 = json!({"scheme": "exact", "network": "base-sepolia", "maxAmountRequired": "50000",
        "asset": offer()["asset"], "payTo": offer()["payTo"], "maxTimeoutSeconds": 60,
        "extra": {"name": "USDC", "version": "2"}});
    let v2 = json!({"x402Version": 2, "error": "pay", "accepts": [offer()],
        "resource": {"url": "mcp://tool/t"},
        "extensions": {"payment-identifier": {"info": {"required": true}}}});
    let hybrid = json!({"x402Version": 2, "error": "pay", "accepts": [offer(), v1]});
    let receipt = json!({"success": true, "network": "base-sepolia", "amount": "50000",
        "transaction": format!("0x{}", "ab".repeat(32))});
    let pending = json!({"success": false, "errorReason": "settlement_pending", "transaction": ""});
    let said = |word: &str| {
        json!({"isError": true, "content": [{"type": "text", "text": "no"}],
            "structuredContent": {"error": {"code": "x", "moneyMoved": word}}})
    };
    vec![
        json!({"isError": true, "structuredContent": v2, "_meta": {"x402/error": hybrid},
            "content": [{"type": "text", "text": v2.to_string()}]}),
        json!({"isError": true, "_meta": {"x402/error": hybrid}, "content": []}),
        json!({"isError": true, "content": [{"type": "text", "text": format!("Error: {v2}")}]}),
        json!({"content": [], "_meta": {"x402/payment-response": receipt}}),
        json!({"isError": true, "structuredContent": v2, "_meta": {"x402/payment-response": pending}}),
        said("no"),
        said("unknown"),
        said("yes"),
    ]
}

/// What is offered stands in the challenge in plain sight, and can be signed.
fn check_challenge(challenge: &Challenge) -> Verdict {
    prop_assert!(challenge.error.chars().count() <= 500 && is_clean(&challenge.error));
    prop_assert!(challenge.offers.len() + challenge.unusable.len() <= 32);
    let networks: Vec<_> = NETWORKS.iter().collect();
    let chosen = choose(challenge, &networks);
    prop_assert_eq!(chosen.is_ok(), !challenge.offers.is_empty());
    if let Err(why) = chosen {
        prop_assert!(why.to_string().chars().count() < 900 && is_clean(&why.to_string()));
    }
    for offer in &challenge.offers {
        let (key, id) = match offer.version {
            Version::V1 => ("maxAmountRequired", offer.network.v1_name),
            Version::V2 => ("amount", offer.network.caip2),
        };
        let word = |key: &str| offer.raw[key].as_str().unwrap_or_default();
        prop_assert_eq!(word("scheme"), "exact");
        prop_assert_eq!(word("network"), id);
        prop_assert_eq!(word(key).parse::<u64>().ok(), Some(offer.amount.atomic()));
        prop_assert_eq!(word("payTo").parse::<Address>().ok(), Some(offer.pay_to));
        prop_assert_eq!(word("asset").parse::<Address>().ok(), Some(offer.network.usdc));
        let world = World::new();
        let signed = authorize(offer, Address::repeat_byte(1), world.now(), &world);
        prop_assert!(!typed_data(offer.network, &signed)["message"].is_null());
        let payment = payload(offer, &signed, &Bytes::from(vec![1; 65]));
        prop_assert!(for_meta(offer, &payment).to_string().len() < 64 * 1024);
    }
    Ok(())
}

fn check_answer(result: &Value) -> Verdict {
    let outcome: Result<Value, ClientError> = Ok(result.clone());
    let answer = read_answer(&outcome);
    let said = &result["structuredContent"]["error"]["moneyMoved"];
    let pending = result["_meta"]["x402/payment-response"]["errorReason"] == "settlement_pending";
    let is_failed = result["isError"] == true;
    match &answer {
        Answer::Challenge(challenge) => {
            prop_assert!(is_failed || !result["isError"].is_boolean());
            prop_assert!(said != "unknown" && said != "yes");
            check_challenge(challenge)?;
        }
        Answer::Done { .. } => prop_assert!(!is_failed),
        Answer::Unknown { text, transaction } => {
            prop_assert!(text.chars().count() <= 2_000 && is_clean(text));
            prop_assert!(transaction.as_deref().is_none_or(|hash| hash.len() == 66));
        }
        Answer::Failed { text, .. } => {
            prop_assert!(text.chars().count() <= 2_000 && is_clean(text));
        }
    }
    let is_unsettled = result["_meta"]["x402/payment-response"]["success"] == false;
    if (pending && is_unsettled) || (is_failed && said == "unknown") {
        prop_assert!(matches!(answer, Answer::Unknown { .. }), "{answer:?}");
    }
    Ok(())
}

#[test]
fn an_answer_about_money_is_read_as_it_stands() {
    let inputs = || {
        let change = option::weighted(0.9, edits());
        (0..results().len(), change, slips(), option::weighted(0.05, json()), any::<i16>())
    };
    let results = results();
    fuzz("payer: the answer", inputs, move |(which, edits, slips, instead, code)| {
        let good = edited(&results[which], edits.as_deref().unwrap_or_default());
        let text = instead.map_or_else(|| slipped_text(&good, &slips), |json| json.to_text());
        let Ok(result) = serde_json::from_str::<Value>(&text) else { return Ok(()) };
        check_answer(&result)?;
        // The same as the data of an error.
        let data = result.get("structuredContent").cloned().unwrap_or(result);
        let code = if code % 2 == 0 { 402 } else { i64::from(code) };
        let message = "no".to_owned();
        let outcome = Err(ClientError::Rpc { code, message, data: Some(data), status: 200 });
        if let Answer::Challenge(challenge) = read_answer(&outcome) {
            prop_assert_eq!(code, 402);
            check_challenge(&challenge)?;
        }
        Ok(())
    });
}
