//! Access to chains: networks and their USDC, EIP-3009 authorizations, verification of signatures, our own transactions,
//! JSON-RPC, and the lookup of what became of a payment.

#![deny(clippy::arithmetic_side_effects)]

pub mod by_hand;
pub mod eip3009;
pub mod erc1271;
pub mod faucet;
pub mod lookup;
pub mod networks;
pub mod origin;
pub mod permit2;
pub mod rpc;
pub mod signature;
pub mod solana;
pub mod standing;
pub mod transaction;
pub mod transfers;
pub mod usage;
