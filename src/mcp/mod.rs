//! MCP: both eras of the protocol on one endpoint, the tools, how outcomes are shown, and a client of
//! other servers.

pub mod catalog;
pub mod client;
pub mod eras;
pub mod reply;
pub mod wire;
