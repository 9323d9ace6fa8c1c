//! Signing in with a code that is sent by mail: six digits, good for ten minutes, once, for one address, and for
//! whoever asked for it only ([`crate::identity::challenge`]).
//!
//! The rows live in the object of the address's own scope. What is stored is a keyed hash of the code, bound to
//! address and challenge. Nobody can spoil, replace or guess another's code: a wrong guess needs the challenge of
//! that code, and several codes may be open at once.
//!
//! # What an attacker can do, at what cost
//!
//! Browsers that have signed in to the address before (*known*) have budgets of their own, which strangers
//! cannot touch: 3 codes in 15 minutes, 10 in a day, 20 wrong guesses in a day.
//!
//! Strangers are counted by network (a /24, or a /48 of IPv6). Codes that were used do not count.
//!
//! - *Keeping an owner from a code.* A network gets 3 codes in 15 minutes and 6 in a day, and all of them
//!   together 12 in a day; beyond that a network that had none today still gets one, up to 32 in all. To keep an
//!   owner in an unknown browser out for a day takes 22 networks, or being in the owner's own network.
//! - *Filling an inbox*: 6 mails a day from one network, 32 from any number of them.
//! - *Guessing*: 10 wrong guesses a day from one network (1 in 100,000), 20 from all, and beyond that one from
//!   each network that had none today, up to 40 in all (1 in 25,000 a day). Every five of them need a mail, which
//!   the owner sees. An owner's first guess counts even when strangers have used up the rest.

use alloy_primitives::hex;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::base::email::EmailAddress;
use crate::base::time::UnixSeconds;
use crate::identity::challenge::{CHALLENGE_SECONDS, Challenge};
use crate::identity::keys::Keys;
use crate::ports::storage::first;
use crate::ports::{Random, Sql, SqlError, SqlValue};

/// How long a code is good, seconds.
pub const CODE_SECONDS: i64 = CHALLENGE_SECONDS;
/// Wrong guesses of one code.
const WRONG_MAX: u32 = 5;
const SHORT_SECONDS: i64 = 15 * 60;
const DAY_SECONDS: i64 = 24 * 60 * 60;
/// Codes of an asker in 15 minutes.
const CODES_MAX: u64 = 3;
/// Of all known browsers of an address in 24 hours.
const KNOWN: Share = Share { codes: 10, wrong: 20 };
/// Of one network of strangers.
const NETWORK: Share = Share { codes: 6, wrong: 10 };
/// Of all strangers together.
const STRANGERS: Share = Share { codes: 12, wrong: 20 };
/// Of all strangers together, those included that are the first of their network.
const STRANGERS_AND_FIRST: Share = Share { codes: 32, wrong: 40 };
const CODES: u32 = 1_000_000;
/// What may be had of an address in 24 hours.
struct Share {
    codes: u64,
    wrong: u64,
}

/// Who asks for a code, or tries one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asker {
    /// What they had, or get, with the code.
    pub challenge: Challenge,
    /// A keyed hash of their network.
    pub network: String,
    /// Whether their browser has signed in to this address before.
    pub is_known: bool,
}

/// How often random bytes are drawn until they give a code. One draw in 4,000 gives none.
const DRAWS_MAX: u32 = 32;

/// Six digits. Never shown to `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

/// Text that is not six digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the 6 digits of the mail")]
pub struct CodeError;

/// The one refusal of a code. It is the same for every reason, so that it tells nothing about the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this code is not good for this address, or not any more, or was asked for elsewhere; ask for a new one here (POST /api/auth/otp)"
)]
pub struct CodeRefused;

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

    /// What is stored of it: useless for another address, another asker and another time.
    fn mac(
        &self,
        keys: &Keys,
        address: &EmailAddress,
        challenge: &Challenge,
        expires_at: UnixSeconds,
    ) -> [u8; 32] {
        let challenge = challenge.as_str();
        let code = format!("{address}\n{}\n{challenge}\n{}", expires_at.get(), self.0);
        keys.sign_code(code.as_bytes())
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(…)")
    }
}

/// Whether this asker may have another code of the address now.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; so for all of these.
pub fn may_have(sql: &impl Sql, asker: &Asker, now: UnixSeconds) -> Result<bool, SqlError> {
    let lately = times(sql, "made", asker.who(), now.plus(-SHORT_SECONDS))?;
    if lately >= CODES_MAX || !may_guess(sql, asker, now)? {
        return Ok(false);
    }
    is_within(sql, "made", asker, now, |share| share.codes)
}

/// Keeps `code` for the asker. To be called in the block that queues its mail.
///
/// # Errors
/// As [`may_have`].
pub fn make(
    sql: &impl Sql,
    keys: &Keys,
    address: &EmailAddress,
    code: &Code,
    asker: &Asker,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let expires_at = now.plus(CODE_SECONDS);
    let mac = hex::encode(code.mac(keys, address, &asker.challenge, expires_at));
    let statement = "INSERT INTO sign_in_codes \
         (challenge, mac, wrong, is_known, network, made_at, expires_at) \
         VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6)";
    let parameters: [SqlValue; 6] = [
        asker.challenge.as_str().into(),
        mac.into(),
        u32::from(asker.is_known).into(),
        asker.network.as_str().into(),
        now.into(),
        expires_at.into(),
    ];
    sql.run(statement, &parameters)?;
    write_time(sql, "made", asker, now)
}

/// Whether `code` proves the address. A code that does is used up; a wrong one is counted, if the asker has a code
/// at all. To be called in one block.
///
/// # Errors
/// As [`may_have`].
pub fn check(
    sql: &impl Sql,
    keys: &Keys,
    address: &EmailAddress,
    code: &Code,
    asker: &Asker,
    now: UnixSeconds,
) -> Result<bool, SqlError> {
    let statement = "SELECT mac, wrong, is_known, network, made_at, expires_at FROM sign_in_codes \
         WHERE challenge = ?1";
    let key = || [SqlValue::from(asker.challenge.as_str())];
    let Some(mut columns) = first(sql, statement, &key())? else { return Ok(false) };
    let (stored, wrong) = (columns.text()?, columns.count()?);
    // The budget is that of the browser that asked, whatever cookie comes along now.
    let is_known = columns.count()? != 0;
    let (made_from, made_at) = (columns.text()?, columns.moment()?);
    let expires_at = columns.moment()?;
    let asker = Asker { is_known, ..asker.clone() };
    let forget_code =
        || sql.run("DELETE FROM sign_in_codes WHERE challenge = ?1", &key()).map(drop);
    if expires_at <= now || wrong >= u64::from(WRONG_MAX) {
        return forget_code().map(|()| false);
    }
    if !may_guess(sql, &asker, now)? {
        return Ok(false);
    }
    let given = code.mac(keys, address, &asker.challenge, expires_at);
    let stored = hex::decode(stored).unwrap_or_default();
    if bool::from(given.as_slice().ct_eq(&stored)) {
        // What was used was no flood.
        let used = "DELETE FROM sign_in_times WHERE rowid = (SELECT rowid FROM sign_in_times \
             WHERE kind = 'made' AND network = ?1 AND is_known = ?2 AND at = ?3 LIMIT 1)";
        let known = u32::from(is_known);
        sql.run(used, &[made_from.into(), known.into(), made_at.into()])?;
        return forget_code().map(|()| true);
    }
    write_time(sql, "wrong", &asker, now)?;
    if wrong.saturating_add(1) >= u64::from(WRONG_MAX) {
        return forget_code().map(|()| false);
    }
    let statement = "UPDATE sign_in_codes SET wrong = wrong + 1 WHERE challenge = ?1";
    sql.run(statement, &key()).map(|_| false)
}

/// Removes what is over.
///
/// # Errors
/// As [`may_have`].
pub fn forget(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    sql.run("DELETE FROM sign_in_codes WHERE expires_at <= ?1", &[now.into()])?;
    let times = "DELETE FROM sign_in_times WHERE at <= ?1";
    sql.run(times, &[now.plus(-DAY_SECONDS).into()]).map(drop)
}

/// When there is something to remove next.
///
/// # Errors
/// As [`may_have`].
pub fn next_over(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    let statement = "SELECT min(at) FROM (SELECT min(expires_at) AS at FROM sign_in_codes \
         UNION ALL SELECT min(at) + ?1 FROM sign_in_times)";
    let Some(mut columns) = first(sql, statement, &[SqlValue::Int(DAY_SECONDS)])? else {
        return Ok(None);
    };
    Ok(columns.optional_int()?.map(UnixSeconds::new))
}

impl Asker {
    /// Who is counted together with them.
    fn who(&self) -> Who<'_> {
        if self.is_known { Who::Known } else { Who::Network(&self.network) }
    }
}

enum Who<'a> {
    Known,
    Network(&'a str),
    Strangers,
}

/// Whether a guess of this asker counts at all.
fn may_guess(sql: &impl Sql, asker: &Asker, now: UnixSeconds) -> Result<bool, SqlError> {
    is_within(sql, "wrong", asker, now, |share| share.wrong)
}

/// Whether the asker's share of the day has room for one more.
fn is_within(
    sql: &impl Sql,
    kind: &str,
    asker: &Asker,
    now: UnixSeconds,
    of: impl Fn(&Share) -> u64,
) -> Result<bool, SqlError> {
    let since = now.plus(-DAY_SECONDS);
    let own = times(sql, kind, asker.who(), since)?;
    if asker.is_known {
        return Ok(own < of(&KNOWN));
    }
    let all = times(sql, kind, Who::Strangers, since)?;
    let is_first = own == 0 && all < of(&STRANGERS_AND_FIRST);
    Ok(is_first || (own < of(&NETWORK) && all < of(&STRANGERS)))
}

/// How often something happened after `since`.
fn times(sql: &impl Sql, kind: &str, who: Who<'_>, since: UnixSeconds) -> Result<u64, SqlError> {
    let (known, network) = match who {
        Who::Known => (1_u32, None),
        Who::Network(network) => (0, Some(network)),
        Who::Strangers => (0, None),
    };
    let statement = "SELECT count(*) FROM sign_in_times WHERE kind = ?1 AND at > ?2 \
         AND is_known = ?3 AND (?4 IS NULL OR network = ?4)";
    let parameters = [kind.into(), since.into(), known.into(), network.into()];
    first(sql, statement, &parameters)?.map_or(Ok(0), |mut it| it.count())
}

fn write_time(sql: &impl Sql, kind: &str, asker: &Asker, now: UnixSeconds) -> Result<(), SqlError> {
    let statement =
        "INSERT INTO sign_in_times (kind, is_known, network, at) VALUES (?1, ?2, ?3, ?4)";
    let known = u32::from(asker.is_known);
    let network = asker.network.as_str();
    sql.run(statement, &[kind.into(), known.into(), network.into(), now.into()]).map(drop)
}
