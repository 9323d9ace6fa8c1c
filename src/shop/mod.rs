//! Everything that happens while a host sells. [`registry`] lists the products, [`pay`] takes a paid call from its
//! price to its answer, [`again`] answers a payment that is known, [`deliver`] fulfils a settled payment, [`find_out`]
//! determines an unknown outcome, [`confirm`] takes a due payment one step further, [`mod@slice`] does so for as many as
//! an alarm has requests for, [`verdict`] applies the host's decision, [`buyer`] calls tools of wallets that have paid
//! before, [`refunds`] pays money back, [`proof`] checks wallets that have paid before, and [`mod@declared`] says of a listed
//! host's tool how it is called.

pub mod again;
pub mod buyer;
pub mod confirm;
pub mod declared;
pub mod deliver;
pub mod find_out;
pub mod limits;
pub mod look;
pub mod memory;
pub mod pay;
mod payable;
pub mod profile;
pub mod proof;
pub mod refunds;
pub mod registry;
pub mod slice;
pub mod verdict;
pub mod waiting;

use crate::ports::{Level, Log, SqlError};
use crate::sale::cx::Cx;
use crate::shop::memory::Memory;
use crate::shop::profile::Profile;

/// The context of one call, request or alarm of a host.
pub struct Shop<'a, W> {
    /// The context that products get.
    pub cx: Cx<'a, W>,
    pub profile: &'a Profile,
    /// In-memory state of the instance.
    pub memory: &'a Memory,
}

/// Logs a part of the alarm that failed. Returns whether it succeeded.
pub fn succeeded(log: &impl Log, what: &str, how: Result<(), SqlError>) -> bool {
    let Err(error) = how else { return true };
    let fields = [("what", what), ("why", &error.0)];
    log.line(Level::Error, "a part of the alarm failed", &fields);
    false
}
