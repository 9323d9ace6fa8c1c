//! Endpoints behind which every request may reach another node, which may lag.

use std::rc::Rc;

use events_concierge::ports::{HttpError, HttpResponse};
use serde_json::{Value, json};

use super::chain::{Authorization, Chain, LAG, Mined};
use super::engine::{Sim, Slot};
use super::settings::{NETWORKS, USDC};

pub(crate) type Answer = Result<HttpResponse, HttpError>;
/// What a node refuses, with the code of its error.
type Refused = (i64, &'static str);

/// The longest range of blocks whose logs are looked through.
const RANGE_MAX: i64 = 9_000;

/// A request reaches the endpoint of a network. All questions of one request reach the same node.
pub(crate) fn arrive(sim: &Rc<Sim>, net: usize, body: &Value, slot: Rc<Slot<Answer>>) {
    let now = sim.now.get();
    let down_until = sim.chain.borrow().nets[net].down_until;
    if down_until > now {
        // Some that are out of service let their callers wait.
        if sim.rng.chance(700) {
            let failed = Err(HttpError::Connection("refused".to_owned()));
            sim.after(5, move |sim| slot.fill(sim, failed));
        }
        return;
    }
    if sim.fault(50) {
        return send_back(sim, slot, nonsense(sim));
    }
    let lag = if sim.fault(150) { sim.rng.range(0, LAG) } else { 0 };
    let chain = sim.chain.borrow();
    let one = |ask: &Value| {
        let answer = answer_to(&chain, net, ask, now - lag);
        match answer {
            Ok(result) => json!({"jsonrpc": "2.0", "id": ask["id"], "result": result}),
            Err((code, message)) => json!({"jsonrpc": "2.0", "id": ask["id"],
                "error": {"code": code, "message": message}}),
        }
    };
    let answer = match body.as_array() {
        Some(asks) => asks.iter().map(one).collect(),
        None => one(body),
    };
    send_back(sim, slot, ok(&answer));
}

/// What a node says that has seen everything up to `at`.
fn answer_to(chain: &Chain, net: usize, ask: &Value, at: i64) -> Result<Value, Refused> {
    let blocks = &chain.nets[net].blocks;
    let head = blocks.number(at);
    let of_block = |named: &Value| match number(named) {
        Some(number) if number > head => Err((-32000, "header not found")),
        number => Ok(number.unwrap_or(head)),
    };
    let params = &ask["params"];
    Ok(match ask["method"].as_str().unwrap() {
        "eth_chainId" => {
            let id: u64 = NETWORKS[net].trim_start_matches("eip155:").parse().unwrap();
            json!(format!("{id:#x}"))
        }
        "eth_getBlockByNumber" => match number(&params[0]) {
            Some(number) if number > head => Value::Null,
            other => {
                let number = other.unwrap_or(head);
                json!({"timestamp": hex(blocks.time(number)), "number": hex(number)})
            }
        },
        "eth_blockNumber" => json!(hex(head)),
        "eth_getCode" => json!("0x"),
        "eth_maxPriorityFeePerGas" => json!("0x1"),
        "eth_getBalance" => json!("0xde0b6b3a7640000"),
        "eth_estimateGas" => estimate(chain, net, &params.to_string(), at)?,
        "eth_call" => {
            let text = params.to_string();
            // balanceOf(address)
            if text.contains("0x70a08231") {
                let asked = |(on, who): &&(usize, String)| {
                    *on == net && text.contains(&who[2..].to_lowercase())
                };
                let who = chain.balances.keys().find(asked);
                json!(word(who.map_or(0, |(net, who)| chain.balance(*net, who))))
            } else {
                let block = of_block(&params[1])?;
                let found = mentioned(chain, net, &text, at).filter(|mined| mined.block <= block);
                json!(word(u64::from(found.is_some())))
            }
        }
        "eth_getLogs" => logs(chain, net, &params[0], at)?,
        "eth_getTransactionReceipt" => {
            let hash = params[0].as_str().unwrap();
            let mut seen = chain.mined.iter().filter(|mined| mined.is_seen(at));
            seen.find(|mined| mined.hash == hash).map_or(Value::Null, receipt)
        }
        method => panic!("an RPC method that is not in use: {method}"),
    })
}

/// The transfer whose nonce a question names.
fn mentioned<'a>(chain: &'a Chain, net: usize, text: &str, at: i64) -> Option<&'a Mined> {
    let is_it = |mined: &&Mined| {
        let Authorization { net: on, nonce, .. } = &mined.authorization;
        *on == net && mined.is_seen(at) && text.contains(&nonce[2..])
    };
    chain.mined.iter().find(is_it)
}

/// The logs of a range, as far as they are kept.
fn logs(chain: &Chain, net: usize, filter: &Value, at: i64) -> Result<Value, Refused> {
    let Some((from, to)) = number(&filter["fromBlock"]).zip(number(&filter["toBlock"])) else {
        panic!("a range without its ends: {filter}");
    };
    if to - from >= RANGE_MAX {
        return Err((-32005, "the range is too long"));
    }
    let of = &chain.nets[net];
    let head = of.blocks.number(at);
    let oldest = of.logs_back.map_or(i64::MIN, |back| head - back);
    if of.is_frank && from < oldest {
        return Err((-32000, "history has been pruned for this block"));
    }
    let found = mentioned(chain, net, &filter["topics"].to_string(), at);
    let found = found.filter(|mined| (from.max(oldest + 1)..=to).contains(&mined.block));
    Ok(found.map_or(
        json!([]),
        |mined| json!([{"transactionHash": mined.hash, "blockNumber": hex(mined.block)}]),
    ))
}

/// What our own facilitator's simulation says of a transfer.
fn estimate(chain: &Chain, net: usize, call: &str, at: i64) -> Result<Value, Refused> {
    let mut known = chain.signatures.iter();
    let known = known.find(|(nonce, _)| call.contains(&nonce[2..]));
    let is_used = mentioned(chain, net, call, at).is_some();
    // One that lies says yes when it is asked.
    match known {
        Some((_, signature)) if !is_used && !signature.starts_with("0x02") => Ok(json!("0x13880")),
        Some(_) | None => Err((3, "execution reverted")),
    }
}

/// The receipt of a transfer, with the logs that USDC writes.
fn receipt(mined: &Mined) -> Value {
    let word = |address: &str| format!("0x{:0>64}", address[2..].to_lowercase());
    let Authorization { net, from, to, value, nonce, .. } = &mined.authorization;
    let used = "0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5";
    let moved = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
    let usdc = USDC[*net].to_lowercase();
    json!({"status": "0x1", "blockNumber": hex(mined.block), "logs": [
        {"address": usdc, "topics": [used, word(from), nonce], "data": "0x"},
        {"address": usdc, "topics": [moved, word(from), word(to)], "data": format!("0x{value:064x}")},
    ]})
}

/// The answer goes back, and may be lost.
pub(crate) fn send_back(sim: &Rc<Sim>, slot: Rc<Slot<Answer>>, answer: Answer) {
    if sim.fault(40) {
        return;
    }
    let answer = if sim.fault(20) { Err(HttpError::Connection("cut".to_owned())) } else { answer };
    sim.after(sim.latency(), move |sim| slot.fill(sim, answer));
}

pub(crate) fn nonsense(sim: &Sim) -> Answer {
    let (status, body) = match sim.rng.below(4) {
        0 => (500, "boom"),
        1 => (200, "<html>"),
        2 => (502, r#"{"error":"bad gateway"}"#),
        _ => (200, "{}"),
    };
    Ok(HttpResponse { status, body: body.to_owned() })
}

pub(crate) fn ok(body: &Value) -> Answer {
    Ok(HttpResponse { status: 200, body: body.to_string() })
}

fn number(value: &Value) -> Option<i64> {
    i64::from_str_radix(value.as_str()?.strip_prefix("0x")?, 16).ok()
}

fn hex(number: i64) -> String {
    format!("{number:#x}")
}

fn word(number: u64) -> String {
    format!("0x{number:064x}")
}
