//! What we know of chains: networks and their USDC, the authorizations that move it, and a way to
//! ask what became of one.

#![deny(clippy::arithmetic_side_effects)]

pub mod eip3009;
pub mod networks;
pub mod rpc;
