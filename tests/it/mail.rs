//! Mail on its way out: sent once, whatever happens to the object, the way out or the answer.

use events_concierge::base::email::EmailAddress;
use events_concierge::base::id::MailId;
use events_concierge::base::time::UnixSeconds;
use events_concierge::host::command::Action;
use events_concierge::http::route::Own;
use events_concierge::mail::outbox::{self, KEPT_SECONDS, SEND_SECONDS};
use events_concierge::mail::reports::{self, Fate};
use events_concierge::mail::{Kind, NewMail};
use events_concierge::ports::{Clock, Delivery, Mail};
use serde_json::json;

use crate::post_office::Takes;
use crate::support::{Server, block_on, json_of};

const STATES: &str = "SELECT group_concat(state) FROM (SELECT state FROM mail_outbox ORDER BY id)";

fn server(delivery: Delivery) -> Server {
    let server = Server::open();
    server.world.memory.post_office.delivery.set(Some(delivery));
    server
}

fn queue(server: &Server) -> MailId {
    let to = EmailAddress::parse("ada@example.org").unwrap();
    let scope = server.scope.clone();
    let mail = NewMail::new(Kind::Ticket, scope, to, "Your question", "Yes.", Some(7)).unwrap();
    let id = outbox::queue(&server.world, &mail, server.world.now()).unwrap();
    server.world.memory.alarm.set(Some(server.world.now().get()));
    id
}

fn arrived(server: &Server) -> usize {
    server.world.memory.post_office.arrived.borrow().len()
}

fn will(server: &Server, takes: &[Takes]) {
    server.world.memory.post_office.takes.borrow_mut().extend(takes.iter().copied());
}

#[test]
fn a_damaged_mail_keeps_no_other_from_being_sent() {
    let server = server(Delivery::ExactlyOnce);
    let damaged = queue(&server);
    server.sql(&format!("UPDATE mail_outbox SET to_address = 'nobody' WHERE id = '{damaged}'"));
    queue(&server);
    server.wake();
    assert_eq!(arrived(&server), 1);
    assert!(server.world.memory.alarm.get().is_some_and(|at| at > server.world.now().get()));
    server.sql("UPDATE mail_outbox SET to_address = 'ada@example.org'");
    server.pass(3_700);
    assert_eq!(arrived(&server), 2, "it is looked at again");
}

#[test]
fn a_mail_is_sent_by_the_alarm_and_says_where_it_comes_from() {
    let server = server(Delivery::ExactlyOnce);
    let id = queue(&server);
    assert_eq!(outbox::next_due(&server.world).unwrap(), Some(server.world.now()));
    server.wake();
    let mail = server.world.memory.post_office.arrived.borrow()[0].clone();
    assert_eq!(mail["to"], json!(["ada@example.org"]));
    assert_eq!(mail["headers"]["Message-ID"], format!("<{id}@example.com>"));
    assert_eq!(mail["headers"]["X-Concierge-Mail"], format!("{}/{id}", server.scope));
    let thread = format!("<ticket-7.{}@example.com>", server.scope);
    assert_eq!(mail["headers"]["References"], thread);
    assert_eq!(server.text(STATES), "sent");
    assert_eq!(server.text("SELECT provider_id FROM mail_outbox"), id.as_str());
    assert_eq!(outbox::next_due(&server.world).unwrap(), None);
    server.wake();
    assert_eq!(arrived(&server), 1);
}

#[test]
fn with_keys_a_mail_whose_answer_is_lost_arrives_once() {
    for takes in [Takes::ItSilently, Takes::Nothing, Takes::Refuses(503), Takes::Refuses(409)] {
        let server = server(Delivery::ExactlyOnce);
        queue(&server);
        will(&server, &[takes, takes]);
        server.wake();
        assert_eq!(server.text(STATES), "queued", "{takes:?}");
        server.pass(60);
        assert_eq!((server.text(STATES).as_str(), arrived(&server)), ("sent", 1), "{takes:?}");
        assert_eq!(server.world.memory.post_office.requests.get(), 3, "{takes:?}");
    }
}

#[test]
fn without_keys_a_mail_whose_answer_is_lost_is_not_sent_again_and_the_host_sees_it() {
    let server = server(Delivery::AtMostOnce);
    queue(&server);
    will(&server, &[Takes::ItSilently]);
    server.wake();
    server.pass(86_400);
    assert_eq!((server.text(STATES).as_str(), arrived(&server)), ("unknown", 1));
    let shown = json_of(&server.as_owner(Action::Own(Own::Mail), &json!(null)));
    assert_eq!(shown["mails"][0]["state"], "unknown");
    assert_eq!(shown["mails"][0]["reason"], "it may have arrived: the connection failed");
    assert!(shown["mails"][0].get("text").is_none() && shown["mails"][0].get("body").is_none());
}

#[test]
fn what_was_certainly_not_taken_is_sent_again_on_every_way() {
    for delivery in [Delivery::ExactlyOnce, Delivery::AtMostOnce] {
        let server = server(delivery);
        queue(&server);
        will(&server, &[Takes::Refuses(429)]);
        server.wake();
        server.pass(60);
        assert_eq!((server.text(STATES).as_str(), arrived(&server)), ("sent", 1));
    }
}

#[test]
fn a_refused_mail_is_given_up_at_once_and_a_lost_one_after_eight_tries() {
    let server = server(Delivery::ExactlyOnce);
    queue(&server);
    will(&server, &[Takes::Refuses(422)]);
    server.wake();
    assert_eq!(server.text(STATES), "failed");
    assert_eq!(server.text("SELECT reason FROM mail_outbox"), "HTTP 422, some_error");
    server.world.memory.post_office.requests.set(0);
    queue(&server);
    will(&server, &[Takes::Nothing; 20]);
    server.wake();
    server.pass(86_400);
    assert_eq!((server.text(STATES).as_str(), arrived(&server)), ("failed,failed", 0));
    assert_eq!(server.world.memory.post_office.requests.get(), 8);
}

/// The object dies while a request is on its way.
fn interrupted(delivery: Delivery, was_taken: bool) -> Server {
    let mut server = server(delivery);
    let id = queue(&server);
    assert!(outbox::mark_sending(&server.world, &id, server.world.now()).unwrap());
    if was_taken {
        let due = {
            server.world.sqlite.execute("UPDATE mail_outbox SET state = 'queued'", []).unwrap();
            let due = outbox::find_queued(&server.world, &id).unwrap().unwrap();
            server.world.sqlite.execute("UPDATE mail_outbox SET state = 'sending'", []).unwrap();
            due
        };
        block_on(server.world.send_mail(&due.message)).unwrap();
    }
    server.evict();
    server
}

#[test]
fn after_a_crash_a_mail_with_a_key_arrives_once_and_one_without_at_most_once() {
    for was_taken in [false, true] {
        let server = interrupted(Delivery::ExactlyOnce, was_taken);
        server.wake();
        server.pass(60);
        assert_eq!((server.text(STATES).as_str(), arrived(&server)), ("sent", 1));
        let server = interrupted(Delivery::AtMostOnce, was_taken);
        server.wake();
        server.pass(60);
        assert_eq!(
            (server.text(STATES).as_str(), arrived(&server)),
            ("unknown", usize::from(was_taken))
        );
    }
}

#[test]
fn a_key_that_providers_have_forgotten_is_not_used_again() {
    let server = interrupted(Delivery::ExactlyOnce, true);
    server.world.memory.now.set(server.world.memory.now.get() + 20 * 3_600);
    server.wake();
    assert_eq!((server.text(STATES).as_str(), arrived(&server)), ("unknown", 1));
}

#[test]
fn a_request_that_never_ends_is_over_after_a_minute() {
    for (delivery, end) in [(Delivery::ExactlyOnce, "sent"), (Delivery::AtMostOnce, "unknown")] {
        let server = server(delivery);
        let id = queue(&server);
        assert!(outbox::mark_sending(&server.world, &id, server.world.now()).unwrap());
        assert!(
            !outbox::mark_sending(&server.world, &id, server.world.now()).unwrap(),
            "one at a time"
        );
        server.wake();
        server.pass(SEND_SECONDS - 1);
        assert_eq!(server.text(STATES), "sending");
        server.pass(10);
        assert_eq!(server.text(STATES), end);
    }
}

#[test]
fn without_a_way_out_mails_wait_and_do_not_keep_the_object_awake() {
    let mut server = Server::open();
    queue(&server);
    // What registering has queued for KV goes out first.
    server.pass(60);
    for _ in 0..6 {
        server.wake();
        let at = server.world.memory.alarm.get().unwrap();
        assert!(at >= server.world.now().get() + 540, "{at}");
        server.world.memory.now.set(at);
    }
    assert_eq!(server.int("SELECT attempts FROM mail_outbox"), 0);
    server.world.memory.post_office.delivery.set(Some(Delivery::ExactlyOnce));
    server.evict();
    server.wake();
    server.pass(10);
    assert_eq!((server.text(STATES).as_str(), arrived(&server)), ("sent", 1));
}

#[test]
fn many_mails_go_out_one_batch_after_the_other() {
    let server = server(Delivery::ExactlyOnce);
    for _ in 0..23 {
        queue(&server);
    }
    server.pass(1);
    assert_eq!(arrived(&server), 23);
    assert_eq!(
        server.int("SELECT count(*) FROM mail_outbox WHERE state = 'sent' AND attempts = 1"),
        23
    );
}

#[test]
fn what_a_provider_says_counts_once() {
    let server = server(Delivery::ExactlyOnce);
    let (first, second) = (queue(&server), queue(&server));
    server.wake();
    let since = server.world.now();
    assert_eq!(reports::failures(&server.world, Kind::Ticket, since).unwrap(), (0, 2));
    let tell = |webhook: &str, mail_id: &MailId, fate| {
        let webhook_id = webhook.to_owned();
        let action = Action::MailEvent { webhook_id, mail_id: mail_id.clone(), fate };
        assert_eq!(server.as_owner(action, &json!(null)).status, 204);
    };
    tell("a", &first, Fate::Bounced);
    tell("a", &first, Fate::Delivered);
    tell("b", &first, Fate::Complained);
    tell("c", &second, Fate::Delivered);
    tell("d", &MailId::random(&server.world), Fate::Bounced);
    let kinds = "SELECT group_concat(webhook_id || ' ' || kind) FROM (SELECT * FROM mail_events ORDER BY 1)";
    assert_eq!(server.text(kinds), "a bounced,b complained,c delivered");
    assert_eq!(reports::failures(&server.world, Kind::Ticket, since).unwrap(), (1, 2));
    assert_eq!(reports::failures(&server.world, Kind::Ticket, since.plus(1)).unwrap(), (0, 0));
    let shown = json_of(&server.as_owner(Action::Own(Own::Mail), &json!(null)));
    let failures = shown["mails"].as_array().unwrap().iter().filter(|it| it["isFailure"] == true);
    assert_eq!(failures.count(), 1);
}

#[test]
fn a_mail_that_came_back_has_been_sent() {
    let server = server(Delivery::AtMostOnce);
    let id = queue(&server);
    will(&server, &[Takes::ItSilently]);
    server.wake();
    reports::note(&server.world, "a", &id, Fate::Bounced, server.world.now()).unwrap();
    assert_eq!(server.text(STATES), "sent");
    assert_eq!(
        reports::failures(&server.world, Kind::Ticket, UnixSeconds::new(0)).unwrap(),
        (1, 1)
    );
}

#[test]
fn mails_are_forgotten_after_thirty_days() {
    let server = server(Delivery::ExactlyOnce);
    let id = queue(&server);
    server.wake();
    reports::note(&server.world, "a", &id, Fate::Delivered, server.world.now()).unwrap();
    server.pass(KEPT_SECONDS - 1);
    server.wake();
    assert_eq!(server.int("SELECT count(*) FROM mail_outbox"), 1);
    server.pass(1);
    server.wake();
    assert_eq!(
        server
            .int("SELECT (SELECT count(*) FROM mail_outbox) + (SELECT count(*) FROM mail_events)"),
        0
    );
}

#[test]
fn a_mail_and_a_payment_do_not_wait_for_each_other() {
    let server = server(Delivery::ExactlyOnce);
    // Both at once, and the same row twice: an alarm may come again while the one before still runs.
    queue(&server);
    crate::support::join_all(vec![server.host.wake(), server.host.wake()]);
    assert_eq!(arrived(&server), 1);
    assert_eq!(server.world.memory.post_office.requests.get(), 1);
}

#[test]
fn a_mail_that_may_have_arrived_does_not_leave_by_a_way_without_keys() {
    let mut server = server(Delivery::ExactlyOnce);
    queue(&server);
    queue(&server);
    will(&server, &[Takes::ItSilently, Takes::Refuses(429)]);
    server.wake();
    assert_eq!(server.text(STATES), "queued,queued");
    server.world.memory.post_office.delivery.set(Some(Delivery::AtMostOnce));
    server.evict();
    server.wake();
    server.pass(60);
    let states = "SELECT group_concat(state) FROM (SELECT state FROM mail_outbox ORDER BY state)";
    assert_eq!((server.text(states).as_str(), arrived(&server)), ("sent,unknown", 2));
}
