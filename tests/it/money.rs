//! No seat without payment, no payment without seat, nothing twice.

use events_concierge::host::command::Action;
use events_concierge::http::route::Own;
use events_concierge::ledger::audit::audit;
use serde_json::{Value, json};

use crate::support::{NOW, Server, Settles, Wallet, as_v1, block_on, join_all, json_of};

fn rsvp(event: &str) -> Value {
    json!({"eventId": event})
}

fn pay_for(server: &Server, event: &str, wallet: u8, nonce: u8) -> Value {
    let challenge = server.challenge("rsvpToEvent", &rsvp(event));
    Wallet::new(wallet).pay(&challenge["accepts"][0], nonce)
}

fn settlements(server: &Server) -> usize {
    server.world.memory.settled.borrow().len()
}

fn seats(server: &Server) -> i64 {
    server.int("SELECT count(*) FROM rsvps")
}

/// Money in the ledger, on the chain, in KV and in seats is the same money.
pub(crate) fn books_balance(server: &Server) {
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
    server.pass(30);
    let settled = server.int("SELECT count(*) FROM ledger WHERE entry = 'settled'");
    assert_eq!(usize::try_from(settled).unwrap(), settlements(server));
    assert_eq!(seats(server), settled);
    let revenue = server.int("SELECT coalesce(sum(amount), 0) FROM ledger WHERE entry = 'settled'");
    assert_eq!(revenue, settled * 50_000);
    let kv = server.world.memory.kv.borrow();
    let published = kv.get(&format!("{}:revenue", server.scope)).map_or("0", String::as_str);
    assert_eq!(published, revenue.to_string());
}

#[test]
fn a_paid_call_buys_a_seat_in_both_versions() {
    let server = Server::open();
    let event = server.event(5);
    let first = pay_for(&server, &event, 1, 1);
    let reply = block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&first)));
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(reply.headers.iter().any(|(name, _)| *name == "payment-response"));
    assert_eq!(json_of(&reply)["event"]["seatsLeft"], 4);
    let second = as_v1(&pay_for(&server, &event, 2, 2));
    let reply = block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&second)));
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(reply.headers.iter().any(|(name, _)| *name == "x-payment-response"));
    books_balance(&server);
    assert_eq!(seats(&server), 2);
}

#[test]
fn a_signature_that_recovers_needs_a_look_at_the_chain_and_settle_alone() {
    let server = Server::open();
    let event = server.event(5);
    let payment = pay_for(&server, &event, 1, 1);
    block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&payment)));
    let asked = ["http://127.0.0.1:8545", "http://facilitator.test/settle"];
    assert_eq!(*server.world.memory.requests.borrow(), asked);
}

#[test]
fn the_same_payment_again_gets_the_same_answer() {
    let mut server = Server::open();
    let event = server.event(1);
    let payment = pay_for(&server, &event, 1, 1);
    let first = block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&payment)));
    server.evict();
    let again = block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&payment)));
    assert_eq!(first, again);
    assert_eq!(settlements(&server), 1);
    books_balance(&server);
}

#[test]
fn who_knows_the_nonce_but_not_the_signature_gets_nothing() {
    let server = Server::open();
    let event = server.event(5);
    let mut payment = pay_for(&server, &event, 1, 1);
    block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&payment)));
    payment["payload"]["signature"] = json!(format!("0x{}", "11".repeat(65)));
    let reply = block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&payment)));
    assert!(!reply.body.contains("ticketUrl"), "{}", reply.body);
    assert_ne!(reply.status, 200);
}

#[test]
fn one_payment_at_once_twenty_times_is_one_seat() {
    let server = Server::open();
    let event = server.event(5);
    let payment = pay_for(&server, &event, 1, 1);
    let arguments = rsvp(&event);
    let calls = (0..20).map(|_| server.tool("rsvpToEvent", &arguments, Some(&payment))).collect();
    let replies = join_all(calls);
    let done: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
    assert!(!done.is_empty());
    assert!(done.iter().all(|reply| reply.body == done[0].body));
    assert!(replies.iter().all(|reply| reply.status == 200 || reply.status == 409));
    assert_eq!((seats(&server), settlements(&server)), (1, 1));
    books_balance(&server);
}

#[test]
fn the_same_payment_for_another_event_is_refused() {
    let server = Server::open();
    let (one, other) = (server.event(5), server.event(5));
    let payment = pay_for(&server, &one, 1, 1);
    block_on(server.tool("rsvpToEvent", &rsvp(&one), Some(&payment)));
    let reply = block_on(server.tool("rsvpToEvent", &rsvp(&other), Some(&payment)));
    assert_eq!((reply.status, &json_of(&reply)["title"]), (409, &json!("payment used")));
    assert_eq!((seats(&server), settlements(&server)), (1, 1));
}

#[test]
fn five_seats_are_sold_to_five_of_twenty() {
    let server = Server::open();
    let event = server.event(5);
    let payments: Vec<_> = (1..=20).map(|n| pay_for(&server, &event, n, n)).collect();
    let arguments = rsvp(&event);
    let calls = payments.iter().map(|p| server.tool("rsvpToEvent", &arguments, Some(p))).collect();
    let replies = join_all(calls);
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 5);
    assert_eq!((seats(&server), settlements(&server)), (5, 5));
    books_balance(&server);
}

#[test]
fn a_lost_answer_is_found_on_the_chain_and_delivered_without_another_charge() {
    let mut server = Server::open();
    let event = server.event(1);
    let payment = pay_for(&server, &event, 1, 1);
    server.world.memory.settles.borrow_mut().push_back(Settles::PaysSilently);
    let reply = block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&payment)));
    assert_eq!((reply.status, &json_of(&reply)["moneyMoved"]), (409, &json!("unknown")));
    // The seat is held: nobody else can buy it, and nobody is asked to pay for it.
    let other = block_on(server.tool("rsvpToEvent", &rsvp(&event), None));
    assert_eq!((other.status, &json_of(&other)["title"]), (409, &json!("event seats held")));
    server.evict();
    server.pass(30);
    let reply = block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&payment)));
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!((seats(&server), settlements(&server)), (1, 1));
    books_balance(&server);
}

#[test]
fn a_settlement_that_hung_is_asked_for_again() {
    let server = Server::open();
    let event = server.event(1);
    let payment = pay_for(&server, &event, 1, 1);
    server.world.memory.settles.borrow_mut().push_back(Settles::Hangs);
    let reply = block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&payment)));
    assert_eq!(json_of(&reply)["moneyMoved"], "unknown");
    server.pass(30);
    assert_eq!((seats(&server), settlements(&server)), (1, 1));
    books_balance(&server);
}

#[test]
fn a_payment_that_ran_out_unpaid_frees_its_seat() {
    let server = Server::open();
    let event = server.event(1);
    let payment = pay_for(&server, &event, 1, 1);
    server.world.memory.settles.borrow_mut().extend((0..60).map(|_| Settles::Hangs));
    block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&payment)));
    server.pass(1_000);
    assert_eq!(server.int("SELECT count(*) FROM payments WHERE state = 'failed'"), 1);
    assert_eq!((seats(&server), settlements(&server)), (0, 0));
    server.challenge("rsvpToEvent", &rsvp(&event));
}

#[test]
fn a_refused_settlement_costs_nothing_and_may_be_tried_again() {
    let server = Server::open();
    let event = server.event(1);
    let payment = pay_for(&server, &event, 1, 1);
    let refuses = Settles::Refuses("insufficient_funds");
    server.world.memory.settles.borrow_mut().push_back(refuses);
    let reply = block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&payment)));
    assert_eq!((reply.status, &json_of(&reply)["error"]), (402, &json!("insufficient_funds")));
    assert!(reply.headers.iter().any(|(name, _)| *name == "payment-response"));
    assert_eq!((seats(&server), settlements(&server)), (0, 0));
    let reply = block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&payment)));
    assert_eq!(reply.status, 200, "{}", reply.body);
    books_balance(&server);
}

#[test]
fn a_crash_during_settlement_is_finished_by_the_alarm() {
    let mut server = Server::open();
    let event = server.event(1);
    let payment = pay_for(&server, &event, 1, 1);
    {
        // Nothing else is left to do that would wake the object.
        server.pass(60);
        // The object dies while the facilitator has the payment: the call is dropped half-way.
        let arguments = rsvp(&event);
        let mut call = Box::pin(server.tool("rsvpToEvent", &arguments, Some(&payment)));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let settling = "SELECT count(*) FROM payments WHERE state = 'settling'";
        while server.int(settling) == 0 {
            assert!(call.as_mut().poll(&mut context).is_pending());
        }
    }
    assert_eq!(server.int("SELECT count(*) FROM payments WHERE state = 'settling'"), 1);
    assert!(server.world.memory.alarm.get().is_some(), "the alarm has to look after it");
    server.evict();
    let again = block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&payment)));
    assert_eq!(json_of(&again)["title"], "settlement pending");
    server.pass(10);
    assert_eq!((seats(&server), settlements(&server)), (1, 1));
    books_balance(&server);
}

#[test]
fn what_cannot_be_had_is_said_before_any_price() {
    let server = Server::open();
    let event = server.event(1);
    let payment = pay_for(&server, &event, 1, 1);
    block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&payment)));
    let check = |arguments: Value, status: u16, title: &str| {
        let reply = block_on(server.tool("rsvpToEvent", &arguments, None));
        assert_eq!((reply.status, json_of(&reply)["title"].as_str().unwrap()), (status, title));
    };
    check(rsvp(&event), 409, "event full");
    check(rsvp("evt_000000000000000000000000"), 404, "event not found");
    check(json!({"eventId": 5}), 422, "invalid arguments");
    check(json!({}), 422, "invalid arguments");
    let cancelled = server.event(5);
    let id = events_concierge::base::id::EventId::parse(&cancelled).unwrap();
    server.as_owner(Action::Own(Own::CancelEvent(id)), &json!({}));
    check(rsvp(&cancelled), 409, "event cancelled");
    let past = server.event(5);
    server.world.memory.now.set(1_900_000_000);
    check(rsvp(&past), 409, "event past");
}

#[test]
fn a_payment_that_is_not_ours_is_refused_before_any_request() {
    let server = Server::open();
    let event = server.event(5);
    let challenge = server.challenge("rsvpToEvent", &rsvp(&event));
    let ours = &challenge["accepts"][0];
    let wallet = Wallet::new(1);
    let check = |payment: Value, reason: &str| {
        let reply = block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&payment)));
        let error = json_of(&reply)["error"].as_str().unwrap_or_default().to_owned();
        // What a clock that is wrong may be the cause of is said behind the code.
        let code = error.split(": validBefore").next().unwrap_or_default();
        let code = code.split(": validAfter").next().unwrap_or_default();
        assert_eq!((reply.status, code), (402, reason), "{}", reply.body);
        assert!(server.world.memory.requests.borrow().is_empty());
        assert_eq!(server.int("SELECT count(*) FROM payments"), 0);
    };
    let value = "invalid_exact_evm_payload_authorization_value_mismatch";
    let before = "invalid_exact_evm_payload_authorization_valid_before";
    let one = alloy_primitives::U256::from(1);
    check(wallet.pay_with(ours, 1, |a| a.value = one), value);
    check(as_v1(&wallet.pay_with(ours, 1, |a| a.value = one)), &value[..value.len() - 9]);
    check(
        wallet.pay_with(ours, 1, |a| a.to = wallet.address),
        "invalid_exact_evm_payload_recipient_mismatch",
    );
    check(wallet.pay_with(ours, 1, |a| a.valid_before = one), before);
    check(
        wallet.pay_with(ours, 1, |a| a.valid_before += alloy_primitives::U256::from(1_000_000)),
        before,
    );
    let after = "invalid_exact_evm_payload_authorization_valid_after";
    check(wallet.pay_with(ours, 1, |a| a.valid_after = a.valid_before), after);
    let now = alloy_primitives::U256::from(NOW);
    check(wallet.pay_with(ours, 1, |a| a.valid_after = now), after);
    check(
        wallet.pay_with(ours, 1, |a| a.valid_before = now + alloy_primitives::U256::from(121)),
        before,
    );
    let with = |member: &str, value: &str| {
        let mut changed = ours.clone();
        changed[member] = json!(value);
        let mut payment = wallet.pay(ours, 1);
        payment["accepted"] = changed;
        payment
    };
    check(
        with("asset", "0x0000000000000000000000000000000000000001"),
        "invalid_payment_requirements",
    );
    check(with("amount", "1"), "invalid_payment_requirements");
    check(with("network", "eip155:8453"), "invalid_network");
    let mut long = wallet.pay(ours, 1);
    long["payload"]["authorization"]["value"] = json!("9".repeat(80));
    check(long, "invalid_payload: value is missing or malformed");
}

#[test]
fn records_wait_until_kv_is_back() {
    let server = Server::open();
    let event = server.event(5);
    server.world.memory.kv_is_down.set(true);
    let payment = pay_for(&server, &event, 1, 1);
    block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&payment)));
    server.pass(60);
    assert!(server.world.memory.kv.borrow().is_empty());
    server.world.memory.kv_is_down.set(false);
    server.pass(60);
    books_balance(&server);
    let kv = server.world.memory.kv.borrow();
    let payer = Wallet::new(1).address.to_string();
    for key in [
        format!("users:{}", crate::support::PAY_TO.to_lowercase()),
        format!("usersByHash:{}", server.scope),
        format!("{}:events:{event}", server.scope),
        format!("{}:rsvps:{event}:{payer}", server.scope),
    ] {
        assert!(kv.contains_key(&key), "{key} is missing");
    }
}

#[test]
fn the_ledger_cannot_be_changed() {
    let server = Server::open();
    let sql = |statement: &str| events_concierge::ports::Sql::run(&server.world, statement, &[]);
    assert!(sql("UPDATE ledger SET amount = 1").is_err());
    assert!(sql("DELETE FROM ledger").is_err());
}

/// A payment whose signature only the chain can judge.
fn pay_from_contract(server: &Server, event: &str, wallet: u8) -> Value {
    let mut payment = pay_for(server, event, wallet, wallet);
    payment["payload"]["signature"] = json!(format!("0x{}", "01".repeat(66)));
    payment
}

#[test]
fn contract_wallets_at_once_do_not_oversell_while_they_are_verified() {
    let server = Server::open();
    let event = server.event(1);
    let payments: Vec<_> = (1..=5).map(|n| pay_from_contract(&server, &event, n)).collect();
    let arguments = rsvp(&event);
    let calls = payments.iter().map(|p| server.tool("rsvpToEvent", &arguments, Some(p))).collect();
    let replies = join_all(calls);
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    assert_eq!((seats(&server), settlements(&server)), (1, 1));
    books_balance(&server);
}

#[test]
fn one_wallet_has_one_paid_call_in_flight() {
    let server = Server::open();
    let (one, other) = (server.event(5), server.event(5));
    let payments = [pay_for(&server, &one, 1, 1), pay_for(&server, &other, 1, 2)];
    let (first, second) = (rsvp(&one), rsvp(&other));
    let calls = vec![
        server.tool("rsvpToEvent", &first, Some(&payments[0])),
        server.tool("rsvpToEvent", &second, Some(&payments[1])),
    ];
    let replies = join_all(calls);
    assert_eq!(replies[0].status, 200);
    assert_eq!(json_of(&replies[1])["title"], "payment in progress");
    let later = block_on(server.tool("rsvpToEvent", &second, Some(&payments[1])));
    assert_eq!(later.status, 200, "it was told to wait, and may go on then");
    books_balance(&server);
}

#[test]
fn a_new_payment_for_a_call_of_unknown_outcome_is_not_taken() {
    let server = Server::open();
    let event = server.event(5);
    let arguments = rsvp(&event);
    let challenge = server.challenge("getEventAnalytics", &arguments);
    let [first, second] = [1, 2].map(|nonce| Wallet::new(1).pay(&challenge["accepts"][0], nonce));
    server.world.memory.settles.borrow_mut().push_back(Settles::PaysSilently);
    block_on(server.tool("getEventAnalytics", &arguments, Some(&first)));
    let reply = block_on(server.tool("getEventAnalytics", &arguments, Some(&second)));
    assert_eq!(json_of(&reply)["title"], "settlement pending");
    assert_eq!(settlements(&server), 1);
}

#[test]
fn a_payment_in_progress_is_not_said_to_be_unpaid() {
    let server = Server::open();
    let event = server.event(5);
    let payment = pay_for(&server, &event, 1, 1);
    let arguments = rsvp(&event);
    let calls = (0..2).map(|_| server.tool("rsvpToEvent", &arguments, Some(&payment))).collect();
    let replies = join_all(calls);
    assert_eq!(json_of(&replies[1])["moneyMoved"], "unknown");
}

#[test]
fn a_wallet_with_a_seat_on_hold_cannot_pay_for_the_same_event_again() {
    let server = Server::open();
    let event = server.event(5);
    let first = pay_for(&server, &event, 1, 1);
    server.world.memory.settles.borrow_mut().push_back(Settles::PaysSilently);
    block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&first)));
    let other = json!({"eventId": event, "name": "Ada"});
    let second = pay_for(&server, &event, 1, 2);
    let reply = block_on(server.tool("rsvpToEvent", &other, Some(&second)));
    assert_eq!(json_of(&reply)["title"], "settlement pending");
    books_balance(&server);
    let third = pay_for(&server, &event, 1, 3);
    let reply = block_on(server.tool("rsvpToEvent", &other, Some(&third)));
    assert_eq!(json_of(&reply)["title"], "already has seat");
    assert_eq!(settlements(&server), 1);
}

#[test]
fn nobody_can_keep_a_wallet_busy_in_its_name() {
    let server = Server::open();
    let event = server.event(5);
    let mut forged = pay_for(&server, &event, 1, 7);
    forged["payload"]["signature"] = json!(format!("0x{}", "01".repeat(66)));
    server.world.memory.verify_refuses.set(true);
    let payment = pay_for(&server, &event, 1, 1);
    let arguments = rsvp(&event);
    let calls = vec![
        server.tool("rsvpToEvent", &arguments, Some(&forged)),
        server.tool("rsvpToEvent", &arguments, Some(&payment)),
    ];
    let replies = join_all(calls);
    assert_eq!((replies[0].status, replies[1].status), (402, 200));
    books_balance(&server);
}

#[test]
fn the_audit_finds_books_that_do_not_agree() {
    for (damage, rule) in [
        ("DELETE FROM rsvps", "every delivered RSVP is its seats"),
        ("UPDATE payments SET amount = amount + 1", "the money of every settled payment"),
        ("UPDATE payments SET answer = NULL", "every delivered result is stored"),
        ("UPDATE payments SET state = 'refused'", "the ledger holds nothing else"),
        ("UPDATE payments SET state = 'refused'", "no final payment has a next check"),
        ("UPDATE wallets SET settled = 7", "a wallet's standing"),
        ("UPDATE rsvps SET tx_hash = 'x'", "every seat was paid for"),
        ("UPDATE events SET capacity = 1; ", "no event has more seats"),
        ("UPDATE events SET taken = 1", "the seats that an event counts as taken"),
        (
            "INSERT INTO ledger (entry, amount, at, total) VALUES ('payout_set', 0, 0, 100001)",
            "the total of every row of the ledger",
        ),
        (
            "UPDATE payments SET state = 'unknown', next_check_at = NULL",
            "every open payment has a time",
        ),
        ("UPDATE payments SET next_check_at = NULL", "no signature is kept"),
        (
            "INSERT INTO ledger (entry, amount, tx_hash, at) SELECT 'settled', 1, tx_hash, 0 FROM rsvps",
            "no transaction is counted twice",
        ),
    ] {
        let server = Server::open();
        let event = server.event(2);
        for wallet in [1, 2] {
            let payment = pay_for(&server, &event, wallet, wallet);
            block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&payment)));
        }
        assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
        server.sql(damage);
        let faults = audit(&server.world).unwrap();
        assert!(faults.iter().any(|fault| fault.starts_with(rule)), "{damage}: {faults:?}");
    }
}

#[test]
fn a_facilitator_that_is_down_is_left_alone_for_a_while() {
    let server = Server::open();
    let event = server.event(10);
    server.world.memory.settles.borrow_mut().extend((0..3).map(|_| Settles::Hangs));
    let payments: Vec<_> = (1..=5).map(|n| pay_for(&server, &event, n, n)).collect();
    let pay = |n: usize| block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&payments[n])));
    for n in 0..3 {
        assert_eq!(json_of(&pay(n))["title"], "settlement pending");
    }
    let asked = server.world.memory.requests.borrow().len();
    let refused = pay(3);
    assert_eq!((refused.status, &json_of(&refused)["moneyMoved"]), (503, &json!("no")));
    assert!(refused.headers.contains(&("retry-after", "15".to_owned())));
    let unpaid = block_on(server.tool("rsvpToEvent", &rsvp(&event), None));
    assert_eq!(unpaid.status, 503, "nobody is asked to sign what cannot be settled");
    assert_eq!(server.world.memory.requests.borrow().len(), asked, "it was not asked");
    let free = block_on(server.tool("listEvents", &json!({}), None));
    assert_eq!(free.status, 200, "free tools go on");
    server.world.memory.now.set(server.world.memory.now.get() + 15);
    assert_eq!(pay(3).status, 200, "the probe goes through and closes it");
    assert_eq!(pay(4).status, 200);
    books_balance(&server);
}

#[test]
fn a_look_at_the_chain_that_died_is_repeated_soon() {
    let mut server = Server::open();
    let event = server.event(1);
    let payment = pay_for(&server, &event, 1, 1);
    server.world.memory.settles.borrow_mut().push_back(Settles::PaysSilently);
    block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(&payment)));
    server.world.memory.now.set(server.world.memory.now.get() + 10);
    {
        let mut wake = Box::pin(server.host.wake());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(wake.as_mut().poll(&mut context).is_pending());
    }
    server.evict();
    block_on(server.tool("listEvents", &json!({}), None));
    server.pass(10);
    assert_eq!(seats(&server), 1);
}

#[test]
fn a_payment_that_two_look_after_at_once_is_settled_and_counted_once() {
    let server = Server::open();
    let event = server.event(5);
    let payments: Vec<_> = (1..=2).map(|n| pay_for(&server, &event, n, n)).collect();
    for payment in &payments {
        server.world.memory.settles.borrow_mut().push_back(Settles::PaysSilently);
        block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(payment)));
    }
    server.world.memory.now.set(server.world.memory.now.get() + 30);
    // The alarm begins with one of them; meanwhile the payers repeat their calls.
    let mut wake = Box::pin(server.host.wake());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(wake.as_mut().poll(&mut context).is_pending());
    for payment in &payments {
        block_on(server.tool("rsvpToEvent", &rsvp(&event), Some(payment)));
    }
    block_on(wake);
    assert_eq!((seats(&server), settlements(&server)), (2, 2));
    books_balance(&server);
}
