//! Ways of being paid. [`x402`] is the only rail so far. [`quote`] is the price of a sale on any rail, [`outcome`] is
//! the outcome of a call, and [`problem`] shows a refusal over HTTP.

pub mod outcome;
pub mod problem;
pub mod quote;
pub mod x402;
