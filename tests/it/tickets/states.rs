//! What becomes of what was bought.

use events_concierge::base::id::{EventId, SecretId, TicketId};
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtDesk, Own};
use serde_json::{Value, json};

use super::kit::{Gateway, buy, secret};
use crate::support::{Server, Settles, Wallet, offer, pay, rsvp};

/// The only entry of a wallet.
fn only(server: &Server, wallet: u8) -> Value {
    let found = Gateway::of(vec![server]).tickets(&Wallet::new(wallet));
    let [line] = &found[..] else { panic!("{found:?}") };
    line.clone()
}

fn own(server: &Server, own: Own, body: &Value) {
    let reply = server.as_owner(Action::Own(own), body);
    assert!(reply.status < 300, "{}", reply.body);
}

#[test]
fn a_seat_is_valid_then_used_or_over_or_cancelled() {
    let server = Server::open();
    let (event, other) = (server.event(5), server.event(5));
    let bought = buy(&server, "rsvpToEvent", &rsvp(&event), 1, 1);
    buy(&server, "rsvpToEvent", &rsvp(&event), 2, 2);
    let called_off = buy(&server, "rsvpToEvent", &rsvp(&other), 3, 3);
    server.pass(5);
    assert_eq!(only(&server, 1)["state"], "valid");
    let id = EventId::parse(&event).unwrap();
    own(&server, Own::CheckIn(id), &json!({"code": bought["rsvp"]["code"]}));
    let id = EventId::parse(&other).unwrap();
    own(&server, Own::CancelEvent(id), &json!({}));
    assert_eq!(only(&server, 1)["state"], "used");
    let cancelled = only(&server, 3);
    assert_eq!(cancelled["state"], "cancelled");
    assert_eq!(cancelled["ticketUrl"], called_off["ticketUrl"], "its page says so");
    let end = 1_803_925_800 + 60;
    server.world.memory.now.set(end);
    assert_eq!(only(&server, 2)["state"], "over");
    assert_eq!(only(&server, 1)["state"], "used");
}

#[test]
fn a_payment_without_an_outcome_is_on_its_way_and_one_that_the_chain_dropped_is_taken_back() {
    let server = Server::open();
    let event = server.event(5);
    buy(&server, "getEventAnalytics", &rsvp(&event), 1, 9);
    server.pass(5);
    let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
    server.world.memory.settles.borrow_mut().push_back(Settles::Hangs);
    assert_eq!(pay(&server, &event, &payment).0, 409);
    let found = Gateway::of(vec![&server]).tickets(&Wallet::new(1));
    let seat = found.iter().find(|line| line["kind"] == "seat").unwrap();
    assert_eq!((&seat["state"], &seat["title"]), (&json!("on_its_way"), &json!("Rust meetup")));
    assert_eq!((&seat["ticketUrl"], &seat["transaction"]), (&Value::Null, &Value::Null));
    assert_eq!(seat["item"], json!(event));
    server.pass(60);
    let found = Gateway::of(vec![&server]).tickets(&Wallet::new(1));
    let seat = found.iter().find(|line| line["kind"] == "seat").unwrap();
    assert_eq!(seat["state"], "valid", "the alarm has settled it");
    server.world.memory.settled.borrow_mut().clear();
    server.world.memory.settles.borrow_mut().extend((0..60).map(|_| Settles::Hangs));
    let now = server.world.memory.now.get();
    let again = format!("UPDATE payments SET next_check_at = {now}, seen_tx = NULL");
    server.world.sqlite.execute(&again, []).unwrap();
    server.world.memory.alarm.set(Some(now));
    server.pass(1_200);
    let found = Gateway::of(vec![&server]).tickets(&Wallet::new(1));
    let seat = found.iter().find(|line| line["kind"] == "seat").unwrap();
    assert_eq!((&seat["state"], &seat["ticketUrl"]), (&json!("taken_back"), &Value::Null));
}

#[test]
fn a_secret_can_be_read_again_or_is_over() {
    let server = Server::open();
    let id = secret(&server);
    buy(&server, "retrieveSecret", &json!({"secretId": id}), 1, 1);
    server.pass(5);
    let line = only(&server, 1);
    assert_eq!((&line["kind"], &line["state"]), (&json!("secret"), &json!("valid")));
    assert_eq!(line["again"]["arguments"], json!({"secretId": id}));
    let secret_id = SecretId::parse(&id).unwrap();
    own(&server, Own::RevokeSecret(secret_id), &json!({}));
    assert_eq!(only(&server, 1)["state"], "valid", "it is read again for a day");
    server.pass(86_400 + 60);
    let line = only(&server, 1);
    assert_eq!((&line["state"], &line["again"]), (&json!("over"), &Value::Null));
    assert_eq!(line["title"], "Key");
}

#[test]
fn work_at_the_desk_is_open_waiting_rejected_or_done() {
    let server = Server::with_desk();
    let asked = json!({"subject": "Late", "body": "Where?", "email": "ada@example.org"});
    let ticket = buy(&server, "createTicket", &asked, 1, 1)["ticketId"].clone();
    let reply = json!({"ticketId": ticket, "body": "It is on its way."});
    let draft = buy(&server, "draftReply", &reply, 2, 2)["draftId"].clone();
    buy(&server, "getTicketContext", &json!({"ticketId": ticket}), 3, 3);
    server.pass(5);
    let states = [1, 2, 3].map(|wallet| only(&server, wallet)["state"].clone());
    assert_eq!(states, [json!("open"), json!("waiting"), json!("done")]);
    assert_eq!(only(&server, 2)["title"], "Draft a reply: Late");
    let draft = events_concierge::base::id::DraftId::parse(draft.as_str().unwrap()).unwrap();
    own(&server, Own::Desk(AtDesk::Reject(draft)), &json!({}));
    let id = TicketId::parse(ticket.as_str().unwrap()).unwrap();
    own(&server, Own::Desk(AtDesk::ChangeTicket(id)), &json!({"status": "resolved"}));
    let states = [1, 2].map(|wallet| only(&server, wallet)["state"].clone());
    assert_eq!(states, [json!("resolved"), json!("rejected")]);
}

#[test]
fn a_damaged_row_hides_no_other() {
    let server = Server::open();
    let event = server.event(5);
    buy(&server, "rsvpToEvent", &rsvp(&event), 1, 1);
    buy(&server, "getEventAnalytics", &rsvp(&event), 1, 2);
    server.pass(5);
    let damage = "UPDATE payments SET arguments = '{' WHERE tool = 'getEventAnalytics'";
    server.world.sqlite.execute(damage, []).unwrap();
    assert_eq!(only(&server, 1)["kind"], "seat");
}
