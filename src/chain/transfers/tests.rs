//! Calls against a scripted endpoint.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use alloy_primitives::{address, b256};

use super::*;
use crate::base::time::UnixSeconds;
use crate::ports::{HttpError, HttpRequest, HttpResponse};

const URL: &str = "https://rpc.example/key";
const HASH: B256 = b256!("00000000000000000000000000000000000000000000000000000000000000aa");
const OTHER_NONCE: B256 = B256::repeat_byte(9);

type Answer = Result<HttpResponse, HttpError>;

/// Answers in turn, each to the one method that is expected.
struct Script {
    answers: RefCell<VecDeque<(&'static str, Answer)>>,
    params: RefCell<Vec<Value>>,
}

impl Script {
    fn new(answers: impl IntoIterator<Item = (&'static str, Answer)>) -> Self {
        let answers = RefCell::new(answers.into_iter().collect());
        Self { answers, params: RefCell::default() }
    }
}

impl Http for Script {
    async fn send(&self, request: HttpRequest) -> Answer {
        let (method, answer) = self.answers.borrow_mut().pop_front().unwrap();
        let body: Value = serde_json::from_str(request.body.as_deref().unwrap()).unwrap();
        let envelope = (&body["jsonrpc"], &body["id"], &body["method"]);
        assert_eq!(envelope, (&json!("2.0"), &json!(1), &json!(method)));
        assert_eq!((request.url.as_str(), request.timeout_millis), (URL, 10_000));
        assert_eq!(request.response_bytes_max, 1_048_576);
        self.params.borrow_mut().push(body["params"].clone());
        answer
    }
}

fn status(status: u16, body: &str) -> Answer {
    Ok(HttpResponse { status, body: body.to_owned() })
}

fn result(value: &Value) -> Answer {
    status(200, &json!({"jsonrpc": "2.0", "id": 1, "result": value}).to_string())
}

/// Runs a future that never waits.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the script has no waiting in it"),
    }
}

fn rpc() -> Rpc {
    Rpc { url: URL.to_owned() }
}

fn network() -> &'static Network {
    Network::by_v1_name("base-sepolia").unwrap()
}

fn authorization() -> Authorization {
    Authorization {
        from: address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
        to: address!("9965507D1a55bcC2695C58ba16FB37d819B0A4dc"),
        value: U256::from(50_000),
        valid_after: U256::ZERO,
        valid_before: U256::from(1_795_262_700),
        nonce: B256::repeat_byte(7),
        via: Via::Token,
    }
}

fn used_log(nonce: B256) -> Value {
    let topics = used_topics(&Authorization { nonce, ..authorization() });
    json!({"address": network().usdc, "topics": topics, "data": "0x"})
}

fn transfer_log(token: Address, to: Address, value: u64) -> Value {
    let topics = [Transfer::SIGNATURE_HASH, authorization().from.into_word(), to.into_word()];
    let data = B256::from(U256::from(value));
    json!({"address": token, "topics": topics, "data": data})
}

fn paid_log() -> Value {
    transfer_log(network().usdc, authorization().to, 50_000)
}

fn head() -> (&'static str, Answer) {
    let block = json!({"number": "0x3e8", "timestamp": "0x6b0187c0"});
    ("eth_getBlockByNumber", result(&block))
}

fn find(script: &Script) -> Result<Use, RpcError> {
    let window = Window { unused_at: Some(900), created_at: UnixSeconds::new(1_795_262_400) };
    ready(rpc().find_transfer(script, network(), &authorization(), &window))
}

fn find_by_receipt(receipt: &Value) -> Result<Use, RpcError> {
    find(&Script::new([
        head(),
        ("eth_getLogs", result(&json!([{"transactionHash": HASH, "blockNumber": "0xf"}]))),
        ("eth_getTransactionReceipt", result(receipt)),
    ]))
}

#[test]
fn the_newest_block_has_the_time() {
    let block = json!({"number": "0x10", "timestamp": "0x6b0187c0"});
    let script = Script::new([("eth_getBlockByNumber", result(&block))]);
    assert_eq!(ready(rpc().head_time(&script)), Ok(UnixSeconds::new(1_795_262_400)));
    assert_eq!(*script.params.borrow(), [json!(["latest", false])]);
}

#[test]
fn the_token_is_asked_whether_the_nonce_is_used() {
    let Authorization { from, nonce, .. } = authorization();
    for (word, expected) in [
        ("0x".to_owned() + &"0".repeat(64), Ok(false)),
        (format!("0x{}1", "0".repeat(63)), Ok(true)),
        (format!("0x{}2", "0".repeat(63)), Err(RpcError::Malformed)),
        ("0x".to_owned(), Err(RpcError::Malformed)),
    ] {
        let script = Script::new([("eth_call", result(&json!(word)))]);
        let used = ready(rpc().authorization_used(&script, network(), from, nonce));
        assert_eq!(used, expected, "{word}");
        let data = "0xe94a0102000000000000000000000000f39fd6e51aad88f6f4ce6ab8827279cfffb922660707070707070707070707070707070707070707070707070707070707070707";
        let to = "0x036cbd53842c5426634e7929541ec2318f3dcf7e";
        assert_eq!(*script.params.borrow(), [json!([{"to": to, "data": data}, "latest"])]);
    }
}

#[test]
fn a_payment_is_found_by_its_own_transfer() {
    let Authorization { from, to, nonce, .. } = authorization();
    let usdc = network().usdc;
    let (used, paid, other) = (used_log(nonce), paid_log(), used_log(OTHER_NONCE));
    let elsewhere = transfer_log(usdc, from, 50_000);
    for (name, code, logs, is_paid) in [
        ("it alone", "0x1", json!([used, paid]), true),
        ("after another one", "0x1", json!([other, elsewhere, used, paid]), true),
        (
            "with another contract's log between",
            "0x1",
            json!([used, {"address": to, "topics": [], "data": "0x"}, paid]),
            true,
        ),
        ("reverted", "0x0", json!([used, paid]), false),
        ("no logs", "0x1", json!([]), false),
        ("no transfer", "0x1", json!([used]), false),
        ("too little", "0x1", json!([used, transfer_log(usdc, to, 49_999)]), false),
        ("to somebody else", "0x1", json!([used, elsewhere]), false),
        ("another token", "0x1", json!([used, transfer_log(to, to, 50_000)]), false),
        ("another one's transfer", "0x1", json!([used, elsewhere, other, paid]), false),
        ("a transfer without authorization", "0x1", json!([used, elsewhere, paid]), false),
        ("only another one", "0x1", json!([other, paid]), false),
    ] {
        let found = find_by_receipt(&json!({"status": code, "logs": logs}));
        assert_eq!(
            found,
            Ok(if is_paid { Use::Moved(HASH, 15) } else { Use::Elsewhere }),
            "{name}"
        );
    }
    assert_eq!(find_by_receipt(&Value::Null), Err(RpcError::Unavailable));
}

#[test]
fn the_logs_of_this_authorization_are_asked_for() {
    let script = Script::new([head(), ("eth_getLogs", result(&json!([])))]);
    assert_eq!(find(&script), Ok(Use::NotFound));
    let expected = json!([{
        "address": network().usdc,
        "topics": [
            [
                "0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5",
                "0x1cdd46ff242716cdaa72d159d339a485b3438398348d68f09d7c8c0a59353d81",
            ],
            authorization().from.into_word(),
            authorization().nonce,
        ],
        "fromBlock": format!("{:#x}", 900 - 64),
        "toBlock": "0x3e8",
    }]);
    assert_eq!(script.params.borrow()[1], expected);
}

#[test]
fn a_transaction_that_moved_the_money_names_its_block() {
    let logs = json!([used_log(authorization().nonce), paid_log()]);
    let receipt = json!({"status": "0x1", "logs": logs});
    for (receipt, expected) in [
        (json!({"status": "0x1", "logs": logs, "blockNumber": "0x11"}), Ok(Some(17))),
        (json!({"status": "0x0", "logs": logs, "blockNumber": "0x11"}), Ok(None)),
        (json!({"status": "0x1", "logs": [], "blockNumber": "0x11"}), Ok(None)),
        (receipt, Err(RpcError::Malformed)),
        (Value::Null, Err(RpcError::Unavailable)),
    ] {
        let script = Script::new([("eth_getTransactionReceipt", result(&receipt))]);
        let moved = ready(rpc().moved_in(&script, network(), &authorization(), HASH));
        assert_eq!(moved, expected, "{receipt}");
    }
}

#[test]
fn no_answer_is_never_taken_for_one() {
    let refusal = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32005,"message":"slow down"}}"#;
    for (answer, error) in [
        (Err(HttpError::Timeout), RpcError::Unavailable),
        (Err(HttpError::Connection(URL.to_owned())), RpcError::Unavailable),
        (Err(HttpError::TooLong), RpcError::Malformed),
        (status(502, "<html>"), RpcError::Unavailable),
        (status(429, r#"{"message":"slow down"}"#), RpcError::Unavailable),
        (status(429, refusal), RpcError::Refused { code: -32005 }),
        (status(200, refusal), RpcError::Refused { code: -32005 }),
        (status(200, r#"{"error":"no"}"#), RpcError::Refused { code: 0 }),
        (status(200, "<html>"), RpcError::Malformed),
        (status(200, "{}"), RpcError::Malformed),
        (status(200, "[]"), RpcError::Malformed),
        (result(&Value::Null), RpcError::Unavailable),
        (result(&json!({"number": "0x2", "timestamp": "soon"})), RpcError::Malformed),
        (
            result(&json!({"number": "0x2", "timestamp": "0xffffffffffffffffff"})),
            RpcError::Malformed,
        ),
    ] {
        let script = Script::new([("eth_getBlockByNumber", answer.clone())]);
        assert_eq!(ready(rpc().head_time(&script)), Err(error), "{answer:?}");
    }
    let answer = status(200, r#"{"error":null,"result":{"number":"0x2","timestamp":"0x1"}}"#);
    let script = Script::new([("eth_getBlockByNumber", answer)]);
    assert_eq!(ready(rpc().head_time(&script)), Ok(UnixSeconds::new(1)));
}
