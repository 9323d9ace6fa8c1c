//! The revenue of a host: the `settled` rows of the ledger minus the `reversed` and the `refunded` ones. Money that is owed
//! to guests counts until it is paid back. Separately, the number of payment requests (402), paid or not.

use serde::Serialize;

use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::ledger::funnel::{self, Period};
use crate::ports::storage::{Columns, all, first};
use crate::ports::{Sql, SqlError};

/// A host's revenue, as the host sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Revenue {
    /// Dollars as a decimal, such as `0.05`.
    pub total: String,
    /// USDC in its smallest unit (6 decimals).
    #[cfg_attr(test, ts(type = "string"))]
    pub total_atomic: Usdc,
    /// Of that: what is owed to guests and not paid back yet, dollars.
    pub owed: String,
    /// What was paid back to guests, dollars. The total does not have it.
    pub refunded: String,
    pub by_tool: Vec<Sum>,
    pub by_event: Vec<Sum>,
    /// By day (UTC), the oldest first.
    pub by_day: Vec<Sum>,
    /// Seats sold, by day (UTC).
    pub rsvps_by_day: Vec<Count>,
    /// Payment requests (402), by tool.
    pub unpaid_by_tool: Vec<Count>,
    /// Payment requests (402), by event.
    pub unpaid_by_event: Vec<Count>,
    /// Payment requests (402), by day (UTC).
    pub unpaid_by_day: Vec<Count>,
    /// From asked to kept, in the last days.
    pub periods: Vec<Period>,
}

/// A sum under a heading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Sum {
    key: String,
    #[cfg_attr(test, ts(type = "number"))]
    payments: u64,
    revenue: String,
    #[cfg_attr(test, ts(type = "string"))]
    revenue_atomic: Usdc,
}

/// A number under a heading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Count {
    key: String,
    #[cfg_attr(test, ts(type = "number"))]
    count: u64,
}

/// The number of payments: settled minus reversed.
const COUNT: &str = "sum(CASE entry WHEN 'settled' THEN 1 WHEN 'reversed' THEN -1 ELSE 0 END)";

/// SQL list of the entries that are money.
const MONEY: &str = "('settled', 'reversed', 'refunded')";

/// SQL of the total revenue: as the last row of the ledger has it, or else the sum.
pub(super) const TOTAL: &str = "coalesce((SELECT total FROM ledger ORDER BY seq DESC LIMIT 1), \
     (SELECT sum(amount) FROM ledger WHERE entry IN ('settled', 'reversed', 'refunded')), 0)";

/// The total revenue.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn total(sql: &impl Sql) -> Result<Usdc, SqlError> {
    let statement = format!("SELECT {TOTAL}");
    first(sql, &statement, &[])?.map_or(Ok(Usdc::ZERO), |mut columns| columns.usdc())
}

/// Totals by tool, event and day (UTC), and the periods up to `now`. `own` are the host's own wallets.
///
/// # Errors
/// As [`total`].
pub fn statement(sql: &impl Sql, own: [&str; 2], now: UnixSeconds) -> Result<Revenue, SqlError> {
    let by = |key: &str| {
        let statement = format!(
            "SELECT {key}, {COUNT}, sum(amount) FROM ledger \
             WHERE entry IN {MONEY} AND {key} IS NOT NULL GROUP BY 1 ORDER BY 1"
        );
        all(sql, &statement, &[], |columns| sum(columns, Columns::text))
    };
    // A reversed or refunded payment is subtracted on the day of its settlement. A purchase that was read back from KV has
    // no settlement by its id.
    let days = format!(
        "SELECT at - at % 86400, {COUNT}, sum(amount) FROM (SELECT entry, amount, \
         CASE entry WHEN 'settled' THEN at ELSE coalesce((SELECT min(s.at) FROM ledger s \
         WHERE s.payment_id = l.payment_id AND s.entry = 'settled'), \
         (SELECT r.bought_at FROM refunds r WHERE r.payment_id = l.payment_id)) END AS at \
         FROM ledger l WHERE entry IN {MONEY}) GROUP BY 1 ORDER BY 1"
    );
    let seats = "SELECT created_at - created_at % 86400, count(*) FROM rsvps GROUP BY 1 ORDER BY 1";
    let unpaid = |key: &str| {
        format!("SELECT {key}, sum(count) FROM unpaid WHERE {key} <> '' GROUP BY 1 ORDER BY 1")
    };
    let refunds = |states: &str| {
        let statement =
            format!("SELECT coalesce(sum(amount), 0) FROM refunds WHERE state IN ({states})");
        first(sql, &statement, &[])?.map_or(Ok(Usdc::ZERO), |mut columns| columns.usdc())
    };
    let total = total(sql)?;
    Ok(Revenue {
        total: total.to_string(),
        total_atomic: total,
        owed: refunds("'owed', 'paying'")?.to_string(),
        refunded: refunds("'paid'")?.to_string(),
        by_tool: by("tool")?,
        by_event: by("event_id")?,
        by_day: all(sql, &days, &[], |columns| sum(columns, day))?,
        rsvps_by_day: all(sql, seats, &[], |columns| count(columns, day))?,
        unpaid_by_tool: all(sql, &unpaid("tool"), &[], |columns| count(columns, Columns::text))?,
        unpaid_by_event: all(sql, &unpaid("event_id"), &[], |columns| {
            count(columns, Columns::text)
        })?,
        unpaid_by_day: all(sql, &unpaid("day"), &[], |columns| count(columns, day))?,
        periods: funnel::periods(sql, own, now)?,
    })
}

fn sum(
    columns: &mut Columns,
    key: impl Fn(&mut Columns) -> Result<String, SqlError>,
) -> Result<Sum, SqlError> {
    let key = key(columns)?;
    let payments = columns.count()?;
    let revenue = columns.usdc()?;
    Ok(Sum { key, payments, revenue: revenue.to_string(), revenue_atomic: revenue })
}

fn count(
    columns: &mut Columns,
    key: impl Fn(&mut Columns) -> Result<String, SqlError>,
) -> Result<Count, SqlError> {
    Ok(Count { key: key(columns)?, count: columns.count()? })
}

fn day(columns: &mut Columns) -> Result<String, SqlError> {
    columns.moment().map(UnixSeconds::to_day)
}
