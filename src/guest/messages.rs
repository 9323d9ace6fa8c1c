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
    ConnectMcp { url: String },
    /// Disconnect from the server.
    DisconnectMcp {},
    /// Call a tool of the server.
    #[serde(rename_all = "camelCase")]
    CallTool {
        tool: String,
        /// As the tool's `inputSchema` describes them.
        #[serde(default)]
        #[cfg_attr(test, ts(type = "Record<string, unknown>", optional))]
        arguments: Map<String, Value>,
        /// Comes back with the result.
        #[serde(default)]
        #[cfg_attr(test, ts(optional))]
        call_id: Option<String>,
    },
    /// Pay what `payment_required` asks for.
    #[serde(rename_all = "camelCase")]
    Confirm {
        /// The `confirmationId` of `payment_required`.
        confirmation_id: String,
    },
    /// Do not pay what `payment_required` asks for.
    #[serde(rename_all = "camelCase")]
    Cancel {
        /// The `confirmationId` of `payment_required`.
        confirmation_id: String,
    },
    /// The answer to `sign_request`.
    #[serde(rename_all = "camelCase")]
    Signature {
        /// The `requestId` of `sign_request`.
        request_id: String,
        /// Hex, as `eth_signTypedData_v4` returns it.
        signature: String,
    },
    /// A message to the agent, in words.
    Chat { text: String },
    /// Asks for the payments of the session as CSV.
    ExportCsv {},
    /// Change the spending policy; what is left out stays.
    SetPolicy(#[cfg_attr(test, ts(type = "Partial<Policy>"))] Map<String, Value>),
    /// Pay with another wallet.
    UseWallet {
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
    /// The session is open. The token is sent only once, to the client that began it.
    Welcome {
        session: String,
        /// Resumes the session on another socket.
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
        policy: Policy,
        /// Signed for in this session, dollars.
        spent_session: String,
        /// Signed for in 24 hours, dollars.
        spent_day: String,
    },
    /// The session is connected to a server.
    McpConnected {
        mcp_url: String,
        /// The name that the server gives itself.
        server: String,
        /// The version of MCP that is spoken.
        protocol: String,
        tools: Vec<ToolView>,
    },
    /// The session is connected to no server.
    McpDisconnected {},
    /// A step, for people.
    Log {
        /// `info`, `payment` or `error`.
        log_type: &'static str,
        message: String,
        /// Unix time in milliseconds.
        #[cfg_attr(test, ts(type = "number"))]
        timestamp: i64,
    },
    /// A request to the server and its answer, as they went over the wire. Only sockets that asked for them
    /// (`?raw=1`) hear of these.
    Exchange(Box<ExchangeView>),
    /// May this be paid?
    PaymentRequired {
        /// Goes back with `confirm` or `cancel`.
        confirmation_id: String,
        /// What the server asks for, as it stands in its challenge.
        #[cfg_attr(test, ts(type = "unknown"))]
        requirements: Value,
        tool: String,
        #[cfg_attr(test, ts(type = "unknown"))]
        arguments: Value,
        mcp_url: String,
        /// The price in dollars.
        amount_usd: String,
        /// The price in the token's smallest unit.
        amount: String,
        /// The receiver's address (EIP-55).
        pay_to: String,
        /// CAIP-2, for example `eip155:8453`.
        network: String,
        /// Why it is asked.
        why: String,
    },
    /// Asks the wallet in the browser for a signature.
    SignRequest {
        /// Goes back with the signature.
        request_id: String,
        /// The address that has to sign.
        address: String,
        /// EIP-712, as `eth_signTypedData_v4` takes it.
        #[cfg_attr(test, ts(type = "unknown"))]
        typed_data: Value,
    },
    /// What a tool answered.
    ToolResult {
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
        tool: String,
        /// The reason, as a text for the user.
        result: String,
        /// A stable code, for programs.
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
        tx_hash: String,
        /// CAIP-2, for example `eip155:8453`.
        network: String,
        /// The wallet that has paid.
        payer: String,
        /// The address that was paid.
        pay_to: String,
        /// In the token's smallest unit.
        amount: String,
        /// The same in US dollars.
        amount_usd: String,
        /// Where people can look at it.
        explorer_url: String,
        /// Whether the chain was asked.
        confirmed: bool,
        tool: String,
    },
    /// The wallet is on the chain now.
    WalletDeployed { address: String },
    /// Payments of this session, the newest first.
    History {
        payments: Vec<PaymentView>,
        /// Wallets of the session that are on the chain.
        deployments: Vec<DeploymentView>,
    },
    /// The answer to `export_csv`.
    Csv { text: String },
    /// The agent's answer, in words.
    Chat { text: String },
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
