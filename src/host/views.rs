//! What a host is told over REST, as types: the page's own are written from these.

use serde::Serialize;

use crate::identity::access::Tier;
use crate::ledger::limits::LimitsView;
use crate::ledger::statement::Line;
use crate::mail::outbox::Line as MailLine;

/// Where a credential is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "CredentialStatus"))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It is good.
    Active,
    /// Its time is over.
    Expired,
    /// Its host has revoked it.
    Revoked,
}

/// The answer to a registration.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Registered {
    /// A name for the server in a client's settings.
    pub name: String,
    /// The server.
    pub mcp_url: String,
    /// Who is paid.
    pub wallet_address: String,
    /// The scope.
    pub url_safe_id: String,
    /// What happened, for people.
    pub message: &'static str,
}

/// The host's own record.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ProfileView {
    /// Who.
    pub user_id: String,
    /// Who is paid.
    pub wallet_address: String,
    /// The scope.
    pub url_safe_id: String,
    /// The server.
    pub mcp_url: String,
    /// The products that are switched on.
    pub products: Vec<&'static str>,
    /// The same list under its old name, for programs that still read it.
    pub doors: Vec<&'static str>,
    /// What strangers may do there.
    pub limits: LimitsView,
    /// Payments that wait for the host's word, because nobody else can say what became of them.
    pub stuck_payments: u32,
    /// When the host registered.
    pub created_at: String,
    /// When the record last changed.
    pub updated_at: String,
}

/// A page of payments.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct OwnPayments {
    /// What waits for the host's word, then the newest.
    pub payments: Vec<Line>,
    /// For the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub next_cursor: Option<String>,
}

/// A page of mails.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct OwnMails {
    /// The newest first, of the last 30 days.
    pub mails: Vec<MailLine>,
    /// For the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub next_cursor: Option<String>,
}

/// A credential of one of the host's programs, without its token.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CredentialView {
    /// Its id.
    pub id: String,
    /// One line.
    pub name: String,
    /// How far it may go.
    pub tier: Tier,
    /// The tools that it may call; none stands for all.
    pub tools: Vec<String>,
    /// The first characters of the token's random part (`mcp_{scope}_{hint}…`).
    pub hint: String,
    /// When it was made.
    pub created_at: String,
    /// When it was used last, give or take an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub last_used_at: Option<String>,
    /// From when on it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub expires_at: Option<String>,
    /// Whether it is good.
    pub status: Status,
}

/// All credentials of a host.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct OwnCredentials {
    /// The newest first.
    pub credentials: Vec<CredentialView>,
}

/// The answer to a new credential, and the only one with its token; hence no `Debug`.
#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CreatedCredential {
    /// The credential.
    pub credential: CredentialView,
    /// The token, shown this once.
    pub token: String,
    /// The tools of the open products that it may call.
    pub may_call: Vec<&'static str>,
    /// What it is good for, for people.
    pub message: &'static str,
}

/// The answer to a revocation.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RevokedCredential {
    /// The credential.
    pub credential: CredentialView,
    /// What has happened, for people.
    pub message: &'static str,
}
