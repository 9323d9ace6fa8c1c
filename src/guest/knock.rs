//! How the gateway lets a WebSocket in: in one internal header, like [`crate::host::command`].

use serde::{Deserialize, Serialize};

use crate::base::id::{RequestId, SessionId};
use crate::base::time::UnixSeconds;
use crate::host::command::SignedIn;
use crate::http::source::Source;

/// The internal header. A caller's own copy never arrives.
pub const HEADER: &str = "x-concierge-guest";

/// The longest token that is looked at, characters.
pub const TOKEN_CHARS_MAX: usize = 128;

/// Somebody who wants in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Knock {
    /// For joining the answer with our logs.
    pub request_id: RequestId,
    /// Which session.
    pub session: SessionId,
    /// What resumes it; `None` begins it.
    pub token: Option<String>,
    /// Who has signed in and not out since, if anybody.
    pub user: Option<SignedIn>,
    /// When that user signed out last.
    pub signed_out_at: Option<UnixSeconds>,
    /// Where the socket comes from: what the session asks of this deployment's servers counts for it.
    pub source: Source,
    /// Whether they want to see what goes to doors and comes back (`?raw=1`).
    pub watches: bool,
}

/// The sign-in that a socket came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// When it was.
    pub at: UnixSeconds,
    /// When it ends by itself.
    pub until: UnixSeconds,
}

/// What a socket came with, which it keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CameWith {
    /// Where it comes from.
    pub source: Source,
    /// The sign-in, if there is one.
    pub sign_in: Option<SignIn>,
}

/// The tag of such a socket.
pub const WATCHING: &str = "watching";
