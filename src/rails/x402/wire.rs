//! x402 objects as they are on the wire (x402 specification, versions 1 and 2).

use alloy_primitives::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::id::PaymentIdentifier;
use crate::chain::eip3009::Authorization;
use crate::chain::permit2::Permit;
use crate::chain::solana::networks::Chain;
use crate::chain::solana::transfer::SolanaTransfer;
use crate::rails::x402::signed::{PayloadError, read_authorization, read_permit, read_signature};

/// The length of a receipt key: 128 random bits in hex.
pub const RECEIPT_KEY_CHARS: usize = 32;

/// The extension with which a caller gives its payment an id (x402, `payment-identifier`).
pub const PAYMENT_IDENTIFIER: &str = "payment-identifier";

/// The extension with which a wallet proves that it has paid before (x402, `sign-in-with-x`).
pub const SIGN_IN_WITH_X: &str = "sign-in-with-x";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Version {
    V1,
    V2,
}

impl Version {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::V1 => 1,
            Self::V2 => 2,
        }
    }
}

/// The variable part of the EIP-712 domain, and our additions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extra {
    /// Domain name of the token.
    pub name: String,
    /// Domain version of the token.
    pub version: String,
    /// The signed EIP-712 type. Some clients (thirdweb's) read it from here instead of from the scheme; others drop
    /// it from their echo.
    #[serde(rename = "primaryType", default, skip_serializing_if = "Option::is_none")]
    pub primary_type: Option<String>,
    /// Random bytes in hex. A caller that repeats a payment with this key has it from our challenge, not from the
    /// chain.
    #[serde(rename = "receiptKey", default, skip_serializing_if = "Option::is_none")]
    pub receipt_key: Option<String>,
    /// Scheme `upto`: which contract moves the money, `permit2`.
    #[serde(rename = "assetTransferMethod", default, skip_serializing_if = "Option::is_none")]
    pub asset_transfer_method: Option<String>,
    /// Scheme `upto`: the only account that may settle (EIP-55). The payer signs it.
    #[serde(rename = "facilitatorAddress", default, skip_serializing_if = "Option::is_none")]
    pub facilitator_address: Option<String>,
}

/// One way to pay (x402 version 2). A payment repeats it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequirementsV2 {
    /// `exact`, or `upto` for a price that is known only when the call is carried out.
    pub scheme: String,
    /// CAIP-2 id, such as `eip155:8453`.
    pub network: String,
    /// USDC in its smallest unit, decimal. Scheme `upto`: the most that may be taken.
    pub amount: String,
    /// Contract of USDC (EIP-55).
    pub asset: String,
    /// The host's payout address (EIP-55).
    pub pay_to: String,
    /// The longest validity of a payment.
    pub max_timeout_seconds: u32,
    /// Name and version of the token's EIP-712 domain.
    pub extra: Extra,
}

/// One way to pay (x402 version 1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequirementsV1 {
    /// `exact`; no other scheme is served.
    pub scheme: &'static str,
    /// Version 1 name, such as `base-sepolia`.
    pub network: &'static str,
    /// USDC in its smallest unit, decimal.
    pub max_amount_required: String,
    /// The URL of the tool.
    pub resource: String,
    /// Plain ASCII, because some clients apply `btoa` to it.
    pub description: String,
    /// Media type of the result.
    pub mime_type: &'static str,
    /// The host's payout address (EIP-55).
    pub pay_to: String,
    /// The longest validity of a payment.
    pub max_timeout_seconds: u32,
    /// Contract of USDC (EIP-55).
    pub asset: String,
    /// Name and version of the token's EIP-712 domain.
    pub extra: Extra,
}

/// The tool that is paid for (x402 version 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// The URL of the tool.
    pub url: String,
    /// Plain ASCII, because some clients apply `btoa` to it.
    pub description: String,
    /// Media type of the result.
    pub mime_type: &'static str,
}

/// The challenge of an unpaid call (x402 version 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRequiredV2 {
    pub x402_version: u8,
    /// Why payment is required, ASCII.
    pub error: String,
    pub resource: Resource,
    /// One entry for each network: [`RequirementsV2`].
    pub accepts: Vec<Value>,
    /// Extensions that a payment may fill in.
    pub extensions: Value,
}

/// The challenge of an unpaid call (x402 version 1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRequiredV1 {
    pub x402_version: u8,
    /// Why payment is required, ASCII.
    pub error: String,
    /// One entry for each network: [`RequirementsV1`].
    pub accepts: Vec<Value>,
}

/// `SettleResponse` as we send it to callers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SettleResponse {
    /// Whether the settlement moved money.
    pub success: bool,
    /// Machine-readable reason of a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_reason: Option<String>,
    /// Transaction hash, empty if there is none.
    pub transaction: String,
    /// The network as the payment's version names it.
    pub network: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payer: Option<String>,
    /// The amount in the smallest unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
}

/// A payment as received, with its parsed members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentPayload {
    pub version: Version,
    /// The network that the caller named, as its version names it.
    pub network: String,
    pub means: Means,
    /// The caller's payment id (extension `payment-identifier`).
    pub identifier: Option<PaymentIdentifier>,
    /// The whole object, for the facilitator.
    pub raw: Value,
    /// Whether the caller has shown the challenge whose hash is the nonce (MPP), which is never on the chain.
    pub shows_challenge: bool,
}

/// What moves the money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Means {
    /// An authorization that a token contract takes (EIP-3009), or Permit2 if there is a `permit`; its value is then the most
    /// that may be taken. `accepted`: the caller's choice (version 2).
    Evm {
        accepted: Option<Box<RequirementsV2>>,
        authorization: Authorization,
        permit: Option<Box<Permit>>,
        signature: Bytes,
    },
    /// A transaction that its payer has signed and the facilitator has not.
    Solana(SolanaTransfer),
}

impl PaymentPayload {
    /// Parses a payment.
    ///
    /// # Errors
    ///
    /// [`PayloadError`] names the first fault.
    pub fn read(raw: Value) -> Result<Self, PayloadError> {
        let version = match raw.get("x402Version").and_then(Value::as_u64) {
            Some(1) => Version::V1,
            Some(2) => Version::V2,
            Some(_) | None => return Err(PayloadError::Version),
        };
        let accepted = match version {
            Version::V1 => None,
            Version::V2 => Some(raw.get("accepted").ok_or(PayloadError::Field("accepted"))?),
        };
        let named = |key: &'static str| {
            let text = accepted.unwrap_or(&raw).get(key).and_then(Value::as_str);
            text.ok_or(PayloadError::Field(if accepted.is_some() { "accepted" } else { key }))
        };
        let (scheme, network) = (named("scheme")?, named("network")?);
        let chain = match version {
            Version::V1 => Chain::by_v1_name(network),
            Version::V2 => Chain::by_caip2(network),
        };
        let may_be_upto = version == Version::V2 && !matches!(chain, Some(Chain::Solana(_)));
        let is_upto = match scheme {
            "exact" => false,
            "upto" if may_be_upto => true,
            _ => return Err(PayloadError::Scheme),
        };
        let payload = raw.get("payload").ok_or(PayloadError::Field("payload"))?;
        let means = match chain {
            Some(Chain::Solana(_)) => {
                let transaction = payload.get("transaction").and_then(Value::as_str);
                let transaction = transaction.ok_or(PayloadError::Field("transaction"))?;
                Means::Solana(SolanaTransfer::read(transaction)?)
            }
            Some(Chain::Evm(_)) | None => {
                let accepted = accepted.map(RequirementsV2::deserialize).transpose();
                let accepted = accepted.map_err(|_| PayloadError::Field("accepted"))?.map(Box::new);
                let member = |key| payload.get(key).unwrap_or(&Value::Null);
                let (authorization, permit) = match is_upto {
                    false => (read_authorization(member("authorization"))?, None),
                    true => {
                        // EVM takes a part of what is allowed by Permit2 only.
                        let signed =
                            payload.get("permit2Authorization").ok_or(PayloadError::Scheme)?;
                        let (authorization, permit) = read_permit(signed)?;
                        (authorization, Some(Box::new(permit)))
                    }
                };
                let signature = read_signature(payload)?;
                Means::Evm { accepted, authorization, permit, signature }
            }
        };
        let network = network.to_owned();
        let identifier = read_identifier(&raw)?;
        Ok(Self { version, network, means, identifier, raw, shows_challenge: false })
    }
}

impl PaymentPayload {
    /// The paying wallet, as the books name it: EIP-55, or base58.
    #[must_use]
    pub fn payer(&self) -> String {
        match &self.means {
            Means::Evm { authorization, .. } => authorization.from.to_checksum(None),
            Means::Solana(transfer) => transfer.payer.to_string(),
        }
    }

    /// What it moves, in the smallest unit; `None` for more than there is.
    #[must_use]
    pub fn amount(&self) -> Option<u64> {
        match &self.means {
            Means::Evm { authorization, .. } => u64::try_from(authorization.value).ok(),
            Means::Solana(transfer) => Some(transfer.amount),
        }
    }

    /// Whether it holds a secret that is never on the chain (our receipt key, the caller's own id, or the challenge whose
    /// hash is the nonce), so that only its maker can repeat it.
    #[must_use]
    pub fn is_private(&self) -> bool {
        let key = self.raw.pointer("/accepted/extra/receiptKey").and_then(Value::as_str);
        self.identifier.is_some()
            || self.shows_challenge
            || key.is_some_and(|key| key.len() >= RECEIPT_KEY_CHARS)
    }
}

/// `extensions["payment-identifier"].info.id`. A client that only echoes our extensions sends none.
fn read_identifier(raw: &Value) -> Result<Option<PaymentIdentifier>, PayloadError> {
    let id = raw
        .get("extensions")
        .and_then(|extensions| extensions.get(PAYMENT_IDENTIFIER))
        .and_then(|extension| extension.get("info"))
        .and_then(|info| info.get("id"));
    let malformed = || PayloadError::Field("extensions.payment-identifier.info.id");
    match id {
        None => Ok(None),
        Some(Value::String(id)) => PaymentIdentifier::parse(id).map(Some).map_err(|_| malformed()),
        Some(_) => Err(malformed()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn payment() -> Value {
        json!({
            "x402Version": 1, "scheme": "exact", "network": "base-sepolia",
            "payload": {
                "signature": format!("0x{}", "11".repeat(65)),
                "authorization": {
                    "from": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
                    "to": "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
                    "value": "10000", "validAfter": "0", "validBefore": "1795220068",
                    "nonce": format!("0x{}", "22".repeat(32)),
                }
            }
        })
    }

    #[test]
    fn a_payment_is_read() {
        let payment = PaymentPayload::read(payment()).unwrap();
        assert_eq!(payment.version, Version::V1);
        assert_eq!(payment.amount(), Some(10_000));
    }

    #[test]
    fn whatever_is_not_a_payment_is_refused_by_name() {
        let check = |pointer: &str, value: Value, error: PayloadError| {
            let mut payment = payment();
            *payment.pointer_mut(pointer).unwrap() = value;
            assert_eq!(PaymentPayload::read(payment), Err(error), "{pointer}");
        };
        check("/x402Version", json!(3), PayloadError::Version);
        check("/x402Version", json!("1"), PayloadError::Version);
        check("/scheme", json!("upto"), PayloadError::Scheme);
        check("/network", json!(1), PayloadError::Field("network"));
        check("/payload/signature", json!("0x1"), PayloadError::Field("signature"));
        check("/payload/signature", json!("zz"), PayloadError::Field("signature"));
        check(
            "/payload/signature",
            json!(format!("0x{}", "1".repeat(20_000))),
            PayloadError::Field("signature"),
        );
        for number in [
            "",
            "-1",
            "0x10",
            "1e3",
            " 1",
            "10000000000000000000000000000000000000000000000000000000000000000000000000000000",
        ] {
            check("/payload/authorization/value", json!(number), PayloadError::Field("value"));
        }
        check("/payload/authorization/value", json!(1), PayloadError::Field("value"));
        check("/payload/authorization/nonce", json!("0x22"), PayloadError::Field("nonce"));
        check("/payload/authorization/from", json!("0x7099"), PayloadError::Field("from"));
        assert_eq!(PaymentPayload::read(json!([])), Err(PayloadError::Version));
    }
}
