//! Reads from a server's answer to a tool call what happened to the money.

use serde_json::{Deserializer, Value};

use crate::base::text;
use crate::rails::x402::payer::offer::{Challenge, Dialect, read_challenge};
use crate::rails::x402::payer::settlement::{Settlement, read_settlement};

/// The meaning of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The tool answered, paid or for free.
    Done {
        /// The server's statement about the payment.
        settlement: Option<Settlement>,
    },
    /// The server asks for payment. After a payment was sent, the server claims that it did not accept that payment.
    /// The claim may be false.
    Challenge(Challenge),
    /// It is unknown whether the call was carried out. If a payment was sent, money may have moved: no new payment
    /// may be signed, the same call may be sent again with the same payment, and the chain has the answer. If no
    /// payment was sent, no money moved.
    Unknown {
        /// The transaction, if the server names one.
        transaction: Option<String>,
        /// The reason, for display; bounded.
        text: String,
    },
    /// The server reports an error.
    Failed {
        /// The reason, for display; untrusted and bounded.
        text: String,
        /// The server's statement about the money.
        money_moved: MoneyMoved,
    },
}

/// Whether a failed call moved money, according to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoneyMoved {
    /// The server says that no money moved, or did not process the call.
    No,
    /// The server says that money moved.
    Yes,
    /// The server says nothing about money. A payment that was sent can be used until it expires.
    Unsaid,
}

const TEXT_CHARS_MAX: usize = 2_000;
/// Pieces of content that are read.
const CONTENT_MAX: usize = 10;
/// The longest text that is searched for a challenge, bytes, and the places that are tried in it.
const SEARCHED_BYTES_MAX: usize = 64 * 1024;
const PLACES_MAX: usize = 4;

/// JSON-RPC error codes that carry a challenge (x402, MCP transport).
const CODES: &[i64] = &[402, -32_042];

/// The error of the client that called the tool.
pub trait CallError: std::fmt::Display {
    /// Code, message and data, if the server answered with a JSON-RPC error.
    fn rpc(&self) -> Option<(i64, &str, Option<&Value>)>;

    /// Whether it is certain that the server did not carry out the call.
    fn says_nothing_was_done(&self) -> bool;
}

/// Reads the answer to `tools/call`. Free text is never taken as evidence.
#[must_use]
pub fn read_answer(outcome: &Result<Value, impl CallError>) -> Answer {
    match outcome {
        Ok(result) => read_result(result),
        Err(error) => read_error(error),
    }
}

fn read_result(result: &Value) -> Answer {
    let settlement = read_settlement(result);
    let is_error = match result.get("isError") {
        None | Some(Value::Bool(false) | Value::Null) => false,
        Some(_) => true,
    };
    let said = said_of_money(result);
    if let Some(open) = settlement.as_ref().filter(|settlement| settlement.is_open()) {
        let text = if is_error { words(result) } else { String::new() };
        return unknown(open.transaction.clone(), &text);
    }
    if !is_error {
        return Answer::Done { settlement };
    }
    let is_settled = settlement.as_ref().is_some_and(|settlement| settlement.success);
    match said {
        Some("unknown") => {
            let transaction = settlement.and_then(|settlement| settlement.transaction);
            return unknown(transaction, &words(result));
        }
        Some("yes") => return failed(words(result), MoneyMoved::Yes),
        // One payment is enough, so a new challenge is ignored.
        Some(_) | None if is_settled => return failed(words(result), MoneyMoved::Yes),
        Some(_) | None => {}
    }
    match (challenge_of(result), said) {
        (Some(challenge), _) => Answer::Challenge(challenge),
        (None, Some("no")) => failed(words(result), MoneyMoved::No),
        (None, Some(_) | None) => failed(words(result), MoneyMoved::Unsaid),
    }
}

fn read_error(error: &impl CallError) -> Answer {
    if let Some((code, message, Some(data))) = error.rpc()
        && CODES.contains(&code)
    {
        let found = [Some(data), data.get("x402")];
        let found = found.into_iter().flatten();
        if let Some(challenge) = found.filter_map(|it| read_challenge(it, Dialect::Object)).next() {
            return Answer::Challenge(challenge);
        }
        return unknown(None, message);
    }
    if error.says_nothing_was_done() {
        failed(text::paragraph(&error.to_string(), TEXT_CHARS_MAX), MoneyMoved::No)
    } else {
        unknown(None, &error.to_string())
    }
}

/// The challenge in a result: the first place with a choice that can be paid, else the first place with any
/// challenge.
fn challenge_of(result: &Value) -> Option<Challenge> {
    let structured =
        result.get("structuredContent").and_then(|it| read_challenge(it, Dialect::Object));
    let in_meta = result.get("_meta").and_then(|meta| meta.get("x402/error"));
    // A server that answers in this place only reads payments as Cloudflare's `agents` does.
    let dialect = if structured.is_some() { Dialect::Object } else { Dialect::Base64 };
    let in_meta = in_meta.and_then(|it| read_challenge(it, dialect));
    let mut found: Vec<Challenge> = [structured, in_meta].into_iter().flatten().collect();
    if found.is_empty() {
        found = texts(result).filter_map(challenge_in_text).take(1).collect();
    }
    let best = found.iter().position(|challenge| !challenge.offers.is_empty()).unwrap_or(0);
    found.into_iter().nth(best)
}

/// A challenge as JSON inside a text, perhaps after a prefix (`FastMCP`: `Error executing tool …`).
fn challenge_in_text(text: &str) -> Option<Challenge> {
    let text = Some(text).filter(|text| text.len() <= SEARCHED_BYTES_MAX)?;
    let mut places = text.match_indices('{').take(PLACES_MAX);
    places.find_map(|(place, _)| {
        let mut values = Deserializer::from_str(text.get(place..)?).into_iter::<Value>();
        read_challenge(&values.next()?.ok()?, Dialect::Object)
    })
}

/// The field `moneyMoved` of our own servers (`mcp/reply.rs`).
fn said_of_money(result: &Value) -> Option<&str> {
    result.get("structuredContent")?.get("error")?.get("moneyMoved")?.as_str()
}

fn texts(result: &Value) -> impl Iterator<Item = &str> {
    let content = result.get("content").and_then(Value::as_array).into_iter().flatten();
    content.take(CONTENT_MAX).filter_map(|piece| piece.get("text")?.as_str())
}

fn words(result: &Value) -> String {
    let text = texts(result).next().unwrap_or("the server says only that the call failed");
    text::paragraph(text, TEXT_CHARS_MAX)
}

fn failed(text: String, money_moved: MoneyMoved) -> Answer {
    Answer::Failed { text, money_moved }
}

fn unknown(transaction: Option<String>, text: &str) -> Answer {
    let text = if text.is_empty() { "the settlement is not finished" } else { text };
    Answer::Unknown { transaction, text: text::paragraph(text, TEXT_CHARS_MAX) }
}
