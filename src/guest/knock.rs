//! How the gateway lets a WebSocket in: in one internal header, like [`crate::host::command`].

use serde::{Deserialize, Serialize};

use crate::http::source::Source;
use crate::id::{RequestId, SessionId};
use crate::identity::UserId;

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
    /// Who has signed in, if anybody.
    pub user: Option<UserId>,
    /// Where the socket comes from: what the session asks of this deployment's servers counts for it.
    pub source: Source,
    /// Whether they want to see what goes to doors and comes back (`?raw=1`).
    pub watches: bool,
}

/// The tag of such a socket.
pub const WATCHING: &str = "watching";
