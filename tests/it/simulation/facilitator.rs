//! An external facilitator, which may send malformed answers, be slow, or be wrong.

use std::rc::Rc;

use serde_json::{Value, json};

use super::chain::{Authorization, Chain, authorization_of, short};
use super::endpoint::{Answer, nonsense, ok, send_back};
use super::engine::{Sim, Slot};
use super::unkind::Unkind;

/// A request reaches it.
pub(crate) fn arrive(sim: &Rc<Sim>, url: &str, body: &Value, slot: Rc<Slot<Answer>>) {
    if sim.facilitator_down_until.get() > sim.now.get() {
        // It takes the connection and says nothing.
        return;
    }
    if url.ends_with("/verify") {
        return send_back(sim, slot, verify(sim, body));
    }
    // What waits in a queue may be carried out long after its caller has given up.
    let is_late = sim.is(Unkind::LateAnswers) && sim.fault(100);
    let body = body.clone();
    let queued = if is_late { sim.rng.range(10_000, 200_000) } else { 0 };
    sim.after(queued, move |sim| settle(sim, &body, slot));
}

fn verify(sim: &Sim, body: &Value) -> Answer {
    if sim.fault(60) {
        return nonsense(sim);
    }
    // The signatures of contract wallets here begin with 1 if they are good.
    let signature = body["paymentPayload"]["payload"]["signature"].as_str().unwrap();
    let from = &body["paymentPayload"]["payload"]["authorization"]["from"];
    ok(&match signature.starts_with("0x01") || signature.starts_with("0x03") {
        true => json!({"isValid": true, "payer": from}),
        false => {
            json!({"isValid": false, "invalidReason": "invalid_exact_evm_signature", "payer": from})
        }
    })
}

fn settle(sim: &Rc<Sim>, body: &Value, slot: Rc<Slot<Answer>>) {
    let authorization = authorization_of(&body["paymentPayload"]);
    let nonce = authorization.nonce.clone();
    if sim.fault(60) {
        sim.tell(|| format!("facilitator talks nonsense about {}", short(&nonce)));
        return send_back(sim, slot, nonsense(sim));
    }
    // One that says yes when it is asked, and no when it is to pay.
    let signature = body["paymentPayload"]["payload"]["signature"].as_str().unwrap();
    let lies = signature.starts_with("0x03") || signature.starts_with("0x02");
    let refused = lies.then_some("invalid_exact_evm_transaction_simulation_failed");
    if let Some(reason) = refused.or_else(|| refusal(sim, &authorization)) {
        sim.tell(|| format!("facilitator refuses {}: {reason}", short(&nonce)));
        let answer = json!({"success": false, "errorReason": reason, "transaction": ""});
        return send_back(sim, slot, ok(&answer));
    }
    let hash = format!("0x{:016x}{}", sim.fresh(), &nonce[18..]);
    let millis =
        if sim.fault(60) { sim.rng.range(6_000, 90_000) } else { sim.rng.range(100, 5_000) };
    let block = sim.chain.borrow().block_after(sim, authorization.net, millis);
    let is_lost = sim.fault(20);
    sim.tell(|| format!("facilitator sends {} in {}", short(&nonce), short(&hash)));
    if is_lost {
        sim.chain.borrow_mut().in_flight.insert(nonce.clone());
        let nonce = nonce.clone();
        sim.after(millis, move |sim| {
            sim.chain.borrow_mut().in_flight.remove(&nonce);
        });
    } else {
        Chain::send(sim, &authorization, &hash, block);
    }
    let block = block - sim.now.get();
    let (after, answer) = said_of(sim, &authorization, &hash, block, is_lost);
    let late = sim.is(Unkind::LateAnswers) && sim.fault(150);
    let after = if late { after + sim.rng.range(30_000, 300_000) } else { after };
    // It answers after the block; what it says then was decided when it was asked.
    sim.after(after, move |sim| {
        let is_used = sim.chain.borrow().is_used(&nonce);
        let failed = json!({"success": false, "errorReason": "invalid_exact_evm_transaction_failed", "transaction": hash});
        let honest = answer["success"] != true || is_used || answer["early"] == true;
        let answer = if honest { answer } else { failed };
        if answer["success"] == true {
            sim.chain.borrow_mut().said_paid.insert(nonce);
        }
        send_back(sim, slot, ok(&answer));
    });
}

/// When the facilitator answers, and what.
fn said_of(
    sim: &Sim,
    authorization: &Authorization,
    hash: &str,
    block: i64,
    is_lost: bool,
) -> (i64, Value) {
    let yes = json!({"success": true, "transaction": hash, "payer": authorization.from});
    let pending = |hash: &str| json!({"success": false, "errorReason": "settlement_pending", "transaction": hash});
    if block > 25_000 || is_lost {
        return (25_000, pending(hash));
    }
    match sim.rng.below(1000) {
        _ if !sim.chaos.get() => (block, yes),
        0..40 => (block, json!({"success": true, "transaction": "", "payer": authorization.from})),
        40..80 => (
            block,
            json!({"success": true, "transaction": hash, "payer": "0x0000000000000000000000000000000000000001"}),
        ),
        80..120 => (
            block,
            json!({"success": false, "errorReason": "unexpected_settle_error", "transaction": ""}),
        ),
        120..160 => (0, pending("")),
        // It says yes before there is a block, and so may be wrong.
        160..200 => (
            0,
            json!({"success": true, "transaction": hash, "payer": authorization.from, "early": true}),
        ),
        _ => (block, yes),
    }
}

/// Why it does not send a payment, if it does not.
pub(crate) fn refusal(sim: &Sim, authorization: &Authorization) -> Option<&'static str> {
    if sim.refuses_until.get() > sim.now.get() {
        return Some("insufficient_funds");
    }
    let chain = sim.chain.borrow();
    if chain.is_used(&authorization.nonce) {
        return Some(match sim.rng.chance(500) {
            true => "invalid_exact_evm_nonce_already_used",
            false => {
                "The contract function reverted: FiatTokenV2: authorization is used or canceled"
            }
        });
    }
    if sim.now.get() + 6_000 >= authorization.valid_before * 1000 {
        return Some("invalid_exact_evm_payload_authorization_valid_before");
    }
    if chain.balance(authorization.net, &authorization.from) < authorization.value {
        return Some("insufficient_funds");
    }
    // The reference facilitator simulates at the newest block, and so may fail here.
    chain
        .in_flight
        .contains(&authorization.nonce)
        .then_some("invalid_exact_evm_transaction_simulation_failed")
}
