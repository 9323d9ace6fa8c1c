//! Attacks on who pays for gas: what a payer causes is that payer's trouble, and nobody else's.

use serde_json::{Value, json};

use crate::support::{Door, Settles, Wallet, block_on, json_of};

fn rsvp(event: &str) -> Value {
    json!({ "eventId": event })
}

fn buys(door: &Door, event: &str, wallet: &Wallet, nonce: u8) -> (u16, Value) {
    let reply = block_on(door.tool("rsvpToEvent", &rsvp(event), None));
    assert_eq!(reply.status, 402, "the server is closed: {}", reply.body);
    let offer = door.challenge("rsvpToEvent", &rsvp(event))["accepts"][0].clone();
    let payment = wallet.pay(&offer, nonce);
    let reply = block_on(door.tool("rsvpToEvent", &rsvp(event), Some(&payment)));
    (reply.status, json_of(&reply))
}

fn says(door: &Door, status: u16, answer: &Value) {
    door.world.memory.relayer_says.borrow_mut().push_back((status, answer.clone()));
}

fn paid() -> Value {
    json!({"success": true, "transaction": format!("0x{}", "ab".repeat(32)), "network": "eip155:84532"})
}

#[test]
fn whatever_a_payer_makes_a_facilitator_say_closes_the_server_to_nobody() {
    for reason in [
        "unexpected_settle_error",
        "settlement_pending",
        "invalid_exact_evm_transaction_failed",
        "invalid_exact_evm_signature",
    ] {
        let door = Door::open();
        for attack in 1..=6 {
            let event = door.event(1);
            door.world.memory.settles.borrow_mut().push_back(Settles::Refuses(reason));
            let (status, _) = buys(&door, &event, &Wallet::new(attack), attack);
            assert!(matches!(status, 402 | 409), "{reason}: {status}");
        }
        let (status, ticket) = buys(&door, &door.event(1), &Wallet::new(99), 99);
        assert_eq!(status, 200, "an honest buyer of another event, after {reason}: {ticket}");
    }
}

#[test]
fn a_reverted_transaction_is_a_refusal_and_its_seat_is_free_at_once() {
    let door = Door::settling_itself();
    let event = door.event(1);
    let reverted = json!({"success": false, "errorReason": "invalid_exact_evm_transaction_failed", "transaction": ""});
    for attack in 1..=4 {
        says(&door, 200, &reverted);
        let (status, body) = buys(&door, &event, &Wallet::new(attack), attack);
        assert_eq!((status, &body["error"]), (402, &reverted["errorReason"]), "{body}");
        assert_eq!(
            door.int("SELECT count(*) FROM payments WHERE state = 'refused'"),
            i64::from(attack)
        );
    }
    says(&door, 200, &paid());
    let (status, ticket) = buys(&door, &event, &Wallet::new(9), 9);
    assert_eq!(status, 200, "the only seat is free at once: {ticket}");
}

#[test]
fn a_transaction_that_reverts_after_its_caller_has_waited_frees_the_seat_too() {
    let door = Door::settling_itself();
    let event = door.event(1);
    let hash = format!("0x{}", "cd".repeat(32));
    says(
        &door,
        200,
        &json!({"success": false, "errorReason": "settlement_pending", "transaction": hash}),
    );
    assert_eq!(buys(&door, &event, &Wallet::new(1), 1).0, 409);
    says(
        &door,
        200,
        &json!({"success": false, "errorReason": "invalid_exact_evm_transaction_failed", "transaction": ""}),
    );
    door.pass(10);
    assert_eq!(door.text("SELECT state FROM payments"), "refused", "the alarm has heard of it");
    says(&door, 200, &paid());
    assert_eq!(buys(&door, &event, &Wallet::new(2), 2).0, 200);
}

#[test]
fn a_probe_that_comes_to_nothing_before_the_facilitator_is_asked_keeps_nobody_waiting() {
    let door = Door::open();
    let events: Vec<String> = (0..5).map(|_| door.event(1)).collect();
    for (wallet, event) in (1..=3).zip(&events) {
        door.world.memory.settles.borrow_mut().push_back(Settles::Hangs);
        buys(&door, event, &Wallet::new(wallet), wallet);
    }
    door.world.memory.now.set(door.world.memory.now.get() + 16);
    // Its signature is no key's, and the facilitator does not vouch for it.
    let offer = door.challenge("rsvpToEvent", &rsvp(&events[3]))["accepts"][0].clone();
    let mut payment = Wallet::new(7).pay(&offer, 7);
    payment["payload"]["signature"] = json!("0x0011");
    door.world.memory.verify_refuses.set(true);
    assert_eq!(block_on(door.tool("rsvpToEvent", &rsvp(&events[3]), Some(&payment))).status, 402);
    assert_eq!(buys(&door, &events[4], &Wallet::new(8), 8).0, 200, "the next one is the probe");
}
