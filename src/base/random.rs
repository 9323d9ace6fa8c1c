//! The port for cryptographically secure random bytes.

/// A cryptographically secure random source.
pub trait Random {
    /// Fills `buffer` with random bytes.
    fn fill(&self, buffer: &mut [u8]);

    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut buffer = [0; N];
        self.fill(&mut buffer);
        buffer
    }
}
