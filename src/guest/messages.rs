//! What goes over a guest's WebSocket, as JSON with a `type`. Whatever does not fit is
//! answered with `error` and changes nothing.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::chain::networks::Network;
use crate::config::Config;
use crate::guest::purchase::model::{Purchase, State};
use crate::http::explorer::transaction_url;
use crate::mcp::client::ServerTool;
use crate::wallets::policy::Policy;
use crate::wallets::{Kind, WalletInfo};

/// The longest message that is read, bytes.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// From the person, or from a program in its place.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum In {
    /// Connect to a server.
    ConnectMcp {
        /// The server URL.
        url: String,
    },
    /// Disconnect from the server.
    DisconnectMcp {},
    /// Call a tool of the server.
    #[serde(rename_all = "camelCase")]
    CallTool {
        /// Its name.
        tool: String,
        /// Its arguments.
        #[serde(default)]
        #[cfg_attr(test, ts(type = "Record<string, unknown>", optional))]
        arguments: Map<String, Value>,
        /// Comes back with the result.
        #[serde(default)]
        #[cfg_attr(test, ts(optional))]
        call_id: Option<String>,
    },
    /// Yes, pay.
    #[serde(rename_all = "camelCase")]
    Confirm {
        /// Which payment.
        confirmation_id: String,
    },
    /// No, do not pay.
    #[serde(rename_all = "camelCase")]
    Cancel {
        /// Which payment.
        confirmation_id: String,
    },
    /// The answer to `sign_request`.
    #[serde(rename_all = "camelCase")]
    Signature {
        /// Which request.
        request_id: String,
        /// Hex.
        signature: String,
    },
    /// Something said in words.
    Chat {
        /// What.
        text: String,
    },
    /// Asks for the payments of the session as CSV.
    ExportCsv {},
    /// Change the spending policy; what is left out stays.
    SetPolicy(#[cfg_attr(test, ts(type = "Partial<Policy>"))] Map<String, Value>),
    /// Pay with another wallet.
    UseWallet {
        /// Which.
        kind: Kind,
        /// Of a wallet in the browser.
        #[serde(default)]
        #[cfg_attr(test, ts(optional))]
        address: Option<String>,
    },
}

/// To everybody who is connected to the session.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Out {
    /// A session is there. The token is said once, to who made it.
    Welcome {
        /// Its id.
        session: String,
        /// What resumes it.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        token: Option<String>,
        /// Whose it is, if that was proven.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        user_id: Option<String>,
    },
    /// The wallet that pays.
    WalletInfo(WalletInfo),
    /// What may be spent, and what is.
    Policy {
        /// The policy.
        policy: Policy,
        /// Signed for in this session, dollars.
        spent_session: String,
        /// Signed for in 24 hours, dollars.
        spent_day: String,
    },
    /// The session is connected to a server.
    McpConnected {
        /// Its address.
        mcp_url: String,
        /// What it calls itself.
        server: String,
        /// The version of MCP that is spoken.
        protocol: String,
        /// Its tools.
        tools: Vec<ToolView>,
    },
    /// The session is connected to no server.
    McpDisconnected {},
    /// A step, for people.
    Log {
        /// `info`, `payment` or `error`.
        log_type: &'static str,
        /// What.
        message: String,
        /// Milliseconds since 1970.
        #[cfg_attr(test, ts(type = "number"))]
        timestamp: i64,
    },
    /// A request to the server and its answer, as they went over the wire. Only sockets that asked for them
    /// (`?raw=1`) hear of these.
    Exchange(Box<ExchangeView>),
    /// May this be paid?
    PaymentRequired {
        /// For the answer.
        confirmation_id: String,
        /// What the server asks for, as it stands in its challenge.
        #[cfg_attr(test, ts(type = "unknown"))]
        requirements: Value,
        /// For which tool.
        tool: String,
        /// With which arguments.
        #[cfg_attr(test, ts(type = "unknown"))]
        arguments: Value,
        /// The server URL.
        mcp_url: String,
        /// The price in dollars.
        amount_usd: String,
        /// The price in the token's smallest unit.
        amount: String,
        /// Who is paid.
        pay_to: String,
        /// In which network.
        network: String,
        /// Why it is asked.
        why: String,
    },
    /// Please sign.
    SignRequest {
        /// For the answer.
        request_id: String,
        /// With this address.
        address: String,
        /// EIP-712, as `eth_signTypedData_v4` takes it.
        #[cfg_attr(test, ts(type = "unknown"))]
        typed_data: Value,
    },
    /// What a tool answered.
    ToolResult {
        /// Which tool.
        tool: String,
        /// The result as it came.
        #[cfg_attr(test, ts(type = "unknown"))]
        result: Value,
        /// As in the call.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        call_id: Option<String>,
    },
    /// A tool did not answer what was asked for.
    ToolError {
        /// Which tool.
        tool: String,
        /// Why, for people.
        result: String,
        /// A stable code.
        code: &'static str,
        /// `no`, `unknown` or `yes`.
        money_moved: &'static str,
        /// As in the call.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        call_id: Option<String>,
    },
    /// Money moved, and the chain was seen to say so, where it can be asked.
    PaymentReceipt {
        /// The transaction.
        tx_hash: String,
        /// CAIP-2.
        network: String,
        /// Who paid.
        payer: String,
        /// Who was paid.
        pay_to: String,
        /// Smallest unit.
        amount: String,
        /// Dollars.
        amount_usd: String,
        /// Where people can look at it.
        explorer_url: String,
        /// Whether the chain was asked.
        confirmed: bool,
        /// For which tool.
        tool: String,
    },
    /// The wallet is on the chain now.
    WalletDeployed {
        /// Which.
        address: String,
    },
    /// Payments of this session, the newest first.
    History {
        /// They.
        payments: Vec<PaymentView>,
        /// Wallets of the session that are on the chain.
        deployments: Vec<DeploymentView>,
    },
    /// The answer to `export_csv`.
    Csv {
        /// The whole file.
        text: String,
    },
    /// Something said in words.
    Chat {
        /// What.
        text: String,
    },
    /// What was sent makes no sense, or cannot be now.
    Error {
        /// Why, and what to do.
        message: String,
    },
}

impl Out {
    /// Whether somebody waits for it who may be away. The rest is in every greeting, or is of no use later.
    #[must_use]
    pub const fn is_an_answer(&self) -> bool {
        matches!(
            self,
            Self::ToolResult { .. }
                | Self::ToolError { .. }
                | Self::PaymentReceipt { .. }
                | Self::Chat { .. }
        )
    }
}

/// A tool as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ToolView {
    /// Its name.
    pub name: String,
    /// In words.
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
    /// Its id.
    pub id: String,
    /// How far it is.
    pub state: State,
    /// For which tool.
    pub tool: String,
    /// The server URL.
    pub mcp_url: String,
    /// Dollars.
    pub amount_usd: String,
    /// Smallest unit.
    pub amount: String,
    /// Who is paid.
    pub pay_to: String,
    /// Who pays.
    pub payer: String,
    /// CAIP-2.
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

/// A wallet that came to be on the chain.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct DeploymentView {
    /// Its address.
    pub address: String,
    /// CAIP-2.
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

/// What went to a server and came back. The owner's token is left out; long bodies are cut.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ExchangeView {
    /// Where it went.
    pub url: String,
    /// `GET`, `POST` or `DELETE`.
    pub method: &'static str,
    /// Its headers.
    pub request_headers: Vec<(String, String)>,
    /// Its body.
    pub request_body: String,
    /// HTTP status; `null` if there was no answer.
    pub status: Option<u16>,
    /// Headers of the answer.
    pub response_headers: Vec<(String, String)>,
    /// The answer.
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
    /// Of a purchase, with links as they are in this deployment.
    #[must_use]
    pub fn of(config: &Config, purchase: &Purchase) -> Self {
        Self {
            id: purchase.id.to_string(),
            state: purchase.state,
            tool: purchase.tool.clone(),
            mcp_url: purchase.server.clone(),
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

/// Where people can look at a transaction of a network that we know.
pub(super) fn explorer_url(
    config: &Config,
    network: &str,
    transaction: Option<&str>,
) -> Option<String> {
    let network = Network::by_caip2(network)?;
    transaction.map(|transaction| transaction_url(config, network, transaction))
}
