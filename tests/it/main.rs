//! The native integration tests: the host's service over a world in memory, with real SQLite.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![expect(clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::indexing_slicing, reason = "a missing member is a failed test")]

mod backup;
mod bounds;
mod budget;
mod chat;
mod client;
mod codes;
mod copies;
mod credentials;
mod desk;
mod directory;
mod entrance;
mod explorer;
mod free;
mod fuzz;
mod golden;
mod guest;
mod inbox;
mod input;
mod layers;
mod mail;
mod market;
mod migrations;
mod money;
mod mpp;
mod pictures;
mod post_office;
mod public;
mod questions;
mod reads;
mod records;
mod refunds;
mod relayer;
mod repeat;
mod rotation;
mod rows;
mod schedule;
mod seat_blocks;
mod security;
mod sentences;
mod server;
mod settings;
mod several;
mod sign_out;
mod simulation;
mod slices;
mod strangers;
mod support;
mod supported;
mod tickets;
mod transfer;
mod unkind;
mod vault;
mod wallet;
