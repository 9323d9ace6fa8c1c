//! What a host has earned: the ledger's `settled` rows less the `reversed` ones.

use serde::Serialize;
use serde_json::{Value, json};

use crate::money::Usdc;
use crate::ports::{Sql, SqlError};
use crate::storage::{Columns, all, first};
use crate::time::UnixSeconds;

/// A sum under a heading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sum {
    key: String,
    payments: u64,
    revenue: String,
    revenue_atomic: Usdc,
}

/// How many payments are left.
const COUNT: &str = "sum(CASE entry WHEN 'settled' THEN 1 ELSE -1 END)";

/// Everything that was settled.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; so for every function here.
pub fn total(sql: &impl Sql) -> Result<Usdc, SqlError> {
    let statement =
        "SELECT coalesce(sum(amount), 0) FROM ledger WHERE entry IN ('settled', 'reversed')";
    first(sql, statement, &[])?.map_or(Ok(Usdc::ZERO), |mut columns| columns.usdc())
}

/// Totals by tool, event and day (UTC).
///
/// # Errors
/// As [`total`].
pub fn statement(sql: &impl Sql) -> Result<Value, SqlError> {
    let by = |key: &str| {
        let statement = format!(
            "SELECT {key}, {COUNT}, sum(amount) FROM ledger \
             WHERE entry IN ('settled', 'reversed') AND {key} IS NOT NULL GROUP BY 1 ORDER BY 1"
        );
        all(sql, &statement, &[], |columns| sum(columns, |columns| columns.text()))
    };
    // What was taken back counts on the day on which it had come in.
    let days = format!(
        "SELECT at - at % 86400, {COUNT}, sum(amount) FROM (SELECT entry, amount, \
         CASE entry WHEN 'settled' THEN at ELSE (SELECT min(s.at) FROM ledger s \
         WHERE s.payment_id = l.payment_id AND s.entry = 'settled') END AS at \
         FROM ledger l WHERE entry IN ('settled', 'reversed')) GROUP BY 1 ORDER BY 1"
    );
    let by_day = all(sql, &days, &[], |columns| {
        sum(columns, |columns| columns.moment().map(UnixSeconds::to_day))
    })?;
    let total = total(sql)?;
    Ok(json!({
        "total": total.to_string(),
        "totalAtomic": total,
        "byTool": by("tool")?,
        "byEvent": by("event_id")?,
        "byDay": by_day,
    }))
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
