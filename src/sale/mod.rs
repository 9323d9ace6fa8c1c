//! The kernel that sells: the steps of one paid call ([`flow`]) and the lock on a payment while it is judged ([`lock`]).

pub mod flow;
pub mod lock;
