//! What the world does to payments that are under way: answers that come late, storage and records that fail,
//! logs that are gone, hosts that change their mind, networks that are removed.

use std::task::{Context, Poll, Waker};

use events_concierge::base::http::Reply;
use events_concierge::base::id::{EventId, PaymentId};
use events_concierge::base::time::UnixSeconds;
use events_concierge::host::command::Action;
use events_concierge::http::route::{Format, Own};
use events_concierge::ledger::audit::audit;
use events_concierge::ledger::payments::{self, NotPaid, Step};
use events_concierge::ports::Purpose;
use serde_json::{Value, json};

use crate::support::{
    NOW, Server, Settles, Wallet, block_on, config, config_with, json_of, offer, rsvp,
};

const TRANSACTION: &str = "0x5555555555555555555555555555555555555555555555555555555555555555";

fn pay(server: &Server, event: &str, payment: &Value) -> Reply {
    block_on(server.tool("rsvpToEvent", &rsvp(event), Some(payment)))
}

fn state(server: &Server) -> String {
    server.text("SELECT group_concat(state) FROM payments")
}

fn id(server: &Server) -> PaymentId {
    PaymentId::parse(&server.text("SELECT id FROM payments")).unwrap()
}

fn settles(server: &Server) -> usize {
    let requests = server.world.memory.requests.borrow();
    requests.iter().filter(|url| url.ends_with("/settle")).count()
}

fn is_clean(server: &Server) {
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

/// A seat that is paid for, and nobody knows yet whether it is.
fn unclear(does: Settles) -> (Server, String, Value) {
    let server = Server::open();
    let event = server.event(5);
    let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
    server.world.memory.settles.borrow_mut().push_back(does);
    assert_eq!(pay(&server, &event, &payment).status, 409);
    assert_eq!(state(&server), "unknown");
    (server, event, payment)
}

#[test]
fn our_own_relayer_has_a_time_limit_and_its_payment_is_looked_after_then() {
    let server = Server::settling_itself();
    let event = server.event(5);
    let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
    server.world.memory.relayer_hangs.set(true);
    let reply = pay(&server, &event, &payment);
    assert_eq!((reply.status, &json_of(&reply)["moneyMoved"]), (409, &json!("unknown")));
    assert_eq!(state(&server), "unknown");
    is_clean(&server);
}

#[test]
fn what_our_own_relayer_has_settled_for_this_host_needs_no_proof_of_its_payer() {
    let paid = json!({"success": true, "transaction": TRANSACTION});
    let used = "invalid_exact_evm_nonce_already_used";
    let for_another = json!({"success": false, "errorReason": used, "transaction": ""});
    for (said, expected) in [(paid, ("delivered", 200)), (for_another, ("unknown", 401))] {
        let server = Server::settling_itself();
        let event = server.event(5);
        let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
        let memory = &server.world.memory;
        // The endpoint is too slow for the look before the claim, and the relayer has too many before this one.
        memory.chain.is_down.set(true);
        memory.relayer_hangs.set(true);
        assert_eq!(pay(&server, &event, &payment).status, 409);
        server.spend(&payment);
        memory.chain.is_down.set(false);
        memory.relayer_hangs.set(false);
        memory.relayer_asked.borrow_mut().clear();
        memory.relayer_says.borrow_mut().extend((0..9).map(|_| (200, said.clone())));
        server.pass(30);
        assert_eq!((state(&server).as_str(), pay(&server, &event, &payment).status), expected);
        let asked = memory.relayer_asked.borrow();
        assert!(!asked.is_empty() && asked.iter().all(|it| *it == Purpose::Look), "{asked:?}");
        is_clean(&server);
    }
}

#[test]
fn a_facilitator_that_has_moved_has_not_taken_the_payment_and_nothing_is_held() {
    let server = Server::open();
    let event = server.event(1);
    let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
    server.world.memory.settles.borrow_mut().push_back(Settles::HasMoved);
    let reply = pay(&server, &event, &payment);
    assert_eq!((reply.status, &json_of(&reply)["moneyMoved"]), (503, &json!("no")));
    assert_eq!(state(&server), "refused");
    is_clean(&server);
    // The only seat is free for the next buyer, and the same payment is as good as before.
    server.pass(60);
    assert_eq!(pay(&server, &event, &payment).status, 200);
    is_clean(&server);
}

#[test]
fn a_payee_that_has_no_answer_keeps_nobody_waiting() {
    let server = Server::open();
    let event = server.event(5);
    let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
    server.world.memory.payees_hang.set(true);
    assert_eq!(pay(&server, &event, &payment).status, 503);
    assert_eq!((state(&server).as_str(), settles(&server)), ("refused", 0));
}

#[test]
fn a_call_that_was_given_up_does_not_settle_for_the_claim_that_came_after_it() {
    let server = Server::open();
    let event = server.event(5);
    let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
    let mut context = Context::from_waker(Waker::noop());
    server.world.memory.payees_hang.set(true);
    let arguments = rsvp(&event);
    let mut first = Box::pin(server.tool("rsvpToEvent", &arguments, Some(&payment)));
    while server.int("SELECT count(*) FROM payments") == 0 {
        assert!(first.as_mut().poll(&mut context).is_pending());
    }
    // The alarm gives it up; the payer comes again, and both are let through at once.
    server.pass(70);
    assert_eq!(state(&server), "refused");
    let mut second = Box::pin(server.tool("rsvpToEvent", &arguments, Some(&payment)));
    while state(&server) != "claimed" {
        assert!(second.as_mut().poll(&mut context).is_pending());
    }
    server.world.memory.payees_hang.set(false);
    let first = block_on(first);
    let second = block_on(second);
    assert_eq!((first.status, second.status), (409, 200), "{}", first.body);
    assert_eq!(settles(&server), 1);
    is_clean(&server);
}

#[test]
fn what_comes_late_changes_no_payment_that_has_ended_or_is_delivered() {
    let (server, ..) = unclear(Settles::PaysSilently);
    let now = UnixSeconds::new(NOW + 10);
    let claim = payments::find(&server.world, &id(&server)).unwrap().unwrap().claim();
    server.pass(10);
    assert_eq!(state(&server), "delivered");
    let before = server.everything();
    let sql = &server.world;
    for step in [
        payments::mark_unknown(sql, &claim, "late", now, now),
        payments::mark_doubtful(sql, &claim, ("0x1", 1), now, now),
        payments::mark_not_paid(sql, &claim, NotPaid::Refused, "late", now),
        payments::mark_settling(sql, &claim, None, now),
    ] {
        assert_eq!(step.unwrap(), Step::TooLate);
    }
    payments::release(sql, &claim, "late", now).unwrap();
    assert_eq!(server.everything(), before);
    is_clean(&server);
}

#[test]
fn who_says_after_its_end_that_a_payment_was_paid_has_the_chain_asked() {
    for is_true in [true, false] {
        let (server, ..) = unclear(if is_true { Settles::PaysSilently } else { Settles::Hangs });
        let now = UnixSeconds::new(NOW);
        let claim = payments::find(&server.world, &id(&server)).unwrap().unwrap().claim();
        let ended = payments::mark_not_paid(&server.world, &claim, NotPaid::Failed, "over", now);
        assert_eq!(ended.unwrap(), Step::Taken);
        let settled = payments::mark_settled(&server.world, &claim, TRANSACTION, now).unwrap();
        assert!(settled.is_none(), "nobody's word is enough");
        assert_eq!(state(&server), "unknown");
        is_clean(&server);
        server.world.memory.settles.borrow_mut().extend((0..60).map(|_| Settles::Hangs));
        server.wake();
        server.pass(400);
        let expected = if is_true { ("delivered", 1) } else { ("failed", 0) };
        let seats = server.int("SELECT count(*) FROM rsvps");
        assert_eq!((state(&server).as_str(), seats), expected);
        is_clean(&server);
    }
}

#[test]
fn what_was_wanted_is_known_after_every_end() {
    let (server, event, _) = unclear(Settles::Hangs);
    server.world.memory.settles.borrow_mut().extend((0..60).map(|_| Settles::Hangs));
    server.pass(600);
    assert_eq!(state(&server), "failed");
    assert_eq!(
        server.text("SELECT wanted || ' ' || event_id FROM payments"),
        format!("{event} {event}")
    );
    assert_eq!(server.text("SELECT arguments FROM payments"), "null", "and nothing of the person");
}

#[test]
fn a_damaged_row_keeps_no_other_from_being_delivered() {
    let server = Server::open();
    let event = server.event(5);
    for wallet in 1..=3 {
        let payment = Wallet::new(wallet).pay(&offer(&server, &event), wallet);
        server.world.memory.settles.borrow_mut().push_back(Settles::PaysSilently);
        assert_eq!(pay(&server, &event, &payment).status, 409);
    }
    let wallet = Wallet::new(1).address.to_string();
    server.sql(&format!("UPDATE payments SET requirements = '{{' WHERE payer = '{wallet}'"));
    server.pass(60);
    assert_eq!(state(&server), "unknown,delivered,delivered");
    // The alarm checks the payment again later, so that it is still open when the row is repaired.
    server.sql("UPDATE payments SET requirements = '{}'");
    server.pass(1_200);
    assert_eq!(state(&server), "delivered,delivered,delivered");
    is_clean(&server);
}

#[test]
fn an_alarm_outlives_every_failure_of_the_storage_and_of_its_parts() {
    let parts = [
        "FROM payments WHERE next_check_at <=",
        "FROM outbox WHERE value IS NOT NULL",
        "UPDATE mail_outbox",
        "DELETE FROM sign_in_times",
        "UPDATE secrets SET sealed = NULL",
        "SELECT user_id, scope, wallet_address",
        "SELECT min(next_check_at) FROM payments",
        "SELECT",
    ];
    for part in parts {
        let (server, ..) = unclear(Settles::PaysSilently);
        *server.world.memory.sql_fails.borrow_mut() = Some(part);
        server.wake();
        assert!(
            server.world.memory.alarm.get().is_some(),
            "the next wake is set though {part} fails"
        );
        *server.world.memory.sql_fails.borrow_mut() = None;
        server.pass(900);
        assert_eq!(state(&server), "delivered", "{part}");
        is_clean(&server);
    }
}

#[test]
fn the_alarm_is_set_before_the_row_that_needs_it() {
    let server = Server::open();
    let event = server.event(5);
    let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
    server.pass(60);
    server.world.memory.alarm.set(None);
    let noted = server.world.memory.noted.get();
    let arguments = rsvp(&event);
    let mut call = Box::pin(server.tool("rsvpToEvent", &arguments, Some(&payment)));
    let mut context = Context::from_waker(Waker::noop());
    while server.int("SELECT count(*) FROM payments") == 0 {
        assert!(call.as_mut().poll(&mut context).is_pending());
    }
    assert!(server.world.memory.alarm.get().is_some());
    assert!(server.world.memory.noted.get() > noted, "and others know that something is open");
}

#[test]
fn records_that_hang_hold_up_no_payment_and_arrive_later() {
    let (server, ..) = unclear(Settles::PaysSilently);
    server.world.memory.kv_hangs.set(true);
    server.world.memory.now.set(NOW + 10);
    let mut wake = Box::pin(server.host.wake());
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..50 {
        assert!(wake.as_mut().poll(&mut context).is_pending(), "KV is waited for");
    }
    assert_eq!(state(&server), "delivered", "the payment is not");
    let is_over = (0..200_000).any(|_| matches!(wake.as_mut().poll(&mut context), Poll::Ready(())));
    assert!(is_over, "KV has a time limit");
    drop(wake);
    server.world.memory.kv_hangs.set(false);
    server.pass(300);
    let revenue = format!("{}:revenue", server.scope);
    assert_eq!(server.world.memory.kv.borrow().get(&revenue).map(String::as_str), Some("50000"));
    assert_eq!(server.int("SELECT count(*) FROM outbox WHERE value IS NOT NULL"), 0);
}

#[test]
fn a_record_whose_write_had_no_answer_is_written_once_more() {
    let (server, ..) = unclear(Settles::PaysSilently);
    server.world.memory.kv_hangs.set(true);
    server.pass(10);
    server.world.memory.kv_hangs.set(false);
    // Only what was tried may arrive late.
    let key = server.text("SELECT key FROM outbox WHERE unclear > 0");
    server.pass(60);
    let told = || server.world.memory.kv.borrow().get(&key).cloned();
    let right = told();
    assert!(right.is_some(), "{key} is published");
    // The write that had no answer arrives at last, after the one that had.
    server.world.memory.kv.borrow_mut().insert(key.clone(), "0".to_owned());
    server.pass(300);
    assert_eq!(told(), right, "{key}");
}

fn cancel(server: &Server, event: &str) -> Value {
    let id = EventId::parse(event).unwrap();
    json_of(&server.as_owner(Action::Own(Own::CancelEvent(id)), &json!({})))
}

#[test]
fn no_money_is_asked_for_after_an_event_was_cancelled_and_its_host_is_told_what_is_held() {
    let (server, event, payment) = unclear(Settles::Hangs);
    let told = cancel(&server, &event);
    let message = told["message"].as_str().unwrap();
    assert!(message.contains("1 more is being paid for"), "{message}");
    let asked = settles(&server);
    server.pass(60);
    pay(&server, &event, &payment);
    server.pass(600);
    assert_eq!((state(&server).as_str(), settles(&server)), ("failed", asked));
    is_clean(&server);
}

#[test]
fn money_that_was_on_its_way_when_an_event_was_cancelled_is_booked() {
    let (server, event, _) = unclear(Settles::PaysSilently);
    cancel(&server, &event);
    let asked = settles(&server);
    server.pass(60);
    assert_eq!((state(&server).as_str(), settles(&server)), ("delivered", asked));
    is_clean(&server);
}

#[test]
fn no_money_is_asked_for_after_an_event_is_over_or_its_tools_are_closed() {
    for is_over in [true, false] {
        let (server, ..) = unclear(Settles::Hangs);
        if is_over {
            server.sql(&format!(
                "UPDATE events SET starts_at = {}, ends_at = {}",
                NOW - 9_000,
                NOW - 1
            ));
        } else {
            let closed = json!({"products": ["vault"]});
            assert_eq!(server.as_owner(Action::Own(Own::ChangeProfile), &closed).status, 200);
        }
        let asked = settles(&server);
        server.pass(600);
        assert_eq!((state(&server).as_str(), settles(&server)), ("failed", asked), "{is_over}");
    }
}

/// A payment that was used, of whose use no log is left.
fn without_logs() -> (Server, String, Value) {
    let (server, event, payment) = unclear(Settles::PaysSilently);
    server.world.memory.chain.logs_are_gone.set(true);
    server.pass(200_000);
    (server, event, payment)
}

#[test]
fn a_payment_that_was_used_and_left_no_log_never_ends_by_itself_and_its_host_sees_it() {
    let (server, event, payment) = without_logs();
    assert_eq!(state(&server), "unknown");
    let reply = pay(&server, &event, &payment);
    assert_eq!((reply.status, &json_of(&reply)["moneyMoved"]), (409, &json!("unknown")));
    assert!(reply.body.contains("PAYMENT-TRANSACTION"), "{}", reply.body);
    let lines = json_of(&server.as_owner(Action::Own(Own::Payments(Format::Json)), &json!({})));
    assert_eq!(lines["payments"][0]["stuck"], true);
    assert_eq!(stuck(&server), 1);
    assert_eq!(
        json_of(&server.as_owner(Action::Own(Own::Events), &json!({})))["events"][0]["seatsHeld"],
        1
    );
    is_clean(&server);
}

#[test]
fn a_payer_who_names_the_transaction_gets_what_was_paid_for() {
    let (server, event, payment) = without_logs();
    use base64::Engine;
    let encoded = base64::engine::general_purpose::STANDARD.encode(payment.to_string());
    let with = |transaction: &str| {
        let headers =
            [("payment-signature", encoded.as_str()), ("payment-transaction", transaction)];
        block_on(server.tool_with("rsvpToEvent", &rsvp(&event), &headers))
    };
    assert_eq!(with("0x12").status, 422);
    assert_eq!(with(TRANSACTION).status, 409, "it moved nothing of this");
    // A settlement's hash is its nonce here.
    let hash = server.text("SELECT nonce FROM payments");
    // The copy shows nothing that the chain does not, so the answer stays closed; the books are right.
    let reply = with(&hash);
    assert!(matches!(reply.status, 200 | 401), "{}", reply.body);
    assert_eq!(state(&server), "delivered");
    is_clean(&server);
}

/// How many payments the host is told to decide.
fn stuck(server: &Server) -> Value {
    json_of(&server.as_owner(Action::Own(Own::Profile), &json!({})))["stuckPayments"].clone()
}

fn decide(server: &Server, body: &Value) -> Reply {
    server.as_owner(Action::Own(Own::Decide(id(server))), body)
}

#[test]
fn a_host_decides_by_hand_what_nobody_else_can_tell() {
    for is_paid in [true, false] {
        let (server, ..) = without_logs();
        assert_eq!(decide(&server, &json!({"paid": true})).status, 422);
        assert_eq!(decide(&server, &json!({"paid": true, "transaction": "0x1"})).status, 422);
        assert_eq!(
            decide(&server, &json!({"paid": false, "transaction": TRANSACTION})).status,
            422
        );
        let verdict = match is_paid {
            true => json!({"paid": true, "transaction": TRANSACTION}),
            false => json!({"paid": false}),
        };
        let reply = decide(&server, &verdict);
        assert_eq!(reply.status, 200, "{}", reply.body);
        let expected = if is_paid { ("delivered", 1) } else { ("failed", 0) };
        let seats = server.int("SELECT count(*) FROM rsvps");
        assert_eq!((state(&server).as_str(), seats), expected);
        assert_eq!(server.int("SELECT count(*) FROM ledger WHERE entry = 'verdict'"), 1);
        assert_eq!(stuck(&server), 0);
        is_clean(&server);
        assert_eq!(decide(&server, &verdict).status, 409, "once");
        // Nor is what was decided looked for again.
        server.pass(100_000);
        assert_eq!(state(&server), expected.0);
        is_clean(&server);
    }
}

#[test]
fn a_host_decides_nothing_that_the_chain_can_still_tell() {
    let (server, ..) = unclear(Settles::PaysSilently);
    assert_eq!(decide(&server, &json!({"paid": false})).status, 409, "it is looked for");
    server.world.memory.chain.is_down.set(true);
    server.pass(5_000);
    assert_eq!(state(&server), "unknown");
    server.world.memory.chain.is_down.set(false);
    let reply = decide(&server, &json!({"paid": false}));
    assert_eq!((reply.status, &json_of(&reply)["state"]), (200, &json!("delivered")));
    assert_eq!(server.int("SELECT count(*) FROM ledger WHERE entry = 'verdict'"), 0);
    is_clean(&server);
}

#[test]
fn one_transaction_pays_once_also_by_hand() {
    let (server, event, _) = without_logs();
    let other = Wallet::new(2).pay(&offer(&server, &event), 2);
    assert_eq!(pay(&server, &event, &other).status, 200);
    let booked = server.text("SELECT tx_hash FROM rsvps");
    let stuck = server.text("SELECT id FROM payments WHERE state = 'unknown'");
    let own = Own::Decide(PaymentId::parse(&stuck).unwrap());
    let reply = server.as_owner(Action::Own(own), &json!({"paid": true, "transaction": booked}));
    assert_eq!(reply.status, 409, "{}", reply.body);
    is_clean(&server);
}

#[test]
fn an_outage_of_days_loses_no_payment() {
    let (server, ..) = unclear(Settles::PaysSilently);
    server.world.memory.chain.is_down.set(true);
    server.pass(4 * 86_400);
    assert_eq!(state(&server), "unknown");
    server.world.memory.chain.is_down.set(false);
    server.world.memory.chain.head.set(1_000_000);
    server.pass(3_700);
    assert_eq!(state(&server), "delivered");
    is_clean(&server);
}

#[test]
fn a_payment_on_a_network_that_was_removed_is_still_looked_for_and_nothing_is_moved_there() {
    let elsewhere = [
        ("NETWORKS", "eip155:80002"),
        (
            "RPC_URLS",
            r#"{"eip155:84532":"http://127.0.0.1:8545","eip155:80002":"http://127.0.0.1:8546"}"#,
        ),
    ];
    for (does, expected) in [(Settles::PaysSilently, "delivered"), (Settles::Hangs, "failed")] {
        let (mut server, ..) = unclear(does);
        server.deploy(config_with(&elsewhere));
        let asked = settles(&server);
        server.wake();
        server.pass(600);
        assert_eq!((state(&server).as_str(), settles(&server)), (expected, asked));
        is_clean(&server);
    }
}

#[test]
fn a_payment_whose_endpoint_was_removed_is_looked_after_ever_less_often_and_comes_back_with_it() {
    let without =
        [("NETWORKS", "eip155:80002"), ("RPC_URLS", r#"{"eip155:80002":"http://127.0.0.1:8546"}"#)];
    let (mut server, ..) = unclear(Settles::PaysSilently);
    server.deploy(config_with(&without));
    server.wake();
    let mut alarms = 0;
    let end = NOW + 7 * 86_400;
    while let Some(at) = server.world.memory.alarm.get().filter(|at| *at <= end) {
        server.world.memory.now.set(at);
        server.wake();
        alarms += 1;
    }
    assert!(alarms < 250, "{alarms} alarms in a week");
    let lines = json_of(&server.as_owner(Action::Own(Own::Payments(Format::Json)), &json!({})));
    assert_eq!(lines["payments"][0]["stuck"], true);
    assert!(lines["payments"][0]["reason"].as_str().unwrap().contains("RPC_URLS"));
    server.deploy(config());
    server.pass(7_300);
    assert_eq!(state(&server), "delivered");
    is_clean(&server);
}

#[test]
fn who_comes_with_a_payment_that_comes_to_nothing_does_not_use_up_the_probe() {
    let server = Server::open();
    let event = server.event(20);
    let offered = offer(&server, &event);
    let (honest, vain) = (Wallet::new(8).pay(&offered, 8), Wallet::new(9).pay(&offered, 9));
    for wallet in 1..=5 {
        let payment = Wallet::new(wallet).pay(&offered, wallet);
        server.world.memory.settles.borrow_mut().push_back(Settles::Hangs);
        pay(&server, &event, &payment);
    }
    server.world.memory.settles.borrow_mut().clear();
    assert_eq!(pay(&server, &event, &honest).status, 503, "the breaker is open");
    // It lets one through after a while; then a stranger comes with a payment without money.
    let poor = Wallet::new(9).address.to_string();
    server.world.memory.chain.balances.borrow_mut().insert(poor, 0);
    server.world.memory.now.set(server.world.memory.now.get() + 15);
    assert_ne!(pay(&server, &event, &vain).status, 200);
    assert_eq!(pay(&server, &event, &honest).status, 200, "the probe is still there");
}

/// The chain drops the newest block; what the facilitator said of it was true until then.
fn drop_block(server: &Server) {
    assert_eq!(server.world.memory.settled.borrow_mut().pop_first().into_iter().count(), 1);
}

#[test]
fn only_the_chain_confirms_what_it_has_dropped_before() {
    let server = Server::open();
    let event = server.event(5);
    let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
    assert_eq!(pay(&server, &event, &payment).status, 200);
    drop_block(&server);
    server.pass(31);
    assert_eq!((state(&server).as_str(), settles(&server)), ("delivered", 2), "it is moved again");
    // The facilitator has said so, and the chain drops that one, too.
    drop_block(&server);
    server.pass(40);
    assert_eq!(settles(&server), 3);
    // Twice, and in the same block.
    server.pass(70);
    assert_eq!(server.int("SELECT count(*) FROM payments WHERE next_check_at IS NULL"), 1);
    books(&server, 1);
}

#[test]
fn money_that_comes_back_in_a_younger_block_is_looked_for_once_more() {
    let server = Server::open();
    let event = server.event(5);
    let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
    assert_eq!(pay(&server, &event, &payment).status, 200);
    let confirmed = "SELECT count(*) FROM payments WHERE next_check_at IS NULL";
    // The chain drops the block each time, and has the transaction again in another one.
    for block in [20, 40] {
        server.world.memory.chain.head.set(block);
        server.world.memory.chain.settled_in.set(block);
        server.pass(30);
        assert_eq!(server.int(confirmed), 0, "it may be dropped once more");
    }
    drop_block(&server);
    server.world.memory.settles.borrow_mut().push_back(Settles::Refuses("insufficient_funds"));
    server.pass(30);
    assert_eq!(state(&server), "delivered");
    server.pass(300);
    assert_eq!(server.int(confirmed), 1, "moved again, and seen twice in one block");
    books(&server, 1);
}

#[test]
fn what_the_chain_has_dropped_while_its_endpoint_was_out_for_days_is_taken_back() {
    let server = Server::open();
    let event = server.event(5);
    let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
    assert_eq!(pay(&server, &event, &payment).status, 200);
    drop_block(&server);
    server.world.memory.chain.is_down.set(true);
    server.pass(4 * 86_400);
    assert_eq!(state(&server), "delivered", "nobody knows better");
    server.world.memory.chain.is_down.set(false);
    server.pass(3_700);
    assert_eq!(state(&server), "failed");
    books(&server, 0);
}

/// The ledger holds the money of so many seats, and the chain does.
fn books(server: &Server, seats: i64) {
    let money =
        "SELECT coalesce(sum(amount), 0) FROM ledger WHERE entry IN ('settled', 'reversed')";
    assert_eq!(server.int(money), seats * 50_000);
    assert_eq!(server.int("SELECT count(*) FROM rsvps"), seats);
    assert_eq!(i64::try_from(server.world.memory.settled.borrow().len()).unwrap(), seats);
    is_clean(server);
}

#[test]
fn a_payment_that_was_spent_elsewhere_between_two_showings_buys_nothing() {
    for is_endpoint_up in [true, false] {
        let server = Server::open();
        let event = server.event(5);
        let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
        // Shown once in vain, when nobody had used it.
        server.world.memory.settles.borrow_mut().push_back(Settles::Refuses("insufficient_funds"));
        assert_eq!(pay(&server, &event, &payment).status, 402);
        // Then it buys at another shop of the same payee, and is shown here again.
        let chain = &server.world.memory.chain;
        server.spend(&payment);
        chain.settled_in.set(20);
        chain.head.set(60);
        chain.is_down.set(!is_endpoint_up);
        assert_eq!(pay(&server, &event, &payment).status, 409);
        chain.is_down.set(false);
        server.pass(30);
        // Who was let through without a look at the chain has to prove that it was for this.
        let status = pay(&server, &event, &payment).status;
        assert_eq!(status, if is_endpoint_up { 409 } else { 401 });
        assert_eq!(server.int("SELECT count(*) FROM rsvps"), 0);
        assert_eq!(server.int("SELECT count(*) FROM ledger WHERE entry = 'settled'"), 0);
        is_clean(&server);
    }
}

#[test]
fn a_node_that_lags_proves_nothing_of_the_blocks_that_it_does_not_have() {
    let server = Server::open();
    let event = server.event(5);
    let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
    let chain = &server.world.memory.chain;
    chain.is_down.set(true);
    server.world.memory.settles.borrow_mut().push_back(Settles::PaysSilently);
    assert_eq!(pay(&server, &event, &payment).status, 409);
    chain.is_down.set(false);
    chain.head.set(2_000);
    chain.settled_in.set(1_000);
    // The head comes from one node, and the next answer from one that is far behind.
    chain.lag.set(1_500);
    server.pass(60);
    assert_eq!(state(&server), "unknown");
    chain.lag.set(0);
    server.pass(300);
    // Nobody knows what was there before the payment came, so its payer has to prove it; it is not called failed.
    assert_eq!(pay(&server, &event, &payment).status, 401);
    assert_eq!(state(&server), "unknown");
    is_clean(&server);
}

#[test]
fn a_paid_seat_is_delivered_though_the_blocks_of_its_chain_have_past_times() {
    for does in [Settles::PaysSilently, Settles::Hangs] {
        let is_paid = matches!(does, Settles::PaysSilently);
        let server = Server::open();
        let event = server.event(5);
        let payment = Wallet::new(1).pay(&offer(&server, &event), 1);
        server.world.memory.chain.behind.set(7_200);
        server.world.memory.settles.borrow_mut().push_back(does);
        assert_eq!(pay(&server, &event, &payment).status, 409);
        server.world.memory.settles.borrow_mut().extend((0..60).map(|_| Settles::Hangs));
        server.pass(600);
        // By the chain's clock it can still be used, whatever ours says.
        assert_eq!(state(&server), if is_paid { "delivered" } else { "unknown" });
        server.world.memory.chain.behind.set(0);
        server.pass(400);
        assert_eq!(state(&server), if is_paid { "delivered" } else { "failed" });
        is_clean(&server);
    }
}
