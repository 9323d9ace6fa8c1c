//! How often a host's tools asked for payment and got none, for the host's own statistics.
//!
//! The counts are kept in memory, and written by the alarm and before the host reads them. So a question about a price,
//! which costs its caller nothing, writes nothing. A crash loses the counts of a minute at most.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::base::id::EventId;
use crate::base::time::UnixSeconds;
use crate::ports::{Alarm, Sql, SqlError, SqlValue};

const DAY_SECONDS: i64 = 86_400;
/// How long counts are stored, days.
const KEPT_DAYS: i64 = 400;
/// How long counts are in memory only, seconds.
const MEMORY_SECONDS: i64 = 60;
/// Counts in memory. Callers choose tool and event, so more are written at once.
const COUNTS_MAX: usize = 100;

/// Day (its first second, UTC), tool, and event or nothing.
type Key = (UnixSeconds, &'static str, String);

/// The counts that are not yet written.
#[derive(Debug, Default)]
pub struct Unpaid {
    counts: RefCell<BTreeMap<Key, u32>>,
    first_at: Cell<Option<UnixSeconds>>,
}

impl Unpaid {
    /// Counts an answer that requested payment, and sets the alarm that writes it.
    ///
    /// # Errors
    /// [`SqlError`] if too many are in memory and SQLite refuses to write them.
    pub fn count(
        &self,
        world: &(impl Sql + Alarm),
        tool: &'static str,
        event: Option<&EventId>,
        now: UnixSeconds,
    ) -> Result<(), SqlError> {
        if self.counts.borrow().len() >= COUNTS_MAX {
            self.write(world)?;
        }
        if self.first_at.get().is_none() {
            self.first_at.set(Some(now));
            world.wake_at(now.plus(MEMORY_SECONDS));
        }
        let day = now.plus(now.get().rem_euclid(DAY_SECONDS).saturating_neg());
        let key = (day, tool, event.map(EventId::to_string).unwrap_or_default());
        let mut counts = self.counts.borrow_mut();
        let count = counts.entry(key).or_default();
        *count = count.saturating_add(1);
        Ok(())
    }

    /// When the counts are written, if there are any.
    #[must_use]
    pub fn next_write(&self) -> Option<UnixSeconds> {
        self.first_at.get().map(|first| first.plus(MEMORY_SECONDS))
    }

    /// Writes the counts if they have been in memory for long enough.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn write_due(&self, sql: &impl Sql, now: UnixSeconds) -> Result<(), SqlError> {
        if UnixSeconds::has_come(self.next_write(), now) { self.write(sql) } else { Ok(()) }
    }

    /// Writes the counts. Storage is bounded: one row for each day, tool and existing event.
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses; the counts stay in memory.
    pub fn write(&self, sql: &impl Sql) -> Result<(), SqlError> {
        let Some(newest) = self.counts.borrow().keys().next_back().map(|(day, ..)| *day) else {
            return Ok(());
        };
        sql.atomically(|| {
            for ((day, tool, event), count) in &*self.counts.borrow() {
                let statement = "INSERT INTO unpaid (day, tool, event_id, count) \
                     VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET count = count + ?4";
                let parameters: [SqlValue; 4] =
                    [(*day).into(), (*tool).into(), event.as_str().into(), (*count).into()];
                sql.run(statement, &parameters)?;
            }
            let oldest = newest.plus(KEPT_DAYS.saturating_mul(DAY_SECONDS).saturating_neg());
            sql.run("DELETE FROM unpaid WHERE day < ?1", &[oldest.into()])
        })?;
        self.counts.borrow_mut().clear();
        self.first_at.set(None);
        Ok(())
    }
}
