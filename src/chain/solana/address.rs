//! Addresses and transaction signatures of Solana: bytes that are written in base58 (Bitcoin's alphabet).

use std::fmt;

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// An address: 32 bytes. Whether it lies on the curve is not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SolanaAddress([u8; 32]);

/// The signature of a fee payer, which is also the id of its transaction: 64 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SolanaSignature([u8; 64]);

impl SolanaAddress {
    /// Parses base58 of exactly 32 bytes; at most 44 characters are read.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        decode(text).map(Self)
    }

    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Whether it is the address of zeros, which is a program that takes no money.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0 == [0; 32]
    }
}

impl SolanaSignature {
    /// Parses base58 of exactly 64 bytes; at most 88 characters are read.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        decode(text).map(Self)
    }
}

impl fmt::Display for SolanaAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode(&self.0))
    }
}

impl fmt::Display for SolanaSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode(&self.0))
    }
}

/// Base58 of exactly `N` bytes. Every value has one spelling.
fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    // 8 bits are at most 1.366 digits.
    if text.len() > N.saturating_mul(11).div_ceil(8) {
        return None;
    }
    let mut bytes = [0_u8; N];
    for digit in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == digit)?;
        let mut carry = u32::try_from(value).ok()?;
        for byte in bytes.iter_mut().rev() {
            let [low, rest @ ..] =
                u32::from(*byte).wrapping_mul(58).wrapping_add(carry).to_le_bytes();
            *byte = low;
            let [second, third, fourth] = rest;
            carry = u32::from_le_bytes([second, third, fourth, 0]);
        }
        if carry != 0 {
            return None;
        }
    }
    // A zero byte at the beginning is a digit of its own.
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let ones = text.bytes().take_while(|digit| *digit == b'1').count();
    (zeros == ones).then_some(bytes)
}

fn encode(bytes: &[u8]) -> String {
    // The digits, the smallest first.
    let mut digits: Vec<u8> = Vec::new();
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            let sum = u32::from(*digit).wrapping_mul(256).wrapping_add(carry);
            *digit = u8::try_from(sum.checked_rem(58).unwrap_or_default()).unwrap_or_default();
            carry = sum.checked_div(58).unwrap_or_default();
        }
        while carry > 0 {
            digits
                .push(u8::try_from(carry.checked_rem(58).unwrap_or_default()).unwrap_or_default());
            carry = carry.checked_div(58).unwrap_or_default();
        }
    }
    let zeros = bytes.iter().take_while(|byte| **byte == 0).map(|_| 0);
    let digits = zeros.chain(digits.into_iter().rev());
    digits.filter_map(|digit| ALPHABET.get(usize::from(digit)).copied().map(char::from)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const USDC: &str = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";

    #[test]
    fn an_address_is_read_in_its_one_spelling() {
        assert_eq!(SolanaAddress::parse(USDC).unwrap().to_string(), USDC);
        let zeros = "11111111111111111111111111111111";
        assert!(SolanaAddress::parse(zeros).unwrap().is_zero());
        let begins_with_zeros = SolanaAddress::from_bytes([
            0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 9,
        ]);
        let text = begins_with_zeros.to_string();
        assert!(text.starts_with("11"), "{text}");
        assert_eq!(SolanaAddress::parse(&text), Some(begins_with_zeros));
        let highest = SolanaAddress::from_bytes([255; 32]);
        assert_eq!(SolanaAddress::parse(&highest.to_string()), Some(highest));
    }

    #[test]
    fn whatever_is_not_32_bytes_of_base58_is_no_address() {
        for text in [
            "",
            "1",
            "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
            "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTD",
            "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v1",
            "1EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
            "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt10",
            "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1l",
            " EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
            "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
            "111111111111111111111111111111111",
            &"1".repeat(1_000_000),
        ] {
            assert_eq!(SolanaAddress::parse(text), None, "{text:.50}");
        }
    }

    #[test]
    fn a_signature_has_64_bytes() {
        let signature = SolanaSignature([7; 64]);
        assert_eq!(SolanaSignature::parse(&signature.to_string()), Some(signature));
        assert_eq!(SolanaSignature::parse(USDC), None);
        assert_eq!(SolanaAddress::parse(&signature.to_string()), None);
    }
}
