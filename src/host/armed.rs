//! Whether the alarm that is set covers everything that is stored, so that a call does not ask every table for it.

use std::cell::Cell;

use crate::base::time::UnixSeconds;
use crate::ledger::outbox::GATHER_SECONDS;
use crate::ports::World;

/// How long a call trusts the alarm that is set, seconds.
const ARMED_SECONDS: i64 = 60;

/// What the alarm that was set last covers: the writes so far, by their number, and when it was set.
#[derive(Default)]
pub(super) struct Armed(Cell<Option<(u64, UnixSeconds)>>);

impl Armed {
    /// Whether the alarm covers what a call has done. A call that has written something, such as a sale, needs an alarm a
    /// second later in any case: it is set here, and asks what else is due. `false` after a minute: the alarm is set
    /// again then, because it may be lost.
    pub(super) fn covers_call(&self, world: &impl World) -> bool {
        let now = world.now();
        match self.0.get() {
            Some((covered, at)) if now.since(at) < ARMED_SECONDS => {
                if covered != world.writes() {
                    world.note_open();
                    self.set(world, Some(now.plus(GATHER_SECONDS)));
                }
                true
            }
            Some(_) | None => false,
        }
    }

    /// Sets the alarm, if there is something to do. It covers everything that is stored now.
    pub(super) fn set(&self, world: &impl World, next: Option<UnixSeconds>) {
        if let Some(next) = next {
            world.wake_at(next);
        }
        self.0.set(Some((world.writes(), world.now())));
    }

    /// Forgets the alarm, which has gone off.
    pub(super) fn forget(&self) {
        self.0.set(None);
    }
}
