//! User ids in normal form: an Ethereum address, a contract wallet on its chain, or an e-mail address.
//!
//! A key is the same on every chain. A contract is not: it may have different owners on different chains. So the id of a
//! contract wallet names the chain that verified its signature (CAIP-10).

use std::fmt;

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};

use crate::base::email::EmailAddress;

/// The prefix of a contract wallet's id: the CAIP-2 namespace of EVM chains.
const NAMESPACE: &str = "eip155:";

/// A proven identity in normal form: a lower-case address, `eip155:{chain}:` and a lower-case address, or a lower-case
/// e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(String);

/// Text that is not a user id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be an Ethereum address (0x and 40 hex digits), a contract wallet such as eip155:8453:0x… or an e-mail address"
)]
pub struct UserIdError;

impl UserId {
    /// Parses untrusted text. Case and surrounding white space are ignored.
    ///
    /// # Errors
    /// [`UserIdError`] if the text is none of the three kinds.
    pub fn parse(text: &str) -> Result<Self, UserIdError> {
        let text = text.trim();
        if text.contains('@') {
            return EmailAddress::parse(text)
                .map(|email| Self::from_email(&email))
                .map_err(|_| UserIdError);
        }
        let Some((chain_id, address)) = split(text) else {
            return address_of(text).map(Self::from_wallet).ok_or(UserIdError);
        };
        let chain_id = Some(chain_id).filter(|id| is_chain_id(id)).and_then(|id| id.parse().ok());
        let (chain_id, address) = chain_id.zip(address_of(address)).ok_or(UserIdError)?;
        Ok(Self::from_contract(chain_id, address))
    }

    /// The identity that a mailed code proves.
    #[must_use]
    pub fn from_email(address: &EmailAddress) -> Self {
        Self(address.as_str().to_owned())
    }

    /// The e-mail address, if the identity is one.
    #[must_use]
    pub fn email(&self) -> Option<EmailAddress> {
        EmailAddress::parse(&self.0).ok()
    }

    /// The identity that a wallet's key proves.
    #[must_use]
    pub fn from_wallet(address: Address) -> Self {
        Self(address.to_string().to_ascii_lowercase())
    }

    /// The identity that a contract wallet proves on the chain with this EIP-155 id.
    #[must_use]
    pub fn from_contract(chain_id: u64, address: Address) -> Self {
        Self(format!("{NAMESPACE}{chain_id}:{}", Self::from_wallet(address)))
    }

    /// The address of the wallet, if the identity is a key or a contract.
    #[must_use]
    pub fn wallet(&self) -> Option<Address> {
        let text = split(&self.0).map_or(self.0.as_str(), |(_, address)| address);
        address_of(text)
    }

    /// The EIP-155 chain id of a contract wallet; `None` for keys and e-mail addresses.
    #[must_use]
    pub fn contract_chain(&self) -> Option<u64> {
        split(&self.0).and_then(|(chain_id, _)| chain_id.parse().ok())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// For storage and answers to the user. Never for logs, because it may be an e-mail address.
impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An EIP-155 chain id in the one spelling that the wallet shows: no leading zeros, no sign.
pub(super) fn is_chain_id(text: &str) -> bool {
    !text.starts_with('0') && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Splits a contract wallet's id into chain and address.
fn split(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix(NAMESPACE).and_then(|rest| rest.split_once(':'))
}

fn address_of(text: &str) -> Option<Address> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    // The parser would strip a second prefix.
    let is_whole = digits.len() == 40 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    is_whole.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contract_wallet_is_somebody_else_on_every_chain_and_nobody_s_key() {
        let text = "eip155:84532:0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc";
        let here = UserId::parse(text).unwrap();
        assert_eq!(here.as_str(), "eip155:84532:0x9965507d1a55bcc2695c58ba16fb37d819b0a4dc");
        assert_eq!(UserId::parse(here.as_str()), Ok(here.clone()));
        let address = here.wallet().unwrap();
        assert_eq!(UserId::from_contract(84_532, address), here);
        assert_eq!(here.contract_chain(), Some(84_532));
        let there = UserId::from_contract(8_453, address);
        let key = UserId::from_wallet(address);
        assert!(here != there && here != key && there != key);
        assert_eq!((there.wallet(), key.wallet()), (Some(address), Some(address)));
        assert_eq!((key.contract_chain(), here.email()), (None, None));
        let mail = UserId::parse("ada@example.org").unwrap();
        assert_eq!((mail.wallet(), mail.contract_chain()), (None, None));
    }

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
            &format!("0x0x{}", wallet.get(2..).unwrap()),
            &format!("eip155:84532:{wallet}"),
            &format!("eip155:084532:0x{wallet}"),
            &format!("eip155:+84532:0x{wallet}"),
            &format!("eip155:0:0x{wallet}"),
            &format!("eip155::0x{wallet}"),
            &format!("eip155:0x{wallet}"),
            &format!("eip155:18446744073709551616:0x{wallet}"),
            &format!("EIP155:84532:0x{wallet}"),
            &format!("solana:84532:0x{wallet}"),
            &format!("eip155:84532:0x{wallet}:"),
            &format!("eip155:84532: 0x{wallet}"),
            &format!("eip155:1:eip155:84532:0x{wallet}"),
            &format!("{}@c.d", "a".repeat(65)),
            &format!("a@{}d", "c.".repeat(127)),
        ] {
            assert_eq!(UserId::parse(text), Err(UserIdError), "{text}");
        }
    }
}
