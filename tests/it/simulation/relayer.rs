//! Our own facilitator as hosts see it: it never says anything that is not so and gives each authorization one
//! transaction, but it takes its time, and its answers get lost.

use std::collections::BTreeMap;
use std::rc::Rc;

use events_concierge::ports::{HttpError, Purpose, RelayerOrder};
use serde_json::{Value, json};

use super::chain::{Authorization, Chain, authorization_of, short};
use super::endpoint::{Answer, ok};
use super::engine::{Sim, Slot};
use super::facilitator::refusal;
use super::settings::NETWORKS;
use super::unkind::Unkind;

/// How long a request waits for a block before it is answered "pending", milliseconds.
const PATIENCE: i64 = 30_000;

/// The settlement of an authorization, for its first requester.
#[derive(Clone, Debug)]
struct Settlement {
    claimant: String,
    hash: String,
    /// When the block comes in which the transaction is, or is refused.
    block: i64,
}

#[derive(Default)]
pub(crate) struct Relayer(BTreeMap<String, Settlement>);

/// A host asks for a settlement.
pub(crate) fn arrive(sim: &Rc<Sim>, network: &str, order: RelayerOrder, slot: Rc<Slot<Answer>>) {
    assert!(NETWORKS.contains(&network), "{network}");
    let is_late = sim.is(Unkind::LateAnswers) && sim.fault(250);
    let queued = if is_late { sim.rng.range(10_000, 200_000) } else { sim.rng.range(50, 2_000) };
    sim.after(queued, move |sim| judge(sim, order, slot));
}

fn judge(sim: &Rc<Sim>, order: RelayerOrder, slot: Rc<Slot<Answer>>) {
    let authorization = authorization_of(&order.payment);
    let nonce = authorization.nonce.clone();
    let known = sim.relayer.borrow().0.get(&nonce).cloned();
    let now = sim.now.get();
    let is_there = sim.chain.borrow().is_used(&nonce);
    match known {
        Some(known) if known.claimant != order.claimant => {
            return answer(sim, slot, &refused("invalid_exact_evm_nonce_already_used"));
        }
        // A chain that has dropped the block gets the same transaction again.
        Some(known) if known.block > now || is_there => {
            return wait(sim, authorization, &known, slot);
        }
        Some(_) | None if order.purpose == Purpose::Look => {
            return answer(sim, slot, &refused("invalid_exact_evm_nonce_already_used"));
        }
        Some(_) | None => {}
    }
    if sim.fault(60) {
        return answer(sim, slot, &refused("rpc_unavailable"));
    }
    let signature = order.payment["payload"]["signature"].as_str().unwrap();
    let is_bad = signature.starts_with("0x02").then_some("invalid_exact_evm_signature");
    if let Some(reason) = is_bad.or_else(|| refusal(sim, &authorization)) {
        sim.tell(|| format!("relayer refuses {}: {reason}", short(&nonce)));
        return answer(sim, slot, &refused(reason));
    }
    let lies = signature.starts_with("0x03");
    let hash =
        known.map_or_else(|| format!("0x{:016x}{}", sim.fresh(), &nonce[18..]), |it| it.hash);
    let millis =
        if sim.fault(100) { sim.rng.range(6_000, 90_000) } else { sim.rng.range(100, 5_000) };
    let block = sim.chain.borrow().block_after(sim, authorization.net, millis);
    sim.tell(|| format!("relayer sends {} in {}", short(&nonce), short(&hash)));
    if !lies {
        Chain::send(sim, &authorization, &hash, block);
    }
    let settlement = Settlement { claimant: order.claimant, hash, block };
    sim.relayer.borrow_mut().0.insert(nonce, settlement.clone());
    wait(sim, authorization, &settlement, slot);
}

/// Says what the block has come to, or after a while that there is none yet.
fn wait(sim: &Rc<Sim>, authorization: Authorization, known: &Settlement, slot: Rc<Slot<Answer>>) {
    let hash = known.hash.clone();
    let wait = (known.block - sim.now.get()).max(0) + 1;
    if wait > PATIENCE {
        let pending =
            json!({"success": false, "errorReason": "settlement_pending", "transaction": hash});
        return sim.after(PATIENCE, move |sim| answer(sim, slot, &pending));
    }
    sim.after(wait, move |sim| {
        let Authorization { nonce, from, .. } = &authorization;
        let (is_used, was_used, is_ours) = {
            let chain = sim.chain.borrow();
            (chain.is_used(nonce), chain.was_used(nonce), !chain.is_elsewhere(nonce))
        };
        let said = match (is_used, is_ours) {
            (true, true) => {
                sim.chain.borrow_mut().said_paid.insert(nonce.clone());
                json!({"success": true, "transaction": hash, "payer": from})
            }
            // Another sender was faster, or the chain has dropped the block.
            (true, false) | (false, _) if was_used => {
                json!({"success": false, "errorReason": "settlement_pending", "transaction": hash})
            }
            (true, false) | (false, _) => refused("invalid_exact_evm_transaction_failed"),
        };
        answer(sim, slot, &said);
    });
}

fn refused(reason: &str) -> Value {
    json!({"success": false, "errorReason": reason, "transaction": ""})
}

/// The answer goes back: now and then minutes later, or never.
fn answer(sim: &Rc<Sim>, slot: Rc<Slot<Answer>>, said: &Value) {
    let is_late = sim.is(Unkind::LateAnswers);
    if is_late && sim.fault(60) {
        return;
    }
    let reset = || Err(HttpError::Connection("the object was reset".to_owned()));
    let said = if sim.fault(40) { reset() } else { ok(said) };
    let is_late = is_late && sim.fault(250);
    let millis = if is_late { sim.rng.range(30_000, 300_000) } else { sim.latency() };
    sim.after(millis, move |sim| slot.fill(sim, said));
}
