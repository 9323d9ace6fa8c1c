//! Servers of 2025-11-25 and older.

use std::cell::Cell;

use events_concierge::mcp::client::ClientError;
use events_concierge::mcp::eras::{Era, Inbound, read};
use events_concierge::ports::{HttpError, WebMethod};
use serde_json::{Value, json};

use super::{Answer, Script, Seen, call, connect, error, http, json_http, legacy, modern, result};
use super::{Client, block_on, rules};

#[test]
fn a_legacy_server_gets_the_handshake() {
    let script = Script::new(legacy);
    let (mut connection, tools) = connect(&script, None).unwrap();
    assert_eq!((connection.era, connection.protocol.as_str()), (Era::Legacy, "2025-11-25"));
    assert_eq!((connection.server.as_str(), tools.len()), ("Old one", 1));
    assert!(call(&script, &mut connection).is_ok());
    let expected =
        ["server/discover", "initialize", "notifications/initialized", "tools/list", "tools/call"];
    assert_eq!(script.methods(), expected);
    let called = script.last();
    assert_eq!(called.body["params"]["_meta"], json!({"x402/payment": {"x402Version": 2}}));
    assert_eq!(called.headers.get("mcp-protocol-version"), Some("2025-11-25"));
    for seen in script.seen.borrow().iter().skip(1) {
        let body = seen.request.body.clone().unwrap();
        match read(&seen.headers, body.as_bytes()) {
            Inbound::Call(call) => assert_eq!(call.era, Era::Legacy),
            Inbound::Accepted => assert_eq!(seen.method(), "notifications/initialized"),
            other @ (Inbound::Calls(_) | Inbound::Refused(_)) => panic!("{other:?}"),
        }
    }
}

#[test]
fn whatever_is_no_modern_answer_leads_to_the_handshake() {
    type Refuses = fn(&Seen) -> Answer;
    let refusals: &[Refuses] = &[
        |_| http(404, &[], "not found"),
        |_| http(405, &[], ""),
        |_| http(406, &[], ""),
        |_| http(400, &[("content-type", "text/plain")], "Bad Request: no session"),
        |_| http(200, &[("content-type", "text/html")], "<html>"),
        |seen| error(seen, 400, -32_000, Value::Null),
        // The Python SDK, without a session and for a method that it does not know.
        |seen| error(seen, 400, -32_600, Value::Null),
        |seen| error(seen, 200, -32_602, Value::Null),
        |_| json_http(400, &json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32_000}})),
        |seen| error(seen, 404, -32_601, Value::Null),
        |seen| result(seen, &json!({})),
        |seen| error(seen, 400, -32_022, json!({"supported": ["2025-06-18"]})),
        |seen| {
            let result_of = json!({"supportedVersions": ["2025-11-25"], "resultType": "complete"});
            result(seen, &result_of)
        },
        |_| http(500, &[], ""),
    ];
    for (nth, refuses) in refusals.iter().enumerate() {
        let refuses = *refuses;
        let script = Script::new(move |seen| match seen.method() {
            "server/discover" => refuses(seen),
            _ => legacy(seen),
        });
        let connected = connect(&script, None);
        let (connection, _) = connected.unwrap_or_else(|error| panic!("{nth}: {error}"));
        assert_eq!(connection.era, Era::Legacy, "{nth}");
    }
}

#[test]
fn a_known_era_is_tried_first_and_given_up_when_it_is_over() {
    let script = Script::new(legacy);
    connect(&script, Some(Era::Legacy)).unwrap();
    assert_eq!(script.methods(), ["initialize", "notifications/initialized", "tools/list"]);
    let script = Script::new(modern);
    let (connection, _) = connect(&script, Some(Era::Legacy)).unwrap();
    assert_eq!(connection.era, Era::Modern);
    let script = Script::new(legacy);
    let (connection, _) = connect(&script, Some(Era::Modern)).unwrap();
    assert_eq!(connection.era, Era::Legacy);
}

#[test]
fn older_versions_are_accepted_and_unknown_ones_refused() {
    for (version, header) in [
        ("2025-11-25", Some("2025-11-25")),
        ("2025-06-18", Some("2025-06-18")),
        ("2025-03-26", None),
        ("2024-11-05", None),
    ] {
        let script = Script::new(move |seen| match seen.method() {
            "initialize" => result(seen, &json!({"protocolVersion": version})),
            _ => legacy(seen),
        });
        let (connection, _) = connect(&script, None).unwrap();
        assert_eq!(connection.protocol, version);
        assert_eq!(script.last().headers.get("mcp-protocol-version"), header);
    }
    for version in [json!("2026-07-28"), json!("2024-10-07"), json!(1), Value::Null] {
        let script = Script::new(move |seen| match seen.method() {
            "initialize" => result(seen, &json!({"protocolVersion": version})),
            _ => legacy(seen),
        });
        let refused = connect(&script, None);
        assert!(matches!(refused, Err(ClientError::NoCommonVersion { .. })), "{refused:?}");
    }
}

#[test]
fn the_handshake_is_repeated_in_a_version_that_the_server_names_once_each() {
    for (code, supported, asked) in [
        // As 2025-11-25 has it, and as a server of both eras may.
        (-32_602, json!(["2024-11-05"]), vec!["2025-11-25", "2024-11-05"]),
        (-32_022, json!(["2025-03-26", "2025-06-18"]), vec!["2025-11-25", "2025-06-18"]),
        (-32_602, json!(["2023-01-01"]), vec!["2025-11-25"]),
    ] {
        let named = json!({"supported": supported});
        let script = Script::new(move |seen| match seen.method() {
            "initialize" if seen.body["params"]["protocolVersion"] == "2025-11-25" => {
                error(seen, 400, code, named.clone())
            }
            _ => legacy(seen),
        });
        let connected =
            connect(&script, Some(Era::Legacy)).map(|(connection, _)| connection.protocol);
        let tried: Vec<Value> = {
            let seen = script.seen.borrow();
            let hellos = seen.iter().filter(|seen| seen.method() == "initialize");
            hellos.map(|seen| seen.body["params"]["protocolVersion"].clone()).collect()
        };
        assert_eq!(tried, asked);
        assert_eq!(connected.ok().as_deref(), asked.get(1).copied());
    }
}

const STREAM: (&str, &str) = ("content-type", "text/event-stream");

/// A server whose stream for a call ends after an event with an id; what it says to a client that takes it up.
fn cutting(then: impl Fn(&Seen, usize) -> Answer + 'static) -> Script {
    let id = Cell::new(0);
    let resumed = Cell::new(0);
    Script::new(move |seen| match (seen.request.method, seen.method()) {
        (WebMethod::Post, "tools/call") => {
            id.set(seen.body["id"].as_u64().unwrap());
            http(200, &[STREAM], "id: e0\nretry: 500\ndata: \n\n")
        }
        (WebMethod::Post, _) => legacy(seen),
        _ => {
            resumed.set(resumed.get() + 1);
            let mut answer = then(seen, resumed.get())?;
            answer.body = answer.body.replace("ID", &id.get().to_string());
            Ok(answer)
        }
    })
}

const ANSWER: &str =
    "id: e9\ndata: {\"jsonrpc\":\"2.0\",\"id\":ID,\"result\":{\"content\":[]}}\n\n";

#[test]
fn a_stream_that_ends_before_the_answer_is_taken_up_and_a_paid_call_is_not_sent_again() {
    let script = cutting(|seen, nth| match nth {
        1 => http(503, &[], ""),
        2 => Err(HttpError::Connection("cut".to_owned())),
        // It says where it is now, and to come later; another one's answer is none.
        3 => http(
            200,
            &[STREAM],
            &format!("id: e1\nretry: 2000\ndata: \n\n{}", ANSWER.replace("ID", "ID7")),
        ),
        _ => {
            assert_eq!(seen.request.url, super::URL);
            http(200, &[STREAM], ANSWER)
        }
    });
    let (mut connection, _) = connect(&script, Some(Era::Legacy)).unwrap();
    connection.session = Some("s1".to_owned());
    assert_eq!(call(&script, &mut connection), Ok(json!({"content": []})));
    assert_eq!(script.methods()[3..], ["tools/call", "Get", "Get", "Get", "Get"]);
    assert_eq!(*script.slept.borrow(), [500, 500, 500, 2_000], "as long as the server says");
    let seen = script.seen.borrow();
    let places: Vec<_> =
        seen[4..].iter().map(|seen| seen.headers.get("last-event-id").unwrap()).collect();
    assert_eq!(places, ["e0", "e0", "e0", "e9"], "after the last whole event");
    for seen in &seen[4..] {
        assert_eq!(seen.headers.get("mcp-session-id"), Some("s1"));
        assert_eq!(seen.headers.get("mcp-protocol-version"), Some("2025-11-25"));
        assert_eq!(seen.headers.get("accept"), Some("text/event-stream"));
        assert_eq!((seen.headers.get("content-type"), &seen.request.body), (None, &None));
    }
}

#[test]
fn a_paid_call_whose_stream_cannot_be_taken_up_is_unknown_and_sent_once() {
    type Refuses = fn() -> Answer;
    let refusals: [(Refuses, usize); 7] = [
        (|| http(405, &[], ""), 1),
        (|| http(404, &[], ""), 1),
        (|| http(200, &[], "{}"), 1),
        (|| Err(HttpError::TooLong), 1),
        (|| http(503, &[], ""), 10),
        (|| Err(HttpError::Timeout), 10),
        (|| http(200, &[STREAM], "id: e1\nretry: 0\ndata: \n\n"), 10),
    ];
    for (refuses, gets) in refusals {
        let script = cutting(move |_, _| refuses());
        let (mut connection, _) = connect(&script, Some(Era::Legacy)).unwrap();
        let failed = call(&script, &mut connection).unwrap_err();
        assert!(!failed.says_nothing_was_done(), "{failed}");
        let methods = script.methods();
        assert_eq!(methods.iter().filter(|it| *it == "Get").count(), gets, "{failed}");
        assert_eq!(methods.iter().filter(|it| *it == "tools/call").count(), 1);
        assert!(script.slept.borrow().iter().all(|pause| (100..=500).contains(pause)));
    }
    // Without an id there is no place to go on from, and nobody waits for longer than a call may take.
    for body in ["data: \n\n", "id: e0\nretry: 86400000\ndata: \n\n", "id: \u{e9}\n\n"] {
        let script = Script::new(move |seen| match seen.method() {
            "tools/call" => http(200, &[STREAM], body),
            _ => legacy(seen),
        });
        let (mut connection, _) = connect(&script, Some(Era::Legacy)).unwrap();
        assert!(!call(&script, &mut connection).unwrap_err().says_nothing_was_done());
        assert_eq!(script.methods()[3..], ["tools/call"]);
    }
}

#[test]
fn a_stream_is_taken_up_within_the_time_of_its_call() {
    let script = cutting(|_, _| http(200, &[STREAM], "id: e1\nretry: 9000\ndata: \n\n"));
    let (mut connection, _) = connect(&script, Some(Era::Legacy)).unwrap();
    let script = script.late(1_000);
    assert_eq!(call(&script, &mut connection), Err(ClientError::Timeout));
    assert_eq!(script.time(), 55_000);
}

/// A server with sessions that forgets the first one after its list was read.
fn forgetful(forgets: &'static [usize]) -> Script {
    Script::new(move |seen| {
        let session = seen.headers.get("mcp-session-id").unwrap_or_default();
        if forgets.contains(&seen.before) {
            return error(seen, 404, -32_001, Value::Null);
        }
        match seen.method() {
            "server/discover" => http(400, &[], "Mcp-Session-Id header is required"),
            "initialize" => {
                let id = format!("s{}", seen.before);
                let mut answer = legacy(seen)?;
                let pairs = [("content-type", "application/json"), ("Mcp-Session-Id", id.as_str())];
                answer.headers = http(200, &pairs, "")?.headers;
                Ok(answer)
            }
            _ if !session.starts_with('s') => http(400, &[], "no session"),
            _ => legacy(seen),
        }
    })
}

#[test]
fn a_session_is_kept_and_begun_anew_when_the_server_has_forgotten_it() {
    let script = forgetful(&[4]);
    let (mut connection, _) = connect(&script, None).unwrap();
    assert_eq!(connection.session.as_deref(), Some("s1"));
    assert!(call(&script, &mut connection).is_ok());
    assert_eq!(connection.session.as_deref(), Some("s5"));
    let calls = ["tools/call", "initialize", "notifications/initialized", "tools/call"];
    assert_eq!(script.methods()[4..], calls);
    let seen = script.seen.borrow();
    assert_eq!(seen[4].body["params"], seen[7].body["params"], "the same payment");
    assert!(seen[4].body["id"] != seen[5].body["id"] || seen[4].headers != seen[5].headers);
    drop(seen);
    block_on(Client::new(&script, &rules()).disconnect(&connection));
    assert_eq!(script.methods()[8..], ["Delete"]);
    assert_eq!(script.last().headers.get("mcp-session-id"), Some("s5"));
}

#[test]
fn a_server_that_forgets_every_session_is_given_up_after_one_new_one() {
    let script = forgetful(&[4, 7, 8, 9, 10]);
    let (mut connection, _) = connect(&script, None).unwrap();
    let failed = call(&script, &mut connection).unwrap_err();
    assert!(matches!(failed, ClientError::Rpc { status: 404, .. }), "{failed}");
    assert_eq!(script.methods().len(), 8);
}

#[test]
fn without_a_session_404_is_an_answer() {
    let script = Script::new(|seen| match seen.method() {
        "tools/call" => http(404, &[], ""),
        _ => legacy(seen),
    });
    let (mut connection, _) = connect(&script, None).unwrap();
    let failed = call(&script, &mut connection);
    assert_eq!(failed, Err(ClientError::Status { status: 404, retry_after: None }));
    assert_eq!(script.methods().len(), 5);
}

#[test]
fn a_session_id_that_is_no_header_is_refused() {
    let script = Script::new(|seen| match seen.method() {
        "initialize" => {
            let mut answer = legacy(seen)?;
            let pairs = [("content-type", "application/json"), ("mcp-session-id", "a b\u{e9}")];
            answer.headers = http(200, &pairs, "")?.headers;
            Ok(answer)
        }
        _ => legacy(seen),
    });
    assert!(matches!(connect(&script, None), Err(ClientError::Protocol(_))));
}
