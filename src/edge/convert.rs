//! Conversions between the types of `worker` and ours. Bodies are read up to a limit.

use std::cell::OnceCell;
use std::rc::Rc;

use futures_util::StreamExt;
use worker::{ByteStream, Env, Response};

use crate::base::http::Reply;
use crate::base::id::RequestId;
use crate::config::Config;
use crate::edge::shim;
use crate::http::cors;

/// The longest request body, bytes.
pub(super) const BODY_BYTES_MAX: usize = 1024 * 1024;

thread_local! {
    static CONFIG: OnceCell<Result<Rc<Config>, String>> = const { OnceCell::new() };
}

/// The settings, read once per isolate.
pub(super) fn config(env: &Env) -> Result<Rc<Config>, String> {
    CONFIG.with(|cell| {
        cell.get_or_init(|| {
            let get = |name: &str| {
                let var = env.var(name).ok().map(|value| value.to_string());
                var.or_else(|| env.secret(name).ok().map(|value| value.to_string()))
            };
            Config::read(get).map(Rc::new).map_err(|errors| errors.to_string())
        })
        .clone()
    })
}

/// A body cannot be read.
pub(super) enum BodyError {
    /// It is longer than the limit.
    TooLong,
    Broken,
}

/// Reads a body up to `bytes_max`.
pub(super) async fn read(mut stream: ByteStream, bytes_max: usize) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| BodyError::Broken)?;
        if body.len().saturating_add(chunk.len()) > bytes_max {
            return Err(BodyError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// An object's response, passed on to the caller.
pub(super) async fn reply(mut response: Response) -> worker::Result<Reply> {
    let status = response.status_code();
    let found = shim::headers(response.headers())?;
    let body = response.text().await?;
    let reply = match found.get("content-type") {
        Some(content_type) => Reply::text(status, content_type, body),
        None => Reply::empty(status),
    };
    Ok(["cache-control", "retry-after"].into_iter().fold(reply, |reply, name| {
        match found.get(name) {
            Some(value) => reply.with_header(name, value.to_owned()),
            None => reply,
        }
    }))
}

/// A reply with the headers that every response has.
pub(super) fn with_shared_headers(
    mut reply: Reply,
    request_id: &RequestId,
    origin: Option<&str>,
) -> Reply {
    let shared = origin.map(cors::headers_for).into_iter().flatten();
    let ours: Vec<_> = shared.chain([("x-request-id", request_id.as_str().to_owned())]).collect();
    reply.headers.retain(|(name, _)| ours.iter().all(|(own, _)| own != name));
    reply.headers.extend(ours);
    reply
}

/// A reply as a Workers response, with the headers that every response has.
pub(super) fn response(
    reply: Reply,
    request_id: &RequestId,
    origin: Option<&str>,
) -> worker::Result<Response> {
    let reply = with_shared_headers(reply, request_id, origin);
    let headers = reply.headers.iter();
    let headers: Vec<(&str, &str)> = headers.map(|(name, value)| (*name, value.as_str())).collect();
    shim::response(reply.status, &headers, reply.body.as_bytes())
}
