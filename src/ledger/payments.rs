//! Payments: their claims, their states, and the proof of settlement.

#![deny(clippy::arithmetic_side_effects)]

mod books;
mod claim;
mod delivered;
mod open;
mod rows;
mod steps;
mod types;

pub use self::books::{carry_over, note};
pub use self::claim::{Bar, CLAIM_SECONDS, bar, claim};
pub use self::delivered::{correct_transaction, mark_confirmed, mark_reversed, mark_seen};
pub use self::open::{OpenPayments, open_of};
pub use self::rows::{
    due, find, find_ended, find_open_or_paid, is_booked, is_due, newest_of, next_due, seat_of,
};
pub use self::steps::{
    CONFIRM_SECONDS, NotPaid, SETTLE_SECONDS, Step, decide, mark_delivered, mark_doubtful,
    mark_not_paid, mark_settled, mark_settling, mark_unknown, postpone, put_off, release,
    take_over, was_unused,
};
pub(in crate::ledger) use self::types::stored_block;
pub use self::types::{Claim, Key, NewPayment, Payment, SeatHold, Settled, State};
