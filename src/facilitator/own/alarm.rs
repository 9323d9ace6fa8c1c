//! The relayer's alarm: resends transactions, replaces stuck ones, fills nonce gaps, and checks whether settled
//! payments are still in the chain. It may run twice, and never fails, because the runtime drops an alarm that fails
//! a few times.

use alloy_primitives::Bytes;

use crate::base::time::UnixSeconds;
use crate::chain::rpc::{Ask, Broadcast, RpcError, read};
use crate::chain::transaction::{ChainCall, Fees, SignedTransaction, fees_of};
use crate::chain::transfers::Receipt;
use crate::facilitator::own::follow::ask_receipt;
use crate::facilitator::own::judge::Market;
use crate::facilitator::own::store::{Sent, State};
use crate::facilitator::own::{Relayer, RelayerWorld, budget, standing, store};
use crate::ports::{Level, SqlError, storage};

/// The shortest interval between two checks of what was sent, seconds.
pub(super) const LOOK_AFTER_SECONDS: i64 = 3;
/// The longest. In between it is a tenth of the time that a transaction has waited.
const LOOK_AFTER_SECONDS_MAX: i64 = 300;
/// A transaction that is in no block after this time is sent again, seconds.
const RESEND_SECONDS: i64 = 3;
/// A transaction that is in no block after this time is replaced by one with higher fees, seconds.
const STUCK_SECONDS: i64 = 40;
/// A nonce that the chain has seen used, but by none of our transactions, is given up after this time, seconds.
const LOST_SECONDS: i64 = 60;
/// When the alarm runs again after a storage failure, seconds.
const STORAGE_AGAIN_SECONDS: i64 = 60;
/// Transactions or settlements in one query. Their receipts are one request.
pub(super) const BATCH: u32 = 50;
/// Transactions resent in one alarm, with up to three requests each. A Worker has 50 requests in an alarm; the next
/// alarm comes [`LOOK_AFTER_SECONDS`] later.
const RESENDS_MAX: usize = 6;
/// Gaps filled in one alarm, with up to two requests each.
const GAPS_MAX: usize = 4;
/// The gas of an empty transaction.
const EMPTY_GAS: u64 = 21_000;

impl<W: RelayerWorld> Relayer<W> {
    /// Does what is due, and sets the next alarm. It never fails: an error in one part or one row is logged, and the
    /// rest continues.
    pub async fn wake(&self) {
        if let Err(error) = self.migrate() {
            return self.wake_again(error);
        }
        self.went("looking for receipts", self.look().await);
        self.went("writing settlements down", self.write_down());
        self.push_on().await;
        self.went("confirming", self.confirm().await);
        self.went("looking for receipts", self.look().await);
        self.went("writing settlements down", self.write_down());
        let now = self.world.now();
        self.went("forgetting settlements", store::forget(&self.world, now));
        self.went("forgetting budgets", budget::forget(&self.world, now));
        self.went("forgetting standings", standing::forget(&self.world, now));
        if let Err(error) = self.rearm() {
            self.wake_again(error);
        }
    }

    /// Storage fails, so nothing can be read or written. Only the alarm remains.
    fn wake_again(&self, error: SqlError) {
        self.went("the storage", Err(error));
        self.world.wake_at(self.world.now().plus(STORAGE_AGAIN_SECONDS));
    }

    /// Resends transactions and fills gaps.
    async fn push_on(&self) {
        let _turn = self.sending.lock().await;
        match self.resend().await {
            Ok(true) => self.went("filling gaps", self.fill_gaps().await),
            Ok(false) => {}
            Err(error) => self.went("sending again", Err(error)),
        }
    }

    /// Sets the alarm, for now if a settlement is in flight. Returns whether one is, or waits for its confirmation.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if SQLite refuses.
    pub fn sweep(&self) -> Result<bool, SqlError> {
        if !storage::is_used(&self.world)? {
            return Ok(false);
        }
        self.open()?;
        let is_live = store::newest_live(&self.world)?.is_some();
        let confirmation = store::next_confirmation(&self.world)?;
        let next = is_live.then(|| self.world.now()).or(confirmation);
        if let Some(next) = next {
            self.wake_for(next);
        }
        Ok(next.is_some())
    }

    /// Sets the alarm for the next task. An overdue task gets a short delay, so that a permanent failure does not run
    /// the alarm in a loop.
    pub(super) fn rearm(&self) -> Result<(), SqlError> {
        let now = self.world.now();
        let soon = store::newest_live(&self.world)?.map(|since| now.plus(look_after(since, now)));
        let confirmation = store::next_confirmation(&self.world)?;
        if let Some(next) = soon.into_iter().chain(confirmation).min() {
            self.wake_for(next.max(now.plus(LOOK_AFTER_SECONDS)));
        }
        Ok(())
    }

    /// Sets the alarm, and registers the object at the directory, before the row that needs it is written.
    pub(super) fn wake_for(&self, at: UnixSeconds) {
        self.world.note_open();
        self.world.wake_at(at);
    }

    /// Logs the error of one part of the work. The other parts continue.
    pub(super) fn went(&self, what: &str, how: Result<(), SqlError>) {
        if let Err(error) = how {
            let network = self.settings.network.caip2;
            let fields = [("what", what), ("why", error.0.as_str()), ("network", network)];
            self.world.line(Level::Error, "a part of the relayer's work failed", &fields);
        }
    }

    /// Resends what is in no block yet. Returns whether the chain can be reached.
    async fn resend(&self) -> Result<bool, SqlError> {
        let now = self.world.now();
        let mut live = self.live(BATCH)?;
        // The newest transaction of each nonce comes first; the others wait behind it.
        live.dedup_by_key(|sent| sent.nonce);
        live.retain(|sent| now.since(sent.sent_at) >= RESEND_SECONDS);
        live.sort_by_key(|sent| sent.sent_at);
        for sent in live.iter().take(RESENDS_MAX) {
            match self.resend_one(sent).await {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(error) => self.went("sending a transaction again", Err(error)),
            }
        }
        Ok(true)
    }

    async fn resend_one(&self, sent: &Sent) -> Result<bool, SqlError> {
        let now = self.world.now();
        let answer = self.broadcast(sent).await?;
        match answer {
            Broadcast::Unclear => return Ok(false),
            Broadcast::Accepted | Broadcast::Refused
                if now.since(sent.signed_at) >= STUCK_SECONDS =>
            {
                self.replace(sent, answer == Broadcast::Refused).await?;
            }
            Broadcast::NonceTaken if now.since(sent.signed_at) >= LOST_SECONDS => {
                self.give_up_nonce(sent).await?;
            }
            Broadcast::Accepted | Broadcast::NonceTaken | Broadcast::Refused => {}
        }
        Ok(true)
    }

    /// The transactions that may still enter a block. Unreadable rows are logged and left out.
    pub(super) fn live(&self, max: u32) -> Result<Vec<Sent>, SqlError> {
        let rows = store::live(&self.world, max)?.into_iter();
        Ok(rows
            .filter_map(|row| {
                row.map_err(|error| self.went("reading a transaction", Err(error))).ok()
            })
            .collect())
    }

    /// Our transaction that used this nonce, as far as a node knows.
    async fn receipt_of_nonce(&self, nonce: u64) -> Result<Option<(Sent, Receipt)>, RpcError> {
        let ours = self.live(BATCH).map_err(|_| RpcError::Unavailable)?.into_iter();
        let ours: Vec<Sent> = ours.filter(|sent| sent.nonce == nonce).collect();
        let asks: Vec<Ask> = ours.iter().map(|sent| ask_receipt(sent.hash)).collect();
        let answers = self.settings.rpc.batch(&self.world, &asks).await?;
        for (sent, answer) in ours.into_iter().zip(answers) {
            if let Some(receipt) = read::<Option<Receipt>>(answer)? {
                return Ok(Some((sent, receipt)));
            }
        }
        Ok(None)
    }

    /// The chain has seen the nonce used, and none of our transactions was found in a block.
    async fn give_up_nonce(&self, sent: &Sent) -> Result<(), SqlError> {
        let Some(settlement) = store::settlement_of_nonce(&self.world, sent.nonce)? else {
            return store::mark_done(&self.world, sent.nonce);
        };
        match settlement.state {
            State::Sent => match self.receipt_of_nonce(sent.nonce).await {
                Ok(Some((ours, receipt))) => self.record(&ours, &receipt).await,
                Ok(None) => self.judge_nonce(sent.nonce, &settlement, None).await,
                // It is unknown whether it was ours, and a revert would count against the payer.
                Err(_) => Ok(()),
            },
            State::Settled => store::mark_done(&self.world, sent.nonce),
            State::Failed(_) => {
                // The chain dropped more blocks than we wait for, and another node sent the old transaction before
                // our gap filler. A repeated request gets the paid outcome.
                if self.take_over_use(&settlement).await? {
                    let what = "a refused settlement has moved its money";
                    self.log_step(what, &settlement.id, Level::Error);
                }
                store::mark_done(&self.world, sent.nonce)
            }
        }
    }

    /// Sends a transaction with the same nonce and higher fees, or an empty one if the payment has expired. One that
    /// a node rejects is replaced only if fees have risen since: higher fees do not help if the relayer's money is
    /// gone.
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
        self.wake_for(now.plus(LOOK_AFTER_SECONDS));
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

    /// Every nonce below the next one must be in flight, or all later ones wait forever.
    async fn fill_gaps(&self) -> Result<(), SqlError> {
        let (Some(first), Some(next)) =
            (self.pending_nonce().await, store::next_nonce(&self.world)?)
        else {
            return Ok(());
        };
        for nonce in (first..next).take(GAPS_MAX) {
            self.went("filling a gap", self.fill_gap(nonce).await);
        }
        Ok(())
    }

    /// The chain has dropped the block that used this nonce, or there never was one.
    async fn fill_gap(&self, nonce: u64) -> Result<(), SqlError> {
        let newest = store::of_nonce(&self.world, nonce)?;
        match newest {
            Some(sent) if self.may_come_back(&sent)? => {
                self.wake_for(self.world.now().plus(LOOK_AFTER_SECONDS));
                store::mark_live(&self.world, sent.hash)?;
                self.broadcast(&sent).await.map(drop)
            }
            old => self.fill(nonce, old.as_ref()).await,
        }
    }

    /// A refused payment must not be paid later, and a retried payment has only its newest transaction.
    fn may_come_back(&self, sent: &Sent) -> Result<bool, SqlError> {
        let Some(settlement) = store::settlement_of_nonce(&self.world, sent.nonce)? else {
            return Ok(true);
        };
        if sent.settlement.is_none() {
            return Ok(true);
        }
        let newest = store::of_settlement(&self.world, &settlement.id)?;
        let is_newest = newest.is_some_and(|newest| newest.nonce == sent.nonce);
        Ok(is_newest && !matches!(settlement.state, State::Failed(_)))
    }

    /// Fees that a node prefers to those of the old transaction, which it may hold.
    async fn fill(&self, nonce: u64, old: Option<&Sent>) -> Result<(), SqlError> {
        let Some(Market { fees: market, .. }) = self.market().await else { return Ok(()) };
        let limit = self.settings.network.gas_price_max();
        let old = old.and_then(|old| fees_of(&old.raw));
        let fees = old.and_then(|old| raised(old, market, limit)).unwrap_or(market);
        let Some(signed) = self.empty(nonce, fees) else { return Ok(()) };
        let now = self.world.now();
        self.wake_for(now.plus(LOOK_AFTER_SECONDS));
        store::add_transaction(&self.world, None, nonce, &signed, now)?;
        self.log_step("a gap is filled", "a gap", Level::Warn);
        self.settings.rpc.broadcast(&self.world, &signed.raw).await;
        Ok(())
    }

    /// Hands a stored transaction to the node again.
    pub(super) async fn broadcast(&self, sent: &Sent) -> Result<Broadcast, SqlError> {
        store::mark_sent(&self.world, sent.hash, self.world.now())?;
        Ok(self.settings.rpc.broadcast(&self.world, &sent.raw).await)
    }

    /// A transaction without an effect.
    fn empty(&self, nonce: u64, fees: Fees) -> Option<SignedTransaction> {
        let to = self.settings.key.address();
        let call = ChainCall { to, data: Bytes::new() };
        self.settings.key.sign(self.settings.network, nonce, &call, EMPTY_GAS, fees)
    }
}

/// The interval until the next check, seconds. It grows with the time waited, so that a dead endpoint is asked less
/// and less often.
pub(super) fn look_after(since: UnixSeconds, now: UnixSeconds) -> i64 {
    let tenth = now.since(since).checked_div(10).unwrap_or_default();
    tenth.clamp(LOOK_AFTER_SECONDS, LOOK_AFTER_SECONDS_MAX)
}

/// Nodes accept a replacement that pays a tenth more for both fees. A quarter is on the safe side.
fn raised(old: Fees, market: Fees, limit: u128) -> Option<Fees> {
    let more = |fee: u128| fee.saturating_add(fee / 4).saturating_add(1);
    let max = more(old.max).max(market.max).min(limit);
    let tip = more(old.tip).max(market.tip).min(max);
    let is_enough = max >= old.max.saturating_add(old.max / 10).saturating_add(1);
    is_enough.then_some(Fees { max, tip })
}
