//! What scanners see at the address of a paid tool.

use events_concierge::base::http::Reply;
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtHost, Own};
use serde_json::{Value, json};

use super::{choose, open};
use crate::support::{Server, Wallet, block_on};

fn ask(server: &Server, action: AtHost, headers: &[(&str, &str)]) -> Reply {
    let mut request = server.request(Action::AtHost(action), false, headers, &json!({}));
    request.body.clear();
    block_on(server.host.handle(request))
}

fn get(server: &Server, tool: &str) -> Reply {
    ask(server, AtHost::ToolPrice(tool.to_owned()), &[])
}

fn post_nothing(server: &Server, tool: &str, headers: &[(&str, &str)]) -> Reply {
    ask(server, AtHost::Tool(tool.to_owned()), headers)
}

fn challenge_of(reply: &Reply) -> Value {
    use base64::Engine;
    assert_eq!(reply.status, 402, "{}", reply.body);
    let header = reply.headers.iter().find(|(name, _)| *name == "payment-required").unwrap();
    let decoded = base64::engine::general_purpose::STANDARD.decode(&header.1).unwrap();
    serde_json::from_slice(&decoded).unwrap()
}

#[test]
fn a_scanner_without_arguments_gets_the_price_of_an_example_at_a_listed_host() {
    let server = open();
    let event = server.event(5);
    let secret = json!({"name": "Door code", "price": "0.03", "value": "1234"});
    server.as_owner(Action::Own(Own::StoreSecret), &secret);
    let products = json!({"products": ["events", "vault", "desk"]});
    server.as_owner(Action::Own(Own::ChangeProfile), &products);
    let sold = ["rsvpToEvent", "getEventAnalytics", "retrieveSecret", "createTicket"];
    for tool in sold {
        assert_eq!(post_nothing(&server, tool, &[]).status, 422, "it is not listed");
        let refused = get(&server, tool);
        assert_eq!(refused.status, 405, "it is not listed");
        assert!(refused.headers.contains(&("allow", "POST".to_owned())));
    }
    choose(&server, true);
    for tool in sold {
        let posted = challenge_of(&post_nothing(&server, tool, &[]));
        let got = challenge_of(&get(&server, tool));
        let input = &posted["extensions"]["bazaar"]["info"]["input"];
        assert_eq!(input["method"], "POST");
        assert_eq!(posted["extensions"]["bazaar"], got["extensions"]["bazaar"]);
        assert!(posted["error"].as_str().unwrap().contains("example"));
        let called = server.challenge(tool, &input["body"]);
        for scanned in [&posted, &got] {
            assert_eq!(scanned["accepts"][0]["amount"], called["accepts"][0]["amount"], "{tool}");
            assert_eq!(scanned["accepts"][0]["payTo"], called["accepts"][0]["payTo"], "{tool}");
        }
    }
    // What is free, what is about something that only its buyer knows, and what is not there.
    assert_eq!(post_nothing(&server, "listEvents", &[]).status, 200);
    assert_eq!(post_nothing(&server, "getTicketContext", &[]).status, 422);
    for tool in ["listEvents", "getTicketContext", "sellEverything"] {
        assert_eq!(get(&server, tool).status, 405, "{tool}");
    }
    let id = events_concierge::base::id::EventId::parse(&event).unwrap();
    server.as_owner(Action::Own(Own::CancelEvent(id)), &json!({}));
    assert_eq!(post_nothing(&server, "rsvpToEvent", &[]).status, 422, "there is nothing to buy");
}

#[test]
fn a_payment_for_an_example_moves_no_money() {
    use base64::Engine;
    let server = open();
    server.event(5);
    choose(&server, true);
    let scanned = challenge_of(&get(&server, "rsvpToEvent"));
    let payment = Wallet::new(3).pay(&scanned["accepts"][0], 1);
    let payment = base64::engine::general_purpose::STANDARD.encode(payment.to_string());
    let headers = [("payment-signature", payment.as_str())];
    let refused = post_nothing(&server, "rsvpToEvent", &headers);
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(ask(&server, AtHost::ToolPrice("rsvpToEvent".to_owned()), &headers).status, 405);
    assert_eq!(server.int("SELECT count(*) FROM payments"), 0);
}

#[test]
fn a_host_that_calls_its_own_tool_without_arguments_gets_no_example() {
    let server = open();
    server.event(5);
    choose(&server, true);
    let action = Action::AtHost(AtHost::Tool("getEventAnalytics".to_owned()));
    let mut request = server.request(action, true, &[], &json!({}));
    request.body.clear();
    let reply = block_on(server.host.handle(request));
    assert_eq!(reply.status, 422, "{}", reply.body);
}
