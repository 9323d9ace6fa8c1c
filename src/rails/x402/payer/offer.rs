//! A server's payment challenge, and the choices of it that we can pay.

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::money::Usdc;
use crate::base::text;
use crate::chain::networks::Network;
use crate::rails::x402::wire::Version;

/// A payment challenge as a server states it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Challenge {
    /// The server's reason; untrusted text, bounded, without control characters.
    pub error: String,
    /// The choices that can be paid: USDC on a network that we know.
    pub offers: Vec<Offer>,
    /// Why the remaining choices cannot be paid.
    pub unusable: Vec<Unusable>,
}

/// One choice of a challenge. Its token is the USDC of the network in our table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    /// The x402 version of the choice.
    pub version: Version,
    #[serde(with = "by_caip2")]
    pub network: &'static Network,
    pub amount: Usdc,
    pub pay_to: Address,
    /// How long a payment may stay valid, seconds; greater than 0.
    pub max_timeout_seconds: u32,
    /// The choice as received. A payment repeats it unchanged (version 2).
    pub raw: Value,
    /// The resource as received. A payment repeats it (version 2).
    pub resource: Option<Value>,
    /// The challenge's extensions as received. A payment repeats them (version 2).
    pub extensions: Option<Value>,
    /// How the server reads a payment.
    pub dialect: Dialect,
}

/// How a server reads `_meta["x402/payment"]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// As an object (x402 specification, MCP transport).
    Object,
    /// As base64 of the JSON (`withX402` of Cloudflare's `agents`, which ignores an object).
    Base64,
}

/// Why we cannot pay a choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
pub enum Unusable {
    /// A field is missing or malformed.
    #[error("its {0} is missing or malformed")]
    Field(String),
    /// The scheme is not `exact`.
    #[error("its scheme is {0:?}, not \"exact\"")]
    Scheme(String),
    /// We do not know the network.
    #[error("the network {0:?} is not known")]
    Network(String),
    /// The token is not USDC.
    #[error("it asks for another token than USDC on {0}")]
    Asset(String),
    /// The token's name or version differs from the contract's.
    #[error("it describes USDC on {0} wrongly, so the signature would be worthless")]
    Domain(String),
    /// The transfer method is not EIP-3009.
    #[error("it wants the money by {0:?}, not by EIP-3009")]
    Method(String),
    /// The amount is larger than we handle.
    #[error("it is too large")]
    TooLarge,
}

/// No choice of the challenge can be paid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing that this server accepts can be paid here: {}", .0.join("; "))]
pub struct NoOffer(pub Vec<String>);

/// Choices that are read.
const OFFERS_MAX: usize = 32;
/// The longest choice, resource and extensions, bytes. A payment repeats all three, and servers bound the length of a
/// payment ([`crate::rails::x402::dialects::PAYMENT_BYTES_MAX`]).
const RAW_BYTES_MAX: usize = 8 * 1024;
const WORD_CHARS_MAX: usize = 60;
const ERROR_CHARS_MAX: usize = 500;

/// The best choice on one of `networks`, in their order of preference. Version 2 comes before version 1, and a
/// payment that is settled after the work comes before one that is settled first.
///
/// # Errors
///
/// [`NoOffer`] says why there is none.
pub fn choose<'a>(
    challenge: &'a Challenge,
    networks: &[&'static Network],
) -> Result<&'a Offer, NoOffer> {
    let rank = |offer: &&Offer| {
        let network = networks.iter().position(|network| *network == offer.network)?;
        let is_old = offer.version == Version::V1;
        Some((network, is_old, flow(&offer.raw) == "upfront"))
    };
    let payable = challenge.offers.iter().filter(|offer| rank(offer).is_some());
    payable.min_by_key(|offer| rank(offer)).ok_or_else(|| {
        let elsewhere = challenge.offers.iter().map(|offer| {
            format!(
                "it asks for ${} on {}, which is not in use here",
                offer.amount, offer.network.name
            )
        });
        let mut reasons: Vec<String> =
            elsewhere.chain(challenge.unusable.iter().map(ToString::to_string)).collect();
        reasons.dedup();
        reasons.truncate(5);
        NoOffer(reasons)
    })
}

/// Reads a `PaymentRequired` of either version, or of both together. `None` if the value is no challenge, or has no
/// choices.
pub(super) fn read_challenge(value: &Value, dialect: Dialect) -> Option<Challenge> {
    let is_known = matches!(value.get("x402Version").and_then(Value::as_u64), Some(1 | 2));
    let accepts = value.get("accepts")?.as_array()?;
    if !is_known || accepts.is_empty() {
        return None;
    }
    let error = value.get("error").and_then(Value::as_str).unwrap_or("payment required");
    let mut challenge = Challenge {
        error: text::line(error, ERROR_CHARS_MAX),
        offers: Vec::new(),
        unusable: Vec::new(),
    };
    for choice in accepts.iter().take(OFFERS_MAX) {
        match read_offer(choice, value, dialect) {
            Ok(offer) => challenge.offers.push(offer),
            Err(why) => challenge.unusable.push(why),
        }
    }
    Some(challenge)
}

fn read_offer(choice: &Value, whole: &Value, dialect: Dialect) -> Result<Offer, Unusable> {
    // A challenge in both versions has choices of both kinds.
    let version = if choice.get("amount").is_none() && choice.get("maxAmountRequired").is_some() {
        Version::V1
    } else {
        Version::V2
    };
    let word = |key: &str| {
        choice.get(key).and_then(Value::as_str).ok_or_else(|| Unusable::Field(key.to_owned()))
    };
    let scheme = word("scheme")?;
    if scheme != "exact" {
        return Err(Unusable::Scheme(short(scheme)));
    }
    let id = word("network")?;
    let network = match version {
        Version::V1 => Network::by_v1_name(id),
        Version::V2 => Network::by_caip2(id),
    };
    let network = network.ok_or_else(|| Unusable::Network(short(id)))?;
    check_token(choice, network)?;
    let key = match version {
        Version::V1 => "maxAmountRequired",
        Version::V2 => "amount",
    };
    let amount = read_amount(word(key)?).ok_or_else(|| Unusable::Field(key.to_owned()))?;
    let pay_to = word("payTo")?.parse::<Address>().ok().filter(|address| !address.is_zero());
    let pay_to = pay_to.ok_or_else(|| Unusable::Field("payTo".to_owned()))?;
    let seconds = choice.get("maxTimeoutSeconds").and_then(Value::as_u64).filter(|it| *it > 0);
    let seconds = seconds.ok_or_else(|| Unusable::Field("maxTimeoutSeconds".to_owned()))?;
    let resource = whole.get("resource").filter(|resource| resource.is_object()).cloned();
    let extensions = whole.get("extensions").filter(|it| it.is_object()).cloned();
    let parts = [Some(choice), resource.as_ref(), extensions.as_ref()];
    if parts.into_iter().flatten().any(|part| part.to_string().len() > RAW_BYTES_MAX) {
        return Err(Unusable::TooLarge);
    }
    Ok(Offer {
        version,
        network,
        amount,
        pay_to,
        max_timeout_seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
        raw: choice.clone(),
        resource,
        extensions,
        dialect,
    })
}

/// Whether the choice is about the network's USDC, moved with EIP-3009.
fn check_token(choice: &Value, network: &'static Network) -> Result<(), Unusable> {
    let name = || network.name.to_owned();
    let asset = choice.get("asset").and_then(Value::as_str).unwrap_or_default();
    if asset.parse() != Ok(network.usdc) {
        return Err(Unusable::Asset(name()));
    }
    let extra = |key: &str| choice.get("extra").and_then(|extra| extra.get(key));
    // Reserved members of `extra` (x402 2.27). Without them the method is EIP-3009 and the money moves together with
    // the work.
    match extra("assetTransferMethod") {
        None | Some(Value::Null) => {}
        Some(method) if method == "eip3009" => {}
        Some(method) => return Err(Unusable::Method(short(method.as_str().unwrap_or("?")))),
    }
    // thirdweb's name for the same.
    match extra("primaryType") {
        None | Some(Value::Null) => {}
        Some(signed) if signed == "TransferWithAuthorization" => {}
        Some(signed) => return Err(Unusable::Method(short(signed.as_str().unwrap_or("?")))),
    }
    if !matches!(flow(choice), "" | "authorization" | "upfront") {
        return Err(Unusable::Method(short(flow(choice))));
    }
    let is = |key: &str, wanted: &str| extra(key).and_then(Value::as_str) == Some(wanted);
    if is("name", network.eip712_name) && is("version", network.eip712_version) {
        Ok(())
    } else {
        Err(Unusable::Domain(name()))
    }
}

/// `extra.paymentFlow`. A value that is not text is an unknown flow.
fn flow(choice: &Value) -> &str {
    match choice.get("extra").and_then(|extra| extra.get("paymentFlow")) {
        None | Some(Value::Null) => "",
        Some(flow) => flow.as_str().unwrap_or("?"),
    }
}

/// An amount in the smallest unit: decimal digits only.
pub(super) fn read_amount(digits: &str) -> Option<Usdc> {
    let is_decimal = (1..=20).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let atomic = is_decimal.then(|| digits.parse().ok()).flatten()?;
    Usdc::from_atomic(atomic).ok()
}

fn short(word: &str) -> String {
    text::line(word, WORD_CHARS_MAX)
}

/// A network is stored by its CAIP-2 id.
mod by_caip2 {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::chain::networks::Network;

    pub(super) fn serialize<S: Serializer>(
        network: &&'static Network,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(network.caip2)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<&'static Network, D::Error> {
        let id = String::deserialize(deserializer)?;
        Network::by_caip2(&id).ok_or_else(|| D::Error::custom("not a network that we know"))
    }
}
