//! Shows the outcome of a tool to an MCP client, as the result of `tools/call`. Protocol errors are JSON-RPC errors
//! and are made in [`crate::mcp::eras`].

use serde_json::{Map, Value, json};

use crate::base::code::Code;
use crate::base::id::RequestId;
use crate::base::time::UnixSeconds;
use crate::rails::mpp::{META_RECEIPT, receipt};
use crate::rails::outcome::{Abort, Done, Failure};
use crate::rails::problem::sentence;
use crate::rails::received::Ways;
use crate::rails::x402::wire::SettleResponse;

/// The result of a `tools/call`.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolResult {
    /// The members as JSON text of an object.
    pub text: String,
    /// Its `_meta`; mostly empty.
    pub meta: Map<String, Value>,
}

/// The result of a `tools/call`.
#[must_use]
pub fn tool_result(
    outcome: &Result<Done, Failure>,
    ways: &Ways,
    request_id: &RequestId,
    now: UnixSeconds,
) -> ToolResult {
    match outcome {
        Ok(done) => {
            let mut meta = receipts(done.receipt.as_ref(), ways);
            if let (Some(settled), Some(id)) = (&done.receipt, &ways.challenge) {
                meta.insert(META_RECEIPT.to_owned(), receipt::receipt(id, settled, now));
            }
            ToolResult { text: success(&done.value), meta }
        }
        Err(Failure::Unpaid(challenge)) => {
            let (challenge, meta) = challenge.for_tools();
            let challenge = challenge.to_string();
            ToolResult { text: failure(&challenge, &challenge), meta }
        }
        Err(Failure::Abort(abort)) => fault(abort, ways),
        Err(Failure::Fatal(fatal)) => {
            let detail = format!("internal error; tell the operator the request id {request_id}.");
            fault(&Abort::new(Code::InternalError, detail).with_money(fatal.money), ways)
        }
    }
}

/// The result of a tool that has done what was asked, as JSON text. The answer is serialized once.
#[must_use]
pub fn success(answer: &Value) -> String {
    let answer = answer.to_string();
    let text = json!(answer);
    format!(r#"{{"content":[{{"text":{text},"type":"text"}}],"structuredContent":{answer}}}"#)
}

/// The result of a tool that has not: a text, and JSON text.
fn failure(text: &str, structured: &str) -> String {
    let text = json!(text);
    format!(
        r#"{{"content":[{{"text":{text},"type":"text"}}],"isError":true,"structuredContent":{structured}}}"#
    )
}

fn fault(abort: &Abort, ways: &Ways) -> ToolResult {
    let text = format!("{}{}", sentence(&abort.detail), abort.money.sentence());
    let mut structured = json!({
        "error": {"code": abort.code, "message": text, "moneyMoved": abort.money.word()},
    });
    if let (Some(extensions), Some(structured)) = (abort.extensions(), structured.as_object_mut()) {
        structured.insert("extensions".to_owned(), extensions);
    }
    let text = failure(&text, &structured.to_string());
    ToolResult { text, meta: receipts(abort.receipt.as_ref(), ways) }
}

fn receipts(receipt: Option<&SettleResponse>, ways: &Ways) -> Map<String, Value> {
    let Some(receipt) = receipt else { return Map::new() };
    let mut meta = Map::from_iter([("x402/payment-response".to_owned(), json!(receipt))]);
    if ways.dotted {
        meta.insert("x402.payment-response".to_owned(), json!(receipt));
    }
    meta
}
