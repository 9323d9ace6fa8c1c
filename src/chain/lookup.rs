//! A transaction and a wallet as people look at them, on a chain that no public block explorer knows.

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use alloy_sol_types::{SolEvent, sol};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::chain::networks::Network;
use crate::chain::rpc::{Ask, Rpc, RpcError, read};
use crate::ports::Http;

/// Transfers of one transaction that are shown.
const TRANSFERS_MAX: usize = 50;

sol! {
    event Transfer(address indexed from, address indexed to, uint256 value);
}

/// How far a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The node has it, and no block does.
    Waiting,
    /// A block has carried it out.
    Succeeded(u64),
    /// A block has it, and a contract refused it.
    Reverted(u64),
}

/// USDC that a transaction moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Whose it was.
    pub from: Address,
    /// Whose it is.
    pub to: Address,
    /// How much; more than [`Usdc::MAX`] is shown as that.
    pub amount: Usdc,
}

/// A transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Who sent it and paid for its gas.
    pub sender: Address,
    /// How far it is.
    pub progress: Progress,
    /// The time of its block.
    pub at: Option<UnixSeconds>,
    /// Transfers of USDC, the first 50.
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

/// Looks a transaction up; `None` if the node does not have it. Two requests at most.
///
/// # Errors
/// [`RpcError`]
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

/// Reads a transaction's hash as we write it: `0x` and 64 hex digits in lower case.
#[must_use]
pub fn parse_hash(text: &str) -> Option<B256> {
    let is_ours = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 64)?;
    let bytes = digits.bytes().all(is_ours).then(|| hex::decode(digits))?.ok()?;
    B256::try_from(bytes.as_slice()).ok()
}
