//! The headers of our requests (2026-07-28, standard headers; 2025-06-18, protocol version header).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::mcp::client::Connection;
use crate::mcp::eras::Era;

/// The newest version, with which a client of both eras starts.
pub(super) const MODERN_VERSION: &str = "2026-07-28";
/// The first version whose clients repeat it in a header.
const FIRST_WITH_HEADER: &str = "2025-06-18";

/// The headers of one request. `name` is the name of a tool.
pub(super) fn headers(
    connection: &Connection,
    method: &str,
    name: Option<&str>,
) -> Vec<(String, String)> {
    let mut headers = vec![
        ("content-type", "application/json".to_owned()),
        ("accept", "application/json, text/event-stream".to_owned()),
        ("user-agent", concat!("events-concierge/", env!("CARGO_PKG_VERSION")).to_owned()),
    ];
    match connection.era {
        Era::Modern => {
            headers.push(("mcp-protocol-version", connection.protocol.clone()));
            headers.push(("mcp-method", method.to_owned()));
            headers.extend(name.map(|name| ("mcp-name", encode(name))));
        }
        // Versions are dates. Before the handshake there is none.
        Era::Legacy => {
            if connection.protocol.as_str() >= FIRST_WITH_HEADER {
                headers.push(("mcp-protocol-version", connection.protocol.clone()));
            }
            headers.extend(connection.session.clone().map(|id| ("mcp-session-id", id)));
        }
    }
    headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The headers that open an event stream, or resume it after the event `event_id`.
pub(super) fn stream_headers(
    connection: &Connection,
    event_id: Option<&str>,
) -> Vec<(String, String)> {
    let mut headers = headers(connection, "", None);
    headers.retain(|(name, _)| !matches!(name.as_str(), "content-type" | "accept" | "mcp-method"));
    headers.push(("accept".to_owned(), "text/event-stream".to_owned()));
    headers.extend(event_id.map(|id| ("last-event-id".to_owned(), id.to_owned())));
    headers
}

/// A text as a header value: as it is if that is safe, else in base64.
pub(super) fn encode(text: &str) -> String {
    let is_plain = text.bytes().all(|b| matches!(b, b' '..=b'~'))
        && !text.is_empty()
        && text.trim() == text
        && !(text.starts_with("=?base64?") && text.ends_with("?="));
    if is_plain { text.to_owned() } else { format!("=?base64?{}?=", STANDARD.encode(text)) }
}

/// Whether a text is a valid session id: visible ASCII (2025-11-25, session management).
pub(super) fn is_session_id(text: &str) -> bool {
    (1..=1_024).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_plain_goes_in_base64() {
        for (text, value) in [
            ("listEvents", "listEvents"),
            ("a b", "a b"),
            (" a", "=?base64?IGE=?="),
            ("", "=?base64??="),
            ("é", "=?base64?w6k=?="),
            ("a\r\nb: c", "=?base64?YQ0KYjogYw==?="),
            ("=?base64?YQ==?=", "=?base64?PT9iYXNlNjQ/WVE9PT89?="),
        ] {
            assert_eq!(encode(text), value);
        }
    }

    #[test]
    fn the_id_of_a_session_cannot_smuggle_headers() {
        assert!(is_session_id("abc-123~!"));
        for text in ["", "a b", "a\r\nb", "é", &"x".repeat(1_025)] {
            assert!(!is_session_id(text), "{text:?}");
        }
    }
}
