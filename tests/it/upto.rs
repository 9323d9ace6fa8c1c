//! Payments that allow an amount of which only the price is taken (x402 scheme `upto`): for a call that takes as many seats
//! as are left.

use std::cell::Cell;

use alloy_primitives::{Address, U256, hex};
use events_concierge::chain::permit2::settlement;
use events_concierge::chain::signature::Given;
use events_concierge::ledger::audit::audit;
use events_concierge::rails::x402::wire::{Means, PaymentPayload};
use serde_json::{Value, json};

use crate::support::{Server, Wallet, block_on, json_of, rsvp};

const HASH: &str = "0xcccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";

fn up_to(event: &str, seats: u32) -> Value {
    json!({"eventId": event, "seats": seats, "seatsAtLeast": 1})
}

fn says(server: &Server, answer: &Value) {
    server.world.memory.relayer_says.borrow_mut().push_back((200, answer.clone()));
}

thread_local! {
    static SETTLED: Cell<u64> = const { Cell::new(0) };
}

/// Each settlement has a transaction of its own.
fn settled() -> Value {
    SETTLED.set(SETTLED.get() + 1);
    let transaction = format!("0x{:064x}", SETTLED.get());
    json!({"success": true, "transaction": transaction, "network": "eip155:84532"})
}

fn refused(reason: &str) -> Value {
    json!({"success": false, "errorReason": reason, "transaction": ""})
}

/// The entry of a challenge for this scheme.
fn offer(challenge: &Value) -> Value {
    let accepts = challenge["accepts"].as_array().unwrap();
    accepts.iter().find(|one| one["scheme"] == "upto").unwrap().clone()
}

fn allow(server: &Server, arguments: &Value, wallet: u8) -> Value {
    let offer = offer(&server.challenge("rsvpToEvent", arguments));
    Wallet::new(wallet).allow_with(&offer, wallet, |_, _| {})
}

fn call(server: &Server, arguments: &Value, payment: &Value) -> (u16, Value) {
    let reply = block_on(server.tool("rsvpToEvent", arguments, Some(payment)));
    (reply.status, json_of(&reply))
}

/// An event of so many seats, of which `taken` are sold to a wallet that has paid before.
fn event(server: &Server, capacity: u32, taken: u32) -> String {
    known(server, 99);
    let event = server.event(capacity);
    if taken > 0 {
        let arguments = json!({"eventId": event, "seats": taken});
        let offer = server.challenge("rsvpToEvent", &arguments)["accepts"][0].clone();
        says(server, &settled());
        let (status, body) = call(server, &arguments, &Wallet::new(99).pay(&offer, 98));
        assert_eq!(status, 200, "{body}");
    }
    event
}

/// A wallet that has paid this host before.
fn known(server: &Server, wallet: u8) {
    let event = server.event(0);
    let offer = server.challenge("rsvpToEvent", &rsvp(&event))["accepts"][0].clone();
    says(server, &settled());
    let (status, body) = call(server, &rsvp(&event), &Wallet::new(wallet).pay(&offer, 200));
    assert_eq!(status, 200, "{body}");
}

fn checked(server: &Server) {
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

fn rows(server: &Server) -> i64 {
    server.int("SELECT count(*) FROM payments WHERE nonce LIKE 'permit2:%'")
}

#[test]
fn a_call_that_takes_what_is_left_is_offered_both_schemes() {
    let server = Server::settling_itself();
    let event = event(&server, 10, 7);
    let challenge = server.challenge("rsvpToEvent", &up_to(&event, 5));
    let [exact, upto] = &challenge["accepts"].as_array().unwrap()[..] else {
        panic!("{challenge}")
    };
    assert_eq!((&exact["scheme"], &exact["amount"]), (&json!("exact"), &json!("150000")));
    assert_eq!((&upto["scheme"], &upto["amount"]), (&json!("upto"), &json!("250000")));
    assert_eq!(upto["extra"]["assetTransferMethod"], "permit2");
    let description = challenge["resource"]["description"].as_str().unwrap();
    assert!(description.contains(", 3 seats now (1 to 5 when you pay), "), "{description}");
    // All or none, as before.
    let whole = server.challenge("rsvpToEvent", &rsvp(&event));
    assert_eq!(whole["accepts"].as_array().unwrap().len(), 1);
}

#[test]
fn a_remote_facilitator_is_never_offered_a_maximum() {
    let server = Server::open();
    let event = server.event(10);
    let challenge = server.challenge("rsvpToEvent", &up_to(&event, 5));
    let accepts = challenge["accepts"].as_array().unwrap();
    assert!(accepts.iter().all(|one| one["scheme"] == "exact"), "{challenge}");
}

#[test]
fn only_the_seats_that_are_left_are_paid_and_sold() {
    let server = Server::settling_itself();
    let event = event(&server, 10, 5);
    let arguments = up_to(&event, 5);
    let payment = allow(&server, &arguments, 1);
    // Three of the five are sold before the payment comes.
    let others = json!({"eventId": event, "seats": 3});
    let exact = server.challenge("rsvpToEvent", &others)["accepts"][0].clone();
    known(&server, 7);
    says(&server, &settled());
    assert_eq!(call(&server, &others, &Wallet::new(7).pay(&exact, 7)).0, 200);
    says(&server, &settled());
    let (status, body) = call(&server, &arguments, &payment);
    assert_eq!(status, 200, "{body}");
    assert_eq!((&body["seats"], &body["event"]["seatsLeft"]), (&json!(2), &json!(0)));
    assert_eq!(server.world.memory.relayer_takes.borrow()["amount"], "100000");
    assert_eq!(server.int("SELECT amount FROM payments WHERE nonce LIKE 'permit2:%'"), 100_000);
    checked(&server);
    // The same payment shows the same tickets, and no seat is sold with it again.
    assert_eq!(call(&server, &arguments, &payment).1["tickets"], body["tickets"]);
    assert_eq!(server.int("SELECT count(*) FROM rsvps WHERE event_id IS NOT NULL"), 12);
}

#[test]
fn a_wallet_that_is_new_to_the_host_gets_as_many_as_it_may_have() {
    let server = Server::settling_itself();
    let event = server.event(4);
    let arguments = up_to(&event, 4);
    says(&server, &settled());
    let (status, body) = call(&server, &arguments, &allow(&server, &arguments, 1));
    assert_eq!((status, &body["seats"]), (200, &json!(2)), "half of the event: {body}");
    assert_eq!(server.world.memory.relayer_takes.borrow()["amount"], "100000");
    checked(&server);
}

#[test]
fn an_exact_payment_buys_the_seats_that_its_payer_was_told_of() {
    let server = Server::settling_itself();
    let event = event(&server, 10, 6);
    let arguments = up_to(&event, 5);
    let four = server.challenge("rsvpToEvent", &arguments)["accepts"][0].clone();
    let payment = Wallet::new(99).pay(&four, 3);
    let other = up_to(&event, 3);
    let three = server.challenge("rsvpToEvent", &other)["accepts"][0].clone();
    says(&server, &settled());
    assert_eq!(call(&server, &other, &Wallet::new(5).pay(&three, 5)).0, 200);
    // One is left: four seats cannot be sold, and one was not asked for.
    let (status, body) = call(&server, &arguments, &payment);
    assert_eq!(status, 402, "{body}");
    assert_eq!(body["accepts"][0]["maxAmountRequired"], "50000");
    checked(&server);
}

#[test]
fn a_permit_that_is_not_as_asked_is_refused_by_name_and_writes_nothing() {
    let server = Server::settling_itself();
    let event = event(&server, 10, 0);
    let arguments = up_to(&event, 5);
    let asked = offer(&server.challenge("rsvpToEvent", &arguments));
    let stranger = Address::repeat_byte(0x66);
    let wallet = Wallet::new(1);
    let forged = [
        (
            "invalid_exact_evm_payload_recipient_mismatch",
            wallet.allow_with(&asked, 1, |allowed, _| allowed.to = stranger),
        ),
        (
            "upto_facilitator_mismatch",
            wallet.allow_with(&asked, 1, |_, permit| permit.facilitator = stranger),
        ),
        (
            "invalid_permit2_spender",
            wallet.allow_with(&asked, 1, |_, permit| permit.spender = stranger),
        ),
        (
            "permit2_token_mismatch",
            wallet.allow_with(&asked, 1, |_, permit| permit.token = stranger),
        ),
        (
            "invalid_exact_evm_payload_authorization_value_mismatch",
            wallet.allow_with(&asked, 1, |_, permit| permit.max -= U256::from(1)),
        ),
        (
            "invalid_exact_evm_payload_authorization_valid_before",
            wallet.allow_with(&asked, 1, |allowed, _| allowed.valid_before = U256::from(1)),
        ),
        (
            "invalid_exact_evm_payload_authorization_valid_before",
            wallet.allow_with(&asked, 1, |allowed, _| allowed.valid_before += U256::from(9_999)),
        ),
        (
            "invalid_exact_evm_payload_authorization_valid_after",
            wallet.allow_with(&asked, 1, |allowed, _| allowed.valid_after = allowed.valid_before),
        ),
    ];
    for (reason, payment) in forged {
        let (status, body) = call(&server, &arguments, &payment);
        assert_eq!(status, 402, "{reason}: {body}");
        assert!(body["error"].as_str().unwrap().starts_with(reason), "{reason}: {body}");
    }
    let mut cheaper = allow(&server, &arguments, 1);
    cheaper["accepted"]["amount"] = json!("50000");
    assert_eq!(call(&server, &arguments, &cheaper).1["error"], "invalid_payment_requirements");
    // A permit for another facilitator's deployment.
    let mut other = allow(&server, &arguments, 1);
    other["accepted"]["extra"]["facilitatorAddress"] = json!(stranger);
    assert_eq!(call(&server, &arguments, &other).1["error"], "invalid_payment_requirements");
    assert_eq!(rows(&server), 0);
    // A call that wants all or none has no such offer.
    let (status, body) = call(&server, &rsvp(&event), &allow(&server, &arguments, 1));
    assert_eq!((status, &body["error"]), (402, &json!("invalid_payment_requirements")));
}

#[test]
fn a_payer_who_has_not_approved_permit2_is_told_so_before_anything_is_held() {
    let server = Server::settling_itself();
    let event = event(&server, 10, 0);
    server.world.memory.chain.allowance.set(Some(249_999));
    let arguments = up_to(&event, 5);
    let (status, body) = call(&server, &arguments, &allow(&server, &arguments, 1));
    assert_eq!((status, &body["error"]), (402, &json!("permit2_allowance_required")));
    assert_eq!(rows(&server), 0);
    server.world.memory.chain.is_down.set(true);
    let (status, body) = call(&server, &arguments, &allow(&server, &arguments, 1));
    assert_eq!(status, 503, "without the chain nobody knows: {body}");
    assert_eq!(rows(&server), 0);
}

#[test]
fn a_permit_that_its_payer_has_made_void_frees_its_seats_at_once() {
    let server = Server::settling_itself();
    let event = event(&server, 4, 0);
    for attack in 1..=4 {
        let arguments = up_to(&event, 2);
        let payment = allow(&server, &arguments, attack);
        says(&server, &refused("permit2_invalid_nonce"));
        let (status, body) = call(&server, &arguments, &payment);
        assert_eq!((status, &body["error"]), (402, &json!("permit2_invalid_nonce")), "{body}");
        assert_eq!(
            server.int("SELECT count(*) FROM payments WHERE state = 'refused'"),
            i64::from(attack)
        );
    }
    says(&server, &settled());
    let arguments = up_to(&event, 2);
    assert_eq!(call(&server, &arguments, &allow(&server, &arguments, 9)).0, 200);
    checked(&server);
}

#[test]
fn an_unknown_outcome_is_found_out_at_our_own_facilitator() {
    for (answer, state, seats) in
        [(settled(), "delivered", 2), (refused("permit2_invalid_nonce"), "refused", 0)]
    {
        let server = Server::settling_itself();
        let event = event(&server, 4, 0);
        let arguments = up_to(&event, 2);
        let payment = allow(&server, &arguments, 1);
        // No answer comes.
        let (status, body) = call(&server, &arguments, &payment);
        assert_eq!(status, 409, "{body}");
        server.world.memory.chain.permits_are_used.set(true);
        says(&server, &answer);
        server.pass(30);
        let row = "SELECT state FROM payments WHERE nonce LIKE 'permit2:%'";
        assert_eq!(server.text(row), state);
        let sold = format!("SELECT count(*) FROM rsvps WHERE event_id = '{event}'");
        assert_eq!(server.int(&sold), seats);
        checked(&server);
    }
}

#[test]
fn a_permit_whose_settlement_was_dropped_and_that_is_void_since_is_revoked() {
    for (answer, seats) in [(refused("permit2_invalid_nonce"), 0), (refused("rpc_unavailable"), 2)]
    {
        let server = Server::settling_itself();
        let event = event(&server, 4, 0);
        let arguments = up_to(&event, 2);
        says(&server, &settled());
        assert_eq!(call(&server, &arguments, &allow(&server, &arguments, 1)).0, 200);
        // The chain has dropped the block, and the payer has used the nonce for something else.
        server.world.memory.chain.permits_are_used.set(true);
        (0..5).for_each(|_| says(&server, &answer));
        server.pass(60);
        let sold = format!("SELECT count(*) FROM rsvps WHERE event_id = '{event}'");
        assert_eq!(server.int(&sold), seats);
        checked(&server);
    }
}

#[test]
fn the_transaction_of_another_permit_proves_nothing() {
    let server = Server::settling_itself();
    let event = event(&server, 8, 0);
    let arguments = up_to(&event, 2);
    let payment = allow(&server, &arguments, 1);
    assert_eq!(call(&server, &arguments, &payment).0, 409, "no answer comes");
    let chain = &server.world.memory.chain;
    chain.permits_are_used.set(true);
    // The same payer has paid the same host the same amount, with another nonce.
    let other = Wallet::new(1).allow_with(&payment["accepted"], 2, |_, _| {});
    let sold = |payment: &Value| {
        let read = PaymentPayload::read(payment.clone()).unwrap();
        let Means::Evm { authorization, permit: Some(permit), signature, .. } = read.means else {
            panic!("no permit")
        };
        let taken = events_concierge::chain::eip3009::Authorization {
            value: U256::from(100_000),
            ..authorization
        };
        let given = Given { wrapper: None, signature };
        let data = hex::encode_prefixed(settlement(&taken, &permit, &given));
        (taken.from.to_string(), taken.to.to_string(), 100_000, data)
    };
    chain.upto.borrow_mut().insert(HASH.to_owned(), sold(&other));
    let named = |server: &Server| {
        use base64::Engine;
        let header = base64::engine::general_purpose::STANDARD.encode(payment.to_string());
        let headers = [("payment-signature", header.as_str()), ("payment-transaction", HASH)];
        let reply = block_on(server.tool_with("rsvpToEvent", &arguments, &headers));
        (reply.status, json_of(&reply))
    };
    server.world.memory.now.set(server.world.memory.now.get() + 5);
    let (status, body) = named(&server);
    assert_ne!(status, 200, "{body}");
    assert_eq!(server.int("SELECT count(*) FROM rsvps WHERE payer = (SELECT payer FROM payments WHERE nonce LIKE 'permit2:%')"), 0);
    // Its own is.
    chain.upto.borrow_mut().insert(HASH.to_owned(), sold(&payment));
    server.world.memory.now.set(server.world.memory.now.get() + 90);
    let (status, body) = named(&server);
    assert_eq!((status, &body["seats"]), (200, &json!(2)), "{body}");
    checked(&server);
}

#[test]
fn a_nonce_of_permit2_and_one_of_the_token_are_two_payments() {
    let server = Server::settling_itself();
    let (one, two) = (event(&server, 0, 0), server.event(0));
    let exact = server.challenge("rsvpToEvent", &rsvp(&one))["accepts"][0].clone();
    says(&server, &settled());
    assert_eq!(call(&server, &rsvp(&one), &Wallet::new(5).pay(&exact, 5)).0, 200);
    says(&server, &settled());
    let arguments = up_to(&two, 2);
    let (status, body) = call(&server, &arguments, &allow(&server, &arguments, 5));
    assert_eq!(status, 200, "{body}");
    checked(&server);
}
