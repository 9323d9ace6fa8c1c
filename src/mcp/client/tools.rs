//! Tools of other people's servers.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::base::money::Usdc;
use crate::base::text;
use crate::mcp::client::headers::encode;

/// A tool of a server. All its texts are untrusted: bounded, without control characters, and treated as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerTool {
    /// The name that the server uses.
    pub name: String,
    pub title: Option<String>,
    pub description: String,
    /// The JSON Schema of the arguments.
    pub input_schema: Value,
    /// Whether the server says that it has a price.
    pub is_paid: bool,
    /// The price according to the server. A hint: only a challenge is binding.
    pub price: Option<Usdc>,
}

/// An argument that must also be sent in a header (2026-07-28, `x-mcp-header`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HeaderParam {
    /// The header's name after `Mcp-Param-`.
    name: String,
    /// The path of the argument.
    path: Vec<String>,
}

/// The header arguments by the tools' names; only tools that have any.
pub(super) type HeaderParams = BTreeMap<String, Vec<HeaderParam>>;

/// The longest name of a tool that we call, characters.
const NAME_CHARS_MAX: usize = 128;
const TITLE_CHARS_MAX: usize = 200;
const DESCRIPTION_CHARS_MAX: usize = 4_000;
/// The longest schema that is kept, bytes. A tool with a longer one is left out.
const SCHEMA_BYTES_MAX: usize = 32 * 1024;
const KEYWORD: &str = "x-mcp-header";
/// JSON Schema keywords whose values are data, not schemas.
const DATA: &[&str] = &["default", "const", "enum", "examples", "required", "_meta"];

/// Parses one entry of `tools/list`. `None` if it cannot be called: its name cannot be sent, or `x-mcp-header` breaks
/// the rules.
pub(super) fn read(tool: &Value) -> Option<(ServerTool, Vec<HeaderParam>)> {
    let name = tool.get("name")?.as_str()?;
    if name.is_empty() || text::line(name, NAME_CHARS_MAX) != name {
        return None;
    }
    let schema = tool.get("inputSchema")?;
    if !schema.is_object() || schema.to_string().len() > SCHEMA_BYTES_MAX {
        return None;
    }
    let params = header_params(schema)?;
    let annotations = tool.get("annotations");
    let hint = |key: &str| annotations.and_then(|annotations| annotations.get(key));
    let meta = |key: &str| tool.get("_meta").and_then(|meta| meta.get(key));
    let title = tool.get("title").or(hint("title")).and_then(Value::as_str);
    let description = tool.get("description").and_then(Value::as_str).unwrap_or_default();
    let is_true = |value: Option<&Value>| value.and_then(Value::as_bool) == Some(true);
    let price = meta("agents-x402/priceUSD").or(hint("paymentPriceUSD")).and_then(dollars);
    let is_paid = is_true(meta("agents-x402/paymentRequired"))
        || is_true(hint("paymentHint"))
        || price.is_some_and(|price| !price.is_zero());
    let tool = ServerTool {
        name: name.to_owned(),
        title: title.map(|title| text::line(title, TITLE_CHARS_MAX)).filter(|it| !it.is_empty()),
        description: text::paragraph(description, DESCRIPTION_CHARS_MAX),
        input_schema: clean(schema)?,
        is_paid,
        price,
    };
    Some((tool, params))
}

/// The `Mcp-Param-*` headers of a call.
pub(super) fn param_headers(params: &[HeaderParam], arguments: &Value) -> Vec<(String, String)> {
    let header = |param: &HeaderParam| {
        let mut value = arguments;
        for step in &param.path {
            value = value.get(step)?;
        }
        let value = match value {
            Value::String(text) => encode(text),
            Value::Number(number) => number.to_string(),
            Value::Bool(yes) => yes.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        Some((format!("mcp-param-{}", param.name), value))
    };
    params.iter().filter_map(header).collect()
}

/// A price in dollars, as a JSON number or as text, without floating point. Digits beyond USDC's precision are
/// rounded, because servers compute prices with floats.
fn dollars(value: &Value) -> Option<Usdc> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().trim_start_matches('$').to_owned(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text.as_str(), 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if whole.is_empty() || digits.len() > 30 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: u128 = digits.parse().ok()?;
    let shift = exponent
        .checked_sub(i32::try_from(fraction.len()).ok()?)?
        .checked_add(i32::from(Usdc::DECIMALS))?;
    let power = 10_u128.checked_pow(shift.unsigned_abs())?;
    let atomic =
        if shift < 0 { (number + power / 2) / power } else { number.checked_mul(power)? };
    Usdc::from_atomic(u64::try_from(atomic).ok()?).ok()
}

/// The schema with texts that are safe to show. `None` if the name of a member is not safe: arguments must use
/// exactly that name.
fn clean(schema: &Value) -> Option<Value> {
    match schema {
        Value::String(words) => Some(Value::String(text::visible(words))),
        Value::Array(items) => items.iter().map(clean).collect(),
        Value::Object(members) => {
            let member = |(key, value): (&String, &Value)| {
                let is_shown = text::visible(key) == *key && !key.contains('\n');
                Some((key.clone(), is_shown.then(|| clean(value))??))
            };
            members.iter().map(member).collect::<Option<Map<_, _>>>().map(Value::Object)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Some(schema.clone()),
    }
}

/// The header arguments; `None` if the schema breaks the rules (2026-07-28: a token, used once, of a primitive type,
/// reachable through `properties` alone).
fn header_params(schema: &Value) -> Option<Vec<HeaderParam>> {
    let mut params = Vec::new();
    collect(schema, &mut Vec::new(), &mut params)?;
    let names: BTreeSet<String> = params.iter().map(|p| p.name.to_ascii_lowercase()).collect();
    let is_whole = names.len() == params.len() && count(schema) == params.len();
    is_whole.then_some(params)
}

fn collect(schema: &Value, path: &mut Vec<String>, params: &mut Vec<HeaderParam>) -> Option<()> {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return Some(());
    };
    for (key, property) in properties {
        path.push(key.clone());
        if let Some(name) = property.get(KEYWORD) {
            let name = name.as_str().filter(|name| is_token(name))?;
            let kind = property.get("type").and_then(Value::as_str);
            if !matches!(kind, Some("string" | "integer" | "boolean")) {
                return None;
            }
            params.push(HeaderParam { name: name.to_owned(), path: path.clone() });
        }
        collect(property, path, params)?;
        path.pop();
    }
    Some(())
}

/// How often the keyword occurs anywhere in a schema.
fn count(schema: &Value) -> usize {
    match schema {
        Value::Object(members) => {
            let own = usize::from(members.contains_key(KEYWORD));
            let inner = members.iter().filter(|(key, _)| !DATA.contains(&key.as_str()));
            own + inner.map(|(key, value)| count_in(key, value)).sum::<usize>()
        }
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// In maps of schemas the keys are names, not keywords.
fn count_in(key: &str, value: &Value) -> usize {
    let of_all = |members: &Map<String, Value>| members.values().map(count).sum();
    match (key, value) {
        ("properties" | "patternProperties" | "$defs" | "definitions", Value::Object(members)) => {
            of_all(members)
        }
        _ => count(value),
    }
}

/// RFC 9110, 5.6.2. Bounded, since it becomes part of a header's name.
fn is_token(text: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !text.is_empty() && text.len() <= 64 && text.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mcp::catalog;
    use crate::sale::prices::Prices;
    use crate::sale::tool::Access;
    use crate::shop::registry::Products;

    fn schema(properties: Value) -> Value {
        json!({"type": "object", "properties": properties})
    }

    fn named(name: &str) -> Value {
        json!({"name": name, "inputSchema": {"type": "object"}})
    }

    #[test]
    fn our_own_tools_are_read_as_they_are_meant() {
        let tools = catalog::list(Products::default(), &Prices::default(), |tool| {
            tool.access() != Access::Owner
        });
        let read: Vec<ServerTool> =
            tools.as_array().unwrap().iter().map(|tool| read(tool).unwrap().0).collect();
        let paid: Vec<_> = read
            .iter()
            .filter(|tool| tool.is_paid)
            .map(|tool| (tool.name.as_str(), tool.price.map(|price| price.to_string())))
            .collect();
        let expected = [
            ("rsvpToEvent", None),
            ("getEventAnalytics", Some("0.01".to_owned())),
            ("retrieveSecret", None),
        ];
        assert_eq!(paid, expected);
        assert_eq!(read[0].title.as_deref(), Some("List events"));
        assert_eq!(json!(read[0].input_schema), tools[0]["inputSchema"]);
    }

    #[test]
    fn prices_are_read_without_floats() {
        for (text, price) in [
            ("0.05", Some("0.05")),
            ("\"0.05\"", Some("0.05")),
            ("\"$0.05\"", Some("0.05")),
            ("5e-2", Some("0.05")),
            ("1E-6", Some("0.000001")),
            ("12", Some("12.00")),
            ("0.30000000000000004", Some("0.30")),
            ("0.0000005", Some("0.000001")),
            ("1e3", Some("1000.00")),
            ("0", Some("0.00")),
            ("-1", None),
            ("1e300", None),
            ("1e-300", None),
            ("99999999999999999999", None),
            ("\"free\"", None),
            ("\"\"", None),
            ("\".5\"", None),
            ("\"1.2.3\"", None),
            ("null", None),
            ("[1]", None),
            ("true", None),
        ] {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(dollars(&value).map(|it| it.to_string()).as_deref(), price, "{text}");
        }
    }

    #[test]
    fn a_price_is_found_where_old_and_new_servers_write_it() {
        let with = |key: &str, value: Value| {
            let mut tool = named("t");
            tool[key] = value;
            let tool = read(&tool).unwrap().0;
            (tool.is_paid, tool.price.map(Usdc::atomic))
        };
        let meta = json!({"agents-x402/paymentRequired": true, "agents-x402/priceUSD": 0.01});
        assert_eq!(with("_meta", meta), (true, Some(10_000)));
        let old = json!({"paymentHint": true, "paymentPriceUSD": "0.05"});
        assert_eq!(with("annotations", old), (true, Some(50_000)));
        assert_eq!(with("annotations", json!({"paymentHint": true})), (true, None));
        assert_eq!(with("_meta", json!({"agents-x402/priceUSD": 0.5})), (true, Some(500_000)));
        assert_eq!(with("_meta", json!({"agents-x402/paymentRequired": "yes"})), (false, None));
        assert_eq!(with("annotations", json!([])), (false, None));
    }

    #[test]
    fn a_tool_that_cannot_be_called_is_left_out() {
        assert!(read(&named("a/b.c-d_e")).is_some());
        for name in ["", " a", "a\nb", "a\u{202e}b", &"x".repeat(129)] {
            assert!(read(&named(name)).is_none(), "{name:?}");
        }
        for tool in [
            json!({"inputSchema": {}}),
            json!({"name": 5, "inputSchema": {}}),
            json!({"name": "t"}),
            json!({"name": "t", "inputSchema": []}),
            json!("t"),
            json!(null),
            json!({"name": "t", "inputSchema": {"description": "x".repeat(SCHEMA_BYTES_MAX)}}),
        ] {
            assert!(read(&tool).is_none(), "{tool}");
        }
    }

    #[test]
    fn texts_of_a_tool_are_bounded_and_clean() {
        let mut tool = named("t");
        tool["title"] = json!(format!("a\u{1b}[0m\n{}", "b".repeat(1_000)));
        tool["description"] = json!(format!("line\nline\u{7}\u{e0041}{}", "c".repeat(9_000)));
        tool["inputSchema"]["properties"] =
            json!({"a": {"description": "d\u{0}\u{202e}", "default": " x "}});
        let tool = read(&tool).unwrap().0;
        assert_eq!(tool.title.unwrap().chars().count(), TITLE_CHARS_MAX);
        assert!(tool.description.starts_with("line\nlinec"));
        assert_eq!(tool.description.chars().count(), DESCRIPTION_CHARS_MAX);
        let expected = json!({"description": "d", "default": " x "});
        assert_eq!(tool.input_schema["properties"]["a"], expected);
        for name in ["a\nb", "a\u{e0041}"] {
            let tool = json!({"name": "t", "inputSchema": schema(json!({name: {}}))});
            assert!(read(&tool).is_none(), "{name:?}");
        }
    }

    #[test]
    fn arguments_go_into_headers_where_a_tool_wants_that() {
        let schema = schema(json!({
            "city": {"type": "string", KEYWORD: "City"},
            "n": {"type": "integer", KEYWORD: "N"},
            "deep": {"type": "object", "properties": {"yes": {"type": "boolean", KEYWORD: "Yes"}}},
            // A property of this name is no use of the keyword.
            KEYWORD: {"type": "string", "default": {KEYWORD: "X"}},
        }));
        let params = header_params(&schema).unwrap();
        let headers = |arguments: Value| {
            let headers = param_headers(&params, &arguments);
            headers.into_iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>()
        };
        assert_eq!(
            headers(json!({"city": "Köln", "n": 5, "deep": {"yes": true}, KEYWORD: "no"})),
            ["mcp-param-City: =?base64?S8O2bG4=?=", "mcp-param-Yes: true", "mcp-param-N: 5"]
        );
        assert_eq!(headers(json!({"city": null, "deep": []})), [""; 0]);
    }

    #[test]
    fn a_tool_that_breaks_the_rules_of_headers_is_left_out() {
        let text = json!({"type": "string", KEYWORD: "A"});
        for schema in [
            schema(json!({"a": {"type": "string", KEYWORD: ""}})),
            schema(json!({"a": {"type": "string", KEYWORD: "a b"}})),
            schema(json!({"a": {"type": "string", KEYWORD: "a\r\nb"}})),
            schema(json!({"a": {"type": "string", KEYWORD: 5}})),
            schema(json!({"a": {"type": "number", KEYWORD: "A"}})),
            schema(json!({"a": {"type": ["string", "null"], KEYWORD: "A"}})),
            schema(json!({"a": {KEYWORD: "A"}})),
            schema(json!({"a": text, "b": {"type": "string", KEYWORD: "a"}})),
            schema(json!({"a": {"type": "array", "items": text}})),
            schema(json!({"a": {"anyOf": [text]}})),
            json!({"type": "object", "$defs": {"a": text}}),
            json!({"type": "object", KEYWORD: "A"}),
            json!({"type": "object", "if": {"properties": {"a": text}}}),
        ] {
            assert!(read(&json!({"name": "t", "inputSchema": schema})).is_none(), "{schema}");
        }
    }
}
