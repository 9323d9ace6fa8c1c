//! MPP, the Machine Payments Protocol: the HTTP authentication scheme `Payment`, here with the method `evm` and the intent
//! `charge`, paid by an EIP-3009 authorization (draft-httpauth-payment-00, draft-evm-charge-00,
//! draft-payment-transport-mcp-00).
//!
//! [`offer`] is what a challenge offers. [`credential`] reads what comes back into the [`PaymentPayload`] that x402 brings
//! too, so that both rails have one flow, one ledger and one claim. [`receipt`] is the proof of payment.
//!
//! [`PaymentPayload`]: crate::rails::x402::wire::PaymentPayload

pub mod credential;
pub mod offer;
pub mod receipt;

/// The scheme of `WWW-Authenticate` and `Authorization`.
const SCHEME: &str = "Payment";
const METHOD: &str = "evm";
const INTENT: &str = "charge";
/// The only type of credential that we take.
const AUTHORIZATION: &str = "authorization";

/// `_meta` of a call over MCP: its credential.
pub const META_CREDENTIAL: &str = "org.paymentauth/credential";
/// `_meta` of a result over MCP: what has to be paid.
pub const META_REQUIRED: &str = "org.paymentauth/payment-required";
/// `_meta` of a result over MCP: the receipt.
pub const META_RECEIPT: &str = "org.paymentauth/receipt";
/// The header in which the gateway passes a credential on. Callers send it in `Authorization`, which reaches no object.
pub const HEADER: &str = "payment-authorization";

/// The credential in a field `Authorization`, which may hold several schemes, separated by commas.
#[must_use]
pub fn credential_in(authorization: &str) -> Option<&str> {
    let mut parts = authorization.split(',').map(str::trim);
    parts.find_map(|part| {
        let (scheme, credential) = part.split_once(' ')?;
        scheme.eq_ignore_ascii_case(SCHEME).then(|| credential.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_found_beside_a_token_and_a_token_alone_is_none() {
        assert_eq!(credential_in("Payment abc"), Some("abc"));
        assert_eq!(credential_in("Bearer t, payment  abc"), Some("abc"));
        for other in ["Bearer abc", "Payment", "", "Payments abc"] {
            assert_eq!(credential_in(other), None, "{other}");
        }
    }
}
