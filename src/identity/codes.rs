//! Sign-in with a code sent by mail. A code has six digits and is valid for ten minutes, once, for one address and for
//! the browser that requested it ([`crate::identity::challenge`]).
//!
//! The rows are stored in the object of the address's scope. A row holds a keyed hash of the code, bound to address and
//! challenge. An attacker cannot invalidate, replace or guess the code of another browser: a guess needs the challenge of
//! that code, and several codes may be open at once.
//!
//! # What an attacker can do, at what cost
//!
//! *Known* browsers, which have signed in to the address before, have budgets of their own: 3 codes in 15 minutes, 10 in
//! a day, 20 wrong guesses in a day. Other browsers cannot use them up.
//!
//! Unknown browsers are counted by network (a /24, or a /48 of IPv6). Codes that were used do not count.
//!
//! - *Denying an owner a code.* A network gets 3 codes in 15 minutes and 6 in a day, and all networks together get 12 in
//!   a day. Beyond that, a network without a code today still gets one, up to 32 in all. Locking an owner in an unknown
//!   browser out for a day takes 22 networks, or access to the owner's own network.
//! - *Filling an inbox*: 6 mails a day from one network, 32 from any number of networks.
//! - *Guessing*: 10 wrong guesses a day from one network (1 in 100,000), 20 from all networks, and beyond that one from
//!   each network without a guess today, up to 40 in all (1 in 25,000 a day). Every five guesses need a mail, which the
//!   owner sees. An owner's first guess is accepted even when others have used up the budget.

use alloy_primitives::hex;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::base::email::EmailAddress;
use crate::base::time::UnixSeconds;
use crate::identity::challenge::{CHALLENGE_SECONDS, Challenge};
use crate::identity::keys::Keys;
use crate::ports::storage::first;
use crate::ports::{Random, Sql, SqlError, SqlValue};

/// Validity of a code, seconds.
pub const CODE_SECONDS: i64 = CHALLENGE_SECONDS;
/// Wrong guesses until a code is deleted.
const WRONG_MAX: u32 = 5;
const SHORT_SECONDS: i64 = 15 * 60;
const DAY_SECONDS: i64 = 24 * 60 * 60;
/// Codes of a network, or of all known browsers, in 15 minutes.
const CODES_MAX: u64 = 3;
/// Budget of all known browsers of an address in 24 hours.
const KNOWN: Share = Share { codes: 10, wrong: 20 };
/// Budget of one network in 24 hours.
const NETWORK: Share = Share { codes: 6, wrong: 10 };
/// Budget of all networks together in 24 hours.
const STRANGERS: Share = Share { codes: 12, wrong: 20 };
/// As [`STRANGERS`], including the first code or guess of each network.
const STRANGERS_AND_FIRST: Share = Share { codes: 32, wrong: 40 };
const CODES: u32 = 1_000_000;
/// Codes and wrong guesses of an address in 24 hours.
struct Share {
    codes: u64,
    wrong: u64,
}

/// The browser that requests or enters a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asker {
    /// The challenge that belongs to the code.
    pub challenge: Challenge,
    /// A keyed hash of its network.
    pub network: String,
    /// Whether it has signed in to this address before.
    pub is_known: bool,
}

/// Random draws at most until one gives a code. One in 4,000 gives none.
const DRAWS_MAX: u32 = 32;

/// Six digits. Never shown to `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

/// Text that is not six digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the 6 digits of the mail")]
pub struct CodeError;

/// A code was refused. The message is the same for every reason, so that it reveals nothing about the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this code is not good for this address, or not any more, or was asked for elsewhere; ask for a new one here (POST /api/auth/otp)"
)]
pub struct CodeRefused;

impl Code {
    /// Parses typed text.
    ///
    /// # Errors
    /// [`CodeError`] if the text is not six digits, ignoring white space.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        // Longer text is refused without a closer look.
        let digits: String = text.chars().take(32).filter(|c| !c.is_whitespace()).collect();
        let is_code = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit());
        if is_code && text.chars().count() <= 32 { Ok(Self(digits)) } else { Err(CodeError) }
    }

    /// A uniformly random code; `None` if the random source is broken.
    #[must_use]
    pub fn random(random: &impl Random) -> Option<Self> {
        // Draws above the last multiple of a million are rejected, because they would make low codes likelier.
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

    /// The stored keyed hash. It is bound to the address, the challenge and the expiry.
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

/// Whether this browser may get another code for the address now.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn may_have(sql: &impl Sql, asker: &Asker, now: UnixSeconds) -> Result<bool, SqlError> {
    let lately = times(sql, "made", asker.who(), now.plus(-SHORT_SECONDS))?;
    if lately >= CODES_MAX || !may_guess(sql, asker, now)? {
        return Ok(false);
    }
    is_within(sql, "made", asker, now, |share| share.codes)
}

/// Stores `code`. Call it in the transaction that queues the mail.
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

/// Whether `code` proves the address. A right code is deleted; a wrong one is counted if the browser has an open code.
/// Call it in a transaction.
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
    // The budget is that of the browser that requested the code, whatever cookie is sent now.
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
        // A used code does not count against the budget.
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

/// Deletes expired codes and counts.
///
/// # Errors
/// As [`may_have`].
pub fn forget(sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
    if !UnixSeconds::has_come(next_over(sql)?, now) {
        return Ok(());
    }
    sql.run("DELETE FROM sign_in_codes WHERE expires_at <= ?1", &[now.into()])?;
    let times = "DELETE FROM sign_in_times WHERE at <= ?1";
    sql.run(times, &[now.plus(-DAY_SECONDS).into()]).map(drop)
}

/// When [`forget`] has something to delete next.
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
    /// The group whose budget this browser uses.
    fn who(&self) -> Who<'_> {
        if self.is_known { Who::Known } else { Who::Network(&self.network) }
    }
}

enum Who<'a> {
    Known,
    Network(&'a str),
    Strangers,
}

/// Whether this browser has a wrong guess left. If not, guesses are refused unchecked.
fn may_guess(sql: &impl Sql, asker: &Asker, now: UnixSeconds) -> Result<bool, SqlError> {
    is_within(sql, "wrong", asker, now, |share| share.wrong)
}

/// Whether the browser's budget of the day allows one more.
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

/// Counts the entries of this kind after `since`.
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
