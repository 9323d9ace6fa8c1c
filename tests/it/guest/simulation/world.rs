//! The ports of a session in the simulation.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use events_concierge::base::id::ScopeId;
use events_concierge::base::signing_key::SigningKey;
use events_concierge::base::time::UnixSeconds;
use events_concierge::config::Config;
use events_concierge::guest::MIGRATIONS;
use events_concierge::identity::UserId;
use events_concierge::ports::{
    Alarm, Clock, Directory, Http, HttpError, HttpRequest, HttpResponse, Level, Log, Random,
    RelayerOrder, Relayers, Row, Servers, SignError, SignOuts, SignOutsError, Signer, Sockets, Sql,
    SqlError, SqlValue, Timer, Web, WebRequest, WebResponse,
};
use events_concierge::tickets::ask::Purchases;
use events_concierge::tickets::views::Tickets;
use events_concierge::wallets::budget::{self, Ask, BudgetError, Budgets, Told};
use serde_json::{Value, json};

use super::server::{self, Server};
use super::tabs::Tabs;
use super::watch::Watch;
use crate::simulation::endpoint;
use crate::simulation::engine::{Sim, Slot};
use crate::simulation::storage::{Calm, Storage};
use crate::simulation::unkind::IS_TOLD;
use crate::support::{FACTORY, config_with};

/// Where the factory says that the session's own wallet is.
pub(super) const SMART: &str = "0x5A5a5A5A5a5a5A5a5A5A5A5a5a5A5A5a5A5A5A5A";
/// How long another object is waited for at the longest, milliseconds; callers wait less.
const HOP_MILLIS: i64 = 60_000;

thread_local! {
    static CONFIG: Rc<Config> = config_with(&[("SMART_WALLET_FACTORY", FACTORY)]);
}

pub(super) fn config() -> Rc<Config> {
    CONFIG.with(Rc::clone)
}

/// What is outside of the session's object, and outlives its instances.
pub(super) struct Outside {
    pub(super) servers: Vec<Server>,
    pub(super) tabs: RefCell<Tabs>,
    pub(super) watch: RefCell<Watch>,
    pub(super) budgets: RefCell<BTreeMap<String, Rc<Storage>>>,
    /// Whether the directory knows of the session.
    pub(super) is_noted: Cell<bool>,
}

/// What one instance of the object may ask of the world.
#[derive(Clone)]
pub(super) struct World {
    pub(super) sim: Rc<Sim>,
    pub(super) outside: Rc<Outside>,
    pub(super) sqlite: Rc<Storage>,
    /// The alarm as the object's storage has it, seconds.
    pub(super) alarm: Rc<Cell<Option<i64>>>,
    /// The alarm as this instance knows it.
    pub(super) known_alarm: Rc<Cell<Option<i64>>>,
}

impl World {
    pub(super) fn new(sim: &Rc<Sim>, servers: Vec<Server>) -> Self {
        let outside = Outside {
            servers,
            tabs: RefCell::default(),
            watch: RefCell::default(),
            budgets: RefCell::default(),
            is_noted: Cell::default(),
        };
        Self {
            sim: Rc::clone(sim),
            outside: Rc::new(outside),
            sqlite: Storage::take(MIGRATIONS),
            alarm: Rc::default(),
            known_alarm: Rc::default(),
        }
    }

    pub(super) fn next_instance(&self) -> Self {
        self.sqlite.end_block();
        Self { known_alarm: Rc::default(), ..self.clone() }
    }

    pub(super) fn now_seconds(&self) -> i64 {
        self.sim.now.get() / 1000
    }

    /// Sends something that is answered into a slot, or lost on the way.
    async fn ask<T: 'static>(
        &self,
        millis: i64,
        arrive: impl FnOnce(&Rc<Sim>, Rc<Slot<T>>) + 'static,
    ) -> Option<T> {
        let slot = self.sim.slot();
        if !self.sim.fault(25) {
            let answer = Rc::clone(&slot);
            self.sim.after(self.sim.latency(), move |sim| arrive(sim, answer));
        }
        self.sim.wait(&slot, millis).await
    }
}

impl Clock for World {
    fn now(&self) -> UnixSeconds {
        UnixSeconds::new(self.now_seconds())
    }
}

impl Random for World {
    fn fill(&self, buffer: &mut [u8]) {
        for byte in buffer {
            *byte = self.sim.rng.next().to_be_bytes()[0];
        }
    }
}

impl Log for World {
    fn line(&self, level: Level, message: &str, fields: &[(&str, &str)]) {
        assert!(level != Level::Error, "{message} {fields:?}");
        if IS_TOLD.get() {
            self.sim.tell(|| format!("log: {message} {fields:?}"));
        }
    }
}

impl Sql for World {
    fn run(&self, statement: &str, parameters: &[SqlValue]) -> Result<Vec<Row>, SqlError> {
        self.sqlite.run(statement, parameters)
    }

    fn atomically<T, E: From<SqlError>>(
        &self,
        block: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        self.sqlite.atomically(block)
    }

    fn writes(&self) -> u64 {
        self.sqlite.writes()
    }
}

impl Timer for World {
    async fn sleep(&self, millis: u32) {
        self.sim.sleep(millis.into()).await;
    }
}

impl Alarm for World {
    fn wake_at(&self, at: UnixSeconds) {
        if self.known_alarm.get().is_none_or(|set| set > at.get()) {
            self.alarm.set(Some(at.get()));
            self.known_alarm.set(Some(at.get()));
        }
    }
}

impl Directory for World {
    fn note_open(&self) {
        self.outside.is_noted.set(true);
    }
}

impl Web for World {
    async fn exchange(&self, request: WebRequest) -> Result<WebResponse, HttpError> {
        if self.sim.fault(25) {
            self.sim.sleep(self.sim.latency()).await;
            return Err(HttpError::Connection("refused".to_owned()));
        }
        let (world, limit) = (self.clone(), i64::from(request.timeout_millis));
        let answer = self.ask(limit, move |_, slot| server::arrive(&world, &request, slot)).await;
        answer.unwrap_or(Err(HttpError::Timeout))
    }
}

impl Servers for World {
    async fn send_to_server(&self, _: &ScopeId, _: WebRequest) -> Result<WebResponse, HttpError> {
        Err(HttpError::Connection("all servers are elsewhere".to_owned()))
    }
}

/// Nothing is withdrawn here.
impl Relayers for World {
    async fn settle(&self, _: &'static str, _: RelayerOrder) -> Result<HttpResponse, HttpError> {
        Err(HttpError::Connection("there is no relayer here".to_owned()))
    }
}

impl Signer for World {
    async fn sign(&self, _: &SigningKey, _: &[u8]) -> Result<Vec<u8>, SignError> {
        Err(SignError("there is no platform here".to_owned()))
    }
}

impl Purchases for World {
    async fn bought_by_user(&self, _: &Config, _: &UserId) -> Result<Tickets, String> {
        Err("there is no list here".to_owned())
    }
}

impl Http for World {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let body: Value = serde_json::from_str(request.body.as_deref().unwrap()).unwrap();
        let limit = i64::from(request.timeout_millis);
        let answer = self.ask(limit, move |sim, slot| {
            let is_factory = body["params"].to_string().contains(&FACTORY[2..]);
            if is_factory {
                let word = format!("0x{:0>64}", SMART[2..].to_lowercase());
                let answer = json!({"jsonrpc": "2.0", "id": body["id"], "result": word});
                endpoint::send_back(sim, slot, endpoint::ok(&answer));
            } else {
                endpoint::arrive(sim, 0, &body, slot);
            }
        });
        answer.await.unwrap_or(Err(HttpError::Timeout))
    }
}

impl SignOuts for World {
    async fn signed_out_at(&self, _: &ScopeId) -> Result<Option<UnixSeconds>, SignOutsError> {
        let answer = self.ask(HOP_MILLIS, |sim, slot| {
            sim.after(sim.latency(), move |sim| slot.fill(sim, None));
        });
        answer.await.ok_or_else(|| SignOutsError("reset".to_owned()))
    }
}

impl Budgets for World {
    async fn ask_budget(&self, owner: &str, ask: &Ask) -> Result<Told, BudgetError> {
        let (world, owner, ask) = (self.clone(), owner.to_owned(), ask.clone());
        let answer = self.ask(HOP_MILLIS, move |sim, slot| {
            let told = world.budget(&owner, &ask);
            if !sim.fault(25) {
                sim.after(sim.latency(), move |sim| slot.fill(sim, told));
            }
        });
        answer.await.ok_or_else(|| BudgetError("reset".to_owned()))
    }
}

impl World {
    fn budget(&self, owner: &str, ask: &Ask) -> Told {
        let mut budgets = self.outside.budgets.borrow_mut();
        let storage = budgets.entry(owner.to_owned());
        let storage = storage.or_insert_with(|| Storage::take(budget::MIGRATIONS));
        let calm = Calm { sqlite: Rc::clone(storage), now: self.now_seconds() };
        budget::answer(&calm, ask).unwrap()
    }
}

impl Sockets for World {
    fn dismiss(&self, _signed_out_at: UnixSeconds) {}

    fn tell_all(&self, text: &str) -> bool {
        let message: Value = serde_json::from_str(text).unwrap();
        self.outside.watch.borrow_mut().hears(self, &message);
        self.outside.tabs.borrow_mut().tell_all(&self.sim, &message)
    }

    fn is_watched(&self) -> bool {
        false
    }

    fn tell_watching(&self, _text: &str) {}
}
