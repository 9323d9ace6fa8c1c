//! The used nonces of sign-ins. Each nonce can be used once.

use crate::base::time::UnixSeconds;
use crate::ports::{Sql, SqlError};

/// How long a nonce is stored after its expiry, seconds, so that it cannot be reused in its last second.
const KEEP_SECONDS: i64 = 60;

/// Marks a nonce as used; `true` if it was not used before.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn use_up(
    sql: &impl Sql,
    nonce: &str,
    expires_at: UnixSeconds,
    now: UnixSeconds,
) -> Result<bool, SqlError> {
    sql.run("DELETE FROM used_nonces WHERE expires_at < ?1", &[now.into()])?;
    let insert = "INSERT INTO used_nonces (nonce, expires_at) VALUES (?1, ?2) \
         ON CONFLICT DO NOTHING RETURNING nonce";
    let keep_until = expires_at.plus(KEEP_SECONDS);
    Ok(!sql.run(insert, &[nonce.into(), keep_until.into()])?.is_empty())
}
