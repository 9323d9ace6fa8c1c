//! How the gateway lets a WebSocket in: in one internal header, like [`crate::host::command`].

use serde::{Deserialize, Serialize};

use crate::base::id::{RequestId, SessionId};
use crate::base::time::UnixSeconds;
use crate::host::command::SignedIn;
use crate::http::source::Source;
use crate::identity::epoch;

/// The internal header. A caller's own copy never arrives.
pub const HEADER: &str = "x-concierge-guest";

/// The longest token that is looked at, characters.
pub const TOKEN_CHARS_MAX: usize = 128;

/// A request for a WebSocket, as the gateway has checked it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handshake {
    /// For joining the answer with our logs.
    pub request_id: RequestId,
    pub session: SessionId,
    /// What resumes it; `None` begins it.
    pub token: Option<String>,
    /// The user, if signed in and not signed out since.
    pub user: Option<SignedIn>,
    /// When that user signed out last.
    pub signed_out_at: Option<UnixSeconds>,
    /// Where the socket comes from: what the session asks of this deployment's servers counts for it.
    pub source: Source,
    /// Whether it shows the requests to servers and their answers (`?raw=1`).
    pub watches: bool,
}

/// The sign-in that a socket came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// When the user signed in.
    pub at: UnixSeconds,
    /// When it ends by itself.
    pub until: UnixSeconds,
}

/// What a socket came with. It keeps that over an eviction of the object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Where it comes from.
    pub source: Source,
    /// The sign-in, if there is one.
    pub sign_in: Option<SignIn>,
}

impl SignIn {
    /// The sign-in of a user.
    #[must_use]
    pub fn of(who: &SignedIn) -> Self {
        Self { at: who.signed_in_at, until: who.expires_at }
    }

    /// Whether it counts now, given when its user signed out last.
    #[must_use]
    pub fn counts(self, now: UnixSeconds, signed_out_at: Option<UnixSeconds>) -> bool {
        now < self.until && epoch::counts(self.at, signed_out_at)
    }
}

/// The tag of a socket that wants to see requests and answers.
pub const WATCHING: &str = "watching";

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_SECONDS: i64 = 86_400;

    #[test]
    fn a_sign_in_counts_until_it_ends_or_its_user_signs_out() {
        let at = UnixSeconds::new(1_000);
        let sign_in = SignIn { at, until: at.plus(DAY_SECONDS) };
        assert!(sign_in.counts(at, None));
        assert!(sign_in.counts(at.plus(DAY_SECONDS - 1), None));
        assert!(!sign_in.counts(at.plus(DAY_SECONDS), None));
        assert!(sign_in.counts(at.plus(5), Some(at.plus(-1))));
        assert!(!sign_in.counts(at.plus(5), Some(at)));
        assert!(!sign_in.counts(at.plus(5), Some(at.plus(5))));
    }
}
