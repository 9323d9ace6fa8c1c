//! Two eras of MCP on one endpoint: modern (2026-07-28, every request carries its version and
//! capabilities) and legacy (the `initialize` handshake, 2025-11-25 and older).
//!
//! The order of checks matters: a client of both eras falls back to legacy, and remembers that for
//! the whole origin, if a modern request is not answered in the modern way.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use crate::http::{Headers, Reply};
use crate::mcp::wire::{self, Id, Message};

/// Versions that are served statelessly.
pub const MODERN: &[&str] = &["2026-07-28"];
/// Versions that begin with `initialize`, newest first.
pub const LEGACY: &[&str] = &["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
/// The most calls in one batch (2025-03-26 only).
const BATCH_MAX: usize = 20;

const KEY_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const KEY_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const KEY_SERVER: &str = "io.modelcontextprotocol/serverInfo";

/// Methods that modern requests may call at this server.
const MODERN_METHODS: &[&str] = &[
    "server/discover",
    "tools/list",
    "tools/call",
    "resources/list",
    "resources/read",
    "resources/templates/list",
    "prompts/list",
    "prompts/get",
];

/// How a request is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// 2026-07-28
    Modern,
    /// 2025-11-25 and older
    Legacy,
}

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// How it is served.
    pub era: Era,
    /// Its id.
    pub id: Id,
    /// Its method.
    pub method: String,
    /// Its parameters.
    pub params: Map<String, Value>,
    /// Whether the caller named a version of MCP at all.
    pub names_version: bool,
}

/// What came in.
#[derive(Debug)]
pub enum Inbound {
    /// One call.
    Call(Call),
    /// A batch: calls, and answers for the members that are none.
    Calls(Vec<Result<Call, Reply>>),
    /// Notifications or responses: nothing to answer.
    Accepted,
    /// Not a message that we take.
    Refused(Reply),
}

/// A protocol fault.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// -32601
    MethodNotFound {
        /// Which.
        method: String,
    },
    /// -32602
    InvalidParams {
        /// What is wrong.
        message: String,
        /// For programs.
        data: Option<Value>,
    },
    /// -32603
    Internal {
        /// For joining with our logs.
        request_id: String,
    },
}

/// How long a result may be kept (2026-07-28, caching).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cache {
    /// Milliseconds.
    pub ttl_millis: u64,
    /// By whom.
    pub scope: CacheScope,
}

/// Who may keep a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheScope {
    /// Everybody.
    Public,
    /// The caller.
    Private,
}

/// Checks the headers of a POST before its body is read.
///
/// # Errors
/// The answer to give: 415 or 406.
pub fn check_head(headers: &Headers) -> Result<(), Reply> {
    let media = headers.get("content-type").unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("application/json") {
        let message = "Unsupported Media Type: Content-Type must be application/json";
        return Err(refuse(415, None, -32000, message, None));
    }
    let accepted = headers.get("accept").is_none_or(|accept| {
        accept.trim().is_empty()
            || ["application/json", "application/*", "text/event-stream", "text/*", "*/*"]
                .iter()
                .any(|kind| accept.to_ascii_lowercase().contains(kind))
    });
    if !accepted {
        let message = "Not Acceptable: Accept must allow application/json";
        return Err(refuse(406, None, -32000, message, None));
    }
    Ok(())
}

/// Reads a body and decides how it is served.
#[must_use]
pub fn read(headers: &Headers, body: &[u8]) -> Inbound {
    // serde_json stops at a depth of 128.
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return Inbound::Refused(refuse(
            400,
            None,
            -32700,
            "Parse error: the body is not JSON",
            None,
        ));
    };
    if let Value::Array(items) = value {
        return read_batch(headers, items);
    }
    match read_one(headers, value) {
        Ok(Some(call)) => Inbound::Call(call),
        Ok(None) => Inbound::Accepted,
        Err(reply) => Inbound::Refused(reply),
    }
}

/// Whether the caller is no MCP client at all: it names no version of MCP and cannot read event
/// streams (curl, x402 fetch wrappers). Such callers get payment challenges as HTTP 402.
#[must_use]
pub fn plain_caller(headers: &Headers, call: &Call) -> bool {
    let reads_events = headers.get("accept").is_some_and(|a| a.contains("text/event-stream"));
    !call.names_version && !reads_events
}

/// The answer to a call.
#[must_use]
pub fn answer(call: &Call, result: Result<Value, Fault>, cache: Option<Cache>) -> Reply {
    match result {
        Ok(mut result) => {
            if call.era == Era::Modern {
                add_modern(&mut result, cache);
            }
            Reply::json(200, wire::result(&call.id, result))
        }
        Err(Fault::MethodNotFound { method }) => {
            let status = if call.era == Era::Modern { 404 } else { 200 };
            refuse(status, Some(&call.id), -32601, &format!("Method not found: {method}"), None)
        }
        Err(Fault::InvalidParams { message, data }) => {
            refuse(200, Some(&call.id), -32602, &message, data)
        }
        Err(Fault::Internal { request_id }) => {
            let message = format!("Internal error; tell the operator the request id {request_id}");
            refuse(200, Some(&call.id), -32603, &message, None)
        }
    }
}

/// The answers of a batch as one.
#[must_use]
pub fn batch(answers: Vec<Reply>) -> Reply {
    let bodies: Vec<String> =
        answers.into_iter().map(|reply| reply.body).filter(|body| !body.is_empty()).collect();
    if bodies.is_empty() {
        Reply::empty(202)
    } else {
        Reply::json(200, format!("[{}]", bodies.join(",")))
    }
}

/// The result of `server/discover`.
#[must_use]
pub fn discover(capabilities: Value, instructions: &str) -> Value {
    json!({
        "supportedVersions": MODERN,
        "capabilities": capabilities,
        "instructions": instructions,
    })
}

/// The result of `initialize`: the version asked for if we speak it, else our newest legacy one.
///
/// # Errors
/// [`Fault::InvalidParams`] if no version is asked for.
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
    Ok(json!({
        "protocolVersion": spoken,
        "capabilities": capabilities,
        "serverInfo": server_info(),
        "instructions": instructions,
    }))
}

/// An opaque cursor for a place in a list.
#[must_use]
pub fn encode_cursor(offset: u64) -> String {
    URL_SAFE_NO_PAD.encode(format!("o{offset}"))
}

/// The place that a cursor stands for, if it is one of ours.
#[must_use]
pub fn decode_cursor(cursor: &str) -> Option<u64> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    text.strip_prefix('o')?.parse().ok()
}

fn server_info() -> Value {
    json!({
        "name": "events-concierge",
        "title": "Events Concierge",
        "version": env!("CARGO_PKG_VERSION"),
    })
}

fn add_modern(result: &mut Value, cache: Option<Cache>) {
    let Some(members) = result.as_object_mut() else { return };
    members.entry("resultType").or_insert_with(|| json!("complete"));
    if let Some(Cache { ttl_millis, scope }) = cache {
        members.insert("ttlMs".to_owned(), json!(ttl_millis));
        let scope = match scope {
            CacheScope::Public => "public",
            CacheScope::Private => "private",
        };
        members.insert("cacheScope".to_owned(), json!(scope));
    }
    let meta = members.entry("_meta").or_insert_with(|| json!({}));
    if let Some(meta) = meta.as_object_mut() {
        meta.insert(KEY_SERVER.to_owned(), server_info());
    }
}

/// `Ok(None)` for what wants no answer.
fn read_one(headers: &Headers, value: Value) -> Result<Option<Call>, Reply> {
    let id = Id::of(&value);
    let Some(message) = Message::read(value) else {
        let message = "Invalid Request: not a JSON-RPC 2.0 message";
        return Err(refuse(400, id.as_ref(), -32600, message, None));
    };
    let version = headers.get("mcp-protocol-version");
    match message {
        Message::Response => Ok(None),
        Message::Notification { params } => {
            if claim_of(&params).is_none() {
                check_legacy_version(version, None)?;
            }
            Ok(None)
        }
        Message::Request { id, method, params } => {
            let era = classify(headers, &id, &method, &params)?;
            let names_version = version.is_some() || era == Era::Modern || method == "initialize";
            Ok(Some(Call { era, id, method, params, names_version }))
        }
    }
}

fn classify(
    headers: &Headers,
    id: &Id,
    method: &str,
    params: &Map<String, Value>,
) -> Result<Era, Reply> {
    let header = headers.get("mcp-protocol-version");
    let bad = |code, message: &str| Err(refuse(400, Some(id), code, message, None));
    let Some(claim) = claim_of(params) else {
        if header.is_some_and(|version| version >= "2026-07-28") {
            let message = format!("Missing _meta: {KEY_VERSION} and {KEY_CAPABILITIES}");
            let code = if method == "initialize" { -32020 } else { -32602 };
            return bad(code, &message);
        }
        if method == "server/discover" {
            return bad(-32602, &format!("Missing _meta: {KEY_VERSION}"));
        }
        if method != "initialize" {
            check_legacy_version(header, Some(id))?;
        }
        return Ok(Era::Legacy);
    };
    let Some(version) = claim.as_str() else {
        return bad(-32602, &format!("Invalid _meta: {KEY_VERSION} must be a string"));
    };
    let capabilities = params.get("_meta").and_then(|meta| meta.get(KEY_CAPABILITIES));
    if !capabilities.is_some_and(Value::is_object) {
        return bad(-32602, &format!("Missing _meta: {KEY_CAPABILITIES} must be an object"));
    }
    if header != Some(version) {
        return bad(
            -32020,
            "Header mismatch: MCP-Protocol-Version must equal the version in _meta",
        );
    }
    if !MODERN.contains(&version) {
        let data = Some(json!({"supported": MODERN, "requested": version}));
        return Err(refuse(400, Some(id), -32022, "Unsupported protocol version", data));
    }
    check_modern_headers(headers, id, method, params)?;
    if !MODERN_METHODS.contains(&method) {
        let message = format!("Method not found: {method}");
        return Err(refuse(404, Some(id), -32601, &message, None));
    }
    Ok(Era::Modern)
}

fn check_modern_headers(
    headers: &Headers,
    id: &Id,
    method: &str,
    params: &Map<String, Value>,
) -> Result<(), Reply> {
    let mismatch = |message: &str| Err(refuse(400, Some(id), -32020, message, None));
    if headers.get("mcp-method") != Some(method) {
        return mismatch("Header mismatch: Mcp-Method must equal the method");
    }
    let member = match method {
        "tools/call" | "prompts/get" => "name",
        "resources/read" => "uri",
        _ => return Ok(()),
    };
    let wanted = params.get(member).and_then(Value::as_str);
    let given = headers.get("mcp-name").and_then(decode_header);
    match (wanted, given) {
        (Some(wanted), Some(given)) if wanted == given => Ok(()),
        // What is missing in the body is the handler's to say.
        (None, None) => Ok(()),
        _ => mismatch(&format!("Header mismatch: Mcp-Name must equal params.{member}")),
    }
}

/// Header values that are not plain ASCII come as `=?base64?…?=`.
fn decode_header(value: &str) -> Option<String> {
    let Some(encoded) = value.strip_prefix("=?base64?").and_then(|v| v.strip_suffix("?=")) else {
        return Some(value.to_owned());
    };
    String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
}

fn claim_of(params: &Map<String, Value>) -> Option<&Value> {
    params.get("_meta")?.get(KEY_VERSION)
}

fn check_legacy_version(version: Option<&str>, id: Option<&Id>) -> Result<(), Reply> {
    match version {
        Some(version) if !LEGACY.contains(&version) => {
            let message = format!(
                "Bad Request: Unsupported protocol version (supported versions: {})",
                LEGACY.join(", ")
            );
            Err(refuse(400, id, -32000, &message, None))
        }
        Some(_) | None => Ok(()),
    }
}

/// Batches exist in 2025-03-26 only.
fn read_batch(headers: &Headers, items: Vec<Value>) -> Inbound {
    let invalid = |message: &str| Inbound::Refused(refuse(400, None, -32600, message, None));
    let version = headers.get("mcp-protocol-version");
    if items.is_empty() || version.is_some_and(|version| version != "2025-03-26") {
        return invalid("Invalid Request: batches are part of 2025-03-26 only");
    }
    if items.len() > BATCH_MAX {
        return invalid("Invalid Request: a batch may have at most 20 messages");
    }
    let modern =
        |item: &Value| item.pointer("/params/_meta").and_then(|m| m.get(KEY_VERSION)).is_some();
    let initializes =
        |item: &Value| item.get("method").and_then(Value::as_str) == Some("initialize");
    if items.iter().any(|item| !item.is_object() || modern(item) || initializes(item)) {
        return invalid("Invalid Request: a batch holds legacy messages, and no initialize");
    }
    let calls: Vec<_> =
        items.into_iter().filter_map(|item| read_one(headers, item).transpose()).collect();
    if calls.is_empty() { Inbound::Accepted } else { Inbound::Calls(calls) }
}

fn refuse(status: u16, id: Option<&Id>, code: i32, message: &str, data: Option<Value>) -> Reply {
    Reply::json(status, wire::error(id, code, message, data))
}
