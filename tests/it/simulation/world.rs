//! The ports of a host's object in the simulation, and the objects themselves: they die and come
//! back on the same storage.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

use events_concierge::host::Host;
use events_concierge::ledger::{self, payee};
use events_concierge::mail::Message;
use events_concierge::ports::{
    Alarm, Clock, Delivery, Directory, Http, HttpError, HttpRequest, HttpResponse, Kv, KvError,
    Level, Log, Mail, MailError, PayeeClaim, PayeeError, Payees, Random, RelayerOrder, Relayers,
    Row, Sent, Sql, SqlError, SqlValue, Timer, Web, WebRequest, WebResponse,
};
use events_concierge::storage::{self, Migrations};
use events_concierge::time::UnixSeconds;

use super::engine::Sim;
use super::{chain, node};
use crate::support::{config, run_statement};

/// Thrown where a crash happens between two writes.
struct Crash;

/// What one instance of an object may ask of the world.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) sim: Rc<Sim>,
    sqlite: Rc<Storage>,
    /// The alarm as the object's storage has it, seconds.
    alarm: Rc<Cell<Option<i64>>>,
    /// The alarm as this instance knows it.
    known_alarm: Rc<Cell<Option<i64>>>,
    /// Whether the object has noted that it has something open.
    noted: Rc<Cell<bool>>,
}

/// An object's storage. Making one costs more than using it, so each thread keeps its own and takes
/// back what a simulation has written: all of that is one transaction, which is never committed.
struct Storage {
    connection: rusqlite::Connection,
    migrations: Migrations,
    in_block: Cell<bool>,
}

thread_local! {
    static STORAGES: RefCell<Vec<Rc<Storage>>> = const { RefCell::new(Vec::new()) };
}

impl Storage {
    /// Storage with a schema and nothing else, that nobody else uses.
    fn take(migrations: Migrations) -> Rc<Self> {
        let is_free = |storage: &&Rc<Self>| {
            Rc::strong_count(storage) == 1 && std::ptr::eq(storage.migrations, migrations)
        };
        let kept = STORAGES.with_borrow(|kept| kept.iter().find(is_free).cloned());
        if let Some(storage) = kept {
            storage.connection.execute_batch("ROLLBACK; BEGIN").unwrap();
            storage.in_block.set(false);
            return storage;
        }
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        connection.set_prepared_statement_cache_capacity(200);
        let new = Rc::new(Self { connection, migrations, in_block: Cell::new(false) });
        storage::migrate(&*new, migrations, UnixSeconds::new(0)).unwrap();
        new.connection.execute_batch("BEGIN").unwrap();
        STORAGES.with_borrow_mut(|kept| kept.push(Rc::clone(&new)));
        new
    }

    /// Takes back what an interrupted block has written.
    fn end_block(&self) {
        if self.in_block.replace(false) {
            self.connection.execute_batch("ROLLBACK TO block; RELEASE block").unwrap();
        }
    }
}

impl Sql for Storage {
    fn run(&self, statement: &str, parameters: &[SqlValue]) -> Result<Vec<Row>, SqlError> {
        run_statement(&self.connection, statement, parameters)
    }

    fn atomically<T, E: From<SqlError>>(
        &self,
        block: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        self.run("SAVEPOINT block", &[])?;
        self.in_block.set(true);
        let answer = block();
        if answer.is_err() {
            self.run("ROLLBACK TO block", &[])?;
        }
        self.in_block.set(false);
        self.run("RELEASE block", &[])?;
        answer
    }
}

/// What an object does.
pub(crate) trait Service: Sized + 'static {
    /// Its storage.
    const MIGRATIONS: Migrations;
    fn build(world: World) -> Self;
    /// What its alarm does; whether that went well.
    fn wake(&self) -> impl Future<Output = bool>;
}

impl Service for Host<World> {
    const MIGRATIONS: Migrations = ledger::MIGRATIONS;

    fn build(world: World) -> Self {
        Self::new(world, config())
    }

    async fn wake(&self) -> bool {
        Self::wake(self).await;
        true
    }
}

/// Whether another task of the object has something for this one.
#[derive(Default)]
struct Called(AtomicBool);

impl Wake for Called {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Task {
    fn is_ready(&self, sim: &Sim) -> bool {
        self.called.0.load(Ordering::Relaxed) || sim.is_woken(self.id)
    }
}

/// An object with its storage.
pub(crate) struct Object<S> {
    pub(crate) name: char,
    pub(crate) world: World,
    pub(crate) service: Rc<S>,
    tasks: RefCell<Vec<Task>>,
    crashes: Cell<u32>,
    /// How often its alarm has gone off.
    pub(crate) wakes: Cell<u32>,
}

struct Task {
    id: u64,
    parked_until: i64,
    is_alarm: bool,
    called: Arc<Called>,
    future: Pin<Box<dyn Future<Output = bool>>>,
}

impl<S: Service> Object<S> {
    pub(crate) fn new(sim: &Rc<Sim>, name: char) -> Self {
        let sqlite = Storage::take(S::MIGRATIONS);
        let world = World {
            sim: Rc::clone(sim),
            sqlite,
            alarm: Rc::default(),
            known_alarm: Rc::default(),
            noted: Rc::default(),
        };
        let service = Rc::new(S::build(world.clone()));
        let tasks = RefCell::default();
        Self { name, world, service, tasks, crashes: Cell::new(0), wakes: Cell::new(0) }
    }

    /// Something for the object to do; it answers whether it went well.
    pub(crate) fn spawn(&self, future: impl Future<Output = bool> + 'static) {
        self.push(Box::pin(future), false);
    }

    fn push(&self, future: Pin<Box<dyn Future<Output = bool>>>, is_alarm: bool) {
        let id = self.world.sim.fresh();
        let called = Arc::default();
        self.tasks.borrow_mut().push(Task { id, parked_until: 0, is_alarm, called, future });
    }

    /// The instance dies with all that it was doing; the storage stays.
    pub(crate) fn crash(&mut self) {
        let interrupted = std::mem::take(&mut *self.tasks.borrow_mut());
        if interrupted.iter().any(|task| task.is_alarm) {
            self.retry_alarm();
        }
        drop(interrupted);
        self.world.sqlite.end_block();
        self.world.known_alarm = Rc::default();
        self.service = Rc::new(S::build(self.world.clone()));
        self.crashes.set(self.crashes.get() + 1);
    }

    /// The runtime calls a failed alarm again.
    fn retry_alarm(&self) {
        let soon = self.world.sim.now.get() / 1000 + self.world.sim.rng.range(2, 10);
        let at = self.world.alarm.get().map_or(soon, |set| set.min(soon));
        self.world.alarm.set(Some(at));
    }

    /// When the object has something to do next, milliseconds.
    pub(crate) fn next(&self) -> Option<i64> {
        let tasks = self.tasks.borrow();
        let woken = tasks.iter().any(|task| task.is_ready(&self.world.sim));
        let parked = tasks.iter().map(|task| task.parked_until).min();
        let alarm = self.world.alarm.get().filter(|_| !tasks.iter().any(|task| task.is_alarm));
        let alarm = alarm.map(|seconds| seconds * 1000);
        if woken { Some(0) } else { parked.into_iter().chain(alarm).min() }
    }

    /// Does one thing that is due now, whichever the seed says.
    pub(crate) fn step(&mut self) {
        let sim = Rc::clone(&self.world.sim);
        let now = sim.now.get();
        let alarm_runs = self.tasks.borrow().iter().any(|task| task.is_alarm);
        if !alarm_runs && self.world.alarm.get().is_some_and(|at| at * 1000 <= now) {
            self.world.alarm.set(None);
            self.wakes.set(self.wakes.get() + 1);
            self.world.known_alarm.set(None);
            let service = Rc::clone(&self.service);
            self.push(Box::pin(async move { service.wake().await }), true);
        }
        let ready: Vec<usize> = (0..)
            .zip(self.tasks.borrow().iter())
            .filter(|(_, task)| task.parked_until <= now || task.is_ready(&sim))
            .map(|(index, _)| index)
            .collect();
        if ready.is_empty() {
            return;
        }
        let index = ready[sim.rng.below(ready.len())];
        let mut task = self.tasks.borrow_mut().swap_remove(index);
        let mut done = None;
        let polled = catch_unwind(AssertUnwindSafe(|| {
            task.parked_until = sim.poll(task.id, || {
                task.called.0.store(false, Ordering::Relaxed);
                let waker = Waker::from(Arc::clone(&task.called));
                let poll = task.future.as_mut().poll(&mut Context::from_waker(&waker));
                done = match poll {
                    std::task::Poll::Ready(well) => Some(well),
                    std::task::Poll::Pending => None,
                };
            });
        }));
        match (polled, done) {
            (Ok(()), None) => self.tasks.borrow_mut().push(task),
            (Ok(()), Some(well)) => {
                if task.is_alarm && !well {
                    self.retry_alarm();
                }
            }
            (Err(thrown), _) => {
                if !thrown.is::<Crash>() {
                    resume_unwind(thrown);
                }
                sim.tell(|| format!("{} dies between two writes", self.name));
                if task.is_alarm {
                    self.retry_alarm();
                }
                drop(task);
                self.crash();
            }
        }
    }

    /// When the runtime wakes it, seconds.
    pub(crate) fn alarm(&self) -> Option<i64> {
        self.world.alarm.get()
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.tasks.borrow().is_empty()
    }

    pub(crate) fn sql(&self, statement: &str) -> Vec<Row> {
        self.world.sqlite.run(statement, &[]).unwrap()
    }

    pub(crate) fn int(&self, statement: &str) -> i64 {
        match self.sql(statement)[0][0] {
            SqlValue::Int(number) => number,
            ref other @ (SqlValue::Null | SqlValue::Text(_)) => panic!("not a number: {other:?}"),
        }
    }
}

impl Clock for World {
    fn now(&self) -> UnixSeconds {
        UnixSeconds::new(self.sim.now.get() / 1000)
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
        if level != Level::Info {
            self.sim.tell(|| format!("log: {message} {fields:?}"));
        }
    }
}

impl Sql for World {
    fn run(&self, statement: &str, parameters: &[SqlValue]) -> Result<Vec<Row>, SqlError> {
        let writes = !statement.trim_start().starts_with("SELECT");
        if writes && self.sim.fault(3) {
            resume_unwind(Box::new(Crash));
        }
        self.sqlite.run(statement, parameters)
    }

    fn atomically<T, E: From<SqlError>>(
        &self,
        block: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        self.sqlite.atomically(block)
    }
}

impl Timer for World {
    async fn sleep(&self, millis: u32) {
        self.sim.sleep(millis.into()).await;
    }
}

impl Alarm for World {
    fn wake_at(&self, at: UnixSeconds) {
        if self.known_alarm.get().is_some_and(|set| set <= at.get()) {
            return;
        }
        self.alarm.set(Some(at.get()));
        self.known_alarm.set(Some(at.get()));
    }
}

impl Directory for World {
    fn note_open(&self) {
        self.noted.set(true);
    }
}

impl Kv for World {
    async fn get(&self, key: &str) -> Result<Option<String>, KvError> {
        self.sim.sleep(self.sim.latency()).await;
        Ok(self.sim.kv.borrow().get(key).cloned())
    }

    async fn put(&self, key: &str, value: &str) -> Result<(), KvError> {
        self.write(key, Some(value)).await
    }

    async fn delete(&self, key: &str) -> Result<(), KvError> {
        self.write(key, None).await
    }

    async fn list(
        &self,
        prefix: &str,
        _cursor: Option<&str>,
    ) -> Result<(Vec<String>, Option<String>), KvError> {
        self.sim.sleep(self.sim.latency()).await;
        let kv = self.sim.kv.borrow();
        Ok((kv.keys().filter(|key| key.starts_with(prefix)).cloned().collect(), None))
    }
}

impl World {
    /// The same storage, seen by somebody to whom nothing happens.
    pub(crate) fn calm(self) -> Self {
        Self { sim: Sim::new(0), ..self }
    }

    /// A write of KV arrives or not, and its answer does or not.
    async fn write(&self, key: &str, value: Option<&str>) -> Result<(), KvError> {
        self.sim.sleep(self.sim.latency()).await;
        if !self.sim.fault(50) {
            let mut kv = self.sim.kv.borrow_mut();
            match value {
                Some(value) => kv.insert(key.to_owned(), value.to_owned()),
                None => kv.remove(key),
            };
            drop(kv);
            if !self.sim.fault(50) {
                return Ok(());
            }
        }
        Err(KvError("down".to_owned()))
    }
}

impl Payees for World {
    async fn claim(&self, claim: PayeeClaim) -> Result<bool, PayeeError> {
        let failed = || PayeeError("down".to_owned());
        if self.sim.fault(20) {
            return Err(failed());
        }
        let slot = self.sim.slot();
        let answer = Rc::clone(&slot);
        self.sim.after(self.sim.rng.range(1, 300), move |sim| {
            let granted = ask_payee(sim, &claim);
            if !sim.fault(20) {
                sim.after(sim.rng.range(1, 300), move |sim| answer.fill(sim, granted));
            }
        });
        self.sim.wait(&slot, 30_000).await.ok_or_else(failed)
    }
}

/// The payout address's own object, over storage of its own.
fn ask_payee(sim: &Rc<Sim>, claim: &PayeeClaim) -> bool {
    let mut payees = sim.payees.borrow_mut();
    let storage = payees.entry(claim.pay_to.clone()).or_insert_with(Payee::new);
    payee::claim(&*storage.0, claim, UnixSeconds::new(sim.now.get() / 1000)).unwrap()
}

/// The object of a payout address.
pub(crate) struct Payee(Rc<Storage>);

impl Payee {
    fn new() -> Self {
        Self(Storage::take(payee::MIGRATIONS))
    }
}

impl Web for World {
    async fn exchange(&self, _request: WebRequest) -> Result<WebResponse, HttpError> {
        Err(HttpError::Connection("there is no web here".to_owned()))
    }
}

impl Relayers for World {
    /// These hosts ask a facilitator by its address.
    async fn settle(
        &self,
        _network: &'static str,
        _order: RelayerOrder,
    ) -> Result<HttpResponse, HttpError> {
        Err(HttpError::Connection("there is no relayer here".to_owned()))
    }
}

impl Mail for World {
    fn delivery(&self) -> Option<Delivery> {
        None
    }

    async fn send_mail(&self, _message: &Message) -> Result<Sent, MailError> {
        Err(MailError::Later("there is no way out for mail here".to_owned()))
    }
}

impl Http for World {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let sim = &self.sim;
        if request.url.ends_with("/supported") {
            // What it says of itself is not simulated: hosts go on without it.
            return Err(HttpError::Timeout);
        }
        if sim.fault(20) {
            sim.sleep(sim.latency()).await;
            return Err(HttpError::Connection("refused".to_owned()));
        }
        let limit = i64::from(request.timeout_millis);
        let slot = sim.slot();
        if !sim.fault(20) {
            let answer = Rc::clone(&slot);
            sim.after(sim.latency(), move |sim| match request.url.as_str() {
                node::URL => node::arrive(sim, &request, answer),
                _ => chain::arrive(sim, &request, answer),
            });
        }
        sim.wait(&slot, limit).await.unwrap_or(Err(HttpError::Timeout))
    }
}
