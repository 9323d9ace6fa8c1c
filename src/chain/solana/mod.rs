//! Solana, where payments are taken and a facilitator carries them out: its networks, its addresses, the transaction that
//! pays, what became of one, and a transfer that somebody has sent by hand. Nothing is signed or sent here.

pub mod address;
pub mod by_hand;
pub mod lookup;
pub mod networks;
pub mod transfer;
