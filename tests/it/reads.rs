//! What a call does that only reads: nothing twice, and no storage for what is known.

use events_concierge::base::id::EventId;
use events_concierge::host::command::Action;
use events_concierge::http::route::Own;
use events_concierge::ports::storage::{first, statements};
use events_concierge::ports::{Sql, SqlError};
use serde_json::json;

use crate::support::{Server, Wallet, World, json_of, offer, pay, rpc};

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
fn an_event_is_read_once_until_something_of_it_is_written() {
    let server = Server::open();
    let event = server.event(5);
    let call = rpc("tools/call", &json!({"name": "getEvent", "arguments": {"eventId": event}}));
    server.mcp(false, &[], &call);
    assert_eq!(asked(&server, || server.mcp(false, &[], &call).status), (Vec::new(), 200));
    let change = json!({"title": "Another title"});
    let id = EventId::parse(&event).unwrap();
    assert_eq!(server.as_owner(Action::Own(Own::UpdateEvent(id)), &change).status, 200);
    let (statements, reply) = asked(&server, || server.mcp(false, &[], &call));
    assert!(!statements.is_empty() && reply.body.contains("Another title"), "{}", reply.body);
}

/// The statements that SQLite was asked by `call`, in order, and what `call` gave.
fn asked<T>(server: &Server, call: impl FnOnce() -> T) -> (Vec<String>, T) {
    server.world.memory.statements.borrow_mut().clear();
    let answer = call();
    (server.world.memory.statements.take(), answer)
}

#[test]
fn a_sale_takes_no_more_statements_than_it_needs() {
    let server = Server::open();
    let event = server.event(50);
    server.pass(60);
    for n in 1..4 {
        let (challenge, terms) = asked(&server, || offer(&server, &event));
        let payment = Wallet::new(n).pay(&terms, n);
        let (sale, (status, _)) = asked(&server, || pay(&server, &event, &payment));
        assert_eq!(status, 200);
        let now = server.world.memory.now.get();
        assert_eq!(server.world.memory.alarm.get(), Some(now + 1), "it asks what is due");
        server.world.memory.now.set(now + 3);
        let (alarm, ()) = asked(&server, || server.wake());
        // Each is the first purchase of its wallet, which is listed. Its answer says what only guests get to know: the
        // event is read for that, and the next challenge has it.
        for (call, statements, most) in
            [("challenge", challenge, 1), ("sale", sale, 21), ("alarm", alarm, 14)]
        {
            assert!(statements.len() <= most, "{call}:\n{}", statements.join("\n"));
        }
    }
}

/// Copies the first row of a table `count` times. `changed`: columns that differ, as SQL in which `n` counts the copies.
fn copy(server: &Server, table: &str, count: u32, changed: &[(&str, &str)]) {
    let columns =
        server.text(&format!("SELECT group_concat(name, ', ') FROM pragma_table_info('{table}')"));
    let value = |column| changed.iter().find(|(name, _)| *name == column).map_or(column, |it| it.1);
    let values: Vec<&str> = columns.split(", ").map(value).collect();
    server.sql(&format!(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count}) \
         INSERT INTO {table} ({columns}) SELECT {} FROM n, (SELECT * FROM {table} ORDER BY rowid LIMIT 1)",
        values.join(", ")
    ));
}

#[test]
fn a_sale_takes_no_longer_after_ten_thousand_others() {
    let server = Server::open();
    let event = server.event(0);
    server.pass(60);
    let steps_of_sale = |wallet: u8| {
        let payment = Wallet::new(wallet).pay(&offer(&server, &event), wallet);
        let before = server.world.memory.steps.get();
        assert_eq!(pay(&server, &event, &payment).0, 200);
        server.world.memory.steps.get() - before
    };
    steps_of_sale(1);
    server.pass(600);
    steps_of_sale(2);
    let few = steps_of_sale(3);
    let sold = [
        ("payer", "printf('0x%040x', n)"),
        ("nonce", "printf('0x%064x', n)"),
        ("tx_hash", "printf('0x%064x', n)"),
        ("payment_id", "printf('pay_%024x', n)"),
    ];
    let with = |more: &[(&'static str, &'static str)]| [&sold, more].concat();
    copy(&server, "payments", 10_000, &with(&[("id", "printf('pay_%024x', n)")]));
    copy(&server, "rsvps", 10_000, &with(&[("id", "printf('rsv_%024x', n)"), ("code", "n")]));
    copy(&server, "wallets", 10_000, &sold);
    copy(&server, "ledger", 10_000, &with(&[("seq", "NULL"), ("total", "NULL")]));
    server.sql("UPDATE events SET taken = (SELECT count(*) FROM rsvps)");
    steps_of_sale(4);
    let many = steps_of_sale(5);
    assert!(many * 10 <= few * 11, "{few} steps of SQLite before, {many} after");
}

#[test]
fn asking_for_a_price_writes_nothing_and_is_counted_within_a_minute() {
    let server = Server::open();
    let event = server.event(5);
    server.pass(60);
    offer(&server, &event);
    let writes = server.world.writes();
    for _ in 0..20 {
        offer(&server, &event);
    }
    assert_eq!(server.world.writes(), writes);
    server.pass(60);
    assert_eq!(server.int("SELECT sum(count) FROM unpaid"), 21);
    assert_eq!(server.world.memory.alarm.get(), None, "there is nothing left to do");
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
    let number =
        || first(&world, "SELECT n FROM numbers", &[])?.map_or(Ok(0), |mut columns| columns.int());
    assert_eq!(number(), Ok(1));
    let rolled_back: Result<(), SqlError> = world.atomically(|| {
        world.run("UPDATE numbers SET n = 2", &[])?;
        assert_eq!(number(), Ok(2));
        Err(SqlError("no".to_owned()))
    });
    assert!(rolled_back.is_err());
    assert_eq!(number(), Ok(1));
}

/// What was read is remembered until a statement names its table as the one that it writes. So no table may change
/// because another one is written.
#[test]
fn no_trigger_key_or_view_changes_a_table_that_the_statement_does_not_name() {
    let schemas = [
        events_concierge::ledger::MIGRATIONS,
        events_concierge::ledger::payee::MIGRATIONS,
        events_concierge::wallets::budget::MIGRATIONS,
        events_concierge::facilitator::own::MIGRATIONS,
        events_concierge::guest::MIGRATIONS,
        events_concierge::directory::MIGRATIONS,
    ];
    let mut triggers = 0;
    for statement in schemas.into_iter().flatten().flat_map(|migration| statements(migration)) {
        let code: Vec<&str> =
            statement.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
        let code = code.join(" ");
        for never in ["CASCADE", "SET NULL", "SET DEFAULT", "CREATE VIEW", "CREATE TEMP VIEW"] {
            assert!(!code.contains(never), "{code}");
        }
        if let Some((_, body)) =
            code.split_once("CREATE TRIGGER").and_then(|(_, rest)| rest.split_once("BEGIN"))
        {
            triggers += 1;
            assert!(body.trim_start().starts_with("SELECT RAISE(ABORT"), "{code}");
        }
    }
    assert_eq!(triggers, 4, "those of the ledger and of the entrance");
}

#[test]
fn a_result_of_this_second_is_made_anew_after_every_write_and_in_the_next_second() {
    let server = Server::open();
    let event = server.event(5);
    let said = |name: &str| {
        let call = rpc("tools/call", &json!({"name": name, "arguments": {"eventId": event}}));
        json_of(&server.mcp(false, &[], &call))["result"]["structuredContent"].clone()
    };
    let list = |limit: u32| {
        let call = json!({"name": "listEvents", "arguments": {"limit": limit}});
        json_of(&server.mcp(false, &[], &rpc("tools/call", &call)))
    };
    let first = said("getEvent");
    assert_eq!(first["event"]["seatsLeft"], 5);
    assert_eq!(said("getEvent"), first);
    let offer = offer(&server, &event);
    assert_eq!(pay(&server, &event, &Wallet::new(1).pay(&offer, 1)).0, 200);
    assert_eq!(said("getEvent")["event"]["seatsLeft"], 4);
    server.event(5);
    let counted =
        |limit: u32| list(limit)["result"]["structuredContent"]["events"].as_array().map(Vec::len);
    assert_eq!((counted(1), counted(2), counted(2)), (Some(1), Some(2), Some(2)));
    assert_eq!(first["event"]["status"], "scheduled");
    // The event begins, which is no write.
    server.world.memory.now.set(1_803_925_800);
    assert_eq!(said("getEvent")["event"]["status"], "past");
}

#[test]
fn a_prepared_result_counts_as_a_call() {
    let server = Server::open();
    server.event(5);
    let limits = json!({"limits": {"unpaidPerMinute": 5}});
    assert_eq!(server.as_owner(Action::Own(Own::ChangeProfile), &limits).status, 200);
    let call = rpc("tools/call", &json!({"name": "listEvents", "arguments": {}}));
    let is_error = || json_of(&server.mcp(false, &[], &call))["result"]["isError"] == json!(true);
    let errors: Vec<bool> = (0..7).map(|_| is_error()).collect();
    assert_eq!(errors, [false, false, false, false, false, true, true]);
}
