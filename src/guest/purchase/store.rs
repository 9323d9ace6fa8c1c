//! Rows of purchases. A step of the machine is one read and one write of a row, in one transaction.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::base::id::PurchaseId;
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::chain::eip3009::Authorization;
use crate::guest::purchase::model::{Origin, Purchase, State};
use crate::mcp::client::Connection;
use crate::ports::storage::{Columns, all, first};
use crate::ports::{Sql, SqlError, SqlValue};
use crate::rails::x402::signed::{authorization_json, read_authorization};
use crate::wallets::policy::Spent;

const DAY_SECONDS: i64 = 86_400;
/// The argument with which our tools ask for the wallet that pays.
pub(crate) const WALLET: &str = "walletAddress";
/// Purchases of one tool that a call is compared with; the newest.
const COMPARED_MAX: u32 = 1_000;
/// Servers whose purchases one alarm looks after: a Worker has six connections, and 50 subrequests for an alarm.
const SERVERS_MAX: u32 = 3;

/// [`Purchase::is_open`] as an SQL condition.
const OPEN: &str = "(state IN ('signing', 'paying', 'unknown') OR (state = 'paid' AND shown = 0))";

/// What is signed for and may have moved or move yet.
pub(crate) fn spent(sql: &impl Sql, now: UnixSeconds) -> Result<Spent, SqlError> {
    let statement = "SELECT coalesce(sum(amount), 0), \
         coalesce(sum(CASE WHEN created_at > ?1 THEN amount ELSE 0 END), 0) FROM purchases \
         WHERE state IN ('signing', 'paying', 'unknown', 'paid')";
    let Some(mut columns) = first(sql, statement, &[now.plus(-DAY_SECONDS).into()])? else {
        return Ok(Spent { session: Usdc::ZERO, day: Usdc::ZERO });
    };
    Ok(Spent { session: columns.usdc()?, day: columns.usdc()? })
}

const PURCHASE: &str = "SELECT id, door, tool, arguments, call_id, origin, challenge, amount, \
     pay_to, network, payer, state, authorization, signature, tx_hash, shown, attempts, created_at, \
     connection, warned, next_check_at, coalesce(reason, ''), ticket, refusals FROM purchases";

/// Inserts a new purchase.
pub(super) fn add(sql: &impl Sql, purchase: &Purchase) -> Result<(), SqlError> {
    let statement = "INSERT INTO purchases (id, door, tool, arguments, call_id, origin, challenge, \
         amount, pay_to, network, payer, state, reason, created_at, updated_at, connection, \
         next_check_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?14, ?15, ?16)";
    let connection = purchase.connection.as_ref().map(connection_json).transpose()?;
    let parameters: [SqlValue; 16] = [
        purchase.id.as_str().into(),
        purchase.server.as_str().into(),
        purchase.tool.as_str().into(),
        purchase.arguments.to_string().into(),
        purchase.call_id.as_deref().into(),
        purchase.origin.to_text().into(),
        purchase.challenge.to_string().into(),
        purchase.amount.into(),
        purchase.pay_to.as_str().into(),
        purchase.network.as_str().into(),
        purchase.payer.as_str().into(),
        purchase.state.as_str().into(),
        purchase.reason.as_str().into(),
        purchase.created_at.into(),
        connection.as_deref().into(),
        purchase.next_check_at.into(),
    ];
    sql.run(statement, &parameters).map(drop)
}

/// Writes what a step can change. What is signed, and with what, is never written over.
pub(super) fn save(sql: &impl Sql, purchase: &Purchase, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "UPDATE purchases SET state = ?2, reason = ?3, \
         authorization = coalesce(authorization, ?4), valid_before = coalesce(valid_before, ?5), \
         signature = coalesce(signature, ?6), tx_hash = coalesce(?7, tx_hash), \
         ticket = coalesce(?8, ticket), shown = ?9, warned = ?10, refusals = ?11, \
         next_check_at = ?12, updated_at = ?13 WHERE id = ?1";
    let authorization = purchase.authorization.as_ref();
    let valid_before = authorization.map(|authorization| {
        let seconds = i64::try_from(authorization.valid_before).unwrap_or(i64::MAX);
        UnixSeconds::new(seconds.min(UnixSeconds::STORABLE_MAX))
    });
    let flag = |is_set: bool| SqlValue::Int(i64::from(is_set));
    let parameters: [SqlValue; 13] = [
        purchase.id.as_str().into(),
        purchase.state.as_str().into(),
        purchase.reason.as_str().into(),
        authorization.map(|it| authorization_json(it).to_string()).as_deref().into(),
        valid_before.into(),
        purchase.signature.as_ref().map(ToString::to_string).as_deref().into(),
        purchase.transaction.as_deref().into(),
        purchase.ticket.as_deref().into(),
        flag(purchase.shown),
        flag(purchase.warned),
        purchase.refusals.into(),
        purchase.next_check_at.into(),
        now.into(),
    ];
    sql.run(statement, &parameters).map(drop)
}

/// The purchase with this id.
pub(crate) fn find(sql: &impl Sql, id: &PurchaseId) -> Result<Option<Purchase>, SqlError> {
    find_stored(sql, id.as_str())
}

/// The purchase with this id, as it is stored: a damaged one has perhaps none that can be read.
pub(crate) fn find_stored(sql: &impl Sql, id: &str) -> Result<Option<Purchase>, SqlError> {
    let statement = format!("{PURCHASE} WHERE id = ?1");
    first(sql, &statement, &[id.into()])?.map(|mut row| purchase(&mut row)).transpose()
}

/// The newest purchases that can be read.
pub(crate) fn newest(sql: &impl Sql, max: u32) -> Result<Vec<Purchase>, SqlError> {
    let statement = format!("{PURCHASE} ORDER BY created_at DESC, rowid DESC LIMIT ?1");
    readable(sql, &statement, &[max.into()])
}

/// The oldest purchases in a state, of those that can be read.
pub(crate) fn in_state(sql: &impl Sql, state: State) -> Result<Vec<Purchase>, SqlError> {
    let statement = format!("{PURCHASE} WHERE state = ?1 ORDER BY created_at LIMIT 50");
    readable(sql, &statement, &[state.as_str().into()])
}

/// What a wallet has bought with a tool of a server and has a ticket for: the arguments and the ticket, the newest
/// first.
pub(crate) fn tickets(
    sql: &impl Sql,
    server: &str,
    tool: &str,
    payer: &str,
) -> Result<Vec<(Value, String)>, SqlError> {
    let statement = "SELECT arguments, ticket FROM purchases WHERE door = ?1 AND tool = ?2 \
         AND payer = ?3 AND ticket IS NOT NULL AND state IN ('paying', 'unknown', 'paid') \
         ORDER BY created_at DESC LIMIT 500";
    all(sql, statement, &[server.into(), tool.into(), payer.into()], |columns| {
        Ok((columns.parsed(|text| serde_json::from_str(text))?, columns.text()?))
    })
}

/// Something that was bought, as lists show it.
pub(crate) struct Bought {
    pub(crate) id: String,
    pub(crate) server: String,
    pub(crate) tool: String,
    pub(crate) arguments: Value,
    pub(crate) payer: String,
    pub(crate) amount: Usdc,
    pub(crate) ticket: Option<String>,
    /// What is kept of the result ([`set_bought`]), or `null`.
    pub(crate) about: Value,
    pub(crate) at: UnixSeconds,
}

/// Keeps what lists show of a result.
pub(super) fn set_bought(sql: &impl Sql, id: &PurchaseId, about: &Value) -> Result<(), SqlError> {
    let statement = "UPDATE purchases SET bought = ?2 WHERE id = ?1";
    sql.run(statement, &[id.as_str().into(), about.to_string().into()]).map(drop)
}

/// The newest things that were bought and have come.
pub(crate) fn bought(sql: &impl Sql) -> Result<Vec<Bought>, SqlError> {
    let statement = "SELECT id, door, tool, arguments, payer, amount, ticket, coalesce(bought, 'null'), created_at \
         FROM purchases WHERE state IN ('paying', 'unknown', 'paid') AND shown = 1 \
         ORDER BY created_at DESC, rowid DESC LIMIT 100";
    all(sql, statement, &[], |columns| {
        Ok(Bought {
            id: columns.text()?,
            server: columns.text()?,
            tool: columns.text()?,
            arguments: columns.parsed(|text| serde_json::from_str(text))?,
            payer: columns.text()?,
            amount: columns.usdc()?,
            ticket: columns.optional_text()?,
            about: columns.parsed(|text| serde_json::from_str(text))?,
            at: columns.moment()?,
        })
    })
}

/// The title in the result of this purchase, if it named one.
pub(crate) fn title(sql: &impl Sql, id: &PurchaseId) -> Result<Option<String>, SqlError> {
    let statement = "SELECT json_extract(bought, '$.title') FROM purchases WHERE id = ?1";
    first(sql, statement, &[id.as_str().into()])?
        .map_or(Ok(None), |mut columns| columns.optional_text())
}

/// Titles of the newest purchases whose results named one, by their ids.
pub(crate) fn titles(sql: &impl Sql, max: u32) -> Result<BTreeMap<String, String>, SqlError> {
    let statement = "SELECT id, bought FROM (SELECT id, bought FROM purchases \
         ORDER BY created_at DESC, rowid DESC LIMIT ?1) WHERE bought IS NOT NULL";
    let rows = all(sql, statement, &[max.into()], |columns| {
        let id = columns.text()?;
        let about = columns.parsed(|text| serde_json::from_str::<Value>(text))?;
        Ok((id, about.get("title").and_then(Value::as_str).map(str::to_owned)))
    })?;
    Ok(rows.into_iter().filter_map(|(id, title)| Some((id, title?))).collect())
}

/// A damaged row hides no other; it is logged when it is due.
fn readable(
    sql: &impl Sql,
    statement: &str,
    parameters: &[SqlValue],
) -> Result<Vec<Purchase>, SqlError> {
    let rows = all(sql, statement, parameters, |row| Ok(purchase(row).ok()))?;
    Ok(rows.into_iter().flatten().collect())
}

/// Whether a payment for exactly this call is still open. If so, its next check is due at `now`, because the user waits
/// for it. The same call with another wallet is the same call.
pub(crate) fn is_under_way(
    sql: &impl Sql,
    (server, tool, arguments): (&str, &str, &Value),
    payer: Option<&str>,
    now: UnixSeconds,
) -> Result<bool, SqlError> {
    let statement = format!(
        "SELECT id, arguments, payer FROM purchases WHERE door = ?1 AND tool = ?2 \
         AND (state = 'asked' OR {OPEN}) ORDER BY created_at DESC LIMIT {COMPARED_MAX}"
    );
    let there = all(sql, &statement, &[server.into(), tool.into()], |columns| {
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
pub(crate) fn count_open(sql: &impl Sql) -> Result<u64, SqlError> {
    let statement = format!("SELECT count(*) FROM purchases WHERE {OPEN}");
    first(sql, &statement, &[])?.map_or(Ok(0), |mut columns| columns.count())
}

/// One purchase of each server that is to be looked after by now, those first that have waited longest. Their ids
/// as they are stored, so that a damaged row stops no other.
pub(crate) fn due(sql: &impl Sql, now: UnixSeconds) -> Result<Vec<String>, SqlError> {
    let statement = "SELECT id, min(next_check_at) AS at FROM purchases WHERE next_check_at <= ?1 \
         GROUP BY door ORDER BY at LIMIT ?2";
    all(sql, statement, &[now.into(), SERVERS_MAX.into()], Columns::text)
}

/// What an earlier instance has sent and not heard of is looked after by `now`, and so is what is open without a
/// time of its own.
pub(crate) fn take_over(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = format!(
        "UPDATE purchases SET next_check_at = ?1 WHERE (state = 'paying' AND next_check_at > ?1) \
         OR (next_check_at IS NULL AND {OPEN})"
    );
    sql.run(&statement, &[now.into()]).map(drop)
}

/// Somebody has come back: everything that is signed and open is looked after by `now`.
pub(crate) fn hurry(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "UPDATE purchases SET next_check_at = ?1 WHERE next_check_at > ?1 \
         AND (state IN ('paying', 'unknown') OR (state = 'paid' AND shown = 0))";
    sql.run(statement, &[now.into()]).map(drop)
}

/// When the next purchase is to be looked after.
pub(crate) fn next_due(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    let found = first(sql, "SELECT min(next_check_at) FROM purchases", &[])?;
    let found = found.map(|mut columns| columns.optional_int()).transpose()?.flatten();
    Ok(found.map(UnixSeconds::new))
}

/// The purchase with this stored id is looked after once more, and again at `next`.
pub(crate) fn count_attempt(sql: &impl Sql, id: &str, next: UnixSeconds) -> Result<(), SqlError> {
    let statement =
        "UPDATE purchases SET attempts = attempts + 1, next_check_at = ?2 WHERE id = ?1";
    sql.run(statement, &[id.into(), next.into()]).map(drop)
}

/// Keeps what a call has changed of the purchase's connection.
pub(super) fn set_connection(
    sql: &impl Sql,
    id: &PurchaseId,
    connection: &Connection,
) -> Result<(), SqlError> {
    let json = connection_json(connection)?;
    let statement = "UPDATE purchases SET connection = ?2 WHERE id = ?1";
    sql.run(statement, &[id.as_str().into(), json.into()]).map(drop)
}

fn purchase(columns: &mut Columns) -> Result<Purchase, SqlError> {
    Ok(Purchase {
        id: columns.parsed(PurchaseId::parse)?,
        server: columns.text()?,
        tool: columns.text()?,
        arguments: columns.parsed(|text| serde_json::from_str(text))?,
        call_id: columns.optional_text()?,
        origin: Origin::parse(&columns.text()?),
        challenge: columns.parsed(|text| serde_json::from_str(text))?,
        amount: columns.usdc()?,
        pay_to: columns.text()?,
        network: columns.text()?,
        payer: columns.text()?,
        state: columns.parsed(State::parse)?,
        authorization: columns.optional_text()?.map(|text| authorization(&text)).transpose()?,
        signature: columns.optional_text()?.and_then(|text| text.parse().ok()),
        transaction: columns.optional_text()?,
        shown: columns.int()? != 0,
        attempts: u32::try_from(columns.count()?).unwrap_or(u32::MAX),
        created_at: columns.moment()?,
        // A new one is opened in the place of one that cannot be read.
        connection: columns.optional_text()?.and_then(|text| serde_json::from_str(&text).ok()),
        warned: columns.int()? != 0,
        next_check_at: columns.optional_int()?.map(UnixSeconds::new),
        reason: columns.text()?,
        ticket: columns.optional_text()?,
        refusals: u32::try_from(columns.count()?).unwrap_or(u32::MAX),
    })
}

fn authorization(text: &str) -> Result<Authorization, SqlError> {
    let damaged = |error: String| SqlError(format!("a stored authorization is damaged: {error}"));
    let json: Value = serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
    read_authorization(&json).map_err(|error| damaged(error.to_string()))
}

fn connection_json(connection: &Connection) -> Result<String, SqlError> {
    let json = serde_json::to_string(connection);
    json.map_err(|error| SqlError(format!("a connection cannot be stored: {error}")))
}
