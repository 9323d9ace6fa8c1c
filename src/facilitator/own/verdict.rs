//! The outcome of a settlement whose nonce is used up, but not by the transfer that we know.
//!
//! "Refused" is final, so it needs proof. A transaction that reverted in one block can succeed in another: a chain
//! drops its newest blocks at times, and any node may send the transaction again. The money would then move for a
//! payment that was refused. So the nonce must be used in a block that is [`FINAL_BLOCKS`] deep, and the
//! authorization must be unused there: no transaction of ours for it can be in a block after that. Both are read at
//! that very block, so that a node that lags proves nothing.

use alloy_primitives::{B256, U256};
use serde_json::json;

use crate::chain::eip3009::Via;
use crate::chain::rpc::{Ask, RpcError, read};
use crate::chain::transfers::{Receipt, Window};
use crate::chain::usage::{Usage, Wanted};
use crate::facilitator::own::follow::{CONFIRM_SECONDS, ask_receipt};
use crate::facilitator::own::order::used;
use crate::facilitator::own::refusal::Reason;
use crate::facilitator::own::store::{Settlement, State};
use crate::facilitator::own::{Relayer, RelayerWorld, Settings, store};
use crate::ports::{Level, SqlError};

/// Blocks that must follow the block that used the nonce before "refused" is final. Base makes that many in twelve
/// seconds, and a caller waits longer.
pub(super) const FINAL_BLOCKS: u64 = 6;

/// What the chain shows about an authorization whose nonce of ours is used up.
enum Verdict {
    /// Its money moved, in this transaction.
    Moved(B256),
    /// It was cancelled, or its nonce was used for something else.
    Elsewhere,
    /// It was not used, and none of our transactions can use it any more.
    Refused,
    /// Not known yet; a later alarm asks again.
    Open,
}

impl<W: RelayerWorld> Relayer<W> {
    /// The nonce is used up (in block `used_in`, if that is known), and not by the transfer. Checks whether another
    /// sender used the authorization. The settlement stays open until that is final.
    pub(super) async fn judge_nonce(
        &self,
        nonce: u64,
        settlement: &Settlement,
        used_in: Option<U256>,
    ) -> Result<(), SqlError> {
        let verdict = self.verdict(nonce, settlement, used_in).await.unwrap_or(Verdict::Open);
        // Another call may have decided while this one waited for the chain, and the payment may have been retried
        // since.
        let is_same = |known: &Settlement| {
            known.state == State::Sent && known.attempts == settlement.attempts
        };
        if !store::find(&self.world, &settlement.id)?.is_some_and(|known| is_same(&known)) {
            return store::mark_done(&self.world, nonce);
        }
        match verdict {
            Verdict::Moved(hash) => self.end(nonce, settlement, &State::Settled, hash),
            Verdict::Elsewhere => {
                let failed = State::Failed(used(&settlement.authorization));
                self.end(nonce, settlement, &failed, settlement.hash)
            }
            Verdict::Refused => {
                let failed = State::Failed(Reason::TransactionFailed);
                self.end(nonce, settlement, &failed, settlement.hash)
            }
            Verdict::Open => Ok(()),
        }
    }

    async fn verdict(
        &self,
        nonce: u64,
        settlement: &Settlement,
        used_in: Option<U256>,
    ) -> Result<Verdict, RpcError> {
        let Settings { rpc, network, key, .. } = &self.settings;
        let (world, authorization) = (&self.world, &settlement.authorization);
        let (head, is_used) = rpc.authorization_used_by(world, network, authorization).await?;
        if is_used && let Usage::Moved(hash, _) = self.use_of(settlement, head).await? {
            return Ok(Verdict::Moved(hash));
        }
        let Some(block) = head.checked_sub(FINAL_BLOCKS) else { return Ok(Verdict::Open) };
        if used_in.is_some_and(|used_in| used_in > U256::from(block)) {
            return Ok(Verdict::Open);
        }
        let (count, was_used) =
            rpc.used_at(world, network, authorization, key.address(), block).await?;
        Ok(match (count > nonce, is_used, was_used) {
            (true, false, false) => Verdict::Refused,
            (true, true, true) if self.use_of(settlement, head).await? == Usage::Elsewhere => {
                Verdict::Elsewhere
            }
            (true, _, _) | (false, _, _) => Verdict::Open,
        })
    }

    /// Records the transaction that moved the money as the settlement's own, even if another
    /// account sent it. Returns whether there is one.
    pub(super) async fn take_over_use(&self, settlement: &Settlement) -> Result<bool, SqlError> {
        let Usage::Moved(hash, _) = self.usage(settlement).await else { return Ok(false) };
        let now = self.world.now();
        let confirm_at = now.plus(CONFIRM_SECONDS);
        self.wake_for(confirm_at);
        store::set_state(
            &self.world,
            &settlement.id,
            &State::Settled,
            hash,
            Some(confirm_at),
            now,
        )?;
        Ok(true)
    }

    /// Whether a nonce is used in a block that no other is expected to replace.
    pub(super) async fn is_used_for_good(&self, settlement: &Settlement) -> Result<bool, RpcError> {
        let Settings { rpc, network, .. } = &self.settings;
        let authorization = &settlement.authorization;
        let (head, _) = rpc.authorization_used_by(&self.world, network, authorization).await?;
        let Some(block) = head.checked_sub(FINAL_BLOCKS) else { return Ok(false) };
        rpc.was_used_at(&self.world, network, authorization, block).await
    }

    /// The outcome of a settlement's authorization, in a transaction of any sender.
    pub(super) async fn usage(&self, settlement: &Settlement) -> Usage {
        let Settings { rpc, network, .. } = &self.settings;
        let asked = async {
            let authorization = &settlement.authorization;
            match rpc.authorization_used_by(&self.world, network, authorization).await? {
                (head, true) => self.use_of(settlement, head).await,
                (head, false) => Ok(Usage::Unused(head)),
            }
        };
        asked.await.unwrap_or_else(|error: RpcError| Usage::Unclear(error.to_string()))
    }

    /// How an authorization was used that was used in block `head` at the latest.
    async fn use_of(&self, settlement: &Settlement, head: u64) -> Result<Usage, RpcError> {
        match settlement.authorization.via {
            Via::Token => {
                let wanted = Wanted {
                    network: self.settings.network,
                    authorization: &settlement.authorization,
                    window: Window { unused_at: None, created_at: settlement.created_at },
                    transaction: None,
                };
                self.settings.rpc.use_of(&self.world, &wanted).await
            }
            Via::Permit2 => self.use_by_ours(settlement, head).await,
        }
    }

    /// The same for a permit, which nobody but this relayer can settle: one of its transactions, or none.
    async fn use_by_ours(&self, settlement: &Settlement, head: u64) -> Result<Usage, RpcError> {
        let hashes = store::hashes(&self.world, &settlement.id);
        let hashes = hashes.map_err(|_| RpcError::Unavailable)?;
        let mut asks = vec![Ask::new("eth_blockNumber", json!([]))];
        asks.extend(hashes.iter().map(|hash| ask_receipt(*hash)));
        let mut answers = self.settings.rpc.batch(&self.world, &asks).await?.into_iter();
        let newest: U256 = read(answers.next().ok_or(RpcError::Malformed)?)?;
        for (hash, answer) in hashes.into_iter().zip(answers) {
            let receipt = read::<Option<Receipt>>(answer)?;
            let moved = receipt
                .filter(|receipt| receipt.moved(self.settings.network, &settlement.authorization));
            if let Some(receipt) = moved {
                let block = u64::try_from(receipt.block_number).unwrap_or_default();
                return Ok(Usage::Moved(hash, block));
            }
        }
        // A node that is behind the one that has seen the use may not have the transaction yet.
        Ok(if newest >= U256::from(head) { Usage::Elsewhere } else { Usage::NotFound })
    }

    fn end(
        &self,
        nonce: u64,
        settlement: &Settlement,
        state: &State,
        hash: B256,
    ) -> Result<(), SqlError> {
        let id = &settlement.id;
        let now = self.world.now();
        let confirm_at = matches!(state, State::Settled).then(|| now.plus(CONFIRM_SECONDS));
        if let Some(at) = confirm_at {
            self.wake_for(at);
        }
        self.world.atomically(|| {
            store::mark_done(&self.world, nonce)?;
            store::set_state(&self.world, id, state, hash, confirm_at, now)
        })?;
        match state {
            State::Settled => self.log_step("a settlement is in a block", id, Level::Info),
            State::Failed(_) => self.log_step("the chain refused a settlement", id, Level::Warn),
            State::Sent => {}
        }
        Ok(())
    }
}
