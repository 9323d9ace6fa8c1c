//! Servers of 2026-07-28.

use events_concierge::mcp::client::{ClientError, PAGES_MAX, TOOLS_MAX};
use events_concierge::mcp::eras::{Era, Inbound, check_head, read};
use serde_json::{Value, json};

use super::{Script, call, connect, error, http, legacy, modern, result, rules, tool};
use crate::client::{Client, block_on};

#[test]
fn a_modern_server_is_spoken_to_as_it_wants_to_be() {
    let script = Script::new(modern);
    let (mut connection, tools) = connect(&script, None).unwrap();
    assert_eq!((connection.era, connection.protocol.as_str()), (Era::Modern, "2026-07-28"));
    assert_eq!((connection.server.as_str(), &connection.session), ("modern", &None));
    assert_eq!(tools.len(), 1);
    let answer = call(&script, &mut connection).unwrap();
    assert_eq!(answer["content"][0]["text"], "ok");
    assert_eq!(script.methods(), ["server/discover", "tools/list", "tools/call"]);
    let called = script.last();
    assert_eq!(called.body["params"]["arguments"], json!({"city": "Köln"}));
    assert_eq!(called.body["params"]["_meta"]["x402/payment"], json!({"x402Version": 2}));
    assert_eq!(called.headers.get("mcp-name"), Some("t"));
    let limits: Vec<u32> =
        script.seen.borrow().iter().map(|seen| seen.request.timeout_millis).collect();
    assert_eq!(limits, [20_000, 20_000, 55_000]);
    // Our own server reads every one of them as a modern call.
    for seen in script.seen.borrow().iter() {
        let body = seen.request.body.clone().unwrap();
        assert_eq!(check_head(&seen.headers), Ok(()));
        let Inbound::Call(read) = read(&seen.headers, body.as_bytes()) else { panic!("{body}") };
        assert_eq!((read.era, read.method.as_str()), (Era::Modern, seen.method()));
        assert_eq!(seen.request.response_bytes_max, 1_048_576);
    }
}

#[test]
fn a_connection_is_the_same_after_storage() {
    let script = Script::new(modern);
    let (connection, _) = connect(&script, None).unwrap();
    let stored = serde_json::to_string(&connection).unwrap();
    assert_eq!(serde_json::from_str::<crate::client::Connection>(&stored).unwrap(), connection);
}

#[test]
fn streams_are_read_for_every_request() {
    let script = Script::new(|seen| {
        let answer = modern(seen)?.body;
        let half = answer.len() / 2;
        let half = (half..).find(|place| answer.as_bytes()[*place] == b',').unwrap() + 1;
        let body = format!(
            ": hi\r\n\r\nevent: message\r\ndata: {{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}}\r\n\r\nid: 1\r\ndata: {}\r\ndata: {}\r\n\r\n",
            &answer[..half],
            &answer[half..]
        );
        http(200, &[("content-type", "text/event-stream; charset=utf-8")], &body)
    });
    let (mut connection, tools) = connect(&script, None).unwrap();
    assert_eq!(tools.len(), 1);
    assert!(call(&script, &mut connection).is_ok());
}

#[test]
fn a_modern_error_keeps_a_server_modern() {
    for code in [-32_020, -32_021] {
        let script = Script::new(move |seen| error(seen, 400, code, Value::Null));
        let refused = connect(&script, None).unwrap_err();
        assert!(
            matches!(refused, ClientError::Rpc { code: found, .. } if found == i64::from(code))
        );
        assert_eq!(script.methods(), ["server/discover"]);
    }
}

#[test]
fn a_refused_version_is_answered_with_one_that_the_server_names_once_each() {
    // The server names the very version that it has refused, and takes it the second time.
    let named = json!({"supported": ["2027-07-28", "2026-07-28"], "requested": "2026-07-28"});
    let once = named.clone();
    let script = Script::new(move |seen| match seen.before {
        0 => error(seen, 400, -32_022, once.clone()),
        _ => modern(seen),
    });
    assert_eq!(connect(&script, None).unwrap().0.protocol, "2026-07-28");
    assert_eq!(script.methods(), ["server/discover", "server/discover", "tools/list"]);
    // One that refuses what it names itself, whenever it is asked, is given up.
    let script = Script::new(move |seen| error(seen, 400, -32_022, named.clone()));
    let refused = connect(&script, None).unwrap_err();
    assert_eq!(script.methods(), ["server/discover", "server/discover"]);
    let text = refused.to_string();
    assert!(text.contains("2027-07-28") && text.contains("2025-11-25"), "{text}");
    // One that names none of ours is not asked again.
    for (supported, shown) in [
        (json!({"supported": ["2027-07-28", 5, {}]}), "it names: 2027-07-28;"),
        (json!({"supported": "2026-07-28"}), "it names: none;"),
        (Value::Null, "it names: none;"),
    ] {
        let script = Script::new(move |seen| error(seen, 400, -32_022, supported.clone()));
        let refused = connect(&script, None).unwrap_err();
        assert!(matches!(refused, ClientError::NoCommonVersion { .. }), "{refused}");
        assert!(refused.says_nothing_was_done() && refused.to_string().contains(shown));
        assert_eq!(script.methods(), ["server/discover"]);
    }
    // However much it names, and whatever: it is bounded.
    let many = json!({"supported": vec!["x\u{1b}".repeat(10_000); 10_000]});
    let script = Script::new(move |seen| error(seen, 400, -32_022, many.clone()));
    let text = connect(&script, None).unwrap_err().to_string();
    assert!(text.len() < 1_500 && !text.contains('\u{1b}'), "{}", text.len());
}

#[test]
fn a_call_whose_version_is_refused_is_sent_once_more_in_one_that_the_server_names() {
    for (supported, calls, then) in [
        (json!(["2026-07-28"]), 2, Some(Era::Modern)),
        (json!(["2025-11-25"]), 2, Some(Era::Legacy)),
        (json!(["2027-07-28"]), 1, None),
    ] {
        let named = json!({"supported": supported});
        let script = Script::new(move |seen| match seen.method() {
            "tools/call" if seen.before == 2 => error(seen, 400, -32_022, named.clone()),
            "initialize" | "notifications/initialized" => legacy(seen),
            _ => modern(seen),
        });
        let (mut connection, _) = connect(&script, None).unwrap();
        let answer = call(&script, &mut connection);
        assert_eq!(answer.is_ok(), then.is_some(), "{answer:?}");
        assert_eq!(Some(connection.era).filter(|_| answer.is_ok()), then);
        let sent: Vec<Value> = {
            let seen = script.seen.borrow();
            let calls = seen.iter().filter(|seen| seen.method() == "tools/call");
            calls.map(|seen| seen.body["params"]["_meta"]["x402/payment"].clone()).collect()
        };
        assert_eq!(sent, vec![json!({"x402Version": 2}); calls], "the same payment");
    }
}

#[test]
fn connecting_ends_after_thirty_seconds_whatever_its_steps_may_take() {
    // Each answer comes just within the limit of its step.
    let script = Script::new(modern).late(19_000);
    let failed = connect(&script, None).unwrap_err();
    assert_eq!(failed, ClientError::ConnectTimeout);
    assert!(failed.to_string().contains("within 30 seconds"), "{failed}");
    assert_eq!(script.methods(), ["server/discover", "tools/list"]);
    assert_eq!(script.time(), 30_000);
    let script = Script::new(modern).late(14_000);
    assert!(connect(&script, None).is_ok());
    assert_eq!(script.time(), 28_000);
}

#[test]
fn a_modern_server_without_discover_is_used_when_it_refuses_the_handshake() {
    for (status, code) in [(404, -32_601), (400, -32_600), (400, -32_602)] {
        let script = Script::new(move |seen| match seen.method() {
            "server/discover" => error(seen, status, code, Value::Null),
            _ => modern(seen),
        });
        let (connection, tools) = connect(&script, None).unwrap();
        assert_eq!((connection.era, tools.len()), (Era::Modern, 1));
        assert_eq!(script.methods(), ["server/discover", "initialize", "tools/list"]);
    }
}

#[test]
fn a_result_is_complete_unless_it_says_something_else() {
    for absent in [None, Some(Value::Null)] {
        let script = Script::new(move |seen| match seen.method() {
            "tools/call" => {
                let mut answer = json!({"content": [{"type": "text", "text": "ok"}]});
                if let Some(kind) = &absent {
                    answer["resultType"] = kind.clone();
                }
                result(seen, &answer)
            }
            "tools/list" => result(seen, &json!({"tools": [tool()]})),
            _ => result(seen, &json!({"supportedVersions": ["2026-07-28"]})),
        });
        let (mut connection, tools) = connect(&script, None).unwrap();
        assert_eq!((connection.era, tools.len()), (Era::Modern, 1));
        assert_eq!(call(&script, &mut connection).unwrap()["content"][0]["text"], "ok");
        assert_eq!(script.methods(), ["server/discover", "tools/list", "tools/call"]);
    }
    for (kind, expected) in [
        (json!("input_required"), Some(ClientError::InputRequired)),
        (json!("payment_required"), None),
        (json!(true), None),
        (json!(["complete"]), None),
    ] {
        let script = Script::new(move |seen| match seen.method() {
            "tools/call" => result(seen, &json!({"content": [], "resultType": kind})),
            _ => modern(seen),
        });
        let (mut connection, _) = connect(&script, None).unwrap();
        let failed = call(&script, &mut connection).unwrap_err();
        assert!(!failed.says_nothing_was_done());
        match expected {
            Some(expected) => assert_eq!(failed, expected),
            None => assert!(matches!(failed, ClientError::Protocol(_)), "{failed}"),
        }
    }
}

#[test]
fn after_a_header_mismatch_the_list_is_read_again_and_the_call_sent_once_more() {
    let script = Script::new(|seen| match seen.method() {
        "tools/list" => {
            let mut tool = tool();
            let name = if seen.before < 3 { json!(null) } else { json!("City") };
            tool["inputSchema"]["properties"]["city"] = json!({"type": "string"});
            if !name.is_null() {
                tool["inputSchema"]["properties"]["city"]["x-mcp-header"] = name;
            }
            result(seen, &json!({"resultType": "complete", "tools": [tool]}))
        }
        "tools/call" if seen.headers.get("mcp-param-city").is_none() => {
            error(seen, 400, -32_020, Value::Null)
        }
        _ => modern(seen),
    });
    let (mut connection, _) = connect(&script, None).unwrap();
    assert!(call(&script, &mut connection).is_ok());
    let expected = ["server/discover", "tools/list", "tools/call", "tools/list", "tools/call"];
    assert_eq!(script.methods(), expected);
    assert_eq!(script.last().headers.get("mcp-param-City"), Some("=?base64?S8O2bG4=?="));
    let seen = script.seen.borrow();
    let params = |place: usize| seen[place].body["params"].clone();
    assert_eq!(params(2), params(4), "the same payment and the same arguments");
    drop(seen);
    // From now on it is right at once.
    assert!(call(&script, &mut connection).is_ok());
    assert_eq!(script.methods().len(), 6);
}

#[test]
fn a_server_that_always_finds_a_mismatch_is_asked_twice_and_no_more() {
    let script = Script::new(|seen| match seen.method() {
        "tools/call" => error(seen, 400, -32_020, Value::Null),
        _ => modern(seen),
    });
    let (mut connection, _) = connect(&script, None).unwrap();
    assert!(call(&script, &mut connection).unwrap_err().says_nothing_was_done());
    let calls = script.methods().iter().filter(|method| *method == "tools/call").count();
    assert_eq!(calls, 2);
}

#[test]
fn pages_are_read_to_their_end_within_limits() {
    let paged = |pages: usize, size: usize| {
        Script::new(move |seen| {
            if seen.method() != "tools/list" {
                return modern(seen);
            }
            let cursor = seen.body["params"]["cursor"].as_str().unwrap_or("0");
            let page: usize = cursor.parse().unwrap();
            let tools: Vec<Value> = (0..size)
                .map(|nth| json!({"name": format!("t{page}-{nth}"), "inputSchema": {}}))
                .collect();
            let mut page_of = json!({"resultType": "complete", "tools": tools});
            if page + 1 < pages {
                page_of["nextCursor"] = json!((page + 1).to_string());
            }
            result(seen, &page_of)
        })
    };
    for (pages, size, tools, asked) in [
        (1, 3, 3, 1),
        (3, 2, 6, 3),
        (1_000, 1, PAGES_MAX, PAGES_MAX),
        (1_000, 100, TOOLS_MAX, 5),
        (1, 900, TOOLS_MAX, 1),
    ] {
        let script = paged(pages, size);
        let (_, found) = connect(&script, None).unwrap();
        assert_eq!(found.len(), tools);
        assert_eq!(script.methods().len(), 1 + asked);
    }
    let endless = Script::new(|seen| match seen.method() {
        "tools/list" => result(
            seen,
            &json!({"resultType": "complete", "tools": [tool(), tool()], "nextCursor": "same"}),
        ),
        _ => modern(seen),
    });
    assert_eq!(connect(&endless, None).unwrap().1.len(), 1, "a name counts once");
    assert_eq!(endless.methods().len(), 3);
}

#[test]
fn a_server_with_a_strange_list_is_an_error() {
    for tools in [Value::Null, json!({}), json!("none")] {
        let script = Script::new(move |seen| match seen.method() {
            "tools/list" => result(seen, &json!({"resultType": "complete", "tools": tools})),
            _ => modern(seen),
        });
        assert!(matches!(connect(&script, None), Err(ClientError::Protocol(_))));
    }
}

#[test]
fn nothing_is_ended_where_there_is_no_session() {
    let script = Script::new(modern);
    let (connection, _) = connect(&script, None).unwrap();
    block_on(Client::new(&script, &rules()).disconnect(&connection));
    assert_eq!(script.methods(), ["server/discover", "tools/list"]);
}
