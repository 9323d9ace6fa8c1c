//! Money that goes back to guests: one refund for each purchase that was cancelled.
//!
//! ```text
//! none            owed → paying → paid
//!                 ↓ ↖______/
//!                void
//! ```
//!
//! A refund is a transfer by EIP-3009 from a wallet of the host to the payer. Its nonce follows from the payment and
//! from nothing that changes ([`nonce`]), and the token contract accepts each nonce of a wallet once. So two tabs, two
//! programs or a repeated request can sign the same refund, and the chain moves its money once; whether it did is asked of
//! the chain, as for every payment ([`crate::chain::usage`]). The row is `paying`, with the wallet and the end of what it
//! may sign, before the wallet is asked. It returns to `owed` only when the chain shows, in a block after that end, that
//! the nonce is unused: until then no other wallet may pay it, and no transfer by hand counts.
//!
//! A refund is paid once the payment itself is final. A payment that the chain drops before makes it `void`: there is no
//! money to give back. Only a `refunded` row of the ledger is money; the other rows say what was decided.

#![deny(clippy::arithmetic_side_effects)]

mod list;
mod rows;
mod steps;
mod types;

pub use self::list::{Line, NEWEST_FIRST, Owed, list, owed};
pub use self::rows::{
    count_reported, due, find, is_due, next_due, next_payable, next_untold, of_ticket,
    payout_wallet, untold,
};
pub use self::steps::{
    OFFERED_SECONDS, back_to_owed, mark_paid, mark_seen, mark_told, note, owe, owe_event, prepare,
    put_off, report, sign, void, was_unused,
};
pub use self::types::{Cause, Refund, State, nonce};
