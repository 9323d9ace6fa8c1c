//! What is not restored, and that nothing changes then.

use events_concierge::base::id::BackupId;
use events_concierge::base::time::UnixSeconds;
use events_concierge::host::backup::format::{
    Counts, FORMAT, Header, Table, VERSION, end_line, sealed,
};
use events_concierge::host::backup::{incoming, outgoing};
use events_concierge::ledger::MIGRATIONS;
use events_concierge::ports::storage::{migrate_within, schema_of, statements};

use super::*;
use crate::support::{World, config};

fn is(reply: &Reply, status: u16, code: &str) {
    let body = json_of(reply);
    let kind = body["type"].as_str().unwrap().rsplit(':').next().unwrap();
    assert_eq!((reply.status, kind), (status, code), "{}", reply.body);
}

/// A backup of several pages, and the server whose storage and records are lost since.
fn lost() -> (Server, Vec<String>) {
    let mut server = Server::open();
    let event = server.event(50);
    assert_eq!(pay(&server, &event, &Wallet::new(1).pay(&offer(&server, &event), 1)).0, 200);
    fill(&server, 200);
    let pages = export(&server);
    assert!(pages.len() > 3);
    lose_everything(&mut server);
    (server, pages)
}

fn events(server: &Server) -> i64 {
    server.int("SELECT count(*) FROM events")
}

#[test]
fn a_page_that_was_edited_is_refused_and_nothing_changes() {
    let (server, pages) = lost();
    let edits = [("\"Rust meetup\"", "\"Other meetup\""), ("50000", "50001"), ("84532", "84533")];
    for (from, to) in edits {
        let at = pages.iter().position(|page| page.contains(from)).unwrap();
        for page in &pages[..at] {
            assert_eq!(send(&server, page).status, 200);
        }
        is(&send(&server, &pages[at].replace(from, to)), 422, "backup_refused");
    }
    assert_eq!(events(&server), 0);
    for nonsense in
        ["", "{}", "[1]\n", "\u{0}", "{\"seal\":{\"page\":0,\"last\":true,\"mac\":\"\"}}"]
    {
        is(&send(&server, nonsense), 422, "backup_refused");
    }
    // It goes on where it was.
    restore_from(&server, &pages);
    assert_eq!(events(&server), 201);
}

/// Sends all pages, of which some may have come before.
fn restore_from(server: &Server, pages: &[String]) {
    let answers: Vec<Reply> = pages.iter().map(|page| send(server, page)).collect();
    assert!(answers.iter().all(|reply| reply.status == 200));
    assert_eq!(json_of(answers.last().unwrap())["done"], true);
}

#[test]
fn pages_come_in_order_and_each_may_come_again() {
    let (server, pages) = lost();
    is(&send(&server, &pages[1]), 409, "out_of_order");
    assert_eq!(json_of(&send(&server, &pages[0]))["nextPage"], 1);
    let skipped = send(&server, &pages[2]);
    is(&skipped, 409, "out_of_order");
    assert!(skipped.body.contains("send page 1 next"), "{}", skipped.body);
    is(&send(&server, pages.last().unwrap()), 409, "out_of_order");
    assert_eq!(json_of(&send(&server, &pages[1]))["nextPage"], 2);
    for again in [&pages[1], &pages[0]] {
        assert_eq!(json_of(&send(&server, again))["nextPage"], 2, "it says where it is");
    }
    // A page with the number of another.
    let renumbered = pages[3].replace("\"page\":3", "\"page\":2");
    is(&send(&server, &renumbered), 422, "backup_refused");
    let shortened = pages[2].replace("\"last\":false", "\"last\":true");
    is(&send(&server, &shortened), 422, "backup_refused");
    for page in &pages[2..] {
        assert_eq!(send(&server, page).status, 200);
    }
    let last = json_of(&send(&server, pages.last().unwrap()));
    assert_eq!((&last["done"], &last["events"]), (&json!(true), &json!(201)));
    assert_eq!(json_of(&send(&server, &pages[0]))["done"], true);
}

#[test]
fn a_backup_of_another_host_or_another_key_is_refused() {
    let (server, pages) = lost();
    let neighbour = server.beside();
    let theirs = export(&neighbour);
    is(&send(&server, &theirs[0]), 422, "backup_refused");
    let other =
        [("MASTER_KEY", "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100")];
    let mut moved = Server::on(World::new());
    moved.deploy(crate::support::config_with(&other));
    is(&send(&moved, &pages[0]), 422, "backup_refused");
    // Two backups of one host are not mixed.
    assert_eq!(send(&server, &pages[0]).status, 200);
    restore_from(&server, &pages);
    server.pass(120);
    let second = export(&server);
    let mut lost = server;
    lose_everything(&mut lost);
    assert_eq!(send(&lost, &second[0]).status, 200);
    is(&send(&lost, &pages[1]), 422, "backup_refused");
    restore_from(&lost, &second);
}

#[test]
fn a_host_that_has_sold_since_is_not_replaced() {
    let mut server = Server::open();
    let event = server.event(50);
    server.pass(60);
    fill(&server, 200);
    let pages = export(&server);
    let before = state(&server);
    is(
        &{
            assert_eq!(
                pay(&server, &event, &Wallet::new(1).pay(&offer(&server, &event), 1)).0,
                200
            );
            send(&server, &pages[0])
        },
        409,
        "host_in_use",
    );
    assert_ne!(state(&server), before);
    // Rebuilt from KV, and a seat is sold while the pages come.
    server.sql("DELETE FROM events WHERE description LIKE '%\"%'");
    server.pass(3_600);
    lose(&mut server);
    for page in &pages[..pages.len() - 1] {
        assert_eq!(send(&server, page).status, 200);
    }
    assert_eq!(
        pay(&server, &event, &Wallet::new(2).pay(&offer(&server, &event), 2)).0,
        200,
        "it goes on selling"
    );
    server.pass(60);
    let before = state(&server);
    let refused = send(&server, pages.last().unwrap());
    is(&refused, 409, "host_in_use");
    assert!(refused.body.contains("nothing was changed"), "{}", refused.body);
    assert_eq!(state(&server), before);
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

#[test]
fn what_a_desk_has_learnt_since_is_not_given_up() {
    let sample = sample_host();
    let pages = export(&sample.server);
    is(&send(&sample.server, &pages[0]), 409, "host_in_use");
    let server = Server::with_desk();
    let pages = export(&server);
    let article = json!({"title": "New", "body": "Words"});
    server.as_owner(Action::Own(Own::Desk(AtDesk::CreateArticle)), &article);
    let refused = send(&server, &pages[0]);
    is(&refused, 409, "host_in_use");
    assert!(refused.body.contains("articles in its knowledge base"), "{}", refused.body);
}

#[test]
fn only_the_host_itself_exports_and_only_one_who_has_just_signed_in_restores() {
    let sample = sample_host();
    let server = &sample.server;
    for what in [Own::Export, Own::Restore] {
        let mut request = server.request(Action::Own(what.clone()), false, &[], &json!({}));
        is(&block_on(server.handle(request)), 403, "not_owner");
        request = server.request(Action::Own(what), false, &[], &json!({}));
        request.command.credential = Some(Token::parse(&sample.token).unwrap().digest());
        is(&block_on(server.handle(request)), 403, "not_granted");
    }
    let (server, pages) = lost();
    let mut request = server.request(Action::Own(Own::Restore), true, &[], &json!({}));
    request.body = pages[0].as_bytes().to_vec();
    let mut user = server.signed_in();
    user.fresh = false;
    request.command.user = Some(user);
    is(&block_on(server.handle(request)), 403, "sign_in_again");
    assert_eq!(server.int("SELECT count(*) FROM sqlite_master"), 0);
}

#[test]
fn pages_wait_an_hour_and_meanwhile_nobody_registers_over_them() {
    let (server, pages) = lost();
    assert_eq!(send(&server, &pages[0]).status, 200);
    let list = || block_on(server.tool("listEvents", &json!({}), None)).status;
    let registers = || {
        let body = json!({"userId": PAY_TO, "walletAddress": PAY_TO});
        server.as_owner(Action::Own(Own::Register), &body).status
    };
    assert_eq!((list(), registers()), (503, 503));
    server.pass(incoming::KEPT_SECONDS - 1);
    assert_eq!(server.host.is_over(), Ok(false));
    assert_eq!(list(), 503);
    server.pass(2);
    assert_eq!(server.int("SELECT count(*) FROM backup_in"), 0);
    assert_eq!(list(), 404);
    assert_eq!(server.host.is_over(), Ok(true), "and nothing of it is left");
    is(&send(&server, &pages[1]), 409, "out_of_order");
    restore_from(&server, &pages);
    assert_eq!(list(), 200);
}

/// A backup of one page that this deployment could have written.
fn made(server: &Server, schema: u32, rows: &str, counts: &Counts) -> String {
    let header = Header {
        format: FORMAT.to_owned(),
        version: VERSION,
        scope: server.scope.clone(),
        schema,
        exported_at: UnixSeconds::new(NOW),
        id: BackupId::random(&server.world),
    };
    let content = format!("{}{rows}{}", header.line(), end_line(counts));
    sealed(&config().keys, &header, 0, true, content)
}

#[test]
fn nonsense_leaves_nothing_behind_where_nobody_has_registered() {
    let (mut lost, pages) = lost();
    lose_everything(&mut lost);
    is(&send(&lost, &pages[0].replace("Rust", "Dust")), 422, "backup_refused");
    is(&send(&lost, &pages[1]), 409, "out_of_order");
    assert_eq!(lost.int("SELECT count(*) FROM sqlite_master"), 0);
}

#[test]
fn a_backup_of_a_newer_schema_is_refused_in_words() {
    let server = Server::on(World::new());
    let newest = u32::try_from(MIGRATIONS.len()).unwrap();
    let refused = send(&server, &made(&server, newest + 1, "", &Counts::new()));
    is(&refused, 409, "backup_too_new");
    assert!(refused.body.contains("newer version"), "{}", refused.body);
}

#[test]
fn rows_that_are_missing_or_of_no_table_are_not_restored() {
    let (server, pages) = lost();
    let newest = u32::try_from(MIGRATIONS.len()).unwrap();
    let counts = Counts::from([("events".to_owned(), 1)]);
    is(&send(&server, &made(&server, newest, "", &counts)), 409, "backup_damaged");
    for (table, columns) in
        [("migrations", vec!["version"]), ("events", vec!["id"]), ("backups", vec!["id"])]
    {
        let columns = columns.into_iter().map(str::to_owned).collect();
        let rows = format!("{}[1]\n", Table { name: table.to_owned(), columns }.line());
        is(&send(&server, &made(&server, newest, &rows, &Counts::new())), 409, "backup_damaged");
    }
    restore_from(&server, &pages);
}

#[test]
fn a_backup_whose_books_do_not_agree_is_rolled_back() {
    let mut server = Server::open();
    let event = server.event(50);
    assert_eq!(pay(&server, &event, &Wallet::new(1).pay(&offer(&server, &event), 1)).0, 200);
    server.pass(3_600);
    // As if rows had been lost, or written by hand.
    server.sql("UPDATE rsvps SET paid = paid + 1");
    let pages = export(&server);
    lose(&mut server);
    assert_eq!(own(&server, Own::Profile).status, 200, "rebuilt from KV");
    let before = state(&server);
    let refused = send(&server, &pages[0]);
    is(&refused, 409, "backup_damaged");
    assert!(refused.body.contains("nothing was changed"), "{}", refused.body);
    assert_eq!(state(&server), before);
    assert_eq!(server.int("SELECT count(*) FROM sqlite_master WHERE name LIKE 'aside%'"), 0);
    assert_eq!(pay(&server, &event, &Wallet::new(2).pay(&offer(&server, &event), 2)).0, 200);
}

/// A storage of an older schema with what `rows` write, as it was before this version opened it.
fn of_schema(schema: usize, rows: &str) -> World {
    let world = World::new();
    migrate_within(&world, &MIGRATIONS[..schema], UnixSeconds::new(NOW)).unwrap();
    for statement in statements(rows) {
        world.sqlite.execute_batch(statement).unwrap();
    }
    world
}

fn pages_of(world: &World, scope: &events_concierge::base::id::ScopeId) -> Vec<String> {
    for statement in
        statements(MIGRATIONS[16]).filter(|one| !one.contains("CREATE TABLE unpublished"))
    {
        world.sqlite.execute_batch(statement).unwrap();
    }
    let header = Header {
        format: FORMAT.to_owned(),
        version: VERSION,
        scope: scope.clone(),
        schema: schema_of(world).unwrap(),
        exported_at: UnixSeconds::new(NOW),
        id: BackupId::random(world),
    };
    outgoing::begin(world, &header).unwrap_or_else(|_| panic!("no copy"));
    let id = header.id.as_str();
    let page = |number| outgoing::page(world, &config().keys, id, number, UnixSeconds::new(NOW));
    (0..).map_while(|number| page(number).unwrap()).map(|page| page.text).collect()
}

#[test]
fn a_backup_of_an_older_schema_comes_back_as_its_storage_would() {
    // The oldest schema, with rows; and that with which the desk came.
    let oldest = include_str!("../../golden/storage-1.sql");
    let world = World::new();
    for statement in statements(oldest) {
        world.sqlite.execute_batch(statement).unwrap();
    }
    let server = Server::on(World::new());
    for number in [1, 2, 4, 5] {
        let nonce = format!("0x{}", format!("{number:02x}").repeat(32));
        let payer = Wallet::new(number).address.to_string();
        let value = if matches!(number, 2 | 5) { 10_000 } else { 50_000 };
        server.world.memory.settled.borrow_mut().insert(nonce, (payer, value));
    }
    let pages = pages_of(&world, &server.scope);
    assert!(pages[0].contains("\"schema\":1,"));
    let answer = json_of(&send(&server, &pages[0]));
    assert_eq!(answer["done"], true, "{answer}");
    assert_eq!(schema_of(&server.world).unwrap(), u32::try_from(MIGRATIONS.len()).unwrap());
    server.pass(60);
    let states = "SELECT group_concat(state, ' ') FROM (SELECT state FROM payments ORDER BY created_at, rowid)";
    assert_eq!(server.text(states), "delivered delivered refused delivered delivered");
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());

    let rows = "INSERT INTO kb_articles (id, title, body, created_at, updated_at) VALUES \
         ('kba_0123456789abcdef01234567', 'Doors', 'They open at six', 1, 1)";
    let world = of_schema(10, rows);
    let server = Server::on(World::new());
    let profile = format!(
        "INSERT INTO profile (id, user_id, scope, wallet_address, created_at, updated_at, doors) \
         VALUES (1, '{PAY_TO}', '{}', '{PAY_TO}', 1, 1, 'events desk')",
        server.scope
    );
    world.sqlite.execute_batch(&profile).unwrap();
    let pages = pages_of(&world, &server.scope);
    assert_eq!(json_of(&send(&server, &pages[0]))["done"], true);
    let found = block_on(server.tool("searchKb", &json!({"query": "opening"}), None));
    assert_eq!(json_of(&found)["articles"][0]["title"], "Doors", "{}", found.body);
}
