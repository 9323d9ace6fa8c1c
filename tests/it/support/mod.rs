//! The kit of the native tests: a world in memory, a host in it, wallets that pay.

pub(crate) mod answers;
mod http_only;
mod memory;
mod server;
mod wallet;
mod world;

pub(crate) use http_only::HttpOnly;
pub(crate) use memory::{Chain, Memory, Settles, World};
pub(crate) use server::Server;
pub(crate) use wallet::Wallet;
pub(crate) use world::{Sqlite, run_or_remember, run_statement};

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use events_concierge::base::http::Reply;
use events_concierge::config::Config;
use serde_json::{Value, json};

/// 2026-11-21T12:00:00Z
pub(crate) const NOW: i64 = 1_795_262_400;
pub(crate) const PAY_TO: &str = "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc";
/// The wallet that Crossmint makes, and [`FACTORY`].
pub(crate) const PROVIDED: &str = "0x11D35b602A1d582F46f0a51339C16fbA7295FE5F";
pub(crate) const FACTORY: &str = "0x00000000000000000000000000000000fac70001";
pub(crate) const NEIGHBOUR: &str = "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955";
pub(crate) const MASTER_KEY: &str =
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// The same payment in the words of version 1.
pub(crate) fn as_v1(payment: &Value) -> Value {
    json!({
        "x402Version": 1, "scheme": "exact", "network": "base-sepolia", "payload": payment["payload"],
    })
}

/// A JSON-RPC request.
pub(crate) fn rpc(method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
}

/// The same as a message of 2026-07-28.
pub(crate) fn modern(method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    rpc(method, &params)
}

/// What a client of either era accepts.
pub(crate) const BOTH: (&str, &str) = ("accept", "application/json, text/event-stream");

/// The headers of a call of this tool, as of 2026-07-28.
pub(crate) fn modern_headers(tool: &str) -> [(&str, &str); 4] {
    [BOTH, ("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", tool)]
}

pub(crate) fn json_of(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).unwrap()
}

/// The code of an error.
pub(crate) fn title(reply: &Reply) -> Value {
    json_of(reply)["title"].clone()
}

/// What a call that has succeeded answers.
pub(crate) fn done(reply: &Reply) -> Value {
    assert_eq!(reply.status, 200, "{}", reply.body);
    json_of(reply)
}

pub(crate) fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    let mut headers = reply.headers.iter();
    headers.find(|(found, _)| *found == name).map(|(_, value)| value.as_str())
}

/// The address of a wallet, as it is shown.
pub(crate) fn address(wallet: u8) -> String {
    Wallet::new(wallet).address.to_checksum(None)
}

pub(crate) fn config() -> Rc<Config> {
    config_with(&[])
}

pub(crate) fn config_with(more: &[(&str, &str)]) -> Rc<Config> {
    let settings = [
        ("NETWORKS", "eip155:84532"),
        ("FACILITATOR_URL", "http://facilitator.test"),
        ("RPC_URLS", r#"{"eip155:84532":"http://127.0.0.1:8545"}"#),
        ("PUBLIC_URL", "http://localhost:8787"),
        ("MASTER_KEY", MASTER_KEY),
    ];
    let get = |name: &str| {
        let mut settings = more.iter().chain(&settings);
        settings.find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    };
    Rc::new(Config::read(get).unwrap_or_else(|errors| panic!("{errors}")))
}

/// Runs one future to its end; nothing here ever really waits.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(answer) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return answer;
        }
    }
}

/// Runs many futures together, each a step at a time.
pub(crate) fn join_all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(|future| Some(Box::pin(future))).collect();
    let mut answers: Vec<Option<F::Output>> = running.iter().map(|_| None).collect();
    while answers.iter().any(Option::is_none) {
        for (slot, answer) in running.iter_mut().zip(&mut answers) {
            let Some(future) = slot else { continue };
            if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
            {
                *answer = Some(done);
                *slot = None;
            }
        }
    }
    answers.into_iter().flatten().collect()
}

pub(crate) async fn yield_once() {
    let yielded = Cell::new(false);
    std::future::poll_fn(|_| if yielded.replace(true) { Poll::Ready(()) } else { Poll::Pending })
        .await;
}

/// The arguments of a call for a seat.
pub(crate) fn rsvp(event: &str) -> Value {
    json!({"eventId": event})
}

/// What the first network asks for a seat.
pub(crate) fn offer(server: &Server, event: &str) -> Value {
    server.challenge("rsvpToEvent", &rsvp(event))["accepts"][0].clone()
}

/// Calls for a seat with this payment: status and body.
pub(crate) fn pay(server: &Server, event: &str, payment: &Value) -> (u16, Value) {
    let reply = block_on(server.tool("rsvpToEvent", &rsvp(event), Some(payment)));
    (reply.status, json_of(&reply))
}
