//! What the gateway answers the page itself: the deployment's settings, and test money on one's own machine.

use alloy_primitives::Address;
use serde::Deserialize;
use serde_json::json;

use crate::chain::faucet;
use crate::chain::rpc::Rpc;
use crate::edge::fetch::EdgeHttp;
use crate::edge::gateway::{Gateway, Stop};
use crate::http::Reply;
use crate::http::page::{FaucetAnswer, PageSettings};
use crate::outcome::Abort;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Drip {
    address: String,
}

impl Gateway {
    pub(super) fn settings(&self) -> Reply {
        let body = json!(PageSettings::of(&self.config)).to_string();
        Reply::json(200, body).with_header("cache-control", "no-store".to_owned())
    }

    /// Test money for a wallet.
    pub(super) async fn faucet(&self, body: &[u8]) -> Result<Reply, Stop> {
        let refused = |code, status, detail: &str| {
            Stop::Reply(self.problem(&Abort::new(code, status, detail)))
        };
        let network = self.config.networks.first().filter(|_| self.config.is_local());
        let rpc = network.and_then(|network| self.config.rpc_urls.get(network.caip2));
        let (Some(network), Some(url)) = (network, rpc) else {
            return Err(refused("not_found", 404, "there is a faucet on your own machine only"));
        };
        let input: Option<Drip> = serde_json::from_slice(body).ok();
        let address: Option<Address> = input.and_then(|input| input.address.trim().parse().ok());
        let address = address.ok_or_else(|| {
            refused("invalid_arguments", 422, "address: send {\"address\": \"0x…40 hex digits\"}")
        })?;
        let rpc = Rpc { url: url.clone() };
        let relayer = self.config.relayer.as_ref().map(|key| key.address());
        let minted = faucet::drip(&EdgeHttp, &rpc, network, relayer, address).await;
        let transaction = minted.map_err(|error| {
            let detail = format!("this chain gives no test money: {error}");
            refused("no_test_money", 503, &detail)
        })?;
        let answer = FaucetAnswer {
            address: address.to_checksum(None),
            amount: faucet::AMOUNT.to_string(),
            tx_hash: transaction.to_string(),
        };
        Ok(Reply::json(200, json!(answer).to_string())
            .with_header("cache-control", "no-store".to_owned()))
    }
}
