//! Looks up transactions and wallets for our own explorer pages, on chains without a public block explorer.

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use alloy_sol_types::{SolEvent, sol};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::chain::networks::Network;
use crate::chain::rpc::{Ask, Rpc, RpcError, read};
use crate::ports::Http;

/// Transfers of a transaction that are shown at most.
const TRANSFERS_MAX: usize = 50;

sol! {
    event Transfer(address indexed from, address indexed to, uint256 value);
}

/// The state of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Known to the node, in no block yet.
    Waiting,
    /// Successful in the block with this number.
    Succeeded(u64),
    /// Reverted in the block with this number.
    Reverted(u64),
}

/// A transfer of USDC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    pub from: Address,
    pub to: Address,
    /// A larger amount is capped at [`Usdc::MAX`].
    pub amount: Usdc,
}

/// A transaction, as our explorer shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The account that sent it and paid for its gas.
    pub sender: Address,
    pub progress: Progress,
    /// The time of its block, once it is in one.
    pub at: Option<UnixSeconds>,
    /// The first 50 transfers of USDC.
    pub moved: Vec<Moved>,
}

#[derive(Deserialize)]
struct Sent {
    from: Address,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    status: U256,
    block_number: U256,
    logs: Vec<Log>,
}

#[derive(Deserialize)]
struct Log {
    address: Address,
    topics: Vec<B256>,
    data: Bytes,
}

/// Looks up a transaction with at most two requests; `None` if the node does not know it.
///
/// # Errors
/// [`RpcError`] if the node gives no answer.
pub async fn transaction(
    http: &impl Http,
    rpc: &Rpc,
    network: &Network,
    hash: B256,
) -> Result<Option<Transaction>, RpcError> {
    let asks = [
        Ask::new("eth_getTransactionByHash", json!([hash])),
        Ask::new("eth_getTransactionReceipt", json!([hash])),
    ];
    let mut answers = rpc.batch(http, &asks).await?.into_iter();
    let mut next = || answers.next().unwrap_or(Ok(Value::Null));
    let sent: Option<Sent> = read(next())?;
    let receipt: Option<Receipt> = read(next())?;
    let Some(Sent { from: sender }) = sent else { return Ok(None) };
    let Some(receipt) = receipt else {
        let progress = Progress::Waiting;
        return Ok(Some(Transaction { sender, progress, at: None, moved: Vec::new() }));
    };
    let block = u64::try_from(receipt.block_number).map_err(|_| RpcError::Malformed)?;
    let at = rpc.block_times(http, &[block]).await?.first().copied();
    let succeeded = receipt.status == U256::ONE;
    let progress = if succeeded { Progress::Succeeded(block) } else { Progress::Reverted(block) };
    let moved = receipt.logs.iter().filter_map(|log| moved_by(log, network.usdc));
    let moved = moved.take(TRANSFERS_MAX).collect();
    Ok(Some(Transaction { sender, progress, at, moved }))
}

fn moved_by(log: &Log, usdc: Address) -> Option<Moved> {
    let transfer = Transfer::decode_raw_log_validate(log.topics.iter().copied(), &log.data).ok()?;
    let Transfer { from, to, value } = transfer;
    let atomic = u64::try_from(value).unwrap_or(u64::MAX);
    let amount = Usdc::from_atomic(atomic).unwrap_or(Usdc::MAX);
    (log.address == usdc).then_some(Moved { from, to, amount })
}

/// Parses a transaction hash in the one form of our links: `0x` and 64 lower-case hex digits.
#[must_use]
pub fn parse_hash(text: &str) -> Option<B256> {
    let is_ours = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 64)?;
    let bytes = digits.bytes().all(is_ours).then(|| hex::decode(digits))?.ok()?;
    B256::try_from(bytes.as_slice()).ok()
}
