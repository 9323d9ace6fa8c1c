//! What tools answer in these tests fits what they declare.

use std::collections::BTreeMap;

use events_concierge::base::http::Reply;
use events_concierge::host::command::Action;
use events_concierge::http::route::AtHost;
use events_concierge::shop::registry::Tool;
use serde_json::Value;

thread_local! {
    static SCHEMAS: std::cell::RefCell<BTreeMap<&'static str, Value>> = std::cell::RefCell::default();
}

/// Checks what a call was answered over HTTP or MCP. A refusal or a challenge of MCP has to fit too: version 1 of the TypeScript
/// SDK shows none that does not.
pub(crate) fn check(action: &Action, body: &[u8], reply: &Reply) {
    let Action::AtHost(asked) = action else { return };
    if let AtHost::Tool(name) = asked
        && reply.status == 200
    {
        fits(name, &serde_json::from_str(&reply.body).unwrap(), true);
    }
    if *asked == AtHost::Mcp {
        let call: Value = serde_json::from_slice(body).unwrap_or_default();
        let answer: Value = serde_json::from_str(&reply.body).unwrap_or_default();
        let name = call.pointer("/params/name").and_then(Value::as_str);
        let result = &answer["result"];
        if let (Some(name), true) = (name, result["structuredContent"].is_object()) {
            fits(name, &result["structuredContent"], result["isError"] != true);
        }
    }
}

fn fits(name: &str, answer: &Value, is_answer: bool) {
    let Some(tool) = Tool::by_name(name) else { return };
    let misfit = SCHEMAS.with_borrow_mut(|known| {
        let schema = known.entry(tool.name()).or_insert_with(|| tool.output_schema().unwrap());
        misfit(schema, answer, is_answer)
    });
    assert_eq!(misfit, None, "the answer of {name} is not as declared: {answer}");
}

/// Where a value is not as its schema says. `strictly`: whether a member that is not declared is wrong.
pub(crate) fn misfit(schema: &Value, value: &Value, strictly: bool) -> Option<String> {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if let Some(each) = schema["anyOf"].as_array() {
        let mut misfits = each.iter().map(|one| misfit(one, value, strictly));
        return misfits
            .try_fold(None, |first, found| found.map(|what| first.or(Some(what))))
            .flatten();
    }
    let declared = &schema["type"];
    if declared != kind {
        return Some(format!("is {kind}, declared {declared}"));
    }
    let within = |name: &str, found: Option<String>| found.map(|what| format!("{name}: {what}"));
    match value {
        Value::Object(members) => members.iter().find_map(|(name, member)| {
            match (&schema["properties"], &schema["properties"][name]) {
                (Value::Null, _) => None,
                (_, Value::Null) => strictly.then(|| format!("{name} is not declared")),
                (_, schema) => within(name, misfit(schema, member, strictly)),
            }
        }),
        Value::Array(items) => {
            items.iter().find_map(|item| within("[]", misfit(&schema["items"], item, strictly)))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

#[test]
fn what_is_not_as_declared_is_found() {
    let schema =
        events_concierge::sale::shape::schema(r#"{"t": {"a": "s?", "list": [{"n": "i"}]}}"#, "t");
    let wrong =
        |answer: Value, strictly| misfit(schema.as_ref().unwrap(), &answer, strictly).is_some();
    use serde_json::json;
    assert!(!wrong(json!({"a": null, "list": [{"n": 1}]}), true));
    for answer in [json!({"a": 1}), json!({"list": [{"n": "1"}]}), json!({"list": {}}), json!([])] {
        assert!(wrong(answer.clone(), true) && wrong(answer.clone(), false), "{answer}");
    }
    let challenge = json!({"accepts": [], "error": "payment required"});
    assert!(wrong(challenge.clone(), true) && !wrong(challenge, false));
}
