//! Purchases of several seats and free seats are given back, whole, and agree with the entrance.

use events_concierge::base::id::TicketCode;
use events_concierge::base::time::UnixSeconds;

use super::*;

/// A purchase of several seats, with the codes of all its tickets.
struct Party {
    seat: Seat,
    codes: Vec<String>,
}

fn buy_many(server: &Server, event: &str, wallet: u8, nonce: u8, seats: u32) -> Party {
    let arguments = json!({"eventId": event, "seats": seats});
    let challenge = server.challenge("rsvpToEvent", &arguments);
    let payment = Wallet::new(wallet).pay(&challenge["accepts"][0], nonce);
    let reply = block_on(server.tool("rsvpToEvent", &arguments, Some(&payment)));
    assert_eq!(reply.status, 200, "{}", reply.body);
    let bought = json_of(&reply);
    let code = |ticket: &Value| ticket["code"].as_str().unwrap().to_owned();
    let codes: Vec<String> = bought["tickets"].as_array().unwrap().iter().map(code).collect();
    Party { seat: Seat { payment, code: codes[0].clone() }, codes }
}

fn roomy(server: &Server) -> String {
    event(server, &json!({"capacity": 6, "refundPercent": 50, "refundUntilHours": 24}))
}

fn count(server: &Server, what: &str) -> i64 {
    server.int(&format!("SELECT count(*) FROM {what}"))
}

fn ticket_page(server: &Server, code: &str) -> String {
    let code = TicketCode::parse(code).unwrap();
    let reply = server.as_stranger(AtHost::Ticket(code));
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body
}

/// What a device at the entrance sends.
fn enter(server: &Server, event: &str, moves: &Value) -> Value {
    let now = UnixSeconds::new(server.world.memory.now.get()).to_string();
    let body = json!({"device": "North", "sentAt": now, "since": now, "moves": moves});
    let id = EventId::parse(event).unwrap();
    json_of(&server.as_owner(Action::Own(Own::Enter(id)), &body))
}

#[test]
fn a_purchase_of_several_seats_is_given_back_whole() {
    let server = Server::open();
    let event = roomy(&server);
    let other = buy_many(&server, &event, 2, 9, 2);
    let party = buy_many(&server, &event, 1, 1, 3);
    let shown = json_of(&cancel(&server, &event, &party.seat, None));
    let message = shown["message"].as_str().unwrap();
    assert!(message.contains("The purchase has 3 seats, and all of them"), "{message}");
    assert_eq!((&shown["refund"]["amount"], count(&server, "rsvps")), (&json!("0.075"), 5));
    let done = json_of(&cancel(&server, &event, &party.seat, Some("0.075")));
    assert!(done["message"].as_str().unwrap().starts_with("3 seats are cancelled."), "{done}");
    balanced(&server);
    assert_eq!((count(&server, "rsvps"), count(&server, "cancelled_seats")), (2, 3));
    assert_eq!((server.int("SELECT taken FROM events"), count(&server, "refunds")), (2, 1));
    for code in &party.codes {
        let refused = server.check_in(&event, code);
        assert_eq!(json_of(&refused)["title"], "ticket cancelled", "{}", refused.body);
    }
    assert_eq!(json_of(&server.check_in(&event, &other.codes[1]))["success"], true);
    // All its seats can be sold again, also to the same wallet. The old ticket shows none of the new ones.
    let again = buy_many(&server, &event, 1, 2, 4);
    let page = ticket_page(&server, &party.codes[0]);
    assert!(page.contains("This seat was given back") && page.contains("$0.15"), "{page}");
    let strangers = again.codes.iter().chain(&party.codes[1..]);
    assert!(strangers.into_iter().all(|code| !page.contains(code)), "{page}");
    server.pass(120);
    pay(&server, &signatures(&pay(&server, &json!({}))));
    server.pass(300);
    balanced(&server);
    assert_eq!((state(&server).as_str(), went_back(&server)), ("paid", 75_000));
    assert_eq!(revenue(&server), 100_000 + 150_000 + 200_000 - 75_000);
}

#[test]
fn a_host_that_cancels_owes_each_purchase_once_whatever_its_seats() {
    let server = Server::open();
    let event = roomy(&server);
    buy_many(&server, &event, 1, 1, 3);
    buy_many(&server, &event, 2, 2, 2);
    let id = EventId::parse(&event).unwrap();
    let reply = server.as_owner(Action::Own(Own::CancelEvent(id)), &json!({}));
    let message = json_of(&reply)["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains("2 guests get their money back"), "{}", reply.body);
    assert_eq!(server.int("SELECT sum(amount) FROM refunds"), 250_000);
    balanced(&server);
    server.pass(120);
    let offered = pay(&server, &json!({}));
    assert_eq!(offered["toSign"].as_array().unwrap().len(), 2);
    pay(&server, &signatures(&offered));
    server.pass(300);
    balanced(&server);
    assert_eq!((went_back(&server), revenue(&server)), (250_000, 0));
}

#[test]
fn several_seats_whose_money_the_chain_drops_are_gone_and_nothing_is_owed() {
    let server = Server::open();
    let event = roomy(&server);
    let party = buy_many(&server, &event, 1, 1, 3);
    assert_eq!(cancel(&server, &event, &party.seat, Some("0.075")).status, 200);
    server.world.memory.settled.borrow_mut().clear();
    server.world.memory.settles.borrow_mut().extend((0..90).map(|_| Settles::Hangs));
    server.pass(2_000);
    balanced(&server);
    assert_eq!((state(&server).as_str(), count(&server, "cancelled_seats")), ("void", 0));
    assert_eq!((server.int("SELECT taken FROM events"), revenue(&server)), (0, 0));
}

#[test]
fn a_used_ticket_keeps_its_whole_purchase_until_it_is_taken_back_at_the_entrance() {
    let server = Server::open();
    let event = roomy(&server);
    let party = buy_many(&server, &event, 1, 1, 2);
    let at = UnixSeconds::new(server.world.memory.now.get()).to_string();
    let id = |n: u32| format!("chk_{n:024x}");
    let shown = json!([{"id": id(1), "at": at, "code": party.codes[1]}]);
    assert_eq!(enter(&server, &event, &shown)["results"][0]["outcome"], "in");
    let refused = cancel(&server, &event, &party.seat, Some("0"));
    assert_eq!((refused.status, &json_of(&refused)["title"]), (409, &json!("cannot cancel")));
    assert!(refused.body.contains("a ticket of this purchase was used"), "{}", refused.body);
    assert_eq!((count(&server, "rsvps"), count(&server, "refunds")), (2, 0));
    let undo = json!([{"id": id(2), "at": at, "undoes": id(1)}]);
    assert_eq!(enter(&server, &event, &undo)["results"][0]["outcome"], "undone");
    assert_eq!(cancel(&server, &event, &party.seat, Some("0")).status, 200);
    balanced(&server);
    // Late copies of what the device did before let nobody in, and nothing is owed twice.
    assert_eq!(enter(&server, &event, &shown)["results"][0]["outcome"], "undone");
    assert_eq!((count(&server, "rsvps"), count(&server, "refunds")), (0, 1));
    balanced(&server);
}

#[test]
fn a_device_without_a_connection_is_told_of_cancelled_tickets_when_it_catches_up() {
    let server = Server::open();
    let event = roomy(&server);
    let party = buy_many(&server, &event, 1, 1, 2);
    let id = EventId::parse(&event).unwrap();
    let list = || json_of(&server.as_owner(Action::Own(Own::Entrance(id.clone())), &json!({})));
    let ticket = list()["tickets"][0].clone();
    let nothing = enter(&server, &event, &json!([]));
    assert_eq!(nothing["changed"].as_array().unwrap().len(), 2);
    assert_eq!(cancel(&server, &event, &party.seat, Some("0")).status, 200);
    // It let somebody in before it heard of that.
    let at = UnixSeconds::new(server.world.memory.now.get()).to_string();
    let entered = json!([{"id": format!("chk_{:024x}", 1), "at": at, "ticket": ticket["ticket"],
        "mark": ticket["mark"], "hasEntered": true}]);
    let told = enter(&server, &event, &entered);
    assert_eq!(told["results"][0]["outcome"], "notValid", "{told}");
    let problem = &told["summary"]["problems"][0];
    assert_eq!((&problem["kind"], problem["guest"].is_string()), (&json!("notValid"), true));
    assert_eq!(told["changed"], Value::Null, "it reads the list again, without these tickets");
    assert_eq!(list()["tickets"], json!([]));
    balanced(&server);
}

#[test]
fn free_seats_are_given_back_and_nothing_is_owed() {
    let server = Server::open();
    let event = event(&server, &json!({"capacity": 6, "price": "0"}));
    let wanted = json!({"eventId": event, "seats": 2});
    let taken = json_of(&server.proven("rsvpToEvent", &wanted, 1));
    assert_eq!(taken["seats"], 2, "{taken}");
    server.pass(60);
    let key =
        format!("{}:rsvps:{event}:{}", server.scope, Wallet::new(1).address.to_checksum(None));
    assert!(server.world.memory.kv.borrow().contains_key(&key));
    let ask = |refund: Option<&str>, wallet: u8| {
        let mut arguments = json!({"eventId": event});
        if let Some(refund) = refund {
            arguments["refund"] = json!(refund);
        }
        server.proven("cancelRsvp", &arguments, wallet)
    };
    let shown = json_of(&ask(None, 1));
    assert_eq!((&shown["cancelled"], count(&server, "rsvps")), (&json!(false), 2), "{shown}");
    assert_eq!(json_of(&ask(Some("0.01"), 1))["title"], "refund changed");
    assert_eq!(ask(Some("0"), 2).status, 404, "another wallet has nothing to give back");
    // A used ticket keeps both.
    let code = taken["tickets"][1]["code"].as_str().unwrap();
    assert_eq!(json_of(&server.check_in(&event, code))["success"], true);
    assert_eq!(json_of(&ask(Some("0"), 1))["title"], "cannot cancel");
    server.sql("UPDATE rsvps SET checked_in_at = NULL");
    let done = json_of(&ask(Some("0"), 1));
    assert_eq!((&done["cancelled"], &done["refund"]["amount"]), (&json!(true), &json!("0.00")));
    assert_eq!(done["message"], "2 seats are cancelled. They were free.");
    assert_eq!(json_of(&ask(Some("0"), 1))["cancelled"], true, "again says the same");
    assert_eq!((count(&server, "rsvps"), server.int("SELECT taken FROM events")), (0, 0));
    assert_eq!((count(&server, "refunds"), count(&server, "ledger WHERE amount <> 0")), (0, 0));
    assert_eq!(json_of(&server.check_in(&event, code))["title"], "ticket cancelled");
    assert!(ticket_page(&server, code).contains("This seat was given back"));
    balanced(&server);
    server.pass(60);
    assert!(!server.world.memory.kv.borrow().contains_key(&key));
    let again = json_of(&server.proven("rsvpToEvent", &json!({"eventId": event}), 1));
    assert_eq!(again["seats"], 1, "{again}");
    balanced(&server);
}

#[test]
fn a_free_seat_is_given_back_also_by_a_wallet_that_has_cancelled_a_paid_one() {
    let server = Server::open();
    let event = roomy(&server);
    let party = buy_many(&server, &event, 1, 1, 2);
    assert_eq!(cancel(&server, &event, &party.seat, Some("0")).status, 200);
    let id = EventId::parse(&event).unwrap();
    let free = server.as_owner(Action::Own(Own::UpdateEvent(id)), &json!({"price": "0"}));
    assert_eq!(free.status, 200, "{}", free.body);
    let seat = json_of(&server.proven("rsvpToEvent", &json!({"eventId": event}), 1));
    assert_eq!((&seat["seats"], count(&server, "rsvps")), (&json!(1), 1), "{seat}");
    balanced(&server);
    let arguments = json!({"eventId": event, "refund": "0"});
    let done = json_of(&server.proven("cancelRsvp", &arguments, 1));
    assert_eq!((&done["cancelled"], count(&server, "rsvps")), (&json!(true), 0), "{done}");
    // From then on the call says how far the refund of the paid ones is.
    let again = json_of(&server.proven("cancelRsvp", &arguments, 1));
    assert_eq!(
        (&again["refund"]["amount"], &again["refund"]["state"]),
        (&json!("0.05"), &json!("owed"))
    );
    balanced(&server);
}

#[test]
fn free_seats_are_not_taken_and_given_back_without_end_also_by_a_wallet_that_has_paid() {
    let server = Server::open();
    let paid = roomy(&server);
    buy_many(&server, &paid, 1, 1, 2);
    let free = event(&server, &json!({"capacity": 50, "price": "0"}));
    let (take, give) = (json!({"eventId": free}), json!({"eventId": free, "refund": "0"}));
    let mut rounds = 0;
    while server.proven("rsvpToEvent", &take, 1).status == 200 {
        assert_eq!(server.proven("cancelRsvp", &give, 1).status, 200);
        rounds += 1;
        assert!(rounds < 12, "each round leaves a row behind");
        server.pass(60);
    }
    assert!(rounds > 1, "second thoughts are possible");
    assert_eq!(count(&server, "cancelled_seats"), rounds);
    balanced(&server);
}
