//! The source of a request, for rate limits.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use crate::base::http::Headers;
use crate::base::rate_limit::{Budget, RateLimiter};
use crate::base::time::UnixSeconds;

/// The budget of a /48 as a multiple of a /64's. A subscriber often has a whole /48, which contains 65,536 of them.
const WIDE_SHARE: u32 = 8;

/// A source of requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    V4(Ipv4Addr),
    /// The first half of an IPv6 address. One subscriber has all 2^64 addresses of the rest.
    V6([u16; 4]),
    /// A guest session without an open socket, by its id.
    Guest(String),
    /// The platform names no address: on a local machine, and between our own objects.
    Unknown,
}

impl Source {
    /// The source of a request. Cloudflare sets the header and removes a caller's own.
    #[must_use]
    pub fn of(headers: &Headers) -> Self {
        headers.get("cf-connecting-ip").map_or(Self::Unknown, Self::parse)
    }

    /// Parses an IP address. An IPv4 address that is mapped to IPv6 is the same source.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.trim().parse::<IpAddr>().map(|address| address.to_canonical()) {
            Ok(IpAddr::V4(address)) => Self::V4(address),
            Ok(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                Self::V6([a, b, c, d])
            }
            Err(_) => Self::Unknown,
        }
    }

    /// Whether this is the machine that a local deployment runs on.
    #[must_use]
    pub fn is_own_machine(&self) -> bool {
        match self {
            Self::V4(address) => address.is_loopback(),
            Self::V6(half) => *half == [0; 4],
            Self::Guest(_) => false,
            Self::Unknown => true,
        }
    }

    /// The key of its counters.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::V4(address) => address.to_string(),
            Self::V6([a, b, c, d]) => prefix([*a, *b, *c, *d], 64),
            Self::Guest(id) => format!("guest:{id}"),
            Self::Unknown => "unknown".to_owned(),
        }
    }

    /// The surrounding network, in which one subscriber may have many sources.
    #[must_use]
    pub fn wide_key(&self) -> Option<String> {
        match self {
            Self::V6([a, b, c, _]) => Some(prefix([*a, *b, *c, 0], 48)),
            Self::V4(_) | Self::Guest(_) | Self::Unknown => None,
        }
    }

    /// The network that one party usually has: an IPv4 /24, an IPv6 /48.
    #[must_use]
    pub fn network(&self) -> String {
        match self {
            Self::V4(address) => {
                let [a, b, c, _] = address.octets();
                format!("{a}.{b}.{c}.0/24")
            }
            Self::V6(_) | Self::Guest(_) | Self::Unknown => self.party(),
        }
    }

    /// What one party certainly has: an IPv4 address, or a whole /48, in which a subscriber would otherwise be 65,536
    /// callers with a gas budget each.
    #[must_use]
    pub fn party(&self) -> String {
        self.wide_key().unwrap_or_else(|| self.key())
    }

    /// Charges the source and the surrounding network, under keys that begin with `purpose`.
    ///
    /// # Errors
    ///
    /// How many seconds to wait.
    pub fn admit(
        &self,
        limiter: &mut RateLimiter,
        purpose: &str,
        cost: u32,
        budget: Budget,
        now: UnixSeconds,
    ) -> Result<(), i64> {
        let key = format!("{purpose}{}", self.key());
        let Some(wide) = self.wide_key() else { return limiter.admit(&key, cost, budget, now) };
        let wide = format!("{purpose}{wide}");
        let around = Budget { max: budget.max.saturating_mul(WIDE_SHARE), ..budget };
        limiter.admit_all(&[(&key, budget), (&wide, around)], cost, now)
    }

    /// Refunds a charge of [`Self::admit`].
    pub fn take_back(&self, limiter: &mut RateLimiter, purpose: &str, cost: u32) {
        for key in [Some(self.key()), self.wide_key()].into_iter().flatten() {
            limiter.take_back(&format!("{purpose}{key}"), cost);
        }
    }
}

fn prefix([a, b, c, d]: [u16; 4], bits: u8) -> String {
    format!("{}/{bits}", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Budget = Budget::per_minute(10);

    fn admitted(limiter: &mut RateLimiter, addresses: impl Iterator<Item = String>) -> usize {
        let now = UnixSeconds::new(0);
        addresses
            .filter(|text| Source::parse(text).admit(limiter, "", 1, BUDGET, now).is_ok())
            .count()
    }

    #[test]
    fn hopping_inside_a_64_gives_one_budget_and_inside_a_48_eight() {
        let mut limiter = RateLimiter::default();
        let inside_64 = (0..1_000).map(|n| format!("2001:db8:1:2::{n:x}"));
        assert_eq!(admitted(&mut limiter, inside_64), 10);
        let inside_48 = (0..1_000).map(|n| format!("2001:db8:1:{n:x}::1"));
        assert_eq!(admitted(&mut limiter, inside_48), 70, "80 with the 10 of before");
        assert_eq!(admitted(&mut limiter, ["2001:db8:2::1".to_owned()].into_iter()), 1);
    }

    #[test]
    fn a_48_stays_counted_while_its_64s_are_forgotten() {
        let mut limiter = RateLimiter::default();
        let inside_48 = (0..60_000).map(|n| format!("2001:db8:1:{n:x}::1"));
        assert_eq!(admitted(&mut limiter, inside_48), 80);
    }

    #[test]
    fn one_address_is_one_source_in_whatever_form_it_comes() {
        for text in ["203.0.113.9", " 203.0.113.9", "::ffff:203.0.113.9", "::ffff:cb00:7109"] {
            assert_eq!(Source::parse(text).key(), "203.0.113.9", "{text}");
        }
        assert_eq!(Source::parse("2001:DB8::1").key(), "2001:db8::/64");
        assert_eq!(Source::parse("2001:db8:1:2:3::").wide_key().unwrap(), "2001:db8:1::/48");
        assert_eq!(Source::parse("2001:db8:1:2:3::").network(), "2001:db8:1::/48");
        assert_eq!(Source::parse("2001:db8:1:2:3::").party(), "2001:db8:1::/48");
        assert_eq!(Source::parse("203.0.113.9").network(), "203.0.113.0/24");
        assert_eq!(Source::parse("203.0.113.9").party(), "203.0.113.9");
        assert_eq!(Source::parse("nonsense"), Source::Unknown);
        for (text, own) in
            [("127.0.0.1", true), ("::1", true), ("", true), ("10.0.0.1", false), ("1::1", false)]
        {
            assert_eq!(Source::parse(text).is_own_machine(), own, "{text}");
        }
    }

    #[test]
    fn what_is_taken_back_is_taken_back_from_both() {
        let (mut limiter, now) = (RateLimiter::default(), UnixSeconds::new(0));
        let source = Source::parse("2001:db8::1");
        for _ in 0..1_000 {
            assert_eq!(source.admit(&mut limiter, "x", 10, BUDGET, now), Ok(()));
            source.take_back(&mut limiter, "x", 10);
        }
    }
}
