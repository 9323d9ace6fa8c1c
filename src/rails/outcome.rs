//! The outcome of a call, in the three kinds that callers can tell apart. `http/problem.rs` and `mcp/reply.rs` alone
//! decide how each is shown.

use serde_json::{Value, json};

use crate::base::code::Code;
use crate::base::fields::InvalidField;
use crate::ports::SqlError;
use crate::rails::challenge::Challenge;
use crate::rails::x402::wire::{SIGN_IN_WITH_X, SettleResponse};

/// A result, with the receipt if it was paid for.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// The tool's answer, not yet written as MCP or HTTP.
    pub value: Value,
    /// The settlement that paid for it.
    pub receipt: Option<SettleResponse>,
}

/// Why there is no result.
#[derive(Debug, PartialEq)]
pub enum Failure {
    /// HTTP 402: the caller has to pay first.
    Unpaid(Box<Challenge>),
    /// The caller can act on it.
    Abort(Box<Abort>),
    /// Our fault; for the log only.
    Fatal(Fatal),
}

/// A failure that the caller can act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abort {
    /// A stable, machine-readable code.
    pub code: Code,
    /// The HTTP status, where there is one.
    pub status: u16,
    /// What is wrong and what to do.
    pub detail: String,
    pub money: Money,
    /// The receipt, if a settlement is known.
    pub receipt: Option<SettleResponse>,
    /// When a retry makes sense, seconds.
    pub retry_after: Option<i64>,
    /// The message with which a wallet that has paid before gets its answer (x402, `sign-in-with-x`).
    pub sign_in: Option<Value>,
}

/// Whether a call moved money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Money {
    /// The call has nothing to do with money.
    NotAsked,
    NotMoved,
    /// Unknown: money may have moved.
    MayHaveMoved,
    Moved,
}

/// Our fault. Callers see "internal error" and the request id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fatal {
    /// The cause, for the log.
    pub what: String,
    pub money: Money,
}

impl Abort {
    /// An abort that has nothing to do with money.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            status: code.status(),
            detail: detail.into(),
            money: Money::NotAsked,
            receipt: None,
            retry_after: None,
            sign_in: None,
        }
    }

    /// The x402 extensions that a refusal carries, as a challenge would.
    #[must_use]
    pub fn extensions(&self) -> Option<Value> {
        self.sign_in.as_ref().map(|sign_in| json!({SIGN_IN_WITH_X: sign_in}))
    }

    /// The same abort with another HTTP status.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The same abort, saying whether money moved.
    #[must_use]
    pub fn with_money(self, money: Money) -> Self {
        Self { money, ..self }
    }

    /// No such event at this host.
    #[must_use]
    pub fn event_not_found() -> Self {
        Self::new(Code::EventNotFound, "eventId: this host has no such event; see listEvents")
    }

    /// A paid tool was called through the path for free tools. The dispatch never does that.
    #[must_use]
    pub fn is_paid() -> Self {
        Self::new(Code::PaymentRequired, "this tool is paid")
    }

    /// A tool that is fulfilled after settlement was asked for a prepared answer. The kernel never does that.
    #[must_use]
    pub fn is_not_prepared() -> Self {
        Self::new(Code::UnknownTool, "this tool has no prepared answer")
    }

    /// A free tool was called through the path for paid tools. The dispatch never does that.
    #[must_use]
    pub fn is_not_paid() -> Self {
        Self::new(Code::UnknownTool, "this tool is not sold")
    }

    /// The caller is not this host.
    #[must_use]
    pub fn not_owner() -> Self {
        Self::new(
            Code::NotOwner,
            "only the host of this server may do this: send the host's session token as `Authorization: Bearer …`",
        )
    }

    /// The credential is not valid here.
    #[must_use]
    pub fn credential_refused() -> Self {
        Self::new(
            Code::CredentialRefused,
            "this credential is not valid here: it is unknown, expired or revoked; ask the host for a new one, or leave it out to call as anybody",
        )
    }
}

impl Money {
    /// A sentence for the end of a message.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NotAsked => "",
            Self::NotMoved => " No money was moved.",
            Self::MayHaveMoved => {
                " Money may have moved: do not sign a new payment; repeat the same call with the same payment."
            }
            Self::Moved => {
                " The payment went through and is not charged again: repeat the same call with exactly the same payment (x402 version 2, or with a payment-identifier), or sign in with the wallet that paid (header SIGN-IN-WITH-X)."
            }
        }
    }

    /// The value on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotAsked | Self::NotMoved => "no",
            Self::MayHaveMoved => "unknown",
            Self::Moved => "yes",
        }
    }
}

impl From<Abort> for Failure {
    fn from(abort: Abort) -> Self {
        Self::Abort(Box::new(abort))
    }
}

impl From<SqlError> for Failure {
    fn from(error: SqlError) -> Self {
        Self::Fatal(Fatal { what: error.to_string(), money: Money::NotAsked })
    }
}

impl From<InvalidField> for Failure {
    fn from(field: InvalidField) -> Self {
        Abort::new(Code::InvalidArguments, field.to_string()).into()
    }
}

/// For the log, where a failure is passed on as text.
impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unpaid(_) => f.write_str("unpaid"),
            Self::Abort(abort) => f.write_str(abort.code.as_str()),
            Self::Fatal(fatal) => f.write_str(&fatal.what),
        }
    }
}
