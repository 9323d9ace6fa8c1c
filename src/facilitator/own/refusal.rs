//! Why a payment is not settled, with the codes of x402 (section 9) and of the reference facilitator.

use std::borrow::Cow;

use alloy_primitives::Address;

use crate::base::money::Usdc;
use crate::facilitator::own::budget::Whose;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It cannot be settled; no money moved. Holds the payer, if that is known.
    Invalid(Reason, Option<Address>),
    /// It cannot be decided now; no money moved.
    Unavailable(Unavailable),
}

/// Why a payment cannot be settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Neither version 1 nor 2.
    #[error("invalid_x402_version")]
    Version,
    /// Any scheme other than `exact` and `upto`.
    #[error("unsupported_scheme")]
    UnsupportedScheme,
    /// A network that is not served here.
    #[error("invalid_network")]
    Network,
    /// Payment and requirements name different networks.
    #[error("invalid_exact_evm_network_mismatch")]
    NetworkMismatch,
    /// A token that is not the USDC of the network.
    #[error("invalid_payment_requirements")]
    Asset,
    /// `extra.name` or `extra.version` is missing.
    #[error("invalid_exact_evm_missing_eip712_domain")]
    MissingDomain,
    /// Another name than the token's.
    #[error("invalid_exact_evm_token_name_mismatch")]
    TokenName,
    /// Another version than the token's.
    #[error("invalid_exact_evm_token_version_mismatch")]
    TokenVersion,
    /// `to` is not the required receiver.
    #[error("invalid_exact_evm_recipient_mismatch")]
    Recipient,
    /// The payer pays itself.
    #[error("invalid_exact_evm_payload_self_payment")]
    SelfPayment,
    /// The amount is 0.
    #[error("invalid_exact_evm_payload_zero_value")]
    ZeroValue,
    /// The amount is less than its gas costs now, or less than a new wallet requires. Holds the smallest amount that
    /// is enough.
    #[error("value_below_gas_cost")]
    Worthless(Usdc),
    /// Another amount, version 1.
    #[error("invalid_exact_evm_authorization_value")]
    ValueV1,
    /// Another amount, version 2.
    #[error("invalid_exact_evm_payload_authorization_value_mismatch")]
    ValueV2,
    /// Expired, or about to expire.
    #[error("invalid_exact_evm_payload_authorization_valid_before")]
    ValidBefore,
    /// `validAfter` is later than now.
    #[error("invalid_exact_evm_payload_authorization_valid_after")]
    ValidAfter,
    /// The signature is not the payer's.
    #[error("invalid_exact_evm_signature")]
    Signature,
    /// The ERC-6492 wrapper cannot be parsed.
    #[error("invalid_exact_evm_failed_to_parse_signature")]
    SignatureUnreadable,
    /// The factory is not on the list.
    #[error("eip6492_factory_not_allowed")]
    Factory,
    /// The authorization was used or cancelled before.
    #[error("invalid_exact_evm_nonce_already_used")]
    NonceUsed,
    /// The payer's balance is too low.
    #[error("invalid_exact_evm_insufficient_balance")]
    Balance,
    /// The simulation fails, or needs too much gas.
    #[error("invalid_exact_evm_transaction_simulation_failed")]
    Simulation,
    /// A block has reverted the transaction.
    #[error("invalid_exact_evm_transaction_failed")]
    TransactionFailed,
    /// The payment is of the scheme `upto`, and the requirements are not.
    #[error("invalid_upto_evm_scheme")]
    UptoScheme,
    /// Another contract than the proxy of `upto` would move the money.
    #[error("invalid_permit2_spender")]
    Spender,
    /// The permit pays somebody else than `payTo`.
    #[error("invalid_permit2_recipient_mismatch")]
    PermitRecipient,
    /// The permit is for another token.
    #[error("permit2_token_mismatch")]
    PermitToken,
    /// The payer allows another amount than is the most that is asked for.
    #[error("permit2_amount_mismatch")]
    OtherMaximum,
    /// More is to be taken than the payer allows.
    #[error("invalid_upto_evm_payload_settlement_exceeds_amount")]
    AboveMaximum,
    /// The payer has named another facilitator.
    #[error("upto_facilitator_mismatch")]
    OtherFacilitator,
    /// The payer has not approved Permit2 for so much.
    #[error("permit2_allowance_required")]
    Allowance,
    /// The nonce of the permit was used or made void, and not by a transaction of ours.
    #[error("permit2_invalid_nonce")]
    PermitUsed,
    /// The network has no proxy of `upto`.
    #[error("permit2_proxy_not_deployed")]
    NoProxy,
    /// A wallet that is not deployed cannot pay by `upto`, where the facilitator itself must be the sender.
    #[error("invalid_permit2_signature")]
    NotDeployed,
}

/// Why no payment can be settled now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// The JSON-RPC endpoint gives no answer.
    #[error("rpc_unavailable")]
    Rpc,
    /// The relayer's balance is too low for gas.
    #[error("relayer_balance_low")]
    Gas,
    /// Gas costs more than our limit.
    #[error("gas_price_too_high")]
    Fees,
    /// The caller exceeds its rate limit.
    #[error("too_many_requests")]
    TooMany,
    #[error("relayer_storage_failed")]
    Storage,
    /// The endpoint answers other calls, but not this simulation.
    #[error("simulation_unavailable")]
    Simulation,
    /// A day's gas budget is used up: whose, and for how many seconds.
    #[error("gas_budget_used_up")]
    Budget(Whose, i64),
    /// The payer is a contract, and blocks have reverted its transactions or those of new contracts like it. Holds
    /// the wait, seconds.
    #[error("payer_waits")]
    PayerWaits(i64),
}

/// The reasons that have a code of their own in the scheme `upto`.
const OF_UPTO: &[(Reason, &str)] = &[
    (Reason::NetworkMismatch, "invalid_upto_evm_network_mismatch"),
    (Reason::ValidBefore, "permit2_deadline_expired"),
    (Reason::ValidAfter, "permit2_not_yet_valid"),
    (Reason::Signature, "invalid_permit2_signature"),
    (Reason::SignatureUnreadable, "invalid_permit2_signature"),
    (Reason::Balance, "permit2_insufficient_balance"),
    (Reason::Simulation, "permit2_simulation_failed"),
    (Reason::TransactionFailed, "invalid_upto_evm_transaction_failed"),
];

impl Reason {
    /// Its code, in the scheme `exact` or `upto`.
    #[must_use]
    pub fn code(self, is_upto: bool) -> Cow<'static, str> {
        let own = OF_UPTO.iter().find(|(reason, _)| is_upto && *reason == self);
        own.map_or_else(|| self.to_string().into(), |(_, code)| Cow::Borrowed(*code))
    }

    /// A message for the caller.
    #[must_use]
    pub fn message(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Worthless(smallest) => {
                return format!(
                    "at the present price of gas a payment has to move at least ${smallest}"
                )
                .into();
            }
            Self::SelfPayment => "the payer is also the recipient",
            Self::ZeroValue => "the authorization moves nothing",
            Self::Version => "x402Version must be 1 or 2",
            Self::UnsupportedScheme => {
                "only the schemes exact and, in version 2, upto are settled here"
            }
            Self::Network => "this network is not served here; see /facilitator/supported",
            Self::NetworkMismatch => "payment and requirements name different networks",
            Self::Asset => "only the USDC of the network is settled here",
            Self::MissingDomain => "extra.name and extra.version of the token are missing",
            Self::TokenName => "extra.name is not the token's name",
            Self::TokenVersion => "extra.version is not the token's version",
            Self::Recipient => "the authorization pays somebody else than payTo",
            Self::ValueV1 | Self::ValueV2 => "the authorization is not for exactly the amount",
            Self::ValidBefore => "validBefore must lie at least 6 seconds ahead",
            Self::ValidAfter => "validAfter must lie in the past",
            Self::Signature => "the signature is not the payer's",
            Self::SignatureUnreadable => "the ERC-6492 wrapper cannot be read",
            Self::Factory => "this facilitator does not call this factory function",
            Self::NonceUsed => "the authorization is used or cancelled already",
            Self::Balance => "the payer has too little USDC",
            Self::Simulation => "the chain would refuse the transfer, or it needs too much gas",
            Self::TransactionFailed => "the chain refused the transfer",
            Self::UptoScheme => "payment and requirements name different schemes",
            Self::Spender => "the permit is not for the proxy of upto",
            Self::PermitRecipient => "the permit pays somebody else than payTo",
            Self::PermitToken => "the permit is for another token",
            Self::OtherMaximum => "the payer allows another amount than the most that is asked for",
            Self::AboveMaximum => "more is to be taken than the payer allows",
            Self::OtherFacilitator => {
                "the permit names another facilitator; see /facilitator/supported"
            }
            Self::Allowance => "the payer has to approve Permit2 for so much USDC first",
            Self::PermitUsed => "the nonce of the permit is used or void already",
            Self::NoProxy => "this network has no proxy of upto; pay by exact",
            Self::NotDeployed => "a wallet that is not deployed pays by exact only",
        })
    }
}

impl Unavailable {
    /// A message for the caller.
    #[must_use]
    pub fn message(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Rpc => "the chain cannot be asked now; nothing was sent, try again",
            Self::Gas => "the relayer has too little money for gas; its operator has to fill it up",
            Self::Fees => "gas costs more than this relayer pays; try again later",
            Self::TooMany => "too many requests came from your address; wait a minute",
            Self::Storage => "internal error; nothing was sent, try again",
            Self::Simulation => {
                "the chain could not simulate this payment; nothing was sent, try again"
            }
            Self::Budget(whose, _) => match whose {
                Whose::Host => "this host has used up its gas budget of today",
                Whose::Caller => "you have used up your gas budget of today",
                Whose::Payer => "this payer has used up its gas budget of today",
                Whose::Total => "this relayer has used up its gas budget of today",
            },
            Self::PayerWaits(_) => {
                "the payer is a contract, and the chain has lately refused payments of it or of new contracts like it; another wallet can pay now"
            }
        })
    }

    /// When to retry, seconds, if that is known.
    #[must_use]
    pub const fn retry_after(self) -> Option<i64> {
        match self {
            Self::Budget(_, seconds) | Self::PayerWaits(seconds) => Some(seconds),
            Self::Rpc
            | Self::Gas
            | Self::Fees
            | Self::TooMany
            | Self::Storage
            | Self::Simulation => None,
        }
    }
}
