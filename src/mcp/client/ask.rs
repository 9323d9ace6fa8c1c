//! A request before it has an id, and the limits of requests.

use serde_json::{Map, Value, json};

/// The timeout of every request but a tool call, milliseconds.
pub(super) const ASK_MILLIS: u32 = 20_000;
/// The timeout of a tool call, milliseconds. A payment takes a server some time; users and language models wait for a
/// minute.
pub(super) const CALL_MILLIS: u32 = 55_000;
/// The longest answer, bytes.
pub(super) const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// A request without an id.
#[derive(Clone, Debug)]
pub(super) struct Ask<'a> {
    pub(super) method: &'static str,
    pub(super) params: Map<String, Value>,
    /// The tool, if it is a tool call.
    pub(super) tool: Option<&'a str>,
    /// The proof of a wallet that has paid before, as the header `SIGN-IN-WITH-X`.
    pub(super) proof: Option<&'a str>,
}

impl<'a> Ask<'a> {
    pub(super) fn new(method: &'static str) -> Self {
        Self { method, params: Map::new(), tool: None, proof: None }
    }

    pub(super) fn call(name: &'a str, arguments: &Value) -> Self {
        let params = [("name", json!(name)), ("arguments", arguments.clone())];
        let params = params.map(|(key, value)| (key.to_owned(), value)).into_iter().collect();
        Self { method: "tools/call", params, tool: Some(name), proof: None }
    }

    /// Whether a repetition has no further effect.
    pub(super) fn is_harmless(&self) -> bool {
        self.tool.is_none()
    }
}
