//! Test money on the local chain. The chain of `npm start` has a token that any account may mint, and a node that signs
//! for its own accounts (`eth_accounts`, `eth_sendTransaction`). Nodes of real networks do not, so the faucet has no
//! effect there.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, sol};
use serde_json::json;

use crate::base::money::Usdc;
use crate::chain::networks::Network;
use crate::chain::rpc::{Rpc, RpcError};
use crate::ports::Http;

sol! {
    function mint(address to, uint256 value) external;
}

/// The amount of one request: $10.
pub const AMOUNT: Usdc = Usdc::from_cents(1_000);

/// The node rejects a transaction (EIP-1474). It gives the nonces itself, and two requests at once can get the same.
const REJECTED: i64 = -32003;
/// How often a transaction is sent that the node rejects.
const TRIES: u32 = 5;

/// Mints [`AMOUNT`] to `to` and returns the transaction. `relayer` is never the sender, because the relayer's object
/// assigns its nonces.
///
/// # Errors
/// [`RpcError`]; `Refused` or `Unavailable` if the node has no accounts.
pub async fn drip(
    http: &impl Http,
    rpc: &Rpc,
    network: &Network,
    relayer: Option<Address>,
    to: Address,
) -> Result<B256, RpcError> {
    let accounts: Vec<Address> = rpc.call(http, "eth_accounts", json!([])).await?;
    let sender = accounts.into_iter().rev().find(|account| Some(*account) != relayer);
    let sender = sender.ok_or(RpcError::Unavailable)?;
    let call = mintCall { to, value: U256::from(AMOUNT.atomic()) }.abi_encode();
    let transaction = json!({
        "from": sender,
        "to": network.usdc,
        "data": alloy_primitives::hex::encode_prefixed(call),
    });
    for _ in 1..TRIES {
        match rpc.call(http, "eth_sendTransaction", json!([transaction])).await {
            Err(RpcError::Refused { code: REJECTED }) => {}
            minted => return minted,
        }
    }
    rpc.call(http, "eth_sendTransaction", json!([transaction])).await
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::ports::{HttpError, HttpRequest, HttpResponse};

    const HASH: B256 = B256::repeat_byte(7);

    /// A node that rejects so many transactions before it takes one.
    struct Node {
        rejects: RefCell<u32>,
    }

    impl Http for Node {
        async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
            let is_asked = request.body.is_some_and(|body| body.contains("eth_accounts"));
            let mut rejects = self.rejects.borrow_mut();
            let answer = if is_asked {
                json!({"jsonrpc": "2.0", "id": 1, "result": [Address::repeat_byte(1)]})
            } else if *rejects > 0 {
                *rejects = rejects.saturating_sub(1);
                json!({"jsonrpc": "2.0", "id": 1, "error": {"code": -32003, "message": "nonce too low"}})
            } else {
                json!({"jsonrpc": "2.0", "id": 1, "result": HASH})
            };
            Ok(HttpResponse { status: 200, body: answer.to_string() })
        }
    }

    fn drip_from(rejects: u32) -> Result<B256, RpcError> {
        let node = Node { rejects: RefCell::new(rejects) };
        let rpc = Rpc { url: "http://localhost:8545".to_owned() };
        let network = Network::by_caip2("eip155:84532").unwrap();
        let dripped = pin!(drip(&node, &rpc, network, None, Address::ZERO));
        match dripped.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(minted) => minted,
            Poll::Pending => panic!("nothing here waits"),
        }
    }

    #[test]
    fn many_who_ask_at_once_get_money_and_a_node_that_always_rejects_ends_it() {
        assert_eq!(drip_from(0), Ok(HASH));
        assert_eq!(drip_from(TRIES - 1), Ok(HASH));
        assert_eq!(drip_from(TRIES), Err(RpcError::Refused { code: REJECTED }));
    }
}
