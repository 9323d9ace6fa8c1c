#![doc = include_str!("ARCHITECTURE.md")]

pub mod counts;
pub mod csv;
pub mod money;
pub mod text;
pub mod time;

pub mod id;
pub mod ports;
pub mod storage;

pub mod identity;
pub mod ledger;

pub mod chain;
pub mod x402;

pub mod wallet;

pub mod events;
pub mod outcome;

pub mod http;
pub mod mcp;

pub mod chat;

pub mod config;
pub mod guest;
pub mod host;

#[cfg(target_arch = "wasm32")]
mod edge;

#[cfg(test)]
mod page_types;
