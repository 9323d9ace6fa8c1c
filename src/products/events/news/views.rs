//! What a host sees of messages and other news.

use serde::Serialize;

use crate::products::events::news::kind::Kind;

/// The answer of `messageGuests`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct MessageAnswer {
    pub success: bool,
    /// Whether mails go out now. Otherwise the answer says what would.
    pub is_sent: bool,
    /// Addresses that get the message.
    pub recipients: u32,
    /// Addresses that have got exactly this message already; they get it once.
    pub already: u32,
    /// Addresses that want no more messages of this host.
    pub unsubscribed: u32,
    /// Guests who gave no address.
    pub without_address: u32,
    /// The mail as a guest reads it.
    pub preview: MailPreview,
    /// A message for the host.
    pub message: String,
}

/// A mail as it is read.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct MailPreview {
    pub subject: String,
    pub text: String,
}

/// One occasion on which guests were told something.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct NewsLine {
    pub id: String,
    pub kind: Kind,
    /// Of a message; otherwise empty.
    pub subject: String,
    /// Addresses that it is for.
    pub recipients: u32,
    /// Of them, those whose mail is queued or has left.
    pub sent: u32,
    /// Those whose mail is still to be made. The others had left or unsubscribed in between.
    pub waiting: u32,
    pub created_at: String,
}

/// The answer of `GET /api/users/events/{id}/messages`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct NewsLines {
    /// The newest 50 of the last 30 days, the newest first.
    pub news: Vec<NewsLine>,
}
