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
    Door, NOW, Settles, Wallet, block_on, config, config_with, json_of, offer, rsvp,
};

const TRANSACTION: &str = "0x5555555555555555555555555555555555555555555555555555555555555555";

fn pay(door: &Door, event: &str, payment: &Value) -> Reply {
    block_on(door.tool("rsvpToEvent", &rsvp(event), Some(payment)))
}

fn state(door: &Door) -> String {
    door.text("SELECT group_concat(state) FROM payments")
}

fn id(door: &Door) -> PaymentId {
    PaymentId::parse(&door.text("SELECT id FROM payments")).unwrap()
}

fn settles(door: &Door) -> usize {
    let requests = door.world.memory.requests.borrow();
    requests.iter().filter(|url| url.ends_with("/settle")).count()
}

fn is_clean(door: &Door) {
    assert_eq!(audit(&door.world).unwrap(), Vec::<String>::new());
}

/// A seat that is paid for, and nobody knows yet whether it is.
fn unclear(does: Settles) -> (Door, String, Value) {
    let door = Door::open();
    let event = door.event(5);
    let payment = Wallet::new(1).pay(&offer(&door, &event), 1);
    door.world.memory.settles.borrow_mut().push_back(does);
    assert_eq!(pay(&door, &event, &payment).status, 409);
    assert_eq!(state(&door), "unknown");
    (door, event, payment)
}

#[test]
fn our_own_relayer_has_a_time_limit_and_its_payment_is_looked_after_then() {
    let door = Door::settling_itself();
    let event = door.event(5);
    let payment = Wallet::new(1).pay(&offer(&door, &event), 1);
    door.world.memory.relayer_hangs.set(true);
    let reply = pay(&door, &event, &payment);
    assert_eq!((reply.status, &json_of(&reply)["moneyMoved"]), (409, &json!("unknown")));
    assert_eq!(state(&door), "unknown");
    is_clean(&door);
}

#[test]
fn what_our_own_relayer_has_settled_for_this_host_needs_no_proof_of_its_payer() {
    let paid = json!({"success": true, "transaction": TRANSACTION});
    let used = "invalid_exact_evm_nonce_already_used";
    let for_another = json!({"success": false, "errorReason": used, "transaction": ""});
    for (said, expected) in [(paid, ("delivered", 200)), (for_another, ("unknown", 401))] {
        let door = Door::settling_itself();
        let event = door.event(5);
        let payment = Wallet::new(1).pay(&offer(&door, &event), 1);
        let memory = &door.world.memory;
        // The endpoint is too slow for the look before the claim, and the relayer has too many before this one.
        memory.chain.is_down.set(true);
        memory.relayer_hangs.set(true);
        assert_eq!(pay(&door, &event, &payment).status, 409);
        door.spend(&payment);
        memory.chain.is_down.set(false);
        memory.relayer_hangs.set(false);
        memory.relayer_asked.borrow_mut().clear();
        memory.relayer_says.borrow_mut().extend((0..9).map(|_| (200, said.clone())));
        door.pass(30);
        assert_eq!((state(&door).as_str(), pay(&door, &event, &payment).status), expected);
        let asked = memory.relayer_asked.borrow();
        assert!(!asked.is_empty() && asked.iter().all(|it| *it == Purpose::Look), "{asked:?}");
        is_clean(&door);
    }
}

#[test]
fn a_facilitator_that_has_moved_has_not_taken_the_payment_and_nothing_is_held() {
    let door = Door::open();
    let event = door.event(1);
    let payment = Wallet::new(1).pay(&offer(&door, &event), 1);
    door.world.memory.settles.borrow_mut().push_back(Settles::HasMoved);
    let reply = pay(&door, &event, &payment);
    assert_eq!((reply.status, &json_of(&reply)["moneyMoved"]), (503, &json!("no")));
    assert_eq!(state(&door), "refused");
    is_clean(&door);
    // The only seat is free for the next buyer, and the same payment is as good as before.
    door.pass(60);
    assert_eq!(pay(&door, &event, &payment).status, 200);
    is_clean(&door);
}

#[test]
fn a_payee_that_has_no_answer_keeps_nobody_waiting() {
    let door = Door::open();
    let event = door.event(5);
    let payment = Wallet::new(1).pay(&offer(&door, &event), 1);
    door.world.memory.payees_hang.set(true);
    assert_eq!(pay(&door, &event, &payment).status, 503);
    assert_eq!((state(&door).as_str(), settles(&door)), ("refused", 0));
}

#[test]
fn a_call_that_was_given_up_does_not_settle_for_the_claim_that_came_after_it() {
    let door = Door::open();
    let event = door.event(5);
    let payment = Wallet::new(1).pay(&offer(&door, &event), 1);
    let mut context = Context::from_waker(Waker::noop());
    door.world.memory.payees_hang.set(true);
    let arguments = rsvp(&event);
    let mut first = Box::pin(door.tool("rsvpToEvent", &arguments, Some(&payment)));
    while door.int("SELECT count(*) FROM payments") == 0 {
        assert!(first.as_mut().poll(&mut context).is_pending());
    }
    // The alarm gives it up; the payer comes again, and both are let through at once.
    door.pass(70);
    assert_eq!(state(&door), "refused");
    let mut second = Box::pin(door.tool("rsvpToEvent", &arguments, Some(&payment)));
    while state(&door) != "claimed" {
        assert!(second.as_mut().poll(&mut context).is_pending());
    }
    door.world.memory.payees_hang.set(false);
    let first = block_on(first);
    let second = block_on(second);
    assert_eq!((first.status, second.status), (409, 200), "{}", first.body);
    assert_eq!(settles(&door), 1);
    is_clean(&door);
}

#[test]
fn what_comes_late_changes_no_payment_that_has_ended_or_is_delivered() {
    let (door, ..) = unclear(Settles::PaysSilently);
    let now = UnixSeconds::new(NOW + 10);
    let claim = payments::find(&door.world, &id(&door)).unwrap().unwrap().claim();
    door.pass(10);
    assert_eq!(state(&door), "delivered");
    let before = door.everything();
    let sql = &door.world;
    for step in [
        payments::mark_unknown(sql, &claim, "late", now, now),
        payments::mark_doubtful(sql, &claim, ("0x1", 1), now, now),
        payments::mark_not_paid(sql, &claim, NotPaid::Refused, "late", now),
        payments::mark_settling(sql, &claim, None, now),
    ] {
        assert_eq!(step.unwrap(), Step::TooLate);
    }
    payments::release(sql, &claim, "late", now).unwrap();
    assert_eq!(door.everything(), before);
    is_clean(&door);
}

#[test]
fn who_says_after_its_end_that_a_payment_was_paid_has_the_chain_asked() {
    for is_true in [true, false] {
        let (door, ..) = unclear(if is_true { Settles::PaysSilently } else { Settles::Hangs });
        let now = UnixSeconds::new(NOW);
        let claim = payments::find(&door.world, &id(&door)).unwrap().unwrap().claim();
        let ended = payments::mark_not_paid(&door.world, &claim, NotPaid::Failed, "over", now);
        assert_eq!(ended.unwrap(), Step::Taken);
        let settled = payments::mark_settled(&door.world, &claim, TRANSACTION, now).unwrap();
        assert!(settled.is_none(), "nobody's word is enough");
        assert_eq!(state(&door), "unknown");
        is_clean(&door);
        door.world.memory.settles.borrow_mut().extend((0..60).map(|_| Settles::Hangs));
        door.wake();
        door.pass(400);
        let expected = if is_true { ("delivered", 1) } else { ("failed", 0) };
        let seats = door.int("SELECT count(*) FROM rsvps");
        assert_eq!((state(&door).as_str(), seats), expected);
        is_clean(&door);
    }
}

#[test]
fn what_was_wanted_is_known_after_every_end() {
    let (door, event, _) = unclear(Settles::Hangs);
    door.world.memory.settles.borrow_mut().extend((0..60).map(|_| Settles::Hangs));
    door.pass(600);
    assert_eq!(state(&door), "failed");
    assert_eq!(
        door.text("SELECT wanted || ' ' || event_id FROM payments"),
        format!("{event} {event}")
    );
    assert_eq!(door.text("SELECT arguments FROM payments"), "null", "and nothing of the person");
}

#[test]
fn a_damaged_row_keeps_no_other_from_being_delivered() {
    let door = Door::open();
    let event = door.event(5);
    for wallet in 1..=3 {
        let payment = Wallet::new(wallet).pay(&offer(&door, &event), wallet);
        door.world.memory.settles.borrow_mut().push_back(Settles::PaysSilently);
        assert_eq!(pay(&door, &event, &payment).status, 409);
    }
    let wallet = Wallet::new(1).address.to_string();
    door.sql(&format!("UPDATE payments SET requirements = '{{' WHERE payer = '{wallet}'"));
    door.pass(60);
    assert_eq!(state(&door), "unknown,delivered,delivered");
    // It is looked at again, and whoever mends it finds it there.
    door.sql("UPDATE payments SET requirements = '{}'");
    door.pass(1_200);
    assert_eq!(state(&door), "delivered,delivered,delivered");
    is_clean(&door);
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
        let (door, ..) = unclear(Settles::PaysSilently);
        *door.world.memory.sql_fails.borrow_mut() = Some(part);
        door.wake();
        assert!(
            door.world.memory.alarm.get().is_some(),
            "the next wake is set though {part} fails"
        );
        *door.world.memory.sql_fails.borrow_mut() = None;
        door.pass(900);
        assert_eq!(state(&door), "delivered", "{part}");
        is_clean(&door);
    }
}

#[test]
fn the_alarm_is_set_before_the_row_that_needs_it() {
    let door = Door::open();
    let event = door.event(5);
    let payment = Wallet::new(1).pay(&offer(&door, &event), 1);
    door.pass(60);
    door.world.memory.alarm.set(None);
    let noted = door.world.memory.noted.get();
    let arguments = rsvp(&event);
    let mut call = Box::pin(door.tool("rsvpToEvent", &arguments, Some(&payment)));
    let mut context = Context::from_waker(Waker::noop());
    while door.int("SELECT count(*) FROM payments") == 0 {
        assert!(call.as_mut().poll(&mut context).is_pending());
    }
    assert!(door.world.memory.alarm.get().is_some());
    assert!(door.world.memory.noted.get() > noted, "and others know that something is open");
}

#[test]
fn records_that_hang_hold_up_no_payment_and_arrive_later() {
    let (door, ..) = unclear(Settles::PaysSilently);
    door.world.memory.kv_hangs.set(true);
    door.world.memory.now.set(NOW + 10);
    let mut wake = Box::pin(door.host.wake());
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..50 {
        assert!(wake.as_mut().poll(&mut context).is_pending(), "KV is waited for");
    }
    assert_eq!(state(&door), "delivered", "the payment is not");
    let is_over = (0..200_000).any(|_| matches!(wake.as_mut().poll(&mut context), Poll::Ready(())));
    assert!(is_over, "KV has a time limit");
    drop(wake);
    door.world.memory.kv_hangs.set(false);
    door.pass(300);
    let revenue = format!("{}:revenue", door.scope);
    assert_eq!(door.world.memory.kv.borrow().get(&revenue).map(String::as_str), Some("50000"));
    assert_eq!(door.int("SELECT count(*) FROM outbox WHERE value IS NOT NULL"), 0);
}

#[test]
fn a_record_whose_write_had_no_answer_is_written_once_more() {
    let (door, ..) = unclear(Settles::PaysSilently);
    door.world.memory.kv_hangs.set(true);
    door.pass(10);
    door.world.memory.kv_hangs.set(false);
    // Only what was tried may arrive late.
    let key = door.text("SELECT key FROM outbox WHERE unclear > 0");
    door.pass(60);
    let told = || door.world.memory.kv.borrow().get(&key).cloned();
    let right = told();
    assert!(right.is_some(), "{key} is published");
    // The write that had no answer arrives at last, after the one that had.
    door.world.memory.kv.borrow_mut().insert(key.clone(), "0".to_owned());
    door.pass(300);
    assert_eq!(told(), right, "{key}");
}

fn cancel(door: &Door, event: &str) -> Value {
    let id = EventId::parse(event).unwrap();
    json_of(&door.as_owner(Action::Own(Own::CancelEvent(id)), &json!({})))
}

#[test]
fn no_money_is_asked_for_after_an_event_was_cancelled_and_its_host_is_told_what_is_held() {
    let (door, event, payment) = unclear(Settles::Hangs);
    let told = cancel(&door, &event);
    let message = told["message"].as_str().unwrap();
    assert!(message.contains("1 more is being paid for"), "{message}");
    let asked = settles(&door);
    door.pass(60);
    pay(&door, &event, &payment);
    door.pass(600);
    assert_eq!((state(&door).as_str(), settles(&door)), ("failed", asked));
    is_clean(&door);
}

#[test]
fn money_that_was_on_its_way_when_an_event_was_cancelled_is_booked() {
    let (door, event, _) = unclear(Settles::PaysSilently);
    cancel(&door, &event);
    let asked = settles(&door);
    door.pass(60);
    assert_eq!((state(&door).as_str(), settles(&door)), ("delivered", asked));
    is_clean(&door);
}

#[test]
fn no_money_is_asked_for_after_an_event_is_over_or_its_tools_are_closed() {
    for is_over in [true, false] {
        let (door, ..) = unclear(Settles::Hangs);
        if is_over {
            door.sql(&format!(
                "UPDATE events SET starts_at = {}, ends_at = {}",
                NOW - 9_000,
                NOW - 1
            ));
        } else {
            let closed = json!({"doors": ["vault"]});
            assert_eq!(door.as_owner(Action::Own(Own::ChangeProfile), &closed).status, 200);
        }
        let asked = settles(&door);
        door.pass(600);
        assert_eq!((state(&door).as_str(), settles(&door)), ("failed", asked), "{is_over}");
    }
}

/// A payment that was used, of whose use no log is left.
fn without_logs() -> (Door, String, Value) {
    let (door, event, payment) = unclear(Settles::PaysSilently);
    door.world.memory.chain.logs_are_gone.set(true);
    door.pass(200_000);
    (door, event, payment)
}

#[test]
fn a_payment_that_was_used_and_left_no_log_never_ends_by_itself_and_its_host_sees_it() {
    let (door, event, payment) = without_logs();
    assert_eq!(state(&door), "unknown");
    let reply = pay(&door, &event, &payment);
    assert_eq!((reply.status, &json_of(&reply)["moneyMoved"]), (409, &json!("unknown")));
    assert!(reply.body.contains("PAYMENT-TRANSACTION"), "{}", reply.body);
    let lines = json_of(&door.as_owner(Action::Own(Own::Payments(Format::Json)), &json!({})));
    assert_eq!(lines["payments"][0]["stuck"], true);
    assert_eq!(stuck(&door), 1);
    assert_eq!(
        json_of(&door.as_owner(Action::Own(Own::Events), &json!({})))["events"][0]["seatsHeld"],
        1
    );
    is_clean(&door);
}

#[test]
fn a_payer_who_names_the_transaction_gets_what_was_paid_for() {
    let (door, event, payment) = without_logs();
    use base64::Engine;
    let encoded = base64::engine::general_purpose::STANDARD.encode(payment.to_string());
    let with = |transaction: &str| {
        let headers =
            [("payment-signature", encoded.as_str()), ("payment-transaction", transaction)];
        block_on(door.tool_with("rsvpToEvent", &rsvp(&event), &headers))
    };
    assert_eq!(with("0x12").status, 422);
    assert_eq!(with(TRANSACTION).status, 409, "it moved nothing of this");
    // A settlement's hash is its nonce here.
    let hash = door.text("SELECT nonce FROM payments");
    // The copy shows nothing that the chain does not, so the answer stays closed; the books are right.
    let reply = with(&hash);
    assert!(matches!(reply.status, 200 | 401), "{}", reply.body);
    assert_eq!(state(&door), "delivered");
    is_clean(&door);
}

/// How many payments the host is told to decide.
fn stuck(door: &Door) -> Value {
    json_of(&door.as_owner(Action::Own(Own::Profile), &json!({})))["stuckPayments"].clone()
}

fn decide(door: &Door, body: &Value) -> Reply {
    door.as_owner(Action::Own(Own::Decide(id(door))), body)
}

#[test]
fn a_host_decides_by_hand_what_nobody_else_can_tell() {
    for is_paid in [true, false] {
        let (door, ..) = without_logs();
        assert_eq!(decide(&door, &json!({"paid": true})).status, 422);
        assert_eq!(decide(&door, &json!({"paid": true, "transaction": "0x1"})).status, 422);
        assert_eq!(decide(&door, &json!({"paid": false, "transaction": TRANSACTION})).status, 422);
        let verdict = match is_paid {
            true => json!({"paid": true, "transaction": TRANSACTION}),
            false => json!({"paid": false}),
        };
        let reply = decide(&door, &verdict);
        assert_eq!(reply.status, 200, "{}", reply.body);
        let expected = if is_paid { ("delivered", 1) } else { ("failed", 0) };
        let seats = door.int("SELECT count(*) FROM rsvps");
        assert_eq!((state(&door).as_str(), seats), expected);
        assert_eq!(door.int("SELECT count(*) FROM ledger WHERE entry = 'verdict'"), 1);
        assert_eq!(stuck(&door), 0);
        is_clean(&door);
        assert_eq!(decide(&door, &verdict).status, 409, "once");
        // Nor is what was decided looked for again.
        door.pass(100_000);
        assert_eq!(state(&door), expected.0);
        is_clean(&door);
    }
}

#[test]
fn a_host_decides_nothing_that_the_chain_can_still_tell() {
    let (door, ..) = unclear(Settles::PaysSilently);
    assert_eq!(decide(&door, &json!({"paid": false})).status, 409, "it is looked for");
    door.world.memory.chain.is_down.set(true);
    door.pass(5_000);
    assert_eq!(state(&door), "unknown");
    door.world.memory.chain.is_down.set(false);
    let reply = decide(&door, &json!({"paid": false}));
    assert_eq!((reply.status, &json_of(&reply)["state"]), (200, &json!("delivered")));
    assert_eq!(door.int("SELECT count(*) FROM ledger WHERE entry = 'verdict'"), 0);
    is_clean(&door);
}

#[test]
fn one_transaction_pays_once_also_by_hand() {
    let (door, event, _) = without_logs();
    let other = Wallet::new(2).pay(&offer(&door, &event), 2);
    assert_eq!(pay(&door, &event, &other).status, 200);
    let booked = door.text("SELECT tx_hash FROM rsvps");
    let stuck = door.text("SELECT id FROM payments WHERE state = 'unknown'");
    let own = Own::Decide(PaymentId::parse(&stuck).unwrap());
    let reply = door.as_owner(Action::Own(own), &json!({"paid": true, "transaction": booked}));
    assert_eq!(reply.status, 409, "{}", reply.body);
    is_clean(&door);
}

#[test]
fn an_outage_of_days_loses_no_payment() {
    let (door, ..) = unclear(Settles::PaysSilently);
    door.world.memory.chain.is_down.set(true);
    door.pass(4 * 86_400);
    assert_eq!(state(&door), "unknown");
    door.world.memory.chain.is_down.set(false);
    door.world.memory.chain.head.set(1_000_000);
    door.pass(3_700);
    assert_eq!(state(&door), "delivered");
    is_clean(&door);
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
        let (mut door, ..) = unclear(does);
        door.deploy(config_with(&elsewhere));
        let asked = settles(&door);
        door.wake();
        door.pass(600);
        assert_eq!((state(&door).as_str(), settles(&door)), (expected, asked));
        is_clean(&door);
    }
}

#[test]
fn a_payment_whose_endpoint_was_removed_is_looked_after_ever_less_often_and_comes_back_with_it() {
    let without =
        [("NETWORKS", "eip155:80002"), ("RPC_URLS", r#"{"eip155:80002":"http://127.0.0.1:8546"}"#)];
    let (mut door, ..) = unclear(Settles::PaysSilently);
    door.deploy(config_with(&without));
    door.wake();
    let mut alarms = 0;
    let end = NOW + 7 * 86_400;
    while let Some(at) = door.world.memory.alarm.get().filter(|at| *at <= end) {
        door.world.memory.now.set(at);
        door.wake();
        alarms += 1;
    }
    assert!(alarms < 250, "{alarms} alarms in a week");
    let lines = json_of(&door.as_owner(Action::Own(Own::Payments(Format::Json)), &json!({})));
    assert_eq!(lines["payments"][0]["stuck"], true);
    assert!(lines["payments"][0]["reason"].as_str().unwrap().contains("RPC_URLS"));
    door.deploy(config());
    door.pass(7_300);
    assert_eq!(state(&door), "delivered");
    is_clean(&door);
}

#[test]
fn who_comes_with_a_payment_that_comes_to_nothing_does_not_use_up_the_probe() {
    let door = Door::open();
    let event = door.event(20);
    let offered = offer(&door, &event);
    let (honest, vain) = (Wallet::new(8).pay(&offered, 8), Wallet::new(9).pay(&offered, 9));
    for wallet in 1..=5 {
        let payment = Wallet::new(wallet).pay(&offered, wallet);
        door.world.memory.settles.borrow_mut().push_back(Settles::Hangs);
        pay(&door, &event, &payment);
    }
    door.world.memory.settles.borrow_mut().clear();
    assert_eq!(pay(&door, &event, &honest).status, 503, "the breaker is open");
    // It lets one through after a while; then a stranger comes with a payment without money.
    let poor = Wallet::new(9).address.to_string();
    door.world.memory.chain.balances.borrow_mut().insert(poor, 0);
    door.world.memory.now.set(door.world.memory.now.get() + 15);
    assert_ne!(pay(&door, &event, &vain).status, 200);
    assert_eq!(pay(&door, &event, &honest).status, 200, "the probe is still there");
}

/// The chain drops the newest block; what the facilitator said of it was true until then.
fn drop_block(door: &Door) {
    assert_eq!(door.world.memory.settled.borrow_mut().pop_first().into_iter().count(), 1);
}

#[test]
fn only_the_chain_confirms_what_it_has_dropped_before() {
    let door = Door::open();
    let event = door.event(5);
    let payment = Wallet::new(1).pay(&offer(&door, &event), 1);
    assert_eq!(pay(&door, &event, &payment).status, 200);
    drop_block(&door);
    door.pass(31);
    assert_eq!((state(&door).as_str(), settles(&door)), ("delivered", 2), "it is moved again");
    // The facilitator has said so, and the chain drops that one, too.
    drop_block(&door);
    door.pass(40);
    assert_eq!(settles(&door), 3);
    // Twice, and in the same block.
    door.pass(70);
    assert_eq!(door.int("SELECT count(*) FROM payments WHERE next_check_at IS NULL"), 1);
    books(&door, 1);
}

#[test]
fn money_that_comes_back_in_a_younger_block_is_looked_for_once_more() {
    let door = Door::open();
    let event = door.event(5);
    let payment = Wallet::new(1).pay(&offer(&door, &event), 1);
    assert_eq!(pay(&door, &event, &payment).status, 200);
    let confirmed = "SELECT count(*) FROM payments WHERE next_check_at IS NULL";
    // The chain drops the block each time, and has the transaction again in another one.
    for block in [20, 40] {
        door.world.memory.chain.head.set(block);
        door.world.memory.chain.settled_in.set(block);
        door.pass(30);
        assert_eq!(door.int(confirmed), 0, "it may be dropped once more");
    }
    drop_block(&door);
    door.world.memory.settles.borrow_mut().push_back(Settles::Refuses("insufficient_funds"));
    door.pass(30);
    assert_eq!(state(&door), "delivered");
    door.pass(300);
    assert_eq!(door.int(confirmed), 1, "moved again, and seen twice in one block");
    books(&door, 1);
}

#[test]
fn what_the_chain_has_dropped_while_its_endpoint_was_out_for_days_is_taken_back() {
    let door = Door::open();
    let event = door.event(5);
    let payment = Wallet::new(1).pay(&offer(&door, &event), 1);
    assert_eq!(pay(&door, &event, &payment).status, 200);
    drop_block(&door);
    door.world.memory.chain.is_down.set(true);
    door.pass(4 * 86_400);
    assert_eq!(state(&door), "delivered", "nobody knows better");
    door.world.memory.chain.is_down.set(false);
    door.pass(3_700);
    assert_eq!(state(&door), "failed");
    books(&door, 0);
}

/// The ledger holds the money of so many seats, and the chain does.
fn books(door: &Door, seats: i64) {
    let money =
        "SELECT coalesce(sum(amount), 0) FROM ledger WHERE entry IN ('settled', 'reversed')";
    assert_eq!(door.int(money), seats * 50_000);
    assert_eq!(door.int("SELECT count(*) FROM rsvps"), seats);
    assert_eq!(i64::try_from(door.world.memory.settled.borrow().len()).unwrap(), seats);
    is_clean(door);
}

#[test]
fn a_payment_that_was_spent_elsewhere_between_two_showings_buys_nothing() {
    for is_endpoint_up in [true, false] {
        let door = Door::open();
        let event = door.event(5);
        let payment = Wallet::new(1).pay(&offer(&door, &event), 1);
        // Shown once in vain, when nobody had used it.
        door.world.memory.settles.borrow_mut().push_back(Settles::Refuses("insufficient_funds"));
        assert_eq!(pay(&door, &event, &payment).status, 402);
        // Then it buys at another shop of the same payee, and is shown here again.
        let chain = &door.world.memory.chain;
        door.spend(&payment);
        chain.settled_in.set(20);
        chain.head.set(60);
        chain.is_down.set(!is_endpoint_up);
        assert_eq!(pay(&door, &event, &payment).status, 409);
        chain.is_down.set(false);
        door.pass(30);
        // Who was let through without a look at the chain has to prove that it was for this.
        let status = pay(&door, &event, &payment).status;
        assert_eq!(status, if is_endpoint_up { 409 } else { 401 });
        assert_eq!(door.int("SELECT count(*) FROM rsvps"), 0);
        assert_eq!(door.int("SELECT count(*) FROM ledger WHERE entry = 'settled'"), 0);
        is_clean(&door);
    }
}

#[test]
fn a_node_that_lags_proves_nothing_of_the_blocks_that_it_does_not_have() {
    let door = Door::open();
    let event = door.event(5);
    let payment = Wallet::new(1).pay(&offer(&door, &event), 1);
    let chain = &door.world.memory.chain;
    chain.is_down.set(true);
    door.world.memory.settles.borrow_mut().push_back(Settles::PaysSilently);
    assert_eq!(pay(&door, &event, &payment).status, 409);
    chain.is_down.set(false);
    chain.head.set(2_000);
    chain.settled_in.set(1_000);
    // The head comes from one node, and the next answer from one that is far behind.
    chain.lag.set(1_500);
    door.pass(60);
    assert_eq!(state(&door), "unknown");
    chain.lag.set(0);
    door.pass(300);
    // Nobody knows what was there before the payment came, so its payer has to prove it; it is not called failed.
    assert_eq!(pay(&door, &event, &payment).status, 401);
    assert_eq!(state(&door), "unknown");
    is_clean(&door);
}

#[test]
fn a_paid_seat_is_delivered_though_the_blocks_of_its_chain_have_past_times() {
    for does in [Settles::PaysSilently, Settles::Hangs] {
        let is_paid = matches!(does, Settles::PaysSilently);
        let door = Door::open();
        let event = door.event(5);
        let payment = Wallet::new(1).pay(&offer(&door, &event), 1);
        door.world.memory.chain.behind.set(7_200);
        door.world.memory.settles.borrow_mut().push_back(does);
        assert_eq!(pay(&door, &event, &payment).status, 409);
        door.world.memory.settles.borrow_mut().extend((0..60).map(|_| Settles::Hangs));
        door.pass(600);
        // By the chain's clock it can still be used, whatever ours says.
        assert_eq!(state(&door), if is_paid { "delivered" } else { "unknown" });
        door.world.memory.chain.behind.set(0);
        door.pass(400);
        assert_eq!(state(&door), if is_paid { "delivered" } else { "failed" });
        is_clean(&door);
    }
}
