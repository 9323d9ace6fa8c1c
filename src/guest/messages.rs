//! What goes over a guest's WebSocket, as JSON with a `type` (product.md, 7). Whatever does not fit is
//! answered with `error` and changes nothing.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::guest::purchases::Purchase;
use crate::mcp::client::DoorTool;
use crate::wallet::{Kind, WalletInfo};

/// The longest message that is read, bytes.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// From the person, or from a program in its place.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum In {
    /// Connect to a door.
    ConnectMcp {
        /// Its address.
        url: String,
    },
    /// Leave the door.
    DisconnectMcp {},
    /// Call a tool of the door.
    #[serde(rename_all = "camelCase")]
    CallTool {
        /// Its name.
        tool: String,
        /// Its arguments.
        #[serde(default)]
        arguments: Map<String, Value>,
        /// Comes back with the result.
        #[serde(default)]
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
    /// Change the spending policy; what is left out stays.
    SetPolicy(Map<String, Value>),
    /// Pay with another wallet.
    UseWallet {
        /// Which.
        kind: Kind,
        /// Of a wallet in the browser.
        #[serde(default)]
        address: Option<String>,
    },
}

/// To everybody who is connected to the session.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Out {
    /// A session is there. The token is said once, to who made it.
    Welcome {
        /// Its id.
        session: String,
        /// What resumes it.
        #[serde(skip_serializing_if = "Option::is_none")]
        token: Option<String>,
        /// Whose it is, if that was proven.
        #[serde(skip_serializing_if = "Option::is_none")]
        user_id: Option<String>,
    },
    /// The wallet that pays.
    WalletInfo(WalletInfo),
    /// What may be spent, and what is.
    Policy {
        /// The policy.
        policy: Value,
        /// Signed for in this session, dollars.
        spent_session: String,
        /// Signed for in 24 hours, dollars.
        spent_day: String,
    },
    /// The door is there.
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
    /// The door was left.
    McpDisconnected {},
    /// A step, for people.
    Log {
        /// `info`, `payment` or `error`.
        log_type: &'static str,
        /// What.
        message: String,
        /// Milliseconds since 1970.
        timestamp: i64,
    },
    /// May this be paid?
    PaymentRequired {
        /// For the answer.
        confirmation_id: String,
        /// What the door asks for, as it stands in its challenge.
        requirements: Value,
        /// For which tool.
        tool: String,
        /// With which arguments.
        arguments: Value,
        /// The door.
        mcp_url: String,
        /// The price in dollars.
        amount_usd: String,
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
        typed_data: Value,
    },
    /// What a tool answered.
    ToolResult {
        /// Which tool.
        tool: String,
        /// The result as it came.
        result: Value,
        /// As in the call.
        #[serde(skip_serializing_if = "Option::is_none")]
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
    pub price: Option<String>,
    /// JSON Schema of its arguments.
    pub input_schema: Value,
}

/// A payment as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentView {
    /// Its id.
    pub id: String,
    /// How far it is.
    pub state: String,
    /// For which tool.
    pub tool: String,
    /// Of which door.
    pub mcp_url: String,
    /// Dollars.
    pub amount_usd: String,
    /// Who is paid.
    pub pay_to: String,
    /// CAIP-2.
    pub network: String,
    /// The transaction, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tx_hash: Option<String>,
    /// When it was asked for.
    pub at: String,
}

impl From<&DoorTool> for ToolView {
    fn from(tool: &DoorTool) -> Self {
        Self {
            name: tool.name.clone(),
            description: tool.description.clone(),
            is_paid: tool.is_paid,
            price: tool.price.map(|price| price.to_string()),
            input_schema: tool.input_schema.clone(),
        }
    }
}

impl From<&Purchase> for PaymentView {
    fn from(purchase: &Purchase) -> Self {
        Self {
            id: purchase.id.to_string(),
            state: purchase.state.as_str().to_owned(),
            tool: purchase.tool.clone(),
            mcp_url: purchase.door.clone(),
            amount_usd: purchase.amount.to_string(),
            pay_to: purchase.pay_to.clone(),
            network: purchase.network.clone(),
            tx_hash: purchase.transaction.clone(),
            at: purchase.created_at.to_string(),
        }
    }
}
