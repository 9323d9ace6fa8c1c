//! The only place that takes nonces. Nonce, signature, row and broadcast belong together, one transaction at a time.

use alloy_primitives::U256;
use serde_json::json;

use crate::chain::rpc::Broadcast;
use crate::facilitator::own::alarm::LOOK_AFTER_SECONDS;
use crate::facilitator::own::budget::{self, Owners};
use crate::facilitator::own::gas::Micros;
use crate::facilitator::own::judge::Prepared;
use crate::facilitator::own::order::Order;
use crate::facilitator::own::refusal::{Reason, Refusal, Unavailable};
use crate::facilitator::own::store::Charged;
use crate::facilitator::own::{Known, Relayer, RelayerWorld, Settings, store};
use crate::ports::{Level, SqlError};

/// Attempts with another nonce if another program uses the relayer's key.
const NONCE_TRIES: u32 = 3;

impl<W: RelayerWorld> Relayer<W> {
    /// Signs and sends the transaction, unless another call did so while this one waited for the lock.
    ///
    /// # Errors
    ///
    /// [`Refusal`]: nothing was sent.
    pub(super) async fn send(
        &self,
        order: &Order,
        claimant: &str,
        prepared: &Prepared,
    ) -> Result<(), Refusal> {
        let _turn = self.sending.lock().await;
        for _ in 0..NONCE_TRIES {
            if !matches!(self.known(order, claimant)?, Known::New) {
                return Ok(());
            }
            let nonce = self.next_nonce().await?;
            // After a crash from here on, the alarm continues with what is stored. An alarm that was set before the
            // lock was free may have fired already.
            self.wake_for(self.world.now().plus(LOOK_AFTER_SECONDS));
            let Prepared { call, gas, fees, code, .. } = prepared;
            let Settings { network, key, policy, .. } = &self.settings;
            let payer = order.payer();
            let owners = Owners { claimant, payer: &payer };
            let signed = key.sign(network, nonce, call, *gas, *fees);
            let signed = signed
                .ok_or(Refusal::Invalid(Reason::Simulation, Some(order.authorization.from)))?;
            let now = self.world.now();
            // An upper bound; the receipt corrects it.
            let wei = u128::from(*gas).saturating_mul(fees.max);
            let charged = Charged { micros: policy.cost(network, wei), day: budget::day(now) };
            // There is no `await` from here on, so the budgets include what was sent meanwhile.
            self.check_budget(&owners, charged.micros)?;
            self.check_contract(&payer, claimant, code.as_deref())?;
            self.world.atomically(|| {
                budget::charge(&self.world, &owners, charged.day, 0, charged.micros)?;
                let gas = (charged, code.as_deref());
                store::begin(&self.world, order, claimant, nonce, &signed, gas, now)?;
                store::set_next_nonce(&self.world, nonce.saturating_add(1))
            })?;
            self.log_step("a settlement is sent", &order.key(), Level::Info);
            match self.settings.rpc.broadcast(&self.world, &signed.raw).await {
                Broadcast::Accepted => return Ok(()),
                Broadcast::Unclear => {
                    self.log_step("it is not clear whether it left", &order.key(), Level::Warn);
                    return Ok(());
                }
                Broadcast::Refused => {
                    self.unsend(order, &owners, nonce, nonce)?;
                    self.log_step("the node refuses the relayer", &order.key(), Level::Error);
                    return Err(Refusal::Unavailable(Unavailable::Gas));
                }
                Broadcast::NonceTaken => {
                    self.log_step("somebody else uses the key", &order.key(), Level::Error);
                    let next = self.pending_nonce().await.unwrap_or_default();
                    self.unsend(order, &owners, nonce, next.max(nonce.saturating_add(1)))?;
                }
            }
        }
        Err(Refusal::Unavailable(Unavailable::Rpc))
    }

    /// The next nonce on the chain, including pending transactions.
    pub(super) async fn pending_nonce(&self) -> Option<u64> {
        let params = json!([self.settings.key.address(), "pending"]);
        let rpc = &self.settings.rpc;
        let count: U256 = rpc.call(&self.world, "eth_getTransactionCount", params).await.ok()?;
        u64::try_from(count).ok()
    }

    async fn next_nonce(&self) -> Result<u64, Refusal> {
        match store::next_nonce(&self.world)? {
            Some(nonce) => Ok(nonce),
            None => self.pending_nonce().await.ok_or(Refusal::Unavailable(Unavailable::Rpc)),
        }
    }

    /// The transaction will never be in a block. Undoes everything but the next nonce.
    fn unsend(
        &self,
        order: &Order,
        owners: &Owners<'_>,
        nonce: u64,
        next: u64,
    ) -> Result<(), SqlError> {
        self.world.atomically(|| {
            if let Some(begun) = store::find(&self.world, &order.key())? {
                budget::charge(&self.world, owners, begun.gas.day, begun.gas.micros, 0)?;
            }
            store::remove(&self.world, &order.key(), nonce)?;
            store::set_next_nonce(&self.world, next)
        })
    }

    /// Refuses if `cost` exceeds what is left of a budget today.
    pub(super) fn check_budget(&self, owners: &Owners<'_>, cost: Micros) -> Result<(), Refusal> {
        let (policy, now) = (&self.settings.policy, self.world.now());
        match budget::check(&self.world, policy, owners, cost, now)? {
            None => Ok(()),
            Some((whose, seconds)) => {
                Err(Refusal::Unavailable(Unavailable::Budget(whose, seconds)))
            }
        }
    }

    pub(super) fn log_step(&self, message: &str, id: &str, level: Level) {
        let network = self.settings.network.caip2;
        self.world.line(level, message, &[("settlement", &short(id)), ("network", network)]);
    }
}

/// A short form of payer and nonce for the log.
pub(super) fn short(id: &str) -> String {
    let short = |part: &str| match (part.get(..6), part.get(part.len().saturating_sub(4)..)) {
        (Some(head), Some(tail)) => format!("{head}…{tail}"),
        _ => part.to_owned(),
    };
    id.split('/').map(short).collect::<Vec<_>>().join("/")
}
