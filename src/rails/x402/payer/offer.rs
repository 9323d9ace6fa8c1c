//! What a server asks for, and what of it we can pay.

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::money::Usdc;
use crate::base::text;
use crate::chain::networks::Network;
use crate::rails::x402::wire::Version;

/// "Pay this" as a server says it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Challenge {
    /// Why; a stranger's words, bounded and without control characters.
    pub error: String,
    /// Everything that can be paid with USDC on a network that we know.
    pub offers: Vec<Offer>,
    /// Why the other choices cannot be paid.
    pub unusable: Vec<Unusable>,
}

/// One choice of a challenge. Its token is USDC as the table of networks has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    /// In which version of x402 it is made.
    pub version: Version,
    /// Where the money moves.
    #[serde(with = "by_caip2")]
    pub network: &'static Network,
    /// How much.
    pub amount: Usdc,
    /// To whom.
    pub pay_to: Address,
    /// How long a payment may stay valid, seconds; more than 0.
    pub max_timeout_seconds: u32,
    /// The choice itself, which a payment repeats to the letter (version 2).
    pub raw: Value,
    /// What is sold, which a payment repeats (version 2).
    pub resource: Option<Value>,
    /// The extensions of the challenge, which a payment repeats (version 2).
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
    /// As base64 of the JSON (`withX402` of Cloudflare's `agents`, which takes an object for no
    /// payment at all).
    Base64,
}

/// Why a choice cannot be paid by us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
pub enum Unusable {
    /// A field is missing or malformed.
    #[error("its {0} is missing or malformed")]
    Field(String),
    /// Not `exact`.
    #[error("its scheme is {0:?}, not \"exact\"")]
    Scheme(String),
    /// A network that we do not know.
    #[error("the network {0:?} is not known")]
    Network(String),
    /// Not USDC.
    #[error("it asks for another token than USDC on {0}")]
    Asset(String),
    /// The name or version of the token is not that of the token.
    #[error("it describes USDC on {0} wrongly, so the signature would be worthless")]
    Domain(String),
    /// Another way to move a token than EIP-3009.
    #[error("it wants the money by {0:?}, not by EIP-3009")]
    Method(String),
    /// Larger than we handle.
    #[error("it is too large")]
    TooLarge,
}

/// Nothing of a challenge can be paid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing that this server accepts can be paid here: {}", .0.join("; "))]
pub struct NoOffer(pub Vec<String>);

/// The most choices that we look at.
const OFFERS_MAX: usize = 32;
/// The longest choice, resource and extensions, bytes. A payment repeats them all, and servers read
/// payments of a bounded length ([`crate::rails::x402::dialects::PAYMENT_BYTES_MAX`]).
const RAW_BYTES_MAX: usize = 8 * 1024;
const WORD_CHARS_MAX: usize = 60;
const ERROR_CHARS_MAX: usize = 500;

/// The best choice on one of `networks`, of which the first is preferred: version 2 before version 1,
/// a payment that is settled after the work before one that is settled first.
///
/// # Errors
/// [`NoOffer`] says why there is none, for people.
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

/// Reads a `PaymentRequired` of either version, or of both together. `None` if it is none, or one
/// without choices.
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
    // Challenges of both versions together have choices of both kinds.
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
    // These are reserved words of `extra` (x402 2.27); without them EIP-3009 is meant, and money that
    // moves together with the work.
    match extra("assetTransferMethod") {
        None | Some(Value::Null) => {}
        Some(method) if method == "eip3009" => {}
        Some(method) => return Err(Unusable::Method(short(method.as_str().unwrap_or("?")))),
    }
    // thirdweb's word for the same.
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

/// `extra.paymentFlow`; what is no text is no flow that we know.
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

/// A network in storage is its id.
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
