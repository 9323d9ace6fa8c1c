//! A call, and the versions of MCP.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::mcp::wire::Id;

/// Versions that are served statelessly, and the only ones that we offer to a modern client.
pub const MODERN: &[&str] = &["2026-07-28"];
/// Versions that start with `initialize`, newest first.
pub const LEGACY: &[&str] = &["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
/// The only version with batches, and the version of a legacy request that names none.
pub(super) const BATCHES: &str = "2025-03-26";
/// The header with the version.
pub(super) const HEADER_VERSION: &str = "mcp-protocol-version";

/// How a request is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Era {
    /// MCP 2026-07-28: every request stands for itself.
    Modern,
    /// MCP 2025-11-25 and older: a client begins with `initialize`.
    Legacy,
}

/// One JSON-RPC request of a client.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub era: Era,
    pub id: Id,
    pub method: String,
    pub params: Map<String, Value>,
    /// Whether the caller names a version of MCP, by header or by sending a batch. A modern request always has the
    /// header.
    pub names_version: bool,
}

/// Whether a version, known or not, belongs to the modern era. Versions are dates.
pub(super) fn is_modern(version: &str) -> bool {
    version >= "2026-07-28"
}
