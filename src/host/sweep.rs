//! The cron asks a host's object whether it has anything open ([`crate::directory`]).

use crate::host::Host;
use crate::ports::{SqlError, World};

impl<W: World> Host<W> {
    /// Sets the alarm for everything that is due; whether there is anything that only the alarm finishes: payments,
    /// records, mails, secrets that end.
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    pub fn sweep(&self) -> Result<bool, SqlError> {
        self.open()?;
        Ok(self.rearm()?.is_open)
    }
}
