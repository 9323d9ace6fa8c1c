//! Writes cookies, and reads them by name.
//!
//! Every name begins with `__Host-` (RFC 6265bis, 4.1.3.2). A browser accepts such a cookie only from this host, over
//! HTTPS (or from `localhost`), so that neither a sibling subdomain nor a network can plant one.

/// The cookie of a session.
pub const SESSION: &str = "__Host-session";

/// The cookie that binds a mailed code to the browser that asked for it.
pub const CHALLENGE: &str = "__Host-code-challenge";
/// The cookie of a browser that has signed in by mail before.
pub const KNOWN: &str = "__Host-known-browser";

/// A `Set-Cookie` value that lasts for `seconds`; 0 deletes the cookie. `name` begins with `__Host-`.
#[must_use]
pub fn set(name: &str, value: &str, seconds: u32) -> String {
    format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}")
}

/// The value of the first cookie with this name in a `Cookie` header.
#[must_use]
pub fn find<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = header.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_is_a_host_cookie_that_a_neighbouring_subdomain_cannot_plant() {
        let cookie = set(SESSION, "v1.a.b", 60);
        assert!(cookie.starts_with("__Host-session=v1.a.b; "), "{cookie}");
        let attributes: Vec<&str> = cookie.split("; ").skip(1).collect();
        // The prefix requires Secure, Path=/, and no Domain.
        for wanted in ["Secure", "Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=60"] {
            assert!(attributes.contains(&wanted), "{wanted}");
        }
        assert!(!cookie.to_ascii_lowercase().contains("domain"));
    }

    #[test]
    fn a_cookie_of_another_name_is_no_session() {
        assert_eq!(find("a=1; __Host-session=v1.x.y=; b=2", SESSION), Some("v1.x.y="));
        for header in [
            "",
            "session=v1.x.y",
            "__host-session=v1.x.y",
            "x__Host-session=v1.x.y",
            "__Host-session",
            "__Host-session2=v1.x.y",
            "a=__Host-session=v1.x.y",
        ] {
            assert_eq!(find(header, SESSION), None, "{header}");
        }
    }
}
