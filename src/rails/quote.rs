//! What a call costs and whom it pays. Everything here comes from the server.

use alloy_primitives::{Address, hex};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::base::id::EventId;
use crate::base::money::Usdc;
use crate::chain::networks::Network;

/// How long a signed payment is to stay valid, seconds (`maxTimeoutSeconds`): so long it may hold a seat.
/// Clients count it from when they ask for the signature, so that a person with a hardware wallet has a
/// minute and a half to sign.
pub const PAYMENT_SECONDS: u32 = 110;

/// The price of one call, bound to its tool and arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// What the payment buys.
    pub call: PaidCall,
    /// The price.
    pub amount: Usdc,
    /// The host's payout address.
    pub pay_to: Address,
    /// Networks on which it may be paid, the preferred one first. Never empty.
    pub networks: Vec<&'static Network>,
    /// What is wanted, by its id, if it is there already.
    pub wanted: Option<String>,
    /// The event whose seat the payment needs, if any.
    pub seat: Option<EventId>,
    /// What the challenge names as the thing sold.
    pub resource_url: String,
    /// What is bought, in words, of at most 300 characters. In plain ASCII: some clients put it through `btoa` (agents/x402 and others).
    pub description: String,
}

/// A tool with its arguments, and a digest that stands for both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidCall {
    /// The tool's name.
    pub tool: String,
    /// Its arguments as the caller sent them.
    pub arguments: Value,
    /// SHA-256 over tool and arguments, hex.
    pub digest: String,
}

impl PaidCall {
    /// Binds `arguments` to `tool`.
    ///
    /// `serde_json` keeps the members of objects sorted, so equal arguments give equal text in
    /// whatever order they were sent.
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
