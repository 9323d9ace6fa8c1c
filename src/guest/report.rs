//! Telling the caller of a tool what came of the call.

use serde_json::{Value, json};

use crate::base::text;
use crate::base::time::{UnixSeconds, ZoneName};
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

/// A tool has answered.
pub(super) fn done<W: GuestWorld>(cx: &Cx<W>, caller: Caller<'_>, result: Value) {
    cx.tell(&result_message(caller, &result));
    report(cx, caller, Ok(&result));
}

/// A call has no result.
pub(super) fn failed<W: GuestWorld>(cx: &Cx<W>, caller: Caller<'_>, why: &Failed<'_>) {
    cx.tell(&Out::ToolError {
        tool: caller.tool.to_owned(),
        result: why.text.to_owned(),
        code: why.code,
        money_moved: why.money_moved,
        call_id: caller.call_id.clone(),
    });
    report(cx, caller, Err(why.text));
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

/// What a tool answered, for people: its message if it has one.
fn in_words(tool: &str, outcome: Result<&Value, &str>) -> String {
    let result = match outcome {
        Err(text) => return format!("That did not work: {}", text::line(text, 500)),
        Ok(result) => result,
    };
    let content = result.get("structuredContent").unwrap_or(&Value::Null);
    if let Some(events) = content.get("events").and_then(Value::as_array) {
        return events_in_words(events);
    }
    let ticket = content.get("ticketUrl").and_then(Value::as_str);
    match (content.get("message").and_then(Value::as_str), ticket) {
        (Some(message), Some(ticket)) => {
            format!("{} Your ticket: {}", text::line(message, 500), text::line(ticket, 300))
        }
        (Some(message), None) => text::line(message, 500),
        (None, _) => format!("{} has answered.", text::line(tool, 80)),
    }
}

fn events_in_words(events: &[Value]) -> String {
    let line = |event: &Value| {
        let text = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default();
        let shown = |key: &str, chars_max| text::line(text(key), chars_max);
        let zone = ZoneName::parse(text("timeZone")).unwrap_or_else(|_| ZoneName::utc());
        let when = match UnixSeconds::from_rfc3339(text("startsAt")) {
            Ok(moment) => moment.to_words(&zone),
            Err(_) => shown("startsAt", 40),
        };
        format!("{} · ${} · {when}", shown("title", 120), shown("price", 40))
    };
    let lines: Vec<String> = events.iter().take(20).map(line).collect();
    if lines.is_empty() { "There are no events.".to_owned() } else { lines.join("\n") }
}
