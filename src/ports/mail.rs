//! The mail port: one message out, and what became of it.

use std::future::Future;

use crate::base::email::EmailAddress;
use crate::base::id::{MailId, ScopeId};

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

    /// From storage.
    ///
    /// # Errors
    /// If the text names no kind.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        [Self::Code, Self::Ticket, Self::Notice]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or("not a kind of mail")
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

/// What is known of a mail whose answer never came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It may be sent again under its id: it arrives once.
    ExactlyOnce,
    /// It must not be sent again: it arrives at most once.
    AtMostOnce,
}

/// A mail that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// What the provider calls it; empty if it does not say.
    pub provider_id: String,
}

/// A mail that was not taken, or perhaps not. The text is for us and the host; it names no address and
/// repeats nothing of the mail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// It was not taken and never will be.
    #[error("refused: {0}")]
    Refused(String),
    /// It was not taken, and may be later.
    #[error("not now: {0}")]
    Later(String),
    /// It may have been taken.
    #[error("no clear answer: {0}")]
    Unavailable(String),
}

/// Mail to people ([`crate::mail`]).
pub trait Mail {
    /// How mail leaves this deployment; `None` if it cannot.
    fn delivery(&self) -> Option<Delivery>;
    /// Sends one mail, and gives up long before [`crate::mail::outbox::SEND_SECONDS`] are over.
    fn send_mail(&self, message: &Message) -> impl Future<Output = Result<Sent, MailError>>;
}
