//! What people and programs really send: lists that change while they are read, addresses, text that nobody sees.

use events_concierge::host::command::Action;
use events_concierge::http::route::{AtDesk, AtHost, Format, Own};
use events_concierge::id::EventId;
use serde_json::json;

use crate::support::{Door, NOW, block_on, json_of};

/// Writes an event straight into the storage.
fn event_at(
    door: &Door,
    number: i64,
    starts_at: i64,
    ends_at: Option<i64>,
    status: &str,
) -> String {
    let id = format!("evt_{number:024x}");
    let end = ends_at.map_or("NULL".to_owned(), |end| end.to_string());
    door.sql(&format!(
        "INSERT INTO events (id, title, description, starts_at, ends_at, time_zone, location, \
         capacity, price, status, sequence, created_at, updated_at) VALUES ('{id}', 'T{number}', \
         '', {starts_at}, {end}, 'UTC', NULL, 5, 50000, '{status}', 0, {NOW}, {NOW})"
    ));
    id
}

#[test]
fn the_page_of_a_host_shows_what_is_under_way_however_much_was_cancelled() {
    let door = Door::open();
    let over = event_at(&door, 900, NOW - 7_200, Some(NOW), "scheduled");
    let begun = event_at(&door, 901, NOW - 3_600, None, "scheduled");
    let under_way = event_at(&door, 902, NOW - 3_600, Some(NOW + 1), "scheduled");
    for number in 0..150 {
        event_at(&door, number, NOW + 60 + number, None, "cancelled");
    }
    let later = event_at(&door, 903, NOW + 86_400, None, "scheduled");
    let page = door.as_owner(Action::AtHost(AtHost::HostPage), &json!({})).body;
    for (event, is_shown) in [(over, false), (begun, false), (under_way, true), (later, true)] {
        assert_eq!(page.contains(&event), is_shown, "{event}: {page}");
    }
    assert!(page.contains("2 events"), "{page}");
}

/// Reads a list to its end; `between` happens after the first page.
fn read_all(door: &Door, own: &Own, member: &str, id: &str, between: impl FnOnce()) -> Vec<String> {
    let mut between = Some(between);
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let mut request = door.request(Action::Own(own.clone()), true, &[], &json!({}));
        request.command.cursor = cursor;
        let reply = block_on(door.host.handle(request));
        assert_eq!(reply.status, 200, "{}", reply.body);
        let page = json_of(&reply);
        let entries = page[member].as_array().unwrap();
        seen.extend(entries.iter().map(|entry| entry[id].as_str().unwrap().to_owned()));
        let Some(next) = page["nextCursor"].as_str() else { return seen };
        cursor = Some(next.to_owned());
        if let Some(between) = between.take() {
            between();
        }
    }
}

#[test]
fn no_list_skips_a_row_because_others_come_go_or_move_while_it_is_read() {
    let door = Door::open();
    for number in 100..350 {
        event_at(&door, number, NOW + number, None, "scheduled");
        door.sql(&format!(
            "INSERT INTO tickets (id, subject, body, status, priority, tags, author, created_at, \
             updated_at) VALUES ('tkt_{number:024x}', 's', 'b', 'open', 'normal', '[]', 'agent', {NOW}, {NOW})"
        ));
        door.sql(&format!(
            "INSERT INTO kb_articles (id, title, body, created_at, updated_at) \
             VALUES ('kba_{number:024x}', 't', 'b', {NOW}, {NOW} + {number})"
        ));
        door.sql(&format!(
            "INSERT INTO drafts (id, ticket_id, kind, text, reason, author, state, created_at) \
             VALUES ('drf_{number:024x}', 'tkt_{:024x}', 'reply', 't', 'r', 'agent', 'waiting', {NOW})",
            100
        ));
        door.sql(&format!(
            "INSERT INTO payments (id, network, asset, payer, nonce, signature_digest, tool, \
             digest, arguments, amount, pay_to, valid_before, x402_version, requirements, state, \
             attempts, created_at, updated_at) VALUES ('pay_{number:024x}', 'n', 'a', 'p', \
             '{number}', '', 't', '', '', 1, '', {NOW}, 2, '', 'unknown', 0, {NOW} + {number}, {NOW})"
        ));
        door.sql(&format!(
            "INSERT INTO mail_outbox (id, kind, scope, to_address, subject, body, state, attempts, \
             next_at, created_at, updated_at) VALUES ('eml_{number:024x}', 'ticket', 'x', \
             'a@b.example', 's', 'b', 'sent', 0, 0, {NOW} + {number}, {NOW})"
        ));
    }
    let sql = |statement: String| {
        door.sql(&statement);
    };
    let lists: [(Own, &str, &str, &str, String); 6] = [
        // What was shown goes to the end, and something new comes first.
        (
            Own::Events,
            "events",
            "id",
            "evt",
            format!(
                "UPDATE events SET starts_at = starts_at + 9000 WHERE starts_at < {}",
                NOW + 150
            ),
        ),
        (
            Own::Desk(AtDesk::Tickets),
            "tickets",
            "ticketId",
            "tkt",
            "UPDATE tickets SET status = 'resolved' WHERE number > 200".to_owned(),
        ),
        (
            Own::Desk(AtDesk::Articles),
            "articles",
            "articleId",
            "kba",
            format!("DELETE FROM kb_articles WHERE updated_at > {}", NOW + 300),
        ),
        (
            Own::Desk(AtDesk::Approvals),
            "approvals",
            "draftId",
            "drf",
            "UPDATE drafts SET state = 'approved' WHERE seq <= 50".to_owned(),
        ),
        (
            Own::Payments(Format::Json),
            "payments",
            "id",
            "pay",
            format!("UPDATE payments SET state = 'delivered' WHERE created_at > {}", NOW + 300),
        ),
        (
            Own::Mail,
            "mails",
            "id",
            "eml",
            format!("DELETE FROM mail_outbox WHERE created_at > {}", NOW + 300),
        ),
    ];
    for (own, member, id, prefix, change) in lists {
        // While the payments are read, they come to wait for their host.
        let between = || {
            sql(change);
            door.world.memory.now.set(door.world.memory.now.get() + 700);
        };
        let mut seen = read_all(&door, &own, member, id, between);
        seen.sort();
        seen.dedup();
        let expected: Vec<String> = (100..350).map(|n| format!("{prefix}_{n:024x}")).collect();
        assert_eq!(seen, expected, "{own:?}");
    }
}

#[test]
fn a_cursor_of_another_list_or_of_nobody_is_refused_by_name() {
    let door = Door::open();
    let events_cursor = "WyJldmVudHMiLDEsWzEsImV2dCJdXQ";
    let lists = [
        (Own::Events, true),
        (Own::Mail, false),
        (Own::Payments(Format::Json), false),
        (Own::Payments(Format::Csv), false),
        (Own::Desk(AtDesk::Tickets), false),
        (Own::Desk(AtDesk::Articles), false),
        (Own::Desk(AtDesk::Approvals), false),
        (Own::Rsvps(EventId::parse(&door.event(5)).unwrap(), Format::Json), false),
    ];
    for (own, is_its_own) in lists {
        for (cursor, is_good) in [(events_cursor, is_its_own), ("o50", false), ("", false)] {
            let mut request = door.request(Action::Own(own.clone()), true, &[], &json!({}));
            request.command.cursor = Some(cursor.to_owned());
            let reply = block_on(door.host.handle(request));
            assert_eq!(reply.status, if is_good { 200 } else { 422 }, "{own:?} {cursor}");
            assert!(
                is_good || reply.body.contains("cursor: must be the nextCursor"),
                "{}",
                reply.body
            );
        }
    }
    for tool in ["listEvents", "listSecrets"] {
        let reply = block_on(door.tool(tool, &json!({"cursor": "o50"}), None));
        assert!(reply.status == 422 && reply.body.contains("cursor: must be"), "{}", reply.body);
    }
}
