//! What is known of one paid call:
//!
//! ```text
//! asked → signing → paying → paid
//!   ↘       ↘         ↓ ↘
//!  declined  failed  unknown → paid | failed
//! ```
//!
//! From `signing` on the money counts as spent: a signature that has left may move it until it runs out.
//! Only when it has run out unused, or was never made, the purchase is `failed` and the money free again.
//!
//! A purchase is open while its money may move, and while it is paid and its result was neither shown nor kept
//! ([`Purchase::is_open`]). An open purchase always has a `next_check_at`.

use alloy_primitives::Bytes;
use serde::Serialize;
use serde_json::Value;

use crate::base::id::PurchaseId;
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::chain::eip3009::Authorization;
use crate::mcp::client::Connection;

/// How far a purchase is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "PaymentState"))]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The person is asked.
    Asked,
    /// The person said no.
    Declined,
    /// The policy said no.
    Refused,
    /// A signature is asked for. From here on the money counts as spent.
    Signing,
    /// The signed payment is with the server.
    Paying,
    /// It is signed, and it is not known what became of it.
    Unknown,
    /// The money moved. Whether the result was shown is said by [`Purchase::shown`].
    Paid,
    /// No money moved, and none can any more.
    Failed,
}

/// A call that a server wants to be paid for.
#[derive(Clone, Debug, PartialEq)]
pub struct Purchase {
    /// Also the id of the confirmation and of the request to sign.
    pub id: PurchaseId,
    pub server: String,
    /// The connection over which the call was made; `None` if it cannot be read, or was never kept.
    pub connection: Option<Connection>,
    /// The name of the tool.
    pub tool: String,
    /// The tool's arguments, a JSON object.
    pub arguments: Value,
    /// The caller's own name for the call.
    pub call_id: Option<String>,
    /// The caller, which waits for the outcome.
    pub origin: Origin,
    /// The server's answer that asks for payment, as it came.
    pub challenge: Value,
    pub amount: Usdc,
    /// The receiver's address (EIP-55).
    pub pay_to: String,
    /// CAIP-2, for example `eip155:8453`.
    pub network: String,
    /// The wallet that pays (EIP-55).
    pub payer: String,
    /// How far it is.
    pub state: State,
    /// Why it is in this state, in words.
    pub reason: String,
    /// What is signed. Set once and never changed: a logical call has at most one.
    pub authorization: Option<Authorization>,
    /// Set once and never changed.
    pub signature: Option<Bytes>,
    /// The transaction that moved the money.
    pub transaction: Option<String>,
    /// The URL of the ticket that was bought, if it was a seat.
    pub ticket: Option<String>,
    /// Whether the tool's result was shown, or is kept for the next socket.
    pub shown: bool,
    /// Whether the caller was told that there is no result yet.
    pub warned: bool,
    /// How often the alarm has looked after it.
    pub attempts: u32,
    /// How often the server said no although the chain shows the payment.
    pub refusals: u32,
    /// When the alarm looks after it next.
    pub next_check_at: Option<UnixSeconds>,
    /// When the challenge came.
    pub created_at: UnixSeconds,
}

/// Who called a tool, and so waits for the outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A message `call_tool` of a client.
    Call,
    /// Typed words that were understood by patterns.
    Chat,
    /// A language model; the id of its tool call.
    Model(String),
}

impl Purchase {
    /// Whether its money may still move, or has moved and the result is outstanding.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        match self.state {
            State::Signing | State::Paying | State::Unknown => true,
            State::Paid => !self.shown,
            State::Asked | State::Declined | State::Refused | State::Failed => false,
        }
    }

    /// Whether the server is to be asked for the result with the signed payment.
    #[must_use]
    pub const fn is_outstanding(&self) -> bool {
        self.is_open() && !self.shown && self.signature.is_some()
    }
}

impl Purchase {
    /// It is over, and not looked after any more.
    pub(super) fn end(&mut self, state: State, reason: &str) {
        self.state = state;
        reason.clone_into(&mut self.reason);
        self.next_check_at = None;
    }
}

impl State {
    pub const ALL: [Self; 8] = [
        Self::Asked,
        Self::Declined,
        Self::Refused,
        Self::Signing,
        Self::Paying,
        Self::Unknown,
        Self::Paid,
        Self::Failed,
    ];

    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Declined => "declined",
            Self::Refused => "refused",
            Self::Signing => "signing",
            Self::Paying => "paying",
            Self::Unknown => "unknown",
            Self::Paid => "paid",
            Self::Failed => "failed",
        }
    }

    /// Reads what [`Self::as_str`] writes.
    ///
    /// # Errors
    /// The text, if it is no state.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| text.to_owned())
    }

    /// Whether it ended without money moving: its budget counts it no more.
    #[must_use]
    pub const fn is_over_unpaid(self) -> bool {
        match self {
            Self::Declined | Self::Refused | Self::Failed => true,
            Self::Asked | Self::Signing | Self::Paying | Self::Unknown | Self::Paid => false,
        }
    }

    /// Whether the signed payment has left, and it is not decided whether its money moves.
    #[must_use]
    pub const fn is_sent(self) -> bool {
        match self {
            Self::Paying | Self::Unknown => true,
            Self::Asked
            | Self::Declined
            | Self::Refused
            | Self::Signing
            | Self::Paid
            | Self::Failed => false,
        }
    }
}

impl Origin {
    /// As it is stored.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Call => "call".to_owned(),
            Self::Chat => "chat".to_owned(),
            Self::Model(id) => format!("model:{id}"),
        }
    }

    /// Reads what [`Self::to_text`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix("model:") {
            Some(id) => Self::Model(id.to_owned()),
            None if text == "chat" => Self::Chat,
            None => Self::Call,
        }
    }
}
