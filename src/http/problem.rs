//! Errors outside MCP: RFC 9457 problem+json.

use serde_json::json;

use crate::http::Reply;
use crate::http::page::Problem;
use crate::id::RequestId;
use crate::outcome::{Abort, Failure, Fatal, Money};

/// An abort as problem+json.
#[must_use]
pub fn of_abort(abort: &Abort, request_id: &RequestId) -> Reply {
    let body = json!(Problem {
        r#type: format!("urn:events-concierge:problem:{}", abort.code),
        title: abort.code.replace('_', " "),
        status: abort.status,
        detail: format!("{}{}", sentence(&abort.detail), abort.money.sentence()),
        request_id: request_id.to_string(),
        money_moved: abort.money.word(),
        extensions: abort.extensions(),
    });
    let mut reply = Reply::text(abort.status, "application/problem+json", body.to_string());
    if abort.code == "credential_refused" {
        // RFC 6750, 3.1: so that a client knows that it was the token.
        let how = "Bearer error=\"invalid_token\"";
        reply = reply.with_header("www-authenticate", how.to_owned());
    }
    match abort.retry_after {
        Some(seconds) => reply.with_header("retry-after", seconds.to_string()),
        None => reply,
    }
}

/// Our own fault as problem+json. What broke goes to the log, not to the caller.
#[must_use]
pub fn of_fatal(fatal: &Fatal, request_id: &RequestId) -> Reply {
    let detail = format!("internal error; tell the operator the request id {request_id}.");
    let abort = Abort::new("internal_error", 500, detail).with_money(fatal.money);
    of_abort(&abort, request_id)
}

/// Any failure as HTTP.
#[must_use]
pub fn of_failure(failure: &Failure, request_id: &RequestId) -> Reply {
    match failure {
        Failure::Unpaid(challenge) => challenge.to_http(),
        Failure::Abort(abort) => {
            let reply = of_abort(abort, request_id);
            match &abort.receipt {
                Some(receipt) => {
                    let encoded = crate::x402::dialects::encode(receipt);
                    reply
                        .with_header("payment-response", encoded.clone())
                        .with_header("x-payment-response", encoded)
                }
                None => reply,
            }
        }
        Failure::Fatal(fatal) => of_fatal(fatal, request_id),
    }
}

/// A message that another sentence can follow.
pub(crate) fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

/// 404 for whatever is not there.
#[must_use]
pub fn not_found(request_id: &RequestId) -> Reply {
    let abort = Abort::new("not_found", 404, "there is nothing at this address");
    of_abort(&abort.with_money(Money::NotAsked), request_id)
}
