//! The URLs that we connect to. Users name them, so they must not let anyone reach what only we can reach.
//!
//! A public name may still resolve to a private address, which cannot be seen here. The Workers runtime has no route
//! into a private network, and we never resolve names ourselves.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::base::id::ScopeId;
use crate::base::web_address::{Host, Url};
use crate::mcp::client::{ClientError, Rules};

/// The longest URL that we connect to, bytes.
pub const URL_BYTES_MAX: usize = 2_048;

/// Suffixes of names that do not exist on the public internet.
const LOCAL_ENDINGS: &[&str] = &[
    "localhost",
    "local",
    "localdomain",
    "internal",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
    "home.arpa",
];

/// The target of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A server of this deployment.
    Server(ScopeId),
    /// Any other host on the internet.
    Web,
}

impl Rules {
    /// The normalized URL, without its fragment, if we may connect to it.
    ///
    /// # Errors
    ///
    /// [`ClientError::NotAllowed`] says what is wrong with it.
    pub fn check(&self, address: &str) -> Result<Url, ClientError> {
        if address.len() > URL_BYTES_MAX {
            return Err(ClientError::NotAllowed("it is too long"));
        }
        let url = Url::parse(address.trim())
            .ok_or(ClientError::NotAllowed("it is not a URL such as https://…/mcp"))?
            .without_fragment();
        self.target(&url)?;
        Ok(url)
    }

    /// Whether it is the URL of a server of this deployment.
    #[must_use]
    pub fn is_own(&self, address: &str) -> bool {
        Url::parse(address).is_some_and(|url| matches!(self.target(&url), Ok(Target::Server(_))))
    }

    /// The target of a request to a URL.
    pub(super) fn target(&self, url: &Url) -> Result<Target, ClientError> {
        let refuse = |why| Err(ClientError::NotAllowed(why));
        if url.as_str().len() > URL_BYTES_MAX {
            return refuse("it is too long");
        }
        if !url.is_web() {
            return refuse("it must begin with https://");
        }
        if url.names_a_user() {
            return refuse("it must not contain a user name or password");
        }
        if let Some(server) = self.own_server(url)? {
            return Ok(Target::Server(server));
        }
        if self.is_local {
            return Ok(Target::Web);
        }
        if url.scheme() != "https" {
            return refuse("it must begin with https://");
        }
        if is_public(url.host()) {
            Ok(Target::Web)
        } else {
            refuse("it does not lead to a public server")
        }
    }

    /// The server at a URL of this deployment; `None` for another host.
    fn own_server(&self, url: &Url) -> Result<Option<ScopeId>, ClientError> {
        let Some(own) = Url::parse(&self.public_url) else { return Ok(None) };
        let without_dot =
            |url: &Url| (url.host_str().trim_end_matches('.').to_owned(), url.port_or_default());
        // The scheme does not matter: every scheme is this deployment.
        if without_dot(&own) != without_dot(url) {
            return Ok(None);
        }
        let beginning = format!("{}/mcp/users/", own.path().trim_end_matches('/'));
        let scope = url.path().strip_prefix(&beginning).and_then(|rest| {
            let rest = rest.strip_suffix('/').unwrap_or(rest);
            ScopeId::parse(rest).ok()
        });
        // There is nothing else of ours for agents, and a Worker that fetches itself does not reach itself.
        let why = "server URLs of this service are /mcp/users/{32 hex digits}";
        scope.map(Some).ok_or(ClientError::NotAllowed(why))
    }
}

/// Whether a host may be on the public internet. [`Url`] normalizes every spelling of an IP address (octal,
/// hexadecimal, with parts missing).
fn is_public(host: Option<Host<'_>>) -> bool {
    match host {
        None => false,
        Some(Host::Ipv4(address)) => is_public_v4(address),
        Some(Host::Ipv6(address)) => is_public_v6(address),
        Some(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
            let is_local = LOCAL_ENDINGS.iter().any(|ending| {
                name.strip_suffix(ending).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            });
            let labels = name.split('.');
            labels.clone().count() > 1 && labels.clone().all(|label| !label.is_empty()) && !is_local
        }
    }
}

/// IANA, IPv4 Special-Purpose Address Registry, and multicast.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127, ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            | (224..=255, ..)
    )
}

/// Only global unicast (`2000::/3`), without the ranges for IPv4 addresses and for documentation. All other ranges,
/// such as `::ffff:0:0/96`, `64:ff9b::/96`, `fc00::/7`, `fe80::/10` and `ff00::/8`, are outside of `2000::/3`.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let is_special = match first {
        // 2001::/23 (which includes Teredo) and 2001:db8::/32
        0x2001 => second < 0x200 || second == 0xdb8,
        // 6to4
        0x2002 => true,
        // 3fff::/20, documentation
        0x3fff => second < 0x1000,
        _ => false,
    };
    (0x2000..0x4000).contains(&first) && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCOPE: &str = "0123456789abcdef0123456789abcdef";

    const PRIVATE: &str = "
        127.0.0.1 127.1 2130706433 0x7f000001 0x7f.0.0.1 017700000001 0177.1 127.0.0.1.
        0.0.0.0 0 10.0.0.1 10.255.255.255 100.64.0.1 100.127.1.1 169.254.169.254 0xa9fea9fe
        172.16.0.1 172.31.255.255 192.0.0.1 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1
        198.51.100.7 203.0.113.7 224.0.0.1 240.0.0.1 255.255.255.255 １２７.0.0.1 127。0。0。1
        [::] [::1] [::ffff:127.0.0.1] [::ffff:8.8.8.8] [::ffff:7f00:1] [::127.0.0.1]
        [64:ff9b::7f00:1] [64:ff9b:1::1] [fc00::1] [fdff::1] [fe80::1] [fec0::1] [ff02::1]
        [100::1] [2001::1] [2001:1ff::1] [2001:db8::1] [2002:7f00:1::] [3fff:fff::1]
        [4000::1] localhost LOCALHOST server com. localhost. a.localhost printer.local db.internal
        metadata.google.internal router.lan x.home.arpa intranet a..example.com host.corp
        a.localdomain ｌocalhost
    ";

    fn rules(is_local: bool) -> Rules {
        let public_url = if is_local { "http://localhost:8787" } else { "https://events.example" };
        Rules { public_url: public_url.to_owned(), is_local }
    }

    fn target(rules: &Rules, address: &str) -> Result<Target, ClientError> {
        rules.target(&rules.check(address)?)
    }

    #[test]
    fn private_addresses_are_refused_in_every_spelling() {
        for host in PRIVATE.split_whitespace() {
            let answer = target(&rules(false), &format!("https://{host}/mcp"));
            assert!(matches!(answer, Err(ClientError::NotAllowed(_))), "{host}: {answer:?}");
            let answer = target(&rules(false), &format!("https://{host}:8443/mcp"));
            assert!(matches!(answer, Err(ClientError::NotAllowed(_))), "{host}: {answer:?}");
        }
    }

    #[test]
    fn public_servers_are_allowed() {
        for host in [
            "mcp.example.com",
            "MCP.Example.COM.",
            "xn--bcher-kva.example",
            "8.8.8.8",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "[2606:4700::1111]",
            "[2001:4860::8888]",
            "notlocal.example",
            "mylocalhost.dev",
            "local.example.org",
        ] {
            assert_eq!(
                target(&rules(false), &format!("https://{host}/mcp")),
                Ok(Target::Web),
                "{host}"
            );
        }
    }

    #[test]
    fn only_https_without_credentials_and_of_bounded_length_is_allowed() {
        let long = format!("https://mcp.example.com/{}", "a".repeat(URL_BYTES_MAX));
        // It becomes longer when it is normalized.
        let swells = format!("https://mcp.example.com/{}", "é".repeat(1_000));
        for address in [
            "http://mcp.example.com/",
            "ftp://mcp.example.com/",
            "file:///etc/passwd",
            "data:,x",
            "javascript:alert(1)",
            "ws://mcp.example.com/",
            "mcp.example.com",
            "",
            "https://",
            "https://user@mcp.example.com/",
            "https://user:word@mcp.example.com/",
            "https://:word@mcp.example.com/",
            "https://mcp.example.com:99999/",
            &long,
            &swells,
        ] {
            let answer = target(&rules(false), address);
            assert!(matches!(answer, Err(ClientError::NotAllowed(_))), "{address}: {answer:?}");
        }
        let checked = rules(false).check(" https://MCP.example.com/a#b ").unwrap();
        assert_eq!(checked.as_str(), "https://mcp.example.com/a");
    }

    #[test]
    fn a_local_deployment_reaches_local_servers() {
        let rules = rules(true);
        for address in
            ["http://127.0.0.1:3000/mcp", "http://localhost:3000/mcp", "http://db.internal/"]
        {
            assert_eq!(target(&rules, address), Ok(Target::Web), "{address}");
        }
        assert!(target(&rules, "http://user@127.0.0.1/").is_err());
        assert!(target(&rules, "file:///etc/passwd").is_err());
    }

    #[test]
    fn servers_of_this_deployment_are_reached_without_leaving_it() {
        let server = Ok(Target::Server(ScopeId::parse(SCOPE).unwrap()));
        for address in [
            format!("https://events.example/mcp/users/{SCOPE}"),
            format!("https://EVENTS.example.:443/mcp/users/{SCOPE}/"),
        ] {
            assert_eq!(target(&rules(false), &address), server, "{address}");
        }
        let local = format!("http://localhost:8787/mcp/users/{SCOPE}");
        assert_eq!(target(&rules(true), &local), server);
        let other_port = format!("http://localhost:3000/mcp/users/{SCOPE}");
        assert_eq!(target(&rules(true), &other_port), Ok(Target::Web));
    }

    #[test]
    fn nothing_else_of_this_deployment_is_reached() {
        for path in ["", "mcp", "api/users/me", "mcp/users/short", "facilitator/settle"] {
            for (is_local, base) in
                [(false, "https://events.example"), (true, "http://localhost:8787")]
            {
                let answer = target(&rules(is_local), &format!("{base}/{path}"));
                assert!(matches!(answer, Err(ClientError::NotAllowed(_))), "{path}: {answer:?}");
            }
        }
    }
}
