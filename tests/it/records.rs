//! Records on their way to KV: few writes, ever fewer while KV refuses, and always the last state.

use std::collections::BTreeMap;
use std::rc::Rc;

use events_concierge::base::id::EventId;
use events_concierge::config::Config;
use events_concierge::host::command::Action;
use events_concierge::http::route::Own;
use serde_json::json;

use crate::money::books_balance;
use crate::support::{NOW, PAY_TO, Server, Wallet, World, config_with, offer, pay};

/// A deployment that is not on one's own machine.
fn config() -> Rc<Config> {
    config_with(&[
        ("PUBLIC_URL", "https://events.example"),
        ("MASTER_KEY", "d33ce81fa93204300fb77ca91ffcfefd91ad5acaf9f1fab88126a8a17bc33d1e"),
        ("RPC_URLS", r#"{"eip155:84532":"https://rpc.example"}"#),
    ])
}

fn open() -> Server {
    let server = Server::with(World::new(), PAY_TO, config());
    let body = json!({"userId": PAY_TO, "walletAddress": PAY_TO});
    assert_eq!(server.as_owner(Action::Own(Own::Register), &body).status, 201);
    server
}

fn sell(server: &Server, event: &str, wallet: u8) {
    let payment = Wallet::new(wallet).pay(&offer(server, event), wallet);
    assert_eq!(pay(server, event, &payment).0, 200);
}

fn revenue_key(server: &Server) -> String {
    format!("{}:revenue", server.scope)
}

fn revenue(server: &Server) -> Option<String> {
    server.world.memory.kv.borrow().get(&revenue_key(server)).cloned()
}

/// How often KV was asked to write each key.
fn writes(server: &Server) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for (_, key) in server.world.memory.kv_writes.borrow().iter() {
        *counts.entry(key.clone()).or_default() += 1;
    }
    counts
}

fn unsent(server: &Server) -> i64 {
    server.int("SELECT count(*) FROM outbox WHERE value IS NOT NULL")
}

#[test]
fn an_hour_of_sales_writes_each_sum_a_few_times_and_its_last_state_in_the_end() {
    let server = open();
    let event = server.event(200);
    server.pass(60);
    server.world.memory.kv_writes.borrow_mut().clear();
    for wallet in 1..=120 {
        sell(&server, &event, wallet);
        server.pass(30);
    }
    let counts = writes(&server);
    let of = |key: &str| counts.get(key).copied().unwrap_or_default();
    let event_key = format!("{}:events:{event}", server.scope);
    assert!(of(&revenue_key(&server)) <= 12, "{} writes of revenue", of(&revenue_key(&server)));
    assert!(of(&event_key) <= 12, "{} writes of the event", of(&event_key));
    server.pass(600);
    assert_eq!(revenue(&server), Some((120 * 50_000).to_string()));
    let kv = server.world.memory.kv.borrow();
    let seats = kv.keys().filter(|key| key.contains(":rsvps:")).count();
    assert_eq!((seats, unsent(&server)), (120, 0));
    assert!(kv[&event_key].contains("\"rsvpCount\":120"), "{}", kv[&event_key]);
    books_balance(&server);
}

#[test]
fn the_first_sale_after_a_quiet_time_is_seen_at_once() {
    let server = open();
    let event = server.event(20);
    server.pass(2_000);
    for (wallet, sum) in [(1, "50000"), (2, "100000")] {
        sell(&server, &event, wallet);
        server.pass(2);
        assert_eq!(revenue(&server).as_deref(), Some(sum));
        server.pass(2_000);
        assert_eq!(server.int("SELECT count(*) FROM outbox"), 0, "nothing is left of it");
    }
}

#[test]
fn a_change_by_the_host_does_not_wait_for_the_pace_of_sales() {
    let server = open();
    let event = server.event(50);
    for wallet in 1..=20 {
        sell(&server, &event, wallet);
        server.pass(30);
    }
    let id = EventId::parse(&event).unwrap();
    server.as_owner(Action::Own(Own::CancelEvent(id)), &json!({}));
    server.pass(3);
    let key = format!("{}:events:{event}", server.scope);
    assert!(server.world.memory.kv.borrow()[&key].contains("cancelled"));
}

#[test]
fn one_key_is_never_written_twice_within_a_second() {
    let server = open();
    let event = server.event(20);
    let id = EventId::parse(&event).unwrap();
    for step in 1..=60 {
        let title = json!({"title": format!("Night {step}")});
        assert_eq!(server.as_owner(Action::Own(Own::UpdateEvent(id.clone())), &title).status, 200);
        // The alarm goes off whenever it wants to; several times in a second, too.
        server.wake();
        server.world.memory.kv_is_down.set(step % 7 == 0);
        server.wake();
        if step % 2 == 0 {
            server.world.memory.now.set(NOW + step / 2);
        }
    }
    server.world.memory.kv_is_down.set(false);
    server.pass(60);
    let mut last = BTreeMap::new();
    for (at, key) in server.world.memory.kv_writes.borrow().iter() {
        if let Some(before) = last.insert(key.clone(), *at) {
            assert!(at - before > 1, "{key} is written at {before} and at {at}");
        }
    }
    let key = format!("{}:events:{event}", server.scope);
    assert!(server.world.memory.kv.borrow()[&key].contains("Night 60"), "the last state wins");
}

#[test]
fn a_day_without_kv_costs_few_writes_and_loses_nothing() {
    let mut server = open();
    let event = server.event(60);
    server.world.memory.kv_is_down.set(true);
    for wallet in 1..=40 {
        sell(&server, &event, wallet);
        server.pass(10);
    }
    server.world.memory.kv_writes.borrow_mut().clear();
    server.pass(43_200);
    server.evict();
    server.deploy(config());
    server.pass(43_200);
    let tried = server.world.memory.kv_writes.borrow().len();
    assert!((90..=400).contains(&tried), "{tried} writes were tried in a day");
    server.world.memory.kv_is_down.set(false);
    server.pass(1_000);
    assert_eq!(unsent(&server), 0);
    assert_eq!(revenue(&server).as_deref(), Some("2000000"));
    let kv = server.world.memory.kv.borrow();
    assert_eq!(kv.keys().filter(|key| key.contains(":rsvps:")).count(), 40);
}

#[test]
fn one_key_that_is_refused_for_ever_holds_up_no_other() {
    let server = open();
    let event = server.event(60);
    server.pass(60);
    *server.world.memory.kv_refuses.borrow_mut() = Some(revenue_key(&server));
    for wallet in 1..=30 {
        sell(&server, &event, wallet);
    }
    server.pass(60);
    let kv = server.world.memory.kv.borrow().clone();
    assert_eq!(kv.keys().filter(|key| key.contains(":rsvps:")).count(), 30);
    server.pass(7_200);
    let of_revenue = writes(&server)[&revenue_key(&server)];
    assert!((8..=20).contains(&of_revenue), "{of_revenue} tries in two hours");
    *server.world.memory.kv_refuses.borrow_mut() = None;
    server.pass(1_000);
    assert_eq!((revenue(&server).as_deref(), unsent(&server)), (Some("1500000"), 0));
}
