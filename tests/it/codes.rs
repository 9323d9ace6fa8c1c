//! Signing in with a code: once, in time, for its own address, and not by guessing.

use std::collections::BTreeMap;

use events_concierge::host::command::{Action, Asked};
use events_concierge::http::Reply;
use events_concierge::identity::EmailAddress;
use events_concierge::identity::codes::Code;
use events_concierge::ports::{Delivery, Random, SqlValue};
use events_concierge::storage;
use serde_json::json;

use crate::post_office::Takes;
use crate::support::{Door, World, config, json_of};

const ADA: &str = "ada@example.org";

/// The object of an address that nobody has registered.
fn at(address: &str) -> Door {
    let door = Door::with(World::new(), address, config());
    door.world.memory.post_office.delivery.set(Some(Delivery::ExactlyOnce));
    door
}

fn ask(door: &Door, address: &str) -> Reply {
    let address = EmailAddress::parse(address).unwrap();
    door.as_owner(Action::SendCode(address), &json!(null))
}

/// Asks for a code and reads it from the mail.
fn code(door: &Door) -> String {
    assert_eq!(ask(door, ADA).status, 202);
    door.wake();
    door.world.memory.post_office.newest_code(ADA).unwrap()
}

fn check(door: &Door, address: &str, code: &str) -> u16 {
    let address = EmailAddress::parse(address).unwrap();
    let action = Action::CheckCode { address, code: code.to_owned() };
    let reply = door.as_owner(action, &json!(null));
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

fn mails(door: &Door) -> usize {
    door.world.memory.post_office.arrived.borrow().len()
}

#[test]
fn a_code_is_good_once() {
    let door = at(ADA);
    let code = code(&door);
    assert_eq!(code.len(), 6);
    assert_eq!(check(&door, ADA, &code), 204);
    assert_eq!(check(&door, ADA, &code), 401, "used");
    assert_eq!(check(&door, ADA, "000000"), 401, "there is none");
}

#[test]
fn a_person_may_type_spaces_and_nothing_else() {
    let door = at(ADA);
    let code = code(&door);
    for text in ["", "12345", "1234567", "12345a", "１２３４５６", "-12345"] {
        assert_eq!(check(&door, ADA, text), 422, "{text}");
    }
    assert_eq!(check(&door, ADA, &format!(" {} {}\n", &code[..3], &code[3..])), 204);
}

#[test]
fn a_code_ends_after_ten_minutes() {
    for (seconds, status) in [(599, 204), (600, 401), (601, 401)] {
        let door = at(ADA);
        let code = code(&door);
        door.world.memory.now.set(door.world.memory.now.get() + seconds);
        assert_eq!(check(&door, ADA, &code), status, "{seconds}");
    }
}

#[test]
fn a_code_is_useless_for_another_address() {
    let door = at(ADA);
    let code = code(&door);
    // Even if somebody could ask Ada's object for it.
    assert_eq!(check(&door, "bob@example.org", &code), 401);
    let other = Door::with(World { ..door.world.clone() }, "bob@example.org", config());
    assert_eq!(check(&other, "bob@example.org", &code), 401);
    assert_eq!(check(&door, ADA, &code), 204);
}

#[test]
fn a_new_code_takes_the_place_of_the_old_one() {
    let door = at(ADA);
    let old = code(&door);
    let new = code(&door);
    assert_ne!(old, new);
    assert_eq!(check(&door, ADA, &old), 401);
    assert_eq!(check(&door, ADA, &new), 204);
}

#[test]
fn an_old_code_that_has_not_left_yet_never_does() {
    let door = at(ADA);
    ask(&door, ADA);
    ask(&door, ADA);
    door.wake();
    assert_eq!(mails(&door), 1);
    let code = door.world.memory.post_office.newest_code(ADA).unwrap();
    assert_eq!(check(&door, ADA, &code), 204);
}

#[test]
fn five_wrong_tries_end_a_code() {
    let door = at(ADA);
    let good = code(&door);
    for _ in 0..4 {
        assert_eq!(check(&door, ADA, &wrong(&good)), 401);
    }
    assert_eq!(check(&door, ADA, &good), 204, "the fifth");
    let good = code(&door);
    for _ in 0..5 {
        assert_eq!(check(&door, ADA, &wrong(&good)), 401);
    }
    assert_eq!(check(&door, ADA, &good), 401);
}

#[test]
fn asking_for_many_codes_gives_no_more_than_twenty_tries_in_a_day() {
    let door = at(ADA);
    let mut tries = 0;
    let start = door.world.memory.now.get();
    for _ in 0..10 {
        if ask(&door, ADA).status != 202 {
            break;
        }
        let before = mails(&door);
        door.wake();
        if mails(&door) == before {
            break;
        }
        let good = door.world.memory.post_office.newest_code(ADA).unwrap();
        for _ in 0..4 {
            assert_eq!(check(&door, ADA, &wrong(&good)), 401);
            tries += 1;
        }
        door.world.memory.now.set(door.world.memory.now.get() + 300);
    }
    assert_eq!((tries, mails(&door)), (20, 5), "then no code is sent any more");
    assert_eq!(door.int("SELECT count(*) FROM sign_in_times WHERE kind = 'wrong'"), 20);
    // A day after the first wrong ones there are four more.
    door.world.memory.now.set(start + 86_400);
    let good = code(&door);
    assert_eq!(check(&door, ADA, &good), 204);
}

#[test]
fn a_code_that_is_still_good_does_not_open_a_locked_address() {
    let door = at(ADA);
    let good = code(&door);
    for _ in 0..20 {
        let now = door.world.memory.now.get();
        let insert = "INSERT INTO sign_in_times (kind, at) VALUES ('wrong', ?1)";
        door.world.sqlite.execute(insert, [now]).unwrap();
    }
    assert_eq!(check(&door, ADA, &good), 401);
    door.sql("DELETE FROM sign_in_times WHERE rowid = (SELECT min(rowid) FROM sign_in_times WHERE kind = 'wrong')");
    assert_eq!(check(&door, ADA, &good), 204);
}

#[test]
fn an_address_gets_three_codes_in_fifteen_minutes_and_ten_in_a_day() {
    let door = at(ADA);
    let start = door.world.memory.now.get();
    let after = |seconds: i64| {
        door.world.memory.now.set(start + seconds);
        let reply = ask(&door, ADA);
        door.wake();
        (reply, mails(&door))
    };
    let (first, _) = after(0);
    for (seconds, mails) in
        [(1, 2), (2, 3), (3, 3), (899, 3), (900, 4), (901, 5), (902, 6), (903, 6)]
    {
        let (reply, arrived) = after(seconds);
        assert_eq!(arrived, mails, "{seconds}");
        assert_eq!(reply, first, "the answer tells nothing");
    }
    for (seconds, mails) in
        [(2_000, 7), (2_001, 8), (2_002, 9), (4_000, 10), (4_001, 10), (86_399, 10), (86_400, 11)]
    {
        assert_eq!(after(seconds).1, mails, "{seconds}");
    }
}

#[test]
fn a_code_that_was_good_stays_good_when_no_other_is_sent() {
    let door = at(ADA);
    let mut last = String::new();
    for _ in 0..3 {
        last = code(&door);
    }
    assert_eq!(ask(&door, ADA).status, 202);
    door.wake();
    assert_eq!(check(&door, ADA, &last), 204);
}

#[test]
fn neither_code_nor_text_stays_in_storage() {
    let door = at(ADA);
    let code = code(&door);
    assert_eq!(
        door.int("SELECT count(*) FROM mail_outbox"),
        0,
        "the mail is sent, so its row is gone"
    );
    let dump = door.text("SELECT mac FROM sign_in_code");
    assert!(dump.len() == 64 && !dump.contains(&code));
}

#[test]
fn an_object_that_nobody_registered_is_empty_again_in_the_end() {
    let door = at(ADA);
    assert!(!door.host.is_over().unwrap());
    let good = code(&door);
    check(&door, ADA, &wrong(&good));
    door.pass(86_399);
    assert!(!door.host.is_over().unwrap());
    door.pass(10);
    assert_eq!(door.world.memory.alarm.get(), None);
    let rows = "SELECT (SELECT count(*) FROM sign_in_code) + (SELECT count(*) FROM sign_in_times) \
         + (SELECT count(*) FROM mail_outbox)";
    assert_eq!(door.int(rows), 0);
    assert!(door.host.is_over().unwrap());
    // A host keeps what it has.
    let host = Door::open();
    assert!(!host.host.is_over().unwrap());
}

#[test]
fn a_code_that_cannot_be_sent_is_not_sent_late() {
    let door = at(ADA);
    door.world.memory.post_office.takes.borrow_mut().extend([Takes::Nothing; 20]);
    assert_eq!(ask(&door, ADA).status, 202);
    door.pass(3_600);
    assert_eq!(door.int("SELECT count(*) FROM mail_outbox"), 0);
    let requests = door.world.memory.post_office.requests.get();
    assert!((4..=6).contains(&requests), "{requests}");
}

#[test]
fn guessing_leaves_nothing_behind_where_no_code_was_sent() {
    let door = at(ADA);
    assert_eq!(check(&door, ADA, "123456"), 401);
    assert!(!storage::is_used(&door.world).unwrap());
    door.world.memory.post_office.delivery.set(None);
    let reply = ask(&door, ADA);
    assert_eq!(reply.status, 503, "{}", reply.body);
    assert_eq!(json_of(&reply)["type"], "urn:events-concierge:problem:mail_unavailable");
    assert!(!storage::is_used(&door.world).unwrap());
}

#[test]
fn a_network_address_asks_for_so_many_codes_in_a_minute() {
    let door = at(ADA);
    for (asked, max) in [(Asked::ForCode, 10), (Asked::ForSession, 30)] {
        for _ in 0..max {
            assert_eq!(door.as_owner(Action::AdmitSource(asked), &json!(null)).status, 204);
        }
        let refused = door.as_owner(Action::AdmitSource(asked), &json!(null));
        assert_eq!(refused.status, 429);
        assert!(
            refused.headers.iter().any(|(name, value)| *name == "retry-after" && value == "60")
        );
    }
    assert!(!storage::is_used(&door.world).unwrap());
}

#[test]
fn after_an_eviction_a_code_is_still_good_and_still_used_up() {
    let mut door = at(ADA);
    let good = code(&door);
    door.evict();
    assert_eq!(check(&door, ADA, &good), 204);
    door.evict();
    assert_eq!(check(&door, ADA, &good), 401);
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
    let door = at(ADA);
    code(&door);
    let first = door.sql("SELECT mac FROM sign_in_code")[0][0].clone();
    code(&door);
    let second = door.sql("SELECT mac FROM sign_in_code")[0][0].clone();
    assert!(first != second && matches!(first, SqlValue::Text(_)));
}
