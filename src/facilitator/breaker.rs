//! A circuit breaker. After repeated transport failures of the facilitator, paid calls are refused at once with a
//! retry time, instead of each waiting for a timeout while it holds a seat. Failures that a payer can cause are not
//! counted.

use crate::base::backoff::doubled;
use crate::base::time::UnixSeconds;

/// Failures in a row that open it.
const FAILURES_MAX: u32 = 3;
/// How long it stays open the first time, and at most, seconds.
const OPEN_SECONDS: i64 = 15;
const OPEN_SECONDS_MAX: i64 = 120;
/// How long other calls wait while one call probes, seconds: as long as a settlement may take.
const PROBE_SECONDS: i64 = 45;

/// Closed, open until some time, or half-open, when one call at a time may try.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    open_until: Option<UnixSeconds>,
}

impl Breaker {
    /// Whether a call would be admitted at `now`.
    ///
    /// # Errors
    ///
    /// How many seconds to wait.
    pub fn check(&self, now: UnixSeconds) -> Result<(), i64> {
        match self.open_until {
            Some(until) if until > now => Err(until.since(now)),
            Some(_) | None => Ok(()),
        }
    }

    /// Admits a call. If the breaker was open, this call is the probe, and others wait for its outcome.
    ///
    /// # Errors
    ///
    /// As [`Self::check`].
    pub fn admit(&mut self, now: UnixSeconds) -> Result<(), i64> {
        self.check(now)?;
        if self.open_until.is_some() {
            self.open_until = Some(now.plus(PROBE_SECONDS));
        }
        Ok(())
    }

    /// The facilitator answered. Closes the breaker.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// The facilitator could not be used.
    pub fn failed(&mut self, now: UnixSeconds) {
        self.failures = self.failures.saturating_add(1);
        let Some(beyond) = self.failures.checked_sub(FAILURES_MAX) else { return };
        self.open_until = Some(now.plus(doubled(OPEN_SECONDS, beyond, OPEN_SECONDS_MAX)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_three_failures_and_lets_one_probe_through() {
        let mut breaker = Breaker::default();
        let now = UnixSeconds::new(1_000);
        for _ in 0..3 {
            assert_eq!(breaker.admit(now), Ok(()));
            breaker.failed(now);
        }
        assert_eq!(breaker.admit(now), Err(15));
        let later = now.plus(15);
        assert_eq!(breaker.admit(later), Ok(()));
        assert_eq!(breaker.admit(later), Err(45), "one probe at a time");
        breaker.failed(later);
        assert_eq!(breaker.admit(later), Err(30), "longer each time");
        assert_eq!(breaker.admit(later.plus(30)), Ok(()));
        breaker.succeeded();
        assert_eq!(breaker.admit(later.plus(30)), Ok(()));
        assert_eq!(breaker.admit(later.plus(30)), Ok(()), "closed again");
    }

    #[test]
    fn failures_that_are_not_in_a_row_do_not_open_it() {
        let mut breaker = Breaker::default();
        let now = UnixSeconds::new(1_000);
        for _ in 0..10 {
            breaker.failed(now);
            breaker.failed(now);
            breaker.succeeded();
        }
        assert_eq!(breaker.check(now), Ok(()));
    }
}
