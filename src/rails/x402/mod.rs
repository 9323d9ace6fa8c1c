//! x402 (versions 1 and 2, scheme `exact` on EVM networks and on Solana, and `upto` on EVM networks).
//!
//! [`wire`] and [`dialects`] turn a quote into the challenges that known clients read, and read every form of payment
//! that they send. [`verify`] checks a payment without any network. [`payer`] is the other side: it pays other
//! people's servers. [`bazaar`] says in a challenge how a tool is called. [`signed`] reads what payers
//! sign. [`solana`] is what differs there.

pub mod bazaar;
pub mod dialects;
pub mod payer;
pub mod signed;
pub mod solana;
pub mod verify;
pub mod wire;
