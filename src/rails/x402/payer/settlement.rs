//! A server's statement about a settlement, and the check of it on the chain.

use alloy_primitives::Address;
use serde::Serialize;
use serde_json::Value;

use crate::base::money::Usdc;
use crate::base::text;
use crate::chain::eip3009::Authorization;
use crate::chain::networks::Network;
use crate::chain::rpc::{Rpc, RpcError};
use crate::chain::usage::read_hash;
use crate::ports::Http;
use crate::rails::received::read_object;
use crate::rails::x402::payer::offer::read_amount;

/// `SettleResponse` of a server. Untrusted; [`confirm`] checks it on the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Settlement {
    /// Whether the server says that money moved.
    pub success: bool,
    /// The transaction, `0x` and 64 hex digits.
    pub transaction: Option<String>,
    /// CAIP-2, if it is a network that we know.
    pub network: Option<&'static str>,
    pub payer: Option<Address>,
    pub amount: Option<Usdc>,
    /// Why no money moved, or why that is unknown; bounded.
    pub error_reason: Option<String>,
}

/// The settlement in the `_meta` of a result, under either key, as an object or in base64.
#[must_use]
pub fn read_settlement(result: &Value) -> Option<Settlement> {
    let meta = result.get("_meta")?;
    let keys = ["x402/payment-response", "x402.payment-response"];
    let said = keys.iter().find_map(|key| read_object(key, meta.get(key)?).ok())?;
    let word = |key: &str| said.get(key).and_then(Value::as_str);
    let network = word("network")
        .and_then(|id| Network::by_caip2(id).or_else(|| Network::by_v1_name(id)))
        .map(|network| network.caip2);
    Some(Settlement {
        success: said.get("success").and_then(Value::as_bool)?,
        transaction: word("transaction").and_then(read_hash).map(|hash| hash.to_string()),
        network,
        payer: word("payer").and_then(|address| address.parse().ok()),
        amount: word("amount").and_then(read_amount),
        error_reason: word("errorReason").map(|reason| text::line(reason, 200)),
    })
}

impl Settlement {
    /// Whether money may have moved although the server does not say so: a settlement in progress, or a failed one
    /// that names a transaction.
    pub(super) fn is_open(&self) -> bool {
        let is_pending = self.error_reason.as_deref() == Some("settlement_pending");
        !self.success && (is_pending || self.transaction.is_some())
    }
}

/// Whether the transaction succeeded in a block and moved exactly this authorization's money. False if `transaction`
/// is not a hash.
///
/// # Errors
///
/// [`RpcError`] if the chain cannot be asked or has no receipt yet. Neither proves anything.
pub async fn confirm(
    http: &impl Http,
    rpc: &Rpc,
    network: &Network,
    authorization: &Authorization,
    transaction: &str,
) -> Result<bool, RpcError> {
    match read_hash(transaction) {
        Some(hash) => rpc.moved(http, network, authorization, hash).await,
        None => Ok(false),
    }
}
