//! Whoever verifies and settles: a facilitator somewhere (`/verify`, `/settle`; x402 specification,
//! section 7), or our own ([`crate::facilitator::own`]), which is reached without leaving the Worker.
//!
//! Answers are judged by their body. Whatever does not clearly say that no money moved is
//! [`SettleOutcome::Unknown`]: a timeout, a cut connection, a 5xx, an answer that cannot be read,
//! `settlement_pending`, or a reason that we do not know. Apart from that each failure has a [`Cause`]:
//! payers choose what a facilitator says of their payments, so only [`Cause::Transport`] says anything of
//! the facilitator itself.

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

/// Who verifies and settles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Facilitator {
    /// Somebody else's.
    At(Remote),
    /// Our own.
    Own(Own),
}

/// A facilitator that is reached over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Its address, without a slash at the end.
    pub base_url: String,
    /// How it knows us; `None`: it does not ask.
    pub credentials: Option<Credentials>,
}

impl Remote {
    /// The headers of a request to this address, which begins with [`Remote::base_url`].
    ///
    /// # Errors
    /// [`SignError`] if the platform signs nothing with the key.
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
    /// Who sends the transactions.
    pub relayer: Address,
    /// A JSON-RPC endpoint for each network, by CAIP-2 id.
    pub rpc_urls: BTreeMap<String, String>,
    /// Who may make contract wallets.
    pub factories: Factories,
    /// How much gas may cost.
    pub policy: GasPolicy,
}

/// What a facilitator is asked about: a payment and what we require of it, both as JSON in the
/// payment's version.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// 1 or 2.
    pub x402_version: u8,
    /// The payment as received.
    pub payment: &'a Value,
    /// Our requirements, never the client's.
    pub requirements: &'a Value,
    /// Who has to have paid (EIP-55).
    pub payer: &'a str,
    /// The host that asks.
    pub scope: &'a ScopeId,
}

/// What an answer that is not clear says of the facilitator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It cannot be used: no answer, HTTP 5xx without a verdict, HTTP 429.
    Transport,
    /// It answered. What it said may be due to the payment.
    Answer,
}

/// Why there is no clear answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// For us.
    pub why: String,
    /// What that says of the facilitator.
    pub cause: Cause,
    /// For the caller, from our own facilitator only.
    pub detail: Option<String>,
    /// When to come again, seconds.
    pub retry_after: Option<i64>,
}

impl Trouble {
    fn new(why: impl Into<String>, cause: Cause) -> Self {
        Self { why: why.into(), cause, detail: None, retry_after: None }
    }

    /// One that the facilitator's own answer shows.
    #[must_use]
    pub fn answered(why: impl Into<String>) -> Self {
        Self::new(why, Cause::Answer)
    }

    /// One that keeps us from any answer.
    #[must_use]
    pub fn transport(why: impl Into<String>) -> Self {
        Self::new(why, Cause::Transport)
    }
}

/// The verdict on a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerifyOutcome {
    /// The payment would go through now.
    Valid,
    /// It would not; a reason code.
    Invalid(String),
    /// No verdict; no money moved.
    Unavailable(Trouble),
}

/// What became of a settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettleOutcome {
    /// Money moved in this transaction.
    Settled(String),
    /// No money moved; a reason code.
    Refused(String),
    /// Our own facilitator has sent it, and a block has refused it; a reason code. No money moved, whatever
    /// was asked before: the relayer gives a payment's nonce once.
    Reverted(String),
    /// The facilitator did not take the request; no money moved.
    Unavailable(Trouble),
    /// The authorization is used on chain. Perhaps for us: whoever carries a request out twice (a
    /// proxy that lost the first answer) is told so the second time. The chain knows.
    AlreadyUsed,
    /// Nobody knows yet. Why, and the transaction if one was named.
    Unknown(Trouble, Option<String>),
}

/// When to give up on `/verify`, milliseconds.
const VERIFY_MILLIS: u32 = 10_000;
/// When to give up on `/settle`, milliseconds: before MCP clients do, whose limit is 60 seconds.
const SETTLE_MILLIS: u32 = 45_000;
const RESPONSE_BYTES_MAX: usize = 64 * 1024;

/// Beginnings of reason codes that say for sure that nothing was sent to the chain or that the
/// chain refused it (x402 section 9 and the reference implementation).
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
/// No challenge follows this one: the price is the host's, and the next payment would be refused as well.
const WORTHLESS: &str = "value_below_gas_cost";
/// When gas may cost less, seconds.
const CHEAPER_SECONDS: i64 = 60;

/// Reason codes that say that nothing was sent because nothing could be (`x402::relayer`).
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

/// What our own facilitator says of a transaction that a block has refused.
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

/// What only our own facilitator is believed.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct OwnWords {
    error_message: Option<String>,
    retry_after: Option<i64>,
}

impl Facilitator {
    /// Asks whether the payment would go through.
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

    /// Whether our own facilitator has settled this payment for this host: one that has asked it to, when nobody had
    /// used the authorization yet. Nothing is moved for this. Another facilitator is not asked: it may have settled
    /// the payment for somebody else.
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

/// What our own facilitator answered: it says more, and is believed more.
fn judge_own(response: &HttpResponse, payer: &str) -> SettleOutcome {
    let OwnWords { error_message: detail, retry_after } =
        serde_json::from_str(&response.body).unwrap_or_default();
    match judge_settle(response, payer) {
        // Another one may have sent it twice, and speak of the second time only.
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
    /// A verdict needs no memory, so it is made where it is asked for.
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

/// One hop to the object that holds the relayer's nonces.
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

/// The request of a question, with what the facilitator knows us by.
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
        // These say that the request was not taken; anything else may have come after it was, and so
        // may what begins like a verdict.
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

/// An answer that is no verdict. What was asked may be too strange for it, unless the status says otherwise.
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

/// A reason if it is a code. Free text may hold signatures and internals, so it goes no further.
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
