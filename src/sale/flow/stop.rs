//! Why a paid call ends before its money is known to have moved.

use crate::base::id::PaymentId;
use crate::facilitator::client::{Cause, Trouble};
use crate::ledger::payments::Payment;
use crate::ports::SqlError;
use crate::rails::x402::verify::Mismatch;

/// What stands in the way of a payment.
#[derive(Debug)]
pub enum InTheWay {
    /// This payment was seen before, for this very call; the row says how far it is.
    Again(Box<Payment>),
    /// This payment was seen before, for another call.
    OtherCall,
    /// Another paid call of this wallet is in flight, or this one.
    Busy,
    /// An earlier payment for this call has an unknown outcome.
    UnknownBefore,
    /// The caller gave the same id to another payment.
    IdentifierConflict,
    /// Too many payments are being judged.
    Crowded,
    /// Our storage failed.
    Storage(SqlError),
}

/// The alarm gave the call up while it waited; the same payment may be under way in another call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenUp;

/// Why a call ends before money is known to have moved.
#[derive(Debug, PartialEq, Eq)]
pub enum Stop {
    /// No money moved; a reason code.
    Refused(String),
    /// It does not satisfy the quote, now that the chain was asked.
    Mismatch(Mismatch),
    /// The authorization was used before it came here. We moved no money.
    UsedBefore,
    /// Another host with the same payout address has the payment. We moved no money.
    Elsewhere,
    /// No money moved; the facilitator cannot be used now.
    Unavailable(Trouble),
    /// Money may have moved; the alarm finds out. What that says of the facilitator, and the transaction,
    /// if one was named.
    Unknown(Cause, Option<String>),
    /// The authorization is used on chain, perhaps for this payment; the chain is to be asked.
    AlreadyUsed(PaymentId),
    /// Our storage failed.
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
