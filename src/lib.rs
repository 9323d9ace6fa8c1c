#![doc = include_str!("ARCHITECTURE.md")]

pub mod base;
pub mod ports;

pub mod chain;
pub mod directory;
pub mod identity;
pub mod ledger;
pub mod mail;
pub mod wallets;

pub mod facilitator;
pub mod rails;
pub mod sale;

pub mod config;
pub mod http;

pub mod products;
pub mod shop;
pub mod tickets;

pub mod chat;
pub mod mcp;

pub mod market;

pub mod guest;
pub mod host;

#[cfg(target_arch = "wasm32")]
mod edge;

#[cfg(test)]
mod page_types;
