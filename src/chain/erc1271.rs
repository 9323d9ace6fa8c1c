//! Asks a contract wallet whether it accepts a signature (ERC-1271), also before the wallet is deployed (ERC-6492).

use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::{SolCall, sol};
use serde_json::{Value, json};

use crate::chain::rpc::{Ask, Rpc, RpcError, read};
use crate::chain::signature::{Factories, Given, Judge};
use crate::chain::transaction::{ChainCall, last_answer, together};
use crate::ports::Http;

sol! {
    function isValidSignature(bytes32 hash, bytes signature) external view returns (bytes4);
}

/// Whether `signer` accepts the signature under `digest`. The signer may be a key, a contract, or a contract that a
/// factory of the list would deploy.
///
/// # Errors
/// [`RpcError`] if the chain gives no answer. The signature may be valid then.
pub async fn accepts(
    http: &impl Http,
    rpc: &Rpc,
    factories: &Factories,
    signer: Address,
    digest: B256,
    given: &Given,
) -> Result<bool, RpcError> {
    let code: Bytes = rpc.call(http, "eth_getCode", json!([signer, "latest"])).await?;
    let Ok(judge) = given.judge(signer, digest, !code.is_empty(), factories) else {
        return Ok(false);
    };
    let question = question(signer, digest, &given.signature);
    let answer = match judge {
        Judge::Key => return Ok(true),
        Judge::Contract => answer(http, rpc, &question).await,
        Judge::Counterfactual(wrapper) => {
            let make = ChainCall { to: wrapper.factory, data: wrapper.call };
            let answers = answer(http, rpc, &together(&make, &question)).await;
            answers.map(|answers| last_answer(&answers).unwrap_or_default())
        }
    };
    said_yes(answer)
}

/// The ERC-1271 call for a batch. [`answered`] reads its result.
#[must_use]
pub fn ask(wallet: Address, digest: B256, signature: &Bytes) -> Ask {
    let question = question(wallet, digest, signature);
    Ask::contract(question.to, &question.data)
}

/// Reads the result of [`ask`]: whether the contract accepts the signature.
///
/// # Errors
/// As [`accepts`].
pub fn answered(answer: Result<Value, RpcError>) -> Result<bool, RpcError> {
    said_yes(read(answer))
}

/// Only the magic value accepts. A wallet that reverts refuses.
fn said_yes(answer: Result<Bytes, RpcError>) -> Result<bool, RpcError> {
    match answer {
        Ok(answer) => Ok(answer.len() == 32 && answer.starts_with(&isValidSignatureCall::SELECTOR)),
        Err(RpcError::Reverted) => Ok(false),
        Err(error @ (RpcError::Unavailable | RpcError::Refused { .. } | RpcError::Malformed)) => {
            Err(error)
        }
    }
}

fn question(wallet: Address, digest: B256, signature: &Bytes) -> ChainCall {
    let call = isValidSignatureCall { hash: digest, signature: signature.clone() };
    ChainCall { to: wallet, data: call.abi_encode().into() }
}

async fn answer(http: &impl Http, rpc: &Rpc, call: &ChainCall) -> Result<Bytes, RpcError> {
    let Ask { method, params } = Ask::contract(call.to, &call.data);
    rpc.call(http, method, params).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_magic_value_is_a_yes() {
        let mut magic = [0; 32];
        magic[..4].copy_from_slice(&[0x16, 0x26, 0xba, 0x7e]);
        for (answer, expected) in [
            (Ok(Bytes::copy_from_slice(&magic)), Ok(true)),
            (Ok(Bytes::copy_from_slice(&magic[..31])), Ok(false)),
            (Ok(Bytes::from([0xff; 32])), Ok(false)),
            (Ok(Bytes::new()), Ok(false)),
            (Err(RpcError::Reverted), Ok(false)),
            (Err(RpcError::Unavailable), Err(RpcError::Unavailable)),
        ] {
            assert_eq!(said_yes(answer.clone()), expected, "{answer:?}");
        }
    }
}
