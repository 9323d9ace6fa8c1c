//! The gateway's own answers to the page. The page's types are generated from these.

use serde::Serialize;

use crate::chain::networks::Network;
use crate::config::Config;
use crate::http::explorer::explorer_of;

/// Pages run no script and load nothing from other origins.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The answer of `GET /api/settings`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct PageSettings {
    /// Whether this is a developer's machine with a local chain.
    pub local: bool,
    /// Whether test money is available (`POST /api/local/faucet`).
    pub faucet: bool,
    /// Whether sessions can have our own smart wallet.
    pub smart_wallets: bool,
    /// Whether sessions can have a wallet at Crossmint.
    pub crossmint: bool,
    /// Whether signing in with a code by e-mail is available.
    pub email_sign_in: bool,
    /// Networks that can be paid on, in order of preference.
    pub networks: Vec<NetworkView>,
    /// The network of Solana that hosts may be paid on: with an endpoint, and if its facilitator settles there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub solana: Option<&'static str>,
}

/// A network as it is shown.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct NetworkView {
    /// CAIP-2, for example `eip155:8453`.
    pub network: &'static str,
    pub name: &'static str,
    /// The chain id of EIP-155.
    #[cfg_attr(test, ts(type = "number"))]
    pub chain_id: u64,
    /// Address of the USDC contract.
    pub asset: String,
    /// The block explorer, without a slash at the end.
    pub explorer: String,
    /// Whether its money has no value.
    pub is_testnet: bool,
}

impl PageSettings {
    /// The view of this deployment; `has_mail`: whether it can send mail.
    #[must_use]
    pub fn of(config: &Config, has_mail: bool) -> Self {
        Self {
            local: config.is_local(),
            faucet: config.is_local(),
            smart_wallets: config.smart_wallet_factory.is_some(),
            crossmint: config.crossmint.is_some(),
            email_sign_in: has_mail,
            networks: config.networks.iter().map(|network| view(config, network)).collect(),
            solana: config.solana_on_offer().map(|solana| solana.network.name),
        }
    }
}

/// The answer of `POST /api/local/faucet`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct FaucetAnswer {
    /// The wallet that received the money.
    pub address: String,
    /// The amount in US dollars.
    pub amount: String,
    pub tx_hash: String,
}

/// The answer of `POST /api/auth/nonce`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct NonceAnswer {
    /// Part of the message to sign.
    pub nonce: String,
    pub expires_at: String,
}

/// The answer of `POST /api/auth/otp`, whether or not the address is registered.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CodeSentAnswer {
    /// A message for display.
    pub message: &'static str,
    /// Goes back with the code, from programs without cookies (browsers have it in one): a code is valid only for the
    /// client that asked for it.
    pub challenge: String,
    /// The validity of a code.
    pub expires_in_seconds: i64,
}

/// The answer of `POST /api/auth/siwe` and `POST /api/auth/otp/verify`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SessionAnswer {
    /// For `Authorization: Bearer`; browsers get it as a cookie too.
    pub token: String,
    /// The user who signed in.
    pub user_id: String,
    pub scope: String,
    pub expires_at: String,
}

fn view(config: &Config, network: &'static Network) -> NetworkView {
    NetworkView {
        network: network.caip2,
        name: network.name,
        chain_id: network.chain_id,
        asset: network.usdc.to_checksum(None),
        explorer: explorer_of(config, network),
        is_testnet: network.is_testnet,
    }
}
