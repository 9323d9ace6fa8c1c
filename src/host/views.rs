//! REST responses to a host. The page's types are generated from these.

use serde::Serialize;

use crate::identity::access::Tier;
use crate::ledger::limits::LimitsView;
use crate::ledger::statement::Line;
use crate::mail::outbox::Line as MailLine;

/// The status of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "CredentialStatus"))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Active,
    Expired,
    Revoked,
}

/// The answer to a registration.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Registered {
    /// A name for the server in an MCP client's settings.
    pub name: String,
    /// The URL for MCP clients.
    pub mcp_url: String,
    /// The payout address (EIP-55).
    pub wallet_address: String,
    /// The payout address on Solana (base58), if payments are taken there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub solana_address: Option<String>,
    /// The scope, as in the server URL.
    pub url_safe_id: String,
    /// What happened, as a text for the user.
    pub message: &'static str,
}

/// The profile, as its host sees it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ProfileView {
    pub user_id: String,
    /// The payout address (EIP-55).
    pub wallet_address: String,
    /// The payout address on Solana (base58), if payments are taken there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub solana_address: Option<String>,
    /// The scope, as in the server URL.
    pub url_safe_id: String,
    /// The URL for MCP clients.
    pub mcp_url: String,
    pub products: Vec<&'static str>,
    /// The same list under its earlier name, for programs that still read it.
    pub doors: Vec<&'static str>,
    /// The host's name on its pages; empty if it has none.
    pub display_name: String,
    /// A short text on the host's page; empty if there is none.
    pub about: String,
    /// The path of the host's picture, if it uploaded one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub picture_path: Option<String>,
    /// What the picture shows, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub picture_alt: Option<String>,
    /// Whether the host chose to be found in the marketplace of this deployment.
    pub listed: bool,
    /// The limits for strangers.
    pub limits: LimitsView,
    /// Payments with an unknown outcome that the host has to decide.
    pub stuck_payments: u32,
    pub created_at: String,
    pub updated_at: String,
}

/// A page of payments.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct OwnPayments {
    /// Payments that the host has to decide, then the newest.
    pub payments: Vec<Line>,
    /// The cursor of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub next_cursor: Option<String>,
}

/// A page of mails.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct OwnMails {
    /// Mails of the last 30 days, newest first.
    pub mails: Vec<MailLine>,
    /// The cursor of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub next_cursor: Option<String>,
}

/// A credential of one of the host's programs, without its token.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CredentialView {
    pub id: String,
    /// A name of one line.
    pub name: String,
    pub tier: Tier,
    /// The tools that it may call; empty means all.
    pub tools: Vec<String>,
    /// The first characters of the token's random part (`mcp_{scope}_{hint}…`).
    pub hint: String,
    pub created_at: String,
    /// The last use, accurate to an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub last_used_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub expires_at: Option<String>,
    pub status: Status,
}

/// All credentials of a host.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct OwnCredentials {
    /// All of them, newest first.
    pub credentials: Vec<CredentialView>,
}

/// The response to a new credential. It is the only one with the token, so there is no `Debug`.
#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CreatedCredential {
    pub credential: CredentialView,
    /// The token; no other response contains it.
    pub token: String,
    /// The tools of active products that it may call.
    pub may_call: Vec<&'static str>,
    /// What the credential allows, as a text for the user.
    pub message: &'static str,
}

/// The answer to a revocation.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RevokedCredential {
    pub credential: CredentialView,
    /// What happened, as a text for the user.
    pub message: &'static str,
}
