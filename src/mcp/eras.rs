//! Two eras of MCP on one endpoint: modern (2026-07-28, every request carries its version and
//! capabilities) and legacy (the `initialize` handshake, 2025-11-25 and older).
//!
//! The order of the checks matters. A client of both eras falls back to legacy, and remembers that for the whole
//! origin, if a modern request gets no modern answer.

mod answers;
mod call;
mod head;

use serde_json::{Map, Value, json};

pub use answers::{
    Cache, CacheScope, Fault, answer, answer_text, batch, discover, initialize, rate_limited,
};
pub use call::{Call, Era, LEGACY, MODERN};
pub use head::{check_head, plain_caller, takes_payment_errors};

use crate::base::http::{Headers, Reply};
use crate::mcp::wire::{
    INVALID_PARAMS, INVALID_REQUEST, Message, NoMessage, PARSE_ERROR, Refusal, TRANSPORT_ERROR,
    UNSUPPORTED_VERSION,
};
use call::{BATCHES, HEADER_VERSION, is_modern};

/// Messages in one batch.
pub const BATCH_MAX: usize = 20;

const KEY_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const KEY_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const KEY_LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";
const LOG_LEVELS: &[&str] =
    &["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

/// Methods for modern requests: those of the capabilities that `server/discover` declares. Clients check that the two
/// agree.
const MODERN_METHODS: &[&str] = &[
    "server/discover",
    "tools/list",
    "tools/call",
    "resources/list",
    "resources/read",
    "resources/templates/list",
    "prompts/list",
    "prompts/get",
    "events/list",
    "events/poll",
];

/// A member of a batch: a call, or the error that answers it.
pub type BatchItem = Result<Call, Reply>;

/// The content of a request's body.
#[derive(Debug, PartialEq)]
pub enum Inbound {
    Call(Call),
    /// A batch with at least one member that requires an answer.
    Calls(Vec<BatchItem>),
    /// Notifications or responses, which get no answer.
    Accepted,
    /// Not a valid message.
    Refused(Reply),
}

/// Parses a body and decides how it is served.
#[must_use]
pub fn read(headers: &Headers, body: &[u8]) -> Inbound {
    // serde_json refuses deeper nesting than 128.
    let Ok(value) = serde_json::from_slice(body) else {
        let refusal = Refusal::new(400, PARSE_ERROR, "Parse error: the body is not JSON");
        return Inbound::Refused(refusal.reply(None));
    };
    let inbound = if let Value::Array(items) = value {
        read_batch(headers, items)
    } else {
        read_one(headers, value)
    };
    inbound.unwrap_or_else(Inbound::Refused)
}

fn read_one(headers: &Headers, value: Value) -> Result<Inbound, Reply> {
    let version = headers.get(HEADER_VERSION);
    match Message::read(value).map_err(|error| not_a_message(&error))? {
        Message::Response => {
            check_response(version).map_err(|refusal| refusal.reply(None))?;
            Ok(Inbound::Accepted)
        }
        Message::Notification { method, params } => {
            check_notification(headers, &method, &params).map_err(|refusal| refusal.reply(None))?;
            Ok(Inbound::Accepted)
        }
        Message::Request { id, method, params } => {
            let era =
                classify(headers, &method, &params).map_err(|refusal| refusal.reply(Some(&id)))?;
            let names_version = version.is_some();
            Ok(Inbound::Call(Call { era, id, method, params, names_version }))
        }
    }
}

/// A batch is accepted or refused as a whole: one member that is not a legacy message spoils it.
fn read_batch(headers: &Headers, items: Vec<Value>) -> Result<Inbound, Reply> {
    let invalid = |what: &str| {
        Refusal::new(400, INVALID_REQUEST, format!("Invalid Request: {what}")).reply(None)
    };
    // A legacy request without the header means this version.
    if headers.get(HEADER_VERSION).is_some_and(|version| version != BATCHES) {
        return Err(invalid("batches are part of version 2025-03-26 only; send one message"));
    }
    if items.is_empty() || items.len() > BATCH_MAX {
        return Err(invalid(&format!("a batch holds 1 to {BATCH_MAX} messages")));
    }
    let mut calls = Vec::with_capacity(items.len());
    for item in items {
        let message = Message::read(item).map_err(|_| invalid("a member is no message"))?;
        let (id, method, params) = match message {
            Message::Response => continue,
            Message::Notification { method, params } => (None, method, params),
            Message::Request { id, method, params } => (Some(id), method, params),
        };
        if claim_of(&params).is_some() {
            return Err(invalid("batches hold no messages of 2026-07-28 or later"));
        }
        if method == "initialize" {
            return Err(invalid("initialize is never part of a batch"));
        }
        let Some(id) = id else { continue };
        calls.push(match check_unclaimed(None, &method, &params) {
            // Only one version has batches.
            Ok(()) => Ok(Call { era: Era::Legacy, id, method, params, names_version: true }),
            Err(refusal) => Err(refusal.reply(Some(&id))),
        });
    }
    Ok(if calls.is_empty() { Inbound::Accepted } else { Inbound::Calls(calls) })
}

/// Steps 7 to 10 for a request.
fn classify(headers: &Headers, method: &str, params: &Map<String, Value>) -> Result<Era, Refusal> {
    let header = headers.get(HEADER_VERSION);
    let Some(claim) = claim_of(params) else {
        check_unclaimed(header, method, params)?;
        return Ok(Era::Legacy);
    };
    let version = version_of(claim)?;
    check_meta(params)?;
    if header != Some(version) {
        return Err(version_mismatch());
    }
    check_served(version)?;
    head::check_repeated(headers, method, params)?;
    if MODERN_METHODS.contains(&method) {
        return Ok(Era::Modern);
    }
    let method = match method {
        "initialize" | "ping" => {
            format!("{method} (without per-request _meta this server also speaks 2025-11-25)")
        }
        _ => method.to_owned(),
    };
    Err(answers::refusal(Fault::MethodNotFound { method }, Era::Modern))
}

/// A request without a modern version: legacy, unless another part of it is modern.
fn check_unclaimed(
    header: Option<&str>,
    method: &str,
    params: &Map<String, Value>,
) -> Result<(), Refusal> {
    let is_initialize = method == "initialize";
    if header.is_some_and(is_modern) && is_initialize {
        return Err(head::mismatch(
            "initialize belongs to 2025-11-25 and older, MCP-Protocol-Version names a later version",
        ));
    }
    if header.is_some_and(is_modern) || method == "server/discover" {
        let mut message = format!("Missing _meta: {KEY_VERSION}");
        if meta_of(params, KEY_CAPABILITIES).is_none() {
            message.push_str(" and ");
            message.push_str(KEY_CAPABILITIES);
        }
        return Err(Refusal::new(400, INVALID_PARAMS, message));
    }
    // The handshake sets the version; the header counts after it.
    if is_initialize { Ok(()) } else { check_legacy(header) }
}

/// Notifications need neither version nor header. If they have both, these must agree.
fn check_notification(
    headers: &Headers,
    method: &str,
    params: &Map<String, Value>,
) -> Result<(), Refusal> {
    let header = headers.get(HEADER_VERSION);
    let claim = claim_of(params).map(version_of).transpose()?;
    if claim.is_some() && header.is_some() && claim != header {
        return Err(version_mismatch());
    }
    let Some(version) = claim.or(header.filter(|version| is_modern(version))) else {
        return check_legacy(header);
    };
    check_served(version)?;
    if headers.get("mcp-method").is_some_and(|given| given != method) {
        return Err(head::mismatch("Mcp-Method must equal the method"));
    }
    Ok(())
}

fn check_response(header: Option<&str>) -> Result<(), Refusal> {
    if header.is_some_and(is_modern) {
        let message = "Invalid Request: clients of this version send no responses";
        return Err(Refusal::new(400, INVALID_REQUEST, message));
    }
    check_legacy(header)
}

fn check_meta(params: &Map<String, Value>) -> Result<(), Refusal> {
    let invalid = |message: String| Err(Refusal::new(400, INVALID_PARAMS, message));
    match meta_of(params, KEY_CAPABILITIES) {
        Some(Value::Object(_)) => {}
        Some(_) => return invalid(format!("Invalid _meta: {KEY_CAPABILITIES} must be an object")),
        None => return invalid(format!("Missing _meta: {KEY_CAPABILITIES}")),
    }
    match meta_of(params, KEY_LOG_LEVEL) {
        Some(level) if !level.as_str().is_some_and(|level| LOG_LEVELS.contains(&level)) => invalid(
            format!("Invalid _meta: {KEY_LOG_LEVEL} must be one of {}", LOG_LEVELS.join(", ")),
        ),
        Some(_) | None => Ok(()),
    }
}

fn check_served(version: &str) -> Result<(), Refusal> {
    if MODERN.contains(&version) {
        return Ok(());
    }
    let data = json!({"supported": MODERN, "requested": version});
    let refusal = Refusal::new(400, UNSUPPORTED_VERSION, "Unsupported protocol version");
    Err(refusal.with_data(Some(data)))
}

fn check_legacy(version: Option<&str>) -> Result<(), Refusal> {
    if version.is_none_or(|version| LEGACY.contains(&version)) {
        return Ok(());
    }
    let message = format!(
        "Bad Request: Unsupported protocol version (supported versions: {})",
        LEGACY.join(", ")
    );
    Err(Refusal::new(400, TRANSPORT_ERROR, message))
}

fn version_of(claim: &Value) -> Result<&str, Refusal> {
    claim.as_str().ok_or_else(|| {
        let message = format!("Invalid _meta: {KEY_VERSION} must be a string");
        Refusal::new(400, INVALID_PARAMS, message)
    })
}

fn version_mismatch() -> Refusal {
    head::mismatch("MCP-Protocol-Version must equal the version in _meta")
}

fn not_a_message(error: &NoMessage) -> Reply {
    Refusal::new(400, INVALID_REQUEST, error.to_string()).reply(error.id.as_ref())
}

fn claim_of(params: &Map<String, Value>) -> Option<&Value> {
    meta_of(params, KEY_VERSION)
}

fn meta_of<'a>(params: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    params.get("_meta")?.get(key)
}

#[cfg(test)]
mod tests;
