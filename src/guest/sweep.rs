//! The cron asks a guest session whether it has anything open ([`crate::directory`]).

use crate::guest::{Guest, GuestWorld, purchases};
use crate::ports::SqlError;
use crate::storage;

impl<W: GuestWorld> Guest<W> {
    /// Sets the alarm for everything that is due; whether a purchase is open.
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    pub fn sweep(&self) -> Result<bool, SqlError> {
        if !storage::is_used(&self.world)? {
            return Ok(false);
        }
        self.migrate()?;
        self.rearm()?;
        Ok(purchases::next_due(&self.world)?.is_some())
    }
}
