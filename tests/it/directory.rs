//! The directory of objects that have something open: its bounds, whose turn it is, who leaves.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;

use events_concierge::base::time::UnixSeconds;
use events_concierge::directory::sweep::{
    ANSWER_MILLIS, AT_ONCE, RUN_SECONDS, SweepError, Sweeps, Swept, sweep, swept_max,
};
use events_concierge::directory::{
    Answered, Ask, FAILED_SECONDS_MAX, Kind, LEAVE_SECONDS, Listed, NOTE_AGAIN_SECONDS,
    NOTE_SECONDS, Noted, OBJECTS_MAX, OPEN_SECONDS, answer, walk,
};
use events_concierge::host::Host;
use events_concierge::ports::{Clock, Level, Log, Sql, SqlValue, Timer};
use serde_json::json;

use crate::support::{NOW, Server, Settles, Wallet, World, block_on, config, yield_once};

/// More objects than a run asks.
const MANY: u32 = 200;

struct Book(World);

impl Book {
    fn new() -> Self {
        Self(World::new())
    }

    fn pass(&self, seconds: i64) {
        self.0.memory.now.set(self.0.memory.now.get() + seconds);
    }

    fn note(&self, id: &str) {
        assert_eq!(answer(&self.0, &Ask::Note(id.to_owned())).unwrap(), []);
    }

    /// Up to so many are asked, and answer what is said of them.
    fn sweep(&self, max: u32, answers: &[(&Listed, bool)]) -> Vec<Listed> {
        let answered = answers
            .iter()
            .map(|(listed, is_open)| Answered { listed: (*listed).clone(), is_open: *is_open })
            .collect();
        answer(&self.0, &Ask::Next { answered, max }).unwrap()
    }

    fn next(&self, max: u32) -> Vec<String> {
        self.sweep(max, &[]).into_iter().map(|listed| listed.id).collect()
    }

    fn all(&self) -> BTreeSet<String> {
        let rows = self.0.run("SELECT id FROM objects", &[]).unwrap();
        rows.into_iter()
            .map(|row| match row.into_iter().next() {
                Some(SqlValue::Text(id)) => id,
                other => panic!("no id: {other:?}"),
            })
            .collect()
    }
}

fn set<const N: usize>(ids: [&str; N]) -> BTreeSet<String> {
    ids.map(str::to_owned).into()
}

#[test]
fn an_object_is_asked_once_its_alarm_has_had_its_time_and_the_one_that_waits_longest_first() {
    let book = Book::new();
    book.note("b");
    book.pass(1);
    book.note("a");
    book.pass(1);
    book.note("c");
    assert_eq!(book.next(10), [""; 0], "their alarms are enough for now");
    book.pass(LEAVE_SECONDS);
    // A note does not put the turn off.
    book.note("b");
    assert_eq!(book.next(2), ["b", "a"]);
    assert_eq!(book.next(10), ["c"], "those that are being asked are not asked again");
    assert_eq!(book.next(10), [""; 0]);
}

#[test]
fn what_has_nothing_open_leaves_and_what_has_is_asked_again_later() {
    let book = Book::new();
    book.note("closed");
    book.note("open");
    book.pass(LEAVE_SECONDS);
    let asked = book.sweep(10, &[]);
    book.sweep(0, &[(&asked[0], false), (&asked[1], true)]);
    assert_eq!(book.all(), set(["open"]));
    book.pass(OPEN_SECONDS - 1);
    assert_eq!(book.next(10), [""; 0]);
    book.pass(1);
    assert_eq!(book.next(10), ["open"]);
}

#[test]
fn what_is_opened_while_the_object_is_being_asked_stays_written_down() {
    let book = Book::new();
    book.note("a");
    book.pass(LEAVE_SECONDS);
    let asked = book.sweep(1, &[]);
    // In the same second: it has answered "nothing", and then something came.
    book.note("a");
    book.sweep(0, &[(&asked[0], false)]);
    assert_eq!(book.all(), set(["a"]));
}

#[test]
fn an_object_that_cannot_be_asked_stays_is_tried_ever_less_often_and_keeps_nobody_waiting() {
    let book = Book::new();
    book.note("dead");
    book.pass(1);
    book.note("well");
    book.pass(LEAVE_SECONDS);
    assert_eq!(book.next(1), ["dead"]);
    assert_eq!(book.next(1), ["well"], "the next one in line, not the dead one again");
    let mut waited = Vec::new();
    for _ in 0..8 {
        let mut seconds = 0;
        while !book.next(10).contains(&"dead".to_owned()) {
            book.pass(60);
            seconds += 60;
        }
        waited.push(seconds);
    }
    let expected = [600, 1_200, 2_400, 4_800, 9_600, 10_800, 10_800, 10_800];
    assert_eq!(waited, expected);
    assert_eq!(expected[7], FAILED_SECONDS_MAX);
    assert!(book.all().contains("dead"), "it stays");
    // Once it answers, it is like any other.
    book.pass(FAILED_SECONDS_MAX);
    let asked = book.sweep(10, &[]);
    let dead = asked.iter().find(|listed| listed.id == "dead").unwrap();
    book.sweep(0, &[(dead, true)]);
    book.pass(OPEN_SECONDS);
    assert!(book.next(10).contains(&"dead".to_owned()));
}

#[test]
fn a_full_directory_drops_what_was_noted_least_recently_and_what_is_known_to_be_open_last() {
    let book = Book::new();
    book.note("known");
    book.pass(LEAVE_SECONDS);
    let asked = book.sweep(1, &[]);
    book.sweep(0, &[(&asked[0], true)]);
    // An attacker makes up any number of objects.
    for number in 1..OBJECTS_MAX {
        book.pass(1);
        book.note(&format!("stranger {number}"));
    }
    assert_eq!(book.all().len(), usize::try_from(OBJECTS_MAX).unwrap());
    book.pass(1);
    book.note("stranger 1");
    book.note("new");
    let all = book.all();
    assert_eq!(all.len(), usize::try_from(OBJECTS_MAX).unwrap(), "never more");
    for id in ["known", "new", "stranger 1", "stranger 3"] {
        assert!(all.contains(id), "{id} has left");
    }
    assert!(!all.contains("stranger 2"), "that was noted least recently");
}

#[test]
fn what_is_no_id_is_not_written_down() {
    let book = Book::new();
    for id in ["", &"a".repeat(65)] {
        assert!(answer(&book.0, &Ask::Note(id.to_owned())).is_err());
    }
    assert_eq!(book.all(), set([]));
}

#[test]
fn an_instance_notes_at_most_every_half_hour_and_again_soon_if_that_did_not_arrive() {
    let mut noted = Noted::default();
    let at = |seconds: i64| UnixSeconds::new(NOW + seconds);
    assert!(noted.is_due(at(0)));
    assert!(!noted.is_due(at(NOTE_SECONDS - 1)));
    assert!(noted.is_due(at(NOTE_SECONDS)));
    noted.failed(at(NOTE_SECONDS));
    assert!(!noted.is_due(at(NOTE_SECONDS + NOTE_AGAIN_SECONDS - 1)));
    assert!(noted.is_due(at(NOTE_SECONDS + NOTE_AGAIN_SECONDS)));
    // The directory has heard that nothing is open, and knows it no more.
    noted.forget();
    assert!(noted.is_due(at(NOTE_SECONDS + NOTE_AGAIN_SECONDS + 1)));
}

/// What an object does when the cron asks it.
#[derive(Clone, Copy)]
enum Does {
    SaysOpen,
    SaysClosed,
    Fails,
    Hangs,
}

/// A directory with its objects.
struct Fleet {
    book: Book,
    objects: BTreeMap<String, Does>,
    asked: RefCell<Vec<String>>,
    /// Being asked now, and the most of them at any time.
    at_once: Cell<(u32, u32)>,
    directory_hangs: Cell<bool>,
    /// How often the directory was asked.
    questions: Cell<u32>,
}

impl Fleet {
    /// All of them have been written down for long enough, in this order.
    fn of(objects: impl IntoIterator<Item = (String, Does)>) -> Self {
        let book = Book::new();
        let objects: Vec<_> = objects.into_iter().collect();
        for (id, _) in &objects {
            book.note(id);
            book.pass(1);
        }
        book.pass(LEAVE_SECONDS);
        let (asked, at_once) = (RefCell::default(), Cell::default());
        let objects = objects.into_iter().collect();
        let (directory_hangs, questions) = (Cell::default(), Cell::default());
        Self { book, objects, asked, at_once, directory_hangs, questions }
    }

    fn sweep(&self) -> Swept {
        self.asked.borrow_mut().clear();
        block_on(sweep(self, Kind::Host, MANY))
    }
}

impl Sweeps for Fleet {
    async fn ask_directory(&self, _kind: Kind, ask: &Ask) -> Result<Vec<Listed>, SweepError> {
        self.questions.set(self.questions.get() + 1);
        if self.directory_hangs.get() {
            pending::<()>().await;
        }
        answer(&self.book.0, ask).map_err(|error| SweepError(error.to_string()))
    }

    async fn sweep_object(&self, _kind: Kind, id: &str) -> Result<bool, SweepError> {
        self.asked.borrow_mut().push(id.to_owned());
        let (now, max) = self.at_once.get();
        self.at_once.set((now + 1, max.max(now + 1)));
        yield_once().await;
        let answer = match self.objects[id] {
            Does::SaysOpen => Ok(true),
            Does::SaysClosed => Ok(false),
            Does::Fails => Err(SweepError("the object answers 503".to_owned())),
            Does::Hangs => pending().await,
        };
        let (now, max) = self.at_once.get();
        self.at_once.set((now - 1, max));
        answer
    }
}

impl Clock for Fleet {
    fn now(&self) -> UnixSeconds {
        self.book.0.now()
    }
}

impl Timer for Fleet {
    async fn sleep(&self, millis: u32) {
        let over = self.now().plus((millis / 1_000).into());
        for _ in 0..10 {
            yield_once().await;
        }
        self.book.0.memory.now.set(over.get().max(self.now().get()));
    }
}

impl Log for Fleet {
    fn line(&self, _level: Level, _message: &str, _fields: &[(&str, &str)]) {}
}

#[test]
fn nothing_that_is_open_leaves_and_what_is_closed_does() {
    let kinds = [Does::SaysOpen, Does::SaysClosed, Does::Fails, Does::Hangs];
    let names = ["open", "closed", "broken", "hanging"];
    let objects =
        (0..40).map(|number| (format!("{} {number}", names[number % 4]), kinds[number % 4]));
    let fleet = Fleet::of(objects);
    // Each one that hangs keeps the four of its turn waiting.
    assert!(i64::from(ANSWER_MILLIS) / 1_000 * 10 < RUN_SECONDS);
    assert_eq!(fleet.sweep(), Swept { open: 10, closed: 10, failed: 20 });
    let all = fleet.book.all();
    assert_eq!(all.len(), 30);
    assert!(all.iter().all(|id| !id.starts_with("closed")), "{all:?}");
}

#[test]
fn a_run_of_the_cron_asks_only_so_many_a_few_at_a_time_and_the_next_one_goes_on() {
    let many = usize::try_from(MANY).unwrap();
    let id = |number: usize| format!("{number:04}");
    let fleet = Fleet::of((0..many + 50).map(|number| (id(number), Does::SaysOpen)));
    assert_eq!(fleet.sweep().open, MANY);
    assert_eq!(*fleet.asked.borrow(), (0..many).map(id).collect::<Vec<_>>(), "the oldest first");
    assert_eq!(fleet.at_once.get(), (0, AT_ONCE));
    assert_eq!(fleet.sweep().open, 50);
    assert_eq!(*fleet.asked.borrow(), (many..many + 50).map(id).collect::<Vec<_>>());
    assert_eq!(fleet.sweep(), Swept::default(), "their turn comes again later");
}

#[test]
fn a_run_of_the_cron_stays_within_the_subrequests_of_an_invocation() {
    let mut made = 0;
    for kind in Kind::ALL {
        let fleet = Fleet::of((0..60).map(|number| (format!("{number:04}"), Does::SaysOpen)));
        let swept = block_on(sweep(&fleet, kind, swept_max(kind)));
        assert_eq!(swept.open, swept_max(kind), "and it does something");
        made += swept.open + fleet.questions.get();
        assert!(fleet.at_once.get().1 <= 6);
    }
    assert!(made <= 33, "{made} subrequests, and one for each network");
    let walk = u32::try_from(walk::SUBREQUESTS).unwrap();
    assert!(made + 4 + walk < 50, "{made}, four networks, and {walk} while a key is rotated");
}

#[test]
fn objects_that_hang_take_a_run_only_so_long_and_the_others_have_their_turn_in_the_next() {
    let fleet = Fleet::of((0..300).map(|number| {
        (format!("{number:04}"), if number < 150 { Does::Hangs } else { Does::SaysClosed })
    }));
    let begun = fleet.now();
    let swept = fleet.sweep();
    assert!(fleet.now().since(begun) <= RUN_SECONDS + i64::from(ANSWER_MILLIS) / 1_000);
    assert!(swept.failed > 50 && swept.failed < 150, "{swept:?}");
    let mut closed = swept.closed;
    for _ in 0..3 {
        fleet.book.pass(LEAVE_SECONDS);
        closed += fleet.sweep().closed;
    }
    assert_eq!(closed, 150);
    assert_eq!(fleet.book.all().len(), 150, "those that hang stay");
}

#[test]
fn a_directory_that_does_not_answer_ends_the_run_and_no_more() {
    let fleet = Fleet::of([("a".to_owned(), Does::SaysOpen)]);
    fleet.directory_hangs.set(true);
    assert_eq!(fleet.sweep(), Swept::default());
    fleet.directory_hangs.set(false);
    assert_eq!(fleet.sweep().open, 1);
}

#[test]
fn a_host_that_is_swept_sets_its_alarm_and_says_whether_anything_is_open() {
    let server = Server::open();
    server.pass(3_600);
    assert_eq!(server.host.sweep(), Ok(false), "all that was to be published is");
    let event = json!({"eventId": server.event(1)});
    server.pass(3_600);
    server.world.memory.noted.set(0);
    server.world.memory.settles.borrow_mut().push_back(Settles::Hangs);
    let offer = server.challenge("rsvpToEvent", &event)["accepts"][0].clone();
    let payment = Wallet::new(1).pay(&offer, 1);
    assert_eq!(block_on(server.tool("rsvpToEvent", &event, Some(&payment))).status, 409);
    assert!(server.world.memory.noted.get() > 0, "it is noted");
    // The alarm is lost, and with it the instance.
    server.world.memory.alarm.set(None);
    let server = Server::on(server.world);
    server.world.memory.alarm.set(None);
    assert_eq!(server.host.sweep(), Ok(true));
    let alarm = server.world.memory.alarm.get().unwrap();
    assert!(alarm <= server.world.memory.now.get() + 60, "what is due is done soon");
    server.pass(3_600);
    assert_eq!(server.text("SELECT state FROM payments"), "delivered");
    assert_eq!(server.host.sweep(), Ok(false), "nothing is open any more");
}

#[test]
fn an_object_that_stores_nothing_is_not_written_to_by_a_sweep() {
    let world = World::new();
    let host = Host::new(world.clone(), config());
    assert_eq!(host.sweep(), Ok(false));
    let tables = world.run("SELECT count(*) FROM sqlite_master", &[]).unwrap();
    assert_eq!(tables, [[SqlValue::Int(0)]]);
    assert_eq!(world.memory.alarm.get(), None);
}
