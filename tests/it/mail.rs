//! Mail on its way out: sent once, whatever happens to the object, the way out or the answer.

use events_concierge::base::email::EmailAddress;
use events_concierge::base::id::MailId;
use events_concierge::base::time::UnixSeconds;
use events_concierge::host::command::Action;
use events_concierge::http::route::Own;
use events_concierge::mail::outbox::{self, Fate, KEPT_SECONDS, SEND_SECONDS};
use events_concierge::mail::{Kind, NewMail};
use events_concierge::ports::{Clock, Delivery, Mail};
use serde_json::json;

use crate::post_office::Takes;
use crate::support::{Door, block_on, json_of};

const STATES: &str = "SELECT group_concat(state) FROM (SELECT state FROM mail_outbox ORDER BY id)";

fn door(delivery: Delivery) -> Door {
    let door = Door::open();
    door.world.memory.post_office.delivery.set(Some(delivery));
    door
}

fn queue(door: &Door) -> MailId {
    let to = EmailAddress::parse("ada@example.org").unwrap();
    let scope = door.scope.clone();
    let mail = NewMail::new(Kind::Ticket, scope, to, "Your question", "Yes.", Some(7)).unwrap();
    let id = outbox::queue(&door.world, &mail, door.world.now()).unwrap();
    door.world.memory.alarm.set(Some(door.world.now().get()));
    id
}

fn arrived(door: &Door) -> usize {
    door.world.memory.post_office.arrived.borrow().len()
}

fn will(door: &Door, takes: &[Takes]) {
    door.world.memory.post_office.takes.borrow_mut().extend(takes.iter().copied());
}

#[test]
fn a_damaged_mail_keeps_no_other_from_being_sent() {
    let door = door(Delivery::ExactlyOnce);
    let damaged = queue(&door);
    door.sql(&format!("UPDATE mail_outbox SET to_address = 'nobody' WHERE id = '{damaged}'"));
    queue(&door);
    door.wake();
    assert_eq!(arrived(&door), 1);
    assert!(door.world.memory.alarm.get().is_some_and(|at| at > door.world.now().get()));
    door.sql("UPDATE mail_outbox SET to_address = 'ada@example.org'");
    door.pass(3_700);
    assert_eq!(arrived(&door), 2, "it is looked at again");
}

#[test]
fn a_mail_is_sent_by_the_alarm_and_says_where_it_comes_from() {
    let door = door(Delivery::ExactlyOnce);
    let id = queue(&door);
    assert_eq!(outbox::next_due(&door.world).unwrap(), Some(door.world.now()));
    door.wake();
    let mail = door.world.memory.post_office.arrived.borrow()[0].clone();
    assert_eq!(mail["to"], json!(["ada@example.org"]));
    assert_eq!(mail["headers"]["Message-ID"], format!("<{id}@example.com>"));
    assert_eq!(mail["headers"]["X-Concierge-Mail"], format!("{}/{id}", door.scope));
    let thread = format!("<ticket-7.{}@example.com>", door.scope);
    assert_eq!(mail["headers"]["References"], thread);
    assert_eq!(door.text(STATES), "sent");
    assert_eq!(door.text("SELECT provider_id FROM mail_outbox"), id.as_str());
    assert_eq!(outbox::next_due(&door.world).unwrap(), None);
    door.wake();
    assert_eq!(arrived(&door), 1);
}

#[test]
fn with_keys_a_mail_whose_answer_is_lost_arrives_once() {
    for takes in [Takes::ItSilently, Takes::Nothing, Takes::Refuses(503), Takes::Refuses(409)] {
        let door = door(Delivery::ExactlyOnce);
        queue(&door);
        will(&door, &[takes, takes]);
        door.wake();
        assert_eq!(door.text(STATES), "queued", "{takes:?}");
        door.pass(60);
        assert_eq!((door.text(STATES).as_str(), arrived(&door)), ("sent", 1), "{takes:?}");
        assert_eq!(door.world.memory.post_office.requests.get(), 3, "{takes:?}");
    }
}

#[test]
fn without_keys_a_mail_whose_answer_is_lost_is_not_sent_again_and_the_host_sees_it() {
    let door = door(Delivery::AtMostOnce);
    queue(&door);
    will(&door, &[Takes::ItSilently]);
    door.wake();
    door.pass(86_400);
    assert_eq!((door.text(STATES).as_str(), arrived(&door)), ("unknown", 1));
    let shown = json_of(&door.as_owner(Action::Own(Own::Mail), &json!(null)));
    assert_eq!(shown["mails"][0]["state"], "unknown");
    assert_eq!(shown["mails"][0]["reason"], "it may have arrived: the connection failed");
    assert!(shown["mails"][0].get("text").is_none() && shown["mails"][0].get("body").is_none());
}

#[test]
fn what_was_certainly_not_taken_is_sent_again_on_every_way() {
    for delivery in [Delivery::ExactlyOnce, Delivery::AtMostOnce] {
        let door = door(delivery);
        queue(&door);
        will(&door, &[Takes::Refuses(429)]);
        door.wake();
        door.pass(60);
        assert_eq!((door.text(STATES).as_str(), arrived(&door)), ("sent", 1));
    }
}

#[test]
fn a_refused_mail_is_given_up_at_once_and_a_lost_one_after_eight_tries() {
    let door = door(Delivery::ExactlyOnce);
    queue(&door);
    will(&door, &[Takes::Refuses(422)]);
    door.wake();
    assert_eq!(door.text(STATES), "failed");
    assert_eq!(door.text("SELECT reason FROM mail_outbox"), "HTTP 422, some_error");
    door.world.memory.post_office.requests.set(0);
    queue(&door);
    will(&door, &[Takes::Nothing; 20]);
    door.wake();
    door.pass(86_400);
    assert_eq!((door.text(STATES).as_str(), arrived(&door)), ("failed,failed", 0));
    assert_eq!(door.world.memory.post_office.requests.get(), 8);
}

/// The object dies while a request is on its way.
fn interrupted(delivery: Delivery, was_taken: bool) -> Door {
    let mut door = door(delivery);
    let id = queue(&door);
    assert!(outbox::mark_sending(&door.world, &id, door.world.now()).unwrap());
    if was_taken {
        let due = {
            door.world.sqlite.execute("UPDATE mail_outbox SET state = 'queued'", []).unwrap();
            let due = outbox::find_queued(&door.world, &id).unwrap().unwrap();
            door.world.sqlite.execute("UPDATE mail_outbox SET state = 'sending'", []).unwrap();
            due
        };
        block_on(door.world.send_mail(&due.message)).unwrap();
    }
    door.evict();
    door
}

#[test]
fn after_a_crash_a_mail_with_a_key_arrives_once_and_one_without_at_most_once() {
    for was_taken in [false, true] {
        let door = interrupted(Delivery::ExactlyOnce, was_taken);
        door.wake();
        door.pass(60);
        assert_eq!((door.text(STATES).as_str(), arrived(&door)), ("sent", 1));
        let door = interrupted(Delivery::AtMostOnce, was_taken);
        door.wake();
        door.pass(60);
        assert_eq!(
            (door.text(STATES).as_str(), arrived(&door)),
            ("unknown", usize::from(was_taken))
        );
    }
}

#[test]
fn a_key_that_providers_have_forgotten_is_not_used_again() {
    let door = interrupted(Delivery::ExactlyOnce, true);
    door.world.memory.now.set(door.world.memory.now.get() + 20 * 3_600);
    door.wake();
    assert_eq!((door.text(STATES).as_str(), arrived(&door)), ("unknown", 1));
}

#[test]
fn a_request_that_never_ends_is_over_after_a_minute() {
    for (delivery, end) in [(Delivery::ExactlyOnce, "sent"), (Delivery::AtMostOnce, "unknown")] {
        let door = door(delivery);
        let id = queue(&door);
        assert!(outbox::mark_sending(&door.world, &id, door.world.now()).unwrap());
        assert!(
            !outbox::mark_sending(&door.world, &id, door.world.now()).unwrap(),
            "one at a time"
        );
        door.wake();
        door.pass(SEND_SECONDS - 1);
        assert_eq!(door.text(STATES), "sending");
        door.pass(10);
        assert_eq!(door.text(STATES), end);
    }
}

#[test]
fn without_a_way_out_mails_wait_and_do_not_keep_the_object_awake() {
    let mut door = Door::open();
    queue(&door);
    // What registering has queued for KV goes out first.
    door.pass(60);
    for _ in 0..6 {
        door.wake();
        let at = door.world.memory.alarm.get().unwrap();
        assert!(at >= door.world.now().get() + 540, "{at}");
        door.world.memory.now.set(at);
    }
    assert_eq!(door.int("SELECT attempts FROM mail_outbox"), 0);
    door.world.memory.post_office.delivery.set(Some(Delivery::ExactlyOnce));
    door.evict();
    door.wake();
    door.pass(10);
    assert_eq!((door.text(STATES).as_str(), arrived(&door)), ("sent", 1));
}

#[test]
fn many_mails_go_out_one_batch_after_the_other() {
    let door = door(Delivery::ExactlyOnce);
    for _ in 0..23 {
        queue(&door);
    }
    door.pass(1);
    assert_eq!(arrived(&door), 23);
    assert_eq!(
        door.int("SELECT count(*) FROM mail_outbox WHERE state = 'sent' AND attempts = 1"),
        23
    );
}

#[test]
fn what_a_provider_says_counts_once() {
    let door = door(Delivery::ExactlyOnce);
    let (first, second) = (queue(&door), queue(&door));
    door.wake();
    let since = door.world.now();
    assert_eq!(outbox::failures(&door.world, since).unwrap(), (0, 2));
    let tell = |webhook: &str, mail_id: &MailId, fate| {
        let webhook_id = webhook.to_owned();
        let action = Action::MailEvent { webhook_id, mail_id: mail_id.clone(), fate };
        assert_eq!(door.as_owner(action, &json!(null)).status, 204);
    };
    tell("a", &first, Fate::Bounced);
    tell("a", &first, Fate::Delivered);
    tell("b", &first, Fate::Complained);
    tell("c", &second, Fate::Delivered);
    tell("d", &MailId::random(&door.world), Fate::Bounced);
    let kinds = "SELECT group_concat(webhook_id || ' ' || kind) FROM (SELECT * FROM mail_events ORDER BY 1)";
    assert_eq!(door.text(kinds), "a bounced,b complained,c delivered");
    assert_eq!(outbox::failures(&door.world, since).unwrap(), (1, 2));
    assert_eq!(outbox::failures(&door.world, since.plus(1)).unwrap(), (0, 0));
    let shown = json_of(&door.as_owner(Action::Own(Own::Mail), &json!(null)));
    let failures = shown["mails"].as_array().unwrap().iter().filter(|it| it["isFailure"] == true);
    assert_eq!(failures.count(), 1);
}

#[test]
fn a_mail_that_came_back_has_been_sent() {
    let door = door(Delivery::AtMostOnce);
    let id = queue(&door);
    will(&door, &[Takes::ItSilently]);
    door.wake();
    outbox::note(&door.world, "a", &id, Fate::Bounced, door.world.now()).unwrap();
    assert_eq!(door.text(STATES), "sent");
    assert_eq!(outbox::failures(&door.world, UnixSeconds::new(0)).unwrap(), (1, 1));
}

#[test]
fn mails_are_forgotten_after_thirty_days() {
    let door = door(Delivery::ExactlyOnce);
    let id = queue(&door);
    door.wake();
    outbox::note(&door.world, "a", &id, Fate::Delivered, door.world.now()).unwrap();
    door.pass(KEPT_SECONDS - 1);
    door.wake();
    assert_eq!(door.int("SELECT count(*) FROM mail_outbox"), 1);
    door.pass(1);
    door.wake();
    assert_eq!(
        door.int("SELECT (SELECT count(*) FROM mail_outbox) + (SELECT count(*) FROM mail_events)"),
        0
    );
}

#[test]
fn a_mail_and_a_payment_do_not_wait_for_each_other() {
    let door = door(Delivery::ExactlyOnce);
    // Both at once, and the same row twice: an alarm may come again while the one before still runs.
    queue(&door);
    crate::support::join_all(vec![door.host.wake(), door.host.wake()]);
    assert_eq!(arrived(&door), 1);
    assert_eq!(door.world.memory.post_office.requests.get(), 1);
}

#[test]
fn a_mail_that_may_have_arrived_does_not_leave_by_a_way_without_keys() {
    let mut door = door(Delivery::ExactlyOnce);
    queue(&door);
    queue(&door);
    will(&door, &[Takes::ItSilently, Takes::Refuses(429)]);
    door.wake();
    assert_eq!(door.text(STATES), "queued,queued");
    door.world.memory.post_office.delivery.set(Some(Delivery::AtMostOnce));
    door.evict();
    door.wake();
    door.pass(60);
    let states = "SELECT group_concat(state) FROM (SELECT state FROM mail_outbox ORDER BY state)";
    assert_eq!((door.text(states).as_str(), arrived(&door)), ("sent,unknown", 2));
}
