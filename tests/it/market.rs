//! The marketplace: hosts are found while they want to be, and what is said of them is what they demand.

mod declared;
mod probe;
mod resources;
mod upkeep;

use std::rc::Rc;

use alloy_primitives::Address;
use events_concierge::base::http::Headers;
use events_concierge::base::id::{EventId, RequestId, ScopeId};
use events_concierge::base::money::Usdc;
use events_concierge::base::time::UnixSeconds;
use events_concierge::host::command::Action;
use events_concierge::http::files::File;
use events_concierge::http::route::{AtHost, Own};
use events_concierge::market::documents::{self, ENTRIES_MAX, Shelf};
use events_concierge::market::listing::{ListedEvent, Listing};
use events_concierge::market::search::{Answer, EventsAsk, HostsAsk, Part, ToolsAsk};
use events_concierge::market::server::{Market, add_addresses, serve};
use events_concierge::market::tools::Tool;
use events_concierge::market::{self, Ask};
use events_concierge::ports::{Clock, Level, Log};
use serde_json::{Value, json};

use crate::support::answers::misfit;
use crate::support::{BOTH, Server, World, block_on, config, json_of, modern, modern_headers, rpc};

/// A host in a world with a marketplace.
fn open() -> Server {
    let server = Server::open();
    let memory = Rc::clone(&server.world.memory);
    let object = World { memory, ..World::new() };
    *server.world.memory.market.borrow_mut() = Some(object);
    server
}

/// The marketplace of this world.
fn object(server: &Server) -> World {
    server.world.memory.market.borrow().clone().unwrap()
}

fn choose(server: &Server, listed: bool) {
    let changed = server.as_owner(Action::Own(Own::ChangeProfile), &json!({"listed": listed}));
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(json_of(&changed)["listed"], listed);
}

fn ask(server: &Server, ask: Ask) -> Vec<Value> {
    match market::answer(&object(server), ask).unwrap() {
        Answer::Found(entries, _) => entries,
        other @ (Answer::Told(_) | Answer::Invalid(_)) => panic!("{other:?}"),
    }
}

fn hosts(server: &Server) -> Vec<Value> {
    ask(server, Ask::Hosts(HostsAsk::default()))
}

fn events(server: &Server, wanted: EventsAsk) -> Vec<String> {
    let found = ask(server, Ask::Events(wanted));
    found.iter().map(|event| event["title"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_host_is_found_while_it_wants_to_be_and_gone_seconds_after_it_does_not() {
    let server = open();
    server.event(5);
    server.pass(30);
    assert_eq!(hosts(&server), Vec::<Value>::new(), "nobody is listed who did not choose to be");
    choose(&server, true);
    server.pass(10);
    assert_eq!(hosts(&server)[0]["scope"], server.scope.as_str());
    assert_eq!(events(&server, EventsAsk::default()), ["Rust meetup"]);
    choose(&server, false);
    server.pass(5);
    assert_eq!(hosts(&server), Vec::<Value>::new());
    assert_eq!(events(&server, EventsAsk::default()), Vec::<String>::new());
    assert_eq!(ask(&server, Ask::Tools(ToolsAsk::default())), Vec::<Value>::new());
    assert_eq!(server.int("SELECT listed FROM profile"), 0);
    assert_eq!(server.int("SELECT count(*) FROM listing"), 0);
    // And it may come back.
    choose(&server, true);
    server.pass(10);
    assert_eq!(hosts(&server).len(), 1);
}

#[test]
fn what_changes_is_found_seconds_later_and_what_ends_is_not_found_any_more() {
    let server = open();
    let event = server.event(1);
    choose(&server, true);
    server.pass(10);
    let id = EventId::parse(&event).unwrap();
    let renamed = json!({"title": "Rust evening", "price": "0.07"});
    assert_eq!(server.as_owner(Action::Own(Own::UpdateEvent(id.clone())), &renamed).status, 200);
    server.pass(10);
    let found = ask(&server, Ask::Events(EventsAsk::default()));
    assert_eq!((&found[0]["title"], &found[0]["price"]), (&json!("Rust evening"), &json!("0.07")));
    server.as_owner(Action::Own(Own::CancelEvent(id)), &json!({}));
    server.pass(10);
    assert_eq!(events(&server, EventsAsk::default()), Vec::<String>::new());
}

#[test]
fn a_marketplace_that_gives_no_answer_is_told_later_also_that_a_host_has_left() {
    let server = open();
    server.world.memory.market_is_down.set(true);
    choose(&server, true);
    server.pass(60);
    server.world.memory.market_is_down.set(false);
    server.pass(900);
    assert_eq!(hosts(&server).len(), 1);
    server.world.memory.market_is_down.set(true);
    choose(&server, false);
    server.pass(60);
    assert_eq!(hosts(&server).len(), 1, "it cannot know");
    server.world.memory.market_is_down.set(false);
    server.pass(900);
    assert_eq!(hosts(&server).len(), 0);
    server.pass(10_000);
    assert_eq!(server.world.memory.alarm.get(), None, "nothing is left to do");
}

#[test]
fn a_host_that_is_not_listed_asks_nobody_and_has_no_row() {
    let server = open();
    server.event(5);
    server.world.memory.market_is_down.set(true);
    server.pass(100);
    assert_eq!(server.int("SELECT count(*) FROM listing"), 0);
}

fn listing(number: u64, titles: &[&str]) -> Listing {
    let scope = ScopeId::parse(&format!("{number:032x}")).unwrap();
    let events = titles.iter().zip(0..).map(|(title, nth)| {
        let id = EventId::parse(&format!("evt_{:024x}", number * 100 + nth)).unwrap();
        let starts_at = UnixSeconds::new(2_000_000_000 + i64::try_from(nth).unwrap());
        ListedEvent {
            view: json!({"id": id, "title": title}),
            id,
            title: (*title).to_owned(),
            place: if number.is_multiple_of(2) { "Berlin".to_owned() } else { "Online".to_owned() },
            starts_at,
            ends_at: starts_at,
            price: Usdc::from_cents(u16::try_from(number.min(1_000)).unwrap()),
        }
    });
    let events = events.collect();
    let name = format!("Host {number}");
    Listing {
        scope,
        version: 1,
        name,
        about: String::new(),
        pay_to: Address::with_last_byte(u8::try_from(number % 200).unwrap()),
        has_sold: number == 1,
        events,
        tools: vec![],
    }
}

#[test]
fn events_are_found_by_words_place_time_and_price_in_every_script() {
    let server = open();
    let object = object(&server);
    for (number, titles) in [
        (1, &["Café für Züge"][..]),
        (2, &["Rust meetup", "Jazz on the roof"]),
        (3, &["東京の夜", "Rust ohne Angst"]),
    ] {
        let told = Ask::Tell(Box::new(listing(number, titles)));
        assert_eq!(market::answer(&object, told).unwrap(), Answer::Told(true));
    }
    let text = |text: &str| EventsAsk { text: Some(text.to_owned()), ..EventsAsk::default() };
    assert_eq!(events(&server, text("cafe zuge")), ["Café für Züge"]);
    assert_eq!(events(&server, text("RUST")), ["Rust meetup", "Rust ohne Angst"]);
    assert_eq!(events(&server, text("rust jazz")), Vec::<String>::new(), "all words");
    assert_eq!(events(&server, text("rust berlin")), ["Rust meetup"]);
    assert_eq!(events(&server, text("東京")), ["東京の夜"]);
    assert_eq!(events(&server, text("\"' OR title : * NEAR( -")), Vec::<String>::new());
    let place = |place: &str| EventsAsk { place: Some(place.to_owned()), ..EventsAsk::default() };
    assert_eq!(events(&server, place("rust")), Vec::<String>::new(), "a title is no place");
    assert_eq!(events(&server, place("berlin")), ["Rust meetup", "Jazz on the roof"]);
    let cheap = EventsAsk { price_max: Some(10_000), ..EventsAsk::default() };
    assert_eq!(events(&server, cheap), ["Café für Züge"]);
    let late = EventsAsk { from: Some(UnixSeconds::new(2_000_000_001)), ..EventsAsk::default() };
    assert_eq!(events(&server, late), ["Jazz on the roof", "Rust ohne Angst"]);
    // The known host comes first; pages follow each other.
    let part = Part { limit: Some(2), cursor: None };
    let Answer::Found(first, Some(cursor)) =
        market::answer(&object, Ask::Hosts(HostsAsk { part })).unwrap()
    else {
        panic!("no second page")
    };
    assert_eq!(first[0]["name"], "Host 1");
    let part = Part { limit: Some(2), cursor: Some(cursor) };
    let Answer::Found(second, None) =
        market::answer(&object, Ask::Hosts(HostsAsk { part })).unwrap()
    else {
        panic!("a third page")
    };
    assert_eq!(second[0]["name"], "Host 3");
}

#[test]
fn an_old_message_that_arrives_late_changes_nothing() {
    let server = open();
    let object = object(&server);
    let tell = |version, title: &str| {
        let told = Listing { version, ..listing(1, &[title]) };
        market::answer(&object, Ask::Tell(Box::new(told))).unwrap()
    };
    tell(5, "New");
    tell(4, "Old");
    assert_eq!(events(&server, EventsAsk::default()), ["New"]);
    let scope = listing(1, &[]).scope;
    market::answer(&object, Ask::Leave { scope: scope.clone(), version: 4 }).unwrap();
    assert_eq!(hosts(&server).len(), 1, "it has come back since");
    market::answer(&object, Ask::Leave { scope, version: 6 }).unwrap();
    assert_eq!(hosts(&server).len(), 0);
}

#[test]
fn among_ten_thousand_hosts_everything_is_found_page_by_page() {
    let server = open();
    let object = object(&server);
    for number in 1..=10_000 {
        let title = format!("Evening number {number}");
        market::answer(&object, Ask::Tell(Box::new(listing(number, &[title.as_str()])))).unwrap();
    }
    let wanted = EventsAsk { text: Some("evening 7777".to_owned()), ..EventsAsk::default() };
    assert_eq!(events(&server, wanted), ["Evening number 7777"]);
    let (mut seen, mut cursor) = (0, None);
    loop {
        let part = Part { limit: Some(100), cursor };
        let ask = Ask::Events(EventsAsk { part, ..EventsAsk::default() });
        let Answer::Found(entries, next) = market::answer(&object, ask).unwrap() else { panic!() };
        seen += entries.len();
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, 10_000);
}

impl Market for Server {
    async fn ask(&self, ask: Ask) -> Result<Answer, String> {
        market::answer(&object(self), ask).map_err(|error| error.to_string())
    }

    fn admit_another(&self) -> Result<(), i64> {
        // Three at once, without a clock.
        let asked = self.world.memory.asked_again.get();
        self.world.memory.asked_again.set(asked + 1);
        if asked < 3 { Ok(()) } else { Err(7) }
    }
}

impl Clock for Server {
    fn now(&self) -> UnixSeconds {
        self.world.now()
    }
}

impl Log for Server {
    fn line(&self, _: Level, _: &str, _: &[(&str, &str)]) {}
}

fn call(server: &Server, message: &Value, headers: &[(&str, &str)]) -> Value {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let headers = Headers::new(headers.collect());
    let body = message.to_string();
    let id = RequestId::parse("req_0123456789abcdef01234567").unwrap();
    let answer = json_of(&block_on(serve(server, &config(), (&headers, body.as_bytes()), &id)));
    let tool = message["params"]["name"].as_str().and_then(Tool::by_name);
    let (result, found) = (&answer["result"], &answer["result"]["structuredContent"]);
    if let (Some(tool), true) = (tool, found.is_object()) {
        let schema = &tool.entry()["outputSchema"];
        assert_eq!(misfit(schema, found, result["isError"] != true), None, "{answer}");
    }
    answer
}

#[test]
fn agents_of_both_eras_find_an_event_and_where_to_buy_it() {
    let server = open();
    let event = server.event(5);
    choose(&server, true);
    server.pass(10);
    let listed = call(&server, &rpc("tools/list", &json!({})), &[BOTH]);
    let names: Vec<_> = listed["result"]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].clone())
        .collect();
    assert_eq!(names, ["findEvents", "listHosts", "findTools"]);
    let find = json!({"name": "findEvents", "arguments": {"text": "rust", "maxPrice": "0.05"}});
    let legacy = call(&server, &rpc("tools/call", &find), &[BOTH]);
    let current = call(&server, &modern("tools/call", find), &modern_headers("findEvents"));
    for answer in [legacy, current] {
        let found = &answer["result"]["structuredContent"]["events"][0];
        assert_eq!(found["id"], event, "{answer}");
        let url = &config().public_url;
        assert_eq!(found["host"]["serverUrl"], format!("{url}/mcp/users/{}", server.scope));
        assert_eq!(found["pageUrl"], format!("{url}/e/{}/{event}", server.scope));
    }
    for (arguments, field) in [
        (json!({"from": "tomorrow"}), "from"),
        (json!({"maxPrice": "-1"}), "maxPrice"),
        (json!({"limit": 0}), "limit"),
        (json!({"cursor": "x"}), "cursor"),
        (json!({"text": "x".repeat(201)}), "text"),
        (json!({"wish": 1}), "wish"),
    ] {
        let call_of = json!({"name": "findEvents", "arguments": arguments});
        let refused = call(&server, &rpc("tools/call", &call_of), &[BOTH]);
        let error = &refused["result"]["structuredContent"]["error"];
        assert_eq!(error["code"], "invalid_arguments", "{refused}");
        assert!(error["message"].as_str().unwrap().contains(field), "{refused}");
    }
}

/// What the files say, as the gateway makes them.
fn shelf(server: &Server) -> Shelf {
    let part = || Part { limit: Some(ENTRIES_MAX), cursor: None };
    let with = |tool, ask_of| {
        let mut entries = ask(server, ask_of);
        entries.iter_mut().for_each(|entry| add_addresses(&config(), tool, entry));
        entries
    };
    Shelf {
        hosts: with(Tool::ListHosts, Ask::Hosts(HostsAsk { part: part() })),
        events: with(
            Tool::FindEvents,
            Ask::Events(EventsAsk { part: part(), ..EventsAsk::default() }),
        ),
        tools: with(Tool::FindTools, Ask::Tools(ToolsAsk { part: part(), ..ToolsAsk::default() })),
    }
}

#[test]
fn every_price_and_schema_that_is_advertised_is_the_one_that_is_demanded() {
    let server = open();
    let event = server.event(5);
    let secret = json!({"name": "Door code", "price": "0.03", "value": "1234"});
    let secret = json_of(&server.as_owner(Action::Own(Own::StoreSecret), &secret));
    choose(&server, true);
    server.pass(10);
    let document = documents::reply(File::Openapi, &config(), &shelf(&server), server.now());
    let document = json_of(&document.unwrap());
    let manifest = json_of(&server.as_stranger(AtHost::Manifest));
    let tools = manifest["tools"].as_array().unwrap();
    let schema =
        |name: &str| tools.iter().find(|tool| tool["name"] == name).unwrap()["inputSchema"].clone();
    let calls = [
        ("rsvpToEvent", json!({"eventId": event})),
        ("getEventAnalytics", json!({"eventId": event})),
        ("retrieveSecret", json!({"secretId": secret["id"]})),
    ];
    let paid = tools.iter().filter(|tool| tool["access"] == "paid").count();
    assert_eq!(paid, calls.len(), "another tool is sold: {tools:?}");
    for (name, arguments) in calls {
        let path = format!("/x402/users/{}/tools/{name}", server.scope);
        let operation = &document["paths"][&path]["post"];
        let body = &operation["requestBody"]["content"]["application/json"];
        assert_eq!(body["schema"], schema(name), "{name}");
        let demanded = server.challenge(name, &arguments)["accepts"][0].clone();
        assert_eq!(demanded["payTo"], manifest["payTo"]);
        let info = &operation["x-payment-info"];
        assert_eq!(info["price"]["mode"], "fixed", "{name}: {operation}");
        let amount = Usdc::from_dollars(info["price"]["amount"].as_str().unwrap()).unwrap();
        assert_eq!(amount.atomic().to_string(), demanded["amount"].as_str().unwrap(), "{name}");
        assert_eq!(info["offers"][0]["amount"], demanded["amount"]);
        assert_eq!(info["offers"][0]["currency"], demanded["asset"]);
        assert!(operation["responses"]["402"].is_object());
    }
    let free = format!("/x402/users/{}/tools/listEvents", server.scope);
    assert_eq!(document["paths"][&free]["post"]["x-payment-info"], Value::Null);
}

#[test]
fn files_name_only_listed_hosts_and_forget_them() {
    let server = open();
    server.event(5);
    server.pass(10);
    let all = [File::Openapi, File::X402, File::AiCatalog, File::Sitemap];
    let named = |server: &Server| {
        let shelf = shelf(server);
        all.map(|file| {
            documents::reply(file, &config(), &shelf, server.now())
                .unwrap()
                .body
                .contains(server.scope.as_str())
        })
    };
    assert_eq!(named(&server), [false; 4]);
    choose(&server, true);
    server.pass(10);
    assert_eq!(named(&server), [true; 4]);
    choose(&server, false);
    server.pass(5);
    assert_eq!(named(&server), [false; 4]);
}
