//! Telling the caller of a tool what came of the call.

use serde_json::{Value, json};

use crate::base::text;
use crate::guest::cx::{Cx, GuestWorld, Report};
use crate::guest::messages::Out;
use crate::guest::purchase::model::Origin;

/// Who called which tool.
#[derive(Clone, Copy)]
pub(super) struct Caller<'a> {
    pub(super) tool: &'a str,
    pub(super) call_id: &'a Option<String>,
    pub(super) origin: &'a Origin,
}

/// Why a call has no result.
pub(super) struct Failed<'a> {
    /// A stable code, for programs.
    pub(super) code: &'static str,
    /// The reason, as a text for the user.
    pub(super) text: &'a str,
    /// `no`, `unknown` or `yes`.
    pub(super) money_moved: &'static str,
}

/// Shows a result that no call of a client waits for.
pub(super) fn show<W: GuestWorld>(cx: &Cx<W>, tool: &str, result: &Value) {
    cx.tell(&result_message(Caller { tool, call_id: &None, origin: &Origin::Chat }, result));
}

/// A tool has answered.
pub(super) fn done<W: GuestWorld>(cx: &Cx<W>, caller: Caller<'_>, result: Value) {
    cx.tell(&result_message(caller, &result));
    report(cx, caller, Ok(&result));
}

/// A call has no result.
pub(super) fn failed<W: GuestWorld>(cx: &Cx<W>, caller: Caller<'_>, why: &Failed<'_>) {
    let in_chat = caller.origin == &Origin::Chat;
    cx.tell(&Out::ToolError {
        in_chat,
        tool: caller.tool.to_owned(),
        result: why.text.to_owned(),
        code: why.code,
        money_moved: why.money_moved,
        call_id: caller.call_id.clone(),
    });
    let words = if in_chat { failure_in_words(why) } else { why.text.to_owned() };
    report(cx, caller, Err(&words));
}

/// The message that shows a result.
pub(super) fn result_message(caller: Caller<'_>, result: &Value) -> Out {
    Out::ToolResult {
        tool: caller.tool.to_owned(),
        result: result.clone(),
        call_id: caller.call_id.clone(),
    }
}

/// A caller that used words gets words; a language model gets the outcome when this message or alarm is done.
pub(super) fn report<W: GuestWorld>(cx: &Cx<W>, caller: Caller<'_>, outcome: Result<&Value, &str>) {
    match caller.origin {
        Origin::Call => {}
        Origin::Chat => cx.say(&in_words(caller.tool, outcome)),
        Origin::Model(id) => {
            let result = match outcome {
                Ok(result) => result.clone(),
                Err(text) => json!({"error": text}),
            };
            cx.reports.borrow_mut().push_back(Report { id: id.clone(), result });
        }
    }
}

/// What a tool answered, in one sentence: the result itself is shown beside it.
fn in_words(tool: &str, outcome: Result<&Value, &str>) -> String {
    let result = match outcome {
        Err(words) => return words.to_owned(),
        Ok(result) => result,
    };
    let content = result.get("structuredContent").unwrap_or(&Value::Null);
    if content.get("ticketUrl").and_then(Value::as_str).is_some() {
        if content.get("transactionHash") == Some(&Value::Null) {
            return "Done. Nothing was charged.".to_owned();
        }
        return "Done. You find the ticket again if you say \"my tickets\".".to_owned();
    }
    if content.get("secret").is_some() {
        return "Done. Reading it again costs nothing.".to_owned();
    }
    match content.get("message").and_then(Value::as_str) {
        Some(message) => text::line(message, 500),
        None => format!("{} has answered.", text::line(tool, 80)),
    }
}

/// What happened, what became of the money, and what to do.
fn failure_in_words(why: &Failed<'_>) -> String {
    let said = text::line(why.text, 500);
    let mut chars = said.chars();
    let first = chars.next().map(char::to_uppercase).into_iter().flatten();
    let said: String = first.chain(chars).collect();
    let end = if said.ends_with(['.', '!', '?']) { "" } else { "." };
    let money = match why.money_moved {
        // Some refusals say it themselves.
        "no" if ["Nothing was charged", "nothing was paid", "No money was moved"]
            .iter()
            .any(|said_so| said.contains(said_so)) =>
        {
            ""
        }
        "no" => " Nothing was charged.",
        "yes" => " You were charged, and I keep asking for what you have bought.",
        _ => {
            " It is not known yet whether you were charged; I keep looking, and you cannot be charged twice."
        }
    };
    format!("{said}{end}{money}")
}
