//! An alarm does its work in slices, each within what one invocation of a Worker may use, and nothing starves.

use std::collections::BTreeMap;

use events_concierge::base::email::EmailAddress;
use events_concierge::host::command::Action;
use events_concierge::http::route::Own;
use events_concierge::ledger::audit::audit;
use events_concierge::ledger::outbox::PACE_SECONDS;
use events_concierge::mail::{Kind, NewMail, outbox};
use events_concierge::ports::{Clock, Delivery, SqlValue};
use events_concierge::shop::look::{ALONE_REQUESTS, PAYMENTS_REQUESTS};

use serde_json::{Value, json};

use crate::money::books_balance;
use crate::support::{NOW, PAY_TO, Server, Settles, Sqlite, Wallet, block_on, json_of, offer, pay};

/// What the free plan gives an invocation.
const SUBREQUESTS_MAX: u32 = 50;
const CONNECTIONS_MAX: u32 = 6;

/// A host with so many payments of which nobody has answered.
fn waiting(does: &Settles, count: u8) -> Server {
    let mut server = Server::open();
    let event = server.event(200);
    for wallet in 1..=count {
        // A new instance, whose circuit breaker knows nothing yet.
        server.evict();
        let payment = Wallet::new(wallet).pay(&offer(&server, &event), wallet);
        server.world.memory.settles.borrow_mut().push_back(does.clone());
        assert_eq!(pay(&server, &event, &payment).0, 409);
    }
    server
}

/// One wake, which stays within the limits; how many subrequests it has made.
fn wake(server: &Server) -> u32 {
    let memory = &server.world.memory;
    memory.subrequests.set(0);
    memory.most_under_way.set(0);
    server.wake();
    let (made, most) = (memory.subrequests.get(), memory.most_under_way.get());
    assert!(made < SUBREQUESTS_MAX, "{made} subrequests in one wake");
    assert!(most <= CONNECTIONS_MAX, "{most} connections at a time");
    made
}

/// Lets alarms go off for so many seconds, each within the limits; how many there were.
fn pass(server: &Server, seconds: i64) -> u32 {
    let (memory, mut wakes) = (&server.world.memory, 0);
    let end = memory.now.get() + seconds;
    while let Some(at) = memory.alarm.get().filter(|at| *at <= end) {
        memory.now.set(at.max(memory.now.get()));
        wake(server);
        wakes += 1;
        assert!(wakes < 5_000, "the alarm runs hot");
    }
    memory.now.set(end);
    wakes
}

fn attempts(server: &Server) -> BTreeMap<String, i64> {
    let rows = server.sql("SELECT id, attempts FROM payments");
    let read = |row: Vec<SqlValue>| match (&row[0], &row[1]) {
        (SqlValue::Text(id), SqlValue::Int(attempts)) => (id.clone(), *attempts),
        other => panic!("{other:?}"),
    };
    rows.into_iter().map(read).collect()
}

fn open_payments(server: &Server) -> i64 {
    server.int("SELECT count(*) FROM payments WHERE state <> 'delivered'")
}

#[test]
fn payments_records_and_mails_together_stay_within_the_limits_of_each_wake() {
    let server = waiting(&Settles::PaysSilently, 60);
    server.world.memory.post_office.delivery.set(Some(Delivery::ExactlyOnce));
    for _ in 0..30 {
        let to = EmailAddress::parse("ada@example.org").unwrap();
        let mail =
            NewMail::new(Kind::Notice, server.scope.clone(), to, "Hello", "Text", None).unwrap();
        outbox::queue(&server.world, &mail, server.world.now()).unwrap();
    }
    server.world.memory.now.set(NOW + 5);
    let first = wake(&server);
    assert!(first > PAYMENTS_REQUESTS, "the first slice is full: {first}");
    assert!(open_payments(&server) > 40, "and is a slice");
    assert_eq!(server.world.memory.alarm.get(), Some(NOW + 5), "the next one follows at once");
    pass(&server, 10);
    assert_eq!(open_payments(&server), 0);
    assert_eq!(server.world.memory.post_office.arrived.borrow().len(), 30);
    pass(&server, 60 + PACE_SECONDS);
    let kv = server.world.memory.kv.borrow();
    assert_eq!(kv.keys().filter(|key| key.contains(":rsvps:")).count(), 60);
    assert_eq!(kv[&format!("{}:revenue", server.scope)], "3000000");
    books_balance(&server);
}

#[test]
fn every_payment_is_looked_at_before_one_is_looked_at_again() {
    let server = waiting(&Settles::Hangs, 60);
    for _ in 0..2_000 {
        server.world.memory.settles.borrow_mut().push_back(Settles::Hangs);
    }
    let before = attempts(&server);
    let looked = || {
        let now = attempts(&server);
        before.iter().filter(|(id, before)| now[*id] > **before).count()
    };
    let twice = || attempts(&server).values().filter(|times| **times > 2).count();
    server.world.memory.now.set(NOW + 5);
    let mut wakes = 0;
    while looked() < 60 {
        wake(&server);
        wakes += 1;
        assert!(wakes < 30, "{} of 60 after {wakes} wakes", looked());
    }
    assert_eq!(twice(), 0);
    pass(&server, 600);
    server.world.memory.settles.borrow_mut().clear();
    pass(&server, 3_000);
    let open = "SELECT count(*) FROM payments WHERE state NOT IN ('delivered', 'failed')";
    assert_eq!(server.int(open), 0);
    books_balance(&server);
}

#[test]
fn a_search_that_takes_many_requests_gets_a_wake_to_itself_and_holds_up_nothing() {
    let server = waiting(&Settles::PaysSilently, 12);
    // The use lies somewhere in so many blocks that no log tells.
    server.world.memory.chain.logs_are_gone.set(true);
    server.world.memory.chain.head.set(100_000);
    server.world.memory.now.set(NOW + 5);
    pass(&server, 900);
    let said =
        "SELECT count(*) FROM payments WHERE state = 'unknown' AND reason LIKE 'used on chain%'";
    let reasons =
        server.text("SELECT group_concat(DISTINCT state || coalesce(reason, 0)) FROM payments");
    assert_eq!(server.int(said), 12, "all were searched to the end: {reasons}");
    assert_eq!(server.int("SELECT count(*) FROM outbox WHERE value IS NOT NULL"), 0);
    server.world.memory.chain.logs_are_gone.set(false);
    pass(&server, 2_000);
    assert_eq!(open_payments(&server), 0);
    books_balance(&server);
}

#[test]
fn an_endpoint_that_hangs_keeps_a_wake_for_one_time_limit_and_not_for_all_its_payments() {
    let server = waiting(&Settles::PaysSilently, 20);
    server.world.memory.chain.hangs.set(true);
    server.world.memory.now.set(NOW + 5);
    let mut hung = 0;
    while server.world.memory.alarm.get().is_some_and(|at| at <= NOW + 5) {
        hung += u32::from(wake(&server) >= 1);
    }
    let asked = hung;
    assert!(asked <= 20, "{asked}");
    server.world.memory.chain.hangs.set(false);
    pass(&server, 900);
    assert_eq!(open_payments(&server), 0);
    books_balance(&server);
    const { assert!(ALONE_REQUESTS < SUBREQUESTS_MAX) };
}

/// What a host with 2,000 events and 8,000 seats at $0.05 has published.
fn publish_ten_thousand(server: &Server) {
    let event = server.event(10_000);
    assert_eq!(pay(server, &event, &Wallet::new(1).pay(&offer(server, &event), 1)).0, 200);
    pass(server, 60);
    let mut kv = server.world.memory.kv.borrow_mut();
    let record = |kv: &BTreeMap<String, String>, what: &str| -> Value {
        let key = kv.keys().find(|key| key.contains(what)).unwrap().clone();
        serde_json::from_str(&kv[&key]).unwrap()
    };
    let (one_event, one_seat) = (record(&kv, ":events:"), record(&kv, ":rsvps:"));
    for number in 0..1_999 {
        let id = format!("evt_{number:024x}");
        let mut record = one_event.clone();
        record["id"] = json!(id);
        kv.insert(format!("{}:events:{id}", server.scope), record.to_string());
    }
    for number in 0..7_999 {
        let wallet = format!("0x{number:040x}");
        let mut record = one_seat.clone();
        record["walletAddress"] = json!(wallet);
        record["txHash"] = json!(format!("0x{:064x}", number + 1_000));
        kv.insert(format!("{}:rsvps:{event}:{wallet}", server.scope), record.to_string());
    }
    let sum = 8_000 * 50_000 + 10_000;
    kv.insert(format!("{}:revenue", server.scope), sum.to_string());
}

#[test]
fn ten_thousand_records_come_back_in_slices_whatever_breaks_on_the_way() {
    let mut server = Server::open();
    publish_ten_thousand(&server);
    server.world.sqlite = Sqlite::empty();
    server.evict();
    let list = |server: &Server| block_on(server.tool("listEvents", &json!({}), None));
    server.world.memory.subrequests.set(0);
    let reply = list(&server);
    assert_eq!(reply.status, 503, "{}", reply.body);
    assert!(server.world.memory.subrequests.get() < SUBREQUESTS_MAX);
    let (mut wakes, mut refused) = (0, 0);
    while server.int("SELECT count(*) FROM restoring") == 1 {
        let at = server.world.memory.alarm.get().expect("an alarm is set");
        server.world.memory.now.set(at.max(server.world.memory.now.get()));
        server.world.memory.kv_is_down.set(wakes % 97 == 96);
        wake(&server);
        if wakes % 50 == 49 {
            server.evict();
            assert_eq!(list(&server).status, 503, "all or nothing");
            let body = json!({"userId": PAY_TO, "walletAddress": PAY_TO});
            let registers = server.as_owner(Action::Own(Own::Register), &body);
            assert_eq!(registers.status, 503, "nobody registers over it");
            assert_eq!(server.host.is_over(), Ok(false), "nor is it erased");
            refused += 1;
        }
        wakes += 1;
        assert!(wakes < 2_000, "it does not come to an end");
    }
    server.world.memory.kv_is_down.set(false);
    assert!(wakes > 400 && refused > 5, "{wakes} slices");
    assert_eq!(list(&server).status, 200);
    let counts = ["events", "rsvps", "restoring_records"]
        .map(|table| server.int(&format!("SELECT count(*) FROM {table}")));
    assert_eq!(counts, [2_000, 8_000, 0]);
    let revenue = json_of(&server.as_owner(Action::Own(Own::Revenue), &json!({})));
    assert_eq!(revenue["totalAtomic"], "400010000");
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

#[test]
fn a_damaged_record_among_many_stops_the_restoration_until_it_is_repaired() {
    let mut server = Server::open();
    publish_ten_thousand(&server);
    let damaged = format!("{}:events:evt_{:024x}", server.scope, 7);
    let good = server.world.memory.kv.borrow()[&damaged].clone();
    server.world.memory.kv.borrow_mut().insert(damaged.clone(), "{".to_owned());
    server.world.sqlite = Sqlite::empty();
    server.evict();
    let list = |server: &Server| block_on(server.tool("listEvents", &json!({}), None)).status;
    assert_eq!(list(&server), 503);
    let wakes = pass(&server, 7_200);
    assert!(wakes < 100, "it is tried ever less often: {wakes}");
    assert_eq!(server.int("SELECT count(*) FROM events"), 0, "nothing of it is there yet");
    assert_eq!(list(&server), 503);
    server.world.memory.kv.borrow_mut().insert(damaged, good);
    pass(&server, 1_200);
    assert_eq!(list(&server), 200);
    assert_eq!(server.int("SELECT count(*) FROM rsvps"), 8_000);
}

#[test]
fn a_record_that_stands_under_the_key_of_another_is_not_believed() {
    let mut server = Server::open();
    server.event(5);
    pass(&server, 60);
    let prefix = format!("{}:events:", server.scope);
    let mut kv = server.world.memory.kv.borrow_mut();
    let right = kv.keys().find(|key| key.starts_with(&prefix)).unwrap().clone();
    let record = kv.remove(&right).unwrap();
    let wrong = format!("{prefix}evt_{:024x}", 7);
    kv.insert(wrong.clone(), record.clone());
    drop(kv);
    server.world.sqlite = Sqlite::empty();
    server.evict();
    let list = |server: &Server| block_on(server.tool("listEvents", &json!({}), None)).status;
    assert_eq!(list(&server), 500);
    server.world.memory.kv.borrow_mut().remove(&wrong);
    server.world.memory.kv.borrow_mut().insert(right, record);
    assert_eq!(list(&server), 200);
    assert_eq!(server.int("SELECT count(*) FROM events"), 1);
}
