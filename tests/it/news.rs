//! What guests are told by mail: messages of the host, reminders, changes and cancellations, and the way out of them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use events_concierge::base::http::Reply;
use events_concierge::base::id::EventId;
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtHost, Own, Route, parse};
use events_concierge::ports::Delivery;
use serde_json::{Value, json};

use crate::support::{PAY_TO, Server, Wallet, World, block_on, config_with, json_of};

mod changes;
mod limits;

const DAY: i64 = 86_400;
/// 2027-03-01T18:30:00Z, when the events of these tests start.
const START: i64 = 1_803_925_800;

/// A host at a deployment that sends mail.
fn host() -> Server {
    let world = World::new();
    world.memory.post_office.delivery.set(Some(Delivery::ExactlyOnce));
    let from = [("MAIL_FROM", "Events <events@example.com>")];
    let server = Server::with(world, PAY_TO, config_with(&from));
    let body = json!({"userId": PAY_TO, "walletAddress": PAY_TO});
    assert_eq!(server.as_owner(Action::Own(Own::Register), &body).status, 201);
    server
}

fn event(server: &Server, more: &Value) -> EventId {
    let event = json!({"title": "Rust meetup", "startsAt": "2027-03-01T18:30:00Z", "capacity": 0,
        "price": "0.05", "location": "Hall"});
    EventId::parse(&server.new_event(event, more)).unwrap()
}

/// A paid seat: what the guest showed, and its ticket's code.
fn buy(server: &Server, event: &EventId, wallet: u8, email: Option<&str>) -> (Value, String) {
    let arguments = json!({"eventId": event, "email": email});
    let challenge = server.challenge("rsvpToEvent", &arguments);
    let payment = Wallet::new(wallet).pay(&challenge["accepts"][0], wallet);
    let reply = block_on(server.tool("rsvpToEvent", &arguments, Some(&payment)));
    assert_eq!(reply.status, 200, "{}", reply.body);
    (payment, json_of(&reply)["rsvp"]["code"].as_str().unwrap().to_owned())
}

fn take_free(server: &Server, event: &EventId, wallet: u8, email: &str) {
    let arguments = json!({"eventId": event, "email": email});
    let source = format!("198.51.100.{wallet}");
    assert_eq!(server.proven_from("rsvpToEvent", &arguments, wallet, &source).status, 200);
}

fn address(name: &str) -> String {
    format!("{name}@example.org")
}

fn change(server: &Server, event: &EventId, changes: &Value) {
    let reply = server.as_owner(Action::Own(Own::UpdateEvent(event.clone())), changes);
    assert_eq!(reply.status, 200, "{}", reply.body);
}

fn asks(server: &Server, event: &EventId, message: &Value) -> Reply {
    server.as_owner(Action::Own(Own::MessageGuests(event.clone())), message)
}

/// Previews a message, and sends it to as many as the preview says.
fn write(server: &Server, event: &EventId, mut message: Value) -> Value {
    let preview = asks(server, event, &message);
    assert_eq!(preview.status, 200, "{}", preview.body);
    message["recipients"] = json_of(&preview)["recipients"].clone();
    let sent = asks(server, event, &message);
    assert_eq!(sent.status, 200, "{}", sent.body);
    json_of(&sent)
}

/// The mails of news that have arrived.
fn arrived(server: &Server) -> Vec<Value> {
    let known = "SELECT 1 FROM mail_outbox WHERE kind = 'news' AND subject = ?1";
    let mut prepared = server.world.sqlite.prepare(known).unwrap();
    let arrived = server.world.memory.post_office.arrived.borrow();
    let is_news = |mail: &&Value| prepared.exists([mail["subject"].as_str().unwrap()]).unwrap();
    arrived.iter().filter(is_news).cloned().collect()
}

fn recipients(mails: &[Value]) -> Vec<String> {
    let mut to: Vec<String> =
        mails.iter().map(|mail| mail["to"][0].as_str().unwrap().to_owned()).collect();
    to.sort();
    to
}

fn text(mail: &Value) -> &str {
    mail["text"].as_str().unwrap()
}

/// The calendar file of a mail: its media type, and its lines.
fn calendar(mail: &Value) -> (String, String) {
    let [file] = mail["attachments"].as_array().unwrap().as_slice() else { panic!("{mail}") };
    let content = STANDARD.decode(file["content"].as_str().unwrap()).unwrap();
    let content = String::from_utf8(content).unwrap().replace("\r\n ", "");
    (file["content_type"].as_str().unwrap().to_owned(), content)
}

/// Where the reader of a mail stops such mails, as a mail program finds it.
fn way_out(mail: &Value) -> Action {
    let headers = &mail["headers"];
    assert_eq!(headers["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
    let url = headers["List-Unsubscribe"].as_str().unwrap();
    let path = url.strip_prefix("<http://localhost:8787").unwrap().strip_suffix('>').unwrap();
    assert!(text(mail).contains(path), "people find it in the text");
    match parse("POST", path) {
        Ok(Route::Host(_, asked)) => Action::AtHost(asked),
        other => panic!("{other:?}"),
    }
}

/// A form of a stranger.
fn post(server: &Server, action: Action, body: &str) -> Reply {
    let mut request = server.request(action, false, &[], &json!({}));
    request.body = body.as_bytes().to_vec();
    block_on(server.handle(request))
}

fn page(action: &Action) -> Action {
    let Action::AtHost(AtHost::SetReader(reader)) = action else { panic!("{action:?}") };
    Action::AtHost(AtHost::Reader(reader.clone()))
}

#[test]
fn a_message_is_previewed_and_then_goes_to_those_that_were_chosen_once() {
    let server = host();
    let event = event(&server, &json!({}));
    let (_, ada) = buy(&server, &event, 1, Some(&address("ada")));
    let (_, bob) = buy(&server, &event, 2, Some(&address("bob")));
    buy(&server, &event, 3, None);
    let check_in = Action::Own(Own::CheckIn(event.clone()));
    assert_eq!(server.as_owner(check_in, &json!({"code": bob})).status, 200);

    let message = json!({"subject": "Bring a cup", "text": "We have tea,\r\nbut few cups."});
    let preview = json_of(&asks(&server, &event, &message));
    assert_eq!((&preview["isSent"], &preview["recipients"]), (&json!(false), &json!(2)));
    assert_eq!(preview["withoutAddress"], 1);
    assert!(preview["preview"]["text"].as_str().unwrap().contains("We have tea,\nbut few cups."));
    server.pass(60);
    assert_eq!(arrived(&server), Vec::<Value>::new(), "nothing is sent unread");

    let stale = json!({"subject": "Bring a cup", "text": "We have tea", "recipients": 3});
    let refused = asks(&server, &event, &stale);
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert!(refused.body.contains("recipients: is not right any more"), "{}", refused.body);

    let sent = write(&server, &event, message.clone());
    assert_eq!(sent["isSent"], true);
    server.pass(60);
    let mails = arrived(&server);
    assert_eq!(recipients(&mails), [address("ada"), address("bob")]);
    let to_ada = mails.iter().find(|mail| mail["to"][0] == address("ada")).unwrap();
    assert!(text(to_ada).contains(&ada) && !text(to_ada).contains(&bob), "{to_ada}");
    assert!(text(to_ada).contains("writes to guests of this event: Rust meetup"));

    // The same again, as after an answer that was lost.
    let mut again = message;
    again["recipients"] = json!(2);
    let again = json_of(&asks(&server, &event, &again));
    assert_eq!((&again["isSent"], &again["already"]), (&json!(false), &json!(2)));
    let came = json!({"subject": "Photos", "text": "Soon.", "to": "in"});
    assert_eq!(write(&server, &event, came)["recipients"], 1);
    let id = server.text("SELECT id FROM rsvps WHERE email LIKE 'ada%'");
    let one = json!({"subject": "Your cup", "text": "Is here.", "guests": [id]});
    assert_eq!(write(&server, &event, one)["recipients"], 1);
    server.pass(60);
    let later: Vec<Value> = arrived(&server).split_off(2);
    assert_eq!(recipients(&later), [address("ada"), address("bob")]);

    let list = server.as_owner(Action::Own(Own::Messages(event)), &json!({}));
    let list = json_of(&list)["news"].clone();
    assert_eq!(list.as_array().unwrap().len(), 3);
    let first = list.as_array().unwrap().iter().find(|line| line["subject"] == "Bring a cup");
    let first = first.unwrap();
    assert_eq!((&first["sent"], &first["waiting"]), (&json!(2), &json!(0)));
}

#[test]
fn a_host_agent_writes_by_tool_and_nobody_else_does() {
    let server = host();
    let event = event(&server, &json!({}));
    buy(&server, &event, 1, Some(&address("ada")));
    let arguments = json!({"eventId": event, "subject": "Hello", "text": "See you."});
    let call = |owner| {
        let tool = Action::AtHost(AtHost::Tool("messageGuests".to_owned()));
        block_on(server.handle(server.request(tool, owner, &[], &arguments)))
    };
    assert_eq!(call(false).status, 403);
    assert_eq!(json_of(&call(true))["recipients"], 1);
}

#[test]
fn one_click_without_signing_in_stops_messages_and_no_ticket() {
    let server = host();
    let event = event(&server, &json!({}));
    buy(&server, &event, 1, Some(&address("ada")));
    buy(&server, &event, 2, Some(&address("bob")));
    write(&server, &event, json!({"subject": "One", "text": "1"}));
    server.pass(60);
    let mails = arrived(&server);
    let to_ada = mails.iter().find(|mail| mail["to"][0] == address("ada")).unwrap();
    let out = way_out(to_ada);

    // Programs follow links: looking changes nothing.
    let shown = server.as_owner(page(&out), &json!({}));
    assert!(shown.body.contains("Stop messages of Your host?"), "{}", shown.body);
    let preview =
        |subject: &str| json_of(&asks(&server, &event, &json!({"subject": subject, "text": "2"})));
    assert_eq!(preview("Two")["unsubscribed"], 0);

    let done = post(&server, out.clone(), "List-Unsubscribe=One-Click");
    assert_eq!(done.status, 200, "{}", done.body);
    assert_eq!(
        (&preview("Two")["recipients"], &preview("Two")["unsubscribed"]),
        (&json!(1), &json!(1))
    );
    let everything = server.everything();
    let stored = server.text("SELECT reader FROM unsubscribed");
    assert!(!stored.contains('@') && everything.contains(&stored));
    write(&server, &event, json!({"subject": "Two", "text": "2"}));
    server.pass(60);
    assert_eq!(recipients(&arrived(&server)[2..]), [address("bob")]);

    // Its tickets and what happens to them still come.
    let other = self::event(&server, &json!({"title": "Another evening"}));
    buy(&server, &other, 3, Some(&address("ada")));
    server.as_owner(Action::Own(Own::CancelEvent(other)), &json!({}));
    server.pass(60);
    let arrived = server.world.memory.post_office.arrived.borrow();
    let to_ada = arrived.iter().filter(|mail| mail["to"][0] == address("ada"));
    let subjects: Vec<&str> = to_ada.map(|mail| mail["subject"].as_str().unwrap()).collect();
    assert!(subjects.contains(&"Your ticket: Another evening"), "{subjects:?}");
    assert!(subjects.contains(&"Cancelled: Another evening"), "{subjects:?}");
    drop(arrived);

    assert!(server.as_owner(page(&out), &json!({})).body.contains("You get no more messages"));
    let again = post(&server, out, "mails=on");
    assert!(again.body.contains("again"), "{}", again.body);
    assert_eq!(preview("Three")["unsubscribed"], 0);
}

#[test]
fn nobody_stops_the_mails_of_somebody_else() {
    let server = host();
    let event = event(&server, &json!({}));
    buy(&server, &event, 1, Some(&address("ada")));
    write(&server, &event, json!({"subject": "One", "text": "1"}));
    server.pass(60);
    let link = arrived(&server)[0]["headers"]["List-Unsubscribe"].as_str().unwrap().to_owned();
    let path = link.strip_prefix("<http://localhost:8787").unwrap().strip_suffix('>').unwrap();
    let last = if path.ends_with('0') { "1" } else { "0" };
    let forged = format!("{}{last}", &path[..path.len() - 1]);
    let Ok(Route::Host(_, asked)) = parse("POST", &forged) else { panic!("{forged}") };
    assert_eq!(post(&server, Action::AtHost(asked), "").status, 404);
    assert_eq!(server.int("SELECT count(*) FROM unsubscribed"), 0);
    // The link of one host is none of another.
    let neighbour = server.beside();
    assert_eq!(post(&neighbour, way_out(&arrived(&server)[0]), "").status, 404);
    assert_eq!(neighbour.int("SELECT count(*) FROM unsubscribed"), 0);
}

#[test]
fn who_has_left_or_unsubscribed_before_the_mail_is_made_gets_none() {
    let server = host();
    let event = event(&server, &json!({"refundPercent": 100}));
    let (payment, _) = buy(&server, &event, 1, Some(&address("ada")));
    buy(&server, &event, 2, Some(&address("bob")));
    buy(&server, &event, 3, Some(&address("cem")));
    write(&server, &event, json!({"subject": "One", "text": "1"}));
    server.pass(60);
    let out = arrived(&server).iter().find(|mail| mail["to"][0] == address("bob")).map(way_out);
    write(&server, &event, json!({"subject": "Two", "text": "2"}));
    let cancel = json!({"eventId": event, "refund": "0"});
    let gone = block_on(server.tool("cancelRsvp", &cancel, Some(&payment)));
    assert_eq!(gone.status, 200, "{}", gone.body);
    post(&server, out.unwrap(), "");
    server.pass(60);
    assert_eq!(recipients(&arrived(&server)[3..]), [address("cem")]);
}

#[test]
fn guests_are_reminded_a_day_before_once() {
    let server = host();
    let event = event(&server, &json!({"refundPercent": 100}));
    let silent = self::event(&server, &json!({"remindHours": 0, "title": "Silent"}));
    let cancelled = self::event(&server, &json!({"title": "Gone"}));
    let (payment, _) = buy(&server, &event, 1, Some(&address("ada")));
    let (_, bob) = buy(&server, &event, 2, Some(&address("bob")));
    buy(&server, &silent, 3, Some(&address("cem")));
    buy(&server, &cancelled, 4, Some(&address("dan")));
    server.as_owner(Action::Own(Own::CancelEvent(cancelled)), &json!({}));
    let cancel = json!({"eventId": event, "refund": "0"});
    assert_eq!(block_on(server.tool("cancelRsvp", &cancel, Some(&payment))).status, 200);

    let now = server.world.memory.now.get();
    server.pass(START - DAY - 1 - now);
    assert_eq!(arrived(&server).len(), 0, "not before");
    server.pass(60);
    let mails = arrived(&server);
    assert_eq!(recipients(&mails), [address("bob")]);
    assert_eq!(mails[0]["subject"], "Reminder: Rust meetup");
    assert!(text(&mails[0]).contains(&bob) && text(&mails[0]).contains("Hall"), "{}", mails[0]);
    way_out(&mails[0]);
    // Another title is no reason for another reminder.
    change(&server, &event, &json!({"description": "With tea."}));
    server.pass(2 * DAY);
    assert_eq!(arrived(&server).len(), 1);
}

#[test]
fn guests_of_a_moved_event_are_reminded_at_its_new_time() {
    let server = host();
    let event = event(&server, &json!({"remindHours": 2}));
    buy(&server, &event, 1, Some(&address("ada")));
    change(&server, &event, &json!({"startsAt": "2027-04-01T18:30:00Z"}));
    let reminders = || {
        let mails = arrived(&server);
        mails.iter().filter(|mail| mail["subject"] == "Reminder: Rust meetup").count()
    };
    let now = server.world.memory.now.get();
    server.pass(START - now);
    assert_eq!(reminders(), 0);
    server.pass(31 * DAY);
    assert_eq!(reminders(), 1);
}

#[test]
fn without_a_way_to_send_mail_nothing_waits_and_the_host_is_told() {
    let server = Server::open();
    let event = event(&server, &json!({}));
    buy(&server, &event, 1, Some(&address("ada")));
    let refused = asks(&server, &event, &json!({"subject": "One", "text": "1"}));
    assert_eq!((refused.status, &json_of(&refused)["title"]), (503, &json!("mail unavailable")));
    change(&server, &event, &json!({"startsAt": "2027-04-01T18:30:00Z"}));
    assert_eq!(server.int("SELECT count(*) FROM news"), 0);
}
