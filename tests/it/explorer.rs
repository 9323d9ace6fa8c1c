//! The pages about the chain of one's own machine: what a node says, told in bounds and as text.

use alloy_primitives::{Address, B256, hex};
use events_concierge::base::money::Usdc;
use events_concierge::chain::lookup::{Progress, parse_hash, transaction};
use events_concierge::chain::networks::Network;
use events_concierge::chain::rpc::{Rpc, RpcError};
use events_concierge::http::explorer::{transaction_page, wallet_page};
use events_concierge::ports::{Http, HttpError, HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::support::block_on;

const HASH: B256 = B256::repeat_byte(0x11);
const TRANSFER: &str = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

/// A node that knows one transaction.
struct Node {
    sent: Value,
    receipt: Value,
}

impl Http for Node {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let asked: Vec<Value> = serde_json::from_str(&request.body.unwrap()).unwrap();
        let answer = |one: &Value| {
            let result = match one["method"].as_str().unwrap() {
                "eth_getTransactionByHash" => self.sent.clone(),
                "eth_getTransactionReceipt" => self.receipt.clone(),
                "eth_getBlockByNumber" => json!({"number": "0x7", "timestamp": "0x64"}),
                other => panic!("{other}"),
            };
            json!({"jsonrpc": "2.0", "id": one["id"], "result": result})
        };
        let body = Value::Array(asked.iter().map(answer).collect()).to_string();
        Ok(HttpResponse { status: 200, body })
    }
}

fn network() -> &'static Network {
    Network::by_v1_name("base-sepolia").unwrap()
}

fn word(address: Address) -> String {
    format!("0x{:0>64}", hex::encode(address))
}

fn log(token: Address, atomic: u64) -> Value {
    let (from, to) = (Address::repeat_byte(0x22), Address::repeat_byte(0x33));
    json!({"address": token, "topics": [TRANSFER, word(from), word(to)],
        "data": format!("0x{atomic:064x}")})
}

fn receipt(status: &str, logs: &[Value]) -> Value {
    json!({"status": status, "blockNumber": "0x7", "logs": logs})
}

fn look(
    sent: Value,
    receipt: Value,
) -> Result<Option<events_concierge::chain::lookup::Transaction>, RpcError> {
    let rpc = Rpc { url: "http://127.0.0.1:8545".to_owned() };
    block_on(transaction(&Node { sent, receipt }, &rpc, network(), HASH))
}

fn sent() -> Value {
    json!({"from": Address::repeat_byte(0x44)})
}

#[test]
fn a_transaction_shows_the_usdc_it_moved_and_no_other_token() {
    let logs = [log(network().usdc, 50_000), log(Address::repeat_byte(0x99), 7)];
    let found = look(sent(), receipt("0x1", &logs)).unwrap().unwrap();
    assert_eq!(found.progress, Progress::Succeeded(7));
    assert_eq!(found.moved.len(), 1);
    assert_eq!(found.moved[0].amount, Usdc::from_cents(5));
    let page = transaction_page("http://localhost:8787/explorer", network(), HASH, &found).unwrap();
    assert!(page.contains("$0.05 USDC"), "{page}");
    assert!(page.contains("Thu 1 Jan 1970, 00:01 UTC"), "{page}");
    let payee = Address::repeat_byte(0x33).to_checksum(None);
    assert!(page.contains(&format!("http://localhost:8787/explorer/address/{payee}")), "{page}");
    assert!(!page.contains("<script"));
}

#[test]
fn what_is_unknown_waits_or_was_refused_is_told_apart() {
    assert_eq!(look(Value::Null, Value::Null), Ok(None));
    let waiting = look(sent(), Value::Null).unwrap().unwrap();
    assert_eq!((waiting.progress, waiting.at), (Progress::Waiting, None));
    let refused = look(sent(), receipt("0x0", &[])).unwrap().unwrap();
    assert_eq!(refused.progress, Progress::Reverted(7));
    let page = transaction_page("http://x", network(), HASH, &refused).unwrap();
    assert!(page.contains("no money moved"), "{page}");
    assert_eq!(look(json!("x"), Value::Null), Err(RpcError::Malformed));
}

#[test]
fn a_transaction_with_a_thousand_transfers_shows_fifty() {
    let logs = vec![log(network().usdc, 1); 1_000];
    let found = look(sent(), receipt("0x1", &logs)).unwrap().unwrap();
    assert_eq!(found.moved.len(), 50);
}

#[test]
fn a_wallet_shows_what_it_holds() {
    let address = Address::repeat_byte(0x22);
    let page = wallet_page(network(), address, Usdc::from_cents(150), true).unwrap();
    for text in ["$1.50 USDC", "A contract", &address.to_checksum(None)] {
        assert!(page.contains(text), "{page}");
    }
}

#[test]
fn a_hash_has_one_spelling() {
    assert_eq!(parse_hash(&HASH.to_string()), Some(HASH));
    let upper = format!("0x{}", "AB".repeat(32));
    for text in [upper.as_str(), "0x11", &"1".repeat(66), "0x", ""] {
        assert_eq!(parse_hash(text), None, "{text}");
    }
}
