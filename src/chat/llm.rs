//! A conversation with a language model that calls tools, over any endpoint with the chat completions API.
//!
//! It is a state machine: [`Conversation::next`] returns the next step, the caller carries it out, reports the result
//! with [`Conversation::add_result`] and asks again. It is stored between two steps, so that it continues after a
//! confirmation or an eviction. Every loop is bounded in turns, time, tokens and calls; its storage is bounded in
//! bytes.

mod memory;
mod prompt;
mod wire;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::time::UnixSeconds;
use crate::chat::text::{cut, is_seen};
use crate::ports::{Clock, Http, HttpError, HttpRequest, HttpResponse};
use wire::{Answer, Called, Function, Message, Offered, ToolCall};

/// The endpoint, its model and our key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Without a slash at the end; `/chat/completions` is appended.
    pub base_url: String,
    pub model: String,
    pub api_key: ApiKey,
}

/// A key that is never logged or shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

/// The limits of one loop, from a user's message to the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Requests to the model.
    pub turns: u32,
    /// Seconds, without the time for carrying out calls and for the user's decisions.
    pub seconds: i64,
    /// Tokens of all requests and answers.
    pub tokens: u32,
    /// Calls of the model, including invalid ones.
    pub calls: u32,
    /// The longest stored text of one message, bytes.
    pub message_bytes: usize,
    /// The size of a conversation above which the oldest messages are dropped, bytes. The newest step stays.
    pub conversation_bytes: usize,
}

/// A tool that is offered to the model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// The name under which it is called. Of two with the same name the first one is used, so put your own first.
    pub name: String,
    /// Shown to the model. Untrusted.
    pub description: String,
    /// The JSON schema of its arguments.
    pub input_schema: Value,
}

/// What the caller has to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Show this to the user; the loop is over.
    Say(String),
    /// Call a tool and report the result.
    Call {
        /// Our id, unique in this conversation. The same id is the same call: never carry it out twice.
        id: String,
        /// As in [`ToolSpec::name`]; the tool was offered.
        name: String,
        /// An object. It is not checked against the schema.
        arguments: Value,
    },
    /// A limit was reached; the loop is over.
    Stopped(Why),
    /// The model gave no answer; a message for the user. The same step may be retried.
    Failed(String),
}

/// The limit that a loop reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
pub enum Why {
    #[error("I stopped: this took more steps than I may make for one message.")]
    Turns,
    #[error("I stopped: this took longer than I may take for one message.")]
    Seconds,
    #[error("I stopped: this used up the tokens that I have for one message.")]
    Tokens,
    #[error("I stopped: this took more calls than I may make for one message.")]
    Calls,
}

/// The messages, and the current loop's use of its limits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    limits: Limits,
    messages: Vec<Message>,
    /// Calls of all loops. Their ids are derived from it.
    calls_ever: u32,
    turns: u32,
    tokens: u32,
    calls: u32,
    started_at: UnixSeconds,
    /// When the open call was returned.
    waiting_since: Option<UnixSeconds>,
    /// Open calls by id: the tool's name and its arguments.
    open: Vec<(String, String, Value)>,
    stopped: Option<Why>,
}

/// The timeout of one answer, milliseconds.
const ANSWER_MILLIS_MAX: u32 = 60_000;
const RESPONSE_BYTES_MAX: usize = 256 * 1024;
const BYTES_PER_TOKEN: usize = 4;

impl ApiKey {
    /// A key: visible ASCII without spaces.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_key = !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        is_key.then(|| Self(text.to_owned()))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(hidden)")
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            turns: 8,
            seconds: 120,
            tokens: 20_000,
            calls: 12,
            message_bytes: 8 * 1024,
            conversation_bytes: 32 * 1024,
        }
    }
}

impl Conversation {
    /// A conversation that starts with a user's message.
    #[must_use]
    pub fn start(text: &str, now: UnixSeconds) -> Self {
        Self::with_limits(Limits::default(), text, now)
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(limits: Limits, text: &str, now: UnixSeconds) -> Self {
        let mut conversation = Self {
            limits,
            messages: Vec::new(),
            calls_ever: 0,
            turns: 0,
            tokens: 0,
            calls: 0,
            started_at: now,
            waiting_since: None,
            open: Vec::new(),
            stopped: None,
        };
        conversation.hear(text, now);
        conversation
    }

    /// Adds the user's next message, which starts a new loop with fresh limits. Open calls are marked as unfinished
    /// for the model; their results may still be added.
    pub fn hear(&mut self, text: &str, now: UnixSeconds) {
        self.close_open_calls(
            "not finished yet, the outcome is not known; do not repeat this call",
        );
        let content = cut(text, self.limits.message_bytes).to_owned();
        self.messages.push(Message::User { content });
        (self.turns, self.tokens, self.calls) = (0, 0, 0);
        (self.started_at, self.waiting_since, self.stopped) = (now, None, None);
        self.forget();
    }

    /// Adds the result of a call. `false` if the call is not, or no longer, known.
    pub fn add_result(&mut self, call_id: &str, result: &Value) -> bool {
        let content = prompt::wrapped(result, self.limits.message_bytes);
        let is_open = self.open.iter().any(|(id, _, _)| id == call_id);
        self.open.retain(|(id, _, _)| id != call_id);
        if is_open {
            self.push_result(call_id, content);
            return true;
        }
        let late = self.messages.iter_mut().find_map(|message| match message {
            Message::Tool { tool_call_id, content } if tool_call_id == call_id => Some(content),
            Message::Tool { .. } | Message::User { .. } | Message::Assistant { .. } => None,
        });
        late.map(|old| *old = content).is_some()
    }

    /// Asks the model until there is a step for the caller. An open call is returned again with the same id.
    pub async fn next<W: Http + Clock>(
        &mut self,
        world: &W,
        settings: &Settings,
        tools: &[ToolSpec],
    ) -> Step {
        let offered = Offered::new(tools);
        loop {
            let now = world.now();
            if let Some((id, name, arguments)) = self.open.first().cloned() {
                self.waiting_since = self.waiting_since.or(Some(now));
                return Step::Call { id, name, arguments };
            }
            if let Some(since) = self.waiting_since.take() {
                self.started_at = self.started_at.plus(now.since(since).max(0));
            }
            self.forget();
            let body = wire::request(settings, &prompt::system(now), &self.messages, &offered);
            if let Some(why) = self.bound(now, &body) {
                self.stopped = Some(why);
                return Step::Stopped(why);
            }
            self.turns = self.turns.saturating_add(1);
            let answer = match ask(world, settings, &body, self.seconds_left(now)).await {
                Ok(answer) => answer,
                Err(fault) => return Step::Failed(fault),
            };
            self.tokens = self.tokens.saturating_add(answer.tokens);
            if let Some(said) = self.take(answer.value, &offered) {
                return said;
            }
        }
    }

    /// The limit that the next request would exceed.
    fn bound(&self, now: UnixSeconds, body: &str) -> Option<Why> {
        if self.stopped.is_some() {
            return self.stopped;
        }
        if self.turns >= self.limits.turns {
            return Some(Why::Turns);
        }
        if self.seconds_left(now) <= 0 {
            return Some(Why::Seconds);
        }
        let after = self.tokens.saturating_add(estimate(body.len()));
        (after > self.limits.tokens).then_some(Why::Tokens)
    }

    fn seconds_left(&self, now: UnixSeconds) -> i64 {
        self.limits.seconds.saturating_sub(now.since(self.started_at).max(0))
    }

    /// Stores the model's answer; `Some` if the loop is over.
    fn take(&mut self, answer: Answer, offered: &Offered<'_>) -> Option<Step> {
        let content = answer.content.map(|text| self.readable(&text));
        if answer.calls.is_empty() {
            let Some(text) = content else {
                return Some(Step::Failed("The language model answered nothing.".to_owned()));
            };
            let said = Message::Assistant { content: Some(text.clone()), tool_calls: vec![] };
            self.messages.push(said);
            return Some(Step::Say(text));
        }
        let left = self.limits.calls.saturating_sub(self.calls);
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        if answer.calls.len() > left {
            // The calls within the limit are carried out, then the loop ends.
            self.stopped = Some(Why::Calls);
        }
        let mut tool_calls = Vec::new();
        let mut faults = Vec::new();
        for (name, sent) in answer.calls.into_iter().take(left) {
            self.calls = self.calls.saturating_add(1);
            self.calls_ever = self.calls_ever.saturating_add(1);
            // Nine letters and digits: every endpoint accepts that as an id.
            let id = format!("call{:05}", self.calls_ever);
            let (kept, call) = self.judge(&name, &sent, offered);
            let kind = Function::Function;
            tool_calls.push(ToolCall { id: id.clone(), kind, function: kept });
            match call {
                Ok((tool, arguments)) => self.open.push((id, tool, arguments)),
                Err(fault) => faults.push((id, fault)),
            }
        }
        if content.is_some() || !tool_calls.is_empty() {
            self.messages.push(Message::Assistant { content, tool_calls });
        }
        for (id, fault) in faults {
            self.push_result(&id, format!("error: {fault}"));
        }
        None
    }

    /// A call in its stored form, and for the caller.
    fn judge(
        &self,
        name: &str,
        sent: &Value,
        offered: &Offered<'_>,
    ) -> (Called, Result<(String, Value), &'static str>) {
        let read = wire::arguments(sent, self.limits.message_bytes);
        // Endpoints parse their own calls again, and some cannot parse what they sent.
        let arguments = read.as_ref().map_or_else(|_| "{}".to_owned(), Value::to_string);
        let Some(tool) = offered.by_wire_name(name) else {
            let called = Called { name: "unknown".to_owned(), arguments };
            return (called, Err("there is no such tool; use one of those that are offered"));
        };
        let called = Called { name: name.to_owned(), arguments };
        let call = read.map(|arguments| (tool.name.clone(), arguments));
        (called, call.map_err(|_| "the arguments are not one JSON object; send the call again"))
    }

    fn close_open_calls(&mut self, outcome: &str) {
        for (id, _, _) in std::mem::take(&mut self.open) {
            self.push_result(&id, outcome.to_owned());
        }
    }

    fn push_result(&mut self, call_id: &str, content: String) {
        self.messages.push(Message::Tool { tool_call_id: call_id.to_owned(), content });
    }

    fn forget(&mut self) {
        memory::forget(&mut self.messages, self.limits.conversation_bytes);
    }

    /// The model's text, bounded and without invisible characters.
    fn readable(&self, text: &str) -> String {
        let clean: String = text.trim().chars().filter(|c| is_seen(*c)).collect();
        cut(&clean, self.limits.message_bytes).to_owned()
    }
}

struct Told {
    value: Answer,
    tokens: u32,
}

/// One request. The error is for the user: it contains neither key nor body.
async fn ask(
    http: &impl Http,
    settings: &Settings,
    body: &str,
    seconds_left: i64,
) -> Result<Told, String> {
    let millis = u32::try_from(seconds_left.saturating_mul(1_000)).unwrap_or(u32::MAX);
    let request = HttpRequest {
        body: Some(body.to_owned()),
        url: format!("{}/chat/completions", settings.base_url),
        headers: vec![("authorization".to_owned(), format!("Bearer {}", settings.api_key.0))],
        timeout_millis: millis.min(ANSWER_MILLIS_MAX),
        response_bytes_max: RESPONSE_BYTES_MAX,
    };
    let answer = http.send(request).await.map_err(|error| match error {
        HttpError::Timeout => "The language model did not answer in time.",
        HttpError::Connection(_) => "The language model cannot be reached.",
        HttpError::Redirected { .. } => "The language model has moved (OPENAI_BASE_URL).",
        HttpError::TooLong => "The language model's answer is too long.",
    })?;
    told(&answer, settings, body.len()).map_err(str::to_owned)
}

fn told(answer: &HttpResponse, settings: &Settings, sent: usize) -> Result<Told, &'static str> {
    match answer.status {
        200..=299 => {}
        401 | 403 => return Err("The language model's endpoint refuses our key (OPENAI_API_KEY)."),
        404 => return Err("There is no such language model (OPENAI_BASE_URL, OPENAI_MODEL)."),
        429 => return Err("The language model is busy, or its quota is used up. Try again later."),
        400..=499 => return Err("The language model's endpoint does not accept our request."),
        _ => return Err("The language model has trouble. Try again later."),
    }
    // An endpoint that repeats our headers must not make us store the key.
    let text = answer.body.replace(&settings.api_key.0, "(hidden)");
    let value = wire::answer(&text).ok_or("The language model's answer cannot be read.")?;
    let guess = estimate(sent.saturating_add(answer.body.len()));
    let tokens = value.tokens.unwrap_or(guess);
    Ok(Told { value, tokens })
}

/// An estimate of the tokens in a number of bytes.
fn estimate(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(BYTES_PER_TOKEN)).unwrap_or(u32::MAX)
}
