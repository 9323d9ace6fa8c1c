//! User ids: an Ethereum address or an e-mail address, each in one spelling.

use std::fmt;

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};

use crate::identity::EmailAddress;

/// A proven identity in its normal form: lower-case address, lower-case e-mail.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(String);

/// Text that is neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an Ethereum address (0x and 40 hex digits) or an e-mail address")]
pub struct UserIdError;

impl UserId {
    /// From text that came from outside. White space around it and case do not matter.
    ///
    /// # Errors
    /// [`UserIdError`] if it is neither an address nor an e-mail address.
    pub fn parse(text: &str) -> Result<Self, UserIdError> {
        let text = text.trim();
        if text.contains('@') {
            return EmailAddress::parse(text)
                .map(|email| Self::from_email(&email))
                .map_err(|_| UserIdError);
        }
        let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
        let digits = digits.filter(|digits| digits.len() == 40);
        digits.and_then(|d| d.parse().ok()).map(Self::from_wallet).ok_or(UserIdError)
    }

    /// The identity that a code sent to an address proves.
    #[must_use]
    pub fn from_email(address: &EmailAddress) -> Self {
        Self(address.as_str().to_owned())
    }

    /// The e-mail address, if the identity is one.
    #[must_use]
    pub fn email(&self) -> Option<EmailAddress> {
        EmailAddress::parse(&self.0).ok()
    }

    /// The identity that a wallet proves.
    #[must_use]
    pub fn from_wallet(address: Address) -> Self {
        Self(address.to_string().to_ascii_lowercase())
    }

    /// The wallet, if the identity is one.
    #[must_use]
    pub fn wallet(&self) -> Option<Address> {
        self.0.strip_prefix("0x").and_then(|_| self.0.parse().ok())
    }

    /// The normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// For our own storage and answers to the user. Not for logs: it may be an e-mail address.
impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_identity_has_one_spelling() {
        let wallet = UserId::parse("0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc").unwrap();
        assert_eq!(wallet.as_str(), "0x9965507d1a55bcc2695c58ba16fb37d819b0a4dc");
        assert_eq!(UserId::parse(wallet.as_str()), Ok(wallet.clone()));
        assert_eq!(UserId::parse(" Ada@Example.org ").unwrap().as_str(), "ada@example.org");
        assert_eq!(UserId::parse("ada@example.org").unwrap().wallet(), None);
    }

    #[test]
    fn a_name_that_looks_like_a_wallet_is_a_name() {
        let user = UserId::parse("0xAda@example.org").unwrap();
        assert_eq!((user.as_str(), user.wallet()), ("0xada@example.org", None));
        let wallet = UserId::parse("0X9965507D1A55BCC2695C58BA16FB37D819B0A4DC").unwrap();
        assert_eq!(UserId::from_wallet(wallet.wallet().unwrap()), wallet);
    }

    #[test]
    fn what_is_neither_wallet_nor_address_is_refused() {
        let wallet = "9965507D1a55bcC2695C58ba16FB37d819B0A4dc";
        for text in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "ada@host",
            "ada@host.",
            "ada@.host",
            "ada@a..b",
            "ada@-a.b",
            "ada@ho_st.org",
            "ada@b@c.d",
            ".ada@c.d",
            "a..a@c.d",
            "a b@c.d",
            "<a>@c.d",
            "a,b@c.d",
            "a@c.d\r\nbcc:b@c.d",
            "\u{e4}d\u{e4}@x.org",
            "0x",
            "0x12",
            wallet,
            &format!("0x{wallet}0"),
            &format!("0x0x{wallet}"),
            &format!("{}@c.d", "a".repeat(65)),
            &format!("a@{}d", "c.".repeat(127)),
        ] {
            assert_eq!(UserId::parse(text), Err(UserIdError), "{text}");
        }
    }
}
