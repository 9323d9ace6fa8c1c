//! Builds replies in the form of the caller's era (MCP, 2026-07-28 and older).

use serde_json::{Map, Value, json};

use super::call::{Call, Era, LEGACY, MODERN};
use crate::base::http::Reply;
use crate::mcp::wire::{
    self, INTERNAL_ERROR, INVALID_PARAMS, Id, METHOD_NOT_FOUND, NOT_FOUND, PAYMENT_REQUIRED,
    Refusal, TRANSPORT_ERROR,
};

const KEY_SERVER: &str = "io.modelcontextprotocol/serverInfo";

/// Methods whose modern results must carry cache hints.
const CACHEABLE: &[&str] = &[
    "server/discover",
    "tools/list",
    "prompts/list",
    "resources/list",
    "resources/templates/list",
    "resources/read",
];

/// A protocol error. The failure of a tool is not one: it is a result with `isError`.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Fault {
    /// -32601; the status is 404 in the modern era and 200 in the legacy one.
    #[error("Method not found: {method}")]
    MethodNotFound { method: String },
    /// -32602, status 200: unknown tool, prompt or resource, bad cursor, parameters of a wrong type.
    #[error("{message}")]
    InvalidParams {
        message: String,
        /// Data for programs: `{"uri": …}` for a resource that does not exist.
        data: Option<Value>,
    },
    /// -32011, status 200: an event or a subscription that is not there (SEP-3415).
    #[error("{message}")]
    NotFound {
        message: String,
        /// What is not there: `event` or `subscription`.
        kind: &'static str,
    },
    /// -32603, status 200: the fault is on our side.
    #[error("Internal error; tell the operator the request id {request_id}")]
    Internal {
        /// Joins the answer with our logs.
        request_id: String,
    },
    /// -32042, status 200: a legacy client that says that it pays by MPP has to pay first.
    #[error("Payment Required")]
    Unpaid {
        /// The challenges of both rails.
        data: Value,
    },
    /// -32000, status 429 with `Retry-After`: the source exceeds its rate limit.
    #[error("too many calls came from your address; wait {seconds} seconds")]
    RateLimited {
        /// How many seconds to wait.
        seconds: i64,
    },
}

/// The cache hints of a result (2026-07-28, caching).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cache {
    /// How long the result is fresh, milliseconds.
    pub ttl_millis: u64,
    /// Who may cache it.
    pub scope: CacheScope,
}

/// Who may cache a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheScope {
    /// Shared caches may, for all callers.
    Public,
    /// Only caches of the caller may.
    Private,
}

/// The answer to a call. `result` is a JSON object.
///
/// In the modern era it gets `resultType`, the server's name and, for the methods that require them, cache hints:
/// `cache`, or "not at all" if there is none.
#[must_use]
pub fn answer(call: &Call, result: Result<Value, Fault>, cache: Option<Cache>) -> Reply {
    match result {
        Ok(mut result) => {
            if let (Era::Modern, Some(members)) = (call.era, result.as_object_mut()) {
                add_modern(&call.method, members, cache);
            }
            Reply::json(200, wire::result(&call.id, &result))
        }
        Err(Fault::RateLimited { seconds }) => too_many(seconds, call.era, Some(&call.id)),
        Err(fault) => refusal(fault, call.era).reply(Some(&call.id)),
    }
}

/// As [`answer`], for a result that is JSON text of an object with members. `meta` is its `_meta`, which the text does not
/// have.
#[must_use]
pub fn answer_text(
    call: &Call,
    result: &str,
    meta: Map<String, Value>,
    cache: Option<Cache>,
) -> Reply {
    let mut more = Map::new();
    if !meta.is_empty() {
        more.insert("_meta".to_owned(), meta.into());
    }
    if call.era == Era::Modern {
        add_modern(&call.method, &mut more, cache);
    }
    let members = result.strip_suffix('}').filter(|_| !more.is_empty());
    let joined = members.map(|members| {
        let more = Value::Object(more).to_string();
        format!("{members},{}", more.strip_prefix('{').unwrap_or_default())
    });
    Reply::json(200, wire::result_text(&call.id, joined.as_deref().unwrap_or(result)))
}

/// The answer to a source over its rate limit, before its body is read.
#[must_use]
pub fn rate_limited(seconds: i64) -> Reply {
    too_many(seconds, Era::Legacy, None)
}

fn too_many(seconds: i64, era: Era, id: Option<&Id>) -> Reply {
    let refused = refusal(Fault::RateLimited { seconds }, era).reply(id);
    refused.with_header("retry-after", seconds.to_string())
}

/// Joins the answers of a batch.
#[must_use]
pub fn batch(answers: Vec<Reply>) -> Reply {
    if answers.is_empty() {
        return Reply::empty(202);
    }
    let bodies: Vec<String> = answers.into_iter().map(|reply| reply.body).collect();
    Reply::json(200, format!("[{}]", bodies.join(",")))
}

/// The result of `server/discover`.
#[must_use]
pub fn discover(capabilities: Value, instructions: &str) -> Value {
    let mut result = json!({"supportedVersions": MODERN, "instructions": instructions});
    insert(&mut result, "capabilities", capabilities);
    result
}

/// The result of `initialize`: the requested version if we support it, else our newest legacy one.
///
/// # Errors
///
/// [`Fault::InvalidParams`] if no version is requested.
pub fn initialize(
    params: &Map<String, Value>,
    capabilities: Value,
    instructions: &str,
) -> Result<Value, Fault> {
    let Some(asked) = params.get("protocolVersion").and_then(Value::as_str) else {
        let message = "protocolVersion: must be a string such as 2025-11-25".to_owned();
        return Err(Fault::InvalidParams { message, data: None });
    };
    let spoken = LEGACY.iter().find(|version| **version == asked).or(LEGACY.first());
    let mut result = json!({
        "protocolVersion": spoken,
        "serverInfo": server_info(),
        "instructions": instructions,
    });
    insert(&mut result, "capabilities", capabilities);
    Ok(result)
}

/// A protocol error in the form of its era.
pub(super) fn refusal(fault: Fault, era: Era) -> Refusal {
    let message = fault.to_string();
    match fault {
        Fault::MethodNotFound { .. } => {
            let status = match era {
                Era::Modern => 404,
                Era::Legacy => 200,
            };
            Refusal::new(status, METHOD_NOT_FOUND, message)
        }
        Fault::InvalidParams { data, .. } => {
            Refusal::new(200, INVALID_PARAMS, message).with_data(data)
        }
        Fault::NotFound { kind, .. } => {
            Refusal::new(200, NOT_FOUND, message).with_data(Some(json!({"kind": kind})))
        }
        Fault::Internal { .. } => Refusal::new(200, INTERNAL_ERROR, message),
        Fault::Unpaid { data } => {
            Refusal::new(200, PAYMENT_REQUIRED, message).with_data(Some(data))
        }
        Fault::RateLimited { seconds } => {
            let data = json!({"code": "rate_limited", "retryAfterSeconds": seconds});
            Refusal::new(429, TRANSPORT_ERROR, message).with_data(Some(data))
        }
    }
}

fn add_modern(method: &str, result: &mut Map<String, Value>, cache: Option<Cache>) {
    let kind = result.entry("resultType").or_insert_with(|| json!("complete"));
    // A result that asks for more input must not be cached.
    if kind.as_str() == Some("complete") && CACHEABLE.contains(&method) {
        let Cache { ttl_millis, scope } =
            cache.unwrap_or(Cache { ttl_millis: 0, scope: CacheScope::Private });
        let scope = match scope {
            CacheScope::Public => "public",
            CacheScope::Private => "private",
        };
        result.insert("ttlMs".to_owned(), json!(ttl_millis));
        result.insert("cacheScope".to_owned(), json!(scope));
    }
    let meta = result.entry("_meta").or_insert_with(|| json!({}));
    insert(meta, KEY_SERVER, server_info());
}

fn server_info() -> Value {
    json!({
        "name": "events-concierge",
        "title": "Events Concierge",
        "version": env!("CARGO_PKG_VERSION"),
    })
}

/// Moves a value into an object; `json!` would copy it.
fn insert(object: &mut Value, key: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(key.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::wire::Id;

    const MINUTE: Cache = Cache { ttl_millis: 60_000, scope: CacheScope::Public };

    fn call(era: Era, method: &str) -> Call {
        let method = method.to_owned();
        let id = Id::Text("a".to_owned());
        Call { era, id, method, params: Map::new(), names_version: true }
    }

    fn check(era: Era, method: &str, result: Value, cache: Option<Cache>, expected: Value) {
        let reply = answer(&call(era, method), Ok(result), cache);
        let body: Value = serde_json::from_str(&reply.body).unwrap();
        let expected = json!({"jsonrpc": "2.0", "id": "a", "result": expected});
        assert_eq!((reply.status, body), (200, expected), "{method}");
    }

    #[test]
    fn modern_results_say_what_they_are_and_who_speaks() {
        let modern = |result: Value| {
            let mut result = result;
            result["_meta"][KEY_SERVER] = server_info();
            result
        };
        let tools = json!({"tools": []});
        let kept =
            json!({"tools": [], "resultType": "complete", "ttlMs": 60_000, "cacheScope": "public"});
        check(Era::Modern, "tools/list", tools.clone(), Some(MINUTE), modern(kept));
        let not_kept =
            json!({"tools": [], "resultType": "complete", "ttlMs": 0, "cacheScope": "private"});
        check(Era::Modern, "tools/list", tools.clone(), None, modern(not_kept));
        check(Era::Legacy, "tools/list", tools.clone(), Some(MINUTE), tools);
        let paid = json!({"_meta": {"x402/payment-response": {}}});
        let expected = json!({"_meta": {"x402/payment-response": {}}, "resultType": "complete"});
        check(Era::Modern, "tools/call", paid.clone(), Some(MINUTE), modern(expected));
        check(Era::Legacy, "tools/call", paid.clone(), None, paid);
        let more = json!({"resultType": "input_required", "requestState": "s"});
        check(Era::Modern, "resources/read", more.clone(), Some(MINUTE), modern(more));
    }

    #[test]
    fn faults_have_the_status_of_their_era() {
        let unknown = Fault::MethodNotFound { method: "no/such".to_owned() };
        let data = Some(json!({"uri": "event://missing"}));
        let invalid = Fault::InvalidParams { message: "Resource not found".to_owned(), data };
        let internal = Fault::Internal { request_id: "req_1".to_owned() };
        for (fault, code, modern, data) in [
            (unknown, -32601, 404, None),
            (invalid, -32602, 200, Some(json!({"uri": "event://missing"}))),
            (internal, -32603, 200, None),
        ] {
            for (era, status) in [(Era::Modern, modern), (Era::Legacy, 200)] {
                let reply = answer(&call(era, "tools/call"), Err(fault.clone()), None);
                let body: Value = serde_json::from_str(&reply.body).unwrap();
                assert_eq!((reply.status, &body["id"]), (status, &json!("a")), "{fault}");
                let error = &body["error"];
                assert_eq!((&error["code"], error.get("data")), (&json!(code), data.as_ref()));
                assert_eq!(error["message"], json!(fault.to_string()));
            }
        }
    }

    #[test]
    fn a_batch_is_one_array_or_nothing() {
        let one = || answer(&call(Era::Legacy, "ping"), Ok(json!({})), None);
        let body =
            r#"[{"id":"a","jsonrpc":"2.0","result":{}},{"id":"a","jsonrpc":"2.0","result":{}}]"#;
        assert_eq!(batch(vec![one(), one()]), Reply::json(200, body.to_owned()));
        assert_eq!(batch(Vec::new()), Reply::empty(202));
    }

    #[test]
    fn initialize_speaks_the_version_asked_for_or_the_newest_legacy_one() {
        for (asked, spoken) in [
            (json!("2025-11-25"), Some("2025-11-25")),
            (json!("2025-06-18"), Some("2025-06-18")),
            (json!("2025-03-26"), Some("2025-03-26")),
            (json!("2024-11-05"), Some("2024-11-05")),
            (json!("2026-07-28"), Some("2025-11-25")),
            (json!("1.0"), Some("2025-11-25")),
            (json!(20_251_125), None),
            (json!(null), None),
        ] {
            let params = Map::from_iter([("protocolVersion".to_owned(), asked.clone())]);
            let result = initialize(&params, json!({"tools": {}}), "Hello.").ok();
            let expected = spoken.map(|version| {
                json!({"protocolVersion": version, "serverInfo": server_info(),
                    "capabilities": {"tools": {}}, "instructions": "Hello."})
            });
            assert_eq!(result, expected, "{asked}");
        }
        assert!(initialize(&Map::new(), json!({}), "").is_err());
    }

    #[test]
    fn discover_names_modern_versions_only() {
        let expected = json!({"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}},
            "instructions": "Hello."});
        assert_eq!(discover(json!({"tools": {}}), "Hello."), expected);
    }
}
