//! The standing of wallets at this server: reputation and spending.

use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::ports::storage::first;
use crate::ports::{Sql, SqlError};

/// How long a wallet that never paid is stored, seconds, and how many such wallets at most. They cost nothing to create.
const STRANGER_SECONDS: i64 = 86_400;
const STRANGERS_MAX: u32 = 1_000;
/// How long a payment that moved no money is stored after its expiry, seconds.
const ENDED_SECONDS: i64 = 3_600;

/// A wallet's standing at this server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reputation {
    /// Its calls whose payment settled.
    pub settled: u64,
    /// Its drafts that the host approved.
    pub approvals: u64,
    /// Its drafts that the host rejected.
    pub rejections: u64,
    /// Its signed payments that were refused.
    pub refusals: u64,
}

/// The reputation of a wallet.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn reputation(sql: &impl Sql, payer: &str) -> Result<Reputation, SqlError> {
    let statement = "SELECT settled, approvals, rejections, refusals FROM wallets \
         WHERE payer = ?1";
    let Some(mut columns) = first(sql, statement, &[payer.into()])? else {
        return Ok(Reputation::default());
    };
    Ok(Reputation {
        settled: columns.count()?,
        approvals: columns.count()?,
        rejections: columns.count()?,
        refusals: columns.count()?,
    })
}

/// Counts a paid call of this wallet.
///
/// # Errors
/// As [`reputation`].
pub fn count_settled(sql: &impl Sql, payer: &str, now: UnixSeconds) -> Result<(), SqlError> {
    count(sql, payer, "settled", now)
}

/// Counts a refused payment that this wallet signed.
///
/// # Errors
/// As [`reputation`].
pub fn count_refusal(sql: &impl Sql, payer: &str, now: UnixSeconds) -> Result<(), SqlError> {
    count(sql, payer, "refusals", now)?;
    let statement = "DELETE FROM wallets WHERE payer IN (SELECT payer FROM wallets \
         WHERE settled = 0 AND approvals = 0 ORDER BY last_at DESC LIMIT -1 OFFSET ?1)";
    sql.run(statement, &[STRANGERS_MAX.into()]).map(drop)
}

/// Counts an approved draft of this wallet.
///
/// # Errors
/// As [`reputation`].
pub fn count_approval(sql: &impl Sql, payer: &str, now: UnixSeconds) -> Result<(), SqlError> {
    count(sql, payer, "approvals", now)
}

/// Counts a rejected draft of this wallet.
///
/// # Errors
/// As [`reputation`].
pub fn count_rejection(sql: &impl Sql, payer: &str, now: UnixSeconds) -> Result<(), SqlError> {
    count(sql, payer, "rejections", now)
}

/// Subtracts a paid call, after the chain dropped its payment.
///
/// # Errors
/// As [`reputation`].
pub fn uncount_settled(sql: &impl Sql, payer: &str) -> Result<(), SqlError> {
    let statement = "UPDATE wallets SET settled = max(settled - 1, 0) WHERE payer = ?1";
    sql.run(statement, &[payer.into()]).map(drop)
}

/// The sum of this wallet's payments since `from` that moved or may still move money, and when the first of them was
/// made.
///
/// # Errors
/// As [`reputation`].
pub fn spent(
    sql: &impl Sql,
    payer: &str,
    from: UnixSeconds,
) -> Result<(Usdc, Option<UnixSeconds>), SqlError> {
    let statement = "SELECT coalesce(sum(amount), 0), min(created_at) FROM payments \
         WHERE payer = ?1 AND state IN ('settling', 'unknown', 'settled', 'delivered') \
         AND created_at >= ?2";
    let Some(mut columns) = first(sql, statement, &[payer.into(), from.into()])? else {
        return Ok((Usdc::ZERO, None));
    };
    Ok((columns.usdc()?, columns.optional_int()?.map(UnixSeconds::new)))
}

/// Deletes wallets that never paid and payments that moved no money, once they are too old to be asked for. Callers can
/// create both at no cost.
///
/// # Errors
/// As [`reputation`].
pub fn forget(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    let strangers = "FROM wallets WHERE settled = 0 AND approvals = 0";
    let unpaid = "FROM payments WHERE state IN ('refused', 'failed') AND tx_hash IS NULL";
    let oldest =
        format!("SELECT (SELECT min(last_at) {strangers}), (SELECT min(updated_at) {unpaid})");
    let Some(mut oldest) = first(sql, &oldest, &[])? else { return Ok(()) };
    let mut is_before =
        |end: UnixSeconds| Ok(oldest.optional_int()?.is_some_and(|oldest| oldest < end.get()));
    let before = now.plus(-STRANGER_SECONDS);
    if is_before(before)? {
        sql.run(&format!("DELETE {strangers} AND last_at < ?1"), &[before.into()])?;
    }
    let ended = now.plus(-ENDED_SECONDS);
    if is_before(ended)? {
        let statement = format!("DELETE {unpaid} AND valid_before < ?1 AND updated_at < ?1");
        sql.run(&statement, &[ended.into()])?;
    }
    Ok(())
}

fn count(sql: &impl Sql, payer: &str, what: &str, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = format!(
        "INSERT INTO wallets (payer, {what}, first_at, last_at) VALUES (?1, 1, ?2, ?2) \
         ON CONFLICT (payer) DO UPDATE SET {what} = {what} + 1, last_at = excluded.last_at"
    );
    sql.run(&statement, &[payer.into(), now.into()]).map(drop)
}
