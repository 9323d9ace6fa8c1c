//! The price and the payee of a call. All values come from our server, never from the caller.

use alloy_primitives::{Address, hex};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::base::money::Usdc;
use crate::chain::networks::Network;
use crate::chain::solana::address::SolanaAddress;
use crate::chain::solana::networks::{Chain, SolanaNetwork};
use crate::ledger::payments::SeatHold;

/// `maxTimeoutSeconds`: how long a signed payment stays valid, and so may hold a seat. Clients count from the moment
/// when they ask for the signature, which leaves 90 seconds to sign with a hardware wallet.
pub const PAYMENT_SECONDS: u32 = 110;

/// The price of one call, bound to its tool and arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    pub call: PaidCall,
    pub amount: Usdc,
    /// The host's payout address.
    pub pay_to: Address,
    /// The EVM networks that can be paid on, in order of preference. Empty only if Solana is offered.
    pub networks: Vec<&'static Network>,
    /// How it is paid on Solana, if it can be.
    pub solana: Option<SolanaOffer>,
    /// How a price is paid that is known only when the call is carried out: `amount` is then what it would be now.
    pub upto: Option<UptoOffer>,
    /// The id of what the call is about, if it exists already.
    pub wanted: Option<String>,
    /// The seats that the payment holds, if any.
    pub seats: Option<SeatHold>,
    /// The URL that the challenge names as the resource.
    pub resource_url: String,
    /// What is bought, at most 300 characters. Plain ASCII: some clients put it through `btoa` (agents/x402 and
    /// others).
    pub description: String,
}

/// A way to allow an amount of which only the price is taken (scheme `upto`), on all of the EVM networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UptoOffer {
    /// The most that the call may cost.
    pub most: Usdc,
    /// The only account that may settle: that of our own facilitator.
    pub facilitator: Address,
}

/// A way to pay on Solana.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SolanaOffer {
    pub network: &'static SolanaNetwork,
    /// The host's payout address: the owner of the token account that is paid.
    pub pay_to: SolanaAddress,
    /// The account of the facilitator that pays the fee.
    pub fee_payer: SolanaAddress,
    /// Whether the facilitator also takes version 1 of x402.
    pub has_v1: bool,
    /// The text that binds a payment to this call (`rails/x402/solana.rs`).
    pub memo: String,
}

/// A tool with its arguments, and a digest of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidCall {
    pub tool: String,
    /// The arguments as received.
    pub arguments: Value,
    /// SHA-256 of tool and arguments, hex.
    pub digest: String,
}

impl Quote {
    /// The payout address on this network, as the books name it. Empty if it was not offered.
    #[must_use]
    pub fn pay_to_on(&self, chain: Chain) -> String {
        match chain {
            Chain::Evm(_) => self.pay_to.to_checksum(None),
            Chain::Solana(_) => {
                self.solana.as_ref().map(|offer| offer.pay_to.to_string()).unwrap_or_default()
            }
        }
    }
}

impl PaidCall {
    /// Binds `arguments` to `tool`.
    ///
    /// `serde_json` sorts the members of objects, so the digest does not depend on their order.
    #[must_use]
    pub fn new(tool: &str, arguments: Value) -> Self {
        let mut hash = Sha256::new();
        hash.update(tool.as_bytes());
        hash.update([0]);
        hash.update(arguments.to_string().as_bytes());
        Self { tool: tool.to_owned(), digest: hex::encode(hash.finalize()), arguments }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_digest_stands_for_tool_and_arguments_whatever_their_order() {
        let read = |text: &str| serde_json::from_str(text).unwrap();
        let call = PaidCall::new("t", read(r#"{"a":1,"b":2}"#));
        assert_eq!(call.digest, PaidCall::new("t", read(r#"{"b":2,"a":1}"#)).digest);
        assert_ne!(call.digest, PaidCall::new("u", json!({"a":1,"b":2})).digest);
        assert_ne!(call.digest, PaidCall::new("t", json!({"a":1,"b":3})).digest);
    }
}
