//! What the marketplace writes and reads does not grow with what has not changed and what is not meant.

use events_concierge::market::listing::Listing;
use events_concierge::market::search::{EventsAsk, ToolsAsk};
use events_concierge::market::{self, Ask};
use serde_json::{Value, json};

use super::resources::seller;
use super::{ask, call, events, listing, object, open};
use crate::support::{BOTH, Server, rpc};

/// The statements that write.
fn writes(server: &Server, told: Listing) -> Vec<String> {
    server.world.memory.statements.borrow_mut().clear();
    market::answer(&object(server), Ask::Tell(Box::new(told))).unwrap();
    let asked = server.world.memory.statements.take();
    let writes =
        |it: &String| ["INSERT", "UPDATE", "DELETE"].iter().any(|verb| it.starts_with(verb));
    asked.into_iter().filter(writes).collect()
}

fn text(text: &str) -> EventsAsk {
    EventsAsk { text: Some(text.to_owned()), ..EventsAsk::default() }
}

#[test]
fn of_what_a_host_tells_only_what_has_changed_is_written() {
    let server = open();
    let offers = |version, titles: &[&str]| Listing {
        version,
        tools: seller(1).tools,
        ..listing(1, titles)
    };
    writes(&server, listing(2, &[]));
    // Two statements for each of three events and three tools, and the host.
    assert_eq!(writes(&server, offers(1, &["Rust", "Jazz", "Tango"])).len(), 13);
    let same = writes(&server, offers(2, &["Rust", "Jazz", "Tango"]));
    assert_eq!(same.len(), 1, "{same:?}");
    let one = writes(&server, offers(3, &["Rust", "Salsa", "Tango"]));
    assert_eq!(one.len(), 5, "{one:?}");
    assert_eq!(events(&server, EventsAsk::default()), ["Rust", "Salsa", "Tango"]);
    assert_eq!(events(&server, text("jazz")), Vec::<String>::new());
    assert_eq!(events(&server, text("salsa")), ["Salsa"]);
    let gone = writes(&server, offers(4, &["Rust", "Salsa"]));
    assert_eq!(gone.len(), 3, "{gone:?}");
    assert_eq!(events(&server, text("tango")), Vec::<String>::new());
    // The host's name is among the words of all that it offers.
    let renamed = Listing { name: "Dance hall".to_owned(), ..offers(5, &["Rust", "Salsa"]) };
    writes(&server, renamed);
    assert_eq!(events(&server, text("dance")), ["Rust", "Salsa"]);
    assert_eq!(events(&server, text("host")), Vec::<String>::new());
    let tools = ToolsAsk { text: Some("dance".to_owned()), ..ToolsAsk::default() };
    assert_eq!(ask(&server, Ask::Tools(tools)).len(), 3);
}

#[test]
fn a_rare_word_is_found_in_as_many_steps_among_few_hosts_as_among_many() {
    let server = open();
    let tell = |numbers: std::ops::RangeInclusive<u64>| {
        for number in numbers {
            let mut told = seller(number);
            if number == 77 {
                told.name = "Xylophone hall".to_owned();
            }
            market::answer(&object(&server), Ask::Tell(Box::new(told))).unwrap();
        }
    };
    let steps = |ask_of: Ask, expected: usize| {
        let before = server.world.memory.steps.get();
        assert_eq!(ask(&server, ask_of).len(), expected);
        server.world.memory.steps.get() - before
    };
    let rare = || {
        let tools = ToolsAsk { text: Some("xylophone".to_owned()), ..ToolsAsk::default() };
        [steps(Ask::Events(text("xylophone")), 1), steps(Ask::Tools(tools), 3)]
    };
    tell(1..=100);
    let few = rare();
    tell(101..=2_000);
    let many = rare();
    for (few, many) in few.into_iter().zip(many) {
        assert!(0 < few && many <= few * 2, "{few} steps of SQLite before, {many} after");
    }
}

#[test]
fn each_search_of_a_batch_is_charged_to_its_source() {
    let server = open();
    let find = |id: u64| {
        let mut call = rpc("tools/call", &json!({"name": "listHosts", "arguments": {}}));
        call["id"] = json!(id);
        call
    };
    let mut batch: Vec<Value> = (1..=6).map(find).collect();
    let mut list = rpc("ping", &json!({}));
    list["id"] = json!(0);
    batch.insert(0, list);
    let answers = call(&server, &json!(batch), &[BOTH]);
    let answers = answers.as_array().unwrap();
    assert_eq!(answers.len(), 7);
    let found = answers.iter().filter(|it| it["result"]["structuredContent"].is_object()).count();
    assert_eq!(found, 4, "the first is charged with the request, and three more are admitted");
    let refused = answers.iter().filter(|it| it["error"].is_object()).count();
    assert_eq!(refused, 2, "{answers:?}");
}
