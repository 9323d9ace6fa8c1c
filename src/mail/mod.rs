//! Mail on its way out. Whoever has something to say queues it ([`outbox::queue`]) in the same block
//! that changes what it is about; the object's alarm sends it ([`flush`]).
//!
//! ```text
//! queued ──▶ sending ──▶ sent
//!    ▲          │ ├────▶ failed    refused for good, or given up
//!    └──────────┘ └────▶ unknown   it may have arrived, and is not sent again by itself
//! ```
//!
//! A mail is *sending* before its request leaves. What becomes of one whose answer never came is decided
//! by [`crate::ports::Delivery`]: with an address that honours `Idempotency-Key` it is sent again under
//! its own id, so that it arrives once; over the `EMAIL` binding, which has no such key, it becomes
//! *unknown* and the host sees it (`GET /api/users/mail`), so that it arrives at most once.

pub mod api;
mod flush;
pub mod outbox;
pub mod settings;
pub mod webhook;

pub use flush::{BATCH, flush};

use crate::id::{MailId, ScopeId};
use crate::identity::EmailAddress;

/// The longest subject, characters.
pub const SUBJECT_CHARS_MAX: usize = 200;
/// The longest text, bytes.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A code for signing in. Its row is gone once it is sent, or once the code is over.
    Code,
    /// An answer to somebody who has written to the host.
    Ticket,
    /// Something that the host itself should know.
    Notice,
}

impl Kind {
    /// As it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Ticket => "ticket",
            Self::Notice => "notice",
        }
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        [Self::Code, Self::Ticket, Self::Notice]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or("not a kind of mail")
    }
}

/// A mail that may be queued: one recipient, and nothing in it that could end a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMail {
    kind: Kind,
    scope: ScopeId,
    to: EmailAddress,
    subject: String,
    text: String,
    ticket: Option<u32>,
}

/// Why a mail may not be queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailFault {
    /// Of the subject.
    #[error("subject: must be one line of 1 to {SUBJECT_CHARS_MAX} characters that are all seen")]
    Subject,
    /// Of the text.
    #[error("text: must have 1 to {TEXT_BYTES_MAX} bytes, without control characters")]
    Text,
}

impl NewMail {
    /// A mail from the host with this scope. `ticket` is the number of the conversation that it belongs
    /// to; mails with the same number are shown as one by mail programs.
    ///
    /// # Errors
    /// [`MailFault`] if subject or text are outside of the limits.
    pub fn new(
        kind: Kind,
        scope: ScopeId,
        to: EmailAddress,
        subject: &str,
        text: &str,
        ticket: Option<u32>,
    ) -> Result<Self, MailFault> {
        let subject = subject.trim();
        let is_one_line = subject.chars().all(|c| c != '\n' && crate::text::is_shown(c));
        if crate::text::is_blank(subject)
            || subject.chars().count() > SUBJECT_CHARS_MAX
            || !is_one_line
        {
            return Err(MailFault::Subject);
        }
        let text = text.replace("\r\n", "\n");
        let is_plain = text.chars().all(|c| matches!(c, '\n' | '\t') || !c.is_control());
        if crate::text::is_blank(&text) || text.len() > TEXT_BYTES_MAX || !is_plain {
            return Err(MailFault::Text);
        }
        Ok(Self { kind, scope, to, subject: subject.to_owned(), text, ticket })
    }
}

/// A mail as it goes out. The same row always gives the same message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its row, and the key under which it is sent again.
    pub id: MailId,
    /// What it is about.
    pub kind: Kind,
    /// The host that it comes from.
    pub scope: ScopeId,
    /// The one recipient.
    pub to: EmailAddress,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The conversation that it belongs to.
    pub ticket: Option<u32>,
}

impl Message {
    /// Which header leads from a bounce back to the host and the mail.
    pub const LEADS_BACK: &'static str = "X-Concierge-Mail";

    /// Headers besides sender, recipient and subject that every way out takes: the Email Service takes
    /// threads and `X-` headers only.
    #[must_use]
    pub fn headers(&self, domain: &str) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            (Self::LEADS_BACK, format!("{}/{}", self.scope, self.id)),
            ("X-Auto-Response-Suppress", "All".to_owned()),
        ];
        if let Some(number) = self.ticket {
            let first = format!("<ticket-{number}.{}@{domain}>", self.scope);
            headers.push(("In-Reply-To", first.clone()));
            headers.push(("References", first));
        }
        headers
    }

    /// The message's id. A provider may put its own in its place.
    #[must_use]
    pub fn message_id(&self, domain: &str) -> String {
        format!("<{}@{domain}>", self.id)
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
