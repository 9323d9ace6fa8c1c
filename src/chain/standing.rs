//! Checks a payer on the chain before anything is reserved: one request, and no cache.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall, sol};
use serde_json::json;

use crate::chain::networks::Network;
use crate::chain::rpc::{Ask, Rpc, RpcError, read};
use crate::ports::Http;

/// Time limit, milliseconds. The sale goes on without an answer.
const LOOK_MILLIS: u32 = 5_000;

sol! {
    function authorizationState(address authorizer, bytes32 nonce) external view returns (bool);
    function balanceOf(address account) external view returns (uint256);
}

/// State of a payer and an authorization at the newest block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The newest block when the request began. A nonce that is unused in the answer can only be used in a later block.
    pub head: u64,
    /// The payer's balance in the token's smallest unit.
    pub balance: U256,
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
        payer: Address,
        nonce: B256,
    ) -> Result<Standing, RpcError> {
        let token = |data: Vec<u8>| {
            let call = json!({"to": network.usdc, "data": Bytes::from(data)});
            Ask::new("eth_call", json!([call, "latest"]))
        };
        let asks = [
            Ask::new("eth_chainId", json!([])),
            // Asked before the state of the nonce, so that the block cannot be newer than that answer.
            Ask::new("eth_blockNumber", json!([])),
            token(authorizationStateCall { authorizer: payer, nonce }.abi_encode()),
            token(balanceOfCall { account: payer }.abi_encode()),
            Ask::new("eth_getCode", json!([payer, "latest"])),
        ];
        let answers = self.batch_within(http, &asks, LOOK_MILLIS).await?;
        let [id, head, used, balance, code] =
            <[_; 5]>::try_from(answers).map_err(|_| RpcError::Malformed)?;
        // The endpoint serves another network, so its answers mean nothing here.
        if read::<U256>(id)? != U256::from(network.chain_id) {
            return Err(RpcError::Malformed);
        }
        let head: U256 = read(head)?;
        let (used, balance): (Bytes, Bytes) = (read(used)?, read(balance)?);
        Ok(Standing {
            head: u64::try_from(head).map_err(|_| RpcError::Malformed)?,
            balance: balanceOfCall::abi_decode_returns_validate(&balance)
                .map_err(|_| RpcError::Malformed)?,
            is_used: authorizationStateCall::abi_decode_returns_validate(&used)
                .map_err(|_| RpcError::Malformed)?,
            has_code: !read::<Bytes>(code)?.is_empty(),
        })
    }
}
