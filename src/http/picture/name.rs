//! The name of an uploaded picture, which follows from its content: `/pictures/{scope}/{name}`.

use std::fmt;

use alloy_primitives::hex;
use serde::{Deserialize, Serialize};

use crate::base::id::ScopeId;
use crate::http::picture::kinds::Format;

/// Digits of the hash in a name.
const DIGITS: usize = 32;

/// 32 hex digits of the SHA-256 of the picture, and the ending of its format.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PictureName(String);

impl PictureName {
    pub(super) fn of(digest: &[u8; 32], format: Format) -> Self {
        let digits: String = hex::encode(digest).chars().take(DIGITS).collect();
        Self(format!("{digits}.{}", format.ending()))
    }

    /// Reads the last part of a path.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (digits, _) = text.split_once('.')?;
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_hash = digits.len() == DIGITS && digits.bytes().all(is_digit);
        let name = Self(text.to_owned());
        (is_hash && name.format().is_some()).then_some(name)
    }

    /// The format that the name says. `None` for a name that is not one of ours.
    #[must_use]
    pub fn format(&self) -> Option<Format> {
        let (_, ending) = self.0.split_once('.')?;
        Format::ALL.into_iter().find(|format| format.ending() == ending)
    }

    /// The path of the picture of this host.
    #[must_use]
    pub fn path(&self, scope: &ScopeId) -> String {
        format!("/pictures/{scope}/{self}")
    }
}

impl fmt::Display for PictureName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_hash_and_a_format_that_is_kept() {
        let digits = "0123456789abcdef0123456789abcdef";
        for format in Format::ALL {
            let text = format!("{digits}.{}", format.ending());
            assert_eq!(PictureName::parse(&text).unwrap().format(), Some(format));
        }
        for text in [
            digits.to_owned(),
            format!("{digits}.svg"),
            format!("{digits}.jpg.png"),
            format!("{}.jpg", digits.to_uppercase()),
            format!("{}.jpg", &digits[1..]),
            format!("{digits}.JPG"),
            ".jpg".to_owned(),
        ] {
            assert_eq!(PictureName::parse(&text), None, "{text}");
        }
    }
}
