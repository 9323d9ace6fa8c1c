//! Signing in with a code: once, in time, for its address and its requester only. Guessing does not work, and others
//! cannot lock a user out.

use std::cell::RefCell;
use std::collections::BTreeMap;

use events_concierge::base::email::EmailAddress;
use events_concierge::base::http::Reply;
use events_concierge::host::command::{Action, Asked};
use events_concierge::http::route::Own;
use events_concierge::identity::Challenge;
use events_concierge::identity::codes::{Asker, Code};
use events_concierge::ports::storage;
use events_concierge::ports::{Delivery, Random, SqlValue};
use serde_json::json;

use crate::post_office::Takes;
use crate::support::{PAY_TO, Server, World, config, json_of};

const ADA: &str = "ada@example.org";
const DAY: i64 = 86_400;

/// The object of an address that nobody has registered.
fn at(address: &str) -> Server {
    let server = Server::with(World::new(), address, config());
    server.world.memory.post_office.delivery.set(Some(Delivery::ExactlyOnce));
    server
}

/// A user's browser.
struct Visitor {
    network: String,
    is_known: bool,
    /// What the browser got when it asked last.
    challenge: RefCell<Option<Challenge>>,
}

impl Visitor {
    fn from(network: &str) -> Self {
        let network = network.to_owned();
        Self { network, is_known: false, challenge: RefCell::default() }
    }

    /// One that has signed in to the address before.
    fn known() -> Self {
        Self { is_known: true, ..Self::from("anywhere") }
    }

    fn asker(&self, challenge: Challenge) -> Asker {
        Asker { challenge, network: self.network.clone(), is_known: self.is_known }
    }

    fn ask_only(&self, server: &Server) -> Reply {
        let challenge = Challenge::random(&server.world);
        self.challenge.replace(Some(challenge.clone()));
        let address = EmailAddress::parse(ADA).unwrap();
        let action = Action::SendCode { address, asker: self.asker(challenge) };
        server.as_owner(action, &json!(null))
    }

    /// Asks for a code; it, if it was sent.
    fn ask(&self, server: &Server) -> Option<String> {
        let before = mails(server);
        assert_eq!(self.ask_only(server), Reply::empty(204), "the answer tells nothing");
        server.wake();
        let newest = || server.world.memory.post_office.newest_code(ADA).unwrap();
        (mails(server) > before).then(newest)
    }

    fn check(&self, server: &Server, code: &str) -> u16 {
        let challenge = self.challenge.borrow().clone();
        let challenge = challenge.unwrap_or_else(|| Challenge::random(&server.world));
        check_as(server, ADA, code, self.asker(challenge))
    }
}

/// Asks for a code and reads it from the mail.
fn code(server: &Server, ada: &Visitor) -> String {
    ada.ask(server).unwrap()
}

fn check_as(server: &Server, address: &str, code: &str, asker: Asker) -> u16 {
    let address = EmailAddress::parse(address).unwrap();
    let action = Action::CheckCode { address, code: code.to_owned(), asker };
    let reply = server.as_owner(action, &json!(null));
    match reply.status {
        204 => assert_eq!(reply.body, ""),
        401 => {
            let problem = json_of(&reply);
            assert_eq!(problem["type"], "urn:events-concierge:problem:code_refused");
            assert!(problem["detail"].as_str().unwrap().starts_with("this code is not good"));
        }
        other => assert_eq!(other, 422, "{}", reply.body),
    }
    reply.status
}

/// Another code than this one.
fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

fn mails(server: &Server) -> usize {
    server.world.memory.post_office.arrived.borrow().len()
}

fn wait(server: &Server, seconds: i64) {
    server.world.memory.now.set(server.world.memory.now.get() + seconds);
}

/// Codes that many networks get in a day, each as often as it can.
fn codes_of(server: &Server, networks: usize) -> usize {
    let before = mails(server);
    for _ in 0..3 {
        for number in 0..networks {
            let evil = Visitor::from(&format!("evil {number}"));
            while evil.ask(server).is_some() {}
        }
        wait(server, 900);
    }
    mails(server) - before
}

/// Wrong guesses that count, of codes that many networks ask for in a day.
fn guesses_of(server: &Server, networks: usize) -> i64 {
    for _ in 0..3 {
        for number in 0..networks {
            let evil = Visitor::from(&format!("evil {number}"));
            while let Some(good) = evil.ask(server) {
                while server.int("SELECT count(*) FROM sign_in_codes") > 0 {
                    let before = server.int("SELECT count(*) FROM sign_in_times");
                    evil.check(server, &wrong(&good));
                    if server.int("SELECT count(*) FROM sign_in_times") == before {
                        break;
                    }
                }
            }
        }
        wait(server, 900);
    }
    server.int("SELECT count(*) FROM sign_in_times WHERE kind = 'wrong'")
}

#[test]
fn a_code_is_good_once() {
    let (server, ada) = (at(ADA), Visitor::from("home"));
    let code = code(&server, &ada);
    assert_eq!(code.len(), 6);
    assert_eq!(ada.check(&server, &code), 204);
    assert_eq!(ada.check(&server, &code), 401, "used");
    assert_eq!(ada.check(&server, "000000"), 401, "there is none");
}

#[test]
fn a_person_may_type_spaces_and_nothing_else() {
    let (server, ada) = (at(ADA), Visitor::from("home"));
    let code = code(&server, &ada);
    for text in ["", "12345", "1234567", "12345a", "１２３４５６", "-12345"] {
        assert_eq!(ada.check(&server, text), 422, "{text}");
    }
    assert_eq!(ada.check(&server, &format!(" {} {}\n", &code[..3], &code[3..])), 204);
}

#[test]
fn a_code_ends_after_ten_minutes() {
    for (seconds, status) in [(599, 204), (600, 401), (601, 401)] {
        let (server, ada) = (at(ADA), Visitor::from("home"));
        let code = code(&server, &ada);
        wait(&server, seconds);
        assert_eq!(ada.check(&server, &code), status, "{seconds}");
    }
}

#[test]
fn a_code_is_useless_for_another_address() {
    let (server, ada) = (at(ADA), Visitor::from("home"));
    let code = code(&server, &ada);
    let asker = || ada.asker(ada.challenge.borrow().clone().unwrap());
    // Even if Bob's address could be checked at Ada's object.
    assert_eq!(check_as(&server, "bob@example.org", &code, asker()), 401);
    let other = Server::with(World { ..server.world.clone() }, "bob@example.org", config());
    assert_eq!(check_as(&other, "bob@example.org", &code, asker()), 401);
    assert_eq!(ada.check(&server, &code), 204);
}

#[test]
fn a_code_works_for_its_requester_only() {
    let (server, ada) = (at(ADA), Visitor::from("home"));
    let hers = code(&server, &ada);
    // A thief who has read the mail, in another browser, with and without a challenge of their own.
    let thief = Visitor::from("elsewhere");
    assert_eq!(thief.check(&server, &hers), 401);
    let theirs = code(&server, &thief);
    assert_eq!(thief.check(&server, &hers), 401);
    assert_eq!(ada.check(&server, &theirs), 401);
    assert_eq!(ada.check(&server, &hers), 204);
}

#[test]
fn strangers_who_ask_for_codes_do_not_keep_the_owner_from_hers() {
    for requests in [3, 10, 100] {
        let (server, evil) = (at(ADA), Visitor::from("evil"));
        for _ in 0..requests {
            evil.ask(&server);
        }
        let ada = Visitor::from("home");
        let good = ada.ask(&server).expect("a code");
        for _ in 0..requests {
            evil.ask(&server);
        }
        assert_eq!(ada.check(&server, &good), 204, "{requests}");
    }
}

#[test]
fn a_code_that_has_not_left_yet_is_not_lost_when_a_stranger_asks() {
    let (server, ada, evil) = (at(ADA), Visitor::from("home"), Visitor::from("evil"));
    ada.ask_only(&server);
    evil.ask_only(&server);
    server.wake();
    let arrived = server.world.memory.post_office.arrived.borrow().clone();
    let codes = arrived.iter().map(|mail| mail["text"].as_str().unwrap()[..6].to_owned());
    let good = codes.filter(|code| ada.check(&server, code) == 204).count();
    assert_eq!((arrived.len(), good), (2, 1));
}

#[test]
fn wrong_guesses_of_strangers_do_not_kill_the_right_code() {
    let (server, ada, evil) = (at(ADA), Visitor::from("home"), Visitor::from("evil"));
    let good = code(&server, &ada);
    for _ in 0..100 {
        assert_eq!(evil.check(&server, &wrong(&good)), 401, "without a code of their own");
    }
    assert_eq!(server.int("SELECT count(*) FROM sign_in_times WHERE kind = 'wrong'"), 0);
    for _ in 0..3 {
        if let Some(theirs) = evil.ask(&server) {
            for _ in 0..6 {
                assert_eq!(evil.check(&server, &wrong(&theirs)), 401);
            }
        }
    }
    assert_eq!(ada.check(&server, &good), 204);
}

#[test]
fn five_wrong_tries_end_a_code() {
    let (server, ada) = (at(ADA), Visitor::from("home"));
    let good = code(&server, &ada);
    for _ in 0..4 {
        assert_eq!(ada.check(&server, &wrong(&good)), 401);
    }
    assert_eq!(ada.check(&server, &good), 204, "the fifth");
    let good = code(&server, &ada);
    for _ in 0..5 {
        assert_eq!(ada.check(&server, &wrong(&good)), 401);
    }
    assert_eq!(ada.check(&server, &good), 401);
}

#[test]
fn an_inbox_gets_six_unused_codes_a_day_from_one_network_and_thirty_two_from_all() {
    for (networks, most) in [(1, 6), (2, 12), (3, 12), (22, 30), (100, 32)] {
        let server = at(ADA);
        assert_eq!(codes_of(&server, networks), most, "{networks}");
        // Who has signed in here before is served all the same, and a day later everybody.
        assert!(Visitor::known().ask(&server).is_some());
        wait(&server, DAY);
        assert!(Visitor::from("evil 0").ask(&server).is_some());
    }
}

#[test]
fn strangers_guess_ten_times_a_day_from_one_network_and_forty_times_from_all() {
    for (networks, most) in [(1, 10), (2, 20), (100, 40)] {
        let server = at(ADA);
        let counted = guesses_of(&server, networks);
        assert!(counted <= most && counted >= most.min(20), "{networks}: {counted}");
        let ada = Visitor::known();
        let good = code(&server, &ada);
        assert_eq!(ada.check(&server, &wrong(&good)), 401);
        assert_eq!(ada.check(&server, &good), 204, "a known browser has tries of its own");
    }
}

#[test]
fn the_owners_first_guess_counts_when_strangers_have_used_up_theirs() {
    let server = at(ADA);
    assert_eq!(guesses_of(&server, 2), 20);
    let ada = Visitor::from("home");
    let good = code(&server, &ada);
    assert_eq!(ada.check(&server, &good), 204);
}

#[test]
fn a_known_browser_gets_ten_codes_and_twenty_guesses_a_day() {
    let (server, ada) = (at(ADA), Visitor::known());
    let mut guesses = 0;
    for _ in 0..24 {
        if let Some(good) = ada.ask(&server) {
            assert_eq!(ada.check(&server, &wrong(&good)), 401);
            guesses += 1;
        }
        wait(&server, 600);
    }
    assert_eq!(guesses, 10, "codes that were not used");
    wait(&server, DAY);
    for _ in 0..4 {
        let good = code(&server, &ada);
        for _ in 0..5 {
            assert_eq!(ada.check(&server, &wrong(&good)), 401);
        }
        wait(&server, 600);
    }
    assert_eq!(ada.ask(&server), None, "no guess would count");
    assert!(
        Visitor::from("home").ask(&server).is_some(),
        "a stranger to this browser is none of it"
    );
}

#[test]
fn codes_that_were_used_do_not_count() {
    let (server, program) = (at(ADA), Visitor::from("office"));
    for sign_in in 0..100 {
        let good = program.ask(&server).expect("a code");
        assert_eq!(program.check(&server, &good), 204, "{sign_in}");
    }
    assert_eq!(server.int("SELECT count(*) FROM sign_in_times"), 0);
}

#[test]
fn three_codes_in_fifteen_minutes_each() {
    let server = at(ADA);
    for ada in [Visitor::from("home"), Visitor::known()] {
        let start = server.world.memory.now.get();
        for (seconds, is_sent) in
            [(0, true), (1, true), (2, true), (3, false), (899, false), (900, true), (901, true)]
        {
            server.world.memory.now.set(start + seconds);
            assert_eq!(ada.ask(&server).is_some(), is_sent, "{seconds}");
        }
    }
}

#[test]
fn a_code_that_was_good_stays_good_when_no_other_is_sent() {
    let (server, ada) = (at(ADA), Visitor::from("home"));
    for _ in 0..3 {
        code(&server, &ada);
    }
    let kept = ada.challenge.borrow().clone();
    let last = server.world.memory.post_office.newest_code(ADA).unwrap();
    assert_eq!(ada.ask(&server), None);
    ada.challenge.replace(kept);
    assert_eq!(ada.check(&server, &last), 204);
}

#[test]
fn what_is_answered_does_not_depend_on_whether_anybody_is_registered() {
    let (host, nobody) = (at(ADA), at(ADA));
    let body = json!({"userId": ADA, "walletAddress": PAY_TO});
    assert_eq!(host.as_owner(Action::Own(Own::Register), &body).status, 201);
    for server in [&host, &nobody] {
        let visitor = Visitor::from("evil");
        assert!(visitor.ask(server).is_some());
        assert_eq!(visitor.check(server, "12345"), 422);
    }
    let tried = |server: &Server| {
        let visitor = Visitor::from("evil");
        let good = code(server, &visitor);
        (visitor.check(server, &wrong(&good)), visitor.check(server, &good))
    };
    assert_eq!(tried(&host), tried(&nobody));
}

#[test]
fn neither_code_nor_text_stays_in_storage() {
    let (server, ada) = (at(ADA), Visitor::from("home"));
    let code = code(&server, &ada);
    assert_eq!(
        server.int("SELECT count(*) FROM mail_outbox"),
        0,
        "the mail is sent, so its row is gone"
    );
    let dump = server.text("SELECT mac FROM sign_in_codes");
    assert!(dump.len() == 64 && !dump.contains(&code));
}

#[test]
fn an_object_that_nobody_registered_is_empty_again_in_the_end() {
    let server = at(ADA);
    assert!(!server.host.is_over().unwrap());
    let ada = Visitor::from("home");
    let good = code(&server, &ada);
    ada.check(&server, &wrong(&good));
    server.pass(86_399);
    assert!(!server.host.is_over().unwrap());
    server.pass(10);
    assert_eq!(server.world.memory.alarm.get(), None);
    let rows = "SELECT (SELECT count(*) FROM sign_in_codes) + (SELECT count(*) FROM sign_in_times) \
         + (SELECT count(*) FROM mail_outbox)";
    assert_eq!(server.int(rows), 0);
    assert!(server.host.is_over().unwrap());
    // A host keeps what it has.
    let host = Server::open();
    assert!(!host.host.is_over().unwrap());
}

#[test]
fn a_code_that_cannot_be_sent_is_not_sent_late() {
    let server = at(ADA);
    server.world.memory.post_office.takes.borrow_mut().extend([Takes::Nothing; 20]);
    assert_eq!(Visitor::from("home").ask_only(&server).status, 204);
    server.pass(3_600);
    assert_eq!(server.int("SELECT count(*) FROM mail_outbox"), 0);
    let requests = server.world.memory.post_office.requests.get();
    assert!((4..=6).contains(&requests), "{requests}");
}

#[test]
fn guessing_leaves_nothing_behind_where_no_code_was_sent() {
    let server = at(ADA);
    let ada = Visitor::from("home");
    assert_eq!(ada.check(&server, "123456"), 401);
    assert!(!storage::is_used(&server.world).unwrap());
    server.world.memory.post_office.delivery.set(None);
    let reply = ada.ask_only(&server);
    assert_eq!(reply.status, 503, "{}", reply.body);
    assert_eq!(json_of(&reply)["type"], "urn:events-concierge:problem:mail_unavailable");
    assert!(!storage::is_used(&server.world).unwrap());
}

#[test]
fn a_network_address_asks_for_so_many_codes_in_a_minute() {
    let server = at(ADA);
    for (asked, max) in [(Asked::ForCode, 10), (Asked::ForSession, 30)] {
        for _ in 0..max {
            assert_eq!(server.as_owner(Action::AdmitSource(asked), &json!(null)).status, 204);
        }
        let refused = server.as_owner(Action::AdmitSource(asked), &json!(null));
        assert_eq!(refused.status, 429);
        assert!(
            refused.headers.iter().any(|(name, value)| *name == "retry-after" && value == "60")
        );
    }
    assert!(!storage::is_used(&server.world).unwrap());
}

#[test]
fn after_an_eviction_a_code_is_still_good_and_still_used_up() {
    let mut server = at(ADA);
    let ada = Visitor::from("home");
    let good = code(&server, &ada);
    server.evict();
    assert_eq!(ada.check(&server, &good), 204);
    server.evict();
    assert_eq!(ada.check(&server, &good), 401);
}

/// A generator with a period that is far longer than the test (splitmix64).
struct Splitmix(std::cell::Cell<u64>);

impl Random for Splitmix {
    fn fill(&self, buffer: &mut [u8]) {
        for byte in buffer {
            self.0.set(self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
            let mut z = self.0.get();
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (z ^ (z >> 31)).to_be_bytes()[0];
        }
    }
}

/// Always the same four bytes.
struct Constant(u32);

impl Random for Constant {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.0.to_be_bytes());
    }
}

#[test]
fn every_digit_is_as_likely_as_another_at_every_place() {
    let random = Splitmix(std::cell::Cell::new(7));
    let mut counts: BTreeMap<(usize, u8), u32> = BTreeMap::new();
    let draws = 60_000_u32;
    for _ in 0..draws {
        let code = Code::random(&random).unwrap();
        assert_eq!(code.as_str().len(), 6);
        for (place, digit) in code.as_str().bytes().enumerate() {
            *counts.entry((place, digit)).or_default() += 1;
        }
    }
    assert_eq!(counts.len(), 60);
    let expected = f64::from(draws) / 10.0;
    for place in 0..6 {
        let squares =
            (b'0'..=b'9').map(|digit| (f64::from(counts[&(place, digit)]) - expected).powi(2));
        let chi = squares.sum::<f64>() / expected;
        // Nine degrees of freedom: above 34 once in 10,000.
        assert!(chi < 34.0, "place {place}: {chi}");
    }
    // 4,294 whole millions fit into 32 bits; what lies above them is drawn again.
    for (drawn, code) in [
        (0, Some("000000")),
        (1_000_001, Some("000001")),
        (4_293_999_999, Some("999999")),
        (4_294_000_000, None),
        (u32::MAX, None),
    ] {
        let made = Code::random(&Constant(drawn));
        assert_eq!(made.as_ref().map(Code::as_str), code, "{drawn}");
    }
    assert!(!format!("{:?}", Code::random(&random)).contains(|c: char| c.is_ascii_digit()));
}

#[test]
fn two_codes_of_one_address_do_not_look_alike_in_storage() {
    let (server, ada) = (at(ADA), Visitor::from("home"));
    code(&server, &ada);
    code(&server, &ada);
    let macs = server.sql("SELECT mac FROM sign_in_codes");
    let [first, second] = [0, 1].map(|row| macs[row][0].clone());
    assert!(first != second && matches!(first, SqlValue::Text(_)));
}
