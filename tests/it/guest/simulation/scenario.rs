//! What people, servers, the chain and the runtime do to a session, and how it must end.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use events_concierge::base::id::SessionId;
use events_concierge::host::command::SignedIn;
use serde_json::{Value, json};

use super::object::Object;
use super::server::{MOODS, Mood, PAYEES, Server};
use super::tabs::{Line, Tab, balances, use_wallet};
use super::watch::{alarm_is_set, budgets_count, purchases};
use super::world::World;
use crate::guest::kit::{ADA, DAY, person};
use crate::simulation::blocks::Blocks;
use crate::simulation::chain::{Chain, Net};
use crate::simulation::engine::Sim;
use crate::support::NOW;

const ACTS: usize = 20;
/// How long the world stays kind in the end, seconds.
const KIND_SECONDS: i64 = DAY / 2;
/// When a moment begins in which all goes on at once, milliseconds.
const AT_ONCE: i64 = 50;

/// What happened, for those who want to know whether anything did.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Payments whose money is on the chain.
    pub(super) moved: u64,
    pub(super) shown: u64,
    pub(super) failed: u64,
    /// Refused or declined.
    pub(super) refused: u64,
    pub(super) crashes: u64,
    /// Payments at which a server lied.
    pub(super) lies: u64,
    /// Transfers that the chain dropped.
    pub(super) dropped: u64,
}

impl Outcome {
    pub(super) fn add(&mut self, other: &Self) {
        self.moved += other.moved;
        self.shown += other.shown;
        self.failed += other.failed;
        self.refused += other.refused;
        self.crashes += other.crashes;
        self.lies += other.lies;
        self.dropped += other.dropped;
    }
}

pub(super) struct Scenario {
    sim: Rc<Sim>,
    object: Object,
    user: Option<&'static str>,
    token: Rc<RefCell<String>>,
    calls: u64,
    /// Writes up to which the alarm was looked at.
    seen_writes: Cell<u64>,
}

impl Scenario {
    pub(super) fn new(seed: u64) -> Self {
        let sim = Sim::new(seed);
        let blocks = Blocks {
            start: NOW * 1000,
            first: 20_000_000,
            period: 1_000,
            skew: 0,
            stalls: Vec::new(),
        };
        let net = Net { blocks, down_until: 0, logs_back: None, is_frank: false };
        let mut chain = sim.chain.borrow_mut();
        chain.nets = vec![net];
        chain.balances.extend(balances().map(|(wallet, balance)| ((0, wallet), balance)));
        drop(chain);
        let object = Object::new(World::new(&sim, vec![Server::new('a'), Server::new('b')]));
        let user = sim.rng.chance(500).then_some(ADA);
        Self { sim, object, user, token: Rc::default(), calls: 0, seen_writes: Cell::default() }
    }

    pub(super) fn sim(&self) -> Rc<Sim> {
        Rc::clone(&self.sim)
    }

    pub(super) fn play(mut self) -> Outcome {
        self.begin();
        self.sim.chaos.set(true);
        for _ in 0..ACTS {
            self.act();
            let millis = match self.sim.rng.below(10) {
                0..4 => self.sim.rng.range(0, AT_ONCE),
                4..8 => self.sim.rng.range(1_000, 30_000),
                _ => self.sim.rng.range(30_000, 900_000),
            };
            self.run_for(millis);
        }
        self.end();
        self.outcome()
    }

    fn who(&self) -> Option<SignedIn> {
        let at = self.object.world.now_seconds();
        self.user.map(|user| person(user, at))
    }

    /// A session with a wallet and a policy that never changes, at the first server.
    fn begin(&mut self) {
        let (service, who) = (Rc::clone(&self.object.service), self.who());
        let (world, token) = (self.object.world.clone(), Rc::clone(&self.token));
        self.object.spawn(async move {
            let id = SessionId::random(&world);
            let greeting = service.begin(&id, who.as_ref()).await.unwrap();
            let welcome = serde_json::to_value(&greeting[0]).unwrap();
            *token.borrow_mut() = welcome["token"].as_str().unwrap().to_owned();
        });
        self.run_for(5_000);
        self.come();
        self.run_for(5_000);
        let (atomic, dollars) =
            [(0, "0.00"), (150_000, "0.15"), (1_000_000, "1.00")][self.sim.rng.below(3)];
        self.object.world.outside.watch.borrow_mut().ask_above = atomic;
        let wallet = use_wallet([0, 0, 2][self.sim.rng.below(3)]);
        for message in [
            wallet,
            json!({"type": "set_policy", "askAbove": dollars}),
            json!({"type": "connect_mcp", "url": self.object.world.outside.servers[0].url}),
        ] {
            self.hear(message);
            self.run_for(5_000);
        }
    }

    fn act(&mut self) {
        let sim = Rc::clone(&self.sim);
        let alive = self.object.world.outside.tabs.borrow().alive();
        let servers = &self.object.world.outside.servers;
        let server = &servers[sim.rng.below(servers.len())];
        match sim.rng.below(24) {
            _ if alive.is_empty() => self.come(),
            0..7 => self.buy(),
            7 => self.hear(json!({"type": "call_tool", "tool": "listEvents", "arguments": {}})),
            8 => {
                let url = server.url.clone();
                self.hear(json!({"type": "connect_mcp", "url": url}));
            }
            9 => self.hear(use_wallet(sim.rng.below(3))),
            10 if sim.rng.chance(300) => self.hear(json!({"type": "disconnect_mcp"})),
            10..12 => self.come(),
            12 => self.leave(alive[sim.rng.below(alive.len())]),
            13..18 => {
                let mood = match sim.rng.chance(400) {
                    true => Mood::Honest,
                    false => MOODS[sim.rng.below(MOODS.len())],
                };
                sim.tell(|| format!("{} is {mood:?}", server.url));
                server.mood.set(mood);
            }
            18 => server.price.set([100_000, 200_000, 600_000][sim.rng.below(3)]),
            19 => {
                server.pay_to.set(PAYEES[sim.rng.below(2)]);
                server.fickle.set([0, 300][sim.rng.below(2)]);
            }
            20 | 21 => self.reorg(),
            22 => {
                let millis =
                    if sim.rng.chance(200) { 7_200_000 } else { sim.rng.range(5_000, 300_000) };
                sim.chain.borrow_mut().nets[0].down_until = sim.now.get() + millis;
            }
            _ if sim.rng.chance(500) => self.object.crash(),
            _ => self.sweep(),
        }
    }

    /// A tab calls for a ticket, perhaps twice at once.
    fn buy(&mut self) {
        let event = ["one", "two"][self.sim.rng.below(2)];
        let times = if self.sim.rng.chance(300) { 2 } else { 1 };
        for _ in 0..times {
            self.calls += 1;
            self.hear(
                json!({"type": "call_tool", "tool": "rsvpToEvent", "callId": self.calls.to_string(),
                "arguments": {"eventId": event}}),
            );
        }
    }

    /// The object hears a message.
    fn hear(&mut self, message: Value) {
        self.sim.tell(|| format!("says {message}"));
        if message["type"] == "confirm" {
            let id = message["confirmationId"].as_str().unwrap().to_owned();
            self.object.world.outside.watch.borrow_mut().confirmed.insert(id);
        }
        let service = Rc::clone(&self.object.service);
        self.object.spawn(async move { service.hear(&message.to_string()).await });
    }

    /// A tab comes: it gets the greeting and what was missed, as the shell sends them.
    fn come(&mut self) {
        let (service, who) = (Rc::clone(&self.object.service), self.who());
        let (world, token) = (self.object.world.clone(), self.token.borrow().clone());
        self.object.spawn(async move {
            let greeting = service.resume(&token, who.as_ref(), None).await.unwrap();
            let missed = service.missed().unwrap();
            let greeting = greeting.iter().map(|message| serde_json::to_value(message).unwrap());
            let missed = missed.iter().map(|text| serde_json::from_str(text).unwrap());
            let messages: Vec<Value> = greeting.chain(missed).collect();
            let mut tabs = world.outside.tabs.borrow_mut();
            tabs.all.push(Tab { line: Line::Alive, tickets: Default::default() });
            let tab = tabs.all.len() - 1;
            world.sim.tell(|| format!("tab {tab} comes"));
            for message in &messages {
                tabs.tell(&world.sim, tab, message);
            }
        });
    }

    /// A tab leaves in order, or its line breaks, which is noticed later.
    fn leave(&mut self, tab: usize) {
        let line = if self.sim.rng.chance(400) { Line::Closed } else { Line::Dead };
        self.sim.tell(|| format!("tab {tab} is {line:?}"));
        let mut tabs = self.object.world.outside.tabs.borrow_mut();
        for old in &mut tabs.all {
            if old.line == Line::Dead {
                old.line = Line::Closed;
            }
        }
        tabs.all[tab].line = line;
        drop(tabs);
        if line == Line::Closed {
            self.object.service.left().unwrap();
        }
    }

    /// The chain drops its newest block when it has the next transfer, if it gets one soon.
    fn reorg(&mut self) {
        let before = self.sim.chain.borrow().mined.len();
        for _ in 0..20 {
            self.run_for(3_000);
            if self.sim.chain.borrow().mined.len() > before {
                break;
            }
        }
        Chain::reorg(&self.sim);
    }

    /// The cron asks a session that the directory knows of.
    fn sweep(&mut self) {
        if self.object.world.outside.is_noted.get() {
            let is_open = self.object.service.sweep().unwrap();
            self.object.world.outside.is_noted.set(is_open);
        }
    }

    fn run_for(&mut self, millis: i64) {
        let end = self.sim.now.get() + millis;
        loop {
            let message =
                self.object.world.outside.tabs.borrow().outbox.keys().next().map(|(at, _)| *at);
            let dues = [self.sim.next_event(), self.object.next(), message];
            let Some(next) = dues.into_iter().flatten().min().filter(|next| *next <= end) else {
                break;
            };
            self.sim.now.set(next.max(self.sim.now.get()));
            let now = self.sim.now.get();
            let ready: Vec<usize> =
                (0..3).filter(|kind| dues[*kind].is_some_and(|at| at <= now)).collect();
            match ready[self.sim.rng.below(ready.len())] {
                0 => drop(self.sim.step_event()),
                1 => self.object.step(),
                _ => self.send(),
            }
            self.check();
        }
        self.sim.now.set(end.max(self.sim.now.get()));
    }

    /// A tab sends what it wanted to send, unless it is gone.
    fn send(&mut self) {
        let first = self.object.world.outside.tabs.borrow_mut().outbox.pop_first();
        let Some((_, (tab, message))) = first else { return };
        let is_alive = self.object.world.outside.tabs.borrow().all[tab].line == Line::Alive;
        if is_alive {
            self.hear(message);
        }
    }

    fn check(&self) {
        let world = &self.object.world;
        world.outside.watch.borrow_mut().look(world);
        let writes = world.sqlite.memo.writes();
        if self.seen_writes.replace(writes) != writes {
            alarm_is_set(world);
        }
    }

    /// Everybody is honest, nothing is lost, and time passes: everything that was begun ends.
    fn end(&mut self) {
        self.sim.chaos.set(false);
        for server in &self.object.world.outside.servers {
            server.mood.set(Mood::Honest);
            server.fickle.set(0);
        }
        self.sim.chain.borrow_mut().nets[0].down_until = 0;
        self.sim.tell(|| "from here on all is well".to_owned());
        self.come();
        self.run_for(KIND_SECONDS * 1000);
        assert!(self.object.is_idle(), "something hangs");
        let world = &self.object.world;
        let tabs = world.outside.tabs.borrow();
        let chain = world.sim.chain.borrow();
        for row in purchases(world) {
            let is_lost = row.state == "paid" && !chain.is_used(&row.nonce);
            assert!(!row.is_open() || is_lost, "{row:?} stays open");
            if chain.is_used(&row.nonce) {
                assert!(row.state == "paid" && row.is_shown, "{row:?} was paid for");
            }
            let heard =
                tabs.all.iter().map(|tab| tab.tickets.get(&row.nonce).copied().unwrap_or(0));
            assert!(heard.clone().max() <= Some(1), "a tab got the ticket of {row:?} twice");
            assert_eq!(row.is_shown, heard.sum::<u32>() > 0, "{row:?}: who has its ticket?");
        }
        budgets_count(world);
    }

    fn outcome(self) -> Outcome {
        let world = &self.object.world;
        let (rows, chain) = (purchases(world), world.sim.chain.borrow());
        let count = |is_it: &dyn Fn(&str) -> bool| {
            u64::try_from(rows.iter().filter(|row| is_it(&row.state)).count()).unwrap()
        };
        let number = |count: usize| u64::try_from(count).unwrap();
        let lies = world.outside.servers.iter().map(|server| {
            server.orders.borrow().values().filter(|order| order.is_lied_to()).count()
        });
        Outcome {
            moved: number(rows.iter().filter(|row| chain.is_used(&row.nonce)).count()),
            shown: number(rows.iter().filter(|row| row.is_shown).count()),
            failed: count(&|state| state == "failed"),
            refused: count(&|state| matches!(state, "refused" | "declined")),
            crashes: self.object.crashes.get(),
            lies: number(lies.sum()),
            dropped: number(chain.mined.iter().filter(|mined| !mined.is_seen(i64::MAX)).count()),
        }
    }
}
