//! The web origins that may call us (MCP, transports, security; Fetch, CORS).

use crate::base::http::{Headers, Reply};
use crate::config::{Config, is_loopback};

const ALLOW_HEADERS: &str = "content-type, accept, authorization, mcp-protocol-version, mcp-method, \
     mcp-name, mcp-session-id, last-event-id, payment-signature, payment-transaction, x-payment, \
     sign-in-with-x, accept-payment";
const EXPOSE_HEADERS: &str = "mcp-session-id, payment-required, payment-response, x-payment-response, x-request-id, \
     www-authenticate, payment-receipt";
/// Limits of the additional headers in a preflight: their number, and the length of a name.
const ASKED_MAX: usize = 20;
const NAME_BYTES_MAX: usize = 80;
const ALLOW_METHODS: &str = "GET, HEAD, POST, PATCH, DELETE, OPTIONS";

/// Refuses a request of an unknown web origin and, on a local machine, a request that does not name that machine in
/// `Host` (DNS rebinding). The text is for the caller and names the setting.
#[must_use]
pub fn refusal(headers: &Headers, config: &Config) -> Option<String> {
    let is_at_loopback = config.is_at_loopback();
    if is_at_loopback && headers.get("host").is_some_and(|host| !is_loopback(host)) {
        return Some(format!(
            "PUBLIC_URL is {}, so only this machine may call; a deployment for others needs its own address there: `npm run deploy` sets it",
            config.public_url
        ));
    }
    let origin = headers.get("origin")?;
    let is_known = config.allowed_origins.iter().any(|allowed| allowed == origin)
        || (is_at_loopback && is_local_origin(origin));
    (!is_known).then(|| {
        format!(
            "requests from this origin are not allowed; the page is at {} (PUBLIC_URL), and ALLOWED_ORIGINS may name further origins",
            config.public_url
        )
    })
}

/// The answer to a preflight.
#[must_use]
pub fn preflight(headers: &Headers) -> Reply {
    // Any other header of an allowed origin: `Mcp-Param-*` has unknown names, and libraries add their own (those of
    // x402 send `Access-Control-Expose-Headers`).
    let asked = headers.get("access-control-request-headers").unwrap_or_default();
    let more: String = asked
        .split(',')
        .map(str::trim)
        .filter(|name| is_name(name))
        .take(ASKED_MAX)
        .map(|name| format!(", {name}"))
        .collect();
    Reply::empty(204)
        .with_header("access-control-allow-methods", ALLOW_METHODS.to_owned())
        .with_header("access-control-allow-headers", format!("{ALLOW_HEADERS}{more}"))
        .with_header("access-control-max-age", "600".to_owned())
}

/// Whether it is a valid header name within the length limit.
fn is_name(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_part)
}

/// The headers of every answer to an allowed origin.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preflight_is_allowed_what_it_asks_for_within_reason() {
        let long = "x".repeat(NAME_BYTES_MAX);
        let many = (0..40).map(|n| format!("X-More-{n}")).collect::<Vec<_>>().join(",");
        for (asked, allowed) in [
            ("access-control-expose-headers, PAYMENT-SIGNATURE", true),
            ("Mcp-Param-City,access-control-expose-headers", true),
            (&*format!("a b, x:y, {long}, \u{fc}, , access-control-expose-headers"), true),
            (&*format!("{many}, access-control-expose-headers"), false),
            ("", false),
        ] {
            let asks = ("access-control-request-headers".to_owned(), asked.to_owned());
            let reply = preflight(&Headers::new(vec![asks]));
            let said =
                reply.headers.iter().find(|(name, _)| *name == "access-control-allow-headers");
            let said = &said.unwrap().1;
            assert_eq!(said.contains("access-control-expose-headers"), allowed, "{said}");
            assert!(said.is_ascii() && !said.contains(&long) && !said.contains(':'), "{said}");
            assert!(said.split(',').count() < 40, "{said}");
        }
    }
}
