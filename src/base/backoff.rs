//! How long to wait before the next attempt.

/// `first`, doubled for each of `failures`, and at most `max`: all in the same unit.
#[must_use]
pub fn doubled(first: i64, failures: u32, max: i64) -> i64 {
    first.saturating_mul(2_i64.saturating_pow(failures)).min(max)
}

/// The pause after this one, in the same unit: twice as long, and at most `max`.
#[must_use]
pub fn twice(pause: u32, max: u32) -> u32 {
    pause.saturating_mul(2).min(max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_the_longest() {
        let waits: Vec<i64> = (0..6).map(|failures| doubled(3, failures, 60)).collect();
        assert_eq!(waits, [3, 6, 12, 24, 48, 60]);
        assert_eq!(doubled(3, u32::MAX, 60), 60);
        assert_eq!([twice(3, 60), twice(40, 60), twice(u32::MAX, u32::MAX)], [6, 60, u32::MAX]);
    }
}
