//! Reads a file from its beginning to its end.

use crate::http::picture::kinds::Refused;

/// What is left of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The next `count` bytes.
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Refused> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(CUT)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Refused> {
        let (first, rest) = self.0.split_first().ok_or(CUT)?;
        self.0 = rest;
        Ok(*first)
    }

    /// Two bytes, the higher one first.
    pub(super) fn be_u16(&mut self) -> Result<u16, Refused> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub(super) fn be_u32(&mut self) -> Result<u32, Refused> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    pub(super) fn le_u16(&mut self) -> Result<u16, Refused> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(super) fn le_u32(&mut self) -> Result<u32, Refused> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Refused> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(CUT)?;
        self.0 = rest;
        Ok(*taken)
    }
}

const CUT: Refused = Refused::Damaged("it ends too early");

/// A length in a file. What does not fit is longer than every file.
pub(super) fn length(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
