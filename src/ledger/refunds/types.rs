//! The types of refunds, and the nonce that a refund is paid with.

use alloy_primitives::B256;
use sha2::{Digest, Sha256};

use crate::base::id::{EventId, PaymentId, ScopeId};
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;

/// Who cancelled the purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The guest gave its seat back.
    Guest,
    /// The host cancelled the event.
    Host,
}

/// How far a refund is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No money goes back.
    None,
    /// The host owes it.
    Owed,
    /// A wallet was asked to pay it, or is said to have paid it. The chain decides.
    Paying,
    /// The chain has confirmed it.
    Paid,
    /// The chain has dropped the payment, so nothing was paid that could go back.
    Void,
}

/// A row of `refunds`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// The purchase whose money goes back. It identifies the refund.
    pub payment: PaymentId,
    pub event_id: EventId,
    pub cause: Cause,
    /// CAIP-2 id, such as `eip155:8453`.
    pub network: String,
    /// The wallet that paid, and gets the money (EIP-55).
    pub payer: String,
    pub amount: Usdc,
    pub state: State,
    /// The number of the nonce, from 1.
    pub attempt: u32,
    /// Grows when the host acts or a payment is given up.
    pub round: u32,
    /// The wallet that was asked to pay (EIP-55).
    pub from: Option<String>,
    /// When the last authorization that was offered for signing ends.
    pub offered_until: Option<UnixSeconds>,
    /// What the wallet has signed, with its end.
    pub signed: Option<(String, UnixSeconds)>,
    /// A transaction that the host says has paid it by hand.
    pub reported: Option<String>,
    /// The newest block in which the nonce was seen unused.
    pub unused_at: Option<u64>,
    /// The transaction and block in which the chain last showed the transfer.
    pub seen: Option<(String, u64)>,
    /// The transaction that paid it.
    pub transaction: Option<String>,
    /// Why it is not paid yet, for the host.
    pub reason: Option<String>,
    /// Checks in a row.
    pub attempts: u32,
    /// When the alarm checks it next.
    pub next_check_at: Option<UnixSeconds>,
    pub created_at: UnixSeconds,
}

impl Cause {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Host => "host",
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let all = [Self::Guest, Self::Host];
        all.into_iter().find(|one| one.as_str() == text).ok_or("unknown cause")
    }
}

impl State {
    /// The name in column `state` and in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Owed => "owed",
            Self::Paying => "paying",
            Self::Paid => "paid",
            Self::Void => "void",
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let all = [Self::None, Self::Owed, Self::Paying, Self::Paid, Self::Void];
        all.into_iter().find(|one| one.as_str() == text).ok_or("unknown state of a refund")
    }
}

/// The nonce of the transfer that pays a refund: no two refunds of this deployment have the same.
#[must_use]
pub fn nonce(scope: &ScopeId, payment: &PaymentId, attempt: u32) -> B256 {
    let text = format!("events-concierge refund/{scope}/{payment}/{attempt}");
    B256::from_slice(&Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refund_and_every_attempt_has_a_nonce_of_its_own_and_always_the_same() {
        let id = |last: &str| PaymentId::parse(&format!("pay_{last:0>24}")).unwrap();
        let [one, other] = ["a", "b"].map(|digit| ScopeId::parse(&digit.repeat(32)).unwrap());
        let first = nonce(&one, &id("1"), 1);
        assert_eq!(first, nonce(&one, &id("1"), 1));
        for different in
            [nonce(&other, &id("1"), 1), nonce(&one, &id("2"), 1), nonce(&one, &id("1"), 2)]
        {
            assert_ne!(first, different);
        }
    }
}
