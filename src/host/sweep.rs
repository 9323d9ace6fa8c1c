//! The answer to the cron, which asks every host's object for open work ([`crate::directory`]).

use crate::host::Host;
use crate::ports::{SqlError, World};

impl<W: World> Host<W> {
    /// Sets the alarm, and returns whether the object has work that only the alarm finishes: payments, records,
    /// mails, expiring secrets.
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    pub fn sweep(&self) -> Result<bool, SqlError> {
        self.open()?;
        Ok(self.rearm()?.is_open)
    }
}
