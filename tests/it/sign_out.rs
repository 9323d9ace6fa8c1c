//! Signing out ends every session of the user at once, and nothing else does.

use events_concierge::base::http::Reply;
use events_concierge::base::time::UnixSeconds;
use events_concierge::host::Request;
use events_concierge::host::command::{Action, Command, SIGNED_IN_AT, SignedIn};
use events_concierge::http::route::{AtHost, Own};
use serde_json::{Value, json};

use crate::support::{NOW, Server, World, block_on, config, json_of};

const ADA: &str = "ada@example.org";
const DAY: i64 = 86_400;

/// The user, as signed in at this moment.
fn since(server: &Server, at: i64) -> SignedIn {
    let at = UnixSeconds::new(at);
    SignedIn { signed_in_at: at, expires_at: at.plus(DAY), ..server.signed_in() }
}

fn ask(server: &Server, user: &SignedIn, action: Action, body: &Value) -> Reply {
    let request = server.request(action, true, &[], body);
    let command = Command { user: Some(user.clone()), ..request.command };
    block_on(server.handle(Request { command, ..request }))
}

fn sign_out(server: &Server, at: i64) {
    let reply = server.as_owner(Action::EndSessions(UnixSeconds::new(at)), &json!(null));
    assert_eq!(reply.status, 204, "{}", reply.body);
}

/// Signs in; when the sign-in begins.
fn sign_in(server: &Server, nonce: &str) -> i64 {
    let expires_at = server.world.memory.now.get() + 300;
    let used =
        Action::UseNonce { nonce: nonce.to_owned(), expires_at: UnixSeconds::new(expires_at) };
    let reply = server.as_owner(used, &json!(null));
    assert_eq!(reply.status, 204, "{}", reply.body);
    let header = reply.headers.iter().find(|(name, _)| *name == SIGNED_IN_AT).unwrap();
    header.1.parse().unwrap()
}

fn profile(server: &Server, at: i64) -> u16 {
    ask(server, &since(server, at), Action::Own(Own::Profile), &json!(null)).status
}

/// Whether the server takes the caller for its host.
fn is_owner_at_server(server: &Server, at: i64) -> bool {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let reply = ask(server, &since(server, at), Action::AtHost(AtHost::Mcp), &body);
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body.contains("createEvent")
}

#[test]
fn a_token_of_before_the_sign_out_is_refused_over_rest_and_at_the_server() {
    let server = Server::open();
    assert_eq!((profile(&server, NOW), is_owner_at_server(&server, NOW)), (200, true));
    server.world.memory.now.set(NOW + 100);
    sign_out(&server, NOW);
    for at in [NOW - 500, NOW, NOW + 99, NOW + 100] {
        let body = json!({"userId": "x"});
        for own in [Own::Profile, Own::Events, Own::Register, Own::CreateCredential] {
            let reply = ask(&server, &since(&server, at), Action::Own(own), &body);
            let problem = json_of(&reply);
            assert_eq!(reply.status, 401, "{problem}");
            assert_eq!(problem["type"], "urn:events-concierge:problem:not_signed_in");
        }
        assert!(!is_owner_at_server(&server, at), "{at}");
    }
    let create = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "createEvent", "arguments": {}}});
    let reply = ask(&server, &since(&server, NOW), Action::AtHost(AtHost::Mcp), &create);
    assert!(reply.body.contains("not_owner"), "{}", reply.body);
}

#[test]
fn a_sign_in_after_a_sign_out_counts_also_within_the_same_second() {
    let server = Server::open();
    assert_eq!(sign_in(&server, "one"), NOW);
    for (number, nonce) in ["two", "three", "four"].iter().enumerate() {
        let before = NOW + i64::try_from(number).unwrap();
        sign_out(&server, before);
        let at = sign_in(&server, nonce);
        assert_eq!((profile(&server, before), profile(&server, at)), (401, 200), "{nonce}");
    }
}

#[test]
fn a_token_that_was_signed_out_signs_nobody_out() {
    let server = Server::open();
    sign_out(&server, NOW);
    let at = sign_in(&server, "one");
    server.world.memory.now.set(NOW + 600);
    sign_out(&server, NOW);
    assert_eq!(profile(&server, at), 200);
}

#[test]
fn the_sign_out_of_an_unregistered_user_counts_and_is_forgotten_after_a_day() {
    let server = Server::with(World::new(), ADA, config());
    sign_out(&server, NOW);
    assert_eq!(profile(&server, NOW), 401);
    let told = |server: &Server| server.as_owner(Action::SignedOutAt, &json!(null)).body;
    assert_eq!(told(&server), NOW.to_string());
    server.pass(DAY);
    assert!(!server.host.is_over().unwrap(), "a token may be as old as that");
    assert_eq!(profile(&server, NOW), 401);
    server.pass(61);
    assert!(server.host.is_over().unwrap());
    assert_eq!(told(&server), "null");
}
