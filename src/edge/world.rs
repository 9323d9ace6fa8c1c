//! The ports of an object: clock, randomness, KV, payees, relayers, alarm, timer, log.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;
use worker::{Env, State, console_error};

use crate::base::id::RequestId;
use crate::base::time::UnixSeconds;
use crate::chain::networks::Network;
use crate::directory::{Kind, Noted};
use crate::edge::platform::{EdgeRandom, kv, list, log, now, sleep};
use crate::edge::rpc::{self, ask_market, ask_payee, ask_relayer, note};
use crate::edge::sql::ObjectSql;
use crate::facilitator::own::api::{Asks, Command};
use crate::http::source::Source;
use crate::ports::{
    Alarm, Clock, Directory, HttpError, HttpResponse, Kv, KvError, Level, Log, Markets, PayeeClaim,
    PayeeError, Payees, Random, RelayerOrder, Relayers, Row, Sql, SqlError, SqlValue, Timer,
};
use crate::wallets::budget::{Ask, BudgetError, Budgets, Told};

/// An alarm that is this late is taken for lost, seconds.
const LOST_SECONDS: i64 = 120;

/// The world of an object: implements all ports.
pub(super) struct EdgeWorld {
    pub(super) state: State,
    pub(super) sql: ObjectSql,
    pub(super) env: Env,
    /// When the alarm is due, as far as this instance knows.
    alarm: Rc<Cell<Option<UnixSeconds>>>,
    /// The directory that lists this object. `None`: the object never has open work.
    kind: Option<Kind>,
    noted: Rc<Cell<Noted>>,
    /// Of a guest session: the source of the last message.
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

    /// The alarm has run, so none is set.
    pub(super) fn alarm_is_over(&self) {
        self.alarm.set(None);
    }

    /// Forgets that the directory lists this object.
    pub(super) fn is_closed(&self) {
        let mut noted = self.noted.get();
        noted.forget();
        self.noted.set(noted);
    }

    /// Deletes all storage and the alarm.
    pub(super) async fn erase(&self) -> worker::Result<()> {
        self.alarm.set(None);
        let erased = self.state.storage().delete_all().await;
        self.sql.is_erased();
        erased
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
        kv(&self.env, "get", key, None).await
    }

    async fn put(&self, key: &str, value: &str) -> Result<(), KvError> {
        kv(&self.env, "put", key, Some(value)).await.map(drop)
    }

    async fn delete(&self, key: &str) -> Result<(), KvError> {
        kv(&self.env, "delete", key, None).await.map(drop)
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

impl Markets for EdgeWorld {
    async fn ask_market(&self, message: &str) -> Result<String, String> {
        ask_market(&self.env, message).await.map_err(|error| error.to_string())
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

impl Alarm for EdgeWorld {
    fn wake_at(&self, at: UnixSeconds) {
        let is_known = |set: UnixSeconds| set <= at && now().since(set) < LOST_SECONDS;
        if self.alarm.get().is_some_and(is_known) {
            return;
        }
        self.alarm.set(Some(at));
        let storage = self.state.storage();
        let storage: &JsValue = storage.as_raw().as_ref();
        let set = set_alarm(storage, &at.to_string());
        let known = Rc::clone(&self.alarm);
        // Started before the runtime commits the writes of this event.
        self.state.wait_until(async move {
            if let Err(error) = JsFuture::from(set).await {
                known.set(None);
                console_error!("the alarm cannot be set: {error:?}");
            }
        });
    }
}

#[wasm_bindgen]
extern "C" {
    /// Defined by `shim.mjs`: sets the alarm of an object's storage. `at` is RFC 3339.
    #[wasm_bindgen(js_name = "__set_alarm")]
    fn set_alarm(storage: &JsValue, at: &str) -> js_sys::Promise;
}

impl Directory for EdgeWorld {
    fn note_open(&self) {
        let Some(kind) = self.kind else { return };
        let mut noted = self.noted.get();
        if !noted.is_due(now()) {
            return;
        }
        self.noted.set(noted);
        // The object's id, which it knows even if it does not know its name.
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

impl Sql for EdgeWorld {
    fn run(&self, statement: &str, parameters: &[SqlValue]) -> Result<Vec<Row>, SqlError> {
        self.sql.run(statement, parameters)
    }

    fn atomically<T, E: From<SqlError>>(
        &self,
        block: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        self.sql.atomically(block)
    }

    fn writes(&self) -> u64 {
        self.sql.writes()
    }
}

impl Budgets for EdgeWorld {
    async fn ask_budget(&self, owner: &str, ask: &Ask) -> Result<Told, BudgetError> {
        rpc::ask_budget(&self.env, owner, ask).await.map_err(|error| BudgetError(error.to_string()))
    }
}
