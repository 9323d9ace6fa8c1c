//! JSON-RPC 2.0 over HTTP, with the methods of Ethereum's execution API.

use alloy_primitives::{B256, Bytes, U256};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::base::time::UnixSeconds;
use crate::ports::{Http, HttpError, HttpRequest};

/// A JSON-RPC 2.0 endpoint of one network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rpc {
    /// May contain an API key, so it is never logged.
    pub url: String,
}

/// One call of a batch.
#[derive(Clone, Debug)]
pub struct Ask {
    pub method: &'static str,
    /// The parameters by position: a JSON array.
    pub params: Value,
}

/// Why a call has no result. The endpoint's message is left out, because it may repeat its URL with an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RpcError {
    /// No response, or a response without an answer to the call.
    #[error("the endpoint cannot be reached; ask again later")]
    Unavailable,
    /// The endpoint returned an error.
    #[error("the endpoint refuses with code {code}")]
    Refused {
        /// JSON-RPC error code; 0 if there is none.
        code: i64,
    },
    /// The call was executed and reverted.
    #[error("the call reverts")]
    Reverted,
    /// The result does not have the expected form.
    #[error("the endpoint's answer cannot be read; is it one of the right network?")]
    Malformed,
}

/// The outcome of sending a transaction to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broadcast {
    /// The node has the transaction; it may have had it before.
    Accepted,
    /// The nonce is used, or a pending transaction holds it.
    NonceTaken,
    /// The node refuses the transaction: not enough balance for gas, or a fee that is too low.
    Refused,
    /// It is not known whether the node has the transaction.
    Unclear,
}

/// Error messages of nodes for a call that reverted or ran out of gas. The contract caused these, not the node.
const CALL_FAILED: &[&str] = &[
    "revert",
    "out of gas",
    "outofgas",
    "gas required exceeds",
    "invalid opcode",
    "invalidfeopcode",
    "stack underflow",
    "stack overflow",
    "stack limit",
    "invalid jump",
    "write protection",
];

const TIMEOUT_MILLIS: u32 = 10_000;
const RESPONSE_BYTES_MAX: usize = 1024 * 1024;

#[derive(Deserialize)]
struct Block {
    number: U256,
    timestamp: U256,
}

/// A JSON-RPC error. Its message is only compared, never passed on.
struct Fault {
    code: i64,
    message: String,
    reverted: bool,
}

impl Rpc {
    /// Returns number and time of the newest block.
    ///
    /// # Errors
    /// [`RpcError`] if there is no result; it says nothing about the chain.
    pub async fn head(&self, http: &impl Http) -> Result<(u64, UnixSeconds), RpcError> {
        read_block(self.call(http, "eth_getBlockByNumber", json!(["latest", false])).await)
    }

    /// Returns the times of these blocks, with one batch.
    ///
    /// # Errors
    /// As [`Self::head`], also if the endpoint lacks one of the blocks.
    pub(super) async fn block_times(
        &self,
        http: &impl Http,
        numbers: &[u64],
    ) -> Result<Vec<UnixSeconds>, RpcError> {
        let ask =
            |number: &u64| Ask::new("eth_getBlockByNumber", json!([format!("{number:#x}"), false]));
        let asks: Vec<Ask> = numbers.iter().map(ask).collect();
        let answers = self.batch(http, &asks).await?;
        let time = |(asked, answer): (&u64, Result<Value, RpcError>)| {
            let (number, time) = read_block(answer)?;
            if number == *asked { Ok(time) } else { Err(RpcError::Malformed) }
        };
        numbers.iter().zip(answers).map(time).collect()
    }

    /// Returns the time of the newest block.
    ///
    /// # Errors
    /// As [`Self::head`].
    pub async fn head_time(&self, http: &impl Http) -> Result<UnixSeconds, RpcError> {
        Ok(self.head(http).await?.1)
    }

    /// Makes one call.
    ///
    /// # Errors
    /// As [`Self::head_time`].
    pub async fn call<T: DeserializeOwned>(
        &self,
        http: &impl Http,
        method: &'static str,
        params: Value,
    ) -> Result<T, RpcError> {
        let body = envelope(1, method, &params);
        let (is_ok, mut answer) = self.send(http, &body, TIMEOUT_MILLIS).await?;
        read(outcome(&mut answer, is_ok)?.map_err(Fault::into_error))
    }

    /// Makes several calls in one request (JSON-RPC 2.0, section 6). The results have the order of the calls; each call can
    /// fail alone.
    ///
    /// # Errors
    /// As [`Self::head_time`], if the whole request fails.
    pub async fn batch(
        &self,
        http: &impl Http,
        asks: &[Ask],
    ) -> Result<Vec<Result<Value, RpcError>>, RpcError> {
        self.batch_within(http, asks, TIMEOUT_MILLIS).await
    }

    /// As [`Self::batch`], with a time limit in milliseconds.
    pub(super) async fn batch_within(
        &self,
        http: &impl Http,
        asks: &[Ask],
        timeout_millis: u32,
    ) -> Result<Vec<Result<Value, RpcError>>, RpcError> {
        let numbered = (1_u64..).zip(asks);
        let body: Vec<Value> =
            numbered.clone().map(|(id, ask)| envelope(id, ask.method, &ask.params)).collect();
        let (is_ok, mut answers) = self.send(http, &Value::Array(body), timeout_millis).await?;
        let Some(answers) = answers.as_array_mut() else {
            // An overloaded endpoint returns one error for the whole batch.
            let fault = outcome(&mut answers, is_ok)?;
            return Err(fault.map_or_else(Fault::into_error, |_| RpcError::Malformed));
        };
        let answer_to = |id: u64| {
            let mut found = answers.iter_mut();
            let found = found.find(|answer| answer.get("id").and_then(Value::as_u64) == Some(id));
            outcome(found.ok_or(RpcError::Malformed)?, is_ok)?.map_err(Fault::into_error)
        };
        Ok(numbered.map(|(id, _)| id).map(answer_to).collect())
    }

    /// Sends a signed transaction (hex) to the node.
    pub async fn broadcast(&self, http: &impl Http, raw: &str) -> Broadcast {
        let body = envelope(1, "eth_sendRawTransaction", &json!([raw]));
        let Ok((is_ok, mut answer)) = self.send(http, &body, TIMEOUT_MILLIS).await else {
            return Broadcast::Unclear;
        };
        match outcome(&mut answer, is_ok) {
            Ok(Ok(result)) if B256::deserialize(&result).is_ok() => Broadcast::Accepted,
            Ok(Err(fault)) => judge_broadcast(&fault.message),
            Ok(Ok(_)) | Err(_) => Broadcast::Unclear,
        }
    }

    async fn send(
        &self,
        http: &impl Http,
        body: &Value,
        timeout_millis: u32,
    ) -> Result<(bool, Value), RpcError> {
        let request = HttpRequest {
            url: self.url.clone(),
            body: Some(body.to_string()),
            headers: Vec::new(),
            timeout_millis,
            response_bytes_max: RESPONSE_BYTES_MAX,
        };
        let response = http.send(request).await.map_err(|error| match error {
            HttpError::Timeout | HttpError::Connection(_) | HttpError::Redirected { .. } => {
                RpcError::Unavailable
            }
            HttpError::TooLong => RpcError::Malformed,
        })?;
        let is_ok = (200..300).contains(&response.status);
        let answer = serde_json::from_str(&response.body).map_err(|_| unread(is_ok))?;
        Ok((is_ok, answer))
    }
}

impl Ask {
    /// A call of `method`.
    #[must_use]
    pub const fn new(method: &'static str, params: Value) -> Self {
        Self { method, params }
    }

    /// An `eth_call` at the pending block, because the time of the newest block may lie far back.
    #[must_use]
    pub fn contract(to: alloy_primitives::Address, data: &[u8]) -> Self {
        Self::contract_at(to, data, &json!("pending"))
    }

    /// An `eth_call` at the end of a block.
    #[must_use]
    pub fn contract_at(to: alloy_primitives::Address, data: &[u8], block: &Value) -> Self {
        Self::new("eth_call", json!([{"to": to, "data": Bytes::copy_from_slice(data)}, block]))
    }
}

/// Deserializes the result of a call.
///
/// # Errors
/// The failure of the call, or [`RpcError::Malformed`].
pub fn read<T: DeserializeOwned>(answer: Result<Value, RpcError>) -> Result<T, RpcError> {
    serde_json::from_value(answer?).map_err(|_| RpcError::Malformed)
}

fn read_block(answer: Result<Value, RpcError>) -> Result<(u64, UnixSeconds), RpcError> {
    let block: Block = read::<Option<Block>>(answer)?.ok_or(RpcError::Unavailable)?;
    let number = u64::try_from(block.number).map_err(|_| RpcError::Malformed)?;
    let seconds = i64::try_from(block.timestamp).map_err(|_| RpcError::Malformed)?;
    Ok((number, UnixSeconds::new(seconds)))
}

impl Fault {
    fn into_error(self) -> RpcError {
        if self.reverted { RpcError::Reverted } else { RpcError::Refused { code: self.code } }
    }
}

fn envelope(id: u64, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

const fn unread(is_ok: bool) -> RpcError {
    if is_ok { RpcError::Malformed } else { RpcError::Unavailable }
}

/// Takes the result or the error out of a response.
fn outcome(answer: &mut Value, is_ok: bool) -> Result<Result<Value, Fault>, RpcError> {
    // Some endpoints send `"error": null` beside a result.
    if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
        let code = error.get("code").and_then(Value::as_i64).unwrap_or_default();
        let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
        let message = message.to_ascii_lowercase();
        // Geth uses code 3 for reverts. Older nodes only say so in the message, or send the revert data.
        let data = error.get("data").and_then(Value::as_str).unwrap_or_default();
        let says = |words: &&str| message.contains(words);
        let reverted = code == 3 || data.starts_with("0x") || CALL_FAILED.iter().any(says);
        return Ok(Err(Fault { code, message, reverted }));
    }
    answer.get_mut("result").map(|result| Ok(result.take())).ok_or(unread(is_ok))
}

/// Classifies the error message of a refused transaction: the messages of geth and their equivalents in other nodes.
fn judge_broadcast(message: &str) -> Broadcast {
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| message.contains(phrase));
    if says(&["already known", "already imported", "known transaction", "already exists"]) {
        Broadcast::Accepted
    } else if says(&["nonce too low", "nonce is too low", "old nonce", "replacement"]) {
        Broadcast::NonceTaken
    } else if says(&[
        "insufficient funds",
        "underpriced",
        "intrinsic gas",
        "less than block base fee",
    ]) || says(&["fee too low", "gas limit", "gas price", "max fee per gas"])
    {
        Broadcast::Refused
    } else {
        Broadcast::Unclear
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_node_says_of_a_transaction_is_understood() {
        for (message, expected) in [
            ("already known", Broadcast::Accepted),
            ("transaction already imported", Broadcast::Accepted),
            ("nonce too low: next nonce 5, tx nonce 4", Broadcast::NonceTaken),
            ("replacement transaction underpriced", Broadcast::NonceTaken),
            ("insufficient funds for gas * price + value", Broadcast::Refused),
            ("max fee per gas less than block base fee", Broadcast::Refused),
            ("internal error", Broadcast::Unclear),
            ("", Broadcast::Unclear),
        ] {
            assert_eq!(judge_broadcast(message), expected, "{message}");
        }
    }

    #[test]
    fn only_a_contract_that_refuses_is_a_revert() {
        for (error, expected) in [
            (json!({"code": 3, "message": "execution reverted"}), RpcError::Reverted),
            (json!({"code": -32000, "message": "execution reverted: x"}), RpcError::Reverted),
            (
                json!({"code": -32015, "message": "VM error", "data": "0x08c379a0"}),
                RpcError::Reverted,
            ),
            (json!({"code": -32005, "message": "limit"}), RpcError::Refused { code: -32005 }),
            (json!("no"), RpcError::Refused { code: 0 }),
        ] {
            let mut answer = json!({"id": 1, "error": error});
            let Ok(Err(fault)) = outcome(&mut answer, true) else { panic!("{answer}") };
            assert_eq!(fault.into_error(), expected, "{answer}");
        }
        assert!(matches!(outcome(&mut json!({"id": 1}), true), Err(RpcError::Malformed)));
        assert!(matches!(outcome(&mut json!({"id": 1}), false), Err(RpcError::Unavailable)));
    }
}
