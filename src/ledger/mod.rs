//! The books of one host: the payments with their states, the append-only ledger, and the records that are queued for KV.
//!
//! The key of a payment is that of its token contract: `(network, asset, payer, nonce)`. The row is written once the
//! signature is verified. Until then an in-memory lock (`sale::lock`) keeps the same payment from starting a second
//! call. States only move forward:
//!
//! ```text
//! claimed | verified → settling → settled → delivered
//!         ↘               ↓ ↘ refused
//!          refused        unknown → settled | failed      delivered → failed
//! ```
//!
//! `refused` and `failed` mean that no money moved. Only the id of the wanted item is kept, the number of such rows is
//! bounded, and the same payment may be claimed again. Each claim has a number; a step of an earlier claim changes
//! nothing. Each step names its allowed source states. A report that an ended payment was paid after all makes the alarm
//! ask the chain. `delivered` returns to `failed` only if the chain drops the transaction and the authorization expires.
//! `unknown` is resolved by the chain, or by the host (`verdict` in the ledger) if no log is left. The append-only
//! `ledger` holds the money: `settled` rows, and `reversed` and `refunded` rows with a negative amount ([`refunds`]).

use crate::ports::storage::Migrations;

pub mod audit;
pub mod funnel;
pub mod holders;
pub mod limits;
pub mod outbox;
pub mod payee;
pub mod payments;
pub mod refunds;
pub mod revenue;
pub mod statement;
pub mod unpaid;
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
    include_str!("schema-19.sql"),
    include_str!("schema-20.sql"),
    include_str!("schema-21.sql"),
    include_str!("schema-22.sql"),
    include_str!("schema-23.sql"),
    include_str!("schema-24.sql"),
    include_str!("schema-25.sql"),
    include_str!("schema-26.sql"),
    include_str!("schema-27.sql"),
    include_str!("schema-28.sql"),
    include_str!("schema-29.sql"),
    include_str!("schema-30.sql"),
    include_str!("schema-31.sql"),
    include_str!("schema-32.sql"),
    include_str!("schema-33.sql"),
    include_str!("schema-34.sql"),
    include_str!("schema-35.sql"),
    include_str!("schema-36.sql"),
    include_str!("schema-37.sql"),
    include_str!("schema-38.sql"),
    include_str!("schema-39.sql"),
];
