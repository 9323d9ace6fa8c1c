//! Who a host is: a proven identity, the scope hashed from it, and the session that a sign-in
//! starts. These are derived from one key, so nothing has to be stored for them. And what a credential of a
//! host's own program looks like.

pub mod credential;
pub mod keys;
pub mod session;
pub mod siwe;
pub mod siwx;
pub mod user;

pub use credential::{Token, TokenDigest};
pub use session::Session;
pub use user::UserId;
