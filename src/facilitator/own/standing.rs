//! The history of payers that are contracts, and the waits that follow from it.
//!
//! A contract can pass a simulation and revert in the block: it reads the block's number, or its owner changes
//! something in between. That costs us gas and the payer nothing. So a payer whose transaction reverted waits: 10
//! minutes, doubled each time, at most a day.
//!
//! An attacker can make new wallets. So newcomers (payers that have settled nothing here) with the same code wait as
//! well after three reverts in an hour: one in two minutes is tried. Code alone proves little: thousands of honest
//! wallets share the code of a Coinbase Smart Wallet or a Safe, and an attacker's wallets can all differ in code. So
//! code with at least 20 settlements and at most one revert for every 20 settlements delays nobody. Newcomers with
//! any other code share one count for each claimant, so that new code gains nothing. A payer that has settled a
//! payment here waits only for its own reverts.
//!
//! A payer's code is the code at its address (a minimal proxy and an EIP-7702 account hold the address of their
//! implementation). For a wallet that is not deployed it is the factory, which is on our list, and the function
//! called. Keys without code cannot change their behaviour and are not counted.

use alloy_primitives::{Address, Bytes, hex, keccak256};

use crate::base::backoff::doubled;
use crate::base::time::UnixSeconds;
use crate::chain::signature::Judge;
use crate::ports::storage::first;
use crate::ports::{Sql, SqlError, SqlValue};

/// The first and the longest wait of a payer, seconds.
const PAYER_SECONDS: i64 = 600;
const PAYER_SECONDS_MAX: i64 = 86_400;
/// Reverts of newcomers within the window after which newcomers wait.
const NEWCOMERS_MAX: u32 = 3;
const WINDOW_SECONDS: i64 = 3_600;
/// How long newcomers wait after the last revert, seconds.
const NEWCOMER_SECONDS: i64 = 120;
/// Code is proven by this many settlements, and by this many settlements for each revert.
const PROVEN_SETTLED: u32 = 20;
const PROVEN_RATIO: u32 = 20;
/// How long a newcomer waits while its previous payment is in flight, seconds.
pub(super) const IN_FLIGHT_SECONDS: i64 = 5;
/// When an unchanged row is deleted, seconds.
const KEEP_SECONDS: i64 = 30 * 86_400;

/// The history of a payer, of a code, or of a claimant's newcomers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// Settled payments since the row was created.
    pub(super) settled: u32,
    /// Reverts: of a payer since its last settlement, otherwise within the window.
    reverted: u32,
    /// Start of the window.
    since: UnixSeconds,
    /// Time of the last revert.
    last_at: UnixSeconds,
}

impl Standing {
    /// How long this payer waits at `now`, seconds.
    fn payer_waits(self, now: UnixSeconds) -> i64 {
        let Some(doublings) = self.reverted.checked_sub(1) else { return 0 };
        let seconds = doubled(PAYER_SECONDS, doublings, PAYER_SECONDS_MAX);
        self.last_at.plus(seconds).since(now).max(0)
    }

    fn newcomers_wait(self, now: UnixSeconds) -> i64 {
        if self.reverted_lately(now) < NEWCOMERS_MAX {
            return 0;
        }
        self.last_at.plus(NEWCOMER_SECONDS).since(now).max(0)
    }

    fn reverted_lately(self, now: UnixSeconds) -> u32 {
        if now.since(self.since) < WINDOW_SECONDS { self.reverted } else { 0 }
    }

    fn is_proven(self, now: UnixSeconds) -> bool {
        let reverted = self.reverted_lately(now).saturating_mul(PROVEN_RATIO);
        self.settled >= PROVEN_SETTLED && reverted <= self.settled
    }
}

/// A payer that is a contract.
pub(super) struct Contract<'a> {
    pub(super) payer: &'a str,
    pub(super) code: &'a str,
    pub(super) claimant: &'a str,
}

impl Contract<'_> {
    fn payer_id(&self) -> String {
        payer_id(self.payer)
    }

    fn code_id(&self) -> String {
        format!("code:{}", self.code)
    }

    fn newcomers_id(&self) -> String {
        format!("new:{}", self.claimant)
    }

    /// How long it waits, seconds; 0 for not at all.
    pub(super) fn waits(&self, sql: &impl Sql, now: UnixSeconds) -> Result<i64, SqlError> {
        let payer = load(sql, &self.payer_id())?;
        let own = payer.payer_waits(now);
        let code = load(sql, &self.code_id())?;
        if own > 0 || payer.settled > 0 || code.is_proven(now) {
            return Ok(own);
        }
        let newcomers = load(sql, &self.newcomers_id())?;
        Ok(code.newcomers_wait(now).max(newcomers.newcomers_wait(now)))
    }

    /// Whether this payer has settled nothing here.
    pub(super) fn is_newcomer(&self, sql: &impl Sql) -> Result<bool, SqlError> {
        Ok(load(sql, &self.payer_id())?.settled == 0)
    }

    /// Counts a settlement, and forgives the payer its earlier reverts.
    pub(super) fn settled(&self, sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
        for (id, forgives) in [(self.payer_id(), true), (self.code_id(), false)] {
            let mut standing = load(sql, &id)?;
            standing.settled = standing.settled.saturating_add(1);
            if forgives {
                standing.reverted = 0;
            }
            save(sql, &id, standing, now)?;
        }
        Ok(())
    }

    /// Counts a revert for the payer, its code and, if it is new, the claimant's newcomers.
    pub(super) fn reverted(&self, sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
        let is_newcomer = self.is_newcomer(sql)?;
        let mut payer = load(sql, &self.payer_id())?;
        payer.reverted = payer.reverted.saturating_add(1);
        payer.last_at = now;
        save(sql, &self.payer_id(), payer, now)?;
        let ids = [Some(self.code_id()), is_newcomer.then(|| self.newcomers_id())];
        for id in ids.into_iter().flatten() {
            let mut standing = load(sql, &id)?;
            let before = standing.reverted_lately(now);
            if before == 0 {
                standing.since = now;
            }
            standing.reverted = before.saturating_add(1);
            standing.last_at = now;
            save(sql, &id, standing, now)?;
        }
        Ok(())
    }
}

/// How long a payer waits because of its own reverts, seconds.
pub(super) fn payer_waits(sql: &impl Sql, payer: &str, now: UnixSeconds) -> Result<i64, SqlError> {
    Ok(load(sql, &payer_id(payer))?.payer_waits(now))
}

fn payer_id(payer: &str) -> String {
    format!("payer:{payer}")
}

/// The id of a payer's code; `None` if it has no code.
#[must_use]
pub(super) fn code_of(code: &Bytes, judge: &Judge) -> Option<String> {
    match judge {
        Judge::Counterfactual(wrapper) => {
            let selector = wrapper.call.get(..4).unwrap_or_default();
            Some(format!("{}:{}", factory(wrapper.factory), hex::encode_prefixed(selector)))
        }
        Judge::Key | Judge::Contract if code.is_empty() => None,
        Judge::Key | Judge::Contract => Some(keccak256(code).to_string()),
    }
}

fn factory(address: Address) -> String {
    address.to_checksum(None)
}

/// Deletes rows that were unchanged for 30 days.
pub(super) fn forget(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "DELETE FROM standing WHERE updated_at < ?1";
    sql.run(statement, &[now.plus(-KEEP_SECONDS).into()]).map(drop)
}

fn load(sql: &impl Sql, id: &str) -> Result<Standing, SqlError> {
    let statement = "SELECT settled, reverted, since, last_at FROM standing WHERE id = ?1";
    let Some(mut columns) = first(sql, statement, &[id.into()])? else {
        return Ok(Standing::default());
    };
    let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(Standing {
        settled: small(columns.count()?),
        reverted: small(columns.count()?),
        since: columns.moment()?,
        last_at: columns.moment()?,
    })
}

fn save(sql: &impl Sql, id: &str, standing: Standing, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "INSERT INTO standing (id, settled, reverted, since, last_at, updated_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO UPDATE SET settled = ?2, \
         reverted = ?3, since = ?4, last_at = ?5, updated_at = ?6";
    let Standing { settled, reverted, since, last_at } = standing;
    let parameters: [SqlValue; 6] =
        [id.into(), settled.into(), reverted.into(), since.into(), last_at.into(), now.into()];
    sql.run(statement, &parameters).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixSeconds = UnixSeconds::new(1_000_000);

    fn seen(settled: u32, reverted: u32) -> Standing {
        Standing { settled, reverted, since: NOW, last_at: NOW }
    }

    #[test]
    fn a_payer_waits_longer_each_time_and_at_most_a_day() {
        assert_eq!(seen(0, 0).payer_waits(NOW), 0);
        assert_eq!(seen(0, 1).payer_waits(NOW), 600);
        assert_eq!(seen(9, 2).payer_waits(NOW.plus(200)), 1_000);
        assert_eq!(seen(0, 30).payer_waits(NOW), 86_400);
        assert_eq!(seen(0, 1).payer_waits(NOW.plus(600)), 0);
    }

    #[test]
    fn newcomers_wait_after_three_and_only_for_a_while() {
        assert_eq!(seen(0, 2).newcomers_wait(NOW), 0);
        assert_eq!(seen(0, 3).newcomers_wait(NOW.plus(20)), 100);
        assert_eq!(seen(0, 3).newcomers_wait(NOW.plus(120)), 0);
        assert_eq!(seen(0, 9).newcomers_wait(NOW.plus(3_600)), 0, "the hour is over");
    }

    #[test]
    fn code_that_has_paid_often_is_not_shut_out_by_a_few() {
        assert!(!seen(19, 0).is_proven(NOW), "too few");
        assert!(seen(20, 1).is_proven(NOW));
        assert!(!seen(20, 2).is_proven(NOW));
        assert!(seen(1_000, 50).is_proven(NOW));
        assert!(!seen(1_000, 51).is_proven(NOW));
        assert!(seen(1_000, 51).is_proven(NOW.plus(3_600)), "an hour later");
    }
}
