//! What a server's answer to a tool call means for the money.

use serde_json::{Deserializer, Value};

use crate::base::text;
use crate::rails::x402::payer::offer::{Challenge, Dialect, read_challenge};
use crate::rails::x402::payer::settlement::{Settlement, read_settlement};

/// What an answer comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The tool has answered.
    Done {
        /// What the server says of the payment.
        settlement: Option<Settlement>,
    },
    /// The server asks for payment. After a payment was sent it says that this one was not taken, which
    /// need not be true.
    Challenge(Challenge),
    /// Whether the call was carried out is not known. If a payment was sent, money may have moved: no
    /// new one may be signed; the same call with the same payment may be sent again, and the chain
    /// knows. If none was sent, no money moved.
    Unknown {
        /// The transaction, if the server names one.
        transaction: Option<String>,
        /// Why, for people; bounded.
        text: String,
    },
    /// The call failed.
    Failed {
        /// Why, for people; a stranger's words, bounded.
        text: String,
        /// What the server says of the money.
        money_moved: MoneyMoved,
    },
}

/// Whether a failed call moved money, as far as the server says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoneyMoved {
    /// It says that it did not, or did not look at the call.
    No,
    /// It says that it did.
    Yes,
    /// It says nothing of it. If a payment was sent, it may be used until its time is over.
    Unsaid,
}

const TEXT_CHARS_MAX: usize = 2_000;
/// The most pieces of content that we look at.
const CONTENT_MAX: usize = 10;
/// The longest text in which we look for a challenge, bytes, and in how many places.
const SEARCHED_BYTES_MAX: usize = 64 * 1024;
const PLACES_MAX: usize = 4;

/// JSON-RPC errors that carry a challenge (x402, MCP transport).
const CODES: &[i64] = &[402, -32_042];

/// An error of the client that has called the tool.
pub trait CallError: std::fmt::Display {
    /// Code, message and data, if the server has answered with a JSON-RPC error.
    fn rpc(&self) -> Option<(i64, &str, Option<&Value>)>;

    /// Whether the server certainly has not carried out the call.
    fn says_nothing_was_done(&self) -> bool;
}

/// Reads the answer to `tools/call`. Free text proves nothing, whatever it says.
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
        // One payment was enough: whatever else it asks for.
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

/// The challenge in a result. The first place that has one with something to pay counts, else the
/// first that has one at all.
fn challenge_of(result: &Value) -> Option<Challenge> {
    let structured =
        result.get("structuredContent").and_then(|it| read_challenge(it, Dialect::Object));
    let in_meta = result.get("_meta").and_then(|meta| meta.get("x402/error"));
    // Who answers in this place alone reads a payment as Cloudflare's `agents` writes it.
    let dialect = if structured.is_some() { Dialect::Object } else { Dialect::Base64 };
    let in_meta = in_meta.and_then(|it| read_challenge(it, dialect));
    let mut found: Vec<Challenge> = [structured, in_meta].into_iter().flatten().collect();
    if found.is_empty() {
        found = texts(result).filter_map(challenge_in_text).take(1).collect();
    }
    let best = found.iter().position(|challenge| !challenge.offers.is_empty()).unwrap_or(0);
    found.into_iter().nth(best)
}

/// A challenge as JSON in a text, perhaps with words before it (`FastMCP`: `Error executing tool …`).
fn challenge_in_text(text: &str) -> Option<Challenge> {
    let text = Some(text).filter(|text| text.len() <= SEARCHED_BYTES_MAX)?;
    let mut places = text.match_indices('{').take(PLACES_MAX);
    places.find_map(|(place, _)| {
        let mut values = Deserializer::from_str(text.get(place..)?).into_iter::<Value>();
        read_challenge(&values.next()?.ok()?, Dialect::Object)
    })
}

/// The word of our own servers (`mcp/reply.rs`).
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
