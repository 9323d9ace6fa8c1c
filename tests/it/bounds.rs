//! What strangers may do at a server, payment ids, one payout address for two hosts, and chains that
//! drop blocks.

use events_concierge::host::command::Action;
use events_concierge::http::route::Own;
use events_concierge::ledger::audit::audit;
use events_concierge::ledger::wallets::{self, Reputation};
use serde_json::{Value, json};

use crate::money::books_balance;
use crate::support::{Server, Settles, Wallet, block_on, json_of, offer, pay, rsvp};

fn set_limits(server: &Server, limits: &Value) -> (u16, Value) {
    let reply = server.as_owner(Action::Own(Own::ChangeProfile), &json!({"limits": limits}));
    (reply.status, json_of(&reply))
}

#[test]
fn a_wallet_makes_at_most_so_many_paid_calls_in_a_minute() {
    let server = Server::open();
    set_limits(&server, &json!({"callsPerMinute": 2}));
    let events = [server.event(9), server.event(9), server.event(9)];
    let offers: Vec<_> = events.iter().map(|event| offer(&server, event)).collect();
    let wallet = Wallet::new(1);
    for (nonce, event) in (1..).zip(&events[..2]) {
        assert_eq!(pay(&server, event, &wallet.pay(&offers[0], nonce)).0, 200);
    }
    let third = wallet.pay(&offers[2], 3);
    let (status, body) = pay(&server, &events[2], &third);
    assert_eq!(
        (status, &body["title"], &body["moneyMoved"]),
        (429, &json!("rate limited"), &json!("no"))
    );
    assert_eq!(pay(&server, &events[2], &Wallet::new(2).pay(&offers[2], 4)).0, 200, "others may");
    assert_eq!(
        pay(&server, &events[0], &wallet.pay(&offers[0], 1)).0,
        200,
        "what it bought is its own"
    );
    server.pass(60);
    assert_eq!(pay(&server, &events[2], &third).0, 200);
    books_balance(&server);
}

#[test]
fn a_wallet_pays_at_most_so_much_in_a_day() {
    let server = Server::open();
    let events = [server.event(9), server.event(9)];
    assert_eq!(set_limits(&server, &json!({"usdPerDay": "0.09"})).0, 200);
    let wallet = Wallet::new(1);
    let first = wallet.pay(&offer(&server, &events[0]), 1);
    assert_eq!(pay(&server, &events[0], &first).0, 200);
    let second = wallet.pay(&offer(&server, &events[1]), 2);
    let reply = block_on(server.tool("rsvpToEvent", &rsvp(&events[1]), Some(&second)));
    assert_eq!(reply.status, 429);
    assert!(reply.headers.iter().any(|(name, value)| *name == "retry-after" && value == "86400"));
    server.pass(86_401);
    let later = wallet.pay(&offer(&server, &events[1]), 3);
    assert_eq!(pay(&server, &events[1], &later).0, 200);
}

#[test]
fn nobody_is_asked_to_pay_what_no_wallet_may_pay() {
    let server = Server::open();
    let event = server.event(9);
    set_limits(&server, &json!({"usdPerDay": "0.01"}));
    let reply = block_on(server.tool("rsvpToEvent", &rsvp(&event), None));
    assert_eq!((reply.status, &json_of(&reply)["title"]), (409, &json!("price above limit")));
    let dear =
        json!({"title": "Gala", "startsAt": "2027-03-01T18:30:00Z", "capacity": 1, "price": "5"});
    let reply = server.as_owner(Action::Own(Own::CreateEvent), &dear);
    assert_eq!(reply.status, 422);
    assert!(json_of(&reply)["detail"].as_str().unwrap().starts_with("price: is above the $0.01"));
}

#[test]
fn a_source_makes_at_most_so_many_calls_without_paying_for_them() {
    let server = Server::open();
    let event = server.event(9);
    let offer = offer(&server, &event);
    set_limits(&server, &json!({"unpaidPerMinute": 5}));
    server.pass(60);
    let list = || block_on(server.tool("listEvents", &json!({}), None)).status;
    // A call that is paid for does not count.
    let paid = Wallet::new(1).pay(&offer, 1);
    assert_eq!(pay(&server, &event, &paid).0, 200);
    let statuses: Vec<u16> = (0..7).map(|_| list()).collect();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429, 429]);
    let reply = block_on(server.tool("rsvpToEvent", &rsvp(&event), None));
    assert_eq!(reply.status, 429, "a challenge is a call without payment");
    assert!(reply.headers.iter().any(|(name, _)| *name == "retry-after"));
    assert_eq!(pay(&server, &event, &paid).0, 200, "who paid is always answered");
    assert_eq!(server.as_owner(Action::Own(Own::Events), &json!({})).status, 200);
    server.pass(60);
    assert_eq!(list(), 200);
}

#[test]
fn neighbours_on_one_network_address_do_not_shut_out_a_wallet_that_has_paid_here() {
    let server = Server::open();
    let (first, second, third) = (server.event(9), server.event(9), server.event(9));
    let offers = [&first, &second, &third].map(|event| offer(&server, event));
    let (payer, invented) = (Wallet::new(1), Wallet::new(2));
    assert_eq!(pay(&server, &first, &payer.pay(&offers[0], 1)).0, 200);
    set_limits(&server, &json!({"unpaidPerMinute": 5, "callsPerMinute": 3}));
    server.pass(60);
    assert_eq!(answered(&server, "tools/list", 100), 50, "a noisy neighbour");
    // An invented wallet gains nothing, nor does one that names the payer.
    let refused = |payment: &Value| pay(&server, &second, payment).0;
    assert_eq!(refused(&invented.pay(&offers[1], 1)), 429);
    let mut forged = invented.pay(&offers[1], 2);
    forged["payload"]["authorization"]["from"] = json!(payer.address.to_checksum(None));
    for _ in 0..9 {
        assert_eq!(refused(&forged), 429);
    }
    // The wallet itself buys, and its share is given back for what it pays.
    assert_eq!(pay(&server, &second, &payer.pay(&offers[1], 3)).0, 200);
    // Payments that come to nothing use it up.
    let statuses: Vec<u16> =
        (4..8).map(|nonce| pay(&server, &second, &payer.pay(&offers[1], nonce)).0).collect();
    assert_eq!(statuses, [409, 409, 409, 429], "it has its seat there");
    server.pass(60);
    assert_eq!(answered(&server, "tools/list", 100), 50);
    assert_eq!(pay(&server, &third, &payer.pay(&offers[2], 9)).0, 200);
    assert_eq!(answered(&server, "tools/list", 1), 0, "the neighbour gains nothing by it");
}

/// Calls of `method` that were answered, of so many.
fn answered(server: &Server, method: &str, calls: usize) -> usize {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": {}});
    (0..calls).filter(|_| server.mcp(false, &[], &body).status == 200).count()
}

#[test]
fn lists_handshakes_and_pings_use_up_a_sources_share_too() {
    for (method, calls, most) in [
        ("tools/list", 10_000, 3_000),
        ("ping", 3_100, 3_000),
        ("no/such/method", 3_100, 3_000),
        ("resources/list", 400, 300),
    ] {
        let server = Server::open();
        let rows = server.everything();
        assert_eq!(answered(&server, method, calls), most, "{method}");
        assert_eq!(server.everything(), rows, "{method}: nothing is written for it");
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": {}});
        let refused = server.mcp(false, &[], &body);
        let error = &json_of(&refused)["error"];
        assert_eq!((refused.status, &error["data"]["code"]), (429, &json!("rate_limited")));
        assert!(error["message"].as_str().unwrap().contains("wait 60 seconds"), "{error}");
        assert!(refused.headers.contains(&("retry-after", "60".to_owned())));
        // The host itself goes on, and a minute later everybody.
        assert_ne!(server.mcp(true, &[], &body).status, 429);
        server.pass(60);
        assert_ne!(server.mcp(false, &[], &body).status, 429);
    }
}

#[test]
fn limits_that_cannot_be_are_refused_by_name() {
    let server = Server::open();
    for (limits, field) in [
        (json!({"callsPerMinute": 0}), "limits.callsPerMinute: must be"),
        (json!({"callsPerMinute": -1}), "limits.callsPerMinute: invalid"),
        (json!({"unpaidPerMinute": 1_000_000}), "limits.unpaidPerMinute: must be"),
        (json!({"usdPerDay": "lots"}), "limits.usdPerDay: must be"),
        (json!({"usdPerDay": 5}), "limits.usdPerDay: invalid"),
        (json!({"perHour": 5}), "limits.perHour: unknown"),
    ] {
        let (status, body) = set_limits(&server, &limits);
        let detail = body["detail"].as_str().unwrap();
        assert_eq!(status, 422, "{limits}");
        assert!(detail.starts_with(field), "{limits}: {detail}");
    }
    let (_, profile) = set_limits(&server, &json!({"callsPerMinute": 7}));
    let limits = json!({"callsPerMinute": 7, "usdPerDay": "1000.00", "unpaidPerMinute": 300});
    assert_eq!(profile["limits"], limits, "what is not named stays");
}

#[test]
fn refused_payments_do_not_fill_the_books() {
    let server = Server::open();
    let event = server.event(9);
    let offer = offer(&server, &event);
    let before = server.int("SELECT count(*) FROM ledger");
    for wallet in 1..=20 {
        server.world.memory.settles.borrow_mut().push_back(Settles::Refuses("insufficient_funds"));
        assert_eq!(pay(&server, &event, &Wallet::new(wallet).pay(&offer, wallet)).0, 402);
    }
    assert_eq!(server.int("SELECT count(*) FROM ledger"), before, "no money, no line");
    server.pass(200_000);
    server.wake();
    assert_eq!(server.int("SELECT count(*) FROM payments"), 0);
    assert_eq!(server.int("SELECT count(*) FROM wallets"), 0);
}

#[test]
fn a_wallet_has_the_standing_that_it_earned() {
    let server = Server::open();
    let (event, other) = (server.event(9), server.event(9));
    let wallet = Wallet::new(1);
    let standing = || wallets::reputation(&server.world, &wallet.address.to_string()).unwrap();
    server.world.memory.settles.borrow_mut().push_back(Settles::Refuses("insufficient_funds"));
    pay(&server, &event, &wallet.pay(&offer(&server, &event), 1));
    pay(&server, &event, &wallet.pay(&offer(&server, &event), 2));
    pay(&server, &other, &wallet.pay(&offer(&server, &other), 3));
    assert_eq!(standing(), Reputation { settled: 2, approvals: 0, rejections: 0, refusals: 1 });
    // Anybody can send a signature in its name that is not its own.
    let mut forged = wallet.pay(&offer(&server, &event), 4);
    forged["payload"]["signature"] = json!(format!("0x{}", "11".repeat(65)));
    server.world.memory.verify_refuses.set(true);
    pay(&server, &event, &forged);
    assert_eq!(standing().refusals, 1);
}

fn with_id(mut payment: Value, id: &str) -> Value {
    payment["extensions"] = json!({"payment-identifier": {"info": {"required": false, "id": id}}});
    payment
}

#[test]
fn a_payment_id_stands_for_exactly_one_payment() {
    let server = Server::open();
    let (event, other) = (server.event(9), server.event(9));
    let wallet = Wallet::new(1);
    let (offer, id) = (offer(&server, &event), "order_0123456789abcdef");
    let first = with_id(wallet.pay(&offer, 1), id);
    let (status, ticket) = pay(&server, &event, &first);
    assert_eq!(status, 200);
    assert_eq!(pay(&server, &event, &first), (200, ticket.clone()), "the same again");
    let is_conflict = |event: &str, payment: &Value| {
        let reply = block_on(server.tool("rsvpToEvent", &rsvp(event), Some(payment)));
        assert_eq!(reply.status, 409, "{}", reply.body);
        assert!(reply.body.contains("payment_identifier_conflict"), "{}", reply.body);
        assert!(!reply.headers.iter().any(|(name, _)| *name == "payment-required"));
    };
    is_conflict(&other, &with_id(wallet.pay(&offer, 2), id));
    let mut altered = first.clone();
    altered["resource"] = json!({"url": "http://elsewhere.test"});
    is_conflict(&event, &altered);
    let others = with_id(Wallet::new(2).pay(&offer, 3), id);
    assert_eq!(pay(&server, &event, &others).0, 200, "another wallet's ids are its own");
    let (status, body) = pay(&server, &other, &with_id(wallet.pay(&offer, 4), "short"));
    assert_eq!(
        (status, &body["error"]),
        (
            402,
            &json!(
                "invalid_payload: extensions.payment-identifier.info.id is missing or malformed"
            )
        )
    );
    books_balance(&server);
}

#[test]
fn a_conflict_of_payment_ids_is_no_challenge_in_mcp() {
    let server = Server::open();
    let (event, other) = (server.event(9), server.event(9));
    let wallet = Wallet::new(1);
    let (offer, id) = (offer(&server, &event), "order_0123456789abcdef");
    pay(&server, &event, &with_id(wallet.pay(&offer, 1), id));
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "rsvpToEvent", "arguments": rsvp(&other),
        "_meta": {"x402/payment": with_id(wallet.pay(&offer, 2), id)}}});
    let headers =
        [("accept", "application/json, text/event-stream"), ("mcp-protocol-version", "2025-06-18")];
    let result = json_of(&server.mcp(false, &headers, &call))["result"].clone();
    assert_eq!(result["isError"], true);
    assert!(
        result["content"][0]["text"].as_str().unwrap().starts_with("payment_identifier_conflict")
    );
    assert!(!result.to_string().contains("accepts"));
}

#[test]
fn a_refused_payment_gives_its_id_back() {
    let server = Server::open();
    let event = server.event(9);
    let (offer, wallet, id) = (offer(&server, &event), Wallet::new(1), "order_0123456789abcdef");
    server.world.memory.settles.borrow_mut().push_back(Settles::Refuses("insufficient_funds"));
    assert_eq!(pay(&server, &event, &with_id(wallet.pay(&offer, 1), id)).0, 402);
    assert_eq!(pay(&server, &event, &with_id(wallet.pay(&offer, 2), id)).0, 200);
}

#[test]
fn of_two_hosts_with_one_payout_address_one_delivers_even_if_both_outcomes_are_unknown() {
    let one = Server::open();
    let two = one.beside();
    let (here, there) = (one.event(5), two.event(5));
    let payment = Wallet::new(1).pay(&offer(&one, &here), 1);
    one.world.memory.settles.borrow_mut().push_back(Settles::PaysSilently);
    assert_eq!(pay(&one, &here, &payment).1["moneyMoved"], "unknown");
    let (status, body) = pay(&two, &there, &payment);
    assert_eq!((status, &body["title"]), (409, &json!("payment used")));
    for server in [&one, &two] {
        server.world.memory.alarm.set(Some(server.world.memory.now.get()));
        server.pass(30);
    }
    let seats = |server: &Server| server.int("SELECT count(*) FROM rsvps");
    assert_eq!((seats(&one), seats(&two)), (1, 0));
    assert_eq!(pay(&one, &here, &payment).0, 200);
    assert_eq!(pay(&two, &there, &payment).0, 409);
    let other = Wallet::new(2).pay(&offer(&two, &there), 2);
    assert_eq!(pay(&two, &there, &other).0, 200, "its own payments are good");
}

#[test]
fn a_call_that_the_alarm_gave_up_does_not_settle_any_more() {
    let server = Server::open();
    let event = server.event(5);
    let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
    let arguments = rsvp(&event);
    let mut slow = Box::pin(server.tool("rsvpToEvent", &arguments, Some(&payment)));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    while server.int("SELECT count(*) FROM payments") == 0 {
        assert!(slow.as_mut().poll(&mut context).is_pending());
    }
    server.world.memory.now.set(crate::support::NOW + 80);
    server.wake();
    assert_eq!(server.text("SELECT state FROM payments"), "refused");
    let reply = block_on(slow);
    assert_eq!((reply.status, &json_of(&reply)["title"]), (409, &json!("payment in progress")));
    assert!(server.world.memory.settled.borrow().is_empty());
    assert_eq!(pay(&server, &event, &payment).0, 200, "the same payment may be sent again");
    books_balance(&server);
}

#[test]
fn a_call_that_was_given_up_leaves_the_next_one_alone() {
    let server = Server::open();
    let event = server.event(5);
    let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
    let arguments = rsvp(&event);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let mut slow = Box::pin(server.tool("rsvpToEvent", &arguments, Some(&payment)));
    while server.int("SELECT count(*) FROM payments") == 0 {
        assert!(slow.as_mut().poll(&mut context).is_pending());
    }
    server.world.memory.now.set(crate::support::NOW + 80);
    server.wake();
    let mut next = Box::pin(server.tool("rsvpToEvent", &arguments, Some(&payment)));
    while server.text("SELECT state FROM payments") != "settling" {
        assert!(next.as_mut().poll(&mut context).is_pending());
    }
    // The first one now hears that it cannot be served, and must not give up what is not its own.
    server.world.memory.payees_are_down.set(true);
    assert_eq!(block_on(slow).status, 503);
    assert_eq!(server.text("SELECT state FROM payments"), "settling");
    assert_eq!(block_on(next).status, 200);
    books_balance(&server);
}

#[test]
fn without_the_payout_addresss_object_nothing_is_settled() {
    let server = Server::open();
    let event = server.event(5);
    let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
    server.world.memory.payees_are_down.set(true);
    let (status, body) = pay(&server, &event, &payment);
    assert_eq!((status, &body["moneyMoved"]), (503, &json!("no")));
    assert!(server.world.memory.settled.borrow().is_empty());
    server.world.memory.payees_are_down.set(false);
    assert_eq!(pay(&server, &event, &payment).0, 200);
    books_balance(&server);
}

#[test]
fn money_that_the_chain_drops_is_moved_again() {
    let server = Server::open();
    let event = server.event(5);
    let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
    assert_eq!(pay(&server, &event, &payment).0, 200);
    server.world.memory.settled.borrow_mut().clear();
    server.pass(120);
    assert_eq!(server.world.memory.settled.borrow().len(), 1);
    assert_eq!(server.int("SELECT count(*) FROM payments WHERE payment IS NOT NULL"), 0);
    assert_eq!(pay(&server, &event, &payment).0, 200);
    books_balance(&server);
}

#[test]
fn a_seat_whose_money_is_gone_for_good_is_taken_back() {
    let server = Server::open();
    let event = server.event(1);
    let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
    assert_eq!(pay(&server, &event, &payment).0, 200);
    server.pass(10);
    let records =
        || server.world.memory.kv.borrow().keys().filter(|key| key.contains(":rsvps:")).count();
    assert_eq!(records(), 1);
    server.world.memory.settled.borrow_mut().clear();
    server.world.memory.settles.borrow_mut().extend((0..60).map(|_| Settles::Hangs));
    server.pass(1_200);
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
    assert_eq!((server.int("SELECT count(*) FROM rsvps"), records()), (0, 0));
    let revenue = json_of(&server.as_owner(Action::Own(Own::Revenue), &json!({})));
    assert_eq!(revenue["total"], "0.00");
    assert_eq!(revenue["byEvent"][0]["payments"], 0);
    assert_ne!(pay(&server, &event, &payment).0, 200);
    server.world.memory.settles.borrow_mut().clear();
    let other = Wallet::new(2).pay(&offer(&server, &event), 2);
    assert_eq!(pay(&server, &event, &other).0, 200, "the seat is for sale again");
}
