//! The paying side: what a server asks for, what we sign for it, and what became of the payment
//! (x402 specification, versions 1 and 2, and the spellings of known clients).
//!
//! Everything here comes from a stranger. Amounts, receivers and words are read and never believed:
//! who pays, decides; and that money moved is known from the chain alone ([`confirm`]).
//!
//! One thing is the caller's to keep: one signature for one logical call. A server that asks again after
//! a payment was sent may still use it, until its time is over.

mod answer;
mod offer;
mod settlement;
mod sign;

pub use answer::{Answer, CallError, MoneyMoved, read_answer};
pub use offer::{Challenge, Dialect, NoOffer, Offer, Unusable, choose};
pub use settlement::{Settlement, confirm, read_settlement};
pub use sign::{VALID_SECONDS_MAX, authorize, for_meta, payload, typed_data};

#[cfg(test)]
mod tests;
