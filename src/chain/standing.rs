//! How a payer stands on the chain before anything is held for it: one request, nothing remembered.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall, sol};
use serde_json::json;

use crate::chain::networks::Network;
use crate::chain::rpc::{Ask, Rpc, RpcError, read};
use crate::ports::Http;

/// When to go on without it, milliseconds.
const LOOK_MILLIS: u32 = 5_000;

sol! {
    function authorizationState(address authorizer, bytes32 nonce) external view returns (bool);
    function balanceOf(address account) external view returns (uint256);
}

/// What the newest block says of a payer and of an authorization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// A block that was there before the rest was asked: what is unused here is used later than in it.
    pub head: u64,
    /// What the payer owns, in the token's smallest unit.
    pub balance: U256,
    /// Whether the token has seen the authorization used or cancelled.
    pub is_used: bool,
    /// Whether the payer is a contract, or a key with code (EIP-7702).
    pub has_code: bool,
}

impl Rpc {
    /// How the payer stands now.
    ///
    /// # Errors
    /// [`RpcError`] says why there is no answer. Nothing can be concluded from that.
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
            // Before the question whether the nonce is used, so that it cannot be newer than the answer.
            Ask::new("eth_blockNumber", json!([])),
            token(authorizationStateCall { authorizer: payer, nonce }.abi_encode()),
            token(balanceOfCall { account: payer }.abi_encode()),
            Ask::new("eth_getCode", json!([payer, "latest"])),
        ];
        let answers = self.batch_within(http, &asks, LOOK_MILLIS).await?;
        let [id, head, used, balance, code] =
            <[_; 5]>::try_from(answers).map_err(|_| RpcError::Malformed)?;
        // An endpoint of another network knows nothing of this payer.
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
