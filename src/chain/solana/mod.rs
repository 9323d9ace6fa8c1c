//! Solana, where payments are taken and a facilitator carries them out: its networks, its addresses, the transaction that
//! pays, and what became of one. Nothing is signed or sent here.

pub mod address;
pub mod lookup;
pub mod networks;
pub mod transfer;
