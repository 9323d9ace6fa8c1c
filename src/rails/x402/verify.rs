//! Checks of a payment that need no network.

#![deny(clippy::arithmetic_side_effects)]

use alloy_primitives::U256;
use serde_json::{Value, json};

use crate::base::time::UnixSeconds;
use crate::chain::eip3009::Authorization;
use crate::chain::networks::Network;
use crate::chain::permit2::{Permit, UPTO_PROXY, signer};
use crate::chain::solana::networks::Chain;
use crate::chain::solana::transfer::SolanaTransfer;
use crate::rails::quote::{PAYMENT_SECONDS, Quote, SolanaOffer, UptoOffer};
use crate::rails::x402::dialects::{requirements_upto, requirements_v1, requirements_v2};
use crate::rails::x402::solana;
use crate::rails::x402::wire::{Means, PaymentPayload, RequirementsV2, Version};

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
    chain: Chain,
    /// When it ends; on Solana, when it is expected to.
    valid_before: UnixSeconds,
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
    /// Another account pays the fee than we have named.
    #[error("invalid_exact_svm_fee_payer_mismatch")]
    FeePayer,
    /// It moves another token.
    #[error("invalid_exact_svm_payload_mint_mismatch")]
    Mint,
    /// Another amount, on Solana.
    #[error("invalid_exact_svm_payload_amount_mismatch")]
    SolanaAmount,
    /// It was not made for this call of this host.
    #[error("invalid_exact_svm_payload_memo_mismatch")]
    Memo,
    /// The permit is for another token.
    #[error("permit2_token_mismatch")]
    PermitToken,
    /// Another contract than the proxy of `upto` would move the money.
    #[error("invalid_permit2_spender")]
    Spender,
    /// Another facilitator is named than ours.
    #[error("upto_facilitator_mismatch")]
    OtherFacilitator,
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
    /// The paying wallet, as the books name it.
    #[must_use]
    pub fn payer(&self) -> String {
        self.payment.payer()
    }

    #[must_use]
    pub const fn chain(&self) -> Chain {
        self.chain
    }

    /// When the payment ends. On Solana the block hash says so, which no clock shows: a time that is later than usual.
    #[must_use]
    pub const fn valid_before(&self) -> UnixSeconds {
        self.valid_before
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
        match &self.payment.means {
            Means::Evm { authorization, .. } => check_ahead(authorization, payer, now),
            Means::Solana(_) => Ok(()),
        }
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
    match &payment.means {
        Means::Evm { permit: Some(_), .. } => check_upto(quote, payment, payer, now),
        Means::Evm { accepted, authorization, permit: None, signature } => {
            let network = find_network(quote, &payment)?;
            let ours = requirements_v2(quote, network);
            if accepted.as_ref().is_some_and(|theirs| !is_same(&ours, theirs)) {
                return Err(Mismatch::Requirements);
            }
            check_authorization(quote, (authorization, payment.version), payer, now)?;
            let signature = judged_by(network, authorization, None, signature);
            let requirements = match payment.version {
                Version::V1 => json!(requirements_v1(quote, network)),
                Version::V2 => json!(ours),
            };
            let (chain, valid_before) = (Chain::Evm(network), end_of(authorization));
            Ok(Checked { payment, chain, valid_before, signature, requirements })
        }
        Means::Solana(transfer) => {
            let offer = find_solana(quote, &payment)?;
            let requirements = solana::requirements(quote, offer, payment.version);
            let accepted = payment.raw.get("accepted").filter(|_| payment.version == Version::V2);
            if accepted.is_some_and(|theirs| !solana::is_repeated(&requirements, theirs)) {
                return Err(Mismatch::Requirements);
            }
            check_transfer(quote, offer, transfer)?;
            let (chain, signature) = (Chain::Solana(offer.network), Signature::NeedsChain);
            let valid_before = now.plus(Payer::Stranger.seconds_max());
            Ok(Checked { payment, chain, valid_before, signature, requirements })
        }
    }
}

/// A payment that allows at most an amount. From here on its value is what the call costs.
fn check_upto(
    quote: &Quote,
    payment: PaymentPayload,
    payer: Payer,
    now: UnixSeconds,
) -> Result<Checked, Mismatch> {
    let network = find_network(quote, &payment)?;
    let (
        Some(offer),
        Means::Evm {
            accepted: Some(accepted),
            authorization: allowed,
            permit: Some(permit),
            signature: bytes,
        },
    ) = (&quote.upto, &payment.means)
    else {
        return Err(Mismatch::Requirements);
    };
    if !is_same(&requirements_upto(quote, offer, network, offer.most), accepted) {
        return Err(Mismatch::Requirements);
    }
    check_permit(offer, network, permit)?;
    if allowed.to != quote.pay_to {
        return Err(Mismatch::Recipient);
    }
    check_time(allowed, payer, now)?;
    let signature = judged_by(network, allowed, Some(permit), bytes);
    let requirements = json!(requirements_upto(quote, offer, network, quote.amount));
    let (chain, valid_before) = (Chain::Evm(network), end_of(allowed));
    let means = Means::Evm {
        accepted: Some(accepted.clone()),
        authorization: Authorization { value: quote.amount.to_u256(), ..allowed.clone() },
        permit: Some(permit.clone()),
        signature: bytes.clone(),
    };
    let payment = PaymentPayload { means, ..payment };
    Ok(Checked { payment, chain, valid_before, signature, requirements })
}

fn judged_by(
    network: &Network,
    authorization: &Authorization,
    permit: Option<&Permit>,
    signature: &[u8],
) -> Signature {
    match signer(network, authorization, permit, signature) == Some(authorization.from) {
        true => Signature::Recovered,
        false => Signature::NeedsChain,
    }
}

/// It is bounded, so it fits. The fallback is the far future, the safe side.
fn end_of(authorization: &Authorization) -> UnixSeconds {
    UnixSeconds::new(i64::try_from(authorization.valid_before).unwrap_or(i64::MAX))
}

fn check_permit(offer: &UptoOffer, network: &Network, permit: &Permit) -> Result<(), Mismatch> {
    if permit.max != offer.most.to_u256() {
        return Err(Mismatch::ValueV2);
    }
    if permit.token != network.usdc {
        return Err(Mismatch::PermitToken);
    }
    if permit.spender != UPTO_PROXY {
        return Err(Mismatch::Spender);
    }
    if permit.facilitator != offer.facilitator {
        return Err(Mismatch::OtherFacilitator);
    }
    Ok(())
}

fn check_authorization(
    quote: &Quote,
    (authorization, version): (&Authorization, Version),
    payer: Payer,
    now: UnixSeconds,
) -> Result<(), Mismatch> {
    if authorization.to != quote.pay_to {
        return Err(Mismatch::Recipient);
    }
    if authorization.value != quote.amount.to_u256() {
        return Err(match version {
            Version::V1 => Mismatch::ValueV1,
            Version::V2 => Mismatch::ValueV2,
        });
    }
    check_time(authorization, payer, now)
}

fn check_time(
    authorization: &Authorization,
    payer: Payer,
    now: UnixSeconds,
) -> Result<(), Mismatch> {
    if authorization.valid_after >= second(now) {
        return Err(Mismatch::NotYetValid { now: now.get() });
    }
    if authorization.valid_before < second(now.plus(SETTLE_SECONDS_MIN)) {
        return Err(Mismatch::Expired { now: now.get() });
    }
    check_ahead(authorization, payer, now)
}

/// Whose account the tokens go to takes arithmetic on the curve, so the facilitator checks it.
fn check_transfer(
    quote: &Quote,
    offer: &SolanaOffer,
    transfer: &SolanaTransfer,
) -> Result<(), Mismatch> {
    if transfer.memo != offer.memo {
        return Err(Mismatch::Memo);
    }
    if transfer.fee_payer != offer.fee_payer {
        return Err(Mismatch::FeePayer);
    }
    if transfer.mint.to_string() != offer.network.usdc {
        return Err(Mismatch::Mint);
    }
    if transfer.amount != quote.amount.atomic() {
        return Err(Mismatch::SolanaAmount);
    }
    Ok(())
}

fn check_ahead(
    authorization: &Authorization,
    payer: Payer,
    now: UnixSeconds,
) -> Result<(), Mismatch> {
    let max = payer.seconds_max();
    let is_too_far = authorization.valid_before > second(now.plus(max));
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

fn find_solana<'a>(
    quote: &'a Quote,
    payment: &PaymentPayload,
) -> Result<&'a SolanaOffer, Mismatch> {
    let is_named = |offer: &&SolanaOffer| match payment.version {
        Version::V1 => offer.has_v1 && offer.network.v1_name == payment.network,
        Version::V2 => offer.network.caip2 == payment.network,
    };
    quote.solana.as_ref().filter(is_named).ok_or(Mismatch::Network)
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
        // `exact` names no facilitator, and what a client adds there is not ours.
        && ours.extra.facilitator_address.as_ref().is_none_or(|ours| {
            let theirs = theirs.extra.facilitator_address.as_ref();
            theirs.is_some_and(|theirs| ours.eq_ignore_ascii_case(theirs))
        })
}
