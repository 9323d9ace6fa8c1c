//! Who has a ticket gives it to somebody else: the former code ends with the transfer, and the seat stays one.

use events_concierge::base::http::Reply;
use events_concierge::base::id::{EventId, TicketCode};
use events_concierge::base::time::UnixSeconds;
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtHost, Own};
use events_concierge::ledger::audit::audit;
use events_concierge::ports::Delivery;
use events_concierge::tickets::ask::{Ask, Holder};
use serde_json::{Value, json};

use crate::support::{Server, Settles, Wallet, address, block_on, done, join_all, json_of, title};

/// A payment of seats, and its tickets.
struct Party {
    payment: Value,
    codes: Vec<String>,
}

fn event(server: &Server, more: &Value) -> String {
    let event = json!({"title": "Rust meetup", "startsAt": "2027-03-01T18:30:00Z",
        "capacity": 4, "price": "0.05", "refundPercent": 100});
    server.new_event(event, more)
}

fn codes_of(bought: &Value) -> Vec<String> {
    let code = |ticket: &Value| ticket["code"].as_str().unwrap_or_default().to_owned();
    bought["tickets"].as_array().unwrap().iter().map(code).collect()
}

fn buy(server: &Server, event: &str, wallet: u8, seats: u32) -> Party {
    let arguments = json!({"eventId": event, "seats": seats, "name": "Ada Buyer"});
    let challenge = server.challenge("rsvpToEvent", &arguments);
    let payment = Wallet::new(wallet).pay(&challenge["accepts"][0], wallet);
    let reply = block_on(server.tool("rsvpToEvent", &arguments, Some(&payment)));
    assert_eq!(reply.status, 200, "{}", reply.body);
    Party { codes: codes_of(&json_of(&reply)), payment }
}

/// The wallet that paid gives a ticket away, and shows its payment.
fn give(server: &Server, party: &Party, ticket: &str, to: &Value) -> Reply {
    let mut arguments = to.clone();
    arguments["ticket"] = json!(ticket);
    block_on(server.tool("transferTicket", &arguments, Some(&party.payment)))
}

fn give_on(server: &Server, wallet: u8, ticket: &str, to: &Value) -> Reply {
    let mut arguments = to.clone();
    arguments["ticket"] = json!(ticket);
    server.proven("transferTicket", &arguments, wallet)
}

fn code_in(answer: &Value) -> String {
    let url = answer["newTicketUrl"].as_str().unwrap_or_else(|| panic!("no link: {answer}"));
    url.rsplit('/').next().unwrap().to_owned()
}

fn code_of_seat(server: &Server, place: u32) -> String {
    server.text(&format!("SELECT code FROM rsvps WHERE place = {place}"))
}

fn page(server: &Server, code: &str) -> Reply {
    server.as_stranger(AtHost::Ticket(TicketCode::parse(code).unwrap()))
}

/// What a wallet finds under Tickets.
fn found(server: &Server, wallet: u8) -> Vec<Value> {
    let holders = vec![Holder { wallet: address(wallet), network: None }];
    let action = Action::BoughtBy(Ask { holders, after: None, limit: 9 });
    let reply = block_on(server.handle(server.request(action, false, &[], &json!({}))));
    let entries = json_of(&reply)["entries"].as_array().unwrap().clone();
    entries.into_iter().map(|entry| entry["bought"].clone()).collect()
}

fn balanced(server: &Server) {
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

#[test]
fn a_ticket_changes_hands_also_when_the_event_is_full_and_its_former_code_opens_nothing() {
    let server = Server::open();
    let event = event(&server, &json!({"capacity": 1}));
    let party = buy(&server, &event, 1, 1);
    let old = &party.codes[0];
    let answer = done(&give(&server, &party, old, &json!({"name": "Bob"})));
    let new = code_in(&answer);
    assert!(
        answer["message"]
            .as_str()
            .unwrap()
            .contains("to the wallet that paid, not to the new guest")
    );
    assert_ne!(&new, old);
    assert_eq!(server.int("SELECT count(*) FROM rsvps"), 1);
    balanced(&server);
    // The former code is dead for the entrance, the page, and everybody who knows its end.
    let short = TicketCode::parse(old).unwrap().short();
    for code in [old.as_str(), short.as_str()] {
        assert_eq!(title(&server.check_in(&event, code)), "ticket transferred");
    }
    let gone = page(&server, old);
    assert_eq!((gone.status, title(&gone)), (409, json!("ticket transferred")));
    assert!(!gone.body.contains(&new));
    let shown = page(&server, &new).body;
    assert!(shown.contains("Bob") && !shown.contains("Ada Buyer"), "{shown}");
    assert_eq!(done(&server.check_in(&event, &new))["success"], true);
    // The buyer reads its answer again, and finds its purchase, without the new code.
    let again = block_on(server.tool(
        "rsvpToEvent",
        &json!({"eventId": event, "seats": 1, "name": "Ada Buyer"}),
        Some(&party.payment),
    ));
    let again = done(&again);
    assert_eq!(
        again["tickets"],
        json!([{"code": null, "name": null, "ticketUrl": null, "isGivenAway": true}])
    );
    assert_eq!((&again["ticketUrl"], &again["rsvp"]["code"]), (&Value::Null, &Value::Null));
    assert!(!again.to_string().contains(&new) && !again.to_string().contains(old), "{again}");
    let bought = &found(&server, 1)[0];
    assert_eq!(
        (&bought["state"], &bought["ticketUrl"], &bought["cancel"]),
        (&json!("given_away"), &Value::Null, &Value::Null)
    );
}

#[test]
fn a_repeated_transfer_gives_the_same_answer_and_moves_nothing_more() {
    let server = Server::open();
    let event = event(&server, &json!({}));
    let party = buy(&server, &event, 1, 2);
    let to = json!({"name": "Bob"});
    let both = join_all(vec![
        server.tool(
            "transferTicket",
            &json!({"ticket": party.codes[1], "name": "Bob"}),
            Some(&party.payment),
        ),
        server.tool(
            "transferTicket",
            &json!({"ticket": party.codes[1], "name": "Bob"}),
            Some(&party.payment),
        ),
    ]);
    assert_eq!(done(&both[0]), done(&both[1]));
    assert_eq!(done(&give(&server, &party, &party.codes[1], &to)), done(&both[0]));
    assert_eq!(server.int("SELECT times FROM given_seats"), 1);
    // To another person it is too late.
    let late = give(&server, &party, &party.codes[1], &json!({"name": "Eve"}));
    assert_eq!((late.status, title(&late)), (409, json!("ticket transferred")));
    assert!(!late.body.contains("/t/"));
    // The other ticket of the purchase is the buyer's still, and shows nothing of the one that was given away.
    let new = code_in(&done(&both[0]));
    let shown = page(&server, &party.codes[0]).body;
    assert!(!shown.contains(&new) && !shown.contains("Bob"), "{shown}");
    assert!(!page(&server, &new).body.contains(&party.codes[0]));
    balanced(&server);
}

#[test]
fn only_who_has_a_ticket_gives_it_away() {
    let server = Server::open();
    let event = event(&server, &json!({}));
    let party = buy(&server, &event, 1, 1);
    let other = buy(&server, &event, 2, 1);
    let to = json!({"name": "Eve"});
    let old = party.codes[0].clone();
    for refused in [give(&server, &other, &old, &to), give_on(&server, 3, &old, &to)] {
        assert_eq!((refused.status, title(&refused)), (404, json!("nothing bought")));
    }
    let unproven =
        block_on(server.tool("transferTicket", &json!({"ticket": old, "name": "Eve"}), None));
    assert_eq!((unproven.status, title(&unproven)), (401, json!("proof needed")));
    let none = give(&server, &party, &old.replace(&old[40..], &"0".repeat(old.len() - 40)), &to);
    assert_eq!(title(&none), "no such ticket");
    // Given to a wallet: that one gives it on, and the wallet that paid does not take it back.
    let given = done(&give(&server, &party, &old, &json!({"name": "Bob", "toWallet": address(3)})));
    assert_eq!((&given["newTicketUrl"], &given["toWallet"]), (&Value::Null, &json!(address(3))));
    let second = code_of_seat_of(&server, 1);
    assert_eq!(title(&give(&server, &party, &second, &to)), "nothing bought");
    let mine = found(&server, 3);
    assert!(mine[0]["ticketUrl"].as_str().unwrap().ends_with(&second), "{mine:?}");
    assert_eq!((&mine[0]["state"], mine.len()), (&json!("valid"), 1));
    // With nothing but its link nobody can give it on, but the host can.
    let third = code_in(&done(&give_on(&server, 3, &second, &json!({"name": "Cleo"}))));
    assert_eq!(found(&server, 3), Vec::<Value>::new());
    for wallet in [1, 3] {
        assert_eq!(title(&give_on(&server, wallet, &third, &to)), "nothing bought");
    }
    let action = Action::AtHost(AtHost::Tool("transferTicket".to_owned()));
    let back = json!({"ticket": format!("https://x.test/t/{third}"), "toWallet": address(1)});
    assert_eq!(done(&server.as_owner(action, &back))["toWallet"], address(1));
    // The wallet that paid has it again, with a new code.
    let arguments = json!({"eventId": event, "seats": 1, "name": "Ada Buyer"});
    let again = done(&block_on(server.tool("rsvpToEvent", &arguments, Some(&party.payment))));
    assert_eq!(codes_of(&again), [code_of_seat_of(&server, 1)]);
    assert_eq!(found(&server, 1)[0]["state"], "valid");
    balanced(&server);
}

/// The code of the seat of a wallet.
fn code_of_seat_of(server: &Server, payer: u8) -> String {
    server.text(&format!("SELECT code FROM rsvps WHERE payer = '{}'", address(payer)))
}

#[test]
fn a_ticket_changes_hands_or_lets_its_guest_in_and_never_both() {
    let server = Server::open();
    let event = event(&server, &json!({}));
    let party = buy(&server, &event, 1, 2);
    // The entrance comes first.
    assert_eq!(done(&server.check_in(&event, &party.codes[0]))["success"], true);
    let refused = give(&server, &party, &party.codes[0], &json!({"name": "Bob"}));
    assert_eq!((refused.status, title(&refused)), (409, json!("cannot transfer")));
    assert_eq!(server.int("SELECT count(*) FROM given_seats"), 0);
    // The transfer comes first.
    let new = code_in(&done(&give(&server, &party, &party.codes[1], &json!({"name": "Bob"}))));
    assert_eq!(title(&server.check_in(&event, &party.codes[1])), "ticket transferred");
    assert_eq!(done(&server.check_in(&event, &new))["success"], true);
    assert_eq!(done(&server.check_in(&event, &new))["success"], false);
    balanced(&server);
}

#[test]
fn a_device_hears_of_a_transfer_and_the_host_of_a_former_code_that_it_let_in() {
    let server = Server::open();
    let event = event(&server, &json!({}));
    let party = buy(&server, &event, 1, 1);
    let id = EventId::parse(&event).unwrap();
    let list = json_of(&server.as_owner(Action::Own(Own::Entrance(id.clone())), &json!({})));
    let before = list["tickets"][0].clone();
    server.pass(60);
    let now = || UnixSeconds::new(server.world.memory.now.get()).to_string();
    let sync = |moves: &Value| {
        let body = json!({"device": "North", "sentAt": now(), "since": now(), "moves": moves});
        json_of(&server.as_owner(Action::Own(Own::Enter(id.clone())), &body))
    };
    let new = code_in(&done(&give(&server, &party, &party.codes[0], &json!({"name": "Bob"}))));
    let told = sync(&json!([]));
    let after = &told["changed"][0];
    assert_eq!((&after["ticket"], &after["guest"]), (&before["ticket"], &json!("Bob")));
    assert_ne!(after["mark"], before["mark"]);
    // A device that had not heard of it let somebody in with the former code.
    let entered = json!([{"id": format!("chk_{:024x}", 1), "at": now(), "ticket": before["ticket"],
        "mark": before["mark"], "hasEntered": true}]);
    let told = sync(&entered);
    assert_eq!(told["results"][0]["outcome"], "notValid", "{told}");
    assert_eq!(told["summary"]["problems"][0]["kind"], "notValid");
    assert_eq!(done(&server.check_in(&event, &new))["success"], true, "the new guest comes in");
    balanced(&server);
}

#[test]
fn the_money_goes_back_to_the_wallet_that_paid_and_who_was_given_a_ticket_keeps_it() {
    let server = Server::open();
    let event = event(&server, &json!({}));
    let party = buy(&server, &event, 1, 2);
    let cancel = |refund: &str| {
        let arguments = json!({"eventId": event, "refund": refund});
        block_on(server.tool("cancelRsvp", &arguments, Some(&party.payment)))
    };
    done(&give(&server, &party, &party.codes[1], &json!({"name": "Bob", "toWallet": address(2)})));
    let refused = cancel("0");
    assert_eq!(title(&refused), "cannot cancel");
    assert!(refused.body.contains("was given to somebody else"), "{}", refused.body);
    let new = code_of_seat(&server, 2);
    // The new guest gives it back to the wallet that paid, which then can cancel.
    done(&give_on(&server, 2, &new, &json!({"toWallet": address(1)})));
    assert_eq!(done(&cancel("0.10"))["cancelled"], true);
    balanced(&server);
    assert_eq!(server.text("SELECT payer FROM refunds"), address(1));
    assert_eq!(server.int("SELECT count(*) FROM rsvps"), 0);
    // A host that cancels owes the money to the wallet that paid, too.
    let party = buy(&server, &event, 3, 1);
    done(&give(&server, &party, &party.codes[0], &json!({"toWallet": address(2)})));
    let id = EventId::parse(&event).unwrap();
    assert_eq!(server.as_owner(Action::Own(Own::CancelEvent(id)), &json!({})).status, 200);
    assert_eq!(
        server.text(&format!("SELECT state FROM refunds WHERE payer = '{}'", address(3))),
        "owed"
    );
    let late = give_on(&server, 2, &code_of_seat_of(&server, 3), &json!({"name": "Eve"}));
    assert_eq!(title(&late), "event cancelled");
    balanced(&server);
}

#[test]
fn a_ticket_changes_hands_five_times_at_the_most() {
    let server = Server::open();
    let event = event(&server, &json!({}));
    let party = buy(&server, &event, 1, 1);
    done(&give(&server, &party, &party.codes[0], &json!({"toWallet": address(2)})));
    for wallet in 2..=5 {
        let code = code_of_seat(&server, 1);
        done(&give_on(&server, wallet, &code, &json!({"toWallet": address(wallet + 1)})));
    }
    let code = code_of_seat(&server, 1);
    let refused = give_on(&server, 6, &code, &json!({"toWallet": address(1)}));
    assert_eq!((refused.status, title(&refused)), (409, json!("cannot transfer")));
    assert!(!page(&server, &code).body.contains("/give/"), "its page offers nothing more");
    assert_eq!(server.int("SELECT count(*) FROM given_codes"), 5);
    balanced(&server);
}

#[test]
fn money_that_the_chain_drops_takes_a_given_ticket_back_too() {
    let server = Server::open();
    let event = event(&server, &json!({}));
    let party = buy(&server, &event, 1, 1);
    let new = code_in(&done(&give(&server, &party, &party.codes[0], &json!({"name": "Bob"}))));
    server.world.memory.settled.borrow_mut().clear();
    server.world.memory.settles.borrow_mut().extend((0..90).map(|_| Settles::Hangs));
    server.pass(2_000);
    balanced(&server);
    assert_eq!(server.int("SELECT count(*) FROM rsvps"), 0);
    assert_eq!(server.int("SELECT count(*) FROM given_seats"), 0);
    assert_eq!(page(&server, &new).status, 404);
}

#[test]
fn free_tickets_are_given_away_too_and_the_wallet_that_took_them_gets_no_other() {
    let server = Server::open();
    let event = event(&server, &json!({"price": "0"}));
    let seat = json!({"eventId": event});
    let code =
        done(&server.proven("rsvpToEvent", &seat, 1))["rsvp"]["code"].as_str().unwrap().to_owned();
    let answer = done(&give_on(&server, 1, &code, &json!({"toWallet": address(2)})));
    assert!(!answer["message"].as_str().unwrap().contains("money"), "{answer}");
    assert_eq!(title(&server.proven("rsvpToEvent", &seat, 1)), "ticket transferred");
    let cancel = server.proven("cancelRsvp", &json!({"eventId": event, "refund": "0"}), 1);
    assert_eq!(title(&cancel), "cannot cancel");
    assert_eq!(found(&server, 2)[0]["state"], "valid");
    balanced(&server);
}

#[test]
fn the_new_guest_gets_the_ticket_by_mail_and_the_giver_does_not_learn_its_code() {
    let server = Server::open();
    server.world.memory.post_office.delivery.set(Some(Delivery::ExactlyOnce));
    let event = event(&server, &json!({"askName": "required", "askEmail": "notAsked"}));
    let party = buy(&server, &event, 1, 1);
    let nameless = give(&server, &party, &party.codes[0], &json!({"email": "bob@example.org"}));
    assert_eq!(nameless.status, 422, "{}", nameless.body);
    let to = json!({"name": "Bob", "email": "bob@example.org"});
    let answer = done(&give(&server, &party, &party.codes[0], &to));
    assert_eq!((&answer["isMailed"], &answer["newTicketUrl"]), (&json!(true), &Value::Null));
    assert_eq!(done(&give(&server, &party, &party.codes[0], &to)), answer);
    assert_eq!(server.int("SELECT count(*) FROM mail_outbox WHERE kind = 'notice'"), 1);
    let text = server.text("SELECT body FROM mail_outbox WHERE kind = 'notice'");
    assert!(text.contains(&format!("/t/{}", code_of_seat(&server, 1))), "{text}");
    // The event does not ask for addresses, so none is stored.
    assert_eq!(server.int("SELECT count(email) FROM rsvps"), 0);
    balanced(&server);
}
