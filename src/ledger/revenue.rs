//! What a host has earned, from the ledger's `settled` rows.

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

/// Everything that was settled.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; so for every function here.
pub fn total(sql: &impl Sql) -> Result<Usdc, SqlError> {
    let statement = "SELECT coalesce(sum(amount), 0) FROM ledger WHERE entry = 'settled'";
    first(sql, statement, &[])?.map_or(Ok(Usdc::ZERO), |mut columns| usdc(&mut columns))
}

/// Totals by tool, event and day (UTC).
///
/// # Errors
/// As [`total`].
pub fn statement(sql: &impl Sql) -> Result<Value, SqlError> {
    let by = |key: &str| {
        let statement = format!(
            "SELECT {key}, count(*), sum(amount) FROM ledger \
             WHERE entry = 'settled' AND {key} IS NOT NULL GROUP BY 1 ORDER BY 1"
        );
        all(sql, &statement, &[], |columns| sum(columns, |columns| columns.text()))
    };
    let days = "SELECT at - at % 86400, count(*), sum(amount) FROM ledger \
         WHERE entry = 'settled' GROUP BY 1 ORDER BY 1";
    let by_day = all(sql, days, &[], |columns| {
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
    let revenue = usdc(columns)?;
    Ok(Sum { key, payments, revenue: revenue.to_string(), revenue_atomic: revenue })
}

fn usdc(columns: &mut Columns) -> Result<Usdc, SqlError> {
    Usdc::from_atomic(columns.count()?).map_err(|error| SqlError(format!("a sum {error}")))
}
