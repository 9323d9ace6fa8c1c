//! Finds out what became of a payment: whether its authorization was used, and in which transaction.

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use alloy_sol_types::{SolCall, SolEvent};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::chain::eip3009::{Authorization, Via};
use crate::chain::networks::Network;
use crate::chain::permit2;
use crate::chain::rpc::{Ask, Rpc, RpcError, read};
use crate::chain::transfers::logs::{
    AuthorizationUsed, Transfer, authorizationStateCall, used_topics,
};
use crate::chain::transfers::search::Looked;
use crate::ports::Http;

mod logs;
mod search;

pub use search::Window;

/// The outcome of an authorization that was used or cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It moved its money in this transaction and block.
    Moved(B256, u64),
    /// It was cancelled, or its nonce was used by another authorization. It can never move its money.
    Elsewhere,
    /// The endpoint has no log of it in the window. This proves nothing, because endpoints drop old logs and nodes lag.
    NotFound,
    /// No log was found, and a part of the window was not searched.
    Unsearched,
}

/// The receipt of a transaction that is in a block.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    status: U256,
    logs: Vec<ReceiptLog>,
    /// The number of the block; 0 if the node leaves it out.
    #[serde(default)]
    pub block_number: U256,
    gas_used: Option<U256>,
    effective_gas_price: Option<U256>,
    /// On rollups such as Base: the fee for publishing the data on L1, wei.
    l1_fee: Option<U256>,
}

/// The call of a transaction.
#[derive(Deserialize)]
struct SentCall {
    to: Option<Address>,
    input: Bytes,
}

#[derive(Deserialize)]
struct ReceiptLog {
    address: Address,
    topics: Vec<B256>,
    data: Bytes,
}

impl Rpc {
    /// Whether this authorization was used or cancelled.
    ///
    /// # Errors
    /// As [`Rpc::head_time`].
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

    /// As [`Self::authorization_used`], with the newest block of the node that answered: the answer is as old as that block.
    ///
    /// # Errors
    /// As [`Rpc::head_time`].
    pub async fn authorization_used_by(
        &self,
        http: &impl Http,
        network: &Network,
        authorization: &Authorization,
    ) -> Result<(u64, bool), RpcError> {
        let asks = [
            Ask::new("eth_blockNumber", json!([])),
            ask_used(network, authorization, &json!("latest")),
        ];
        let answers = self.batch(http, &asks).await?;
        let [head, state] = <[_; 2]>::try_from(answers).map_err(|_| RpcError::Malformed)?;
        let head = u64::try_from(read::<U256>(head)?).map_err(|_| RpcError::Malformed)?;
        Ok((head, read_used(state, authorization)?))
    }

    /// Whether this authorization was used or cancelled at the end of exactly this block. A node without the block gives an
    /// error.
    ///
    /// # Errors
    /// As [`Rpc::head_time`].
    pub async fn was_used_at(
        &self,
        http: &impl Http,
        network: &Network,
        authorization: &Authorization,
        block: u64,
    ) -> Result<bool, RpcError> {
        let asks = [ask_used(network, authorization, &json!(U256::from(block)))];
        let answers = self.batch(http, &asks).await?;
        let [state] = <[_; 1]>::try_from(answers).map_err(|_| RpcError::Malformed)?;
        read_used(state, authorization)
    }

    /// The state at the end of exactly this block: the number of transactions that `sender` had sent, and whether the
    /// authorization was used or cancelled. A node without the block gives an error.
    ///
    /// # Errors
    /// As [`Rpc::head_time`].
    pub async fn used_at(
        &self,
        http: &impl Http,
        network: &Network,
        authorization: &Authorization,
        sender: Address,
        block: u64,
    ) -> Result<(u64, bool), RpcError> {
        let block = json!(U256::from(block));
        let asks = [
            Ask::new("eth_getTransactionCount", json!([sender, block])),
            ask_used(network, authorization, &block),
        ];
        let answers = self.batch(http, &asks).await?;
        let [count, state] = <[_; 2]>::try_from(answers).map_err(|_| RpcError::Malformed)?;
        let count = u64::try_from(read::<U256>(count)?).map_err(|_| RpcError::Malformed)?;
        Ok((count, read_used(state, authorization)?))
    }

    /// Finds the transaction in which exactly this authorization moved exactly this money. Searches the blocks of the
    /// window, however old they are.
    ///
    /// [`Use::Elsewhere`]: a payer can sign two authorizations with one nonce and have the other one used, or cancel it.
    ///
    /// # Errors
    /// As [`Rpc::head_time`].
    pub async fn find_transfer(
        &self,
        http: &impl Http,
        network: &Network,
        authorization: &Authorization,
        window: &Window,
    ) -> Result<Use, RpcError> {
        let log = match search::find(self, http, network, authorization, window).await? {
            Looked::Found(log) => log,
            Looked::Nothing => return Ok(Use::NotFound),
            Looked::Partly => return Ok(Use::Unsearched),
        };
        if !self.moved(http, network, authorization, log.transaction_hash).await? {
            return Ok(Use::Elsewhere);
        }
        let block = u64::try_from(log.block_number).map_err(|_| RpcError::Malformed)?;
        Ok(Use::Moved(log.transaction_hash, block))
    }

    /// Whether the transaction succeeded and moved the authorization's money.
    ///
    /// # Errors
    /// As [`Rpc::head_time`]; [`RpcError::Unavailable`] if there is no receipt.
    pub async fn moved(
        &self,
        http: &impl Http,
        network: &Network,
        authorization: &Authorization,
        hash: B256,
    ) -> Result<bool, RpcError> {
        Ok(self.receipt_of_move(http, network, authorization, hash).await?.is_some())
    }

    /// The block in which the transaction succeeded and moved the authorization's money; `None` if it did not move it.
    ///
    /// # Errors
    /// As [`Rpc::moved`]; [`RpcError::Malformed`] if the receipt does not name its block.
    pub async fn moved_in(
        &self,
        http: &impl Http,
        network: &Network,
        authorization: &Authorization,
        hash: B256,
    ) -> Result<Option<u64>, RpcError> {
        let block = self.receipt_of_move(http, network, authorization, hash).await?;
        // Block 0 has no transactions.
        let numbered = |block: U256| u64::try_from(block).ok().filter(|number| *number > 0);
        block.map(|block| numbered(block).ok_or(RpcError::Malformed)).transpose()
    }

    async fn receipt_of_move(
        &self,
        http: &impl Http,
        network: &Network,
        authorization: &Authorization,
        hash: B256,
    ) -> Result<Option<U256>, RpcError> {
        // An endpoint has many nodes, and another one may not have the block yet.
        let there = |receipt: Option<Receipt>| receipt.ok_or(RpcError::Unavailable);
        let ask = Ask::new("eth_getTransactionReceipt", json!([hash]));
        let (receipt, is_its_own) = match authorization.via {
            Via::Token => (there(self.call(http, ask.method, ask.params).await?)?, true),
            // Its logs do not name the nonce, so the call does.
            Via::Permit2 => {
                let asks = [ask, Ask::new("eth_getTransactionByHash", json!([hash]))];
                let answers = self.batch(http, &asks).await?;
                let [receipt, sent] =
                    <[_; 2]>::try_from(answers).map_err(|_| RpcError::Malformed)?;
                let sent: Option<SentCall> = read(sent)?;
                let SentCall { to, input } = sent.ok_or(RpcError::Unavailable)?;
                (there(read(receipt)?)?, permit2::settles(to, &input, authorization))
            }
        };
        let has_moved = is_its_own && receipt.moved(network, authorization);
        Ok(has_moved.then_some(receipt.block_number))
    }
}

impl Receipt {
    /// The fee that the sender paid, wei; `None` if the node leaves it out.
    #[must_use]
    pub fn cost(&self) -> Option<u128> {
        let gas = self.gas_used?.saturating_mul(self.effective_gas_price?);
        u128::try_from(gas.saturating_add(self.l1_fee.unwrap_or_default())).ok()
    }

    /// How many transfers of `value` to `to`, from any of these wallets, the transaction has made without an authorization.
    #[must_use]
    pub fn sent_by_hand(
        &self,
        network: &Network,
        from: &[Address],
        to: Address,
        value: U256,
    ) -> u64 {
        if self.status != U256::from(1) {
            return 0;
        }
        let mut is_authorized = false;
        let mut times: u64 = 0;
        for log in self.logs.iter().filter(|log| log.address == network.usdc) {
            let is_it = from.iter().any(|from| {
                log.topics == [Transfer::SIGNATURE_HASH, from.into_word(), to.into_word()]
                    && log.data.as_ref() == value.to_be_bytes::<32>()
            });
            times = times.saturating_add(u64::from(is_it && !is_authorized));
            is_authorized = log.topics.first() == Some(&AuthorizationUsed::SIGNATURE_HASH);
        }
        times
    }

    /// Whether the transaction succeeded and moved the authorization's money.
    #[must_use]
    pub fn moved(&self, network: &Network, authorization: &Authorization) -> bool {
        let is_success = self.status == U256::from(1);
        is_success && moves(&self.logs, network, authorization)
    }
}

/// Whether the authorization was used or cancelled at the end of a block.
#[must_use]
pub fn ask_used(network: &Network, authorization: &Authorization, block: &Value) -> Ask {
    let Authorization { from: authorizer, nonce, via, .. } = *authorization;
    match via {
        Via::Token => {
            let call = authorizationStateCall { authorizer, nonce };
            Ask::contract_at(network.usdc, &call.abi_encode(), block)
        }
        Via::Permit2 => permit2::ask_used(authorization, block),
    }
}

/// Reads the answer to [`ask_used`].
///
/// # Errors
/// [`RpcError`] if there is no result.
pub fn read_used(
    answer: Result<Value, RpcError>,
    authorization: &Authorization,
) -> Result<bool, RpcError> {
    match authorization.via {
        Via::Token => authorizationStateCall::abi_decode_returns_validate(&read::<Bytes>(answer)?)
            .map_err(|_| RpcError::Malformed),
        Via::Permit2 => permit2::read_used(answer, authorization),
    }
}

/// Whether the authorization itself moved the money. USDC emits `Transfer` directly after `AuthorizationUsed`, and directly
/// before the proxy of `upto` says that it has settled. Other `Transfer` logs of the transaction do not count, or one
/// transfer could pay for many authorizations used together.
fn moves(logs: &[ReceiptLog], network: &Network, authorization: &Authorization) -> bool {
    let Authorization { from, to, value, via, .. } = authorization;
    let topics = [Transfer::SIGNATURE_HASH, from.into_word(), to.into_word()];
    let moved = |log: &ReceiptLog| {
        log.address == network.usdc
            && log.topics == topics
            && log.data.as_ref() == value.to_be_bytes::<32>()
    };
    match via {
        Via::Token => {
            let used = used_topics(authorization);
            let mut logs = logs.iter().filter(|log| log.address == network.usdc);
            logs.any(|log| log.topics == used) && logs.next().is_some_and(moved)
        }
        Via::Permit2 => {
            let has_ended = |log: &ReceiptLog| {
                log.address == permit2::UPTO_PROXY && log.topics == [permit2::SETTLED]
            };
            logs.windows(2)
                .any(|pair| matches!(pair, [first, next] if moved(first) && has_ended(next)))
        }
    }
}

#[cfg(test)]
mod tests;
