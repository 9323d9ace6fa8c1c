//! The relayer's own account: its money for gas, and what it shows of itself.

use alloy_primitives::U256;
use serde_json::{Value, json};

use crate::facilitator::own::judge::{self, Market, Prepared};
use crate::facilitator::own::refusal::{Refusal, Unavailable};
use crate::facilitator::own::{Relayer, RelayerWorld, Seen, Settings, budget, send, store};
use crate::ports::{Level, SqlError};

/// The relayer's balance is reported as low when it pays for fewer settlements than this.
const LOW_SETTLEMENTS: u64 = 20;
/// The age at which the figures of [`Relayer::health`] are refreshed, seconds.
const SEEN_SECONDS: i64 = 10;

impl<W: RelayerWorld> Relayer<W> {
    /// Address, balance, next nonce, settlements under way, newest block seen.
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    pub async fn health(&self) -> Result<Value, SqlError> {
        self.open()?;
        let now = self.world.now();
        let address = self.settings.key.address();
        let reachable = now.since(self.seen.get().at) <= SEEN_SECONDS || self.refresh().await;
        let seen = self.seen.get();
        let is_known = seen.at.get() > 0;
        Ok(json!({
            "network": self.settings.network.caip2,
            "address": address.to_checksum(None),
            "reachable": reachable,
            "balanceWei": is_known.then(|| seen.balance.to_string()),
            "lastBlock": is_known.then_some(seen.block),
            "seenAt": is_known.then(|| seen.at.to_string()),
            "nextNonce": store::next_nonce(&self.world)?,
            "queue": store::queue(&self.world)?,
            "gasBudgets": budget::view(&self.world, &self.settings.policy, seen.cost, now)?,
        }))
    }

    /// Refuses before the relayer's money is gone, and logs a warning earlier.
    pub(super) fn check_gas_money(&self, prepared: &Prepared) -> Result<(), Refusal> {
        let now = self.world.now();
        let queue = store::queue(&self.world)?;
        let wei = u128::from(prepared.gas).saturating_mul(prepared.fees.max);
        let (price, cost) =
            (U256::from(wei), self.settings.policy.cost(self.settings.network, wei));
        let times = |count: u64| price.saturating_mul(U256::from(count));
        let mut seen = self.seen.get();
        let is_low = prepared.balance < times(queue.saturating_add(LOW_SETTLEMENTS));
        if is_low && now.since(seen.warned_at) >= 60 {
            seen.warned_at = now;
            let address = send::short(&self.settings.key.address().to_checksum(None));
            let fields = [("address", address.as_str())];
            self.world.line(Level::Warn, "the relayer has little money left for gas", &fields);
        }
        let Prepared { balance, block, .. } = *prepared;
        self.seen.set(Seen { balance, block, at: now, cost, ..seen });
        if prepared.balance < times(queue.saturating_add(1)) {
            return Err(Refusal::Unavailable(Unavailable::Gas));
        }
        Ok(())
    }

    /// Refreshes the figures of the relayer's account. Returns whether that succeeded.
    async fn refresh(&self) -> bool {
        let Some(Market { balance, block, .. }) = self.market().await else { return false };
        let at = self.world.now();
        self.seen.set(Seen { balance, block, at, ..self.seen.get() });
        true
    }

    /// The gas price, the relayer's balance, and the newest block, if the chain answers.
    pub(super) async fn market(&self) -> Option<Market> {
        let Settings { network, rpc, key, .. } = &self.settings;
        let answers = rpc.batch(&self.world, &judge::market(key.address())).await.ok()?;
        judge::read_market(network, answers).ok()
    }
}
