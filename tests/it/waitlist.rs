//! The waitlist of a full event: first come, first served, and the seat on offer is for nobody else.

mod offered;

use events_concierge::base::http::Reply;
use events_concierge::base::id::EventId;
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtHost, Own};
use events_concierge::ledger::audit::audit;
use events_concierge::ports::Delivery;
use serde_json::{Value, json};

use crate::support::{Server, Settles, Wallet, address, block_on, done, join_all, json_of, title};

const HOUR: i64 = 3_600;

fn event(server: &Server, more: &Value) -> String {
    let event = json!({"title": "Rust meetup", "startsAt": "2027-03-01T18:30:00Z",
        "capacity": 1, "price": "0.05", "refundPercent": 100});
    server.new_event(event, more)
}

/// A payment of a seat by a wallet that names itself, as its wallet signs it.
fn payment(server: &Server, event: &str, wallet: u8, nonce: u8) -> Value {
    let named = json!({"eventId": event, "walletAddress": address(wallet)});
    let challenge = server.challenge("rsvpToEvent", &named);
    Wallet::new(wallet).pay(&challenge["accepts"][0], nonce)
}

fn pay(server: &Server, event: &str, wallet: u8, payment: &Value) -> Reply {
    let named = json!({"eventId": event, "walletAddress": address(wallet)});
    block_on(server.tool("rsvpToEvent", &named, Some(payment)))
}

fn buy(server: &Server, event: &str, wallet: u8) -> Value {
    let payment = payment(server, event, wallet, wallet);
    let reply = pay(server, event, wallet, &payment);
    assert_eq!(reply.status, 200, "{}", reply.body);
    payment
}

fn cancel(server: &Server, event: &str, payment: &Value) {
    let arguments = json!({"eventId": event, "refund": "0"});
    let reply = block_on(server.tool("cancelRsvp", &arguments, Some(payment)));
    assert_eq!(reply.status, 200, "{}", reply.body);
}

/// A wallet signs in with a call, from a network of its own.
fn proven(server: &Server, tool: &str, event: &str, wallet: u8) -> Reply {
    let source = format!("198.51.100.{wallet}");
    server.proven_from(tool, &json!({"eventId": event}), wallet, &source)
}

fn join(server: &Server, event: &str, wallet: u8) -> Value {
    done(&proven(server, "joinWaitlist", event, wallet))
}

fn place(server: &Server, event: &str, wallet: u8) -> Value {
    done(&proven(server, "getWaitlistPlace", event, wallet))
}

fn states(server: &Server) -> String {
    server.text("SELECT coalesce(group_concat(state, ' '), '') FROM (SELECT state FROM waitlist ORDER BY number)")
}

fn seats(server: &Server) -> i64 {
    server.int("SELECT count(*) FROM rsvps")
}

fn balanced(server: &Server) {
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

/// An event whose seat is given back while two wait; its id.
fn given_back(server: &Server) -> String {
    let event = event(server, &json!({}));
    let seat = buy(server, &event, 1);
    join(server, &event, 2);
    join(server, &event, 3);
    cancel(server, &event, &seat);
    event
}

#[test]
fn who_waits_longest_is_offered_the_seat_and_nobody_else_gets_it() {
    let server = Server::open();
    let event = event(&server, &json!({}));
    let early = proven(&server, "joinWaitlist", &event, 2);
    assert_eq!((early.status, title(&early)), (409, json!("event not full")));
    let seat = buy(&server, &event, 1);
    let unproven = block_on(server.tool("joinWaitlist", &json!({"eventId": event}), None));
    assert_eq!((unproven.status, title(&unproven)), (401, json!("proof needed")));
    assert_eq!(title(&proven(&server, "joinWaitlist", &event, 1)), "already has seat");
    let first = join(&server, &event, 2);
    assert_eq!((&first["state"], &first["place"]), (&json!("waiting"), &json!(1)));
    assert_eq!(join(&server, &event, 3)["place"], 2);
    assert_eq!(join(&server, &event, 2)["place"], 1, "joining again keeps the place");
    cancel(&server, &event, &seat);
    // Before the alarm has come: the seat is there, and it is kept.
    assert_eq!((states(&server).as_str(), seats(&server)), ("waiting waiting", 0));
    for wallet in [2, 3, 4] {
        let named = json!({"eventId": event, "walletAddress": address(wallet)});
        let refused = block_on(server.tool("rsvpToEvent", &named, None));
        assert_eq!((refused.status, title(&refused)), (409, json!("event full")));
    }
    server.pass(5);
    balanced(&server);
    assert_eq!(states(&server), "offered waiting");
    assert_eq!(place(&server, &event, 3)["place"], 1);
    let offer = place(&server, &event, 2);
    assert_eq!((&offer["state"], &offer["place"]), (&json!("offered"), &Value::Null));
    assert_eq!(offer["next"]["tool"], "rsvpToEvent");
    for wallet in [3, 4] {
        let named = json!({"eventId": event, "walletAddress": address(wallet)});
        assert_eq!(title(&block_on(server.tool("rsvpToEvent", &named, None))), "event full");
    }
    let several = json!({"eventId": event, "walletAddress": address(2), "seats": 2});
    assert_eq!(title(&block_on(server.tool("rsvpToEvent", &several, None))), "event full");
    // What the answer says to call is a call that works.
    let named = &offer["next"]["arguments"];
    let challenge = server.challenge("rsvpToEvent", named);
    let signed = Wallet::new(2).pay(&challenge["accepts"][0], 2);
    assert_eq!(block_on(server.tool("rsvpToEvent", named, Some(&signed))).status, 200);
    server.pass(5);
    balanced(&server);
    assert_eq!((states(&server).as_str(), seats(&server)), ("waiting", 1));
}

#[test]
fn an_offer_that_runs_out_goes_to_the_next() {
    let server = Server::open();
    let event = given_back(&server);
    server.pass(5);
    let late = payment(&server, &event, 2, 2);
    server.pass(2 * HOUR - 60);
    assert_eq!(states(&server), "offered waiting");
    server.pass(120);
    balanced(&server);
    assert_eq!(states(&server), "expired offered");
    assert_eq!(place(&server, &event, 2)["state"], "expired");
    assert_eq!(place(&server, &event, 3)["state"], "offered");
    let refused = pay(&server, &event, 2, &late);
    assert!(matches!(refused.status, 402 | 409), "{}", refused.body);
    assert_eq!(server.int("SELECT count(*) FROM ledger WHERE entry = 'settled'"), 1);
    // It joins again, at the end.
    join(&server, &event, 4);
    assert_eq!(join(&server, &event, 2)["place"], 2);
    buy(&server, &event, 3);
    balanced(&server);
    assert_eq!(seats(&server), 1);
}

#[test]
fn of_all_who_want_the_last_offer_exactly_one_gets_a_seat() {
    let server = Server::open();
    let event = event(&server, &json!({}));
    let seat = buy(&server, &event, 1);
    let stranger = {
        // Signed while there was a seat to see a price for.
        let other = self::event(&server, &json!({}));
        let challenge = server.challenge("rsvpToEvent", &json!({"eventId": other}));
        Wallet::new(5).pay(&challenge["accepts"][0], 5)
    };
    join(&server, &event, 2);
    cancel(&server, &event, &seat);
    server.pass(5);
    let (one, two) = (payment(&server, &event, 2, 21), payment(&server, &event, 2, 22));
    let named = json!({"eventId": event, "walletAddress": address(2)});
    let plain = json!({"eventId": event});
    let replies = join_all(vec![
        server.tool("rsvpToEvent", &plain, Some(&stranger)),
        server.tool("rsvpToEvent", &named, Some(&one)),
        server.tool("rsvpToEvent", &named, Some(&two)),
    ]);
    let got = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!((got, seats(&server)), (1, 1), "{replies:?}");
    assert_ne!(replies[0].status, 200);
    assert_eq!(server.text("SELECT payer FROM rsvps"), address(2));
    server.pass(60);
    assert_eq!(server.int("SELECT count(*) FROM payments WHERE state = 'delivered'"), 2);
    balanced(&server);
}

#[test]
fn who_leaves_lets_the_next_one_in_and_who_comes_later_is_behind() {
    let server = Server::open();
    let event = given_back(&server);
    server.pass(5);
    assert_eq!(done(&proven(&server, "leaveWaitlist", &event, 2))["state"], "none");
    server.pass(5);
    assert_eq!(place(&server, &event, 3)["state"], "offered");
    done(&proven(&server, "leaveWaitlist", &event, 3));
    server.pass(5);
    balanced(&server);
    // Nobody waits: everybody may buy, and nobody may wait.
    assert_eq!(title(&proven(&server, "joinWaitlist", &event, 4)), "event not full");
    buy(&server, &event, 4);
    assert_eq!(place(&server, &event, 4)["state"], "none");
}

#[test]
fn seats_that_the_host_adds_are_offered_and_cannot_be_taken_away_again() {
    let server = Server::open();
    let event = event(&server, &json!({}));
    buy(&server, &event, 1);
    for wallet in 2..=4 {
        join(&server, &event, wallet);
    }
    assert_eq!(server.change_event(&event, &json!({"capacity": 3})).status, 200);
    server.pass(5);
    balanced(&server);
    assert_eq!(states(&server), "offered offered waiting");
    let refused = server.change_event(&event, &json!({"capacity": 2}));
    assert_eq!(refused.status, 422, "{}", refused.body);
    // More seats than guests who wait are for everybody.
    assert_eq!(server.change_event(&event, &json!({"capacity": 5})).status, 200);
    server.pass(5);
    assert_eq!(states(&server), "offered offered offered");
    buy(&server, &event, 9);
    let full = block_on(server.tool("rsvpToEvent", &json!({"eventId": event}), None));
    assert_eq!(title(&full), "event full");
    for wallet in 2..=4 {
        buy(&server, &event, wallet);
    }
    assert_eq!(seats(&server), 5);
    server.pass(5);
    assert_eq!(states(&server), "");
    balanced(&server);
    // Without a limit there is nothing to wait for.
    join(&server, &event, 6);
    assert_eq!(server.change_event(&event, &json!({"capacity": 0})).status, 200);
    server.pass(5);
    buy(&server, &event, 7);
    assert_eq!(place(&server, &event, 6)["state"], "offered");
}

#[test]
fn a_seat_that_a_payment_held_in_vain_goes_to_who_waits() {
    let server = Server::open();
    let event = event(&server, &json!({}));
    let held = payment(&server, &event, 1, 1);
    server.world.memory.settles.borrow_mut().extend((0..90).map(|_| Settles::Hangs));
    assert_ne!(pay(&server, &event, 1, &held).status, 200);
    let waits = join(&server, &event, 2);
    assert_eq!(waits["state"], "waiting", "a seat that is being paid for is gone");
    assert_eq!(states(&server), "waiting");
    // Its authorization runs out unused.
    server.pass(4_000);
    balanced(&server);
    assert_eq!((states(&server).as_str(), seats(&server)), ("offered", 0));
}

#[test]
fn free_seats_are_offered_too_and_taken_by_signing_in() {
    let server = Server::open();
    let event = event(&server, &json!({"price": "0"}));
    done(&proven(&server, "rsvpToEvent", &event, 1));
    join(&server, &event, 2);
    let arguments = json!({"eventId": event, "refund": "0"});
    done(&server.proven_from("cancelRsvp", &arguments, 1, "198.51.100.1"));
    for wallet in [2, 3] {
        let refused = proven(&server, "rsvpToEvent", &event, wallet);
        assert_eq!(title(&refused), "event full", "{}", refused.body);
    }
    server.pass(5);
    assert_eq!(title(&proven(&server, "rsvpToEvent", &event, 3)), "event full");
    assert_eq!(done(&proven(&server, "rsvpToEvent", &event, 2))["seats"], 1);
    server.pass(5);
    assert_eq!(states(&server), "");
    balanced(&server);
}

#[test]
fn strangers_with_many_wallets_do_not_fill_a_list() {
    let server = Server::open();
    let event = event(&server, &json!({}));
    let other = self::event(&server, &json!({}));
    buy(&server, &event, 1);
    buy(&server, &other, 2);
    let asked = json!({"eventId": event});
    let source = "203.0.113.7";
    for wallet in 3..=5 {
        done(&server.proven_from("joinWaitlist", &asked, wallet, source));
    }
    let refused = server.proven_from("joinWaitlist", &asked, 6, source);
    assert_eq!((refused.status, title(&refused)), (429, json!("rate limited")));
    // Who has paid here is known, and so is who comes from elsewhere.
    done(&server.proven_from("joinWaitlist", &asked, 2, source));
    join(&server, &event, 6);
    let rows = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 246) \
         INSERT INTO waitlist (event_id, wallet, source, state, joined_at) \
         SELECT (SELECT event_id FROM waitlist LIMIT 1), 'w' || n, 'elsewhere', 'waiting', 0 FROM n";
    server.sql(rows);
    let full = proven(&server, "joinWaitlist", &event, 7);
    assert_eq!((full.status, title(&full)), (409, json!("waitlist full")));
    assert_eq!(join(&server, &event, 2)["place"], 4, "who is there stays there");
}

#[test]
fn a_mail_with_the_way_to_buy_is_sent_once_for_each_offer() {
    let server = Server::open();
    server.world.memory.post_office.delivery.set(Some(Delivery::ExactlyOnce));
    let event = event(&server, &json!({}));
    let seat = buy(&server, &event, 1);
    let arguments = json!({"eventId": event, "email": "ada@example.org", "name": "Ada"});
    done(&server.proven_from("joinWaitlist", &arguments, 2, "198.51.100.2"));
    cancel(&server, &event, &seat);
    server.pass(600);
    assert_eq!(server.int("SELECT count(*) FROM mail_outbox"), 1);
    let text = server.text("SELECT body FROM mail_outbox");
    assert!(text.contains(&format!("/buy/{}/{event}", server.scope)), "{text}");
    let id = EventId::parse(&event).unwrap();
    let list = json_of(&server.as_owner(Action::Own(Own::Waitlist(id)), &json!({})));
    assert_eq!((&list["waiting"], &list["offered"]), (&json!(0), &json!(1)));
    let guest = &list["guests"][0];
    assert_eq!((&guest["name"], &guest["state"]), (&json!("Ada"), &json!("offered")));
    let tool = Action::AtHost(AtHost::Tool("listWaitlist".to_owned()));
    assert_eq!(json_of(&server.as_owner(tool, &json!({"eventId": event}))), list);
    let events = json_of(&server.as_owner(Action::Own(Own::Events), &json!({})));
    assert_eq!(events["events"][0]["waiting"], 1);
}

#[test]
fn a_list_ends_shortly_before_the_start_or_with_the_event() {
    let server = Server::open();
    let (soon, off) = (event(&server, &json!({})), event(&server, &json!({})));
    let seat = buy(&server, &soon, 1);
    buy(&server, &off, 5);
    join(&server, &soon, 2);
    join(&server, &off, 2);
    let id = EventId::parse(&off).unwrap();
    assert_eq!(server.as_owner(Action::Own(Own::CancelEvent(id)), &json!({})).status, 200);
    server.pass(5);
    assert_eq!(states(&server), "waiting", "a cancelled event has no list");
    let starts_at = server.int(&format!("SELECT starts_at FROM events WHERE id = '{soon}'"));
    let until_start = |server: &Server| starts_at - server.world.memory.now.get();
    // An offer is never good beyond the start, and shorter if it is near.
    server.pass(until_start(&server) - 2 * HOUR);
    cancel(&server, &soon, &seat);
    server.pass(5);
    let offered = server.int("SELECT offered_until FROM waitlist");
    let hold = offered - server.world.memory.now.get();
    assert!((900..=HOUR).contains(&hold), "{hold}");
    server.pass(until_start(&server) - 900);
    assert_eq!(states(&server), "", "a quarter of an hour before the start");
    assert_eq!(title(&proven(&server, "joinWaitlist", &soon, 3)), "waitlist closed");
    buy(&server, &soon, 4);
    balanced(&server);
}

#[test]
fn an_alarm_that_fails_in_between_offers_a_seat_once() {
    let server = Server::open();
    given_back(&server);
    for _ in 0..3 {
        server.wake();
    }
    assert_eq!(states(&server), "offered waiting");
    balanced(&server);
    // A new instance knows what the old one has written, and goes on.
    let server = Server::on(server.world);
    server.wake();
    assert_eq!(states(&server), "offered waiting");
    server.pass(3 * HOUR);
    assert_eq!(states(&server), "expired offered");
    balanced(&server);
}

#[test]
fn the_page_of_a_full_event_offers_the_waitlist() {
    let server = Server::open();
    let event = event(&server, &json!({}));
    let page = |server: &Server| {
        let id = EventId::parse(&event).unwrap();
        server.as_stranger(AtHost::EventPage(id)).body
    };
    assert!(!page(&server).contains("Join the waitlist"));
    let seat = buy(&server, &event, 1);
    assert!(page(&server).contains("Join the waitlist"));
    join(&server, &event, 2);
    cancel(&server, &event, &seat);
    let kept = page(&server);
    assert!(kept.contains("Join the waitlist") && !kept.contains("Get a ticket"), "{kept}");
}
