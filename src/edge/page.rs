//! Routes for the page: the deployment's settings, and test money on a local machine.

use alloy_primitives::Address;
use serde::Deserialize;
use serde_json::json;

use crate::base::code::Code;
use crate::base::http::Reply;
use crate::chain::rpc::{Rpc, RpcError};
use crate::chain::{faucet, lookup};
use crate::edge::fetch::EdgeHttp;
use crate::edge::gateway::{Gateway, Stop};
use crate::edge::mail::delivery;
use crate::http::explorer;
use crate::http::page::{CONTENT_SECURITY_POLICY, FaucetAnswer, PageSettings};
use crate::http::route::AtExplorer;
use crate::rails::outcome::Abort;
use crate::wallets;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Drip {
    address: String,
}

impl Gateway {
    pub(super) fn settings(&self) -> Reply {
        let body = json!(PageSettings::of(
            &self.gate.config,
            delivery(&self.env, &self.gate.config).is_some()
        ))
        .to_string();
        Reply::json(200, body).with_header("cache-control", "no-store".to_owned())
    }

    /// A transaction or a wallet on the local chain. Other deployments have no such page, so that strangers cannot
    /// send requests through our RPC endpoint.
    pub(super) async fn explorer(&self, asked: AtExplorer) -> Result<Reply, Stop> {
        let refused =
            |code, detail: &str| Stop::Reply(self.gate.problem(&Abort::new(code, detail)));
        let network = self.gate.config.networks.first().filter(|_| self.gate.config.is_local());
        let rpc = network.and_then(|network| self.gate.config.rpc_urls.get(network.caip2));
        let (Some(network), Some(url)) = (network, rpc) else {
            let detail = "these pages are for the chain of your own machine only";
            return Err(refused(Code::NotFound, detail));
        };
        let rpc = Rpc { url: url.clone() };
        let unavailable = |error: RpcError| {
            refused(Code::ChainUnavailable, &format!("the chain cannot be asked: {error}"))
        };
        let html = match asked {
            AtExplorer::Transaction(hash) => {
                let found = lookup::transaction(&EdgeHttp, &rpc, network, hash).await;
                let found = found.map_err(unavailable)?.ok_or_else(|| {
                    let detail = "this chain has no such transaction; after `npm start -- --fresh` it is a new one";
                    refused(Code::NoSuchTransaction, detail)
                })?;
                let base = explorer::explorer_of(&self.gate.config, network);
                explorer::transaction_page(&base, network, hash, &found)
            }
            AtExplorer::Wallet(address) => {
                let balance = wallets::usdc_balance(&EdgeHttp, &rpc, network, address).await;
                let balance = balance.map_err(unavailable)?;
                let is_contract = wallets::is_deployed(&EdgeHttp, &rpc, address).await;
                explorer::wallet_page(network, address, balance, is_contract.map_err(unavailable)?)
            }
        };
        let html = html.map_err(|what| Stop::Broken(worker::Error::RustError(what)))?;
        Ok(Reply::text(200, "text/html; charset=utf-8", html)
            .with_header("content-security-policy", CONTENT_SECURITY_POLICY.to_owned())
            .with_header("x-content-type-options", "nosniff".to_owned())
            .with_header("cache-control", "no-store".to_owned()))
    }

    /// Sends test money to a wallet.
    pub(super) async fn faucet(&self, body: &[u8]) -> Result<Reply, Stop> {
        let refused =
            |code, detail: &str| Stop::Reply(self.gate.problem(&Abort::new(code, detail)));
        let network = self.gate.config.networks.first().filter(|_| self.gate.config.is_local());
        let rpc = network.and_then(|network| self.gate.config.rpc_urls.get(network.caip2));
        let (Some(network), Some(url)) = (network, rpc) else {
            return Err(refused(Code::NotFound, "there is a faucet on your own machine only"));
        };
        let input: Option<Drip> = serde_json::from_slice(body).ok();
        let address: Option<Address> = input.and_then(|input| input.address.trim().parse().ok());
        let address = address.ok_or_else(|| {
            refused(Code::InvalidArguments, "address: send {\"address\": \"0x…40 hex digits\"}")
        })?;
        let rpc = Rpc { url: url.clone() };
        let relayer = self.gate.config.relayer.as_ref().map(|key| key.address());
        let minted = faucet::drip(&EdgeHttp, &rpc, network, relayer, address).await;
        let transaction = minted.map_err(|error| {
            let detail = format!("this chain gives no test money: {error}");
            refused(Code::NoTestMoney, &detail)
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
