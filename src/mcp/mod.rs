//! MCP: both eras of the protocol on one endpoint, the list of tools, the results, and a client of other servers.

pub mod catalog;
pub mod client;
pub mod eras;
pub mod reply;
pub mod wire;
