//! The event `waitlist.offered`, which a guest of a waitlist polls (SEP-3415).

use events_concierge::host::command::Action;
use events_concierge::http::route::{AtHost, Own};
use events_concierge::http::source::Source;
use serde_json::{Value, json};

use super::{HOUR, buy, cancel, event, given_back, join, pay, payment, place};
use crate::support::{Server, block_on, json_of, modern, rpc};

/// The answer to a message of 2026-07-28.
fn ask(server: &Server, method: &str, params: Value) -> Value {
    let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", method)];
    json_of(&server.mcp(false, &headers, &modern(method, params)))
}

/// Asks as an answer of the waitlist's tools says; `cursor`: that of the poll before.
fn poll(server: &Server, subscribe: &Value, cursor: Option<&Value>) -> Value {
    assert_eq!(subscribe["method"], "events/poll");
    let mut params = subscribe["params"].clone();
    if let Some(cursor) = cursor {
        params["cursor"] = cursor.clone();
    }
    let answer = ask(server, "events/poll", params);
    let result = &answer["result"];
    assert_eq!((&result["resultType"], &result["hasMore"]), (&json!("complete"), &json!(false)));
    assert!(result["nextPollMs"].is_u64(), "{answer}");
    result.clone()
}

#[test]
fn a_guest_in_line_hears_once_that_a_seat_is_held_and_gets_it_with_the_call_that_it_hears() {
    let server = Server::open();
    let event = event(&server, &json!({}));
    let seat = buy(&server, &event, 1);
    let first = join(&server, &event, 2)["subscribe"].clone();
    let second = join(&server, &event, 3)["subscribe"].clone();
    let quiet = poll(&server, &first, None);
    assert_eq!((&quiet["events"], &quiet["truncated"]), (&json!([]), &json!(false)));
    cancel(&server, &event, &seat);
    server.pass(5);
    let heard = poll(&server, &first, Some(&quiet["cursor"]));
    let occurrence = &heard["events"][0];
    assert_eq!(occurrence["name"], "waitlist.offered");
    assert_ne!(occurrence["eventId"], json!(event), "this names the occurrence");
    let data = &occurrence["data"];
    let offer = place(&server, &event, 2);
    assert_eq!((&data["eventId"], &data["title"]), (&json!(event), &json!("Rust meetup")));
    for member in ["offeredUntil", "next", "buyUrl", "message"] {
        assert_eq!(data[member], offer[member], "{member}");
    }
    // It is said again to who has not heard it, and not to who has.
    assert_eq!(poll(&server, &first, None)["events"][0]["eventId"], occurrence["eventId"]);
    let again = poll(&server, &first, Some(&heard["cursor"]));
    assert_eq!((&again["events"], &again["truncated"]), (&json!([]), &json!(false)));
    assert_eq!(poll(&server, &second, None)["events"], json!([]), "the second still waits");
    let signed = payment(&server, &event, 2, 9);
    assert_eq!(pay(&server, &event, 2, &signed).status, 200);
    server.pass(5);
    let gone = ask(&server, "events/poll", first["params"].clone());
    assert_eq!(gone["error"]["code"], -32011, "who has the seat is not in line: {gone}");
}

#[test]
fn an_offer_that_ran_out_unheard_is_skipped_and_the_guest_hears_that_something_was() {
    let server = Server::open();
    let event = given_back(&server);
    server.pass(5);
    let subscribe = place(&server, &event, 2)["subscribe"].clone();
    server.pass(3 * HOUR);
    let late = poll(&server, &subscribe, None);
    assert_eq!((&late["events"], &late["truncated"]), (&json!([]), &json!(true)));
    let then = poll(&server, &subscribe, Some(&late["cursor"]));
    assert_eq!(then["truncated"], false);
    assert_eq!(place(&server, &event, 2)["subscribe"], Value::Null, "nobody to tell any more");
    // Who joins anew has another key. The old one opens nothing.
    let anew = join(&server, &event, 2)["subscribe"].clone();
    assert_ne!(anew["params"]["arguments"], subscribe["params"]["arguments"]);
    assert_eq!(
        ask(&server, "events/poll", subscribe["params"].clone())["error"]["data"]["kind"],
        "subscription"
    );
}

#[test]
fn who_starts_from_now_or_asks_for_new_ones_only_hears_of_no_earlier_offer() {
    let server = Server::open();
    let event = given_back(&server);
    server.pass(600);
    let subscribe = place(&server, &event, 2)["subscribe"].clone();
    let mut params = subscribe["params"].clone();
    params["cursor"] = Value::Null;
    let from_now = ask(&server, "events/poll", params.clone());
    assert_eq!(from_now["result"]["events"], json!([]));
    assert_eq!(from_now["result"]["truncated"], false);
    params["cursor"] = json!("0");
    params["maxAgeMs"] = json!(60_000);
    let new_ones = ask(&server, "events/poll", params.clone());
    assert_eq!(new_ones["result"]["truncated"], true);
    params["maxAgeMs"] = json!(3_600_000);
    assert_eq!(
        ask(&server, "events/poll", params)["result"]["events"][0]["name"],
        "waitlist.offered"
    );
}

#[test]
fn a_place_is_told_to_nobody_without_its_key() {
    let server = Server::open();
    let full = given_back(&server);
    let other = event(&server, &json!({"title": "Another"}));
    let key = place(&server, &full, 2)["subscribe"]["params"]["arguments"]["key"].clone();
    let key = key.as_str().unwrap();
    let (number, hash) = key.split_once('-').unwrap();
    assert_eq!(hash.len(), 32);
    let next: u64 = number.parse::<u64>().unwrap() + 1;
    let zeros = "0".repeat(32);
    for (event, key) in [
        (&full, format!("{next}-{hash}")),
        (&full, format!("{number}-{zeros}")),
        (&full, format!("{number}-")),
        (&full, hash.to_owned()),
        (&full, format!("+{key}")),
        (&full, format!("0{key}")),
        (&full, String::new()),
        (&other, key.to_owned()),
    ] {
        let params =
            json!({"name": "waitlist.offered", "arguments": {"eventId": event, "key": key}});
        let answer = ask(&server, "events/poll", params);
        assert_eq!(answer["error"]["code"], -32011, "{key}: {answer}");
    }
}

#[test]
fn polls_that_do_not_fit_name_the_parameter() {
    let server = Server::open();
    let event = given_back(&server);
    let arguments = place(&server, &event, 2)["subscribe"]["params"]["arguments"].clone();
    let fits = json!({"name": "waitlist.offered", "arguments": arguments, "cursor": "0"});
    for (member, value, code, says) in [
        ("name", json!(5), -32602, "name"),
        ("name", json!("waitlist.left"), -32011, "events/list"),
        ("arguments", json!([]), -32602, "arguments"),
        ("arguments", json!({"eventId": event}), -32602, "key"),
        ("arguments", json!({"eventId": "evt", "key": "1-0"}), -32602, "eventId"),
        ("cursor", json!("yesterday"), -32602, "cursor"),
        ("cursor", json!("-1"), -32602, "cursor"),
        ("cursor", json!("007"), -32602, "cursor"),
        ("cursor", json!(7), -32602, "cursor"),
        ("maxAgeMs", json!(-1), -32602, "maxAgeMs"),
        ("maxEvents", json!(0), -32602, "maxEvents"),
    ] {
        let mut params = fits.clone();
        params[member] = value.clone();
        let answer = ask(&server, "events/poll", params);
        assert_eq!(answer["error"]["code"], code, "{member} {value}: {answer}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(says), "{member} {value}: {message}");
    }
}

#[test]
fn the_list_of_events_is_declared_where_it_is_answered() {
    let server = Server::open();
    let declared = ask(&server, "server/discover", json!({}))["result"]["capabilities"].clone();
    assert_eq!(declared["extensions"], json!({"io.modelcontextprotocol/events": {}}));
    let listed = ask(&server, "events/list", json!({}))["result"]["events"].clone();
    assert_eq!(
        (&listed[0]["name"], &listed[0]["delivery"]),
        (&json!("waitlist.offered"), &json!(["poll"]))
    );
    assert_eq!(listed[0]["inputSchema"]["required"], json!(["eventId", "key"]));
    assert_eq!(ask(&server, "events/list", json!({"cursor": "x"}))["error"]["code"], -32602);
    for method in ["events/list", "events/poll"] {
        let legacy =
            server.mcp(false, &[("mcp-protocol-version", "2025-11-25")], &rpc(method, &json!({})));
        assert_eq!(json_of(&legacy)["error"]["code"], -32601, "{method} needs 2026-07-28");
    }
    let vault_alone = json!({"products": ["vault"]});
    assert_eq!(server.as_owner(Action::Own(Own::ChangeProfile), &vault_alone).status, 200);
    let declared = ask(&server, "server/discover", json!({}))["result"]["capabilities"].clone();
    assert_eq!(declared.get("extensions"), None);
    for method in ["events/list", "events/poll", "events/stream", "events/subscribe"] {
        assert_eq!(ask(&server, method, json!({}))["error"]["code"], -32601, "{method}");
    }
}

#[test]
fn polls_of_one_source_are_limited_as_calls_are() {
    let server = Server::open();
    let event = given_back(&server);
    let params = place(&server, &event, 2)["subscribe"]["params"].clone();
    let status = |source: &str| {
        let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "events/poll")];
        let body = modern("events/poll", params.clone());
        let mut request = server.request(Action::AtHost(AtHost::Mcp), false, &headers, &body);
        request.command.source = Source::parse(source);
        block_on(server.handle(request)).status
    };
    let admitted = (0..2_000).take_while(|_| status("198.51.100.77") == 200).count();
    assert!((10..2_000).contains(&admitted), "{admitted}");
    assert_eq!(status("198.51.100.78"), 200, "another source is not limited by it");
}
