//! Looks for a transfer of USDC that somebody has sent by hand: not by an authorization that another party could have
//! carried out for a payment of its own.

use alloy_primitives::{Address, B256, U256};
use serde_json::json;

use crate::base::time::UnixSeconds;
use crate::chain::networks::Network;
use crate::chain::rpc::{Rpc, RpcError};
use crate::chain::transfers::Receipt;
use crate::ports::Http;

/// The transfer that is looked for.
#[derive(Clone, Copy, Debug)]
pub struct ByHand<'a> {
    /// Any of these has sent it.
    pub from: &'a [Address],
    pub to: Address,
    /// In the token's smallest unit.
    pub value: U256,
    /// The block is not older, Unix seconds.
    pub since: UnixSeconds,
}

impl Rpc {
    /// The block of a transaction, and how many such transfers it has made; `None` if it has made none.
    ///
    /// # Errors
    /// As [`Rpc::head_time`]; [`RpcError::Unavailable`] if there is no receipt, which says nothing about the transaction.
    pub async fn sent_by_hand(
        &self,
        http: &impl Http,
        network: &Network,
        wanted: &ByHand<'_>,
        hash: B256,
    ) -> Result<Option<(u64, u64)>, RpcError> {
        let receipt: Option<Receipt> =
            self.call(http, "eth_getTransactionReceipt", json!([hash])).await?;
        let receipt = receipt.ok_or(RpcError::Unavailable)?;
        let block = u64::try_from(receipt.block_number).map_err(|_| RpcError::Malformed)?;
        let times = receipt.sent_by_hand(network, wanted.from, wanted.to, wanted.value);
        if times == 0 || block == 0 {
            return Ok(None);
        }
        let times_of_blocks = self.block_times(http, &[block]).await?;
        let at = times_of_blocks.first().copied().ok_or(RpcError::Malformed)?;
        Ok((at >= wanted.since).then_some((block, times)))
    }
}
