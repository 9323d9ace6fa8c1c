//! Open purchases: what is due, what became of it, and until when it is looked after.

use serde_json::Value;

use crate::base::id::PurchaseId;
use crate::base::time::UnixSeconds;
use crate::guest::purchases::State;
use crate::guest::seats::WALLET;
use crate::mcp::client::Connection;
use crate::ports::storage::{Columns, all, first};
use crate::ports::{Sql, SqlError};

/// Purchases of one tool that a call is compared with; the newest.
const COMPARED_MAX: u32 = 1_000;
/// Servers whose purchases one alarm looks after: a Worker has six connections, and 50 subrequests for a wake.
const SERVERS_MAX: u32 = 3;

/// An open purchase, in SQL: its money may move, or it has moved and the result is outstanding.
const OPEN: &str = "(state IN ('signing', 'paying', 'unknown') OR (state = 'paid' AND shown = 0))";

/// Whether exactly this call is paid for already, and that is not over. If so it is looked after by `now`: whoever
/// calls again wants to know. With which wallet it is paid makes no other call of it.
pub(in crate::guest) fn is_under_way(
    sql: &impl Sql,
    (door, tool, arguments): (&str, &str, &Value),
    payer: Option<&str>,
    now: UnixSeconds,
) -> Result<bool, SqlError> {
    let statement = format!(
        "SELECT id, arguments, payer FROM purchases WHERE door = ?1 AND tool = ?2 \
         AND (state = 'asked' OR {OPEN}) ORDER BY created_at DESC LIMIT {COMPARED_MAX}"
    );
    let there = all(sql, &statement, &[door.into(), tool.into()], |columns| {
        Ok((columns.text()?, columns.text()?, columns.text()?))
    })?;
    let wanted = without_payer(arguments.clone(), payer);
    let mut is_there = false;
    for (id, arguments, payer) in there {
        // A damaged row is no call that can be made again.
        let Ok(arguments) = serde_json::from_str(&arguments) else { continue };
        if without_payer(arguments, Some(&payer)) == wanted {
            is_there = true;
            let statement = "UPDATE purchases SET next_check_at = ?2 WHERE id = ?1 \
                 AND next_check_at > ?2 AND (state = 'unknown' OR (state = 'paid' AND shown = 0))";
            sql.run(statement, &[id.into(), now.into()])?;
        }
    }
    Ok(is_there)
}

/// Arguments without the wallet that pays, where they name it.
fn without_payer(mut arguments: Value, payer: Option<&str>) -> Value {
    if let Some(members) = arguments.as_object_mut()
        && payer.is_some()
        && members.get(WALLET).and_then(Value::as_str) == payer
    {
        members.remove(WALLET);
    }
    arguments
}

/// How many purchases are open.
pub(in crate::guest) fn count(sql: &impl Sql) -> Result<u64, SqlError> {
    let statement = format!("SELECT count(*) FROM purchases WHERE {OPEN}");
    first(sql, &statement, &[])?.map_or(Ok(0), |mut columns| columns.count())
}

/// One purchase of each server that is to be looked after by now, those first that have waited longest. Their ids
/// as they are stored, so that a damaged row stops no other.
pub(in crate::guest) fn due(sql: &impl Sql, now: UnixSeconds) -> Result<Vec<String>, SqlError> {
    let statement = "SELECT id, min(next_check_at) AS at FROM purchases WHERE next_check_at <= ?1 \
         GROUP BY door ORDER BY at LIMIT ?2";
    all(sql, statement, &[now.into(), SERVERS_MAX.into()], Columns::text)
}

/// What an earlier instance has sent and not heard of is looked after by `now`, and so is what is open without a
/// time of its own.
pub(in crate::guest) fn take_over(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = format!(
        "UPDATE purchases SET next_check_at = ?1 WHERE (state = 'paying' AND next_check_at > ?1) \
         OR (next_check_at IS NULL AND {OPEN})"
    );
    sql.run(&statement, &[now.into()]).map(drop)
}

/// Somebody has come back: everything that is signed and open is looked after by `now`.
pub(in crate::guest) fn hurry(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "UPDATE purchases SET next_check_at = ?1 WHERE next_check_at > ?1 \
         AND (state IN ('paying', 'unknown') OR (state = 'paid' AND shown = 0))";
    sql.run(statement, &[now.into()]).map(drop)
}

/// When the next purchase is to be looked after.
pub(in crate::guest) fn next_due(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    let found = first(sql, "SELECT min(next_check_at) FROM purchases", &[])?;
    let found = found.map(|mut columns| columns.optional_int()).transpose()?.flatten();
    Ok(found.map(UnixSeconds::new))
}

/// It is over, and not looked after any more.
pub(in crate::guest) fn leave(sql: &impl Sql, id: &PurchaseId) -> Result<(), SqlError> {
    let statement = "UPDATE purchases SET next_check_at = NULL WHERE id = ?1";
    sql.run(statement, &[id.as_str().into()]).map(drop)
}

/// The purchase with this stored id is looked after once more, and again at `next`.
pub(in crate::guest) fn count_attempt(
    sql: &impl Sql,
    id: &str,
    next: UnixSeconds,
) -> Result<(), SqlError> {
    let statement =
        "UPDATE purchases SET attempts = attempts + 1, next_check_at = ?2 WHERE id = ?1";
    sql.run(statement, &[id.into(), next.into()]).map(drop)
}

/// The server was asked for what the chain shows as paid, and said no; how often it has.
pub(in crate::guest) fn count_refusal(sql: &impl Sql, id: &PurchaseId) -> Result<u64, SqlError> {
    let statement = "UPDATE purchases SET refusals = refusals + 1 WHERE id = ?1 RETURNING refusals";
    first(sql, statement, &[id.as_str().into()])?.map_or(Ok(0), |mut columns| columns.count())
}

/// Keeps what a call has changed of the purchase's connection.
pub(in crate::guest) fn set_connection(
    sql: &impl Sql,
    id: &PurchaseId,
    connection: &Connection,
) -> Result<(), SqlError> {
    let json = serde_json::to_string(connection);
    let json = json.map_err(|error| SqlError(format!("a connection cannot be stored: {error}")))?;
    let statement = "UPDATE purchases SET connection = ?2 WHERE id = ?1";
    sql.run(statement, &[id.as_str().into(), json.into()]).map(drop)
}

/// Keeps the address of the ticket that was bought.
pub(in crate::guest) fn set_ticket(
    sql: &impl Sql,
    id: &PurchaseId,
    ticket: &str,
) -> Result<(), SqlError> {
    let statement = "UPDATE purchases SET ticket = ?2 WHERE id = ?1";
    sql.run(statement, &[id.as_str().into(), ticket.into()]).map(drop)
}

/// The money moved in this transaction. `false` if that was known, or the purchase is over. Without a result it
/// stays open.
pub(in crate::guest) fn set_paid(
    sql: &impl Sql,
    id: &PurchaseId,
    transaction: &str,
    now: UnixSeconds,
) -> Result<bool, SqlError> {
    let statement = "UPDATE purchases SET state = 'paid', reason = 'paid', tx_hash = ?2, \
         next_check_at = CASE WHEN shown = 1 THEN NULL ELSE coalesce(next_check_at, ?3) END, \
         updated_at = ?3 WHERE id = ?1 AND state IN ('signing', 'paying', 'unknown') RETURNING id";
    let parameters = [id.as_str().into(), transaction.into(), now.into()];
    Ok(!sql.run(statement, &parameters)?.is_empty())
}

/// There is no result yet, and the purchase is looked after at `next`; the caller is told, or was. `false` if it is
/// over, or its result is there.
pub(in crate::guest) fn set_warned(
    sql: &impl Sql,
    id: &PurchaseId,
    reason: &str,
    next: UnixSeconds,
    now: UnixSeconds,
) -> Result<bool, SqlError> {
    let statement = "UPDATE purchases SET warned = 1, next_check_at = ?3, updated_at = ?4, \
         state = CASE WHEN state = 'paid' THEN state ELSE 'unknown' END, \
         reason = CASE WHEN state = 'paid' THEN reason ELSE ?2 END \
         WHERE id = ?1 AND shown = 0 AND state IN ('paying', 'unknown', 'paid') RETURNING id";
    let parameters = [id.as_str().into(), reason.into(), next.into(), now.into()];
    Ok(!sql.run(statement, &parameters)?.is_empty())
}

/// The tool's result is shown, or kept. `false` if it was before.
pub(in crate::guest) fn set_shown(sql: &impl Sql, id: &PurchaseId) -> Result<bool, SqlError> {
    let statement = "UPDATE purchases SET shown = 1, \
         next_check_at = CASE WHEN state = ?2 THEN NULL ELSE next_check_at END \
         WHERE id = ?1 AND shown = 0 RETURNING id";
    let parameters = [id.as_str().into(), State::Paid.as_str().into()];
    Ok(!sql.run(statement, &parameters)?.is_empty())
}
