//! Storage that an older version has written is opened by this one, and nothing in it is lost.

use std::collections::BTreeSet;

use alloy_primitives::U256;
use events_concierge::base::id::SecretId;
use events_concierge::base::terms;
use events_concierge::host::backup::tables::{all_tables, columns_of};
use events_concierge::host::command::Action;
use events_concierge::http::route::Own;
use events_concierge::ledger::MIGRATIONS;
use events_concierge::ledger::audit::audit;
use events_concierge::ports::storage::{Columns, all, statements};
use serde_json::{Value, json};

use crate::support::{NOW, Server, Settles, Sqlite, Wallet, World, block_on, json_of};

/// The oldest schema, with rows.
const OLDEST: &str = include_str!("../golden/storage-1.sql");
const EVENT: &str = "SELECT id FROM events ORDER BY rowid LIMIT 1";

fn open_oldest() -> Server {
    let sqlite = rusqlite::Connection::open_in_memory().unwrap();
    for statement in statements(OLDEST) {
        sqlite.execute_batch(statement).unwrap();
    }
    let world = World { sqlite: Sqlite::of(sqlite), ..World::new() };
    let server = Server::on(world);
    server.world.memory.alarm.set(Some(NOW));
    // On its chain four authorizations were used; the third payment was refused.
    for number in [1, 2, 4, 5] {
        let nonce = format!("0x{}", format!("{number:02x}").repeat(32));
        let payer = Wallet::new(number).address.to_string();
        let value = if matches!(number, 2 | 5) { 10_000 } else { 50_000 };
        server.world.memory.settled.borrow_mut().insert(nonce, (payer, value));
    }
    server
}

#[test]
fn the_oldest_storage_is_opened_and_what_was_open_in_it_is_finished() {
    let server = open_oldest();
    let event = server.text(EVENT);
    let arguments = json!({"eventId": event});
    // Any request opens the storage.
    let offer = server.challenge("rsvpToEvent", &arguments);
    let count = i64::try_from(MIGRATIONS.len()).unwrap();
    assert_eq!(server.int("SELECT count(*) FROM migrations"), count, "all of them ran");
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
    server.pass(60);
    let states = "SELECT group_concat(state, ' ') FROM (SELECT state FROM payments ORDER BY created_at, rowid)";
    assert_eq!(server.text(states), "delivered delivered refused delivered delivered");
    for wallet in [1, 4] {
        let payment = Wallet::new(wallet).pay_with(&offer["accepts"][0], wallet, |signed| {
            signed.valid_before = U256::from(NOW + 300);
        });
        // Such old rows do not say what the whole payment was, so any copy of it could be anybody's.
        let refused = block_on(server.tool("rsvpToEvent", &arguments, Some(&payment)));
        assert_eq!(refused.status, 401, "{}", refused.body);
        let proof = Wallet::new(wallet).prove(&json_of(&refused));
        let headers = [("sign-in-with-x", proof.as_str())];
        let reply = block_on(server.tool_with("rsvpToEvent", &arguments, &headers));
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert!(json_of(&reply)["ticketUrl"].is_string());
    }
    let standing = "SELECT group_concat(settled) FROM (SELECT settled FROM wallets ORDER BY payer)";
    assert_eq!(server.text(standing), "1,1,1,1");
    assert_eq!(server.int("SELECT count(*) FROM rsvps"), 2);
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

/// Takes back the migrations from 16 on, except for the tables that [`drop_newer_tables`] drops.
const BACK_TO_15: [&str; 10] = [
    "DROP TABLE restoring",
    "DROP TABLE restoring_records",
    "DROP TABLE backups",
    "DROP TABLE backup_out",
    "DROP TABLE backup_in",
    "DROP TABLE unpublished",
    "ALTER TABLE payments DROP COLUMN seen_tx",
    "ALTER TABLE payments DROP COLUMN seen_in",
    "ALTER TABLE ledger DROP COLUMN total",
    "ALTER TABLE events DROP COLUMN taken",
];

/// Drops the tables, columns and indexes that came with a migration after the 18th.
fn drop_newer_tables(server: &Server) {
    let old = World::new();
    for statement in MIGRATIONS.iter().take(18).flat_map(|migration| statements(migration)) {
        old.sqlite.execute_batch(statement).unwrap();
    }
    for index in indexes(&server.world).difference(&indexes(&old)) {
        server.sql(&format!("DROP INDEX IF EXISTS {index}"));
    }
    let tables = all_tables(&old).unwrap();
    for table in all_tables(&server.world).unwrap().iter().filter(|table| *table != "migrations") {
        if !tables.contains(table) {
            // Those of an index go with it.
            server.sql(&format!("DROP TABLE IF EXISTS {table}"));
            continue;
        }
        let columns = columns_of(&old, table).unwrap();
        if table == "rsvps" {
            // It was made anew with a key that has a new column.
            let columns = columns.join(", ");
            server.sql(&format!("CREATE TABLE old AS SELECT {columns} FROM rsvps"));
            server.sql("DROP TABLE rsvps");
            server.sql("ALTER TABLE old RENAME TO rsvps");
            continue;
        }
        for column in columns_of(&server.world, table).unwrap() {
            if !columns.contains(&column) && !table.starts_with("kb_text") {
                server.sql(&format!("ALTER TABLE {table} DROP COLUMN {column}"));
            }
        }
    }
}

/// The indexes of all tables that a migration has made.
fn indexes(world: &World) -> BTreeSet<String> {
    let statement = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL";
    all(world, statement, &[], Columns::text).unwrap().into_iter().collect()
}

/// A host's storage as it was before sales knew whether they were handed over.
fn without_kept_values(server: &mut Server) {
    for statement in [
        "DROP TABLE kept_values",
        "ALTER TABLE retrievals DROP COLUMN handed_over_at",
        "UPDATE payments SET staged = NULL",
        "ALTER TABLE payments DROP COLUMN doubtful_at",
        "DROP INDEX outbox_due",
        "ALTER TABLE outbox DROP COLUMN attempts",
        "ALTER TABLE outbox DROP COLUMN written_at",
        "ALTER TABLE outbox DROP COLUMN pace",
        "ALTER TABLE outbox DROP COLUMN urgent",
        "DROP INDEX kb_articles_by_terms",
        "ALTER TABLE kb_articles DROP COLUMN terms",
        "DELETE FROM migrations WHERE version >= 12",
    ]
    .into_iter()
    .chain(BACK_TO_15)
    {
        server.sql(statement);
    }
    drop_newer_tables(server);
    server.evict();
}

#[test]
fn sales_from_before_hand_overs_were_noted_keep_their_rights() {
    let mut server = Server::open();
    let secret = json!({"name": "n", "value": "sk-live-1"});
    let stored = server.as_owner(Action::Own(Own::StoreSecret), &secret);
    let id = json_of(&stored)["id"].as_str().unwrap().to_owned();
    let arguments = json!({"secretId": id});
    let offer = server.challenge("retrieveSecret", &arguments);
    let retrieve = |server: &Server, payment: &Value| {
        let reply = block_on(server.tool("retrieveSecret", &arguments, Some(payment)));
        (reply.status, json_of(&reply)["secret"].as_str().map(str::to_owned))
    };
    let value = |value: &str| (200, Some(value.to_owned()));
    let [sold, open, failed] =
        [1, 2, 3].map(|seed| Wallet::new(seed).pay(&offer["accepts"][0], seed));
    assert_eq!(retrieve(&server, &sold), value("sk-live-1"));
    let settles = [Settles::Refuses("insufficient_funds"), Settles::PaysSilently];
    server.world.memory.settles.borrow_mut().extend(settles);
    assert_eq!(retrieve(&server, &failed).0, 402);
    assert_eq!(retrieve(&server, &open).0, 409);
    without_kept_values(&mut server);

    // The open payment buys what is on sale now, though it is replaced afterwards.
    let action = Action::Own(Own::ChangeSecret(SecretId::parse(&id).unwrap()));
    assert_eq!(server.as_owner(action, &json!({"value": "sk-live-2"})).status, 200);
    assert_eq!(server.text("SELECT group_concat(staged) FROM payments"), "{\"version\":1}");
    // The old sale counts as handed over when it was booked, and so may be read again for a day.
    assert_eq!(server.int("SELECT handed_over_at FROM retrievals"), NOW);
    server.pass(3_600);
    assert_eq!(retrieve(&server, &sold), value("sk-live-1"));
    server.pass(86_400);
    assert_eq!(retrieve(&server, &sold), (409, None));
    assert_eq!(retrieve(&server, &open), value("sk-live-1"));
    server.pass(86_400);
    assert_eq!(server.int("SELECT count(*) FROM kept_values"), 0);
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

#[test]
fn an_old_server_goes_on_selling() {
    let server = open_oldest();
    let event = server.text(EVENT);
    let arguments = json!({"eventId": event});
    server.pass(60);
    let offer = server.challenge("rsvpToEvent", &arguments);
    let payment = Wallet::new(7).pay(&offer["accepts"][0], 7);
    assert_eq!(block_on(server.tool("rsvpToEvent", &arguments, Some(&payment))).status, 200);
    assert_eq!(server.int("SELECT count(*) FROM rsvps"), 3);
}

#[test]
fn articles_of_before_are_found_by_what_a_sentence_has_in_it() {
    let mut server = Server::open();
    let products = json!({"products": ["events", "vault", "desk"]});
    assert_eq!(server.as_owner(Action::Own(Own::ChangeProfile), &products).status, 200);
    // As version 14 had it: the whole sentence is one token.
    for statement in [
        "DROP TABLE kb_text",
        "DROP INDEX kb_articles_by_terms",
        "ALTER TABLE kb_articles DROP COLUMN terms",
        "CREATE VIRTUAL TABLE kb_text USING fts5 (title, body, tokenize = 'unicode61 remove_diacritics 2')",
        "DELETE FROM migrations WHERE version >= 15",
    ]
    .into_iter()
    .chain(BACK_TO_15)
    {
        server.sql(statement);
    }
    drop_newer_tables(&server);
    for number in 1..=45 {
        server.sql(&format!(
            "INSERT INTO kb_articles (id, title, body, created_at, updated_at) VALUES \
             ('kba_{number:024x}', 'T{number}', '\u{4f60}\u{53ef}\u{4ee5}\u{53d6}\u{6d88}\u{8ba2}\u{5355}', {NOW}, {NOW})"
        ));
    }
    server.sql(
        "INSERT INTO kb_text (rowid, title, body) SELECT number, title, body FROM kb_articles",
    );
    server.evict();
    let asked = json!({"query": "\u{53d6}\u{6d88}", "limit": 20});
    let reply = block_on(server.tool("searchKb", &asked, None));
    assert_eq!(json_of(&reply)["articles"].as_array().map(Vec::len), Some(20), "{}", reply.body);
    let indexed = format!("SELECT count(*) FROM kb_articles WHERE terms = {}", terms::VERSION);
    assert_eq!(server.int(&indexed), 45);
    assert_eq!(server.int("SELECT count(*) FROM kb_text"), 45);
}
