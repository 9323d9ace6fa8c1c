//! What the alarm does: sends again what has not arrived, replaces what is stuck, fills gaps, and looks
//! whether what was settled is still in the chain. It may run twice, and never fails: the runtime gives an alarm up that
//! fails a few times.

use alloy_primitives::Bytes;

use crate::base::time::UnixSeconds;
use crate::chain::rpc::{Ask, Broadcast, RpcError, read};
use crate::chain::transaction::{ChainCall, Fees, SignedTransaction, fees_of};
use crate::chain::transfers::Receipt;
use crate::chain::usage::Usage;
use crate::facilitator::own::follow::ask_receipt;
use crate::facilitator::own::judge::Market;
use crate::facilitator::own::store::{Sent, Settlement, State};
use crate::facilitator::own::{Relayer, RelayerWorld, budget, standing, store};
use crate::ports::storage;
use crate::ports::{Level, SqlError};

/// When the alarm looks after what was sent, seconds …
pub(super) const LOOK_AFTER_SECONDS: i64 = 3;
/// … and at the latest: what has waited for long is looked after every tenth part of that.
const LOOK_AFTER_SECONDS_MAX: i64 = 300;
/// A transaction that no block has after so many seconds is sent again …
const RESEND_SECONDS: i64 = 3;
/// … and replaced by one with higher fees after so many.
const STUCK_SECONDS: i64 = 40;
/// A nonce that the chain has seen used, but not by anything of ours that can be found, is given up
/// after so many.
const LOST_SECONDS: i64 = 60;
/// When to look again at a settlement whose row cannot be read, seconds.
const TROUBLE_SECONDS: i64 = 600;
/// When to try again after the storage has failed, seconds.
const STORAGE_AGAIN_SECONDS: i64 = 60;
/// Transactions and settlements read in one go. Receipts of all of them are one request.
const BATCH: u32 = 50;
/// Transactions sent again in one wake, each with up to three requests. A Worker has 50 for a wake; the next one comes
/// [`LOOK_AFTER_SECONDS`] later.
const RESENDS_MAX: usize = 6;
/// Gaps filled in one wake, each with up to two requests.
const GAPS_MAX: usize = 4;
/// Settlements that the chain has dropped and whose use is searched in one wake.
const REVIVALS_MAX: usize = 1;
/// What an empty transaction costs.
const EMPTY_GAS: u64 = 21_000;

impl<W: RelayerWorld> Relayer<W> {
    /// Does what is due, and sets the alarm for what comes next. It never fails: what goes wrong with one part of the
    /// work, or one row, is logged, and all others go on.
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

    /// The storage fails: nothing can be read or written now, and the alarm is all that is left.
    fn wake_again(&self, error: SqlError) {
        self.went("the storage", Err(error));
        self.world.wake_at(self.world.now().plus(STORAGE_AGAIN_SECONDS));
    }

    /// Has what was sent arrive.
    async fn push_on(&self) {
        let _turn = self.sending.lock().await;
        match self.resend().await {
            Ok(true) => self.went("filling gaps", self.fill_gaps().await),
            Ok(false) => {}
            Err(error) => self.went("sending again", Err(error)),
        }
    }

    /// Sets the alarm, for now if a settlement is under way; whether one is, or waits to be confirmed.
    ///
    /// # Errors
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

    /// Sets the alarm for the next thing to do. What was due before is due soon, and not at once: whatever keeps it
    /// from being done must not have the alarm go off without a pause.
    pub(super) fn rearm(&self) -> Result<(), SqlError> {
        let now = self.world.now();
        let soon = store::newest_live(&self.world)?.map(|since| now.plus(look_after(since, now)));
        let confirmation = store::next_confirmation(&self.world)?;
        if let Some(next) = soon.into_iter().chain(confirmation).min() {
            self.wake_for(next.max(now.plus(LOOK_AFTER_SECONDS)));
        }
        Ok(())
    }

    /// Sets the alarm, and has the directory know that something is open: before the row that needs it is written.
    pub(super) fn wake_for(&self, at: UnixSeconds) {
        self.world.note_open();
        self.world.wake_at(at);
    }

    /// Logs what a part of the work has failed with; the other parts go on.
    pub(super) fn went(&self, what: &str, how: Result<(), SqlError>) {
        if let Err(error) = how {
            let network = self.settings.network.caip2;
            let fields = [("what", what), ("why", error.0.as_str()), ("network", network)];
            self.world.line(Level::Error, "a part of the relayer's work failed", &fields);
        }
    }

    /// The money of a settled payment is not where it was: the chain has dropped its block. It is in
    /// another one, or is sent again.
    pub(super) async fn revive(&self, settlement: &Settlement) -> Result<(), SqlError> {
        let id = &settlement.id;
        let found = self.usage(settlement).await;
        let now = self.world.now();
        match found {
            Usage::Moved(hash, _) => {
                store::set_state(&self.world, id, &State::Settled, hash, None, now)
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

    /// Sends again what no block has yet. Whether the chain can be reached.
    async fn resend(&self) -> Result<bool, SqlError> {
        let now = self.world.now();
        let mut live = self.live(BATCH)?;
        // The newest of each nonce comes first; the others wait behind it.
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

    /// The transactions that may be in a block yet. Those whose rows cannot be read are logged and left out.
    pub(super) fn live(&self, max: u32) -> Result<Vec<Sent>, SqlError> {
        let rows = store::live(&self.world, max)?.into_iter();
        Ok(rows
            .filter_map(|row| {
                row.map_err(|error| self.went("reading a transaction", Err(error))).ok()
            })
            .collect())
    }

    /// The transaction of ours that has used this nonce, as far as a node knows.
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

    /// The chain has seen the nonce used, and no transaction of ours was found in a block.
    async fn give_up_nonce(&self, sent: &Sent) -> Result<(), SqlError> {
        let Some(settlement) = store::settlement_of_nonce(&self.world, sent.nonce)? else {
            return store::mark_done(&self.world, sent.nonce);
        };
        match settlement.state {
            State::Sent => match self.receipt_of_nonce(sent.nonce).await {
                Ok(Some((ours, receipt))) => self.record(&ours, &receipt).await,
                Ok(None) => self.judge_nonce(sent.nonce, &settlement, None).await,
                // Nobody can say yet whether it was ours: what a block has refused counts against its payer.
                Err(_) => Ok(()),
            },
            State::Settled => store::mark_done(&self.world, sent.nonce),
            State::Failed(_) => {
                // The chain has dropped more blocks than we have waited for, and another node has sent the old
                // transaction before ours that was to fill the gap. Whoever asks again hears that it was paid.
                if self.take_over_use(&settlement).await? {
                    let what = "a refused settlement has moved its money";
                    self.log_step(what, &settlement.id, Level::Error);
                }
                store::mark_done(&self.world, sent.nonce)
            }
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

    /// Every nonce below the next one must be on its way, or all behind it wait for ever.
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

    /// The chain has dropped the block that used this nonce, or never had one.
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

    /// Of a payment that is refused nobody shall hear later that it was paid all the same, and one that was tried
    /// again has its newest transaction only.
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

    /// With fees that a node prefers to those of the old transaction, which it may have.
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

    /// Looks whether what was settled a while ago is still in the chain.
    async fn confirm(&self) -> Result<(), SqlError> {
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
                    // Still due, and so among those of the next wake.
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

/// When to look again after what has waited since then, seconds from `now`. An endpoint that is out of service for
/// days is asked ever less often.
fn look_after(since: UnixSeconds, now: UnixSeconds) -> i64 {
    let tenth = now.since(since).checked_div(10).unwrap_or_default();
    tenth.clamp(LOOK_AFTER_SECONDS, LOOK_AFTER_SECONDS_MAX)
}

/// Nodes take a replacement that pays a tenth more in both respects; a quarter is on the safe side.
fn raised(old: Fees, market: Fees, limit: u128) -> Option<Fees> {
    let more = |fee: u128| fee.saturating_add(fee / 4).saturating_add(1);
    let max = more(old.max).max(market.max).min(limit);
    let tip = more(old.tip).max(market.tip).min(max);
    let is_enough = max >= old.max.saturating_add(old.max / 10).saturating_add(1);
    is_enough.then_some(Fees { max, tip })
}
