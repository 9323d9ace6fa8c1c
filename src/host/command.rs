//! The gateway's command to a host's object, sent in an internal header.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::email::EmailAddress;
use crate::base::http::Headers;
use crate::base::id::{MailId, RequestId, ScopeId};
use crate::base::time::UnixSeconds;
use crate::http::route::{AtHost, Own};
use crate::http::source::Source;
use crate::identity::codes::Asker;
use crate::identity::{Session, TokenDigest, UserId};
use crate::mail::reports::Fate;
use crate::tickets::ask::Ask;

/// The internal header. The gateway forwards only known headers, so a caller cannot set this one.
pub const HEADER: &str = "x-concierge-command";

/// Internal response header after a proof of identity: when the new session begins, in seconds.
pub const SIGNED_IN_AT: &str = "x-concierge-signed-in-at";

/// A command to a host's object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Joins the response with our logs.
    pub request_id: RequestId,
    /// The scope of the object.
    pub scope: ScopeId,
    /// The allowed origin of the request, for the CORS headers of the response.
    pub origin: Option<String>,
    pub user: Option<SignedIn>,
    /// The digest of the caller's credential, not verified yet. It takes precedence over `user`.
    pub credential: Option<TokenDigest>,
    /// The caller's network source, for rate limits.
    pub source: Source,
    pub action: Action,
    /// The `cursor` query parameter of a list.
    pub cursor: Option<String>,
}

/// A caller with a valid session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    pub user: UserId,
    /// The scope of the user.
    pub scope: ScopeId,
    /// Whether the sign-in is recent enough to change the payout wallet and to create a credential that may send.
    pub fresh: bool,
    /// When the user signed in. Only the user's own object knows whether the user has signed out since.
    pub signed_in_at: UnixSeconds,
    /// When the session expires.
    pub expires_at: UnixSeconds,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Record the nonce of a sign-in as used.
    UseNonce {
        nonce: String,
        /// How long the record is needed.
        expires_at: UnixSeconds,
    },
    /// End all sessions of this object's user. The request comes from a session that began at this time.
    EndSessions(UnixSeconds),
    /// Return when this object's user last signed out.
    SignedOutAt,
    /// Apply the rate limit of a network address; the object belongs to that address.
    AdmitSource(Asked),
    /// Send a sign-in code to an e-mail address; the object belongs to the address's scope.
    SendCode { address: EmailAddress, asker: Asker },
    /// Verify a sign-in code and mark it as used.
    CheckCode {
        /// The address that the code was sent to.
        address: EmailAddress,
        /// The code as the caller typed it.
        code: String,
        asker: Asker,
    },
    /// Record the delivery status of a mail.
    MailEvent {
        /// The provider's id of the event; a repeat has the same id.
        webhook_id: String,
        mail_id: MailId,
        fate: Fate,
    },
    /// Take a customer's mail into the thread of its ticket. The body is a `mail::inbound::Incoming` in JSON.
    MailIn,
    /// Return whether the vault still needs the previous master key. A host with empty storage is restored first,
    /// because its records in KV hold sealed values too.
    Resealed,
    /// Return what these wallets have bought here. The gateway has their proofs. A host with empty storage is restored
    /// first.
    BoughtBy(Ask),
    /// A request that needs no sign-in.
    AtHost(AtHost),
    /// A request of the host.
    Own(Own),
}

/// A request before sign-in that has a rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Asked {
    /// A code by mail.
    ForCode,
    /// A session for a code.
    ForSession,
}

impl SignedIn {
    /// The caller of a session with a valid token.
    #[must_use]
    pub fn of(session: Session, fresh: bool) -> Self {
        let Session { user, scope, signed_in_at, expires_at } = session;
        Self { user, scope, fresh, signed_in_at, expires_at }
    }
}

impl Command {
    /// A command of the deployment itself, without a caller.
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

    /// Whether the caller is this object's host.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        self.user.as_ref().is_some_and(|user| user.scope == self.scope)
    }
}

/// A call of a tool over plain HTTP.
pub struct HttpCall<'a> {
    pub name: &'a str,
    pub headers: &'a Headers,
    /// The arguments as JSON.
    pub body: &'a [u8],
    /// The arguments of an example that stands for an empty body, where it is known already.
    pub example: Option<Value>,
}
