//! The client against servers of both eras and of no good will, each as a script.

mod asking;
mod hostile;
mod modern;
mod old;
mod own;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use events_concierge::base::http::Headers;
use events_concierge::base::id::ScopeId;
use events_concierge::mcp::client::{
    Client, ClientError, Connection, Person, Question, Rules, Said, ServerTool,
};
use events_concierge::mcp::eras::Era;
use events_concierge::ports::{HttpError, Servers, Timer, Web, WebMethod, WebRequest, WebResponse};
use serde_json::{Value, json};

use crate::support::{block_on, yield_once};

pub(super) const URL: &str = "https://mcp.example.com/mcp";

/// Turns after which everybody waits.
const IDLE_TURNS: u32 = 20;

pub(super) type Answer = Result<WebResponse, HttpError>;

/// A request as the server sees it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) request: WebRequest,
    pub(super) headers: Headers,
    pub(super) body: Value,
    /// How many came before it.
    pub(super) before: usize,
}

impl Seen {
    pub(super) fn method(&self) -> &str {
        self.body["method"].as_str().unwrap_or_default()
    }
}

/// A person who answers questions.
type Answers = dyn Fn(&Question) -> Said;

/// A server, and what it has seen. Waiting takes no time, unless it answers late: then a clock is moved on to
/// whatever is due first.
pub(super) struct Script {
    does: Box<dyn Fn(&Seen) -> Answer>,
    pub(super) seen: RefCell<Vec<Seen>>,
    pub(super) slept: RefCell<Vec<u32>>,
    /// How late each answer comes, milliseconds.
    late: u32,
    /// Who is asked, if anybody is there.
    person: Option<Box<Answers>>,
    /// How long they think, milliseconds.
    thinks: u32,
    time: Cell<u32>,
    /// When something is due, in order.
    due: RefCell<BTreeSet<u32>>,
}

impl Script {
    pub(super) fn new(does: impl Fn(&Seen) -> Answer + 'static) -> Self {
        Self {
            does: Box::new(does),
            seen: RefCell::default(),
            slept: RefCell::default(),
            late: 0,
            person: None,
            thinks: 0,
            time: Cell::new(0),
            due: RefCell::default(),
        }
    }

    /// The same, with every answer so many milliseconds late.
    pub(super) fn late(self, millis: u32) -> Self {
        Self { late: millis, ..self }
    }

    /// The same, with a person who answers questions after so many milliseconds.
    pub(super) fn with_person(
        self,
        thinks: u32,
        person: impl Fn(&Question) -> Said + 'static,
    ) -> Self {
        Self { person: Some(Box::new(person)), thinks, ..self }
    }

    /// What its clock shows, milliseconds.
    pub(super) fn time(&self) -> u32 {
        self.time.get()
    }

    /// Goes on so much later. When everybody waits, the clock moves on to the first who is due.
    async fn pass(&self, millis: u32) {
        let end = self.time.get() + millis;
        let _due = Due::new(&self.due, end);
        let mut idle = 0;
        while self.time.get() < end {
            yield_once().await;
            // The earliest timer moves the clock once no other task can run now.
            idle = if self.due.borrow().first() == Some(&end) { idle + 1 } else { 0 };
            if idle > IDLE_TURNS {
                self.time.set(end);
            }
        }
    }

    /// The methods that were called, in order.
    pub(super) fn methods(&self) -> Vec<String> {
        let name = |seen: &Seen| match seen.request.method {
            WebMethod::Post => seen.method().to_owned(),
            WebMethod::Get | WebMethod::Delete => format!("{:?}", seen.request.method),
        };
        self.seen.borrow().iter().map(name).collect()
    }

    pub(super) fn last(&self) -> Seen {
        self.seen.borrow().last().unwrap().clone()
    }
}

/// Something that is due, until it is dropped.
struct Due<'a> {
    all: &'a RefCell<BTreeSet<u32>>,
    end: u32,
}

impl<'a> Due<'a> {
    fn new(all: &'a RefCell<BTreeSet<u32>>, end: u32) -> Self {
        all.borrow_mut().insert(end);
        Self { all, end }
    }
}

impl Drop for Due<'_> {
    fn drop(&mut self) {
        self.all.borrow_mut().remove(&self.end);
    }
}

impl Web for Script {
    async fn exchange(&self, request: WebRequest) -> Answer {
        let body = request.body.as_deref().map(|body| serde_json::from_str(body).unwrap());
        let seen = Seen {
            headers: Headers::new(request.headers.clone()),
            body: body.unwrap_or_default(),
            before: self.seen.borrow().len(),
            request,
        };
        if let Some(id) = seen.request.until_answer_to
            && seen.request.method == WebMethod::Post
        {
            assert_eq!(seen.body["id"], json!(id));
        }
        assert!(seen.before < 200, "too many requests");
        self.seen.borrow_mut().push(seen.clone());
        if self.late > 0 {
            self.pass(self.late).await;
        }
        let answer = (self.does)(&seen);
        let asks = answer.as_ref().ok().and_then(|answer| answer.headers.get("x-asks"));
        if let (Some(inbox), Some(asks)) = (&seen.request.inbox, asks) {
            inbox.open();
            inbox.put(asks.to_owned());
        }
        if answer.as_ref().is_ok_and(|answer| answer.headers.get("x-after-reply").is_some()) {
            // The stream is open until the server has heard what it wants to know.
            while !self.seen.borrow().iter().any(|seen| seen.body["id"] == "q1") {
                yield_once().await;
            }
        }
        answer
    }
}

impl Person for Script {
    fn is_there(&self) -> bool {
        self.person.is_some()
    }

    async fn ask(&self, question: Question) -> Said {
        self.pass(self.thinks).await;
        (self.person.as_ref().unwrap())(&question)
    }
}

impl Servers for Script {
    async fn send_to_server(&self, server: &ScopeId, _request: WebRequest) -> Answer {
        panic!("{server} is not a server of ours")
    }
}

impl Timer for Script {
    async fn sleep(&self, millis: u32) {
        if self.late > 0 {
            return self.pass(millis).await;
        }
        self.slept.borrow_mut().push(millis);
    }
}

pub(super) fn rules() -> Rules {
    Rules { public_url: "https://events.example".to_owned(), is_local: false }
}

pub(super) fn connect(
    script: &Script,
    known: Option<Era>,
) -> Result<(Connection, Vec<ServerTool>), ClientError> {
    block_on(Client::new(script, &rules()).connect(URL, known))
}

pub(super) fn call(script: &Script, connection: &mut Connection) -> Result<Value, ClientError> {
    let payment = json!({"x402Version": 2});
    let arguments = json!({"city": "Köln"});
    block_on(Client::new(script, &rules()).call_tool(connection, "t", &arguments, Some(&payment)))
}

/// An answer of HTTP with a body of some type.
pub(super) fn http(status: u16, pairs: &[(&str, &str)], body: &str) -> Answer {
    let headers = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let headers = Headers::new(headers.collect());
    Ok(WebResponse { status, headers, body: body.to_owned() })
}

pub(super) fn json_http(status: u16, body: &Value) -> Answer {
    http(status, &[("Content-Type", "application/json")], &body.to_string())
}

pub(super) fn result(seen: &Seen, result: &Value) -> Answer {
    json_http(200, &json!({"jsonrpc": "2.0", "id": seen.body["id"], "result": result}))
}

pub(super) fn error(seen: &Seen, status: u16, code: i32, data: Value) -> Answer {
    let error = json!({"code": code, "message": "no", "data": data});
    json_http(status, &json!({"jsonrpc": "2.0", "id": seen.body["id"], "error": error}))
}

pub(super) fn tool() -> Value {
    json!({"name": "t", "description": "A tool.", "inputSchema": {"type": "object"}})
}

/// What a good modern server answers to everything.
pub(super) fn modern(seen: &Seen) -> Answer {
    let answer = match seen.method() {
        "server/discover" => json!({"supportedVersions": ["2026-07-28"], "capabilities": {},
            "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "modern", "version": "1"}}}),
        "tools/list" => json!({"tools": [tool()]}),
        "tools/call" => json!({"content": [{"type": "text", "text": "ok"}]}),
        _ => return error(seen, 404, -32_601, Value::Null),
    };
    let mut answer = answer;
    answer["resultType"] = json!("complete");
    result(seen, &answer)
}

/// What a good legacy server without sessions answers to everything.
pub(super) fn legacy(seen: &Seen) -> Answer {
    let answer = match seen.method() {
        "initialize" => json!({"protocolVersion": seen.body["params"]["protocolVersion"],
            "capabilities": {}, "serverInfo": {"name": "old", "title": "Old one", "version": "1"}}),
        "tools/list" => json!({"tools": [tool()]}),
        "tools/call" => json!({"content": [{"type": "text", "text": "ok"}]}),
        "notifications/initialized" => return http(202, &[], ""),
        _ => return error(seen, 200, -32_601, Value::Null),
    };
    result(seen, &answer)
}
