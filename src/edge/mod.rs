//! The Workers runtime: the only code that uses `worker`, `js_sys` or `wasm_bindgen`. It has an adapter for each
//! port, the Worker's `fetch`, and the Durable Objects.

mod agent;
mod auth;
mod budget_object;
mod calls;
mod codes;
mod convert;
mod cron;
mod directory_object;
mod entry;
mod facilitator;
mod fetch;
mod gate;
mod gateway;
mod guest_object;
mod host_object;
mod mail;
mod mail_in;
mod market;
mod market_object;
mod object;
mod page;
mod panic;
mod payee_object;
mod pictures;
mod platform;
mod relayer_object;
mod rpc;
mod share;
mod shim;
mod signer;
mod sql;
mod tickets;
mod web;
mod world;
mod zones;
