//! Checks a payer on the chain before anything is reserved: one request, and no cache.

use alloy_primitives::{Bytes, U256};
use alloy_sol_types::{SolCall, sol};
use serde_json::json;

use crate::chain::eip3009::{Authorization, Via};
use crate::chain::networks::Network;
use crate::chain::permit2;
use crate::chain::rpc::{Ask, Rpc, RpcError, read};
use crate::chain::transfers::{ask_used, read_used};
use crate::ports::Http;

/// Time limit, milliseconds. The sale goes on without an answer.
const LOOK_MILLIS: u32 = 5_000;

sol! {
    function balanceOf(address account) external view returns (uint256);
}

/// State of a payer and an authorization at the newest block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The newest block when the request began. A nonce that is unused in the answer can only be used in a later block.
    pub head: u64,
    /// The payer's balance in the token's smallest unit.
    pub balance: U256,
    /// How much of it Permit2 may move, if the payment needs that.
    pub allowance: Option<U256>,
    /// Whether the authorization was used or cancelled.
    pub is_used: bool,
    /// Whether the payer has code: a contract, or an EIP-7702 account.
    pub has_code: bool,
}

impl Rpc {
    /// Reads the current state of the payer and the authorization.
    ///
    /// # Errors
    /// [`RpcError`] if there is no result; it says nothing about the payer.
    pub async fn standing(
        &self,
        http: &impl Http,
        network: &Network,
        authorization: &Authorization,
    ) -> Result<Standing, RpcError> {
        let (payer, latest) = (authorization.from, json!("latest"));
        let balance = balanceOfCall { account: payer }.abi_encode();
        let mut asks = vec![
            Ask::new("eth_chainId", json!([])),
            // Asked before the state of the nonce, so that the block cannot be newer than that answer.
            Ask::new("eth_blockNumber", json!([])),
            ask_used(network, authorization, &latest),
            Ask::contract_at(network.usdc, &balance, &latest),
            Ask::new("eth_getCode", json!([payer, "latest"])),
        ];
        match authorization.via {
            Via::Token => {}
            Via::Permit2 => asks.push(permit2::ask_allowance(network, payer)),
        }
        let mut answers = self.batch_within(http, &asks, LOOK_MILLIS).await?;
        let allowance = answers.split_off(5.min(answers.len())).pop();
        let [id, head, used, balance, code] =
            <[_; 5]>::try_from(answers).map_err(|_| RpcError::Malformed)?;
        // The endpoint serves another network, so its answers mean nothing here.
        if read::<U256>(id)? != U256::from(network.chain_id) {
            return Err(RpcError::Malformed);
        }
        let head: U256 = read(head)?;
        let balance: Bytes = read(balance)?;
        Ok(Standing {
            head: u64::try_from(head).map_err(|_| RpcError::Malformed)?,
            balance: balanceOfCall::abi_decode_returns_validate(&balance)
                .map_err(|_| RpcError::Malformed)?,
            allowance: allowance.map(permit2::read_allowance).transpose()?,
            is_used: read_used(used, authorization)?,
            has_code: !read::<Bytes>(code)?.is_empty(),
        })
    }
}
