//! A world in memory: SQLite, a clock that only moves forward, a facilitator that does as told.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use alloy_primitives::{Address, B256, U256, hex};
use events_concierge::base::http::{Headers, Reply};
use events_concierge::base::id::{RequestId, ScopeId};
use events_concierge::base::signing_key::SigningKey as PlatformKey;
use events_concierge::base::time::UnixSeconds;
use events_concierge::chain::eip3009::{Authorization, digest};
use events_concierge::chain::networks::Network;
use events_concierge::config::Config;
use events_concierge::host::command::{Action, Command, SignedIn};
use events_concierge::host::{Host, Request};
use events_concierge::http::route::{AtHost, Own};
use events_concierge::http::source::Source;
use events_concierge::identity::{Session, UserId};
use events_concierge::ports::{
    Alarm, Clock, Delivery, Directory, Http, HttpError, HttpRequest, HttpResponse, Kv, KvError,
    Level, Log, PayeeClaim, PayeeError, Payees, Purpose, Random, RelayerOrder, Relayers, Row,
    SignError, Signer, Sql, SqlError, SqlValue, Timer, Web, WebRequest, WebResponse,
};
use k256::ecdsa::SigningKey;
use rusqlite::types::ValueRef;
use serde_json::{Value, json};

use crate::post_office::PostOffice;

/// 2026-11-21T12:00:00Z
pub(crate) const NOW: i64 = 1_795_262_400;
pub(crate) const PAY_TO: &str = "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc";
/// The wallet that Crossmint makes, and [`FACTORY`].
pub(crate) const PROVIDED: &str = "0x11D35b602A1d582F46f0a51339C16fbA7295FE5F";
pub(crate) const FACTORY: &str = "0x00000000000000000000000000000000fac70001";
const NEIGHBOUR: &str = "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955";
pub(crate) const MASTER_KEY: &str =
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// What the facilitator does with the next `/settle`.
#[derive(Clone, Debug)]
pub(crate) enum Settles {
    /// Moves the money and says so.
    Pays,
    /// Moves the money, and the answer is lost.
    PaysSilently,
    /// Does nothing, and no answer comes.
    Hangs,
    /// Does nothing, and names another address.
    HasMoved,
    /// Refuses for this reason.
    Refuses(&'static str),
}

thread_local! {
    /// The time in the world that was looked at last: wallets have clocks too.
    static WALLET_CLOCK: Cell<i64> = const { Cell::new(NOW) };
}

/// The time in one world.
#[derive(Default)]
pub(crate) struct Now(Cell<i64>);

impl Now {
    pub(crate) fn get(&self) -> i64 {
        self.0.get()
    }

    pub(crate) fn set(&self, now: i64) {
        self.0.set(now);
        WALLET_CLOCK.set(now);
    }
}

/// What the chain says of payers.
#[derive(Default)]
pub(crate) struct Chain {
    /// What wallets own; the others are rich.
    pub(crate) balances: RefCell<BTreeMap<String, u64>>,
    /// Who has code, lower case.
    pub(crate) contracts: RefCell<BTreeSet<String>>,
    /// Whether the endpoint does not answer.
    pub(crate) is_down: Cell<bool>,
    /// Whether the endpoint has no answer.
    pub(crate) hangs: Cell<bool>,
    /// How far the times of its blocks are behind our clock, seconds.
    pub(crate) behind: Cell<i64>,
    /// How many blocks the node lags that is asked about authorizations.
    pub(crate) lag: Cell<u64>,
    /// Whether the endpoint has forgotten its logs.
    pub(crate) logs_are_gone: Cell<bool>,
    /// The newest block, and the one in which everything was settled.
    pub(crate) head: Cell<u64>,
    pub(crate) settled_in: Cell<u64>,
}

#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) now: Now,
    pub(crate) chain: Chain,
    random: Cell<u64>,
    pub(crate) kv: RefCell<BTreeMap<String, String>>,
    pub(crate) kv_is_down: Cell<bool>,
    /// Every write that reached KV, refused ones among them: when, and of which key.
    pub(crate) kv_writes: RefCell<Vec<(i64, String)>>,
    /// Requests of whatever kind that an invocation has made, those under way, and the most of these at a time.
    pub(crate) subrequests: Cell<u32>,
    under_way: Cell<u32>,
    pub(crate) most_under_way: Cell<u32>,
    /// The only key that KV refuses.
    pub(crate) kv_refuses: RefCell<Option<String>>,
    /// Whether writes to KV have no answer, and do not happen either.
    pub(crate) kv_hangs: Cell<bool>,
    /// Whether our own facilitator has no answer.
    pub(crate) relayer_hangs: Cell<bool>,
    /// What it was asked for.
    pub(crate) relayer_asked: RefCell<Vec<Purpose>>,
    /// Statements with this text fail.
    pub(crate) sql_fails: RefCell<Option<&'static str>>,
    /// Which host a payment was claimed by.
    pub(crate) payees: RefCell<BTreeMap<String, ScopeId>>,
    pub(crate) payees_are_down: Cell<bool>,
    pub(crate) payees_hang: Cell<bool>,
    pub(crate) verify_refuses: Cell<bool>,
    pub(crate) alarm: Cell<Option<i64>>,
    /// How often the object has noted that it has something open.
    pub(crate) noted: Cell<u32>,
    pub(crate) settles: RefCell<VecDeque<Settles>>,
    /// What our own facilitator answers, where it is the one that is asked.
    pub(crate) relayer_says: RefCell<VecDeque<(u16, Value)>>,
    /// Who paid how much, by the nonce of the authorization.
    pub(crate) settled: RefCell<BTreeMap<String, (String, u64)>>,
    pub(crate) requests: RefCell<Vec<String>>,
    /// What the facilitator says of itself; `None`: nothing in time.
    pub(crate) supported: RefCell<Option<HttpResponse>>,
    pub(crate) supported_asked: Cell<u32>,
    /// Whose the wallet at Crossmint is, as Crossmint knows it.
    pub(crate) crossmint_owner: RefCell<Option<String>>,
    pub(crate) post_office: PostOffice,
    /// Every line that was logged, with its fields.
    pub(crate) log: RefCell<Vec<String>>,
}

/// The world of one object. Several worlds share a [`Memory`] when an object is evicted.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) memory: Rc<Memory>,
    pub(crate) sqlite: Rc<rusqlite::Connection>,
}

/// A subrequest, from its beginning to its end.
pub(crate) struct Subrequest<'a>(&'a Memory);

impl Drop for Subrequest<'_> {
    fn drop(&mut self) {
        self.0.under_way.set(self.0.under_way.get() - 1);
    }
}

impl Memory {
    /// A subrequest begins: something leaves the object.
    pub(crate) fn leaves(&self) -> Subrequest<'_> {
        self.subrequests.set(self.subrequests.get() + 1);
        self.under_way.set(self.under_way.get() + 1);
        self.most_under_way.set(self.most_under_way.get().max(self.under_way.get()));
        Subrequest(self)
    }

    /// A write reaches KV.
    fn kv_takes(&self, key: &str) -> Result<(), KvError> {
        self.kv_writes.borrow_mut().push((self.now.get(), key.to_owned()));
        let refuses = self.kv_refuses.borrow();
        if self.kv_is_down.get() || refuses.as_deref() == Some(key) {
            return Err(KvError("down".to_owned()));
        }
        Ok(())
    }
}

impl Clock for World {
    fn now(&self) -> UnixSeconds {
        UnixSeconds::new(self.memory.now.get())
    }
}

impl Random for World {
    fn fill(&self, buffer: &mut [u8]) {
        for byte in buffer {
            let next =
                self.memory.random.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            self.memory.random.set(next);
            *byte = next.to_be_bytes()[0];
        }
    }
}

impl Signer for World {
    async fn sign(&self, _key: &PlatformKey, _message: &[u8]) -> Result<Vec<u8>, SignError> {
        Err(SignError("there is no platform here".to_owned()))
    }
}

impl Log for World {
    fn line(&self, _level: Level, message: &str, fields: &[(&str, &str)]) {
        self.memory.log.borrow_mut().push(format!("{message} {fields:?}"));
    }
}

impl Alarm for World {
    fn wake_at(&self, at: UnixSeconds) {
        let at = self.memory.alarm.get().map_or(at.get(), |set| set.min(at.get()));
        self.memory.alarm.set(Some(at));
    }
}

impl Directory for World {
    fn note_open(&self) {
        drop(self.memory.leaves());
        self.memory.noted.set(self.memory.noted.get() + 1);
    }
}

impl Sql for World {
    fn run(&self, statement: &str, parameters: &[SqlValue]) -> Result<Vec<Row>, SqlError> {
        if self.memory.sql_fails.borrow().is_some_and(|text| statement.contains(text)) {
            return Err(SqlError("disk I/O error".to_owned()));
        }
        run_statement(&self.sqlite, statement, parameters)
    }

    fn atomically<T, E: From<SqlError>>(
        &self,
        block: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let run = |statement: &str| self.run(statement, &[]).map(drop);
        run("SAVEPOINT block")?;
        let answer = block();
        if answer.is_err() {
            run("ROLLBACK TO block")?;
        }
        run("RELEASE block")?;
        answer
    }
}

/// The most bytes in one row of a Durable Object.
const ROW_BYTES_MAX: usize = 2_000_000;

/// One statement, with the limits that a Durable Object has.
pub(crate) fn run_statement(
    sqlite: &rusqlite::Connection,
    statement: &str,
    parameters: &[SqlValue],
) -> Result<Vec<Row>, SqlError> {
    let failed = |error: rusqlite::Error| SqlError(error.to_string());
    let text = |value: &SqlValue| if let SqlValue::Text(text) = value { text.len() } else { 0 };
    if parameters.iter().map(text).sum::<usize>() > ROW_BYTES_MAX {
        return Err(SqlError("string or blob too big: SQLITE_TOOBIG".to_owned()));
    }
    let mut prepared = sqlite.prepare_cached(statement).map_err(failed)?;
    let count = prepared.column_count();
    let values = parameters.iter().map(|value| match value {
        SqlValue::Null => rusqlite::types::Value::Null,
        SqlValue::Int(number) => {
            assert!(number.abs() < 1 << 53, "a Durable Object refuses {number}");
            rusqlite::types::Value::Integer(*number)
        }
        SqlValue::Text(text) => rusqlite::types::Value::Text(text.clone()),
    });
    let mut rows = prepared.query(rusqlite::params_from_iter(values)).map_err(failed)?;
    let mut answer = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        let read = |column| match row.get_ref(column).unwrap() {
            ValueRef::Null => SqlValue::Null,
            ValueRef::Integer(number) => SqlValue::Int(number),
            ValueRef::Text(text) => SqlValue::Text(String::from_utf8(text.to_vec()).unwrap()),
            other @ (ValueRef::Real(_) | ValueRef::Blob(_)) => {
                panic!("a column of a type that is not in use: {other:?}")
            }
        };
        answer.push((0..count).map(read).collect());
    }
    Ok(answer)
}

impl Kv for World {
    async fn get(&self, key: &str) -> Result<Option<String>, KvError> {
        let _leaves = self.memory.leaves();
        yield_once().await;
        if self.memory.kv_is_down.get() {
            return Err(KvError("down".to_owned()));
        }
        Ok(self.memory.kv.borrow().get(key).cloned())
    }

    async fn put(&self, key: &str, value: &str) -> Result<(), KvError> {
        let _leaves = self.memory.leaves();
        yield_once().await;
        while self.memory.kv_hangs.get() {
            yield_once().await;
        }
        self.memory.kv_takes(key)?;
        self.memory.kv.borrow_mut().insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), KvError> {
        let _leaves = self.memory.leaves();
        yield_once().await;
        self.memory.kv_takes(key)?;
        self.memory.kv.borrow_mut().remove(key);
        Ok(())
    }

    async fn list(
        &self,
        prefix: &str,
        cursor: Option<&str>,
    ) -> Result<(Vec<String>, Option<String>), KvError> {
        let _leaves = self.memory.leaves();
        yield_once().await;
        if self.memory.kv_is_down.get() {
            return Err(KvError("down".to_owned()));
        }
        let kv = self.memory.kv.borrow();
        // Pages of 1,000, as on the platform. The cursor is the last key of the page before.
        let after = |key: &&String| cursor.is_none_or(|cursor| key.as_str() > cursor);
        let names = kv.keys().filter(|key| key.starts_with(prefix)).filter(after);
        let page: Vec<String> = names.take(1_000).cloned().collect();
        let next = page.last().filter(|_| page.len() == 1_000).cloned();
        Ok((page, next))
    }
}

impl Payees for World {
    async fn claim(&self, claim: PayeeClaim) -> Result<bool, PayeeError> {
        let _leaves = self.memory.leaves();
        // Another object: asking it takes a turn of the loop.
        yield_once().await;
        while self.memory.payees_hang.get() {
            yield_once().await;
        }
        if self.memory.payees_are_down.get() {
            return Err(PayeeError("down".to_owned()));
        }
        let mut claims = self.memory.payees.borrow_mut();
        let holder = claims.entry(claim.payment).or_insert_with(|| claim.holder.clone());
        Ok(*holder == claim.holder)
    }
}

impl Timer for World {
    /// Others run meanwhile, for longer if it is a time limit; the clock is moved by hand.
    async fn sleep(&self, millis: u32) {
        let turns = if millis < 3_000 { 1 } else { 10_000 };
        for _ in 0..turns {
            yield_once().await;
        }
    }
}

impl Web for World {
    /// Crossmint, which has one wallet and gives it to the first owner that asks.
    async fn exchange(&self, request: WebRequest) -> Result<WebResponse, HttpError> {
        let _leaves = self.memory.leaves();
        yield_once().await;
        assert!(request.url.ends_with("/wallets"), "{}", request.url);
        let mut body: Value = serde_json::from_str(&request.body.unwrap()).unwrap();
        let owner = body["owner"].as_str().unwrap().to_owned();
        let known = self.memory.crossmint_owner.borrow_mut().get_or_insert(owner.clone()).clone();
        assert_eq!(owner, known, "one wallet, one owner");
        body["address"] = json!(PROVIDED);
        Ok(WebResponse { status: 201, headers: Headers::default(), body: body.to_string() })
    }
}

impl Relayers for World {
    /// What the relayer is to say next; without that, hosts ask a facilitator by its address.
    async fn settle(
        &self,
        _network: &'static str,
        order: RelayerOrder,
    ) -> Result<HttpResponse, HttpError> {
        let _leaves = self.memory.leaves();
        self.memory.relayer_asked.borrow_mut().push(order.purpose);
        yield_once().await;
        while self.memory.relayer_hangs.get() {
            yield_once().await;
        }
        let (status, body) = (self.memory.relayer_says.borrow_mut().pop_front())
            .ok_or_else(|| HttpError::Connection("there is no relayer here".to_owned()))?;
        Ok(HttpResponse { status, body: body.to_string() })
    }
}

/// A world that has HTTP, and the time.
pub(crate) struct HttpOnly<'a, H>(pub(crate) &'a H);

impl<H: Http> Http for HttpOnly<'_, H> {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.0.send(request).await
    }
}

impl<H> Clock for HttpOnly<'_, H> {
    fn now(&self) -> UnixSeconds {
        UnixSeconds::new(NOW)
    }
}

impl<H> Random for HttpOnly<'_, H> {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

impl<H> Signer for HttpOnly<'_, H> {
    async fn sign(&self, _key: &PlatformKey, _message: &[u8]) -> Result<Vec<u8>, SignError> {
        Err(SignError("there is no platform here".to_owned()))
    }
}

impl<H> Timer for HttpOnly<'_, H> {
    async fn sleep(&self, _millis: u32) {
        std::future::pending::<()>().await;
    }
}

impl<H> Relayers for HttpOnly<'_, H> {
    async fn settle(
        &self,
        _network: &'static str,
        _order: RelayerOrder,
    ) -> Result<HttpResponse, HttpError> {
        Err(HttpError::Connection("there is no relayer here".to_owned()))
    }
}

impl Http for World {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let _leaves = self.memory.leaves();
        // One turn of the loop, so that other calls really run in between.
        yield_once().await;
        if request.url.ends_with("/supported") {
            self.memory.supported_asked.set(self.memory.supported_asked.get() + 1);
            let said = self.memory.supported.borrow().clone();
            return said.ok_or(HttpError::Timeout);
        }
        self.memory.requests.borrow_mut().push(request.url.clone());
        let body: Value = serde_json::from_str(&request.body.unwrap_or_default()).unwrap();
        if request.url.ends_with("/verify") {
            let answer = match self.memory.verify_refuses.get() {
                true => json!({"isValid": false, "invalidReason": "invalid_exact_evm_signature"}),
                false => json!({"isValid": true}),
            };
            return Ok(HttpResponse { status: 200, body: answer.to_string() });
        }
        if request.url.ends_with("/settle") {
            return self.settle(&body);
        }
        while self.memory.chain.hangs.get() {
            yield_once().await;
        }
        if self.memory.chain.is_down.get() {
            return Err(HttpError::Connection("refused".to_owned()));
        }
        let answer = match body.as_array() {
            Some(asks) => asks.iter().map(|ask| self.rpc(ask)).collect(),
            None => self.rpc(&body),
        };
        Ok(HttpResponse { status: 200, body: answer.to_string() })
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let memory = Rc::new(Memory::default());
        memory.now.set(NOW);
        memory.chain.head.set(16);
        memory.chain.settled_in.set(17);
        Self { memory, sqlite: Rc::new(rusqlite::Connection::open_in_memory().unwrap()) }
    }

    fn settle(&self, body: &Value) -> Result<HttpResponse, HttpError> {
        let authorization = &body["paymentPayload"]["payload"]["authorization"];
        let nonce = authorization["nonce"].as_str().unwrap().to_owned();
        let does = self.memory.settles.borrow_mut().pop_front().unwrap_or(Settles::Pays);
        let used = self.memory.settled.borrow().contains_key(&nonce);
        let valid_before: i64 = authorization["validBefore"].as_str().unwrap().parse().unwrap();
        let expired = self.memory.now.get() >= valid_before;
        let answer = |value: Value| Ok(HttpResponse { status: 200, body: value.to_string() });
        match does {
            Settles::Hangs => Err(HttpError::Timeout),
            Settles::HasMoved => {
                let to = "https://www.facilitator.example/settle".to_owned();
                Err(HttpError::Redirected { status: 308, to })
            }
            Settles::Refuses(reason) => {
                answer(json!({"success": false, "errorReason": reason, "transaction": ""}))
            }
            Settles::Pays | Settles::PaysSilently if expired => {
                let reason = "invalid_exact_evm_payload_authorization_valid_before";
                answer(json!({"success": false, "errorReason": reason, "transaction": ""}))
            }
            Settles::Pays | Settles::PaysSilently if used => {
                let reason = "invalid_exact_evm_nonce_already_used";
                answer(json!({"success": false, "errorReason": reason, "transaction": ""}))
            }
            Settles::Pays | Settles::PaysSilently => {
                let hash = nonce.clone();
                let payer = authorization["from"].as_str().unwrap().to_owned();
                let value = authorization["value"].as_str().unwrap().parse().unwrap();
                self.memory.settled.borrow_mut().insert(nonce, (payer, value));
                if matches!(does, Settles::PaysSilently) {
                    return Err(HttpError::Connection("cut".to_owned()));
                }
                answer(
                    json!({"success": true, "transaction": hash, "payer": authorization["from"]}),
                )
            }
        }
    }

    /// A chain that knows the authorizations that the facilitator used.
    fn rpc(&self, body: &Value) -> Value {
        let Chain { balances, contracts, head, settled_in, lag, .. } = &self.memory.chain;
        let block = |number: &Cell<u64>| format!("{:#x}", number.get());
        let settled = self.memory.settled.borrow();
        let text = body["params"].to_string();
        let used = settled.keys().find(|nonce| text.contains(&format!("{}\"", &nonce[2..])));
        let result = match body["method"].as_str().unwrap() {
            "eth_getBlockByNumber" => {
                // A block every two seconds.
                let named = body["params"][0].as_str().unwrap().trim_start_matches("0x");
                let number = u64::from_str_radix(named, 16).unwrap_or(head.get());
                let age = i64::try_from(head.get().saturating_sub(number) * 2).unwrap();
                let at = self.memory.now.get() - age - self.memory.chain.behind.get();
                json!({"timestamp": format!("{at:#x}"), "number": format!("{number:#x}")})
            }
            "eth_blockNumber" => json!(block(head)),
            "eth_chainId" => json!("0x14a34"),
            "eth_getCode" => {
                let who = body["params"][0].as_str().unwrap().to_lowercase();
                json!(if contracts.borrow().contains(&who) { "0xef0100" } else { "0x" })
            }
            // balanceOf(address)
            "eth_call" if text.contains("0x70a08231") => {
                let balances = balances.borrow();
                let mut known = balances.iter();
                let owned = known.find(|(who, _)| text.contains(&who.to_lowercase()[2..]));
                json!(format!("0x{:064x}", owned.map_or(1_000_000_000, |(_, owned)| *owned)))
            }
            "eth_call" if body["params"][0]["to"] == FACTORY => {
                json!(format!("0x{:0>64}", PROVIDED.trim_start_matches("0x").to_lowercase()))
            }
            "eth_call" => {
                let newest = head.get().saturating_sub(lag.get());
                let named = body["params"][1].as_str().unwrap().strip_prefix("0x");
                let named = named.map(|number| u64::from_str_radix(number, 16).unwrap());
                if named.is_some_and(|number| number > newest) {
                    let error = json!({"code": -32000, "message": "header not found"});
                    return json!({"jsonrpc": "2.0", "id": body["id"], "error": error});
                }
                let is_seen = lag.get() == 0 || settled_in.get() <= newest;
                json!(format!("0x{:064x}", u8::from(used.is_some() && is_seen)))
            }
            "eth_getLogs" if self.memory.chain.logs_are_gone.get() => json!([]),
            "eth_getLogs" => match used {
                // The hash of a settlement here is its nonce.
                Some(nonce) => {
                    json!([{"transactionHash": nonce, "blockNumber": block(settled_in)}])
                }
                None => json!([]),
            },
            "eth_getTransactionReceipt" => used.map_or(Value::Null, |used| {
                let mut receipt = receipt(used, &settled[used]);
                receipt["blockNumber"] = block(settled_in).into();
                receipt
            }),
            method => panic!("an RPC method that is not in use: {method}"),
        };
        json!({"jsonrpc": "2.0", "id": body["id"], "result": result})
    }
}

/// The receipt of a settlement, with the logs that USDC writes.
fn receipt(hash: &str, (payer, value): &(String, u64)) -> Value {
    let word =
        |address: &str| format!("0x{:0>64}", address.trim_start_matches("0x").to_lowercase());
    let usdc = Network::by_caip2("eip155:84532").unwrap().usdc;
    let used = "0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5";
    let moved = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
    let log = |topics: [&str; 3], data: &str| json!({"address": usdc.to_string().to_lowercase(), "topics": topics, "data": data});
    json!({"status": "0x1", "transactionHash": hash, "logs": [
        log([used, &word(payer), hash], "0x"),
        log([moved, &word(payer), &word(PAY_TO)], &format!("0x{value:064x}")),
    ]})
}

/// A host with a server, and requests to it.
pub(crate) struct Server {
    pub(crate) world: World,
    pub(crate) host: Host<World>,
    pub(crate) scope: ScopeId,
    user: UserId,
}

impl Server {
    /// A registered host.
    pub(crate) fn open() -> Self {
        Self::registered(World::new(), PAY_TO)
    }

    /// A registered host that has opened its desk, in a world in which mail arrives.
    pub(crate) fn with_desk() -> Self {
        let server = Self::open();
        server.world.memory.post_office.delivery.set(Some(Delivery::ExactlyOnce));
        let products = json!({"products": ["events", "vault", "desk"]});
        assert_eq!(server.as_owner(Action::Own(Own::ChangeProfile), &products).status, 200);
        server
    }

    /// Another host in the same world, with the same payout address.
    pub(crate) fn beside(&self) -> Self {
        let memory = Rc::clone(&self.world.memory);
        Self::registered(World { memory, ..World::new() }, NEIGHBOUR)
    }

    /// A registered host of a deployment that settles by itself.
    pub(crate) fn settling_itself() -> Self {
        let key = "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
        let more = [("FACILITATOR_URL", "self"), ("RELAYER_PRIVATE_KEY", key)];
        Self::register(Self::with(World::new(), PAY_TO, config_with(&more)), PAY_TO)
    }

    fn registered(world: World, user: &str) -> Self {
        Self::register(Self::of(world, user), user)
    }

    fn register(server: Self, user: &str) -> Self {
        let body = json!({"userId": user, "walletAddress": PAY_TO});
        assert_eq!(server.as_owner(Action::Own(Own::Register), &body).status, 201);
        server
    }

    /// Has the money of a payment moved, by nobody of ours.
    pub(crate) fn spend(&self, payment: &Value) {
        let authorization = &payment["payload"]["authorization"];
        let text = |name: &str| authorization[name].as_str().unwrap().to_owned();
        let paid = (text("from"), text("value").parse().unwrap());
        self.world.memory.settled.borrow_mut().insert(text("nonce"), paid);
    }

    /// A host over storage that is there already.
    pub(crate) fn on(world: World) -> Self {
        Self::of(world, PAY_TO)
    }

    fn of(world: World, user: &str) -> Self {
        Self::with(world, user, config())
    }

    /// A host that has not registered, where more is set.
    pub(crate) fn with(world: World, user: &str, config: Rc<Config>) -> Self {
        let user = UserId::parse(user).unwrap();
        let scope = config.keys.scope_of(&user);
        let host = Host::new(world.clone(), config);
        Self { world, host, scope, user }
    }

    /// The same storage in a new instance with other settings, as after a deployment.
    pub(crate) fn deploy(&mut self, config: Rc<Config>) {
        self.host = Host::new(self.world.clone(), config);
    }

    /// The same storage in a new instance, as after an eviction.
    pub(crate) fn evict(&mut self) {
        self.host = Host::new(self.world.clone(), config());
    }

    /// An event at $0.05.
    pub(crate) fn event(&self, capacity: u32) -> String {
        let event = json!({"title": "Rust meetup", "startsAt": "2027-03-01T18:30:00Z",
            "capacity": capacity, "price": "0.05"});
        let reply = self.as_owner(Action::Own(Own::CreateEvent), &event);
        assert_eq!(reply.status, 201, "{}", reply.body);
        json_of(&reply)["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn as_owner(&self, action: Action, body: &Value) -> Reply {
        block_on(self.host.handle(self.request(action, true, &[], body)))
    }

    /// A plain HTTP call of a tool, paid with `payment`.
    pub(crate) async fn tool(
        &self,
        name: &str,
        arguments: &Value,
        payment: Option<&Value>,
    ) -> Reply {
        use base64::Engine;
        let encode =
            |payment: &Value| base64::engine::general_purpose::STANDARD.encode(payment.to_string());
        let header = match payment {
            Some(payment) if payment["x402Version"] == 1 => vec![("x-payment", encode(payment))],
            Some(payment) => vec![("payment-signature", encode(payment))],
            None => vec![],
        };
        let headers: Vec<_> = header.iter().map(|(n, v)| (*n, v.as_str())).collect();
        self.tool_with(name, arguments, &headers).await
    }

    /// A plain HTTP call of a tool with these headers.
    pub(crate) async fn tool_with(
        &self,
        name: &str,
        arguments: &Value,
        headers: &[(&str, &str)],
    ) -> Reply {
        let action = Action::AtHost(AtHost::Tool(name.to_owned()));
        self.host.handle(self.request(action, false, headers, arguments)).await
    }

    /// A JSON-RPC call at the server.
    pub(crate) fn mcp(&self, owner: bool, headers: &[(&str, &str)], body: &Value) -> Reply {
        block_on(self.host.handle(self.request(Action::AtHost(AtHost::Mcp), owner, headers, body)))
    }

    /// The challenge for a tool, version 2.
    pub(crate) fn challenge(&self, name: &str, arguments: &Value) -> Value {
        use base64::Engine;
        let reply = block_on(self.tool(name, arguments, None));
        assert_eq!(reply.status, 402, "{}", reply.body);
        let header = reply.headers.iter().find(|(name, _)| *name == "payment-required").unwrap();
        let decoded = base64::engine::general_purpose::STANDARD.decode(&header.1).unwrap();
        serde_json::from_slice(&decoded).unwrap()
    }

    pub(crate) fn wake(&self) {
        self.world.memory.alarm.set(None);
        block_on(self.host.wake());
    }

    /// Lets alarms go off until nothing is left to do, for at most `seconds`.
    pub(crate) fn pass(&self, seconds: i64) {
        let end = self.world.memory.now.get() + seconds;
        while let Some(at) = self.world.memory.alarm.get().filter(|at| *at <= end) {
            self.world.memory.now.set(at.max(self.world.memory.now.get()));
            self.wake();
        }
        self.world.memory.now.set(end);
    }

    pub(crate) fn sql(&self, statement: &str) -> Vec<Row> {
        self.world.run(statement, &[]).unwrap()
    }

    pub(crate) fn int(&self, statement: &str) -> i64 {
        match self.sql(statement)[0][0] {
            SqlValue::Int(number) => number,
            ref other @ (SqlValue::Null | SqlValue::Text(_)) => panic!("not a number: {other:?}"),
        }
    }

    pub(crate) fn text(&self, statement: &str) -> String {
        match &self.sql(statement)[0][0] {
            SqlValue::Text(text) => text.clone(),
            other @ (SqlValue::Null | SqlValue::Int(_)) => panic!("not a text: {other:?}"),
        }
    }

    /// All of the object's storage, and of KV, as text.
    pub(crate) fn everything(&self) -> String {
        let mut text = String::new();
        let tables = self.sql(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'kb_text_*'",
        );
        for table in &tables {
            let SqlValue::Text(name) = &table[0] else { panic!("a table without a name") };
            for row in self.sql(&format!("SELECT * FROM {name}")) {
                text.push_str(&format!("{row:?}\n"));
            }
        }
        for (key, value) in self.world.memory.kv.borrow().iter() {
            text.push_str(&format!("{key} {value}\n"));
        }
        text
    }

    /// The host, signed in for a day.
    pub(crate) fn signed_in(&self) -> SignedIn {
        let session = Session::start(&config().keys, self.user.clone(), UnixSeconds::new(NOW));
        SignedIn { scope: self.scope.clone(), ..SignedIn::of(session, true) }
    }

    pub(crate) fn request(
        &self,
        action: Action,
        owner: bool,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Request {
        let command = Command {
            request_id: RequestId::random(&self.world),
            scope: self.scope.clone(),
            origin: None,
            source: Source::parse("203.0.113.1"),
            cursor: None,
            user: owner.then(|| self.signed_in()),
            credential: None,
            action,
        };
        let mut pairs = vec![("content-type".to_owned(), "application/json".to_owned())];
        pairs.extend(headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        Request { command, headers: Headers::new(pairs), body: body.to_string().into_bytes() }
    }
}

thread_local! {
    /// Simulations ask for the same few wallets thousands of times, and a public key takes its time.
    static WALLETS: RefCell<BTreeMap<u8, Wallet>> = const { RefCell::new(BTreeMap::new()) };
}

/// A wallet that pays.
#[derive(Clone)]
pub(crate) struct Wallet {
    key: SigningKey,
    pub(crate) address: Address,
}

impl Wallet {
    pub(crate) fn new(seed: u8) -> Self {
        let make = || {
            let key = SigningKey::from_slice(&[seed; 32]).unwrap();
            Self { address: Address::from_private_key(&key), key }
        };
        WALLETS.with_borrow_mut(|wallets| wallets.entry(seed).or_insert_with(make).clone())
    }

    /// A version 2 payment of `requirements`, as the official clients make it.
    pub(crate) fn pay(&self, requirements: &Value, nonce: u8) -> Value {
        self.pay_with(requirements, nonce, |_| {})
    }

    /// A signature of this hash, hex.
    pub(crate) fn sign(&self, hash: B256) -> String {
        let (signature, recovery) = self.key.sign_prehash_recoverable(hash.as_slice()).unwrap();
        let mut bytes = signature.to_bytes().to_vec();
        bytes.push(27 + recovery.to_byte());
        hex::encode_prefixed(bytes)
    }

    /// The same, with something changed before it is signed.
    pub(crate) fn pay_with(
        &self,
        requirements: &Value,
        nonce: u8,
        change: impl FnOnce(&mut Authorization),
    ) -> Value {
        let network = Network::by_caip2(requirements["network"].as_str().unwrap()).unwrap();
        let mut authorization = Authorization {
            from: self.address,
            to: requirements["payTo"].as_str().unwrap().parse().unwrap(),
            value: requirements["amount"].as_str().unwrap().parse().unwrap(),
            valid_after: U256::ZERO,
            valid_before: U256::from(
                WALLET_CLOCK.get() + requirements["maxTimeoutSeconds"].as_i64().unwrap_or(110),
            ),
            nonce: B256::repeat_byte(nonce),
        };
        change(&mut authorization);
        json!({
            "x402Version": 2,
            "accepted": requirements,
            "payload": {
                "signature": self.sign(digest(network, &authorization)),
                "authorization": {
                    "from": authorization.from.to_string(),
                    "to": authorization.to.to_string(),
                    "value": authorization.value.to_string(),
                    "validAfter": authorization.valid_after.to_string(),
                    "validBefore": authorization.valid_before.to_string(),
                    "nonce": authorization.nonce.to_string(),
                },
            },
        })
    }
}

impl Wallet {
    /// The header `SIGN-IN-WITH-X` for what a challenge offers to sign.
    pub(crate) fn prove(&self, challenge: &Value) -> String {
        let info = &challenge["extensions"]["sign-in-with-x"]["info"];
        let text = |name: &str| info[name].as_str().unwrap().to_owned();
        let message = format!(
            "{} wants you to sign in with your Ethereum account:\n{}\n\n{}\n\nURI: {}\nVersion: 1\n\
             Chain ID: 84532\nNonce: {}\nIssued At: {}\nExpiration Time: {}\nResources:\n- {}",
            text("domain"),
            self.address.to_checksum(None),
            text("statement"),
            text("uri"),
            text("nonce"),
            text("issuedAt"),
            text("expirationTime"),
            info["resources"][0].as_str().unwrap(),
        );
        let hash = alloy_primitives::eip191_hash_message(message);
        let (signature, recovery) = self.key.sign_prehash_recoverable(hash.as_slice()).unwrap();
        let mut bytes = signature.to_bytes().to_vec();
        bytes.push(27 + recovery.to_byte());
        let mut proof = info.clone();
        proof["address"] = json!(self.address.to_checksum(None));
        proof["chainId"] = json!("eip155:84532");
        proof["type"] = json!("eip191");
        proof["signature"] = json!(hex::encode_prefixed(bytes));
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(proof.to_string())
    }
}

/// The same payment in the words of version 1.
pub(crate) fn as_v1(payment: &Value) -> Value {
    json!({
        "x402Version": 1, "scheme": "exact", "network": "base-sepolia", "payload": payment["payload"],
    })
}

pub(crate) fn json_of(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).unwrap()
}

pub(crate) fn config() -> Rc<Config> {
    config_with(&[])
}

pub(crate) fn config_with(more: &[(&str, &str)]) -> Rc<Config> {
    let settings = [
        ("NETWORKS", "eip155:84532"),
        ("FACILITATOR_URL", "http://facilitator.test"),
        ("RPC_URLS", r#"{"eip155:84532":"http://127.0.0.1:8545"}"#),
        ("PUBLIC_URL", "http://localhost:8787"),
        ("MASTER_KEY", MASTER_KEY),
    ];
    let get = |name: &str| {
        let mut settings = more.iter().chain(&settings);
        settings.find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    };
    Rc::new(Config::read(get).unwrap_or_else(|errors| panic!("{errors}")))
}

/// Runs one future to its end; nothing here ever really waits.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(answer) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return answer;
        }
    }
}

/// Runs many futures together, each a step at a time.
pub(crate) fn join_all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(|future| Some(Box::pin(future))).collect();
    let mut answers: Vec<Option<F::Output>> = running.iter().map(|_| None).collect();
    while answers.iter().any(Option::is_none) {
        for (slot, answer) in running.iter_mut().zip(&mut answers) {
            let Some(future) = slot else { continue };
            if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
            {
                *answer = Some(done);
                *slot = None;
            }
        }
    }
    answers.into_iter().flatten().collect()
}

pub(crate) async fn yield_once() {
    let yielded = Cell::new(false);
    std::future::poll_fn(|_| if yielded.replace(true) { Poll::Ready(()) } else { Poll::Pending })
        .await;
}

/// The arguments of a call for a seat.
pub(crate) fn rsvp(event: &str) -> Value {
    json!({"eventId": event})
}

/// What the first network asks for a seat.
pub(crate) fn offer(server: &Server, event: &str) -> Value {
    server.challenge("rsvpToEvent", &rsvp(event))["accepts"][0].clone()
}

/// Calls for a seat with this payment: status and body.
pub(crate) fn pay(server: &Server, event: &str, payment: &Value) -> (u16, Value) {
    let reply = block_on(server.tool("rsvpToEvent", &rsvp(event), Some(payment)));
    (reply.status, json_of(&reply))
}
