//! The pseudo-random numbers of a picture.

/// A xorshift generator. It draws pictures and nothing else.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(hash: u64) -> Self {
        // Zero would stay zero.
        Self(hash | 1)
    }

    /// A number below `bound`, which is at least 1.
    pub(super) fn below(&mut self, bound: i32) -> i32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let bound = u64::try_from(bound).unwrap_or(1).max(1);
        i32::try_from((self.0 >> 16) % bound).unwrap_or(0)
    }

    /// One of `of`, or `otherwise` if that is empty.
    pub(super) fn pick<T: Copy>(&mut self, of: &[T], otherwise: T) -> T {
        let at = self.below(i32::try_from(of.len()).unwrap_or(1));
        usize::try_from(at).ok().and_then(|at| of.get(at)).copied().unwrap_or(otherwise)
    }
}
