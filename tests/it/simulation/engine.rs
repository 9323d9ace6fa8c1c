//! Simulated time: whatever waits is parked until a moment, and one seed decides what runs next.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use super::chain::Chain;
use super::node::Node;
use super::relayer::Relayer;
use super::settings::Settings;
use super::storage::Storage;
use super::unkind::{IS_TOLD, Rule, Unkind, draw, rules};
use super::world::{Mailbox, Payee};
use crate::support::NOW;

/// Random numbers of which one seed decides all (splitmix64).
pub(crate) struct Rng(Cell<u64>);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Cell::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    pub(crate) fn next(&self) -> u64 {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to `n - 1`.
    pub(crate) fn below(&self, n: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(n).unwrap()).unwrap()
    }

    pub(crate) fn range(&self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.below(usize::try_from(to - from + 1).unwrap())).unwrap()
    }

    pub(crate) fn chance(&self, per_mille: usize) -> bool {
        self.below(1000) < per_mille
    }
}

type Event = Box<dyn FnOnce(&Rc<Sim>)>;

/// What everything in one simulation shares.
pub(crate) struct Sim {
    pub(crate) rng: Rng,
    /// Milliseconds since 1970.
    pub(crate) now: Cell<i64>,
    /// Whether anything goes wrong.
    pub(crate) chaos: Cell<bool>,
    /// In which ways this world is unkind.
    unkind: BTreeSet<Unkind>,
    rules: Vec<Rule>,
    /// What is set for all hosts now.
    pub(crate) settings: Cell<Settings>,
    /// When the settings last became valid again, milliseconds.
    pub(crate) recovered_at: Cell<i64>,
    pub(crate) chain: RefCell<Chain>,
    pub(crate) node: RefCell<Node>,
    pub(crate) kv: RefCell<BTreeMap<String, String>>,
    /// The storage of the directory of hosts that have something open.
    pub(crate) directory: RefCell<Option<Rc<Storage>>>,
    /// Until when writes of keys hang, milliseconds.
    pub(crate) kv_hangs: RefCell<BTreeMap<String, i64>>,
    pub(crate) mails: RefCell<Mailbox>,
    /// Until when the facilitator that has an address is down, milliseconds.
    pub(crate) facilitator_down_until: Cell<i64>,
    /// Until when every facilitator refuses whatever it is asked, milliseconds.
    pub(crate) refuses_until: Cell<i64>,
    /// What our own facilitator has done.
    pub(crate) relayer: RefCell<Relayer>,
    /// Nonces of payments whose payers have not proven them in time, or which no endpoint could confirm for a day.
    pub(crate) given_up: RefCell<BTreeSet<String>>,
    /// Violations seen during a step; they are checked after each step.
    pub(crate) wrongs: RefCell<Vec<String>>,
    pub(crate) payees: RefCell<BTreeMap<String, Payee>>,
    /// What happens later, in the order of its time.
    events: RefCell<BTreeMap<(i64, u64), Event>>,
    count: Cell<u64>,
    /// The task that is being polled, and when it has to be polled again at the latest.
    current: Cell<u64>,
    parked_until: Cell<i64>,
    /// Subrequests that the task has made so far.
    pub(crate) subrequests: Cell<u32>,
    woken: RefCell<BTreeSet<u64>>,
    /// What happened, printed with a failure.
    pub(crate) story: RefCell<Vec<String>>,
}

/// An answer on its way to the task that waits for it.
pub(crate) struct Slot<T> {
    value: RefCell<Option<T>>,
    task: u64,
}

impl<T> Slot<T> {
    pub(crate) fn fill(&self, sim: &Sim, value: T) {
        *self.value.borrow_mut() = Some(value);
        sim.woken.borrow_mut().insert(self.task);
    }
}

impl Sim {
    pub(crate) fn new(seed: u64) -> Rc<Self> {
        let rng = Rng::new(seed);
        let unkind = draw(&rng);
        Rc::new(Self {
            rng,
            now: Cell::new(NOW * 1000),
            chaos: Cell::new(false),
            unkind,
            rules: rules(),
            settings: Cell::default(),
            recovered_at: Cell::default(),
            chain: RefCell::default(),
            node: RefCell::default(),
            kv: RefCell::default(),
            directory: RefCell::default(),
            kv_hangs: RefCell::default(),
            mails: RefCell::default(),
            facilitator_down_until: Cell::default(),
            refuses_until: Cell::default(),
            relayer: RefCell::default(),
            given_up: RefCell::default(),
            wrongs: RefCell::default(),
            payees: RefCell::default(),
            events: RefCell::default(),
            count: Cell::new(0),
            current: Cell::new(0),
            parked_until: Cell::new(0),
            subrequests: Cell::new(0),
            woken: RefCell::default(),
            story: RefCell::default(),
        })
    }

    pub(crate) fn tell(&self, what: impl FnOnce() -> String) {
        if !IS_TOLD.get() {
            return;
        }
        let millis = self.now.get() - NOW * 1000;
        let line = format!("{:>5}.{:03}  {}", millis / 1000, millis % 1000, what());
        self.story.borrow_mut().push(line);
    }

    /// Whether the world is unkind in this way.
    pub(crate) fn is(&self, unkind: Unkind) -> bool {
        self.unkind.contains(&unkind)
    }

    /// Whether a rule is held against the service.
    pub(crate) fn holds(&self, rule: Rule) -> bool {
        self.rules.contains(&rule)
    }

    /// Something is wrong, whatever comes of it.
    pub(crate) fn wrong(&self, what: impl FnOnce() -> String) {
        let what = what();
        self.tell(|| format!("WRONG: {what}"));
        self.wrongs.borrow_mut().push(what);
    }

    /// A number that was not given before.
    pub(crate) fn fresh(&self) -> u64 {
        self.count.set(self.count.get() + 1);
        self.count.get()
    }

    /// Whether something goes wrong now.
    pub(crate) fn fault(&self, per_mille: usize) -> bool {
        self.chaos.get() && self.rng.chance(per_mille)
    }

    /// How long a message takes: mostly short, now and then long.
    pub(crate) fn latency(&self) -> i64 {
        if self.fault(30) { self.rng.range(1_000, 20_000) } else { self.rng.range(1, 200) }
    }

    /// `event` happens after so many milliseconds, whatever becomes of who asked for it.
    pub(crate) fn after(&self, millis: i64, event: impl FnOnce(&Rc<Self>) + 'static) {
        let at = (self.now.get() + millis, self.fresh());
        self.events.borrow_mut().insert(at, Box::new(event));
    }

    pub(crate) fn slot<T>(&self) -> Rc<Slot<T>> {
        Rc::new(Slot { value: RefCell::new(None), task: self.current.get() })
    }

    /// What comes into the slot within so many milliseconds.
    pub(crate) async fn wait<T>(&self, slot: &Slot<T>, millis: i64) -> Option<T> {
        let deadline = self.now.get() + millis;
        poll_fn(|_| {
            if let Some(value) = slot.value.borrow_mut().take() {
                return Poll::Ready(Some(value));
            }
            if self.now.get() >= deadline {
                return Poll::Ready(None);
            }
            self.parked_until.set(self.parked_until.get().min(deadline));
            Poll::Pending
        })
        .await
    }

    pub(crate) async fn sleep(&self, millis: i64) {
        let slot: Rc<Slot<()>> = self.slot();
        self.wait(&slot, millis).await;
    }

    /// When the next event is due.
    pub(crate) fn next_event(&self) -> Option<i64> {
        self.events.borrow().keys().next().map(|(at, _)| *at)
    }

    /// Lets the next event happen, if it is due.
    pub(crate) fn step_event(self: &Rc<Self>) -> bool {
        let Some(entry) = self.events.borrow_mut().pop_first_if(self.now.get()) else {
            return false;
        };
        entry(self);
        true
    }

    /// Polls a task by way of `poll`; says when it has to be polled again.
    pub(crate) fn poll(&self, task: u64, poll: impl FnOnce()) -> i64 {
        self.woken.borrow_mut().remove(&task);
        self.current.set(task);
        self.parked_until.set(i64::MAX);
        poll();
        self.parked_until.get()
    }

    /// The task that is being polled makes a subrequest.
    pub(crate) fn subrequest(&self) {
        self.subrequests.set(self.subrequests.get() + 1);
    }

    pub(crate) fn is_woken(&self, task: u64) -> bool {
        self.woken.borrow().contains(&task)
    }
}

trait PopFirstIf {
    fn pop_first_if(&mut self, now: i64) -> Option<Event>;
}

impl PopFirstIf for BTreeMap<(i64, u64), Event> {
    fn pop_first_if(&mut self, now: i64) -> Option<Event> {
        let entry = self.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }
}
