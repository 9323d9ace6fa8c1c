//! A host changes or cancels an event.

use events_concierge::ledger::audit::audit;

use super::*;

#[test]
fn guests_of_a_moved_event_get_a_new_calendar_entry_and_may_have_their_money_back() {
    let server = host();
    let event = event(&server, &json!({}));
    let (payment, code) = buy(&server, &event, 1, Some(&address("ada")));
    let before = server.int("SELECT sequence FROM events");
    change(&server, &event, &json!({"startsAt": "2027-03-02T18:30:00Z", "location": "Cellar"}));
    server.pass(300);
    let mails = arrived(&server);
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    assert_eq!(mail["subject"], "Changed: Rust meetup");
    let words = text(mail);
    assert!(words.contains("Starts: Tue 2 Mar 2027, 18:30 UTC, before: Mon 1 Mar 2027"), "{words}");
    assert!(words.contains("Place: Cellar, before: Hall") && words.contains(&code), "{words}");
    assert!(words.contains("$0.05 goes back to the wallet that paid"), "{words}");
    assert!(mail["headers"]["List-Unsubscribe"].is_null(), "nobody misses this by choice");
    let (kind, ics) = calendar(mail);
    assert_eq!(kind, "text/calendar; charset=utf-8; method=REQUEST");
    for line in [
        "METHOD:REQUEST",
        &format!("UID:{event}@events-concierge"),
        &format!("SEQUENCE:{}", before + 1),
        "DTSTART:20270302T183000Z",
        "LOCATION:Cellar",
        "ORGANIZER:mailto:events@example.com",
        "ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:ada@example.org",
    ] {
        assert!(ics.contains(&format!("\r\n{line}\r\n")), "{line} in {ics}");
    }
    // What the mail says is what happens.
    let cancel = json!({"eventId": event, "refund": "0.05"});
    let done = json_of(&block_on(server.tool("cancelRsvp", &cancel, Some(&payment))));
    assert_eq!((&done["cancelled"], &done["refund"]["amount"]), (&json!(true), &json!("0.05")));
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

#[test]
fn another_place_alone_gives_the_money_back_unless_the_host_chose_otherwise() {
    let server = host();
    for (promises, back) in [(true, "0.05"), (false, "0.00")] {
        let event = event(&server, &json!({"refundIfMoved": promises}));
        let wallet = if promises { 1 } else { 2 };
        let (payment, _) = buy(&server, &event, wallet, None);
        let shown = || {
            let asked = json!({"eventId": event});
            let reply = block_on(server.tool("cancelRsvp", &asked, Some(&payment)));
            json_of(&reply)["refund"]["amount"].clone()
        };
        assert_eq!(shown(), "0.00");
        change(&server, &event, &json!({"location": "Cellar"}));
        assert_eq!(shown(), back);
    }
}

#[test]
fn changes_in_a_row_are_told_once_and_what_was_taken_back_is_not_told() {
    let server = host();
    let event = event(&server, &json!({}));
    buy(&server, &event, 1, Some(&address("ada")));
    change(&server, &event, &json!({"location": "Celler"}));
    server.pass(30);
    change(&server, &event, &json!({"location": "Cellar", "title": "Rust evening"}));
    server.pass(300);
    let mails = arrived(&server);
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    assert!(text(mail).contains("Place: Cellar, before: Hall"), "{mail}");
    assert!(text(mail).contains("Title: Rust evening, before: Rust meetup"), "{mail}");

    change(&server, &event, &json!({"location": "Attic"}));
    change(&server, &event, &json!({"location": "Cellar"}));
    change(&server, &event, &json!({"description": "New words.", "capacity": 9}));
    server.pass(300);
    assert_eq!(arrived(&server).len(), 1);
    // A later change is told from what they know.
    change(&server, &event, &json!({"location": "Attic"}));
    server.pass(300);
    assert!(text(&arrived(&server)[1]).contains("Place: Attic, before: Cellar"));
}

#[test]
fn a_cancelled_event_leaves_the_calendars_of_all_guests() {
    let server = host();
    let paid = event(&server, &json!({"title": "Paid"}));
    let free = event(&server, &json!({"title": "Free", "price": "0"}));
    buy(&server, &paid, 1, Some(&address("ada")));
    take_free(&server, &free, 2, &address("bob"));
    change(&server, &free, &json!({"location": "Attic"}));
    for event in [&paid, &free] {
        let cancel = Action::Own(Own::CancelEvent(event.clone()));
        assert_eq!(server.as_owner(cancel, &json!({})).status, 200);
    }
    server.pass(300);
    let arrived = server.world.memory.post_office.arrived.borrow();
    let of = |subject: &str| -> Vec<Value> {
        arrived.iter().filter(|mail| mail["subject"] == subject).cloned().collect()
    };
    for (subject, name) in [("Cancelled: Paid", "ada"), ("Cancelled: Free", "bob")] {
        let mails = of(subject);
        assert_eq!(recipients(&mails), [address(name)], "{subject}");
        let (kind, ics) = calendar(&mails[0]);
        assert_eq!(kind, "text/calendar; charset=utf-8; method=CANCEL");
        assert!(ics.contains("\r\nMETHOD:CANCEL\r\n") && ics.contains("STATUS:CANCELLED"), "{ics}");
    }
    assert_eq!(of("Changed: Free").len(), 0, "what is cancelled did not move");
}

#[test]
fn a_title_or_place_of_a_stranger_makes_no_link_in_our_words() {
    let server = host();
    let event = event(&server, &json!({}));
    buy(&server, &event, 1, Some(&address("ada")));
    change(
        &server,
        &event,
        &json!({"title": "evil.example/login", "location": "https://evil.example"}),
    );
    server.pass(300);
    let mail = arrived(&server)[0].clone();
    assert!(!text(&mail).contains("evil") && !mail["subject"].as_str().unwrap().contains("evil"));
    assert!(text(&mail).contains("Place: see your ticket"), "{mail}");
}
