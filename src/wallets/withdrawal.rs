//! The rules of sending money out of a wallet that the deployment keeps. They are apart from the spending policy: a
//! withdrawal buys nothing, only its owner asks for it, and it changes nothing of what an agent may spend.

use alloy_primitives::{Address, U256};

use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::chain::eip3009::{Authorization, Via};
use crate::chain::networks::Network;
use crate::ports::Random;

/// The age of a sign-in that still counts as fresh, seconds.
pub const FRESH_SECONDS: i64 = 300;
/// The most that one withdrawal sends.
pub const PER_WITHDRAWAL: Usdc = Usdc::from_cents(25_000);
/// The most that leaves a wallet in 24 hours, in all sessions of its owner.
pub const PER_DAY: Usdc = Usdc::from_cents(50_000);
/// How long a block may include a withdrawal, seconds. Its outcome is certain a minute later.
pub const VALID_SECONDS: i64 = 180;
/// The longest address or amount that is looked at, characters.
const TEXT_CHARS_MAX: usize = 64;

/// Why a withdrawal was not begun. No money moved, and nothing was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("that request cannot be read; send it again from the wallet page. No money moved.")]
    Request,
    #[error("the deployment keeps no such wallet for you. No money moved.")]
    NoWallet,
    #[error("that network is not in use here. No money moved.")]
    Network,
    #[error(
        "that is not an address: it begins with 0x and has 40 letters a to f and digits after it. No money moved."
    )]
    Address,
    #[error(
        "the address has a typing error: its capital letters do not fit. Copy it again. No money moved."
    )]
    Typo,
    #[error("nobody can get money back from that address. Enter another one. No money moved.")]
    Useless,
    #[error("that is the address of this wallet itself. Enter another one. No money moved.")]
    Itself,
    #[error("enter an amount in dollars, such as 2.50, with six decimals at most. No money moved.")]
    Amount,
    #[error("${PER_WITHDRAWAL} can be sent at once. Send less. No money moved.")]
    PerWithdrawal,
    #[error(
        "${0} more can be sent from this wallet today. Send less, or wait until tomorrow. No money moved."
    )]
    PerDay(Usdc),
    #[error("the wallet has ${0}. Send less. No money moved.")]
    Balance(Usdc),
    #[error(
        "sign in again first: sending money needs a sign-in of the last five minutes. No money moved."
    )]
    SignIn,
    #[error("this browser cannot prove that the wallet is yours. No money moved.")]
    Token,
    #[error(
        "another sending from this wallet is on its way. Wait until it has ended. This one moved no money."
    )]
    UnderWay,
    #[error(
        "the same request was sent before with another address or amount. No money moved by this one."
    )]
    Repeated,
    #[error(
        "it cannot be checked now whether the money may be sent. Try again in a minute. No money moved."
    )]
    NotNow,
}

impl Refusal {
    /// A stable code, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Request => "invalid_request",
            Self::NoWallet => "no_kept_wallet",
            Self::Network => "network_not_in_use",
            Self::Address => "invalid_address",
            Self::Typo => "wrong_checksum",
            Self::Useless => "useless_address",
            Self::Itself => "own_address",
            Self::Amount => "invalid_amount",
            Self::PerWithdrawal => "over_per_withdrawal",
            Self::PerDay(_) => "over_per_day",
            Self::Balance(_) => "insufficient_balance",
            Self::SignIn => "fresh_sign_in_needed",
            Self::Token => "wrong_session_token",
            Self::UnderWay => "withdrawal_under_way",
            Self::Repeated => "request_id_used",
            Self::NotNow => "try_again",
        }
    }
}

/// Reads the address that is to get the money. One in mixed case must have the checksum of EIP-55, which finds most typing
/// errors.
///
/// # Errors
/// [`Refusal`] if it is no address, or money would be lost there.
pub fn read_to(text: &str, from: Address, network: &Network) -> Result<Address, Refusal> {
    let text = text.trim();
    let digits = text.strip_prefix("0x").filter(|_| text.len() <= TEXT_CHARS_MAX);
    let digits = digits.ok_or(Refusal::Address)?;
    let to: Address = text.parse().map_err(|_| Refusal::Address)?;
    let is_mixed = digits.bytes().any(|b| b.is_ascii_uppercase())
        && digits.bytes().any(|b| b.is_ascii_lowercase());
    if is_mixed && to.to_checksum(None) != text {
        return Err(Refusal::Typo);
    }
    if to.is_zero() || to == network.usdc {
        return Err(Refusal::Useless);
    }
    if to == from { Err(Refusal::Itself) } else { Ok(to) }
}

/// Reads the amount, in dollars.
///
/// # Errors
/// [`Refusal`] if it is no amount, zero, or more than one withdrawal may send.
pub fn read_amount(text: &str) -> Result<Usdc, Refusal> {
    let text = text.trim();
    if text.len() > TEXT_CHARS_MAX {
        return Err(Refusal::Amount);
    }
    let amount = Usdc::from_dollars(text).map_err(|_| Refusal::Amount)?;
    if amount.is_zero() {
        return Err(Refusal::Amount);
    }
    if amount > PER_WITHDRAWAL { Err(Refusal::PerWithdrawal) } else { Ok(amount) }
}

/// Whether a sign-in of this moment is fresh.
#[must_use]
pub fn is_fresh(signed_in_at: UnixSeconds, now: UnixSeconds) -> bool {
    (0..=FRESH_SECONDS).contains(&now.since(signed_in_at))
}

/// The only authorization of a withdrawal, with its nonce.
#[must_use]
pub fn authorize(
    from: Address,
    to: Address,
    amount: Usdc,
    now: UnixSeconds,
    random: &impl Random,
) -> Authorization {
    Authorization {
        from,
        to,
        value: amount.to_u256(),
        valid_after: U256::ZERO,
        valid_before: U256::from(now.plus(VALID_SECONDS).get().unsigned_abs()),
        nonce: random.bytes().into(),
        via: Via::Token,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: Address = Address::repeat_byte(0x11);
    const TO: &str = "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc";

    fn read(text: &str) -> Result<Address, Refusal> {
        read_to(text, FROM, Network::by_v1_name("base-sepolia").unwrap())
    }

    #[test]
    fn an_address_is_read_and_one_that_loses_the_money_is_not() {
        let to: Address = TO.parse().unwrap();
        let upper = format!("0x{}", TO[2..].to_uppercase());
        for text in [TO, &format!(" {TO} "), &TO.to_lowercase(), &upper] {
            assert_eq!(read(text), Ok(to), "{text}");
        }
        let usdc = Network::by_v1_name("base-sepolia").unwrap().usdc;
        for (text, refusal) in [
            ("0x9965507D1a55bcC2695C58ba16FB37d819B0A4dC", Refusal::Typo),
            ("9965507D1a55bcC2695C58ba16FB37d819B0A4dc", Refusal::Address),
            ("0x9965507D1a55bcC2695C58ba16FB37d819B0A4d", Refusal::Address),
            ("vitalik.eth", Refusal::Address),
            ("", Refusal::Address),
            (&"0x1".repeat(5_000), Refusal::Address),
            (&format!("0x{}", "0".repeat(40)), Refusal::Useless),
            (&usdc.to_string(), Refusal::Useless),
            (&FROM.to_string(), Refusal::Itself),
        ] {
            assert_eq!(read(text), Err(refusal), "{text}");
        }
    }

    #[test]
    fn an_amount_is_within_its_limit() {
        assert_eq!(read_amount(" 2.50"), Ok(Usdc::from_cents(250)));
        assert_eq!(read_amount("250"), Ok(PER_WITHDRAWAL));
        assert_eq!(read_amount("250.000001"), Err(Refusal::PerWithdrawal));
        for text in ["", "0", "0.00", "-1", "1e3", "1,5", "0.0000001", "all", &"9".repeat(70)] {
            assert_eq!(read_amount(text), Err(Refusal::Amount), "{text}");
        }
    }

    #[test]
    fn a_sign_in_is_fresh_for_five_minutes_and_never_from_the_future() {
        let at = UnixSeconds::new(1_000);
        let fresh = [-1, 0, 300, 301].map(|later| is_fresh(at, at.plus(later)));
        assert_eq!(fresh, [false, true, true, false]);
    }

    #[test]
    fn every_refusal_says_whether_money_moved() {
        for refusal in [
            Refusal::Request,
            Refusal::NoWallet,
            Refusal::Network,
            Refusal::Address,
            Refusal::Typo,
            Refusal::Useless,
            Refusal::Itself,
            Refusal::Amount,
            Refusal::PerWithdrawal,
            Refusal::PerDay(Usdc::ZERO),
            Refusal::Balance(Usdc::ZERO),
            Refusal::SignIn,
            Refusal::Token,
            Refusal::UnderWay,
            Refusal::Repeated,
            Refusal::NotNow,
        ] {
            let text = refusal.to_string().to_lowercase();
            assert!(text.contains("moved no money") || text.contains("no money moved"), "{text}");
        }
    }
}
