//! Messages that are kept: answers that no socket was there for, and results of purchases until a client has them.
//!
//! A socket takes a message also when its client is gone. So the result of a purchase stays here until a socket that
//! was told shows that it was alive then: it sends a message, or closes in order. A socket that comes before that is
//! told again.

use crate::base::id::PurchaseId;
use crate::base::time::UnixSeconds;
use crate::ports::storage::{all, first};
use crate::ports::{Sql, SqlError, SqlValue};

/// Messages besides results of purchases that are kept at a time; the oldest go first.
const MISSED_MAX: u32 = 50;
/// The longest message that is kept, bytes; a row may have two million.
pub(super) const KEPT_BYTES_MAX: usize = 1_900_000;

/// Keeps a message that no socket was there for.
pub(super) fn keep(sql: &impl Sql, message: &str) -> Result<(), SqlError> {
    sql.run("INSERT INTO missed (message) VALUES (?1)", &[message.into()])?;
    // What was paid for does not have to make room.
    let statement = "DELETE FROM missed WHERE purchase_id IS NULL AND id NOT IN \
         (SELECT id FROM missed WHERE purchase_id IS NULL ORDER BY id DESC LIMIT ?1)";
    sql.run(statement, &[MISSED_MAX.into()]).map(drop)
}

/// Keeps the result of a purchase, which was not told yet.
pub(super) fn keep_result(
    sql: &impl Sql,
    purchase: &PurchaseId,
    message: &str,
) -> Result<(), SqlError> {
    let statement = "INSERT INTO missed (message, purchase_id) VALUES (?1, ?2)";
    sql.run(statement, &[message.into(), purchase.as_str().into()]).map(drop)
}

/// The kept results of purchases that were not told yet: the purchases, and the messages.
pub(super) fn untold(sql: &impl Sql) -> Result<Vec<(String, String)>, SqlError> {
    let statement = "SELECT purchase_id, message FROM missed \
         WHERE purchase_id IS NOT NULL AND told_at IS NULL ORDER BY id";
    all(sql, statement, &[], |columns| Ok((columns.text()?, columns.text()?)))
}

/// The kept result of this purchase, if it was not told yet.
pub(super) fn untold_of(sql: &impl Sql, purchase: &str) -> Result<Option<String>, SqlError> {
    let statement = "SELECT message FROM missed WHERE purchase_id = ?1 AND told_at IS NULL";
    first(sql, statement, &[purchase.into()])?.map(|mut row| row.text()).transpose()
}

/// The result of this purchase was told.
pub(super) fn set_told(sql: &impl Sql, purchase: &str, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "UPDATE missed SET told_at = ?2 WHERE purchase_id = ?1";
    sql.run(statement, &[purchase.into(), now.into()]).map(drop)
}

/// The messages for a socket that comes, the oldest first; they count as told now. `held` are purchases whose
/// result is told to all in a moment.
pub(super) fn tell(
    sql: &impl Sql,
    held: impl Fn(&str) -> bool,
    now: UnixSeconds,
) -> Result<Vec<String>, SqlError> {
    let statement = "SELECT id, message, purchase_id FROM missed ORDER BY id";
    let missed = all(sql, statement, &[], |columns| {
        Ok((columns.int()?, columns.text()?, columns.optional_text()?))
    })?;
    let mut messages = Vec::new();
    for (id, message, purchase) in missed {
        if purchase.is_some_and(|purchase| held(&purchase)) {
            continue;
        }
        let statement = "UPDATE missed SET told_at = ?2 WHERE id = ?1";
        sql.run(statement, &[SqlValue::Int(id), now.into()])?;
        messages.push(message);
    }
    Ok(messages)
}

/// A client has shown that it was there: what was told is forgotten.
pub(super) fn heard(sql: &impl Sql) -> Result<(), SqlError> {
    // Each message of a client comes here.
    let is_told = "FROM missed WHERE told_at IS NOT NULL";
    if first(sql, &format!("SELECT 1 {is_told} LIMIT 1"), &[])?.is_none() {
        return Ok(());
    }
    sql.run(&format!("DELETE {is_told}"), &[]).map(drop)
}

/// How many results of purchases are kept, and how many bytes that is.
pub(super) fn results(sql: &impl Sql) -> Result<(u64, u64), SqlError> {
    let statement = "SELECT count(*), coalesce(sum(length(message)), 0) FROM missed \
         WHERE purchase_id IS NOT NULL";
    first(sql, statement, &[])?
        .map_or(Ok((0, 0)), |mut columns| Ok((columns.count()?, columns.count()?)))
}
