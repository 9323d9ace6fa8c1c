//! Checks of the headers of a request.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::call::{Call, Era};
use crate::base::http::{Headers, Reply};
use crate::mcp::wire::{HEADER_MISMATCH, Refusal, TRANSPORT_ERROR};

const EVENT_STREAM: &str = "text/event-stream";
/// The media types that a client may accept. We answer with JSON, which every client that reads event streams accepts
/// too.
const ACCEPTABLE: &[&str] = &["application/json", EVENT_STREAM, "*/*", "application/*", "text/*"];

/// Checks the headers of a POST before its body is read (MCP, Streamable HTTP).
///
/// A missing `Accept` accepts everything; quality values are ignored.
///
/// # Errors
///
/// The answer: 415 or 406 with the JSON-RPC error that other servers send, also for a compressed body (RFC 9110,
/// 12.5.3: `Accept-Encoding` names what is supported).
pub fn check_head(headers: &Headers) -> Result<(), Reply> {
    let refuse =
        |status, message: &str| Err(Refusal::new(status, TRANSPORT_ERROR, message).reply(None));
    if !headers.is_plain_body() {
        let message = "Unsupported Media Type: send the body as it is, without Content-Encoding";
        let refused = Refusal::new(415, TRANSPORT_ERROR, message).reply(None);
        return Err(refused.with_header("accept-encoding", "identity".to_owned()));
    }
    let is_json = headers
        .get("content-type")
        .is_some_and(|value| media_type(value).eq_ignore_ascii_case("application/json"));
    if !is_json {
        return refuse(415, "Unsupported Media Type: Content-Type must be application/json");
    }
    let anything = headers.get("accept").is_none_or(str::is_empty);
    if !anything && !ACCEPTABLE.iter().any(|kind| accepts(headers, kind)) {
        let message = "Not Acceptable: Accept must allow application/json or text/event-stream";
        return refuse(406, message);
    }
    Ok(())
}

/// Whether a client is asked for payment by an error: it is of the legacy era and says that it pays by MPP
/// (`Accept-Payment`, draft-httpauth-payment-00). Other clients read a result.
#[must_use]
pub fn takes_payment_errors(headers: &Headers, call: &Call) -> bool {
    let accepts = headers.get("accept-payment").unwrap_or_default();
    let names_ours = accepts.split(',').filter_map(|range| range.split(';').next());
    call.era == Era::Legacy && names_ours.map(str::trim).any(|range| range == "evm/charge")
}

/// Whether the caller is not an MCP client: it names no version of MCP and does not accept event streams (curl, x402
/// fetch wrappers). Such callers get payment challenges as HTTP 402 (x402, HTTP transport).
#[must_use]
pub fn plain_caller(headers: &Headers, call: &Call) -> bool {
    !call.names_version && !accepts(headers, EVENT_STREAM)
}

/// Checks the headers that repeat a modern request's method and name (MCP 2026-07-28, transports).
pub(super) fn check_repeated(
    headers: &Headers,
    method: &str,
    params: &Map<String, Value>,
) -> Result<(), Refusal> {
    if headers.get("mcp-method") != Some(method) {
        return Err(mismatch("Mcp-Method must equal the method"));
    }
    let member = match method {
        "tools/call" | "prompts/get" => "name",
        "resources/read" => "uri",
        _ => return Ok(()),
    };
    let given = headers.get("mcp-name").map(decode);
    match (given, params.get(member).and_then(Value::as_str)) {
        (Some(Some(given)), Some(wanted)) if given == wanted => Ok(()),
        // The handler reports members that are missing in the body.
        (None | Some(Some(_)), None) => Ok(()),
        (Some(None), _) => Err(mismatch("Mcp-Name must be plain ASCII or =?base64?...?=")),
        (None | Some(Some(_)), Some(_)) => {
            Err(mismatch(&format!("Mcp-Name must equal params.{member}")))
        }
    }
}

/// -32020 with the members that must agree.
pub(super) fn mismatch(what: &str) -> Refusal {
    Refusal::new(400, HEADER_MISMATCH, format!("Header mismatch: {what}"))
}

fn accepts(headers: &Headers, kind: &str) -> bool {
    headers
        .get("accept")
        .is_some_and(|value| value.split(',').any(|one| media_type(one).eq_ignore_ascii_case(kind)))
}

fn media_type(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

/// The text that a header value encodes; `None` if it is invalid.
fn decode(value: &str) -> Option<String> {
    let encoded = value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?="));
    match encoded {
        Some(encoded) => String::from_utf8(STANDARD.decode(encoded).ok()?).ok(),
        None => {
            let plain = value.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
            plain.then(|| value.to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mcp::eras::call::Era;
    use crate::mcp::wire::Id;

    fn headers(pairs: &[(&str, &str)]) -> Headers {
        Headers::new(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn the_head_is_checked_before_the_body_is_read() {
        const JSON: &str = "application/json";
        for (content_type, accept, status) in [
            (Some(JSON), None, None),
            (Some("Application/JSON; charset=utf-8"), Some("*/*"), None),
            (Some(JSON), Some(""), None),
            (Some(JSON), Some("application/json, text/event-stream"), None),
            (Some(JSON), Some("text/html, Text/Event-Stream;q=0.5"), None),
            (Some(JSON), Some("text/html, application/*"), None),
            (Some(JSON), Some("text/html"), Some(406)),
            (Some(JSON), Some("application/json-seq"), Some(406)),
            (None, Some(JSON), Some(415)),
            (Some("text/plain; a=application/json"), None, Some(415)),
            (Some("application/json, text/plain"), None, Some(415)),
            (Some("application/x-www-form-urlencoded"), Some("text/html"), Some(415)),
        ] {
            let given = [content_type.map(|v| ("Content-Type", v)), accept.map(|v| ("Accept", v))];
            let given: Vec<_> = given.into_iter().flatten().collect();
            let refused = check_head(&headers(&given)).err();
            assert_eq!(refused.as_ref().map(|reply| reply.status), status, "{given:?}");
            if let Some(reply) = refused {
                let body: Value = serde_json::from_str(&reply.body).unwrap();
                assert_eq!((&body["error"]["code"], body.get("id")), (&json!(-32000), None));
            }
        }
    }

    #[test]
    fn a_plain_caller_names_no_version_and_reads_no_event_streams() {
        let call = |names_version| Call {
            era: Era::Legacy,
            id: Id::Number(1.into()),
            method: "tools/call".to_owned(),
            params: Map::new(),
            names_version,
        };
        for (accept, names_version, plain) in [
            (None, false, true),
            (Some("*/*"), false, true),
            (Some("application/json"), false, true),
            (Some("application/json, TEXT/event-stream"), false, false),
            (Some("*/*"), true, false),
            (None, true, false),
        ] {
            let given: Vec<_> = accept.map(|value| ("accept", value)).into_iter().collect();
            let answer = plain_caller(&headers(&given), &call(names_version));
            assert_eq!(answer, plain, "{accept:?} {names_version}");
        }
    }

    #[test]
    fn a_name_is_plain_ascii_or_strict_base64() {
        for (value, text) in [
            ("listEvents", Some("listEvents")),
            ("=?base64?SGVsbG8=?=", Some("Hello")),
            ("=?base64?8J+OiQ==?=", Some("🎉")),
            ("=?base64??=", Some("")),
            ("=?base64?SGVsbG8=", Some("=?base64?SGVsbG8=")),
            ("=?BASE64?SGVsbG8=?=", Some("=?BASE64?SGVsbG8=?=")),
            ("SGVsbG8=", Some("SGVsbG8=")),
            ("=?base64?SGVsbG8?=", None),
            ("=?base64?SGVs!!!bG8=?=", None),
            ("=?base64?SGVsbG9=?=", None),
            ("=?base64?/w==?=", None),
            ("é", None),
        ] {
            assert_eq!(decode(value).as_deref(), text, "{value}");
        }
    }
}
