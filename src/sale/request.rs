//! Parses the arguments of tools and the bodies of REST requests, and builds replies.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::base::code::Code;
use crate::base::http::Reply;
use crate::base::{csv, fields};
use crate::http::page::CONTENT_SECURITY_POLICY;
use crate::ports::World;
use crate::ports::paging::PAGE_MAX;
use crate::rails::outcome::{Abort, Failure, Fatal, Money};
use crate::sale::cx::Cx;

/// Entries on one page of the host's lists.
pub const PAGE: u32 = PAGE_MAX;
/// Lines of one CSV file. Its last line names the URL of the next lines.
pub const CSV_LINES_MAX: u32 = 10_000;

/// Parses the arguments of a tool.
///
/// # Errors
///
/// `invalid_arguments` names the field.
pub fn read_arguments<T: DeserializeOwned>(arguments: Value) -> Result<T, Failure> {
    serde_path_to_error::deserialize(arguments).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.inner();
        let detail =
            if path == "." { format!("arguments: {inner}") } else { format!("{path}: {inner}") };
        Abort::new(Code::InvalidArguments, detail).into()
    })
}

/// Parses the body of a REST request.
///
/// # Errors
///
/// `malformed_json`, or `invalid_arguments` names the field.
pub fn read_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|_| Abort::new(Code::MalformedJson, "the body is not JSON; send a JSON object"))?;
    read_arguments(fields::with_integers(value))
}

/// A JSON reply with `no-store`.
pub fn ok(value: &impl Serialize) -> Reply {
    // Serializing text and numbers cannot fail.
    let json = serde_json::to_string(value).unwrap_or_default();
    Reply::json(200, json).with_header("cache-control", "no-store".to_owned())
}

/// One member of an answer as JSON text.
#[must_use]
pub fn member(value: &Value, name: &str) -> String {
    value.get(name).map(Value::to_string).unwrap_or_default()
}

/// An HTML page without scripts.
///
/// # Errors
///
/// [`Fatal`] if the template failed.
pub fn html(page: Result<String, String>) -> Result<Reply, Failure> {
    let html = page.map_err(|what| Failure::Fatal(Fatal { what, money: Money::NotAsked }))?;
    Ok(Reply::text(200, "text/html; charset=utf-8", html)
        .with_header("content-security-policy", CONTENT_SECURITY_POLICY.to_owned())
        .with_header("x-content-type-options", "nosniff".to_owned())
        .with_header("referrer-policy", "no-referrer".to_owned()))
}

/// A CSV file. `next`: the path under `/api/users/` and the cursor of the next lines. The file's last line and a
/// `Link` header (RFC 8288) name them.
pub fn csv_file(
    cx: &Cx<'_, impl World>,
    name: &str,
    mut text: String,
    next: Option<(&str, &str)>,
) -> Reply {
    let more = next
        .map(|(path, cursor)| format!("{}/api/users/{path}?cursor={cursor}", cx.config.public_url));
    if let Some(more) = &more {
        text.push_str(&csv::line(&[format!("more lines follow: {more}")]));
    }
    let reply = Reply::text(200, "text/csv; charset=utf-8", text)
        .with_header("content-disposition", format!("attachment; filename=\"{name}\""))
        .with_header("cache-control", "no-store".to_owned());
    match more {
        Some(more) => reply.with_header("link", format!("<{more}>; rel=\"next\"")),
        None => reply,
    }
}
