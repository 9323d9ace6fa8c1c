//! What the fields of a mail say about its sender: whether a program sent it, and whether the platform has checked it.

use serde::{Deserialize, Serialize};

use crate::mail::Message;
use crate::mail::inbound::fields::{Fields, split_outside_quotes};
use crate::mail::inbound::mime::Letter;

/// The receiving servers whose `Authentication-Results` count (RFC 8601, 2.5). Such a server removes those that claim
/// to be its own.
const PLATFORM: &str = "mx.cloudflare.net";

/// Whether the domain of the author stands for a mail (DMARC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "MailVerdict"))]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The platform has checked it.
    Verified,
    /// The platform has checked it, and the domain does not stand for it.
    Failed,
    /// The platform says nothing.
    Unknown,
}

impl Verdict {
    /// The name that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// Parses the stored form.
    ///
    /// # Errors
    /// If the text is no verdict.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let mut all = [Self::Verified, Self::Failed, Self::Unknown].into_iter();
        all.find(|verdict| verdict.as_str() == text).ok_or("unknown verdict")
    }
}

/// Whether a program sent this mail: an automatic answer, a report, a list, or one of our own mails that came back. Such a
/// mail is never a reason to write (RFC 3834, 2). `envelope`: the sender of the envelope, which is empty for reports.
pub(super) fn is_automatic(letter: &Letter, envelope: &str) -> bool {
    let fields = &letter.fields;
    let word = |name: &str| {
        let value = fields.get(name).unwrap_or_default().to_ascii_lowercase();
        value.split([';', ' ', ',']).next().unwrap_or_default().to_owned()
    };
    let is_set = |name: &str, usual: &[&str]| !usual.contains(&word(name).as_str());
    let bare = envelope.trim().trim_matches(['<', '>']);
    let is_empty_path = fields.get("return-path").is_some_and(|path| path == "<>");
    letter.is_report
        || bare.is_empty()
        || is_empty_path
        || bare.to_ascii_lowercase().starts_with("mailer-daemon@")
        || is_set("auto-submitted", &["", "no"])
        || matches!(word("precedence").as_str(), "bulk" | "junk" | "list" | "auto_reply")
        || is_set("x-auto-response-suppress", &["", "none"])
        || ["x-autoreply", "x-autorespond", "list-id"].iter().any(|name| fields.get(name).is_some())
        || fields.get(&Message::LEADS_BACK.to_ascii_lowercase()).is_some()
}

/// What the platform says of the author. Only its own field counts, which stands above all that came with the mail.
pub(super) fn verdict(fields: &Fields, is_platform: bool) -> Verdict {
    let results = fields.get("authentication-results").filter(|_| is_platform);
    let Some((server, results)) = results.and_then(|results| results.split_once(';')) else {
        return Verdict::Unknown;
    };
    // A version may stand behind the name.
    if server.split_whitespace().next() != Some(PLATFORM) {
        return Verdict::Unknown;
    }
    let results = split_outside_quotes(results, ';');
    let dmarc = results.iter().find_map(|result| result.trim().strip_prefix("dmarc="));
    match dmarc.and_then(|result| result.split(|c: char| !c.is_ascii_alphanumeric()).next()) {
        Some("pass") => Verdict::Verified,
        Some("fail") => Verdict::Failed,
        Some(_) | None => Verdict::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(field: &str) -> Letter {
        Letter::read(format!("From: a@b.org\r\n{field}\r\n\r\nhello").as_bytes())
    }

    #[test]
    fn programs_are_told_from_people() {
        for field in [
            "Auto-Submitted: auto-replied",
            "Auto-Submitted: auto-generated (vacation)",
            "Precedence: bulk",
            "X-Auto-Response-Suppress: All",
            "X-Autoreply: yes",
            "List-Id: <x.example.org>",
            "Return-Path: <>",
            "X-Concierge-Mail: a/b",
            "Content-Type: multipart/report; boundary=b",
        ] {
            assert!(is_automatic(&letter(field), "a@b.org"), "{field}");
        }
        for field in
            ["Auto-Submitted: no", "Precedence: normal", "X-Auto-Response-Suppress: none", "X: y"]
        {
            assert!(!is_automatic(&letter(field), "a@b.org"), "{field}");
        }
        for envelope in ["", "<>", "MAILER-DAEMON@b.org"] {
            assert!(is_automatic(&letter("X: y"), envelope), "{envelope}");
        }
    }

    #[test]
    fn only_the_platform_s_own_word_counts() {
        let of = |field: &str, is_platform| verdict(&letter(field).fields, is_platform);
        let pass = "Authentication-Results: mx.cloudflare.net; dkim=pass; dmarc=pass policy.dmarc=none; spf=pass";
        assert_eq!(of(pass, true), Verdict::Verified);
        assert_eq!(of(pass, false), Verdict::Unknown);
        assert_eq!(of(&pass.replace("dmarc=pass", "dmarc=fail"), true), Verdict::Failed);
        for other in [
            "Authentication-Results: evil.example; dmarc=pass",
            "Authentication-Results: mx.cloudflare.net.evil.example; dmarc=pass",
            "Authentication-Results: mx.cloudflare.net; spf=pass reason=\"x; dmarc=pass\"",
            "Authentication-Results: evil.example; x=y\r\nAuthentication-Results: mx.cloudflare.net; dmarc=pass",
            "X: y",
        ] {
            assert_eq!(of(other, true), Verdict::Unknown, "{other}");
        }
    }
}
