//! What buyers are asked, and what only guests get to know.

use events_concierge::base::http::Reply;
use events_concierge::base::id::{EventId, TicketCode};
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtHost, Format, Own};
use events_concierge::ledger::audit::audit;
use events_concierge::ports::Delivery;
use serde_json::{Value, json};

use crate::support::{Server, Settles, Wallet, block_on, json_of, rpc};

const SECRET: &str = "Back door, code 4711";

fn event(server: &Server, more: &Value) -> String {
    let event = json!({"title": "Meetup", "startsAt": "2027-03-01T18:30:00Z", "capacity": 9, "price": "0.05",
        "questions": [{"text": "T-shirt size?", "choices": ["S", "M"], "required": true}, {"text": "Diet?"}],
        "guestsOnly": SECRET});
    server.new_event(event, more)
}

fn call(event: &str, answers: &Value) -> Value {
    json!({"eventId": event, "answers": answers})
}

fn medium() -> Value {
    json!([{"question": "T-shirt size?", "answer": "m"}])
}

fn sign(server: &Server, arguments: &Value, wallet: u8) -> Value {
    let challenge = server.challenge("rsvpToEvent", arguments);
    Wallet::new(wallet).pay(&challenge["accepts"][0], wallet)
}

fn buy(server: &Server, arguments: &Value, wallet: u8) -> Reply {
    let payment = sign(server, arguments, wallet);
    block_on(server.tool("rsvpToEvent", arguments, Some(&payment)))
}

fn guests(server: &Server, event: &str) -> Value {
    let id = EventId::parse(event).unwrap();
    json_of(&server.as_owner(Action::Own(Own::Rsvps(id, Format::Json)), &json!({})))["rsvps"]
        .clone()
}

fn public(server: &Server, at: AtHost) -> String {
    let reply = server.as_stranger(at);
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body
}

#[test]
fn a_missing_answer_is_refused_before_a_price_and_says_what_to_send() {
    let server = Server::open();
    let event = event(&server, &json!({}));
    for (arguments, says) in [
        (json!({"eventId": event}), "asks \"T-shirt size?\"; answer with one of \"S\", \"M\""),
        (call(&event, &json!([{"question": "T-shirt size?", "answer": "XL"}])), "one of \"S\""),
        (call(&event, &json!([{"question": "Shoes?", "answer": "42"}])), "no question of this"),
        (call(&event, &json!("M")), "answers: invalid type"),
    ] {
        let reply = block_on(server.tool("rsvpToEvent", &arguments, None));
        assert_eq!(json_of(&reply)["title"], "invalid arguments", "{}", reply.body);
        assert!(json_of(&reply)["detail"].as_str().unwrap().contains(says), "{}", reply.body);
    }
    let view = json_of(&block_on(server.tool("getEvent", &json!({"eventId": event}), None)));
    let asked = &view["event"]["questions"];
    assert_eq!(asked[0], json!({"text": "T-shirt size?", "choices": ["S", "M"], "required": true}));
    assert_eq!(asked[1], json!({"text": "Diet?", "choices": [], "required": false}));
}

#[test]
fn answers_are_kept_with_each_ticket_and_only_the_host_reads_them() {
    let server = Server::open();
    let event = event(&server, &json!({}));
    let answers = json!([{"question": "diet?", "answer": "=Nuts"}, {"question": "t-shirt size?", "answer": "m"}]);
    let arguments = json!({"eventId": event, "answers": answers, "seats": 2});
    let reply = buy(&server, &arguments, 1);
    assert_eq!(reply.status, 200, "{}", reply.body);
    // The host asks something else by now: what was answered stays.
    let changed =
        server.change_event(&event, &json!({"questions": [{"text": "Diet?"}, {"text": "Age?"}]}));
    assert_eq!(changed.status, 200, "{}", changed.body);
    let kept = json!([{"question": "T-shirt size?", "answer": "M"}, {"question": "Diet?", "answer": "=Nuts"}]);
    let list = guests(&server, &event);
    assert_eq!((&list[0]["answers"], &list[1]["answers"]), (&kept, &kept));
    let id = EventId::parse(&event).unwrap();
    let csv = server.as_owner(Action::Own(Own::Rsvps(id, Format::Csv)), &json!({})).body;
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].ends_with("checkedInAt,Diet?,Age?,T-shirt size?"), "{csv}");
    assert!(lines[1].ends_with(",\"'=Nuts\",,M"), "{csv}");
    server.pass(60);
    let kv = server.world.memory.kv.borrow();
    assert!(!kv.is_empty() && kv.values().all(|value| !value.contains("Nuts")));
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

#[test]
fn answers_that_were_good_when_the_money_was_asked_for_are_kept_though_the_host_changes_its_questions()
 {
    let server = Server::open();
    let event = event(&server, &json!({}));
    let payment = sign(&server, &call(&event, &medium()), 1);
    server.world.memory.settles.borrow_mut().push_back(Settles::PaysSilently);
    let open = block_on(server.tool("rsvpToEvent", &call(&event, &medium()), Some(&payment)));
    assert_eq!(json_of(&open)["moneyMoved"], "unknown", "{}", open.body);
    assert_eq!(server.change_event(&event, &json!({"questions": []})).status, 200);
    server.pass(60);
    assert_eq!(guests(&server, &event)[0]["answers"][0]["answer"], "M");
    // Before any money is asked for, the new questions count.
    let refused = block_on(server.tool("rsvpToEvent", &call(&event, &medium()), None));
    assert!(refused.body.contains("this event asks nothing"), "{}", refused.body);
}

#[test]
fn free_seats_are_asked_the_same() {
    let server = Server::open();
    let event = event(&server, &json!({"price": "0"}));
    let refused = block_on(server.tool("rsvpToEvent", &json!({"eventId": event}), None));
    assert_eq!(json_of(&refused)["title"], "invalid arguments", "{}", refused.body);
    let arguments = call(&event, &medium());
    let take = || json_of(&server.proven("rsvpToEvent", &arguments, 1));
    assert_eq!(take()["guestsOnly"], SECRET);
    assert_eq!(take()["guestsOnly"], SECRET, "again");
    assert_eq!(guests(&server, &event)[0]["answers"][0]["answer"], "M");
}

#[test]
fn only_guests_get_to_know_what_is_for_guests() {
    let server = Server::open();
    server.world.memory.post_office.delivery.set(Some(Delivery::ExactlyOnce));
    let event = event(&server, &json!({}));
    let arguments = json!({"eventId": event, "answers": medium(), "email": "ada@example.org"});
    let challenge = server.challenge("rsvpToEvent", &arguments).to_string();
    let payment = sign(&server, &arguments, 1);
    let bought = json_of(&block_on(server.tool("rsvpToEvent", &arguments, Some(&payment))));
    assert_eq!(bought["guestsOnly"], SECRET);
    let mail = server.text("SELECT body FROM mail_outbox");
    assert!(mail.contains(&format!("Only for guests: {SECRET}")), "{mail}");
    let code = TicketCode::parse(bought["rsvp"]["code"].as_str().unwrap()).unwrap();
    assert!(public(&server, AtHost::Ticket(code.clone())).contains("code 4711"));
    // What the host says by now is what guests read.
    assert_eq!(
        server.change_event(&event, &json!({"guestsOnly": "https://meet.example/x"})).status,
        200
    );
    let again = json_of(&block_on(server.tool("rsvpToEvent", &arguments, Some(&payment))));
    assert_eq!(again["guestsOnly"], "https://meet.example/x", "{again}");
    assert_eq!(server.change_event(&event, &json!({"guestsOnly": SECRET})).status, 200);
    server.pass(700);
    let id = EventId::parse(&event).unwrap();
    let mut shown = vec![challenge];
    for at in [
        AtHost::HostPage,
        AtHost::EventPage(id.clone()),
        AtHost::Calendar(id.clone()),
        AtHost::Share(id),
        AtHost::Manifest,
    ] {
        shown.push(public(&server, at));
    }
    for (tool, asked) in [("listEvents", json!({})), ("getEvent", json!({"eventId": event}))] {
        shown.push(block_on(server.tool(tool, &asked, None)).body);
        let asked = rpc("tools/call", &json!({"name": tool, "arguments": asked}));
        shown.push(server.mcp(false, &[], &asked).body);
    }
    shown.extend(server.world.memory.kv.borrow().values().cloned());
    assert!(shown.iter().any(|text| text.contains("\"hasGuestsOnly\":true")));
    for text in shown {
        assert!(!text.contains("4711"), "{text}");
    }
    // Its host reads it, and nobody whose seat is gone.
    assert!(server.as_owner(Action::Own(Own::Events), &json!({})).body.contains(SECRET));
    let cancelled = Own::CancelEvent(EventId::parse(&event).unwrap());
    assert_eq!(server.as_owner(Action::Own(cancelled), &json!({})).status, 200);
    assert!(!public(&server, AtHost::Ticket(code)).contains("4711"));
}

#[test]
fn a_link_for_guests_is_not_mailed() {
    let server = Server::open();
    server.world.memory.post_office.delivery.set(Some(Delivery::ExactlyOnce));
    let event = event(&server, &json!({"questions": [], "guestsOnly": "https://evil.example/win"}));
    let reply = buy(&server, &json!({"eventId": event, "email": "ada@example.org"}), 1);
    assert_eq!(json_of(&reply)["guestsOnly"], "https://evil.example/win");
    let mail = server.text("SELECT body FROM mail_outbox");
    assert!(
        mail.contains("The link for guests is on your ticket.") && !mail.contains("evil"),
        "{mail}"
    );
}
