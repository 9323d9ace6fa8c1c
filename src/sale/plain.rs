//! Schemas of arguments in the words that every client takes. Bridges to models refuse lists of types, `const`, `oneOf` and
//! formats of their own; some then refuse the whole request.

use serde_json::{Map, Value, json};

/// Rewrites a schema: an argument that may be left out is not also `null` unless that means something, a choice of texts is one `enum`, and formats of
/// numbers go away, as their bounds are there. We still read `null` as left out.
pub(super) fn plain(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(plain);
            no_null(members);
            one_choice(members);
            if members.get("default").is_some_and(Value::is_null) {
                members.remove("default");
            }
            let is_of_number =
                |format: &Value| format.as_str().is_some_and(|it| it.contains("int"));
            if members.get("format").is_some_and(is_of_number) {
                members.remove("format");
            }
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `type: [X, "null"]` is X, and so is `anyOf` of X and null. If the description says what null means, it is `anyOf` of both.
fn no_null(members: &mut Map<String, Value>) {
    let said = members.get("description").and_then(Value::as_str);
    if said.is_some_and(|text| text.contains("null")) {
        if let Some(Value::Array(kinds)) = members.get("type") {
            let each: Vec<Value> = kinds.iter().map(|kind| json!({"type": kind})).collect();
            members.remove("type");
            members.insert("anyOf".to_owned(), Value::Array(each));
        }
        return;
    }
    let is_null = |it: &Value| *it == "null" || *it == json!({"type": "null"});
    for name in ["type", "anyOf"] {
        let Some(Value::Array(all)) = members.get(name) else { continue };
        let [one, other] = all.as_slice() else { continue };
        let kept = if is_null(other) { one } else { other }.clone();
        if !is_null(one) && !is_null(other) {
            continue;
        }
        match kept {
            Value::Object(inner) => {
                members.remove(name);
                // What is said of the argument itself stays.
                for (name, value) in inner {
                    members.entry(name).or_insert(value);
                }
            }
            kind @ (Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)) => drop(members.insert(name.to_owned(), kind)),
        }
    }
}

/// `oneOf` of texts is their `enum`; what each means is added to the description.
fn one_choice(members: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = members.get("oneOf") else { return };
    let mut texts = Vec::new();
    let mut meanings = Vec::new();
    for choice in choices {
        let constant = choice.get("const").cloned().map(|one| vec![one]);
        let listed = choice.get("enum").and_then(Value::as_array).cloned();
        let Some(of_it) = constant.or(listed) else { return };
        if let (Some(text), Some(meaning)) = (
            of_it.first().and_then(Value::as_str),
            choice.get("description").and_then(Value::as_str),
        ) {
            meanings.push(format!("{text}: {meaning}"));
        }
        texts.extend(of_it);
    }
    members.remove("oneOf");
    members.insert("type".to_owned(), json!("string"));
    members.insert("enum".to_owned(), Value::Array(texts));
    let description = members.get("description").and_then(Value::as_str).map(str::to_owned);
    let words: Vec<String> = description.into_iter().chain(meanings).collect();
    if !words.is_empty() {
        members.insert("description".to_owned(), json!(words.join(" ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plainly(mut schema: Value) -> Value {
        plain(&mut schema);
        schema
    }

    #[test]
    fn what_may_be_left_out_is_not_null_as_well() {
        let number =
            json!({"type": ["integer", "null"], "format": "uint32", "minimum": 1, "default": null});
        assert_eq!(plainly(number), json!({"type": "integer", "minimum": 1}));
        let other = json!({"anyOf": [{"type": "object", "description": "x"}, {"type": "null"}], "description": "y"});
        assert_eq!(plainly(other), json!({"type": "object", "description": "y"}));
        let end = json!({"type": ["string", "null"], "description": "The end; null for none."});
        let either = json!({"anyOf": [{"type": "string"}, {"type": "null"}], "description": "The end; null for none."});
        assert_eq!(plainly(end), either);
        let dates = json!({"type": "string", "format": "date-time", "default": "now"});
        assert_eq!(plainly(dates.clone()), dates);
    }

    #[test]
    fn a_choice_of_texts_is_one_list_with_its_meanings() {
        let choice = json!({"description": "Who.", "oneOf": [
            {"type": "string", "enum": ["all"]}, {"type": "string", "const": "in", "description": "Who is in."}]});
        let list =
            json!({"description": "Who. in: Who is in.", "type": "string", "enum": ["all", "in"]});
        assert_eq!(plainly(choice), list);
        let nested =
            json!({"properties": {"a": {"type": ["string", "null"]}, "type": {"type": "string"}}});
        assert_eq!(
            plainly(nested),
            json!({"properties": {"a": {"type": "string"}, "type": {"type": "string"}}})
        );
    }
}
