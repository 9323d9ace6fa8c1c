//! Queries of the table `payments`.

use serde_json::Value;

use crate::base::id::{EventId, PaymentId, PaymentIdentifier};
use crate::base::time::UnixSeconds;
use crate::ledger::payments::types::{Key, Payment, State};
use crate::ports::storage::{Columns, all, first};
use crate::ports::{Sql, SqlError};

/// The payment with this id.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn find(sql: &impl Sql, id: &PaymentId) -> Result<Option<Payment>, SqlError> {
    let statement = format!("SELECT {COLUMNS} FROM payments WHERE id = ?1");
    first(sql, &statement, &[id.as_str().into()])?.as_mut().map(payment_of).transpose()
}

/// The payment with this key and signature, unless it ended without moving money.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn find_open_or_paid(sql: &impl Sql, key: &Key) -> Result<Option<Payment>, SqlError> {
    Ok(find_by_key(sql, key)?
        .filter(|(_, digest)| *digest == key.signature_digest)
        .map(|(payment, _)| payment)
        .filter(|payment| !matches!(payment.state, State::Refused | State::Failed)))
}

/// The payment with this key and signature, if it ended without moving money.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn find_ended(sql: &impl Sql, key: &Key) -> Result<Option<Payment>, SqlError> {
    Ok(find_by_key(sql, key)?
        .filter(|(_, digest)| *digest == key.signature_digest)
        .map(|(payment, _)| payment)
        .filter(|payment| matches!(payment.state, State::Refused | State::Failed)))
}

/// The wallet's payment for the call with this digest that is paid or being settled: paid ones first, then the newest.
/// Earlier states do not count. `network` (CAIP-2) limits the search to one chain.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn newest_of(
    sql: &impl Sql,
    digest: &str,
    payer: &str,
    network: Option<&str>,
) -> Result<Option<Payment>, SqlError> {
    newest(sql, ("digest = ?3", ""), payer, network, digest)
}

/// The wallet's payment for a seat at an event, as [`newest_of`]. One whose seat the guest gave back comes last.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn seat_of(
    sql: &impl Sql,
    event: &EventId,
    payer: &str,
    network: Option<&str>,
) -> Result<Option<Payment>, SqlError> {
    let order = "EXISTS (SELECT 1 FROM refunds f WHERE f.payment_id = payments.id \
         AND f.cause = 'guest' AND f.state <> 'void'), ";
    newest(sql, ("event_id = ?3", order), payer, network, event.as_str())
}

fn newest(
    sql: &impl Sql,
    (which, order): (&str, &str),
    payer: &str,
    network: Option<&str>,
    value: &str,
) -> Result<Option<Payment>, SqlError> {
    let statement = format!(
        "SELECT {COLUMNS} FROM payments WHERE payer = ?1 AND (?2 IS NULL OR network = ?2) \
         AND {which} AND state IN ('settling', 'unknown', 'settled', 'delivered') \
         ORDER BY {order}state IN ('settled', 'delivered') DESC, created_at DESC, updated_at DESC LIMIT 1"
    );
    let parameters = [payer.into(), network.into(), value.into()];
    first(sql, &statement, &parameters)?.as_mut().map(payment_of).transpose()
}

/// The ids of payments that are due for the alarm. Rows are read one at a time later, so that a damaged row blocks no
/// other.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn due(sql: &impl Sql, now: UnixSeconds, limit: u32) -> Result<Vec<PaymentId>, SqlError> {
    let statement =
        "SELECT id FROM payments WHERE next_check_at <= ?1 ORDER BY next_check_at LIMIT ?2";
    all(sql, statement, &[now.into(), limit.into()], |columns| columns.parsed(PaymentId::parse))
}

/// Whether this payment is due for the alarm.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn is_due(sql: &impl Sql, id: &PaymentId, now: UnixSeconds) -> Result<bool, SqlError> {
    let statement = "SELECT 1 FROM payments WHERE id = ?1 AND next_check_at <= ?2";
    Ok(first(sql, statement, &[id.as_str().into(), now.into()])?.is_some())
}

/// When the next payment is due for the alarm.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn next_due(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    let statement = "SELECT min(next_check_at) FROM payments WHERE next_check_at IS NOT NULL";
    let Some(mut columns) = first(sql, statement, &[])? else { return Ok(None) };
    Ok(columns.optional_int()?.map(UnixSeconds::new))
}

/// The payment with this key, and the digest of its signature.
pub(super) fn find_by_key(
    sql: &impl Sql,
    key: &Key,
) -> Result<Option<(Payment, String)>, SqlError> {
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

/// Whether a transaction is in the ledger, for any payment.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn is_booked(sql: &impl Sql, transaction: &str) -> Result<bool, SqlError> {
    let statement =
        "SELECT 1 FROM ledger WHERE entry = 'settled' AND lower(tx_hash) = lower(?1) LIMIT 1";
    Ok(first(sql, statement, &[transaction.into()])?.is_some())
}

/// Whether the wallet has an open or paid payment with this identifier.
pub(super) fn has_identifier(
    sql: &impl Sql,
    payer: &str,
    identifier: &PaymentIdentifier,
) -> Result<bool, SqlError> {
    let statement = "SELECT 1 FROM payments WHERE payer = ?1 AND identifier = ?2 \
         AND state NOT IN ('refused', 'failed') LIMIT 1";
    Ok(first(sql, statement, &[payer.into(), identifier.as_str().into()])?.is_some())
}

pub(super) const COLUMNS: &str = "id, network, payer, nonce, tool, digest, arguments, wanted, amount, pay_to, \
     valid_before, x402_version, payment, requirements, event_id, seats, ticket_type, promo, state, tx_hash, answer, attempts, \
     next_check_at, staged, refund_terms, payload_digest, created_at, unused_at, doubtful_at, \
     seen_tx, seen_in, reason, claim";

pub(super) fn payment_of(columns: &mut Columns) -> Result<Payment, SqlError> {
    let json = |text: &str| serde_json::from_str::<Value>(text);
    let damaged = |_| SqlError("stored JSON is damaged".to_owned());
    Ok(Payment {
        id: columns.parsed(PaymentId::parse)?,
        network: columns.text()?,
        payer: columns.text()?,
        nonce: columns.text()?,
        tool: columns.text()?,
        digest: columns.text()?,
        arguments: columns.parsed(json)?,
        wanted: columns.optional_text()?,
        amount: columns.usdc()?,
        pay_to: columns.text()?,
        valid_before: columns.moment()?,
        x402_version: u8::try_from(columns.count()?).unwrap_or(2),
        payment: columns.optional_text()?.as_deref().map(json).transpose().map_err(damaged)?,
        requirements: columns.parsed(json)?,
        event_id: columns
            .optional_text()?
            .map(|id| EventId::parse(&id).map_err(|error| SqlError(error.to_string())))
            .transpose()?,
        seats: u32::try_from(columns.count()?).unwrap_or(u32::MAX),
        ticket_type: columns.optional_text()?,
        promo: columns.optional_text()?,
        state: columns.parsed(State::parse)?,
        transaction: columns.optional_text()?,
        answer: columns.optional_text()?.as_deref().map(json).transpose().map_err(damaged)?,
        attempts: u32::try_from(columns.count()?).unwrap_or(u32::MAX),
        next_check_at: columns.optional_int()?.map(UnixSeconds::new),
        staged: columns.optional_text()?.as_deref().map(json).transpose().map_err(damaged)?,
        refund_terms: columns.optional_text()?.as_deref().map(json).transpose().map_err(damaged)?,
        payload_digest: columns.optional_text()?,
        created_at: columns.moment()?,
        unused_at: columns.optional_int()?.and_then(|block| u64::try_from(block).ok()),
        doubtful_at: columns.optional_int()?.map(UnixSeconds::new),
        seen: {
            let (transaction, block) = (columns.optional_text()?, columns.optional_int()?);
            transaction.zip(block.and_then(|block| u64::try_from(block).ok()))
        },
        reason: columns.optional_text()?,
        number: u32::try_from(columns.count()?).unwrap_or(u32::MAX),
    })
}
