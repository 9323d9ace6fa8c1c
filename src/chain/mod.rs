//! What we know of chains: networks and their USDC, the authorizations that move it, who judges a
//! signature, transactions of our own, and ways to ask what became of a payment.

#![deny(clippy::arithmetic_side_effects)]

pub mod eip3009;
pub mod erc1271;
pub mod faucet;
pub mod lookup;
pub mod networks;
pub mod origin;
pub mod rpc;
pub mod signature;
pub mod standing;
pub mod transaction;
pub mod transfers;
