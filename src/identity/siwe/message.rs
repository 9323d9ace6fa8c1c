//! A strict parser for the messages of EIP-4361.

use std::iter::Peekable;
use std::str::Split;

use alloy_primitives::Address;

use crate::base::time::UnixSeconds;
use crate::identity::siwe::error::SiweError;
use crate::identity::user::is_chain_id;

const MESSAGE_BYTES_MAX: usize = 4096;
const FIRST_LINE_END: &str = " wants you to sign in with your Ethereum account:";
const NONCE_DIGITS_MIN: usize = 8;

/// A parsed message. Nothing in it is verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiweMessage {
    /// The scheme of the requesting site, if the message names it.
    pub scheme: Option<String>,
    /// The requesting site: host name and optional port.
    pub domain: String,
    /// The wallet that signs in.
    pub address: Address,
    /// The text that the wallet shows to its user.
    pub statement: Option<String>,
    /// The resource that the sign-in is for.
    pub uri: String,
    /// EIP-155 id of the wallet's chain.
    pub chain_id: u64,
    /// Issued by the site.
    pub nonce: String,
    pub issued_at: UnixSeconds,
    pub expiration_time: Option<UnixSeconds>,
    pub not_before: Option<UnixSeconds>,
    /// The site's id of the request.
    pub request_id: Option<String>,
    /// URIs that the user also agrees to.
    pub resources: Vec<String>,
}

impl SiweMessage {
    /// Parses a message of at most 4 KiB.
    ///
    /// # Errors
    /// [`SiweError::Malformed`] names the first malformed part.
    pub fn parse(message: &str) -> Result<Self, SiweError> {
        if message.len() > MESSAGE_BYTES_MAX {
            return Err(SiweError::Malformed("a length of at most 4096 bytes"));
        }
        // The grammar allows no other characters, and a wallet might not show them.
        if !message.bytes().all(|b| matches!(b, b'\n' | b' '..=b'~')) {
            return Err(SiweError::Malformed("text in ASCII without control characters"));
        }
        let mut lines = Lines(message.split('\n').peekable());
        let (scheme, domain) = lines.site()?;
        let address = Address::parse_checksummed(lines.next(), None)
            .map_err(|_| SiweError::Malformed("the address in EIP-55 spelling"))?;
        let statement = lines.statement()?;
        let uri = lines.required("URI: ", is_uri)?;
        lines.required("Version: ", |text| text == "1")?;
        let chain_id = lines.required("Chain ID: ", is_chain_id)?;
        let nonce = lines.required("Nonce: ", is_nonce)?;
        let issued_at = lines.moment("Issued At: ")?.ok_or(SiweError::Malformed("Issued At: "))?;
        let expiration_time = lines.moment("Expiration Time: ")?;
        let not_before = lines.moment("Not Before: ")?;
        let request_id = lines.optional("Request ID: ").map(str::to_owned);
        let resources = lines.resources()?;
        Ok(Self {
            scheme: scheme.map(str::to_owned),
            domain: domain.to_owned(),
            address,
            statement: statement.map(str::to_owned),
            uri: uri.to_owned(),
            chain_id: chain_id.parse().map_err(|_| SiweError::Malformed("Chain ID: "))?,
            nonce: nonce.to_owned(),
            issued_at,
            expiration_time,
            not_before,
            request_id,
            resources,
        })
    }
}

/// The lines that are not parsed yet.
struct Lines<'a>(Peekable<Split<'a, char>>);

impl<'a> Lines<'a> {
    fn next(&mut self) -> &'a str {
        self.0.next().unwrap_or_default()
    }

    /// The text after `tag`, if the next line begins with it.
    fn optional(&mut self, tag: &str) -> Option<&'a str> {
        self.0.next_if(|line| line.starts_with(tag)).and_then(|line| line.strip_prefix(tag))
    }

    fn required(
        &mut self,
        tag: &'static str,
        is_good: impl FnOnce(&str) -> bool,
    ) -> Result<&'a str, SiweError> {
        self.optional(tag).filter(|text| is_good(text)).ok_or(SiweError::Malformed(tag))
    }

    fn moment(&mut self, tag: &'static str) -> Result<Option<UnixSeconds>, SiweError> {
        let read = |text| read_moment(text).ok_or(SiweError::Malformed(tag));
        self.optional(tag).map(read).transpose()
    }

    fn site(&mut self) -> Result<(Option<&'a str>, &'a str), SiweError> {
        let malformed = SiweError::Malformed("the first line");
        let site = self.next().strip_suffix(FIRST_LINE_END).ok_or(malformed)?;
        let (scheme, domain) = match site.split_once("://") {
            Some((scheme, domain)) => (Some(scheme), domain),
            None => (None, site),
        };
        let is_host = !domain.is_empty() && !domain.contains([' ', '/', '?', '#', '@']);
        if is_host && scheme.is_none_or(is_scheme) { Ok((scheme, domain)) } else { Err(malformed) }
    }

    /// Parses an empty line, then an optional statement and another empty line. Some wallets omit the second empty line if
    /// there is no statement.
    fn statement(&mut self) -> Result<Option<&'a str>, SiweError> {
        let malformed = Err(SiweError::Malformed("the empty line after the address"));
        if !self.next().is_empty() {
            return malformed;
        }
        if self.0.peek().is_some_and(|line| line.starts_with("URI: ")) {
            return Ok(None);
        }
        let statement = self.next();
        if statement.is_empty() {
            return Ok(None);
        }
        if self.0.next() == Some("") { Ok(Some(statement)) } else { malformed }
    }

    /// Parses the resources, which must be the last lines.
    fn resources(mut self) -> Result<Vec<String>, SiweError> {
        let mut resources = Vec::new();
        if self.0.next_if_eq(&"Resources:").is_some() {
            while let Some(resource) = self.optional("- ") {
                if !is_uri(resource) {
                    return Err(SiweError::Malformed("Resources:"));
                }
                resources.push(resource.to_owned());
            }
        }
        if self.0.next().is_some() {
            Err(SiweError::Malformed("the order of lines"))
        } else {
            Ok(resources)
        }
    }
}

/// Whether the text is a URI scheme (RFC 3986, section 3.1).
fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

fn is_uri(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| is_scheme(scheme)) && !text.contains(' ')
}

fn is_nonce(text: &str) -> bool {
    text.len() >= NONCE_DIGITS_MIN && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Parses the `date-time` of RFC 3339 in upper case. The parser of [`UnixSeconds`] also accepts other forms, such as a
/// space instead of the `T`, no seconds, or a zone in brackets.
fn read_moment(text: &str) -> Option<UnixSeconds> {
    let (time, rest) = text.split_at_checked("2026-11-21T12:00:00".len())?;
    let (fraction, offset) = match rest.strip_prefix('.') {
        None => (None, rest),
        Some(rest) => {
            let (digits, offset) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
            (Some(digits), offset)
        }
    };
    let is_plain = has_form(time, "0000-00-00T00:00:00")
        && !time.ends_with("60")
        && fraction.is_none_or(|digits| !digits.is_empty())
        && (offset == "Z" || has_form(offset, "+00:00") || has_form(offset, "-00:00"));
    UnixSeconds::from_rfc3339(text).ok().filter(|_| is_plain)
}

/// Whether `text` matches `form`, where a zero stands for any digit.
fn has_form(text: &str, form: &str) -> bool {
    let fits = |(byte, wanted): (u8, u8)| match wanted {
        b'0' => byte.is_ascii_digit(),
        _ => byte == wanted,
    };
    text.len() == form.len() && text.bytes().zip(form.bytes()).all(fits)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const TEXT: &str = "https://example.org wants you to sign in with your Ethereum account:\n0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc\n\nOpen my door.\n\nURI: https://example.org/\nVersion: 1\nChain ID: 8453\nNonce: a1b2c3d4\nIssued At: 2026-11-21T12:00:00Z\nExpiration Time: 2026-11-21T12:05:00Z\nNot Before: 2026-11-21T11:59:00+00:00\nRequest ID: \nResources:\n- https://example.org/terms";

    #[test]
    fn what_viem_writes_is_read() {
        let text = include_str!("../../../tests/vectors/siwe.json");
        let vectors: Vec<Value> = serde_json::from_str(text).unwrap();
        for vector in vectors {
            let read = SiweMessage::parse(vector["message"].as_str().unwrap()).unwrap();
            let said = json!({
                "scheme": read.scheme, "domain": read.domain, "address": read.address.to_string(),
                "statement": read.statement, "uri": read.uri, "chainId": read.chain_id,
                "nonce": read.nonce, "issuedAt": read.issued_at, "notBefore": read.not_before,
                "expirationTime": read.expiration_time, "requestId": read.request_id,
                "resources": read.resources,
            });
            for (name, value) in said.as_object().unwrap() {
                let empty = if name == "resources" { json!([]) } else { Value::Null };
                let expected = vector["fields"].get(name).unwrap_or(&empty);
                assert_eq!(value, expected, "{name} of {}", vector["name"]);
            }
        }
    }

    #[test]
    fn every_line_has_its_form() {
        for (from, to, wrong) in [
            ("https://example.org wants", "wants", "the first line"),
            ("https://example.org wants", "://example.org wants", "the first line"),
            ("https://example.org wants", "https://a@example.org wants", "the first line"),
            ("https://example.org wants", "https://example.org/a wants", "the first line"),
            ("account:", "account", "the first line"),
            ("0x9965507D", "0x9965507d", "the address in EIP-55 spelling"),
            ("0x9965507D", "9965507D", "the address in EIP-55 spelling"),
            ("\n\nOpen", "\nOpen", "the empty line after the address"),
            ("door.\n\n", "door.\n", "the empty line after the address"),
            ("door.\n\n", "door.\n\n\n", "URI: "),
            ("URI: https://example.org/", "URI: example.org", "URI: "),
            ("URI: https", "Uri: https", "URI: "),
            ("Version: 1", "Version: 2", "Version: "),
            ("Chain ID: 8453", "Chain ID: +8453", "Chain ID: "),
            ("Chain ID: 8453", "Chain ID: 08453", "Chain ID: "),
            ("Chain ID: 8453", "Chain ID: 0", "Chain ID: "),
            ("Chain ID: 8453", "Chain ID: 8453 ", "Chain ID: "),
            ("Chain ID: 8453", "Chain ID:  8453", "Chain ID: "),
            ("Chain ID: 8453", "Chain ID: 0x2105", "Chain ID: "),
            ("Chain ID: 8453", "Chain ID: ", "Chain ID: "),
            ("Chain ID: 8453", "Chain ID: 18446744073709551616", "Chain ID: "),
            ("a1b2c3d4", "a1b2c3d", "Nonce: "),
            ("a1b2c3d4", "a1b2-c3d4", "Nonce: "),
            ("Issued At: 2026-11-21T", "Issued At: 2026-11-21 ", "Issued At: "),
            ("12:00:00Z", "12:00:00", "Issued At: "),
            ("12:00:00Z", "12:00:00+00:00[UTC]", "Issued At: "),
            ("12:00:00Z", "12:00+00:00", "Issued At: "),
            ("12:00:00Z", "12:00:00+00", "Issued At: "),
            ("12:00:00Z", "12:00:00+0000", "Issued At: "),
            ("12:00:00Z", "12:00:00+00:00:00", "Issued At: "),
            ("12:00:00Z", "12:00:00,5Z", "Issued At: "),
            ("12:00:00Z", "12:00:00.Z", "Issued At: "),
            ("12:00:00Z", "12:00:00z", "Issued At: "),
            ("12:00:00Z", "11:59:60Z", "Issued At: "),
            ("12:00:00Z", "12:00:00Z ", "Issued At: "),
            ("Issued At: 2026", "Issued At: +002026", "Issued At: "),
            ("Issued At: 2026-11-21T12:00:00Z\n", "", "Issued At: "),
            ("12:05:00Z", "soon", "Expiration Time: "),
            ("11:59:00+00:00", "", "Not Before: "),
            ("Request ID: ", "Request-ID: ", "the order of lines"),
            ("Resources:", "Resources: ", "the order of lines"),
            ("- https://example.org/terms", "https://example.org/terms", "the order of lines"),
            ("- https://example.org/terms", "- terms", "Resources:"),
            ("/terms", "/terms\n", "the order of lines"),
            ("door", "d\u{f6}\u{f6}r", "text in ASCII without control characters"),
            ("door.\n", "door.\r\n", "text in ASCII without control characters"),
            ("door", &"o".repeat(4096), "a length of at most 4096 bytes"),
        ] {
            let changed = TEXT.replacen(from, to, 1);
            assert_ne!(changed, TEXT, "{from}");
            assert_eq!(SiweMessage::parse(&changed), Err(SiweError::Malformed(wrong)), "{to}");
        }
    }

    #[test]
    fn lines_that_need_not_be_there_may_be_left_out() {
        assert_eq!(SiweMessage::parse(TEXT).unwrap().request_id.as_deref(), Some(""));
        for (from, to) in [
            ("https://example.org wants", "example.org wants"),
            ("\nOpen my door.\n\n", "\n\n"),
            ("\nOpen my door.\n\n", "\n"),
            ("\nExpiration Time: 2026-11-21T12:05:00Z", ""),
            ("\nNot Before: 2026-11-21T11:59:00+00:00", ""),
            ("\nRequest ID: ", ""),
            ("\n- https://example.org/terms", ""),
            ("\nResources:\n- https://example.org/terms", ""),
        ] {
            let changed = TEXT.replacen(from, to, 1);
            assert_ne!(changed, TEXT, "{from}");
            assert!(SiweMessage::parse(&changed).is_ok(), "{from}");
        }
    }
}
