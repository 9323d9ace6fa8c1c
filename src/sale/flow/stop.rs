//! Why a sale ends before its money is known to have moved.

use crate::base::id::PaymentId;
use crate::facilitator::client::{Cause, Trouble};
use crate::ledger::payments::Payment;
use crate::ports::SqlError;
use crate::rails::x402::verify::Mismatch;

/// Why a payment cannot be judged or claimed.
#[derive(Debug)]
pub enum InTheWay {
    /// The payment is known for this call; the row has its state.
    Again(Box<Payment>),
    /// The payment is known for another call.
    OtherCall,
    /// Another paid call of this wallet is in flight, or this one.
    Busy,
    /// An earlier payment for this call has an unknown outcome.
    UnknownBefore,
    /// The caller used the same payment id for another payment.
    IdentifierConflict,
    /// Too many payments are being judged.
    Crowded,
    Storage(SqlError),
}

/// The alarm released the claim while the call waited. Another call may have the same payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenUp;

/// Why a sale ends before money is known to have moved.
#[derive(Debug, PartialEq, Eq)]
pub enum Stop {
    /// No money moved; a reason code.
    Refused(String),
    /// It does not satisfy the quote, as the chain shows.
    Mismatch(Mismatch),
    /// The authorization was used before this call. We moved no money.
    UsedBefore,
    /// Another host with the same payout address has the payment. We moved no money.
    Elsewhere,
    /// No money moved; the facilitator cannot be used now.
    Unavailable(Trouble),
    /// Money may have moved; the alarm determines the outcome. Holds what the failure says about the facilitator, and
    /// the transaction if one was named.
    Unknown(Cause, Option<String>),
    /// The authorization is used on chain, perhaps by this payment; the chain must be asked.
    AlreadyUsed(PaymentId),
    Storage(SqlError),
}

impl From<SqlError> for Stop {
    fn from(error: SqlError) -> Self {
        Self::Storage(error)
    }
}

impl From<SqlError> for InTheWay {
    fn from(error: SqlError) -> Self {
        Self::Storage(error)
    }
}
