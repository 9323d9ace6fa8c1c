//! Whether the use of an authorization can have been for us. A payment names no shop: one that was
//! spent at another shop of the same payee could be shown here too.

/// How far nodes behind one address may lie apart, and how deep a chain drops blocks, in blocks: a minute of the chain
/// with the shortest ones (a quarter of a second).
const DOUBT_BLOCKS: u64 = 240;

/// Where an authorization was used, as far as the chain's own numbers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// After it came here, so for us, or by somebody who sent ours first.
    Here,
    /// Before it came here.
    Elsewhere,
    /// The blocks do not say. It counts if our own facilitator has settled it for this host, or the payer proves to
    /// be it.
    Doubtful,
}

/// Compares the block that used the authorization with the newest one that did not, when it came
/// here. Blocks are counted and not timed: clocks differ, and a chain that catches up gives new blocks
/// past times.
#[must_use]
pub fn origin(unused_at: Option<u64>, used_in: u64) -> Origin {
    match unused_at {
        Some(head) if used_in > head => Origin::Here,
        // The answer that it was unused, and this one, contradict each other: another node was asked,
        // or the chain has dropped blocks meanwhile.
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
