//! The outcomes of a request to a facilitator.

/// What an unclear answer says about the facilitator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It cannot be used: no answer, HTTP 5xx without a verdict, HTTP 429.
    Transport,
    /// It answered. The payment may be the cause of what it said.
    Answer,
}

/// Why there is no clear answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The reason for the log.
    pub why: String,
    pub cause: Cause,
    /// The reason for the caller, from our own facilitator only.
    pub detail: Option<String>,
    /// When to retry, seconds.
    pub retry_after: Option<i64>,
}

impl Trouble {
    pub(super) fn new(why: impl Into<String>, cause: Cause) -> Self {
        Self { why: why.into(), cause, detail: None, retry_after: None }
    }

    /// From an answer of the facilitator.
    #[must_use]
    pub fn answered(why: impl Into<String>) -> Self {
        Self::new(why, Cause::Answer)
    }

    /// From a failure that prevented an answer.
    #[must_use]
    pub fn transport(why: impl Into<String>) -> Self {
        Self::new(why, Cause::Transport)
    }
}

/// The verdict on a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerifyOutcome {
    /// It would be settled now.
    Valid,
    /// It would not; a reason code.
    Invalid(String),
    /// No verdict; no money moved.
    Unavailable(Trouble),
}

/// The outcome of a settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettleOutcome {
    /// Money moved in this transaction.
    Settled(String),
    /// No money moved; a reason code.
    Refused(String),
    /// Our own facilitator sent it, and a block reverted it; a reason code. No money moved, also by earlier requests:
    /// the relayer gives a payment one nonce.
    Reverted(String),
    /// The facilitator did not accept the request; no money moved.
    Unavailable(Trouble),
    /// The authorization is used on chain, perhaps by this request: a request that is carried out twice (a proxy lost
    /// the first answer) gets this answer the second time. The chain must be asked.
    AlreadyUsed,
    /// Unknown. Why, and the transaction if one was named.
    Unknown(Trouble, Option<String>),
}
