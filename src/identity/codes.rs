//! Signing in with a code that is sent by mail: six digits, good for ten minutes, once, for one address.
//!
//! The rows live in the object of the address's own scope. What is stored is a keyed hash of the code,
//! bound to the address. Whoever guesses has five tries for a code and twenty wrong ones in 24 hours,
//! however many codes are asked for: one chance in 50,000 a day. The price is that somebody else can lock
//! an address for a day by guessing; a wallet is not locked by anybody.

use alloy_primitives::hex;
use subtle::ConstantTimeEq;

use crate::identity::EmailAddress;
use crate::identity::keys::Keys;
use crate::ports::{Random, Sql, SqlError, SqlValue};
use crate::storage::first;
use crate::time::UnixSeconds;

/// How long a code is good, seconds.
pub const CODE_SECONDS: i64 = 10 * 60;
/// Wrong guesses of one code.
const WRONG_MAX: u32 = 5;
/// Wrong guesses of all codes of an address in 24 hours.
const WRONG_A_DAY_MAX: u64 = 20;
/// Codes of an address in 15 minutes.
const CODES_MAX: u64 = 3;
const CODES_SECONDS: i64 = 15 * 60;
/// Codes of an address in 24 hours.
const CODES_A_DAY_MAX: u64 = 10;
const DAY_SECONDS: i64 = 24 * 60 * 60;
const CODES: u32 = 1_000_000;
/// How often random bytes are drawn until they give a code. One draw in 4,000 gives none.
const DRAWS_MAX: u32 = 32;

/// Six digits. Never shown to `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

/// Text that is not six digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the 6 digits of the mail")]
pub struct CodeError;

impl Code {
    /// From what a person typed.
    ///
    /// # Errors
    /// [`CodeError`] if that is not six digits, with or without white space.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        // The longest that a person would type; the rest is not looked at.
        let digits: String = text.chars().take(32).filter(|c| !c.is_whitespace()).collect();
        let is_code = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit());
        if is_code && text.chars().count() <= 32 { Ok(Self(digits)) } else { Err(CodeError) }
    }

    /// One that nobody can guess, each of the million alike; `None` if the bytes are no random ones.
    #[must_use]
    pub fn random(random: &impl Random) -> Option<Self> {
        // What lies above the last whole million would make low codes likelier.
        let end = u32::MAX.saturating_sub(u32::MAX.checked_rem(CODES)?);
        let mut draws = (0..DRAWS_MAX).map(|_| u32::from_be_bytes(random.bytes()));
        let drawn = draws.find(|drawn| *drawn < end)?;
        Some(Self(format!("{:06}", drawn.checked_rem(CODES)?)))
    }

    /// The digits, for the mail.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is stored of it: useless for another address and another time.
    fn mac(&self, keys: &Keys, address: &EmailAddress, expires_at: UnixSeconds) -> [u8; 32] {
        keys.sign_code(format!("{address}\n{}\n{}", expires_at.get(), self.0).as_bytes())
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(…)")
    }
}

/// Whether this address may have another code now.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; so for all of these.
pub fn may_have(sql: &impl Sql, now: UnixSeconds) -> Result<bool, SqlError> {
    Ok(times(sql, "made", now.plus(-CODES_SECONDS))? < CODES_MAX
        && times(sql, "made", now.plus(-DAY_SECONDS))? < CODES_A_DAY_MAX
        && !is_locked(sql, now)?)
}

/// Puts `code` in the place of the one before. To be called in the block that queues its mail.
///
/// # Errors
/// As [`may_have`].
pub fn make(
    sql: &impl Sql,
    keys: &Keys,
    address: &EmailAddress,
    code: &Code,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let expires_at = now.plus(CODE_SECONDS);
    let mac = hex::encode(code.mac(keys, address, expires_at));
    let statement = "INSERT INTO sign_in_code (id, mac, wrong, expires_at) VALUES (1, ?1, 0, ?2) \
         ON CONFLICT (id) DO UPDATE SET mac = excluded.mac, wrong = 0, \
         expires_at = excluded.expires_at";
    sql.run(statement, &[mac.into(), expires_at.into()])?;
    write_time(sql, "made", now)
}

/// Whether `code` proves the address. A code that does is used up; a wrong one is counted. To be called
/// in one block.
///
/// # Errors
/// As [`may_have`].
pub fn check(
    sql: &impl Sql,
    keys: &Keys,
    address: &EmailAddress,
    code: &Code,
    now: UnixSeconds,
) -> Result<bool, SqlError> {
    let statement = "SELECT mac, wrong, expires_at FROM sign_in_code WHERE id = 1";
    let Some(mut columns) = first(sql, statement, &[])? else { return Ok(false) };
    let (stored, wrong, expires_at) = (columns.text()?, columns.count()?, columns.moment()?);
    if expires_at <= now || wrong >= u64::from(WRONG_MAX) {
        return forget_code(sql).map(|()| false);
    }
    if is_locked(sql, now)? {
        return Ok(false);
    }
    let given = code.mac(keys, address, expires_at);
    let stored = hex::decode(stored).unwrap_or_default();
    if bool::from(given.as_slice().ct_eq(&stored)) {
        return forget_code(sql).map(|()| true);
    }
    write_time(sql, "wrong", now)?;
    if wrong.saturating_add(1) >= u64::from(WRONG_MAX) {
        return forget_code(sql).map(|()| false);
    }
    sql.run("UPDATE sign_in_code SET wrong = wrong + 1 WHERE id = 1", &[]).map(|_| false)
}

/// Removes what is over.
///
/// # Errors
/// As [`may_have`].
pub fn forget(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    sql.run("DELETE FROM sign_in_code WHERE expires_at <= ?1", &[now.into()])?;
    let times = "DELETE FROM sign_in_times WHERE at <= ?1";
    sql.run(times, &[now.plus(-DAY_SECONDS).into()]).map(drop)
}

/// When there is something to remove next.
///
/// # Errors
/// As [`may_have`].
pub fn next_over(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    let statement = "SELECT min(at) FROM (SELECT min(expires_at) AS at FROM sign_in_code \
         UNION ALL SELECT min(at) + ?1 FROM sign_in_times)";
    let Some(mut columns) = first(sql, statement, &[SqlValue::Int(DAY_SECONDS)])? else {
        return Ok(None);
    };
    Ok(columns.optional_int()?.map(UnixSeconds::new))
}

fn is_locked(sql: &impl Sql, now: UnixSeconds) -> Result<bool, SqlError> {
    Ok(times(sql, "wrong", now.plus(-DAY_SECONDS))? >= WRONG_A_DAY_MAX)
}

/// How often something happened after `since`.
fn times(sql: &impl Sql, kind: &str, since: UnixSeconds) -> Result<u64, SqlError> {
    let statement = "SELECT count(*) FROM sign_in_times WHERE kind = ?1 AND at > ?2";
    first(sql, statement, &[kind.into(), since.into()])?.map_or(Ok(0), |mut it| it.count())
}

fn write_time(sql: &impl Sql, kind: &str, now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "INSERT INTO sign_in_times (kind, at) VALUES (?1, ?2)";
    sql.run(statement, &[kind.into(), now.into()]).map(drop)
}

fn forget_code(sql: &impl Sql) -> Result<(), SqlError> {
    sql.run("DELETE FROM sign_in_code", &[]).map(drop)
}
