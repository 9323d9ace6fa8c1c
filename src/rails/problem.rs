//! An abort as a problem document (RFC 9457, `application/problem+json`).

use serde::Serialize;
use serde_json::json;

use crate::base::code::Code;
use crate::base::http::{PROBLEM_JSON, Reply};
use crate::base::id::RequestId;
use crate::rails::outcome::Abort;

/// An error (RFC 9457, `application/problem+json`).
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Stable: `urn:events-concierge:problem:` and a code.
    pub r#type: String,
    /// The code, in plain words.
    pub title: String,
    /// The HTTP status of the answer.
    pub status: u16,
    /// What is wrong and what to do.
    pub detail: String,
    /// Joins with the logs.
    pub request_id: String,
    /// `no`, `unknown` or `yes`.
    pub money_moved: &'static str,
    /// x402 extensions: how a wallet that has paid before gets its answer (`sign-in-with-x`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional, type = "Record<string, unknown>"))]
    pub extensions: Option<serde_json::Value>,
}

/// An abort as problem+json.
#[must_use]
pub fn of_abort(abort: &Abort, request_id: &RequestId) -> Reply {
    let body = json!(Problem {
        r#type: format!("urn:events-concierge:problem:{}", abort.code),
        title: abort.code.as_str().replace('_', " "),
        status: abort.status,
        detail: format!("{}{}", sentence(&abort.detail), abort.money.sentence()),
        request_id: request_id.to_string(),
        money_moved: abort.money.word(),
        extensions: abort.extensions(),
    });
    let mut reply = Reply::text(abort.status, PROBLEM_JSON, body.to_string());
    if abort.code == Code::CredentialRefused {
        // RFC 6750, 3.1: tells the client that the token was refused.
        let how = "Bearer error=\"invalid_token\"";
        reply = reply.with_header("www-authenticate", how.to_owned());
    }
    match abort.retry_after {
        Some(seconds) => reply.with_header("retry-after", seconds.to_string()),
        None => reply,
    }
}

/// The text with a full stop, so that another sentence can follow.
pub(crate) fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}
