//! Attacks on who pays for gas: what a payer causes is that payer's trouble, and nobody else's.

use serde_json::{Value, json};

use crate::support::{Server, Settles, Wallet, block_on, json_of};

fn rsvp(event: &str) -> Value {
    json!({ "eventId": event })
}

fn buys(server: &Server, event: &str, wallet: &Wallet, nonce: u8) -> (u16, Value) {
    let reply = block_on(server.tool("rsvpToEvent", &rsvp(event), None));
    assert_eq!(reply.status, 402, "the server is closed: {}", reply.body);
    let offer = server.challenge("rsvpToEvent", &rsvp(event))["accepts"][0].clone();
    let payment = wallet.pay(&offer, nonce);
    let reply = block_on(server.tool("rsvpToEvent", &rsvp(event), Some(&payment)));
    (reply.status, json_of(&reply))
}

fn says(server: &Server, status: u16, answer: &Value) {
    server.world.memory.relayer_says.borrow_mut().push_back((status, answer.clone()));
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
        let server = Server::open();
        for attack in 1..=6 {
            let event = server.event(1);
            server.world.memory.settles.borrow_mut().push_back(Settles::Refuses(reason));
            let (status, _) = buys(&server, &event, &Wallet::new(attack), attack);
            assert!(matches!(status, 402 | 409), "{reason}: {status}");
        }
        let (status, ticket) = buys(&server, &server.event(1), &Wallet::new(99), 99);
        assert_eq!(status, 200, "an honest buyer of another event, after {reason}: {ticket}");
    }
}

#[test]
fn a_reverted_transaction_is_a_refusal_and_its_seat_is_free_at_once() {
    let server = Server::settling_itself();
    let event = server.event(1);
    let reverted = json!({"success": false, "errorReason": "invalid_exact_evm_transaction_failed", "transaction": ""});
    for attack in 1..=4 {
        says(&server, 200, &reverted);
        let (status, body) = buys(&server, &event, &Wallet::new(attack), attack);
        assert_eq!((status, &body["error"]), (402, &reverted["errorReason"]), "{body}");
        assert_eq!(
            server.int("SELECT count(*) FROM payments WHERE state = 'refused'"),
            i64::from(attack)
        );
    }
    says(&server, 200, &paid());
    let (status, ticket) = buys(&server, &event, &Wallet::new(9), 9);
    assert_eq!(status, 200, "the only seat is free at once: {ticket}");
}

#[test]
fn a_transaction_that_reverts_after_its_caller_has_waited_frees_the_seat_too() {
    let server = Server::settling_itself();
    let event = server.event(1);
    let hash = format!("0x{}", "cd".repeat(32));
    says(
        &server,
        200,
        &json!({"success": false, "errorReason": "settlement_pending", "transaction": hash}),
    );
    assert_eq!(buys(&server, &event, &Wallet::new(1), 1).0, 409);
    says(
        &server,
        200,
        &json!({"success": false, "errorReason": "invalid_exact_evm_transaction_failed", "transaction": ""}),
    );
    server.pass(10);
    assert_eq!(server.text("SELECT state FROM payments"), "refused", "the alarm has heard of it");
    says(&server, 200, &paid());
    assert_eq!(buys(&server, &event, &Wallet::new(2), 2).0, 200);
}

#[test]
fn a_probe_that_comes_to_nothing_before_the_facilitator_is_asked_keeps_nobody_waiting() {
    let server = Server::open();
    let events: Vec<String> = (0..5).map(|_| server.event(1)).collect();
    for (wallet, event) in (1..=3).zip(&events) {
        server.world.memory.settles.borrow_mut().push_back(Settles::Hangs);
        buys(&server, event, &Wallet::new(wallet), wallet);
    }
    server.world.memory.now.set(server.world.memory.now.get() + 16);
    // Its signature is no key's, and the facilitator does not vouch for it.
    let offer = server.challenge("rsvpToEvent", &rsvp(&events[3]))["accepts"][0].clone();
    let mut payment = Wallet::new(7).pay(&offer, 7);
    payment["payload"]["signature"] = json!("0x0011");
    server.world.memory.verify_refuses.set(true);
    assert_eq!(block_on(server.tool("rsvpToEvent", &rsvp(&events[3]), Some(&payment))).status, 402);
    assert_eq!(buys(&server, &events[4], &Wallet::new(8), 8).0, 200, "the next one is the probe");
}
