//! A host of the size that is promised: 10,000 events and 100,000 seats.

use events_concierge::host::backup::format::{PAGE_BYTES, PAGES_MAX};

use events_concierge::ports::SqlValue;

use super::*;

/// `statement` for every `n` from 1 to `count`.
fn many(server: &Server, count: u32, statement: &str) {
    server.sql(&format!(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count}) {statement}"
    ));
}

/// 10,000 events; 100,000 seats, 5,000 of them at one event, with their payments, books and stored answers.
fn large_host() -> SampleHost {
    let sample = sample_host();
    let server = &sample.server;
    let event = &sample.event;
    server.sql(&format!("UPDATE events SET capacity = 0 WHERE id = '{event}'"));
    many(
        server,
        9_999,
        &format!(
            "INSERT INTO events SELECT printf('evt_%024x', n), title || n, description, starts_at + n, ends_at, \
         time_zone, location, capacity, status, sequence, created_at, updated_at, 0, cover_shuffle, \
         cover_palette, ask_name, ask_email, price, refund_percent, refund_hours, refund_if_moved, cancelled_at, \
         questions, guests_only, remind_hours, is_draft, types, price_was, promos \
         FROM n, (SELECT * FROM events WHERE id = '{event}')"
        ),
    );
    let at =
        format!("CASE WHEN n < 5000 THEN '{event}' ELSE printf('evt_%024x', 1 + n % 9999) END");
    let hash = "printf('0x%064x', n + 1000)";
    let columns = server.sql("SELECT name FROM pragma_table_info('payments') ORDER BY cid");
    let columns: Vec<String> = columns
        .iter()
        .map(|row| match &row[0] {
            SqlValue::Text(name) => match name.as_str() {
                "id" => "printf('pay_%024x', n)".to_owned(),
                "payer" => "printf('0x%040x', n)".to_owned(),
                "nonce" => "printf('0x%064x', n)".to_owned(),
                "tx_hash" => hash.to_owned(),
                "event_id" | "wanted" => at.clone(),
                other => other.to_owned(),
            },
            other @ (SqlValue::Null | SqlValue::Int(_)) => panic!("{other:?}"),
        })
        .collect();
    let paid = format!("(SELECT * FROM payments WHERE event_id = '{event}' LIMIT 1)");
    many(
        server,
        99_999,
        &format!("INSERT INTO payments SELECT {} FROM n, {paid}", columns.join(", ")),
    );
    for (entry, amount) in [("settled", "amount"), ("delivered", "0")] {
        server.sql(&format!(
            "INSERT INTO ledger (entry, payment_id, tool, event_id, amount, tx_hash, at) \
             SELECT '{entry}', id, tool, event_id, {amount}, tx_hash, updated_at FROM payments WHERE id LIKE 'pay_00000000%'"
        ));
    }
    many(
        server,
        99_999,
        &format!(
            "INSERT INTO rsvps SELECT printf('rsv_%024x', n), {at}, printf('0x%040x', n), '{}-' || printf('%024x', n), \
         printf('pay_%024x', n), 'Guest ' || n, NULL, 50000, {hash}, network, created_at, NULL, 1, NULL, NULL, NULL \
         FROM n, (SELECT * FROM rsvps LIMIT 1)",
            server.scope
        ),
    );
    many(
        server,
        99_999,
        "INSERT INTO wallets (payer, settled, first_at, last_at) SELECT printf('0x%040x', n), 1, 1, 1 FROM n",
    );
    assert_eq!(server.int("SELECT count(*) FROM events"), 10_000);
    assert_eq!(server.int("SELECT count(*) FROM rsvps"), 100_000);
    server.sql(
        "UPDATE events SET taken = (SELECT count(*) FROM rsvps r WHERE r.event_id = events.id)",
    );
    sample
}

#[test]
fn ten_thousand_events_and_a_hundred_thousand_seats_come_back_equal() {
    let mut sample = large_host();
    let before = state(&sample.server);
    let rows: usize = before.values().map(|(rows, _)| rows).sum();
    assert!(rows > 500_000, "{rows}");
    let (first, id) = begin(&sample.server);
    let mut pages = vec![first];
    pages.extend(rest(&sample.server, id.as_deref()));
    let longest = pages.iter().map(String::len).max().unwrap();
    let bytes: usize = pages.iter().map(String::len).sum();
    assert!(bytes > 200_000_000, "{bytes}");
    let limit = usize::try_from(PAGE_BYTES).unwrap() + 4_000;
    assert!(longest <= limit, "{longest} bytes at a time");
    assert!(pages.len() < usize::try_from(PAGES_MAX).unwrap() / 4);
    lose_everything(&mut sample.server);
    let server = &sample.server;
    for page in &pages[..pages.len() - 1] {
        assert_eq!(send(server, page).status, 200);
    }
    assert_eq!(json_of(&send(server, pages.last().unwrap()))["done"], true);
    search(server);
    assert_eq!(state(server), before);
    server.sql(&format!("UPDATE events SET capacity = 0 WHERE id = '{}'", sample.event));
    is_all_there(&sample);
}
