//! A client of the facilitator that verifies and settles: a remote one (`/verify`, `/settle`; x402 specification,
//! section 7), or our own ([`crate::facilitator::own`]), which is reached inside the Worker.
//!
//! Answers are judged by their body. An answer that does not clearly say that no money moved is
//! [`SettleOutcome::Unknown`]: a timeout, a cut connection, a 5xx, an unreadable answer, `settlement_pending`, or an
//! unknown reason. Each other failure has a [`Cause`]. Payers influence what a facilitator says about their payments,
//! so only [`Cause::Transport`] says something about the facilitator itself.

mod answers;
mod outcome;

use std::collections::BTreeMap;

use alloy_primitives::Address;
use serde_json::{Value, json};

use crate::base::id::ScopeId;
use crate::chain::rpc::Rpc;
use crate::chain::signature::Factories;
use crate::chain::solana::networks::Chain;
use crate::facilitator::client::answers::{
    judge_own, judge_settle, judge_verify, not_now, solana, worthless,
};
pub use crate::facilitator::client::outcome::{Cause, SettleOutcome, Trouble, VerifyOutcome};
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
    At(Remote),
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

/// The settings of our own facilitator.
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
    pub x402_version: u8,
    /// The payment as received.
    pub payment: &'a Value,
    /// Our requirements, never the client's.
    pub requirements: &'a Value,
    /// The required payer (EIP-55, or base58).
    pub payer: &'a str,
    /// The host that asks.
    pub scope: &'a ScopeId,
}

/// Timeout of `/verify`, milliseconds.
const VERIFY_MILLIS: u32 = 10_000;
/// Timeout of `/settle`, milliseconds: shorter than the 60 seconds of MCP clients.
const SETTLE_MILLIS: u32 = 45_000;
const RESPONSE_BYTES_MAX: usize = 64 * 1024;

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
            Ok(response) if solana_network(question).is_some() => {
                solana::judge_verify(&response, question.payer)
            }
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
            (Ok(response), Self::At(_)) => match solana_network(question) {
                Some(network) => solana::judge_settle(&response, question.payer, network),
                None => judge_settle(&response, question.payer),
            },
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

/// The network of Solana that the requirements name, if they do.
fn solana_network<'a>(question: &Question<'a>) -> Option<&'a str> {
    let name = question.requirements.get("network").and_then(Value::as_str)?;
    let chain = Chain::by_caip2(name).or_else(|| Chain::by_v1_name(name));
    chain.and_then(Chain::solana).map(|_| name)
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
