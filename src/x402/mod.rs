//! Payment for calls over x402 (versions 1 and 2, scheme `exact` on EVM networks).
//!
//! [`quote`] says what a call costs, [`wire`] and [`dialects`] turn that into every challenge that
//! known clients read and read every form of payment they send, [`verify`] checks a payment without
//! any network, [`facilitator`] has it verified and settled by somebody else or by our own
//! [`relayer`], [`supported`] is where somebody else's settles, [`breaker`] spares callers a facilitator that
//! is down, [`lock`] keeps a payment from being judged twice at once, [`origin`] says whether a use of it can
//! have been for us, and [`flow`] holds the order of steps. [`payer`] is the other side: it pays the doors of
//! others.

pub mod breaker;
pub mod dialects;
pub mod facilitator;
pub mod flow;
pub mod lock;
pub mod origin;
pub mod payer;
pub mod quote;
pub mod relayer;
pub mod supported;
pub mod verify;
pub mod wire;
