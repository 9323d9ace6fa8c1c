//! What the messages to a client show: tools, payments, wallets, requests to a server.

use serde::Serialize;
use serde_json::Value;

use crate::chain::networks::Network;
use crate::config::Config;
use crate::guest::purchase::model::{Purchase, State};
use crate::guest::withdrawal::model::{State as WithdrawalState, Withdrawal};
use crate::http::explorer::transaction_url;
use crate::mcp::client::ServerTool;
use crate::wallets::Kind;

/// A tool as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ToolView {
    pub name: String,
    /// The server's description, which is untrusted text.
    pub description: String,
    /// Whether it is paid for.
    pub is_paid: bool,
    /// Dollars, where it is fixed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub price: Option<String>,
    /// JSON Schema of its arguments.
    #[cfg_attr(test, ts(type = "unknown"))]
    pub input_schema: Value,
}

/// A payment as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct PaymentView {
    /// Also its `confirmationId` and `requestId`.
    pub id: String,
    /// How far it is.
    pub state: State,
    pub tool: String,
    pub mcp_url: String,
    /// What it is for, as the server calls it: an event's title, a secret's name. Untrusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub title: Option<String>,
    /// The price in US dollars.
    pub amount_usd: String,
    /// The price in the token's smallest unit.
    pub amount: String,
    /// The receiver's address (EIP-55).
    pub pay_to: String,
    /// The paying wallet (EIP-55).
    pub payer: String,
    /// CAIP-2, for example `eip155:8453`.
    pub network: String,
    /// The transaction, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub tx_hash: Option<String>,
    /// Where people can look at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub explorer_url: Option<String>,
    /// When it was asked for.
    pub at: String,
}

/// Something that the session has bought.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct BoughtView {
    pub id: String,
    pub tool: String,
    pub mcp_url: String,
    /// The title of the event, or the name of the secret; untrusted. Empty if it is not known.
    pub title: String,
    /// When the event starts, as the server says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub starts_at: Option<String>,
    /// IANA name of the zone in which that is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub time_zone: Option<String>,
    /// Where the event takes place.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub location: Option<String>,
    /// The address of the ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub ticket_url: Option<String>,
    /// The price in US dollars.
    pub amount_usd: String,
    /// When it was asked for.
    pub at: String,
}

/// A wallet that came to be on the chain.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct DeploymentView {
    pub address: String,
    /// CAIP-2, for example `eip155:8453`.
    pub network: String,
    /// The payment that brought it there, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub tx_hash: Option<String>,
    /// Where people can look at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub explorer_url: Option<String>,
    /// When it was seen.
    pub at: String,
}

/// The wallets that the deployment keeps for the session, and what may leave them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CustodyView {
    /// Those whose key is not the user's, the newest first. Empty if there is none.
    pub wallets: Vec<KeptWalletView>,
    /// What a withdrawal has to be proven with.
    pub proof: Proof,
    /// How old a sign-in may be for it, seconds.
    #[cfg_attr(test, ts(type = "number"))]
    pub fresh_seconds: i64,
    /// The most that one withdrawal sends, dollars.
    pub per_withdrawal: String,
    /// The most that leaves a wallet in 24 hours, dollars.
    pub per_day: String,
}

/// A wallet that the deployment, or Crossmint for it, keeps.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct KeptWalletView {
    pub kind: Kind,
    /// With the checksum of EIP-55.
    pub address: String,
    /// On each network that is in use.
    pub balances: Vec<BalanceView>,
    /// What may leave it today, dollars; `null` if that cannot be asked now.
    pub left_today: Option<String>,
}

/// What a wallet holds on a network.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct BalanceView {
    /// CAIP-2, for example `eip155:8453`.
    pub network: String,
    /// Dollars; `null` if the chain gives no answer.
    pub balance: Option<String>,
}

/// What proves that the owner of a wallet asks for a withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// A fresh sign-in of the session's owner.
    SignIn,
    /// The token of a session without an owner.
    SessionToken,
}

/// Money that is sent out of a kept wallet.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct WithdrawalView {
    pub id: String,
    /// As in the request.
    pub request_id: String,
    /// How far it is.
    pub state: WithdrawalState,
    /// The wallet that sends (EIP-55).
    pub from: String,
    /// The address that gets the money (EIP-55).
    pub to: String,
    /// How much, in US dollars.
    pub amount_usd: String,
    /// In the token's smallest unit.
    pub amount: String,
    /// CAIP-2, for example `eip155:8453`.
    pub network: String,
    /// Why it failed or takes long, and whether money moved. Empty if there is nothing to say.
    pub message: String,
    /// The transaction, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub tx_hash: Option<String>,
    /// Where people can look at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub explorer_url: Option<String>,
    /// When it was asked for.
    pub at: String,
}

/// What went to a server and came back. The owner's token is left out; long bodies are cut.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ExchangeView {
    pub url: String,
    /// `GET`, `POST` or `DELETE`.
    pub method: &'static str,
    /// Names and values, without the owner's token.
    pub request_headers: Vec<(String, String)>,
    pub request_body: String,
    /// HTTP status; `null` if there was no answer.
    pub status: Option<u16>,
    /// Headers of the answer.
    pub response_headers: Vec<(String, String)>,
    pub response_body: String,
    /// Why there was none.
    pub error: Option<String>,
    /// Milliseconds since 1970, when the answer had come.
    #[cfg_attr(test, ts(type = "number"))]
    pub timestamp: i64,
}

impl From<&ServerTool> for ToolView {
    fn from(tool: &ServerTool) -> Self {
        Self {
            name: tool.name.clone(),
            description: tool.description.clone(),
            is_paid: tool.is_paid,
            price: tool.price.map(|price| price.to_string()),
            input_schema: tool.input_schema.clone(),
        }
    }
}

impl PaymentView {
    /// Of a purchase with its title, with links as they are in this deployment.
    #[must_use]
    pub fn of(config: &Config, purchase: &Purchase, title: Option<String>) -> Self {
        Self {
            id: purchase.id.to_string(),
            state: purchase.state,
            tool: purchase.tool.clone(),
            mcp_url: purchase.server.clone(),
            title,
            amount_usd: purchase.amount.to_string(),
            amount: purchase.amount.atomic().to_string(),
            pay_to: purchase.pay_to.clone(),
            payer: purchase.payer.clone(),
            network: purchase.network.clone(),
            explorer_url: explorer_url(config, &purchase.network, purchase.transaction.as_deref()),
            tx_hash: purchase.transaction.clone(),
            at: purchase.created_at.to_string(),
        }
    }
}

impl WithdrawalView {
    /// Of a withdrawal, with links as they are in this deployment.
    #[must_use]
    pub fn of(config: &Config, withdrawal: &Withdrawal) -> Self {
        let network = withdrawal.network.caip2;
        let tx_hash = withdrawal.transaction.map(|hash| hash.to_string());
        Self {
            id: withdrawal.id.to_string(),
            request_id: withdrawal.request_id.clone(),
            state: withdrawal.state,
            from: withdrawal.from().to_checksum(None),
            to: withdrawal.authorization.to.to_checksum(None),
            amount_usd: withdrawal.amount.to_string(),
            amount: withdrawal.amount.atomic().to_string(),
            network: network.to_owned(),
            message: withdrawal.reason.clone(),
            explorer_url: explorer_url(config, network, tx_hash.as_deref()),
            tx_hash,
            at: withdrawal.created_at.to_string(),
        }
    }
}

/// Where people can look at a transaction of a network that we know.
pub(super) fn explorer_url(
    config: &Config,
    network: &str,
    transaction: Option<&str>,
) -> Option<String> {
    let network = Network::by_caip2(network)?;
    transaction.map(|transaction| transaction_url(config, network, transaction))
}
