//! What the gateway answers the page by itself, as types: the page's own are written from these.

use serde::Serialize;

use crate::chain::networks::Network;
use crate::config::Config;
use crate::http::explorer::explorer_of;

/// Pages run no script and load nothing from elsewhere.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The answer of `GET /api/settings`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct PageSettings {
    /// Whether this is somebody's own machine.
    pub local: bool,
    /// Whether test money can be had (`POST /api/local/faucet`).
    pub faucet: bool,
    /// Whether sessions can have a smart wallet of ours.
    pub smart_wallets: bool,
    /// Whether sessions can have a wallet at Crossmint.
    pub crossmint: bool,
    /// Whether people can sign in with a code that is sent to their e-mail address.
    pub email_sign_in: bool,
    /// Networks on which may be paid, the preferred one first.
    pub networks: Vec<NetworkView>,
}

/// A network as it is shown.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct NetworkView {
    /// CAIP-2.
    pub network: &'static str,
    /// For people.
    pub name: &'static str,
    /// EIP-155.
    #[cfg_attr(test, ts(type = "number"))]
    pub chain_id: u64,
    /// The USDC contract.
    pub asset: String,
    /// The block explorer, without a slash at the end.
    pub explorer: String,
    /// Whether its money is worth nothing.
    pub is_testnet: bool,
}

impl PageSettings {
    /// Of this deployment; `has_mail`: whether mail can leave it.
    #[must_use]
    pub fn of(config: &Config, has_mail: bool) -> Self {
        Self {
            local: config.is_local(),
            faucet: config.is_local(),
            smart_wallets: config.smart_wallet_factory.is_some(),
            crossmint: config.crossmint.is_some(),
            email_sign_in: has_mail,
            networks: config.networks.iter().map(|network| view(config, network)).collect(),
        }
    }
}

/// The answer of `POST /api/local/faucet`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct FaucetAnswer {
    /// Who got it.
    pub address: String,
    /// Dollars.
    pub amount: String,
    /// The transaction.
    pub tx_hash: String,
}

/// The answer of `POST /api/auth/nonce`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct NonceAnswer {
    /// For the message that is signed.
    pub nonce: String,
    /// Until when.
    pub expires_at: String,
}

/// The answer of `POST /api/auth/otp`, whether or not anybody has this address.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CodeSentAnswer {
    /// For people.
    pub message: &'static str,
    /// Goes back with the code, from programs that keep no cookies (browsers have it in one): a code is good for
    /// whoever asked for it only.
    pub challenge: String,
    /// How long a code is good.
    pub expires_in_seconds: i64,
}

/// The answer of `POST /api/auth/siwe` and `POST /api/auth/otp/verify`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SessionAnswer {
    /// For `Authorization: Bearer`; browsers get it as a cookie too.
    pub token: String,
    /// Who has signed in.
    pub user_id: String,
    /// The scope.
    pub scope: String,
    /// Until when.
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
