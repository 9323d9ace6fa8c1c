//! What a payment is: its key, its claim, its row, and the proof that it is settled.

use serde_json::Value;

use crate::base::id::{EventId, PaymentId, PaymentIdentifier};
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::ports::SqlValue;

/// How far a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Bound to its call, its signature judged by us; nobody was asked to move money yet.
    Claimed,
    /// The same, its signature judged by the facilitator.
    Verified,
    /// `/settle` was, or is about to be, asked for; a seat is held.
    Settling,
    /// Money moved; the result is not stored yet.
    Settled,
    /// Money moved and the result is stored.
    Delivered,
    /// No money moved; refused before or by `/settle`.
    Refused,
    /// No money moved and none will: the payment ran out while its outcome was unknown.
    Failed,
    /// Nobody knows yet whether money moved; a seat is held.
    Unknown,
}

/// What a payment is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// CAIP-2.
    pub network: &'static str,
    /// Token contract (EIP-55).
    pub asset: String,
    /// Who pays (EIP-55).
    pub payer: String,
    /// Of the authorization, hex.
    pub nonce: String,
    /// SHA-256 of the signature, hex: who knows the nonce alone must not see what it bought.
    pub signature_digest: String,
}

/// One claim of a payment. One that ended without money moving may be claimed again, and what is still on
/// its way for the earlier claim does not touch the later one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub(super) id: PaymentId,
    pub(super) number: u32,
}

impl Claim {
    /// The payment.
    #[must_use]
    pub fn id(&self) -> &PaymentId {
        &self.id
    }
}

/// A payment that a call wants to make.
#[derive(Clone, Debug)]
pub struct NewPayment<'a> {
    /// What it is known by.
    pub key: Key,
    /// Tool that is called.
    pub tool: &'a str,
    /// Stands for tool and arguments.
    pub digest: &'a str,
    /// Arguments, JSON.
    pub arguments: String,
    /// What is wanted, by its id.
    pub wanted: Option<&'a str>,
    /// The event whose seat is wanted.
    pub seat: Option<&'a EventId>,
    /// Price.
    pub amount: Usdc,
    /// Who is paid (EIP-55).
    pub pay_to: String,
    /// When the authorization runs out.
    pub valid_before: UnixSeconds,
    /// 1 or 2.
    pub x402_version: u8,
    /// The whole payment as received, JSON.
    pub payment: String,
    /// Our requirements as the facilitator gets them, JSON.
    pub requirements: String,
    /// The caller's own id of the payment.
    pub identifier: Option<PaymentIdentifier>,
    /// SHA-256 of the whole payment, hex.
    pub payload_digest: String,
    /// [`State::Verified`] if the facilitator vouches for the signature, else [`State::Claimed`].
    pub state: State,
    /// The newest block, in which it was not used; `None` if the chain could not be asked.
    pub unused_at: Option<u64>,
}

/// A row of `payments`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// CAIP-2.
    pub network: String,
    /// Who pays (EIP-55).
    pub payer: String,
    /// Of the authorization, hex.
    pub nonce: String,
    /// Tool that was called.
    pub tool: String,
    /// Stands for tool and arguments.
    pub digest: String,
    /// Arguments of the call; `null` once it has ended without money moving.
    pub arguments: Value,
    /// What is wanted, by its id.
    pub wanted: Option<String>,
    /// Price.
    pub amount: Usdc,
    /// Who is paid (EIP-55).
    pub pay_to: String,
    /// When the authorization runs out.
    pub valid_before: UnixSeconds,
    /// 1 or 2.
    pub x402_version: u8,
    /// The payment as received; removed once its fate is final.
    pub payment: Option<Value>,
    /// Our requirements as the facilitator gets them.
    pub requirements: Value,
    /// The event whose seat is wanted. It is held or taken as the state says.
    pub event_id: Option<EventId>,
    /// How far it is.
    pub state: State,
    /// The transaction, once known.
    pub transaction: Option<String>,
    /// The stored result.
    pub answer: Option<Value>,
    /// How often `/settle` was asked for or looked after.
    pub attempts: u32,
    /// When the alarm looks after it next.
    pub next_check_at: Option<UnixSeconds>,
    /// What a tool that settles last hands over.
    pub staged: Option<Value>,
    /// SHA-256 of the whole payment, hex; missing on rows older than this column.
    pub payload_digest: Option<String>,
    /// When it came here.
    pub created_at: UnixSeconds,
    /// The newest block when it was claimed, in which it was not used; `None` if that is not known.
    pub unused_at: Option<u64>,
    /// Since when the chain shows a use that may have been for somebody else, if it does.
    pub doubtful_at: Option<UnixSeconds>,
    /// The transaction and the block in which the chain has shown its money last, if that was noted.
    pub seen: Option<(String, u64)>,
    /// Why it is not paid, for the host.
    pub reason: Option<String>,
    /// Number of the claim, from 1; see [`Claim`].
    pub(super) number: u32,
}

/// Proof that money moved. Made from a settled row and from nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    payment: Payment,
    transaction: String,
}

impl Settled {
    /// The payment.
    #[must_use]
    pub fn payment(&self) -> &Payment {
        &self.payment
    }

    /// The transaction that moved the money.
    #[must_use]
    pub fn transaction(&self) -> &str {
        &self.transaction
    }
}

impl Payment {
    /// The claim that this row is about.
    #[must_use]
    pub fn claim(&self) -> Claim {
        Claim { id: self.id.clone(), number: self.number }
    }

    /// The proof, if this payment is settled.
    #[must_use]
    pub fn settled(&self) -> Option<Settled> {
        match (self.state, &self.transaction) {
            (State::Settled | State::Delivered, Some(transaction)) => {
                Some(Settled { payment: self.clone(), transaction: transaction.clone() })
            }
            _ => None,
        }
    }
}

impl State {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Verified => "verified",
            Self::Settling => "settling",
            Self::Settled => "settled",
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        [
            Self::Claimed,
            Self::Verified,
            Self::Settling,
            Self::Settled,
            Self::Delivered,
            Self::Refused,
            Self::Failed,
            Self::Unknown,
        ]
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or("unknown state")
    }
}

/// A block number that cannot be stored counts as not known; no chain has one.
pub(super) fn stored_block(number: Option<u64>) -> SqlValue {
    let number = number.and_then(|number| i64::try_from(number).ok());
    let number = number.filter(|number| *number < 1 << 53);
    number.map_or(SqlValue::Null, SqlValue::Int)
}
