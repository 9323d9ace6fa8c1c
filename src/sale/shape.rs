//! Schemas of answers, from a short notation: a derived schema costs much more in the bundle.
//!
//! A file `answers.json` has the shape of each tool's answer by the tool's name. `"s"` is a text, `"i"` a whole number, `"b"` true
//! or false, `"o"` any object, `"$name"` another shape of the file; with `?` it may be null. `[shape]` is a list. No member is
//! required, because a challenge or an error is read against the same schema: some clients check that before they show it.

use serde_json::{Map, Value, json};

/// The schema (JSON Schema 2020-12) of a tool's answer; `None` if the file has no shape of this name.
#[must_use]
pub fn schema(file: &str, tool: &str) -> Option<Value> {
    let shapes: Map<String, Value> = serde_json::from_str(file).ok()?;
    shapes.get(tool).map(|shape| of(&shapes, shape))
}

fn of(shapes: &Map<String, Value>, shape: &Value) -> Value {
    match shape {
        Value::String(text) => named(shapes, text),
        Value::Array(items) => {
            json!({"type": "array", "items": items.first().map(|item| of(shapes, item))})
        }
        Value::Object(members) => {
            let members = members.iter().map(|(name, shape)| (name.clone(), of(shapes, shape)));
            json!({"type": "object", "properties": members.collect::<Map<_, _>>()})
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => json!({}),
    }
}

fn named(shapes: &Map<String, Value>, text: &str) -> Value {
    let (name, may_be_null) = match text.strip_suffix('?') {
        Some(name) => (name, true),
        None => (text, false),
    };
    let schema = match (name.strip_prefix('$'), name) {
        (Some(other), _) => shapes.get(other).map_or(Value::Null, |shape| of(shapes, shape)),
        (None, "s") => json!({"type": "string"}),
        (None, "i") => json!({"type": "integer"}),
        (None, "b") => json!({"type": "boolean"}),
        (None, _) => json!({"type": "object"}),
    };
    // A list of types would be shorter, but some clients take only one.
    if may_be_null { json!({"anyOf": [schema, {"type": "null"}]}) } else { schema }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_a_schema_with_its_names_resolved() {
        let file = r#"{"one": {"a": "s?"}, "tool": {"list": ["$one"], "next": "$one?", "n": "i"}}"#;
        let one = json!({"type": "object", "properties": {"a": {"anyOf": [{"type": "string"}, {"type": "null"}]}}});
        let nullable = json!({"anyOf": [one, {"type": "null"}]});
        let expected = json!({"type": "object", "properties": {
            "list": {"type": "array", "items": one}, "next": nullable, "n": {"type": "integer"}}});
        assert_eq!(schema(file, "tool"), Some(expected));
        assert_eq!(schema(file, "other"), None);
    }
}
