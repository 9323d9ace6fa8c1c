//! Records on their way to KV: few writes, ever fewer while KV refuses, and always the last state.

use std::collections::BTreeMap;
use std::rc::Rc;

use events_concierge::base::id::EventId;
use events_concierge::config::Config;
use events_concierge::host::command::Action;
use events_concierge::http::route::Own;
use serde_json::json;

use crate::money::books_balance;
use crate::support::{Door, NOW, PAY_TO, Wallet, World, config_with, offer, pay};

/// A deployment that is not on one's own machine.
fn config() -> Rc<Config> {
    config_with(&[
        ("PUBLIC_URL", "https://events.example"),
        ("MASTER_KEY", "d33ce81fa93204300fb77ca91ffcfefd91ad5acaf9f1fab88126a8a17bc33d1e"),
        ("RPC_URLS", r#"{"eip155:84532":"https://rpc.example"}"#),
    ])
}

fn open() -> Door {
    let door = Door::with(World::new(), PAY_TO, config());
    let body = json!({"userId": PAY_TO, "walletAddress": PAY_TO});
    assert_eq!(door.as_owner(Action::Own(Own::Register), &body).status, 201);
    door
}

fn sell(door: &Door, event: &str, wallet: u8) {
    let payment = Wallet::new(wallet).pay(&offer(door, event), wallet);
    assert_eq!(pay(door, event, &payment).0, 200);
}

fn revenue_key(door: &Door) -> String {
    format!("{}:revenue", door.scope)
}

fn revenue(door: &Door) -> Option<String> {
    door.world.memory.kv.borrow().get(&revenue_key(door)).cloned()
}

/// How often KV was asked to write each key.
fn writes(door: &Door) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for (_, key) in door.world.memory.kv_writes.borrow().iter() {
        *counts.entry(key.clone()).or_default() += 1;
    }
    counts
}

fn unsent(door: &Door) -> i64 {
    door.int("SELECT count(*) FROM outbox WHERE value IS NOT NULL")
}

#[test]
fn an_hour_of_sales_writes_each_sum_a_few_times_and_its_last_state_in_the_end() {
    let door = open();
    let event = door.event(200);
    door.pass(60);
    door.world.memory.kv_writes.borrow_mut().clear();
    for wallet in 1..=120 {
        sell(&door, &event, wallet);
        door.pass(30);
    }
    let counts = writes(&door);
    let of = |key: &str| counts.get(key).copied().unwrap_or_default();
    let event_key = format!("{}:events:{event}", door.scope);
    assert!(of(&revenue_key(&door)) <= 12, "{} writes of revenue", of(&revenue_key(&door)));
    assert!(of(&event_key) <= 12, "{} writes of the event", of(&event_key));
    door.pass(600);
    assert_eq!(revenue(&door), Some((120 * 50_000).to_string()));
    let kv = door.world.memory.kv.borrow();
    let seats = kv.keys().filter(|key| key.contains(":rsvps:")).count();
    assert_eq!((seats, unsent(&door)), (120, 0));
    assert!(kv[&event_key].contains("\"rsvpCount\":120"), "{}", kv[&event_key]);
    books_balance(&door);
}

#[test]
fn the_first_sale_after_a_quiet_time_is_seen_at_once() {
    let door = open();
    let event = door.event(20);
    door.pass(2_000);
    for (wallet, sum) in [(1, "50000"), (2, "100000")] {
        sell(&door, &event, wallet);
        door.pass(2);
        assert_eq!(revenue(&door).as_deref(), Some(sum));
        door.pass(2_000);
        assert_eq!(door.int("SELECT count(*) FROM outbox"), 0, "nothing is left of it");
    }
}

#[test]
fn a_change_by_the_host_does_not_wait_for_the_pace_of_sales() {
    let door = open();
    let event = door.event(50);
    for wallet in 1..=20 {
        sell(&door, &event, wallet);
        door.pass(30);
    }
    let id = EventId::parse(&event).unwrap();
    door.as_owner(Action::Own(Own::CancelEvent(id)), &json!({}));
    door.pass(3);
    let key = format!("{}:events:{event}", door.scope);
    assert!(door.world.memory.kv.borrow()[&key].contains("cancelled"));
}

#[test]
fn one_key_is_never_written_twice_within_a_second() {
    let door = open();
    let event = door.event(20);
    let id = EventId::parse(&event).unwrap();
    for step in 1..=60 {
        let title = json!({"title": format!("Night {step}")});
        assert_eq!(door.as_owner(Action::Own(Own::UpdateEvent(id.clone())), &title).status, 200);
        // The alarm goes off whenever it wants to; several times in a second, too.
        door.wake();
        door.world.memory.kv_is_down.set(step % 7 == 0);
        door.wake();
        if step % 2 == 0 {
            door.world.memory.now.set(NOW + step / 2);
        }
    }
    door.world.memory.kv_is_down.set(false);
    door.pass(60);
    let mut last = BTreeMap::new();
    for (at, key) in door.world.memory.kv_writes.borrow().iter() {
        if let Some(before) = last.insert(key.clone(), *at) {
            assert!(at - before > 1, "{key} is written at {before} and at {at}");
        }
    }
    let key = format!("{}:events:{event}", door.scope);
    assert!(door.world.memory.kv.borrow()[&key].contains("Night 60"), "the last state wins");
}

#[test]
fn a_day_without_kv_costs_few_writes_and_loses_nothing() {
    let mut door = open();
    let event = door.event(60);
    door.world.memory.kv_is_down.set(true);
    for wallet in 1..=40 {
        sell(&door, &event, wallet);
        door.pass(10);
    }
    door.world.memory.kv_writes.borrow_mut().clear();
    door.pass(43_200);
    door.evict();
    door.deploy(config());
    door.pass(43_200);
    let tried = door.world.memory.kv_writes.borrow().len();
    assert!((90..=400).contains(&tried), "{tried} writes were tried in a day");
    door.world.memory.kv_is_down.set(false);
    door.pass(1_000);
    assert_eq!(unsent(&door), 0);
    assert_eq!(revenue(&door).as_deref(), Some("2000000"));
    let kv = door.world.memory.kv.borrow();
    assert_eq!(kv.keys().filter(|key| key.contains(":rsvps:")).count(), 40);
}

#[test]
fn one_key_that_is_refused_for_ever_holds_up_no_other() {
    let door = open();
    let event = door.event(60);
    door.pass(60);
    *door.world.memory.kv_refuses.borrow_mut() = Some(revenue_key(&door));
    for wallet in 1..=30 {
        sell(&door, &event, wallet);
    }
    door.pass(60);
    let kv = door.world.memory.kv.borrow().clone();
    assert_eq!(kv.keys().filter(|key| key.contains(":rsvps:")).count(), 30);
    door.pass(7_200);
    let of_revenue = writes(&door)[&revenue_key(&door)];
    assert!((8..=20).contains(&of_revenue), "{of_revenue} tries in two hours");
    *door.world.memory.kv_refuses.borrow_mut() = None;
    door.pass(1_000);
    assert_eq!((revenue(&door).as_deref(), unsent(&door)), (Some("1500000"), 0));
}
