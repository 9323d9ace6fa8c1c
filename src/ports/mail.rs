//! The port for outgoing mail: one message, and the outcome of sending it.

use std::future::Future;

use crate::base::email::EmailAddress;
use crate::base::id::{MailId, ScopeId};

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A sign-in code. Its row is deleted once the mail is sent or the code has expired.
    Code,
    /// An answer in a ticket of the desk.
    Ticket,
    /// What a buyer is told of a purchase: the ticket of a seat.
    Notice,
    /// What a guest is told of an event: a message of its host, a reminder, a change.
    News,
}

impl Kind {
    /// The name in column `kind` of `mail_outbox`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Ticket => "ticket",
            Self::Notice => "notice",
            Self::News => "news",
        }
    }

    /// Parses the stored name.
    ///
    /// # Errors
    /// If the text names no kind.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        [Self::Code, Self::Ticket, Self::Notice, Self::News]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or("not a kind of mail")
    }
}

/// An outgoing mail. The same row always gives the same message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The id of its row, and its idempotency key.
    pub id: MailId,
    pub kind: Kind,
    /// The host that sends it.
    pub scope: ScopeId,
    /// Each mail has exactly one recipient.
    pub to: EmailAddress,
    pub subject: String,
    /// The body as plain text; there is no HTML part.
    pub text: String,
    /// The number of the desk's ticket whose thread it joins.
    pub ticket: Option<u32>,
    /// Where an answer goes; otherwise to the sender.
    pub reply_to: Option<EmailAddress>,
    /// The URL at which its reader stops further mails of this kind, by one `POST` (RFC 8058) or as a page.
    pub unsubscribe: Option<String>,
    /// A calendar file with a `METHOD` (RFC 5546), which comes as an attachment.
    pub calendar: Option<String>,
}

impl Message {
    /// The file name of [`Message::calendar`].
    pub const CALENDAR_NAME: &'static str = "event.ics";

    /// The header that leads from a bounce back to host and mail.
    pub const LEADS_BACK: &'static str = "X-Concierge-Mail";

    /// The headers besides sender, recipient and subject. The Email Service accepts only headers
    /// of threads and lists, and `X-` headers.
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
        if let Some(url) = &self.unsubscribe {
            headers.push(("List-Unsubscribe", format!("<{url}>")));
            headers.push(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
        }
        headers
    }

    /// The media type of [`Message::calendar`]. Mail programs act on the method only if it is here, too (RFC 6047, 2.4).
    #[must_use]
    pub fn calendar_type(calendar: &str) -> &'static str {
        // The line ends of a calendar file are ours: no text of a host begins a line.
        if calendar.contains("\r\nMETHOD:CANCEL\r\n") {
            "text/calendar; charset=utf-8; method=CANCEL"
        } else {
            "text/calendar; charset=utf-8; method=REQUEST"
        }
    }

    /// The `Message-ID`. A provider may replace it with its own.
    #[must_use]
    pub fn message_id(&self, domain: &str) -> String {
        format!("<{}@{domain}>", self.id)
    }
}

/// The delivery guarantee of a mail provider, which decides about a retry after a lost answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The provider drops duplicates by id, so a retry is safe.
    ExactlyOnce,
    /// The provider does not detect duplicates, so a mail without an answer is never sent again.
    AtMostOnce,
}

/// The provider accepted the mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The provider's id of the mail; empty if the answer has none.
    pub provider_id: String,
}

/// The provider did not accept the mail, or it is not known whether it did. The text is for our logs and the host. It
/// holds no address and nothing of the mail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// Refused for good; the mail is not sent again.
    #[error("refused: {0}")]
    Refused(String),
    /// Refused for now; a later try may succeed.
    #[error("not now: {0}")]
    Later(String),
    /// No clear answer; the provider may have accepted the mail.
    #[error("no clear answer: {0}")]
    Unavailable(String),
}

/// The port for outgoing mail.
pub trait Mail {
    /// The guarantee of the configured provider; `None` if the deployment cannot send mail.
    fn delivery(&self) -> Option<Delivery>;
    /// Sends one mail. Times out well before the 60 seconds after which `mail::outbox` treats the request as lost.
    fn send_mail(&self, message: &Message) -> impl Future<Output = Result<Sent, MailError>>;
}
