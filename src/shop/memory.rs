//! In-memory state of an instance of a host's object.

use std::cell::RefCell;

use crate::base::rate_limit::RateLimiter;
use crate::facilitator::breaker::Breaker;
use crate::sale::lock::Locks;
use crate::shop::look::Slices;
use crate::shop::waiting::Waiting;

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
