//! JSON-RPC over HTTP (JSON-RPC 2.0, and the execution API of Ethereum nodes).

use alloy_primitives::{B256, Bytes, U256};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::base::time::UnixSeconds;
use crate::ports::{Http, HttpError, HttpRequest};

/// A JSON-RPC endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rpc {
    /// Its address.
    pub url: String,
}

/// One question of several.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The method.
    pub method: &'static str,
    /// Its parameters, an array.
    pub params: Value,
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
    /// The call was carried out, and a contract refused it.
    #[error("the call reverts")]
    Reverted,
    /// The answer is not what it should be.
    #[error("the endpoint's answer cannot be read; is it one of the right network?")]
    Malformed,
}

/// What became of handing a transaction to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broadcast {
    /// The node has it, now or already before.
    Accepted,
    /// The node says that this nonce is used up, or held by another transaction.
    NonceTaken,
    /// The node does not take it as it is: too little gas money, or too low a fee.
    Refused,
    /// Nobody knows whether the node has it.
    Unclear,
}

/// What nodes say of a call that a contract has ended, or that has used up the gas it was given: the
/// contract's doing, not the node's.
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

/// A JSON-RPC error. Its message is compared and never passed on.
struct Fault {
    code: i64,
    message: String,
    reverted: bool,
}

impl Rpc {
    /// Number and time of the newest block.
    ///
    /// # Errors
    /// [`RpcError`] says why there is no answer. Nothing can be concluded from that.
    pub async fn head(&self, http: &impl Http) -> Result<(u64, UnixSeconds), RpcError> {
        read_block(self.call(http, "eth_getBlockByNumber", json!(["latest", false])).await)
    }

    /// The times of these blocks, asked for together.
    ///
    /// # Errors
    /// As [`Self::head`], also if the endpoint does not have one of them.
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

    /// The time of the newest block.
    ///
    /// # Errors
    /// As [`Self::head`].
    pub async fn head_time(&self, http: &impl Http) -> Result<UnixSeconds, RpcError> {
        Ok(self.head(http).await?.1)
    }

    /// One question.
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

    /// Several questions in one request (JSON-RPC 2.0, section 6). The answers come in the order of
    /// the questions, each with a failure of its own.
    ///
    /// # Errors
    /// As [`Self::head_time`], if the request as a whole has no answer.
    pub async fn batch(
        &self,
        http: &impl Http,
        asks: &[Ask],
    ) -> Result<Vec<Result<Value, RpcError>>, RpcError> {
        self.batch_within(http, asks, TIMEOUT_MILLIS).await
    }

    /// The same with a time limit of its own, milliseconds.
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
            // An endpoint that is overloaded answers one error for all.
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

    /// Hands a signed transaction (hex) to the node.
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
    /// A question.
    #[must_use]
    pub const fn new(method: &'static str, params: Value) -> Self {
        Self { method, params }
    }

    /// A call of a contract, that changes nothing, at the block that is being made: the newest one's
    /// time may lie far back.
    #[must_use]
    pub fn contract(to: alloy_primitives::Address, data: &[u8]) -> Self {
        Self::new("eth_call", json!([{"to": to, "data": Bytes::copy_from_slice(data)}, "pending"]))
    }
}

/// An answer as what it should be.
///
/// # Errors
/// The answer's own failure, or [`RpcError::Malformed`].
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

/// The result in an answer, or the error in it.
fn outcome(answer: &mut Value, is_ok: bool) -> Result<Result<Value, Fault>, RpcError> {
    // Some endpoints send `"error": null` with a result.
    if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
        let code = error.get("code").and_then(Value::as_i64).unwrap_or_default();
        let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
        let message = message.to_ascii_lowercase();
        // Code 3 is that of geth; older nodes only say so, or send along what the contract said.
        let data = error.get("data").and_then(Value::as_str).unwrap_or_default();
        let says = |words: &&str| message.contains(words);
        let reverted = code == 3 || data.starts_with("0x") || CALL_FAILED.iter().any(says);
        return Ok(Err(Fault { code, message, reverted }));
    }
    answer.get_mut("result").map(|result| Ok(result.take())).ok_or(unread(is_ok))
}

/// What nodes say of a transaction that they do not take; the words are geth's, and those that
/// others have for the same.
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
