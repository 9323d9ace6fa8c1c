//! Bodies and headers of the server, by the parser alone.

use events_concierge::base::http::{Headers, Reply};
use events_concierge::mcp::eras::{BATCH_MAX, Inbound, check_head, plain_caller, read};
use events_concierge::mcp::wire::ID_BYTES_MAX;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::bytes::{slipped, slips};
use super::input::{Edit, Json, edited, edits, json, number, text};
use super::{Verdict, fuzz};

const METHODS: &[&str] = &[
    "initialize",
    "ping",
    "server/discover",
    "tools/list",
    "tools/call",
    "resources/list",
    "resources/read",
    "resources/templates/list",
    "prompts/list",
    "prompts/get",
    "notifications/initialized",
];
const VERSIONS: &[&str] =
    &["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05", "2027-01-01", "1"];
const TOOLS: &[&str] =
    &["listEvents", "getAllEvents", "getEvent", "rsvpToEvent", "getEventAnalytics", "createEvent"];

/// A body with the headers that it came with.
#[derive(Clone, Debug)]
pub(super) struct Posted {
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

/// Posts that begin as a good message, or a batch of them, of one of the eras.
pub(super) fn posted() -> BoxedStrategy<Posted> {
    let whole = (message(), headers_of_a_call()).prop_map(|((call, headers), more)| {
        let headers = headers.into_iter().chain(more).collect();
        (call, headers)
    });
    let batch = vec(message(), 1..24).prop_map(|calls| {
        let calls: Vec<Value> = calls.into_iter().map(|(call, _)| for_batch(call)).collect();
        (json!(calls), vec![("mcp-protocol-version", "2025-03-26".to_owned())])
    });
    let good = prop_oneof![4 => whole, 1 => batch];
    let changes = prop_oneof![
        1 => Just(None),
        3 => edits().prop_map(|edits| Some((true, edits))),
        2 => edits().prop_map(|edits| Some((false, edits))),
    ];
    let slips = prop_oneof![3 => Just(Vec::new()), 1 => slips()];
    let changed = (good, changes, slips).prop_map(|((value, headers), changes, slips)| {
        let text = changed(&value, changes);
        Posted { headers, body: slipped(text.as_bytes(), &slips) }
    });
    let other = (json(), headers_of_a_call())
        .prop_map(|(json, headers)| Posted { headers, body: json.to_text().into_bytes() });
    let noise = vec(any::<u8>(), 0..200).prop_map(|body| Posted { headers: Vec::new(), body });
    prop_oneof![10 => changed.boxed(), 2 => other.boxed(), 1 => noise].boxed()
}

/// The message with changes to its parameters alone, or to all of it.
fn changed(message: &Value, changes: Option<(bool, Vec<Edit>)>) -> String {
    match (changes, message.get("params"), Json::of(message)) {
        (Some((true, edits)), Some(params), Json::Object(mut members)) => {
            members.retain(|(name, _)| name != "params");
            members.push(("params".to_owned(), Json::Raw(edited(params, &edits))));
            Json::Object(members).to_text()
        }
        (Some((_, edits)), ..) => edited(message, &edits),
        (None, ..) => message.to_string(),
    }
}

/// The same message as one of the version that has batches.
fn for_batch(mut message: Value) -> Value {
    if message["method"] == "initialize" || message["method"] == "server/discover" {
        message["method"] = json!("ping");
    }
    if let Some(params) = message["params"].as_object_mut() {
        params.remove("_meta");
    }
    message
}

/// A message, with the headers that it needs.
fn message() -> BoxedStrategy<(Value, Vec<(&'static str, String)>)> {
    let id = prop_oneof![
        3 => (0..100_u32).prop_map(|id| json!(id)),
        1 => text().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
    ];
    let id = option::weighted(0.9, id);
    let event = select(&["evt_c7ae046d0cf03937cd76d5b2", "evt_0123456789abcdef01234567"][..]);
    (select(METHODS), select(TOOLS), id, event, any::<bool>())
        .prop_map(|(method, tool, id, event, modern)| {
            let mut params = match (method, tool) {
                ("tools/call", "listEvents" | "getAllEvents") => {
                    json!({"name": tool, "arguments": {"limit": 3, "cursor": "WyJldmVudHMiLDEsWzEsImV2dCJdXQ"}})
                }
                ("tools/call", _) => json!({"name": tool, "arguments": {"eventId": event}}),
                ("resources/read", _) => json!({"uri": format!("event://{event}")}),
                ("prompts/get", _) => json!({"name": "rsvp", "arguments": {"event": event}}),
                ("initialize", _) => json!({"protocolVersion": "2025-11-25", "capabilities": {}}),
                _ => json!({}),
            };
            let mut headers = Vec::new();
            if modern {
                params["_meta"] = json!({
                    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                    "io.modelcontextprotocol/clientCapabilities": {},
                });
                headers.push(("mcp-protocol-version", "2026-07-28".to_owned()));
                headers.push(("mcp-method", method.to_owned()));
                let name = params.get("name").or(params.get("uri")).and_then(Value::as_str);
                headers.extend(name.map(|name| ("mcp-name", name.to_owned())));
            }
            let mut call = json!({"jsonrpc": "2.0", "method": method, "params": params});
            if let Some(id) = id {
                call["id"] = id;
            }
            (call, headers)
        })
        .boxed()
}

/// Headers beside those that a message needs. The first one of a name counts.
fn headers_of_a_call() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let names = &["mcp-protocol-version", "mcp-method", "mcp-name", "accept", "content-type"][..];
    let values = prop_oneof![
        3 => select(VERSIONS).prop_map(str::to_owned),
        2 => select(METHODS).prop_map(str::to_owned),
        2 => select(&["text/event-stream", "*/*;q=0", "application/json", ",,;", "text/html"][..])
            .prop_map(str::to_owned),
        1 => "=\\?base64\\?[A-Za-z0-9+/]{0,20}={0,2}\\?=",
        2 => text(),
    ];
    prop_oneof![2 => Just(Vec::new()), 1 => vec((select(names), values), 1..4)]
}

pub(super) fn headers(pairs: &[(&str, String)]) -> Headers {
    Headers::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

/// Whether MCP allows this as an id that we can read.
fn is_id(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_i64() || number.is_u64(),
        Value::String(text) => text.len() <= ID_BYTES_MAX,
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

/// The id of a message, if it wants an answer and can be told which.
fn id_of(message: &Value) -> Option<&Value> {
    message.get("id").filter(|id| is_id(id))
}

/// An answer is JSON-RPC, of moderate size, and to the message that was asked.
pub(super) fn check_answer(reply: &Reply, body: &[u8]) -> Verdict {
    prop_assert!((200..500).contains(&reply.status), "{reply:?}");
    prop_assert!(reply.body.len() <= 500_000 + 16 * body.len(), "{} bytes", reply.body.len());
    for (name, value) in &reply.headers {
        let is_plain = value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        prop_assert!(is_plain, "{name}: {value:?}");
    }
    if reply.body.is_empty() {
        prop_assert_eq!(reply.status, 202);
        return Ok(());
    }
    let answer: Value = serde_json::from_str(&reply.body)
        .map_err(|error| TestCaseError::fail(format!("{error}: {}", reply.body)))?;
    if reply.status == 402 {
        prop_assert_eq!(&answer["x402Version"], 1);
        return Ok(());
    }
    let asked: Option<Value> = serde_json::from_slice(body).ok();
    match (&answer, asked) {
        (Value::Array(answers), Some(Value::Array(asked))) => {
            let ids: Vec<_> = asked.iter().filter_map(id_of).collect();
            for answer in answers {
                prop_assert!(ids.contains(&&answer["id"]), "{answer}");
                check_one(answer, None)?;
            }
            Ok(())
        }
        (Value::Object(_), Some(asked @ Value::Object(_))) => check_one(&answer, id_of(&asked)),
        (Value::Object(_), _) => {
            prop_assert!(answer.get("id").is_none(), "{answer}");
            check_one(&answer, None)
        }
        _ => Err(TestCaseError::fail(format!("no answer: {answer}"))),
    }
}

fn check_one(answer: &Value, id: Option<&Value>) -> Verdict {
    prop_assert_eq!(&answer["jsonrpc"], "2.0");
    prop_assert!(answer.get("result").is_some() != answer.get("error").is_some(), "{answer}");
    if let Some(error) = answer.get("error") {
        prop_assert!(error["code"].is_i64() && error["message"].is_string(), "{answer}");
    }
    if let (Some(found), Some(id)) = (answer.get("id"), id) {
        prop_assert_eq!(found, id);
    }
    Ok(())
}

fn check_read(posted: &Posted) -> Verdict {
    let headers = headers(&posted.headers);
    let asked: Option<Value> = serde_json::from_slice(&posted.body).ok();
    match read(&headers, &posted.body) {
        Inbound::Refused(reply) => {
            prop_assert!(!reply.body.is_empty());
            check_answer(&reply, &posted.body)
        }
        Inbound::Accepted => {
            prop_assert!(asked.is_some());
            Ok(())
        }
        Inbound::Call(call) => {
            let asked = asked.unwrap_or_default();
            prop_assert_eq!(&json!(call.id), &asked["id"]);
            prop_assert_eq!(&json!(call.method), &asked["method"]);
            prop_assert!(!(call.names_version && plain_caller(&headers, &call)));
            Ok(())
        }
        Inbound::Calls(items) => {
            let asked = asked.unwrap_or_default();
            let wanted = asked.as_array().map_or(0, |items| items.len());
            prop_assert!(!items.is_empty() && items.len() <= wanted && wanted <= BATCH_MAX);
            Ok(())
        }
    }
}

#[test]
fn a_body_is_read_or_refused_in_good_form() {
    fuzz("mcp: the body", posted, |posted| check_read(&posted));
}

#[test]
fn headers_are_compared_or_refused_in_good_form() {
    let inputs = || {
        let call = message().prop_map(|(call, headers)| (call.to_string().into_bytes(), headers));
        (
            call,
            vec((select(&["accept", "content-type", "mcp-name", "mcp-method"][..]), text()), 0..5),
        )
    };
    fuzz("mcp: the headers", inputs, |((body, good), more)| {
        // Those that come first count: once the hostile ones, once the good ones.
        let hostile_first: Vec<_> = more.iter().chain(&good).cloned().collect();
        let good_first: Vec<_> = good.iter().chain(&more).cloned().collect();
        for pairs in [hostile_first, good_first] {
            if let Err(reply) = check_head(&headers(&pairs)) {
                prop_assert!(matches!(reply.status, 406 | 415));
                check_answer(&reply, &[])?;
            }
            check_read(&Posted { headers: pairs, body: body.clone() })?;
        }
        Ok(())
    });
}

/// Numbers where a number, a text or an object should stand.
pub(super) fn numbered() -> impl Strategy<Value = Json> {
    let name = &["id", "jsonrpc", "method", "params"][..];
    (select(name), number()).prop_map(|(name, number)| {
        let good = json!({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {}});
        let Json::Object(mut members) = Json::of(&good) else { return Json::Raw(number) };
        members.retain(|(found, _)| found != name);
        members.push((name.to_owned(), Json::Raw(number)));
        Json::Object(members)
    })
}
