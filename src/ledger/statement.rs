//! The host's statement: all payments of the server. Those that wait for the host's decision come first, then the newest.

use serde::Serialize;

use crate::base::csv;
use crate::base::id::PaymentId;
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::ports::paging::{Found, KeyKind, Order, Page, Query};
use crate::ports::storage::{Columns, first};
use crate::ports::{Sql, SqlError, SqlValue};

/// How long after its expiry a payment of unknown outcome becomes the host's to decide, seconds. Until then the chain is
/// asked, because nodes and logs lag.
pub const STUCK_SECONDS: i64 = 600;

/// `?1`: payments of unknown outcome that expired before then are stuck.
const COLUMNS: &str = "id, state, tool, event_id, payer, amount, \
     state = 'unknown' AND valid_before < ?1, network, tx_hash, reason, created_at, updated_at, \
     (SELECT f.state FROM refunds f WHERE f.payment_id = payments.id), \
     (SELECT f.amount FROM refunds f WHERE f.payment_id = payments.id)";

/// Stuck payments first, however old; then the newest. `?2` is the value of `?1` when the first page was read.
pub static STUCK_FIRST: Order = Order {
    list: "payments",
    keys: &[
        ("NOT (state = 'unknown' AND valid_before < ?2)", KeyKind::Int),
        ("-created_at", KeyKind::Int),
        ("id", KeyKind::Text),
    ],
};

/// A payment in the statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "OwnPayment"))]
#[serde(rename_all = "camelCase")]
pub struct Line {
    id: String,
    state: String,
    /// Whether it is still open: the bought item is not delivered yet, or it is unknown whether money moved.
    open: bool,
    /// Whether it waits for the host's decision, because its outcome cannot be found out.
    stuck: bool,
    tool: String,
    event_id: Option<String>,
    payer: String,
    amount: String,
    #[cfg_attr(test, ts(type = "string"))]
    amount_atomic: Usdc,
    network: String,
    tx_hash: Option<String>,
    reason: Option<String>,
    created_at: String,
    updated_at: String,
    /// What becomes of its money, if what it bought was cancelled: `none`, `owed`, `paying`, `paid` or `void`.
    refund_state: Option<String>,
    /// What goes back, dollars.
    refund: Option<String>,
}

/// A page of the statement in the order [`STUCK_FIRST`].
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn list(sql: &impl Sql, page: &Page, now: UnixSeconds) -> Result<Found<Line>, SqlError> {
    let query = Query {
        columns: COLUMNS,
        table: "payments",
        condition: "TRUE",
        parameters: &[stuck_before(now), stuck_before(page.began())],
    };
    page.find(sql, query, line)
}

/// The statement's line of one payment.
///
/// # Errors
/// As [`list`].
pub fn line_of(sql: &impl Sql, id: &PaymentId, now: UnixSeconds) -> Result<Option<Line>, SqlError> {
    let statement = format!("SELECT {COLUMNS} FROM payments WHERE id = ?2");
    let parameters = [stuck_before(now), id.as_str().into()];
    first(sql, &statement, &parameters)?.as_mut().map(line).transpose()
}

/// The number of payments that wait for the host's decision.
///
/// # Errors
/// As [`list`].
pub fn count_stuck(sql: &impl Sql, now: UnixSeconds) -> Result<u32, SqlError> {
    // Payments of unknown outcome have a next check, so the index of due payments finds them.
    let statement = "SELECT count(*) FROM payments \
         WHERE next_check_at IS NOT NULL AND state = 'unknown' AND valid_before < ?1";
    let counted =
        first(sql, statement, &[stuck_before(now)])?.map_or(Ok(0), |mut it| it.count())?;
    Ok(u32::try_from(counted).unwrap_or(u32::MAX))
}

fn stuck_before(now: UnixSeconds) -> SqlValue {
    now.plus(-STUCK_SECONDS).into()
}

/// The lines as CSV with a header line.
#[must_use]
pub fn to_csv(lines: &[Line]) -> String {
    let names = [
        "id",
        "state",
        "tool",
        "eventId",
        "payer",
        "amount",
        "network",
        "txHash",
        "reason",
        "createdAt",
        "updatedAt",
        "refundState",
        "refund",
    ];
    let cells = |line: &Line| {
        [
            line.id.clone(),
            line.state.clone(),
            line.tool.clone(),
            line.event_id.clone().unwrap_or_default(),
            line.payer.clone(),
            line.amount.clone(),
            line.network.clone(),
            line.tx_hash.clone().unwrap_or_default(),
            line.reason.clone().unwrap_or_default(),
            line.created_at.clone(),
            line.updated_at.clone(),
            line.refund_state.clone().unwrap_or_default(),
            line.refund.clone().unwrap_or_default(),
        ]
    };
    csv::file(names, lines.iter().map(cells))
}

fn line(columns: &mut Columns) -> Result<Line, SqlError> {
    let id = columns.text()?;
    let state = columns.text()?;
    let tool = columns.text()?;
    let event_id = columns.optional_text()?;
    let payer = columns.text()?;
    let amount = columns.usdc()?;
    let open = !matches!(state.as_str(), "delivered" | "refused" | "failed");
    let stuck = columns.int()? != 0;
    Ok(Line {
        id,
        state,
        open,
        stuck,
        tool,
        event_id,
        payer,
        amount: amount.to_string(),
        amount_atomic: amount,
        network: columns.text()?,
        tx_hash: columns.optional_text()?,
        reason: columns.optional_text()?,
        created_at: columns.moment()?.to_string(),
        updated_at: columns.moment()?.to_string(),
        refund_state: columns.optional_text()?,
        refund: {
            let amount = columns.optional_int()?.and_then(|atomic| u64::try_from(atomic).ok());
            let amount = amount.and_then(|atomic| Usdc::from_atomic(atomic).ok());
            amount.map(|amount| amount.to_string())
        },
    })
}
