//! What servers ask while they carry out a call: shown in the chat, and answered by what is typed there.
//!
//! Questions wait in memory, for as long as their call does. What is typed while one waits is its answer and nothing
//! else, and so never a yes to a payment.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Poll, Waker};

use serde_json::{Map, Value};

use crate::base::text;
use crate::base::web_address::Url;
use crate::guest::messages::Out;
use crate::mcp::client::{Field, QUESTION_MILLIS, Question, Said, yes_or_no};
use crate::ports::{Sockets, Timer, within};

/// Questions that wait at a time; more are cancelled.
const WAITING_MAX: usize = 5;
const SERVER_CHARS_MAX: usize = 100;
const DEFAULT_CHARS_MAX: usize = 100;

/// The questions of a session, the oldest first; that one is shown.
#[derive(Default)]
pub(super) struct Questions {
    waiting: RefCell<VecDeque<Waiting>>,
    last_id: Cell<u64>,
    /// Whether a question has ended without an answer, and nothing was typed since.
    is_late: Cell<bool>,
}

struct Waiting {
    id: u64,
    form: Form,
    is_shown: bool,
    said: Option<Said>,
    waker: Option<Waker>,
}

/// A question while it is answered, field by field.
struct Form {
    question: Question,
    at: usize,
    content: Map<String, Value>,
}

/// What typed words come to.
enum Heard {
    /// The form is not complete; this is said.
    More(String),
    /// The question is answered.
    Said(Said),
}

/// A question that is open, until this is dropped.
struct Open<'a> {
    questions: &'a Questions,
    id: u64,
}

impl Questions {
    /// Asks the person over the sockets, and waits for the answer.
    pub(super) async fn ask(&self, world: &(impl Sockets + Timer), question: Question) -> Said {
        if self.waiting.borrow().len() >= WAITING_MAX {
            return Said::Cancel;
        }
        let server = shown_server(&question);
        let open = self.begin(question);
        let say = |text: String| {
            // Text can always be written.
            let message = serde_json::to_string(&Out::chat(text)).unwrap_or_default();
            world.tell_all(&message)
        };
        if let Some(said) = within(world, QUESTION_MILLIS, open.said(&say)).await {
            return said;
        }
        let minutes = QUESTION_MILLIS / 60_000;
        say(format!("{server} got no answer within {minutes} minutes; its question is cancelled."));
        Said::Cancel
    }

    /// Gives what was typed to the question that waits; what is said to that. `None` if none waits.
    pub(super) fn hear(&self, typed: &str) -> Option<String> {
        let mut waiting = self.waiting.borrow_mut();
        let first = waiting.front_mut().filter(|first| first.said.is_none() && first.is_shown)?;
        let said = match first.form.hear(typed) {
            Heard::More(text) => return Some(text),
            Heard::Said(said) => said,
        };
        let server = shown_server(&first.form.question);
        let text = match &said {
            Said::Accept(_) => format!("Your answer goes to {server}."),
            Said::Decline => format!("{server} is told that you decline."),
            Said::Cancel => format!("{server} is told that you cancel."),
        };
        first.said = Some(said);
        let waker = first.waker.take();
        drop(waiting);
        if let Some(waker) = waker {
            waker.wake();
        }
        Some(text)
    }

    /// The question that waits, for a socket that has just come.
    pub(super) fn shown(&self) -> Option<String> {
        let waiting = self.waiting.borrow();
        let first = waiting.front().filter(|first| first.said.is_none() && first.is_shown)?;
        Some(first.form.prompt())
    }

    /// Whether a question has ended without an answer since something was typed last.
    pub(super) fn take_late(&self) -> bool {
        self.is_late.replace(false)
    }

    fn begin(&self, question: Question) -> Open<'_> {
        let id = self.last_id.get().wrapping_add(1);
        self.last_id.set(id);
        let form = Form { question, at: 0, content: Map::new() };
        let waiting = Waiting { id, form, is_shown: false, said: None, waker: None };
        self.waiting.borrow_mut().push_back(waiting);
        Open { questions: self, id }
    }
}

impl Open<'_> {
    /// Shows the question when it is its turn, and waits for the answer. Without a socket it is cancelled.
    async fn said(&self, say: &impl Fn(String) -> bool) -> Said {
        poll_fn(|cx| {
            let mut waiting = self.questions.waiting.borrow_mut();
            let Some(first) = waiting.front_mut().filter(|first| first.id == self.id) else {
                let own = waiting.iter_mut().find(|one| one.id == self.id);
                own.into_iter().for_each(|own| own.waker = Some(cx.waker().clone()));
                return Poll::Pending;
            };
            if let Some(said) = first.said.take() {
                return Poll::Ready(said);
            }
            first.waker = Some(cx.waker().clone());
            if !first.is_shown {
                first.is_shown = true;
                if !say(first.form.prompt()) {
                    first.is_shown = false;
                    return Poll::Ready(Said::Cancel);
                }
            }
            Poll::Pending
        })
        .await
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let mut waiting = self.questions.waiting.borrow_mut();
        let ended = waiting.iter().position(|one| one.id == self.id);
        let ended = ended.and_then(|place| waiting.remove(place));
        // The next one is shown.
        let next = waiting.front_mut().and_then(|next| next.waker.take());
        drop(waiting);
        // An answer is taken out of it when it is given.
        let is_answered = ended.is_none_or(|one| !one.is_shown || one.form.is_answered());
        if !is_answered {
            self.questions.is_late.set(true);
        }
        if let Some(next) = next {
            next.wake();
        }
    }
}

impl Form {
    /// Whether the last field was answered.
    fn is_answered(&self) -> bool {
        self.at > self.question.fields.len()
    }

    /// What the person reads.
    fn prompt(&self) -> String {
        let Question { message, fields, .. } = &self.question;
        let server = shown_server(&self.question);
        let end = "\"decline\" refuses, \"cancel\" ends this. Never type a password, a key or a card number.";
        let Some(field) = fields.get(self.at) else {
            return format!("{server} asks: {message}\nType \"yes\" to agree; {end}");
        };
        let asks = if self.at == 0 {
            format!("{server} asks: {message}\n")
        } else {
            format!("{server} asks further. ")
        };
        let nth = if fields.len() > 1 {
            format!(" ({} of {})", self.at.saturating_add(1), fields.len())
        } else {
            String::new()
        };
        format!("{asks}{}{nth}\nType your answer; {}{end}", in_words(field), skipping(field))
    }

    fn hear(&mut self, typed: &str) -> Heard {
        let typed = typed.trim();
        let command = typed.to_ascii_lowercase();
        let field = self.question.fields.get(self.at);
        match (command.as_str(), field) {
            ("decline", _) => self.over(Said::Decline),
            ("cancel", _) => self.over(Said::Cancel),
            ("skip", Some(field)) if field.default.is_some() || !field.is_required => {
                let default = field.default.clone().map(|value| (field.name.clone(), value));
                self.content.extend(default);
                self.go_on()
            }
            (_, Some(field)) => match field.answer(unquoted(typed)) {
                Ok(value) => {
                    self.content.insert(field.name.clone(), value);
                    self.go_on()
                }
                Err(takes) => Heard::More(format!(
                    "This does not fit: {} takes {takes}. Type it again; {}\"decline\" refuses, \"cancel\" ends this.",
                    field.title,
                    skipping(field)
                )),
            },
            (_, None) => match yes_or_no(typed) {
                Some(true) => self.go_on(),
                Some(false) => self.over(Said::Decline),
                None => Heard::More(self.prompt()),
            },
        }
    }

    fn go_on(&mut self) -> Heard {
        self.at = self.at.saturating_add(1);
        if self.at < self.question.fields.len() {
            return Heard::More(self.prompt());
        }
        let content = std::mem::take(&mut self.content);
        self.over(Said::Accept(content))
    }

    fn over(&mut self, said: Said) -> Heard {
        self.at = self.question.fields.len().saturating_add(1);
        Heard::Said(said)
    }
}

fn in_words(field: &Field) -> String {
    let Field { title, description, is_required, default, kind, .. } = field;
    let about = if description.is_empty() { String::new() } else { format!(", {description}") };
    let default = default.as_ref().map(|value| {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("; default: {}", text::line(&shown, DEFAULT_CHARS_MAX))
    });
    let optional = if *is_required { "" } else { "; may be left out" };
    format!("{title}{about} ({}{}{optional})", kind.in_words(), default.unwrap_or_default())
}

/// What "skip" does, if it does anything.
fn skipping(field: &Field) -> &'static str {
    match (&field.default, field.is_required) {
        (Some(_), _) => "\"skip\" takes the default, ",
        (None, false) => "\"skip\" leaves it out, ",
        (None, true) => "",
    }
}

/// In quotation marks, a text is meant as it stands, also if it is one of our words.
fn unquoted(typed: &str) -> &str {
    let inner = typed.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(typed)
}

/// Whom the person deals with: the name of the host, which a server cannot choose freely.
fn shown_server(question: &Question) -> String {
    let url = Url::parse(&question.server);
    let host = url.as_ref().map_or("the server", Url::host_str);
    text::line(host, SERVER_CHARS_MAX)
}
