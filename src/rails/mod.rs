//! Ways of being paid: [`x402`], and [`mpp`] beside it. [`quote`] is the price of a sale on any rail, [`challenge`] asks
//! for it, [`received`] is the payment that comes with a call, [`outcome`] is the outcome of a call, and [`problem`] shows
//! a refusal over HTTP.

pub mod challenge;
pub mod mpp;
pub mod outcome;
pub mod problem;
pub mod quote;
pub mod received;
pub mod x402;
