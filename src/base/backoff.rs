//! How long to wait before the next attempt.

/// `first`, doubled for each of `failures`, and at most `max`: all in the same unit.
#[must_use]
pub fn doubled(first: i64, failures: u32, max: i64) -> i64 {
    first.saturating_mul(2_i64.saturating_pow(failures)).min(max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_the_longest() {
        let waits: Vec<i64> = (0..6).map(|failures| doubled(3, failures, 60)).collect();
        assert_eq!(waits, [3, 6, 12, 24, 48, 60]);
        assert_eq!(doubled(3, u32::MAX, 60), 60);
    }
}
