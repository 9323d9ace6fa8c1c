//! Reads the answer to a request from an HTTP response.

use serde_json::{Map, Value};

use crate::mcp::client::ClientError;
use crate::mcp::client::stream::{is_answer_to, is_stream, messages};
use crate::mcp::eras::Era;
use crate::ports::WebResponse;

/// The longest retry time that a server can set, seconds.
const RETRY_AFTER_MAX: u32 = 3_600;

/// The result in the answer to the request `id`, in JSON or in an event stream.
///
/// # Errors
///
/// The server's own error, else its status, or [`ClientError::Protocol`].
pub(super) fn read(response: &WebResponse, id: u64) -> Result<Map<String, Value>, ClientError> {
    let status = response.status;
    let is_ok = (200..300).contains(&status);
    let Some(answer) = find(response, id) else {
        // A body that begins as JSON-RPC was made by the server itself.
        let begins = response.body.contains("\"jsonrpc\"");
        return Err(match (is_ok, begins) {
            (false, false) => refused(response),
            (true, _) if is_stream(response) => {
                ClientError::protocol("its stream of events ended before the answer")
            }
            (true, _) if response.body.trim().is_empty() => {
                ClientError::protocol("there is no answer in it")
            }
            (true | false, _) => ClientError::protocol("it holds no answer to the request"),
        });
    };
    // Some servers send both members, one of them `null`.
    if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
        return Err(match status {
            429 => refused(response),
            _ => ClientError::rpc(error, status),
        });
    }
    match answer.get("result") {
        Some(Value::Object(result)) if is_ok => Ok(result.clone()),
        Some(Value::Object(_)) => {
            Err(ClientError::protocol(&format!("a result with HTTP status {status}")))
        }
        Some(_) | None => Err(ClientError::protocol("the result is not an object")),
    }
}

/// The result, if it is complete. A result without `resultType` is complete, because servers of older versions do not
/// send it (2026-07-28). Some write `null` instead of leaving it out.
///
/// # Errors
///
/// [`ClientError::InputRequired`], or [`ClientError::Protocol`] if the type of the result is unknown.
pub(super) fn complete(
    era: Era,
    result: Map<String, Value>,
) -> Result<Map<String, Value>, ClientError> {
    if era == Era::Legacy {
        return Ok(result);
    }
    match result.get("resultType") {
        None | Some(Value::Null) => Ok(result),
        Some(Value::String(kind)) if kind == "complete" => Ok(result),
        Some(Value::String(kind)) if kind == "input_required" => Err(ClientError::InputRequired),
        Some(other) => Err(ClientError::protocol(&format!("the unknown resultType {other}"))),
    }
}

fn find(response: &WebResponse, id: u64) -> Option<Value> {
    if is_stream(response) {
        return messages(&response.body).find_map(|text| pick(&text, id));
    }
    pick(&response.body, id).or_else(|| {
        // An error without an id belongs to a request that the server could not parse.
        let message: Value = serde_json::from_str(&response.body).ok()?;
        let is_bare = message.get("id").is_none_or(Value::is_null) && is_jsonrpc(&message);
        (is_bare && message.get("error").is_some_and(Value::is_object)).then_some(message)
    })
}

/// The answer in a message, or in a batch of them (2025-03-26).
fn pick(text: &str, id: u64) -> Option<Value> {
    let is_wanted = |message: &Value| is_jsonrpc(message) && is_answer_to(message, id);
    let message: Value = serde_json::from_str(text).ok()?;
    if let Value::Array(messages) = message {
        return messages.into_iter().find(is_wanted);
    }
    is_wanted(&message).then_some(message)
}

fn is_jsonrpc(message: &Value) -> bool {
    message.get("jsonrpc").and_then(Value::as_str) == Some("2.0")
}

fn refused(response: &WebResponse) -> ClientError {
    let seconds = response.headers.get("retry-after").and_then(|text| text.parse::<u32>().ok());
    let retry_after = seconds.map(|seconds| seconds.min(RETRY_AFTER_MAX));
    ClientError::Status { status: response.status, retry_after }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::base::http::Headers;

    fn response(status: u16, kind: &str, body: &str) -> WebResponse {
        let pairs = [("Content-Type", kind), ("Retry-After", "99999")];
        let headers = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        WebResponse { status, headers: Headers::new(headers), body: body.to_owned() }
    }

    fn json_of(status: u16, body: &str) -> Result<Map<String, Value>, ClientError> {
        read(&response(status, "application/json; charset=utf-8", body), 7)
    }

    const GOOD: &str = r#"{"jsonrpc":"2.0","id":7,"result":{"a":1}}"#;

    #[test]
    fn a_result_is_read_from_json_a_batch_or_a_stream() {
        let expected = json!({"a": 1}).as_object().cloned();
        assert_eq!(json_of(200, GOOD).ok(), expected);
        let batch = format!(r#"[{{"jsonrpc":"2.0","id":6,"result":{{}}}},{GOOD}]"#);
        assert_eq!(json_of(200, &batch).ok(), expected);
        let stream = format!(
            ": hello\r\n\r\ndata: {{\"jsonrpc\":\"2.0\",\"method\":\"x\"}}\r\n\r\nevent: message\r\ndata: {GOOD}\r\n\r\n"
        );
        let stream = response(200, "TEXT/event-stream", &stream);
        assert_eq!(read(&stream, 7).ok(), expected);
    }

    #[test]
    fn nothing_else_is_taken_for_the_answer() {
        for body in [
            "",
            "null",
            "[]",
            "{}",
            "<html>",
            r#"{"jsonrpc":"2.0","id":8,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":"7","result":{}}"#,
            r#"{"jsonrpc":"2.0","id":null,"result":{}}"#,
            r#"{"id":7,"result":{}}"#,
            r#"{"jsonrpc":"1.0","id":7,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":7,"result":[]}"#,
            r#"{"jsonrpc":"2.0","id":7,"result":null}"#,
            r#"{"jsonrpc":"2.0","id":7,"result":{"a":1}"#,
            r#"{"jsonrpc":"2.0","id":7}"#,
        ] {
            let error = json_of(200, body).unwrap_err();
            assert!(matches!(error, ClientError::Protocol(_)), "{body}: {error}");
        }
        let deep = format!("{{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}", "[".repeat(100_000));
        assert!(matches!(json_of(200, &deep), Err(ClientError::Protocol(_))));
    }

    #[test]
    fn a_stream_that_is_cut_is_not_an_answer() {
        let cut = GOOD.trim_end_matches('}');
        let error = read(&response(200, "text/event-stream", &format!("data: {cut}")), 7);
        let error = error.unwrap_err();
        assert!(matches!(error, ClientError::Protocol(_)) && !error.says_nothing_was_done());
        // An error in a stream belongs to a request only by its id.
        let other = "data: {\"jsonrpc\":\"2.0\",\"error\":{\"code\":1}}\n\n";
        let error = read(&response(200, "text/event-stream", other), 7).unwrap_err();
        assert!(matches!(error, ClientError::Protocol(_)));
    }

    #[test]
    fn errors_are_read_with_every_status_and_without_an_id() {
        for (status, id) in
            [(200, "\"id\":7,"), (400, "\"id\":7,"), (404, "\"id\":null,"), (500, "")]
        {
            let body = format!(
                r#"{{"jsonrpc":"2.0",{id}"error":{{"code":-32601,"message":"no","data":[1]}}}}"#
            );
            let expected = ClientError::Rpc {
                code: -32_601,
                message: "no".to_owned(),
                data: Some(json!([1])),
                status,
            };
            assert_eq!(json_of(status, &body), Err(expected));
        }
    }

    #[test]
    fn a_status_alone_is_an_answer_too_but_not_with_half_an_answer() {
        let expected = ClientError::Status { status: 503, retry_after: Some(RETRY_AFTER_MAX) };
        assert_eq!(json_of(503, "<html>"), Err(expected.clone()));
        assert!(matches!(
            json_of(400, "{\"jsonrpc\":\"2.0\",\"res"),
            Err(ClientError::Protocol(_))
        ));
        assert!(matches!(json_of(400, GOOD), Err(ClientError::Protocol(_))));
        let limited = r#"{"jsonrpc":"2.0","id":7,"error":{"code":1}}"#;
        assert!(matches!(json_of(429, limited), Err(ClientError::Status { status: 429, .. })));
    }

    #[test]
    fn modern_results_are_complete_unless_they_say_something_else() {
        let check = |era, result: Value| complete(era, result.as_object().cloned().unwrap());
        assert!(check(Era::Modern, json!({"resultType": "complete"})).is_ok());
        assert!(check(Era::Legacy, json!({})).is_ok());
        let more = check(Era::Modern, json!({"resultType": "input_required"}));
        assert_eq!(more, Err(ClientError::InputRequired));
        assert!(check(Era::Modern, json!({})).is_ok());
        for result in [json!({"resultType": 1}), json!({"resultType": "payment_required"})] {
            assert!(matches!(check(Era::Modern, result), Err(ClientError::Protocol(_))));
        }
    }
}
