//! Whether the alarm that is set covers everything that is stored, so that a call that only reads leaves it alone.

use std::cell::Cell;

use crate::base::time::UnixSeconds;

/// How long a call that writes nothing trusts the alarm that is set, seconds.
const ARMED_SECONDS: i64 = 60;

/// What the alarm that was set last covers: the changes so far, by their number, and when it was set.
#[derive(Default)]
pub(super) struct Armed(Cell<Option<(u64, UnixSeconds)>>);

impl Armed {
    /// Whether the alarm covers everything that is stored. After a minute it is set again, because it may be lost.
    pub(super) fn covers_all(&self, changes: u64, now: UnixSeconds) -> bool {
        self.0
            .get()
            .is_some_and(|(covered, at)| covered == changes && now.since(at) < ARMED_SECONDS)
    }

    /// Notes that the alarm was set for everything that is stored now.
    pub(super) fn note(&self, changes: u64, now: UnixSeconds) {
        self.0.set(Some((changes, now)));
    }

    /// Forgets the alarm, which has gone off.
    pub(super) fn forget(&self) {
        self.0.set(None);
    }
}
