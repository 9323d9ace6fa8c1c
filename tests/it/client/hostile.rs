//! Servers that fail, send elsewhere, never end, or try to have us reach what only we can reach.

use events_concierge::mcp::client::{ClientError, Rules};
use events_concierge::ports::HttpError;
use serde_json::json;

use super::{Client, Script, URL, block_on, call, connect, http, json_http, modern};

#[test]
fn a_server_that_is_down_is_asked_three_times_with_pauses() {
    for status in [429, 500, 502, 503] {
        let script = Script::new(move |_| http(status, &[], ""));
        let failed = connect(&script, None).unwrap_err();
        assert!(matches!(failed, ClientError::Status { status: found, .. } if found == status));
        // A server that fails at the unknown method may be an old one.
        let attempts = if status == 500 { 6 } else { 3 };
        assert_eq!(script.methods().len(), attempts);
        assert_eq!(script.slept.borrow()[..2], [500, 1_500]);
    }
    let script = Script::new(|_| Err(HttpError::Connection("refused".to_owned())));
    assert!(matches!(connect(&script, None), Err(ClientError::Unreachable(_))));
    assert_eq!(script.methods().len(), 3);
}

#[test]
fn a_server_that_comes_back_is_used() {
    let script = Script::new(|seen| match seen.before {
        0 | 3 => http(503, &[("Retry-After", "2")], ""),
        1 => http(429, &[("Retry-After", "86400")], ""),
        _ => modern(seen),
    });
    assert_eq!(connect(&script, None).unwrap().1.len(), 1);
    assert_eq!(*script.slept.borrow(), [2_000, 5_000, 2_000], "never longer than five seconds");
}

#[test]
fn what_another_attempt_cannot_help_is_not_tried_again() {
    for (answer, expected) in [
        (Err(HttpError::Timeout), ClientError::Timeout),
        (Err(HttpError::TooLong), ClientError::TooLong),
        (http(401, &[], ""), ClientError::Status { status: 401, retry_after: None }),
        (http(403, &[], ""), ClientError::Status { status: 403, retry_after: None }),
    ] {
        let script = Script::new(move |_| answer.clone());
        assert_eq!(connect(&script, None), Err(expected));
        assert_eq!(script.methods().len(), 1);
    }
}

#[test]
fn a_call_is_sent_once_whatever_becomes_of_it() {
    for answer in [
        Err(HttpError::Timeout),
        Err(HttpError::TooLong),
        Err(HttpError::Connection("cut".to_owned())),
        http(500, &[], ""),
        http(502, &[], "<html>"),
        http(200, &[], ""),
        http(202, &[], ""),
        http(200, &[("content-type", "text/event-stream")], ": nothing\n\n"),
        http(200, &[("content-type", "application/json")], "{\"jsonrpc\":\"2.0\",\"id\":3,\"resu"),
    ] {
        let asked = answer.clone();
        let script = Script::new(move |seen| match seen.method() {
            "tools/call" => asked.clone(),
            _ => modern(seen),
        });
        let (mut connection, _) = connect(&script, None).unwrap();
        let failed = call(&script, &mut connection).unwrap_err();
        assert!(!failed.says_nothing_was_done(), "{answer:?}: {failed}");
        assert_eq!(script.methods().len(), 3, "{answer:?}");
        assert!(script.slept.borrow().is_empty());
    }
    for status in [429, 503] {
        let script = Script::new(move |seen| match seen.method() {
            "tools/call" => http(status, &[], ""),
            _ => modern(seen),
        });
        let (mut connection, _) = connect(&script, None).unwrap();
        assert!(call(&script, &mut connection).is_err());
        assert_eq!(script.methods().len(), 3);
    }
}

#[test]
fn an_answer_that_is_too_long_is_refused_even_if_the_port_let_it_through() {
    let script = Script::new(|_| http(200, &[], &" ".repeat(1_048_577)));
    assert_eq!(connect(&script, None), Err(ClientError::TooLong));
}

#[test]
fn redirects_are_followed_within_the_origin_and_as_they_are() {
    for status in [307, 308] {
        for location in
            ["/v2/mcp", "https://mcp.example.com:443/v2/mcp", "//mcp.example.com/v2/mcp"]
        {
            let script = Script::new(move |seen| match seen.request.url.as_str() {
                URL => http(status, &[("Location", location)], ""),
                "https://mcp.example.com/v2/mcp" => modern(seen),
                other => panic!("{other}"),
            });
            let (mut connection, _) = connect(&script, None).unwrap();
            assert!(call(&script, &mut connection).is_ok());
            assert_eq!(
                script.last().body["params"]["_meta"]["x402/payment"],
                json!({"x402Version": 2})
            );
        }
    }
}

#[test]
fn every_other_redirect_ends_the_request() {
    for (status, location) in [
        (307, "https://evil.example.com/mcp"),
        (307, "http://mcp.example.com/mcp"),
        (308, "https://mcp.example.com:8443/mcp"),
        (307, "http://127.0.0.1/"),
        (307, "https://169.254.169.254/latest"),
        (307, "file:///etc/passwd"),
        (307, "https://["),
        (301, "/v2"),
        (302, "/v2"),
        (303, "/v2"),
        (300, "/v2"),
        (304, "/v2"),
    ] {
        let script = Script::new(move |_| http(status, &[("location", location)], ""));
        assert_eq!(connect(&script, None), Err(ClientError::Redirect { status }), "{location}");
        assert_eq!(script.methods().len(), 1);
    }
    let script = Script::new(|_| http(307, &[], ""));
    assert_eq!(connect(&script, None), Err(ClientError::Redirect { status: 307 }));
    let credentials = "https://user:word@mcp.example.com/mcp";
    let script = Script::new(move |_| http(307, &[("location", credentials)], ""));
    assert!(matches!(connect(&script, None), Err(ClientError::NotAllowed(_))));
    assert_eq!(script.methods().len(), 1);
}

#[test]
fn a_circle_of_redirects_ends() {
    let script = Script::new(|_| http(307, &[("location", "/mcp")], ""));
    assert_eq!(connect(&script, None), Err(ClientError::Redirect { status: 307 }));
    assert_eq!(script.methods().len(), 4);
}

#[test]
fn nothing_is_sent_to_an_address_that_is_not_allowed() {
    let rules = Rules { public_url: "https://events.example".to_owned(), is_local: false };
    for address in [
        "http://mcp.example.com/mcp",
        "https://127.1/",
        "https://0x7f000001/",
        "https://[::ffff:10.0.0.1]/",
        "https://localhost/",
        "https://metadata.google.internal/",
        "https://events.example/api/users/me",
        "javascript:alert(1)",
    ] {
        let script = Script::new(|seen| panic!("{}", seen.request.url));
        let refused = block_on(Client::new(&script, &rules).connect(address, None));
        assert!(matches!(refused, Err(ClientError::NotAllowed(_))), "{address}");
    }
    // A stored connection is checked again.
    let script = Script::new(modern);
    let (mut connection, _) = connect(&script, None).unwrap();
    connection.url = "https://10.0.0.1/".to_owned();
    let refused = call(&script, &mut connection).unwrap_err();
    assert!(matches!(refused, ClientError::NotAllowed(_)) && refused.says_nothing_was_done());
}

#[test]
fn the_words_of_a_server_are_bounded_wherever_they_end_up() {
    let shout = format!("\u{1b}[2J\u{202e}\n{}", "x".repeat(100_000));
    let words = shout.clone();
    let script = Script::new(move |seen| match seen.method() {
        "server/discover" => json_http(
            200,
            &json!({"jsonrpc": "2.0", "id": seen.body["id"], "result": {
                "resultType": "complete", "supportedVersions": ["2026-07-28"],
                "_meta": {"io.modelcontextprotocol/serverInfo": {"name": words}}}}),
        ),
        "tools/call" => json_http(
            200,
            &json!({"jsonrpc": "2.0", "id": seen.body["id"], "error": {"code": 1, "message": words}}),
        ),
        _ => modern(seen),
    });
    let (mut connection, _) = connect(&script, None).unwrap();
    assert!(connection.server.chars().count() <= 100);
    let text = call(&script, &mut connection).unwrap_err().to_string();
    for text in [text, connection.server] {
        assert!(text.len() < 700 && !text.contains(['\u{1b}', '\u{202e}', '\n']), "{text}");
    }
    let script = Script::new(move |_| Err(HttpError::Connection(shout.clone())));
    let text = connect(&script, None).unwrap_err().to_string();
    assert!(text.len() < 700 && !text.contains('\u{1b}'), "{text}");
}
