//! A host rebuilt from records that are not what they should be: all of it or nothing.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::bytes::{Slip, slipped_text, slips};
use super::fuzz;
use super::input::{Edit, Json, edited, edits, number};
use crate::support::{Server, Sqlite, Wallet, block_on, json_of};
use events_concierge::base::id::EventId;
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtHost, Format, Own};

/// What happens to one of the records.
#[derive(Clone, Debug)]
enum Change {
    Edits(Vec<Edit>),
    Slips(Vec<Slip>),
    Text(String),
    Gone,
    /// Under the key of another one.
    Moved(usize),
}

fn changes() -> impl Strategy<Value = Vec<(usize, Change)>> {
    let change = prop_oneof![
        5 => edits().prop_map(Change::Edits),
        2 => slips().prop_map(Change::Slips),
        2 => number().prop_map(Change::Text),
        1 => Just(Change::Gone),
        1 => any::<usize>().prop_map(Change::Moved),
    ];
    vec((any::<usize>(), change), 1..4)
}

/// What a host with two events and a sold seat has published.
fn published() -> BTreeMap<String, String> {
    let server = Server::open();
    let event = server.event(5);
    server.event(0);
    let arguments = json!({"eventId": event});
    let offer = server.challenge("rsvpToEvent", &arguments)["accepts"][0].clone();
    let payment = Wallet::new(1).pay(&offer, 1);
    assert_eq!(block_on(server.tool("rsvpToEvent", &arguments, Some(&payment))).status, 200);
    server.pass(30);
    server.world.memory.kv.borrow().clone()
}

fn change_records(kv: &mut BTreeMap<String, String>, changes: &[(usize, Change)]) {
    for (which, change) in changes {
        let keys: Vec<String> = kv.keys().cloned().collect();
        if keys.is_empty() {
            return;
        }
        let key = keys[which % keys.len()].clone();
        let old = kv[&key].clone();
        let new = match change {
            Change::Edits(edits) => match serde_json::from_str::<Value>(&old) {
                Ok(value) => edited(&value, edits),
                Err(_) => Json::Text(old).to_text(),
            },
            Change::Slips(slips) => slipped_text(&old, slips),
            Change::Text(text) => text.clone(),
            Change::Gone => {
                kv.remove(&key);
                continue;
            }
            Change::Moved(other) => {
                let other = kv[&keys[other % keys.len()]].clone();
                kv.insert(key, other);
                continue;
            }
        };
        kv.insert(key, new);
    }
}

#[test]
fn a_host_is_rebuilt_as_a_whole_or_not_at_all() {
    let inputs = || (option::weighted(0.95, changes()), any::<bool>());
    let records = published();
    fuzz("rebuilding from KV", inputs, move |(changes, twice)| {
        let mut server = Server::open();
        let mut kv = records.clone();
        change_records(&mut kv, changes.as_deref().unwrap_or_default());
        *server.world.memory.kv.borrow_mut() = kv;
        server.world.sqlite = Sqlite::empty();
        server.evict();
        let reply = block_on(server.tool("listEvents", &json!({}), None));
        let reply = match twice {
            true => block_on(server.tool("listEvents", &json!({}), None)),
            false => reply,
        };
        let answer = json_of(&reply);
        match reply.status {
            200 => check_rebuilt(&server, &answer),
            // Our operator has to look; nothing may be half there.
            500 => {
                let tables = "SELECT count(*) FROM sqlite_master WHERE name = 'events'";
                if server.int(tables) == 0 {
                    return Ok(());
                }
                for table in ["profile", "events", "rsvps", "ledger", "payments", "outbox"] {
                    let count = server.int(&format!("SELECT count(*) FROM {table}"));
                    prop_assert_eq!(count, 0, "{}", table);
                }
                Ok(())
            }
            404 => {
                prop_assert_eq!(server.int("SELECT count(*) FROM sqlite_master"), 0);
                Ok(())
            }
            status => Err(TestCaseError::fail(format!("{status} {answer}"))),
        }
    });
}

/// Whatever was taken over can be shown.
fn check_rebuilt(server: &Server, list: &Value) -> super::Verdict {
    let faults = events_concierge::ledger::audit::audit(&server.world).unwrap();
    prop_assert_eq!(faults, Vec::<String>::new());
    for own in [Own::Events, Own::Revenue, Own::Payments(Format::Csv)] {
        prop_assert_eq!(server.as_owner(Action::Own(own), &json!({})).status, 200);
    }
    for event in list["events"].as_array().unwrap() {
        let id = EventId::parse(event["id"].as_str().unwrap()).unwrap();
        for action in [
            Action::AtHost(AtHost::EventPage(id.clone())),
            Action::AtHost(AtHost::Calendar(id.clone())),
            Action::Own(Own::Rsvps(id, Format::Csv)),
        ] {
            prop_assert_eq!(server.as_owner(action, &json!({})).status, 200);
        }
    }
    Ok(())
}
