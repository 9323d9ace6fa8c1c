//! MCP: both eras of the protocol on one endpoint, the tools, and how outcomes are shown.

pub mod catalog;
pub mod eras;
pub mod reply;
pub mod wire;
