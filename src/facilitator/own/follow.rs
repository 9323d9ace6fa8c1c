//! Waits for blocks: requests receipts in batches, and stores what they show once.

use alloy_primitives::B256;
use serde_json::{Value, json};

use crate::base::backoff::twice;
use crate::chain::rpc::{Ask, RpcError, read};
use crate::chain::transfers::Receipt;
use crate::facilitator::own::budget::{self, Owners};
use crate::facilitator::own::refusal::Refusal;
use crate::facilitator::own::standing::Contract;
use crate::facilitator::own::store::{Charged, Sent, Settlement, State};
use crate::facilitator::own::{Landed, Outcome, Relayer, RelayerWorld, store};
use crate::ports::{Level, SqlError};

/// How long a caller waits for the block, seconds. Callers of facilitators time out after 45 seconds or more.
const ANSWER_SECONDS: i64 = 25;
/// Polls before the first pause. A chain that makes a block for each transaction needs no pause: even the shortest one
/// takes longer than its block.
const LOOKS_AT_ONCE: u32 = 3;
/// The first and the longest pause between two polls, milliseconds.
const PAUSE_MILLIS: u32 = 4;
const PAUSE_MILLIS_MAX: u32 = 1_000;
/// Receipts in one request.
const LOOK_MAX: u32 = 100;
/// When a settled payment is checked again, seconds.
pub(super) const CONFIRM_SECONDS: i64 = 30;

impl<W: RelayerWorld> Relayer<W> {
    /// Waits until the outcome of the settlement is known, or the caller's time is up.
    pub(super) async fn follow(&self, id: &str) -> Result<Outcome, Refusal> {
        let end = self.world.now().plus(ANSWER_SECONDS);
        let mut pause = PAUSE_MILLIS;
        let mut at_once = LOOKS_AT_ONCE;
        loop {
            self.look().await?;
            if let Some(hash) = self.landed_in(id) {
                return Ok(Outcome::Settled(hash));
            }
            let Some(settlement) = store::find(&self.world, id)? else {
                // The node rejected it, and the call that sent it has reported that.
                return Err(Refusal::Unavailable(super::Unavailable::Rpc));
            };
            match settlement.state {
                State::Settled => return Ok(Outcome::Settled(settlement.hash)),
                State::Failed(reason) => {
                    return Err(Refusal::Invalid(reason, Some(settlement.authorization.from)));
                }
                State::Sent if self.world.now() >= end => {
                    return Ok(Outcome::Pending(settlement.hash));
                }
                State::Sent => {}
            }
            if at_once > 1 {
                at_once = at_once.saturating_sub(1);
            } else {
                self.world.sleep(pause).await;
                pause = twice(pause, PAUSE_MILLIS_MAX);
            }
        }
    }

    /// The answer for a payment that was settled earlier. The chain may have dropped its block since.
    pub(super) async fn settled_before(&self, settlement: &Settlement) -> Result<Outcome, Refusal> {
        let asks = [ask_receipt(settlement.hash)];
        let answers = self.settings.rpc.batch(&self.world, &asks).await.unwrap_or_default();
        let answer = answers.into_iter().next();
        if answer.and_then(|answer| self.still_moved(settlement, answer)) != Some(false) {
            return Ok(Outcome::Settled(settlement.hash));
        }
        self.revive(settlement).await?;
        self.follow(&settlement.id).await
    }

    /// Requests the receipts of all transactions that may be in a block. A caller that comes during the request waits
    /// for its result.
    pub(super) async fn look(&self) -> Result<(), SqlError> {
        let Some(_turn) = self.looking.try_lock() else {
            drop(self.looking.lock().await);
            return Ok(());
        };
        self.write_down()?;
        let live = self.live(LOOK_MAX)?;
        if live.is_empty() {
            return Ok(());
        }
        let asks: Vec<Ask> = live.iter().map(|sent| ask_receipt(sent.hash)).collect();
        let Ok(answers) = self.settings.rpc.batch(&self.world, &asks).await else { return Ok(()) };
        for (sent, answer) in live.iter().zip(answers) {
            if let Ok(Some(receipt)) = read::<Option<Receipt>>(answer) {
                // A bad row must not block the others.
                self.went("looking at a receipt", self.record(sent, &receipt).await);
            }
        }
        Ok(())
    }

    /// The transaction that moved the money, if this instance has just seen it.
    fn landed_in(&self, id: &str) -> Option<B256> {
        let landed = self.landed.borrow();
        landed.iter().find(|landed| landed.id == id).map(|landed| landed.hash)
    }

    /// Stores which settlements are in a block. Callers get their answer before this write; after a crash the receipt
    /// shows the same again.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if SQLite refuses.
    pub fn write_down(&self) -> Result<(), SqlError> {
        self.migrate()?;
        let landed = self.landed.take();
        if landed.is_empty() {
            return Ok(());
        }
        self.wake_for(self.world.now().plus(CONFIRM_SECONDS));
        for one in &landed {
            // A settlement that cannot be stored is found again by its receipt. The others are stored.
            self.went("writing a settlement down", self.write_one_down(one));
        }
        Ok(())
    }

    fn write_one_down(&self, landed: &Landed) -> Result<(), SqlError> {
        let Landed { id, nonce, hash, cost } = landed;
        let now = self.world.now();
        let confirm_at = Some(now.plus(CONFIRM_SECONDS));
        self.world.atomically(|| {
            if let Some(settlement) = store::find(&self.world, id)? {
                self.charge_really(&settlement, *cost)?;
                if settlement.state == State::Sent {
                    self.contract_of(&settlement, |it| it.settled(&self.world, now))?;
                }
            }
            store::mark_done(&self.world, *nonce)?;
            store::set_state(&self.world, id, &State::Settled, *hash, confirm_at, now)
        })
    }

    /// A block has the transaction.
    pub(super) async fn record(&self, sent: &Sent, receipt: &Receipt) -> Result<(), SqlError> {
        let settlement = match &sent.settlement {
            Some(id) => store::find(&self.world, id)?,
            None => store::settlement_of_nonce(&self.world, sent.nonce)?,
        };
        let Some(settlement) = settlement else {
            return store::mark_done(&self.world, sent.nonce);
        };
        if receipt.moved(self.settings.network, &settlement.authorization) {
            self.log_step("a settlement is in a block", &settlement.id, Level::Info);
            let (id, nonce, hash) = (settlement.id, sent.nonce, sent.hash);
            self.landed.borrow_mut().push(Landed { id, nonce, hash, cost: receipt.cost() });
            return Ok(());
        }
        let now = self.world.now();
        self.world.atomically(|| {
            self.charge_really(&settlement, receipt.cost())?;
            // A revert is counted once, when it is first seen. Its meaning for the payment is judged later.
            if sent.settlement.is_none() || settlement.is_reverted {
                return Ok(());
            }
            store::mark_reverted(&self.world, &settlement.id, now)?;
            self.contract_of(&settlement, |it| it.reverted(&self.world, now))
        })?;
        if settlement.state != State::Sent {
            return store::mark_done(&self.world, sent.nonce);
        }
        self.judge_nonce(sent.nonce, &settlement, Some(receipt.block_number)).await
    }

    /// Whether a settled payment's transaction is still in the chain and still moved the money. After a
    /// reorganization another transaction may have moved it. `None` if the endpoint fails.
    pub(super) fn still_moved(
        &self,
        settlement: &Settlement,
        answer: Result<Value, RpcError>,
    ) -> Option<bool> {
        let receipt = read::<Option<Receipt>>(answer).ok()?;
        let network = self.settings.network;
        Some(receipt.is_some_and(|receipt| receipt.moved(network, &settlement.authorization)))
    }

    /// Replaces the charged estimate with the actual gas cost, in the caller's transaction.
    pub(super) fn charge_really(
        &self,
        settlement: &Settlement,
        wei: Option<u128>,
    ) -> Result<(), SqlError> {
        let Some(wei) = wei else { return Ok(()) };
        let cost = self.settings.policy.cost(self.settings.network, wei);
        let payer = settlement.authorization.from.to_checksum(None);
        let owners = Owners { claimant: &settlement.claimant, payer: &payer };
        let Charged { micros, day } = settlement.gas;
        budget::charge(&self.world, &owners, day, micros, cost)?;
        store::set_gas(&self.world, &settlement.id, cost)
    }

    /// Updates the standing of a payer that is a contract.
    pub(super) fn contract_of(
        &self,
        settlement: &Settlement,
        tell: impl FnOnce(Contract<'_>) -> Result<(), SqlError>,
    ) -> Result<(), SqlError> {
        let Some(code) = &settlement.code else { return Ok(()) };
        let payer = settlement.authorization.from.to_checksum(None);
        tell(Contract { payer: &payer, code, claimant: &settlement.claimant })
    }
}

pub(super) fn ask_receipt(hash: B256) -> Ask {
    Ask::new("eth_getTransactionReceipt", json!([hash]))
}
