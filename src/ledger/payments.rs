//! Payments: claim, states, and the proof that one is settled.

#![deny(clippy::arithmetic_side_effects)]

use serde_json::Value;

use crate::id::{EventId, PaymentId};
use crate::money::Usdc;
use crate::ports::{Sql, SqlError, SqlValue};
use crate::storage::{Columns, all, first};
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
/// How long a `/settle` may stay without an answer before the alarm looks after it, seconds.
pub const SETTLE_SECONDS: i64 = 75;

const COLUMNS: &str = "id, network, payer, tool, digest, arguments, amount, valid_before, \
     x402_version, payment, requirements, event_id, state, tx_hash, answer, attempts, next_check_at";

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
    let known = find_by_key(sql, &new.key)?;
    let again = match known {
        Some((known, _)) if matches!(known.state, State::Refused | State::Failed) => Some(known.id),
        Some((known, digest)) if digest == new.key.signature_digest => {
            return Ok(Claim::Known(Box::new(known)));
        }
        Some(_) => return Ok(Claim::OtherSignature),
        None => None,
    };
    if is_busy(sql, &new.key.payer, now)? {
        return Ok(Claim::Busy);
    }
    if has_unknown(sql, &new.key.payer, new.digest)? {
        return Ok(Claim::UnknownBefore);
    }
    let id = again.unwrap_or(id);
    write_claim(sql, &id, new, now)?;
    append(sql, "claimed", &id, None, now)?;
    Ok(Claim::New(id))
}

/// The facilitator vouches for the signature.
///
/// # Errors
/// As [`claim`].
pub fn mark_verified(sql: &impl Sql, id: &PaymentId, now: UnixSeconds) -> Result<(), SqlError> {
    step(sql, id, State::Verified, now, "next_check_at = ?4", &[now.plus(CLAIM_SECONDS).into()])?;
    append(sql, "verified", id, None, now)
}

/// Holds a seat, if one is needed, and writes down that `/settle` will be asked for.
///
/// # Errors
/// As [`claim`].
pub fn mark_settling(
    sql: &impl Sql,
    id: &PaymentId,
    seat: Option<&EventId>,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let values = [now.plus(SETTLE_SECONDS).into(), seat.map(EventId::as_str).into()];
    let set = "next_check_at = ?4, event_id = coalesce(?5, event_id), attempts = attempts + 1";
    step(sql, id, State::Settling, now, set, &values)?;
    append(sql, "settling", id, None, now)
}

/// Money moved: writes it down and gives the proof.
///
/// # Errors
/// As [`claim`].
pub fn mark_settled(
    sql: &impl Sql,
    id: &PaymentId,
    transaction: &str,
    now: UnixSeconds,
) -> Result<Settled, SqlError> {
    sql.atomically(|| {
        let values = [transaction.into(), now.plus(CLAIM_SECONDS).into()];
        step(sql, id, State::Settled, now, "tx_hash = ?4, next_check_at = ?5", &values)?;
        append(sql, "settled", id, None, now)
    })?;
    find(sql, id)?
        .and_then(|payment| payment.settled())
        .ok_or_else(|| SqlError("a settled payment is not there".to_owned()))
}

/// The result is stored. Part of the block that also writes what was bought.
///
/// # Errors
/// As [`claim`].
pub fn mark_delivered(
    sql: &impl Sql,
    settled: &Settled,
    answer: &Value,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let id = &settled.payment.id;
    // The signature is not needed any more, so it is not kept.
    let set = "answer = ?4, payment = NULL, next_check_at = NULL";
    step(sql, id, State::Delivered, now, set, &[answer.to_string().into()])?;
    append(sql, "delivered", id, None, now)
}

/// No money moved. Frees the seat.
///
/// # Errors
/// As [`claim`].
pub fn mark_not_paid(
    sql: &impl Sql,
    id: &PaymentId,
    state: NotPaid,
    reason: &str,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let state = match state {
        NotPaid::Refused => State::Refused,
        NotPaid::Failed => State::Failed,
    };
    let set = "reason = ?4, event_id = NULL, payment = NULL, next_check_at = NULL";
    step(sql, id, state, now, set, &[reason.into()])?;
    append(sql, state.as_str(), id, Some(reason), now)
}

/// Which end without payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotPaid {
    /// Refused before or by `/settle`.
    Refused,
    /// Ran out while its outcome was unknown.
    Failed,
}

/// Nobody knows whether money moved. Keeps claim and seat; the alarm looks at `next_check_at`.
///
/// # Errors
/// As [`claim`].
pub fn mark_unknown(
    sql: &impl Sql,
    id: &PaymentId,
    reason: &str,
    next_check_at: UnixSeconds,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let values = [reason.into(), next_check_at.into()];
    step(sql, id, State::Unknown, now, "reason = ?4, next_check_at = ?5", &values)?;
    append(sql, "unknown", id, Some(reason), now)
}

/// The alarm looks again at `next_check_at`; nothing else changed.
///
/// # Errors
/// As [`claim`].
pub fn postpone(
    sql: &impl Sql,
    id: &PaymentId,
    next_check_at: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "UPDATE payments SET next_check_at = ?2, attempts = attempts + 1 WHERE id = ?1";
    sql.run(statement, &[id.as_str().into(), next_check_at.into()]).map(drop)
}

/// One payment.
///
/// # Errors
/// As [`claim`].
pub fn find(sql: &impl Sql, id: &PaymentId) -> Result<Option<Payment>, SqlError> {
    let statement = format!("SELECT {COLUMNS} FROM payments WHERE id = ?1");
    first(sql, &statement, &[id.as_str().into()])?.as_mut().map(payment_of).transpose()
}

/// The payment with this key and signature, unless it ended without money moving.
///
/// # Errors
/// As [`claim`].
pub fn find_open_or_paid(sql: &impl Sql, key: &Key) -> Result<Option<Payment>, SqlError> {
    Ok(find_by_key(sql, key)?
        .filter(|(_, digest)| *digest == key.signature_digest)
        .map(|(payment, _)| payment)
        .filter(|payment| !matches!(payment.state, State::Refused | State::Failed)))
}

/// Payments that the alarm should look after.
///
/// # Errors
/// As [`claim`].
pub fn due(sql: &impl Sql, now: UnixSeconds, limit: u32) -> Result<Vec<Payment>, SqlError> {
    let statement = format!(
        "SELECT {COLUMNS} FROM payments WHERE next_check_at <= ?1 ORDER BY next_check_at LIMIT ?2"
    );
    all(sql, &statement, &[now.into(), limit.into()], payment_of)
}

/// When the alarm should look after a payment next.
///
/// # Errors
/// As [`claim`].
pub fn next_due(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    let statement = "SELECT min(next_check_at) FROM payments WHERE next_check_at IS NOT NULL";
    let Some(mut columns) = first(sql, statement, &[])? else { return Ok(None) };
    Ok(columns.optional_int()?.map(UnixSeconds::new))
}

/// Whether a payment of this wallet may still take a seat at this event.
///
/// # Errors
/// As [`claim`].
pub fn holds_seat(
    sql: &impl Sql,
    event: &EventId,
    payer: &str,
    except: &PaymentId,
) -> Result<bool, SqlError> {
    let statement = "SELECT 1 FROM payments WHERE event_id = ?1 AND payer = ?2 AND id <> ?3 \
         AND state IN ('settling', 'unknown', 'settled') LIMIT 1";
    let parameters = [event.as_str().into(), payer.into(), except.as_str().into()];
    Ok(first(sql, statement, &parameters)?.is_some())
}

/// Writes something to the ledger that is not a payment.
///
/// # Errors
/// As [`claim`].
pub fn note(sql: &impl Sql, entry: &str, note: &str, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "INSERT INTO ledger (entry, amount, note, at) VALUES (?1, 0, ?2, ?3)";
    sql.run(statement, &[entry.into(), note.into(), now.into()]).map(drop)
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

    fn parse(text: &str) -> Result<Self, &'static str> {
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

/// The payment with this key, and the digest of the signature it came with.
fn find_by_key(sql: &impl Sql, key: &Key) -> Result<Option<(Payment, String)>, SqlError> {
    let statement = format!(
        "SELECT {COLUMNS}, signature_digest FROM payments \
         WHERE network = ?1 AND asset = ?2 AND payer = ?3 AND nonce = ?4"
    );
    let parameters = [
        key.network.into(),
        key.asset.as_str().into(),
        key.payer.as_str().into(),
        key.nonce.as_str().into(),
    ];
    let Some(mut columns) = first(sql, &statement, &parameters)? else { return Ok(None) };
    Ok(Some((payment_of(&mut columns)?, columns.text()?)))
}

fn is_busy(sql: &impl Sql, payer: &str, now: UnixSeconds) -> Result<bool, SqlError> {
    let statement = "SELECT 1 FROM payments WHERE payer = ?1 \
         AND state IN ('claimed', 'verified', 'settling') AND next_check_at > ?2 LIMIT 1";
    Ok(first(sql, statement, &[payer.into(), now.into()])?.is_some())
}

fn has_unknown(sql: &impl Sql, payer: &str, digest: &str) -> Result<bool, SqlError> {
    let statement = "SELECT 1 FROM payments WHERE payer = ?1 AND digest = ?2 \
         AND state IN ('unknown', 'settling', 'settled') LIMIT 1";
    Ok(first(sql, statement, &[payer.into(), digest.into()])?.is_some())
}

/// Inserts the row, or takes over a row of the same payment that ended without money moving.
fn write_claim(
    sql: &impl Sql,
    id: &PaymentId,
    new: &NewPayment<'_>,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "INSERT INTO payments (id, network, asset, payer, nonce, tool, digest, \
         arguments, amount, pay_to, valid_before, x402_version, payment, requirements, state, \
         attempts, next_check_at, created_at, updated_at, signature_digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, \
         ?9, ?10, ?11, ?12, ?13, ?14, 'claimed', 0, ?15, ?16, ?16, ?17)";
    sql.run("DELETE FROM payments WHERE id = ?1", &[id.as_str().into()])?;
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
        ],
    )
    .map(drop)
}

/// Moves a payment to `state`; `set` names further columns, whose values begin at `?4`.
fn step(
    sql: &impl Sql,
    id: &PaymentId,
    state: State,
    now: UnixSeconds,
    set: &str,
    values: &[SqlValue],
) -> Result<(), SqlError> {
    let statement = format!("UPDATE payments SET state = ?2, updated_at = ?3, {set} WHERE id = ?1");
    let mut parameters = vec![id.as_str().into(), state.as_str().into(), now.into()];
    parameters.extend_from_slice(values);
    sql.run(&statement, &parameters).map(drop)
}

/// Appends to the ledger what the payment's row says now.
fn append(
    sql: &impl Sql,
    entry: &str,
    id: &PaymentId,
    note: Option<&str>,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "INSERT INTO ledger (entry, payment_id, tool, event_id, amount, tx_hash, note, at) \
         SELECT ?1, id, tool, event_id, amount, tx_hash, ?3, ?4 FROM payments WHERE id = ?2";
    sql.run(statement, &[entry.into(), id.as_str().into(), note.into(), now.into()]).map(drop)
}

fn payment_of(columns: &mut Columns) -> Result<Payment, SqlError> {
    let json = |text: &str| serde_json::from_str::<Value>(text);
    let damaged = |_| SqlError("stored JSON is damaged".to_owned());
    Ok(Payment {
        id: columns.parsed(PaymentId::parse)?,
        network: columns.text()?,
        payer: columns.text()?,
        tool: columns.text()?,
        digest: columns.text()?,
        arguments: columns.parsed(json)?,
        amount: columns.count().and_then(|atomic| {
            Usdc::from_atomic(atomic).map_err(|error| SqlError(format!("an amount {error}")))
        })?,
        valid_before: columns.moment()?,
        x402_version: u8::try_from(columns.count()?).unwrap_or(2),
        payment: columns.optional_text()?.as_deref().map(json).transpose().map_err(damaged)?,
        requirements: columns.parsed(json)?,
        event_id: columns
            .optional_text()?
            .map(|id| EventId::parse(&id).map_err(|error| SqlError(error.to_string())))
            .transpose()?,
        state: columns.parsed(State::parse)?,
        transaction: columns.optional_text()?,
        answer: columns.optional_text()?.as_deref().map(json).transpose().map_err(damaged)?,
        attempts: u32::try_from(columns.count()?).unwrap_or(u32::MAX),
        next_check_at: columns.optional_int()?.map(UnixSeconds::new),
    })
}
