//! The types of payments: key, claim, row, and the proof of settlement.

use serde_json::Value;

use crate::base::id::{EventId, PaymentId, PaymentIdentifier};
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::ports::SqlValue;

/// The state of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Bound to its call. We verified the signature; no settlement was requested.
    Claimed,
    /// Bound to its call. The facilitator verified the signature; no settlement was requested.
    Verified,
    /// `/settle` is requested, or is about to be. A seat is held.
    Settling,
    /// Money moved. The answer is not stored yet.
    Settled,
    /// Money moved, and the answer is stored.
    Delivered,
    /// No money moved. Refused before or by `/settle`.
    Refused,
    /// No money moved. The payment expired while its outcome was unknown.
    Failed,
    /// It is not known yet whether money moved. A seat is held.
    Unknown,
}

/// The identity of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// CAIP-2 id, such as `eip155:8453`.
    pub network: &'static str,
    /// The paid token: its contract (EIP-55), or its mint (base58).
    pub asset: String,
    /// The paying wallet (EIP-55, or base58).
    pub payer: String,
    /// Nonce of the authorization, or digest of the message (Solana); hex.
    pub nonce: String,
    /// SHA-256 of the signature, hex. Knowledge of the public nonce alone must not reveal the answer.
    pub signature_digest: String,
}

/// One claim of a payment. A payment that ended without moving money may be claimed again. Late results of an earlier
/// claim do not change the later one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub(super) id: PaymentId,
    pub(super) number: u32,
}

impl Claim {
    /// The id of the claimed payment.
    #[must_use]
    pub fn id(&self) -> &PaymentId {
        &self.id
    }
}

/// Seats of an event that a payment holds until it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatHold {
    pub event: EventId,
    /// How many; at least 1.
    pub count: u32,
    /// Their ticket type, by its id.
    pub ticket_type: Option<String>,
    /// The promo code that they are bought with, by its id.
    pub promo: Option<String>,
}

/// A payment that a call presents.
#[derive(Clone, Debug)]
pub struct NewPayment<'a> {
    pub key: Key,
    pub tool: &'a str,
    /// Digest of tool and arguments.
    pub digest: &'a str,
    /// The call's arguments, JSON.
    pub arguments: String,
    /// The id of the wanted item: an event, secret or ticket.
    pub wanted: Option<&'a str>,
    /// The seats that are wanted.
    pub seats: Option<&'a SeatHold>,
    /// The quoted price of the call.
    pub amount: Usdc,
    /// The paid wallet (EIP-55).
    pub pay_to: String,
    /// When the authorization expires; on Solana, when that is expected.
    pub valid_before: UnixSeconds,
    pub x402_version: u8,
    /// The payment as received, JSON.
    pub payment: String,
    /// Our payment requirements in the facilitator's form, JSON.
    pub requirements: String,
    /// The caller's own id of the payment (x402 extension `payment-identifier`).
    pub identifier: Option<PaymentIdentifier>,
    /// SHA-256 of the whole payment, hex.
    pub payload_digest: String,
    /// [`State::Verified`] if the facilitator verified the signature, else [`State::Claimed`].
    pub state: State,
    /// The newest block, in which the authorization was unused; `None` if the chain gave no answer.
    pub unused_at: Option<u64>,
}

/// A row of `payments`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub id: PaymentId,
    /// CAIP-2 id, such as `eip155:8453`.
    pub network: String,
    /// The paying wallet (EIP-55, or base58).
    pub payer: String,
    /// Nonce of the authorization, or digest of the message (Solana); hex.
    pub nonce: String,
    pub tool: String,
    /// Digest of tool and arguments.
    pub digest: String,
    /// The call's arguments; `null` once the payment has ended without moving money.
    pub arguments: Value,
    /// The id of the wanted item: an event, secret or ticket.
    pub wanted: Option<String>,
    /// The quoted price of the call.
    pub amount: Usdc,
    /// The paid wallet (EIP-55).
    pub pay_to: String,
    /// When the authorization expires.
    pub valid_before: UnixSeconds,
    pub x402_version: u8,
    /// The payment as received; removed once its outcome is final.
    pub payment: Option<Value>,
    /// Our payment requirements in the facilitator's form.
    pub requirements: Value,
    /// The event whose seat is wanted. The state says whether the seat is held or taken.
    pub event_id: Option<EventId>,
    /// How many seats are wanted; 1 if none is.
    pub seats: u32,
    /// Their ticket type, by its id.
    pub ticket_type: Option<String>,
    /// The promo code that they are bought with, by its id.
    pub promo: Option<String>,
    pub state: State,
    /// The transaction that moved the money, once known.
    pub transaction: Option<String>,
    /// The stored answer of the tool.
    pub answer: Option<Value>,
    /// Settlement requests and later checks of the outcome.
    pub attempts: u32,
    /// When the alarm checks it next.
    pub next_check_at: Option<UnixSeconds>,
    /// The answer of a tool that is prepared before the settlement.
    pub staged: Option<Value>,
    /// What the buyer was promised about its money, once it is delivered.
    pub refund_terms: Option<Value>,
    /// SHA-256 of the whole payment, hex; `None` in rows that are older than this column.
    pub payload_digest: Option<String>,
    /// When it was first received.
    pub created_at: UnixSeconds,
    /// The newest block at the claim, in which the authorization was unused; `None` if unknown.
    pub unused_at: Option<u64>,
    /// Since when the chain shows a use that may have been for another server.
    pub doubtful_at: Option<UnixSeconds>,
    /// The transaction and block in which the chain last showed the transfer, if recorded.
    pub seen: Option<(String, u64)>,
    /// Why it is not paid, for the host.
    pub reason: Option<String>,
    /// Number of the claim, from 1; see [`Claim`].
    pub(super) number: u32,
}

/// Proof that money moved. It can only be created from a settled row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    payment: Payment,
    transaction: String,
}

impl Settled {
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
    /// The current claim of the payment.
    #[must_use]
    pub fn claim(&self) -> Claim {
        Claim { id: self.id.clone(), number: self.number }
    }

    /// The proof of settlement, if this payment is settled.
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
    /// The name in column `state` of `payments`.
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

/// A block number for storage. Numbers from 2^53 on become `NULL`; no chain has them.
pub(in crate::ledger) fn stored_block(number: Option<u64>) -> SqlValue {
    let number = number.and_then(|number| i64::try_from(number).ok());
    let number = number.filter(|number| *number < 1 << 53);
    number.map_or(SqlValue::Null, SqlValue::Int)
}
