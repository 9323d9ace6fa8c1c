//! Incoming mail: what the Worker's `email` handler or a provider's webhook brings becomes an [`Incoming`], small and in plain
//! text, before an object sees it. It may be written by anybody, so everything has a bound and nothing acts on it.
//!
//! `fields` and `mime` take a mail apart, `html` and `decode` make text, `quote` finds what is new, `automatic`
//! tells programs from people, `token` is the ticket's own address, `resend` the form of a provider, `admission` the limits
//! before a mail is read.

pub mod admission;
mod automatic;
mod decode;
pub mod fields;
mod html;
pub mod mime;
mod quote;
pub mod resend;
pub mod token;

use alloy_primitives::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use automatic::Verdict;
pub use mime::{Attachment, Letter};
pub use token::Token;

use crate::base::email::EmailAddress;
use crate::base::id::ScopeId;
use crate::base::text;

/// The longest raw mail that is read, bytes. Files are not kept, but mails bring them.
pub const RAW_BYTES_MAX: usize = 5 * 1024 * 1024;
/// The longest new text, characters.
pub const TEXT_CHARS_MAX: usize = 10_000;
/// The longest repeated text that is kept, characters.
const REST_CHARS_MAX: usize = 20_000;
const SUBJECT_CHARS_MAX: usize = 200;

/// A mail as a host's object gets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incoming {
    /// Who wrote it, as the mail says.
    pub from: EmailAddress,
    pub subject: String,
    /// What is new in it; may be empty if there are attachments.
    pub text: String,
    /// Older mails that it repeats.
    pub rest: String,
    pub attachments: Vec<Attachment>,
    /// Tells a repeated delivery: a hash of its message id.
    pub key: String,
    pub is_automatic: bool,
    pub verdict: Verdict,
    /// The ids of the mails that it answers, the nearest first.
    answered: Vec<String>,
    /// The token in the address that it was sent to.
    token: Option<String>,
}

/// The envelope of a mail, and who brings it.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// The sender; empty for reports.
    pub from: &'a str,
    /// The recipients, as far as they are known.
    pub to: &'a [EmailAddress],
    /// Whether it comes from the platform, whose `Authentication-Results` count.
    pub is_platform: bool,
}

impl Incoming {
    /// Reads a mail. `None` if it names no author.
    #[must_use]
    pub fn read(letter: Letter, envelope: Envelope<'_>) -> Option<Self> {
        let from = letter.fields.author()?;
        let recipients = envelope.to.iter().cloned().chain(letter.fields.recipients());
        let token = recipients.filter_map(|to| Token::in_address(&to)).next();
        let (new, rest) = quote::split(&plain(&letter.text));
        let (new, rest) = bounded(&new, &rest);
        let id = letter.fields.get("message-id").filter(|id| !id.is_empty());
        let key = match id {
            Some(id) => Sha256::digest(id),
            None => {
                Sha256::digest(format!("{from}\n{}\n{new}\n{rest}", letter.fields.shown("date")))
            }
        };
        Some(Self {
            subject: text::line(&letter.fields.shown("subject"), SUBJECT_CHARS_MAX),
            text: new,
            rest,
            key: hex::encode(key),
            is_automatic: automatic::is_automatic(&letter, envelope.from),
            verdict: automatic::verdict(&letter.fields, envelope.is_platform),
            answered: letter.fields.answered(),
            token: token.map(|token| token.to_string()),
            attachments: letter.attachments,
            from,
        })
    }

    /// The token in the address, not verified.
    #[must_use]
    pub fn token(&self) -> Option<Token> {
        self.token.as_deref().and_then(Token::parse)
    }

    /// The host that it seems to be for. It only leads to the object that decides.
    #[must_use]
    pub fn host(&self) -> Option<ScopeId> {
        self.token().map(|token| token.scope).or_else(|| self.thread().map(|(scope, _)| scope))
    }

    /// Host and number of the ticket whose thread it claims to continue. Anybody can write that.
    fn thread(&self) -> Option<(ScopeId, u32)> {
        self.answered.iter().find_map(|id| {
            let (number, rest) = id.strip_prefix("ticket-")?.split_once('.')?;
            let (scope, _) = rest.split_once('@')?;
            Some((ScopeId::parse(scope).ok()?, number.parse().ok()?))
        })
    }

    /// The ids of the mails that it answers.
    #[must_use]
    pub fn answered(&self) -> &[String] {
        &self.answered
    }

    /// The number of a ticket in the subject: `[#7]`.
    #[must_use]
    pub fn number_in_subject(&self) -> Option<u32> {
        let (_, rest) = self.subject.split_once("[#")?;
        rest.split_once(']')?.0.parse().ok()
    }
}

/// Text as it is kept: one kind of line end, no control characters, no more than one empty line at a time.
fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\t', " ");
    let text: String = text.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        if !(line.is_empty() && lines.last().is_none_or(|last| last.is_empty())) {
            lines.push(line);
        }
    }
    lines.join("\n").trim_end().to_owned()
}

/// Both texts within their bounds. What is too long of the new text is the beginning of the rest.
fn bounded(new: &str, rest: &str) -> (String, String) {
    let cut = new.char_indices().nth(TEXT_CHARS_MAX).map_or(new.len(), |(place, _)| place);
    let (kept, beyond) = new.split_at_checked(cut).unwrap_or((new, ""));
    let rest = [beyond, rest].into_iter().filter(|part| !part.is_empty());
    let rest = rest.collect::<Vec<_>>().join("\n");
    (kept.to_owned(), rest.chars().take(REST_CHARS_MAX).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENVELOPE: Envelope<'_> = Envelope { from: "ada@example.org", to: &[], is_platform: true };

    fn read(raw: &str) -> Option<Incoming> {
        Incoming::read(Letter::read(raw.as_bytes()), ENVELOPE)
    }

    #[test]
    fn a_mail_leads_to_a_host_by_its_address_or_its_thread() {
        let scope = "97dc1fc24e7aba208cef668a8f9a87be";
        let raw = format!(
            "From: Ada <ada@example.org>\r\nSubject: Re: [#7] Hi\r\nMessage-ID: <x@y>\r\nReferences: <ticket-7.{scope}@example.com> <eml_1@example.com>\r\n\r\nYes.\r\n"
        );
        let mail = read(&raw).unwrap();
        assert_eq!(mail.host().unwrap().as_str(), scope);
        assert_eq!((mail.number_in_subject(), mail.text.as_str()), (Some(7), "Yes."));
        assert_eq!(read("From: nobody\r\n\r\nx"), None);
        assert_eq!(read("From: a@b.org\r\n\r\nx").unwrap().host(), None);
    }

    #[test]
    fn texts_have_bounds_and_nothing_is_lost_within_them() {
        let long = "ü".repeat(TEXT_CHARS_MAX + 5);
        let mail = read(&format!("From: a@b.org\r\n\r\n{long}\r\n> old")).unwrap();
        assert_eq!(mail.text.chars().count(), TEXT_CHARS_MAX);
        assert_eq!(mail.rest, "üüüüü\n> old");
        assert_eq!(plain("a\r\n\r\n\r\n\r\nb\u{7}\tc\u{0}"), "a\n\nb c");
    }
}
