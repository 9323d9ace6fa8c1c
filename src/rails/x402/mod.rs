//! x402 (versions 1 and 2, scheme `exact` on EVM networks).
//!
//! [`wire`] and [`dialects`] turn a quote into every challenge that known clients read and read every form of payment they
//! send, [`verify`] checks a payment without any network. [`payer`] is the other side: it pays the servers of others.

pub mod dialects;
pub mod payer;
pub mod verify;
pub mod wire;
