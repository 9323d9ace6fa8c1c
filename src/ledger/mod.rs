//! The books of one host: payments and how far each is, the append-only ledger, and the records on
//! their way to KV.
//!
//! A payment is known by what its token contract knows it by: `(network, asset, payer, nonce)`. The
//! row is written before the first `await` of a paid call, so that the same payment can never start
//! a second one. Its states only move forward:
//!
//! ```text
//! claimed → verified → settling → settled → delivered
//!      ↘        ↘         ↓ ↘ refused
//!       refused  refused  unknown → settled | failed
//! ```
//!
//! `refused` and `failed` are final for the money (none moved) and may be claimed again by the same
//! payment. Every change of state appends a row to `ledger`; only `settled` rows are money.

pub mod audit;
pub mod outbox;
pub mod payments;
pub mod revenue;
pub mod statement;
