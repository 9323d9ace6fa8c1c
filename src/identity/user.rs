//! User ids: an Ethereum address or an e-mail address, each in one spelling.

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};

/// A proven identity in its normal form: lower-case address, lower-case e-mail.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(String);

/// Text that is neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an Ethereum address (0x and 40 hex digits) or an e-mail address")]
pub struct UserIdError;

impl UserId {
    /// From text that came from outside.
    ///
    /// # Errors
    /// [`UserIdError`] if it is neither an address nor an e-mail address.
    pub fn parse(text: &str) -> Result<Self, UserIdError> {
        let text = text.trim();
        if text.starts_with("0x") {
            return text.parse().map(Self::from_wallet).map_err(|_| UserIdError);
        }
        let (name, host) = text.rsplit_once('@').ok_or(UserIdError)?;
        let plain = text.bytes().all(|b| b.is_ascii_graphic());
        if !plain || name.is_empty() || !host.contains('.') || text.len() > 254 {
            return Err(UserIdError);
        }
        Ok(Self(text.to_ascii_lowercase()))
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
    fn what_is_neither_wallet_nor_address_is_refused() {
        for text in ["", "ada", "@example.org", "ada@", "ada@host", "a b@c.d", "0x12", "ädä@x.org"]
        {
            assert_eq!(UserId::parse(text), Err(UserIdError), "{text}");
        }
    }
}
