//! What payers sign, as it is on the wire.

use alloy_primitives::{Address, B256, Bytes, U256};
use serde_json::{Value, json};

use crate::chain::eip3009::{Authorization, Via};
use crate::chain::permit2::Permit;
use crate::chain::solana::transfer::NoTransfer;

/// The longest signature that is read: an ERC-6492 wrapper carries a factory call.
pub const SIGNATURE_BYTES_MAX: usize = 8 * 1024;

/// Why an object is not a payment. The text is an x402 reason code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// Neither version 1 nor 2.
    #[error("invalid_x402_version")]
    Version,
    /// Any scheme other than `exact` and, for version 2 and EVM, `upto`.
    #[error("unsupported_scheme")]
    Scheme,
    /// A field is missing or malformed.
    #[error("invalid_payload: {0} is missing or malformed")]
    Field(&'static str),
    /// The transaction is not a payment of this scheme.
    #[error("{0}")]
    Transfer(#[from] NoTransfer),
}

/// Parses an authorization.
///
/// # Errors
///
/// [`PayloadError::Field`] names the first member that is missing or malformed.
pub fn read_authorization(authorization: &Value) -> Result<Authorization, PayloadError> {
    let (address, number) =
        (|key| read_address(authorization, key), |key| read_number(authorization, key));
    Ok(Authorization {
        from: address("from")?,
        to: address("to")?,
        value: number("value")?,
        valid_after: number("validAfter")?,
        valid_before: number("validBefore")?,
        nonce: read_text(authorization, "nonce")?
            .strip_prefix("0x")
            .filter(|digits| digits.len() == 64)
            .and_then(|digits| digits.parse::<B256>().ok())
            .ok_or(PayloadError::Field("nonce"))?,
        via: Via::Token,
    })
}

/// Parses what a payer signs for the scheme `upto`. The value of the authorization is the most that may be taken.
///
/// # Errors
///
/// [`PayloadError::Field`] names the first member that is missing or malformed.
pub fn read_permit(signed: &Value) -> Result<(Authorization, Permit), PayloadError> {
    let member = |key| signed.get(key).unwrap_or(&Value::Null);
    let (permitted, witness) = (member("permitted"), member("witness"));
    let max = read_number(permitted, "amount")?;
    let authorization = Authorization {
        from: read_address(signed, "from")?,
        to: read_address(witness, "to")?,
        value: max,
        valid_after: read_number(witness, "validAfter")?,
        valid_before: read_number(signed, "deadline")?,
        nonce: B256::from(read_number(signed, "nonce")?),
        via: Via::Permit2,
    };
    let permit = Permit {
        max,
        token: read_address(permitted, "token")?,
        spender: read_address(signed, "spender")?,
        facilitator: read_address(witness, "facilitator")?,
    };
    Ok((authorization, permit))
}

fn read_text<'a>(object: &'a Value, key: &'static str) -> Result<&'a str, PayloadError> {
    object.get(key).and_then(Value::as_str).ok_or(PayloadError::Field(key))
}

fn read_address(object: &Value, key: &'static str) -> Result<Address, PayloadError> {
    read_text(object, key)?.parse().map_err(|_| PayloadError::Field(key))
}

fn read_number(object: &Value, key: &'static str) -> Result<U256, PayloadError> {
    decimal(read_text(object, key)?).ok_or(PayloadError::Field(key))
}

/// The authorization as JSON, with numbers as decimal text.
#[must_use]
pub fn authorization_json(authorization: &Authorization) -> Value {
    json!({
        "from": authorization.from.to_checksum(None),
        "to": authorization.to.to_checksum(None),
        "value": authorization.value.to_string(),
        "validAfter": authorization.valid_after.to_string(),
        "validBefore": authorization.valid_before.to_string(),
        "nonce": authorization.nonce,
    })
}

/// Parses the member `signature`.
///
/// # Errors
///
/// [`PayloadError::Field`] if it is missing, malformed or too long.
pub fn read_signature(payload: &Value) -> Result<Bytes, PayloadError> {
    let text = payload.get("signature").and_then(Value::as_str).unwrap_or_default();
    let digits = text.strip_prefix("0x").unwrap_or_default();
    if digits.is_empty() || digits.len() / 2 > SIGNATURE_BYTES_MAX {
        return Err(PayloadError::Field("signature"));
    }
    digits.parse().map_err(|_| PayloadError::Field("signature"))
}

/// Parses a 256-bit number: decimal digits only.
#[must_use]
pub fn decimal(text: &str) -> Option<U256> {
    let digits_only = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (digits_only && text.len() <= 78).then(|| U256::from_str_radix(text, 10).ok()).flatten()
}
