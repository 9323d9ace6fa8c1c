//! How often strangers do something in a minute.

use std::collections::BTreeMap;

use crate::time::UnixSeconds;

const MINUTE_SECONDS: i64 = 60;
/// Wallets and sources that are counted at a time. More of them share one count.
const COUNTED_MAX: usize = 10_000;

/// Counts by minute, in memory: an object that was evicted had nothing to do, so it forgets nothing
/// that matters.
#[derive(Debug, Default)]
pub struct Counts {
    minute: i64,
    by_key: BTreeMap<String, u32>,
}

impl Counts {
    /// Counts one more call of `key`, if there were fewer than `max` in this minute.
    ///
    /// # Errors
    /// How many seconds to wait.
    pub fn admit(&mut self, key: &str, max: u32, now: UnixSeconds) -> Result<(), i64> {
        let minute = now.get().div_euclid(MINUTE_SECONDS);
        if minute != self.minute {
            self.minute = minute;
            self.by_key.clear();
        }
        let is_new = !self.by_key.contains_key(key);
        let key = if is_new && self.by_key.len() >= COUNTED_MAX { "" } else { key };
        let count = self.by_key.entry(key.to_owned()).or_default();
        if *count >= max {
            return Err(MINUTE_SECONDS.saturating_sub(now.get().rem_euclid(MINUTE_SECONDS)));
        }
        *count = count.saturating_add(1);
        Ok(())
    }

    /// Takes back what [`Self::admit`] counted, if that was in this minute.
    pub fn take_back(&mut self, key: &str, now: UnixSeconds) {
        if self.minute == now.get().div_euclid(MINUTE_SECONDS)
            && let Some(count) = self.by_key.get_mut(key)
        {
            *count = count.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_own_share_of_every_minute() {
        let mut counts = Counts::default();
        let now = UnixSeconds::new(6_000);
        assert_eq!(counts.admit("a", 2, now), Ok(()));
        assert_eq!(counts.admit("a", 2, now), Ok(()));
        assert_eq!(counts.admit("a", 2, now.plus(10)), Err(50));
        assert_eq!(counts.admit("b", 2, now.plus(10)), Ok(()));
        counts.take_back("a", now.plus(20));
        assert_eq!(counts.admit("a", 2, now.plus(20)), Ok(()));
        assert_eq!(counts.admit("a", 2, now.plus(60)), Ok(()), "a new minute");
    }

    #[test]
    fn many_keys_take_no_more_memory_than_there_is() {
        let mut counts = Counts::default();
        let now = UnixSeconds::new(0);
        for key in 0..COUNTED_MAX {
            assert_eq!(counts.admit(&key.to_string(), 1, now), Ok(()));
        }
        assert_eq!(counts.admit("one too many", 1, now), Ok(()));
        assert_eq!(counts.admit("another", 1, now), Err(60), "the rest share one count");
        assert!(counts.by_key.len() <= COUNTED_MAX + 1);
    }
}
