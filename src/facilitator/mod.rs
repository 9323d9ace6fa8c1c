//! Facilitators: a remote one ([`client`], with [`credentials`], the networks that it supports ([`supported`]) and a
//! circuit breaker ([`breaker`])), and our own ([`own`]), which moves money with the operator's key.

pub mod breaker;
pub mod client;
pub mod credentials;
pub mod own;
pub mod supported;
