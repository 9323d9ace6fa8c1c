//! Who a host is: a proven identity, the scope hashed from it, and the session that a sign-in starts. Everything is
//! derived from one key and those that outlive it ([`lasting`]), so nothing has to be stored for it, except what a code
//! sent by mail is good for ([`codes`]) and when a user signed out last ([`epoch`]). And what a credential of a host's
//! own program looks like ([`credential`]).

pub mod access;
pub mod challenge;
pub mod codes;
pub mod credential;

pub mod epoch;
pub mod keys;
pub mod lasting;
pub mod master_key;
pub mod randomness;
pub mod session;
pub mod siwe;
pub mod siwx;
pub mod used_nonces;
pub mod user;

pub use challenge::Challenge;
pub use credential::{Token, TokenDigest};

pub use session::Session;
pub use user::UserId;
