//! JSON-RPC 2.0 as MCP uses it: ids, messages, answers.

use serde::Serialize;
use serde_json::{Map, Number, Value, json};

use crate::base::fields;
use crate::base::http::Reply;

/// The longest id that is echoed, bytes. A longer one counts as unreadable.
pub const ID_BYTES_MAX: usize = 256;
/// The longest name of a method, bytes.
pub const METHOD_BYTES_MAX: usize = 128;

/// The body is not JSON.
pub const PARSE_ERROR: i32 = -32_700;
/// JSON, but not a valid message.
pub const INVALID_REQUEST: i32 = -32_600;
/// This era has no such method.
pub const METHOD_NOT_FOUND: i32 = -32_601;
/// The parameters do not fit the method.
pub const INVALID_PARAMS: i32 = -32_602;
/// There is no such event or subscription (SEP-3415).
pub const NOT_FOUND: i32 = -32_011;
/// The call has to be paid first (draft-payment-transport-mcp-00). MCP 2026-07-28 has no such code.
pub const PAYMENT_REQUIRED: i32 = -32_042;
/// The fault is on our side.
pub const INTERNAL_ERROR: i32 = -32_603;
/// A header contradicts the body (2026-07-28).
pub const HEADER_MISMATCH: i32 = -32_020;
/// The request needs a capability that the client does not declare (2026-07-28).
pub const MISSING_CAPABILITY: i32 = -32_021;
/// A version that we do not support (2026-07-28).
pub const UNSUPPORTED_VERSION: i32 = -32_022;
/// The error of older servers for HTTP faults and unknown versions.
pub const TRANSPORT_ERROR: i32 = -32_000;

/// The id of a request, echoed as received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Id {
    /// An integer of 64 bits. MCP does not allow fractions.
    Number(Number),
    /// A text of up to [`ID_BYTES_MAX`] bytes.
    Text(String),
}

/// A JSON-RPC 2.0 message of a client.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// A call that requires an answer.
    Request {
        id: Id,
        method: String,
        /// A missing object is the same as `{}`.
        params: Map<String, Value>,
    },
    /// A call without an answer.
    Notification { method: String, params: Map<String, Value> },
    /// An answer. We ask clients nothing, so it is ignored.
    Response,
}

/// A JSON value that is not an MCP message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "Invalid Request: send a JSON-RPC 2.0 message with a string method, object params and an id that is a string or a whole number"
)]
pub struct NoMessage {
    /// The id, if it can be read.
    pub id: Option<Id>,
}

/// Why a message is not served: a JSON-RPC error with its HTTP status.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    status: u16,
    code: i32,
    message: String,
    data: Option<Value>,
}

impl Message {
    /// Parses a message.
    ///
    /// # Errors
    ///
    /// [`NoMessage`] if it is not JSON-RPC 2.0 in the narrower form of MCP.
    pub fn read(value: Value) -> Result<Self, NoMessage> {
        let Value::Object(mut members) = value else { return Err(NoMessage { id: None }) };
        let id = members.remove("id");
        let wants_answer = id.is_some();
        let id = id.and_then(Id::read);
        if members.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return Err(NoMessage { id });
        }
        let params = match members.remove("params") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(params)) => params,
            Some(_) => return Err(NoMessage { id }),
        };
        let answers = [members.contains_key("result"), members.contains_key("error")];
        match (members.remove("method"), answers) {
            (None, [true, false] | [false, true]) => Ok(Self::Response),
            (Some(Value::String(method)), [false, false]) if method.len() <= METHOD_BYTES_MAX => {
                match id {
                    Some(id) => Ok(Self::Request { id, method, params }),
                    None if wants_answer => Err(NoMessage { id: None }),
                    None => Ok(Self::Notification { method, params }),
                }
            }
            _ => Err(NoMessage { id }),
        }
    }
}

impl Id {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Number(number) => fields::is_integer(&number).then_some(Self::Number(number)),
            Value::String(text) => (text.len() <= ID_BYTES_MAX).then_some(Self::Text(text)),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

impl Refusal {
    /// An error with its HTTP status.
    #[must_use]
    pub fn new(status: u16, code: i32, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), data: None }
    }

    /// The same error with data for programs.
    #[must_use]
    pub fn with_data(mut self, data: Option<Value>) -> Self {
        self.data = data;
        self
    }

    /// As HTTP. Without a readable id the member is left out, never `null`.
    #[must_use]
    pub fn reply(&self, id: Option<&Id>) -> Reply {
        let error =
            Fault { code: self.code, data: self.data.as_ref(), message: self.message.as_str() };
        let answer = Answer { error: Some(error), id, jsonrpc: "2.0", result: None };
        Reply::json(self.status, answer.text())
    }
}

/// An answer with a result, as JSON text.
#[must_use]
pub fn result(id: &Id, result: &Value) -> String {
    Answer { error: None, id: Some(id), jsonrpc: "2.0", result: Some(result) }.text()
}

/// The same for a result that is JSON text already.
#[must_use]
pub fn result_text(id: &Id, result: &str) -> String {
    format!(r#"{{"id":{},"jsonrpc":"2.0","result":{result}}}"#, json!(id))
}

/// Members are sorted, as in all our JSON.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Fault<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a Id>,
    jsonrpc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a Value>,
}

#[derive(Serialize)]
struct Fault<'a> {
    code: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    message: &'a str,
}

impl Answer<'_> {
    fn text(&self) -> String {
        // Fails only for maps with keys that are not text, and `Value` has none.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_come_back_as_they_came() {
        for id in [json!(0), json!(-7), json!(u64::MAX), json!(1.0), json!("a\"b"), json!("")] {
            let read = Id::read(id.clone()).unwrap();
            let answer: Value = serde_json::from_str(&result(&read, &json!({}))).unwrap();
            assert_eq!(answer, json!({"jsonrpc": "2.0", "id": id, "result": {}}));
        }
        let long = "x".repeat(ID_BYTES_MAX);
        assert!(Id::read(json!(long)).is_some());
        for id in [json!(null), json!(1.5), json!(true), json!([1]), json!(long + "x")] {
            assert_eq!(Id::read(id.clone()), None, "{id}");
        }
    }

    #[test]
    fn a_message_is_a_request_a_notification_or_a_response() {
        let call = || ("m".to_owned(), Map::new());
        let (method, params) = call();
        let request = Message::Request { id: Id::Number(1.into()), method, params };
        let (method, params) = call();
        let notification = Message::Notification { method, params };
        for (value, message) in [
            (json!({"jsonrpc": "2.0", "id": 1, "method": "m"}), request.clone()),
            (json!({"jsonrpc": "2.0", "id": 1, "method": "m", "params": {}, "more": 1}), request),
            (json!({"jsonrpc": "2.0", "method": "m"}), notification),
            (json!({"jsonrpc": "2.0", "id": 1, "result": {}}), Message::Response),
            (json!({"jsonrpc": "2.0", "id": null, "error": {}}), Message::Response),
        ] {
            assert_eq!(Message::read(value.clone()), Ok(message), "{value}");
        }
    }

    #[test]
    fn what_is_no_message_is_refused_with_its_id_where_it_has_one() {
        let one = || Some(Id::Number(1.into()));
        for (value, id) in [
            (json!("2.0"), None),
            (json!({"id": 1, "method": "m"}), one()),
            (json!({"jsonrpc": "1.0", "id": 1, "method": "m"}), one()),
            (json!({"jsonrpc": "2.0", "id": 1}), one()),
            (json!({"jsonrpc": "2.0", "id": 1, "method": 5}), one()),
            (json!({"jsonrpc": "2.0", "id": 1, "method": "m".repeat(129)}), one()),
            (json!({"jsonrpc": "2.0", "id": 1, "method": "m", "params": []}), one()),
            (json!({"jsonrpc": "2.0", "id": 1, "method": "m", "params": "p"}), one()),
            (json!({"jsonrpc": "2.0", "id": 1, "method": "m", "result": {}}), one()),
            (json!({"jsonrpc": "2.0", "id": 1, "result": {}, "error": {}}), one()),
            (json!({"jsonrpc": "2.0", "id": null, "method": "m"}), None),
            (json!({"jsonrpc": "2.0", "id": 1.5, "method": "m"}), None),
        ] {
            assert_eq!(Message::read(value.clone()), Err(NoMessage { id }), "{value}");
        }
    }

    #[test]
    fn an_unreadable_id_is_left_out() {
        let refusal = Refusal::new(400, PARSE_ERROR, "no").with_data(Some(json!([1])));
        let body = r#"{"error":{"code":-32700,"data":[1],"message":"no"},"jsonrpc":"2.0"}"#;
        assert_eq!(refusal.reply(None), Reply::json(400, body.to_owned()));
    }
}
