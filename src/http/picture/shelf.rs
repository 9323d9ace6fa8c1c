//! Pictures that one isolate of the gateway keeps, so that a rush on a link does not ask the host for each of them.

use std::collections::VecDeque;
use std::rc::Rc;

use crate::base::id::ScopeId;
use crate::base::time::UnixSeconds;
use crate::http::picture::name::PictureName;

/// How long a picture is kept, seconds. So long a picture that its host removed may still be shown.
pub const KEPT_SECONDS: i64 = 60;
/// The most bytes of all pictures.
const BYTES_MAX: usize = 6_000_000;

/// The headers of every picture. What is at its path never changes.
pub const HEADERS: [(&str, &str); 4] = [
    ("cache-control", "public, max-age=31536000, immutable"),
    ("content-security-policy", "default-src 'none'; sandbox"),
    ("x-content-type-options", "nosniff"),
    ("cross-origin-resource-policy", "cross-origin"),
];

/// The pictures, from the oldest to the newest.
#[derive(Debug, Default)]
pub struct Shelf(VecDeque<Kept>);

#[derive(Debug)]
struct Kept {
    scope: ScopeId,
    name: PictureName,
    bytes: Rc<[u8]>,
    at: UnixSeconds,
}

impl Shelf {
    /// A picture that was read within [`KEPT_SECONDS`].
    #[must_use]
    pub fn find(&self, scope: &ScopeId, name: &PictureName, now: UnixSeconds) -> Option<Rc<[u8]>> {
        let is_it = |kept: &&Kept| kept.name == *name && kept.scope == *scope && kept.is_fresh(now);
        self.0.iter().rev().find(is_it).map(|kept| Rc::clone(&kept.bytes))
    }

    /// Keeps what a host has just said. The oldest go until all fit.
    pub fn keep(&mut self, scope: ScopeId, name: PictureName, bytes: Rc<[u8]>, now: UnixSeconds) {
        self.0.retain(|kept| kept.is_fresh(now) && (kept.name != name || kept.scope != scope));
        self.0.push_back(Kept { scope, name, bytes, at: now });
        let mut sum = self.0.iter().fold(0_usize, |sum, one| sum.saturating_add(one.bytes.len()));
        while sum > BYTES_MAX
            && let Some(oldest) = self.0.pop_front()
        {
            sum = sum.saturating_sub(oldest.bytes.len());
        }
    }
}

impl Kept {
    fn is_fresh(&self, now: UnixSeconds) -> bool {
        (0..KEPT_SECONDS).contains(&now.since(self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(digit: char) -> ScopeId {
        ScopeId::parse(&digit.to_string().repeat(32)).unwrap()
    }

    fn name(number: usize) -> PictureName {
        PictureName::parse(&format!("{number:032x}.jpg")).unwrap()
    }

    #[test]
    fn a_picture_is_kept_for_a_minute_and_for_its_host() {
        let (mut shelf, now) = (Shelf::default(), UnixSeconds::new(1_000));
        shelf.keep(scope('a'), name(1), Rc::from(&b"x"[..]), now);
        let later = |seconds: i64| UnixSeconds::new(1_000 + seconds);
        assert_eq!(shelf.find(&scope('a'), &name(1), later(59)).as_deref(), Some(&b"x"[..]));
        assert_eq!(shelf.find(&scope('a'), &name(1), later(60)), None);
        assert_eq!(shelf.find(&scope('b'), &name(1), now), None);
        assert_eq!(shelf.find(&scope('a'), &name(2), now), None);
    }

    #[test]
    fn what_is_kept_has_a_limit_and_the_newest_stay() {
        let (mut shelf, now) = (Shelf::default(), UnixSeconds::new(1_000));
        for number in 0..100 {
            shelf.keep(scope('a'), name(number), Rc::from(vec![0; 300_000]), now);
            let sum: usize = shelf.0.iter().map(|kept| kept.bytes.len()).sum();
            assert!(sum <= BYTES_MAX);
            assert!(shelf.find(&scope('a'), &name(number), now).is_some());
        }
        assert_eq!(shelf.0.len(), 20);
        shelf.keep(scope('a'), name(99), Rc::from(vec![0; 10]), now);
        assert_eq!(shelf.0.len(), 20, "a picture is kept once");
    }
}
