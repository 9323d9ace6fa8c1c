//! What the gateway answers from its copy of what a host's lists depend on.

use events_concierge::base::http::{Headers, Reply};
use events_concierge::base::id::ScopeId;
use events_concierge::base::time::UnixSeconds;
use events_concierge::host::command::Action;
use events_concierge::host::copies::{COPY_SECONDS, Copies, Told};
use events_concierge::http::route::Own;
use events_concierge::http::source::Source;
use serde_json::{Value, json};

use crate::support::{NOW, Server, json_of, modern, rpc};

const LEGACY: (&str, &str) = ("mcp-protocol-version", "2025-11-25");
const BATCHES: (&str, &str) = ("mcp-protocol-version", "2025-03-26");
const MODERN: (&str, &str) = ("mcp-protocol-version", "2026-07-28");

fn copy_of(server: &Server) -> Copies {
    let mut copies = Copies::default();
    copies.keep(server.scope.clone(), server.host.known().unwrap().unwrap(), at(0));
    copies
}

fn at(seconds: i64) -> UnixSeconds {
    UnixSeconds::new(NOW + seconds)
}

/// What the copies say to a message of this source.
fn ask(
    copies: &mut Copies,
    server: &Server,
    source: &str,
    header: (&str, &str),
    message: &Value,
    seconds: i64,
) -> Told {
    let headers = headers(header, message);
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let headers = Headers::new(headers.collect());
    let source = Source::parse(source);
    let body = message.to_string();
    copies.answer((&server.scope, &source), &headers, body.as_bytes(), at(seconds))
}

/// The headers of a message; a modern one repeats its method there.
fn headers<'a>(version: (&'a str, &'a str), message: &'a Value) -> Vec<(&'a str, &'a str)> {
    match message["method"].as_str().filter(|_| version == MODERN) {
        Some(method) => vec![version, ("mcp-method", method)],
        None => vec![version],
    }
}

fn reply(told: Told) -> Reply {
    match told {
        Told::Reply(reply) => reply,
        other @ (Told::NoCopy | Told::NoList) => panic!("no reply: {other:?}"),
    }
}

#[test]
fn the_gateway_answers_a_list_as_the_host_would_and_leaves_it_the_rest() {
    let server = Server::open();
    let prices = json!({"prices": {"getEventAnalytics": {"price": "0.25", "freePerDay": 2}}});
    assert_eq!(server.as_owner(Action::Own(Own::ChangePrices), &prices).status, 200);
    let mut copies = copy_of(&server);
    let handshake = json!({"protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": {"name": "t", "version": "1"}});
    for (header, message, is_list) in [
        (LEGACY, rpc("initialize", &handshake), true),
        (LEGACY, rpc("initialize", &json!({})), true),
        (LEGACY, rpc("ping", &json!({})), true),
        (LEGACY, rpc("tools/list", &json!({})), true),
        (LEGACY, rpc("tools/list", &json!({"cursor": "x"})), true),
        (LEGACY, rpc("prompts/list", &json!({})), true),
        (LEGACY, rpc("prompts/get", &json!({"name": "rsvp"})), true),
        (LEGACY, rpc("resources/templates/list", &json!({})), true),
        (LEGACY, json!({"jsonrpc": "2.0", "method": "notifications/initialized"}), true),
        (LEGACY, json!({"jsonrpc": "1.0", "id": 1, "method": "ping"}), true),
        (MODERN, modern("server/discover", json!({})), true),
        (MODERN, modern("tools/list", json!({})), true),
        (MODERN, modern("prompts/list", json!({})), true),
        (MODERN, rpc("tools/list", &json!({})), true),
        (LEGACY, rpc("resources/list", &json!({})), false),
        (LEGACY, rpc("resources/read", &json!({"uri": "event://x"})), false),
        (LEGACY, rpc("no/such", &json!({})), false),
        (LEGACY, rpc("tools/call", &json!({"name": "listEvents"})), false),
        (BATCHES, json!([rpc("ping", &json!({})), rpc("ping", &json!({}))]), false),
        (LEGACY, rpc("ping", &json!({"padding": "x".repeat(5_000)})), false),
    ] {
        let told = ask(&mut copies, &server, "203.0.113.9", header, &message, 0);
        if is_list {
            let by_host = server.mcp(false, &headers(header, &message), &message);
            let by_copy = reply(told);
            assert_eq!(by_copy, by_host, "{message}");
        } else {
            assert_eq!(told, Told::NoList, "{message}");
        }
    }
}

#[test]
fn a_copy_is_never_older_than_its_lists_say() {
    let server = Server::open();
    let mut copies = copy_of(&server);
    let list = modern("tools/list", json!({}));
    let ttl_of = |copies: &mut Copies, seconds| {
        let told = ask(copies, &server, "203.0.113.9", MODERN, &list, seconds);
        json_of(&reply(told))["result"]["ttlMs"].as_i64().unwrap()
    };
    let whole = ttl_of(&mut copies, 0);
    let oldest = COPY_SECONDS - 1;
    assert_eq!(ttl_of(&mut copies, oldest), whole - oldest * 1_000);
    let told = ask(&mut copies, &server, "203.0.113.9", MODERN, &list, COPY_SECONDS);
    assert_eq!(told, Told::NoCopy);
    let told = ask(&mut copies, &server, "203.0.113.9", MODERN, &list, -1);
    assert_eq!(told, Told::NoCopy, "the clock was set back");
}

#[test]
fn what_a_host_changes_is_in_the_next_copy_and_none_is_kept_of_nobody() {
    let server = Server::open();
    let mut copies = copy_of(&server);
    let list = rpc("tools/list", &json!({}));
    let names =
        |copies: &mut Copies| reply(ask(copies, &server, "203.0.113.9", LEGACY, &list, 0)).body;
    assert!(names(&mut copies).contains("retrieveSecret"));
    let products = json!({"products": ["events"]});
    assert_eq!(server.as_owner(Action::Own(Own::ChangeProfile), &products).status, 200);
    copies.forget(&server.scope);
    let told = ask(&mut copies, &server, "203.0.113.9", LEGACY, &list, 0);
    assert_eq!(told, Told::NoCopy);
    copies.keep(server.scope.clone(), server.host.known().unwrap().unwrap(), at(0));
    let now = names(&mut copies);
    assert!(now.contains("rsvpToEvent") && !now.contains("retrieveSecret"), "{now}");
    let nobody = Server::on(crate::support::World::new());
    assert_eq!(nobody.host.known().unwrap(), None);
}

#[test]
fn the_hosts_limit_of_lists_counts_at_the_gateway_for_each_source() {
    let server = Server::open();
    let limits = json!({"limits": {"unpaidPerMinute": 5}});
    assert_eq!(server.as_owner(Action::Own(Own::ChangeProfile), &limits).status, 200);
    let mut copies = copy_of(&server);
    let ping = rpc("ping", &json!({}));
    let mut admitted = |source: &str, seconds| {
        let mut asked =
            || reply(ask(&mut copies, &server, source, LEGACY, &ping, seconds)).status == 200;
        (0..100).filter(|_| asked()).count()
    };
    assert_eq!(admitted("203.0.113.9", 0), 50, "a list costs a tenth of a call");
    assert_eq!(admitted("203.0.113.9", 9), 0);
    assert_eq!(admitted("203.0.113.10", 9), 50, "a neighbour");
    let refused = reply(ask(&mut copies, &server, "203.0.113.9", LEGACY, &ping, 9));
    assert_eq!(refused.status, 429);
    assert!(refused.headers.iter().any(|(name, _)| *name == "retry-after"));
}

#[test]
fn copies_of_many_hosts_have_a_limit() {
    let server = Server::open();
    let known = server.host.known().unwrap().unwrap();
    let mut copies = Copies::default();
    let scope = |number: usize| ScopeId::parse(&format!("{number:032x}")).unwrap();
    for number in 0..2_000 {
        copies.keep(scope(number), known.clone(), at(0));
    }
    let is_known = |copies: &mut Copies, number: usize, seconds: i64| {
        let ping = rpc("ping", &json!({})).to_string();
        let source = Source::parse("203.0.113.9");
        let told = copies.answer(
            (&scope(number), &source),
            &Headers::default(),
            ping.as_bytes(),
            at(seconds),
        );
        told != Told::NoCopy
    };
    assert!(is_known(&mut copies, 0, 0) && !is_known(&mut copies, 1_500, 0));
    // Old ones make room.
    copies.keep(scope(1_500), known, at(COPY_SECONDS));
    assert!(is_known(&mut copies, 1_500, COPY_SECONDS) && !is_known(&mut copies, 0, COPY_SECONDS));
}
