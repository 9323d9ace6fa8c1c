//! Payments: claim, states, and the proof that one is settled.

#![deny(clippy::arithmetic_side_effects)]

mod books;
mod rows;
mod steps;

use serde_json::Value;

pub use self::books::{carry_over, note};
pub use self::rows::{
    due, find, find_ended, find_open_or_paid, holds_seat, is_booked, is_busy, is_due, newest_of,
    next_due, seat_of,
};
pub use self::steps::{
    CONFIRM_SECONDS, NotPaid, SETTLE_SECONDS, Step, correct_transaction, decide, mark_confirmed,
    mark_delivered, mark_doubtful, mark_not_paid, mark_reversed, mark_seen, mark_settled,
    mark_settling, mark_unknown, postpone, put_off, release, take_over, was_unused,
};

use crate::base::id::{EventId, PaymentId, PaymentIdentifier};
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::ports::{Sql, SqlError, SqlValue};

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
    id: PaymentId,
    number: u32,
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
    /// Which claim of the payment this is.
    number: u32,
}

/// Why a payment is not claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bar {
    /// The payment is known; the row says how far it is.
    Known(Box<Payment>),
    /// The authorization is known, but with another signature.
    OtherSignature,
    /// Another paid call of this wallet is in flight at this server.
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

/// How long a call may stay `claimed` or `verified` before the alarm gives it up, seconds.
pub const CLAIM_SECONDS: i64 = 60;

/// What bars a payment from being claimed for the call with this digest. One that ended without money
/// moving bars nothing.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; so for every function here.
pub fn bar(
    sql: &impl Sql,
    key: &Key,
    digest: &str,
    identifier: Option<&PaymentIdentifier>,
    now: UnixSeconds,
) -> Result<Option<Bar>, SqlError> {
    let known = rows::find_by_key(sql, key)?;
    match known.filter(|(known, _)| !matches!(known.state, State::Refused | State::Failed)) {
        Some((known, signature)) if signature == key.signature_digest => {
            return Ok(Some(Bar::Known(Box::new(known))));
        }
        Some(_) => return Ok(Some(Bar::OtherSignature)),
        None => {}
    }
    if let Some(identifier) = identifier
        && rows::has_identifier(sql, &key.payer, identifier)?
    {
        return Ok(Some(Bar::IdentifierConflict));
    }
    if is_busy(sql, &key.payer, None, now)? {
        return Ok(Some(Bar::Busy));
    }
    Ok(rows::has_unknown(sql, &key.payer, digest)?.then_some(Bar::UnknownBefore))
}

/// Claims a payment whose signature is judged good for a call, unless something bars it. A payment
/// that ended without money moving keeps its id, and nothing else: what the chain said at an earlier
/// claim says nothing of this one, since it may have been spent in between.
///
/// # Errors
/// As [`bar`].
pub fn claim(
    sql: &impl Sql,
    id: PaymentId,
    new: &NewPayment<'_>,
    now: UnixSeconds,
) -> Result<Result<Claim, Bar>, SqlError> {
    if let Some(bar) = bar(sql, &new.key, new.digest, new.identifier.as_ref(), now)? {
        return Ok(Err(bar));
    }
    let ended = rows::find_by_key(sql, &new.key)?.map(|(ended, _)| ended.claim());
    let claim = match ended {
        Some(Claim { id, number }) => Claim { id, number: number.saturating_add(1) },
        None => Claim { id, number: 1 },
    };
    write_claim(sql, &claim, new, now)?;
    Ok(Ok(claim))
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
fn block(number: Option<u64>) -> SqlValue {
    let number = number.and_then(|number| i64::try_from(number).ok());
    let number = number.filter(|number| *number < 1 << 53);
    number.map_or(SqlValue::Null, SqlValue::Int)
}

/// Inserts the row, or takes over a row of the same payment that ended without money moving.
fn write_claim(
    sql: &impl Sql,
    Claim { id, number }: &Claim,
    new: &NewPayment<'_>,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "INSERT OR REPLACE INTO payments (id, network, asset, payer, nonce, tool, digest, \
         arguments, amount, pay_to, valid_before, x402_version, payment, requirements, state, \
         attempts, next_check_at, created_at, updated_at, signature_digest, identifier, \
         payload_digest, unused_at, claim, wanted, event_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, \
         ?14, ?20, 0, ?15, coalesce((SELECT created_at FROM payments WHERE id = ?1), ?16), ?16, ?17, \
         ?18, ?19, ?21, ?22, ?23, ?24)";
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
            new.state.as_str().into(),
            block(new.unused_at),
            (*number).into(),
            new.wanted.into(),
            new.seat.map(EventId::as_str).into(),
        ],
    )
    .map(drop)
}
