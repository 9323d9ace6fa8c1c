//! A client of the facilitator that verifies and settles: a remote one (`/verify`, `/settle`; x402 specification,
//! section 7), or our own ([`crate::facilitator::own`]), which is reached inside the Worker.
//!
//! Answers are judged by their body. An answer that does not clearly say that no money moved is
//! [`SettleOutcome::Unknown`]: a timeout, a cut connection, a 5xx, an unreadable answer, `settlement_pending`, or an
//! unknown reason. Each other failure has a [`Cause`]. Payers influence what a facilitator says about their payments,
//! so only [`Cause::Transport`] says something about the facilitator itself.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::base::id::ScopeId;
use crate::chain::rpc::Rpc;
use crate::chain::signature::Factories;
use crate::facilitator::credentials::Credentials;
use crate::facilitator::own::gas::GasPolicy;
use crate::facilitator::own::judge::{self, Access};
use crate::facilitator::own::order::{self, Malformed};
use crate::facilitator::own::refusal::{Reason, Refusal};
use crate::ports::{
    Clock, Http, HttpError, HttpRequest, HttpResponse, Purpose, Random, RelayerOrder, Relayers,
    SignError, Signer, Timer, within,
};

/// The facilitator of this deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Facilitator {
    /// A remote one.
    At(Remote),
    /// Our own.
    Own(Own),
}

/// A remote facilitator, reached over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Its base URL, without a slash at the end.
    pub base_url: String,
    /// How we authenticate; `None` if it requires nothing.
    pub credentials: Option<Credentials>,
}

impl Remote {
    /// The headers of a request to this address, which begins with [`Remote::base_url`].
    ///
    /// # Errors
    ///
    /// [`SignError`] if the platform cannot sign with the key.
    pub async fn headers(
        &self,
        world: &(impl Clock + Random + Signer),
        method: &str,
        url: &str,
    ) -> Result<Vec<(String, String)>, SignError> {
        let Some(credentials) = &self.credentials else { return Ok(Vec::new()) };
        let value = credentials.header_value(world, method, url).await?;
        Ok(vec![("authorization".to_owned(), value)])
    }
}

/// Our own facilitator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// The address that sends the transactions.
    pub relayer: Address,
    /// A JSON-RPC endpoint for each network, by CAIP-2 id.
    pub rpc_urls: BTreeMap<String, String>,
    /// Factories that may deploy contract wallets.
    pub factories: Factories,
    pub policy: GasPolicy,
}

/// A question to a facilitator: a payment and our requirements, both as JSON in the payment's version.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// 1 or 2.
    pub x402_version: u8,
    /// The payment as received.
    pub payment: &'a Value,
    /// Our requirements, never the client's.
    pub requirements: &'a Value,
    /// The required payer (EIP-55).
    pub payer: &'a str,
    /// The host that asks.
    pub scope: &'a ScopeId,
}

/// What an unclear answer says about the facilitator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It cannot be used: no answer, HTTP 5xx without a verdict, HTTP 429.
    Transport,
    /// It answered. The payment may be the cause of what it said.
    Answer,
}

/// Why there is no clear answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The reason for the log.
    pub why: String,
    pub cause: Cause,
    /// The reason for the caller, from our own facilitator only.
    pub detail: Option<String>,
    /// When to retry, seconds.
    pub retry_after: Option<i64>,
}

impl Trouble {
    fn new(why: impl Into<String>, cause: Cause) -> Self {
        Self { why: why.into(), cause, detail: None, retry_after: None }
    }

    /// From an answer of the facilitator.
    #[must_use]
    pub fn answered(why: impl Into<String>) -> Self {
        Self::new(why, Cause::Answer)
    }

    /// From a failure that prevented an answer.
    #[must_use]
    pub fn transport(why: impl Into<String>) -> Self {
        Self::new(why, Cause::Transport)
    }
}

/// The verdict on a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerifyOutcome {
    /// It would be settled now.
    Valid,
    /// It would not; a reason code.
    Invalid(String),
    /// No verdict; no money moved.
    Unavailable(Trouble),
}

/// The outcome of a settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettleOutcome {
    /// Money moved in this transaction.
    Settled(String),
    /// No money moved; a reason code.
    Refused(String),
    /// Our own facilitator sent it, and a block reverted it; a reason code. No money moved, also by earlier requests:
    /// the relayer gives a payment one nonce.
    Reverted(String),
    /// The facilitator did not accept the request; no money moved.
    Unavailable(Trouble),
    /// The authorization is used on chain, perhaps by this request: a request that is carried out twice (a proxy lost
    /// the first answer) gets this answer the second time. The chain must be asked.
    AlreadyUsed,
    /// Unknown. Why, and the transaction if one was named.
    Unknown(Trouble, Option<String>),
}

/// Timeout of `/verify`, milliseconds.
const VERIFY_MILLIS: u32 = 10_000;
/// Timeout of `/settle`, milliseconds: shorter than the 60 seconds of MCP clients.
const SETTLE_MILLIS: u32 = 45_000;
const RESPONSE_BYTES_MAX: usize = 64 * 1024;

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

/// The reason of our own facilitator for a reverted transaction.
const REVERTED: &str = "invalid_exact_evm_transaction_failed";

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
}

/// Reasons that are trusted from our own facilitator only.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct OwnWords {
    error_message: Option<String>,
    retry_after: Option<i64>,
}

impl Facilitator {
    /// Asks whether the payment would be settled.
    pub async fn verify(
        &self,
        world: &(impl Http + Clock + Random + Signer),
        question: &Question<'_>,
    ) -> VerifyOutcome {
        let remote = match self {
            Self::At(remote) => remote,
            Self::Own(own) => return own.verify(world, question).await,
        };
        let request = match asked(world, remote, "verify", question, VERIFY_MILLIS).await {
            Ok(request) => request,
            Err(error) => return VerifyOutcome::Unavailable(Trouble::transport(error.to_string())),
        };
        match world.send(request).await {
            Ok(response) => judge_verify(&response, question.payer),
            Err(error) => VerifyOutcome::Unavailable(Trouble::transport(error.to_string())),
        }
    }

    /// Asks to move the money.
    pub async fn settle(
        &self,
        world: &(impl Http + Relayers + Timer + Clock + Random + Signer),
        question: &Question<'_>,
    ) -> SettleOutcome {
        let answer = match self {
            Self::At(remote) => {
                match asked(world, remote, "settle", question, SETTLE_MILLIS).await {
                    Ok(request) => world.send(request).await,
                    // Nothing was sent.
                    Err(error) => {
                        return SettleOutcome::Unavailable(Trouble::transport(error.to_string()));
                    }
                }
            }
            Self::Own(_) => ask_relayer(world, question, Purpose::Settle).await,
        };
        match (answer, self) {
            (Ok(response), Self::At(_)) => judge_settle(&response, question.payer),
            (Ok(response), Self::Own(_)) => judge_own(&response, question.payer),
            (Err(moved @ HttpError::Redirected { .. }), Self::At(_)) => {
                SettleOutcome::Unavailable(Trouble::transport(moved.to_string()))
            }
            (Err(error), Self::At(_) | Self::Own(_)) => {
                SettleOutcome::Unknown(Trouble::transport(error.to_string()), None)
            }
        }
    }

    /// Whether our own facilitator has settled this payment for this host, which asked it before the authorization
    /// was used. Moves nothing. A remote facilitator is not asked: it may have settled the payment for another
    /// seller.
    pub async fn has_settled(
        &self,
        world: &(impl Relayers + Timer),
        question: &Question<'_>,
    ) -> bool {
        let answer = match self {
            Self::At(_) => return false,
            Self::Own(_) => ask_relayer(world, question, Purpose::Look).await,
        };
        answer.is_ok_and(|response| {
            matches!(judge_own(&response, question.payer), SettleOutcome::Settled(_))
        })
    }
}

/// Reads an answer of our own facilitator, which says more and is trusted more.
fn judge_own(response: &HttpResponse, payer: &str) -> SettleOutcome {
    let OwnWords { error_message: detail, retry_after } =
        serde_json::from_str(&response.body).unwrap_or_default();
    match judge_settle(response, payer) {
        // A remote facilitator may have sent it twice, and this answer may be about the second time.
        SettleOutcome::Unknown(trouble, None) if trouble.why == REVERTED => {
            SettleOutcome::Reverted(trouble.why)
        }
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

fn worthless(detail: Option<String>) -> Trouble {
    Trouble { detail, retry_after: Some(CHEAPER_SECONDS), ..Trouble::answered(WORTHLESS) }
}

impl Own {
    /// A verdict needs no storage, so it is computed here.
    async fn verify(&self, world: &(impl Http + Clock), question: &Question<'_>) -> VerifyOutcome {
        let order = match order::read(question.payment, question.requirements) {
            Ok(Ok(order)) => order,
            Ok(Err(refusal)) => return outcome_of(refusal),
            Err(Malformed(_)) => return VerifyOutcome::Invalid("invalid_payload".to_owned()),
        };
        let Some(url) = self.rpc_urls.get(order.network.caip2) else {
            return VerifyOutcome::Unavailable(Trouble::answered("no endpoint for this network"));
        };
        let rpc = Rpc { url: url.clone() };
        let Self { relayer, factories, policy, .. } = self;
        let access = Access { rpc: &rpc, relayer: *relayer, factories, policy };
        match judge::verify(world, access, &order).await {
            Ok(()) => VerifyOutcome::Valid,
            Err(refusal) => outcome_of(refusal),
        }
    }
}

fn outcome_of(refusal: Refusal) -> VerifyOutcome {
    match refusal {
        Refusal::Invalid(reason @ Reason::Worthless(_), _) => {
            VerifyOutcome::Unavailable(worthless(Some(reason.message().into_owned())))
        }
        Refusal::Invalid(reason, _) => VerifyOutcome::Invalid(reason.to_string()),
        Refusal::Unavailable(why) => VerifyOutcome::Unavailable(not_now(why.to_string())),
    }
}

/// One call to the object that holds the relayer's nonces.
async fn ask_relayer(
    world: &(impl Relayers + Timer),
    question: &Question<'_>,
    purpose: Purpose,
) -> Result<HttpResponse, HttpError> {
    let Some(network) = order::network_of(question.requirements) else {
        return Err(HttpError::Connection("no relayer for this network".to_owned()));
    };
    let order = RelayerOrder {
        purpose,
        claimant: format!("host:{}", question.scope),
        payment: question.payment.clone(),
        requirements: question.requirements.clone(),
    };
    let answer = within(world, SETTLE_MILLIS, world.settle(network.caip2, order)).await;
    answer.unwrap_or(Err(HttpError::Timeout))
}

/// The HTTP request of a question, with our credentials.
async fn asked(
    world: &(impl Clock + Random + Signer),
    remote: &Remote,
    operation: &str,
    question: &Question<'_>,
    timeout_millis: u32,
) -> Result<HttpRequest, SignError> {
    let url = format!("{}/{operation}", remote.base_url);
    let headers = remote.headers(world, "POST", &url).await?;
    let body = json!({
        "x402Version": question.x402_version,
        "paymentPayload": question.payment,
        "paymentRequirements": question.requirements,
    });
    Ok(HttpRequest {
        url,
        body: Some(body.to_string()),
        headers,
        timeout_millis,
        response_bytes_max: RESPONSE_BYTES_MAX,
    })
}

fn judge_verify(response: &HttpResponse, payer: &str) -> VerifyOutcome {
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

fn judge_settle(response: &HttpResponse, payer: &str) -> SettleOutcome {
    let Ok(answer) = serde_json::from_str::<SettleAnswer>(&response.body) else {
        let trouble = no_verdict(response.status);
        // These statuses say that the request was not accepted. Any other failure may have come after acceptance,
        // even with a body that begins like a verdict.
        let begins = ["\"success\"", "\"transaction\""].iter().any(|it| response.body.contains(it));
        return match response.status {
            400 | 401 | 403 | 404 | 405 | 413 | 415 | 422 | 429 if !begins => {
                SettleOutcome::Unavailable(trouble)
            }
            _ => SettleOutcome::Unknown(trouble, None),
        };
    };
    let transaction = answer.transaction.filter(|hash| is_hash(hash));
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
fn not_now(reason: String) -> Trouble {
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

fn is_hash(text: &str) -> bool {
    text.strip_prefix("0x")
        .is_some_and(|digits| digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests;
