//! What this server knows of each wallet: its reputation, and what it has spent.

use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::ports::storage::first;
use crate::ports::{Sql, SqlError};

/// How long a wallet that never paid is remembered, seconds, and how many of them are. Such wallets
/// cost nothing to make.
const STRANGER_SECONDS: i64 = 86_400;
const STRANGERS_MAX: u32 = 1_000;
/// How long after its end a payment that moved no money is kept, seconds.
const ENDED_SECONDS: i64 = 3_600;

/// A wallet's standing at this server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reputation {
    /// Calls that it paid for.
    pub settled: u64,
    /// Drafts of its that a person approved.
    pub approvals: u64,
    /// Drafts of its that a person rejected.
    pub rejections: u64,
    /// Payments that it signed and that were refused.
    pub refusals: u64,
}

/// What the server knows of a wallet.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; so for every function here.
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

/// One more call of this wallet was paid for.
///
/// # Errors
/// As [`reputation`].
pub fn count_settled(sql: &impl Sql, payer: &str, now: UnixSeconds) -> Result<(), SqlError> {
    count(sql, payer, "settled", now)
}

/// One more payment that this wallet signed was refused.
///
/// # Errors
/// As [`reputation`].
pub fn count_refusal(sql: &impl Sql, payer: &str, now: UnixSeconds) -> Result<(), SqlError> {
    count(sql, payer, "refusals", now)?;
    let statement = "DELETE FROM wallets WHERE payer IN (SELECT payer FROM wallets \
         WHERE settled = 0 AND approvals = 0 ORDER BY last_at DESC LIMIT -1 OFFSET ?1)";
    sql.run(statement, &[STRANGERS_MAX.into()]).map(drop)
}

/// A person has approved a draft of this wallet.
///
/// # Errors
/// As [`reputation`].
pub fn count_approval(sql: &impl Sql, payer: &str, now: UnixSeconds) -> Result<(), SqlError> {
    count(sql, payer, "approvals", now)
}

/// A person has rejected a draft of this wallet.
///
/// # Errors
/// As [`reputation`].
pub fn count_rejection(sql: &impl Sql, payer: &str, now: UnixSeconds) -> Result<(), SqlError> {
    count(sql, payer, "rejections", now)
}

/// The chain has dropped a payment of this wallet.
///
/// # Errors
/// As [`reputation`].
pub fn uncount_settled(sql: &impl Sql, payer: &str) -> Result<(), SqlError> {
    let statement = "UPDATE wallets SET settled = max(settled - 1, 0) WHERE payer = ?1";
    sql.run(statement, &[payer.into()]).map(drop)
}

/// What payments of this wallet since `from` have moved or may yet move, and when the first of them
/// was made.
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

/// Forgets wallets that never paid, and payments that ended without money moving, once they are so
/// old that nobody can ask for them any more: anybody can make them, at no cost.
///
/// # Errors
/// As [`reputation`].
pub fn forget(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    let before = now.plus(-STRANGER_SECONDS);
    sql.run(
        "DELETE FROM wallets WHERE settled = 0 AND approvals = 0 AND last_at < ?1",
        &[before.into()],
    )?;
    let ended = now.plus(-ENDED_SECONDS);
    sql.run(
        "DELETE FROM payments WHERE state IN ('refused', 'failed') AND tx_hash IS NULL \
         AND valid_before < ?1 AND updated_at < ?1",
        &[ended.into()],
    )
    .map(drop)
}

fn count(sql: &impl Sql, payer: &str, what: &str, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = format!(
        "INSERT INTO wallets (payer, {what}, first_at, last_at) VALUES (?1, 1, ?2, ?2) \
         ON CONFLICT (payer) DO UPDATE SET {what} = {what} + 1, last_at = excluded.last_at"
    );
    sql.run(&statement, &[payer.into(), now.into()]).map(drop)
}
