//! A deployment with guest sessions, in memory. Messages of sockets and servers are real, and so are the budgets; the
//! chain is not. Servers and sockets can be away, lie, and forget.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use events_concierge::base::http::Headers;
use events_concierge::base::id::ScopeId;
use events_concierge::base::signing_key::SigningKey;
use events_concierge::base::time::UnixSeconds;
use events_concierge::config::Config;
use events_concierge::host::command::Action;
use events_concierge::http::route::AtHost;
use events_concierge::identity::UserId;
use events_concierge::ports::{
    Alarm, Clock, Directory, Http, HttpError, HttpRequest, HttpResponse, Level, Log, Random,
    RelayerOrder, Relayers, Row, Servers, SignError, SignOuts, SignOutsError, Signer, Sockets, Sql,
    SqlError, SqlValue, Timer, Web, WebRequest, WebResponse,
};
use events_concierge::tickets::ask::Purchases;
use events_concierge::tickets::views::Tickets;
use events_concierge::wallets::budget::{self, Ask, Told};
use events_concierge::wallets::budget::{BudgetError, Budgets};
use serde_json::{Value, json};

use crate::support::{Server, World, yield_once};

/// How a server handles a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It answers.
    Well,
    /// It is away.
    Away,
    /// It carries out the call, and the answer to a paid call is lost.
    Loses,
    /// It does not answer in time.
    Silent,
    /// The server, or a proxy, answers with this status only.
    Says(u16),
    /// Its answer is not MCP.
    Babbles,
    /// It answers with a JSON-RPC error.
    Errs,
    /// Its tool refuses.
    Refuses,
    /// Its tool asks for another payment.
    AsksAgain,
}

/// The deployment that all sessions share.
pub(crate) struct Deployment {
    pub(crate) server: Server,
    pub(crate) other: Server,
    pub(crate) mood: Cell<Mood>,
    pub(crate) other_mood: Cell<Mood>,
    budgets: RefCell<BTreeMap<String, World>>,
    pub(crate) budgets_are_down: Cell<bool>,
    pub(crate) budgets_hang: Cell<bool>,
    pub(crate) signed_out_at: Cell<Option<i64>>,
    /// Requests to the server with a payment in them.
    pub(crate) paid: Cell<usize>,
    /// Those to the other server.
    pub(crate) paid_elsewhere: Cell<usize>,
    /// The nonces of all payments that were sent.
    pub(crate) nonces: RefCell<BTreeSet<String>>,
    /// Requests to the server other than tool calls: they open a connection.
    pub(crate) hellos: Cell<usize>,
    /// The ids of tool calls.
    pub(crate) ids: RefCell<Vec<u64>>,
    /// The MCP session that the legacy server accepts.
    pub(crate) legacy_session: Cell<u32>,
    /// Whether the wallet is removed from unpaid requests, as with servers that do not ask for it.
    pub(crate) forgets_wallets: Cell<bool>,
    /// The answer of the external server to calls without a person's answers.
    pub(crate) asks: RefCell<Value>,
    /// What users have bought at all hosts, by their ids.
    pub(crate) everything: RefCell<BTreeMap<String, Tickets>>,
    /// Whether that cannot be read.
    pub(crate) list_is_down: Cell<bool>,
    /// Requests to the external server.
    pub(crate) elsewhere: RefCell<Vec<Value>>,
}

/// The world of one session.
#[derive(Clone)]
pub(crate) struct Room {
    pub(crate) deployment: Rc<Deployment>,
    pub(crate) own: World,
    pub(crate) alarm: Rc<Cell<Option<i64>>>,
    pub(crate) told: Rc<RefCell<Vec<Value>>>,
    pub(crate) dismissed: Rc<Cell<Option<i64>>>,
    pub(crate) is_client_there: Rc<Cell<bool>>,
    pub(crate) storage_fails: Rc<Cell<bool>>,
    pub(crate) storage_is_full: Rc<Cell<bool>>,
    pub(crate) noted: Rc<Cell<bool>>,
    pub(crate) lines: Rc<RefCell<Vec<String>>>,
}

impl Room {
    pub(crate) fn new(deployment: &Rc<Deployment>) -> Self {
        let memory = Rc::clone(&deployment.server.world.memory);
        let own = World { memory, ..World::new() };
        Self {
            deployment: Rc::clone(deployment),
            own,
            alarm: Rc::default(),
            told: Rc::default(),
            dismissed: Rc::default(),
            is_client_there: Rc::new(Cell::new(true)),
            storage_fails: Rc::default(),
            storage_is_full: Rc::default(),
            noted: Rc::default(),
            lines: Rc::default(),
        }
    }

    /// Checks that the alarm is set for due purchases, wherever the instance may end.
    fn may_end_here(&self) {
        if self.storage_fails.get() {
            return;
        }
        let statement = "SELECT 1 FROM sqlite_master WHERE name = 'purchases'";
        if self.own.run(statement, &[]).unwrap().is_empty() {
            return;
        }
        let statement = "SELECT min(next_check_at) FROM (SELECT next_check_at FROM purchases \
             UNION ALL SELECT next_check_at FROM withdrawals)";
        let rows = self.own.run(statement, &[]).unwrap();
        if let SqlValue::Int(due) = rows[0][0] {
            let (alarm, latest) = (self.alarm.get(), due.max(self.own.now().get() + 60));
            assert!(alarm.is_some_and(|alarm| alarm <= latest), "due {due}, alarm {alarm:?}");
        }
    }
}

impl Clock for Room {
    fn now(&self) -> UnixSeconds {
        self.own.now()
    }
}

impl Random for Room {
    fn fill(&self, buffer: &mut [u8]) {
        self.own.fill(buffer);
    }
}

impl Log for Room {
    fn line(&self, _level: Level, message: &str, fields: &[(&str, &str)]) {
        self.lines.borrow_mut().push(format!("{message} {fields:?}"));
    }
}

impl Alarm for Room {
    fn wake_at(&self, at: UnixSeconds) {
        let at = self.alarm.get().map_or(at.get(), |set| set.min(at.get()));
        self.alarm.set(Some(at));
    }
}

impl Directory for Room {
    fn note_open(&self) {
        self.noted.set(true);
    }
}

impl Sql for Room {
    fn run(&self, statement: &str, parameters: &[SqlValue]) -> Result<Vec<Row>, SqlError> {
        let is_full = self.storage_is_full.get() && statement.starts_with("UPDATE");
        if self.storage_fails.get() || is_full {
            return Err(SqlError("disk I/O error".to_owned()));
        }
        self.own.run(statement, parameters)
    }

    fn atomically<T, E: From<SqlError>>(
        &self,
        block: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        self.own.atomically(block)
    }

    fn writes(&self) -> u64 {
        self.own.writes()
    }
}

impl Timer for Room {
    async fn sleep(&self, millis: u32) {
        self.own.sleep(millis).await;
    }
}

impl Web for Room {
    /// A legacy server in front of the server. It issues MCP sessions and answers 400 to unknown ones.
    async fn exchange(&self, request: WebRequest) -> Result<WebResponse, HttpError> {
        let _leaves = self.own.memory.leaves();
        if request.url.starts_with("https://away-") {
            yield_once().await;
            return Err(HttpError::Connection("refused".to_owned()));
        }
        let Some(body) = request.body.as_deref() else {
            // It has no streams.
            let headers = json_headers(&[]);
            return Ok(WebResponse { status: 405, headers, body: String::new() });
        };
        let body: Value = serde_json::from_str(body).unwrap();
        if request.url != LEGACY_URL {
            yield_once().await;
            self.deployment.elsewhere.borrow_mut().push(body.clone());
            let is_asked = body["params"].get("inputResponses").is_some();
            let result = match body["method"].as_str().unwrap() {
                "server/discover" => json!({"supportedVersions": ["2026-07-28"]}),
                "tools/list" => {
                    json!({"tools": [{"name": "look", "inputSchema": {"type": "object"}}]})
                }
                _ if is_asked => json!({"structuredContent": {"message": "done"}}),
                _ => self.deployment.asks.borrow().clone(),
            };
            let body = json!({"jsonrpc": "2.0", "id": body["id"], "result": result}).to_string();
            return Ok(WebResponse { status: 200, headers: json_headers(&[]), body });
        }
        let method = body["method"].as_str().unwrap().to_owned();
        let session = self.deployment.legacy_session.get().to_string();
        let named = request.headers.iter().find(|(name, _)| name == "mcp-session-id");
        if method != "initialize" && named.is_none_or(|(_, named)| *named != session) {
            let error = json!({"code": -32_000, "message": "Bad Request: No valid session ID"});
            let body = json!({"jsonrpc": "2.0", "id": body["id"], "error": error}).to_string();
            return Ok(WebResponse { status: 400, headers: json_headers(&[]), body });
        }
        let response = self.send_to_server(&self.deployment.server.scope, request).await?;
        let headers = json_headers(&[("mcp-session-id", &session)]);
        Ok(if method == "initialize" { WebResponse { headers, ..response } } else { response })
    }
}

impl Http for Room {
    /// The server's chain, on which every wallet has money and none is deployed yet.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.may_end_here();
        yield_once().await;
        if self.deployment.server.world.memory.chain.is_down.get() {
            return Err(HttpError::Connection("refused".to_owned()));
        }
        let body: Value = serde_json::from_str(request.body.as_deref().unwrap()).unwrap();
        let is_balance = body["params"].to_string().contains("0x70a08231");
        let result = match body["method"].as_str().unwrap_or_default() {
            "eth_getCode" => json!("0x"),
            "eth_call" if is_balance => json!(format!("0x{:064x}", 1_000_000_000)),
            _ => return self.deployment.server.world.send(request).await,
        };
        let _leaves = self.deployment.server.world.memory.leaves();
        let answer = json!({"jsonrpc": "2.0", "id": body["id"], "result": result});
        Ok(HttpResponse { status: 200, body: answer.to_string() })
    }
}

impl Relayers for Room {
    async fn settle(
        &self,
        network: &'static str,
        order: RelayerOrder,
    ) -> Result<HttpResponse, HttpError> {
        self.may_end_here();
        Relayers::settle(&self.deployment.server.world, network, order).await
    }
}

impl Signer for Room {
    async fn sign(&self, key: &SigningKey, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.deployment.server.world.sign(key, message).await
    }
}

impl Servers for Room {
    async fn send_to_server(
        &self,
        scope: &ScopeId,
        request: WebRequest,
    ) -> Result<WebResponse, HttpError> {
        self.may_end_here();
        drop(self.own.memory.leaves());
        yield_once().await;
        let deployment = &self.deployment;
        let is_first = *scope == deployment.server.scope;
        let (server, mood, paid) = match is_first {
            true => (&deployment.server, deployment.mood.get(), &deployment.paid),
            false => (&deployment.other, deployment.other_mood.get(), &deployment.paid_elsewhere),
        };
        assert_eq!(*scope, server.scope);
        let mut body: Value = serde_json::from_str(&request.body.unwrap()).unwrap();
        if body["method"] == "tools/call" {
            deployment.ids.borrow_mut().push(body["id"].as_u64().unwrap());
        } else if is_first {
            deployment.hellos.set(deployment.hellos.get() + 1);
        }
        let payment = &body["params"]["_meta"]["x402/payment"];
        let is_paid = !payment.is_null();
        let is_nameless = deployment.forgets_wallets.get() && !is_paid;
        if let Some(nonce) = payment["payload"]["authorization"]["nonce"].as_str() {
            paid.set(paid.get() + 1);
            deployment.nonces.borrow_mut().insert(nonce.to_owned());
        }
        if let Some(answer) = answer_in(mood, &body) {
            return answer;
        }
        if is_nameless && let Some(arguments) = body["params"]["arguments"].as_object_mut() {
            arguments.remove("walletAddress");
        }
        let headers: Vec<_> =
            request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let asked = server.request(Action::AtHost(AtHost::Mcp), false, &headers, &body);
        let reply = server.handle(asked).await;
        if mood == Mood::Loses && is_paid {
            return Err(HttpError::Connection("cut".to_owned()));
        }
        let headers = reply.headers.into_iter().map(|(name, value)| (name.to_owned(), value));
        let headers = Headers::new(headers.collect());
        Ok(WebResponse { status: reply.status, headers, body: reply.body })
    }
}

/// The answer of a server in this mood, unless it is its own.
fn answer_in(mood: Mood, asked: &Value) -> Option<Result<WebResponse, HttpError>> {
    let is_call = asked["method"] == "tools/call";
    let said =
        |status, body: String| Some(Ok(WebResponse { status, headers: json_headers(&[]), body }));
    let result = |result: Value| {
        let body = json!({"jsonrpc": "2.0", "id": asked["id"], "result": result}).to_string();
        if is_call { said(200, body) } else { None }
    };
    match mood {
        Mood::Well | Mood::Loses => None,
        Mood::Away => Some(Err(HttpError::Connection("refused".to_owned()))),
        Mood::Silent => Some(Err(HttpError::Timeout)),
        Mood::Says(status) => said(status, "<html>".to_owned()),
        Mood::Babbles => said(200, "<html>".to_owned()),
        Mood::Errs => {
            let error = json!({"code": -32_603, "message": "internal"});
            said(200, json!({"jsonrpc": "2.0", "id": asked["id"], "error": error}).to_string())
        }
        Mood::Refuses => result(json!({"resultType": "complete", "isError": true,
            "content": [{"type": "text", "text": "sold out, sorry"}]})),
        Mood::AsksAgain => {
            result(json!({"resultType": "complete", "isError": true, "structuredContent": {
            "x402Version": 2, "error": "pay again", "accepts": [{"scheme": "exact"}]}}))
        }
    }
}

fn json_headers(more: &[(&str, &str)]) -> Headers {
    let all = [("content-type", "application/json")];
    let all = all.iter().chain(more);
    Headers::new(all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

impl SignOuts for Room {
    async fn signed_out_at(&self, _scope: &ScopeId) -> Result<Option<UnixSeconds>, SignOutsError> {
        Ok(self.deployment.signed_out_at.get().map(UnixSeconds::new))
    }
}

impl Purchases for Room {
    async fn bought_by_user(&self, _: &Config, user: &UserId) -> Result<Tickets, String> {
        yield_once().await;
        if self.deployment.list_is_down.get() {
            return Err("KV is down".to_owned());
        }
        let told = self.deployment.everything.borrow();
        Ok(told.get(user.as_str()).cloned().unwrap_or_else(|| Tickets {
            tickets: Vec::new(),
            unavailable: Vec::new(),
            wallets: Vec::new(),
            wallets_unavailable: Vec::new(),
            next_cursor: None,
        }))
    }
}

impl Budgets for Room {
    async fn ask_budget(&self, owner: &str, ask: &Ask) -> Result<Told, BudgetError> {
        self.may_end_here();
        yield_once().await;
        if self.deployment.budgets_hang.get() {
            std::future::pending::<()>().await;
        }
        if self.deployment.budgets_are_down.get() {
            return Err(BudgetError("down".to_owned()));
        }
        let mut budgets = self.deployment.budgets.borrow_mut();
        let memory = Rc::clone(&self.own.memory);
        let budget = budgets.entry(owner.to_owned());
        let budget = budget.or_insert_with(|| World { memory, ..World::new() });
        // As it goes from object to object.
        let ask: Ask = serde_json::from_str(&serde_json::to_string(ask).unwrap()).unwrap();
        let told = budget::answer(budget, &ask).unwrap();
        Ok(serde_json::from_str(&serde_json::to_string(&told).unwrap()).unwrap())
    }
}

impl Sockets for Room {
    fn dismiss(&self, signed_out_at: UnixSeconds) {
        self.dismissed.set(Some(signed_out_at.get()));
    }

    fn tell_all(&self, text: &str) -> bool {
        if self.is_client_there.get() {
            self.told.borrow_mut().push(serde_json::from_str(text).unwrap());
        }
        self.is_client_there.get()
    }

    fn is_watched(&self) -> bool {
        false
    }

    fn tell_watching(&self, _text: &str) {}
}

/// Where the old server is.
pub(crate) const ELSEWHERE_URL: &str = "http://127.0.0.1:3001/mcp";
pub(crate) const LEGACY_URL: &str = "http://127.0.0.1:3000/mcp";

pub(crate) fn deployment() -> Rc<Deployment> {
    let server = Server::open();
    let other = server.beside();
    Rc::new(Deployment {
        server,
        other,
        mood: Cell::new(Mood::Well),
        other_mood: Cell::new(Mood::Well),
        budgets: RefCell::default(),
        budgets_are_down: Cell::new(false),
        budgets_hang: Cell::new(false),
        signed_out_at: Cell::new(None),
        paid: Cell::new(0),
        paid_elsewhere: Cell::new(0),
        nonces: RefCell::default(),
        hellos: Cell::new(0),
        ids: RefCell::default(),
        legacy_session: Cell::new(1),
        forgets_wallets: Cell::new(false),
        asks: RefCell::new(json!({})),
        everything: RefCell::default(),
        list_is_down: Cell::new(false),
        elsewhere: RefCell::default(),
    })
}

impl Deployment {
    pub(crate) fn now(&self) -> i64 {
        self.server.world.memory.now.get()
    }

    pub(crate) fn set_now(&self, now: i64) {
        self.server.world.memory.now.set(now);
    }

    /// How often money has moved.
    pub(crate) fn transfers(&self) -> usize {
        self.server.world.memory.settled.borrow().len()
    }
}
