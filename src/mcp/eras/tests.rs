//! Every rung of the ladder, in both eras.

use super::*;
use crate::mcp::wire::Id;

const VERSION: &str = "MCP-Protocol-Version";
const MODERN_VERSION: (&str, &str) = (VERSION, "2026-07-28");
const LIST: [(&str, &str); 2] = [MODERN_VERSION, ("Mcp-Method", "tools/list")];

fn rpc(method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
}

fn modern(method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({KEY_VERSION: "2026-07-28", KEY_CAPABILITIES: {}});
    rpc(method, params)
}

/// `tools/list` with another `_meta`.
fn with_meta(meta: Value) -> Value {
    rpc("tools/list", json!({"_meta": meta}))
}

fn note(params: Value) -> Value {
    json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})
}

fn run(pairs: &[(&str, &str)], body: &str) -> Inbound {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    read(&Headers::new(pairs.collect()), body.as_bytes())
}

/// Refused with this status, code and data, and with the id of the body if it can be read.
fn check(pairs: &[(&str, &str)], body: impl ToString, status: u16, code: i32, data: Value) {
    let body = body.to_string();
    let Inbound::Refused(reply) = run(pairs, &body) else { panic!("served: {pairs:?} {body}") };
    let answer: Value = serde_json::from_str(&reply.body).unwrap();
    let error = &answer["error"];
    assert_eq!((reply.status, &error["code"]), (status, &json!(code)), "{pairs:?} {body}");
    assert_eq!(error.get("data").cloned().unwrap_or_default(), data, "{pairs:?} {body}");
    let sent: Value = serde_json::from_str(&body).unwrap_or_default();
    let id = sent.get("id").filter(|id| id.is_i64() || id.is_u64() || id.is_string());
    assert_eq!(answer.get("id"), id, "{pairs:?} {body}");
}

fn served(pairs: &[(&str, &str)], body: impl ToString) -> Call {
    let body = body.to_string();
    let inbound = run(pairs, &body);
    let Inbound::Call(call) = inbound else { panic!("not served: {pairs:?} {body}: {inbound:?}") };
    call
}

fn accepted(pairs: &[(&str, &str)], body: impl ToString) {
    let body = body.to_string();
    assert_eq!(run(pairs, &body), Inbound::Accepted, "{pairs:?} {body}");
}

#[test]
fn step_4_the_body_is_json() {
    for body in ["", "{", "tools/list", "{\"a\":1}{", "\u{feff}{}"] {
        check(&[], body, 400, -32700, json!(null));
        check(&LIST, body, 400, -32700, json!(null));
    }
    let deep = |depth| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    check(&[], deep(128), 400, -32700, json!(null));
    check(&[], deep(100), 400, -32600, json!(null));
}

#[test]
fn a_message_is_json_rpc_with_an_id_that_can_be_echoed() {
    for version in [&[][..], &LIST[..]] {
        for body in [
            json!(null),
            json!("ping"),
            json!({"id": 7, "method": "ping"}),
            json!({"jsonrpc": "2.0", "id": "a", "method": "x".repeat(129)}),
            json!({"jsonrpc": "2.0", "id": null, "method": "ping"}),
            json!({"jsonrpc": "2.0", "id": 1.5, "method": "ping"}),
            json!({"jsonrpc": "2.0", "id": {}, "method": "ping"}),
            json!({"jsonrpc": "2.0", "id": 7, "method": "ping", "params": [1]}),
        ] {
            check(version, body, 400, -32600, json!(null));
        }
    }
    for id in [json!(0), json!(-1), json!(u64::MAX), json!("a"), json!("")] {
        let call = served(&[], json!({"jsonrpc": "2.0", "id": id, "method": "ping"}));
        assert_eq!(serde_json::to_value(&call.id).unwrap(), id);
    }
}

#[test]
fn step_5_batches_belong_to_one_version() {
    let ping = || json!({"jsonrpc": "2.0", "id": "p", "method": "ping"});
    let two = json!([ping(), note(json!({})), rpc("tools/list", json!({}))]);
    for pairs in [&[][..], &[(VERSION, "2025-03-26")][..]] {
        let Inbound::Calls(items) = run(pairs, &two.to_string()) else { panic!("{pairs:?}") };
        let calls: Vec<_> = items.into_iter().map(Result::unwrap).collect();
        let ids: Vec<_> = calls.iter().map(|call| call.id.clone()).collect();
        assert_eq!(ids, [Id::Text("p".to_owned()), Id::Number(7.into())]);
        assert!(calls.iter().all(|call| call.era == Era::Legacy && call.names_version));
        accepted(pairs, json!([note(json!({})), {"jsonrpc": "2.0", "id": 1, "result": {}}]));
        for body in [
            json!([]),
            json!([ping(), 5]),
            json!([ping(), [ping()]]),
            json!([ping(), {"jsonrpc": "2.0", "id": 1.5, "method": "ping"}]),
            json!([ping(), modern("tools/list", json!({}))]),
            json!([note(json!({"_meta": {KEY_VERSION: "2026-07-28"}}))]),
            json!([rpc("initialize", json!({"protocolVersion": "2025-03-26"}))]),
            json!(vec![ping(); BATCH_MAX + 1]),
        ] {
            check(pairs, body, 400, -32600, json!(null));
        }
        let most = json!(vec![ping(); BATCH_MAX]).to_string();
        assert!(matches!(run(pairs, &most), Inbound::Calls(calls) if calls.len() == BATCH_MAX));
    }
    for version in ["2026-07-28", "2025-11-25", "2025-06-18", "2024-11-05", "v999.0.0", "1"] {
        check(&[(VERSION, version)], &two, 400, -32600, json!(null));
    }
    let lone = json!([rpc("server/discover", json!({})), ping()]).to_string();
    let Inbound::Calls(items) = run(&[], &lone) else { panic!("{lone}") };
    assert!(items[0].as_ref().is_err_and(|reply| reply.body.contains("-32602")));
    assert!(items[1].is_ok());
}

#[test]
fn step_6_responses_and_notifications_are_accepted_where_their_era_has_them() {
    let response = json!({"jsonrpc": "2.0", "id": 1, "result": {}});
    for version in LEGACY {
        accepted(&[(VERSION, version)], &response);
        accepted(&[(VERSION, version)], note(json!({})));
    }
    accepted(&[], &response);
    accepted(&[], json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    let unknown = [(VERSION, "2025-01-01")];
    check(&unknown, note(json!({})), 400, -32000, json!(null));
    let Inbound::Refused(reply) = run(&unknown, &response.to_string()) else { panic!() };
    assert!(reply.body.contains("-32000") && !reply.body.contains("\"id\""));
    let Inbound::Refused(reply) = run(&LIST, &response.to_string()) else { panic!() };
    assert!(reply.body.contains("-32600") && reply.status == 400);

    let claimed = note(json!({"_meta": {KEY_VERSION: "2026-07-28"}}));
    let method = ("Mcp-Method", "notifications/cancelled");
    for pairs in [&[][..], &[MODERN_VERSION][..], &[MODERN_VERSION, method][..]] {
        accepted(pairs, &claimed);
        accepted(pairs, note(json!({"requestId": 1})));
    }
    check(&[(VERSION, "2025-11-25")], &claimed, 400, -32020, json!(null));
    check(&LIST, &claimed, 400, -32020, json!(null));
    check(&LIST, note(json!({})), 400, -32020, json!(null));
    check(&[], note(json!({"_meta": {KEY_VERSION: 5}})), 400, -32602, json!(null));
    let data = json!({"supported": MODERN, "requested": "v999.0.0"});
    check(&[(VERSION, "v999.0.0")], note(json!({})), 400, -32022, data);
}

#[test]
fn step_7_a_claim_is_whole_and_agrees_with_the_header() {
    let none = json!(null);
    for meta in [
        json!({KEY_VERSION: 20_260_728, KEY_CAPABILITIES: {}}),
        json!({KEY_VERSION: null, KEY_CAPABILITIES: {}}),
        json!({KEY_VERSION: "2026-07-28"}),
        json!({KEY_VERSION: "2026-07-28", KEY_CAPABILITIES: []}),
        json!({KEY_VERSION: "2026-07-28", KEY_CAPABILITIES: {}, KEY_LOG_LEVEL: "loud"}),
        json!({KEY_VERSION: "2026-07-28", KEY_CAPABILITIES: {}, KEY_LOG_LEVEL: 1}),
    ] {
        check(&LIST, with_meta(meta.clone()), 400, -32602, none.clone());
        check(&[], with_meta(meta), 400, -32602, none.clone());
    }
    let list = modern("tools/list", json!({}));
    check(&[], &list, 400, -32020, none.clone());
    check(&[LIST[1]], &list, 400, -32020, none.clone());
    check(&[(VERSION, "2025-11-25"), LIST[1]], &list, 400, -32020, none.clone());
    // The header alone makes a request modern, and one without a claim is faulty.
    for body in [
        rpc("tools/list", json!({})),
        json!({"jsonrpc": "2.0", "id": 7, "method": "tools/list"}),
        with_meta(json!({KEY_CAPABILITIES: {}})),
        with_meta(json!("x")),
    ] {
        check(&LIST, &body, 400, -32602, none.clone());
        check(&[(VERSION, "v999.0.0")], &body, 400, -32602, none.clone());
    }
    check(
        &LIST,
        rpc("initialize", json!({"protocolVersion": "2025-11-25"})),
        400,
        -32020,
        none.clone(),
    );
    for pairs in [&[][..], &[(VERSION, "2025-11-25")][..], &[(VERSION, "1")][..]] {
        check(pairs, rpc("server/discover", json!({})), 400, -32602, none.clone());
    }
}

#[test]
fn what_is_missing_is_named() {
    let message = |body: Value| {
        let Inbound::Refused(reply) = run(&LIST, &body.to_string()) else { panic!("{body}") };
        serde_json::from_str::<Value>(&reply.body).unwrap()["error"]["message"].to_string()
    };
    let both = message(rpc("tools/list", json!({})));
    assert!(both.contains(KEY_VERSION) && both.contains(KEY_CAPABILITIES), "{both}");
    let one = message(with_meta(json!({KEY_CAPABILITIES: {}})));
    assert!(one.contains(KEY_VERSION) && !one.contains(KEY_CAPABILITIES), "{one}");
    let other = message(with_meta(json!({KEY_VERSION: "2026-07-28"})));
    assert!(!other.contains(KEY_VERSION) && other.contains(KEY_CAPABILITIES), "{other}");
}

#[test]
fn legacy_is_what_claims_nothing() {
    for method in ["initialize", "ping", "tools/list", "logging/setLevel", "no/such"] {
        let call = served(&[], rpc(method, json!({"a": 1})));
        assert_eq!((call.era, call.names_version), (Era::Legacy, false), "{method}");
        assert_eq!((call.method.as_str(), &call.params["a"]), (method, &json!(1)));
        for version in LEGACY {
            // Headers of the other era are not looked at.
            let pairs = [(VERSION, *version), ("Mcp-Method", "other"), ("Mcp-Session-Id", "s")];
            let call = served(&pairs, rpc(method, json!({})));
            assert_eq!((call.era, call.names_version), (Era::Legacy, true), "{method} {version}");
        }
    }
    for version in ["1999-01-01", "2025-11-24", "", "2025-11-25, 2025-11-25"] {
        check(&[(VERSION, version)], rpc("tools/list", json!({})), 400, -32000, json!(null));
        served(&[(VERSION, version)], rpc("initialize", json!({})));
    }
}

#[test]
fn step_8_a_version_that_we_do_not_serve_is_named_with_those_that_we_do() {
    for version in ["v999.0.0", "2027-01-01", "2025-11-25", "1900-01-01"] {
        let body = with_meta(json!({KEY_VERSION: version, KEY_CAPABILITIES: {}}));
        let data = json!({"supported": ["2026-07-28"], "requested": version});
        check(&[(VERSION, version), LIST[1]], &body, 400, -32022, data.clone());
        check(&[(VERSION, version)], &body, 400, -32022, data);
        check(&LIST, &body, 400, -32020, json!(null));
    }
}

#[test]
fn step_9_method_and_name_are_repeated_in_headers() {
    let list = modern("tools/list", json!({}));
    for pairs in [
        &[MODERN_VERSION][..],
        &[MODERN_VERSION, ("Mcp-Method", "prompts/list")][..],
        &[MODERN_VERSION, ("Mcp-Method", "TOOLS/LIST")][..],
    ] {
        check(pairs, &list, 400, -32020, json!(null));
    }
    for name in ["mcp-method", "MCP-METHOD"] {
        let call = served(&[MODERN_VERSION, (name, " tools/list ")], &list);
        assert_eq!((call.era, call.names_version), (Era::Modern, true));
    }
    for (method, member) in
        [("tools/call", "name"), ("prompts/get", "name"), ("resources/read", "uri")]
    {
        let two = [MODERN_VERSION, ("mcp-method", method)];
        let body = modern(method, json!({member: "Hello"}));
        check(&two, &body, 400, -32020, json!(null));
        for name in ["hello", "", "=?base64?SGVsbG8?=", "=?base64?aGVsbG8=?=", "Hellö"] {
            check(&[two[0], two[1], ("mcp-name", name)], &body, 400, -32020, json!(null));
        }
        for name in ["Hello", "  Hello  ", "=?base64?SGVsbG8=?="] {
            served(&[two[0], two[1], ("MCP-Name", name)], &body);
        }
        // Without a name in the body there is nothing to compare: the handler refuses.
        served(&two, modern(method, json!({})));
        served(&[two[0], two[1], ("mcp-name", "Hello")], modern(method, json!({member: 5})));
    }
}

#[test]
fn step_10_unknown_and_removed_methods_are_not_found() {
    for method in [
        "initialize",
        "ping",
        "logging/setLevel",
        "resources/subscribe",
        "resources/unsubscribe",
        "completion/complete",
        "subscriptions/listen",
        "unknown/method",
    ] {
        let pairs = [MODERN_VERSION, ("mcp-method", method)];
        check(&pairs, modern(method, json!({})), 404, -32601, json!(null));
        check(&[MODERN_VERSION], modern(method, json!({})), 400, -32020, json!(null));
    }
    for method in MODERN_METHODS {
        let call = served(&[MODERN_VERSION, ("mcp-method", method)], modern(method, json!({})));
        assert_eq!(call.era, Era::Modern);
    }
}
