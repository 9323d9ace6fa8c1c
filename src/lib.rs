#![doc = include_str!("ARCHITECTURE.md")]

pub mod csv;
pub mod meter;
pub mod money;
pub mod rate_limit;
pub mod text;
pub mod time;

pub mod fields;

pub mod id;
pub mod ports;
pub mod storage;

pub mod paging;

pub mod directory;

pub mod identity;
pub mod ledger;
pub mod mail;

pub mod chain;
pub mod x402;

pub mod wallet;

pub mod events;
pub mod outcome;
pub mod vault;

pub mod desk;

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
