//! What a call does that only reads: nothing twice, and no storage for what is known.

use events_concierge::host::command::Action;
use events_concierge::http::route::Own;
use events_concierge::ports::storage::{Cached, first};
use events_concierge::ports::{Sql, SqlError};
use serde_json::json;

use crate::support::{Server, World, json_of, rpc};

/// Makes every statement fail that contains `text`.
fn break_reading(server: &Server, text: Option<&'static str>) {
    *server.world.memory.sql_fails.borrow_mut() = text;
}

#[test]
fn lists_that_no_write_has_changed_read_no_storage() {
    let server = Server::open();
    server.event(5);
    for method in ["tools/list", "initialize", "ping", "prompts/list"] {
        let asked = rpc(method, &json!({}));
        let first = server.mcp(false, &[], &asked);
        break_reading(&server, Some("SELECT"));
        let again = server.mcp(false, &[], &asked);
        break_reading(&server, None);
        assert_eq!((again.status, again.body), (200, first.body), "{method}");
    }
}

#[test]
fn one_event_is_read_with_one_statement() {
    let server = Server::open();
    let event = server.event(5);
    let asked = rpc("tools/call", &json!({"name": "getEvent", "arguments": {"eventId": event}}));
    server.mcp(false, &[], &asked);
    let before = server.world.memory.statements.get();
    assert_eq!(server.mcp(false, &[], &asked).status, 200);
    assert_eq!(server.world.memory.statements.get() - before, 1);
}

#[test]
fn a_change_of_the_profile_counts_for_the_next_call() {
    let server = Server::open();
    let names = || {
        let reply = server.mcp(false, &[], &rpc("tools/list", &json!({})));
        json_of(&reply)["result"]["tools"].as_array().map_or(0, Vec::len)
    };
    let all = names();
    let changed =
        server.as_owner(Action::Own(Own::ChangeProfile), &json!({"products": ["events"]}));
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert!(names() < all, "the vault's tools are gone");
}

#[test]
fn the_alarm_is_set_again_by_a_call_a_minute_later_even_if_nothing_was_written() {
    let server = Server::open();
    server.event(5);
    let list = || server.mcp(false, &[], &rpc("tools/list", &json!({})));
    list();
    let set = server.world.memory.alarm.take();
    assert!(set.is_some(), "the record of the event waits for the alarm");
    list();
    assert_eq!(server.world.memory.alarm.get(), None, "what is set is not set again");
    server.world.memory.now.set(server.world.memory.now.get() + 60);
    list();
    assert_eq!(server.world.memory.alarm.get(), set, "it may have been lost");
}

#[test]
fn what_a_transaction_has_read_is_forgotten_when_it_is_rolled_back() {
    let world = World::new();
    world.run("CREATE TABLE numbers (n INTEGER)", &[]).unwrap();
    world.run("INSERT INTO numbers VALUES (1)", &[]).unwrap();
    let cached = Cached::default();
    let number = || {
        cached.get(&world, |sql| {
            first(sql, "SELECT n FROM numbers", &[])?.map_or(Ok(0), |mut columns| columns.int())
        })
    };
    assert_eq!(number(), Ok(1));
    let rolled_back: Result<(), SqlError> = world.atomically(|| {
        world.run("UPDATE numbers SET n = 2", &[])?;
        assert_eq!(number(), Ok(2));
        Err(SqlError("no".to_owned()))
    });
    assert!(rolled_back.is_err());
    assert_eq!(number(), Ok(1));
}
