//! What strangers can take, hold or fill without paying: payments that cannot be, and those that were
//! made for something else.

use alloy_primitives::U256;
use events_concierge::base::time::UnixSeconds;
use events_concierge::ledger::audit::audit;
use events_concierge::ledger::payments::{self, NotPaid};
use serde_json::{Value, json};

use crate::money::books_balance;
use crate::support::{NOW, Server, Settles, Wallet, block_on, join_all, json_of, offer, pay, rsvp};

const TOO_LONG: &str = "invalid_exact_evm_payload_authorization_valid_before: validBefore may lie";

/// A wallet that owns nothing.
fn poor(server: &Server, seed: u8) -> Wallet {
    let wallet = Wallet::new(seed);
    server.world.memory.chain.balances.borrow_mut().insert(wallet.address.to_string(), 0);
    wallet
}

fn with_code(server: &Server, seed: u8) -> Wallet {
    let wallet = Wallet::new(seed);
    let address = wallet.address.to_string().to_lowercase();
    server.world.memory.chain.contracts.borrow_mut().insert(address);
    wallet
}

fn asked(server: &Server, path: &str) -> usize {
    server.world.memory.requests.borrow().iter().filter(|url| url.ends_with(path)).count()
}

/// Rows of all tables, and the size of the database in bytes.
fn size(server: &Server) -> (usize, i64) {
    let bytes = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
    (server.everything().lines().count(), server.int(bytes))
}

#[test]
fn keys_without_money_hold_no_seat_and_the_buyer_of_the_last_one_gets_it_at_once() {
    let server = Server::open();
    let event = server.event(1);
    let offer = offer(&server, &event);
    let payments: Vec<Value> = (1..=30).map(|n| poor(&server, n).pay(&offer, n)).collect();
    let buyer = Wallet::new(99).pay(&offer, 99);
    let arguments = rsvp(&event);
    let mut calls: Vec<_> =
        payments.iter().map(|p| server.tool("rsvpToEvent", &arguments, Some(p))).collect();
    calls.push(server.tool("rsvpToEvent", &arguments, Some(&buyer)));
    let replies = join_all(calls);
    assert_eq!(replies[30].status, 200, "{}", replies[30].body);
    for reply in &replies[..30] {
        assert_eq!((reply.status, &json_of(reply)["error"]), (402, &json!("insufficient_funds")));
    }
    assert_eq!(asked(&server, "/settle"), 1, "the facilitator heard of one payment");
    assert_eq!(server.int("SELECT count(*) FROM payments"), 1);
    books_balance(&server);
}

#[test]
fn a_wallet_that_got_money_may_show_the_same_payment_again() {
    let server = Server::open();
    let event = server.event(1);
    let payment = poor(&server, 1).pay(&offer(&server, &event), 1);
    assert_eq!(pay(&server, &event, &payment).0, 402);
    server.world.memory.chain.balances.borrow_mut().clear();
    assert_eq!(pay(&server, &event, &payment).0, 200);
    books_balance(&server);
}

#[test]
fn payments_that_cannot_be_leave_the_storage_as_it_was() {
    let server = Server::open();
    let event = server.event(5);
    let offer = offer(&server, &event);
    server.as_owner(
        events_concierge::host::command::Action::Own(
            events_concierge::http::route::Own::ChangeProfile,
        ),
        &json!({"limits": {"unpaidPerMinute": 1000}}),
    );
    server.world.memory.verify_refuses.set(true);
    let garbage = |n: u8, nonce: u8| {
        let mut payment = Wallet::new(n).pay(&offer, nonce);
        payment["payload"]["signature"] = json!(format!("0x{}", "1b".repeat(65)));
        payment
    };
    let mut rich = |n: u8, nonce: u8| garbage(n, nonce);
    let mut broke = |n: u8, nonce: u8| poor(&server, n).pay(&offer, nonce);
    let kinds: [&mut dyn FnMut(u8, u8) -> Value; 2] = [&mut rich, &mut broke];
    for make in kinds {
        // The day's counter of calls that asked for the price is one row.
        pay(&server, &event, &make(1, 250));
        server.pass(60);
        let before = size(&server);
        for n in 1..=200 {
            for nonce in [n, n + 1] {
                assert_eq!(pay(&server, &event, &make(n, nonce)).0, 402);
            }
        }
        server.pass(60);
        assert_eq!(size(&server), before);
    }
    for table in ["payments", "wallets"] {
        assert_eq!(server.int(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
    assert_eq!(server.int("SELECT count(*) FROM unpaid"), 1);
    assert!(server.world.memory.payees.borrow().is_empty());
    assert_eq!(asked(&server, "/settle"), 0);
}

#[test]
fn what_was_refused_is_forgotten_but_for_its_name() {
    let server = Server::open();
    let event = server.event(5);
    let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
    let refuses = Settles::Refuses("invalid_exact_evm_transaction_simulation_failed");
    server.world.memory.settles.borrow_mut().push_back(refuses);
    let arguments = json!({"eventId": event, "name": "A secret name"});
    let reply = block_on(server.tool("rsvpToEvent", &arguments, Some(&payment)));
    assert_eq!(reply.status, 402);
    assert_eq!(server.text("SELECT state FROM payments"), "refused");
    let everything = server.everything();
    let signature = payment["payload"]["signature"].as_str().unwrap();
    for gone in ["A secret name", signature, "maxTimeoutSeconds"] {
        assert!(!everything.contains(gone), "{gone} is kept");
    }
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

#[test]
fn few_of_the_refused_are_kept() {
    let server = Server::open();
    let event = server.event(5);
    let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
    server.world.memory.settles.borrow_mut().push_back(Settles::Refuses("insufficient_funds"));
    pay(&server, &event, &payment);
    // As if 1,500 more had been refused a second later each, from as many wallets.
    server.sql(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) \
         INSERT INTO payments (id, network, asset, payer, nonce, signature_digest, tool, digest, arguments, amount, \
         pay_to, valid_before, x402_version, requirements, state, attempts, created_at, updated_at) \
         SELECT printf('pay_%024x', i), network, asset, payer, i, signature_digest, tool, digest, arguments, amount, \
         pay_to, valid_before, x402_version, requirements, 'refused', 1, created_at, updated_at + i \
         FROM payments, n",
    );
    server.sql(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) \
         INSERT INTO wallets (payer, refusals, first_at, last_at) SELECT i, 1, 0, i FROM n",
    );
    server.world.memory.settles.borrow_mut().push_back(Settles::Refuses("insufficient_funds"));
    assert_eq!(pay(&server, &event, &Wallet::new(2).pay(&offer(&server, &event), 2)).0, 402);
    assert_eq!(server.int("SELECT count(*) FROM payments"), 1_000);
    assert_eq!(server.int("SELECT count(*) FROM wallets"), 1_000);
}

#[test]
fn an_endpoint_that_cannot_be_asked_refuses_nobody() {
    let server = Server::open();
    let event = server.event(5);
    let offer = offer(&server, &event);
    server.world.memory.chain.is_down.set(true);
    assert_eq!(pay(&server, &event, &Wallet::new(1).pay(&offer, 1)).0, 200);
    server.world.memory.chain.is_down.set(false);
    books_balance(&server);
}

#[test]
fn a_payment_that_was_made_elsewhere_buys_nothing() {
    let server = Server::open();
    let event = server.event(5);
    let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
    server.spend(&payment);
    let (status, body) = pay(&server, &event, &payment);
    assert_eq!((status, &body["title"]), (409, &json!("payment used")), "{body}");
    assert_eq!(body["moneyMoved"], "no");
    assert_eq!(asked(&server, "/settle"), 0);
    assert_eq!(server.int("SELECT count(*) FROM payments"), 0);
}

#[test]
fn a_payment_is_judged_once_at_a_time_and_a_call_that_is_dropped_lets_it_go() {
    let server = Server::open();
    let (event, other) = (server.event(5), server.event(5));
    let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
    let (arguments, others) = (rsvp(&event), rsvp(&other));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let mut slow = Box::pin(server.tool("rsvpToEvent", &arguments, Some(&payment)));
    assert!(slow.as_mut().poll(&mut context).is_pending());
    assert_eq!(server.int("SELECT count(*) FROM payments"), 0, "nothing is written yet");
    assert_eq!(pay(&server, &event, &payment).1["title"], "payment in progress");
    let elsewhere = block_on(server.tool("rsvpToEvent", &others, Some(&payment)));
    assert_eq!(json_of(&elsewhere)["title"], "payment used");
    drop(slow);
    assert_eq!(pay(&server, &event, &payment).0, 200);
    books_balance(&server);
}

#[test]
fn a_wallet_that_has_code_or_never_paid_holds_a_seat_for_two_minutes_at_most() {
    let server = Server::open();
    let long = |wallet: &Wallet, nonce: u8, seconds: i64| {
        let event = server.event(5);
        let payment = wallet.pay_with(&offer(&server, &event), nonce, |signed| {
            signed.valid_before = U256::from(NOW + seconds);
        });
        let (status, body) = pay(&server, &event, &payment);
        (status, body["error"].as_str().unwrap_or_default().starts_with(TOO_LONG))
    };
    let wallet = Wallet::new(1);
    assert_eq!(long(&wallet, 1, 121), (402, true), "it never paid here");
    assert_eq!(long(&wallet, 2, 120), (200, false));
    assert_eq!(long(&wallet, 3, 300), (200, false), "it has paid here, and may have a slow clock");
    assert_eq!(long(&wallet, 4, 301), (402, true));
    let rows = "SELECT count(*) FROM payments";
    let before = server.int(rows);
    // From here on its key has code (EIP-7702): it can make a settlement fail as it likes.
    let wallet = with_code(&server, 1);
    assert_eq!(long(&wallet, 5, 121), (402, true));
    assert_eq!(long(&wallet, 6, 120), (200, false));
    server.world.memory.chain.is_down.set(true);
    assert_eq!(long(&Wallet::new(1), 7, 121), (402, true), "who knows whether it has code");
    assert_eq!(server.int(rows), before + 1);
}

#[test]
fn a_clock_that_is_wrong_is_named_in_the_refusal() {
    let server = Server::open();
    let event = server.event(5);
    let offer = offer(&server, &event);
    let with = |before: i64, after: i64| {
        let payment = Wallet::new(1).pay_with(&offer, 1, |signed| {
            signed.valid_before = U256::from(NOW + before);
            signed.valid_after = U256::from(NOW + after);
        });
        pay(&server, &event, &payment).1["error"].as_str().unwrap().to_owned()
    };
    let clock = "which is the time here";
    for (error, code) in [
        (with(410, -10), "valid_before: validBefore may lie at most 120 seconds after 1795262400"),
        (
            with(-190, -900),
            "valid_before: validBefore must lie at least 20 seconds after 1795262400",
        ),
        (with(110, 0), "valid_after: validAfter must lie before 1795262400"),
    ] {
        let code = format!("invalid_exact_evm_payload_authorization_{code}, {clock}");
        assert!(
            error.starts_with(&code) && error.ends_with("is the clock of the wallet right?"),
            "{error}"
        );
    }
    assert!(server.world.memory.requests.borrow().is_empty(), "nobody was asked");
}

#[test]
fn who_cannot_pay_does_not_spend_the_breakers_probe() {
    let server = Server::open();
    let event = server.event(10);
    let offer = offer(&server, &event);
    server.world.memory.settles.borrow_mut().extend((0..3).map(|_| Settles::Hangs));
    for n in 1..=3 {
        assert_eq!(pay(&server, &event, &Wallet::new(n).pay(&offer, n)).0, 409);
    }
    server.world.memory.now.set(NOW + 15);
    assert_eq!(pay(&server, &event, &poor(&server, 50).pay(&offer, 50)).0, 402);
    assert_eq!(pay(&server, &event, &Wallet::new(4).pay(&offer, 4)).0, 200, "it is the probe");
}

#[test]
fn what_the_chain_said_at_an_earlier_claim_says_nothing_of_a_later_one() {
    let server = Server::open();
    let event = server.event(5);
    let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
    // Shown once in vain …
    server.world.memory.settles.borrow_mut().push_back(Settles::Refuses("insufficient_funds"));
    assert_eq!(pay(&server, &event, &payment).0, 402);
    assert_eq!(server.int("SELECT unused_at FROM payments"), 16);
    // … spent at another shop of the same payee, and shown again.
    server.spend(&payment);
    server.world.memory.chain.head.set(20);
    let (status, body) = pay(&server, &event, &payment);
    assert_eq!((status, &body["title"]), (409, &json!("payment used")), "{body}");
    server.pass(300);
    assert_eq!(server.int("SELECT count(*) FROM rsvps"), 0);
}

#[test]
fn a_payment_that_moved_money_is_never_among_those_that_are_forgotten() {
    let server = Server::open();
    let event = server.event(5);
    let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
    assert_eq!(pay(&server, &event, &payment).0, 200);
    let other = Wallet::new(2).pay(&offer(&server, &event), 2);
    server.world.memory.settles.borrow_mut().push_back(Settles::Hangs);
    assert_eq!(pay(&server, &event, &other).0, 409);
    let id = server.text("SELECT id FROM payments WHERE state = 'unknown'");
    let id = events_concierge::base::id::PaymentId::parse(&id).unwrap();
    let now = UnixSeconds::new(NOW);
    let claim = payments::find(&server.world, &id).unwrap().unwrap().claim();
    let ended = payments::mark_not_paid(&server.world, &claim, NotPaid::Failed, "ran out", now);
    assert_eq!(ended.unwrap(), payments::Step::Taken);
    server.pass(200_000);
    server.wake();
    assert_eq!(server.text("SELECT group_concat(state) FROM payments"), "delivered");
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

/// A payment that was already used when we first asked to settle, in this block; the chain could not be asked
/// before, or its newest block was `head`.
fn used_in(block: u64, head: Option<u64>) -> (Server, String, Value, u16) {
    let server = Server::open();
    let event = server.event(5);
    let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
    let chain = &server.world.memory.chain;
    chain.settled_in.set(block);
    chain.head.set(head.unwrap_or_default());
    chain.is_down.set(head.is_none());
    let status = {
        let arguments = rsvp(&event);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let mut call = Box::pin(server.tool("rsvpToEvent", &arguments, Some(&payment)));
        while server.int("SELECT count(*) FROM payments") == 0 {
            assert!(call.as_mut().poll(&mut context).is_pending());
        }
        server.spend(&payment);
        chain.is_down.set(false);
        chain.head.set(block.max(head.unwrap_or_default()) + 100);
        block_on(call).status
    };
    (server, event, payment, status)
}

#[test]
fn a_payment_that_was_used_before_our_claim_buys_nothing() {
    let (server, event, payment, status) = used_in(50, Some(1_000));
    assert_eq!(status, 409);
    let title = |reply: &(u16, Value)| reply.1["title"].clone();
    assert_eq!(title(&pay(&server, &event, &payment)), "payment used");
    server.pass(600);
    assert_eq!(server.text("SELECT state FROM payments"), "failed");
    assert_eq!(server.int("SELECT count(*) FROM rsvps"), 0);
    assert_eq!(server.int("SELECT count(*) FROM ledger WHERE entry = 'settled'"), 0);
}

#[test]
fn a_front_run_of_our_own_settlement_is_still_delivered() {
    let (server, .., status) = used_in(101, Some(100));
    assert_eq!(status, 200, "its maker is answered at once");
    assert_eq!(server.text("SELECT state FROM payments"), "delivered");
    books_balance(&server);
}

#[test]
fn where_nobody_can_say_whom_a_payment_was_for_only_its_proven_payer_gets_anything() {
    for head in [Some(100), None] {
        let (server, event, payment, status) = used_in(100, head);
        assert_eq!(status, 401);
        // A reader of the chain waits in vain, and the alarm books nothing either.
        server.pass(600);
        let (status, refused) = pay(&server, &event, &payment);
        assert_eq!((status, &refused["title"]), (401, &json!("proof needed")), "{refused}");
        assert_eq!(server.text("SELECT state FROM payments"), "unknown");
        assert_eq!(server.int("SELECT count(*) FROM ledger WHERE entry = 'settled'"), 0);
        let with = |proof: String, payment: &Value| {
            use base64::Engine;
            let encoded = base64::engine::general_purpose::STANDARD.encode(payment.to_string());
            let headers = [("payment-signature", encoded.as_str()), ("sign-in-with-x", &proof)];
            block_on(server.tool_with("rsvpToEvent", &rsvp(&event), &headers))
        };
        let reply = with(Wallet::new(2).prove(&refused), &payment);
        assert_eq!(reply.status, 401, "another wallet proves nothing: {}", reply.body);
        let (_, refused) = pay(&server, &event, &payment);
        let reply = with(Wallet::new(1).prove(&refused), &payment);
        assert_eq!(reply.status, 200, "{}", reply.body);
        books_balance(&server);
    }
}

#[test]
fn a_payer_who_proves_it_late_is_served_though_the_endpoint_has_forgotten_the_log() {
    let (server, event, payment, status) = used_in(100, None);
    assert_eq!(status, 401);
    server.pass(3_600);
    server.world.memory.chain.logs_are_gone.set(true);
    server.pass(3_600);
    let (_, refused) = pay(&server, &event, &payment);
    let proof = Wallet::new(1).prove(&refused);
    let reply =
        block_on(server.tool_with("rsvpToEvent", &rsvp(&event), &[("sign-in-with-x", &proof)]));
    assert_eq!(reply.status, 200, "{}", reply.body);
    books_balance(&server);
}

#[test]
fn a_doubt_that_nobody_ends_frees_its_seat_after_a_day() {
    let (server, ..) = used_in(100, None);
    // By then it is looked at once an hour.
    server.pass(95_000);
    assert_eq!(server.int("SELECT count(*) FROM payments WHERE state = 'unknown'"), 0);
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

#[test]
fn a_doubt_that_is_seen_late_has_its_day_too() {
    // The endpoint is away from before the claim until days after: nobody can say for whom it was used.
    let server = Server::open();
    let event = server.event(5);
    let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
    server.world.memory.chain.is_down.set(true);
    server.world.memory.settles.borrow_mut().push_back(Settles::PaysSilently);
    assert_eq!(pay(&server, &event, &payment).0, 409);
    server.pass(3 * 86_400);
    server.world.memory.chain.is_down.set(false);
    server.pass(3_700);
    let (status, refused) = pay(&server, &event, &payment);
    assert_eq!(status, 401, "{refused}");
    assert_eq!(server.text("SELECT state FROM payments"), "unknown");
    server.pass(95_000);
    assert_eq!(server.text("SELECT state FROM payments"), "failed");
}

#[test]
fn wallets_that_never_paid_here_hold_half_of_an_event_at_most() {
    let server = Server::open();
    let (first, event) = (server.event(1), server.event(4));
    let guest = Wallet::new(100);
    assert_eq!(pay(&server, &first, &guest.pay(&offer(&server, &first), 100)).0, 200);
    let offer = offer(&server, &event);
    // A settlement that does not come to an end holds its seat.
    server.world.memory.settles.borrow_mut().extend((0..2).map(|_| Settles::PaysSilently));
    for n in 1..=2 {
        assert_eq!(pay(&server, &event, &Wallet::new(n).pay(&offer, n)).1["moneyMoved"], "unknown");
    }
    let arguments = rsvp(&event);
    let third = Wallet::new(3).pay(&offer, 3);
    let reply = block_on(server.tool("rsvpToEvent", &arguments, Some(&third)));
    assert_eq!((reply.status, &json_of(&reply)["title"]), (409, &json!("event seats held")));
    assert_eq!(json_of(&reply)["moneyMoved"], "no");
    assert!(reply.headers.contains(&("retry-after", "10".to_owned())));
    let again = guest.pay(&offer, 101);
    assert_eq!(pay(&server, &event, &again).0, 200, "who has paid here before is not held up");
    server.pass(30);
    assert_eq!(pay(&server, &event, &third).0, 200, "the same payment is good once they have paid");
    assert_eq!(server.int("SELECT count(*) FROM rsvps"), 5);
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

#[test]
fn who_comes_when_the_last_seat_is_held_waits_and_gets_it_if_it_becomes_free() {
    let server = Server::open();
    let event = server.event(1);
    let offer = offer(&server, &event);
    let liar = Wallet::new(1).pay(&offer, 1);
    let buyer = Wallet::new(2).pay(&offer, 2);
    let refuses = Settles::Refuses("invalid_exact_evm_transaction_simulation_failed");
    server.world.memory.settles.borrow_mut().push_back(refuses);
    let arguments = rsvp(&event);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let mut first = Box::pin(server.tool("rsvpToEvent", &arguments, Some(&liar)));
    while server.int("SELECT count(*) FROM payments WHERE state = 'settling'") == 0 {
        assert!(first.as_mut().poll(&mut context).is_pending());
    }
    let mut second = Box::pin(server.tool("rsvpToEvent", &arguments, Some(&buyer)));
    for _ in 0..20 {
        assert!(second.as_mut().poll(&mut context).is_pending(), "the buyer waits");
    }
    assert_eq!(block_on(first).status, 402);
    assert_eq!(block_on(second).status, 200, "the buyer gets the seat on the first try");
    books_balance(&server);
}

#[test]
fn a_contract_that_never_lets_itself_be_settled_holds_its_seat_until_its_time_is_over() {
    let server = Server::open();
    let event = server.event(1);
    let offer = offer(&server, &event);
    let contract = with_code(&server, 1).pay_with(&offer, 1, |signed| {
        signed.valid_before = U256::from(NOW + 120);
    });
    server.world.memory.settles.borrow_mut().extend((0..60).map(|_| Settles::Hangs));
    assert_eq!(pay(&server, &event, &contract).1["moneyMoved"], "unknown");
    let is_held = || server.int("SELECT count(*) FROM payments WHERE state = 'unknown'") == 1;
    server.pass(115);
    assert!(is_held());
    // A node that lags by a minute must not be believed.
    server.pass(90);
    assert!(!is_held());
    server.world.memory.settles.borrow_mut().clear();
    server.pass(15);
    assert_eq!(pay(&server, &event, &Wallet::new(2).pay(&offer, 2)).0, 200);
}
