//! Typed ids: the compiler refuses an event's id where a payment's is expected.

use std::fmt;

use alloy_primitives::hex;
use serde::{Deserialize, Serialize};

use crate::base::random::Random;

/// Text that does not have the form of the expected id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an id of the form {form}")]
pub struct IdError {
    form: &'static str,
}

macro_rules! prefixed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// A new id: the prefix and 96 random bits in hex.
            #[must_use]
            pub fn random(random: &impl Random) -> Self {
                Self(format!(concat!($prefix, "{}"), hex::encode(random.bytes::<12>())))
            }

            /// Parses untrusted text.
            ///
            /// # Errors
            /// [`IdError`] if the text does not have this id's form.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let rest = text.strip_prefix($prefix);
                match rest {
                    Some(rest) if is_lower_hex(rest, 24) => Ok(Self(text.to_owned())),
                    Some(_) | None => Err(IdError { form: concat!($prefix, "<24 hex digits>") }),
                }
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

prefixed_id!(
    /// An event of one host.
    EventId, "evt_"
);
prefixed_id!(
    /// A paid seat at an event.
    RsvpId, "rsv_"
);
prefixed_id!(
    /// Something that a device did at the entrance of an event.
    CheckInId, "chk_"
);
prefixed_id!(
    /// A payment that a server received.
    PaymentId, "pay_"
);
prefixed_id!(
    /// A ticket that a caller opened at the desk.
    TicketId, "tkt_"
);
prefixed_id!(
    /// A draft of the desk that waits for the host's approval.
    DraftId, "drf_"
);
prefixed_id!(
    /// An article of the knowledge base.
    ArticleId, "kba_"
);
prefixed_id!(
    /// A secret that a host sells.
    SecretId, "sec_"
);
prefixed_id!(
    /// A credential that a host issued to one of its own programs.
    CredentialId, "crd_"
);
prefixed_id!(
    /// One request. It links an answer to our logs.
    RequestId, "req_"
);

prefixed_id!(
    /// A mail of the outbox, and its idempotency key.
    MailId, "eml_"
);
prefixed_id!(
    /// Something that guests of an event are told by mail.
    NewsId, "nws_"
);
prefixed_id!(
    /// A purchase of a guest session.
    PurchaseId, "pur_"
);
prefixed_id!(
    /// Money that is sent out of a wallet that the deployment keeps.
    WithdrawalId, "wdr_"
);
prefixed_id!(
    /// A guest session and the object that runs it.
    SessionId, "ses_"
);
prefixed_id!(
    /// A backup of a host.
    BackupId, "bak_"
);

/// The caller's own id of a payment (x402 extension `payment-identifier`): 16 to 128 letters, digits,
/// hyphens and underscores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentIdentifier(String);

impl PaymentIdentifier {
    /// Parses untrusted text.
    ///
    /// # Errors
    /// [`IdError`] if the text does not have this form.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if (16..=128).contains(&text.len()) && text.bytes().all(is_allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError { form: "<16 to 128 letters, digits, hyphens and underscores>" })
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The hashed id of a host user: 32 lower-case hex digits (product rule: `urlSafeId`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScopeId(String);

impl ScopeId {
    /// From the first 16 bytes of the keyed hash of the user's id.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(hex::encode(bytes))
    }

    /// Parses a path segment.
    ///
    /// # Errors
    /// [`IdError`] if the segment is not 32 lower-case hex digits.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if is_lower_hex(text, 32) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError { form: "<32 hex digits>" })
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ScopeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The code of a ticket, shown at the entrance: `{scope}-{24 hex digits}`.
///
/// The scope names the host that sold the ticket. The 96 random bits are the secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TicketCode(String);

impl TicketCode {
    /// A new code for a seat at an event of `scope`.
    #[must_use]
    pub fn random(scope: &ScopeId, random: &impl Random) -> Self {
        Self(format!("{scope}-{}", hex::encode(random.bytes::<12>())))
    }

    /// Parses untrusted text.
    ///
    /// # Errors
    /// [`IdError`] if the text does not have the form of a ticket code.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let form = IdError { form: "<32 hex digits>-<24 hex digits>" };
        let (scope, secret) = text.split_once('-').ok_or(form)?;
        if is_lower_hex(scope, 32) && is_lower_hex(secret, 24) {
            Ok(Self(text.to_owned()))
        } else {
            Err(form)
        }
    }

    /// Finds a ticket code in scanned or typed text: the code itself, the ticket's URL (the content of its QR code), or text
    /// that contains one of them, in upper or lower case.
    ///
    /// # Errors
    /// [`IdError`] if the text contains no ticket code, or two different ones.
    pub fn scanned(text: &str) -> Result<Self, IdError> {
        let lower = text.to_ascii_lowercase();
        let words = lower.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        let mut codes = words.filter_map(|word| Self::parse(word).ok());
        let form =
            IdError { form: "a ticket's code or address, such as <32 hex digits>-<24 hex digits>" };
        let code = codes.next().ok_or(form)?;
        if codes.all(|other| other == code) { Ok(code) } else { Err(form) }
    }

    /// The end of the code in the form `22A5 9E49`, which a guest can say aloud. Within one event it is enough, if it is
    /// typed by the host.
    #[must_use]
    pub fn short(&self) -> String {
        let end = self.0.get(self.0.len().saturating_sub(8)..).unwrap_or_default();
        let (first, second) = end.split_at_checked(4).unwrap_or((end, ""));
        format!("{first} {second}").to_ascii_uppercase()
    }

    /// Reads what [`Self::short`] shows, as people type it: the last eight digits of a code, in lower case.
    #[must_use]
    pub fn short_in(text: &str) -> Option<String> {
        let digits: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .collect::<String>()
            .to_ascii_lowercase();
        is_lower_hex(&digits, 8).then_some(digits)
    }

    /// The scope of the host that sold the ticket.
    #[must_use]
    pub fn scope(&self) -> ScopeId {
        ScopeId(self.0.split('-').next().unwrap_or_default().to_owned())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TicketCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_lower_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_another_kind_or_length_is_refused() {
        assert!(EventId::parse("evt_0123456789abcdef01234567").is_ok());
        for text in ["", "evt_", "evt_0123456789ABCDEF01234567", "pay_0123456789abcdef01234567"] {
            assert!(EventId::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_ticket_leads_to_its_host() {
        let text = "0123456789abcdef0123456789abcdef-0123456789abcdef01234567";
        let code = TicketCode::parse(text).unwrap();
        assert_eq!(code.scope().as_str(), "0123456789abcdef0123456789abcdef");
        assert!(TicketCode::parse("x-y").is_err());
        assert_eq!(code.short(), "0123 4567");
        for typed in ["0123 4567", "01234567", " 0123-4567\n"] {
            assert_eq!(TicketCode::short_in(typed).as_deref(), Some("01234567"));
        }
        assert_eq!(TicketCode::short_in("22a5 9E4F").as_deref(), Some("22a59e4f"));
        for other in ["0123 456", "0123 45678", "0123 456g", text] {
            assert_eq!(TicketCode::short_in(other), None, "{other}");
        }
    }

    #[test]
    fn a_ticket_is_read_from_what_its_qr_code_holds() {
        let text = "0123456789abcdef0123456789abcdef-0123456789abcdef01234567";
        let upper = text.to_ascii_uppercase();
        for scanned in [
            text.to_owned(),
            format!(" {text}\r\n"),
            format!("https://events.example/t/{text}"),
            format!("https://events.example/t/{text}/?utm_source=mail#top"),
            format!("HTTPS://EVENTS.EXAMPLE/T/{upper}"),
            format!("Your ticket: <http://localhost:8787/t/{text}>, code {text}."),
        ] {
            assert_eq!(TicketCode::scanned(&scanned).unwrap().as_str(), text, "{scanned}");
        }
        let other = text.replace('0', "1");
        let none = [
            "".to_owned(),
            "https://events.example/t/".to_owned(),
            format!("a{text}"),
            format!("{text}a"),
            format!("{text} {other}"),
        ];
        for scanned in none {
            assert!(TicketCode::scanned(&scanned).is_err(), "{scanned}");
        }
    }
}
