//! The cron walks all hosts after a rotation, also those that are idle, and says once when none is left.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use events_concierge::base::id::ScopeId;
use events_concierge::config::Config;
use events_concierge::directory::rotation::{
    Ask, Asked, DONE, HOSTS_MAX, LOST, Resealed, Told, Walked, What, answer, rotation_of,
};
use events_concierge::directory::sweep::SweepError;
use events_concierge::directory::walk::{ASKED_MAX, HOSTS, SUBREQUESTS, Walks, walk};
use events_concierge::host::command::Action;
use events_concierge::http::route::Own;
use events_concierge::ports::{Level, Log, Timer};
use serde_json::json;

use super::{SECOND, THIRD, count_sealed_with, prefix, rotated, store};
use crate::support::{MASTER_KEY, Server, World, block_on, config, json_of, yield_once};

/// Names on a page of KV's list here.
const PAGE: usize = 11;

/// A deployment: hosts with their objects, one KV, and the directory of hosts.
struct Fleet {
    directory: World,
    hosts: BTreeMap<String, Server>,
    /// Hosts that cannot be asked.
    broken: RefCell<BTreeSet<String>>,
    list_fails: Cell<bool>,
    /// What a run has asked of the outside, and the hosts among it.
    hops: Cell<usize>,
    asked: RefCell<Vec<String>>,
}

impl Fleet {
    /// So many hosts, each with a secret.
    fn of(count: u8) -> Self {
        let directory = World::new();
        let mut hosts = BTreeMap::new();
        for number in 1..=count {
            let user = format!("0x{number:040x}");
            let world = World { memory: directory.memory.clone(), ..World::new() };
            directory.memory.now.set(crate::support::NOW);
            let server = Server::with(world, &user, config());
            let body = json!({"userId": user, "walletAddress": crate::support::PAY_TO});
            let reply = server.as_owner(Action::Own(Own::Register), &body);
            assert_eq!(reply.status, 201, "{}", reply.body);
            store(&server, number.into());
            // One KV and one clock, and each has an alarm of its own.
            for _ in 0..4 {
                directory.memory.now.set(directory.memory.now.get() + 300);
                server.wake();
            }
            directory.memory.alarm.set(None);
            hosts.insert(server.scope.to_string(), server);
        }
        let (broken, list_fails) = (RefCell::default(), Cell::default());
        let (hops, asked) = (Cell::default(), RefCell::default());
        Self { directory, hosts, broken, list_fails, hops, asked }
    }

    fn deploy(&mut self, config: &std::rc::Rc<Config>) {
        for server in self.hosts.values_mut() {
            server.deploy(config.clone());
        }
    }

    /// One run of the cron, and then the alarms of the hosts that it has asked.
    fn run(&self, config: &Config) {
        let keys = rotation_of(&config.keys).unwrap();
        self.hops.set(0);
        self.asked.borrow_mut().clear();
        block_on(walk(self, &keys));
        assert!(self.hops.get() <= SUBREQUESTS, "{} hops", self.hops.get());
        let now = &self.directory.memory.now;
        now.set(now.get() + 120);
        for scope in self.asked.borrow().iter() {
            for _ in 0..3 {
                self.hosts[scope].wake();
            }
        }
    }

    fn status(&self, config: &Config) -> Told {
        let ask = Ask { keys: rotation_of(&config.keys).unwrap(), what: What::Status };
        answer(&self.directory, &ask).unwrap()
    }

    fn sealed_with(&self, master: &str) -> usize {
        self.hosts.values().map(|server| count_sealed_with(server, master)).sum()
    }

    fn lines(&self, text: &str) -> usize {
        let log = self.directory.memory.log.borrow();
        log.iter().filter(|line| line.starts_with(text)).count()
    }
}

impl Walks for Fleet {
    async fn ask_rotation(&self, ask: &Ask) -> Result<Told, SweepError> {
        self.hops.set(self.hops.get() + 1);
        yield_once().await;
        // Over the wire, as between objects.
        let ask: Ask = serde_json::from_str(&serde_json::to_string(ask).unwrap()).unwrap();
        let told = answer(&self.directory, &ask).map_err(|error| SweepError(error.to_string()))?;
        Ok(serde_json::from_str(&serde_json::to_string(&told).unwrap()).unwrap())
    }

    async fn list_hosts(
        &self,
        cursor: Option<&str>,
    ) -> Result<(Vec<String>, Option<String>), SweepError> {
        self.hops.set(self.hops.get() + 1);
        yield_once().await;
        if self.list_fails.get() {
            return Err(SweepError("down".to_owned()));
        }
        let kv = self.directory.memory.kv.borrow();
        let begin = cursor.map_or(0, |cursor| cursor.parse().unwrap());
        let all: Vec<_> = kv.keys().filter(|key| key.starts_with(HOSTS)).cloned().collect();
        let end = begin + PAGE;
        let next = (end < all.len()).then(|| end.to_string());
        Ok((all.into_iter().skip(begin).take(PAGE).collect(), next))
    }

    async fn ask_host(&self, scope: &ScopeId) -> Result<Resealed, SweepError> {
        self.hops.set(self.hops.get() + 1);
        yield_once().await;
        if self.broken.borrow().contains(scope.as_str()) {
            return Err(SweepError("the host's object answers 503".to_owned()));
        }
        let server = &self.hosts[scope.as_str()];
        self.asked.borrow_mut().push(scope.to_string());
        let request = server.request(Action::Resealed, false, &[], &json!({}));
        let reply = server.handle(request).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        Ok(serde_json::from_value(json_of(&reply)).unwrap())
    }
}

impl Timer for Fleet {
    async fn sleep(&self, _millis: u32) {
        std::future::pending::<()>().await;
    }
}

impl Log for Fleet {
    fn line(&self, level: Level, message: &str, fields: &[(&str, &str)]) {
        self.directory.line(level, message, fields);
    }
}

#[test]
fn all_idle_hosts_are_asked_and_sealed_anew_and_it_is_said_once() {
    let mut fleet = Fleet::of(40);
    assert_eq!(fleet.sealed_with(MASTER_KEY), 40);
    let rotation = rotated(SECOND, Some(MASTER_KEY));
    fleet.deploy(&rotation);
    assert_eq!(fleet.sealed_with(MASTER_KEY), 40, "nobody calls them, and no alarm is set");
    for run in 0..40 {
        let done = fleet.status(&rotation).is_done;
        assert_eq!(fleet.lines(DONE), usize::from(done), "in run {run}");
        fleet.run(&rotation);
        assert!(fleet.asked.borrow().len() <= ASKED_MAX);
    }
    assert!(fleet.status(&rotation).is_done);
    assert_eq!((fleet.lines(DONE), fleet.lines(LOST)), (1, 0));
    assert_eq!((fleet.sealed_with(SECOND), fleet.sealed_with(MASTER_KEY)), (40, 0));
    let kv = fleet.directory.memory.kv.borrow().clone();
    let records = kv.iter().filter(|(key, _)| key.contains(":secrets:"));
    assert!(records.clone().count() == 40);
    assert!(records.into_iter().all(|(_, record)| record.contains(&prefix(SECOND))));
    // A run that finds everything done asks once and nobody else.
    fleet.run(&rotation);
    assert_eq!((fleet.hops.get(), fleet.asked.borrow().len()), (1, 0));
    // Another key is another walk.
    let next = rotated(THIRD, Some(SECOND));
    fleet.deploy(&next);
    for _ in 0..40 {
        fleet.run(&next);
    }
    assert!(fleet.status(&next).is_done);
    assert_eq!((fleet.lines(DONE), fleet.sealed_with(THIRD)), (2, 40));
}

#[test]
fn a_host_that_cannot_be_asked_keeps_nobody_waiting_and_the_previous_key_needed() {
    let mut fleet = Fleet::of(30);
    let rotation = rotated(SECOND, Some(MASTER_KEY));
    fleet.deploy(&rotation);
    let broken = fleet.hosts.keys().nth(12).unwrap().clone();
    fleet.broken.borrow_mut().insert(broken.clone());
    for _ in 0..60 {
        fleet.run(&rotation);
    }
    assert_eq!((fleet.sealed_with(SECOND), fleet.lines(DONE)), (29, 0));
    let told = fleet.status(&rotation);
    assert_eq!((told.is_done, told.hosts_open, told.spot), (false, 1, None));
    let failures = fleet.lines("a host cannot be asked");
    assert!(failures < 10, "it is asked ever less often: {failures} times in two hours");
    fleet.broken.borrow_mut().clear();
    for _ in 0..120 {
        fleet.run(&rotation);
    }
    assert_eq!((fleet.sealed_with(SECOND), fleet.lines(DONE)), (30, 1));
}

#[test]
fn a_list_that_kv_does_not_give_stops_no_walk() {
    let mut fleet = Fleet::of(30);
    let rotation = rotated(SECOND, Some(MASTER_KEY));
    fleet.deploy(&rotation);
    for run in 0..60 {
        fleet.list_fails.set(run % 2 == 1 || (20..32).contains(&run));
        fleet.run(&rotation);
    }
    assert_eq!((fleet.sealed_with(SECOND), fleet.lines(DONE)), (30, 1));
}

#[test]
fn values_that_open_with_neither_key_are_counted_and_told_in_the_end() {
    let mut fleet = Fleet::of(3);
    let rotation = rotated(SECOND, Some(MASTER_KEY));
    fleet.deploy(&rotation);
    let server = fleet.hosts.values().next().unwrap();
    server.sql("UPDATE secrets SET sealed = 'v1.1.damaged'");
    for _ in 0..20 {
        fleet.run(&rotation);
    }
    let told = fleet.status(&rotation);
    assert_eq!((told.is_done, told.unopened, fleet.sealed_with(SECOND)), (true, 1, 2));
    assert_eq!((fleet.lines(DONE), fleet.lines(LOST)), (0, 1));
}

#[test]
fn with_many_hosts_that_are_not_done_the_walk_waits() {
    let world = World::new();
    let scope = |number: u32| ScopeId::parse(&format!("{number:032x}")).unwrap();
    let open = Some(Resealed { is_open: true, unopened: 0 });
    let hosts = (0..HOSTS_MAX).map(|number| Asked { scope: scope(number), answer: open });
    let ask = |what| answer(&world, &Ask { keys: "1:2".to_owned(), what }).unwrap();
    let told = ask(What::Record(hosts.collect(), Walked::No));
    assert_eq!((told.hosts_open, told.spot), (HOSTS_MAX, None));
    let closed = Asked { scope: scope(7), answer: Some(Resealed::default()) };
    assert!(ask(What::Record(vec![closed], Walked::No)).spot.is_some());
    // Nothing of this counts for other keys.
    let told = answer(&world, &Ask { keys: "2:3".to_owned(), what: What::Status }).unwrap();
    assert_eq!((told.hosts_open, told.is_done), (0, false));
}
