//! The cron asks a host's object whether it has anything open ([`crate::directory`]).

use crate::host::Host;
use crate::ledger::{outbox, payments};
use crate::mail;
use crate::ports::{SqlError, World};
use crate::vault;

impl<W: World> Host<W> {
    /// Sets the alarm for everything that is due; whether there is anything that only the alarm finishes: payments,
    /// records, mails, secrets that end.
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    pub fn sweep(&self) -> Result<bool, SqlError> {
        self.open()?;
        if !self.migrated.get() {
            return Ok(false);
        }
        self.rearm()?;
        let dues = [
            payments::next_due(&self.world)?,
            outbox::next_due(&self.world)?,
            mail::outbox::next_due(&self.world)?,
            vault::store::next_end(&self.world)?,
        ];
        Ok(dues.iter().any(Option::is_some))
    }
}
