//! Claims a payment for a call.

use crate::base::id::{PaymentId, PaymentIdentifier};
use crate::base::time::UnixSeconds;
use crate::ledger::payments::open::open_of;
use crate::ledger::payments::rows;
use crate::ledger::payments::types::{Claim, Key, NewPayment, Payment, State, stored_block};
use crate::ports::{Sql, SqlError};

/// Why a payment cannot be claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bar {
    /// The payment is known; the row has its state.
    Known(Box<Payment>),
    /// The authorization is known with another signature.
    OtherSignature,
    /// Another paid call of this wallet is being settled at this server.
    Busy,
    /// An earlier payment of this wallet for the same call has an unknown outcome.
    UnknownBefore,
    /// The caller used the same payment identifier for another payment.
    IdentifierConflict,
}

/// How long a payment may stay `claimed` or `verified` until the alarm ends it, seconds.
pub const CLAIM_SECONDS: i64 = 60;

/// What prevents a claim of the payment for the call with this digest. A payment that ended without moving money
/// prevents nothing.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
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
    let open = open_of(sql, &key.payer)?;
    if open.is_busy(None, now) {
        return Ok(Some(Bar::Busy));
    }
    Ok(open.has_call(digest).then_some(Bar::UnknownBefore))
}

/// Claims a payment with a verified signature for a call, unless a [`Bar`] prevents it. A payment that ended without
/// moving money keeps its id only: the chain's answer at an earlier claim is void, because the payment may have been used
/// in between.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
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

/// Inserts the row, or replaces a row of the same payment that ended without moving money.
fn write_claim(
    sql: &impl Sql,
    Claim { id, number }: &Claim,
    new: &NewPayment<'_>,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "INSERT OR REPLACE INTO payments (id, network, asset, payer, nonce, tool, digest, \
         arguments, amount, pay_to, valid_before, x402_version, payment, requirements, state, \
         attempts, next_check_at, created_at, updated_at, signature_digest, identifier, \
         payload_digest, unused_at, claim, wanted, event_id, seats, ticket_type, promo) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, \
         ?14, ?20, 0, ?15, coalesce((SELECT created_at FROM payments WHERE id = ?1), ?16), ?16, ?17, \
         ?18, ?19, ?21, ?22, ?23, ?24, ?25, ?26, ?27)";
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
            stored_block(new.unused_at),
            (*number).into(),
            new.wanted.into(),
            new.seats.map(|hold| hold.event.as_str()).into(),
            new.seats.map_or(1, |hold| hold.count).into(),
            new.seats.and_then(|hold| hold.ticket_type.as_deref()).into(),
            new.seats.and_then(|hold| hold.promo.as_deref()).into(),
        ],
    )
    .map(drop)
}
