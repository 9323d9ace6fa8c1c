//! A guest or the host cancels, the seat returns at once, and the money goes back once.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use events_concierge::base::http::Reply;
use events_concierge::base::id::EventId;
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtHost, Own};
use events_concierge::ledger::audit::audit;
use events_concierge::ports::Sql;
use serde_json::{Value, json};

use crate::support::{NOW, PAY_TO, Server, Settles, Wallet, block_on, join_all, json_of};

mod seats;

const HOUR: i64 = 3_600;
/// 2027-03-01T18:30:00Z, when the events of these tests start.
const START: i64 = 1_803_925_800;

/// A payment of a seat, and its ticket.
struct Seat {
    payment: Value,
    code: String,
}

fn event(server: &Server, policy: &Value) -> String {
    let event = json!({"title": "Rust meetup", "startsAt": "2027-03-01T18:30:00Z",
        "capacity": 1, "price": "0.05"});
    server.new_event(event, policy)
}

fn half() -> Value {
    json!({"refundPercent": 50, "refundUntilHours": 24})
}

fn payment(server: &Server, event: &str, wallet: u8, nonce: u8) -> Value {
    let challenge = server.challenge("rsvpToEvent", &json!({"eventId": event}));
    Wallet::new(wallet).pay(&challenge["accepts"][0], nonce)
}

fn buy(server: &Server, event: &str, wallet: u8, nonce: u8) -> Seat {
    let payment = payment(server, event, wallet, nonce);
    let reply = block_on(server.tool("rsvpToEvent", &json!({"eventId": event}), Some(&payment)));
    assert_eq!(reply.status, 200, "{}", reply.body);
    Seat { payment, code: json_of(&reply)["rsvp"]["code"].as_str().unwrap().to_owned() }
}

/// The guest cancels, and shows the payment that it made.
fn cancel(server: &Server, event: &str, seat: &Seat, refund: Option<&str>) -> Reply {
    let mut arguments = json!({"eventId": event});
    if let Some(refund) = refund {
        arguments["refund"] = json!(refund);
    }
    block_on(server.tool("cancelRsvp", &arguments, Some(&seat.payment)))
}

fn pay(server: &Server, asked: &Value) -> Value {
    let reply = server.as_owner(Action::Own(Own::PayRefunds), asked);
    assert_eq!(reply.status, 200, "{}", reply.body);
    json_of(&reply)
}

/// What the payout wallet signs of `toSign`. The facilitator of these tests looks at no signature.
fn signatures(offered: &Value) -> Value {
    let sign = |one: &Value| {
        json!({"refundId": one["refundId"], "validBefore": one["validBefore"],
            "signature": format!("0x{}", "11".repeat(65))})
    };
    let signed: Vec<Value> = offered["toSign"].as_array().unwrap().iter().map(sign).collect();
    json!({ "signatures": signed })
}

fn state(server: &Server) -> String {
    server.text("SELECT group_concat(state) FROM (SELECT state FROM refunds ORDER BY payment_id)")
}

fn balanced(server: &Server) {
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

/// How much went back to guests on the chain.
fn went_back(server: &Server) -> u64 {
    let settled = server.world.memory.settled.borrow();
    let from_host = settled.values().filter(|(from, _)| from == PAY_TO);
    from_host.map(|(_, value)| value).sum()
}

fn revenue(server: &Server) -> i64 {
    server.pass(600);
    let kv = server.world.memory.kv.borrow();
    kv[&format!("{}:revenue", server.scope)].parse().unwrap()
}

#[test]
fn a_guest_cancels_and_the_host_pays_back_what_was_promised() {
    let server = Server::open();
    let event = event(&server, &half());
    let seat = buy(&server, &event, 1, 1);
    let shown = json_of(&cancel(&server, &event, &seat, None));
    assert_eq!((&shown["cancelled"], &shown["refund"]["amount"]), (&json!(false), &json!("0.025")));
    assert_eq!(server.int("SELECT count(*) FROM rsvps"), 1);
    // More than goes back is not promised by accepting it.
    let refused = cancel(&server, &event, &seat, Some("0.05"));
    assert_eq!((refused.status, &json_of(&refused)["title"]), (409, &json!("refund changed")));
    let done = json_of(&cancel(&server, &event, &seat, Some("0.025")));
    assert_eq!((&done["cancelled"], &done["refund"]["state"]), (&json!(true), &json!("owed")));
    balanced(&server);
    assert_eq!(server.int("SELECT count(*) FROM rsvps"), 0);
    assert_eq!(server.int("SELECT taken FROM events"), 0);
    assert_eq!(json_of(&cancel(&server, &event, &seat, Some("0.025"))), done);
    server.pass(120);
    let offered = pay(&server, &json!({}));
    assert_eq!(offered["toSign"][0]["typedData"]["message"]["value"], "25000");
    assert_eq!(offered["from"], PAY_TO);
    pay(&server, &signatures(&offered));
    server.pass(120);
    balanced(&server);
    assert_eq!((state(&server).as_str(), went_back(&server)), ("paid", 25_000));
    let again = json_of(&cancel(&server, &event, &seat, None));
    assert_eq!(again["refund"]["state"], "paid");
    assert!(again["refund"]["transaction"].is_string());
    assert_eq!(revenue(&server), 25_000);
    let kv = server.world.memory.kv.borrow();
    assert!(!kv.keys().any(|key| key.contains(":rsvps:")), "{:?}", kv.keys());
}

#[test]
fn a_seat_that_was_given_back_is_sold_again_also_to_the_same_wallet() {
    let server = Server::open();
    let event = event(&server, &half());
    let first = buy(&server, &event, 1, 1);
    assert_eq!(block_on(server.tool("rsvpToEvent", &json!({"eventId": event}), None)).status, 409);
    cancel(&server, &event, &first, Some("0"));
    let second = buy(&server, &event, 1, 2);
    assert_ne!(first.code, second.code);
    // The old payment shows what became of it, and no seat.
    let shown = json_of(&block_on(server.tool(
        "rsvpToEvent",
        &json!({"eventId": event}),
        Some(&first.payment),
    )));
    assert_eq!((&shown["cancelled"], &shown["refund"]["state"]), (&json!(true), &json!("owed")));
    let proof = proof_of(&server, "cancelRsvp", &event, 1);
    let headers = [("sign-in-with-x", proof.as_str())];
    let arguments = json!({"eventId": event, "refund": "0.025"});
    let done = json_of(&block_on(server.tool_with("cancelRsvp", &arguments, &headers)));
    assert_eq!(done["cancelled"], true);
    assert_eq!(server.int("SELECT count(*) FROM cancelled_seats"), 2);
    balanced(&server);
}

fn proof_of(server: &Server, tool: &str, event: &str, wallet: u8) -> String {
    let refused = block_on(server.tool(tool, &json!({"eventId": event}), None));
    assert_eq!(refused.status, 401, "{}", refused.body);
    Wallet::new(wallet).prove(&json_of(&refused))
}

#[test]
fn only_the_wallet_that_paid_cancels() {
    let server = Server::open();
    let event = event(&server, &half());
    let seat = buy(&server, &event, 1, 1);
    let arguments = json!({"eventId": event, "refund": "0"});
    // What the chain shows of the payment: without the receipt key of our challenge.
    let mut public = seat.payment.clone();
    public["accepted"]["extra"].as_object_mut().unwrap().remove("receiptKey");
    let reply = block_on(server.tool("cancelRsvp", &arguments, Some(&public)));
    assert_eq!(reply.status, 401, "{}", reply.body);
    let proof = proof_of(&server, "cancelRsvp", &event, 2);
    let headers = [("sign-in-with-x", proof.as_str())];
    let reply = block_on(server.tool_with("cancelRsvp", &arguments, &headers));
    assert_eq!(reply.status, 404, "{}", reply.body);
    let encoded = STANDARD.encode(seat.payment.to_string());
    let other = self::event(&server, &half());
    let wrong = json!({"eventId": other, "refund": "0"});
    let headers = [("payment-signature", encoded.as_str())];
    let reply = block_on(server.tool_with("cancelRsvp", &wrong, &headers));
    assert_eq!(reply.status, 422, "{}", reply.body);
    assert_eq!(server.int("SELECT count(*) FROM refunds"), 0);
}

#[test]
fn what_was_promised_when_a_seat_was_sold_is_not_taken_back() {
    let server = Server::open();
    let event = event(&server, &json!({"refundPercent": 100, "refundUntilHours": 24}));
    let seat = buy(&server, &event, 1, 1);
    let id = EventId::parse(&event).unwrap();
    let change = |changes: &Value| {
        let reply = server.as_owner(Action::Own(Own::UpdateEvent(id.clone())), changes);
        assert_eq!(reply.status, 200, "{}", reply.body);
    };
    let back = || json_of(&cancel(&server, &event, &seat, None))["refund"]["amount"].clone();
    change(&json!({"refundPercent": 0}));
    assert_eq!(back(), "0.05");
    server.world.memory.now.set(START - 24 * HOUR + 1);
    assert_eq!(back(), "0.00");
    // A host that becomes more generous is so to all.
    change(&json!({"refundPercent": 10, "refundUntilHours": 0}));
    assert_eq!(back(), "0.005");
    change(&json!({"startsAt": "2027-04-01T18:30:00Z"}));
    assert_eq!(back(), "0.05");
}

#[test]
fn who_may_cancel_a_moved_event_gets_everything_back() {
    let server = Server::open();
    let event = event(&server, &json!({"refundIfMoved": true}));
    let seat = buy(&server, &event, 1, 1);
    let back = || json_of(&cancel(&server, &event, &seat, None))["refund"]["amount"].clone();
    assert_eq!(back(), "0.00");
    let moved = json!({"startsAt": "2027-03-02T18:30:00Z", "refundIfMoved": false});
    let id = EventId::parse(&event).unwrap();
    server.as_owner(Action::Own(Own::UpdateEvent(id)), &moved);
    assert_eq!(back(), "0.05");
}

#[test]
fn the_policy_is_said_before_a_seat_is_paid() {
    let server = Server::open();
    let event = event(&server, &half());
    let challenge = server.challenge("rsvpToEvent", &json!({"eventId": event}));
    let said = challenge["resource"]["description"].as_str().unwrap();
    assert!(said.ends_with("1 seat, 50% refundable until 24 hours before"), "{said}");
    let shown = block_on(server.tool("getEvent", &json!({"eventId": event}), None));
    let words = json_of(&shown)["event"]["refundPolicy"].as_str().unwrap().to_owned();
    assert!(words.contains("at least 24 hours before the start"), "{words}");
}

#[test]
fn a_host_that_cancels_owes_everything_to_all_and_sells_nothing_more() {
    let server = Server::open();
    let event = event(&server, &json!({"capacity": 5}));
    for wallet in 1..=3 {
        buy(&server, &event, wallet, wallet);
    }
    let id = EventId::parse(&event).unwrap();
    for _ in 0..2 {
        let reply = server.as_owner(Action::Own(Own::CancelEvent(id.clone())), &json!({}));
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    balanced(&server);
    assert_eq!(state(&server), "owed,owed,owed");
    let late = block_on(server.tool("rsvpToEvent", &json!({"eventId": event}), None));
    assert_eq!(late.status, 409);
    server.pass(120);
    let offered = pay(&server, &json!({}));
    assert_eq!(offered["toSign"].as_array().unwrap().len(), 3);
    pay(&server, &signatures(&offered));
    server.pass(300);
    balanced(&server);
    assert_eq!((state(&server).as_str(), went_back(&server)), ("paid,paid,paid", 150_000));
    assert_eq!(revenue(&server), 0);
    let ics = server.as_owner(Action::AtHost(AtHost::Calendar(id)), &json!({}));
    assert!(ics.body.contains("STATUS:CANCELLED"), "{}", ics.body);
}

#[test]
fn a_seat_that_is_paid_while_its_host_cancels_is_paid_back() {
    let server = Server::open();
    let event = event(&server, &half());
    let payment = payment(&server, &event, 1, 1);
    server.world.memory.settles.borrow_mut().push_back(Settles::PaysSilently);
    let arguments = json!({"eventId": event});
    let reply = block_on(server.tool("rsvpToEvent", &arguments, Some(&payment)));
    assert_eq!(json_of(&reply)["moneyMoved"], "unknown");
    let seat = Seat { payment, code: String::new() };
    // Not while it is settling: nobody knows yet whether there is anything to give back.
    let early = cancel(&server, &event, &seat, Some("0"));
    assert_eq!((early.status, &json_of(&early)["title"]), (409, &json!("settlement pending")));
    let id = EventId::parse(&event).unwrap();
    server.as_owner(Action::Own(Own::CancelEvent(id)), &json!({}));
    assert_eq!(server.int("SELECT count(*) FROM refunds"), 0);
    server.pass(120);
    balanced(&server);
    assert_eq!(server.int("SELECT amount FROM refunds WHERE cause = 'host'"), 50_000);
    let shown = json_of(&cancel(&server, &event, &seat, Some("0")));
    assert_eq!((&shown["cancelled"], &shown["refund"]["amount"]), (&json!(true), &json!("0.05")));
}

#[test]
fn a_ticket_opens_the_door_or_gives_its_money_back_and_never_both() {
    let server = Server::open();
    let (one, other) = (event(&server, &half()), event(&server, &half()));
    let (used, given_back) = (buy(&server, &one, 1, 1), buy(&server, &other, 2, 2));
    assert_eq!(server.check_in(&one, &used.code).status, 200);
    let refused = cancel(&server, &one, &used, Some("0"));
    assert_eq!((refused.status, &json_of(&refused)["title"]), (409, &json!("cannot cancel")));
    assert_eq!(cancel(&server, &other, &given_back, Some("0")).status, 200);
    for code in [given_back.code.clone(), given_back.code[given_back.code.len() - 8..].to_owned()] {
        let refused = server.check_in(&other, &code);
        assert_eq!(
            (refused.status, &json_of(&refused)["title"]),
            (409, &json!("ticket cancelled"))
        );
    }
    balanced(&server);
}

/// A refund that is owed and can be paid.
fn owed(server: &Server) -> String {
    let event = event(server, &json!({"refundPercent": 100}));
    let seat = buy(server, &event, 1, 1);
    assert_eq!(cancel(server, &event, &seat, Some("0.05")).status, 200);
    server.pass(120);
    server.text("SELECT payment_id FROM refunds")
}

#[test]
fn nothing_goes_back_before_the_chain_has_confirmed_the_payment() {
    let server = Server::open();
    let event = event(&server, &json!({"refundPercent": 100}));
    let seat = buy(&server, &event, 1, 1);
    assert_eq!(cancel(&server, &event, &seat, Some("0.05")).status, 200);
    let early = pay(&server, &json!({}));
    assert_eq!(early["toSign"], json!([]), "{early}");
    let id = server.text("SELECT payment_id FROM refunds");
    let named = pay(&server, &json!({"refundIds": [id]}));
    assert_eq!(named["taken"][0]["success"], false, "{named}");
    // The chain drops the payment for good: there is nothing to give back.
    server.world.memory.settled.borrow_mut().clear();
    server.world.memory.settles.borrow_mut().extend((0..90).map(|_| Settles::Hangs));
    server.pass(2_000);
    balanced(&server);
    assert_eq!(state(&server), "void");
    assert_eq!(server.int("SELECT count(*) FROM payments WHERE state = 'failed'"), 1);
    assert_eq!(pay(&server, &json!({}))["toSign"], json!([]));
    assert_eq!(revenue(&server), 0);
}

#[test]
fn two_tabs_sign_the_same_refund_and_it_is_paid_once() {
    let server = Server::open();
    owed(&server);
    let (one, other) = (pay(&server, &json!({})), pay(&server, &json!({})));
    let nonce = |offered: &Value| offered["toSign"][0]["typedData"]["message"]["nonce"].clone();
    assert_eq!(nonce(&one), nonce(&other));
    let request = |offered: &Value| {
        server.request(Action::Own(Own::PayRefunds), true, &[], &signatures(offered))
    };
    let calls = vec![
        server.handle(request(&one)),
        server.handle(request(&other)),
        server.handle(request(&one)),
    ];
    for reply in join_all(calls) {
        assert_eq!(json_of(&reply)["taken"][0]["success"], true, "{}", reply.body);
    }
    server.pass(300);
    balanced(&server);
    assert_eq!((state(&server).as_str(), went_back(&server)), ("paid", 50_000));
    let late = pay(&server, &signatures(&one));
    assert_eq!(late["taken"][0]["message"], "it is paid already");
    assert_eq!(server.int("SELECT count(*) FROM ledger WHERE entry = 'refunded'"), 1);
}

#[test]
fn an_unknown_outcome_of_a_refund_is_never_a_failure() {
    for first in [Settles::PaysSilently, Settles::Hangs, Settles::Refuses("unexpected_error")] {
        let mut server = Server::open();
        owed(&server);
        let offered = pay(&server, &json!({}));
        server.world.memory.settles.borrow_mut().push_back(first.clone());
        pay(&server, &signatures(&offered));
        server.wake();
        server.evict();
        server.pass(600);
        balanced(&server);
        assert_eq!((state(&server).as_str(), went_back(&server)), ("paid", 50_000), "{first:?}");
    }
}

#[test]
fn a_browser_that_dies_after_signing_leaves_a_refund_that_is_found_or_owed_again() {
    let server = Server::open();
    let id = owed(&server);
    let offered = pay(&server, &json!({}));
    // Signed and sent by the wallet itself; nobody told the server.
    let nonce = offered["toSign"][0]["typedData"]["message"]["nonce"].as_str().unwrap();
    let to = Wallet::new(1).address.to_checksum(None);
    server.world.memory.paid_to.borrow_mut().insert(nonce.to_owned(), to);
    server.world.memory.settled.borrow_mut().insert(nonce.to_owned(), (PAY_TO.to_owned(), 50_000));
    server.pass(1_000);
    balanced(&server);
    assert_eq!(state(&server), "paid");
    let taken = pay(&server, &json!({"refundIds": [id]}));
    assert_eq!(taken["toSign"], json!([]));

    let server = Server::open();
    owed(&server);
    let offered = pay(&server, &json!({}));
    server.pass(3_500);
    assert_eq!(state(&server), "paying");
    server.pass(1_000);
    assert_eq!(state(&server), "owed");
    // What was signed too late is not taken.
    assert_eq!(pay(&server, &signatures(&offered))["taken"][0]["success"], false);
    balanced(&server);
}

#[test]
fn another_wallet_pays_only_when_the_first_cannot_any_more() {
    let server = Server::open();
    let id = owed(&server);
    pay(&server, &json!({}));
    let wallet = "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955";
    server.world.run("UPDATE profile SET wallet_address = ?1", &[wallet.into()]).unwrap();
    let early = pay(&server, &json!({"refundIds": [id]}));
    assert_eq!(early["toSign"], json!([]), "{early}");
    let message = early["taken"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("another payout wallet may still sign it"), "{message}");
    server.pass(5_000);
    let later = pay(&server, &json!({"refundIds": [id]}));
    assert_eq!(later["toSign"][0]["typedData"]["message"]["from"], wallet);
}

#[test]
fn what_the_host_has_paid_by_hand_is_seen_on_the_chain_and_counts_once() {
    let server = Server::open();
    let event = event(&server, &json!({"refundPercent": 100, "capacity": 2}));
    let other = self::event(&server, &json!({"refundPercent": 100}));
    for (event, nonce) in [(&event, 1), (&other, 2)] {
        let seat = buy(&server, event, 1, nonce);
        assert_eq!(cancel(&server, event, &seat, Some("0.05")).status, 200);
    }
    server.pass(120);
    let ids: Vec<String> = (0..2)
        .map(|at| {
            server.text(&format!(
                "SELECT payment_id FROM refunds ORDER BY payment_id LIMIT 1 OFFSET {at}"
            ))
        })
        .collect();
    let to = Wallet::new(1).address.to_checksum(None);
    let hash = |digit: &str| format!("0x{}", digit.repeat(64));
    let sent = [
        ("a", PAY_TO.to_owned(), 50_000),
        ("b", PAY_TO.to_owned(), 49_999),
        ("c", to.clone(), 50_000),
    ];
    for (digit, from, value) in sent {
        server.world.memory.by_hand.borrow_mut().insert(hash(digit), (from, to.clone(), value));
    }
    let report = |id: &str, hash: String| {
        pay(&server, &json!({"paid": [{"refundId": id, "transaction": hash}]}))
    };
    // Too little, and from somebody else.
    for digit in ["b", "c"] {
        report(&ids[0], hash(digit));
        server.pass(120);
        assert_eq!(state(&server), "owed,owed", "{digit}");
    }
    report(&ids[0], hash("a"));
    server.pass(120);
    assert_eq!(state(&server), "paid,owed");
    // One transfer pays one refund.
    report(&ids[1], hash("a"));
    server.pass(120);
    assert_eq!(state(&server), "paid,owed");
    balanced(&server);
    // While a signature may move the money, a transfer by hand does not count.
    pay(&server, &json!({"refundIds": [ids[1]]}));
    server.world.memory.by_hand.borrow_mut().insert(hash("d"), (PAY_TO.to_owned(), to, 50_000));
    assert_eq!(report(&ids[1], hash("d"))["taken"][0]["success"], false);
    server.pass(5_000);
    report(&ids[1], hash("d"));
    server.pass(120);
    assert_eq!(state(&server), "paid,paid");
    balanced(&server);
    assert!(server.world.memory.now.get() > NOW);
}

#[test]
fn a_transfer_that_is_in_no_block_is_looked_for_and_not_signed_again() {
    let server = Server::open();
    let id = owed(&server);
    let hash = format!("0x{}", "e".repeat(64));
    pay(&server, &json!({"paid": [{"refundId": id, "transaction": hash}]}));
    server.pass(3_000);
    assert_eq!(state(&server), "paying");
    assert_eq!(pay(&server, &json!({"refundIds": [id]}))["toSign"], json!([]));
    let to = Wallet::new(1).address.to_checksum(None);
    server.world.memory.by_hand.borrow_mut().insert(hash, (PAY_TO.to_owned(), to, 50_000));
    server.pass(1_000);
    assert_eq!(state(&server), "paid");
    balanced(&server);
}

#[test]
fn the_seat_is_given_back_once_whatever_comes_at_once() {
    let server = Server::open();
    let event = event(&server, &half());
    let seat = buy(&server, &event, 1, 1);
    let encoded = STANDARD.encode(seat.payment.to_string());
    let headers = [("payment-signature", encoded.as_str())];
    let arguments = json!({"eventId": event, "refund": "0.025"});
    let calls = (0..10).map(|_| server.tool_with("cancelRsvp", &arguments, &headers)).collect();
    for reply in join_all(calls) {
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    let count = |what: &str| server.int(&format!("SELECT count(*) FROM {what}"));
    assert_eq!((count("refunds"), count("cancelled_seats"), count("rsvps")), (1, 1, 0));
    assert_eq!(count("ledger WHERE entry = 'refund_owed'"), 1);
    balanced(&server);
}
