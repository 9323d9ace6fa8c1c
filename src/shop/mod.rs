//! The shop of one host: all products in one place ([`registry`]), and everything that waits while one is sold. [`pay`] takes
//! a paid call from its price to its answer, [`deliver`] hands over what was bought, [`find_out`] asks the chain what became
//! of a payment, [`confirm`] takes a payment that is due one step further, [`slice`] does so for as many as an alarm has
//! requests for, [`verdict`] takes the host's word where nobody else can say, [`proof`] judges wallets that have paid before.

pub mod confirm;
pub mod deliver;
pub mod find_out;
pub mod limits;
pub mod look;
pub mod memory;
pub mod pay;
pub mod profile;
pub mod proof;
pub mod registry;
pub mod slice;
pub mod verdict;
pub mod waiting;

use alloy_primitives::B256;

use crate::ports::{Level, Log, SqlError};
use crate::sale::cx::Cx;
use crate::shop::memory::Memory;
use crate::shop::profile::Profile;

/// What one call, request or alarm of a host works with.
pub struct Shop<'a, W> {
    /// What products get.
    pub cx: Cx<'a, W>,
    /// The host's record.
    pub profile: &'a Profile,
    /// What the instance remembers.
    pub memory: &'a Memory,
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
