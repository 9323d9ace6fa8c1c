//! The list of what listed hosts sell, for catalogues of x402.

use alloy_primitives::Address;
use events_concierge::base::money::Usdc;
use events_concierge::host::command::Action;
use events_concierge::http::route::Own;
use events_concierge::market::listing::{Example, ListedTool, Listing};
use events_concierge::market::resources::Wanted;
use events_concierge::market::search::Answer;
use events_concierge::market::server::add_addresses;
use events_concierge::market::tools::Tool;
use events_concierge::market::{self, Ask};
use serde_json::{Value, json};

use super::{choose, listing, object, open};
use crate::support::{BOTH, Server, config, json_of, rpc};

fn wanted(query: &[(&str, &str)]) -> Result<Wanted, String> {
    let find = |name: &str| {
        let found = query.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Wanted::read(&find, &config()).map_err(|field| field.to_string())
}

/// What the gateway answers.
fn catalogue(server: &Server, query: &[(&str, &str)]) -> Value {
    let wanted = wanted(query).unwrap();
    let Some(ask) = wanted.ask() else { return json_of(&wanted.reply(&config(), (&[], None))) };
    let Answer::Found(mut found, total) =
        market::answer(&object(server), Ask::Resources(ask)).unwrap()
    else {
        panic!("another answer")
    };
    found.iter_mut().for_each(|it| add_addresses(&config(), Tool::FindTools, it));
    json_of(&wanted.reply(&config(), (&found, total.as_deref())))
}

fn items(server: &Server, query: &[(&str, &str)]) -> Vec<Value> {
    catalogue(server, query)["items"].as_array().unwrap().clone()
}

/// What a challenge asks for, without what is new in each.
fn demanded(challenge: &Value) -> Value {
    let mut accepts = challenge["accepts"].clone();
    for one in accepts.as_array_mut().unwrap() {
        one["extra"].as_object_mut().unwrap().remove("receiptKey");
    }
    accepts
}

#[test]
fn the_catalogue_lists_what_listed_hosts_sell_at_what_is_demanded() {
    let server = open();
    // The next event is nothing that a call can buy with its id alone, and another one is free.
    let more =
        json!({"title": "Whom it asks", "startsAt": "2027-01-01T18:30:00Z", "askName": "required"});
    server.new_event(json!({"capacity": 5, "price": "0.07"}), &more);
    let free = json!({"title": "Free", "startsAt": "2027-01-02T18:30:00Z"});
    server.new_event(json!({"capacity": 5, "price": "0"}), &free);
    let event = server.event(5);
    let secret = json!({"name": "Door code", "price": "0.03", "value": "1234"});
    let secret = json_of(&server.as_owner(Action::Own(Own::StoreSecret), &secret));
    let products = json!({"products": ["events", "vault", "desk"]});
    server.as_owner(Action::Own(Own::ChangeProfile), &products);
    server.pass(30);
    assert_eq!(items(&server, &[]), Vec::<Value>::new(), "it is not listed");
    choose(&server, true);
    server.pass(10);
    let listed = catalogue(&server, &[]);
    let expected = [
        ("rsvpToEvent", json!({"eventId": event})),
        ("getEventAnalytics", Value::Null),
        ("retrieveSecret", json!({"secretId": secret["id"]})),
        ("createTicket", Value::Null),
    ];
    assert_eq!(listed["pagination"], json!({"limit": 20, "offset": 0, "total": 8}));
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 8, "{listed}");
    for (name, arguments) in expected {
        let input = |item: &Value| item["extensions"]["bazaar"]["info"]["input"].clone();
        let is_it = |item: &&Value| {
            let end = format!("/tools/{name}");
            item["resource"].as_str().unwrap().ends_with(&end) || input(item)["toolName"] == name
        };
        let [over_http, over_mcp] = items.iter().filter(is_it).collect::<Vec<_>>()[..] else {
            panic!("{name}: {listed}")
        };
        assert_eq!([&over_http["type"], &over_mcp["type"]], ["http", "mcp"]);
        let example = input(over_http)["body"].clone();
        if !arguments.is_null() {
            assert_eq!(example, arguments);
        }
        let challenge = server.challenge(name, &example);
        let call = json!({"name": name, "arguments": example});
        let answer = json_of(&server.mcp(false, &[BOTH], &rpc("tools/call", &call)));
        let at_server = &answer["result"]["structuredContent"];
        for (item, challenge) in [(over_http, &challenge), (over_mcp, at_server)] {
            assert_eq!(item["resource"], challenge["resource"]["url"], "{name}");
            assert_eq!(item["accepts"], demanded(challenge), "{name}");
            assert_eq!(item["extensions"]["bazaar"], challenge["extensions"]["bazaar"], "{name}");
            assert_eq!(item["x402Version"], 2);
            assert!(item["lastUpdated"].as_str().unwrap().starts_with("2026-11-21T12:00:"));
        }
    }
    choose(&server, false);
    server.pass(5);
    assert_eq!(catalogue(&server, &[])["pagination"]["total"], 0);
}

/// A host that sells two things.
pub(super) fn seller(number: u64) -> Listing {
    let tool = |name: &str, price: Option<u16>| ListedTool {
        name: name.to_owned(),
        title: name.to_owned(),
        description: String::new(),
        prices: None,
        price_words: None,
        example: price.map(|cents| Example {
            arguments: json!({"eventId": "evt_0123456789abcdef01234567"}),
            price: Usdc::from_cents(cents),
        }),
    };
    let tools = vec![
        tool("rsvpToEvent", Some(5)),
        tool("listEvents", None),
        tool("getEventAnalytics", Some(1)),
    ];
    Listing { tools, ..listing(number, &["Evening"]) }
}

#[test]
fn pages_of_the_catalogue_follow_each_other_and_filters_filter() {
    let server = open();
    for number in 1..=3 {
        market::answer(&object(&server), Ask::Tell(Box::new(seller(number)))).unwrap();
    }
    let all = items(&server, &[]);
    assert_eq!(all.len(), 12);
    for limit in ["1", "3", "5", "12"] {
        let mut seen = Vec::new();
        while seen.len() < all.len() {
            let offset = seen.len().to_string();
            let page = catalogue(&server, &[("limit", limit), ("offset", &offset)]);
            assert_eq!(page["pagination"]["total"], 12);
            let entries = page["items"].as_array().unwrap();
            assert!(!entries.is_empty() && entries.len() <= limit.parse().unwrap());
            seen.extend(entries.iter().cloned());
        }
        assert_eq!(seen, all, "{limit}");
    }
    assert_eq!(items(&server, &[("offset", "12")]).len(), 0);
    let capped = catalogue(&server, &[("limit", "4000000000"), ("offset", "4000000000")]);
    assert_eq!(capped["pagination"], json!({"limit": 100, "offset": 10_000_000, "total": 12}));
    let second = Address::with_last_byte(2).to_checksum(None);
    let chain = config().networks[0].caip2;
    for (query, expected) in [
        (("type", "http"), 6),
        (("type", "mcp"), 6),
        (("type", "a2a"), 0),
        (("payTo", second.to_lowercase().as_str()), 4),
        (("payTo", "0x00000000000000000000000000000000000000ff"), 0),
        (("scheme", "exact"), 12),
        (("scheme", "upto"), 0),
        (("network", chain), 12),
        (("network", "eip155:1"), 0),
        (("extensions", "bazaar"), 12),
        (("extensions", "eip2612"), 0),
    ] {
        let page = catalogue(&server, &[query]);
        assert_eq!(page["items"].as_array().unwrap().len(), expected, "{query:?}");
        assert_eq!(page["pagination"]["total"], expected, "{query:?}");
    }
    let paid = items(&server, &[("payTo", &second), ("type", "http")]);
    assert!(paid.iter().all(|item| item["accepts"][0]["payTo"] == second));
    for (query, field) in [
        (("limit", "0"), "limit"),
        (("limit", "-1"), "limit"),
        (("offset", "x"), "offset"),
        (("payTo", "0x1"), "payTo"),
    ] {
        assert!(wanted(&[query]).unwrap_err().contains(field), "{query:?}");
    }
}
