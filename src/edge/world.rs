//! The ports of an object: clock, randomness, KV, payees, relayers, alarm, timer, log.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use wasm_bindgen::JsValue;
use worker::kv::KvStore;
use worker::{
    Date, Delay, Env, Method, Request, RequestInit, State, console_error, console_log, console_warn,
};

use crate::base::id::RequestId;
use crate::base::time::UnixSeconds;
use crate::chain::networks::Network;
use crate::directory::{Kind, Noted};
use crate::edge::directory_object::note;
use crate::edge::relayer_object::ask_relayer;
use crate::edge::sql::ObjectSql;
use crate::facilitator::own::api::{Asks, Command};
use crate::http::source::Source;
use crate::ports::{
    Alarm, Clock, Directory, HttpError, HttpResponse, Kv, KvError, Level, Log, PayeeClaim,
    PayeeError, Payees, Random, RelayerOrder, Relayers, Timer,
};

/// An alarm that has not gone off so many seconds after its time is lost.
const LOST_SECONDS: i64 = 120;

/// Everything that a Host object may use.
pub(super) struct EdgeWorld {
    pub(super) state: State,
    pub(super) sql: ObjectSql,
    pub(super) env: Env,
    /// When the alarm goes off, as far as this instance knows.
    alarm: Rc<Cell<Option<UnixSeconds>>>,
    /// Which directory this object is written down in; `None`: it never has anything open.
    kind: Option<Kind>,
    noted: Rc<Cell<Noted>>,
    /// Of a guest session: where the person is who was heard last.
    pub(super) heard_from: RefCell<Option<Source>>,
}

impl EdgeWorld {
    pub(super) fn new(state: State, env: Env, kind: Option<Kind>) -> Self {
        let sql = ObjectSql::new(&state.storage());
        Self {
            state,
            sql,
            env,
            alarm: Rc::default(),
            kind,
            noted: Rc::default(),
            heard_from: RefCell::default(),
        }
    }

    /// The alarm went off, so none is set now.
    pub(super) fn alarm_is_over(&self) {
        self.alarm.set(None);
    }

    /// The directory hears that nothing is open.
    pub(super) fn is_closed(&self) {
        let mut noted = self.noted.get();
        noted.forget();
        self.noted.set(noted);
    }

    /// Removes all storage, the alarm with it.
    pub(super) async fn erase(&self) -> worker::Result<()> {
        self.alarm.set(None);
        self.state.storage().delete_all().await
    }

    fn kv(&self) -> Result<KvStore, KvError> {
        kv(&self.env)
    }
}

fn kv(env: &Env) -> Result<KvStore, KvError> {
    env.kv("SECRETS").map_err(|error| KvError(error.to_string()))
}

/// A page of the keys in KV that begin with `prefix`, and the cursor of the next one.
pub(super) async fn list(
    env: &Env,
    prefix: &str,
    cursor: Option<&str>,
) -> Result<(Vec<String>, Option<String>), KvError> {
    let mut list = kv(env)?.list().prefix(prefix.to_owned());
    if let Some(cursor) = cursor {
        list = list.cursor(cursor.to_owned());
    }
    let page = list.execute().await.map_err(|error| KvError(error.to_string()))?;
    let cursor = page.cursor.filter(|_| !page.list_complete);
    Ok((page.keys.into_iter().map(|key| key.name).collect(), cursor))
}

/// Now, in whole seconds.
pub(super) fn now() -> UnixSeconds {
    UnixSeconds::new(i64::try_from(Date::now().as_millis() / 1000).unwrap_or(i64::MAX))
}

/// The platform's randomness.
pub(super) struct EdgeRandom;

impl Random for EdgeRandom {
    fn fill(&self, buffer: &mut [u8]) {
        if getrandom::fill(buffer).is_err() {
            // Going on with bytes that can be guessed would be worse than failing this request.
            wasm_bindgen::throw_str("the platform gives no random bytes");
        }
    }
}

impl Random for EdgeWorld {
    fn fill(&self, buffer: &mut [u8]) {
        EdgeRandom.fill(buffer);
    }
}

impl Clock for EdgeWorld {
    fn now(&self) -> UnixSeconds {
        now()
    }
}

impl Kv for EdgeWorld {
    async fn get(&self, key: &str) -> Result<Option<String>, KvError> {
        self.kv()?.get(key).text().await.map_err(|error| KvError(error.to_string()))
    }

    async fn put(&self, key: &str, value: &str) -> Result<(), KvError> {
        let put = self.kv()?.put(key, value).map_err(|error| KvError(error.to_string()))?;
        put.execute().await.map_err(|error| KvError(error.to_string()))
    }

    async fn delete(&self, key: &str) -> Result<(), KvError> {
        self.kv()?.delete(key).await.map_err(|error| KvError(error.to_string()))
    }

    async fn list(
        &self,
        prefix: &str,
        cursor: Option<&str>,
    ) -> Result<(Vec<String>, Option<String>), KvError> {
        list(&self.env, prefix, cursor).await
    }
}

impl Payees for EdgeWorld {
    async fn claim(&self, claim: PayeeClaim) -> Result<bool, PayeeError> {
        ask_payee(&self.env, &claim).await.map_err(|error| PayeeError(error.to_string()))
    }
}

/// One hop to the object of the payout address.
async fn ask_payee(env: &Env, claim: &PayeeClaim) -> worker::Result<bool> {
    let body = serde_json::to_string(claim)?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(JsValue::from_str(&body)));
    let request = Request::new_with_init("https://payee.internal/", &init)?;
    let stub = env.durable_object("Payee")?.get_by_name(&claim.pay_to)?;
    let mut response = stub.fetch_with_request(request).await?;
    match response.status_code() {
        200 => response.json().await,
        status => Err(format!("the payee's object answers {status}").into()),
    }
}

impl Relayers for EdgeWorld {
    async fn settle(
        &self,
        network: &'static str,
        order: RelayerOrder,
    ) -> Result<HttpResponse, HttpError> {
        let broken = |error: worker::Error| HttpError::Connection(error.to_string());
        let network = Network::by_caip2(network);
        let network = network.ok_or_else(|| HttpError::Connection("no network".to_owned()))?;
        let request_id = RequestId::random(&EdgeRandom);
        let command = Command { request_id, source: None, origin: None, asks: Asks::Settle(order) };
        let mut response = ask_relayer(&self.env, network, &command).await.map_err(broken)?;
        let body = response.text().await.map_err(broken)?;
        Ok(HttpResponse { status: response.status_code(), body })
    }
}

impl Timer for EdgeWorld {
    async fn sleep(&self, millis: u32) {
        sleep(millis).await;
    }
}

/// Goes on after so many milliseconds.
pub(super) async fn sleep(millis: u32) {
    Delay::from(Duration::from_millis(millis.into())).await;
}

impl Alarm for EdgeWorld {
    fn wake_at(&self, at: UnixSeconds) {
        let is_known = |set: UnixSeconds| set <= at && now().since(set) < LOST_SECONDS;
        if self.alarm.get().is_some_and(is_known) {
            return;
        }
        self.alarm.set(Some(at));
        // An RFC 3339 text, because a `Date` takes numbers as floats only.
        let date = js_sys::Date::new(&at.to_string().into());
        let (storage, known) = (self.state.storage(), Rc::clone(&self.alarm));
        // Begun before the runtime commits what was written in this turn.
        self.state.wait_until(async move {
            if let Err(error) = storage.set_alarm(worker::ScheduledTime::new(date)).await {
                known.set(None);
                console_error!("the alarm cannot be set: {error}");
            }
        });
    }
}

impl Directory for EdgeWorld {
    fn note_open(&self) {
        let Some(kind) = self.kind else { return };
        let mut noted = self.noted.get();
        if !noted.is_due(now()) {
            return;
        }
        self.noted.set(noted);
        // The object's own id, whatever it is called by.
        let (env, id, noted) = (self.env.clone(), self.state.id().to_string(), self.noted.clone());
        self.state.wait_until(async move {
            if let Err(error) = note(&env, kind, id).await {
                let mut again = noted.get();
                again.failed(now());
                noted.set(again);
                log(Level::Warn, "the directory does not answer", &[("why", &error.to_string())]);
            }
        });
    }
}

impl Log for EdgeWorld {
    fn line(&self, level: Level, message: &str, fields: &[(&str, &str)]) {
        log(level, message, fields);
    }
}

thread_local! {
    /// What [`log_once`] has said. Only texts of ours come here, so there are few.
    static SAID: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// One line about the settings, once in an isolate: every request would only repeat it.
pub(super) fn log_once(message: &str) {
    let is_new = SAID.with_borrow_mut(|said| said.insert(message.to_owned()));
    if is_new {
        log(Level::Error, message, &[]);
    }
}

/// One JSON line; the message is readable alone, the fields are for search.
pub(super) fn log(level: Level, message: &str, fields: &[(&str, &str)]) {
    let mut line = serde_json::Map::new();
    line.insert("message".to_owned(), message.into());
    for (name, value) in fields {
        line.insert((*name).to_owned(), (*value).into());
    }
    let line = serde_json::Value::Object(line);
    match level {
        Level::Info => console_log!("{line}"),
        Level::Warn => console_warn!("{line}"),
        Level::Error => console_error!("{line}"),
    }
}
