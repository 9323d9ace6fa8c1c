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
    rpc.call(http, "eth_sendTransaction", json!([transaction])).await
}
