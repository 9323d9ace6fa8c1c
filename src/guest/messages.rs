//! What goes over a guest's WebSocket, as JSON with a `type`. Whatever does not fit is
//! answered with `error` and changes nothing.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::guest::views::{
    BoughtView, CustodyView, DeploymentView, ExchangeView, PaymentView, ToolView, WithdrawalView,
};
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
    /// Asks for the wallets that the deployment keeps for this session, and what may leave them.
    ShowCustody {},
    /// Send money out of such a wallet. Needs a fresh sign-in; nothing else of the session can ask for it.
    #[serde(rename_all = "camelCase")]
    Withdraw {
        /// 16 to 128 letters, digits, hyphens and underscores. The same request is carried out once.
        request_id: String,
        /// The wallet that sends.
        from: String,
        /// CAIP-2, for example `eip155:8453`.
        network: String,
        /// The address that gets the money.
        to: String,
        /// Dollars, for example `2.50`.
        amount: String,
        /// The session's token, in a session without an owner.
        #[serde(default)]
        #[cfg_attr(test, ts(optional))]
        token: Option<String>,
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
        /// What is paid for, in the server's words: `resource` of version 2. Untrusted.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "unknown"))]
        resource: Option<Value>,
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
        /// Whether `chat` tells the user the same.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
        in_chat: bool,
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
        /// What was bought, as the server calls it. Untrusted.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        title: Option<String>,
        /// The server that sold it.
        mcp_url: String,
    },
    /// The wallet is on the chain now.
    WalletDeployed { address: String },
    /// Payments of this session, the newest first.
    History {
        payments: Vec<PaymentView>,
        /// Wallets of the session that are on the chain.
        deployments: Vec<DeploymentView>,
        /// Money that was sent out of a kept wallet.
        withdrawals: Vec<WithdrawalView>,
    },
    /// The wallets that the deployment keeps, and what may leave them.
    Custody(CustodyView),
    /// How far a withdrawal is.
    Withdrawal(WithdrawalView),
    /// A withdrawal was not begun: no money moved.
    WithdrawalRefused {
        /// As in the request.
        request_id: String,
        /// A stable code, for programs.
        code: &'static str,
        /// Why, and what to do.
        message: String,
    },
    /// The answer to `export_csv`.
    Csv { text: String },
    /// Asks the wallet in the browser to sign a message (`personal_sign`): it proves itself to a server, which then
    /// shows again what it has bought. No money moves.
    SignMessage {
        /// Goes back with the signature.
        request_id: String,
        /// The address that has to sign.
        address: String,
        message: String,
    },
    /// The agent's answer, in words.
    Chat {
        text: String,
        /// What it is about.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        cards: Option<Cards>,
        /// What can be said next; at most three.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(test, ts(optional, as = "Option<Vec<String>>"))]
        suggestions: Vec<String>,
        /// The `confirmationId` of the question that this repeats in words, for clients that do not show `payment_required`.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        asks: Option<String>,
    },
    /// What was sent makes no sense, or cannot be now.
    Error {
        /// Why, and what to do.
        message: String,
    },
}

/// What an answer of the agent is about. Events and secrets are as their server lists them, and untrusted.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Cards {
    Events {
        /// The server that sells them.
        mcp_url: String,
        #[cfg_attr(test, ts(type = "Array<unknown>"))]
        events: Vec<Value>,
    },
    Secrets {
        /// The server that sells them.
        mcp_url: String,
        #[cfg_attr(test, ts(type = "Array<unknown>"))]
        secrets: Vec<Value>,
    },
    Bought {
        bought: Vec<BoughtView>,
    },
}

impl Out {
    #[must_use]
    pub fn chat(text: impl Into<String>) -> Self {
        Self::Chat { text: text.into(), cards: None, suggestions: Vec::new(), asks: None }
    }

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
