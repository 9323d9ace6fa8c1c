//! Money that its owner sends out of a wallet which the deployment keeps, without buying anything.
//!
//! [`machine`] decides and does nothing else, `run` carries out what it decides, `store` keeps the rows, `ask` lets a
//! request in: only the message `withdraw` of a client, with a fresh sign-in. The chat, its model and the servers that it
//! is connected to have no way here.

pub(super) mod ask;
pub mod machine;
pub mod model;
pub(super) mod run;
pub(super) mod store;
