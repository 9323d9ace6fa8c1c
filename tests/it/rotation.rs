//! A new `MASTER_KEY`: scopes and wallets stay, sessions end, and what is sealed opens before, during and after.

mod load;
mod walk;

use std::collections::BTreeSet;
use std::rc::Rc;

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use alloy_primitives::Address;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use events_concierge::base::http::Reply;
use events_concierge::base::id::SecretId;
use events_concierge::base::time::UnixSeconds;
use events_concierge::config::Config;
use events_concierge::host::command::Action;
use events_concierge::host::resealing::BATCH;
use events_concierge::http::route::Own;
use events_concierge::identity::keys::KeyId;
use events_concierge::identity::{Session, UserId};
use events_concierge::ledger::audit::audit;
use events_concierge::ports::{Sql, SqlValue};
use serde_json::{Value, json};

use crate::support::{
    MASTER_KEY, NOW, PAY_TO, Server, Settles, Sqlite, Wallet, World, block_on, config, config_with,
    json_of,
};

/// `IDENTITY_KEYS` of [`MASTER_KEY`], as `npm run secrets -- --rotate` makes it.
const IDENTITY_KEYS: &str = "ik1.7dc3a60cc82c7ca6ddccea120078bab82ec835fa9114306d2ac3c488a3d723341455d0016505a3ba199ffbfbbac7a7fc6cbcc670e08bb0de7e5d00e2c6c2067a.bac5cf53";
const SECOND: &str = "2222222222222222222222222222222222222222222222222222222222222222";
const THIRD: &str = "3333333333333333333333333333333333333333333333333333333333333333";
/// More than a slice.
const MANY: usize = 30;

/// The settings after a rotation, until `previous` is removed.
fn rotated(master: &str, previous: Option<&str>) -> Rc<Config> {
    let mut settings = vec![("MASTER_KEY", master), ("IDENTITY_KEYS", IDENTITY_KEYS)];
    settings.extend(previous.map(|previous| ("MASTER_KEY_PREVIOUS", previous)));
    config_with(&settings)
}

/// How a value begins that is sealed with this master key.
fn prefix(master: &str) -> String {
    format!("v1.{}.", rotated(master, None).keys.key_id())
}

fn value(number: usize) -> String {
    format!("sk-live-{number:04}-5f2e9c0b1a")
}

fn store(server: &Server, number: usize) -> String {
    let secret = json!({"name": format!("Key {number}"), "value": value(number), "price": "0.01"});
    let reply = server.as_owner(Action::Own(Own::StoreSecret), &secret);
    assert_eq!(reply.status, 201, "{}", reply.body);
    json_of(&reply)["id"].as_str().unwrap().to_owned()
}

fn id_of(secret: &str) -> SecretId {
    SecretId::parse(secret).unwrap()
}

fn named(secret: &str) -> Value {
    json!({"secretId": secret})
}

fn retrieve(server: &Server, secret: &str, payment: &Value) -> Reply {
    block_on(server.tool("retrieveSecret", &named(secret), Some(payment)))
}

fn payment_for(server: &Server, secret: &str, seed: u8) -> Value {
    let offer = server.challenge("retrieveSecret", &named(secret));
    Wallet::new(seed).pay(&offer["accepts"][0], seed)
}

fn reads(server: &Server, secret: &str, payment: &Value, number: usize) {
    let reply = retrieve(server, secret, payment);
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(json_of(&reply)["secret"], value(number));
}

/// Buys a secret of this number, whose answer comes.
fn buy(server: &Server, secret: &str, number: usize, seed: u8) -> Value {
    let payment = payment_for(server, secret, seed);
    reads(server, secret, &payment, number);
    payment
}

/// Buys a secret, whose answer is lost.
fn buy_in_vain(server: &Server, secret: &str, seed: u8) -> Value {
    let payment = payment_for(server, secret, seed);
    server.world.memory.settles.borrow_mut().push_back(Settles::PaysSilently);
    assert_eq!(retrieve(server, secret, &payment).status, 409);
    payment
}

fn replace(server: &Server, secret: &str, number: usize) {
    let action = Action::Own(Own::ChangeSecret(id_of(secret)));
    let reply = server.as_owner(action, &json!({"value": value(number)}));
    assert_eq!(reply.status, 200, "{}", reply.body);
}

/// All sealed values, on sale or kept.
fn sealed(server: &Server) -> Vec<String> {
    let statement = "SELECT sealed FROM secrets WHERE sealed IS NOT NULL \
         UNION ALL SELECT sealed FROM kept_values";
    let text = |row: &Vec<SqlValue>| match &row[0] {
        SqlValue::Text(text) => text.clone(),
        other @ (SqlValue::Null | SqlValue::Int(_)) => panic!("no sealed value: {other:?}"),
    };
    server.sql(statement).iter().map(text).collect()
}

fn count_sealed_with(server: &Server, master: &str) -> usize {
    sealed(server).iter().filter(|sealed| sealed.starts_with(&prefix(master))).count()
}

/// What the cron asks.
fn asked(server: &Server) -> Value {
    let reply = block_on(server.handle(server.request(Action::Resealed, false, &[], &json!({}))));
    assert_eq!(reply.status, 200, "{}", reply.body);
    json_of(&reply)
}

fn closed(unopened: u32) -> Value {
    json!({"is_open": false, "unopened": unopened})
}

/// Lines of the log that say that a value opens with neither key.
fn lost_lines(server: &Server) -> Vec<String> {
    let log = server.world.memory.log.borrow();
    log.iter().filter(|line| line.contains("open neither")).cloned().collect()
}

/// The published records of secrets.
fn published(server: &Server) -> Vec<String> {
    let kv = server.world.memory.kv.borrow();
    let of_secrets = kv.iter().filter(|(key, _)| key.contains(":secrets:"));
    of_secrets.map(|(_, record)| record.clone()).collect()
}

#[test]
fn scopes_and_wallets_are_the_same_after_two_rotations_and_sessions_end() {
    let user = UserId::parse(PAY_TO).unwrap();
    let now = UnixSeconds::new(NOW);
    let wallet = |config: &Config| Address::from_private_key(&config.keys.wallet_key("user:a"));
    let first = config();
    let token = Session::start(&first.keys, user.clone(), now).token(&first.keys);
    for later in [
        rotated(SECOND, Some(MASTER_KEY)),
        rotated(SECOND, None),
        rotated(THIRD, Some(SECOND)),
        rotated(THIRD, None),
    ] {
        assert_eq!(later.keys.scope_of(&user).as_str(), "7cd04c5a4d3f1f9e1e8e24ea60b37901");
        assert_eq!(wallet(&later), wallet(&first));
        assert!(Session::read(&later.keys, &token, now).is_err(), "the session has ended");
        let again = Session::start(&later.keys, user.clone(), now);
        assert_eq!(Session::read(&later.keys, &again.token(&later.keys), now), Ok(again));
    }
}

#[test]
fn what_is_sealed_opens_before_during_and_after_two_rotations() {
    let mut server = Server::open();
    let secrets: Vec<_> = (0..MANY).map(|number| store(&server, number)).collect();
    let bought = buy(&server, &secrets[0], 0, 1);
    let lost = buy_in_vain(&server, &secrets[1], 2);
    server.pass(120);
    replace(&server, &secrets[1], 101);
    assert_eq!(server.int("SELECT count(*) FROM kept_values"), 1, "its buyer was not given it yet");
    let all = MANY + 1;
    assert_eq!(count_sealed_with(&server, MASTER_KEY), all);
    let mut seed = 10;
    for (master, previous) in [(SECOND, MASTER_KEY), (THIRD, SECOND)] {
        server.deploy(rotated(master, Some(previous)));
        // Nothing is sealed anew yet.
        reads(&server, &secrets[0], &bought, 0);
        buy(&server, &secrets[29], 29, seed);
        assert_eq!(count_sealed_with(&server, previous), all);
        assert_eq!(asked(&server)["is_open"], true);
        server.pass(600);
        assert_eq!(count_sealed_with(&server, master), all);
        assert_eq!(asked(&server), closed(0));
        reads(&server, &secrets[0], &bought, 0);
        server.deploy(rotated(master, None));
        reads(&server, &secrets[0], &bought, 0);
        buy(&server, &secrets[28], 28, seed + 1);
        seed += 2;
    }
    // The one whose answer was lost reads the value that was sold, a rotation and more later.
    reads(&server, &secrets[1], &lost, 1);
    for (number, secret) in secrets.iter().enumerate().skip(2) {
        // Every one of them, and not only those above.
        buy(&server, secret, number, 20 + u8::try_from(number).unwrap());
    }
    server.pass(700);
    let everything = server.everything();
    for old in [MASTER_KEY, SECOND] {
        assert!(!everything.contains(&prefix(old)), "also not in KV or on its way there");
    }
    assert_eq!(published(&server).len(), MANY);
    assert!(published(&server).iter().all(|record| record.contains(&prefix(THIRD))));
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
    assert_eq!(lost_lines(&server), [""; 0]);
}

/// A value as it was sealed before keys had ids.
fn seal_unnamed(server: &Server, secret: &str, number: usize) {
    let key = config().keys.vault_key().for_scope(&server.scope, KeyId::UNNAMED);
    let aad = format!("events-concierge/vault\n{}\n{secret}\n1\n1", server.scope);
    let value = value(number);
    let payload = Payload { msg: value.as_bytes(), aad: aad.as_bytes() };
    let sealed = Aes256Gcm::new(&key.into()).encrypt(&[7; 12].into(), payload).unwrap();
    let (nonce, sealed) = (STANDARD_NO_PAD.encode([7; 12]), STANDARD_NO_PAD.encode(sealed));
    let sealed: SqlValue = format!("v1.1.{nonce}.{sealed}").into();
    let statement = "UPDATE secrets SET sealed = ?1 WHERE id = ?2";
    server.world.run(statement, &[sealed, secret.into()]).unwrap();
}

#[test]
fn values_from_before_keys_had_ids_are_sealed_anew_too() {
    let mut server = Server::open();
    let secret = store(&server, 5);
    seal_unnamed(&server, &secret, 5);
    let bought = buy(&server, &secret, 5, 1);
    server.deploy(rotated(SECOND, Some(MASTER_KEY)));
    reads(&server, &secret, &bought, 5);
    server.pass(600);
    assert_eq!(count_sealed_with(&server, SECOND), 1);
    server.deploy(rotated(SECOND, None));
    reads(&server, &secret, &bought, 5);
}

#[test]
fn a_wake_seals_a_few_values_and_publishes_them_and_without_a_previous_key_none() {
    let mut server = Server::open();
    for number in 0..MANY {
        store(&server, number);
    }
    server.pass(3_600);
    server.deploy(rotated(SECOND, Some(MASTER_KEY)));
    server.host.sweep().unwrap();
    let mut before = 0;
    let mut steps = Vec::new();
    while asked(&server)["is_open"] == true {
        let memory = &server.world.memory;
        memory.now.set(memory.alarm.get().unwrap().max(memory.now.get()));
        memory.subrequests.set(0);
        server.wake();
        assert!(memory.subrequests.get() < 50);
        let now = count_sealed_with(&server, SECOND);
        steps.push(now - before);
        before = now;
        assert!(steps.len() < 100, "{steps:?}");
    }
    let most = usize::try_from(BATCH).unwrap();
    assert_eq!(&steps[..3], [most, most, MANY - 2 * most]);
    assert!(published(&server).iter().all(|record| record.contains(&prefix(SECOND))));
    // Nothing is to be done any more, and nobody looks.
    server.deploy(rotated(THIRD, None));
    server.pass(86_400);
    assert_eq!(count_sealed_with(&server, SECOND), MANY);
    assert_eq!(server.host.sweep(), Ok(false));
    assert_eq!(server.world.memory.alarm.get(), None);
}

#[test]
fn a_value_that_opens_with_neither_key_harms_no_other_and_is_told_once() {
    let mut server = Server::open();
    let secrets: Vec<_> = (0..MANY).map(|number| store(&server, number)).collect();
    server.pass(3_600);
    let [damaged, strange] = [&secrets[3], &secrets[20]];
    let damage = "UPDATE secrets SET sealed = ?1 WHERE id = ?2";
    let foreign = format!("{}AQEBAQEBAQEBAQEB.AAAA", prefix(THIRD));
    server.world.run(damage, &["nonsense".into(), damaged.as_str().into()]).unwrap();
    server.world.run(damage, &[foreign.as_str().into(), strange.as_str().into()]).unwrap();
    server.deploy(rotated(SECOND, Some(MASTER_KEY)));
    assert_eq!(server.host.sweep(), Ok(true));
    server.world.memory.log.borrow_mut().clear();
    server.pass(600);
    assert_eq!(count_sealed_with(&server, SECOND), MANY - 2);
    let told: BTreeSet<_> = lost_lines(&server).into_iter().collect();
    assert_eq!(told.len(), lost_lines(&server).len(), "no line twice");
    assert!((1..=2).contains(&told.len()), "{told:?}");
    let told: String = told.into_iter().collect();
    assert!(!told.contains("nonsense") && !told.contains("AQEB"), "{told}");
    // They keep the previous key from nothing, and the alarm from resting.
    assert_eq!(asked(&server), closed(2));
    server.pass(86_400);
    assert_eq!(server.world.memory.alarm.get(), None);
    buy(&server, &secrets[4], 4, 1);
    // Nobody pays for it any more.
    let reply = block_on(server.tool("retrieveSecret", &named(damaged), None));
    assert_eq!(reply.status, 500, "{}", reply.body);
    assert!(reply.body.contains("\"moneyMoved\":\"no\""), "{}", reply.body);
}

#[test]
fn storage_that_refuses_a_row_is_tried_again_and_no_value_is_lost() {
    let mut server = Server::open();
    let secrets: Vec<_> = (0..3).map(|number| store(&server, number)).collect();
    let lost = buy_in_vain(&server, &secrets[2], 1);
    server.pass(120);
    replace(&server, &secrets[2], 102);
    server.pass(3_600);
    server.deploy(rotated(SECOND, Some(MASTER_KEY)));
    *server.world.memory.sql_fails.borrow_mut() = Some("UPDATE secrets SET sealed = ?4");
    assert_eq!(server.host.sweep(), Ok(true));
    server.pass(60);
    assert_eq!(count_sealed_with(&server, SECOND), 1, "the one that is kept is in another table");
    assert_eq!(count_sealed_with(&server, MASTER_KEY), 3);
    assert_eq!(asked(&server), json!({"is_open": true, "unopened": 0}));
    let alarm = server.world.memory.alarm.get().unwrap();
    assert!(alarm > server.world.memory.now.get() + 300, "not at full speed");
    *server.world.memory.sql_fails.borrow_mut() = None;
    server.pass(1_200);
    assert_eq!(count_sealed_with(&server, SECOND), 4);
    assert_eq!(asked(&server), closed(0));
    server.deploy(rotated(SECOND, None));
    reads(&server, &secrets[2], &lost, 2);
}

#[test]
fn the_previous_key_is_needed_until_kv_has_the_records_too() {
    let mut server = Server::open();
    store(&server, 1);
    server.pass(3_600);
    server.deploy(rotated(SECOND, Some(MASTER_KEY)));
    server.world.memory.kv_is_down.set(true);
    assert_eq!(server.host.sweep(), Ok(true));
    server.pass(3_600);
    assert_eq!(count_sealed_with(&server, SECOND), 1);
    assert_eq!(asked(&server)["is_open"], true);
    server.world.memory.kv_is_down.set(false);
    server.pass(3_600);
    assert_eq!(asked(&server), closed(0));
    assert!(published(&server)[0].contains(&prefix(SECOND)));
}

#[test]
fn a_host_whose_object_is_lost_is_restored_before_it_says_that_nothing_is_left() {
    let mut server = Server::open();
    let secret = store(&server, 1);
    server.pass(3_600);
    server.world.sqlite = Sqlite::empty();
    server.deploy(rotated(SECOND, Some(MASTER_KEY)));
    assert_eq!(asked(&server)["is_open"], true);
    server.pass(3_600);
    assert_eq!(asked(&server), closed(0));
    server.deploy(rotated(SECOND, None));
    buy(&server, &secret, 1, 1);
}

#[test]
fn an_object_that_nobody_registered_is_not_written_to() {
    let world = World::new();
    let server = Server::with(world.clone(), PAY_TO, rotated(SECOND, Some(MASTER_KEY)));
    assert_eq!(server.host.sweep(), Ok(false));
    let request = server.request(Action::Resealed, false, &[], &json!({}));
    assert_eq!(block_on(server.handle(request)).status, 404);
    let tables = world.run("SELECT count(*) FROM sqlite_master", &[]).unwrap();
    assert_eq!(tables, [[SqlValue::Int(0)]]);
}
