//! Several devices at the entrance of an event, with a connection and without.

use events_concierge::base::id::EventId;
use events_concierge::host::command::Action;
use events_concierge::http::route::Own;
use events_concierge::ledger::audit::audit;
use serde_json::{Value, json};

use crate::support::{NOW, Server, Wallet, block_on, json_of};

/// An event with guests, and devices at its entrance.
struct Entrance {
    server: Server,
    event: String,
}

/// A ticket as a device knows it from its list.
struct Listed {
    ticket: String,
    mark: String,
}

impl Entrance {
    fn with_guests(names: &[&str]) -> Self {
        let server = Server::open();
        let event = server.event(0);
        let entrance = Self { server, event };
        for (seed, name) in (1..).zip(names) {
            entrance.sell(seed, name);
        }
        entrance
    }

    /// The code of the ticket that is sold.
    fn sell(&self, seed: u8, name: &str) -> String {
        let asked = json!({"eventId": self.event, "name": name});
        let offer = self.server.challenge("rsvpToEvent", &asked);
        let payment = Wallet::new(seed).pay(&offer["accepts"][0], seed);
        let reply = block_on(self.server.tool("rsvpToEvent", &asked, Some(&payment)));
        json_of(&reply)["rsvp"]["code"].as_str().unwrap().to_owned()
    }

    fn own(&self, own: fn(EventId) -> Own, body: &Value) -> Value {
        let action = Action::Own(own(EventId::parse(&self.event).unwrap()));
        let reply = self.server.as_owner(action, body);
        json_of(&reply)
    }

    fn list(&self) -> Value {
        self.own(Own::Entrance, &json!({}))
    }

    fn listed(&self, name: &str) -> Listed {
        let list = self.list();
        let tickets = list["tickets"].as_array().unwrap();
        let ticket = tickets.iter().find(|ticket| ticket["guest"] == name).unwrap();
        let text = |name: &str| ticket[name].as_str().unwrap().to_owned();
        Listed { ticket: text("ticket"), mark: text("mark") }
    }

    fn send(&self, device: &str, moves: &[Value]) -> Value {
        let sent_at = moment(self.server.world.memory.now.get());
        let body = json!({"device": device, "sentAt": sent_at, "moves": moves,
            "since": "2020-01-01T00:00:00Z"});
        self.own(Own::Enter, &body)
    }

    fn outcome(&self, device: &str, one: Value) -> String {
        let answer = self.send(device, &[one]);
        answer["results"][0]["outcome"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    fn code(&self, name: &str) -> String {
        self.server.text(&format!("SELECT code FROM rsvps WHERE name = '{name}'"))
    }

    fn used_at(&self, name: &str) -> i64 {
        self.server
            .int(&format!("SELECT coalesce(checked_in_at, 0) FROM rsvps WHERE name = '{name}'"))
    }
}

fn moment(at: i64) -> String {
    events_concierge::base::time::UnixSeconds::new(at).to_string()
}

fn id(n: u32) -> String {
    format!("chk_{n:024x}")
}

/// Somebody shows a code while there is a connection.
fn asks(n: u32, code: &str) -> Value {
    json!({"id": id(n), "at": moment(NOW), "code": code})
}

/// Somebody was let in at `at` while there was no connection.
fn entered(n: u32, listed: &Listed, at: i64) -> Value {
    json!({"id": id(n), "at": moment(at), "ticket": listed.ticket, "mark": listed.mark,
        "hasEntered": true})
}

fn undoes(n: u32, undone: u32, at: i64) -> Value {
    json!({"id": id(n), "at": moment(at), "undoes": id(undone)})
}

#[test]
fn a_devices_list_opens_nothing() {
    let entrance = Entrance::with_guests(&["Ada", "Ben"]);
    let list = entrance.list();
    assert_eq!(list["tickets"].as_array().unwrap().len(), 2);
    assert_eq!(list["tickets"][0]["guest"], "Ada");
    assert_eq!(list["summary"]["sold"], 2);
    let text = list.to_string();
    for name in ["Ada", "Ben"] {
        let code = entrance.code(name);
        let secret = code.split('-').nth(1).unwrap();
        assert!(!text.contains(secret), "the code is in {text}");
        assert!(!text.contains(&secret[16..]), "the short code is in {text}");
    }
    assert!(!text.contains("0x"), "nor is a wallet of who has a name: {text}");
}

#[test]
fn of_two_phones_that_ask_one_lets_in_and_a_repeat_is_told_the_same() {
    let entrance = Entrance::with_guests(&["Ada"]);
    let code = entrance.code("Ada");
    assert_eq!(entrance.outcome("North", asks(1, &code)), "in");
    assert_eq!(entrance.outcome("North", asks(1, &code)), "in", "its answer was lost");
    let refused = entrance.send("South", &[asks(2, &code)]);
    assert_eq!(refused["results"][0]["outcome"], "alreadyIn");
    assert_eq!(refused["results"][0]["first"]["device"], "North");
    assert_eq!(refused["results"][0]["ticket"]["guest"], "Ada");
    assert_eq!(refused["summary"]["problems"], json!([]), "nobody has come in twice");
    assert_eq!(entrance.server.int("SELECT count(*) FROM entrance"), 1);
    // The tool and the short code know of it, too.
    let short = &code[code.len() - 8..];
    assert_eq!(entrance.outcome("South", asks(3, short)), "alreadyIn");
    let answer = entrance.own(Own::CheckIn, &json!({"code": code}));
    assert_eq!(answer["success"], false);
    assert_eq!(entrance.outcome("South", asks(4, "nonsense")), "notValid");
    assert_eq!(entrance.outcome("South", asks(5, "0000 0000")), "notValid");
}

#[test]
fn of_two_phones_without_a_connection_the_later_one_and_the_host_are_told() {
    let entrance = Entrance::with_guests(&["Ada", "Ben"]);
    let ada = entrance.listed("Ada");
    let (first, second) = (NOW - 600, NOW - 240);
    // The later one is back first, and is told afterwards.
    let answer = entrance.send("South", &[entered(2, &ada, second)]);
    assert_eq!(answer["results"][0]["outcome"], "in");
    assert_eq!(answer["summary"]["problems"], json!([]));
    assert_eq!(entrance.outcome("North", entered(1, &ada, first)), "in");
    assert_eq!(entrance.used_at("Ada"), first);
    let told = entrance.send("South", &[entered(2, &ada, second)]);
    assert_eq!(told["results"][0]["outcome"], "alreadyIn");
    assert_eq!(told["results"][0]["first"]["device"], "North");
    let expected = json!([{"ticket": ada.ticket, "guest": "Ada", "kind": "twice", "letIn": [
        {"id": id(1), "at": moment(first), "device": "North"},
        {"id": id(2), "at": moment(second), "device": "South"},
    ]}]);
    assert_eq!(told["summary"]["problems"], expected);
    assert_eq!(entrance.list()["summary"]["problems"], expected, "the host sees the same");
    assert_eq!(told["summary"]["inside"], 1, "a ticket counts once");
    // Who is sent away again by the second phone has not been in.
    assert_eq!(entrance.outcome("South", undoes(3, 2, second + 60)), "undone");
    assert_eq!(entrance.list()["summary"]["problems"], json!([]));
    assert_eq!(entrance.used_at("Ada"), first);
    assert_eq!(entrance.used_at("Ben"), 0);
}

#[test]
fn moves_in_any_order_and_any_number_of_times_come_to_the_same() {
    let moves = |entrance: &Entrance| {
        let (ada, ben) = (entrance.listed("Ada"), entrance.listed("Ben"));
        [
            ("North", entered(1, &ada, NOW - 500)),
            ("South", entered(2, &ada, NOW - 400)),
            ("North", entered(3, &ben, NOW - 450)),
            ("East", entered(5, &ada, NOW - 390)),
        ]
    };
    let state = |order: &[usize]| {
        let entrance = Entrance::with_guests(&["Ada", "Ben"]);
        let moves = moves(&entrance);
        for place in order {
            let (device, one) = &moves[*place];
            entrance.send(device, std::slice::from_ref(one));
        }
        assert_eq!(audit(&entrance.server.world).unwrap(), Vec::<String>::new());
        let mut problems = entrance.list()["summary"]["problems"].clone();
        problems[0].as_object_mut().unwrap().remove("ticket");
        (problems, entrance.used_at("Ada"), entrance.used_at("Ben"))
    };
    let expected = state(&[0, 1, 2, 3]);
    assert_eq!(expected.0[0]["letIn"].as_array().unwrap().len(), 3);
    for order in [&[3, 2, 1, 0][..], &[1, 1, 0, 3, 0, 2, 1, 3], &[2, 3, 0, 1]] {
        assert_eq!(state(order), expected, "{order:?}");
    }
}

#[test]
fn a_check_in_is_taken_back_by_a_row_of_its_own_and_within_minutes() {
    let entrance = Entrance::with_guests(&["Ada"]);
    let code = entrance.code("Ada");
    assert_eq!(entrance.outcome("North", undoes(9, 1, NOW)), "notUndone", "there is nothing yet");
    assert_eq!(entrance.outcome("North", asks(1, &code)), "in");
    assert_eq!(entrance.outcome("North", undoes(2, 1, NOW)), "undone");
    assert_eq!(entrance.outcome("North", undoes(2, 1, NOW)), "undone");
    assert_eq!(entrance.outcome("South", undoes(3, 1, NOW)), "undone", "it was already");
    assert_eq!(entrance.used_at("Ada"), 0);
    assert_eq!(entrance.server.int("SELECT count(*) FROM entrance"), 2);
    assert_eq!(entrance.outcome("North", asks(1, &code)), "undone", "a late copy lets nobody in");
    assert_eq!(entrance.used_at("Ada"), 0);
    assert_eq!(entrance.outcome("North", asks(4, &code)), "in");
    entrance.server.world.memory.now.set(NOW + 700);
    let late = json!({"id": id(5), "at": moment(NOW + 700), "undoes": id(4)});
    assert_eq!(entrance.outcome("North", late), "notUndone");
    assert_eq!(entrance.used_at("Ada"), NOW);
    let gone = entrance.server.world.sqlite.execute_batch("DELETE FROM entrance");
    assert!(gone.is_err(), "rows are only added");
}

#[test]
fn what_became_invalid_in_between_lets_nobody_in_and_is_shown_to_the_host() {
    let entrance = Entrance::with_guests(&["Ada", "Ben", "Cem"]);
    let (ada, ben, cem) = (entrance.listed("Ada"), entrance.listed("Ben"), entrance.listed("Cem"));
    // Ada has passed her ticket on: it has another code. Ben's seat is gone.
    entrance.server.sql(
        "UPDATE rsvps SET code = substr(code, 1, 33) || '0123456789abcdef01234567' \
         WHERE name = 'Ada'",
    );
    entrance.server.sql("DELETE FROM rsvps WHERE name = 'Ben'");
    assert_eq!(entrance.outcome("North", entered(1, &ada, NOW - 60)), "notValid");
    assert_eq!(entrance.outcome("North", entered(2, &ben, NOW - 50)), "notValid");
    assert_eq!(entrance.outcome("North", entered(2, &ben, NOW - 50)), "notValid");
    let problems = entrance.list()["summary"]["problems"].clone();
    assert_eq!(problems[0]["kind"], "notValid");
    assert_eq!((&problems[0]["guest"], &problems[1]["guest"]), (&json!("Ada"), &json!(null)));
    let now = entrance.code("Ada");
    assert_eq!(entrance.outcome("North", asks(3, &now)), "in", "her friend has the new code");
    // The event is cancelled while a phone is away.
    let cancelled = entrance.own(Own::CancelEvent, &json!({}));
    assert_eq!(cancelled["success"], true);
    let code = entrance.code("Cem");
    assert_eq!(entrance.outcome("North", asks(4, &code)), "eventCancelled");
    assert_eq!(entrance.outcome("North", entered(5, &cem, NOW - 40)), "eventCancelled");
    assert_eq!(entrance.used_at("Cem"), 0);
    assert_eq!(entrance.list()["summary"]["problems"].as_array().unwrap().len(), 3);
}

#[test]
fn a_check_in_of_before_counts_as_the_first() {
    let entrance = Entrance::with_guests(&["Ada"]);
    entrance.server.sql(&format!("UPDATE rsvps SET checked_in_at = {}", NOW - 900));
    let ada = entrance.listed("Ada");
    assert_eq!(entrance.outcome("North", entered(1, &ada, NOW - 60)), "alreadyIn");
    assert_eq!(entrance.used_at("Ada"), NOW - 900);
    let problems = entrance.list()["summary"]["problems"].clone();
    assert_eq!(problems[0]["letIn"].as_array().unwrap().len(), 2);
}

#[test]
fn a_device_hears_of_sales_and_of_what_other_devices_did() {
    let entrance = Entrance::with_guests(&["Ada"]);
    let code = entrance.code("Ada");
    entrance.server.world.memory.now.set(NOW + 100);
    let since = |at: i64| {
        let now = moment(entrance.server.world.memory.now.get());
        let body = json!({"device": "North", "sentAt": now, "since": moment(at)});
        entrance.own(Own::Enter, &body)["changed"].clone()
    };
    assert_eq!(since(NOW + 50), json!([]));
    assert_eq!(entrance.outcome("South", asks(1, &code)), "in");
    assert_eq!(since(NOW + 50)[0]["checkedInAt"], moment(NOW));
    entrance.sell(9, "Late");
    assert_eq!(since(NOW + 50).as_array().unwrap().len(), 2);
}

#[test]
fn what_a_device_may_send_is_bounded() {
    let entrance = Entrance::with_guests(&["Ada"]);
    let detail = |body: Value| entrance.own(Own::Enter, &body)["detail"].clone();
    let good = json!({"device": "North", "sentAt": moment(NOW), "moves": []});
    assert!(detail(good.clone()).is_null());
    for (field, value) in [
        ("device", json!("")),
        ("device", json!("x".repeat(41))),
        ("sentAt", json!("yesterday")),
        ("since", json!("yesterday")),
        ("moves", json!(vec![asks(1, "x"); 101])),
        ("moves", json!([{"id": id(1), "at": moment(NOW)}])),
        ("moves", json!([{"id": id(1), "at": moment(NOW), "code": "x", "undoes": id(2)}])),
        ("arguments", json!([{"id": id(1), "at": moment(NOW), "code": "x", "colour": "red"}])),
        ("hasEntered", json!([{"id": id(1), "at": moment(NOW), "code": "x", "hasEntered": 1}])),
        ("at", json!([{"id": id(1), "at": 5, "code": "x"}])),
        ("id", json!([{"id": "chk_1", "at": moment(NOW), "code": "x"}])),
        ("code", json!([{"id": id(1), "at": moment(NOW), "code": "x".repeat(5_000)}])),
    ] {
        let mut body = good.clone();
        let is_own = matches!(field, "device" | "sentAt" | "since");
        let member = if is_own { field } else { "moves" };
        body[member] = value;
        let detail = detail(body);
        assert!(detail.as_str().is_some_and(|it| it.starts_with(field)), "{field}: {detail}");
    }
    // However often somebody comes and goes, the rows of a ticket end.
    let ada = entrance.listed("Ada");
    for n in 0..80 {
        entrance.send("North", &[entered(n, &ada, NOW - 100)]);
    }
    assert_eq!(entrance.server.int("SELECT count(*) FROM entrance"), 50);
    assert_eq!(entrance.used_at("Ada"), NOW - 100);
}
