//! The address to which a customer answers: `reply+{token}@…`. The token names host and ticket, and nobody can guess it.

use std::fmt;

use subtle::ConstantTimeEq;

use crate::base::email::EmailAddress;
use crate::base::id::{ScopeId, TicketId};
use crate::identity::keys::Keys;

/// Bytes of the keyed hash: 80 bits.
const MAC_BYTES: usize = 10;
const BYTES: usize = 16 + 4 + MAC_BYTES;
const CHARS: usize = 48;
/// The longest name of a mailbox that leaves room for a token (RFC 5321, 4.5.3.1.1), bytes.
pub const MAILBOX_BYTES_MAX: usize = 64 - CHARS - 1;
/// Mail programs may change the case of an address, so there is one case only (RFC 4648, 6).
const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// What a token opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To write into the ticket.
    Write,
    /// To read its state.
    Read,
}

/// A ticket's token, not verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub scope: ScopeId,
    /// The number of the ticket.
    pub number: u32,
    mac: [u8; MAC_BYTES],
}

impl Token {
    /// The token of a ticket.
    #[must_use]
    pub fn of(keys: &Keys, purpose: Purpose, scope: &ScopeId, number: u32, id: &TicketId) -> Self {
        let word = match purpose {
            Purpose::Write => "write",
            Purpose::Read => "read",
        };
        let whole = keys.sign_ticket(format!("{word}:{scope}:{number}:{id}").as_bytes());
        let mut mac = [0; MAC_BYTES];
        for (target, byte) in mac.iter_mut().zip(whole) {
            *target = byte;
        }
        Self { scope: scope.clone(), number, mac }
    }

    /// Parses text of a stranger.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = decoded(text)?;
        let (scope, rest) = bytes.split_first_chunk::<16>()?;
        let (number, rest) = rest.split_first_chunk::<4>()?;
        let mac = <[u8; MAC_BYTES]>::try_from(rest).ok()?;
        let number = u32::from_be_bytes(*number);
        Some(Self { scope: ScopeId::from_bytes(*scope), number, mac })
    }

    /// The token in an address of our inbox.
    #[must_use]
    pub fn in_address(address: &EmailAddress) -> Option<Self> {
        let (name, _) = address.as_str().split_once('@')?;
        Self::parse(name.rsplit_once('+')?.1)
    }

    /// Whether it is the token of this ticket.
    #[must_use]
    pub fn opens(&self, keys: &Keys, purpose: Purpose, id: &TicketId) -> bool {
        let expected = Self::of(keys, purpose, &self.scope, self.number, id);
        self.mac.ct_eq(&expected.mac).into()
    }

    /// The address of our inbox with this token; `None` if it would be too long.
    #[must_use]
    pub fn address(&self, inbox: &EmailAddress) -> Option<EmailAddress> {
        let (name, domain) = inbox.as_str().split_once('@')?;
        EmailAddress::parse(&format!("{name}+{self}@{domain}")).ok()
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = alloy_primitives::hex::decode(self.scope.as_str()).unwrap_or_default();
        let bytes = scope.into_iter().chain(self.number.to_be_bytes()).chain(self.mac);
        let bits = bytes.flat_map(|byte| (0..8).rev().map(move |place| byte >> place & 1));
        let bits: Vec<u8> = bits.collect();
        for five in bits.chunks(5) {
            let digit = five.iter().fold(0_usize, |digit, bit| digit << 1 | usize::from(*bit));
            let digit = DIGITS.get(digit).copied().unwrap_or(b'a');
            write!(f, "{}", char::from(digit))?;
        }
        Ok(())
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    if text.len() != CHARS {
        return None;
    }
    let mut bits: Vec<u8> = Vec::with_capacity(BYTES * 8);
    for digit in text.bytes() {
        let place = DIGITS.iter().position(|known| *known == digit)?;
        bits.extend((0..5).rev().map(|shift| u8::from(place >> shift & 1 == 1)));
    }
    Some(bits.chunks(8).map(|eight| eight.iter().fold(0, |byte, bit| byte << 1 | bit)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::master_key::MasterKey;

    fn keys(digit: &str) -> Keys {
        Keys::derive(&MasterKey::parse(&digit.repeat(64)).unwrap())
    }

    #[test]
    fn a_token_is_for_one_ticket_and_one_purpose_and_stands_in_an_address() {
        let scope = ScopeId::from_bytes([0xab; 16]);
        let ticket = TicketId::parse("tkt_0123456789abcdef01234567").unwrap();
        let other = TicketId::parse("tkt_0123456789abcdef01234568").unwrap();
        let token = Token::of(&keys("1"), Purpose::Write, &scope, 70_000, &ticket);
        let inbox = EmailAddress::parse("replies.of.desk@mail.example.org").unwrap();
        assert_eq!("replies.of.desk".len(), MAILBOX_BYTES_MAX);
        let address = token.address(&inbox).unwrap();
        let read = Token::in_address(&address).unwrap();
        assert_eq!(read, token);
        assert!(read.opens(&keys("1"), Purpose::Write, &ticket));
        assert!(!read.opens(&keys("1"), Purpose::Read, &ticket));
        assert!(!read.opens(&keys("1"), Purpose::Write, &other));
        assert!(!read.opens(&keys("2"), Purpose::Write, &ticket));
        let renumbered = Token { number: 70_001, ..read.clone() };
        assert!(!renumbered.opens(&keys("1"), Purpose::Write, &ticket));
        for text in ["", &"a".repeat(47), &"1".repeat(48), &"é".repeat(24)] {
            assert_eq!(Token::parse(text), None, "{text}");
        }
    }
}
