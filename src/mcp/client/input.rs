//! Questions of a server during a call. The newest version asks in a result (`input_required`), and the call is
//! repeated with the answers. Older versions send requests of their own while the call is open, in its stream or in a
//! separate one that the client keeps open.

use std::cell::Cell;
use std::future::Future;

use futures_util::future::{Either, join, select};
use serde_json::{Map, Value, json};

use crate::mcp::client::ask::{ANSWER_BYTES_MAX, ASK_MILLIS, Ask, CALL_MILLIS};
use crate::mcp::client::question::{Person, Question, Said};
use crate::mcp::client::{Client, ClientError, Connection, answer, headers};
use crate::mcp::eras::Era;
use crate::mcp::wire::{INVALID_PARAMS, METHOD_NOT_FOUND};
use crate::ports::{Inbox, Servers, Timer, Web, WebMethod, WebRequest, within};

/// Questions in one call.
pub const QUESTIONS_MAX: u32 = 3;
const ROUNDS_MAX: usize = 5;
/// How long the user may take for one question, milliseconds.
pub const QUESTION_MILLIS: u32 = 180_000;
/// The longest state that a server may have us keep between two rounds, bytes.
const STATE_BYTES_MAX: usize = 64 * 1024;
/// The pause before a round without a question, milliseconds.
const ROUND_PAUSE: u32 = 1_000;
/// How long the call waits for the separate stream to open, milliseconds.
const LISTEN_MILLIS: u32 = 1_000;
/// Requests of a server that are read in one call.
const REQUESTS_MAX: usize = 50;

/// A question that is open or has just been closed. It stops the timeout of the call.
#[derive(Default)]
struct Pause {
    is_open: Cell<bool>,
    was_open: Cell<bool>,
}

/// A request that the server sent.
struct FromServer {
    id: Value,
    method: String,
    params: Value,
}

impl<W: Web + Servers + Timer + Person> Client<'_, W> {
    /// Completes a call whose first result is `first`: asks the user the server's questions, and repeats the call
    /// with the answers and the same payment.
    ///
    /// # Errors
    ///
    /// [`ClientError::InputRequired`] if the server asks for something else, or too much.
    pub(super) async fn completed(
        &self,
        connection: &mut Connection,
        ask: &Ask<'_>,
        first: Map<String, Value>,
    ) -> Result<Map<String, Value>, ClientError> {
        let mut left = QUESTIONS_MAX;
        let mut result = first;
        for _ in 0..ROUNDS_MAX {
            match answer::complete(connection.era, result.clone()) {
                Err(ClientError::InputRequired) if ask.tool.is_some() && self.world.is_there() => {}
                other => return other,
            }
            let state = result.get("requestState").cloned();
            let is_state =
                |state: &Value| state.as_str().is_some_and(|it| it.len() <= STATE_BYTES_MAX);
            if state.as_ref().is_some_and(|state| !is_state(state)) {
                return Err(ClientError::InputRequired);
            }
            let mut again = ask.clone();
            match result.get("inputRequests").and_then(Value::as_object) {
                Some(wanted) => {
                    let answers = self.answers(connection, wanted, &mut left).await?;
                    again.params.insert("inputResponses".to_owned(), Value::Object(answers));
                }
                None if state.is_some() => self.world.sleep(ROUND_PAUSE).await,
                None => return Err(ClientError::InputRequired),
            }
            again.params.extend(state.map(|state| ("requestState".to_owned(), state)));
            result = self.ask(connection, &again).await?.result;
        }
        answer::complete(connection.era, result)
    }

    async fn answers(
        &self,
        connection: &Connection,
        wanted: &Map<String, Value>,
        left: &mut u32,
    ) -> Result<Map<String, Value>, ClientError> {
        let read = |(key, request): (&String, &Value)| {
            let is_question = request.get("method")? == "elicitation/create";
            let question = Question::read(&connection.url, request.get("params")?)?;
            is_question.then(|| (key.clone(), question))
        };
        // All questions are checked before the first one is asked.
        let questions: Option<Vec<_>> = wanted.iter().map(read).collect();
        let mut answers = Map::new();
        for (key, question) in questions.ok_or(ClientError::InputRequired)? {
            *left = left.checked_sub(1).ok_or(ClientError::InputRequired)?;
            answers.insert(key, self.world.ask(question).await.into_result());
        }
        Ok(answers)
    }

    /// Runs `work`, an open call, and answers the server's requests meanwhile. `None` after `millis`, not counting
    /// the time for questions.
    pub(super) async fn while_answering<T>(
        &self,
        connection: &Connection,
        inbox: &Inbox,
        millis: u32,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let pause = Pause::default();
        let limit = async {
            loop {
                pause.was_open.set(pause.is_open.get());
                self.world.sleep(millis).await;
                if !pause.is_open.get() && !pause.was_open.get() {
                    return;
                }
            }
        };
        let work = async {
            if keeps_stream(connection) {
                within(self.world, LISTEN_MILLIS, inbox.opened()).await;
            }
            work.await
        };
        let beside = join(self.serve(connection, inbox, &pause), self.listen(connection, inbox));
        let beside = select(Box::pin(limit), Box::pin(beside));
        match select(Box::pin(work), beside).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(_) => None,
        }
    }

    /// Keeps a stream open for the server's requests. A server without one is not asked for it.
    async fn listen(&self, connection: &Connection, inbox: &Inbox) {
        if keeps_stream(connection) {
            let request = WebRequest {
                method: WebMethod::Get,
                url: connection.url.clone(),
                headers: headers::stream_headers(connection, None),
                body: None,
                timeout_millis: call_millis(true),
                response_bytes_max: ANSWER_BYTES_MAX,
                until_answer_to: None,
                inbox: Some(inbox.clone()),
            };
            // The result is ignored: a missing stream, or its end, says nothing about the call.
            let _ = self.send(request).await;
            inbox.open();
        }
        std::future::pending::<()>().await;
    }

    /// Answers the server's requests, one at a time.
    async fn serve(&self, connection: &Connection, inbox: &Inbox, pause: &Pause) {
        let mut left = QUESTIONS_MAX;
        for _ in 0..REQUESTS_MAX {
            let Some(request) = read_request(&inbox.next().await) else { continue };
            let answer = match request.method.as_str() {
                "ping" => Ok(json!({})),
                "elicitation/create" => {
                    let question = Question::read(&connection.url, &request.params);
                    match (question, left.checked_sub(1)) {
                        (Some(question), Some(fewer)) => {
                            left = fewer;
                            pause.is_open.set(true);
                            pause.was_open.set(true);
                            let said = self.world.ask(question).await;
                            pause.is_open.set(false);
                            Ok(said.into_result())
                        }
                        (Some(_), None) => Ok(Said::Cancel.into_result()),
                        (None, _) => Err((INVALID_PARAMS, "this form cannot be shown to a person")),
                    }
                }
                _ => Err((METHOD_NOT_FOUND, "this client has no such method")),
            };
            self.reply(connection, &request.id, answer).await;
        }
        std::future::pending::<()>().await;
    }

    async fn reply(&self, connection: &Connection, id: &Value, answer: Result<Value, (i32, &str)>) {
        let body = match answer {
            Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
            Err((code, message)) => {
                json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
            }
        };
        let request = WebRequest {
            method: WebMethod::Post,
            url: connection.url.clone(),
            headers: headers::headers(connection, "", None),
            body: Some(body.to_string()),
            timeout_millis: ASK_MILLIS,
            response_bytes_max: 64 * 1024,
            until_answer_to: None,
            inbox: None,
        };
        // A server that does not get it keeps waiting, and the call times out.
        let _ = self.send(request).await;
    }
}

/// The timeout of a call, milliseconds; longer if questions may be asked meanwhile.
pub(super) const fn call_millis(with_questions: bool) -> u32 {
    let questions = if with_questions { QUESTIONS_MAX * QUESTION_MILLIS } else { 0 };
    CALL_MILLIS + questions
}

/// Whether the server may send requests in a separate stream.
fn keeps_stream(connection: &Connection) -> bool {
    connection.era == Era::Legacy && connection.session.is_some()
}

/// Parses a message of a server that requires an answer.
fn read_request(text: &str) -> Option<FromServer> {
    let mut message: Value = serde_json::from_str(text).ok()?;
    let id = message.get("id").filter(|id| id.is_string() || id.is_number())?.clone();
    let method = message.get("method")?.as_str()?.to_owned();
    Some(FromServer {
        id,
        method,
        params: message.get_mut("params").map(Value::take).unwrap_or_default(),
    })
}
