//! Identities of hosts: proof by wallet or mail, the scope hashed from the identity, and the session of a sign-in. All
//! tokens are derived from the master key or the identity keys ([`lasting`]), so only sign-in codes ([`codes`]) and the
//! last sign-out ([`epoch`]) are stored. [`credential`] has the tokens of a host's own programs.

pub mod access;
pub mod challenge;
pub mod codes;
pub mod credential;

pub mod epoch;
pub mod keys;
pub mod lasting;
pub mod master_key;
pub mod randomness;
pub mod reader;
pub mod session;
pub mod siwe;
pub mod siwx;
pub mod used_nonces;
pub mod user;

pub use challenge::Challenge;
pub use credential::{Token, TokenDigest};

pub use session::Session;
pub use user::UserId;
