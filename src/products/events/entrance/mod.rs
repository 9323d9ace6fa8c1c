//! The entrance of an event: several devices let guests in, also without a connection.
//!
//! A device keeps the list of tickets with a mark of each code, which opens nothing, and names each check-in with an id of
//! its own. What it did without a connection it sends later; what it sends twice counts once. Of two devices that let the
//! same ticket in, the earlier one counts, whichever is heard of first; the later one and the host are told.

pub mod answers;
pub mod input;
pub mod rest;
pub mod rules;
mod store;
mod work;

pub use work::check_in;
