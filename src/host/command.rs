//! What the gateway asks of a host's object, in one internal header. Only `edge/entry.rs` makes it.

use serde::{Deserialize, Serialize};

use crate::base::email::EmailAddress;
use crate::base::http::Headers;
use crate::base::id::{MailId, RequestId, ScopeId};
use crate::base::time::UnixSeconds;
use crate::http::route::{AtHost, Own};
use crate::http::source::Source;
use crate::identity::codes::Asker;
use crate::identity::{Session, TokenDigest, UserId};
use crate::mail::outbox::Fate;

/// The one internal header. The gateway builds the headers that it forwards from a list of known
/// ones, so a caller's own copy of this never arrives.
pub const HEADER: &str = "x-concierge-command";

/// In the answer to whoever has just proven to be somebody: when the sign-in begins, in seconds.
pub const SIGNED_IN_AT: &str = "x-concierge-signed-in-at";

/// A command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// For joining the answer with our logs.
    pub request_id: RequestId,
    /// Whose object this is.
    pub scope: ScopeId,
    /// The allowed web page behind the request, for the CORS headers of the answer.
    pub origin: Option<String>,
    /// Who asks, if signed in.
    pub user: Option<SignedIn>,
    /// What is kept of the credential that came along. It is not proven yet, and counts before `user`.
    pub credential: Option<TokenDigest>,
    /// Where the request comes from, as far as that tells callers apart.
    pub source: Source,
    /// What to do.
    pub action: Action,
    /// `?cursor=` of a list.
    pub cursor: Option<String>,
}

/// A caller with a valid session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// Who.
    pub user: UserId,
    /// The scope of that user.
    pub scope: ScopeId,
    /// Whether the sign-in is recent enough for moving a payout and for a credential that may send.
    pub fresh: bool,
    /// When the sign-in was. The user may have signed out since: only the user's own object knows.
    pub signed_in_at: UnixSeconds,
    /// When the session ends by itself.
    pub expires_at: UnixSeconds,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Remember that the nonce of a sign-in was used.
    UseNonce {
        /// The nonce.
        nonce: String,
        /// Until when it has to be remembered.
        expires_at: UnixSeconds,
    },
    /// End all sessions of the user whose object this is, at the wish of one that began then.
    EndSessions(UnixSeconds),
    /// Say when the user whose object this is signed out last.
    SignedOutAt,
    /// Count what a network address asks for; this object belongs to the address.
    AdmitSource(Asked),
    /// Send a code for signing in to an address; this object is that of its scope.
    SendCode {
        /// To which.
        address: EmailAddress,
        /// Who asked.
        asker: Asker,
    },
    /// Use a code up.
    CheckCode {
        /// Whose it should be.
        address: EmailAddress,
        /// What the caller typed.
        code: String,
        /// Who tries it.
        asker: Asker,
    },
    /// Write down what became of a mail.
    MailEvent {
        /// The same whenever the provider says it again.
        webhook_id: String,
        /// The mail.
        mail_id: MailId,
        /// What became of it.
        fate: Fate,
    },
    /// Say whether the vault still needs the previous master key. A host that is lost is restored first, because its
    /// records in KV hold sealed values too.
    Resealed,
    /// What anybody may ask.
    AtHost(AtHost),
    /// What the host itself asks.
    Own(Own),
}

/// What strangers ask for before they have signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Asked {
    /// That a code is sent.
    ForCode,
    /// Whether a code is right.
    ForSession,
}

impl SignedIn {
    /// Of a session whose token is good.
    #[must_use]
    pub fn of(session: Session, fresh: bool) -> Self {
        let Session { user, scope, signed_in_at, expires_at } = session;
        Self { user, scope, fresh, signed_in_at, expires_at }
    }
}

impl Command {
    /// A command of our own, behind which no caller stands.
    #[must_use]
    pub const fn of_ours(request_id: RequestId, scope: ScopeId, action: Action) -> Self {
        Self {
            request_id,
            scope,
            origin: None,
            user: None,
            credential: None,
            source: Source::Unknown,
            action,
            cursor: None,
        }
    }

    /// Whether the caller is the host whose object this is.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        self.user.as_ref().is_some_and(|user| user.scope == self.scope)
    }
}

/// A call of a tool over plain HTTP.
pub struct HttpCall<'a> {
    /// The name of the tool.
    pub name: &'a str,
    /// The caller's headers.
    pub headers: &'a Headers,
    /// The arguments as JSON.
    pub body: &'a [u8],
}
