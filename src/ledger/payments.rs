//! Payments: claim, states, and the proof that one is settled.

#![deny(clippy::arithmetic_side_effects)]

mod rows;
mod steps;

use serde_json::Value;

pub use self::rows::{
    due, find, find_open_or_paid, holds_seat, is_busy, newest_of, next_due, seat_of,
};
pub use self::steps::{
    CONFIRM_SECONDS, NotPaid, SETTLE_SECONDS, carry_over, correct_transaction, mark_confirmed,
    mark_delivered, mark_not_paid, mark_reversed, mark_settled, mark_settling, mark_unknown,
    mark_verified, note, postpone, release, take_over,
};

use crate::id::{EventId, PaymentId, PaymentIdentifier};
use crate::money::Usdc;
use crate::ports::{Sql, SqlError};
use crate::time::UnixSeconds;

/// How far a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Known, bound to its call; nothing was asked of anybody yet.
    Claimed,
    /// The facilitator vouches for the signature.
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
    /// Tool that was called.
    pub tool: String,
    /// Stands for tool and arguments.
    pub digest: String,
    /// Arguments of the call.
    pub arguments: Value,
    /// Price.
    pub amount: Usdc,
    /// When the authorization runs out.
    pub valid_before: UnixSeconds,
    /// 1 or 2.
    pub x402_version: u8,
    /// The payment as received; removed once its fate is final.
    pub payment: Option<Value>,
    /// Our requirements as the facilitator gets them.
    pub requirements: Value,
    /// The event whose seat is held or taken.
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
}

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The payment is new here, or was final without money moving; it is claimed now.
    New(PaymentId),
    /// The payment is known; the row says how far it is.
    Known(Box<Payment>),
    /// The authorization is known, but with another signature.
    OtherSignature,
    /// Another paid call of this wallet is in flight at this door.
    Busy,
    /// An earlier payment of this wallet for the very same call has an unknown outcome.
    UnknownBefore,
    /// The caller gave the same id to another payment.
    IdentifierConflict,
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

/// How long a call may stay `claimed` or `verified` before the alarm gives it up, seconds.
pub const CLAIM_SECONDS: i64 = 60;

/// Claims a payment for a call. Call this before the first `await`.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; so for every function here.
pub fn claim(
    sql: &impl Sql,
    id: PaymentId,
    new: &NewPayment<'_>,
    now: UnixSeconds,
) -> Result<Claim, SqlError> {
    let known = rows::find_by_key(sql, &new.key)?;
    let again = match known {
        Some((known, _)) if matches!(known.state, State::Refused | State::Failed) => Some(known.id),
        Some((known, digest)) if digest == new.key.signature_digest => {
            return Ok(Claim::Known(Box::new(known)));
        }
        Some(_) => return Ok(Claim::OtherSignature),
        None => None,
    };
    if let Some(identifier) = &new.identifier
        && rows::has_identifier(sql, &new.key.payer, identifier)?
    {
        return Ok(Claim::IdentifierConflict);
    }
    if is_busy(sql, &new.key.payer, None, now)? {
        return Ok(Claim::Busy);
    }
    if rows::has_unknown(sql, &new.key.payer, new.digest)? {
        return Ok(Claim::UnknownBefore);
    }
    let id = again.unwrap_or(id);
    write_claim(sql, &id, new, now)?;
    Ok(Claim::New(id))
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

/// Inserts the row, or takes over a row of the same payment that ended without money moving.
fn write_claim(
    sql: &impl Sql,
    id: &PaymentId,
    new: &NewPayment<'_>,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "INSERT OR REPLACE INTO payments (id, network, asset, payer, nonce, tool, digest, \
         arguments, amount, pay_to, valid_before, x402_version, payment, requirements, state, \
         attempts, next_check_at, created_at, updated_at, signature_digest, identifier, \
         payload_digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, \
         'claimed', 0, ?15, coalesce((SELECT created_at FROM payments WHERE id = ?1), ?16), ?16, ?17, \
         ?18, ?19)";
    sql.run(
        statement,
        &[
            id.as_str().into(),
            new.key.network.into(),
            new.key.asset.as_str().into(),
            new.key.payer.as_str().into(),
            new.key.nonce.as_str().into(),
            new.tool.into(),
            new.digest.into(),
            new.arguments.as_str().into(),
            new.amount.into(),
            new.pay_to.as_str().into(),
            new.valid_before.into(),
            u32::from(new.x402_version).into(),
            new.payment.as_str().into(),
            new.requirements.as_str().into(),
            now.plus(CLAIM_SECONDS).into(),
            now.into(),
            new.key.signature_digest.as_str().into(),
            new.identifier.as_ref().map(PaymentIdentifier::as_str).into(),
            new.payload_digest.as_str().into(),
        ],
    )
    .map(drop)
}
