//! What a server says of a settlement, and what the chain says.

use alloy_primitives::{Address, B256};
use serde::Serialize;
use serde_json::Value;

use crate::base::money::Usdc;
use crate::base::text;
use crate::chain::eip3009::Authorization;
use crate::chain::networks::Network;
use crate::chain::rpc::{Rpc, RpcError};
use crate::ports::Http;
use crate::rails::x402::dialects::read_object;
use crate::rails::x402::payer::offer::read_amount;

/// `SettleResponse` of a server. A stranger's word; the chain knows ([`confirm`]).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Settlement {
    /// Whether the server says that money moved.
    pub success: bool,
    /// The transaction, `0x` and 64 hex digits.
    pub transaction: Option<String>,
    /// CAIP-2, if it is a network that we know.
    pub network: Option<&'static str>,
    /// Who paid.
    pub payer: Option<Address>,
    /// What was paid.
    pub amount: Option<Usdc>,
    /// Why no money moved, or why that is not known; bounded.
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
    /// Whether money may have moved although the server does not say that it did: a settlement that is
    /// going on, or a failed one that names a transaction.
    pub(super) fn is_open(&self) -> bool {
        let is_pending = self.error_reason.as_deref() == Some("settlement_pending");
        !self.success && (is_pending || self.transaction.is_some())
    }
}

/// Whether the transaction succeeded and is in a block, and moved exactly the money of exactly this
/// authorization. False for what is no hash of a transaction.
///
/// # Errors
/// [`RpcError`] if the chain cannot be asked, or has no receipt (yet); nothing can be concluded from
/// that.
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

fn read_hash(text: &str) -> Option<B256> {
    let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 64)?;
    digits.parse().ok()
}
