//! From asked to kept: how many calls got a price, how many of them were paid, and what was kept of that, by tool, event and
//! day (UTC), for the last days and for as many days before. What the host's own wallets paid is counted apart.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::ports::storage::{Columns, all};
use crate::ports::{Sql, SqlError};

const DAY_SECONDS: i64 = 86_400;
/// The lengths of the periods, days.
const PERIODS: [u32; 3] = [7, 30, 90];

/// The last days, up to today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Period {
    days: u32,
    now: Stages,
    /// As many days before.
    before: Stages,
    by_tool: Vec<Stages>,
    by_event: Vec<Stages>,
    /// Days without a call are left out.
    by_day: Vec<Stages>,
    /// Payments of the host's own wallets, which no other figure has.
    #[cfg_attr(test, ts(type = "number"))]
    own_payments: u64,
    /// What is kept of them, dollars.
    own_revenue: String,
}

/// The three stages under a heading. Each has at most what the one before it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Stages {
    /// A tool, an event or a day; empty for the whole.
    key: String,
    /// Calls that got a price. A payment without such a call counts as one.
    #[cfg_attr(test, ts(type = "number"))]
    asked: u64,
    /// Purchases whose money has moved.
    #[cfg_attr(test, ts(type = "number"))]
    paid: u64,
    /// Of these: purchases whose money is still there, or a part of it.
    #[cfg_attr(test, ts(type = "number"))]
    kept: u64,
    /// What is kept, dollars.
    revenue: String,
    #[cfg_attr(test, ts(type = "string"))]
    revenue_atomic: Usdc,
}

/// What happened on one day with one tool and event.
struct Cell {
    day: UnixSeconds,
    tool: String,
    /// Empty for what belongs to no event.
    event: String,
    what: What,
}

enum What {
    Asked(u64),
    Paid { paid: u64, kept: u64, revenue: Usdc, is_own: bool },
}

#[derive(Clone, Copy, Default)]
struct Sums {
    asked: u64,
    paid: u64,
    kept: u64,
    revenue: Usdc,
    own_paid: u64,
    own_revenue: Usdc,
}

impl Sums {
    fn add(&mut self, what: &What) {
        match *what {
            What::Asked(asked) => self.asked = self.asked.saturating_add(asked),
            What::Paid { paid, revenue, is_own: true, .. } => {
                self.own_paid = self.own_paid.saturating_add(paid);
                self.own_revenue = plus(self.own_revenue, revenue);
            }
            What::Paid { paid, kept, revenue, is_own: false } => {
                self.paid = self.paid.saturating_add(paid);
                self.kept = self.kept.saturating_add(kept);
                self.revenue = plus(self.revenue, revenue);
            }
        }
    }

    fn under(self, key: String) -> Stages {
        let Self { asked, paid, kept, revenue, own_paid, .. } = self;
        // An own purchase was asked for its price once, too.
        let asked = asked.saturating_sub(own_paid).max(paid);
        let text = revenue.to_string();
        Stages { key, asked, paid, kept, revenue: text, revenue_atomic: revenue }
    }
}

/// The periods up to `now`. `own` are the host's own wallets.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn periods(sql: &impl Sql, own: [&str; 2], now: UnixSeconds) -> Result<Vec<Period>, SqlError> {
    let longest = PERIODS.iter().copied().max().unwrap_or_default();
    let since = start_of(now, longest.saturating_mul(2));
    let asked = "SELECT day, tool, event_id, count FROM unpaid WHERE day >= ?1";
    let mut cells = all(sql, asked, &[since.into()], |columns| {
        cell(columns, |columns| Ok(What::Asked(columns.count()?)))
    })?;
    // A payment counts on the day of its settlement, whatever goes back later.
    let paid = "SELECT day, tool, event_id, count(*), sum(net > 0), sum(max(net, 0)), own FROM ( \
         SELECT min(l.at) - min(l.at) % 86400 AS day, l.tool AS tool, coalesce(l.event_id, '') AS event_id, \
         sum(l.amount) AS net, coalesce(p.payer IN (?2, ?3), 0) AS own \
         FROM ledger l LEFT JOIN payments p ON p.id = l.payment_id \
         WHERE l.entry IN ('settled', 'reversed', 'refunded') AND l.payment_id IN ( \
         SELECT payment_id FROM ledger WHERE entry = 'settled' AND at >= ?1) \
         GROUP BY l.payment_id) GROUP BY day, tool, event_id, own";
    let [first, second] = own;
    cells.extend(all(sql, paid, &[since.into(), first.into(), second.into()], |columns| {
        cell(columns, |columns| {
            let (paid, kept, revenue) = (columns.count()?, columns.count()?, columns.usdc()?);
            Ok(What::Paid { paid, kept, revenue, is_own: columns.int()? != 0 })
        })
    })?);
    Ok(PERIODS.into_iter().map(|days| period(&cells, days, now)).collect())
}

fn cell(
    columns: &mut Columns,
    what: impl Fn(&mut Columns) -> Result<What, SqlError>,
) -> Result<Cell, SqlError> {
    let (day, tool, event) = (columns.moment()?, columns.text()?, columns.text()?);
    Ok(Cell { day, tool, event, what: what(columns)? })
}

fn period(cells: &[Cell], days: u32, now: UnixSeconds) -> Period {
    let start = start_of(now, days);
    let before = start_of(now, days.saturating_mul(2));
    let inside = || cells.iter().filter(|cell| cell.day >= start);
    let by = |key: &dyn Fn(&Cell) -> String| {
        let mut sums: BTreeMap<String, Sums> = BTreeMap::new();
        for cell in inside() {
            sums.entry(key(cell)).or_default().add(&cell.what);
        }
        let stages = sums.into_iter().filter(|(key, _)| !key.is_empty());
        stages.map(|(key, sums)| sums.under(key)).collect()
    };
    let all = sum(inside());
    Period {
        days,
        now: all.under(String::new()),
        before: sum(cells.iter().filter(|cell| cell.day >= before && cell.day < start))
            .under(String::new()),
        by_tool: by(&|cell| cell.tool.clone()),
        by_event: by(&|cell| cell.event.clone()),
        by_day: by(&|cell| cell.day.to_day()),
        own_payments: all.own_paid,
        own_revenue: all.own_revenue.to_string(),
    }
}

fn sum<'a>(cells: impl Iterator<Item = &'a Cell>) -> Sums {
    let mut sums = Sums::default();
    cells.for_each(|cell| sums.add(&cell.what));
    sums
}

/// The first second of the first of the last `days` days, today among them.
fn start_of(now: UnixSeconds, days: u32) -> UnixSeconds {
    let today = now.plus(now.get().rem_euclid(DAY_SECONDS).saturating_neg());
    today.plus(i64::from(days).saturating_sub(1).saturating_mul(DAY_SECONDS).saturating_neg())
}

fn plus(one: Usdc, other: Usdc) -> Usdc {
    one.checked_add(other).unwrap_or(Usdc::MAX)
}
