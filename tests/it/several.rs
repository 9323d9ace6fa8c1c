//! Several seats in one purchase: all of them or none, a ticket each.

use events_concierge::base::http::Reply;
use events_concierge::base::id::{EventId, TicketCode};
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtHost, Format, Own};
use events_concierge::ledger::audit::audit;
use events_concierge::ports::Delivery;
use serde_json::{Value, json};

use crate::support::{Server, Settles, Wallet, block_on, join_all, json_of, rsvp};

fn seats(event: &str, seats: u32) -> Value {
    json!({"eventId": event, "seats": seats})
}

fn sign(server: &Server, arguments: &Value, wallet: u8, nonce: u8) -> Value {
    let challenge = server.challenge("rsvpToEvent", arguments);
    Wallet::new(wallet).pay(&challenge["accepts"][0], nonce)
}

fn buy(server: &Server, arguments: &Value, wallet: u8, nonce: u8) -> Reply {
    let payment = sign(server, arguments, wallet, nonce);
    block_on(server.tool("rsvpToEvent", arguments, Some(&payment)))
}

fn count(server: &Server) -> i64 {
    server.int("SELECT count(*) FROM rsvps")
}

fn checked(server: &Server) {
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

/// A wallet that has paid this host before.
fn known(server: &Server, wallet: u8) {
    let event = server.event(0);
    assert_eq!(buy(server, &rsvp(&event), wallet, wallet).status, 200);
}

#[test]
fn two_seats_cost_twice_as_much_and_have_a_ticket_each() {
    let server = Server::open();
    let event = server.event(5);
    let arguments = json!({"eventId": event, "seats": 2, "name": "Ada", "names": ["Ada", "Bob"]});
    let challenge = server.challenge("rsvpToEvent", &arguments);
    assert_eq!(challenge["accepts"][0]["amount"], "100000");
    let description = challenge["resource"]["description"].as_str().unwrap();
    assert!(description.ends_with(", 2 seats, not refundable"), "{description}");
    let reply = buy(&server, &arguments, 1, 1);
    assert_eq!(reply.status, 200, "{}", reply.body);
    let body = json_of(&reply);
    assert_eq!((&body["seats"], &body["event"]["seatsLeft"]), (&json!(2), &json!(3)));
    assert!(body["message"].as_str().unwrap().starts_with("You have 2 seats. $0.10 was paid."));
    let [first, second] = &body["tickets"].as_array().unwrap()[..] else { panic!("{body}") };
    assert_eq!((&first["name"], &second["name"]), (&json!("Ada"), &json!("Bob")));
    assert_eq!((&first["code"], &first["ticketUrl"]), (&body["rsvp"]["code"], &body["ticketUrl"]));
    assert_ne!(first["code"], second["code"]);
    checked(&server);
    server.pass(60);
    let kv = server.world.memory.kv.borrow();
    let wallet = Wallet::new(1).address.to_checksum(None);
    let record: Value =
        serde_json::from_str(&kv[&format!("{}:rsvps:{event}:{wallet}", server.scope)]).unwrap();
    assert_eq!((&record["seats"], &record["paidAtomic"]), (&json!(2), &json!("100000")));
}

#[test]
fn each_ticket_is_checked_in_once_and_by_itself() {
    let server = Server::open();
    let event = server.event(5);
    let body = json_of(&buy(&server, &seats(&event, 2), 1, 1));
    let id = EventId::parse(&event).unwrap();
    let check_in = |at: usize| {
        let code = json!({"code": body["tickets"][at]["code"]});
        json_of(&server.as_owner(Action::Own(Own::CheckIn(id.clone())), &code))["success"].clone()
    };
    assert_eq!([check_in(0), check_in(0), check_in(1), check_in(1)], [true, false, true, false]);
    let csv = server.as_owner(Action::Own(Own::Rsvps(id, Format::Csv)), &json!({}));
    assert_eq!(csv.body.lines().count(), 3, "{}", csv.body);
    checked(&server);
}

#[test]
fn all_seats_are_sold_or_none() {
    let server = Server::open();
    let event = server.event(4);
    known(&server, 1);
    let three = seats(&event, 3);
    assert_eq!(buy(&server, &three, 1, 11).status, 200);
    let before = count(&server);
    let refused = block_on(server.tool("rsvpToEvent", &seats(&event, 2), None));
    assert_eq!((refused.status, &json_of(&refused)["title"]), (409, &json!("event full")));
    assert!(refused.body.contains("only 1 seat left; ask for fewer"), "{}", refused.body);
    assert_eq!(buy(&server, &rsvp(&event), 3, 3).status, 200, "one seat is left");
    assert_eq!(count(&server), before + 1);
    checked(&server);
}

#[test]
fn of_many_who_want_two_at_once_nobody_gets_one() {
    let server = Server::open();
    let event = server.event(6);
    let two = seats(&event, 2);
    for wallet in 1..=6 {
        known(&server, wallet);
    }
    let payments: Vec<Value> = (1..=6).map(|n| sign(&server, &two, n, 10 + n)).collect();
    let calls = payments.iter().map(|payment| server.tool("rsvpToEvent", &two, Some(payment)));
    let replies = join_all(calls.collect());
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 3);
    let of_event = format!("SELECT count(*) FROM rsvps WHERE event_id = '{event}'");
    assert_eq!(server.int(&of_event), 6);
    checked(&server);
}

#[test]
fn a_payment_for_one_seat_does_not_buy_two() {
    let server = Server::open();
    let event = server.event(5);
    let payment = sign(&server, &rsvp(&event), 1, 1);
    let reply = block_on(server.tool("rsvpToEvent", &seats(&event, 2), Some(&payment)));
    assert_eq!(reply.status, 402, "{}", reply.body);
    assert_eq!(count(&server), 0);
    for seats in [0, 11] {
        let many = json!({"eventId": event, "seats": seats});
        let reply = block_on(server.tool("rsvpToEvent", &many, None));
        assert_eq!(json_of(&reply)["title"], "invalid arguments", "{}", reply.body);
    }
}

#[test]
fn wallets_that_never_paid_here_hold_half_of_the_seats_at_most() {
    let server = Server::open();
    let event = server.event(6);
    let reply = buy(&server, &seats(&event, 4), 1, 1);
    assert_eq!(reply.status, 409, "{}", reply.body);
    assert!(reply.body.contains("at most 3 seats of this event"), "{}", reply.body);
    server.world.memory.settles.borrow_mut().push_back(Settles::PaysSilently);
    let two = seats(&event, 2);
    assert_eq!(json_of(&buy(&server, &two, 2, 2))["moneyMoved"], "unknown");
    let reply = buy(&server, &two, 3, 3);
    assert_eq!((reply.status, &json_of(&reply)["title"]), (409, &json!("event seats held")));
    assert_eq!(buy(&server, &rsvp(&event), 4, 4).status, 200, "one seat of the half is free");
    server.pass(60);
    assert_eq!(count(&server), 3, "the alarm has found out about the first two");
    checked(&server);
}

#[test]
fn seats_whose_money_the_chain_drops_are_all_taken_back() {
    let server = Server::open();
    let event = server.event(5);
    assert_eq!(buy(&server, &seats(&event, 3), 1, 1).status, 200);
    server.pass(10);
    server.world.memory.settled.borrow_mut().clear();
    server.world.memory.settles.borrow_mut().extend((0..60).map(|_| Settles::Hangs));
    server.pass(1_200);
    assert_eq!((count(&server), server.int("SELECT sum(taken) FROM events")), (0, 0));
    assert_eq!(server.int("SELECT sum(amount) FROM ledger"), 0);
    checked(&server);
}

#[test]
fn the_mail_and_the_page_of_the_buyer_have_all_tickets_and_a_guests_page_its_own() {
    let server = Server::open();
    server.world.memory.post_office.delivery.set(Some(Delivery::ExactlyOnce));
    let event = server.event(5);
    let arguments = json!({"eventId": event, "seats": 2, "names": ["Ada", "Bob"],
        "email": "ada@example.org"});
    let body = json_of(&buy(&server, &arguments, 1, 1));
    let url = |at: usize| body["tickets"][at]["ticketUrl"].as_str().unwrap().to_owned();
    server.pass(60);
    let arrived = server.world.memory.post_office.arrived.borrow();
    let [mail] = &arrived[..] else { panic!("{arrived:?}") };
    let text = mail["text"].as_str().unwrap();
    assert!(text.contains(&url(0)) && text.contains(&url(1)), "{text}");
    let page = |at: usize| {
        let code = TicketCode::parse(body["tickets"][at]["code"].as_str().unwrap()).unwrap();
        server.as_stranger(AtHost::Ticket(code)).body
    };
    assert!(page(0).contains(&url(1)) && page(0).contains("$0.10") && page(0).contains("Bob"));
    assert!(!page(1).contains(&url(0)) && page(1).contains("Seat 2 of 2"), "{}", page(1));
    assert!(page(1).contains("$0.05") && !page(1).contains("$0.10"));
}

#[test]
fn the_audit_finds_a_purchase_that_lacks_a_seat() {
    let server = Server::open();
    let event = server.event(5);
    assert_eq!(buy(&server, &seats(&event, 2), 1, 1).status, 200);
    server.sql("DELETE FROM rsvps WHERE place = 2");
    let faults = audit(&server.world).unwrap();
    assert!(faults.iter().any(|fault| fault.contains("every delivered RSVP")), "{faults:?}");
    server.sql("UPDATE payments SET seats = 1");
    let faults = audit(&server.world).unwrap();
    assert!(faults.iter().any(|fault| fault.contains("every delivered RSVP")), "{faults:?}");
}
