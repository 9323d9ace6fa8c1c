//! An alarm does its work in slices, each within what one invocation of a Worker may use, and nothing starves.

use std::collections::BTreeMap;

use events_concierge::host::slice::{ALONE_REQUESTS, PAYMENTS_REQUESTS};
use events_concierge::identity::EmailAddress;
use events_concierge::ledger::outbox::PACE_SECONDS;
use events_concierge::mail::{Kind, NewMail, outbox};
use events_concierge::ports::{Clock, Delivery, SqlValue};

use crate::money::books_balance;
use crate::support::{Door, NOW, Settles, Wallet, offer, pay};

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
        let mail = NewMail::new(Kind::Notice, door.scope.clone(), to, "Hello", "Text", None).unwrap();
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
    let said = "SELECT count(*) FROM payments WHERE state = 'unknown' AND reason LIKE 'used on chain%'";
    let reasons = door.text("SELECT group_concat(DISTINCT state || coalesce(reason, 0)) FROM payments");
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
    assert!(ALONE_REQUESTS < SUBREQUESTS_MAX);
}
