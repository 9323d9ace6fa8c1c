//! Our own facilitator at the gateway: authorization and rate limits, then a call of the network's relayer.

use std::cell::RefCell;

use serde_json::Value;
use subtle::ConstantTimeEq;
use worker::Response;

use crate::base::code::Code;
use crate::base::http::{Headers, Reply};
use crate::base::rate_limit::{Budget, RateLimiter};
use crate::base::web_address::Url;
use crate::chain::networks::Network;
use crate::chain::rpc::Rpc;
use crate::config::FacilitatorApi;
use crate::edge::fetch::EdgeHttp;
use crate::edge::gate::bearer;
use crate::edge::gateway::{Gateway, Stop};
use crate::edge::platform::now;
use crate::edge::rpc::ask_relayer;
use crate::facilitator::client::Facilitator;
use crate::facilitator::own::api::{self, Asks, Command};
use crate::facilitator::own::judge::Access;
use crate::facilitator::own::order;
use crate::http::problem;
use crate::http::route::AtFacilitator;
use crate::http::source::Source;
use crate::ports::RelayerOrder;
use crate::rails::outcome::Abort;

thread_local! {
    /// Rate limits of verification by source, in this isolate.
    static ASKED: RefCell<RateLimiter> = RefCell::default();
}

impl Gateway {
    /// Answers a request of an x402 server.
    pub(super) async fn facilitator(
        &self,
        asked: AtFacilitator,
        url: &Url,
        (headers, body): (&Headers, &[u8]),
        origin: Option<String>,
    ) -> Result<Response, Stop> {
        let (claimant, source) = self.claimant(headers)?;
        let settles = match asked {
            AtFacilitator::Supported => {
                return Ok(self.answer(self.supported(), origin.as_deref())?);
            }
            AtFacilitator::Resources => {
                return Ok(self.answer(self.resources(url, headers).await?, None)?);
            }
            AtFacilitator::Verify => false,
            AtFacilitator::Settle => true,
        };
        let order = api::read_body(body, claimant)
            .map_err(|malformed| Stop::Reply(api::malformed(malformed.0, &self.gate.request_id)))?;
        let network = order::network_of(&order.requirements);
        let Some(network) = network.filter(|network| self.gate.config.networks.contains(network))
        else {
            return Err(Stop::Reply(api::no_such_network(settles, &self.gate.request_id)));
        };
        if !settles {
            let reply = self.verify(network, &order, &source).await;
            return Ok(self.answer(reply, origin.as_deref())?);
        }
        let request_id = self.gate.request_id.clone();
        let asks = Asks::Settle(order);
        let command = Command { request_id, source: Some(source), origin, asks };
        Ok(ask_relayer(&self.env, network, &command).await?)
    }

    /// Verification needs no state, so it runs here.
    async fn verify(&self, network: &Network, order: &RelayerOrder, source: &str) -> Reply {
        let budget = Budget::per_minute(api::REQUESTS_PER_MINUTE);
        let asked = ASKED.with_borrow_mut(|asked| asked.admit(source, 1, budget, now()));
        if let Err(seconds) = asked {
            return api::too_many(seconds, &self.gate.request_id);
        }
        let url = self.gate.config.rpc_urls.get(network.caip2);
        let (Some(url), Some(key)) = (url, &self.gate.config.relayer) else {
            return problem::not_found(&self.gate.request_id);
        };
        let rpc = Rpc { url: url.clone() };
        let (factories, policy) = (&self.gate.config.factories, &self.gate.config.gas);
        let access = Access { rpc: &rpc, relayer: key.address(), factories, policy };
        api::verify(&EdgeHttp, access, order, &self.gate.request_id).await
    }

    /// The state of each relayer; empty without one.
    pub(super) async fn relayers(&self) -> Vec<Value> {
        let is_used = matches!(self.gate.config.facilitator, Facilitator::Own(_))
            || self.gate.config.facilitator_api != FacilitatorApi::Off;
        let mut relayers = Vec::new();
        for network in self.gate.config.networks.iter().filter(|_| is_used) {
            relayers.push(self.relayer_health(network).await.unwrap_or(Value::Null));
        }
        relayers
    }

    async fn relayer_health(&self, network: &'static Network) -> worker::Result<Value> {
        let request_id = self.gate.request_id.clone();
        let command = Command { request_id, source: None, origin: None, asks: Asks::Health };
        ask_relayer(&self.env, network, &command).await?.json().await
    }

    fn supported(&self) -> Reply {
        match &self.gate.config.relayer {
            Some(key) => api::supported(&self.gate.config.networks, key.address()),
            None => problem::not_found(&self.gate.request_id),
        }
    }

    /// The caller, for whom the settlement's answer is kept, and the source of the request.
    fn claimant(&self, headers: &Headers) -> Result<(String, String), Stop> {
        let source = Source::of(headers).party();
        match &self.gate.config.facilitator_api {
            FacilitatorApi::Off => Err(Stop::Reply(problem::not_found(&self.gate.request_id))),
            FacilitatorApi::Open => Ok((format!("source:{source}"), source)),
            FacilitatorApi::Tokens(tokens) => {
                let given = bearer(headers).unwrap_or_default();
                let is_same = |token: &String| bool::from(token.as_bytes().ct_eq(given.as_bytes()));
                match tokens.iter().position(is_same) {
                    Some(number) => Ok((format!("token:{number}"), format!("token:{number}"))),
                    None => Err(Stop::Reply(self.no_token())),
                }
            }
        }
    }

    fn no_token(&self) -> Reply {
        let detail = "this facilitator needs an access token: send `Authorization: Bearer …`";
        problem::of_abort(&Abort::new(Code::NoAccessToken, detail), &self.gate.request_id)
            .with_header("www-authenticate", "Bearer".to_owned())
    }
}
