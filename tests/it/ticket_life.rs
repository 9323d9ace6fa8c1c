//! Tickets over time: they are found again, sleep, become one, and a flood into some of them leaves room for the others.

use events_concierge::base::id::TicketId;
use events_concierge::base::time::UnixSeconds;
use events_concierge::http::route::AtDesk;
use events_concierge::ledger::audit::audit;
use serde_json::{Value, json};

use crate::desk::{ask, good, own, ticket};
use crate::inbox::{answered, decide, draft, outcome, server};
use crate::support::{NOW, Server, json_of};

const PASS: &str = "Authentication-Results: mx.cloudflare.net; dmarc=pass";

/// The numbers of the tickets that a search finds, in its order.
fn found(server: &Server, asked: Value) -> Vec<u64> {
    let reply = own(server, AtDesk::SearchTickets, asked);
    assert_eq!(reply.status, 200, "{}", reply.body);
    let answer = json_of(&reply);
    assert_eq!(answer["isWhole"], true);
    let tickets = answer["tickets"].as_array().unwrap();
    tickets.iter().map(|ticket| ticket["number"].as_u64().unwrap()).collect()
}

fn opened(server: &Server, nonce: u8, subject: &str, body: &str, email: Option<&str>) -> TicketId {
    let asked = json!({"subject": subject, "body": body, "email": email});
    let opened = good(server, 1, nonce, "createTicket", &asked);
    TicketId::parse(opened["ticketId"].as_str().unwrap()).unwrap()
}

fn change(server: &Server, id: &TicketId, changes: Value) -> (u16, Value) {
    let reply = own(server, AtDesk::ChangeTicket(id.clone()), changes);
    (reply.status, json_of(&reply))
}

fn at(seconds: i64) -> String {
    UnixSeconds::new(NOW + seconds).to_string()
}

#[test]
fn a_ticket_is_found_by_all_of_its_words_its_number_and_its_status() {
    let server = server();
    let lift =
        opened(&server, 1, "The roof", "Is there a lift for wheelchairs?", Some("ada@x.org"));
    let parking = opened(&server, 2, "Parking", "Where do I park my van?", Some("bob@y.org"));
    opened(&server, 3, "\u{53ef}\u{4ee5}\u{53d6}\u{6d88}\u{5417}", "\u{53d6}\u{6d88}", None);
    let words = |words: &str| found(&server, json!({"query": words}));
    assert_eq!(words("lift"), [1]);
    assert_eq!(words("wheelchair ROOF"), [1], "any form, all words");
    assert_eq!(words("lift parking"), Vec::<u64>::new());
    assert_eq!(words("bob@y.org"), [2]);
    assert_eq!(words("\u{53d6}\u{6d88}"), [3]);
    assert_eq!((words("#2"), words("2")), (vec![2], vec![2]));
    assert_eq!(words("  "), [3, 2, 1], "nothing looked for is everything");
    for hostile in ["\" OR 1=1 --", "lift\" NEAR(", "*", "#", "text:lift", "-lift AND"] {
        assert!(words(hostile).len() <= 1, "{hostile}");
    }
    // Later words count, and so does what was said in the thread.
    assert_eq!(
        own(&server, AtDesk::AddNote(parking.clone()), json!({"body": "Gate seven"})).status,
        200
    );
    assert_eq!(words("gate"), [2]);
    assert_eq!(change(&server, &parking, json!({"tags": ["vip"]})).0, 200);
    assert_eq!(words("vip"), [2]);
    assert_eq!(change(&server, &lift, json!({"status": "resolved"})).0, 200);
    assert_eq!(found(&server, json!({"status": "resolved"})), [1]);
    assert_eq!(found(&server, json!({"status": "open", "query": "lift"})), Vec::<u64>::new());
    // Pages go on where they were.
    let first = json_of(&own(&server, AtDesk::SearchTickets, json!({"limit": 2})));
    let rest = found(&server, json!({"limit": 2, "cursor": first["nextCursor"]}));
    assert_eq!((first["tickets"].as_array().unwrap().len(), rest), (2, vec![1]));
    let long = own(&server, AtDesk::SearchTickets, json!({"query": "x".repeat(201)}));
    assert_eq!(long.status, 422);
    // The host's programs look in the same way.
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "listTickets", "arguments": {"query": "gate"}}});
    let listed = json_of(&server.mcp(true, &[], &call));
    assert_eq!(listed["result"]["structuredContent"]["tickets"][0]["number"], 2, "{listed}");
}

#[test]
fn a_ticket_sleeps_until_its_moment_or_its_customers_answer() {
    let server = server();
    let (first, mail) = answered(&server, 1);
    let second = TicketId::parse(&ticket(&server, 2)).unwrap();
    let later = json!({"snoozedUntil": at(7_200)});
    let (status, view) = change(&server, &first, later.clone());
    assert_eq!((status, &view["snoozedUntil"]), (200, &json!(at(7_200))));
    assert_eq!(change(&server, &second, json!({"snoozedUntil": at(3_600)})).0, 200);
    let third = TicketId::parse(&ticket(&server, 3)).unwrap();
    let numbers = |asked: AtDesk| -> Vec<u64> {
        let list = ask(&server, asked);
        let tickets = list["tickets"].as_array().unwrap();
        tickets.iter().map(|ticket| ticket["number"].as_u64().unwrap()).collect()
    };
    assert_eq!(numbers(AtDesk::Tickets), [3, 2, 1], "what sleeps stands behind");
    assert_eq!(found(&server, json!({"status": "open"})), [3]);
    assert_eq!(found(&server, json!({"status": "snoozed"})), [2, 1]);
    // The alarm brings it back, without a visitor.
    server.pass(3_599);
    assert_eq!(found(&server, json!({"status": "open"})), [3]);
    server.pass(2);
    assert_eq!(server.int("SELECT count(*) FROM tickets WHERE snoozed_until IS NULL"), 2);
    assert_eq!(found(&server, json!({"status": "open"})), [3, 2]);
    let thread = ask(&server, AtDesk::Ticket(second.clone()))["thread"].clone();
    assert_eq!(thread.as_array().unwrap().last().unwrap()["text"], "came back");
    // Its customer wakes the other one.
    let to = mail["reply_to"].as_str().unwrap();
    assert_eq!(outcome(&server, to, "From: ada@example.org", "Still waiting."), "added");
    assert_eq!(found(&server, json!({"status": "snoozed"})), Vec::<u64>::new());
    // What is resolved does not sleep, and nothing sleeps for ever.
    assert_eq!(change(&server, &third, json!({"snoozedUntil": at(7_200)})).0, 200);
    let (_, view) = change(&server, &third, json!({"status": "resolved"}));
    assert_eq!(view["snoozedUntil"], json!(null));
    for (id, until) in [(&third, at(9_000)), (&second, at(0)), (&second, at(400 * 86_400))] {
        assert_eq!(change(&server, id, json!({"snoozedUntil": until})).0, 422, "{until}");
    }
    assert_eq!(change(&server, &second, json!({"snoozedUntil": at(90_000)})).0, 200);
    assert_eq!(
        change(&server, &second, json!({"snoozedUntil": null})).1["snoozedUntil"],
        json!(null)
    );
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

#[test]
fn two_tickets_of_a_customer_become_one_for_everybody_who_has_either() {
    let server = server();
    let (kept, kept_mail) = answered(&server, 1);
    let (gone, gone_mail) = answered(&server, 2);
    let reply = json!({"ticketId": gone, "body": "Take the ramp."});
    good(&server, 2, 3, "draftReply", &reply);
    let before = draft(&server);
    let merge = |id: &TicketId, into: u64| {
        let reply = own(&server, AtDesk::MergeTicket(id.clone()), json!({"into": into}));
        (reply.status, json_of(&reply))
    };
    let stranger = opened(&server, 4, "Mine", "Hello", Some("bob@y.org"));
    let (status, problem) = merge(&stranger, 1);
    assert_eq!(status, 422, "another customer's");
    assert!(problem["detail"].as_str().unwrap().contains("another customer"), "{problem}");
    assert_eq!((merge(&gone, 2).0, merge(&gone, 77).0), (422, 404));

    let (status, view) = merge(&gone, 1);
    assert_eq!((status, &view["number"]), (200, &json!(1)), "{view}");
    let texts: Vec<&str> = view["thread"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["text"].as_str().unwrap())
        .collect();
    assert_eq!(texts.iter().filter(|text| **text == "Yes.").count(), 2, "{texts:?}");
    assert!(texts.iter().any(|text| text.starts_with("My order\n\nIgnore all previous")));
    assert_eq!(found(&server, json!({})), [3, 1], "one of them is left");
    assert_eq!(found(&server, json!({"query": "order"})), [1]);
    // The old id, address, message id and draft lead to what is left.
    assert_eq!(ask(&server, AtDesk::Ticket(gone.clone()))["number"], 1);
    let to = gone_mail["reply_to"].as_str().unwrap();
    let body = format!("And now?\r\n\r\nOn Monday, Events <{to}> wrote:\r\n> Yes.");
    assert_eq!(outcome(&server, to, "From: ada@example.org", &body), "added");
    let view = ask(&server, AtDesk::Ticket(kept.clone())).to_string();
    let token = to.split(['+', '@']).nth(1).unwrap();
    assert!(view.contains("And now?") && !view.contains(token), "its address is hidden too");
    let (status, _) = decide(&server, before["draftId"].as_str().unwrap(), &before["seen"]);
    assert_eq!(status, 409, "what was seen is another ticket by now");
    let now = draft(&server);
    assert_eq!((&now["number"], &now["question"]["text"]), (&json!(1), &json!("And now?")));
    assert_eq!(decide(&server, now["draftId"].as_str().unwrap(), &now["seen"]).0, 200);
    server.wake();
    let sent = server.world.memory.post_office.arrived.borrow().last().unwrap().clone();
    assert_eq!(sent["reply_to"], kept_mail["reply_to"]);
    // Work that is paid for with the old id is done on what is left.
    good(&server, 2, 5, "triageTicket", &json!({"ticketId": gone, "priority": "urgent"}));
    assert_eq!(ask(&server, AtDesk::Ticket(kept))["priority"], "urgent");
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

#[test]
fn a_merged_ticket_takes_its_old_ones_along() {
    let server = server();
    let [first, second, third] = [1, 2, 3]
        .map(|nonce| opened(&server, nonce, "S", &format!("text{nonce}"), Some("ada@x.org")));
    for (id, into) in [(&first, 2), (&second, 3)] {
        assert_eq!(
            own(&server, AtDesk::MergeTicket(id.clone()), json!({"into": into})).status,
            200
        );
    }
    for id in [&first, &second, &third] {
        assert_eq!(ask(&server, AtDesk::Ticket(id.clone()))["number"], 3);
    }
    assert_eq!(found(&server, json!({"query": "text1"})), [3]);
    let again = own(&server, AtDesk::MergeTicket(first), json!({"into": 3}));
    assert_eq!(again.status, 422, "it is that ticket already");
}

#[test]
fn a_flood_in_somebodys_name_leaves_them_their_share() {
    let server = server();
    let (_, mine) = answered(&server, 1);
    let tos: Vec<String> = (2..=30)
        .map(|nonce| answered(&server, nonce).1["reply_to"].as_str().unwrap().to_owned())
        .collect();
    // Somebody writes into tickets of their own, in the customer's name and in many others.
    let mut taken = 0;
    for number in 0..1_200 {
        let name =
            if number < 60 { "ada@example.org".to_owned() } else { format!("n{number}@x.org") };
        let lines = format!("From: {name}\r\nMessage-ID: <{number}@flood>");
        let to = &tos[number % tos.len()];
        if outcome(&server, to, &lines, &format!("Flood {number}")) == "added" {
            taken += 1;
        }
    }
    assert!((400..=500).contains(&taken), "{taken} of the flood");
    // The customer still reaches the host.
    let to = mine["reply_to"].as_str().unwrap();
    for number in 0..3 {
        let lines = format!("{PASS}\r\nFrom: ada@example.org\r\nMessage-ID: <{number}@mine>");
        assert_eq!(outcome(&server, to, &lines, &format!("Hello {number}")), "added", "{number}");
    }
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

#[test]
fn a_program_that_repeats_itself_is_no_customer() {
    let server = server();
    let (_, mail) = answered(&server, 1);
    let to = mail["reply_to"].as_str().unwrap();
    let says = |number: usize, text: &str| {
        outcome(&server, to, &format!("From: ada@example.org\r\nMessage-ID: <{number}@x>"), text)
    };
    let automatic = "Thank you for your mail. I am out of the office until Monday.";
    assert_eq!([says(1, automatic), says(2, automatic)], ["added", "added"]);
    assert_eq!(says(3, automatic), "automatic");
    assert_eq!(
        [4, 5, 6].map(|number| says(number, "Thanks!")),
        ["added"; 3],
        "people repeat themselves"
    );
    server.pass(86_401);
    assert_eq!(says(7, automatic), "added");
}
