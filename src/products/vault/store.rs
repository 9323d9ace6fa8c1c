//! Secrets and their sealed values in the host's SQLite.

use crate::base::id::SecretId;
use crate::base::time::UnixSeconds;
use crate::ports::paging::{Found, KeyKind, Order, Page, Query};
use crate::ports::storage::{Columns, all, first};
use crate::ports::{Sql, SqlError, SqlValue};
use crate::products::vault::{READ_AGAIN_SECONDS, Secret, Waiting};

const COLUMNS: &str = "id, name, description, price, version, expires_at, revoked_at, \
     carried + (SELECT count(*) FROM retrievals r WHERE r.secret_id = s.id AND r.how = 'paid'), \
     created_at, updated_at";

/// Open payments for the version `v` (`secret_id`, `version`). A payment from before versions were fixed buys any.
const OPEN: &str = "SELECT 1 FROM payments p WHERE p.tool = 'retrieveSecret' \
     AND p.state IN ('settling', 'unknown', 'settled') \
     AND p.wanted = v.secret_id \
     AND coalesce(json_extract(p.staged, '$.version'), v.version) = v.version";

/// Sales of the version `v`.
const SOLD: &str = "FROM retrievals r WHERE r.secret_id = v.secret_id AND r.version = v.version \
     AND r.how = 'paid'";

/// Inserts a new secret.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses; the same for every function here.
pub fn insert(sql: &impl Sql, secret: &Secret, sealed: Option<&str>) -> Result<(), SqlError> {
    let statement = "INSERT INTO secrets (id, name, description, price, sealed, version, \
         expires_at, revoked_at, created_at, updated_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let mut parameters = parameters(secret, sealed);
    parameters.insert(8, secret.created_at.into());
    sql.run(statement, &parameters).map(drop)
}

/// Inserts a secret from its published record, with its number of sales.
///
/// # Errors
///
/// As [`insert`].
pub fn carry_over(sql: &impl Sql, secret: &Secret, sealed: Option<&str>) -> Result<(), SqlError> {
    insert(sql, secret, sealed)?;
    let statement = "UPDATE secrets SET carried = ?2 WHERE id = ?1";
    sql.run(statement, &[secret.id.as_str().into(), secret.retrievals.into()]).map(drop)
}

/// Stores the changes of a secret. Its value stays unless there is a new one.
///
/// # Errors
///
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
    let statement = format!("SELECT {COLUMNS} FROM secrets s WHERE id = ?1");
    first(sql, &statement, &[id.as_str().into()])?.as_mut().map(secret).transpose()
}

/// Its sealed value, while it is on sale.
///
/// # Errors
///
/// As [`insert`].
pub fn sealed(sql: &impl Sql, id: &SecretId) -> Result<Option<String>, SqlError> {
    let found = first(sql, "SELECT sealed FROM secrets WHERE id = ?1", &[id.as_str().into()])?;
    found.map_or(Ok(None), |mut columns| columns.optional_text())
}

/// The sealed value of one version, on sale or kept for its buyers.
///
/// # Errors
///
/// As [`insert`].
pub fn sealed_version(
    sql: &impl Sql,
    id: &SecretId,
    version: u32,
) -> Result<Option<String>, SqlError> {
    let statement = "SELECT sealed FROM secrets \
         WHERE id = ?1 AND version = ?2 AND sealed IS NOT NULL \
         UNION ALL SELECT sealed FROM kept_values WHERE secret_id = ?1 AND version = ?2 LIMIT 1";
    let found = first(sql, statement, &[id.as_str().into(), version.into()])?;
    found.map(|mut columns| columns.text()).transpose()
}

/// Stores a secret with a new value. The old value is kept if a buyer waits for it.
///
/// # Errors
///
/// As [`insert`].
pub fn replace(
    sql: &impl Sql,
    secret: &Secret,
    sealed: &str,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    keep(sql, "id = ?3", now, Some(&secret.id))?;
    update(sql, secret, Some(sealed))
}

/// Secrets in the order in which they were stored.
pub static BY_AGE: Order =
    Order { list: "secrets", keys: &[("created_at", KeyKind::Int), ("id", KeyKind::Text)] };

/// A page of secrets in the order [`BY_AGE`]: those that can be read at `readable_at`, or all.
///
/// # Errors
///
/// As [`insert`].
pub fn list(
    sql: &impl Sql,
    readable_at: Option<UnixSeconds>,
    page: &Page,
) -> Result<Found<Secret>, SqlError> {
    let query = Query {
        columns: COLUMNS,
        table: "secrets s",
        condition: "?1 IS NULL OR (revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?1))",
        parameters: &[readable_at.into()],
    };
    page.find(sql, query, secret)
}

/// The number of secrets.
///
/// # Errors
///
/// As [`insert`].
pub fn count(sql: &impl Sql) -> Result<u64, SqlError> {
    first(sql, "SELECT count(*) FROM secrets", &[])?.map_or(Ok(0), |mut columns| columns.count())
}

/// Takes the values of withdrawn and expired secrets off sale, and returns their ids. A value is kept if a buyer
/// waits for it, else destroyed.
///
/// # Errors
///
/// As [`insert`].
pub fn retire(sql: &impl Sql, now: UnixSeconds) -> Result<Vec<SecretId>, SqlError> {
    let over = "(revoked_at IS NOT NULL OR expires_at <= ?1)";
    keep(sql, over, now, None)?;
    let statement = format!(
        "UPDATE secrets SET sealed = NULL WHERE sealed IS NOT NULL AND {over} RETURNING id"
    );
    all(sql, &statement, &[now.into()], |columns| columns.parsed(SecretId::parse))
}

/// Keeps the values of these secrets that a buyer waits for.
fn keep(
    sql: &impl Sql,
    which: &str,
    now: UnixSeconds,
    id: Option<&SecretId>,
) -> Result<(), SqlError> {
    let waits = waits();
    let statement = format!(
        "INSERT OR IGNORE INTO kept_values (secret_id, version, sealed, kept_since) \
         SELECT secret_id, version, sealed, ?1 FROM (SELECT id AS secret_id, version, sealed \
         FROM secrets WHERE sealed IS NOT NULL AND ?3 IS ?3 AND {which}) v WHERE {waits}"
    );
    let parameters = [now.into(), last_end(now).into(), id.map(SecretId::as_str).into()];
    sql.run(&statement, &parameters).map(drop)
}

/// Destroys the kept values that no buyer waits for any more.
///
/// # Errors
///
/// As [`insert`].
pub fn destroy(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    let waits = waits();
    let statement = format!("DELETE FROM kept_values AS v WHERE ?1 IS ?1 AND NOT ({waits})");
    sql.run(&statement, &[now.into(), last_end(now).into()]).map(drop)
}

/// Whether a buyer waits for the version `v`: has paid or is paying for it and has not read it, or first read it
/// after `?2`.
fn waits() -> String {
    format!(
        "(EXISTS ({OPEN}) OR EXISTS (SELECT 1 {SOLD} \
         AND (r.handed_over_at IS NULL OR r.handed_over_at > ?2)))"
    )
}

fn last_end(now: UnixSeconds) -> UnixSeconds {
    now.plus(READ_AGAIN_SECONDS.saturating_neg())
}

/// When the next value goes off sale, or the next kept one is destroyed. A value that its buyer has not read has no
/// such time until it is read or its payment ends.
///
/// # Errors
///
/// As [`insert`].
pub fn next_end(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    let moment = |statement: &str, parameters: &[SqlValue]| {
        let found = first(sql, statement, parameters)?.map(|mut columns| columns.optional_int());
        Ok::<_, SqlError>(found.transpose()?.flatten().map(UnixSeconds::new))
    };
    let on_sale =
        "SELECT min(coalesce(revoked_at, expires_at)) FROM secrets WHERE sealed IS NOT NULL";
    let on_sale = moment(on_sale, &[])?;
    // Most hosts keep none; the rest of the question changes with every payment.
    if first(sql, "SELECT 1 FROM kept_values LIMIT 1", &[])?.is_none() {
        return Ok(on_sale);
    }
    let kept = format!(
        "SELECT min(coalesce((SELECT max(r.handed_over_at) + ?1 {SOLD}), kept_since)) \
         FROM kept_values v WHERE NOT EXISTS ({OPEN}) \
         AND NOT EXISTS (SELECT 1 {SOLD} AND r.handed_over_at IS NULL)"
    );
    let kept = moment(&kept, &[SqlValue::Int(READ_AGAIN_SECONDS)])?;
    Ok(on_sale.into_iter().chain(kept).min())
}

/// Who waits for the values of a secret, including the one on sale; `version` limits that to one.
///
/// # Errors
///
/// As [`insert`].
pub fn waiting(
    sql: &impl Sql,
    id: &SecretId,
    version: Option<u32>,
    now: UnixSeconds,
) -> Result<Waiting, SqlError> {
    let statement = format!(
        "SELECT coalesce(sum((SELECT count(*) FROM ({OPEN}))), 0), \
         coalesce(sum((SELECT count(*) {SOLD} AND r.handed_over_at IS NULL)), 0), \
         max((SELECT max(r.handed_over_at) {SOLD} AND r.handed_over_at > ?3)) \
         FROM (SELECT id AS secret_id, version FROM secrets WHERE id = ?1 \
         UNION SELECT secret_id, version FROM kept_values WHERE secret_id = ?1) v \
         WHERE ?2 IS NULL OR v.version = ?2"
    );
    let version = version.map_or(SqlValue::Null, SqlValue::from);
    let parameters = [id.as_str().into(), version, last_end(now).into()];
    let Some(mut columns) = first(sql, &statement, &parameters)? else {
        return Ok(Waiting::default());
    };
    Ok(Waiting {
        open: columns.count()?,
        unread: columns.count()?,
        readable_until: columns
            .optional_int()?
            .map(|at| UnixSeconds::new(at).plus(READ_AGAIN_SECONDS)),
    })
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

/// A version or a count of the next column.
pub(super) fn version(columns: &mut Columns) -> Result<u32, SqlError> {
    Ok(u32::try_from(columns.count()?).unwrap_or(u32::MAX))
}
