//! Checks of a payment that need no network.

#![deny(clippy::arithmetic_side_effects)]

use alloy_primitives::{Address, U256};
use serde_json::{Value, json};

use crate::base::time::UnixSeconds;
use crate::chain::eip3009::recover_eoa;
use crate::chain::networks::Network;
use crate::rails::quote::{PAYMENT_SECONDS, Quote};
use crate::rails::x402::dialects::{requirements_v1, requirements_v2};
use crate::rails::x402::wire::{PaymentPayload, RequirementsV2, Version};

/// The shortest remaining validity of a payment, seconds, so that it does not expire during settlement.
pub const SETTLE_SECONDS_MIN: i64 = 20;
/// How far a payer's clock may be ahead of ours, seconds.
const CLOCK_SKEW_SECONDS: i64 = 10;
/// The longest remaining validity of a payment from a wallet that has paid here before, seconds.
const KNOWN_SECONDS_MAX: i64 = 300;

/// A payment that satisfies our quote, as far as that can be checked locally. Only [`check`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    payment: PaymentPayload,
    network: &'static Network,
    /// Whether the facilitator must judge the signature.
    signature: Signature,
    /// Our own requirements, in the payment's version, for the facilitator.
    requirements: Value,
}

/// How long a payment may be valid, and so hold what it buys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payer {
    /// A wallet that has never paid here, or has code, which can make a settlement fail at will.
    Stranger,
    /// A wallet that has paid here before.
    Known,
}

/// How the signature is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// It recovers to the payer (EIP-712, secp256k1).
    Recovered,
    /// It may be a contract's, which only the chain can judge (ERC-1271, ERC-6492).
    NeedsChain,
}

/// Why a payment does not satisfy the quote. The text is an x402 reason code (section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// We did not offer this network.
    #[error("invalid_network")]
    Network,
    /// `accepted` equals none of our offers.
    #[error("invalid_payment_requirements")]
    Requirements,
    /// `to` is not the payout address.
    #[error("invalid_exact_evm_payload_recipient_mismatch")]
    Recipient,
    /// Another amount, version 1.
    #[error("invalid_exact_evm_payload_authorization_value")]
    ValueV1,
    /// Another amount, version 2.
    #[error("invalid_exact_evm_payload_authorization_value_mismatch")]
    ValueV2,
    /// Not valid yet: the token requires a block whose time is later than `validAfter`.
    #[error(
        "invalid_exact_evm_payload_authorization_valid_after: validAfter must lie before {now}, which is the time here; is the clock of the wallet right?"
    )]
    NotYetValid {
        /// Our time, Unix seconds.
        now: i64,
    },
    /// Expired, or about to expire.
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
    #[must_use]
    pub fn payer(&self) -> Address {
        self.payment.authorization.from
    }

    #[must_use]
    pub const fn network(&self) -> &'static Network {
        self.network
    }

    /// The payment as received.
    #[must_use]
    pub const fn payment(&self) -> &PaymentPayload {
        &self.payment
    }

    /// How its signature is judged.
    #[must_use]
    pub const fn signature(&self) -> Signature {
        self.signature
    }

    /// Our own requirements, in the payment's version, for the facilitator.
    #[must_use]
    pub const fn requirements(&self) -> &Value {
        &self.requirements
    }

    /// Checks that its end is no further ahead than `payer` allows.
    ///
    /// # Errors
    ///
    /// [`Mismatch::TooLong`].
    pub fn check_ahead(&self, payer: Payer, now: UnixSeconds) -> Result<(), Mismatch> {
        check_ahead(&self.payment, payer, now)
    }
}

/// Compares `payment` with `quote`; `payer` limits its validity. The client's echo is compared and never used.
///
/// # Errors
///
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

/// Addresses compare without case, everything else exactly.
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
