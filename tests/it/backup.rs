//! A host is carried over to a new storage with everything that is not in KV, and nothing but its own backup is taken.

mod large;
mod refused;
mod since;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use events_concierge::base::http::Reply;
use events_concierge::base::id::{EventId, SecretId};
use events_concierge::host::backup::EXPORT_ID;
use events_concierge::host::backup::format::PAGE_BYTES;
use events_concierge::host::backup::outgoing;
use events_concierge::host::backup::tables::{CARRIED, LEFT_OUT, all_tables};
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtDesk, AtHost, Own};
use events_concierge::identity::Token;
use events_concierge::ledger::audit::audit;
use events_concierge::ledger::outbox::PACE_SECONDS_MAX;
use rusqlite::types::ValueRef;
use serde_json::{Value, json};

use crate::support::{
    NOW, PAY_TO, Server, Settles, Sqlite, Wallet, block_on, json_of, offer, pay, rsvp,
};

pub(super) fn own(server: &Server, own: Own) -> Reply {
    server.as_owner(Action::Own(own), &json!({}))
}

/// The first page of an export, and the id for the others.
fn begin(server: &Server) -> (String, Option<String>) {
    let reply = own(server, Own::Export);
    assert_eq!(reply.status, 200, "{}", reply.body);
    let id = reply.headers.iter().find(|(name, _)| *name == EXPORT_ID);
    (reply.body, id.map(|(_, id)| id.clone()))
}

/// The other pages.
fn rest(server: &Server, id: Option<&str>) -> Vec<String> {
    let (mut pages, mut is_last) = (Vec::new(), id.is_none());
    for number in 1.. {
        if is_last {
            break;
        }
        let page = server.host.export_page(id.unwrap(), number).unwrap().unwrap();
        is_last = page.is_last;
        pages.push(page.text);
    }
    pages
}

/// A backup, page by page.
fn export(server: &Server) -> Vec<String> {
    let (first, id) = begin(server);
    let mut pages = vec![first];
    pages.extend(rest(server, id.as_deref()));
    pages
}

fn send(server: &Server, page: &str) -> Reply {
    let mut request = server.request(Action::Own(Own::Restore), true, &[], &json!({}));
    request.body = page.as_bytes().to_vec();
    block_on(server.handle(request))
}

/// Restores a backup; the last answer.
fn restore(server: &Server, pages: &[String]) -> Value {
    let mut last = json!({});
    for (number, page) in pages.iter().enumerate() {
        let reply = send(server, page);
        assert_eq!(reply.status, 200, "{}", reply.body);
        last = json_of(&reply);
        assert_eq!(last["nextPage"], number + 1);
    }
    assert_eq!(last["done"], true);
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
    last
}

/// The storage is gone, as after a move; KV stays.
fn lose(server: &mut Server) {
    server.world.sqlite = Sqlite::empty();
    server.world.memory.alarm.set(None);
    server.evict();
}

/// The storage is gone, and KV with it.
fn lose_everything(server: &mut Server) {
    server.world.memory.kv.borrow_mut().clear();
    lose(server);
}

/// Rows and a hash of all rows of each table that is in backups, but for what is on its way to KV: records, and buyers
/// that are not listed yet.
fn state(server: &Server) -> BTreeMap<&'static str, (usize, u64)> {
    let is_state = |name: &str| !matches!(name, "outbox" | "unpublished");
    let tables = CARRIED.iter().map(|(name, _)| *name).filter(|name| is_state(name));
    let hashed = tables.map(|name| {
        let (mut hasher, mut rows) = (DefaultHasher::new(), 0);
        let columns = if name == "holders" { "payer, network" } else { "*" };
        let statement = format!("SELECT {columns} FROM {name} ORDER BY 1, 2");
        let mut statement = server.world.sqlite.prepare(&statement).unwrap();
        let columns = statement.column_count();
        let mut found = statement.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            for column in 0..columns {
                match row.get_ref(column).unwrap() {
                    ValueRef::Null => 0_u8.hash(&mut hasher),
                    ValueRef::Integer(number) => number.hash(&mut hasher),
                    ValueRef::Text(text) => text.hash(&mut hasher),
                    other @ (ValueRef::Real(_) | ValueRef::Blob(_)) => panic!("{other:?}"),
                }
            }
            rows += 1;
        }
        (name, (rows, hasher.finish()))
    });
    hashed.collect()
}

/// A host with something in every table.
struct SampleHost {
    server: Server,
    event: String,
    secret: String,
    token: String,
    ticket_url: String,
}

fn as_agent(server: &Server, token: &str, tool: &str, arguments: &Value) -> Reply {
    let mut request =
        server.request(Action::AtHost(AtHost::Tool(tool.to_owned())), false, &[], arguments);
    request.command.credential = Some(Token::parse(token).unwrap().digest());
    block_on(server.handle(request))
}

fn sample_host() -> SampleHost {
    let server = Server::with_desk();
    let limits = json!({"limits": {"callsPerMinute": 77, "usdPerDay": "9"}});
    assert_eq!(server.as_owner(Action::Own(Own::ChangeProfile), &limits).status, 200);
    let event = server.event(50);
    let (status, ticket) = pay(&server, &event, &Wallet::new(1).pay(&offer(&server, &event), 1));
    assert_eq!(status, 200);
    let ticket_url = ticket["ticketUrl"].as_str().unwrap().to_owned();
    let code = json!({"code": ticket_url.rsplit('/').next().unwrap()});
    let check_in = Action::Own(Own::CheckIn(EventId::parse(&event).unwrap()));
    assert_eq!(server.as_owner(check_in, &code).status, 200);
    let value = json!({"name": "API key", "value": "sk-live-1", "price": "0.05"});
    let secret = json_of(&server.as_owner(Action::Own(Own::StoreSecret), &value));
    let secret = secret["id"].as_str().unwrap().to_owned();
    buy_secret(&server, &secret, 2);
    crate::pictures::upload(&server, Some(&event), "baseline.jpg");
    let article = json!({"title": "Doors", "body": "They open at \"six\",\n and close at ten."});
    let desk = |asked: AtDesk, body: &Value| {
        let reply = server.as_owner(Action::Own(Own::Desk(asked)), body);
        assert!(reply.status < 300, "{}", reply.body);
    };
    desk(AtDesk::CreateArticle, &article);
    desk(AtDesk::ChangeSettings, &json!({"approvalsNeeded": 7}));
    let credential = json!({"name": "assistant", "tier": "draft"});
    let credential = json_of(&server.as_owner(Action::Own(Own::CreateCredential), &credential));
    let token = credential["token"].as_str().unwrap().to_owned();
    let asked = json!({"subject": "Lost \u{1F9E3}", "body": "A scarf", "email": "ada@example.org"});
    let offer = server.challenge("createTicket", &asked);
    let payment = Wallet::new(3).pay(&offer["accepts"][0], 3);
    assert_eq!(block_on(server.tool("createTicket", &asked, Some(&payment))).status, 200);
    // A search has made the index, and everything is published.
    search(&server);
    server.pass(3_600);
    SampleHost { server, event, secret, token, ticket_url }
}

/// A search makes the index of the knowledge base first.
fn search(server: &Server) {
    assert_eq!(block_on(server.tool("searchKb", &json!({"query": "open"}), None)).status, 200);
}

fn buy_secret(server: &Server, secret: &str, seed: u8) -> Value {
    let arguments = json!({"secretId": secret});
    let offer = server.challenge("retrieveSecret", &arguments);
    let payment = Wallet::new(seed).pay(&offer["accepts"][0], seed);
    let reply = block_on(server.tool("retrieveSecret", &arguments, Some(&payment)));
    assert_eq!(reply.status, 200, "{}", reply.body);
    json_of(&reply)
}

/// Everything that a backup is for is there again, and works.
fn is_all_there(sample: &SampleHost) {
    let SampleHost { server, event, secret, token, ticket_url } = sample;
    let profile = json_of(&own(server, Own::Profile));
    assert_eq!(profile["limits"]["callsPerMinute"], 77);
    assert_eq!(profile["products"], json!(["events", "vault", "desk"]));
    let desk = json_of(&own(server, Own::Desk(AtDesk::Settings)));
    assert_eq!(desk["approvalsNeeded"], 7, "{desk}");
    let found = block_on(server.tool("searchKb", &json!({"query": "open"}), None));
    assert_eq!(json_of(&found)["articles"][0]["title"], "Doors");
    let tickets = json_of(&own(server, Own::Desk(AtDesk::Tickets)));
    assert_eq!(tickets["tickets"][0]["subject"], "Lost \u{1F9E3}");
    assert_eq!(crate::pictures::shown(server, event), "baseline.jpg");
    let code = ticket_url.rsplit('/').next().unwrap();
    assert_eq!(server.int(&format!("SELECT count(*) FROM rsvps WHERE code = '{code}'")), 1);
    assert_eq!(server.int("SELECT count(*) FROM rsvps WHERE checked_in_at IS NOT NULL"), 1);
    assert_eq!(as_agent(server, token, "listTickets", &json!({})).status, 200);
    // The stored answer, for who holds the payment.
    assert!(server.int("SELECT count(*) FROM payments WHERE answer IS NOT NULL") >= 3);
    // Sealed and bound to its place, and still the value.
    assert_eq!(buy_secret(server, secret, 9)["secret"], "sk-live-1");
    assert_eq!(pay(server, event, &Wallet::new(8).pay(&offer(server, event), 8)).0, 200);
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

#[test]
fn a_host_whose_storage_is_lost_comes_back_with_everything_that_is_not_in_kv() {
    let mut sample = sample_host();
    let before = state(&sample.server);
    assert!(before.values().filter(|(rows, _)| *rows > 0).count() >= 13, "{before:?}");
    let pages = export(&sample.server);
    lose(&mut sample.server);
    let server = &sample.server;
    let answer = restore(server, &pages);
    assert_eq!(
        (&answer["events"], &answer["seats"], &answer["credentials"]),
        (&json!(1), &json!(1), &json!(1))
    );
    search(server);
    assert_eq!(state(server), before);
    is_all_there(&sample);
}

#[test]
fn a_host_whose_records_are_lost_too_comes_back_and_is_published_anew() {
    let mut sample = sample_host();
    let kv = sample.server.world.memory.kv.borrow().clone();
    let before = state(&sample.server);
    let pages = export(&sample.server);
    lose_everything(&mut sample.server);
    let server = &sample.server;
    restore(server, &pages);
    search(server);
    assert_eq!(state(server), before);
    server.pass(PACE_SECONDS_MAX);
    assert_eq!(*server.world.memory.kv.borrow(), kv, "KV has every record again");
    assert_eq!(server.int("SELECT count(*) FROM unpublished"), 0);
    is_all_there(&sample);
}

#[test]
fn every_table_is_in_a_backup_or_left_out_for_a_reason() {
    let server = Server::open();
    let listed = |name: &String| {
        let carried = CARRIED.iter().filter(|(table, _)| table == name).count();
        carried + LEFT_OUT.iter().filter(|(table, _)| table == name).count()
    };
    for table in all_tables(&server.world).unwrap() {
        assert_eq!(listed(&table), 1, "{table}: put it on one of the lists");
    }
    assert!(LEFT_OUT.iter().all(|(_, why)| !why.is_empty()));
}

/// Rows for several pages.
fn fill(server: &Server, events: u32) {
    let statement = format!(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {events}) \
         INSERT INTO events SELECT 'evt_' || printf('%024x', n), title, \
         replace(printf('%5000d', n), ' ', char(10) || '\"'), starts_at, ends_at, time_zone, location, \
         capacity, status, sequence, created_at, updated_at, 0, cover_shuffle, cover_palette, ask_name, \
         ask_email, price, refund_percent, refund_hours, refund_if_moved, cancelled_at, questions, guests_only, \
         remind_hours, is_draft, types, price_was, promos FROM n, (SELECT * FROM events LIMIT 1)"
    );
    server.sql(&statement);
}

#[test]
fn no_page_is_longer_than_a_page_and_long_rows_have_one_to_themselves() {
    let mut server = Server::open();
    server.event(5);
    fill(&server, 400);
    server.sql("UPDATE events SET description = printf('%700000d', 1) WHERE id LIKE '%7'");
    let before = state(&server);
    let pages = export(&server);
    assert!(pages.len() > 20, "{}", pages.len());
    let limit = usize::try_from(PAGE_BYTES).unwrap() + 1_000;
    let long: Vec<_> = pages.iter().filter(|page| page.len() > limit).collect();
    assert_eq!(long.len(), 25, "one for each long row");
    assert!(long.iter().all(|page| page.lines().filter(|line| line.starts_with('[')).count() == 1));
    lose_everything(&mut server);
    restore(&server, &pages);
    assert_eq!(state(&server), before);
}

#[test]
fn a_backup_shows_one_moment_though_sales_go_on() {
    let mut server = Server::open();
    let event = server.event(50);
    assert_eq!(pay(&server, &event, &Wallet::new(1).pay(&offer(&server, &event), 1)).0, 200);
    fill(&server, 400);
    server.pass(60);
    let before = state(&server);
    let (first, id) = begin(&server);
    // Between the pages a seat is sold, an event is made, and another one is cancelled.
    assert_eq!(pay(&server, &event, &Wallet::new(2).pay(&offer(&server, &event), 2)).0, 200);
    let other = server.event(7);
    let id_of = |event: &str| EventId::parse(event).unwrap();
    assert_eq!(own(&server, Own::CancelEvent(id_of(&other))).status, 200);
    let mut pages = vec![first];
    pages.extend(rest(&server, id.as_deref()));
    assert!(pages.len() > 3);
    assert_ne!(state(&server), before);
    lose_everything(&mut server);
    restore(&server, &pages);
    assert_eq!(state(&server), before);
}

#[test]
fn a_copy_goes_with_its_last_page_or_after_ten_minutes_and_there_is_one_a_minute() {
    let server = Server::open();
    server.event(5);
    fill(&server, 400);
    let copy = || server.int("SELECT count(*) FROM backup_out");
    let pages = export(&server);
    assert_eq!(copy(), 0, "it goes with the last page");
    assert!(server.host.export_page("bak_0123456789abcdef01234567", 1).unwrap().is_none());
    let again = own(&server, Own::Export);
    assert_eq!((again.status, json_of(&again)["title"].as_str()), (429, Some("rate limited")));
    assert!(again.headers.contains(&("retry-after", "60".to_owned())));
    server.pass(outgoing::APART_SECONDS);
    let (_, id) = begin(&server);
    let id = id.unwrap();
    assert!(copy() > 0);
    server.pass(outgoing::KEPT_SECONDS - 1);
    let page = server.host.export_page(&id, 1).unwrap();
    assert!(page.is_some_and(|page| !page.is_last), "a slow reader gets the next page");
    server.pass(outgoing::KEPT_SECONDS - 1);
    assert!(copy() > 0);
    server.pass(2);
    assert_eq!(copy(), 0);
    assert_eq!(server.int("SELECT count(*) FROM backups"), 0);
    assert!(server.host.export_page(&id, 2).unwrap().is_none());
    // The next export takes the place of one that is not read to its end.
    let (_, old) = begin(&server);
    server.pass(outgoing::APART_SECONDS);
    assert_eq!(export(&server).len(), pages.len());
    assert!(server.host.export_page(&old.unwrap(), 1).unwrap().is_none());
}

#[test]
fn what_was_being_paid_when_the_backup_was_made_is_found_out_and_nothing_is_mailed_twice() {
    let mut sample = sample_host();
    let event = sample.event.clone();
    let server = &sample.server;
    server.world.memory.settles.borrow_mut().push_back(Settles::PaysSilently);
    assert_eq!(pay(server, &event, &Wallet::new(4).pay(&offer(server, &event), 4)).0, 409);
    server.sql(&format!(
        "INSERT INTO mail_outbox (id, kind, scope, to_address, subject, body, state, attempts, \
         next_at, created_at, updated_at) VALUES ('eml_0123456789abcdef01234567', 'notice', '{}', \
         'ada@example.org', 'Hello', 'Text', 'queued', 0, {NOW}, {NOW}, {NOW})",
        server.scope
    ));
    let pages = export(server);
    server.pass(600);
    let mails = server.world.memory.post_office.arrived.borrow().len();
    assert_eq!(server.int("SELECT count(*) FROM rsvps"), 2, "it is delivered after the backup");
    lose(&mut sample.server);
    let server = &sample.server;
    restore(server, &pages);
    server.pass(3_600);
    assert_eq!(server.int("SELECT count(*) FROM rsvps"), 2);
    assert_eq!(server.int("SELECT count(*) FROM payments WHERE state <> 'delivered'"), 0);
    let state = "SELECT state FROM mail_outbox WHERE id = 'eml_0123456789abcdef01234567'";
    assert_eq!(server.text(state), "unknown");
    assert_eq!(server.world.memory.post_office.arrived.borrow().len(), mails);
    assert_eq!(
        json_of(&own(server, Own::Revenue))["totalAtomic"],
        server.world.memory.kv.borrow()[&format!("{}:revenue", server.scope)].as_str()
    );
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}
