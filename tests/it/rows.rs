//! A row of a Durable Object has at most two million bytes. The largest that callers can cause is far below that.

use events_concierge::host::command::Action;
use events_concierge::http::route::{AtDesk, Own};
use events_concierge::ledger::audit::audit;
use events_concierge::ports::{Sql, SqlValue};
use events_concierge::products::desk::input::{ARTICLE_CHARS_MAX, TEXT_CHARS_MAX};
use events_concierge::products::vault::input::VALUE_BYTES_MAX;
use serde_json::{Value, json};

use crate::support::{NOW, Server, Wallet, block_on, json_of};

/// What no row may come near, bytes: a quarter of what is allowed.
const ROW_BYTES_MAX: i64 = 750_000;

/// A character of four bytes.
fn wide(count: usize) -> String {
    "\u{1F3AB}".repeat(count)
}

fn buy(server: &Server, nonce: u8, tool: &str, arguments: &Value) -> Value {
    let offer = server.challenge(tool, arguments);
    let mut payment = Wallet::new(1).pay(&offer["accepts"][0], nonce);
    payment["extensions"] = json!({"note": "n".repeat(20_000)});
    let reply = block_on(server.tool(tool, arguments, Some(&payment)));
    assert_eq!(reply.status, 200, "{}", reply.body.get(..500).unwrap_or(&reply.body));
    json_of(&reply)
}

/// The largest row of each table, bytes.
fn largest_rows(server: &Server) -> Vec<(String, i64)> {
    let text = |row: &[SqlValue], column: usize| match &row[column] {
        SqlValue::Text(text) => text.clone(),
        other @ (SqlValue::Null | SqlValue::Int(_)) => panic!("{other:?}"),
    };
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%_text%' \
         AND name NOT LIKE 'sqlite_%'";
    let measure = |row: Vec<SqlValue>| {
        let table = text(&row, 0);
        let columns = server.sql(&format!("SELECT name FROM pragma_table_info('{table}')"));
        let bytes: Vec<String> = columns
            .iter()
            .map(|row| format!("coalesce(length(CAST({} AS BLOB)), 0)", text(row, 0)))
            .collect();
        let largest = format!("SELECT coalesce(max({}), 0) FROM {table}", bytes.join(" + "));
        (table, server.int(&largest))
    };
    server.sql(tables).into_iter().map(measure).collect()
}

#[test]
fn the_context_of_a_long_thread_is_cut_says_so_and_fits_its_row() {
    let server = Server::with_desk();
    let asked =
        json!({"subject": wide(200), "body": wide(TEXT_CHARS_MAX), "email": "ada@example.org"});
    let id = buy(&server, 1, "createTicket", &asked)["ticketId"].as_str().unwrap().to_owned();
    for number in 1..=150 {
        let statement = "INSERT INTO ticket_entries (ticket_id, kind, author, text, at) \
             VALUES (?1, 'reply', 'owner', ?2, ?3)";
        let text = format!("{number} {}", wide(TEXT_CHARS_MAX - 10));
        let parameters = [id.as_str().into(), text.as_str().into(), SqlValue::Int(NOW)];
        server.world.run(statement, &parameters).unwrap();
    }
    let context = buy(&server, 2, "getTicketContext", &json!({"ticketId": id}));
    let thread = context["untrusted"]["thread"].as_array().unwrap();
    assert!(thread.len() > 5, "{}", thread.len());
    assert!(thread.last().unwrap()["text"].as_str().unwrap().starts_with("150 "), "the newest");
    let left_out = 150 - thread.len();
    let said = format!("the thread is cut: {left_out} older replies are left out");
    assert_eq!(context["threadCut"], said);
    for (table, bytes) in largest_rows(&server) {
        assert!(bytes < ROW_BYTES_MAX, "{table} has a row of {bytes} bytes");
    }
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

#[test]
fn the_largest_of_everything_stays_far_below_a_row() {
    let server = Server::with_desk();
    let event = json!({"title": wide(200), "description": wide(5_000), "location": wide(300),
        "startsAt": "2027-03-01T18:30:00Z", "capacity": 5, "price": "0.05"});
    let event = server.as_owner(Action::Own(Own::CreateEvent), &event);
    assert_eq!(event.status, 201, "{}", event.body);
    let event = json_of(&event)["id"].as_str().unwrap().to_owned();
    let guest = json!({"eventId": event, "name": wide(200)});
    buy(&server, 3, "rsvpToEvent", &guest);
    let secret =
        json!({"name": wide(200), "description": wide(2_000), "value": wide(VALUE_BYTES_MAX / 4)});
    let secret = server.as_owner(Action::Own(Own::StoreSecret), &secret);
    assert_eq!(secret.status, 201, "{}", secret.body);
    buy(&server, 4, "retrieveSecret", &json!({"secretId": json_of(&secret)["id"]}));
    let article = json!({"title": wide(200), "body": wide(ARTICLE_CHARS_MAX)});
    let article = server.as_owner(Action::Own(Own::Desk(AtDesk::CreateArticle)), &article);
    assert_eq!(article.status, 201, "{}", article.body);
    let asked =
        json!({"subject": wide(200), "body": wide(TEXT_CHARS_MAX), "email": "ada@example.org"});
    let ticket = buy(&server, 5, "createTicket", &asked)["ticketId"].as_str().unwrap().to_owned();
    buy(&server, 6, "draftReply", &json!({"ticketId": ticket, "body": wide(TEXT_CHARS_MAX)}));
    buy(&server, 7, "getEventAnalytics", &json!({"eventId": event}));
    for (table, bytes) in largest_rows(&server) {
        assert!(bytes < ROW_BYTES_MAX, "{table} has a row of {bytes} bytes");
    }
    let of = |name: &str| largest_rows(&server).into_iter().find(|row| row.0 == name).unwrap().1;
    assert!(of("kb_articles") > 200_000 && of("tickets") > 40_000, "they are large");
}
