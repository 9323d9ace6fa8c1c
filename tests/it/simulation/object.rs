//! Objects in the simulation: they die and come back on the same storage, and their alarms go off as the runtime of
//! Durable Objects has it.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use events_concierge::directory::Noted;
use events_concierge::host::Host;
use events_concierge::ledger;
use events_concierge::ports::storage::Migrations;
use events_concierge::ports::{Row, Sql, SqlValue};

use super::engine::Sim;
use super::unkind::Unkind;
use super::world::{Crash, World};

/// Retries of a failed alarm until the runtime gives it up, and the first pause before one, doubled each time, seconds.
const RETRIES_MAX: u32 = 6;
const RETRY_SECONDS: i64 = 2;
/// When an object whose settings are faulty looks again, as its shell has it, seconds.
const SETTINGS_AGAIN_SECONDS: i64 = 300;
/// Subrequests that an invocation has on the free plan.
const SUBREQUESTS_MAX: u32 = 50;

/// What an object does.
pub(crate) trait Service: Sized + 'static {
    /// Its storage.
    const MIGRATIONS: Migrations;
    /// `None`: the settings do not let it be built.
    fn build(world: World) -> Option<Self>;
    /// What its alarm does; whether the runtime takes it for done.
    fn wake(&self) -> impl Future<Output = bool>;
    /// What the cron makes it do; whether anything is open.
    fn sweep(&self) -> bool;
}

impl Service for Host<World> {
    const MIGRATIONS: Migrations = ledger::MIGRATIONS;

    fn build(world: World) -> Option<Self> {
        let config = world.sim.settings.get().of(world.index)?;
        Some(Self::new(world, config))
    }

    async fn wake(&self) -> bool {
        Self::wake(self).await;
        true
    }

    fn sweep(&self) -> bool {
        Self::sweep(self).unwrap()
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

/// An object with its storage.
pub(crate) struct Object<S> {
    pub(crate) name: char,
    pub(crate) world: World,
    /// The instance; `None` while the settings are faulty.
    pub(crate) service: Option<Rc<S>>,
    tasks: RefCell<Vec<Task>>,
    /// Failed tries of the alarm in a row, and when the runtime tries again, milliseconds.
    tries: Cell<u32>,
    retry_at: Cell<Option<i64>>,
    /// How often the alarm went off.
    pub(crate) wakes: Cell<u32>,
    pub(crate) drops: Cell<u64>,
}

struct Task {
    id: u64,
    parked_until: i64,
    is_alarm: bool,
    since: i64,
    subrequests: u32,
    called: Arc<Called>,
    future: Pin<Box<dyn Future<Output = bool>>>,
}

impl Task {
    fn is_ready(&self, sim: &Sim) -> bool {
        self.called.0.load(Ordering::Relaxed) || sim.is_woken(self.id)
    }
}

impl<S: Service> Object<S> {
    pub(crate) fn new(sim: &Rc<Sim>, name: char, index: usize) -> Self {
        let world = World::new(sim, S::MIGRATIONS, index);
        Self {
            name,
            service: S::build(world.clone()).map(Rc::new),
            world,
            tasks: RefCell::default(),
            tries: Cell::default(),
            retry_at: Cell::default(),
            wakes: Cell::default(),
            drops: Cell::default(),
        }
    }

    /// Something for the object to do.
    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        let future = async move {
            future.await;
            true
        };
        self.push(Box::pin(future), false);
    }

    fn push(&self, future: Pin<Box<dyn Future<Output = bool>>>, is_alarm: bool) {
        let (id, since) = (self.world.sim.fresh(), self.world.sim.now.get());
        let called = Arc::default();
        let task = Task { id, parked_until: 0, is_alarm, since, subrequests: 0, called, future };
        self.tasks.borrow_mut().push(task);
    }

    /// The instance dies with all that it was doing; the storage stays.
    pub(crate) fn crash(&mut self) {
        let interrupted = std::mem::take(&mut *self.tasks.borrow_mut());
        if interrupted.iter().any(|task| task.is_alarm) {
            self.alarm_failed();
        }
        drop(interrupted);
        self.world.sqlite.end_block();
        self.world.known_alarm = Rc::default();
        self.world.noted = Rc::default();
        self.service = S::build(self.world.clone()).map(Rc::new);
    }

    /// The runtime tries a failed alarm again, later each time, and not for ever.
    fn alarm_failed(&self) {
        let sim = &self.world.sim;
        // One that was set meanwhile goes off as any other.
        if self.world.alarm.get().is_some() {
            self.tries.set(0);
            return;
        }
        let tries = self.tries.get();
        if tries >= RETRIES_MAX && sim.is(Unkind::DroppedAlarms) {
            sim.tell(|| format!("the runtime gives the alarm of {} up", self.name));
            self.drops.set(self.drops.get() + 1);
            self.tries.set(0);
            return;
        }
        self.tries.set(tries + 1);
        let pause = RETRY_SECONDS << tries.min(RETRIES_MAX);
        self.retry_at.set(Some(sim.now.get() + pause * 1000));
    }

    /// When the runtime wakes it, seconds.
    pub(crate) fn alarm(&self) -> Option<i64> {
        self.world.alarm.get()
    }

    /// When the alarm goes off, or is tried again, milliseconds.
    pub(crate) fn alarm_at(&self) -> Option<i64> {
        let set = self.world.alarm.get().map(|seconds| seconds * 1000);
        set.into_iter().chain(self.retry_at.get()).min()
    }

    fn alarm_runs(&self) -> bool {
        self.tasks.borrow().iter().any(|task| task.is_alarm)
    }

    /// The cron asks whether anything is open, which sets the alarm; `answer` gets what is said.
    pub(crate) fn sweep(&self, answer: impl FnOnce(bool) + 'static) {
        let Some(service) = self.service.clone() else {
            self.go_off();
            return;
        };
        // The alarm that this instance knows of may be lost.
        self.world.known_alarm.set(None);
        let noted = Rc::clone(&self.world.noted);
        self.spawn(async move {
            let is_open = service.sweep();
            if !is_open {
                noted.set(Noted::default());
            }
            answer(is_open);
        });
    }

    /// Since when the alarm runs, if it does, milliseconds.
    pub(crate) fn alarm_since(&self) -> Option<i64> {
        self.tasks.borrow().iter().find(|task| task.is_alarm).map(|task| task.since)
    }

    /// When the object has something to do next, milliseconds.
    pub(crate) fn next(&self) -> Option<i64> {
        let tasks = self.tasks.borrow();
        if tasks.iter().any(|task| task.is_ready(&self.world.sim)) {
            return Some(0);
        }
        let parked = tasks.iter().map(|task| task.parked_until).min();
        let alarm_runs = tasks.iter().any(|task| task.is_alarm);
        parked.into_iter().chain(self.alarm_at().filter(|_| !alarm_runs)).min()
    }

    fn go_off(&self) {
        self.world.alarm.set(None);
        self.world.known_alarm.set(None);
        self.retry_at.set(None);
        self.wakes.set(self.wakes.get() + 1);
        match &self.service {
            Some(service) => {
                let service = Rc::clone(service);
                self.push(Box::pin(async move { service.wake().await }), true);
            }
            // The shell looks again later whether the settings are good.
            None => {
                let again = self.world.sim.now.get() / 1000 + SETTINGS_AGAIN_SECONDS;
                self.world.alarm.set(Some(again));
                self.world.known_alarm.set(Some(again));
            }
        }
    }

    /// Does one thing that is due now, whichever the seed says.
    pub(crate) fn step(&mut self) {
        let sim = Rc::clone(&self.world.sim);
        let now = sim.now.get();
        if !self.alarm_runs() && self.alarm_at().is_some_and(|at| at <= now) {
            self.go_off();
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
        let task = self.tasks.borrow_mut().swap_remove(index);
        self.poll(&sim, task);
    }

    fn poll(&mut self, sim: &Sim, mut task: Task) {
        let mut done = None;
        sim.subrequests.set(task.subrequests);
        let polled = catch_unwind(AssertUnwindSafe(|| {
            task.parked_until = sim.poll(task.id, || {
                task.called.0.store(false, Ordering::Relaxed);
                let waker = Waker::from(Arc::clone(&task.called));
                done = match task.future.as_mut().poll(&mut Context::from_waker(&waker)) {
                    Poll::Ready(well) => Some(well),
                    Poll::Pending => None,
                };
            });
        }));
        task.subrequests = sim.subrequests.get();
        let is_slice = !task.is_alarm || task.subrequests <= SUBREQUESTS_MAX;
        assert!(is_slice, "{} makes {} subrequests in one alarm", self.name, task.subrequests);
        match (polled, done) {
            (Ok(()), None) => self.tasks.borrow_mut().push(task),
            (Ok(()), Some(true)) if task.is_alarm => self.tries.set(0),
            (Ok(()), Some(false)) if task.is_alarm => self.alarm_failed(),
            (Ok(()), Some(_)) => {}
            (Err(thrown), _) => {
                if !thrown.is::<Crash>() {
                    resume_unwind(thrown);
                }
                sim.tell(|| format!("{} dies between two writes", self.name));
                if task.is_alarm {
                    self.alarm_failed();
                }
                drop(task);
                self.crash();
            }
        }
    }

    /// Neither the runtime nor the instance knows of an alarm.
    pub(crate) fn forgets_its_alarm(&self) {
        self.world.alarm.set(None);
        self.world.known_alarm.set(None);
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
