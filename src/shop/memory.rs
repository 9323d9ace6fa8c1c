//! In-memory state of an instance of a host's object.

use std::cell::RefCell;

use crate::base::rate_limit::RateLimiter;
use crate::chain::solana::networks::is_solana;
use crate::facilitator::breaker::Breaker;
use crate::ledger::unpaid::Unpaid;
use crate::sale::lock::Locks;
use crate::shop::look::Slices;
use crate::shop::waiting::Waiting;

/// In-memory state between calls. Eviction resets it, which is safe because only idle objects are evicted.
#[derive(Default)]
pub struct Memory {
    /// The circuit breaker of the facilitator of the EVM networks.
    evm_breaker: RefCell<Breaker>,
    /// That of the facilitator of Solana, also if it is the same one.
    solana_breaker: RefCell<Breaker>,
    /// Locks on payments that are being judged.
    pub judging: Locks,
    /// The order in which alarms handle payments.
    pub slices: Slices,
    /// Calls that wait for something that is held.
    pub waiting: Waiting,
    /// Rate limiter of unpaid calls by source.
    pub unpaid: RefCell<RateLimiter>,
    /// How often payment was asked for and did not come.
    pub asked: Unpaid,
    /// Rate limiter of paid calls by wallet.
    pub wallet_calls: RefCell<RateLimiter>,
}

impl Memory {
    /// The circuit breaker of the facilitator that settles on this network (CAIP-2).
    #[must_use]
    pub fn breaker(&self, network: &str) -> &RefCell<Breaker> {
        if is_solana(network) { &self.solana_breaker } else { &self.evm_breaker }
    }
}
