//! Decides whether an authorization was used for this server. A payment names its payee but no server: one that was
//! settled at another server of the same payee could be presented here too.

/// How far the nodes of one endpoint may differ, and how deep a chain may reorganize, in blocks: one minute on the chain
/// with the shortest block time, a quarter of a second.
const DOUBT_BLOCKS: u64 = 240;

/// The server that an authorization was used for, as far as block numbers tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Used after it came to this server: by us, or by a third party that submitted the same authorization first.
    Here,
    /// Used before it came to this server.
    Elsewhere,
    /// Block numbers cannot tell. It counts if our own facilitator settled it for this host, or if the payer's wallet signs
    /// in.
    Doubtful,
}

/// Compares the block that used the authorization with `unused_at`, the newest block when the payment came here. Blocks
/// are compared by number and not by time: clocks differ, and a chain that catches up gives new blocks past times.
#[must_use]
pub fn origin(unused_at: Option<u64>, used_in: u64) -> Origin {
    match unused_at {
        Some(head) if used_in > head => Origin::Here,
        // The answers contradict each other: they came from different nodes, or the chain has reorganized in between.
        Some(head) if head.saturating_sub(used_in) < DOUBT_BLOCKS => Origin::Doubtful,
        Some(_) => Origin::Elsewhere,
        None => Origin::Doubtful,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_use_after_the_head_at_our_claim_is_ours() {
        for (unused_at, used_in, expected) in [
            (Some(1_000), 1_001, Origin::Here),
            (Some(1_000), 1_000, Origin::Doubtful),
            (Some(1_000), 761, Origin::Doubtful),
            (Some(1_000), 760, Origin::Elsewhere),
            (Some(0), 1, Origin::Here),
            (None, 1_000, Origin::Doubtful),
        ] {
            assert_eq!(origin(unused_at, used_in), expected, "{unused_at:?} {used_in}");
        }
    }
}
