//! A world in memory: SQLite, a clock that only moves forward, a facilitator that does as told.

use std::cell::Cell;
use std::ops::Deref;
use std::rc::Rc;

use alloy_primitives::B256;
use events_concierge::base::http::Headers;
use events_concierge::base::signing_key::SigningKey as PlatformKey;
use events_concierge::base::time::UnixSeconds;
use events_concierge::chain::networks::Network;
use events_concierge::chain::permit2::UPTO_PROXY;
use events_concierge::chain::signature::recover;
use events_concierge::ports::{
    Alarm, Clock, Directory, Http, HttpError, HttpRequest, HttpResponse, Kv, KvError, Level, Log,
    Markets, Memo, PayeeClaim, PayeeError, Payees, Random, RelayerOrder, Relayers, Row, SignError,
    Signer, Sql, SqlError, SqlValue, Timer, Web, WebMethod, WebRequest, WebResponse,
};
use rusqlite::StatementStatus;
use rusqlite::types::ValueRef;
use serde_json::{Value, json};

use crate::support::{Chain, FACTORY, Memory, NOW, PAY_TO, PROVIDED, Settles, World, yield_once};

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
        run_or_remember(&self.sqlite.memo, statement, parameters, |is_asked| {
            if is_asked {
                if self.memory.sql_fails.borrow().is_some_and(|text| statement.contains(text)) {
                    return Err(SqlError("disk I/O error".to_owned()));
                }
                self.memory.statements.borrow_mut().push(statement.to_owned());
            }
            let rows = run_statement(&self.sqlite.connection, statement, parameters)?;
            let prepared = self.sqlite.connection.prepare_cached(statement);
            let steps = prepared.map_or(0, |it| it.reset_status(StatementStatus::VmStep));
            self.memory.steps.set(self.memory.steps.get() + i64::from(steps));
            Ok(rows)
        })
    }

    fn atomically<T, E: From<SqlError>>(
        &self,
        block: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let run =
            |statement: &str| run_statement(&self.sqlite.connection, statement, &[]).map(drop);
        run("SAVEPOINT block")?;
        let answer = block();
        if answer.is_err() {
            run("ROLLBACK TO block")?;
            self.sqlite.memo.forget_all();
        }
        run("RELEASE block")?;
        answer
    }

    fn writes(&self) -> u64 {
        self.sqlite.memo.writes()
    }
}

/// The SQLite of one object, and what the object has read of it.
pub(crate) struct Sqlite {
    connection: rusqlite::Connection,
    memo: Memo,
}

impl Sqlite {
    pub(crate) fn empty() -> Rc<Self> {
        Self::of(rusqlite::Connection::open_in_memory().unwrap())
    }

    pub(crate) fn of(connection: rusqlite::Connection) -> Rc<Self> {
        Rc::new(Self { connection, memo: Memo::default() })
    }
}

/// For tests that change what is stored behind the object's back.
impl Deref for Sqlite {
    type Target = rusqlite::Connection;

    fn deref(&self) -> &rusqlite::Connection {
        self.memo.forget_all();
        &self.connection
    }
}

/// What `ask` gives, or what is remembered of it, which must be the same. `ask` is told whether the object asks.
pub(crate) fn run_or_remember(
    memo: &Memo,
    statement: &str,
    parameters: &[SqlValue],
    ask: impl Fn(bool) -> Result<Vec<Row>, SqlError>,
) -> Result<Vec<Row>, SqlError> {
    let is_asked = Cell::new(false);
    let rows = memo.run(statement, parameters, || {
        is_asked.set(true);
        ask(true)
    })?;
    if !is_asked.get() {
        assert_eq!(Ok(&rows), ask(false).as_ref(), "remembered, but not stored: {statement}");
    }
    Ok(rows)
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

impl Markets for World {
    async fn ask_market(&self, message: &str) -> Result<String, String> {
        let _leaves = self.memory.leaves();
        yield_once().await;
        if self.memory.market_is_down.get() {
            return Err("down".to_owned());
        }
        let ask = serde_json::from_str(message).map_err(|error| error.to_string())?;
        let market = self.memory.market.borrow().clone();
        let market = market.ok_or("there is no marketplace here")?;
        let answer = events_concierge::market::answer(&market, ask).map_err(|e| e.to_string())?;
        Ok(json!(answer).to_string())
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
        if let (WebMethod::Get, Some((_, locator))) =
            (request.method, request.url.split_once("/wallets/"))
        {
            let owner = locator.strip_suffix(":evm:smart").unwrap();
            let known = self.memory.crossmint_owner.borrow().as_deref() == Some(owner);
            let wallet = json!({"chainType": "evm", "type": "smart", "address": PROVIDED,
                "owner": owner, "config": {"adminSigner": {"type": "api-key"}}});
            let (status, body) =
                if known { (200, wallet) } else { (404, json!({"message": "no wallet"})) };
            return Ok(WebResponse { status, headers: Headers::default(), body: body.to_string() });
        }
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
        *self.memory.relayer_takes.borrow_mut() = order.requirements;
        yield_once().await;
        while self.memory.relayer_hangs.get() {
            yield_once().await;
        }
        let (status, body) = (self.memory.relayer_says.borrow_mut().pop_front())
            .ok_or_else(|| HttpError::Connection("there is no relayer here".to_owned()))?;
        Ok(HttpResponse { status, body: body.to_string() })
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
        if request.url.contains("solana") {
            return self.solana(&request.url, request.body.as_deref().unwrap_or_default());
        }
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
        Self { memory, sqlite: Sqlite::empty() }
    }

    /// Only what a test expects is asked of Solana, in its order.
    fn solana(&self, url: &str, body: &str) -> Result<HttpResponse, HttpError> {
        let body: Value = serde_json::from_str(body).unwrap();
        if let Some(asks) = body.as_array() {
            let answers = asks.iter().map(|ask| self.solana(url, &ask.to_string()));
            let answers = answers.map(|answer| answer.map(|answer| answer.body));
            let answers = answers.collect::<Result<Vec<_>, _>>()?.join(",");
            return Ok(HttpResponse { status: 200, body: format!("[{answers}]") });
        }
        let asked = body["method"].as_str().or(url.rsplit('/').next()).unwrap();
        let (expected, answer) = self.memory.solana.borrow_mut().pop_front().unwrap_or_default();
        assert_eq!(asked, expected, "{url} {body}");
        if answer.is_null() {
            return Err(HttpError::Timeout);
        }
        let answer = if answer == "null" { Value::Null } else { answer };
        let answer = match body["method"].is_string() {
            true => json!({"jsonrpc": "2.0", "id": body["id"], "result": answer}),
            false => answer,
        };
        Ok(HttpResponse { status: 200, body: answer.to_string() })
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
                let to = authorization["to"].as_str().unwrap().to_owned();
                self.memory.paid_to.borrow_mut().insert(nonce.clone(), to);
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

    /// Whether the signature in a call of `isValidSignature` is that of the contracts' owner, after a marker.
    fn is_by_owner(&self, data: &str) -> bool {
        let data = alloy_primitives::hex::decode(data).unwrap();
        let (hash, length) = (&data[4..36], usize::from(data[99]));
        let signature = &data[100..100 + length];
        let key = recover(B256::from_slice(hash), &signature[length - 65..]);
        key.is_some() && key == self.memory.chain.owner.get()
    }

    /// What Permit2 and the proxy of `upto` say, and their transactions.
    fn permit2(&self, body: &Value) -> Option<Value> {
        let Chain { allowance, permits_are_used, upto, settled_in, .. } = &self.memory.chain;
        let (text, upto) = (body["params"].to_string(), upto.borrow());
        let settled = || upto.get(body["params"][0].as_str()?);
        match body["method"].as_str()? {
            // allowance(address,address)
            "eth_call" if text.contains("0xdd62ed3e") => {
                Some(json!(format!("0x{:064x}", allowance.get().unwrap_or(u64::MAX))))
            }
            // nonceBitmap(address,uint256)
            "eth_call" if text.contains("0x4fe02b44") => {
                let digit = if permits_are_used.get() { "f" } else { "0" };
                Some(json!(format!("0x{}", digit.repeat(64))))
            }
            "eth_getTransactionByHash" => Some(
                settled()
                    .map_or(Value::Null, |(.., input)| json!({"to": UPTO_PROXY, "input": input})),
            ),
            "eth_getTransactionReceipt" => {
                let (from, to, value, _) = settled()?;
                let mut receipt = taken(body["params"][0].as_str()?, from, to, *value);
                receipt["blockNumber"] = json!(format!("{:#x}", settled_in.get()));
                Some(receipt)
            }
            _ => None,
        }
    }

    fn rpc(&self, body: &Value) -> Value {
        match self.permit2(body) {
            Some(result) => json!({"jsonrpc": "2.0", "id": body["id"], "result": result}),
            None => self.token(body),
        }
    }

    /// A chain that knows the authorizations that the facilitator used.
    fn token(&self, body: &Value) -> Value {
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
            // isValidSignature(bytes32,bytes)
            "eth_call" if text.contains("0x1626ba7e") => {
                let data =
                    body["params"][0]["data"].as_str().or(body["params"][0]["input"].as_str());
                json!(if self.is_by_owner(data.unwrap()) {
                    format!("0x1626ba7e{}", "0".repeat(56))
                } else {
                    format!("0x{}", "f".repeat(64))
                })
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
            "eth_getTransactionReceipt" => {
                let to = used.and_then(|used| self.memory.paid_to.borrow().get(used).cloned());
                let to = to.unwrap_or_else(|| PAY_TO.to_owned());
                let by_hand = self.memory.by_hand.borrow();
                let hash = body["params"][0].as_str().unwrap();
                let sent = by_hand.get(hash).map(|(from, to, value)| sent(hash, from, to, *value));
                let mut found = used.map(|used| receipt(used, &settled[used], &to)).or(sent);
                if let Some(receipt) = &mut found {
                    receipt["blockNumber"] = block(settled_in).into();
                }
                found.unwrap_or(Value::Null)
            }
            method => panic!("an RPC method that is not in use: {method}"),
        };
        json!({"jsonrpc": "2.0", "id": body["id"], "result": result})
    }
}

/// The receipt of a settlement, with the logs that USDC writes.
fn receipt(hash: &str, (payer, value): &(String, u64), to: &str) -> Value {
    let used = "0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5";
    let mut receipt = sent(hash, payer, to, *value);
    receipt["logs"].as_array_mut().unwrap().insert(0, log([used, &word(payer), hash], "0x"));
    receipt
}

/// The receipt of a transfer without an authorization.
fn sent(hash: &str, from: &str, to: &str, value: u64) -> Value {
    let moved = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
    let logs = [log([moved, &word(from), &word(to)], &format!("0x{value:064x}"))];
    json!({"status": "0x1", "transactionHash": hash, "logs": logs})
}

/// The receipt of a settlement by the proxy of `upto`.
fn taken(hash: &str, from: &str, to: &str, value: u64) -> Value {
    let mut receipt = sent(hash, from, to, value);
    let settled = json!({
        "address": UPTO_PROXY,
        "topics": [alloy_primitives::keccak256("Settled()")],
        "data": "0x",
    });
    receipt["logs"].as_array_mut().unwrap().push(settled);
    receipt
}

fn word(address: &str) -> String {
    format!("0x{:0>64}", address.trim_start_matches("0x").to_lowercase())
}

fn log(topics: [&str; 3], data: &str) -> Value {
    let usdc = Network::by_caip2("eip155:84532").unwrap().usdc;
    json!({"address": usdc.to_string().to_lowercase(), "topics": topics, "data": data})
}
