//! Checks whether settled payments are still in the chain. One whose block was dropped is sent again.

use crate::chain::rpc::Ask;
use crate::chain::usage::Usage;
use crate::facilitator::own::alarm::{BATCH, LOOK_AFTER_SECONDS, look_after};
use crate::facilitator::own::follow::ask_receipt;
use crate::facilitator::own::order::used;
use crate::facilitator::own::store::{Settlement, State};
use crate::facilitator::own::{Relayer, RelayerWorld, store};
use crate::ports::{Level, SqlError};

/// When a settlement with an unreadable row is tried again, seconds.
const TROUBLE_SECONDS: i64 = 600;
/// Dropped settlements whose use is searched in one alarm.
const REVIVALS_MAX: usize = 1;

impl<W: RelayerWorld> Relayer<W> {
    /// Checks whether payments that were settled some time ago are still in the chain.
    pub(super) async fn confirm(&self) -> Result<(), SqlError> {
        let mut due = Vec::new();
        for id in store::to_confirm(&self.world, self.world.now(), BATCH)? {
            match store::find(&self.world, &id) {
                Ok(settlement) => due.extend(settlement),
                Err(error) => {
                    self.went("reading a settlement", Err(error));
                    let later = self.world.now().plus(TROUBLE_SECONDS);
                    store::confirm_at(&self.world, &id, Some(later))?;
                }
            }
        }
        if due.is_empty() {
            return Ok(());
        }
        let asks: Vec<Ask> = due.iter().map(|settlement| ask_receipt(settlement.hash)).collect();
        let answers = self.settings.rpc.batch(&self.world, &asks).await.unwrap_or_default();
        let mut answers = answers.into_iter();
        let mut revived = 0_usize;
        for settlement in &due {
            let confirmed =
                match answers.next().and_then(|answer| self.still_moved(settlement, answer)) {
                    Some(true) => store::confirm_at(&self.world, &settlement.id, None),
                    // It stays due, so the next alarm takes it.
                    Some(false) if revived >= REVIVALS_MAX => continue,
                    Some(false) => {
                        revived = revived.saturating_add(1);
                        self.revive(settlement).await
                    }
                    None => self.confirm_later(settlement),
                };
            self.went("confirming a settlement", confirmed);
        }
        Ok(())
    }

    fn confirm_later(&self, settlement: &Settlement) -> Result<(), SqlError> {
        let now = self.world.now();
        let later = now.plus(look_after(settlement.created_at, now));
        self.wake_for(later);
        store::confirm_at(&self.world, &settlement.id, Some(later))
    }

    /// The chain has dropped the block of a settled payment. The money moved in another transaction, or the
    /// transaction is sent again, or the payer has used the nonce for something else meanwhile.
    pub(super) async fn revive(&self, settlement: &Settlement) -> Result<(), SqlError> {
        let id = &settlement.id;
        let found = self.usage(settlement).await;
        let now = self.world.now();
        match found {
            Usage::Moved(hash, _) => {
                store::set_state(&self.world, id, &State::Settled, hash, None, now)
            }
            Usage::Elsewhere if self.is_used_for_good(settlement).await == Ok(true) => {
                self.log_step("the chain has dropped a settlement for good", id, Level::Error);
                let failed = State::Failed(used(&settlement.authorization));
                store::set_state(&self.world, id, &failed, settlement.hash, None, now)
            }
            Usage::Elsewhere | Usage::NotFound | Usage::RanOut | Usage::Unclear(_) => {
                self.confirm_later(settlement)
            }
            Usage::Unused(_) => {
                self.log_step("the chain has dropped a settlement", id, Level::Warn);
                let Some(sent) = store::of_settlement(&self.world, id)? else {
                    return self.confirm_later(settlement);
                };
                self.wake_for(now.plus(LOOK_AFTER_SECONDS));
                self.world.atomically(|| {
                    store::mark_live(&self.world, sent.hash)?;
                    store::set_state(&self.world, id, &State::Sent, sent.hash, None, now)
                })?;
                self.broadcast(&sent).await.map(drop)
            }
        }
    }
}
