//! Credentials in the host's SQLite.

use crate::base::id::CredentialId;
use crate::base::time::UnixSeconds;
use crate::host::credentials::Credential;
use crate::identity::TokenDigest;
use crate::identity::access::Tier;
use crate::ports::storage::{Columns, all, first};
use crate::ports::{Sql, SqlError, SqlValue};

const CREDENTIAL: &str = "SELECT id, name, hint, tier, tools, created_at, last_used_at, \
     expires_at, revoked_at FROM credentials";

/// Inserts a new credential.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; so for every function here.
pub fn insert(
    sql: &impl Sql,
    credential: &Credential,
    digest: &TokenDigest,
) -> Result<(), SqlError> {
    let statement = "INSERT INTO credentials (id, name, digest, hint, tier, tools, created_at, \
         expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let tools = serde_json::to_string(&credential.tools)
        .map_err(|error| SqlError(format!("names of tools: {error}")))?;
    let parameters: [SqlValue; 8] = [
        credential.id.as_str().into(),
        credential.name.as_str().into(),
        digest.as_str().into(),
        credential.hint.as_str().into(),
        credential.tier.name().into(),
        tools.into(),
        credential.created_at.into(),
        credential.expires_at.into(),
    ];
    sql.run(statement, &parameters).map(drop)
}

/// The credential whose token has this digest.
///
/// # Errors
/// As [`insert`].
pub fn find_by_digest(
    sql: &impl Sql,
    digest: &TokenDigest,
) -> Result<Option<Credential>, SqlError> {
    let statement = format!("{CREDENTIAL} WHERE digest = ?1");
    first(sql, &statement, &[digest.as_str().into()])?.as_mut().map(credential).transpose()
}

/// The credential with this id.
///
/// # Errors
/// As [`insert`].
pub fn find(sql: &impl Sql, id: &CredentialId) -> Result<Option<Credential>, SqlError> {
    let statement = format!("{CREDENTIAL} WHERE id = ?1");
    first(sql, &statement, &[id.as_str().into()])?.as_mut().map(credential).transpose()
}

/// All credentials, newest first.
///
/// # Errors
/// As [`insert`].
pub fn list(sql: &impl Sql) -> Result<Vec<Credential>, SqlError> {
    let statement = format!("{CREDENTIAL} ORDER BY created_at DESC, rowid DESC");
    all(sql, &statement, &[], credential)
}

/// The number of credentials that are not revoked.
///
/// # Errors
/// As [`insert`].
pub fn count(sql: &impl Sql) -> Result<u64, SqlError> {
    let statement = "SELECT count(*) FROM credentials WHERE revoked_at IS NULL";
    first(sql, statement, &[])?.map_or(Ok(0), |mut columns| columns.count())
}

/// Stores the time of a credential's last use.
///
/// # Errors
/// As [`insert`].
pub fn note_use(sql: &impl Sql, id: &CredentialId, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "UPDATE credentials SET last_used_at = ?2 WHERE id = ?1";
    sql.run(statement, &[id.as_str().into(), now.into()]).map(drop)
}

/// Revokes a credential. An earlier time of revocation is kept.
///
/// # Errors
/// As [`insert`].
pub fn revoke(sql: &impl Sql, id: &CredentialId, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "UPDATE credentials SET revoked_at = coalesce(revoked_at, ?2) WHERE id = ?1";
    sql.run(statement, &[id.as_str().into(), now.into()]).map(drop)
}

/// Deletes all revoked credentials but the newest. A deleted one is refused like a revoked one.
///
/// # Errors
/// As [`insert`].
pub fn forget_revoked(sql: &impl Sql, kept: u32) -> Result<(), SqlError> {
    let statement = "DELETE FROM credentials WHERE revoked_at IS NOT NULL AND id NOT IN \
         (SELECT id FROM credentials WHERE revoked_at IS NOT NULL \
         ORDER BY revoked_at DESC, rowid DESC LIMIT ?1)";
    sql.run(statement, &[kept.into()]).map(drop)
}

fn credential(columns: &mut Columns) -> Result<Credential, SqlError> {
    let moment = |number: Option<i64>| number.map(UnixSeconds::new);
    Ok(Credential {
        id: columns.parsed(CredentialId::parse)?,
        name: columns.text()?,
        hint: columns.text()?,
        tier: columns.parsed(|name| Tier::by_name(name).ok_or("no tier"))?,
        // Names of removed tools are kept: without them the list could become empty, which means all tools.
        tools: columns.parsed(|names| serde_json::from_str(names))?,
        created_at: columns.moment()?,
        last_used_at: moment(columns.optional_int()?),
        expires_at: moment(columns.optional_int()?),
        revoked_at: moment(columns.optional_int()?),
    })
}
