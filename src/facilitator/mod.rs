//! Facilitators: those of others ([`client`], with [`credentials`], what they support ([`supported`]) and a circuit breaker
//! ([`breaker`])), and our own ([`own`]), which moves money with a key of the operator's.

pub mod breaker;
pub mod client;
pub mod credentials;
pub mod own;
pub mod supported;
