//! Where unpredictable bytes come from.

/// Unpredictable bytes.
pub trait Random {
    /// Fills `buffer` with bytes that nobody can guess.
    fn fill(&self, buffer: &mut [u8]);

    /// `N` bytes that nobody can guess.
    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut buffer = [0; N];
        self.fill(&mut buffer);
        buffer
    }
}
