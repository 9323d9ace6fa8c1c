//! The ports of an object in the simulation.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::rc::Rc;

use events_concierge::base::signing_key::SigningKey as PlatformKey;
use events_concierge::base::time::UnixSeconds;
use events_concierge::directory::{self, Ask, Listed, Noted};
use events_concierge::ledger::payee;
use events_concierge::mail::Message;
use events_concierge::ports::storage::Migrations;
use events_concierge::ports::{
    Alarm, Clock, Delivery, Directory, Http, HttpError, HttpRequest, HttpResponse, Kv, KvError,
    Level, Log, Mail, MailError, Markets, PayeeClaim, PayeeError, Payees, Purpose, Random,
    RelayerOrder, Relayers, Row, Sent, SignError, Signer, Sql, SqlError, SqlValue, Timer, Web,
    WebRequest, WebResponse, may_write,
};
use serde_json::Value;

use super::engine::Sim;
use super::storage::{Calm, Storage};
use super::unkind::{IS_TOLD, Rule, Unkind};
use super::{endpoint, facilitator, node, relayer, settings};

/// Thrown where a crash happens between two writes.
pub(crate) struct Crash;

/// The reason of a payment that may have been made for another server and whose payer has not proven otherwise.
pub(crate) const UNPROVEN: &str = "nobody has proven to have paid";
/// Stands for ever, milliseconds.
const FOR_EVER: i64 = 1 << 50;
/// How long the way out for mail waits for its answer, milliseconds.
const MAIL_MILLIS: i64 = 20_000;

/// What one instance of an object may ask of the world.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) sim: Rc<Sim>,
    /// Which of the hosts it is.
    pub(crate) index: usize,
    pub(crate) sqlite: Rc<Storage>,
    /// The alarm as the object's storage has it, seconds.
    pub(crate) alarm: Rc<Cell<Option<i64>>>,
    /// The alarm as this instance knows it.
    pub(crate) known_alarm: Rc<Cell<Option<i64>>>,
    /// What this instance remembers of its notes to the directory.
    pub(crate) noted: Rc<Cell<Noted>>,
    /// Until when the object dies at nearly every write, milliseconds.
    pub(crate) storm_until: Rc<Cell<i64>>,
}

/// What people have in their mailboxes.
#[derive(Default)]
pub(crate) struct Mailbox {
    pub(crate) delivery: Option<Delivery>,
    /// How often each mail arrived, by its id.
    pub(crate) arrived: BTreeMap<String, u32>,
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

impl Signer for World {
    async fn sign(&self, _key: &PlatformKey, _message: &[u8]) -> Result<Vec<u8>, SignError> {
        Err(SignError("there is no platform here".to_owned()))
    }
}

impl Log for World {
    fn line(&self, level: Level, message: &str, fields: &[(&str, &str)]) {
        if message == UNPROVEN {
            let statement = "SELECT nonce FROM payments WHERE id = ?1";
            let found = self.sqlite.run(statement, &[fields[0].1.into()]).unwrap();
            let [SqlValue::Text(nonce)] = &found[0][..] else { panic!("{found:?}") };
            self.sim.given_up.borrow_mut().insert(nonce.clone());
        }
        if level != Level::Info && IS_TOLD.get() {
            self.sim.tell(|| format!("log: {message} {fields:?}"));
        }
    }
}

impl Sql for World {
    fn run(&self, statement: &str, parameters: &[SqlValue]) -> Result<Vec<Row>, SqlError> {
        if may_write(statement) && self.sim.fault(self.deaths()) {
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
        if self.known_alarm.get().is_some_and(|set| set <= at.get()) {
            return;
        }
        self.alarm.set(Some(at.get()));
        self.known_alarm.set(Some(at.get()));
    }
}

impl Directory for World {
    fn note_open(&self) {
        let mut noted = self.noted.get();
        if noted.is_due(self.now()) {
            self.noted.set(noted);
            self.sim.subrequest();
            let index = self.index;
            self.sim.after(self.sim.latency(), move |sim| {
                ask_directory(sim, &Ask::Note(index.to_string()));
            });
        }
    }
}

/// The directory's own object.
pub(crate) fn ask_directory(sim: &Rc<Sim>, ask: &Ask) -> Vec<Listed> {
    let mut made = sim.directory.borrow_mut();
    let sqlite = made.get_or_insert_with(|| Storage::take(directory::MIGRATIONS));
    let calm = Calm { sqlite: Rc::clone(sqlite), now: sim.now.get() / 1000 };
    directory::answer(&calm, ask).unwrap()
}

impl Kv for World {
    async fn get(&self, key: &str) -> Result<Option<String>, KvError> {
        self.sim.subrequest();
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
        self.sim.subrequest();
        self.sim.sleep(self.sim.latency()).await;
        let kv = self.sim.kv.borrow();
        Ok((kv.keys().filter(|key| key.starts_with(prefix)).cloned().collect(), None))
    }
}

impl World {
    pub(crate) fn new(sim: &Rc<Sim>, migrations: Migrations, index: usize) -> Self {
        Self {
            sim: Rc::clone(sim),
            index,
            sqlite: Storage::take(migrations),
            alarm: Rc::default(),
            known_alarm: Rc::default(),
            noted: Rc::default(),
            storm_until: Rc::default(),
        }
    }

    /// How many of a thousand writes are the last of their instance.
    fn deaths(&self) -> usize {
        if self.storm_until.get() > self.sim.now.get() { 500 } else { 3 }
    }

    /// A key that hangs stays so for a while.
    async fn hang(&self, key: &str) {
        let sim = &self.sim;
        if sim.is(Unkind::HangingKv) && sim.fault(100) {
            let millis =
                if sim.rng.chance(500) { FOR_EVER } else { sim.rng.range(20_000, 600_000) };
            sim.tell(|| format!("KV hangs for {key}"));
            sim.kv_hangs.borrow_mut().insert(key.to_owned(), sim.now.get().saturating_add(millis));
        }
        let until = sim.kv_hangs.borrow().get(key).copied().unwrap_or_default();
        if sim.chaos.get() && until > sim.now.get() {
            sim.sleep(until - sim.now.get()).await;
        }
    }

    /// A write of KV arrives or not, and its answer does or not.
    async fn write(&self, key: &str, value: Option<&str>) -> Result<(), KvError> {
        self.sim.subrequest();
        self.sim.sleep(self.sim.latency()).await;
        self.hang(key).await;
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

impl Markets for World {
    /// No host of the simulation is listed.
    async fn ask_market(&self, _: &str) -> Result<String, String> {
        Err("there is no marketplace here".to_owned())
    }
}

impl Payees for World {
    async fn claim(&self, claim: PayeeClaim) -> Result<bool, PayeeError> {
        let failed = || PayeeError("down".to_owned());
        self.sim.subrequest();
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

impl World {
    /// A request that moves money leaves: what it pays for must still be on sale, as this object's own storage
    /// says, unless it was handed over before.
    fn pushes(&self, payment: &Value) {
        let nonce = payment["payload"]["authorization"]["nonce"].as_str().unwrap();
        let statement = "SELECT p.tool, e.status, s.revoked_at IS NOT NULL OR s.expires_at <= ?2 \
             FROM payments p LEFT JOIN events e ON e.id = json_extract(p.arguments, '$.eventId') \
             LEFT JOIN secrets s ON s.id = json_extract(p.arguments, '$.secretId') \
             WHERE p.nonce = ?1 AND p.state IN ('settling', 'unknown')";
        let now = self.sim.now.get() / 1000;
        let rows = self.sqlite.run(statement, &[nonce.into(), SqlValue::Int(now)]).unwrap();
        let Some(row) = rows.first() else { return };
        let is_seat = row[0] == SqlValue::Text("rsvpToEvent".to_owned());
        let is_cancelled = row[1] == SqlValue::Text("cancelled".to_owned());
        let is_gone = (is_seat && is_cancelled) || row[2] == SqlValue::Int(1);
        if is_gone && self.sim.holds(Rule::OnlyWhatIsSold) {
            let nonce = super::chain::short(nonce);
            self.sim
                .wrong(|| format!("money of {nonce} is asked for, for what is not sold any more"));
        }
    }
}

impl Relayers for World {
    async fn settle(
        &self,
        network: &'static str,
        order: RelayerOrder,
    ) -> Result<HttpResponse, HttpError> {
        if order.purpose == Purpose::Settle {
            self.pushes(&order.payment);
        }
        let sim = &self.sim;
        sim.subrequest();
        if sim.fault(20) {
            sim.sleep(sim.latency()).await;
            return Err(HttpError::Connection("the object was reset".to_owned()));
        }
        let slot = sim.slot();
        let answer = Rc::clone(&slot);
        sim.after(sim.latency(), move |sim| relayer::arrive(sim, network, order, answer));
        // One hop within the deployment, which knows no limit.
        sim.wait(&slot, FOR_EVER).await.unwrap_or(Err(HttpError::Timeout))
    }
}

impl Mail for World {
    fn delivery(&self) -> Option<Delivery> {
        self.sim.mails.borrow().delivery
    }

    async fn send_mail(&self, message: &Message) -> Result<Sent, MailError> {
        let sim = &self.sim;
        sim.subrequest();
        sim.sleep(sim.latency()).await;
        if sim.fault(60) {
            return Err(match sim.rng.below(3) {
                0 => MailError::Refused("no such mailbox".to_owned()),
                _ => MailError::Later("busy".to_owned()),
            });
        }
        let slot = sim.slot();
        if !sim.fault(60) {
            let (id, answer) = (message.id.to_string(), Rc::clone(&slot));
            let late = sim.is(Unkind::LateAnswers) && sim.fault(200);
            let millis = if late { sim.rng.range(20_000, 300_000) } else { sim.latency() };
            sim.after(millis, move |sim| {
                take_mail(sim, &id);
                if !sim.fault(60) {
                    sim.after(sim.latency(), move |sim| answer.fill(sim, ()));
                }
            });
        }
        match sim.wait(&slot, MAIL_MILLIS).await {
            Some(()) => Ok(Sent { provider_id: message.id.to_string() }),
            None => Err(MailError::Unavailable("no answer".to_owned())),
        }
    }
}

/// A mail reaches its recipient, once for each key where keys are known.
fn take_mail(sim: &Sim, id: &str) {
    let mut mails = sim.mails.borrow_mut();
    let knows_keys = mails.delivery == Some(Delivery::ExactlyOnce);
    let arrived = mails.arrived.entry(id.to_owned()).or_default();
    *arrived = if knows_keys { 1 } else { *arrived + 1 };
    if *arrived > 1 {
        sim.wrong(|| format!("the mail {id} arrives {arrived} times"));
    }
}

impl Http for World {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let sim = &self.sim;
        sim.subrequest();
        if request.url.ends_with("/supported") {
            // What it says of itself is not simulated: hosts go on without it.
            return Err(HttpError::Timeout);
        }
        let body: Value = serde_json::from_str(request.body.as_deref().unwrap_or("null")).unwrap();
        if request.url.ends_with("/settle") {
            self.pushes(&body["paymentPayload"]);
        }
        if sim.fault(20) {
            sim.sleep(sim.latency()).await;
            return Err(HttpError::Connection("refused".to_owned()));
        }
        let limit = i64::from(request.timeout_millis);
        let slot = sim.slot();
        if !sim.fault(20) {
            let answer = Rc::clone(&slot);
            let net = settings::RPC_URLS.iter().position(|url| *url == request.url);
            sim.after(sim.latency(), move |sim| match net {
                Some(net) => endpoint::arrive(sim, net, &body, answer),
                None if request.url == node::URL => node::arrive(sim, &request, answer),
                None => facilitator::arrive(sim, &request.url, &body, answer),
            });
        }
        sim.wait(&slot, limit).await.unwrap_or(Err(HttpError::Timeout))
    }
}
