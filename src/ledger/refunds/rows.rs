//! Queries of the table `refunds`.

use alloy_primitives::Address;

use crate::base::id::{EventId, PaymentId, TicketCode};
use crate::base::time::UnixSeconds;
use crate::ledger::refunds::types::{Cause, Refund, State};
use crate::ports::storage::{Columns, all, first};
use crate::ports::{Sql, SqlError};

const COLUMNS: &str = "payment_id, event_id, cause, network, payer, amount, state, attempt, round, from_wallet, \
     offered_until, signature, signed_until, reported_tx, unused_at, seen_tx, seen_in, tx_hash, reason, \
     attempts, next_check_at, created_at";

/// SQL condition: the money may go back, because the chain has confirmed the payment. A purchase that was read back from
/// KV has no payment here; it was confirmed long ago.
pub(super) const IS_FINAL: &str = "NOT EXISTS (SELECT 1 FROM payments p WHERE p.id = refunds.payment_id \
     AND (p.state <> 'delivered' OR p.next_check_at IS NOT NULL))";

/// SQL condition: it goes back by hand, since nothing is signed for Solana here.
pub(super) const BY_HAND: &str = "network LIKE 'solana:%'";

/// SQL condition: a wallet may be asked to sign, once the payment is final ([`IS_FINAL`]), and unless it is [`BY_HAND`].
pub(super) const PAYABLE: &str = "(state = 'owed' OR (state = 'paying' AND signature IS NULL \
     AND reported_tx IS NULL)) AND network NOT LIKE 'solana:%'";

/// The refund of a purchase; `None` if that was not cancelled.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; so for every function here.
pub fn find(sql: &impl Sql, payment: &PaymentId) -> Result<Option<Refund>, SqlError> {
    let statement =
        format!("SELECT {COLUMNS} FROM refunds WHERE payment_id = ?1 AND state <> 'void'");
    first(sql, &statement, &[payment.as_str().into()])?.as_mut().map(refund_of).transpose()
}

/// The refund of the purchase whose ticket has this code, also if its seat was given back.
///
/// # Errors
/// As [`find`].
pub fn of_ticket(sql: &impl Sql, code: &TicketCode) -> Result<Option<Refund>, SqlError> {
    let statement = format!(
        "SELECT {COLUMNS} FROM refunds WHERE state <> 'void' AND payment_id IN \
         (SELECT payment_id FROM rsvps WHERE code = ?1 \
         UNION ALL SELECT payment_id FROM cancelled_seats WHERE code = ?1)"
    );
    first(sql, &statement, &[code.as_str().into()])?.as_mut().map(refund_of).transpose()
}

/// The refunds that can be paid now, the oldest first.
///
/// # Errors
/// As [`find`].
pub fn next_payable(sql: &impl Sql, limit: u32) -> Result<Vec<Refund>, SqlError> {
    let statement = format!(
        "SELECT {COLUMNS} FROM refunds WHERE {PAYABLE} AND {IS_FINAL} \
         ORDER BY state, created_at, payment_id LIMIT ?1"
    );
    all(sql, &statement, &[limit.into()], refund_of)
}

/// The ids of refunds that are due for the alarm. Rows are read one at a time later, so that a damaged row blocks no
/// other.
///
/// # Errors
/// As [`find`].
pub fn due(sql: &impl Sql, now: UnixSeconds, limit: u32) -> Result<Vec<PaymentId>, SqlError> {
    let statement =
        "SELECT payment_id FROM refunds WHERE next_check_at <= ?1 ORDER BY next_check_at LIMIT ?2";
    all(sql, statement, &[now.into(), limit.into()], |columns| columns.parsed(PaymentId::parse))
}

/// Whether this refund is due for the alarm.
///
/// # Errors
/// As [`find`].
pub fn is_due(sql: &impl Sql, id: &PaymentId, now: UnixSeconds) -> Result<bool, SqlError> {
    let statement = "SELECT 1 FROM refunds WHERE payment_id = ?1 AND next_check_at <= ?2";
    Ok(first(sql, statement, &[id.as_str().into(), now.into()])?.is_some())
}

/// When the next refund is due for the alarm.
///
/// # Errors
/// As [`find`].
pub fn next_due(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    let statement = "SELECT min(next_check_at) FROM refunds WHERE next_check_at IS NOT NULL";
    let Some(mut columns) = first(sql, statement, &[])? else { return Ok(None) };
    Ok(columns.optional_int()?.map(UnixSeconds::new))
}

/// Refunds of events that their host cancelled whose guests were not told yet.
///
/// # Errors
/// As [`find`].
pub fn untold(sql: &impl Sql, limit: u32) -> Result<Vec<Refund>, SqlError> {
    let statement = format!("SELECT {COLUMNS} FROM refunds WHERE told = 0 LIMIT ?1");
    all(sql, &statement, &[limit.into()], refund_of)
}

/// Since when a guest has not been told, if there is one.
///
/// # Errors
/// As [`find`].
pub fn next_untold(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    let statement = "SELECT created_at FROM refunds WHERE told = 0 LIMIT 1";
    first(sql, statement, &[])?.map(|mut columns| columns.moment()).transpose()
}

/// How many other refunds of this amount to this wallet a transaction has paid, or is said to have paid, by hand. On Solana,
/// where a transaction pays one refund, whatever their amounts and wallets.
///
/// # Errors
/// As [`find`].
pub fn count_reported(sql: &impl Sql, refund: &Refund, transaction: &str) -> Result<u64, SqlError> {
    let statement = "SELECT count(*) FROM refunds WHERE payment_id <> ?1 AND network = ?2 \
         AND (network LIKE 'solana:%' OR (payer = ?3 AND amount = ?4)) AND lower(reported_tx) = lower(?5) AND state IN ('paying', 'paid')";
    let parameters = [
        refund.payment.as_str().into(),
        refund.network.as_str().into(),
        refund.payer.as_str().into(),
        refund.amount.into(),
        transaction.into(),
    ];
    first(sql, statement, &parameters)?.map_or(Ok(0), |mut columns| columns.count())
}

/// The wallet that the host is paid at, and pays back from.
///
/// # Errors
/// As [`find`], also if there is no host.
pub fn payout_wallet(sql: &impl Sql) -> Result<Address, SqlError> {
    let found = first(sql, "SELECT wallet_address FROM profile WHERE id = 1", &[])?;
    let mut columns = found.ok_or_else(|| SqlError("there is no host here".to_owned()))?;
    columns.parsed(|text| text.parse::<Address>())
}

pub(super) fn refund_of(columns: &mut Columns) -> Result<Refund, SqlError> {
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let block = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
    Ok(Refund {
        payment: columns.parsed(PaymentId::parse)?,
        event_id: columns.parsed(EventId::parse)?,
        cause: columns.parsed(Cause::parse)?,
        network: columns.text()?,
        payer: columns.text()?,
        amount: columns.usdc()?,
        state: columns.parsed(State::parse)?,
        attempt: small(columns.count()?),
        round: small(columns.count()?),
        from: columns.optional_text()?,
        offered_until: columns.optional_int()?.map(UnixSeconds::new),
        signed: {
            let (signature, until) = (columns.optional_text()?, columns.optional_int()?);
            signature.zip(until.map(UnixSeconds::new))
        },
        reported: columns.optional_text()?,
        unused_at: block(columns.optional_int()?),
        seen: {
            let (transaction, number) = (columns.optional_text()?, columns.optional_int()?);
            transaction.zip(block(number))
        },
        transaction: columns.optional_text()?,
        reason: columns.optional_text()?,
        attempts: small(columns.count()?),
        next_check_at: columns.optional_int()?.map(UnixSeconds::new),
        created_at: columns.moment()?,
    })
}
