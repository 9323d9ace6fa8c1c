//! Servers that ask something back while they carry out a call: in a result (2026-07-28), or with a request of their
//! own (the older versions).

use std::cell::Cell;

use events_concierge::mcp::client::{ClientError, Connection, Said};
use events_concierge::mcp::eras::Era;
use events_concierge::ports::WebMethod;
use serde_json::{Map, Value, json};

use super::{Answer, Script, Seen, call, connect, http, legacy, modern, result};

fn question() -> Value {
    json!({"method": "elicitation/create", "params": {"message": "Your size?", "requestedSchema":
        {"type": "object", "properties": {"size": {"type": "string", "enum": ["S", "M"]}}}}})
}

/// A server that answers a call with these results, one after the other, and the last one again and again.
fn asking(results: Vec<Value>) -> Script {
    let nth = Cell::new(0);
    Script::new(move |seen| match seen.method() {
        "tools/call" => {
            nth.set(nth.get() + 1);
            result(seen, &results[(nth.get() - 1).min(results.len() - 1)])
        }
        _ => modern(seen),
    })
}

fn accept() -> Said {
    Said::Accept(Map::from_iter([("size".to_owned(), json!("M"))]))
}

#[test]
fn a_call_that_needs_input_is_made_again_with_what_the_person_says() {
    let wants = json!({"resultType": "input_required", "inputRequests": {"a": question()}, "requestState": " {\"x\":1} "});
    let done = json!({"resultType": "complete", "content": []});
    for (said, sent) in [
        (accept(), json!({"action": "accept", "content": {"size": "M"}})),
        (Said::Decline, json!({"action": "decline"})),
        (Said::Cancel, json!({"action": "cancel"})),
    ] {
        let script = asking(vec![wants.clone(), done.clone()]).with_person(0, move |asked| {
            assert_eq!((asked.message.as_str(), asked.server.as_str()), ("Your size?", super::URL));
            said.clone()
        });
        let (mut connection, _) = connect(&script, None).unwrap();
        assert_eq!(call(&script, &mut connection), Ok(done.clone()));
        assert_eq!(call(&script, &mut connection), Ok(done.clone()));
        let seen = script.seen.borrow();
        let calls: Vec<&Seen> = seen.iter().filter(|seen| seen.method() == "tools/call").collect();
        assert_eq!(calls.len(), 3);
        let [first, again, other] = [0, 1, 2].map(|nth| &calls[nth].body["params"]);
        assert_eq!(again["inputResponses"], json!({"a": sent}));
        assert_eq!(again["requestState"], " {\"x\":1} ", "exactly as it came");
        assert_eq!(first["arguments"], again["arguments"]);
        assert_eq!(first["_meta"], again["_meta"], "the same payment");
        assert_ne!(calls[0].body["id"], calls[1].body["id"]);
        assert_eq!(other, first, "another call has nothing of it");
    }
    // Without a state none is sent.
    let stateless = json!({"resultType": "input_required", "inputRequests": {"a": question()}});
    let script = asking(vec![stateless, done.clone()]).with_person(0, |_| accept());
    let (mut connection, _) = connect(&script, None).unwrap();
    assert_eq!(call(&script, &mut connection), Ok(done));
    assert!(script.last().body["params"].get("requestState").is_none());
}

#[test]
fn a_server_that_wants_too_much_or_something_else_is_given_up_and_nothing_is_known_of_its_call() {
    let input =
        |requests: Value| json!({"resultType": "input_required", "inputRequests": requests});
    let many = json!({"a": question(), "b": question(), "c": question(), "d": question()});
    let sampling =
        json!({"b": question(), "a": {"method": "sampling/createMessage", "params": {}}});
    let mut link = question();
    link["params"]["mode"] = json!("url");
    for (wants, asked, calls) in [
        (input(json!({"a": question()})), 3, 4),
        (input(many), 3, 1),
        (input(sampling), 0, 1),
        (input(json!({"a": link})), 0, 1),
        (json!({"resultType": "input_required"}), 0, 1),
        (json!({"resultType": "input_required", "requestState": 5}), 0, 1),
        (json!({"resultType": "input_required", "requestState": "x".repeat(65_537)}), 0, 1),
        (json!({"resultType": "input_required", "requestState": "again"}), 0, 6),
    ] {
        let count = std::rc::Rc::new(Cell::new(0));
        let counted = count.clone();
        let script = asking(vec![wants.clone()]).with_person(0, move |_| {
            counted.set(counted.get() + 1);
            accept()
        });
        let (mut connection, _) = connect(&script, None).unwrap();
        let failed = call(&script, &mut connection).unwrap_err();
        assert_eq!(failed, ClientError::InputRequired, "{wants}");
        assert!(!failed.says_nothing_was_done());
        assert_eq!((count.get(), script.methods().len()), (asked, 2 + calls), "{wants}");
    }
    let script = asking(vec![input(json!({"a": question()}))]);
    let (mut connection, _) = connect(&script, None).unwrap();
    assert_eq!(call(&script, &mut connection), Err(ClientError::InputRequired), "nobody is there");
}

/// What an older server asks with, as a request of its own.
fn request() -> String {
    let mut request = question();
    request["jsonrpc"] = json!("2.0");
    request["id"] = json!("q1");
    request.to_string()
}

const STREAM: (&str, &str) = ("content-type", "text/event-stream");

/// An older server that asks in the stream of the call, or in the one that is kept open for it; it answers when it has
/// heard what it wants to know.
fn older(in_stream_of_call: bool, asks: &'static str) -> Script {
    Script::new(move |seen| {
        let answer = |body: &str| -> Answer {
            let asked = if asks.is_empty() { request() } else { asks.to_owned() };
            http(200, &[STREAM, ("x-asks", &asked), ("x-after-reply", "1")], body)
        };
        match (seen.request.method, seen.method()) {
            (WebMethod::Post, "tools/call") => {
                let done =
                    json!({"jsonrpc": "2.0", "id": seen.body["id"], "result": {"content": []}});
                let body = format!("data: {done}\n\n");
                if in_stream_of_call {
                    answer(&body)
                } else {
                    http(200, &[STREAM, ("x-after-reply", "1")], &body)
                }
            }
            (WebMethod::Get, _) if in_stream_of_call => http(405, &[], ""),
            (WebMethod::Get, _) => answer(""),
            (_, "") => http(202, &[], ""),
            _ => legacy(seen),
        }
    })
    .late(1)
}

fn in_session(script: &Script) -> Connection {
    let (mut connection, _) = connect(script, Some(Era::Legacy)).unwrap();
    connection.session = Some("s1".to_owned());
    connection
}

#[test]
fn an_older_server_asks_while_its_call_is_open_in_either_stream() {
    for in_stream_of_call in [true, false] {
        // Longer than a call may take without questions.
        let script = older(in_stream_of_call, "").with_person(170_000, |_| accept());
        let mut connection = in_session(&script);
        assert_eq!(call(&script, &mut connection), Ok(json!({"content": []})));
        let methods = script.methods();
        assert_eq!(
            methods[3..],
            ["Get", "tools/call", ""],
            "the stream is open before the call leaves"
        );
        let reply = script.last();
        assert_eq!(
            reply.body,
            json!({"jsonrpc": "2.0", "id": "q1",
            "result": {"action": "accept", "content": {"size": "M"}}})
        );
        assert_eq!(reply.headers.get("mcp-session-id"), Some("s1"));
        assert!(script.time() > 170_000);
    }
}

#[test]
fn what_an_older_server_asks_besides_is_answered_with_an_error_and_nobody_is_asked() {
    for (asked, answer) in [
        (r#"{"jsonrpc":"2.0","id":"q1","method":"ping"}"#, json!({"result": {}})),
        (
            r#"{"jsonrpc":"2.0","id":"q1","method":"sampling/createMessage","params":{}}"#,
            json!({"error": {"code": -32_601, "message": "this client has no such method"}}),
        ),
        (
            r#"{"jsonrpc":"2.0","id":"q1","method":"elicitation/create","params":{"mode":"url","url":"https://x"}}"#,
            json!({"error": {"code": -32_602, "message": "this form cannot be shown to a person"}}),
        ),
    ] {
        let script = older(true, asked).with_person(0, |asked| panic!("{asked:?}"));
        let mut connection = in_session(&script);
        assert!(call(&script, &mut connection).is_ok());
        let mut expected = json!({"jsonrpc": "2.0", "id": "q1"});
        expected.as_object_mut().unwrap().extend(answer.as_object().unwrap().clone());
        assert_eq!(script.last().body, expected);
    }
}

#[test]
fn a_call_ends_in_time_also_where_a_server_could_ask() {
    // A notification is no question, and neither stops the time of the call.
    let asked = r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{}}"#;
    let script = older(true, asked).with_person(0, |asked| panic!("{asked:?}"));
    let mut connection = in_session(&script);
    let start = script.time();
    assert_eq!(call(&script, &mut connection), Err(ClientError::Timeout));
    assert!((55_000..=57_100).contains(&(script.time() - start)), "{}", script.time() - start);
}
