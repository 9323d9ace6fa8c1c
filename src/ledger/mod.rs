//! The books of one host: payments and how far each is, the append-only ledger, and the records on
//! their way to KV.
//!
//! A payment is known by what its token contract knows it by: `(network, asset, payer, nonce)`. The
//! row is written once its signature is judged good; until then a lock in memory
//! ([`crate::sale::lock`]) keeps the same payment from starting a second call. Its states only move
//! forward:
//!
//! ```text
//! claimed | verified → settling → settled → delivered
//!         ↘               ↓ ↘ refused
//!          refused        unknown → settled | failed      delivered → failed
//! ```
//!
//! `refused` and `failed` are final for the money (none moved): what was wanted is forgotten but for its id, few of
//! them are kept, and they may be claimed again by the same payment; each claim has a number, and a step that belongs
//! to an earlier one changes nothing. Each step names the states that it may come from. Who says of an ended payment
//! that it was paid gets the chain asked. `delivered` falls back to `failed` only when the chain drops the transaction
//! and the authorization runs out. `unknown` ends when the chain says so, or when the host does (`verdict` in the
//! ledger) where no log is left to read. The append-only `ledger` holds the money: `settled` rows, and `reversed`
//! ones with the amount negative.

use crate::ports::storage::Migrations;

pub mod audit;
pub mod limits;
pub mod outbox;
pub mod payee;
pub mod payments;
pub mod revenue;
pub mod statement;
pub mod wallets;

/// The schema of a host's object.
pub const MIGRATIONS: Migrations = &[
    include_str!("schema.sql"),
    include_str!("schema-2.sql"),
    include_str!("schema-3.sql"),
    include_str!("schema-4.sql"),
    include_str!("schema-5.sql"),
    include_str!("schema-6.sql"),
    include_str!("schema-7.sql"),
    include_str!("schema-8.sql"),
    include_str!("schema-9.sql"),
    include_str!("schema-10.sql"),
    include_str!("schema-11.sql"),
    include_str!("schema-12.sql"),
    include_str!("schema-13.sql"),
    include_str!("schema-14.sql"),
    include_str!("schema-15.sql"),
    include_str!("schema-16.sql"),
    include_str!("schema-17.sql"),
    include_str!("schema-18.sql"),
];
