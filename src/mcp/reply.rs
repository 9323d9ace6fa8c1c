//! Shows the outcome of a tool to an MCP client, as the result of `tools/call`. Protocol errors are JSON-RPC errors
//! and are made in [`crate::mcp::eras`].

use serde_json::{Value, json};

use crate::base::code::Code;
use crate::base::id::RequestId;
use crate::rails::outcome::{Abort, Done, Failure};
use crate::rails::problem::sentence;
use crate::rails::x402::dialects::Ways;
use crate::rails::x402::wire::SettleResponse;

/// The result of a `tools/call`.
#[must_use]
pub fn tool_result(outcome: &Result<Done, Failure>, ways: Ways, request_id: &RequestId) -> Value {
    match outcome {
        Ok(done) => {
            let mut result = json!({
                "content": [{"type": "text", "text": done.value.to_string()}],
                "structuredContent": done.value,
            });
            add_receipt(&mut result, done.receipt.as_ref(), ways);
            result
        }
        Err(Failure::Unpaid(challenge)) => challenge.to_tool_result(),
        Err(Failure::Abort(abort)) => fault(abort, ways),
        Err(Failure::Fatal(fatal)) => {
            let detail = format!("internal error; tell the operator the request id {request_id}.");
            fault(&Abort::new(Code::InternalError, detail).with_money(fatal.money), ways)
        }
    }
}

fn fault(abort: &Abort, ways: Ways) -> Value {
    let text = format!("{}{}", sentence(&abort.detail), abort.money.sentence());
    let mut result = json!({
        "isError": true,
        "content": [{"type": "text", "text": text}],
        "structuredContent": {
            "error": {"code": abort.code, "message": text, "moneyMoved": abort.money.word()},
        },
    });
    let structured = result.get_mut("structuredContent").and_then(Value::as_object_mut);
    if let (Some(extensions), Some(structured)) = (abort.extensions(), structured) {
        structured.insert("extensions".to_owned(), extensions);
    }
    add_receipt(&mut result, abort.receipt.as_ref(), ways);
    result
}

fn add_receipt(result: &mut Value, receipt: Option<&SettleResponse>, ways: Ways) {
    let (Some(receipt), Some(members)) = (receipt, result.as_object_mut()) else { return };
    let mut meta = json!({"x402/payment-response": receipt});
    if let (true, Some(meta)) = (ways.dotted, meta.as_object_mut()) {
        meta.insert("x402.payment-response".to_owned(), json!(receipt));
    }
    members.insert("_meta".to_owned(), meta);
}
