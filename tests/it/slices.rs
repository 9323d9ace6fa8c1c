//! An alarm does its work in slices, each within what one invocation of a Worker may use, and nothing starves.

use std::collections::BTreeMap;

use std::rc::Rc;

use events_concierge::base::email::EmailAddress;
use events_concierge::host::command::Action;
use events_concierge::host::slice::{ALONE_REQUESTS, PAYMENTS_REQUESTS};
use events_concierge::http::route::Own;
use events_concierge::ledger::audit::audit;
use events_concierge::ledger::outbox::PACE_SECONDS;
use events_concierge::mail::{Kind, NewMail, outbox};
use events_concierge::ports::{Clock, Delivery, SqlValue};

use serde_json::{Value, json};

use crate::money::books_balance;
use crate::support::{Door, NOW, PAY_TO, Settles, Wallet, block_on, json_of, offer, pay};

/// What the free plan gives an invocation.
const SUBREQUESTS_MAX: u32 = 50;
const CONNECTIONS_MAX: u32 = 6;

/// A host with so many payments of which nobody has answered.
fn waiting(does: &Settles, count: u8) -> Door {
    let mut door = Door::open();
    let event = door.event(200);
    for wallet in 1..=count {
        // A new instance, whose circuit breaker knows nothing yet.
        door.evict();
        let payment = Wallet::new(wallet).pay(&offer(&door, &event), wallet);
        door.world.memory.settles.borrow_mut().push_back(does.clone());
        assert_eq!(pay(&door, &event, &payment).0, 409);
    }
    door
}

/// One wake, which stays within the limits; how many subrequests it has made.
fn wake(door: &Door) -> u32 {
    let memory = &door.world.memory;
    memory.subrequests.set(0);
    memory.most_under_way.set(0);
    door.wake();
    let (made, most) = (memory.subrequests.get(), memory.most_under_way.get());
    assert!(made < SUBREQUESTS_MAX, "{made} subrequests in one wake");
    assert!(most <= CONNECTIONS_MAX, "{most} connections at a time");
    made
}

/// Lets alarms go off for so many seconds, each within the limits; how many there were.
fn pass(door: &Door, seconds: i64) -> u32 {
    let (memory, mut wakes) = (&door.world.memory, 0);
    let end = memory.now.get() + seconds;
    while let Some(at) = memory.alarm.get().filter(|at| *at <= end) {
        memory.now.set(at.max(memory.now.get()));
        wake(door);
        wakes += 1;
        assert!(wakes < 5_000, "the alarm runs hot");
    }
    memory.now.set(end);
    wakes
}

fn attempts(door: &Door) -> BTreeMap<String, i64> {
    let rows = door.sql("SELECT id, attempts FROM payments");
    let read = |row: Vec<SqlValue>| match (&row[0], &row[1]) {
        (SqlValue::Text(id), SqlValue::Int(attempts)) => (id.clone(), *attempts),
        other => panic!("{other:?}"),
    };
    rows.into_iter().map(read).collect()
}

fn open_payments(door: &Door) -> i64 {
    door.int("SELECT count(*) FROM payments WHERE state <> 'delivered'")
}

#[test]
fn payments_records_and_mails_together_stay_within_the_limits_of_each_wake() {
    let door = waiting(&Settles::PaysSilently, 60);
    door.world.memory.post_office.delivery.set(Some(Delivery::ExactlyOnce));
    for _ in 0..30 {
        let to = EmailAddress::parse("ada@example.org").unwrap();
        let mail =
            NewMail::new(Kind::Notice, door.scope.clone(), to, "Hello", "Text", None).unwrap();
        outbox::queue(&door.world, &mail, door.world.now()).unwrap();
    }
    door.world.memory.now.set(NOW + 5);
    let first = wake(&door);
    assert!(first > PAYMENTS_REQUESTS, "the first slice is full: {first}");
    assert!(open_payments(&door) > 40, "and is a slice");
    assert_eq!(door.world.memory.alarm.get(), Some(NOW + 5), "the next one follows at once");
    pass(&door, 10);
    assert_eq!(open_payments(&door), 0);
    assert_eq!(door.world.memory.post_office.arrived.borrow().len(), 30);
    pass(&door, 60 + PACE_SECONDS);
    let kv = door.world.memory.kv.borrow();
    assert_eq!(kv.keys().filter(|key| key.contains(":rsvps:")).count(), 60);
    assert_eq!(kv[&format!("{}:revenue", door.scope)], "3000000");
    books_balance(&door);
}

#[test]
fn every_payment_is_looked_at_before_one_is_looked_at_again() {
    let door = waiting(&Settles::Hangs, 60);
    for _ in 0..2_000 {
        door.world.memory.settles.borrow_mut().push_back(Settles::Hangs);
    }
    let before = attempts(&door);
    let looked = || {
        let now = attempts(&door);
        before.iter().filter(|(id, before)| now[*id] > **before).count()
    };
    let twice = || attempts(&door).values().filter(|times| **times > 2).count();
    door.world.memory.now.set(NOW + 5);
    let mut wakes = 0;
    while looked() < 60 {
        wake(&door);
        wakes += 1;
        assert!(wakes < 30, "{} of 60 after {wakes} wakes", looked());
    }
    assert_eq!(twice(), 0);
    pass(&door, 600);
    door.world.memory.settles.borrow_mut().clear();
    pass(&door, 3_000);
    let open = "SELECT count(*) FROM payments WHERE state NOT IN ('delivered', 'failed')";
    assert_eq!(door.int(open), 0);
    books_balance(&door);
}

#[test]
fn a_search_that_takes_many_requests_gets_a_wake_to_itself_and_holds_up_nothing() {
    let door = waiting(&Settles::PaysSilently, 12);
    // The use lies somewhere in so many blocks that no log tells.
    door.world.memory.chain.logs_are_gone.set(true);
    door.world.memory.chain.head.set(100_000);
    door.world.memory.now.set(NOW + 5);
    pass(&door, 900);
    let said =
        "SELECT count(*) FROM payments WHERE state = 'unknown' AND reason LIKE 'used on chain%'";
    let reasons =
        door.text("SELECT group_concat(DISTINCT state || coalesce(reason, 0)) FROM payments");
    assert_eq!(door.int(said), 12, "all were searched to the end: {reasons}");
    assert_eq!(door.int("SELECT count(*) FROM outbox WHERE value IS NOT NULL"), 0);
    door.world.memory.chain.logs_are_gone.set(false);
    pass(&door, 2_000);
    assert_eq!(open_payments(&door), 0);
    books_balance(&door);
}

#[test]
fn an_endpoint_that_hangs_keeps_a_wake_for_one_time_limit_and_not_for_all_its_payments() {
    let door = waiting(&Settles::PaysSilently, 20);
    door.world.memory.chain.hangs.set(true);
    door.world.memory.now.set(NOW + 5);
    let mut hung = 0;
    while door.world.memory.alarm.get().is_some_and(|at| at <= NOW + 5) {
        hung += u32::from(wake(&door) >= 1);
    }
    let asked = hung;
    assert!(asked <= 20, "{asked}");
    door.world.memory.chain.hangs.set(false);
    pass(&door, 900);
    assert_eq!(open_payments(&door), 0);
    books_balance(&door);
    const { assert!(ALONE_REQUESTS < SUBREQUESTS_MAX) };
}

/// What a host with 2,000 events and 8,000 seats at $0.05 has published.
fn publish_ten_thousand(door: &Door) {
    let event = door.event(10_000);
    assert_eq!(pay(door, &event, &Wallet::new(1).pay(&offer(door, &event), 1)).0, 200);
    pass(door, 60);
    let mut kv = door.world.memory.kv.borrow_mut();
    let record = |kv: &BTreeMap<String, String>, what: &str| -> Value {
        let key = kv.keys().find(|key| key.contains(what)).unwrap().clone();
        serde_json::from_str(&kv[&key]).unwrap()
    };
    let (one_event, one_seat) = (record(&kv, ":events:"), record(&kv, ":rsvps:"));
    for number in 0..1_999 {
        let id = format!("evt_{number:024x}");
        let mut record = one_event.clone();
        record["id"] = json!(id);
        kv.insert(format!("{}:events:{id}", door.scope), record.to_string());
    }
    for number in 0..7_999 {
        let wallet = format!("0x{number:040x}");
        let mut record = one_seat.clone();
        record["walletAddress"] = json!(wallet);
        record["txHash"] = json!(format!("0x{:064x}", number + 1_000));
        kv.insert(format!("{}:rsvps:{event}:{wallet}", door.scope), record.to_string());
    }
    let sum = 8_000 * 50_000 + 10_000;
    kv.insert(format!("{}:revenue", door.scope), sum.to_string());
}

#[test]
fn ten_thousand_records_come_back_in_slices_whatever_breaks_on_the_way() {
    let mut door = Door::open();
    publish_ten_thousand(&door);
    door.world.sqlite = Rc::new(rusqlite::Connection::open_in_memory().unwrap());
    door.evict();
    let list = |door: &Door| block_on(door.tool("listEvents", &json!({}), None));
    door.world.memory.subrequests.set(0);
    let reply = list(&door);
    assert_eq!(reply.status, 503, "{}", reply.body);
    assert!(door.world.memory.subrequests.get() < SUBREQUESTS_MAX);
    let (mut wakes, mut refused) = (0, 0);
    while door.int("SELECT count(*) FROM restoring") == 1 {
        let at = door.world.memory.alarm.get().expect("an alarm is set");
        door.world.memory.now.set(at.max(door.world.memory.now.get()));
        door.world.memory.kv_is_down.set(wakes % 97 == 96);
        wake(&door);
        if wakes % 50 == 49 {
            door.evict();
            assert_eq!(list(&door).status, 503, "all or nothing");
            let body = json!({"userId": PAY_TO, "walletAddress": PAY_TO});
            let registers = door.as_owner(Action::Own(Own::Register), &body);
            assert_eq!(registers.status, 503, "nobody registers over it");
            assert_eq!(door.host.is_over(), Ok(false), "nor is it erased");
            refused += 1;
        }
        wakes += 1;
        assert!(wakes < 2_000, "it does not come to an end");
    }
    door.world.memory.kv_is_down.set(false);
    assert!(wakes > 400 && refused > 5, "{wakes} slices");
    assert_eq!(list(&door).status, 200);
    let counts = ["events", "rsvps", "restoring_records"]
        .map(|table| door.int(&format!("SELECT count(*) FROM {table}")));
    assert_eq!(counts, [2_000, 8_000, 0]);
    let revenue = json_of(&door.as_owner(Action::Own(Own::Revenue), &json!({})));
    assert_eq!(revenue["totalAtomic"], "400010000");
    assert_eq!(audit(&door.world).unwrap(), Vec::<String>::new());
}

#[test]
fn a_damaged_record_among_many_stops_the_restoration_until_it_is_mended() {
    let mut door = Door::open();
    publish_ten_thousand(&door);
    let damaged = format!("{}:events:evt_{:024x}", door.scope, 7);
    let good = door.world.memory.kv.borrow()[&damaged].clone();
    door.world.memory.kv.borrow_mut().insert(damaged.clone(), "{".to_owned());
    door.world.sqlite = Rc::new(rusqlite::Connection::open_in_memory().unwrap());
    door.evict();
    let list = |door: &Door| block_on(door.tool("listEvents", &json!({}), None)).status;
    assert_eq!(list(&door), 503);
    let wakes = pass(&door, 7_200);
    assert!(wakes < 100, "it is tried ever less often: {wakes}");
    assert_eq!(door.int("SELECT count(*) FROM events"), 0, "nothing of it is there yet");
    assert_eq!(list(&door), 503);
    door.world.memory.kv.borrow_mut().insert(damaged, good);
    pass(&door, 1_200);
    assert_eq!(list(&door), 200);
    assert_eq!(door.int("SELECT count(*) FROM rsvps"), 8_000);
}

#[test]
fn a_record_that_stands_under_the_key_of_another_is_not_believed() {
    let mut door = Door::open();
    door.event(5);
    pass(&door, 60);
    let prefix = format!("{}:events:", door.scope);
    let mut kv = door.world.memory.kv.borrow_mut();
    let right = kv.keys().find(|key| key.starts_with(&prefix)).unwrap().clone();
    let record = kv.remove(&right).unwrap();
    let wrong = format!("{prefix}evt_{:024x}", 7);
    kv.insert(wrong.clone(), record.clone());
    drop(kv);
    door.world.sqlite = Rc::new(rusqlite::Connection::open_in_memory().unwrap());
    door.evict();
    let list = |door: &Door| block_on(door.tool("listEvents", &json!({}), None)).status;
    assert_eq!(list(&door), 500);
    door.world.memory.kv.borrow_mut().remove(&wrong);
    door.world.memory.kv.borrow_mut().insert(right, record);
    assert_eq!(list(&door), 200);
    assert_eq!(door.int("SELECT count(*) FROM events"), 1);
}
