//! What can be known of a payment without asking anybody.

#![deny(clippy::arithmetic_side_effects)]

use alloy_primitives::{Address, U256};
use serde_json::{Value, json};

use crate::base::time::UnixSeconds;
use crate::chain::eip3009::recover_eoa;
use crate::chain::networks::Network;
use crate::rails::quote::{PAYMENT_SECONDS, Quote};
use crate::rails::x402::dialects::{requirements_v1, requirements_v2};
use crate::rails::x402::wire::{PaymentPayload, RequirementsV2, Version};

/// A payment must stay valid this long, so that settling it does not run into its end, seconds.
pub const SETTLE_SECONDS_MIN: i64 = 20;
/// How far a payer's clock may be ahead of ours, seconds.
const CLOCK_SKEW_SECONDS: i64 = 10;
/// How far ahead the end of a payment may lie for a wallet that has paid here before, seconds.
const KNOWN_SECONDS_MAX: i64 = 300;

/// A payment that satisfies our quote as far as can be known locally. Only [`check`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The payment.
    payment: PaymentPayload,
    /// Where it moves money.
    network: &'static Network,
    /// Whether the signature still has to be judged by the facilitator.
    signature: Signature,
    /// Our own requirements, in the payment's version, for the facilitator.
    requirements: Value,
}

/// How long a payment may hold what it buys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payer {
    /// Never paid here, or has code, which can make a settlement fail as it likes.
    Stranger,
    /// Has paid here before.
    Known,
}

/// Who vouches for the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// It recovers to the payer (EIP-712, secp256k1).
    Recovered,
    /// A contract's: only the chain knows (ERC-1271, ERC-6492).
    NeedsChain,
}

/// Why a payment does not satisfy the quote. The text is a reason code of x402, section 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// A network that we did not offer.
    #[error("invalid_network")]
    Network,
    /// `accepted` differs from everything that we offered.
    #[error("invalid_payment_requirements")]
    Requirements,
    /// Somebody else would be paid.
    #[error("invalid_exact_evm_payload_recipient_mismatch")]
    Recipient,
    /// Another amount, version 1.
    #[error("invalid_exact_evm_payload_authorization_value")]
    ValueV1,
    /// Another amount, version 2.
    #[error("invalid_exact_evm_payload_authorization_value_mismatch")]
    ValueV2,
    /// Not valid yet: the token wants a block whose time is later than `validAfter`.
    #[error(
        "invalid_exact_evm_payload_authorization_valid_after: validAfter must lie before {now}, which is the time here; is the clock of the wallet right?"
    )]
    NotYetValid {
        /// Our time, Unix seconds.
        now: i64,
    },
    /// Not valid any more, or for too short a time.
    #[error(
        "invalid_exact_evm_payload_authorization_valid_before: validBefore must lie at least {SETTLE_SECONDS_MIN} seconds after {now}, which is the time here; sign again, and if this comes again, is the clock of the wallet right?"
    )]
    Expired {
        /// Our time, Unix seconds.
        now: i64,
    },
    /// Valid for too long: it would hold what it buys for that time.
    #[error(
        "invalid_exact_evm_payload_authorization_valid_before: validBefore may lie at most {max} seconds after {now}, which is the time here; sign for maxTimeoutSeconds, and is the clock of the wallet right?"
    )]
    TooLong {
        /// How far ahead it may lie, seconds.
        max: i64,
        /// Our time, Unix seconds.
        now: i64,
    },
}

impl Payer {
    fn seconds_max(self) -> i64 {
        match self {
            Self::Stranger => i64::from(PAYMENT_SECONDS).saturating_add(CLOCK_SKEW_SECONDS),
            Self::Known => KNOWN_SECONDS_MAX,
        }
    }
}

impl Checked {
    /// The wallet that says it pays.
    #[must_use]
    pub fn payer(&self) -> Address {
        self.payment.authorization.from
    }

    /// The network that it is on.
    #[must_use]
    pub const fn network(&self) -> &'static Network {
        self.network
    }

    /// The payment as received.
    #[must_use]
    pub const fn payment(&self) -> &PaymentPayload {
        &self.payment
    }

    /// Who judges its signature.
    #[must_use]
    pub const fn signature(&self) -> Signature {
        self.signature
    }

    /// Our own requirements, in the payment's version, for the facilitator.
    #[must_use]
    pub const fn requirements(&self) -> &Value {
        &self.requirements
    }

    /// Whether its end lies no further ahead than `payer` may have it.
    ///
    /// # Errors
    /// [`Mismatch::TooLong`].
    pub fn check_ahead(&self, payer: Payer, now: UnixSeconds) -> Result<(), Mismatch> {
        check_ahead(&self.payment, payer, now)
    }
}

/// Compares `payment` with `quote`; `payer` says how far ahead its end may lie. What the client echoes is compared, never used.
///
/// # Errors
/// [`Mismatch`] is the first difference.
pub fn check(
    quote: &Quote,
    payment: PaymentPayload,
    payer: Payer,
    now: UnixSeconds,
) -> Result<Checked, Mismatch> {
    let network = find_network(quote, &payment)?;
    let ours = requirements_v2(quote, network);
    if payment.accepted.as_ref().is_some_and(|theirs| !is_same(&ours, theirs)) {
        return Err(Mismatch::Requirements);
    }
    let authorization = &payment.authorization;
    if authorization.to != quote.pay_to {
        return Err(Mismatch::Recipient);
    }
    if authorization.value != quote.amount.to_u256() {
        return Err(match payment.version {
            Version::V1 => Mismatch::ValueV1,
            Version::V2 => Mismatch::ValueV2,
        });
    }
    if authorization.valid_after >= second(now) {
        return Err(Mismatch::NotYetValid { now: now.get() });
    }
    if authorization.valid_before < second(now.plus(SETTLE_SECONDS_MIN)) {
        return Err(Mismatch::Expired { now: now.get() });
    }
    check_ahead(&payment, payer, now)?;
    let recovered = recover_eoa(network, authorization, &payment.signature);
    let signature = if recovered == Some(authorization.from) {
        Signature::Recovered
    } else {
        Signature::NeedsChain
    };
    let requirements = match payment.version {
        Version::V1 => json!(requirements_v1(quote, network)),
        Version::V2 => json!(ours),
    };
    Ok(Checked { payment, network, signature, requirements })
}

fn check_ahead(payment: &PaymentPayload, payer: Payer, now: UnixSeconds) -> Result<(), Mismatch> {
    let max = payer.seconds_max();
    let is_too_far = payment.authorization.valid_before > second(now.plus(max));
    if is_too_far { Err(Mismatch::TooLong { max, now: now.get() }) } else { Ok(()) }
}

fn second(moment: UnixSeconds) -> U256 {
    U256::from(moment.get().unsigned_abs())
}

fn find_network(quote: &Quote, payment: &PaymentPayload) -> Result<&'static Network, Mismatch> {
    let named = |network: &&&'static Network| match payment.version {
        Version::V1 => network.v1_name == payment.network,
        Version::V2 => network.caip2 == payment.network,
    };
    quote.networks.iter().find(named).copied().ok_or(Mismatch::Network)
}

/// Addresses are the same in any case; everything else must be equal to the letter.
fn is_same(ours: &RequirementsV2, theirs: &RequirementsV2) -> bool {
    ours.scheme == theirs.scheme
        && ours.network == theirs.network
        && ours.amount == theirs.amount
        && ours.asset.eq_ignore_ascii_case(&theirs.asset)
        && ours.pay_to.eq_ignore_ascii_case(&theirs.pay_to)
        && ours.max_timeout_seconds == theirs.max_timeout_seconds
        && ours.extra.name == theirs.extra.name
        && ours.extra.version == theirs.extra.version
}
