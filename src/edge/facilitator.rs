//! Our own facilitator at the gateway: who may ask, then one hop to the relayer of the network.

use serde_json::Value;
use subtle::ConstantTimeEq;
use worker::Response;

use crate::chain::networks::Network;
use crate::config::FacilitatorApi;
use crate::edge::convert;
use crate::edge::gateway::{Gateway, Stop, bearer};
use crate::edge::relayer_object::ask_relayer;
use crate::http::route::AtFacilitator;
use crate::http::{Headers, Reply, problem};
use crate::outcome::Abort;
use crate::x402::facilitator::Facilitator;
use crate::x402::relayer::api::{self, Asks, Command};
use crate::x402::relayer::order;

impl Gateway {
    /// Answers an x402 server.
    pub(super) async fn facilitator(
        &self,
        asked: AtFacilitator,
        headers: &Headers,
        body: &[u8],
    ) -> Result<Reply, Stop> {
        let (claimant, source) = self.claimant(headers)?;
        let settles = match asked {
            AtFacilitator::Supported => return Ok(self.supported()),
            AtFacilitator::Verify => false,
            AtFacilitator::Settle => true,
        };
        let order = api::read_body(body, claimant)
            .map_err(|malformed| Stop::Reply(api::malformed(malformed.0, &self.request_id)))?;
        let network = order::network_of(&order.requirements);
        let Some(network) = network.filter(|network| self.config.networks.contains(network)) else {
            return Ok(api::no_such_network(settles, &self.request_id));
        };
        let asks = if settles { Asks::Settle(order) } else { Asks::Verify(order) };
        let command = Command { request_id: self.request_id.clone(), source: Some(source), asks };
        reply_of(ask_relayer(&self.env, network, &command).await?).await
    }

    /// What each relayer says of itself; empty where there is none.
    pub(super) async fn relayers(&self) -> Vec<Value> {
        let is_used = matches!(self.config.facilitator, Facilitator::Own(_))
            || self.config.facilitator_api != FacilitatorApi::Off;
        let mut relayers = Vec::new();
        for network in self.config.networks.iter().filter(|_| is_used) {
            relayers.push(self.relayer_health(network).await.unwrap_or(Value::Null));
        }
        relayers
    }

    async fn relayer_health(&self, network: &'static Network) -> worker::Result<Value> {
        let command =
            Command { request_id: self.request_id.clone(), source: None, asks: Asks::Health };
        ask_relayer(&self.env, network, &command).await?.json().await
    }

    fn supported(&self) -> Reply {
        match &self.config.relayer {
            Some(key) => api::supported(&self.config.networks, key.address()),
            None => problem::not_found(&self.request_id),
        }
    }

    /// Who asks, for whom a settlement's answer is kept, and where that request comes from.
    fn claimant(&self, headers: &Headers) -> Result<(String, String), Stop> {
        let source = convert::source(headers);
        match &self.config.facilitator_api {
            FacilitatorApi::Off => Err(Stop::Reply(problem::not_found(&self.request_id))),
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
        problem::of_abort(&Abort::new("no_access_token", 401, detail), &self.request_id)
            .with_header("www-authenticate", "Bearer".to_owned())
    }
}

async fn reply_of(mut response: Response) -> Result<Reply, Stop> {
    let status = response.status_code();
    let kind = response.headers().get("content-type")?.unwrap_or_default();
    let retry_after = response.headers().get("retry-after")?;
    let reply = Reply::text(status, &kind, response.text().await?);
    Ok(match retry_after {
        Some(seconds) => reply.with_header("retry-after", seconds),
        None => reply,
    })
}
