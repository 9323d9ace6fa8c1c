//! Which web pages may call us (MCP, transports, security; Fetch, CORS).

use crate::config::{Config, is_loopback};
use crate::http::{Headers, Reply};

const ALLOW_HEADERS: &str = "content-type, accept, authorization, mcp-protocol-version, mcp-method, \
     mcp-name, mcp-session-id, last-event-id, payment-signature, payment-transaction, x-payment, \
     sign-in-with-x";
const EXPOSE_HEADERS: &str =
    "mcp-session-id, payment-required, payment-response, x-payment-response, x-request-id";
const ALLOW_METHODS: &str = "GET, POST, PATCH, DELETE, OPTIONS";

/// Whether the request may come in: no page that we do not know is behind it, and on a local
/// machine it was sent to that machine by name (DNS rebinding).
#[must_use]
pub fn is_allowed(headers: &Headers, config: &Config) -> bool {
    let origin_ok = headers.get("origin").is_none_or(|origin| {
        config.allowed_origins.iter().any(|allowed| allowed == origin)
            || (config.is_at_loopback() && is_local_origin(origin))
    });
    let host_ok = !config.is_at_loopback() || headers.get("host").is_none_or(is_loopback);
    origin_ok && host_ok
}

/// The answer to a preflight.
#[must_use]
pub fn preflight(headers: &Headers) -> Reply {
    // Tools may be called with `Mcp-Param-*` headers, whose names we cannot know.
    let asked = headers.get("access-control-request-headers").unwrap_or_default();
    let params: String = asked
        .split(',')
        .map(str::trim)
        .filter(|name| name.to_ascii_lowercase().starts_with("mcp-param-") && name.len() < 80)
        .take(20)
        .map(|name| format!(", {name}"))
        .collect();
    Reply::empty(204)
        .with_header("access-control-allow-methods", ALLOW_METHODS.to_owned())
        .with_header("access-control-allow-headers", format!("{ALLOW_HEADERS}{params}"))
        .with_header("access-control-max-age", "600".to_owned())
}

/// Headers that every answer to an allowed page carries.
#[must_use]
pub fn headers_for(origin: &str) -> [(&'static str, String); 3] {
    [
        ("access-control-allow-origin", origin.to_owned()),
        ("access-control-expose-headers", EXPOSE_HEADERS.to_owned()),
        ("vary", "origin".to_owned()),
    ]
}

fn is_local_origin(origin: &str) -> bool {
    origin.strip_prefix("http://").is_some_and(is_loopback)
}
