//! JSON-RPC, for finding out what became of a payment.

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use alloy_sol_types::{SolCall, SolEvent, sol};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::chain::eip3009::Authorization;
use crate::chain::networks::Network;
use crate::ports::{Http, HttpRequest};
use crate::time::UnixSeconds;

/// A JSON-RPC endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rpc {
    /// Its address.
    pub url: String,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RpcError {
    /// The endpoint cannot be reached.
    #[error("the endpoint cannot be reached: {0}")]
    Unavailable(String),
    /// The endpoint answers an error.
    #[error("the endpoint refuses with code {0}")]
    Refused(i64),
    /// The answer is not what it should be.
    #[error("the endpoint's answer cannot be read")]
    Malformed,
}

const TIMEOUT_MILLIS: u32 = 10_000;
const RESPONSE_BYTES_MAX: usize = 1024 * 1024;
/// Public endpoints refuse longer ranges of blocks.
const BLOCKS_PER_QUERY: u64 = 9_000;
/// About a day on a chain with a block every two seconds; payments live for minutes.
const QUERIES_MAX: u64 = 5;

sol! {
    function authorizationState(address authorizer, bytes32 nonce) external view returns (bool);
    event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);
    event Transfer(address indexed from, address indexed to, uint256 value);
}

#[derive(Deserialize)]
struct Block {
    timestamp: U256,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FoundLog {
    transaction_hash: B256,
}

#[derive(Deserialize)]
struct Receipt {
    status: U256,
    logs: Vec<ReceiptLog>,
}

#[derive(Deserialize)]
struct ReceiptLog {
    address: Address,
    topics: Vec<B256>,
    data: Bytes,
}

impl Rpc {
    /// The time of the newest block.
    ///
    /// # Errors
    /// [`RpcError`]; so for every method.
    pub async fn head_time(&self, http: &impl Http) -> Result<UnixSeconds, RpcError> {
        let block: Block =
            self.call(http, "eth_getBlockByNumber", json!(["latest", false])).await?;
        let seconds = i64::try_from(block.timestamp).map_err(|_| RpcError::Malformed)?;
        Ok(UnixSeconds::new(seconds))
    }

    /// Whether the token has seen this authorization used or cancelled.
    ///
    /// # Errors
    /// As [`Self::head_time`].
    pub async fn authorization_used(
        &self,
        http: &impl Http,
        network: &Network,
        from: Address,
        nonce: B256,
    ) -> Result<bool, RpcError> {
        let call = authorizationStateCall { authorizer: from, nonce };
        let data = hex::encode_prefixed(call.abi_encode());
        let params = json!([{"to": network.usdc, "data": data}, "latest"]);
        let answer: Bytes = self.call(http, "eth_call", params).await?;
        authorizationStateCall::abi_decode_returns(&answer).map_err(|_| RpcError::Malformed)
    }

    /// The transaction in which exactly this authorization moved exactly this money. Looks back
    /// about a day.
    ///
    /// # Errors
    /// As [`Self::head_time`].
    pub async fn find_transfer(
        &self,
        http: &impl Http,
        network: &Network,
        authorization: &Authorization,
    ) -> Result<Option<B256>, RpcError> {
        let head: U256 = self.call(http, "eth_blockNumber", json!([])).await?;
        let mut to_block = u64::try_from(head).map_err(|_| RpcError::Malformed)?;
        for _ in 0..QUERIES_MAX {
            let from_block = to_block.saturating_sub(BLOCKS_PER_QUERY);
            let params = json!([{
                "address": network.usdc,
                "topics": [
                    AuthorizationUsed::SIGNATURE_HASH,
                    authorization.from.into_word(),
                    authorization.nonce,
                ],
                "fromBlock": format!("{from_block:#x}"),
                "toBlock": format!("{to_block:#x}"),
            }]);
            let logs: Vec<FoundLog> = self.call(http, "eth_getLogs", params).await?;
            if let Some(log) = logs.first() {
                let hash = log.transaction_hash;
                let paid = self.moved(http, network, authorization, hash).await?;
                return Ok(paid.then_some(hash));
            }
            if from_block == 0 {
                break;
            }
            to_block = from_block.saturating_sub(1);
        }
        Ok(None)
    }

    /// Whether the transaction succeeded and moved the authorization's money.
    async fn moved(
        &self,
        http: &impl Http,
        network: &Network,
        authorization: &Authorization,
        hash: B256,
    ) -> Result<bool, RpcError> {
        let receipt: Option<Receipt> =
            self.call(http, "eth_getTransactionReceipt", json!([hash])).await?;
        let Some(receipt) = receipt else { return Err(RpcError::Malformed) };
        let topics = [
            Transfer::SIGNATURE_HASH,
            authorization.from.into_word(),
            authorization.to.into_word(),
        ];
        let value = authorization.value.to_be_bytes::<32>();
        Ok(receipt.status == U256::from(1)
            && receipt.logs.iter().any(|log| {
                log.address == network.usdc && log.topics == topics && log.data.as_ref() == value
            }))
    }

    async fn call<T: DeserializeOwned>(
        &self,
        http: &impl Http,
        method: &str,
        params: Value,
    ) -> Result<T, RpcError> {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let request = HttpRequest {
            url: self.url.clone(),
            body: Some(body.to_string()),
            headers: Vec::new(),
            timeout_millis: TIMEOUT_MILLIS,
            response_bytes_max: RESPONSE_BYTES_MAX,
        };
        let response =
            http.send(request).await.map_err(|error| RpcError::Unavailable(error.to_string()))?;
        let mut answer: Value =
            serde_json::from_str(&response.body).map_err(|_| RpcError::Malformed)?;
        if let Some(error) = answer.get("error") {
            let code = error.get("code").and_then(Value::as_i64);
            return Err(RpcError::Refused(code.unwrap_or_default()));
        }
        let result = answer.get_mut("result").ok_or(RpcError::Malformed)?.take();
        serde_json::from_value(result).map_err(|_| RpcError::Malformed)
    }
}
