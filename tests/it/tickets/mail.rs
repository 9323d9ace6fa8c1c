//! The ticket by mail.

use events_concierge::host::command::Action;
use events_concierge::http::route::Own;
use events_concierge::ports::Delivery;
use serde_json::{Value, json};

use super::kit::buy;
use crate::support::{Server, json_of};

const ADA: &str = "ada@example.org";

/// A host at a deployment that sends mail.
fn host() -> Server {
    let server = Server::open();
    server.world.memory.post_office.delivery.set(Some(Delivery::ExactlyOnce));
    server
}

/// A seat at a new event, with an address.
fn seat(server: &Server, title: &str, email: &str, wallet: u8) -> Value {
    let event = json!({"title": title, "startsAt": "2027-03-01T18:30:00Z", "capacity": 0,
        "price": "0.05"});
    let event = json_of(&server.as_owner(Action::Own(Own::CreateEvent), &event));
    let asked = json!({"eventId": event["id"], "email": email});
    buy(server, "rsvpToEvent", &asked, wallet, wallet)
}

fn mails(server: &Server) -> i64 {
    server.int("SELECT count(*) FROM mail_outbox WHERE kind = 'notice'")
}

#[test]
fn a_guest_with_an_address_gets_the_ticket_once_and_one_without_gets_nothing() {
    let server = host();
    let bought = seat(&server, "Rust meetup", ADA, 1);
    assert_eq!(bought["isMailed"], true);
    let event = server.event(5);
    assert_eq!(buy(&server, "rsvpToEvent", &json!({"eventId": event}), 2, 2)["isMailed"], false);
    server.pass(60);
    let arrived = server.world.memory.post_office.arrived.borrow();
    let [mail] = &arrived[..] else { panic!("{arrived:?}") };
    assert_eq!(
        (&mail["to"], &mail["subject"]),
        (&json!([ADA]), &json!("Your ticket: Rust meetup"))
    );
    let text = mail["text"].as_str().unwrap();
    assert!(text.contains(bought["ticketUrl"].as_str().unwrap()), "{text}");
    let listed = json_of(&server.as_owner(Action::Own(Own::Mail), &json!({})));
    assert_eq!(listed["mails"][0]["kind"], "notice");
    assert!(!listed.to_string().contains(bought["rsvp"]["code"].as_str().unwrap()));
}

#[test]
fn no_mail_is_queued_where_none_can_be_sent() {
    let server = Server::open();
    assert_eq!(seat(&server, "Rust meetup", ADA, 1)["isMailed"], false);
    assert_eq!(mails(&server), 0);
}

#[test]
fn a_sale_goes_on_if_its_mail_cannot_be_queued() {
    let server = host();
    *server.world.memory.sql_fails.borrow_mut() = Some("INSERT INTO mail_outbox");
    let bought = seat(&server, "Rust meetup", ADA, 1);
    assert_eq!((&bought["success"], &bought["isMailed"]), (&json!(true), &json!(false)));
    *server.world.memory.sql_fails.borrow_mut() = None;
    assert_eq!(server.int("SELECT count(*) FROM rsvps"), 1);
}

#[test]
fn a_buyer_cannot_fill_a_mailbox_or_make_a_host_write_to_everybody() {
    let server = host();
    let mailed: Vec<Value> =
        (1..=5).map(|n| seat(&server, "Rust meetup", ADA, n)["isMailed"].clone()).collect();
    assert_eq!(json!(mailed), json!([true, true, true, false, false]));
    assert_eq!(seat(&server, "Rust meetup", "bob@example.org", 6)["isMailed"], true);
    server.world.memory.now.set(server.world.memory.now.get() + 86_401);
    assert_eq!(seat(&server, "Rust meetup", ADA, 7)["isMailed"], true, "a day later");
    let more = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 199) \
         INSERT INTO mail_outbox (id, kind, scope, to_address, subject, body, state, attempts, next_at, \
         created_at, updated_at) SELECT 'eml_' || printf('%024x', i), kind, scope, \
         'guest' || i || '@example.org', subject, body, 'sent', 1, 0, created_at, updated_at \
         FROM mail_outbox, n WHERE to_address = 'ada@example.org' \
         AND created_at = (SELECT max(created_at) FROM mail_outbox)";
    server.world.sqlite.execute(more, []).unwrap();
    assert_eq!(seat(&server, "Rust meetup", "eve@example.org", 8)["isMailed"], false);
}

#[test]
fn mail_that_comes_back_stops_further_tickets_and_no_mail_of_the_desk() {
    use events_concierge::base::time::UnixSeconds;
    use events_concierge::products::desk::rules::Rules;
    let server = Server::with_desk();
    for (wallet, name) in [(1, "a"), (2, "b"), (3, "c")] {
        seat(&server, "Rust meetup", &format!("{name}@example.org"), wallet);
    }
    server.pass(60);
    let bounced = "INSERT INTO mail_events (webhook_id, mail_id, kind, at) \
         SELECT 'w' || id, id, 'bounced', updated_at FROM mail_outbox WHERE to_address <> 'c@example.org'";
    server.world.sqlite.execute(bounced, []).unwrap();
    assert_eq!(seat(&server, "Rust meetup", "a@example.org", 4)["isMailed"], false, "it came back");
    assert_eq!(seat(&server, "Rust meetup", "d@example.org", 5)["isMailed"], true);
    let more = "INSERT INTO mail_events (webhook_id, mail_id, kind, at) \
         SELECT 'x', id, 'complained', updated_at FROM mail_outbox WHERE to_address = 'c@example.org'";
    server.world.sqlite.execute(more, []).unwrap();
    assert_eq!(seat(&server, "Rust meetup", "e@example.org", 6)["isMailed"], false, "too many");
    let now = UnixSeconds::new(server.world.memory.now.get());
    assert_eq!(Rules::load(&server.world, now).unwrap().tripped_at, None);
}

#[test]
fn a_host_cannot_send_its_own_links_to_strangers() {
    let server = host();
    seat(&server, "Your account is locked: evil.example/login", ADA, 1);
    server.pass(60);
    let arrived = server.world.memory.post_office.arrived.borrow();
    let mail = arrived[0].to_string();
    assert!(!mail.contains("evil") && mail.contains("Your ticket: your event"), "{mail}");
}
