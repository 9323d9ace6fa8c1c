//! Calls that a host gives away: so many of a tool in a day (UTC) to each wallet that signs in with the call
//! (`SIGN-IN-WITH-X`). After them the call costs its price.
//!
//! Wallets cost nothing, so those that have paid for nothing here share limits: ten calls in a day from one network (an
//! IPv4 address, a /48), and two hundred at one host. Beyond them the price is asked, and nobody who pays is kept waiting.

use crate::base::time::UnixSeconds;
use crate::ledger::wallets;
use crate::ports::storage::first;
use crate::ports::{Sql, SqlError, SqlValue, World};
use crate::sale::cx::Cx;
use crate::sale::prices::price;
use crate::sale::product::Taker;
use crate::sale::tool::ToolSpec;

/// Free calls of wallets without history from one network in a day.
const SOURCE_MAX: u64 = 10;
/// Free calls of wallets without history at a host in a day.
const HOST_MAX: u64 = 200;
const DAY_SECONDS: i64 = 86_400;

/// A free call that a wallet may have. [`Free::count`] takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Free {
    wallet: String,
    tool: &'static str,
    source: String,
    is_new: bool,
    day: i64,
}

impl Free {
    /// The wallet (EIP-55) that has the call.
    #[must_use]
    pub fn wallet(&self) -> &str {
        &self.wallet
    }

    /// Counts the call. Run it in the SQL transaction that does the work, without an `await` since [`free_call`].
    ///
    /// # Errors
    ///
    /// [`SqlError`] if SQLite refuses.
    pub fn count(&self, sql: &impl Sql) -> Result<(), SqlError> {
        sql.run("DELETE FROM free_calls WHERE day < ?1", &[SqlValue::Int(self.day)])?;
        let statement = "INSERT INTO free_calls (day, wallet, tool, source, is_new, used) \
             VALUES (?1, ?2, ?3, ?4, ?5, 1) \
             ON CONFLICT (day, wallet, tool, source) DO UPDATE SET used = used + 1";
        let parameters: [SqlValue; 5] = [
            SqlValue::Int(self.day),
            self.wallet.as_str().into(),
            self.tool.into(),
            self.source.as_str().into(),
            u32::from(self.is_new).into(),
        ];
        sql.run(statement, &parameters).map(drop)
    }
}

/// The free call of the wallet that signed in, if the host gives one away and the wallet has one left. The product must be
/// on.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn free_call(
    cx: &Cx<'_, impl World>,
    spec: &'static ToolSpec,
    by: &Taker<'_>,
) -> Result<Option<Free>, SqlError> {
    let Some(wallet) = by.proven.filter(|_| by.is_open) else { return Ok(None) };
    let free_per_day = price(cx.world, spec)?.free_per_day;
    if free_per_day == 0 {
        return Ok(None);
    }
    let is_new = wallets::reputation(cx.world, wallet.wallet())?.settled == 0;
    let source = cx.pseudonym(by.source);
    let day = day_of(cx.now());
    let free = Free { wallet: wallet.wallet().to_owned(), tool: spec.name, source, is_new, day };
    let used = used(cx.world, &free)?;
    let has_room = !is_new || (used.by_source < SOURCE_MAX && used.at_host < HOST_MAX);
    Ok((used.by_wallet < u64::from(free_per_day) && has_room).then_some(free))
}

/// Free calls of this day.
struct Used {
    by_wallet: u64,
    by_source: u64,
    at_host: u64,
}

fn used(sql: &impl Sql, free: &Free) -> Result<Used, SqlError> {
    let statement = "SELECT coalesce(sum(used) FILTER (WHERE wallet = ?2 AND tool = ?3), 0), \
         coalesce(sum(used) FILTER (WHERE is_new AND source = ?4), 0), \
         coalesce(sum(used) FILTER (WHERE is_new), 0) FROM free_calls WHERE day = ?1";
    let parameters: [SqlValue; 4] = [
        SqlValue::Int(free.day),
        free.wallet.as_str().into(),
        free.tool.into(),
        free.source.as_str().into(),
    ];
    let none = Used { by_wallet: 0, by_source: 0, at_host: 0 };
    let Some(mut columns) = first(sql, statement, &parameters)? else { return Ok(none) };
    Ok(Used { by_wallet: columns.count()?, by_source: columns.count()?, at_host: columns.count()? })
}

fn day_of(now: UnixSeconds) -> i64 {
    now.get().div_euclid(DAY_SECONDS)
}
