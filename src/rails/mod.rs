//! Ways of being paid. [`x402`] is the only rail so far; [`quote`] is what a sale asks, whatever the rail, and [`outcome`]
//! what a call comes to.

pub mod outcome;
pub mod problem;
pub mod quote;
pub mod x402;
