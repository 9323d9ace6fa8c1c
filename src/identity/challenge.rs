//! The challenge binds a sign-in code to the browser that requested it. A cookie marks the browsers that have signed in
//! to an address before.
//!
//! Both are signed and not stored, except for the challenge of a mail. A forged or expired one is refused without asking
//! an object, in the same way for every address.

use alloy_primitives::hex;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::base::email::EmailAddress;
use crate::base::time::UnixSeconds;
use crate::identity::keys::Keys;
use crate::ports::Random;

/// Validity of a challenge and its code, seconds.
pub const CHALLENGE_SECONDS: i64 = 10 * 60;
/// How long a browser stays known after a sign-in, seconds.
pub const KNOWN_SECONDS: i64 = 180 * 24 * 60 * 60;
/// Addresses in the cookie of one browser at most.
const KNOWN_MAX: usize = 4;
/// The longest accepted text, bytes.
const TEXT_BYTES_MAX: usize = 1024;
const BETWEEN: char = '~';

/// A random value that only the browser that requested the code has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge(String);

impl Challenge {
    /// A new random challenge.
    #[must_use]
    pub fn random(random: &impl Random) -> Self {
        Self(hex::encode(random.bytes::<16>()))
    }

    /// The key of the code's row.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The signed text for the browser, valid for this address for ten minutes.
    #[must_use]
    pub fn text(&self, keys: &Keys, address: &EmailAddress, now: UnixSeconds) -> String {
        let said = format!("{}.{}", now.plus(CHALLENGE_SECONDS).get(), self.0);
        let mac = keys.sign_challenge(format!("{address}\n{said}").as_bytes());
        format!("{said}.{}", URL_SAFE_NO_PAD.encode(mac))
    }

    /// Reads the signed text; `None` unless it was made for this address in the last ten minutes.
    #[must_use]
    pub fn read(keys: &Keys, address: &EmailAddress, text: &str, now: UnixSeconds) -> Option<Self> {
        let text = Some(text.trim()).filter(|text| text.len() <= TEXT_BYTES_MAX)?;
        let (said, mac) = text.rsplit_once('.')?;
        let expected = keys.sign_challenge(format!("{address}\n{said}").as_bytes());
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        let (expires_at, id) = said.split_once('.')?;
        let is_ours = bool::from(expected.as_slice().ct_eq(&mac));
        let is_good = UnixSeconds::new(expires_at.parse().ok()?) > now;
        (is_ours && is_good).then(|| Self(id.to_owned()))
    }
}

/// Whether the cookie shows that the browser has signed in to the address before.
#[must_use]
pub fn is_known(keys: &Keys, address: &EmailAddress, cookie: &str, now: UnixSeconds) -> bool {
    entries(cookie).any(|entry| {
        let Some((expires_at, mac)) = entry.split_once('.') else { return false };
        let Ok(mac) = URL_SAFE_NO_PAD.decode(mac) else { return false };
        let expected = keys.sign_browser(format!("{address}\n{expires_at}").as_bytes());
        let is_ours = bool::from(expected.as_slice().ct_eq(&mac));
        is_ours && expires_at.parse().is_ok_and(|at| UnixSeconds::new(at) > now)
    })
}

/// The new cookie of a browser that has just signed in to the address. It keeps the most recent other addresses.
#[must_use]
pub fn remember(keys: &Keys, address: &EmailAddress, cookie: &str, now: UnixSeconds) -> String {
    let expires_at = now.plus(KNOWN_SECONDS).get();
    let mac = keys.sign_browser(format!("{address}\n{expires_at}").as_bytes());
    let newest = format!("{expires_at}.{}", URL_SAFE_NO_PAD.encode(mac));
    let others = entries(cookie).filter(|entry| !is_known(keys, address, entry, now));
    let others = others.filter(|entry| {
        entry.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    });
    let kept: Vec<&str> = std::iter::once(newest.as_str()).chain(others).take(KNOWN_MAX).collect();
    kept.join(&BETWEEN.to_string())
}

fn entries(cookie: &str) -> impl Iterator<Item = &str> {
    let cookie = if cookie.len() <= TEXT_BYTES_MAX { cookie } else { "" };
    cookie.split(BETWEEN).filter(|entry| !entry.is_empty() && entry.len() <= 64).take(KNOWN_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::master_key::MasterKey;

    struct Sevens;

    impl Random for Sevens {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    fn keys(digit: &str) -> Keys {
        Keys::derive(&MasterKey::parse(&digit.repeat(64)).unwrap())
    }

    fn address(text: &str) -> EmailAddress {
        EmailAddress::parse(text).unwrap()
    }

    #[test]
    fn a_challenge_is_good_for_its_address_for_ten_minutes_and_cannot_be_made_up() {
        let (keys_, now) = (keys("1"), UnixSeconds::new(1_000));
        let (ada, bob) = (address("ada@example.org"), address("bob@example.org"));
        let challenge = Challenge::random(&Sevens);
        let text = challenge.text(&keys_, &ada, now);
        let read = |keys: &Keys, address: &EmailAddress, text: &str, seconds| {
            Challenge::read(keys, address, text, now.plus(seconds))
        };
        assert_eq!(read(&keys_, &ada, &format!(" {text}\n"), 599), Some(challenge));
        assert_eq!(read(&keys_, &ada, &text, 600), None, "over");
        assert_eq!(read(&keys_, &bob, &text, 0), None);
        assert_eq!(read(&keys("2"), &ada, &text, 0), None);
        for place in 0..text.len() {
            let mut forged = text.clone().into_bytes();
            forged[place] = if forged[place] == b'1' { b'2' } else { b'1' };
            assert_eq!(read(&keys_, &ada, &String::from_utf8(forged).unwrap(), 0), None, "{place}");
        }
        for text in ["", ".", "..", "9999999999..", &"a".repeat(5_000)] {
            assert_eq!(read(&keys_, &ada, text, 0), None, "{text}");
        }
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)));
    }

    #[test]
    fn a_browser_is_known_to_the_addresses_that_it_signed_in_to_for_half_a_year() {
        let (keys_, now) = (keys("1"), UnixSeconds::new(1_795_262_400));
        let ada = address("ada@example.org");
        let mut cookie = String::new();
        for n in 0..5 {
            cookie = remember(&keys_, &address(&format!("{n}@example.org")), &cookie, now);
        }
        assert!(!is_known(&keys_, &ada, &cookie, now));
        assert!(!is_known(&keys_, &address("0@example.org"), &cookie, now), "the last four");
        assert!(is_known(&keys_, &address("1@example.org"), &cookie, now));
        let again = remember(&keys_, &address("1@example.org"), &cookie, now.plus(9));
        assert_eq!(again.split('~').count(), 4, "once each");
        let ended = now.plus(KNOWN_SECONDS);
        assert!(is_known(&keys_, &address("4@example.org"), &cookie, ended.plus(-1)));
        assert!(!is_known(&keys_, &address("4@example.org"), &cookie, ended));
        assert!(!is_known(&keys("2"), &address("4@example.org"), &cookie, now));
        for forged in ["", "~", ".", "9999999999.", "9999999999.AAAA", &"~".repeat(9_000)] {
            assert!(!is_known(&keys_, &ada, forged, now), "{forged}");
        }
        let planted = remember(&keys_, &ada, "x; Domain=evil~ok.ok", now);
        assert!(planted.len() <= 320 && !planted.contains(';'));
    }
}
