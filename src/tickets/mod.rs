//! Everything that a wallet or a signed-in user has bought at any host of the deployment (`GET /api/tickets`).
//!
//! [`serve`] answers: `who` finds the caller and their wallets, `index` reads from KV at which hosts they have bought
//! something, and `list` asks the objects of these hosts and merges what they tell. A host is asked about the wallets
//! that have paid there only, so no host learns of another one or of another wallet.
//!
//! One page asks a group of hosts ([`GROUP`]), because an invocation may make 50 subrequests. Within a group the
//! newest entry comes first; few wallets have bought at more hosts than one group holds.

pub mod ask;
mod index;
mod list;
mod place;
pub mod serve;
pub mod views;
mod who;

pub use index::GROUP;
pub use list::PAGE;
pub use who::Caller;
