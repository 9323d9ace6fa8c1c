//! A host does not become a sender of mass mail, and news delay nothing else.

use super::*;
use crate::support::title;

#[test]
fn a_host_writes_so_many_messages_in_a_day() {
    let server = host();
    let events: Vec<EventId> = (0..4).map(|_| event(&server, &json!({}))).collect();
    for (event, wallet) in events.iter().zip(1..) {
        buy(&server, event, wallet, Some(&address(&format!("guest{wallet}"))));
    }
    let more = event(&server, &json!({}));
    buy(&server, &more, 9, Some(&address("more")));
    let asked = |event: &EventId, n: usize| {
        asks(
            &server,
            event,
            &json!({"subject": format!("No. {n}"), "text": "Hello", "recipients": 1}),
        )
    };
    for n in 0..4 {
        assert_eq!(asked(&more, n).status, if n < 3 { 200 } else { 429 }, "of an event");
    }
    server.pass(DAY + 1);
    for (event, n) in events.iter().zip(0..) {
        for more in 0..3 {
            let is_within = n * 3 + more < 10;
            let reply = asked(event, more);
            assert_eq!(
                reply.status,
                if is_within { 200 } else { 429 },
                "{n} {more} {}",
                reply.body
            );
        }
    }
    assert_eq!(title(&asked(&events[0], 3)), "rate limited");
    server.pass(DAY + 1);
    assert_eq!(asked(&events[0], 3).status, 200);
}

#[test]
fn many_guests_are_told_by_and_by_and_tickets_are_not_behind_them() {
    let server = host();
    let event = event(&server, &json!({}));
    buy(&server, &event, 1, Some(&address("ada")));
    server.pass(60);
    let more = "INSERT INTO rsvps (id, event_id, payer, code, name, email, paid, tx_hash, network, created_at, \
         payment_id, place) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99) \
         SELECT 'rsv_' || printf('%024x', i), event_id, payer || i, printf('%s-%024x', substr(code, 1, 32), i), NULL, \
         'guest' || i || '@example.org', paid, tx_hash, network, created_at, 'pay_' || printf('%024x', i), 1 FROM rsvps, n";
    server.sql(more);
    assert_eq!(write(&server, &event, json!({"subject": "One", "text": "1"}))["recipients"], 100);
    server.wake();
    let queued = "SELECT count(*) FROM mail_outbox WHERE kind = 'news' AND state = 'queued'";
    assert_eq!(server.int(queued), 20);
    let other = super::event(&server, &json!({}));
    buy(&server, &other, 2, Some(&address("bob")));
    server.pass(20);
    let ticket =
        "SELECT count(*) FROM mail_outbox WHERE to_address = 'bob@example.org' AND state = 'sent'";
    assert_eq!(server.int(ticket), 1);
    server.pass(600);
    assert_eq!(arrived(&server).len(), 100);
    assert_eq!(server.int("SELECT count(*) FROM news_to WHERE state = 'sent'"), 100);
}

#[test]
fn mail_that_comes_back_stops_messages() {
    let server = host();
    let event = event(&server, &json!({}));
    for (wallet, name) in [(1, "ada"), (2, "bob"), (3, "cem"), (4, "dan")] {
        buy(&server, &event, wallet, Some(&address(name)));
    }
    write(&server, &event, json!({"subject": "One", "text": "1"}));
    server.pass(60);
    let bounced = "INSERT INTO mail_events (webhook_id, mail_id, kind, at) SELECT 'w' || id, id, 'bounced', \
         updated_at FROM mail_outbox WHERE kind = 'news' AND to_address <> 'dan@example.org'";
    server.sql(bounced);
    let refused = asks(&server, &event, &json!({"subject": "Two", "text": "2"}));
    assert_eq!((refused.status, title(&refused)), (429, json!("rate limited")));
    // A change waits until the mails that came back are a day old, and then goes to the address that takes mail.
    change(&server, &event, &json!({"location": "Attic"}));
    server.pass(3_600);
    assert_eq!(arrived(&server).len(), 4);
    server.pass(DAY + 3_600);
    assert_eq!(recipients(&arrived(&server)[4..]), [address("dan")]);
}

#[test]
fn a_subject_adds_no_header_and_a_message_has_its_limits() {
    let server = host();
    let event = event(&server, &json!({}));
    buy(&server, &event, 1, Some(&address("ada")));
    for (subject, text, field) in [
        ("a\r\nBcc: b@example.org".to_owned(), "t".to_owned(), "subject"),
        ("a\u{202e}b".to_owned(), "t".to_owned(), "subject"),
        (" ".to_owned(), "t".to_owned(), "subject"),
        ("s".repeat(151), "t".to_owned(), "subject"),
        ("s".to_owned(), " \n".to_owned(), "text"),
        ("s".to_owned(), "a\u{1b}".to_owned(), "text"),
        ("s".to_owned(), "t".repeat(5_001), "text"),
    ] {
        let refused = asks(&server, &event, &json!({"subject": subject, "text": text}));
        assert_eq!(refused.status, 422, "{subject:?} {}", refused.body);
        assert!(refused.body.contains(&format!("{field}: ")), "{}", refused.body);
    }
    for guests in [json!([]), json!(["rsv_x"])] {
        let refused =
            asks(&server, &event, &json!({"subject": "s", "text": "t", "guests": guests}));
        assert_eq!(refused.status, 422, "{}", refused.body);
    }
}

#[test]
fn what_guests_were_told_is_forgotten_after_thirty_days_and_who_wants_no_mail_is_not() {
    let server = host();
    let event = event(&server, &json!({"startsAt": "2027-09-01T18:30:00Z"}));
    buy(&server, &event, 1, Some(&address("ada")));
    write(&server, &event, json!({"subject": "One", "text": "1"}));
    server.pass(60);
    post(&server, way_out(&arrived(&server)[0]), "");
    server.pass(31 * DAY);
    server.wake();
    assert_eq!(server.int("SELECT count(*) FROM news"), 0);
    assert_eq!(server.int("SELECT count(*) FROM news_to"), 0);
    assert_eq!(server.int("SELECT count(*) FROM unsubscribed"), 1);
}

#[test]
fn a_damaged_row_keeps_no_other_guest_from_being_told() {
    let server = host();
    let (one, other) = (event(&server, &json!({})), event(&server, &json!({})));
    buy(&server, &one, 1, Some(&address("ada")));
    buy(&server, &other, 2, Some(&address("bob")));
    write(&server, &one, json!({"subject": "One", "text": "1"}));
    write(&server, &other, json!({"subject": "Two", "text": "2"}));
    server.sql(&format!("UPDATE events SET time_zone = 'No/Zone!' WHERE id = '{one}'"));
    server.pass(60);
    assert_eq!(recipients(&arrived(&server)), [address("bob")]);
}
