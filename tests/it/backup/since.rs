//! What has happened after a backup was made is not undone, as far as KV tells.

use events_concierge::base::id::CredentialId;
use events_concierge::base::time::UnixSeconds;
use events_concierge::host::command::SignedIn;

use super::*;

#[test]
fn seats_that_were_sold_after_the_backup_are_kept_and_counted_once() {
    let mut sample = sample_host();
    let event = sample.event.clone();
    let pages = export(&sample.server);
    let server = &sample.server;
    assert_eq!(pay(server, &event, &Wallet::new(5).pay(&offer(server, &event), 5)).0, 200);
    buy_secret(server, &sample.secret, 6);
    let late = server.event(5);
    assert_eq!(pay(server, &late, &Wallet::new(5).pay(&offer(server, &late), 7)).0, 200);
    server.pass(3_600);
    let revenue = json_of(&own(server, Own::Revenue))["totalAtomic"].clone();
    lose(&mut sample.server);
    let server = &sample.server;
    restore(server, &pages);
    assert_eq!(json_of(&own(server, Own::Revenue))["totalAtomic"], revenue);
    let seats =
        |event: &str| server.int(&format!("SELECT count(*) FROM rsvps WHERE event_id = '{event}'"));
    assert_eq!((seats(&event), seats(&late)), (2, 1));
    let sold = format!(
        "SELECT carried + (SELECT count(*) FROM retrievals) FROM secrets WHERE id = '{}'",
        sample.secret
    );
    assert_eq!(server.int(&sold), 2);
    // Who has a seat is not sold another one.
    assert_eq!(pay(server, &event, &Wallet::new(5).pay(&offer(server, &event), 9)).0, 409);
    let kv = server.world.memory.kv.borrow().clone();
    server.pass(3_600);
    assert_eq!(*server.world.memory.kv.borrow(), kv, "KV knew it all");
    is_all_there(&sample);
}

#[test]
fn what_was_called_off_or_moved_after_the_backup_stays_so() {
    let mut sample = sample_host();
    let server = &sample.server;
    let value = json!({"name": "Other", "value": "sk-live-2", "price": "0.05"});
    let gone = json_of(&server.as_owner(Action::Own(Own::StoreSecret), &value))["id"].clone();
    let gone = SecretId::parse(gone.as_str().unwrap()).unwrap();
    let cancelled = server.event(9);
    server.pass(600);
    let pages = export(server);
    let id = |event: &str| EventId::parse(event).unwrap();
    assert_eq!(own(server, Own::CancelEvent(id(&cancelled))).status, 200);
    let changed = json!({"title": "Rust evening", "capacity": 51});
    assert_eq!(
        server.as_owner(Action::Own(Own::UpdateEvent(id(&sample.event))), &changed).status,
        200
    );
    assert_eq!(own(server, Own::RevokeSecret(gone.clone())).status, 200);
    let secret = SecretId::parse(&sample.secret).unwrap();
    let replaced = json!({"value": "sk-live-9", "price": "0.07"});
    assert_eq!(server.as_owner(Action::Own(Own::ChangeSecret(secret)), &replaced).status, 200);
    let wallet = "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955";
    let moves = json!({"userId": PAY_TO, "walletAddress": wallet});
    assert_eq!(server.as_owner(Action::Own(Own::Register), &moves).status, 200);
    server.pass(3_600);
    let kv = server.world.memory.kv.borrow().clone();
    lose(&mut sample.server);
    let server = &sample.server;
    restore(server, &pages);
    assert_eq!(json_of(&own(server, Own::Profile))["walletAddress"], wallet);
    let status = |event: &str| {
        server.text(&format!("SELECT status || title FROM events WHERE id = '{event}'"))
    };
    assert_eq!(status(&cancelled), "cancelledRust meetup");
    assert_eq!(status(&sample.event), "scheduledRust evening");
    let sealed = format!(
        "SELECT count(*) FROM secrets WHERE id = '{gone}' AND revoked_at IS NULL AND sealed IS NOT NULL"
    );
    assert_eq!(server.int(&sealed), 0);
    assert_eq!(buy_secret(server, &sample.secret, 6)["secret"], "sk-live-9");
    let records = server.world.memory.kv.borrow().clone();
    let differs = records
        .iter()
        .find(|(key, value)| !key.ends_with(":revenue") && kv.get(*key) != Some(value));
    assert_eq!(differs, None, "nothing older is published");
}

#[test]
fn a_change_that_kv_did_not_have_yet_is_not_taken_for_older() {
    let mut server = Server::open();
    let event = server.event(50);
    server.pass(3_600);
    server.world.memory.kv_is_down.set(true);
    let changed = json!({"title": "Rust evening"});
    let id = EventId::parse(&event).unwrap();
    assert_eq!(server.as_owner(Action::Own(Own::UpdateEvent(id)), &changed).status, 200);
    let value = json!({"name": "Key", "value": "sk-live-1", "price": "0.05"});
    assert_eq!(server.as_owner(Action::Own(Own::StoreSecret), &value).status, 201);
    let other = server.event(7);
    let pages = export(&server);
    lose(&mut server);
    server.world.memory.kv_is_down.set(false);
    restore(&server, &pages);
    let title =
        |event: &str| server.text(&format!("SELECT title FROM events WHERE id = '{event}'"));
    assert_eq!((title(&event).as_str(), title(&other).as_str()), ("Rust evening", "Rust meetup"));
    assert_eq!(server.int("SELECT count(*) FROM secrets WHERE revoked_at IS NULL"), 1);
    server.pass(3_600);
    let kv = server.world.memory.kv.borrow();
    assert!(kv[&format!("{}:events:{event}", server.scope)].contains("Rust evening"));
    assert!(kv.contains_key(&format!("{}:events:{other}", server.scope)));
    assert_eq!(kv.keys().filter(|key| key.contains(":secrets:")).count(), 1);
}

#[test]
fn credentials_of_both_are_good_and_one_that_was_revoked_is_told_of() {
    let mut sample = sample_host();
    let pages = export(&sample.server);
    let listed = json_of(&own(&sample.server, Own::Credentials));
    let id = CredentialId::parse(listed["credentials"][0]["id"].as_str().unwrap()).unwrap();
    assert_eq!(own(&sample.server, Own::RevokeCredential(id.clone())).status, 200);
    lose(&mut sample.server);
    let server = &sample.server;
    let body = json!({"name": "new", "tier": "read"});
    let new = json_of(&server.as_owner(Action::Own(Own::CreateCredential), &body));
    let answer = restore(server, &pages);
    assert_eq!(answer["credentials"], 2);
    assert!(answer["message"].as_str().unwrap().contains("revoke them anew"));
    assert_eq!(
        as_agent(server, new["token"].as_str().unwrap(), "listTickets", &json!({})).status,
        200
    );
    assert_eq!(as_agent(server, &sample.token, "listTickets", &json!({})).status, 200);
    assert_eq!(own(server, Own::RevokeCredential(id)).status, 200);
    assert_eq!(as_agent(server, &sample.token, "listTickets", &json!({})).status, 401);
}

#[test]
fn a_guest_who_has_arrived_since_is_not_let_in_twice() {
    let mut server = Server::open();
    let event = server.event(50);
    let (_, ticket) = pay(&server, &event, &Wallet::new(1).pay(&offer(&server, &event), 1));
    server.pass(600);
    let pages = export(&server);
    lose(&mut server);
    assert_eq!(own(&server, Own::Events).status, 200);
    server.sql(&format!("UPDATE rsvps SET checked_in_at = {NOW}"));
    restore(&server, &pages);
    assert_eq!(server.int("SELECT count(*) FROM rsvps WHERE checked_in_at IS NOT NULL"), 1);
    let code = ticket["ticketUrl"].as_str().unwrap().rsplit('/').next().unwrap();
    assert_eq!(
        server.int(&format!("SELECT count(*) FROM rsvps WHERE code = '{code}'")),
        1,
        "the first ticket counts"
    );
    assert_eq!(block_on(server.tool("rsvpToEvent", &rsvp(&event), None)).status, 402);
}

#[test]
fn a_sign_out_that_the_backup_does_not_know_still_counts() {
    let mut server = Server::open();
    server.event(5);
    server.pass(600);
    let pages = export(&server);
    lose(&mut server);
    assert_eq!(own(&server, Own::Events).status, 200);
    let now = UnixSeconds::new(server.world.memory.now.get());
    let out = server.request(Action::EndSessions(now), false, &[], &json!({}));
    assert_eq!(block_on(server.handle(out)).status, 204);
    assert_eq!(send(&server, &pages[0]).status, 401);
    let mut request = server.request(Action::Own(Own::Restore), true, &[], &json!({}));
    request.body = pages[0].as_bytes().to_vec();
    let again = SignedIn { signed_in_at: now.plus(1), ..server.signed_in() };
    request.command.user = Some(again);
    assert_eq!(json_of(&block_on(server.handle(request)))["done"], true);
    assert_eq!(own(&server, Own::Events).status, 401, "a session of before");
}

#[test]
fn who_has_registered_anew_in_a_new_deployment_gets_everything_back() {
    let mut sample = sample_host();
    let kv = sample.server.world.memory.kv.borrow().clone();
    let pages = export(&sample.server);
    sample.server.pass(60);
    lose_everything(&mut sample.server);
    let server = &sample.server;
    let body = json!({"userId": PAY_TO, "walletAddress": PAY_TO});
    assert_eq!(server.as_owner(Action::Own(Own::Register), &body).status, 201);
    let new = server.event(3);
    restore(server, &pages);
    assert_eq!(server.int("SELECT count(*) FROM secrets WHERE sealed IS NOT NULL"), 1);
    assert_eq!(server.int("SELECT count(*) FROM events"), 2);
    server.pass(3_600);
    let mut records = server.world.memory.kv.borrow().clone();
    assert!(records.remove(&format!("{}:events:{new}", server.scope)).is_some());
    assert!(
        kv.iter()
            .filter(|(key, _)| !key.starts_with("users"))
            .all(|(key, value)| records.get(key) == Some(value))
    );
    is_all_there(&sample);
}

#[test]
fn what_a_rebuilt_host_has_changed_before_the_backup_came_is_kept_and_published() {
    let mut sample = sample_host();
    let pages = export(&sample.server);
    lose(&mut sample.server);
    let server = &sample.server;
    assert_eq!(own(server, Own::Events).status, 200, "rebuilt");
    server.world.memory.kv_is_down.set(true);
    let id = EventId::parse(&sample.event).unwrap();
    assert_eq!(own(server, Own::CancelEvent(id)).status, 200);
    assert_eq!(
        own(server, Own::RevokeSecret(SecretId::parse(&sample.secret).unwrap())).status,
        200
    );
    let late = server.event(5);
    server.pass(30);
    let versions = "SELECT sum(version) FROM outbox";
    let before = server.int(versions);
    restore(server, &pages);
    assert!(server.int(versions) > before, "a write on its way is not taken for a later one");
    assert_eq!(
        server.text("SELECT group_concat(status) FROM (SELECT status FROM events ORDER BY status)"),
        "cancelled,scheduled"
    );
    assert_eq!(server.int("SELECT count(*) FROM secrets WHERE revoked_at IS NULL"), 0);
    server.world.memory.kv_is_down.set(false);
    server.pass(7_200);
    let kv = server.world.memory.kv.borrow();
    assert!(kv[&format!("{}:events:{}", server.scope, sample.event)].contains("cancelled"));
    assert!(kv.contains_key(&format!("{}:events:{late}", server.scope)));
    assert!(!kv.keys().any(|key| key.contains(":secrets:")));
}

#[test]
fn nobody_is_written_to_again_and_who_wants_no_mail_gets_none() {
    let mut sample = sample_host();
    let event = sample.event.clone();
    let reader = |name: &str| {
        format!("INSERT INTO unsubscribed (reader, at) VALUES ('{}', {NOW})", name.repeat(32))
    };
    let server = &sample.server;
    server.sql(&reader("a"));
    server.sql(&format!(
        "INSERT INTO news (id, event_id, kind, subject, body, next_at, created_at) VALUES \
         ('nws_0123456789abcdef01234567', '{event}', 'message', 'Hello', 'Text', {NOW}, {NOW})"
    ));
    server.sql(
        "INSERT INTO news_to VALUES ('nws_0123456789abcdef01234567', 'ada@example.org', 'waiting')",
    );
    server.sql(&format!("UPDATE reminders SET at = {NOW} WHERE event_id = '{event}'"));
    let pages = export(server);
    lose(&mut sample.server);
    let server = &sample.server;
    // Any request has it rebuilt from KV.
    own(server, Own::Events);
    server.sql(&reader("b"));
    restore(server, &pages);
    assert_eq!(server.int("SELECT count(*) FROM unsubscribed"), 2);
    assert_eq!(server.int("SELECT count(*) FROM news"), 1);
    assert_eq!(server.int("SELECT count(*) FROM news_to"), 0);
    assert_eq!(server.int("SELECT count(*) FROM reminders"), 0, "its guests were reminded");
}
