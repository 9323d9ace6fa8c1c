//! What others depend on, pinned. A change shows in the diff and is made on purpose.

use events_concierge::host::command::Action;
use events_concierge::http::cover::{Cover, Cut, Look};
use events_concierge::http::route::{AtHost, Own};
use events_concierge::mcp::catalog::list;
use events_concierge::sale::prices::Prices;
use events_concierge::sale::tool::{Access, Fulfilment, Price};
use events_concierge::shop::registry::{Products, Tool};
use serde_json::{Value, json};

use crate::support::{Server, block_on};

#[test]
fn the_tool_list() {
    insta::with_settings!({snapshot_path => "../golden", prepend_module_to_snapshot => false}, {
        insta::assert_json_snapshot!("tools-list", list(Products::default(), &Prices::default(), |_| true));
    });
}

#[test]
fn the_challenge() {
    let server = Server::open();
    let event = server.event(5);
    let arguments = json!({"eventId": event});
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "rsvpToEvent", "arguments": arguments}});
    let headers = [("mcp-protocol-version", "2025-11-25")];
    let in_mcp = crate::support::json_of(&server.mcp(false, &headers, &body));
    let over_http = block_on(server.tool("rsvpToEvent", &arguments, None));
    let in_listed = listed_challenges(&server, &arguments, &body);
    let mut pinned = json!({
        "listed": in_listed,
        "mcp": in_mcp,
        "httpBody": crate::support::json_of(&over_http),
        "httpHeader": server.challenge("rsvpToEvent", &arguments),
    });
    hide_random(&mut pinned);
    insta::with_settings!({snapshot_path => "../golden", prepend_module_to_snapshot => false}, {
        insta::assert_json_snapshot!("payment-required", pinned);
    });
}

#[test]
fn the_challenge_of_a_call_that_may_cost_less_than_its_most() {
    let server = Server::settling_itself();
    let arguments = json!({"eventId": server.event(3), "seats": 5, "seatsAtLeast": 2});
    let challenge = server.challenge("rsvpToEvent", &arguments);
    let mut pinned = json!({
        "description": challenge["resource"]["description"],
        "accepts": challenge["accepts"],
    });
    hide_random(&mut pinned);
    insta::with_settings!({snapshot_path => "../golden", prepend_module_to_snapshot => false}, {
        insta::assert_json_snapshot!("payment-required-upto", pinned);
    });
}

/// What a host that chose to be found adds, over MCP and over HTTP.
fn listed_challenges(server: &Server, arguments: &Value, body: &Value) -> Value {
    let unlisted = server.challenge("rsvpToEvent", arguments);
    let listed = server.as_owner(Action::Own(Own::ChangeProfile), &json!({"listed": true}));
    assert_eq!(listed.status, 200, "{}", listed.body);
    let headers = [("mcp-protocol-version", "2025-11-25")];
    let in_mcp = crate::support::json_of(&server.mcp(false, &headers, body));
    let over_http = server.challenge("rsvpToEvent", arguments);
    server.as_owner(Action::Own(Own::ChangeProfile), &json!({"listed": false}));
    assert_eq!(unlisted["resource"], over_http["resource"]);
    assert_eq!(unlisted["accepts"].as_array().unwrap().len(), 1);
    let added = |challenge: &Value| {
        let url = &challenge["resource"]["url"];
        json!({"resource.url": url, "bazaar": challenge["extensions"]["bazaar"]})
    };
    json!({"mcp": added(&in_mcp["result"]["structuredContent"]), "http": added(&over_http)})
}

/// What is new in every challenge, also where one stands as text in another value.
fn hide_random(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match name.as_str() {
                    "receiptKey" => *member = json!("(random)"),
                    "nonce" if member.is_string() => *member = json!("(nonce)"),
                    _ => hide_random(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide_random),
        Value::String(text) if text.starts_with('{') => {
            let mut inner: Value = serde_json::from_str(text).unwrap();
            hide_random(&mut inner);
            *text = inner.to_string();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_calendar_file() {
    let server = Server::open();
    let event_id = events_concierge::base::id::EventId::parse(&server.event(5)).unwrap();
    let action = Action::AtHost(AtHost::Calendar(event_id));
    let reply = server.as_owner(action, &json!({}));
    insta::with_settings!({snapshot_path => "../golden", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("ticket-ics", reply.body.replace("\r\n", "\n"));
    });
}

/// Links to pictures are kept by other programs, and a host has chosen what it saw.
#[test]
fn the_covers() {
    let seed = "evt_0123456789abcdef01234567";
    let shuffled = (0..12).map(|shuffle| (shuffle, Cut::Square));
    let covers: Vec<String> = shuffled
        .chain(Cut::ALL.map(|cut| (0, cut)))
        .map(|(shuffle, cut)| {
            let cover = Cover { seed, look: Look { shuffle, palette: None } };
            format!("{seed} {shuffle} {cut:?}\n{}", cover.svg(cut))
        })
        .collect();
    insta::with_settings!({snapshot_path => "../golden", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("covers", covers.join("\n"));
    });
}

/// Product rule: name, access, price and the order of work and money of every tool.
#[test]
fn what_each_tool_costs_and_who_may_call_it() {
    let lines: Vec<String> =
        list(Products::parse(["events", "vault", "desk"]).unwrap(), &Prices::default(), |_| true)
            .as_array()
            .unwrap()
            .iter()
            .map(|tool| {
                let tool = Tool::by_name(tool["name"].as_str().unwrap()).unwrap();
                let access = match tool.access() {
                    Access::Free => "free".to_owned(),
                    Access::Owner => "owner".to_owned(),
                    Access::Buyer => "buyer".to_owned(),
                    Access::Paid(price, settle) => {
                        let price = match price {
                            Price::Fixed(price) => format!("${price}"),
                            Price::Varies(words) => format!("{words} price"),
                        };
                        let order = match settle {
                            Fulfilment::AfterSettlement => "first",
                            Fulfilment::Prepared => "last",
                        };
                        format!("paid {price}, settles {order}")
                    }
                };
                format!(
                    "{} {}: {access}; {}",
                    tool.product().name(),
                    tool.name(),
                    tool.tier().name()
                )
            })
            .collect();
    insta::with_settings!({snapshot_path => "../golden", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("tools", lines.join("\n"));
    });
}
