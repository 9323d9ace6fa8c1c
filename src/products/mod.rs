//! What a host's server can sell: seats at events, secrets, helpdesk work.

pub mod desk;
pub mod events;
pub mod vault;
