//! The blocks of a network: their numbers and times follow from the moment.

/// Where a sequencer stood still, and how fast it caught up. Milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stall {
    pub(crate) from: i64,
    pub(crate) until: i64,
    /// How many times faster than the clock.
    pub(crate) speed: i64,
}

/// Blocks of one network. Each has a slot of `period` milliseconds, whose moment is the time that it bears.
/// After a stall the slots that were left out are made up for, so that blocks come late and bear past times.
#[derive(Clone, Debug)]
pub(crate) struct Blocks {
    /// A slot, and the block in it.
    pub(crate) start: i64,
    pub(crate) first: i64,
    pub(crate) period: i64,
    /// How far the chain's clock is ahead of ours.
    pub(crate) skew: i64,
    pub(crate) stalls: Vec<Stall>,
}

impl Blocks {
    /// The newest block at a moment.
    pub(crate) fn number(&self, at: i64) -> i64 {
        self.first + (self.slot(at) - self.start).div_euclid(self.period)
    }

    /// The time that a block bears, seconds.
    pub(crate) fn time(&self, number: i64) -> i64 {
        (self.moment(number) + self.skew).div_euclid(1000)
    }

    /// When something that is sent at a moment gets into a block, at the earliest.
    pub(crate) fn next(&self, at: i64) -> i64 {
        let slot = self.moment(self.number(at) + 1);
        self.stalls.iter().fold(slot, |moment, stall| {
            let Stall { from, until, speed } = *stall;
            if slot <= from { moment } else { moment.max(until + (slot - from) / speed + 1) }
        })
    }

    fn moment(&self, number: i64) -> i64 {
        self.start + (number - self.first) * self.period
    }

    /// How far the slots are at a moment.
    fn slot(&self, at: i64) -> i64 {
        self.stalls.iter().fold(at, |slot, Stall { from, until, speed }| {
            slot.min(match at {
                _ if at <= *from => at,
                _ if at < *until => *from,
                _ => from + (at - until) * speed,
            })
        })
    }
}
