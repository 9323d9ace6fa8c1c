//! A payment with its requirements, parsed and checked as far as no chain is needed.

use alloy_primitives::{Address, B256, Bytes, U256};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::base::time::UnixSeconds;
use crate::chain::eip3009::{Authorization, Via};
use crate::chain::networks::Network;
use crate::chain::permit2::{Permit, UPTO_PROXY, digest_of};
use crate::chain::signature::{Given, Unjudged};
use crate::facilitator::own::refusal::{Reason, Refusal};
use crate::rails::x402::signed::{PayloadError, decimal};
use crate::rails::x402::wire::{Means, PaymentPayload, Version};

/// The shortest remaining validity of a payment, seconds, so that a block can still include it. As in the reference
/// implementation.
const VALID_SECONDS_MIN: u64 = 6;

/// A payment together with its requirements.
#[derive(Clone, Debug)]
pub struct Order {
    pub version: Version,
    pub network: &'static Network,
    /// Its value is what is to be taken.
    pub authorization: Authorization,
    /// What the payer has signed beside it for the scheme `upto`.
    pub permit: Option<Permit>,
    /// How the signature is judged, with its wrapper removed.
    pub given: Given,
    /// The signature as it was sent.
    signature: Bytes,
}

/// A malformed request (HTTP 400): the member at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is missing or malformed")]
pub struct Malformed(pub &'static str);

/// The network that the requirements name, if we know it.
#[must_use]
pub fn network_of(requirements: &Value) -> Option<&'static Network> {
    let name = requirements.get("network").and_then(Value::as_str)?;
    Network::by_caip2(name).or_else(|| Network::by_v1_name(name))
}

/// Parses a payment and its requirements and compares them. The validity is checked later ([`Order::check_time`]),
/// because the outcome of an expired payment may still be asked for.
///
/// # Errors
///
/// [`Malformed`], or [`Refusal`] with the payer if that can be read.
pub fn read(payment: &Value, requirements: &Value) -> Result<Result<Order, Refusal>, Malformed> {
    let payer = payer_of(payment);
    let refused = |reason| Ok(Err(Refusal::Invalid(reason, payer)));
    let payment = match PaymentPayload::read(payment.clone()) {
        Ok(payment) => payment,
        Err(PayloadError::Version) => return refused(Reason::Version),
        Err(PayloadError::Scheme) => return refused(Reason::UnsupportedScheme),
        Err(PayloadError::Transfer(_)) => return refused(Reason::Network),
        Err(PayloadError::Field(name)) => return Err(Malformed(name)),
    };
    let wanted = Wanted::read(requirements, payment.version)?;
    Ok(compare(&payment, &wanted).map_err(|reason| Refusal::Invalid(reason, payer)))
}

/// The requirements that concern the chain.
struct Wanted<'a> {
    scheme: &'a str,
    network: Option<&'static Network>,
    asset: Address,
    pay_to: Address,
    amount: U256,
    name: Option<&'a str>,
    version: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    fn read(requirements: &'a Value, version: Version) -> Result<Self, Malformed> {
        let text =
            |key: &'static str| requirements.get(key).and_then(Value::as_str).ok_or(Malformed(key));
        let address = |key| text(key)?.parse().map_err(|_| Malformed(key));
        let extra = |key: &str| requirements.get("extra")?.get(key)?.as_str();
        let (amount, network) = match version {
            Version::V1 => ("maxAmountRequired", Network::by_v1_name(text("network")?)),
            Version::V2 => ("amount", Network::by_caip2(text("network")?)),
        };
        Ok(Self {
            scheme: text("scheme")?,
            network,
            asset: address("asset")?,
            pay_to: address("payTo")?,
            amount: decimal(text(amount)?).ok_or(Malformed(amount))?,
            name: extra("name"),
            version: extra("version"),
        })
    }
}

/// The checks run in the reference implementation's order, so that the first fault has the same name.
fn compare(payment: &PaymentPayload, wanted: &Wanted<'_>) -> Result<Order, Reason> {
    if !matches!(wanted.scheme, "exact" | "upto") {
        return Err(Reason::UnsupportedScheme);
    }
    let network = wanted.network.ok_or(Reason::Network)?;
    let named = match payment.version {
        Version::V1 => network.v1_name,
        Version::V2 => network.caip2,
    };
    if payment.network != named {
        return Err(Reason::NetworkMismatch);
    }
    if wanted.asset != network.usdc {
        return Err(Reason::Asset);
    }
    let (Some(name), Some(version)) = (wanted.name, wanted.version) else {
        return Err(Reason::MissingDomain);
    };
    if name != network.eip712_name {
        return Err(Reason::TokenName);
    }
    if version != network.eip712_version {
        return Err(Reason::TokenVersion);
    }
    let Means::Evm { authorization, permit, signature, .. } = &payment.means else {
        return Err(Reason::Network);
    };
    let authorization = match permit {
        None => compare_exact(authorization, wanted, payment.version)?,
        Some(permit) => compare_upto(authorization, permit, wanted)?,
    };
    if authorization.from == authorization.to {
        return Err(Reason::SelfPayment);
    }
    if authorization.value.is_zero() && permit.is_none() {
        return Err(Reason::ZeroValue);
    }
    let given = Given::read(signature).map_err(Reason::from)?;
    Ok(Order {
        version: payment.version,
        network,
        authorization,
        permit: permit.as_deref().copied(),
        given,
        signature: signature.clone(),
    })
}

fn compare_exact(
    authorization: &Authorization,
    wanted: &Wanted<'_>,
    version: Version,
) -> Result<Authorization, Reason> {
    if wanted.scheme != "exact" {
        return Err(Reason::UnsupportedScheme);
    }
    if authorization.to != wanted.pay_to {
        return Err(Reason::Recipient);
    }
    if authorization.value != wanted.amount {
        return Err(match version {
            Version::V1 => Reason::ValueV1,
            Version::V2 => Reason::ValueV2,
        });
    }
    Ok(authorization.clone())
}

/// The authorization with what the requirements take of it. Nothing may be taken, too: then nothing is sent.
fn compare_upto(
    authorization: &Authorization,
    permit: &Permit,
    wanted: &Wanted<'_>,
) -> Result<Authorization, Reason> {
    if wanted.scheme != "upto" {
        return Err(Reason::UptoScheme);
    }
    if permit.spender != UPTO_PROXY {
        return Err(Reason::Spender);
    }
    if authorization.to != wanted.pay_to {
        return Err(Reason::PermitRecipient);
    }
    if permit.token != wanted.asset {
        return Err(Reason::PermitToken);
    }
    if wanted.amount > permit.max {
        return Err(Reason::AboveMaximum);
    }
    Ok(Authorization { value: wanted.amount, ..authorization.clone() })
}

impl Order {
    /// The digest that the payer signs (EIP-712).
    #[must_use]
    pub fn digest(&self) -> B256 {
        digest_of(self.network, &self.authorization, self.permit.as_ref())
    }

    /// The same payment, of which all that the payer allows is taken: whether nothing of it can be taken is judged so.
    #[must_use]
    pub fn whole(&self) -> Self {
        let value = self.permit.map_or(self.authorization.value, |permit| permit.max);
        let authorization = Authorization { value, ..self.authorization.clone() };
        Self { authorization, ..self.clone() }
    }

    /// A digest of exactly this authorization with exactly this signature.
    #[must_use]
    pub fn fingerprint(&self) -> B256 {
        let mut hash = Sha256::new();
        hash.update(self.digest());
        hash.update(&self.signature);
        B256::from_slice(&hash.finalize())
    }

    /// Checks whether a block can include it now.
    ///
    /// # Errors
    ///
    /// [`Reason`].
    pub fn check_time(&self, now: UnixSeconds) -> Result<(), Reason> {
        let now = U256::from(now.get().unsigned_abs());
        let Authorization { valid_after, valid_before, .. } = self.authorization;
        if valid_before < now.saturating_add(U256::from(VALID_SECONDS_MIN)) {
            return Err(Reason::ValidBefore);
        }
        if valid_after > now { Err(Reason::ValidAfter) } else { Ok(()) }
    }

    /// The contract's key for the payment (payer and nonce). A relayer has one network and one token.
    #[must_use]
    pub fn key(&self) -> String {
        let Authorization { from, nonce, via, .. } = &self.authorization;
        let book = match via {
            Via::Token => "",
            Via::Permit2 => "permit2:",
        };
        format!("{}/{book}{nonce}", from.to_checksum(None))
    }

    /// Whether the payer allows more than is to be taken: as the price of an unpaid call that is another maximum.
    #[must_use]
    pub fn allows_more(&self) -> bool {
        self.permit.is_some_and(|permit| permit.max > self.authorization.value)
    }

    /// Whether it takes nothing of what the payer allows.
    #[must_use]
    pub fn takes_nothing(&self) -> bool {
        self.authorization.value.is_zero()
    }

    /// Why a payment is refused whose nonce is used, and not for this claimant.
    #[must_use]
    pub const fn used(&self) -> Reason {
        used(&self.authorization)
    }

    /// The payer's address (EIP-55).
    #[must_use]
    pub fn payer(&self) -> String {
        self.authorization.from.to_checksum(None)
    }

    /// The network's name in the order's x402 version.
    #[must_use]
    pub const fn network_name(&self) -> &'static str {
        match self.version {
            Version::V1 => self.network.v1_name,
            Version::V2 => self.network.caip2,
        }
    }

    /// The last second at which the token accepts it.
    #[must_use]
    pub fn valid_before(&self) -> UnixSeconds {
        let seconds = i64::try_from(self.authorization.valid_before);
        UnixSeconds::new(
            seconds.unwrap_or(UnixSeconds::STORABLE_MAX).min(UnixSeconds::STORABLE_MAX),
        )
    }
}

/// A nonce of a token may have been used by anybody, and then the money has moved. A permit is settled by its facilitator only.
#[must_use]
pub const fn used(authorization: &Authorization) -> Reason {
    match authorization.via {
        Via::Token => Reason::NonceUsed,
        Via::Permit2 => Reason::PermitUsed,
    }
}

impl From<Unjudged> for Reason {
    fn from(why: Unjudged) -> Self {
        match why {
            Unjudged::NotTheKey => Self::Signature,
            Unjudged::Malformed => Self::SignatureUnreadable,
            Unjudged::Factory => Self::Factory,
        }
    }
}

fn payer_of(payment: &Value) -> Option<Address> {
    let payload = payment.get("payload")?;
    let signed = payload.get("authorization").or_else(|| payload.get("permit2Authorization"))?;
    signed.get("from")?.as_str()?.parse().ok()
}
