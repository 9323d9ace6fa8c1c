//! E-mail addresses in normal form.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::fields::{self, InvalidField};
use crate::base::web_address::{Host, Url};

const BYTES_MAX: usize = 254;
const NAME_BYTES_MAX: usize = 64;
const HOST_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;

/// One e-mail address in normal form: lower-case ASCII, without a display name. It cannot end a header or add a second
/// recipient. The domain is in DNS form: `bücher.example` becomes `xn--bcher-kva.example` (UTS #46), so both spellings
/// are the same address. The local part must be ASCII, because few mail servers accept others (RFC 6531).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

/// Text that is not an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address such as ada@example.org")]
pub struct EmailError;

impl EmailAddress {
    /// Parses untrusted text. Case and surrounding white space are ignored.
    ///
    /// # Errors
    /// [`EmailError`] if the text is not an e-mail address.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        let (name, host) = text.split_once('@').ok_or(EmailError)?;
        if text.len() > BYTES_MAX || !is_mailbox_name(name) {
            return Err(EmailError);
        }
        let host = mail_host(host).ok_or(EmailError)?;
        let address = format!("{}@{host}", name.to_ascii_lowercase());
        if address.len() > BYTES_MAX { Err(EmailError) } else { Ok(Self(address)) }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }
}

/// For storage, mail headers and answers to the user. Never for logs.
impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The normal form of an optional address from a caller. Empty text counts as left out.
///
/// # Errors
/// [`InvalidField`] names `field`.
pub fn optional_email(
    field: &'static str,
    value: Option<&str>,
) -> Result<Option<String>, InvalidField> {
    let Some(value) = fields::optional_line(field, value, BYTES_MAX)? else { return Ok(None) };
    let refused =
        |_| fields::bad(field, "must be an e-mail address such as ada@example.org, or be left out");
    EmailAddress::parse(&value).map(|EmailAddress(address)| Some(address)).map_err(refused)
}

/// The `dot-atom` of RFC 5322, 3.2.3. Quoted local parts are refused; they are practically unused.
fn is_mailbox_name(name: &str) -> bool {
    let is_atom = |atom: &str| {
        !atom.is_empty()
            && atom
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    };
    name.len() <= NAME_BYTES_MAX && name.split('.').all(is_atom)
}

/// The DNS form of a domain name with at least two labels. The last begins with a letter, as all do that exist: no number
/// can be read as an IP address.
fn mail_host(host: &str) -> Option<String> {
    // Not what would end the host of a web address.
    let is_safe = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    if !host.chars().all(is_safe) {
        return None;
    }
    let host = host.to_ascii_lowercase();
    let is_plain = host.is_ascii() && !host.split('.').any(|label| label.starts_with("xn--"));
    let host = if is_plain { host } else { dns_form(&host)? };
    let is_label = |label: &str| {
        let is_inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && label.bytes().all(is_inside)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let (_, last) = host.rsplit_once('.')?;
    let is_domain = last.starts_with(|c: char| c.is_ascii_lowercase());
    (host.len() <= HOST_BYTES_MAX && is_domain && host.split('.').all(is_label)).then_some(host)
}

/// As [UTS #46](https://www.unicode.org/reports/tr46/) brings it about, which is what addresses of web sites go through.
fn dns_form(host: &str) -> Option<String> {
    let url = Url::parse(&format!("https://{host}/"))?;
    match url.host()? {
        Host::Domain(name) => Some(name.to_owned()),
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_has_one_spelling_whatever_script_it_was_typed_in() {
        for (typed, kept) in [
            ("Kunde@B\u{fc}cher.example", "kunde@xn--bcher-kva.example"),
            ("kunde@bu\u{308}cher.example", "kunde@xn--bcher-kva.example"),
            ("kunde@XN--BCHER-KVA.example", "kunde@xn--bcher-kva.example"),
            (" a@\u{4f8b}\u{3048}\u{3002}\u{30c6}\u{30b9}\u{30c8} ", "a@xn--r8jz45g.xn--zckzah"),
            ("a@\u{ff25}xample.org", "a@example.org"),
            ("a.b+c@mail.example.org", "a.b+c@mail.example.org"),
        ] {
            assert_eq!(EmailAddress::parse(typed).unwrap().as_str(), kept, "{typed}");
        }
    }

    #[test]
    fn what_no_mail_server_takes_is_no_address() {
        let long_label = format!("a@{}.org", "b".repeat(64));
        let long = format!("a@{}.org", vec!["b".repeat(60); 5].join("."));
        for text in [
            "",
            "a",
            "@",
            "a@",
            "@b.org",
            "a@b",
            "a@b@c..d",
            "a@b@c.d",
            "a@b..c",
            "a@.b.c",
            "a@b.c.",
            "a@-b.org",
            "a@b-.org",
            "a@b_c.org",
            "a@b c.org",
            "a b@c.org",
            ".a@b.org",
            "a.@b.org",
            "a..b@c.org",
            "\u{fc}@b.org",
            "a@xn--zzzzzzzz.org",
            "a@\u{301}b.org",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a@\u{ff11}.\u{ff12}",
            "a@b.0x7f",
            "a@b%2eorg",
            "a@\u{fc}/x.org",
            "a@\u{ff0f}b.org",
            "a@b.org\r\nbcc: c@d.org",
            "a@b\u{0}.org",
            "<a@b.org>",
            "a,b@c.org",
            "a@b.org,c@d.org",
            &long_label,
            &long,
        ] {
            assert_eq!(EmailAddress::parse(text), Err(EmailError), "{text:?}");
        }
    }
}
