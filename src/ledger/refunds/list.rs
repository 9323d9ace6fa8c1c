//! The host's list of refunds.

use serde::Serialize;

use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::ledger::refunds::rows::{BY_HAND, IS_FINAL, PAYABLE};
use crate::ports::paging::{Found, KeyKind, Order, Page, Query};
use crate::ports::storage::{Columns, first};
use crate::ports::{Sql, SqlError};

/// Refunds, the newest first.
pub static NEWEST_FIRST: Order = Order {
    list: "refunds",
    keys: &[("-created_at", KeyKind::Int), ("payment_id", KeyKind::Text)],
};

/// A refund as its host sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "OwnRefund"))]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// The id of the purchase whose money goes back.
    pub refund_id: String,
    event_id: String,
    event_title: Option<String>,
    /// `guest`: the guest gave its seat back. `host`: the event was cancelled.
    cause: String,
    /// The wallet that gets the money.
    to: String,
    /// The wallet that was asked to pay.
    from: Option<String>,
    network: String,
    amount: String,
    #[cfg_attr(test, ts(type = "string"))]
    amount_atomic: Usdc,
    /// `none`, `owed`, `paying`, `paid` or `void`.
    state: String,
    /// Whether it can be signed now: it is owed or nothing is signed yet, and the chain has confirmed the payment.
    can_be_paid: bool,
    /// Whether the host sends it by hand now, and names the transaction: its guest has paid on Solana, and no transaction is
    /// shown by the chain yet.
    can_be_sent: bool,
    /// Whether a signature, or a transaction, is being carried out or looked for.
    is_under_way: bool,
    /// The transaction that paid it, or that the chain shows and has not confirmed yet.
    tx_hash: Option<String>,
    /// Why it is not paid yet.
    reason: Option<String>,
    owed_since: String,
    updated_at: String,
}

/// What a host owes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Owed {
    pub refunds: u32,
    pub amount: Usdc,
    /// How many of them go back by hand, because their guests have paid on Solana.
    pub by_hand: u32,
}

/// A page of refunds in the order [`NEWEST_FIRST`].
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn list(sql: &impl Sql, page: &Page) -> Result<Found<Line>, SqlError> {
    let columns = format!(
        "payment_id, event_id, (SELECT title FROM events e WHERE e.id = refunds.event_id), cause, payer, \
         from_wallet, network, amount, state, \
         {PAYABLE} AND {IS_FINAL}, \
         {BY_HAND} AND state IN ('owed', 'paying') AND seen_tx IS NULL AND {IS_FINAL}, \
         state = 'paying' AND (signature IS NOT NULL OR reported_tx IS NOT NULL OR seen_tx IS NOT NULL), \
         coalesce(tx_hash, seen_tx, reported_tx), reason, created_at, updated_at"
    );
    let query = Query { columns: &columns, table: "refunds", condition: "TRUE", parameters: &[] };
    page.find(sql, query, line)
}

/// What the host owes to its guests and has not paid back yet.
///
/// # Errors
/// As [`list`].
pub fn owed(sql: &impl Sql) -> Result<Owed, SqlError> {
    let statement = format!(
        "SELECT count(*), coalesce(sum(amount), 0), coalesce(sum({BY_HAND}), 0) FROM refunds \
         WHERE state IN ('owed', 'paying')"
    );
    let Some(mut columns) = first(sql, &statement, &[])? else { return Ok(Owed::default()) };
    let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(Owed {
        refunds: small(columns.count()?),
        amount: columns.usdc()?,
        by_hand: small(columns.count()?),
    })
}

fn line(columns: &mut Columns) -> Result<Line, SqlError> {
    let moment = |moment: UnixSeconds| moment.to_string();
    let refund_id = columns.text()?;
    let event_id = columns.text()?;
    let event_title = columns.optional_text()?;
    let cause = columns.text()?;
    let to = columns.text()?;
    let from = columns.optional_text()?;
    let network = columns.text()?;
    let amount = columns.usdc()?;
    Ok(Line {
        refund_id,
        event_id,
        event_title,
        cause,
        to,
        from,
        network,
        amount: amount.to_string(),
        amount_atomic: amount,
        state: columns.text()?,
        can_be_paid: columns.int()? == 1,
        can_be_sent: columns.int()? == 1,
        is_under_way: columns.int()? == 1,
        tx_hash: columns.optional_text()?,
        reason: columns.optional_text()?,
        owed_since: columns.moment().map(moment)?,
        updated_at: columns.moment().map(moment)?,
    })
}
