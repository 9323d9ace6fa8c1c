//! How a tool is called, as catalogues read it in a challenge (x402, extension `bazaar`). Only tools of listed hosts say it.

use serde_json::{Map, Value, json};

/// The name of the extension in challenges.
pub const BAZAAR: &str = "bazaar";

/// How a tool is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// At an address of its own.
    Http,
    /// By its name, at the host's MCP server.
    Mcp,
}

/// What a tool says of itself. Nothing of it depends on who calls or when, because a payment repeats it and servers compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    pub transport: Transport,
    /// The tool's name and title.
    pub names: (&'static str, &'static str),
    /// The schema of its arguments.
    pub input_schema: Value,
    /// Arguments of a call, without anything of a caller's own.
    pub example: Option<Value>,
    /// The URL of the host's MCP server.
    pub server_url: String,
}

impl Declared {
    /// The extension as a challenge carries it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let (input, properties, required) = match self.transport {
            Transport::Http => self.over_http(),
            Transport::Mcp => self.over_mcp(),
        };
        json!({
            "info": {"input": input},
            "schema": {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "type": "object",
                "properties": {"input": {
                    "type": "object",
                    "properties": properties,
                    "required": required,
                    "additionalProperties": false,
                }},
                "required": ["input"],
            },
        })
    }

    fn over_http(&self) -> (Value, Value, Vec<&'static str>) {
        let mut input = json!({"type": "http", "method": "POST", "bodyType": "json"});
        let mut required = vec!["type", "method", "bodyType"];
        if let (Some(example), Some(members)) = (&self.example, input.as_object_mut()) {
            members.insert("body".to_owned(), example.clone());
            required.push("body");
        }
        let properties = json!({
            "type": {"type": "string", "const": "http"},
            "method": {"type": "string", "enum": ["POST"]},
            "bodyType": {"type": "string", "enum": ["json"]},
            // It is in a header, which payers send back in another one.
            "body": without_descriptions(self.input_schema.clone()),
        });
        (input, properties, required)
    }

    fn over_mcp(&self) -> (Value, Value, Vec<&'static str>) {
        let (name, title) = self.names;
        let mut input = json!({
            "type": "mcp",
            "toolName": name,
            "description": title,
            "transport": "streamable-http",
            "inputSchema": self.input_schema,
        });
        if let (Some(example), Some(members)) = (&self.example, input.as_object_mut()) {
            members.insert("example".to_owned(), example.clone());
        }
        let properties = json!({
            "type": {"type": "string", "const": "mcp"},
            "toolName": {"type": "string"},
            "description": {"type": "string"},
            "transport": {"type": "string", "enum": ["streamable-http"]},
            "inputSchema": {"type": "object"},
            "example": {"type": "object"},
        });
        (input, properties, vec!["type", "toolName", "inputSchema"])
    }
}

/// A schema without the texts that describe its members.
fn without_descriptions(schema: Value) -> Value {
    match schema {
        Value::Object(members) => {
            let is_text =
                |(name, value): &(String, Value)| name == "description" && value.is_string();
            let kept = members.into_iter().filter(|member| !is_text(member));
            kept.map(|(name, value)| (name, without_descriptions(value)))
                .collect::<Map<_, _>>()
                .into()
        }
        Value::Array(items) => items.into_iter().map(without_descriptions).collect(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_is_called_description_stays_and_texts_go() {
        let schema = json!({"type": "object", "description": "x", "properties": {
            "description": {"type": "string", "description": "y"}}, "required": ["description"]});
        let bare = json!({"type": "object", "properties": {
            "description": {"type": "string"}}, "required": ["description"]});
        assert_eq!(without_descriptions(schema), bare);
    }
}
