//! What the alarm does: sends again what has not arrived, replaces what is stuck, fills gaps, and looks
//! whether what was settled is still in the chain. It may run twice.

use alloy_primitives::{Bytes, U256};

use crate::chain::rpc::{Ask, Broadcast};
use crate::chain::transaction::{ChainCall, Fees, SignedTransaction, fees_of};
use crate::chain::transfers::Use;
use crate::ports::{Level, SqlError};
use crate::storage;
use crate::time::UnixSeconds;
use crate::x402::relayer::follow::ask_receipt;
use crate::x402::relayer::judge::Market;
use crate::x402::relayer::store::{Sent, Settlement, State};
use crate::x402::relayer::{LOOK_AFTER_SECONDS, Relayer, RelayerWorld, budget, standing, store};

/// A transaction that no block has after so many seconds is sent again …
const RESEND_SECONDS: i64 = 3;
/// … and replaced by one with higher fees after so many.
const STUCK_SECONDS: i64 = 40;
/// A nonce that the chain has seen used, but not by anything of ours that can be found, is given up
/// after so many.
const LOST_SECONDS: i64 = 60;
/// Transactions looked after in one go.
const BATCH: u32 = 50;
/// What an empty transaction costs.
const EMPTY_GAS: u64 = 21_000;

impl<W: RelayerWorld> Relayer<W> {
    /// Does what is due, and sets the alarm for what comes next.
    pub async fn wake(&self) {
        if let Err(error) = self.wake_once().await {
            self.world.line(Level::Error, "the relayer", &[("why", &error.to_string())]);
            self.world.wake_at(self.world.now().plus(60));
        }
    }

    async fn wake_once(&self) -> Result<(), SqlError> {
        self.look().await?;
        self.write_down()?;
        {
            let _turn = self.sending.lock().await;
            if self.resend().await? {
                self.fill_gaps().await?;
            }
        }
        self.confirm().await?;
        self.look().await?;
        self.write_down()?;
        store::forget(&self.world, self.world.now())?;
        budget::forget(&self.world, self.world.now())?;
        standing::forget(&self.world, self.world.now())?;
        self.rearm()
    }

    /// Sets the alarm for everything that is due; whether a settlement is under way or waits to be confirmed.
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    pub fn sweep(&self) -> Result<bool, SqlError> {
        if !storage::is_used(&self.world)? {
            return Ok(false);
        }
        self.open()?;
        self.rearm()?;
        Ok(store::queue(&self.world)? > 0 || store::next_confirmation(&self.world)?.is_some())
    }

    /// Sets the alarm for the next thing to do.
    pub(super) fn rearm(&self) -> Result<(), SqlError> {
        let is_waiting = store::queue(&self.world)? > 0;
        let soon = is_waiting.then(|| self.world.now().plus(LOOK_AFTER_SECONDS));
        let confirmation = store::next_confirmation(&self.world)?;
        if let Some(next) = soon.into_iter().chain(confirmation).min() {
            self.world.note_open();
            self.world.wake_at(next);
        }
        Ok(())
    }

    /// The money of a settled payment is not where it was: the chain has dropped its block. It is in
    /// another one, or is sent again.
    pub(super) async fn revive(&self, settlement: &Settlement) -> Result<(), SqlError> {
        let now = self.world.now();
        let id = &settlement.id;
        let set = |state, hash, confirm_at| {
            store::set_state(&self.world, id, &state, hash, confirm_at, now)
        };
        let later = Some(now.plus(LOOK_AFTER_SECONDS));
        match self.find_use(settlement, U256::ZERO).await {
            Ok(Some(Use::Moved(hash, _))) => set(State::Settled, hash, None),
            Ok(Some(Use::Elsewhere | Use::NotFound | Use::Unsearched)) | Err(_) => {
                set(State::Settled, settlement.hash, later)
            }
            Ok(None) => {
                self.log_step("the chain has dropped a settlement", id, Level::Warn);
                let Some(sent) = store::of_settlement(&self.world, id)? else { return Ok(()) };
                self.world.atomically(|| {
                    store::mark_live(&self.world, sent.hash)?;
                    set(State::Sent, sent.hash, None)
                })?;
                self.broadcast(&sent).await.map(drop)
            }
        }
    }

    /// Sends again what no block has yet. Whether the chain can be reached.
    async fn resend(&self) -> Result<bool, SqlError> {
        let mut last_nonce = None;
        for sent in store::live(&self.world, BATCH)? {
            // The newest of each nonce comes first; the others wait behind it.
            if last_nonce.replace(sent.nonce) == Some(sent.nonce) {
                continue;
            }
            let now = self.world.now();
            if now.since(sent.sent_at) < RESEND_SECONDS {
                continue;
            }
            let answer = self.broadcast(&sent).await?;
            match answer {
                Broadcast::Unclear => return Ok(false),
                Broadcast::Accepted | Broadcast::Refused
                    if now.since(sent.signed_at) >= STUCK_SECONDS =>
                {
                    self.replace(&sent, answer == Broadcast::Refused).await?;
                }
                Broadcast::NonceTaken if now.since(sent.signed_at) >= LOST_SECONDS => {
                    self.give_up_nonce(&sent).await?;
                }
                Broadcast::Accepted | Broadcast::NonceTaken | Broadcast::Refused => {}
            }
        }
        Ok(true)
    }

    /// The chain has seen the nonce used, and no transaction of ours is in a block.
    async fn give_up_nonce(&self, sent: &Sent) -> Result<(), SqlError> {
        let settlement = store::settlement_of_nonce(&self.world, sent.nonce)?;
        match settlement.filter(|settlement| settlement.state == State::Sent) {
            Some(settlement) => self.ask_token(sent.nonce, &settlement, U256::ZERO, false).await,
            None => store::mark_done(&self.world, sent.nonce),
        }
    }

    /// A transaction with the same nonce and higher fees; an empty one if the payment is out of date. One
    /// that a node refuses is replaced only if fees have risen since: if the relayer's money is gone, to
    /// pay more would not help.
    async fn replace(&self, sent: &Sent, is_refused: bool) -> Result<(), SqlError> {
        let Some(Market { fees: market, .. }) = self.market().await else { return Ok(()) };
        let limit = self.settings.network.gas_price_max();
        let old = fees_of(&sent.raw).filter(|old| !is_refused || market.max > old.max);
        let Some(fees) = old.and_then(|old| raised(old, market, limit)) else {
            return Ok(());
        };
        let now = self.world.now();
        let settlement = store::settlement_of_nonce(&self.world, sent.nonce)?;
        let wanted = settlement
            .filter(|settlement| settlement.state == State::Sent && settlement.valid_before > now);
        let (signed, id) = match &wanted {
            Some(settlement) if sent.settlement.is_some() => {
                (self.settings.key.sign_again(&sent.raw, fees), Some(settlement.id.as_str()))
            }
            Some(_) | None => (self.empty(sent.nonce, fees), None),
        };
        let Some(signed) = signed else { return Ok(()) };
        self.world.atomically(|| {
            store::add_transaction(&self.world, id, sent.nonce, &signed, now)?;
            match id {
                Some(id) => store::set_state(&self.world, id, &State::Sent, signed.hash, None, now),
                None => Ok(()),
            }
        })?;
        self.log_step("a stuck transaction is replaced", id.unwrap_or("a gap"), Level::Warn);
        self.settings.rpc.broadcast(&self.world, &signed.raw).await;
        Ok(())
    }

    /// Every nonce below the next one must be on its way, or all behind it wait for ever.
    async fn fill_gaps(&self) -> Result<(), SqlError> {
        let (Some(first), Some(next)) =
            (self.pending_nonce().await, store::next_nonce(&self.world)?)
        else {
            return Ok(());
        };
        for nonce in (first..next).take(usize::try_from(BATCH).unwrap_or_default()) {
            let settlement = store::settlement_of_nonce(&self.world, nonce)?;
            // Of a payment that is refused nobody shall hear later that it was paid all the same.
            let is_refused = settlement.is_some_and(|settlement| settlement.is_reverted);
            let may_come_back = |sent: &Sent| !is_refused || sent.settlement.is_none();
            match store::of_nonce(&self.world, nonce)?.filter(may_come_back) {
                // The chain has dropped the block that it was in.
                Some(sent) => {
                    store::mark_live(&self.world, sent.hash)?;
                    self.broadcast(&sent).await?;
                }
                None => self.fill(nonce).await?,
            }
        }
        Ok(())
    }

    async fn fill(&self, nonce: u64) -> Result<(), SqlError> {
        let Some(Market { fees, .. }) = self.market().await else { return Ok(()) };
        let Some(signed) = self.empty(nonce, fees) else { return Ok(()) };
        store::add_transaction(&self.world, None, nonce, &signed, self.world.now())?;
        self.log_step("a gap is filled", "a gap", Level::Warn);
        self.settings.rpc.broadcast(&self.world, &signed.raw).await;
        Ok(())
    }

    /// Looks whether what was settled a while ago is still in the chain.
    async fn confirm(&self) -> Result<(), SqlError> {
        let due = store::to_confirm(&self.world, self.world.now(), BATCH)?;
        if due.is_empty() {
            return Ok(());
        }
        let asks: Vec<Ask> = due.iter().map(|settlement| ask_receipt(settlement.hash)).collect();
        let answers = self.settings.rpc.batch(&self.world, &asks).await.unwrap_or_default();
        let later = self.world.now().plus(LOOK_AFTER_SECONDS);
        let mut answers = answers.into_iter();
        for settlement in &due {
            match answers.next().and_then(|answer| self.still_moved(settlement, answer)) {
                Some(true) => self.confirm_at(settlement, None)?,
                Some(false) => self.revive(settlement).await?,
                None => self.confirm_at(settlement, Some(later))?,
            }
        }
        Ok(())
    }

    fn confirm_at(&self, settlement: &Settlement, at: Option<UnixSeconds>) -> Result<(), SqlError> {
        let now = self.world.now();
        store::set_state(&self.world, &settlement.id, &State::Settled, settlement.hash, at, now)
    }

    /// Hands a stored transaction to the node once more.
    async fn broadcast(&self, sent: &Sent) -> Result<Broadcast, SqlError> {
        store::mark_sent(&self.world, sent.hash, self.world.now())?;
        Ok(self.settings.rpc.broadcast(&self.world, &sent.raw).await)
    }

    /// A transaction that does nothing.
    fn empty(&self, nonce: u64, fees: Fees) -> Option<SignedTransaction> {
        let to = self.settings.key.address();
        let call = ChainCall { to, data: Bytes::new() };
        self.settings.key.sign(self.settings.network, nonce, &call, EMPTY_GAS, fees)
    }
}

/// Nodes take a replacement that pays a tenth more in both respects; a quarter is on the safe side.
fn raised(old: Fees, market: Fees, limit: u128) -> Option<Fees> {
    let more = |fee: u128| fee.saturating_add(fee / 4).saturating_add(1);
    let max = more(old.max).max(market.max).min(limit);
    let tip = more(old.tip).max(market.tip).min(max);
    let is_enough = max >= old.max.saturating_add(old.max / 10).saturating_add(1);
    is_enough.then_some(Fees { max, tip })
}
