//! A chain, a facilitator and an RPC endpoint, all of which may misbehave as real ones do.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use events_concierge::ports::{HttpError, HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::engine::{Sim, Slot};

type Answer = Result<HttpResponse, HttpError>;

/// An authorization as the token contract sees it.
#[derive(Clone, Debug)]
pub(crate) struct Authorization {
    from: String,
    to: String,
    value: u64,
    /// Seconds.
    valid_before: i64,
    nonce: String,
}

/// A transfer in a block.
struct Mined {
    authorization: Authorization,
    hash: String,
    at: i64,
    /// When the chain dropped the block.
    dropped_at: Option<i64>,
}

#[derive(Default)]
pub(crate) struct Chain {
    mined: Vec<Mined>,
    /// Nonces in transactions that wait for a block.
    in_flight: BTreeSet<String>,
    /// What payers have spent beyond what they own.
    pub(crate) balances: BTreeMap<String, u64>,
}

/// How old a block that the chain drops may be, and how far a node may lag, milliseconds. Together
/// they are less than the time after which the host looks for its money.
const REORG_AGE: i64 = 10_000;
pub(super) const LAG: i64 = 15_000;

/// How hashes of transactions of other people begin.
const ELSEWHERE: &str = "0xee";

impl Chain {
    fn find(&self, nonce: &str, at: i64) -> Option<&Mined> {
        self.mined.iter().find(|mined| {
            mined.authorization.nonce == nonce
                && mined.at <= at
                && mined.dropped_at.is_none_or(|dropped| dropped > at)
        })
    }

    /// Whether the money of this authorization is on the chain.
    pub(crate) fn is_used(&self, nonce: &str) -> bool {
        self.find(nonce, i64::MAX).is_some()
    }

    /// Whether somebody else than our facilitator had it moved.
    pub(crate) fn is_elsewhere(&self, nonce: &str) -> bool {
        self.find(nonce, i64::MAX).is_some_and(|mined| mined.hash.starts_with(ELSEWHERE))
    }

    /// When it was moved, milliseconds.
    pub(crate) fn used_at(&self, nonce: &str) -> Option<i64> {
        self.find(nonce, i64::MAX).map(|mined| mined.at)
    }

    /// Somebody else has a payment moved, at once; whether that went well.
    pub(crate) fn spend(sim: &Rc<Sim>, payment: &Value) -> bool {
        let authorization = authorization_of(&json!({"paymentPayload": payment}));
        let signature = payment["payload"]["signature"].as_str().unwrap();
        // Of contracts only the honest one's signature is good for the token.
        let is_good = ["0x02", "0x03"].iter().all(|bad| !signature.starts_with(bad));
        let hash = format!("{ELSEWHERE}{:014x}{}", sim.fresh(), &authorization.nonce[18..]);
        let now = sim.now.get();
        let is_moved = is_good && sim.chain.borrow_mut().mine(&authorization, &hash, now);
        if is_moved {
            sim.tell(|| format!("somebody spends {}", short(&authorization.nonce)));
        }
        is_moved
    }

    /// What the chain has moved to `to`.
    pub(crate) fn received(&self, to: &str) -> u64 {
        let kept = self.mined.iter().filter(|mined| mined.dropped_at.is_none());
        kept.filter(|mined| mined.authorization.to == to).map(|m| m.authorization.value).sum()
    }

    fn balance(&self, of: &str) -> u64 {
        let spent = self.mined.iter().filter(|mined| mined.dropped_at.is_none());
        let spent: u64 =
            spent.filter(|m| m.authorization.from == of).map(|m| m.authorization.value).sum();
        self.balances.get(of).copied().unwrap_or(0).saturating_sub(spent)
    }

    fn mine(&mut self, authorization: &Authorization, hash: &str, at: i64) -> bool {
        self.in_flight.remove(&authorization.nonce);
        let good = self.find(&authorization.nonce, i64::MAX).is_none()
            && at < authorization.valid_before * 1000
            && self.balance(&authorization.from) >= authorization.value;
        if good {
            let hash = hash.to_owned();
            self.mined.push(Mined {
                authorization: authorization.clone(),
                hash,
                at,
                dropped_at: None,
            });
        }
        good
    }

    /// Drops the newest block, if it is young enough; the transaction may come back.
    pub(crate) fn reorg(sim: &Rc<Sim>) {
        let now = sim.now.get();
        let mut chain = sim.chain.borrow_mut();
        let Some(last) = chain.mined.iter_mut().rev().find(|m| m.dropped_at.is_none()) else {
            return;
        };
        if now - last.at > REORG_AGE {
            return;
        }
        last.dropped_at = Some(now);
        let (authorization, hash) = (last.authorization.clone(), last.hash.clone());
        sim.tell(|| format!("chain drops {}", short(&authorization.nonce)));
        if sim.rng.chance(500) {
            sim.after(sim.rng.range(500, 10_000), move |sim| {
                let now = sim.now.get();
                let back = sim.chain.borrow_mut().mine(&authorization, &hash, now);
                sim.tell(|| format!("chain has {} again: {back}", short(&authorization.nonce)));
            });
        }
    }
}

/// A request reaches its server.
pub(crate) fn arrive(sim: &Rc<Sim>, request: &HttpRequest, slot: Rc<Slot<Answer>>) {
    let body: Value = serde_json::from_str(request.body.as_deref().unwrap_or("null")).unwrap();
    if request.url.ends_with("/settle") {
        settle(sim, &body, slot);
    } else if request.url.ends_with("/verify") {
        let answer = verify(sim, &body);
        send_back(sim, 0, slot, answer);
    } else {
        let answer = rpc(sim, &body);
        send_back(sim, 0, slot, answer);
    }
}

/// The answer goes back, and may be lost.
fn send_back(sim: &Rc<Sim>, after: i64, slot: Rc<Slot<Answer>>, answer: Answer) {
    if sim.fault(40) {
        return;
    }
    let answer = if sim.fault(20) { Err(HttpError::Connection("cut".to_owned())) } else { answer };
    sim.after(after + sim.latency(), move |sim| slot.fill(sim, answer));
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
    let authorization = authorization_of(body);
    let nonce = authorization.nonce.clone();
    if sim.fault(60) {
        sim.tell(|| format!("facilitator talks nonsense about {}", short(&nonce)));
        return send_back(sim, 0, slot, nonsense(sim));
    }
    // One that says yes when it is asked, and no when it is to pay.
    let signature = body["paymentPayload"]["payload"]["signature"].as_str().unwrap();
    let lies = signature.starts_with("0x03") || signature.starts_with("0x02");
    let refused = lies.then_some("invalid_exact_evm_transaction_simulation_failed");
    if let Some(reason) = refused.or_else(|| refusal(sim, &authorization)) {
        sim.tell(|| format!("facilitator refuses {}: {reason}", short(&nonce)));
        let answer = json!({"success": false, "errorReason": reason, "transaction": ""});
        return send_back(sim, 0, slot, ok(&answer));
    }
    sim.chain.borrow_mut().in_flight.insert(nonce.clone());
    let hash = format!("0x{:016x}{}", sim.fresh(), &nonce[18..]);
    let block =
        if sim.fault(60) { sim.rng.range(6_000, 90_000) } else { sim.rng.range(100, 5_000) };
    let is_lost = sim.fault(20);
    sim.tell(|| format!("facilitator sends {} in {}", short(&nonce), short(&hash)));
    let sent = (authorization.clone(), hash.clone());
    sim.after(block, move |sim| {
        let (authorization, hash) = sent;
        let now = sim.now.get();
        let mut chain = sim.chain.borrow_mut();
        let mined = if is_lost {
            chain.in_flight.remove(&authorization.nonce);
            false
        } else {
            chain.mine(&authorization, &hash, now)
        };
        sim.tell(|| format!("chain {} {}", if mined { "moves" } else { "refuses" }, short(&hash)));
    });
    let (after, answer) = said_of(sim, &authorization, &hash, block, is_lost);
    // A facilitator answers after the block; what it says then was decided when it was asked.
    sim.after(after, move |sim| {
        let is_used = sim.chain.borrow().is_used(&nonce);
        let failed = json!({"success": false, "errorReason": "invalid_exact_evm_transaction_failed", "transaction": hash});
        let honest = answer["success"] != true || is_used || answer["early"] == true;
        send_back(sim, 0, slot, ok(if honest { &answer } else { &failed }));
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

fn refusal(sim: &Sim, authorization: &Authorization) -> Option<&'static str> {
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
    if chain.balance(&authorization.from) < authorization.value {
        return Some("insufficient_funds");
    }
    // The reference facilitator simulates at the newest block, and so may fail here.
    chain
        .in_flight
        .contains(&authorization.nonce)
        .then_some("invalid_exact_evm_transaction_simulation_failed")
}

/// An endpoint behind which every request may reach another node, which may lag; all questions of one
/// request reach the same.
fn rpc(sim: &Sim, body: &Value) -> Answer {
    if sim.fault(50) {
        return nonsense(sim);
    }
    let lag = if sim.fault(150) { sim.rng.range(0, LAG) } else { 0 };
    let at = sim.now.get() - lag;
    let answer = match body.as_array() {
        Some(asks) => asks.iter().map(|ask| answer_to(sim, ask, at)).collect(),
        None => answer_to(sim, body, at),
    };
    ok(&answer)
}

/// What a node says that has seen everything up to `at`. There is a block in every second.
fn answer_to(sim: &Sim, ask: &Value, at: i64) -> Value {
    let chain = sim.chain.borrow();
    let params = ask["params"].to_string();
    let visible = |mined: &&Mined| mined.at <= at && mined.dropped_at.is_none_or(|d| d > at);
    let mentioned = |mined: &&Mined| params.contains(&mined.authorization.nonce[2..]);
    let found = chain.mined.iter().filter(visible).find(mentioned);
    let block = |moment: i64| format!("{:#x}", moment / 1000);
    let result = match ask["method"].as_str().unwrap() {
        "eth_chainId" => json!("0x14a34"),
        "eth_getBlockByNumber" => {
            let asked = ask["params"][0].as_str().unwrap();
            let number = if asked == "latest" { block(at) } else { asked.to_owned() };
            json!({"timestamp": number, "number": number})
        }
        "eth_blockNumber" => json!(block(at)),
        "eth_getCode" => json!("0x"),
        // balanceOf(address)
        "eth_call" if params.contains("0x70a08231") => {
            let asked = |who: &&String| params.contains(&who[2..].to_lowercase());
            let who = chain.balances.keys().find(asked);
            json!(format!("0x{:064x}", who.map_or(0, |who| chain.balance(who))))
        }
        "eth_call" => json!(format!("0x{:064x}", u8::from(found.is_some()))),
        "eth_getLogs" => match found {
            Some(mined) => {
                json!([{"transactionHash": mined.hash, "blockNumber": block(mined.at)}])
            }
            None => json!([]),
        },
        "eth_getTransactionReceipt" => {
            let by_hash = |mined: &&Mined| params.contains(&mined.hash);
            chain.mined.iter().filter(visible).find(by_hash).map_or(Value::Null, receipt)
        }
        method => panic!("an RPC method that is not in use: {method}"),
    };
    json!({"jsonrpc": "2.0", "id": ask["id"], "result": result})
}

/// The receipt of a transfer, with the logs that USDC writes.
fn receipt(mined: &Mined) -> Value {
    let word = |address: &str| format!("0x{:0>64}", address[2..].to_lowercase());
    let Authorization { from, to, value, nonce, .. } = &mined.authorization;
    let used = "0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5";
    let moved = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
    let usdc = "0x036cbd53842c5426634e7929541ec2318f3dcf7e";
    json!({"status": "0x1", "logs": [
        {"address": usdc, "topics": [used, word(from), nonce], "data": "0x"},
        {"address": usdc, "topics": [moved, word(from), word(to)], "data": format!("0x{value:064x}")},
    ]})
}

fn nonsense(sim: &Sim) -> Answer {
    let (status, body) = match sim.rng.below(4) {
        0 => (500, "boom"),
        1 => (200, "<html>"),
        2 => (502, r#"{"error":"bad gateway"}"#),
        _ => (200, "{}"),
    };
    Ok(HttpResponse { status, body: body.to_owned() })
}

fn ok(body: &Value) -> Answer {
    Ok(HttpResponse { status: 200, body: body.to_string() })
}

fn authorization_of(body: &Value) -> Authorization {
    let signed = &body["paymentPayload"]["payload"]["authorization"];
    let text = |name: &str| signed[name].as_str().unwrap().to_owned();
    Authorization {
        from: text("from"),
        to: text("to"),
        value: text("value").parse().unwrap(),
        valid_before: text("validBefore").parse().unwrap(),
        nonce: text("nonce"),
    }
}

/// Enough of a hash or nonce to tell it from others.
pub(crate) fn short(hex: &str) -> String {
    format!("{}…{}", &hex[..6], &hex[hex.len() - 6..])
}
