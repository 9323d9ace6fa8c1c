//! Errors of calls to other people's servers.

use serde_json::Value;

use crate::base::text;
use crate::mcp::client::CONNECT_MILLIS;
use crate::mcp::eras::{LEGACY, MODERN};
use crate::mcp::wire::{
    HEADER_MISMATCH, INVALID_REQUEST, METHOD_NOT_FOUND, MISSING_CAPABILITY, PARSE_ERROR,
    UNSUPPORTED_VERSION,
};
use crate::ports::HttpError;
use crate::rails::x402::payer::CallError;

const WORDS_MAX: usize = 500;
/// Versions of MCP that are read from a refusal, and the characters that are shown of each.
const VERSIONS_MAX: usize = 20;
const VERSION_CHARS_MAX: usize = 30;

/// Why a server gave no result. The messages are for the user; texts of a server are bounded and without control
/// characters.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ClientError {
    /// We do not send to this URL.
    #[error("this address is not allowed: {0}")]
    NotAllowed(&'static str),
    /// No connection, or it broke. It is unknown whether the request arrived.
    #[error("the server cannot be reached ({0}); check the address or try again later")]
    Unreachable(String),
    /// No answer in time.
    #[error("the server did not answer in time; try again later")]
    Timeout,
    /// The answer exceeds the size limit.
    #[error("the server's answer is too long")]
    TooLong,
    /// An HTTP status without an MCP answer.
    #[error("the server answers HTTP {status}{}", hint(*status))]
    Status {
        status: u16,
        /// The server's retry time, seconds.
        retry_after: Option<u32>,
    },
    /// A redirect to another origin, one that changes the method, or one too many.
    #[error("the server redirects elsewhere (HTTP {status}); connect to its new address instead")]
    Redirect { status: u16 },
    /// An answer that violates MCP.
    #[error("the server's answer is not what MCP says it must be: {0}")]
    Protocol(String),
    /// The server asks for input (`input_required`, 2026-07-28).
    #[error("the server asks for more input before it answers, which this agent cannot give")]
    InputRequired,
    /// It refuses every version of MCP that we support.
    #[error(
        "the server does not speak a version of MCP that this agent speaks (it names: {theirs}; this agent speaks {ours}); nothing was done, ask its operator for one of these"
    )]
    NoCommonVersion {
        /// The versions that it names; bounded.
        theirs: String,
        /// The versions that we support.
        ours: String,
    },
    /// Connecting took longer than the timeout for all its steps.
    #[error(
        "the server did not let this agent connect within {} seconds; try again later",
        CONNECT_MILLIS / 1_000
    )]
    ConnectTimeout,
    /// A JSON-RPC error of the server.
    #[error("the server answers: {message} (code {code})")]
    Rpc {
        code: i64,
        message: String,
        /// The `data` member of the error.
        data: Option<Value>,
        /// HTTP status of the answer.
        status: u16,
    },
}

impl CallError for ClientError {
    fn rpc(&self) -> Option<(i64, &str, Option<&Value>)> {
        match self {
            Self::Rpc { code, message, data, .. } => Some((*code, message, data.as_ref())),
            Self::NotAllowed(_)
            | Self::Unreachable(_)
            | Self::Timeout
            | Self::TooLong
            | Self::Status { .. }
            | Self::Redirect { .. }
            | Self::Protocol(_)
            | Self::InputRequired
            | Self::NoCommonVersion { .. }
            | Self::ConnectTimeout => None,
        }
    }

    fn says_nothing_was_done(&self) -> bool {
        self.says_nothing_was_done()
    }
}

impl ClientError {
    /// Whether it is certain that the server did not carry out the request.
    ///
    /// False if it may have been carried out: no answer, half an answer, a fault of the server, or an error that
    /// servers also give after the work is done. For a call with a payment, false means that money may have moved.
    #[must_use]
    pub fn says_nothing_was_done(&self) -> bool {
        match self {
            Self::NotAllowed(_) | Self::NoCommonVersion { .. } => true,
            Self::Status { status, .. } => {
                matches!(status, 400 | 401 | 403 | 404 | 405 | 406 | 413 | 415 | 429)
            }
            // The older statuses also redirect to a result after the work is done.
            Self::Redirect { status } => matches!(status, 307 | 308),
            // -32602 is not among them: some servers use it for a result that they have made.
            Self::Rpc { code, status, .. } => {
                let codes = [
                    PARSE_ERROR,
                    INVALID_REQUEST,
                    METHOD_NOT_FOUND,
                    HEADER_MISMATCH,
                    MISSING_CAPABILITY,
                    UNSUPPORTED_VERSION,
                ];
                *status < 500 && codes.into_iter().any(|sure| i64::from(sure) == *code)
            }
            Self::Unreachable(_)
            | Self::Timeout
            | Self::ConnectTimeout
            | Self::TooLong
            | Self::Protocol(_)
            | Self::InputRequired => false,
        }
    }

    /// Whether a retry may help, and the server's retry time in seconds.
    pub(super) fn passes(&self) -> Option<Option<u32>> {
        match self {
            Self::Unreachable(_) => Some(None),
            Self::Status { status: 429 | 500..=599, retry_after } => Some(*retry_after),
            Self::Status { .. }
            | Self::NotAllowed(_)
            | Self::NoCommonVersion { .. }
            | Self::Timeout
            | Self::ConnectTimeout
            | Self::TooLong
            | Self::Redirect { .. }
            | Self::Protocol(_)
            | Self::InputRequired
            | Self::Rpc { .. } => None,
        }
    }

    /// Whether it is a JSON-RPC error with this code.
    pub(super) fn is_rpc(&self, wanted: i32) -> bool {
        matches!(self, Self::Rpc { code, .. } if *code == i64::from(wanted))
    }

    /// The versions of MCP that the server speaks, if it refuses ours and names them.
    pub(super) fn supported(&self) -> Vec<&str> {
        let Self::Rpc { data: Some(data), .. } = self else { return Vec::new() };
        let named = data.get("supported").and_then(Value::as_array).into_iter().flatten();
        named.filter_map(Value::as_str).take(VERSIONS_MAX).collect()
    }

    /// The refusal of every version that we speak, for people.
    pub(super) fn no_common_version(theirs: &[&str]) -> Self {
        let named: Vec<String> =
            theirs.iter().take(VERSIONS_MAX).map(|it| text::line(it, VERSION_CHARS_MAX)).collect();
        let theirs = if named.is_empty() { "none".to_owned() } else { named.join(", ") };
        Self::NoCommonVersion { theirs, ours: [MODERN, LEGACY].concat().join(", ") }
    }

    /// Whether it came with this status of HTTP.
    pub(super) fn has_status(&self, wanted: u16) -> bool {
        matches!(self, Self::Status { status, .. } | Self::Rpc { status, .. } if *status == wanted)
    }

    pub(super) fn protocol(what: &str) -> Self {
        Self::Protocol(text::line(what, WORDS_MAX))
    }

    /// The `error` of a JSON-RPC answer.
    pub(super) fn rpc(error: &Value, status: u16) -> Self {
        let message = error.get("message").and_then(Value::as_str).unwrap_or("no message");
        Self::Rpc {
            code: error.get("code").and_then(Value::as_i64).unwrap_or_default(),
            message: text::line(message, WORDS_MAX),
            data: error.get("data").cloned(),
            status,
        }
    }
}

impl From<HttpError> for ClientError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Timeout => Self::Timeout,
            HttpError::TooLong => Self::TooLong,
            moved @ HttpError::Redirected { .. } => {
                Self::Unreachable(text::line(&moved.to_string(), WORDS_MAX))
            }
            HttpError::Connection(why) => Self::Unreachable(text::line(&why, WORDS_MAX)),
        }
    }
}

const fn hint(status: u16) -> &'static str {
    match status {
        401 | 403 => "; it wants a sign-in that this agent does not have",
        402 => "; it wants a payment over plain HTTP, which this agent makes over MCP only",
        404 | 405 => "; is this the address of an MCP server?",
        429 => "; it is asked too often, try again later",
        500..=599 => "; try again later",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn status(status: u16) -> ClientError {
        ClientError::Status { status, retry_after: None }
    }

    fn rpc(code: i64, status: u16) -> ClientError {
        ClientError::rpc(&json!({"code": code, "message": "m"}), status)
    }

    #[test]
    fn what_may_have_been_carried_out_is_never_called_undone() {
        for error in [
            ClientError::Unreachable("cut".to_owned()),
            ClientError::Timeout,
            ClientError::TooLong,
            ClientError::protocol("half"),
            ClientError::InputRequired,
            ClientError::Redirect { status: 302 },
            ClientError::Redirect { status: 303 },
            status(200),
            status(402),
            status(408),
            status(409),
            status(500),
            status(504),
            rpc(-32_603, 200),
            rpc(-32_602, 200),
            rpc(-32_600, 500),
            rpc(-32_000, 400),
            rpc(402, 200),
            rpc(0, 200),
        ] {
            assert!(!error.says_nothing_was_done(), "{error}");
        }
        for error in [
            ClientError::NotAllowed("x"),
            ClientError::Redirect { status: 307 },
            status(404),
            status(429),
            rpc(-32_601, 404),
            rpc(-32_020, 400),
        ] {
            assert!(error.says_nothing_was_done(), "{error}");
        }
    }

    #[test]
    fn the_words_of_a_server_are_bounded() {
        let long = json!({"code": 1, "message": format!("\u{1b}[2J{}", "x".repeat(5_000))});
        let text = ClientError::rpc(&long, 200).to_string();
        assert!(text.len() < 600 && !text.contains('\u{1b}'), "{text}");
        let text = ClientError::from(HttpError::Connection("y".repeat(5_000))).to_string();
        assert!(text.len() < 700, "{text}");
    }
}
