//! JSON-RPC, for finding out what became of a payment.

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use alloy_sol_types::{SolCall, SolEvent, sol};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::chain::eip3009::Authorization;
use crate::chain::networks::Network;
use crate::ports::{Http, HttpError, HttpRequest};
use crate::time::UnixSeconds;

/// A JSON-RPC endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rpc {
    /// Its address.
    pub url: String,
}

/// What became of an authorization that the token has seen used or cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It moved its money in this transaction, at this time.
    Moved(B256, UnixSeconds),
    /// It was cancelled, or its nonce was used for something else: it can never move its money.
    Elsewhere,
    /// No log of it was found.
    NotFound,
}

/// Why there is no answer. The endpoint's own words are left out: they may repeat its address, and
/// that may hold a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RpcError {
    /// No answer came, or one that says nothing of the question.
    #[error("the endpoint cannot be reached; ask again later")]
    Unavailable,
    /// The endpoint answers an error.
    #[error("the endpoint refuses with code {code}")]
    Refused {
        /// The code of the JSON-RPC error; 0 if it has none.
        code: i64,
    },
    /// The answer is not what it should be.
    #[error("the endpoint's answer cannot be read; is it one of the right network?")]
    Malformed,
}

const TIMEOUT_MILLIS: u32 = 10_000;
const RESPONSE_BYTES_MAX: usize = 1024 * 1024;
/// Public endpoints refuse ranges of 10,000 blocks and more.
const BLOCKS_PER_QUERY: u64 = 9_000;
/// How far we look back: a day with a block every two seconds (Base, Polygon), five hours on Sei.
/// A payment can be used for minutes only.
const BLOCKS_BACK_MAX: u64 = 50_000;

sol! {
    function authorizationState(address authorizer, bytes32 nonce) external view returns (bool);
    event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);
    event AuthorizationCanceled(address indexed authorizer, bytes32 indexed nonce);
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
    block_number: U256,
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
    /// [`RpcError`] says why there is no answer. Nothing can be concluded from that.
    pub async fn head_time(&self, http: &impl Http) -> Result<UnixSeconds, RpcError> {
        self.time_of(http, "latest").await
    }

    async fn time_of(&self, http: &impl Http, block: &str) -> Result<UnixSeconds, RpcError> {
        let block: Option<Block> =
            self.call(http, "eth_getBlockByNumber", json!([block, false])).await?;
        // Another node behind the same address may not have the block yet.
        let block = block.ok_or(RpcError::Unavailable)?;
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
        authorizationStateCall::abi_decode_returns_validate(&answer)
            .map_err(|_| RpcError::Malformed)
    }

    /// The transaction in which exactly this authorization moved exactly this money. Looks through
    /// the last 50,000 blocks in steps of 9,000, the newest first.
    ///
    /// [`Use::Elsewhere`]: somebody who signs two authorizations with one nonce can have the other
    /// one used, or can cancel it.
    ///
    /// # Errors
    /// As [`Self::head_time`].
    pub async fn find_transfer(
        &self,
        http: &impl Http,
        network: &Network,
        authorization: &Authorization,
    ) -> Result<Use, RpcError> {
        let head: U256 = self.call(http, "eth_blockNumber", json!([])).await?;
        let head = u64::try_from(head).map_err(|_| RpcError::Malformed)?;
        let oldest = head.saturating_sub(BLOCKS_BACK_MAX);
        let mut to_block = head;
        loop {
            let from_block = to_block.saturating_sub(BLOCKS_PER_QUERY - 1).max(oldest);
            let params = json!([{
                "address": network.usdc,
                "topics": used_or_cancelled_topics(authorization),
                "fromBlock": format!("{from_block:#x}"),
                "toBlock": format!("{to_block:#x}"),
            }]);
            let logs: Vec<FoundLog> = self.call(http, "eth_getLogs", params).await?;
            // The token uses a nonce once, so there is never a second one.
            if let Some(log) = logs.first() {
                let hash = log.transaction_hash;
                let paid = self.moved(http, network, authorization, hash).await?;
                if !paid {
                    return Ok(Use::Elsewhere);
                }
                let at = self.time_of(http, &format!("{:#x}", log.block_number)).await?;
                return Ok(Use::Moved(hash, at));
            }
            if from_block == oldest {
                return Ok(Use::NotFound);
            }
            to_block = from_block.saturating_sub(1);
        }
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
        // Behind one address are many nodes, and another one may not have the block yet.
        let receipt = receipt.ok_or(RpcError::Unavailable)?;
        let is_success = receipt.status == U256::from(1);
        Ok(is_success && moves(&receipt.logs, network, authorization))
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
        let response = http.send(request).await.map_err(|error| match error {
            HttpError::Timeout | HttpError::Connection(_) => RpcError::Unavailable,
            HttpError::TooLong => RpcError::Malformed,
        })?;
        let is_ok = (200..300).contains(&response.status);
        let unread = if is_ok { RpcError::Malformed } else { RpcError::Unavailable };
        let mut answer: Value = serde_json::from_str(&response.body).map_err(|_| unread)?;
        // Some endpoints send `"error": null` with a result.
        if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
            let code = error.get("code").and_then(Value::as_i64).unwrap_or_default();
            return Err(RpcError::Refused { code });
        }
        let result = answer.get_mut("result").map(Value::take).ok_or(unread)?;
        serde_json::from_value(result).map_err(|_| RpcError::Malformed)
    }
}

/// The topics of the log that says that the authorization was used.
fn used_topics(authorization: &Authorization) -> [B256; 3] {
    let from = authorization.from.into_word();
    [AuthorizationUsed::SIGNATURE_HASH, from, authorization.nonce]
}

/// The topics of the logs that say that the authorization was used or cancelled, as a filter.
fn used_or_cancelled_topics(authorization: &Authorization) -> Value {
    let [used, from, nonce] = used_topics(authorization);
    json!([[used, AuthorizationCanceled::SIGNATURE_HASH], from, nonce])
}

/// Whether the authorization itself moved the money. USDC writes `Transfer` directly after
/// `AuthorizationUsed`. A `Transfer` elsewhere in the transaction belongs to something else:
/// without this rule one transfer would pay for many authorizations used together.
fn moves(logs: &[ReceiptLog], network: &Network, authorization: &Authorization) -> bool {
    let Authorization { from, to, value, .. } = authorization;
    let used = used_topics(authorization);
    let moved = [Transfer::SIGNATURE_HASH, from.into_word(), to.into_word()];
    let mut logs = logs.iter().filter(|log| log.address == network.usdc);
    logs.any(|log| log.topics == used)
        && logs.next().is_some_and(|log| {
            log.topics == moved && log.data.as_ref() == value.to_be_bytes::<32>()
        })
}

#[cfg(test)]
mod tests;
