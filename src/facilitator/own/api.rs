//! The facilitator's HTTP API (x402, section 7): `/supported`, `/verify`, `/settle`, for versions 1 and
//! 2, usable by any x402 server.
//!
//! A verdict, good or bad, is HTTP 200. A failure that prevents a verdict is 503, never "invalid". A malformed
//! request is 400.

use std::borrow::Cow;

use alloy_primitives::{Address, U256};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::code::Code;
use crate::base::http::Reply;
use crate::base::id::RequestId;
use crate::base::rate_limit::Budget;
use crate::chain::eip3009::Authorization;
use crate::chain::networks::Network;
use crate::facilitator::own::judge::{self, Access};
use crate::facilitator::own::order::{self, Malformed, Order};
use crate::facilitator::own::refusal::{Reason, Refusal, Unavailable};
use crate::facilitator::own::{Outcome, Relayer, RelayerWorld};
use crate::ports::{Clock, Http, Level, Purpose, RelayerOrder, SqlError};
use crate::rails::outcome::Abort;
use crate::rails::problem;

/// A command to a relayer's object, from the gateway or from a host's object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Command {
    /// Joins the answer with our logs.
    pub request_id: RequestId,
    /// The source of a request from outside; `None` for our own hosts.
    pub source: Option<String>,
    /// The allowed web origin of the request, for the CORS headers of the answer.
    pub origin: Option<String>,
    pub asks: Asks,
}

/// The questions to a relayer's object. A verdict needs no storage and so no object ([`verify`]).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Asks {
    /// `POST /facilitator/settle`, or an order of a host of ours.
    Settle(RelayerOrder),
    /// Its part of `GET /health`
    Health,
}

/// Requests of one source in a minute.
pub const REQUESTS_PER_MINUTE: u32 = 600;

impl<W: RelayerWorld> Relayer<W> {
    /// Carries out one command.
    pub async fn handle(&self, command: Command) -> Reply {
        let Command { request_id, source, asks, .. } = command;
        if let Some(source) = source
            && let Err(seconds) = self.admit(&source)
        {
            return too_many(seconds, &request_id);
        }
        match asks {
            Asks::Health => match self.health().await {
                Ok(health) => Reply::json(200, health.to_string()),
                Err(error) => unavailable(&self.stored(&error), &request_id),
            },
            Asks::Settle(asked) => match self.read(&asked) {
                Ok(Ok(order)) => {
                    let outcome = match asked.purpose {
                        Purpose::Settle => self.settle(&order, &asked.claimant).await,
                        Purpose::Look => self.outcome(&order, &asked.claimant).await,
                    };
                    settle_reply(outcome, order.network_name(), &Asked::of(&order))
                }
                Ok(Err(refusal)) => {
                    settle_reply(Err(refusal), named_network(&asked), &Asked::default())
                }
                Err(Malformed(field)) => malformed(field, &request_id),
            },
        }
    }

    fn read(&self, asked: &RelayerOrder) -> Result<Result<Order, Refusal>, Malformed> {
        let read = order::read(&asked.payment, &asked.requirements)?;
        Ok(read.and_then(|order| {
            let is_ours = order.network == self.settings.network;
            let payer = Some(order.authorization.from);
            if is_ours { Ok(order) } else { Err(Refusal::Invalid(Reason::Network, payer)) }
        }))
    }

    fn admit(&self, source: &str) -> Result<(), i64> {
        let budget = Budget::per_minute(REQUESTS_PER_MINUTE);
        self.asked.borrow_mut().admit(source, 1, budget, self.world.now())
    }

    fn stored(&self, error: &SqlError) -> Unavailable {
        self.world.line(Level::Error, &error.to_string(), &[]);
        Unavailable::Storage
    }
}

/// Answers `POST /facilitator/verify`; reads the chain and no storage.
pub async fn verify(
    world: &(impl Http + Clock),
    access: Access<'_>,
    asked: &RelayerOrder,
    request_id: &RequestId,
) -> Reply {
    match order::read(&asked.payment, &asked.requirements) {
        Ok(Ok(order)) => {
            let outcome = match order.allows_more() {
                true => Err(Refusal::Invalid(Reason::OtherMaximum, Some(order.authorization.from))),
                false => judge::verify(world, access, &order).await,
            };
            verify_reply(outcome, &Asked::of(&order), request_id)
        }
        // What is asked about is the most that the call may cost.
        Ok(Err(Refusal::Invalid(Reason::AboveMaximum, payer))) => {
            let refusal = Refusal::Invalid(Reason::OtherMaximum, payer);
            verify_reply(Err(refusal), &Asked::default(), request_id)
        }
        Ok(Err(refusal)) => verify_reply(Err(refusal), &Asked::default(), request_id),
        Err(Malformed(field)) => malformed(field, request_id),
    }
}

/// HTTP 429 with a retry time.
#[must_use]
pub fn too_many(seconds: i64, request_id: &RequestId) -> Reply {
    let abort = Abort::new(Code::TooManyRequests, Unavailable::TooMany.message());
    problem::of_abort(&Abort { retry_after: Some(seconds), ..abort }, request_id)
}

/// The kinds and signer that `GET /facilitator/supported` shows (x402, section 7.3).
#[must_use]
pub fn supported(networks: &[&'static Network], relayer: Address) -> Reply {
    let relayer = relayer.to_checksum(None);
    let kinds = networks.iter().flat_map(|network| {
        let upto = json!({"facilitatorAddress": relayer, "assetTransferMethod": "permit2"});
        [
            json!({"x402Version": 2, "scheme": "exact", "network": network.caip2}),
            json!({"x402Version": 2, "scheme": "upto", "network": network.caip2, "extra": upto}),
            json!({"x402Version": 1, "scheme": "exact", "network": network.v1_name}),
        ]
    });
    let body = json!({
        "kinds": kinds.collect::<Vec<_>>(),
        "extensions": [],
        "signers": {"eip155:*": [relayer]},
    });
    Reply::json(200, body.to_string())
}

/// Parses the body of `/verify` and `/settle`.
///
/// # Errors
///
/// The member that is missing or malformed.
pub fn read_body(body: &[u8], claimant: String) -> Result<RelayerOrder, Malformed> {
    let mut body: Value = serde_json::from_slice(body).map_err(|_| Malformed("the JSON body"))?;
    let mut object = |key: &'static str| {
        let member = body.get_mut(key).map(Value::take).filter(Value::is_object);
        member.ok_or(Malformed(key))
    };
    let (payment, requirements) = (object("paymentPayload")?, object("paymentRequirements")?);
    Ok(RelayerOrder { purpose: Purpose::Settle, claimant, payment, requirements })
}

/// The answer for a network that no relayer here serves.
#[must_use]
pub fn no_such_network(settles: bool, request_id: &RequestId) -> Reply {
    let refusal = Refusal::Invalid(Reason::Network, None);
    if settles {
        settle_reply(Err(refusal), "", &Asked::default())
    } else {
        verify_reply(Err(refusal), &Asked::default(), request_id)
    }
}

/// HTTP 400 for a malformed request.
#[must_use]
pub fn malformed(field: &str, request_id: &RequestId) -> Reply {
    let detail = format!(
        "{field} is missing or malformed; send JSON with x402Version, paymentPayload and paymentRequirements (x402, section 7)"
    );
    problem::of_abort(&Abort::new(Code::InvalidFacilitatorRequest, detail), request_id)
}

/// What an answer says of the payment that was asked about.
#[derive(Default)]
struct Asked {
    payer: Option<Address>,
    /// What the scheme `upto` takes, which its answers have to say.
    taken: Option<U256>,
}

impl Asked {
    fn of(order: &Order) -> Self {
        let Authorization { from, value, .. } = order.authorization;
        Self { payer: Some(from), taken: order.permit.map(|_| value) }
    }

    fn code(&self, reason: Reason) -> Cow<'static, str> {
        reason.code(self.taken.is_some())
    }
}

fn verify_reply(outcome: Result<(), Refusal>, asked: &Asked, request_id: &RequestId) -> Reply {
    let payer = asked.payer;
    let body = match outcome {
        Ok(()) => json!({"isValid": true, "payer": payer.map(checksum)}),
        Err(Refusal::Invalid(reason, payer)) => json!({
            "isValid": false,
            "invalidReason": asked.code(reason),
            "invalidMessage": reason.message(),
            "payer": payer.map(checksum),
        }),
        Err(Refusal::Unavailable(why)) => return unavailable(&why, request_id),
    };
    Reply::json(200, without_nulls(body).to_string())
}

fn settle_reply(outcome: Result<Outcome, Refusal>, network: &str, asked: &Asked) -> Reply {
    let payer = asked.payer;
    let moved = |transaction: String| {
        without_nulls(json!({
            "success": true,
            "transaction": transaction,
            "network": network,
            "payer": payer.map(checksum),
            "amount": asked.taken.map(|taken| taken.to_string()),
        }))
    };
    let failed = |reason: String, message: &str, transaction: String, payer: Option<Address>| {
        without_nulls(json!({
            "success": false,
            "errorReason": reason,
            "errorMessage": message,
            "transaction": transaction,
            "network": network,
            "payer": payer.map(checksum),
        }))
    };
    let (status, body) = match outcome {
        Ok(Outcome::Settled(hash)) => (200, moved(hash.to_string())),
        Ok(Outcome::Nothing) => (200, moved(String::new())),
        Ok(Outcome::Pending(hash)) => {
            let message = "it was sent, and no block has it yet; ask again";
            (200, failed("settlement_pending".to_owned(), message, hash.to_string(), payer))
        }
        Err(Refusal::Invalid(reason, known)) => {
            let payer = payer.or(known);
            let code = asked.code(reason).into_owned();
            (200, failed(code, &reason.message(), String::new(), payer))
        }
        Err(Refusal::Unavailable(why)) => {
            let mut body = failed(why.to_string(), &why.message(), String::new(), payer);
            let seconds = why.retry_after();
            if let Some(members) = body.as_object_mut() {
                members.extend(seconds.map(|seconds| ("retryAfter".to_owned(), json!(seconds))));
            }
            let reply = Reply::json(503, body.to_string());
            return match seconds {
                Some(seconds) => reply.with_header("retry-after", seconds.to_string()),
                None => reply,
            };
        }
    };
    Reply::json(status, body.to_string())
}

fn unavailable(why: &Unavailable, request_id: &RequestId) -> Reply {
    let code = match why {
        Unavailable::Rpc => Code::RpcUnavailable,
        Unavailable::Gas => Code::RelayerBalanceLow,
        Unavailable::Fees => Code::GasPriceTooHigh,
        Unavailable::TooMany => Code::TooManyRequests,
        Unavailable::Storage => Code::RelayerStorageFailed,
        Unavailable::Simulation => Code::SimulationUnavailable,
        Unavailable::Budget(..) => Code::GasBudgetUsedUp,
        Unavailable::PayerWaits(_) => Code::PayerWaits,
    };
    let abort = Abort::new(code, why.message()).with_status(503);
    problem::of_abort(&Abort { retry_after: why.retry_after(), ..abort }, request_id)
}

/// The network that the requirements name, if we know it. Text of the caller is never repeated.
fn named_network(asked: &RelayerOrder) -> &'static str {
    let named = asked.requirements.get("network").and_then(Value::as_str);
    order::network_of(&asked.requirements).map_or("", |network| {
        if named == Some(network.v1_name) { network.v1_name } else { network.caip2 }
    })
}

fn checksum(address: Address) -> String {
    address.to_checksum(None)
}

fn without_nulls(mut body: Value) -> Value {
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    body
}
