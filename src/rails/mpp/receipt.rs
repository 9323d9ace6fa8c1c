//! The receipt of a payment ("Payment-Receipt", draft-httpauth-payment-00; "Receipt Generation", draft-evm-charge-00).

use serde_json::{Value, json};

use crate::base::time::UnixSeconds;
use crate::rails::mpp::offer::encoded;
use crate::rails::x402::wire::SettleResponse;

/// The header of a paid answer.
pub const HEADER: &str = "payment-receipt";

/// The receipt for the payment of the challenge with this id.
#[must_use]
pub fn receipt(challenge_id: &str, settled: &SettleResponse, now: UnixSeconds) -> Value {
    let chain = settled.network.strip_prefix("eip155:");
    let chain: Option<u64> = chain.and_then(|id| id.parse().ok());
    json!({
        "method": super::METHOD,
        "status": "success",
        "challengeId": challenge_id,
        "reference": settled.transaction,
        "timestamp": now.to_string(),
        "chainId": chain,
    })
}

/// The receipt as its header carries it.
#[must_use]
pub fn to_header(challenge_id: &str, settled: &SettleResponse, now: UnixSeconds) -> String {
    encoded(&receipt(challenge_id, settled, now))
}
