//! One paid call of a session, from the server's challenge to the result that is shown.
//!
//! [`machine`] decides and does nothing else, `run` carries out what it decides, `store` keeps the rows, `send` asks the
//! server for what is paid for, `look` asks wallets and the chain.

mod look;
pub mod machine;
pub mod model;
pub(super) mod offer;
pub(super) mod run;
mod send;
pub(super) mod store;
