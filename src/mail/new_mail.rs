//! A mail that may be queued.

use crate::base::email::EmailAddress;
use crate::base::id::ScopeId;
use crate::ports::mail::Kind;

/// The longest subject, characters.
pub const SUBJECT_CHARS_MAX: usize = 200;
/// The longest text, bytes.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;

/// A validated mail: one recipient, and no line break in a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMail {
    pub(super) kind: Kind,
    pub(super) scope: ScopeId,
    pub(super) to: EmailAddress,
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) ticket: Option<u32>,
    pub(super) reply_to: Option<EmailAddress>,
    pub(super) unsubscribe: Option<String>,
    pub(super) calendar: Option<String>,
}

/// Why a mail is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailFault {
    #[error("subject: must be one line of 1 to {SUBJECT_CHARS_MAX} characters that are all seen")]
    Subject,
    #[error("text: must have 1 to {TEXT_BYTES_MAX} bytes, without control characters")]
    Text,
}

impl NewMail {
    /// A mail from the host with this scope. Mail programs show mails with the same `ticket` number as one thread.
    ///
    /// # Errors
    /// [`MailFault`] if subject or text exceed the limits.
    pub fn new(
        kind: Kind,
        scope: ScopeId,
        to: EmailAddress,
        subject: &str,
        text: &str,
        ticket: Option<u32>,
    ) -> Result<Self, MailFault> {
        let subject = subject.trim();
        let is_one_line = subject.chars().all(|c| c != '\n' && crate::base::text::is_shown(c));
        if crate::base::text::is_blank(subject)
            || subject.chars().count() > SUBJECT_CHARS_MAX
            || !is_one_line
        {
            return Err(MailFault::Subject);
        }
        let text = text.replace("\r\n", "\n");
        let is_plain = text.chars().all(|c| matches!(c, '\n' | '\t') || !c.is_control());
        if crate::base::text::is_blank(&text) || text.len() > TEXT_BYTES_MAX || !is_plain {
            return Err(MailFault::Text);
        }
        let subject = subject.to_owned();
        let (reply_to, unsubscribe, calendar) = (None, None, None);
        Ok(Self { kind, scope, to, subject, text, ticket, reply_to, unsubscribe, calendar })
    }

    /// The same mail with an address to answer to.
    #[must_use]
    pub fn answered_at(self, reply_to: Option<EmailAddress>) -> Self {
        Self { reply_to, ..self }
    }

    /// The same mail with a URL at which its reader stops further mails of this kind.
    #[must_use]
    pub fn stopped_at(self, url: String) -> Self {
        Self { unsubscribe: Some(url), ..self }
    }

    /// The same mail with a calendar file.
    #[must_use]
    pub fn with_calendar(self, ics: String) -> Self {
        Self { calendar: Some(ics), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(subject: &str, text: &str) -> Result<NewMail, MailFault> {
        let scope = ScopeId::from_bytes([1; 16]);
        let to = EmailAddress::parse("ada@example.org").unwrap();
        NewMail::new(Kind::Ticket, scope, to, subject, text, Some(7))
    }

    #[test]
    fn a_mail_is_within_its_limits_and_cannot_add_a_header() {
        assert!(mail(&"é".repeat(SUBJECT_CHARS_MAX), &"a".repeat(TEXT_BYTES_MAX)).is_ok());
        assert_eq!(mail("a", "b\r\nc\td").unwrap().text, "b\nc\td");
        let long = "é".repeat(SUBJECT_CHARS_MAX + 1);
        for subject in ["", " ", "a\r\nBcc: b@c.d", "a\nb", "a\rb", "a\0", "a\u{202e}b", &long] {
            assert_eq!(mail(subject, "text"), Err(MailFault::Subject), "{subject:?}");
        }
        for text in ["", " \n", "a\0", "a\u{1b}", &"a".repeat(TEXT_BYTES_MAX + 1)] {
            assert_eq!(mail("subject", text), Err(MailFault::Text));
        }
    }
}
