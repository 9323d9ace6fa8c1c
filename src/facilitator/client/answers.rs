//! Reads the answers of a facilitator.

pub(super) mod solana;

use serde::Deserialize;

use crate::chain::usage::read_hash;
use crate::facilitator::client::outcome::{Cause, SettleOutcome, Trouble, VerifyOutcome};
use crate::ports::HttpResponse;

/// Prefixes of reason codes that prove that nothing was sent to the chain, or that the chain refused it (x402 section
/// 9 and the reference implementation).
const SURE_REFUSALS: &[&str] = &[
    "insufficient_funds",
    "invalid_exact_evm_insufficient_balance",
    "invalid_exact_evm_payload_",
    "invalid_exact_evm_signature",
    "invalid_exact_evm_authorization_value",
    "invalid_exact_evm_recipient_mismatch",
    "invalid_exact_evm_network_mismatch",
    "invalid_exact_evm_scheme",
    "invalid_exact_evm_missing_eip712_domain",
    "invalid_exact_evm_token_",
    "invalid_exact_evm_transaction_simulation_failed",
    "invalid_exact_evm_eip3009_not_supported",
    "invalid_exact_evm_failed_to_parse_signature",
    "invalid_network",
    "invalid_payload",
    "invalid_payment_requirements",
    "invalid_scheme",
    "invalid_x402_version",
    "unsupported_",
    "eip6492_factory_not_allowed",
    "asset_not_deployed_contract",
    "value_below_gas_cost",
    "invalid_permit2_",
    "invalid_upto_evm_payload_",
    "permit2_",
    "upto_",
];
/// No challenge follows this reason: the host sets the price, so the next payment would be refused as well.
const WORTHLESS: &str = "value_below_gas_cost";
/// When gas may be cheaper, seconds.
const CHEAPER_SECONDS: i64 = 60;

/// Reason codes that say that nothing could be sent (`facilitator::own`).
const NOT_NOW: &[&str] = &[
    "rpc_unavailable",
    "relayer_balance_low",
    "gas_price_too_high",
    "relayer_storage_failed",
    "simulation_unavailable",
    "gas_budget_used_up",
    "payer_waits",
];
/// Those of them that no payment can cause.
const BROKEN: &[&str] = &["rpc_unavailable", "relayer_storage_failed"];

/// The reasons of our own facilitator for a reverted transaction.
const REVERTED: &[&str] =
    &["invalid_exact_evm_transaction_failed", "invalid_upto_evm_transaction_failed"];

/// The reason of our own facilitator for a permit whose nonce is used up without it.
const PERMIT_USED: &str = "permit2_invalid_nonce";

/// Reason codes that say that the authorization is used on chain.
const ALREADY_USED: &[&str] = &["invalid_exact_evm_nonce_already_used", "nonce_already_used"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VerifyAnswer {
    is_valid: bool,
    invalid_reason: Option<String>,
    payer: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SettleAnswer {
    success: bool,
    error_reason: Option<String>,
    #[serde(default)]
    transaction: Option<String>,
    payer: Option<String>,
    network: Option<String>,
}

/// Reasons that are trusted from our own facilitator only.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct OwnWords {
    error_message: Option<String>,
    retry_after: Option<i64>,
}

/// Reads an answer of our own facilitator, which says more and is trusted more.
pub(super) fn judge_own(response: &HttpResponse, payer: &str) -> SettleOutcome {
    let OwnWords { error_message: detail, retry_after } =
        serde_json::from_str(&response.body).unwrap_or_default();
    match judge_settle(response, payer) {
        // A remote facilitator may have sent it twice, and this answer may be about the second time.
        SettleOutcome::Unknown(trouble, None) if REVERTED.contains(&trouble.why.as_str()) => {
            SettleOutcome::Reverted(trouble.why)
        }
        // Nobody else can settle a permit that names our facilitator, and this one it has not sent.
        SettleOutcome::Refused(why) if why == PERMIT_USED => SettleOutcome::Reverted(why),
        SettleOutcome::Refused(why) if why == WORTHLESS => {
            SettleOutcome::Unavailable(worthless(detail))
        }
        SettleOutcome::Unavailable(trouble) if retry_after.is_some() => {
            SettleOutcome::Unavailable(Trouble { detail, retry_after, ..trouble })
        }
        other @ (SettleOutcome::Settled(_)
        | SettleOutcome::Refused(_)
        | SettleOutcome::Reverted(_)
        | SettleOutcome::Unavailable(_)
        | SettleOutcome::AlreadyUsed
        | SettleOutcome::Unknown(..)) => other,
    }
}

pub(super) fn worthless(detail: Option<String>) -> Trouble {
    Trouble { detail, retry_after: Some(CHEAPER_SECONDS), ..Trouble::answered(WORTHLESS) }
}

pub(super) fn judge_verify(response: &HttpResponse, payer: &str) -> VerifyOutcome {
    let Ok(answer) = serde_json::from_str::<VerifyAnswer>(&response.body) else {
        return VerifyOutcome::Unavailable(no_verdict(response.status));
    };
    let other_payer = answer.payer.is_some_and(|named| !named.eq_ignore_ascii_case(payer));
    if answer.is_valid && !other_payer {
        VerifyOutcome::Valid
    } else if answer.is_valid {
        VerifyOutcome::Invalid("invalid_payload".to_owned())
    } else {
        let reason = answer.invalid_reason.as_deref().and_then(code);
        VerifyOutcome::Invalid(reason.unwrap_or_else(|| "unexpected_verify_error".to_owned()))
    }
}

pub(super) fn judge_settle(response: &HttpResponse, payer: &str) -> SettleOutcome {
    let Ok(answer) = serde_json::from_str::<SettleAnswer>(&response.body) else {
        return unread(response);
    };
    let transaction = answer.transaction.filter(|hash| read_hash(hash).is_some());
    let reason = answer.error_reason.as_deref().and_then(code);
    match (answer.success, transaction, reason) {
        (true, Some(hash), _)
            if answer.payer.as_deref().is_none_or(|named| named.eq_ignore_ascii_case(payer)) =>
        {
            SettleOutcome::Settled(hash)
        }
        (true, hash, _) => {
            SettleOutcome::Unknown(Trouble::answered("success without payer or transaction"), hash)
        }
        (false, None, Some(reason)) if ALREADY_USED.contains(&reason.as_str()) => {
            SettleOutcome::AlreadyUsed
        }
        (false, None, Some(reason)) if NOT_NOW.contains(&reason.as_str()) => {
            SettleOutcome::Unavailable(not_now(reason))
        }
        (false, None, Some(reason)) if is_sure(&reason) => SettleOutcome::Refused(reason),
        (false, hash, reason) => {
            let why = reason.unwrap_or_else(|| "no known reason".to_owned());
            SettleOutcome::Unknown(Trouble::answered(why), hash)
        }
    }
}

/// An answer to `/settle` that is no verdict.
fn unread(response: &HttpResponse) -> SettleOutcome {
    let trouble = no_verdict(response.status);
    // These statuses say that the request was not accepted. Any other failure may have come after acceptance, even with a
    // body that begins like a verdict.
    let begins = ["\"success\"", "\"transaction\""].iter().any(|it| response.body.contains(it));
    match response.status {
        400 | 401 | 403 | 404 | 405 | 413 | 415 | 422 | 429 if !begins => {
            SettleOutcome::Unavailable(trouble)
        }
        _ => SettleOutcome::Unknown(trouble, None),
    }
}

/// An answer that is no verdict. The question may be the cause, unless the status says otherwise.
fn no_verdict(status: u16) -> Trouble {
    let cause = match status {
        429 | 500..=599 => Cause::Transport,
        _ => Cause::Answer,
    };
    let settings = match status {
        401 | 403 => ": see FACILITATOR_AUTHORIZATION, CDP_API_KEY_ID, CDP_API_KEY_SECRET",
        _ => "",
    };
    Trouble::new(format!("HTTP {status} without a verdict{settings}"), cause)
}

/// Our own facilitator cannot settle now.
pub(super) fn not_now(reason: String) -> Trouble {
    let cause = if BROKEN.contains(&reason.as_str()) { Cause::Transport } else { Cause::Answer };
    Trouble::new(reason, cause)
}

fn is_sure(reason: &str) -> bool {
    SURE_REFUSALS.iter().any(|beginning| reason.starts_with(beginning))
}

/// A reason if it is a code. Free text may hold signatures and internals, so it is dropped.
fn code(reason: &str) -> Option<String> {
    let is_code = !reason.is_empty()
        && reason.len() <= 100
        && reason.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    is_code.then(|| reason.to_owned())
}

#[cfg(test)]
mod tests;
