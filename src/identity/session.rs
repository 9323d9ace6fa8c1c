//! Session tokens: signed and valid for 24 hours. They are not stored; only the last sign-out is
//! ([`crate::identity::epoch`]).
//!
//! A token is `v1.{payload}.{mac}`, both in base64url. The MAC covers everything before it, including the version.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::base::id::ScopeId;
use crate::base::time::UnixSeconds;
use crate::identity::keys::Keys;
use crate::identity::user::UserId;

/// Lifetime of a session, seconds.
pub(super) const SESSION_SECONDS: i64 = 24 * 60 * 60;
const FRESH_SECONDS: i64 = 10 * 60;
const TOKEN_BYTES_MAX: usize = 1024;
const VERSION: &str = "v1";

/// The sign-in of a user, as its token carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub user: UserId,
    pub scope: ScopeId,
    pub signed_in_at: UnixSeconds,
    pub expires_at: UnixSeconds,
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// Not signed with our keys, or malformed.
    #[error("this is not a session token of this service; sign in")]
    Invalid,
    /// Its 24 hours are over.
    #[error("the session has ended; sign in again")]
    Expired,
}

impl Session {
    /// Starts a session for a proven identity.
    #[must_use]
    pub fn start(keys: &Keys, user: UserId, now: UnixSeconds) -> Self {
        let scope = keys.scope_of(&user);
        Self { user, scope, signed_in_at: now, expires_at: now.plus(SESSION_SECONDS) }
    }

    /// The token: version, payload and MAC, separated by points.
    #[must_use]
    pub fn token(&self, keys: &Keys) -> String {
        // Serialization of text and numbers cannot fail. An empty payload would not be read as a session.
        let payload = serde_json::to_string(self).unwrap_or_default();
        let payload = URL_SAFE_NO_PAD.encode(payload);
        let signed = format!("{VERSION}.{payload}");
        let mac = URL_SAFE_NO_PAD.encode(keys.sign_session(signed.as_bytes()));
        format!("{signed}.{mac}")
    }

    /// Verifies and reads a token.
    ///
    /// # Errors
    /// [`SessionError::Invalid`] or [`SessionError::Expired`].
    pub fn read(keys: &Keys, token: &str, now: UnixSeconds) -> Result<Self, SessionError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(SessionError::Invalid);
        }
        let (signed, mac) = token.rsplit_once('.').ok_or(SessionError::Invalid)?;
        let mac = URL_SAFE_NO_PAD.decode(mac).map_err(|_| SessionError::Invalid)?;
        if !bool::from(keys.sign_session(signed.as_bytes()).as_slice().ct_eq(&mac)) {
            return Err(SessionError::Invalid);
        }
        let payload = signed.strip_prefix(VERSION).and_then(|rest| rest.strip_prefix('.'));
        let payload = payload.and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok());
        let session: Self = payload
            .and_then(|payload| serde_json::from_slice(&payload).ok())
            .ok_or(SessionError::Invalid)?;
        if session.expires_at <= now { Err(SessionError::Expired) } else { Ok(session) }
    }

    /// Whether the sign-in was in the last ten minutes, which a change of the payout address requires.
    #[must_use]
    pub fn is_fresh(&self, now: UnixSeconds) -> bool {
        now.since(self.signed_in_at) <= FRESH_SECONDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::master_key::MasterKey;

    fn keys(digit: &str) -> Keys {
        Keys::derive(&MasterKey::parse(&digit.repeat(64)).unwrap())
    }

    #[test]
    fn a_token_is_a_session_until_it_ends() {
        let user = UserId::parse("ada@example.org").unwrap();
        let now = UnixSeconds::new(1_000);
        let session = Session::start(&keys("1"), user, now);
        let token = session.token(&keys("1"));
        assert_eq!(Session::read(&keys("1"), &token, now), Ok(session.clone()));
        assert!(session.is_fresh(now.plus(600)) && !session.is_fresh(now.plus(601)));
        let end = now.plus(SESSION_SECONDS);
        assert_eq!(Session::read(&keys("1"), &token, end), Err(SessionError::Expired));
        assert_eq!(Session::read(&keys("2"), &token, now), Err(SessionError::Invalid));
    }

    #[test]
    fn a_changed_token_is_no_session() {
        let user = UserId::parse("ada@example.org").unwrap();
        let now = UnixSeconds::new(1_000);
        let token = Session::start(&keys("1"), user, now).token(&keys("1"));
        for place in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            let read = Session::read(&keys("1"), &changed, now);
            // The last digit of a MAC has unused bits; strict decoding refuses other values of them.
            assert_eq!(read, Err(SessionError::Invalid), "{place}");
        }
        for text in ["", ".", "v1..", "v1", &"a".repeat(TOKEN_BYTES_MAX + 1)] {
            assert_eq!(Session::read(&keys("1"), text, now), Err(SessionError::Invalid), "{text}");
        }
    }

    #[test]
    fn the_longest_identity_fits_a_token_that_fits_a_cookie() {
        let host = format!("{0}.{0}.{0}.org", "h".repeat(59));
        let user = UserId::parse(&format!("{}@{host}", "a".repeat(64))).unwrap();
        let now = UnixSeconds::new(1_795_262_400);
        let session = Session::start(&keys("1"), user, now);
        let token = session.token(&keys("1"));
        assert_eq!(Session::read(&keys("1"), &token, now), Ok(session));
        assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)));
    }
}
