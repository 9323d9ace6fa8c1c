//! How many mails are read in a minute, before anybody has looked at them. Counts are in memory.

use crate::base::rate_limit::{Budget, RateLimiter};
use crate::base::time::UnixSeconds;

/// Mails of one sender that are read in a minute.
pub const SENDER_A_MINUTE: u32 = 30;
/// Mails that are read in a minute.
pub const ALL_A_MINUTE: u32 = 600;
/// The only key of the count of all mails.
const ALL: &str = "all";

/// Why a mail is not read now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooMany {
    /// Its sender writes too much.
    OfSender,
    /// Perhaps others do, so this mail is only late: who brought it tries again.
    OfAll,
}

/// The mails of the last minute. Two tables, so that a crowd of senders cannot push out the count of all.
#[derive(Debug, Default)]
pub struct Admission {
    senders: RateLimiter,
    all: RateLimiter,
}

impl Admission {
    /// Counts a mail of this envelope sender, which is empty for reports. A refused mail is not counted, so one sender uses up
    /// its own share and nothing of the others'.
    ///
    /// # Errors
    ///
    /// [`TooMany`].
    pub fn admit(&mut self, from: &str, now: UnixSeconds) -> Result<(), TooMany> {
        let (one, all) = (Budget::per_minute(SENDER_A_MINUTE), Budget::per_minute(ALL_A_MINUTE));
        self.all.admit(ALL, 1, all, now).map_err(|_| TooMany::OfAll)?;
        self.senders.admit(&from.to_ascii_lowercase(), 1, one, now).map_err(|_| {
            self.all.take_back(ALL, 1);
            TooMany::OfSender
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rate_limit::KEYS_MAX;

    const NOW: UnixSeconds = UnixSeconds::new(1_800_000_000);

    #[test]
    fn the_flood_of_one_sender_is_refused_and_leaves_the_others_their_share() {
        let mut admission = Admission::default();
        let flood: Vec<_> = (0..5_000).map(|_| admission.admit("Flood@example.org", NOW)).collect();
        assert!(flood.iter().take(30).all(Result::is_ok));
        assert!(flood.iter().skip(30).all(|it| *it == Err(TooMany::OfSender)));
        for number in 0..570 {
            assert_eq!(admission.admit(&format!("guest{number}@example.org"), NOW), Ok(()));
        }
        assert_eq!(admission.admit("late@example.org", NOW), Err(TooMany::OfAll));
        assert_eq!(admission.admit("late@example.org", NOW.plus(60)), Ok(()));
    }

    #[test]
    fn a_crowd_of_senders_makes_no_more_mails_be_read() {
        let mut admission = Admission::default();
        let crowd = 0..KEYS_MAX.saturating_mul(2);
        let read = crowd.filter(|number| admission.admit(&format!("{number}@x.org"), NOW).is_ok());
        assert_eq!(read.count(), 600);
    }
}
