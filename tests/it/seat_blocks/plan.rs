//! What is simulated, how long each thing takes, and what came of it.

/// `paid-rsvp` in `bench/REPORT.md`, calls a second of one object with 16 at a time.
pub(super) const PAID_PER_SECOND: i64 = 194;
/// `unpaid-rsvp` was 2,288 there and `get-event`, which is like a request to the pool, 3,582. But Cloudflare limits an object to
/// about 1,000 requests a second.
pub(super) const UNPAID_PER_SECOND: i64 = 1_000;
pub(super) const POOL_PER_SECOND: i64 = 1_000;
pub(super) const SECOND: i64 = 1_000_000;
/// From one object to another and back.
pub(super) const HOP: i64 = 10_000;
/// From the challenge to the payment of a buyer.
pub(super) const SIGNING: i64 = SECOND;
/// A block of Base.
pub(super) const SETTLING: i64 = 2 * SECOND;
/// What a buyer is told who finds every seat held, and how often a buyer tries.
pub(super) const RETRY: i64 = 10 * SECOND;
pub(super) const TRIES: u32 = 12;
/// A seller resends a request, and gives back seats if no buyer came in the meantime.
pub(super) const ALARM: i64 = 3 * SECOND;

/// What is simulated.
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) sellers: u32,
    pub(super) capacity: u32,
    pub(super) buyers: u32,
    /// Within which they come.
    pub(super) seconds: i64,
    /// Messages are lost, late and repeated, objects die, settlements fail.
    pub(super) chaos: bool,
    /// The chain drops money that was settled.
    pub(super) drops: bool,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) sold: u32,
    pub(super) refused: u32,
    /// How long calls took, without signing and settling, milliseconds.
    pub(super) p50: i64,
    pub(super) p99: i64,
    /// When the last buyer had an answer, seconds.
    pub(super) over_after: i64,
    pub(super) requests: u32,
}
