//! The part of the chat completions API that we use: requests and answers.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::chat::llm::prompt::description;
use crate::chat::llm::{Settings, ToolSpec};

const NAME_CHARS_MAX: usize = 64;
/// Tools that are offered; the API accepts 128.
const TOOLS_MAX: usize = 64;
const DESCRIPTION_BYTES_MAX: usize = 1_024;
const SCHEMA_BYTES_MAX: usize = 8 * 1024;

/// One message in the API's format.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "lowercase")]
pub(super) enum Message {
    User {
        content: String,
    },
    Assistant {
        content: Option<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<ToolCall>,
    },
    /// A result, or the fault of a call.
    Tool {
        tool_call_id: String,
        content: String,
    },
}

/// A call in the model's message, with our id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ToolCall {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) kind: Function,
    pub(super) function: Called,
}

/// The only kind of tool that we offer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Function {
    Function,
}

/// The tool's name on the wire, and its arguments as JSON text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Called {
    pub(super) name: String,
    pub(super) arguments: String,
}

/// The model's answer to one request.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) content: Option<String>,
    /// Names and arguments as received.
    pub(super) calls: Vec<(String, Value)>,
    /// Tokens of request and answer, if the endpoint reports them.
    pub(super) tokens: Option<u32>,
}

/// Tools under names that the API accepts.
pub(super) struct Offered<'a>(Vec<(String, &'a ToolSpec)>);

impl<'a> Offered<'a> {
    /// Of two tools with the same name the first one is used.
    pub(super) fn new(tools: &'a [ToolSpec]) -> Self {
        let mut offered: Vec<(String, &ToolSpec)> = Vec::new();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut taken: BTreeSet<String> = BTreeSet::new();
        for tool in tools {
            if tool.name.is_empty() || offered.len() >= TOOLS_MAX || !seen.insert(&tool.name) {
                continue;
            }
            let name = free_name(&tool.name, &taken);
            taken.insert(name.clone());
            offered.push((name, tool));
        }
        Self(offered)
    }

    /// The tool that the model called.
    pub(super) fn by_wire_name(&self, name: &str) -> Option<&'a ToolSpec> {
        self.0.iter().find(|(wire, _)| wire == name).map(|(_, tool)| *tool)
    }

    fn described(&self) -> Vec<Value> {
        let describe = |(name, tool): &(String, &ToolSpec)| {
            json!({"type": "function", "function": {
                "name": name,
                "description": description(&tool.description, DESCRIPTION_BYTES_MAX),
                "parameters": parameters(&tool.input_schema),
            }})
        };
        self.0.iter().map(describe).collect()
    }
}

/// The body of a request.
pub(super) fn request(
    settings: &Settings,
    system: &str,
    messages: &[Message],
    offered: &Offered<'_>,
) -> String {
    let mut all = vec![json!({"role": "system", "content": system})];
    all.extend(messages.iter().map(|message| json!(message)));
    let mut body = json!({"model": settings.model, "messages": all});
    let tools = offered.described();
    if !tools.is_empty()
        && let Some(members) = body.as_object_mut()
    {
        // The API refuses an empty list, and `tool_choice` without tools.
        members.insert("tools".to_owned(), Value::Array(tools));
        members.insert("tool_choice".to_owned(), json!("auto"));
    }
    body.to_string()
}

/// Parses an answer; `None` if it is invalid.
pub(super) fn answer(body: &str) -> Option<Answer> {
    let body: Value = serde_json::from_str(body).ok()?;
    let message = body.get("choices")?.get(0)?.get("message")?.as_object()?;
    let text = |name: &str| message.get(name).and_then(Value::as_str).map(str::to_owned);
    let content = text("content").or_else(|| text("refusal"));
    let mut calls = Vec::new();
    for call in message.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
        let function = call.get("function");
        let member = |name: &str| function.and_then(|function| function.get(name));
        let name = member("name").and_then(Value::as_str).unwrap_or_default();
        calls.push((name.to_owned(), member("arguments").cloned().unwrap_or(Value::Null)));
    }
    let tokens = body.get("usage").and_then(|usage| usage.get("total_tokens"));
    let tokens = tokens.and_then(Value::as_u64).filter(|tokens| *tokens > 0);
    let tokens = tokens.map(|tokens| u32::try_from(tokens).unwrap_or(u32::MAX));
    Some(Answer { content: content.filter(|text| !text.trim().is_empty()), calls, tokens })
}

/// The arguments of a call as an object, or what is wrong with them.
pub(super) fn arguments(sent: &Value, bytes_max: usize) -> Result<Value, String> {
    let read = match sent {
        Value::Null => json!({}),
        Value::String(text) if text.len() > bytes_max => return Err("they are too long".to_owned()),
        Value::String(text) if text.trim().is_empty() => json!({}),
        Value::String(text) => serde_json::from_str(text)
            .map_err(|error| format!("line {}, column {}", error.line(), error.column()))?,
        // Some endpoints send the object itself.
        Value::Object(_) if sent.to_string().len() <= bytes_max => sent.clone(),
        Value::Object(_) => return Err("they are too long".to_owned()),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => Value::Null,
    };
    if read.is_object() { Ok(read) } else { Err("they must be one object".to_owned()) }
}

/// A free name of at most 64 letters, digits, `_` and `-`.
fn free_name(name: &str, taken: &BTreeSet<String>) -> String {
    let is_allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let safe = |c: char| if is_allowed(&c) { c } else { '_' };
    let plain: String = name.chars().map(safe).take(NAME_CHARS_MAX).collect();
    let mut candidate = plain.clone();
    let mut count = 2_usize;
    while taken.contains(&candidate) {
        let suffix = format!("_{count}");
        let kept = NAME_CHARS_MAX.saturating_sub(suffix.len());
        candidate = plain.chars().take(kept).chain(suffix.chars()).collect();
        count = count.saturating_add(1);
    }
    candidate
}

/// A schema that the API accepts: its top level must be an object.
fn parameters(schema: &Value) -> Value {
    let is_short = schema.to_string().len() <= SCHEMA_BYTES_MAX;
    let mut members: Map<String, Value> =
        schema.as_object().filter(|_| is_short).cloned().unwrap_or_default();
    for refused in ["oneOf", "anyOf", "allOf", "not", "enum", "$schema"] {
        members.remove(refused);
    }
    members.insert("type".to_owned(), json!("object"));
    if !members.get("properties").is_some_and(Value::is_object) {
        members.insert("properties".to_owned(), json!({}));
    }
    if !members.get("required").is_none_or(Value::is_array) {
        members.remove("required");
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(name: &str, input_schema: Value) -> ToolSpec {
        ToolSpec { name: name.to_owned(), description: String::new(), input_schema }
    }

    #[test]
    fn every_tool_has_a_safe_name_of_its_own_that_leads_back() {
        let long = "x".repeat(80);
        let longer = "x".repeat(90);
        let names = ["a.b", "a/b", "a_b", "ü", &long, &longer, "a.b", "", "a_b_2"];
        let tools: Vec<_> = names.iter().map(|name| tool(name, json!({}))).collect();
        let offered = Offered::new(&tools);
        let wire: Vec<&str> = offered.0.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(wire[..4], ["a_b", "a_b_2", "a_b_3", "_"]);
        assert_eq!(wire.len(), 7);
        let mut unique = BTreeSet::new();
        for (name, spec) in &offered.0 {
            assert!(name.len() <= 64 && unique.insert(name));
            assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
            assert_eq!(offered.by_wire_name(name).map(|tool| &tool.name), Some(&spec.name));
        }
        assert!(offered.by_wire_name("a.b").is_none());
    }

    #[test]
    fn every_schema_becomes_one_that_the_api_accepts() {
        for schema in [
            json!(null),
            json!([1]),
            json!({"type": "string"}),
            json!({"anyOf": [{}], "properties": 5, "required": "x"}),
            json!({"type": "object", "description": "x".repeat(9_000)}),
        ] {
            assert_eq!(parameters(&schema), json!({"type": "object", "properties": {}}));
        }
        let good =
            json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]});
        assert_eq!(parameters(&good), good);
    }

    #[test]
    fn arguments_are_one_object_or_an_error() {
        for (sent, read) in [
            (json!("{\"a\":1}"), Some(json!({"a": 1}))),
            (json!({"a": 1}), Some(json!({"a": 1}))),
            (json!(""), Some(json!({}))),
            (json!(null), Some(json!({}))),
            (json!("{\"a\":"), None),
            (json!("[1]"), None),
            (json!([1]), None),
            (json!("x".repeat(101)), None),
        ] {
            assert_eq!(arguments(&sent, 100).ok(), read, "{sent}");
        }
    }
}
