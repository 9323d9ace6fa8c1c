//! Customers' answers: they reach their own ticket, once, and strangers reach nothing.

use events_concierge::base::email::EmailAddress;
use events_concierge::base::id::{DraftId, TicketId};
use events_concierge::base::time::UnixSeconds;
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtDesk, AtHost};
use events_concierge::ledger::audit::audit;
use events_concierge::mail::Kind;
use events_concierge::mail::inbound::{Envelope, Incoming, Letter};
use events_concierge::mail::reports::failures;
use events_concierge::ports::Delivery;
use serde_json::{Value, json};

use crate::desk::{about, ask, good, own, ticket, waiting};
use crate::post_office::Takes;
use crate::support::{Server, block_on, config_with, json_of};

const CUSTOMER: &str = "ada@example.org";
const PASS: &str = "Authentication-Results: mx.cloudflare.net; dmarc=pass";

/// A desk that takes mail.
pub(crate) fn server() -> Server {
    let mut server = Server::with_desk();
    let inbox =
        [("MAIL_FROM", "Events <events@example.com>"), ("MAIL_INBOX", "reply@desk.example.com")];
    server.deploy(config_with(&inbox));
    server
}

/// A ticket whose customer got a reply by mail: its id, and that mail.
pub(crate) fn answered(server: &Server, nonce: u8) -> (TicketId, Value) {
    let id = TicketId::parse(&ticket(server, nonce)).unwrap();
    assert_eq!(own(server, AtDesk::Reply(id.clone()), json!({"body": "Yes."})).status, 200);
    server.wake();
    let mail = server.world.memory.post_office.arrived.borrow().last().unwrap().clone();
    (id, mail)
}

/// A mail with these header lines.
fn written(to: &str, lines: &str, body: &str) -> Option<Incoming> {
    let raw = format!("{lines}\r\nTo: {to}\r\n\r\n{body}");
    let to: Vec<EmailAddress> = EmailAddress::parse(to).into_iter().collect();
    let envelope = Envelope { from: CUSTOMER, to: &to, is_platform: true };
    Incoming::read(Letter::read(raw.as_bytes()), envelope)
}

fn gives(server: &Server, mail: &Incoming) -> String {
    let reply = server.as_owner(Action::MailIn, &serde_json::to_value(mail).unwrap());
    assert_eq!(reply.status, 200, "{}", reply.body);
    json_of(&reply)["outcome"].as_str().unwrap().to_owned()
}

pub(crate) fn outcome(server: &Server, to: &str, lines: &str, body: &str) -> String {
    gives(server, &written(to, lines, body).unwrap())
}

fn messages(server: &Server) -> i64 {
    server.int("SELECT count(*) FROM ticket_entries WHERE kind = 'message'")
}

#[test]
fn an_answer_reaches_its_ticket_once_and_opens_it_again() {
    let server = server();
    let (id, mail) = answered(&server, 1);
    let to = mail["reply_to"].as_str().unwrap();
    assert!(to.starts_with("reply+") && to.ends_with("@desk.example.com"), "{to}");
    assert_eq!(
        own(&server, AtDesk::ChangeTicket(id.clone()), json!({"status": "resolved"})).status,
        200
    );
    let lines =
        "From: Ada <Ada@Example.org>\r\nSubject: Re: anything\r\nMessage-ID: <one@example.org>";
    let body = format!("Thanks.\r\n\r\nOn Monday, Events <{to}> wrote:\r\n> Yes.\r\n");
    assert_eq!(outcome(&server, &to.to_uppercase(), lines, &body), "added");
    assert_eq!(outcome(&server, to, lines, &body), "again");
    let view = ask(&server, AtDesk::Ticket(id.clone()));
    assert_eq!(view["status"], "open");
    let thread = view["thread"].as_array().unwrap();
    let message = thread.iter().find(|entry| entry["kind"] == "message").unwrap();
    assert_eq!((&message["author"], &message["text"]), (&json!(CUSTOMER), &json!("Thanks.")));
    assert_eq!(message["verdict"], "unknown");
    assert!(message["rest"].as_str().unwrap().contains("> Yes."), "what is repeated is kept");
    // An agent that pays reads the answer, and nothing that opens the ticket.
    let seen = good(&server, 2, 9, "getTicketContext", &about(id.as_str()));
    assert_eq!(seen["untrusted"]["thread"][1]["text"], "Thanks.");
    let token = to.split(['+', '@']).nth(1).unwrap();
    assert!(!seen.to_string().contains(token) && !view.to_string().contains(token));
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

#[test]
fn an_answer_without_the_address_is_found_by_the_mail_that_it_answers() {
    for delivery in [Delivery::ExactlyOnce, Delivery::AtMostOnce] {
        let server = server();
        server.world.memory.post_office.delivery.set(Some(delivery));
        let (_, mail) = answered(&server, 1);
        let thread = mail["headers"]["References"].as_str().unwrap();
        let ours = match delivery {
            Delivery::ExactlyOnce => mail["headers"]["Message-ID"].as_str().unwrap().to_owned(),
            Delivery::AtMostOnce => {
                server.sql("UPDATE mail_outbox SET provider_id = '<of-the-service@cf.example>'");
                "<of-the-service@cf.example>".to_owned()
            }
        };
        let lines = format!("From: other@example.org\r\nReferences: {thread} {ours}");
        let found = written("reply@desk.example.com", &lines, "From my other address.").unwrap();
        assert_eq!(found.host().as_ref(), Some(&server.scope), "the thread leads to the host");
        assert_eq!(gives(&server, &found), "added", "{delivery:?}");
    }
}

#[test]
fn a_stranger_writes_into_no_ticket() {
    let server = server();
    let (_, mail) = answered(&server, 1);
    let to = mail["reply_to"].as_str().unwrap();
    let thread = mail["headers"]["References"].as_str().unwrap();
    let other = TicketId::parse(&ticket(&server, 2)).unwrap();
    let guessed = |place: usize| {
        let (name, domain) = to.split_once('@').unwrap();
        let mut name = name.to_owned();
        let at = name.len() - 1 - place;
        let swapped = if &name[at..=at] == "a" { "b" } else { "a" };
        name.replace_range(at..=at, swapped);
        format!("{name}@{domain}")
    };
    let spoofed = format!("From: {CUSTOMER}\r\nSubject: Re: [#1] My order\r\nReferences: {thread}");
    let checked = |result: &str| format!("{}\r\n{spoofed}", PASS.replace("pass", result));
    for (to, lines, why) in [
        (guessed(0), "From: eve@example.net".to_owned(), "the last digit of the token"),
        (guessed(10), "From: eve@example.net".to_owned(), "a digit of the hash"),
        (
            "reply@desk.example.com".to_owned(),
            format!("From: eve@example.net\r\nReferences: {thread}"),
            "the thread alone",
        ),
        ("reply@desk.example.com".to_owned(), spoofed.clone(), "an author that nobody has checked"),
        ("reply@desk.example.com".to_owned(), checked("fail"), "an author that is not who it says"),
        (
            "reply@desk.example.com".to_owned(),
            format!("{PASS}\r\n{}", spoofed.replace(CUSTOMER, "eve@example.net")),
            "a number from somebody else",
        ),
    ] {
        assert_eq!(outcome(&server, &to, &lines, "Give me the refund."), "unknown", "{why}");
    }
    assert_eq!(messages(&server), 0);
    assert_eq!(ask(&server, AtDesk::Ticket(other))["thread"], json!([]));
    assert_eq!(outcome(&server, "reply@desk.example.com", &checked("pass"), "It is me."), "added");
    assert_eq!(
        server.int("SELECT count(*) FROM mail_in"),
        2,
        "strangers leave a count and nothing else"
    );
}

#[test]
fn programs_are_counted_and_never_answered() {
    let server = server();
    let (_, mail) = answered(&server, 1);
    let to = mail["reply_to"].as_str().unwrap();
    for line in [
        "Auto-Submitted: auto-replied",
        "Precedence: bulk",
        "X-Auto-Response-Suppress: OOF",
        "Return-Path: <>",
        "X-Concierge-Mail: x/y",
    ] {
        assert_eq!(
            outcome(&server, to, &format!("From: {CUSTOMER}\r\n{line}"), "I am away."),
            "automatic"
        );
    }
    // Our own mail comes back, for example over an address that forwards to the inbox.
    for own in ["events@example.com", "reply@desk.example.com"] {
        assert_eq!(outcome(&server, to, &format!("From: {own}"), "hi"), "automatic", "{own}");
    }
    server.pass(3_600);
    assert_eq!((messages(&server), server.world.memory.post_office.arrived.borrow().len()), (0, 1));
    let desk = ask(&server, AtDesk::Settings);
    assert_eq!((&desk["mailIn"]["automatic"], &desk["mailIn"]["added"]), (&json!(7), &json!(0)));
}

#[test]
fn nobody_fills_a_ticket_or_a_desk() {
    let server = server();
    let (_, mail) = answered(&server, 1);
    let to = mail["reply_to"].as_str().unwrap();
    let lines = |number: usize| format!("From: {CUSTOMER}\r\nMessage-ID: <{number}@example.org>");
    for number in 0..20 {
        assert_eq!(outcome(&server, to, &lines(number), "More."), "added", "{number}");
    }
    assert_eq!(outcome(&server, to, &lines(20), "More."), "refused");
    assert_eq!(
        outcome(&server, to, &lines(3), "More."),
        "again",
        "a repeat is told that it was taken"
    );
    assert_eq!(outcome(&server, to, &lines(21), " \r\n\r\n"), "refused", "nothing is in it");
    server.pass(86_401);
    assert_eq!(outcome(&server, to, &lines(22), "More."), "added");
    // Another ticket of the same customer: the sender's own limit.
    let (_, second) = answered(&server, 2);
    let (_, third) = answered(&server, 3);
    let tos = [&second, &third].map(|mail| mail["reply_to"].as_str().unwrap().to_owned());
    let taken: Vec<String> = (100..150)
        .map(|number| outcome(&server, &tos[number % 2], &lines(number), "More."))
        .collect();
    assert_eq!(taken.iter().filter(|outcome| *outcome == "added").count(), 39);
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

#[test]
fn a_rotated_key_and_another_host_change_no_address() {
    let server = server();
    let (_, mail) = answered(&server, 1);
    let to = mail["reply_to"].as_str().unwrap();
    let beside = server.beside();
    let mail = written(to, &format!("From: {CUSTOMER}"), "Hello").unwrap();
    assert_eq!(mail.host().as_ref(), Some(&server.scope));
    assert_eq!(gives(&beside, &mail), "unknown", "it opens nothing at another host");
    assert_eq!(gives(&server, &mail), "added");
    assert_eq!(waiting(&server).len(), 0, "nothing that a mail says is acted on");
}

#[test]
fn refusals_of_the_provider_stop_mail_without_any_webhook() {
    let server = server();
    server.world.memory.post_office.delivery.set(Some(Delivery::AtMostOnce));
    let refuses = |times| {
        let takes = std::iter::repeat_n(Takes::Refuses(422), times);
        server.world.memory.post_office.takes.borrow_mut().extend(takes);
    };
    for (nonce, is_stopped) in [(1_u8, false), (2, false), (3, true)] {
        refuses(1);
        let id = TicketId::parse(&ticket(&server, nonce)).unwrap();
        assert_eq!(own(&server, AtDesk::Reply(id), json!({"body": "Hello"})).status, 200);
        server.wake();
        let stopped = !ask(&server, AtDesk::Settings)["trippedAt"].is_null();
        assert_eq!(stopped, is_stopped, "{nonce}");
    }
    let since = UnixSeconds::new(0);
    assert_eq!(failures(&server.world, Kind::Ticket, since).unwrap(), (3, 3));
    let id = ticket(&server, 4);
    let held =
        json_of(&own(&server, AtDesk::Reply(TicketId::parse(&id).unwrap()), json!({"body": "x"})));
    assert_eq!(held["outcome"], "draft", "{held}");
}

/// The only waiting draft, as the host sees it.
pub(crate) fn draft(server: &Server) -> Value {
    let list = ask(server, AtDesk::Approvals);
    assert_eq!(list["total"], 1, "{list}");
    list["approvals"][0].clone()
}

pub(crate) fn decide(server: &Server, id: &str, seen: &Value) -> (u16, Value) {
    let reply = own(server, AtDesk::Approve(DraftId::parse(id).unwrap()), json!({"seen": seen}));
    (reply.status, json_of(&reply))
}

#[test]
fn what_is_approved_is_what_was_seen() {
    let server = server();
    let (id, mail) = answered(&server, 1);
    good(&server, 2, 2, "draftReply", &json!({"ticketId": id, "body": "Take the lift."}));
    let first = draft(&server);
    assert_eq!(
        (&first["question"]["from"], &first["text"]),
        (&json!(CUSTOMER), &json!("Take the lift."))
    );
    assert_eq!(first["record"], json!({"approved": 0, "rejected": 0, "needed": 3}));
    let name = first["draftId"].as_str().unwrap().to_owned();
    // The customer writes again before the host decides.
    let to = mail["reply_to"].as_str().unwrap();
    assert_eq!(outcome(&server, to, &format!("From: {CUSTOMER}"), "Is there a lift?"), "added");
    let (status, problem) = decide(&server, &name, &first["seen"]);
    assert_eq!((status, &problem["title"]), (409, &json!("draft changed")));
    let second = draft(&server);
    assert_eq!(second["question"]["text"], "Is there a lift?");
    // Somebody changes the draft in another tab.
    let edited = json!({"text": "Yes, a lift goes to the roof.", "seen": second["seen"]});
    let draft_id = DraftId::parse(&name).unwrap();
    let third = own(&server, AtDesk::EditDraft(draft_id.clone()), edited.clone());
    assert_eq!((third.status, &json_of(&third)["isEdited"]), (200, &json!(true)), "{}", third.body);
    assert_eq!(
        own(&server, AtDesk::EditDraft(draft_id), edited).status,
        409,
        "an edit is bound too"
    );
    let (status, problem) = decide(&server, &name, &second["seen"]);
    assert_eq!(status, 409);
    assert!(
        problem["detail"].as_str().unwrap().contains("Yes, a lift goes to the roof."),
        "{problem}"
    );
    server.wake();
    assert_eq!(server.world.memory.post_office.arrived.borrow().len(), 1, "nothing was sent");
    // What is seen now is what goes, once.
    let (status, said) = decide(&server, &name, &draft(&server)["seen"]);
    assert_eq!(status, 200, "{said}");
    assert_eq!(decide(&server, &name, &second["seen"]).0, 409);
    server.wake();
    let sent = server.world.memory.post_office.arrived.borrow().last().unwrap().clone();
    assert!(sent["text"].as_str().unwrap().starts_with("Yes, a lift goes to the roof."));
    assert_eq!(server.world.memory.post_office.arrived.borrow().len(), 2);
    assert_eq!(server.text("SELECT original FROM drafts"), "Take the lift.");
    assert_eq!(
        server.int("SELECT coalesce(sum(approvals), 0) FROM wallets"),
        0,
        "it earns nothing"
    );
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

#[test]
fn a_draft_is_approved_as_it_is_by_those_who_name_nothing() {
    let server = server();
    let (id, _) = answered(&server, 1);
    good(&server, 2, 2, "draftReply", &json!({"ticketId": id, "body": "Take the lift."}));
    let name = DraftId::parse(draft(&server)["draftId"].as_str().unwrap()).unwrap();
    let empty = own(&server, AtDesk::EditDraft(name.clone()), json!({"text": " "}));
    assert_eq!(empty.status, 422, "{}", empty.body);
    assert_eq!(own(&server, AtDesk::Approve(name), json!({})).status, 200);
    assert_eq!(server.int("SELECT coalesce(sum(approvals), 0) FROM wallets"), 1);
}

#[test]
fn the_one_who_asked_sees_where_it_stands_and_nobody_else() {
    let server = server();
    let asked = json!({"subject": "Lift?", "body": "Is there a <b>lift</b>?", "email": CUSTOMER});
    let opened = good(&server, 1, 1, "createTicket", &asked);
    let (key, id) = (opened["statusKey"].as_str().unwrap(), opened["ticketId"].as_str().unwrap());
    let standing = || {
        let reply = block_on(server.tool("getTicketStatus", &json!({"statusKey": key}), None));
        assert_eq!(reply.status, 200, "{}", reply.body);
        json_of(&reply)
    };
    let word = |value: &Value| value["standing"].as_str().unwrap().to_owned();
    assert_eq!(word(&standing()), "asked");
    assert!(opened["statusUrl"].as_str().unwrap().ends_with(&format!("/q/{key}")));
    good(&server, 2, 2, "draftReply", &json!({"ticketId": id, "body": "Yes."}));
    assert_eq!(word(&standing()), "drafted");
    let (status, _) = decide(&server, draft(&server)["draftId"].as_str().unwrap(), &json!(null));
    assert_eq!((status, word(&standing())), (200, "answered".to_owned()));
    own(&server, AtDesk::AddNote(TicketId::parse(id).unwrap()), json!({"body": "internal"}));
    server.wake();
    let mail = server.world.memory.post_office.arrived.borrow().last().unwrap().clone();
    assert!(
        mail["text"].as_str().unwrap().ends_with(&format!("/q/{key}")),
        "the mail has the page"
    );
    let to = mail["reply_to"].as_str().unwrap();
    assert_eq!(outcome(&server, to, &format!("From: {CUSTOMER}"), "And a toilet?"), "added");
    let now = standing();
    assert_eq!(
        (word(&now).as_str(), &now["replies"], &now["messages"]),
        ("asked", &json!(1), &json!(1))
    );
    // The page: the conversation, and nothing of the host's own.
    let page = |key: &str| {
        let action = Action::AtHost(AtHost::Question(key.to_owned()));
        block_on(server.handle(server.request(action, false, &[], &json!(null))))
    };
    let shown = page(key);
    assert_eq!(shown.status, 200);
    for words in ["Is there a &#60;b&#62;lift", "Yes.", "And a toilet?", "has not answered yet"] {
        assert!(shown.body.contains(words), "{words}: {}", shown.body);
    }
    assert!(!shown.body.contains("internal") && !shown.body.contains(CUSTOMER), "{}", shown.body);
    // The address to write to does not read, and the other way round.
    let write = to.split(['+', '@']).nth(1).unwrap();
    assert_eq!(page(write).status, 404);
    let refused = block_on(server.tool("getTicketStatus", &json!({"statusKey": write}), None));
    assert_eq!(refused.status, 404, "{}", refused.body);
    let swapped = to.replace(write, key);
    assert_eq!(outcome(&server, &swapped, &format!("From: {CUSTOMER}"), "Hi"), "unknown");
}
