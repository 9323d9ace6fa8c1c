//! The shop of one host: all products in one place ([`registry`]), and everything that waits while one is sold. [`pay`] takes
//! a paid call from its price to its answer, [`deliver`] hands over what was bought, [`find_out`] asks the chain what became
//! of a payment, [`confirm`] takes a payment that is due one step further, [`slice`] does so for as many as an alarm has
//! requests for, [`verdict`] takes the host's word where nobody else can say, [`proof`] judges wallets that have paid before.

pub mod confirm;
pub mod deliver;
pub mod find_out;
pub mod limits;
pub mod look;
pub mod pay;
pub mod profile;
pub mod proof;
pub mod registry;
pub mod slice;
pub mod verdict;
pub mod waiting;

use std::cell::RefCell;

use alloy_primitives::B256;

use crate::base::rate_limit::RateLimiter;
use crate::facilitator::breaker::Breaker;
use crate::ports::{Level, Log, SqlError};
use crate::sale::cx::Cx;
use crate::sale::lock::Locks;
use crate::shop::look::Slices;
use crate::shop::profile::Profile;
use crate::shop::waiting::Waiting;

/// What one call, request or alarm of a host works with.
pub struct Shop<'a, W> {
    /// What products get.
    pub cx: Cx<'a, W>,
    /// The host's record.
    pub profile: &'a Profile,
    /// What the instance remembers.
    pub memory: &'a Memory,
}

/// What an instance of a host's object remembers between calls. Eviction resets it, which is safe: only idle objects are
/// evicted.
#[derive(Default)]
pub struct Memory {
    /// The circuit breaker of the facilitator, as far as this instance has seen.
    pub breaker: RefCell<Breaker>,
    /// Payments that are being judged.
    pub judging: Locks,
    /// Whose turn it is when payments are looked after.
    pub slices: Slices,
    /// Calls that wait for something that is held.
    pub waiting: Waiting,
    /// Unpaid calls of each source.
    pub unpaid: RefCell<RateLimiter>,
    /// Paid calls of each wallet.
    pub wallet_calls: RefCell<RateLimiter>,
}

/// Logs a part of the alarm that failed; whether it succeeded.
pub fn succeeded(log: &impl Log, what: &str, how: Result<(), SqlError>) -> bool {
    let Err(error) = how else { return true };
    let fields = [("what", what), ("why", &error.0)];
    log.line(Level::Error, "a part of the alarm failed", &fields);
    false
}

/// The hash of a transaction.
pub fn read_transaction(text: &str) -> Option<B256> {
    text.strip_prefix("0x").filter(|digits| digits.len() == 64)?;
    text.parse().ok()
}
