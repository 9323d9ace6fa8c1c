//! The mail settings of the deployment.

use std::fmt;

use crate::base::email::EmailAddress;
use crate::base::web_address::Url;
use crate::mail::inbound::token::MAILBOX_BYTES_MAX;

const NAME_CHARS_MAX: usize = 100;
const KEY_CHARS_MAX: usize = 512;

/// The sender, and the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailSettings {
    /// The name and address of `MAIL_FROM`.
    pub from: Sender,
    /// The HTTP API that sends mails; `None` for the `EMAIL` binding.
    pub api: Option<MailApi>,
    /// The address of `MAIL_INBOX`, at which customers' answers arrive. Without it mails name no address to answer to.
    pub inbox: Option<EmailAddress>,
}

/// The sender of all mails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The display name; may be empty.
    pub name: String,
    pub address: EmailAddress,
}

/// An HTTP mail API that supports `Idempotency-Key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailApi {
    /// The URL to which mails are posted.
    pub url: String,
    pub key: MailKey,
}

/// The API key of the mail provider. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct MailKey(String);

impl Sender {
    /// Parses `Name <a@b.c>` or `a@b.c`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let Some((name, rest)) = text.split_once('<') else {
            return Some(Self { name: String::new(), address: EmailAddress::parse(text).ok()? });
        };
        let name = name.trim().trim_matches('"').trim();
        // Characters that need quoting in a header are refused.
        let is_plain = name.chars().all(|c| {
            crate::base::text::is_shown(c)
                && !matches!(c, '\n' | '"' | '\\' | '<' | '>' | ',' | ';' | '@')
        });
        let address = EmailAddress::parse(rest.strip_suffix('>')?).ok()?;
        (is_plain && name.chars().count() <= NAME_CHARS_MAX)
            .then(|| Self { name: name.to_owned(), address })
    }
}

/// The form of a `From` header.
impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.as_str() {
            "" => write!(f, "{}", self.address),
            name => write!(f, "{name} <{}>", self.address),
        }
    }
}

impl MailKey {
    /// Parses 1 to 512 visible ASCII characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_visible = text.bytes().all(|b| b.is_ascii_graphic());
        let fits = !text.is_empty() && text.len() <= KEY_CHARS_MAX;
        (is_visible && fits).then(|| Self(text.to_owned()))
    }

    /// The key in clear text, for the request.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for MailKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailKey(…)")
    }
}

/// Parses the address of the inbox. Its name leaves room for a ticket's token.
#[must_use]
pub fn read_inbox(text: &str) -> Option<EmailAddress> {
    let address = EmailAddress::parse(text).ok()?;
    let name = address.as_str().split('@').next().unwrap_or_default();
    (name.len() <= MAILBOX_BYTES_MAX && !name.contains('+')).then_some(address)
}

/// Parses the URL of the mail API. Plain HTTP is allowed on this machine only, because requests contain the key.
#[must_use]
pub fn read_url(text: &str) -> Option<String> {
    let url = Url::parse(text.trim())?;
    let is_local = matches!(url.host_str(), "localhost" | "127.0.0.1" | "[::1]");
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_local);
    let is_bare = !url.names_a_user() && !url.has_fragment();
    (is_safe && is_bare).then(|| url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        let shown = |text| Sender::parse(text).map(|sender| sender.to_string());
        assert_eq!(shown("Ada@Example.org").as_deref(), Some("ada@example.org"));
        assert_eq!(shown("Events  <a@b.c>").as_deref(), Some("Events <a@b.c>"));
        assert_eq!(shown("\"Events\" <a@b.c>").as_deref(), Some("Events <a@b.c>"));
        for text in [
            "",
            "Events",
            "Events <a@b.c",
            "<a@b.c> x",
            "a\"b <a@b.c>",
            "a\r\nb <a@b.c>",
            "a@b.c, d@e.f",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    #[test]
    fn mail_is_posted_in_secret() {
        assert!(read_url("https://api.resend.com/emails").is_some());
        assert!(read_url("http://127.0.0.1:1/emails").is_some());
        for text in ["http://api.resend.com/emails", "ftp://x/", "x", "https://u:p@x/"] {
            assert_eq!(read_url(text), None, "{text}");
        }
    }
}
