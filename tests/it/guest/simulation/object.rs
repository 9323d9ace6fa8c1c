//! The session's object: its tasks, its alarm, and its evictions.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use events_concierge::guest::Guest;

use super::world::{World, config};
use crate::simulation::engine::Sim;

/// When the runtime tries an alarm again that did not end, seconds.
const RETRY_SECONDS: i64 = 2;

#[derive(Default)]
struct Called(AtomicBool);

impl Wake for Called {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Task {
    id: u64,
    parked_until: i64,
    is_alarm: bool,
    called: Arc<Called>,
    future: Pin<Box<dyn Future<Output = ()>>>,
}

/// The object with its storage. An eviction ends the instance and its tasks; the storage stays.
pub(super) struct Object {
    pub(super) world: World,
    pub(super) service: Rc<Guest<World>>,
    tasks: RefCell<Vec<Task>>,
    pub(super) crashes: Cell<u64>,
}

impl Object {
    pub(super) fn new(world: World) -> Self {
        let service = Rc::new(Guest::new(world.clone(), config()));
        Self { world, service, tasks: RefCell::default(), crashes: Cell::default() }
    }

    pub(super) fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        self.push(Box::pin(future), false);
    }

    fn push(&self, future: Pin<Box<dyn Future<Output = ()>>>, is_alarm: bool) {
        let (id, called) = (self.world.sim.fresh(), Arc::default());
        let task = Task { id, parked_until: 0, is_alarm, called, future };
        self.tasks.borrow_mut().push(task);
    }

    /// Ends the instance at whatever `await` its tasks are.
    pub(super) fn crash(&mut self) {
        let tasks = std::mem::take(&mut *self.tasks.borrow_mut());
        let alarm_ran = tasks.iter().any(|task| task.is_alarm);
        drop(tasks);
        self.world = self.world.next_instance();
        if alarm_ran && self.world.alarm.get().is_none() {
            self.world.alarm.set(Some(self.world.now_seconds() + RETRY_SECONDS));
        }
        self.service = Rc::new(Guest::new(self.world.clone(), config()));
        self.crashes.set(self.crashes.get() + 1);
        self.world.sim.tell(|| "the object is evicted".to_owned());
    }

    fn alarm_at(&self) -> Option<i64> {
        let alarm_runs = self.tasks.borrow().iter().any(|task| task.is_alarm);
        self.world.alarm.get().map(|seconds| seconds * 1000).filter(|_| !alarm_runs)
    }

    /// When there is something to do next, milliseconds.
    pub(super) fn next(&self) -> Option<i64> {
        let tasks = self.tasks.borrow();
        if tasks.iter().any(|task| self.is_called(task)) {
            return Some(0);
        }
        tasks.iter().map(|task| task.parked_until).chain(self.alarm_at()).min()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.tasks.borrow().is_empty()
    }

    fn is_called(&self, task: &Task) -> bool {
        task.called.0.load(Ordering::Relaxed) || self.world.sim.is_woken(task.id)
    }

    /// Does one thing that is due now; the seed says which.
    pub(super) fn step(&mut self) {
        let sim = Rc::clone(&self.world.sim);
        let now = sim.now.get();
        if self.alarm_at().is_some_and(|at| at <= now) {
            return self.go_off(&sim);
        }
        let tasks = self.tasks.borrow();
        let is_ready = |task: &Task| task.parked_until <= now || self.is_called(task);
        let ready: Vec<usize> =
            (0..).zip(tasks.iter()).filter(|(_, task)| is_ready(task)).map(|(at, _)| at).collect();
        drop(tasks);
        // At an `await`, which is where an instance can end.
        match ready.is_empty() {
            true => {}
            false if sim.fault(15) => self.crash(),
            false => self.poll(&sim, ready[sim.rng.below(ready.len())]),
        }
    }

    /// The runtime calls the alarm, which begins at once.
    fn go_off(&self, sim: &Sim) {
        self.world.alarm.set(None);
        self.world.known_alarm.set(None);
        let service = Rc::clone(&self.service);
        self.push(Box::pin(async move { service.wake().await }), true);
        let last = self.tasks.borrow().len() - 1;
        self.poll(sim, last);
    }

    fn poll(&self, sim: &Sim, at: usize) {
        let mut task = self.tasks.borrow_mut().swap_remove(at);
        let mut is_done = false;
        task.parked_until = sim.poll(task.id, || {
            task.called.0.store(false, Ordering::Relaxed);
            let waker = Waker::from(Arc::clone(&task.called));
            is_done =
                task.future.as_mut().poll(&mut Context::from_waker(&waker)) == Poll::Ready(());
        });
        if !is_done {
            self.tasks.borrow_mut().push(task);
        }
    }
}
