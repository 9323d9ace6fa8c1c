//! A request before it has an id, and the limits of every request.

use serde_json::{Map, Value, json};

/// When to give up on everything but the call of a tool, milliseconds.
pub(super) const ASK_MILLIS: u32 = 20_000;
/// When to give up on the call of a tool, milliseconds. Paying takes a server some time; people and
/// language models wait for a minute.
pub(super) const CALL_MILLIS: u32 = 55_000;
/// The longest answer, bytes.
pub(super) const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// What we ask.
#[derive(Clone, Debug)]
pub(super) struct Ask<'a> {
    pub(super) method: &'static str,
    pub(super) params: Map<String, Value>,
    /// The tool that is called.
    pub(super) tool: Option<&'a str>,
}

impl<'a> Ask<'a> {
    pub(super) fn new(method: &'static str) -> Self {
        Self { method, params: Map::new(), tool: None }
    }

    pub(super) fn call(name: &'a str, arguments: &Value) -> Self {
        let params = [("name", json!(name)), ("arguments", arguments.clone())];
        let params = params.map(|(key, value)| (key.to_owned(), value)).into_iter().collect();
        Self { method: "tools/call", params, tool: Some(name) }
    }

    /// Asked again, it does nothing a second time.
    pub(super) fn is_harmless(&self) -> bool {
        self.tool.is_none()
    }
}
