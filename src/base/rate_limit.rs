//! In-memory fixed-window rate limiter with a cost for each call and a bounded number of keys.
//!
//! A key's window starts with its first call. A full table drops the least recently used key, so keys never share a
//! counter. Eviction of the object or isolate resets the limiter, which is safe because only idle ones are evicted.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::base::time::UnixSeconds;

const MINUTE_SECONDS: i64 = 60;
/// Keys in the table at most; about 2 MB.
pub const KEYS_MAX: usize = 10_000;

/// The limit of a key: a sum of costs in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The sum of costs that is admitted in one window.
    pub max: u32,
    /// The length of a window, seconds.
    pub seconds: i64,
}

impl Budget {
    /// A limit of `max` in a window of one minute.
    #[must_use]
    pub const fn per_minute(max: u32) -> Self {
        Self { max, seconds: MINUTE_SECONDS }
    }
}

/// Counts the costs of each key in its current window.
#[derive(Debug, Default)]
pub struct RateLimiter {
    by_key: BTreeMap<Rc<str>, Window>,
    /// The keys in the order of their last use.
    by_turn: BTreeMap<u64, Rc<str>>,
    turn: u64,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    ends_at: UnixSeconds,
    used: u32,
    turn: u64,
}

impl RateLimiter {
    /// Admits and counts a call of `key` if its budget has `cost` left. A refused call is not counted.
    ///
    /// # Errors
    /// The seconds until the window ends, if the budget is used up.
    pub fn admit(
        &mut self,
        key: &str,
        cost: u32,
        budget: Budget,
        now: UnixSeconds,
    ) -> Result<(), i64> {
        self.admit_all(&[(key, budget)], cost, now)
    }

    /// As [`Self::admit`] for several keys: all of them are charged, or none.
    ///
    /// # Errors
    /// The seconds until the window ends, if the budget is used up.
    pub fn admit_all(
        &mut self,
        keys: &[(&str, Budget)],
        cost: u32,
        now: UnixSeconds,
    ) -> Result<(), i64> {
        for (key, budget) in keys {
            let (used, ends_at) = self.used(key, *budget, now);
            if used.saturating_add(cost) > budget.max {
                return Err(ends_at.since(now).max(1));
            }
        }
        for (key, budget) in keys {
            self.charge(key, cost, *budget, now);
        }
        Ok(())
    }

    /// Refunds a cost that [`Self::admit`] counted for `key` in the current window.
    pub fn take_back(&mut self, key: &str, cost: u32) {
        if let Some(window) = self.by_key.get_mut(key) {
            window.used = window.used.saturating_sub(cost);
        }
    }

    /// The costs counted in the key's current window, and its end.
    fn used(&self, key: &str, budget: Budget, now: UnixSeconds) -> (u32, UnixSeconds) {
        let window = self.by_key.get(key).filter(|window| window.is_open(budget, now));
        window.map_or((0, now.plus(budget.seconds)), |window| (window.used, window.ends_at))
    }

    fn charge(&mut self, key: &str, cost: u32, budget: Budget, now: UnixSeconds) {
        let (used, ends_at) = self.used(key, budget, now);
        let key = match self.by_key.get_key_value(key) {
            Some((key, window)) => {
                self.by_turn.remove(&window.turn);
                Rc::clone(key)
            }
            None => {
                self.make_room();
                Rc::from(key)
            }
        };
        self.turn = self.turn.saturating_add(1);
        self.by_turn.insert(self.turn, Rc::clone(&key));
        let window = Window { ends_at, used: used.saturating_add(cost), turn: self.turn };
        self.by_key.insert(key, window);
    }

    /// Drops the least recently used key if the table is full.
    fn make_room(&mut self) {
        if self.by_key.len() >= KEYS_MAX
            && let Some((_, oldest)) = self.by_turn.pop_first()
        {
            self.by_key.remove(&oldest);
        }
    }
}

impl Window {
    /// Whether the window contains `now`. False if the clock was set back by more than a window.
    fn is_open(&self, budget: Budget, now: UnixSeconds) -> bool {
        now < self.ends_at && self.ends_at.since(now) <= budget.seconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: Budget = Budget::per_minute(2);

    fn at(seconds: i64) -> UnixSeconds {
        UnixSeconds::new(seconds)
    }

    #[test]
    fn each_key_has_its_own_budget_in_every_window() {
        let mut limiter = RateLimiter::default();
        assert_eq!(limiter.admit("a", 1, TWO, at(6_030)), Ok(()));
        assert_eq!(limiter.admit("a", 1, TWO, at(6_031)), Ok(()));
        assert_eq!(limiter.admit("a", 1, TWO, at(6_040)), Err(50));
        assert_eq!(limiter.admit("b", 1, TWO, at(6_040)), Ok(()));
        limiter.take_back("a", 1);
        assert_eq!(limiter.admit("a", 1, TWO, at(6_050)), Ok(()));
        assert_eq!(limiter.admit("a", 1, TWO, at(6_089)), Err(1));
        assert_eq!(limiter.admit("a", 2, TWO, at(6_090)), Ok(()), "a new window");
        assert_eq!(limiter.admit("a", 1, TWO, at(1_000)), Ok(()), "the clock was set back");
    }

    #[test]
    fn what_is_refused_costs_nothing_and_what_is_dear_costs_more() {
        let mut limiter = RateLimiter::default();
        let five = Budget::per_minute(5);
        assert_eq!(limiter.admit("a", 4, five, at(0)), Ok(()));
        for _ in 0..9 {
            assert_eq!(limiter.admit("a", 2, five, at(0)), Err(60));
        }
        assert_eq!(limiter.admit("a", 1, five, at(0)), Ok(()));
    }

    #[test]
    fn several_keys_are_charged_together_or_not_at_all() {
        let mut limiter = RateLimiter::default();
        let both = [("narrow", Budget::per_minute(9)), ("wide", TWO)];
        assert_eq!(limiter.admit_all(&both, 2, at(0)), Ok(()));
        assert_eq!(limiter.admit_all(&both, 1, at(0)), Err(60));
        assert_eq!(limiter.admit("narrow", 7, Budget::per_minute(9), at(0)), Ok(()));
    }

    #[test]
    fn ten_thousand_sources_take_nothing_from_the_next_and_memory_stays_bounded() {
        let mut limiter = RateLimiter::default();
        let one = Budget::per_minute(1);
        for key in 0..KEYS_MAX {
            assert_eq!(limiter.admit(&key.to_string(), 1, one, at(0)), Ok(()));
        }
        for stranger in 0..1_000 {
            let key = format!("stranger {stranger}");
            assert_eq!(limiter.admit(&key, 1, one, at(1)), Ok(()), "nobody shares a counter");
            assert_eq!(limiter.admit(&key, 1, one, at(1)), Err(60), "and each has its own");
        }
        assert_eq!((limiter.by_key.len(), limiter.by_turn.len()), (KEYS_MAX, KEYS_MAX));
    }

    #[test]
    fn who_keeps_asking_is_not_forgotten_among_many_others() {
        let mut limiter = RateLimiter::default();
        let (few, many) = (Budget::per_minute(20), Budget::per_minute(u32::MAX));
        for key in 0..3 * KEYS_MAX {
            limiter.admit(&key.to_string(), 1, many, at(0)).unwrap();
            if key % 1_000 == 0 && key < 20_000 {
                assert_eq!(limiter.admit("busy", 1, few, at(0)), Ok(()));
            }
            if key == 20_000 {
                assert_eq!(limiter.admit("busy", 1, few, at(0)), Err(60));
            }
        }
    }
}
