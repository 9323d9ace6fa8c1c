//! Gas spent in a day, by budget. The most that a transaction may cost is charged in the SQL transaction that stores
//! it, before it is sent. Its receipt corrects the charge, also after a revert. Days are UTC; their rows are deleted
//! two days later.

use serde_json::{Value, json};

use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::facilitator::own::gas::{Budgets, GasPolicy, Micros};
use crate::ports::storage::first;
use crate::ports::{Sql, SqlError, SqlValue};

const DAY_SECONDS: i64 = 86_400;
const TOTAL: &str = "total";

/// The budget that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Of the host that asks.
    Host,
    /// Of the caller that asks over HTTP.
    Caller,
    /// Of the wallet that pays.
    Payer,
    /// Of the whole relayer.
    Total,
}

/// The owners of the budgets that a settlement's gas is charged to.
pub(super) struct Owners<'a> {
    /// A host of ours, or a caller over HTTP.
    pub(super) claimant: &'a str,
    /// The payer's address (EIP-55).
    pub(super) payer: &'a str,
}

impl Owners<'_> {
    fn each(&self, budgets: &Budgets) -> [(Whose, String, Micros); 3] {
        let (whose, max) = if self.claimant.starts_with("host:") {
            (Whose::Host, budgets.host)
        } else {
            (Whose::Caller, budgets.caller)
        };
        [
            (whose, self.claimant.to_owned(), max),
            (Whose::Payer, format!("payer:{}", self.payer), budgets.payer),
            (Whose::Total, TOTAL.to_owned(), budgets.total),
        ]
    }
}

/// The UTC day, as days since 1970.
pub(super) const fn day(now: UnixSeconds) -> i64 {
    now.get().div_euclid(DAY_SECONDS)
}

/// Seconds until the next day begins.
const fn rest(now: UnixSeconds) -> i64 {
    DAY_SECONDS.saturating_sub(now.get().rem_euclid(DAY_SECONDS))
}

/// Checks whether `micros` more may be spent. If not: the budget that is used up, and for how many seconds.
///
/// What others have spent of the relayer's total shrinks each host's and caller's budget in proportion. So a crowd of
/// made-up hosts leaves every other host a part of the rest.
pub(super) fn check(
    sql: &impl Sql,
    policy: &GasPolicy,
    owners: &Owners<'_>,
    cost: Micros,
    now: UnixSeconds,
) -> Result<Option<(Whose, i64)>, SqlError> {
    let total = policy.budgets.total;
    let spent_by_all = spent(sql, TOTAL, day(now))?;
    for (whose, owner, max) in owners.each(&policy.budgets) {
        let own = match whose {
            Whose::Host | Whose::Caller | Whose::Payer => spent(sql, &owner, day(now))?,
            Whose::Total => spent_by_all,
        };
        let max = match whose {
            Whose::Host | Whose::Caller => share(max, total, spent_by_all.saturating_sub(own)),
            Whose::Payer | Whose::Total => max,
        };
        if own.saturating_add(cost) > max {
            return Ok(Some((whose, rest(now))));
        }
    }
    Ok(None)
}

/// The rest of a budget after others have spent this much of the total.
fn share(max: Micros, total: Micros, others: Micros) -> Micros {
    let left = u128::from(total.saturating_sub(others));
    let part = u128::from(max).saturating_mul(left).checked_div(u128::from(total));
    part.and_then(|part| Micros::try_from(part).ok()).unwrap_or_default().min(max)
}

/// Changes the charge of all budgets.
pub(super) fn charge(
    sql: &impl Sql,
    owners: &Owners<'_>,
    day: i64,
    before: Micros,
    after: Micros,
) -> Result<(), SqlError> {
    if before == after {
        return Ok(());
    }
    let statement = "INSERT INTO gas_spent (owner, day, micros) VALUES (?1, ?2, max(0, ?3 - ?4)) \
         ON CONFLICT (owner, day) DO UPDATE SET micros = max(0, micros + ?3 - ?4)";
    for (_, owner, _) in owners.each(&GasPolicy::default().budgets) {
        let parameters = [owner.into(), SqlValue::Int(day), int(after), int(before)];
        sql.run(statement, &parameters)?;
    }
    Ok(())
}

/// Deletes days that are over.
pub(super) fn forget(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "DELETE FROM gas_spent WHERE day < ?1 - 1";
    sql.run(statement, &[SqlValue::Int(day(now))]).map(drop)
}

/// Budgets as the operator sees them, without addresses or scopes. `cost`: the current cost of a settlement.
pub(super) fn view(
    sql: &impl Sql,
    policy: &GasPolicy,
    cost: Micros,
    now: UnixSeconds,
) -> Result<Value, SqlError> {
    let Budgets { host, payer, caller, total } = policy.budgets;
    let refused = |owners: &str, max: Micros| {
        let statement = format!(
            "SELECT count(*) FROM gas_spent WHERE day = ?1 AND micros + ?2 > ?3 AND {owners}"
        );
        let parameters = [SqlValue::Int(day(now)), int(cost.max(1)), int(max)];
        first(sql, &statement, &parameters)?.map_or(Ok(0), |mut columns| columns.count())
    };
    let is_caller = "owner <> 'total' AND owner NOT LIKE 'host:%' AND owner NOT LIKE 'payer:%'";
    Ok(json!({
        "spentUsd": dollars(spent(sql, TOTAL, day(now))?),
        "limitUsd": dollars(total),
        "perHostUsd": dollars(host),
        "perPayerUsd": dollars(payer),
        "perCallerUsd": dollars(caller),
        "hostsRefused": refused("owner LIKE 'host:%'", host)?,
        "payersRefused": refused("owner LIKE 'payer:%'", payer)?,
        "callersRefused": refused(is_caller, caller)?,
        "endsAt": now.plus(rest(now)).to_string(),
    }))
}

fn spent(sql: &impl Sql, owner: &str, day: i64) -> Result<Micros, SqlError> {
    let statement = "SELECT micros FROM gas_spent WHERE owner = ?1 AND day = ?2";
    let found = first(sql, statement, &[owner.into(), SqlValue::Int(day)])?;
    found.map_or(Ok(0), |mut columns| columns.count())
}

fn dollars(micros: Micros) -> String {
    Usdc::from_atomic(micros).unwrap_or(Usdc::MAX).to_string()
}

/// Amounts are bounded by [`GasPolicy::cost`] and by the settings.
fn int(micros: Micros) -> SqlValue {
    SqlValue::Int(i64::try_from(micros.min(Usdc::MAX.atomic())).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_spend_something_is_left_for_the_next() {
        let (host, total) = (5_000_000, 50_000_000);
        assert_eq!(share(host, total, 0), host);
        assert_eq!(share(host, total, total / 2), host / 2);
        let mut spent = 0;
        for _ in 0..40 {
            spent += share(host, total, spent);
        }
        // Forty made-up hosts have left $0.74 of the $50, and the next one gets seven settlements of a cent.
        assert!(share(host, total, spent) > 70_000, "{}", share(host, total, spent));
        assert_eq!(share(host, total, total), 0);
        assert_eq!(share(host, 0, 0), 0);
    }
}
