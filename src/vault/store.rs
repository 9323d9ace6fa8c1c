//! Secrets and their readers in the host's SQLite.

use serde::Serialize;

use crate::id::{PaymentId, SecretId};
use crate::ledger::payments::Settled;
use crate::ports::{Sql, SqlError, SqlValue};
use crate::storage::{Columns, all, first};
use crate::time::UnixSeconds;
use crate::vault::Secret;

/// Free readings that are remembered of each secret; sales are all remembered.
const READINGS_MAX: u32 = 200;

/// On what ground somebody reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "ReadBy"))]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// It was paid for.
    Paid,
    /// The payment of an earlier sale, again.
    Payment,
    /// The wallet of an earlier sale has signed in.
    Signature,
}

/// One line of the retrieval log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Retrieval {
    /// Who read.
    wallet: String,
    /// On what ground.
    how: String,
    /// Which value.
    version: u32,
    /// What was paid, dollars; nothing for reading again.
    paid: String,
    /// The transaction that paid.
    tx_hash: Option<String>,
    /// CAIP-2.
    network: Option<String>,
    /// When.
    at: String,
}

const SECRET: &str = "SELECT id, name, description, price, version, expires_at, revoked_at, \
     carried + (SELECT count(*) FROM retrievals r WHERE r.secret_id = s.id AND r.how = 'paid'), \
     created_at, updated_at FROM secrets s";

/// Payments that a secret has to be kept for: their outcome, or their delivery, is open.
const WANTED: &str = "SELECT 1 FROM payments p WHERE p.tool = 'retrieveSecret' \
     AND p.state IN ('settling', 'unknown', 'settled') \
     AND json_extract(p.arguments, '$.secretId') = secrets.id";

/// Writes a new secret.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; so for every function here.
pub fn insert(sql: &impl Sql, secret: &Secret, sealed: Option<&str>) -> Result<(), SqlError> {
    let statement = "INSERT INTO secrets (id, name, description, price, sealed, version, \
         expires_at, revoked_at, created_at, updated_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let mut parameters = parameters(secret, sealed);
    parameters.insert(8, secret.created_at.into());
    sql.run(statement, &parameters).map(drop)
}

/// Writes a secret from its published record, with the sales that it had.
///
/// # Errors
/// As [`insert`].
pub fn carry_over(sql: &impl Sql, secret: &Secret, sealed: Option<&str>) -> Result<(), SqlError> {
    insert(sql, secret, sealed)?;
    let statement = "UPDATE secrets SET carried = ?2 WHERE id = ?1";
    sql.run(statement, &[secret.id.as_str().into(), secret.retrievals.into()]).map(drop)
}

/// Writes what has changed about a secret; its value stays unless there is a new one.
///
/// # Errors
/// As [`insert`].
pub fn update(sql: &impl Sql, secret: &Secret, sealed: Option<&str>) -> Result<(), SqlError> {
    let statement = "UPDATE secrets SET name = ?2, description = ?3, price = ?4, \
         sealed = coalesce(?5, sealed), version = ?6, expires_at = ?7, revoked_at = ?8, \
         updated_at = ?9 WHERE id = ?1";
    sql.run(statement, &parameters(secret, sealed)).map(drop)
}

/// One secret.
///
/// # Errors
/// As [`insert`].
pub fn find(sql: &impl Sql, id: &SecretId) -> Result<Option<Secret>, SqlError> {
    let statement = format!("{SECRET} WHERE id = ?1");
    first(sql, &statement, &[id.as_str().into()])?.as_mut().map(secret).transpose()
}

/// Its sealed value, while there is one.
///
/// # Errors
/// As [`insert`].
pub fn sealed(sql: &impl Sql, id: &SecretId) -> Result<Option<String>, SqlError> {
    let found = first(sql, "SELECT sealed FROM secrets WHERE id = ?1", &[id.as_str().into()])?;
    found.map_or(Ok(None), |mut columns| columns.optional_text())
}

/// Secrets in the order in which they were stored; the ones that can be read at `now`, or all.
///
/// # Errors
/// As [`insert`].
pub fn list(
    sql: &impl Sql,
    readable_at: Option<UnixSeconds>,
    offset: u32,
    limit: u32,
) -> Result<Vec<Secret>, SqlError> {
    let statement = format!(
        "{SECRET} WHERE ?1 IS NULL OR (revoked_at IS NULL AND (expires_at IS NULL OR \
         expires_at > ?1)) ORDER BY created_at, id LIMIT ?2 OFFSET ?3"
    );
    all(sql, &statement, &[readable_at.into(), limit.into(), offset.into()], secret)
}

/// How many secrets the host has.
///
/// # Errors
/// As [`insert`].
pub fn count(sql: &impl Sql) -> Result<u64, SqlError> {
    first(sql, "SELECT count(*) FROM secrets", &[])?.map_or(Ok(0), |mut columns| columns.count())
}

/// Destroys the values that nobody can read any more, unless a payment for one is open; gives the ids.
///
/// # Errors
/// As [`insert`].
pub fn destroy(sql: &impl Sql, now: UnixSeconds) -> Result<Vec<SecretId>, SqlError> {
    let statement = format!(
        "UPDATE secrets SET sealed = NULL WHERE sealed IS NOT NULL \
         AND (revoked_at IS NOT NULL OR expires_at <= ?1) AND NOT EXISTS ({WANTED}) RETURNING id"
    );
    all(sql, &statement, &[now.into()], |columns| columns.parsed(SecretId::parse))
}

/// When the next value has to be destroyed.
///
/// # Errors
/// As [`insert`].
pub fn next_end(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    let statement = format!(
        "SELECT min(CASE WHEN revoked_at IS NOT NULL THEN revoked_at ELSE expires_at END) \
         FROM secrets WHERE sealed IS NOT NULL AND (revoked_at IS NOT NULL OR expires_at IS NOT \
         NULL) AND NOT EXISTS ({WANTED})"
    );
    let found = first(sql, &statement, &[])?.map(|mut columns| columns.optional_int());
    Ok(found.transpose()?.flatten().map(UnixSeconds::new))
}

/// Notes a sale.
///
/// # Errors
/// As [`insert`]; a second sale for the same payment is refused by the table.
pub fn add_sale(
    sql: &impl Sql,
    secret: &Secret,
    settled: &Settled,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let payment = settled.payment();
    let statement = "INSERT INTO retrievals (secret_id, version, payer, how, payment_id, paid, \
         tx_hash, network, at) VALUES (?1, ?2, ?3, 'paid', ?4, ?5, ?6, ?7, ?8)";
    let parameters: [SqlValue; 8] = [
        secret.id.as_str().into(),
        secret.version.into(),
        payment.payer.as_str().into(),
        payment.id.as_str().into(),
        payment.amount.into(),
        settled.transaction().into(),
        payment.network.as_str().into(),
        now.into(),
    ];
    sql.run(statement, &parameters).map(drop)
}

/// Notes that a buyer has read again.
///
/// # Errors
/// As [`insert`].
pub fn add_reading(
    sql: &impl Sql,
    secret: &Secret,
    payer: &str,
    how: How,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let statement = "INSERT INTO retrievals (secret_id, version, payer, how, paid, at) \
         VALUES (?1, ?2, ?3, ?4, 0, ?5)";
    let id: SqlValue = secret.id.as_str().into();
    let how: SqlValue = how.as_str().into();
    let parameters = [id.clone(), secret.version.into(), payer.into(), how, now.into()];
    sql.run(statement, &parameters)?;
    let forget = "DELETE FROM retrievals WHERE secret_id = ?1 AND how <> 'paid' AND seq NOT IN \
         (SELECT seq FROM retrievals WHERE secret_id = ?1 AND how <> 'paid' \
         ORDER BY seq DESC LIMIT ?2)";
    sql.run(forget, &[id, READINGS_MAX.into()]).map(drop)
}

/// Which value a wallet has bought last, if any.
///
/// # Errors
/// As [`insert`].
pub fn bought(sql: &impl Sql, id: &SecretId, payer: &str) -> Result<Option<u32>, SqlError> {
    let statement = "SELECT max(version) FROM retrievals \
         WHERE secret_id = ?1 AND how = 'paid' AND payer = ?2";
    let found = first(sql, statement, &[id.as_str().into(), payer.into()])?;
    let version = found.map(|mut columns| columns.optional_int()).transpose()?.flatten();
    Ok(version.and_then(|version| u32::try_from(version).ok()))
}

/// The value that a payment has bought, if it has.
///
/// # Errors
/// As [`insert`].
pub fn bought_with(sql: &impl Sql, payment: &PaymentId) -> Result<Option<u32>, SqlError> {
    let statement = "SELECT version FROM retrievals WHERE payment_id = ?1 AND how = 'paid'";
    let found = first(sql, statement, &[payment.as_str().into()])?;
    found.map(|mut columns| version(&mut columns)).transpose()
}

/// The chain has the money of a sale in another transaction.
///
/// # Errors
/// As [`insert`].
pub fn correct_sale(
    sql: &impl Sql,
    payment: &PaymentId,
    transaction: &str,
) -> Result<(), SqlError> {
    let statement = "UPDATE retrievals SET tx_hash = ?2 WHERE payment_id = ?1";
    sql.run(statement, &[payment.as_str().into(), transaction.into()]).map(drop)
}

/// The chain has dropped the money of a sale: it is none any more.
///
/// # Errors
/// As [`insert`].
pub fn remove_sale(sql: &impl Sql, payment: &PaymentId) -> Result<(), SqlError> {
    let statement = "DELETE FROM retrievals WHERE payment_id = ?1 AND how = 'paid'";
    sql.run(statement, &[payment.as_str().into()]).map(drop)
}

/// The newest lines of the retrieval log.
///
/// # Errors
/// As [`insert`].
pub fn log(sql: &impl Sql, id: &SecretId, limit: u32) -> Result<Vec<Retrieval>, SqlError> {
    let statement = "SELECT payer, how, version, paid, tx_hash, network, at FROM retrievals \
         WHERE secret_id = ?1 ORDER BY seq DESC LIMIT ?2";
    all(sql, statement, &[id.as_str().into(), limit.into()], |columns| {
        Ok(Retrieval {
            wallet: columns.text()?,
            how: columns.text()?,
            version: version(columns)?,
            paid: columns.usdc()?.to_string(),
            tx_hash: columns.optional_text()?,
            network: columns.optional_text()?,
            at: columns.moment()?.to_string(),
        })
    })
}

impl How {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Payment => "payment",
            Self::Signature => "signature",
        }
    }
}

fn parameters(secret: &Secret, sealed: Option<&str>) -> Vec<SqlValue> {
    vec![
        secret.id.as_str().into(),
        secret.name.as_str().into(),
        secret.description.as_str().into(),
        secret.price.into(),
        sealed.into(),
        secret.version.into(),
        secret.expires_at.into(),
        secret.revoked_at.into(),
        secret.updated_at.into(),
    ]
}

fn secret(columns: &mut Columns) -> Result<Secret, SqlError> {
    let moment = |number: Option<i64>| number.map(UnixSeconds::new);
    Ok(Secret {
        id: columns.parsed(SecretId::parse)?,
        name: columns.text()?,
        description: columns.text()?,
        price: columns.usdc()?,
        version: version(columns)?,
        expires_at: moment(columns.optional_int()?),
        revoked_at: moment(columns.optional_int()?),
        retrievals: version(columns)?,
        created_at: columns.moment()?,
        updated_at: columns.moment()?,
    })
}

fn version(columns: &mut Columns) -> Result<u32, SqlError> {
    Ok(u32::try_from(columns.count()?).unwrap_or(u32::MAX))
}
