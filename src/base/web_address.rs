//! Web addresses in normal form.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::base::standards::standards;

/// An address in the normal form of the URL standard, which `fetch` also brings it to. Of addresses that are neither `http`
/// nor `https` only the scheme and the whole text are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url(String);

/// A host, whatever way it was spelt in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host<'a> {
    /// In lower-case ASCII; it may end in a dot.
    Domain(&'a str),
    Ipv4(Ipv4Addr),
    Ipv6(Ipv6Addr),
}

impl Url {
    /// Parses untrusted text; `None` if it is no absolute address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // Each address has a scheme, and most texts that are none have no colon.
        if !text.contains(':') {
            return None;
        }
        standards().href(text, None).map(Self)
    }

    /// The address that a page at this one means with `text`.
    #[must_use]
    pub fn join(&self, text: &str) -> Option<Self> {
        standards().href(text, Some(&self.0)).map(Self)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// In lower case, without the colon.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.0.split_once(':').map_or("", |(scheme, _)| scheme)
    }

    /// Whether the scheme is `http` or `https`. Such an address has a host.
    #[must_use]
    pub fn is_web(&self) -> bool {
        matches!(self.scheme(), "http" | "https")
    }

    /// Whether a user name or password is in it: it can look like an address of another host.
    #[must_use]
    pub fn names_a_user(&self) -> bool {
        self.parts().0.contains('@')
    }

    /// The host as it is written; IPv6 in brackets. Empty if the scheme is another.
    #[must_use]
    pub fn host_str(&self) -> &str {
        self.host_and_port().0
    }

    /// `None` if the scheme is another, and for a host that cannot be.
    #[must_use]
    pub fn host(&self) -> Option<Host<'_>> {
        let host = self.host_str();
        if host.is_empty() {
            return None;
        }
        if let Some(inner) = host.strip_prefix('[') {
            return inner.strip_suffix(']')?.parse().ok().map(Host::Ipv6);
        }
        if let Ok(address) = host.parse() {
            return Some(Host::Ipv4(address));
        }
        // A number at the end is an IPv4 address, and all of these are in normal form already.
        let last = host.trim_end_matches('.').rsplit('.').next()?;
        let is_digits = !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit());
        let is_hex = |digits: &str| digits.bytes().all(|b| b.is_ascii_hexdigit());
        let is_number = is_digits || last.strip_prefix("0x").is_some_and(is_hex);
        (!is_number && host.is_ascii()).then_some(Host::Domain(host))
    }

    /// `None` if it is that of the scheme.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.host_and_port().1?.parse().ok()
    }

    /// The port, or that of the scheme.
    #[must_use]
    pub fn port_or_default(&self) -> Option<u16> {
        self.port().or(match self.scheme() {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        })
    }

    /// Begins with a slash. Empty if the scheme is another.
    #[must_use]
    pub fn path(&self) -> &str {
        let (_, rest) = self.parts();
        rest.split_once('?').map_or(rest, |(path, _)| path)
    }

    /// What follows the question mark, if there is one.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.parts().1.split_once('?').map(|(_, query)| query)
    }

    /// The decoded value of the first field of this name in the query.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<String> {
        let mut fields = form_urlencoded::parse(self.query().unwrap_or_default().as_bytes());
        fields.find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
    }

    #[must_use]
    pub fn has_fragment(&self) -> bool {
        self.0.contains('#')
    }

    /// The same without its fragment.
    #[must_use]
    pub fn without_fragment(mut self) -> Self {
        let end = self.0.find('#').unwrap_or(self.0.len());
        self.0.truncate(end);
        self
    }

    /// Scheme, host and port; `None` if the scheme is another: such an address has no origin but itself.
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        self.is_web().then(|| format!("{}://{}", self.scheme(), self.authority()))
    }

    /// Whether both have the same origin.
    #[must_use]
    pub fn is_same_origin(&self, other: &Self) -> bool {
        self.is_web() && self.origin() == other.origin()
    }

    /// The host, with the port unless it is that of the scheme.
    #[must_use]
    pub fn authority(&self) -> &str {
        let (authority, _) = self.parts();
        authority.rsplit_once('@').map_or(authority, |(_, host)| host)
    }

    /// User, host and port, and the rest up to the fragment. In normal form, none of the characters that divide an address stands for
    /// itself in one of its parts.
    fn parts(&self) -> (&str, &str) {
        if !self.is_web() {
            return ("", "");
        }
        let whole = self.0.split_once('#').map_or(self.0.as_str(), |(whole, _)| whole);
        let rest = whole.split_once("://").map_or("", |(_, rest)| rest);
        rest.split_at(rest.find('/').unwrap_or(rest.len()))
    }

    fn host_and_port(&self) -> (&str, Option<&str>) {
        match self.authority().rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (self.authority(), None),
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Url> for String {
    fn from(url: Url) -> Self {
        url.0
    }
}

/// Names and values as the query of an address, without the question mark.
#[must_use]
pub fn query_of<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::Value;

    use super::*;

    /// Whatever the standard's parser says, the parts are those that it says.
    #[test]
    fn an_address_in_normal_form_is_divided_as_the_standard_does() {
        let place = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/standards.json");
        let vectors: Value = serde_json::from_str(&fs::read_to_string(place).unwrap()).unwrap();
        let addresses = vectors["addresses"].as_array().unwrap();
        let hrefs = addresses.iter().filter_map(|one| one["href"].as_str());
        for href in hrefs {
            let (ours, theirs) = (Url(href.to_owned()), url::Url::parse(href).unwrap());
            assert_eq!(theirs.as_str(), href, "it is in normal form");
            assert_eq!(ours.scheme(), theirs.scheme(), "{href}");
            assert_eq!(ours.has_fragment(), theirs.fragment().is_some(), "{href}");
            if !ours.is_web() {
                let parts = (ours.host(), ours.path(), ours.origin(), ours.names_a_user());
                assert_eq!(parts, (None, "", None, false), "{href}");
                continue;
            }
            let has_user = !theirs.username().is_empty() || theirs.password().is_some();
            assert_eq!(ours.names_a_user(), has_user, "{href}");
            assert_eq!(Some(ours.host_str()), theirs.host_str(), "{href}");
            let host = theirs.host().map(|host| match host {
                url::Host::Domain(name) => Host::Domain(name),
                url::Host::Ipv4(address) => Host::Ipv4(address),
                url::Host::Ipv6(address) => Host::Ipv6(address),
            });
            assert_eq!(ours.host(), host, "{href}");
            let ports = (ours.port(), ours.port_or_default());
            assert_eq!(ports, (theirs.port(), theirs.port_or_known_default()), "{href}");
            assert_eq!((ours.path(), ours.query()), (theirs.path(), theirs.query()), "{href}");
            assert_eq!(ours.origin(), Some(theirs.origin().ascii_serialization()), "{href}");
            let mut bare = theirs.clone();
            bare.set_fragment(None);
            assert_eq!(ours.without_fragment().as_str(), bare.as_str());
        }
    }

    #[test]
    fn a_host_that_the_standard_cannot_have_written_is_none() {
        for host in [
            "127.1",
            "2130706433",
            "0x7f.1",
            "1.2.3.4.5",
            "1.2.3.4.",
            "[::1",
            "[1::2::3]",
            "b\u{fc}cher.example",
        ] {
            assert_eq!(Url(format!("https://{host}/")).host(), None, "{host}");
        }
    }

    #[test]
    fn a_query_is_read_as_it_is_written() {
        let query = query_of([("a b", "1&2=3"), ("c", "\u{e9}+%"), ("c", "later")]);
        assert_eq!(query, "a+b=1%262%3D3&c=%C3%A9%2B%25&c=later");
        let url = Url(format!("https://example.org/?{query}#x?c=0"));
        assert_eq!(url.field("a b").as_deref(), Some("1&2=3"));
        assert_eq!(url.field("c").as_deref(), Some("\u{e9}+%"));
        assert_eq!(url.field("d"), None);
    }
}
