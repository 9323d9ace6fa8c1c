//! JSON-RPC 2.0 as MCP uses it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value, json};

/// The longest id we echo.
const ID_BYTES_MAX: usize = 256;
/// The longest method name we look at.
const METHOD_BYTES_MAX: usize = 128;

/// The id of a request, echoed as it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Id {
    /// A whole number.
    Number(Number),
    /// A text.
    Text(String),
}

/// One JSON-RPC message.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// A call that wants an answer.
    Request {
        /// Its id.
        id: Id,
        /// Its method.
        method: String,
        /// Its parameters.
        params: Map<String, Value>,
    },
    /// A call that wants none.
    Notification {
        /// Its parameters.
        params: Map<String, Value>,
    },
    /// An answer to something.
    Response,
}

impl Id {
    /// The id of anything that has one.
    #[must_use]
    pub fn of(message: &Value) -> Option<Self> {
        match message.get("id")? {
            Value::Number(number) if number.is_i64() || number.is_u64() => {
                Some(Self::Number(number.clone()))
            }
            Value::String(text) if text.len() <= ID_BYTES_MAX => Some(Self::Text(text.clone())),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_) => None,
        }
    }
}

impl Message {
    /// Reads a message; `None` if it is not JSON-RPC 2.0.
    #[must_use]
    pub fn read(mut value: Value) -> Option<Self> {
        if value.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return None;
        }
        let id = Id::of(&value);
        let has_id = value.get("id").is_some();
        let members = value.as_object_mut()?;
        let method = match members.remove("method") {
            Some(Value::String(method)) if method.len() <= METHOD_BYTES_MAX => Some(method),
            Some(_) => return None,
            None => None,
        };
        let Some(method) = method else {
            let answers = members.contains_key("result") || members.contains_key("error");
            return answers.then_some(Self::Response);
        };
        let params = match members.remove("params") {
            None => Map::new(),
            Some(Value::Object(params)) => params,
            Some(_) => return None,
        };
        match (id, has_id) {
            (Some(id), _) => Some(Self::Request { id, method, params }),
            (None, false) => Some(Self::Notification { params }),
            (None, true) => None,
        }
    }
}

/// An answer with a result.
#[must_use]
pub fn result(id: &Id, result: Value) -> String {
    let mut answer = json!({"jsonrpc": "2.0", "id": id});
    if let Some(members) = answer.as_object_mut() {
        members.insert("result".to_owned(), result);
    }
    answer.to_string()
}

/// An answer with an error. An id that cannot be read is left out, never `null`.
#[must_use]
pub fn error(id: Option<&Id>, code: i32, message: &str, data: Option<Value>) -> String {
    let mut error = json!({"code": code, "message": message});
    if let (Some(members), Some(data)) = (error.as_object_mut(), data) {
        members.insert("data".to_owned(), data);
    }
    let mut answer = json!({"jsonrpc": "2.0", "error": error});
    if let (Some(members), Some(id)) = (answer.as_object_mut(), id) {
        members.insert("id".to_owned(), json!(id));
    }
    answer.to_string()
}
