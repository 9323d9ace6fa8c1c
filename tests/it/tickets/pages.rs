//! Reading the list page by page, over many hosts, while things happen.

use std::collections::BTreeSet;

use events_concierge::base::time::UnixSeconds;
use events_concierge::ledger::holders;
use events_concierge::tickets::{Caller, GROUP, PAGE};
use serde_json::{Value, json};

use super::kit::{Gateway, buy, index};
use crate::support::{FACTORY, Server, Sqlite, Wallet, config, config_with, json_of, rsvp};

/// The columns of a payment that its copies share.
const SHARED: &str = "network, asset, payer, signature_digest, tool, digest, arguments, amount, pay_to, \
     valid_before, x402_version, requirements, event_id, state, tx_hash, answer, attempts, \
     updated_at, payload_digest, unused_at, claim, wanted";

/// Copies the newest purchase of a wallet, three in a second, each older than the ones before.
fn copy(server: &Server, wallet: u8, times: u32) {
    let payer = Wallet::new(wallet).address.to_checksum(None);
    let statement = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {times}) \
         INSERT INTO payments (id, nonce, created_at, {SHARED}) \
         SELECT 'pay_' || printf('%024x', i), nonce || i, created_at - (i / 3), {SHARED} \
         FROM (SELECT * FROM payments WHERE payer = '{payer}' ORDER BY created_at DESC LIMIT 1), n"
    );
    server.world.sqlite.execute(&statement, []).unwrap();
}

/// Every page after the first one, with what happens before each.
fn read_on(gateway: &Gateway<'_>, first: &Value, before: &mut dyn FnMut()) -> Vec<Value> {
    let mut pages = vec![first.clone()];
    while let Some(cursor) = pages.last().unwrap()["nextCursor"].as_str().map(str::to_owned) {
        before();
        pages.push(gateway.page(&Wallet::new(1), Some(&cursor)));
        assert!(pages.len() < 40, "it has an end");
    }
    pages
}

fn lines(pages: &[Value]) -> Vec<Value> {
    pages.iter().flat_map(|page| page["tickets"].as_array().unwrap().clone()).collect()
}

/// What tells entries apart.
fn name(line: &Value) -> String {
    format!("{} {} {}", line["host"]["scope"], line["boughtAt"], line["transaction"])
}

#[test]
fn pages_neither_skip_nor_repeat_while_more_is_bought_and_hosts_join() {
    let one = Server::open();
    let others: Vec<Server> = (1..=2 * GROUP + 3).map(|n| one.neighbour(n)).collect();
    let (late, early) = others.split_at(3);
    let mut hosts: Vec<&Server> = vec![&one];
    hosts.extend(&others);
    let mut nonce = 0;
    for server in [&one].into_iter().chain(early) {
        nonce += 1;
        let event = server.event(5);
        buy(server, "getEventAnalytics", &rsvp(&event), 1, nonce);
        server.wake();
        one.world.memory.now.set(one.world.memory.now.get() + 3);
        server.wake();
    }
    copy(&one, 1, 130);
    copy(&early[5], 1, 61);
    for server in &hosts {
        server.world.sqlite.execute("UPDATE payments SET tx_hash = id", []).unwrap();
    }
    let all = 2 * GROUP + 1 + 130 + 61;
    assert_eq!(index(&one).len(), 2 * GROUP + 1);
    let gateway = Gateway::of(hosts);
    let began = UnixSeconds::new(one.world.memory.now.get()).to_string();
    let first = gateway.page(&Wallet::new(1), None);
    let mut rounds = 0;
    let pages = read_on(&gateway, &first, &mut || {
        one.world.memory.now.set(one.world.memory.now.get() + 61);
        nonce += 1;
        // New purchases come to hosts of this and other groups, and new hosts are in the midst of them.
        let server = late.get(rounds).unwrap_or(&one);
        let event = server.event(5);
        buy(server, "getEventAnalytics", &rsvp(&event), 1, nonce);
        server.wake();
        one.world.memory.now.set(one.world.memory.now.get() + 3);
        server.wake();
        rounds += 1;
    });
    assert!(rounds > 3, "new hosts came meanwhile");
    for page in &pages {
        let lines = page["tickets"].as_array().unwrap();
        assert!(lines.len() <= PAGE);
        let times: Vec<&str> =
            lines.iter().map(|line| line["boughtAt"].as_str().unwrap()).collect();
        assert!(times.is_sorted_by(|one, other| one >= other), "newest first: {times:?}");
        assert_eq!(page["unavailable"], json!([]));
    }
    let shown = lines(&pages);
    let is_old = |line: &&Value| line["boughtAt"].as_str().unwrap() <= began.as_str();
    let old: Vec<String> = shown.iter().filter(is_old).map(name).collect();
    assert_eq!(old.len(), all, "nothing that was there is skipped or repeated");
    assert_eq!(old.iter().collect::<BTreeSet<_>>().len(), all);
    assert_eq!(shown.iter().map(name).collect::<BTreeSet<_>>().len(), shown.len());
}

#[test]
fn every_row_is_shown_once() {
    let one = Server::open();
    let two = one.beside();
    for (server, nonce) in [(&one, 1), (&two, 2)] {
        let event = server.event(5);
        buy(server, "getEventAnalytics", &rsvp(&event), 1, nonce);
        server.pass(5);
        copy(server, 1, 120);
        // Each row has a transaction of its own, and many share a second.
        let statement = "UPDATE payments SET tx_hash = id";
        server.world.sqlite.execute(statement, []).unwrap();
    }
    let gateway = Gateway::of(vec![&one, &two]);
    let first = gateway.page(&Wallet::new(1), None);
    let pages = read_on(&gateway, &first, &mut || {});
    let shown = lines(&pages);
    let names: BTreeSet<String> = shown.iter().map(name).collect();
    assert_eq!((shown.len(), names.len()), (242, 242));
    let times: Vec<&str> = shown.iter().map(|line| line["boughtAt"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|one, other| one >= other), "over all pages");
}

#[test]
fn a_host_without_an_answer_is_named_and_hides_nothing_of_the_others() {
    let one = Server::open();
    let two = one.beside();
    for (server, nonce) in [(&one, 1), (&two, 2)] {
        let event = server.event(5);
        buy(server, "rsvpToEvent", &rsvp(&event), 1, nonce);
        server.wake();
        one.world.memory.now.set(one.world.memory.now.get() + 3);
        server.wake();
    }
    let gateway = Gateway::of(vec![&one, &two]);
    *gateway.silent.borrow_mut() = Some(one.scope.clone());
    let page = gateway.page(&Wallet::new(1), None);
    let unavailable = json!([{"scope": one.scope.as_str(), "reason": "no_answer"}]);
    assert_eq!(page["unavailable"], unavailable);
    assert_eq!(page["tickets"].as_array().unwrap().len(), 1);
    assert_eq!(page["tickets"][0]["host"]["scope"], two.scope.as_str());
    *gateway.silent.borrow_mut() = None;
    assert_eq!(gateway.tickets(&Wallet::new(1)).len(), 2);
    let gone = Gateway::of(vec![&two]);
    let page = gone.page(&Wallet::new(1), None);
    assert_eq!(page["unavailable"][0]["reason"], "gone");
    one.world.memory.kv_is_down.set(true);
    let proof = Wallet::new(1).prove(&gateway.offer());
    let asked = Caller { proof: Some(&proof), session: None };
    assert_eq!(gateway.get(asked, None).status, 500, "no empty list while KV is down");
}

#[test]
fn a_host_is_asked_about_the_wallets_that_paid_there_only() {
    let one = Server::open();
    let two = one.beside();
    let event = one.event(5);
    buy(&one, "rsvpToEvent", &rsvp(&event), 1, 1);
    one.pass(5);
    let mut gateway = Gateway::of(vec![&one, &two]);
    gateway.config = config_with(&[("SMART_WALLET_FACTORY", FACTORY)]);
    let wallet = Wallet::new(1).address.to_checksum(None);
    let page = json_of(&gateway.as_user(&gateway.session(&wallet)));
    assert_eq!(page["wallets"].as_array().unwrap().len(), 2, "one that signs in, and one of ours");
    let asked = gateway.asked.borrow();
    let [(host, ask)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(*host, one.scope);
    let wallets: Vec<&str> = ask.holders.iter().map(|holder| holder.wallet.as_str()).collect();
    assert_eq!(wallets, [wallet]);
}

#[test]
fn a_page_stays_within_the_subrequests_and_connections_of_an_invocation() {
    let server = Server::open();
    let hosts: Vec<String> = (0..300_u32).map(|n| format!("{n:032x}")).collect();
    let config = config();
    let wallet = Wallet::new(1);
    let prefix = holders::prefix(&config.keys, wallet.address);
    for host in &hosts {
        let key = format!("{prefix}{host}:84532");
        server.world.memory.kv.borrow_mut().insert(key, "{}".to_owned());
    }
    let gateway = Gateway::of(vec![&server]);
    let proof = wallet.prove(&gateway.offer());
    server.world.memory.subrequests.set(0);
    gateway.hops.set(0);
    let asked = Caller { proof: Some(&proof), session: None };
    let page = json_of(&gateway.get(asked, None));
    let used = gateway.hops.get() + server.world.memory.subrequests.get();
    assert!(used <= 50, "{used}");
    assert_eq!(page["unavailable"].as_array().unwrap().len(), GROUP, "none of them exists");
    assert!(page["nextCursor"].is_string(), "the others follow");
}

#[test]
fn a_host_whose_storage_is_lost_is_found_again_and_one_that_is_being_restored_is_named() {
    let mut server = Server::open();
    let event = server.event(5);
    let before = buy(&server, "rsvpToEvent", &rsvp(&event), 1, 1);
    server.pass(10);
    server.world.sqlite = Sqlite::empty();
    server.evict();
    let gateway = Gateway::of(vec![&server]);
    let found = gateway.tickets(&Wallet::new(1));
    let [seat] = &found[..] else { panic!("{found:?}") };
    assert_eq!((&seat["state"], &seat["title"]), (&json!("valid"), &json!("Rust meetup")));
    assert_eq!(seat["transaction"], before["transactionHash"]);
    assert_ne!(seat["ticketUrl"], before["ticketUrl"], "the ticket has a new code");
    let code = seat["ticketUrl"].as_str().unwrap().rsplit('/').next().unwrap();
    assert_eq!(server.text("SELECT code FROM rsvps"), code);
    // KV without the index: the alarm writes it anew.
    server.world.memory.kv.borrow_mut().retain(|key, _| !key.starts_with("holders:"));
    server.world.sqlite = Sqlite::empty();
    server.evict();
    server.event(5);
    assert_eq!(index(&server), Vec::<String>::new());
    server.pass(30);
    assert_eq!(index(&server).len(), 1);
    assert_eq!(server.int("SELECT count(*) FROM holders WHERE is_listed = 0"), 0);
    assert_eq!(Gateway::of(vec![&server]).tickets(&Wallet::new(1)).len(), 1);
    // Many records are restored in slices.
    for number in 0..40_u32 {
        let key = format!("{}:events:evt_{number:024x}", server.scope);
        let text = server.world.memory.kv.borrow()[&format!("{}:events:{event}", server.scope)]
            .replace(&event, &format!("evt_{number:024x}"));
        server.world.memory.kv.borrow_mut().insert(key, text);
    }
    server.world.sqlite = Sqlite::empty();
    server.world.memory.alarm.set(None);
    server.evict();
    let gateway = Gateway::of(vec![&server]);
    let page = gateway.page(&Wallet::new(1), None);
    assert_eq!(page["unavailable"][0]["reason"], "being_restored");
    server.pass(600);
    assert_eq!(gateway.tickets(&Wallet::new(1)).len(), 1);
}

#[test]
fn buyers_from_before_the_index_are_listed_by_the_alarm_a_few_at_a_time() {
    let mut server = Server::open();
    let event = server.event(5);
    buy(&server, "rsvpToEvent", &rsvp(&event), 1, 1);
    server.pass(10);
    server.world.memory.kv.borrow_mut().retain(|key, _| !key.starts_with("holders:"));
    let statement = "UPDATE holders SET is_listed = 0";
    server.world.sqlite.execute(statement, []).unwrap();
    let more = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120) \
         INSERT INTO holders SELECT printf('0x%040x', i), 'eip155:84532', 0 FROM n";
    server.world.sqlite.execute(more, []).unwrap();
    server.evict();
    server.event(5);
    server.pass(600);
    assert_eq!(index(&server).len(), 121);
    assert_eq!(server.int("SELECT count(*) FROM holders WHERE is_listed = 0"), 0);
    assert_eq!(Gateway::of(vec![&server]).tickets(&Wallet::new(1)).len(), 1);
}
