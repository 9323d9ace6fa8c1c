//! The paying side: a server's challenge, the payment that is signed for it, and its outcome (x402 specification,
//! versions 1 and 2, and the spellings of known clients).
//!
//! All input is untrusted. Amounts, receivers and texts are read but not believed: the payer decides, and only the
//! chain proves that money moved ([`confirm`]).
//!
//! The caller must keep one rule: one signature for one logical call. A server that asks again after a payment was
//! sent can still use that payment until it expires.

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
