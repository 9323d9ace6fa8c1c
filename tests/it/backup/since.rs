//! What has happened after a backup was made is not undone, as far as KV tells.

use events_concierge::base::id::CredentialId;
use events_concierge::base::time::UnixSeconds;
use events_concierge::host::command::SignedIn;

use super::*;

#[test]
fn seats_that_were_sold_after_the_backup_are_kept_and_counted_once() {
    let mut furnished = furnished();
    let event = furnished.event.clone();
    let pages = export(&furnished.door);
    let door = &furnished.door;
    assert_eq!(pay(door, &event, &Wallet::new(5).pay(&offer(door, &event), 5)).0, 200);
    buy_secret(door, &furnished.secret, 6);
    let late = door.event(5);
    assert_eq!(pay(door, &late, &Wallet::new(5).pay(&offer(door, &late), 7)).0, 200);
    door.pass(3_600);
    let revenue = json_of(&own(door, Own::Revenue))["totalAtomic"].clone();
    lose(&mut furnished.door);
    let door = &furnished.door;
    restore(door, &pages);
    assert_eq!(json_of(&own(door, Own::Revenue))["totalAtomic"], revenue);
    let seats =
        |event: &str| door.int(&format!("SELECT count(*) FROM rsvps WHERE event_id = '{event}'"));
    assert_eq!((seats(&event), seats(&late)), (2, 1));
    let sold = format!(
        "SELECT carried + (SELECT count(*) FROM retrievals) FROM secrets WHERE id = '{}'",
        furnished.secret
    );
    assert_eq!(door.int(&sold), 2);
    // Who has a seat is not sold another one.
    assert_eq!(pay(door, &event, &Wallet::new(5).pay(&offer(door, &event), 9)).0, 409);
    let kv = door.world.memory.kv.borrow().clone();
    door.pass(3_600);
    assert_eq!(*door.world.memory.kv.borrow(), kv, "KV knew it all");
    is_all_there(&furnished);
}

#[test]
fn what_was_called_off_or_moved_after_the_backup_stays_so() {
    let mut furnished = furnished();
    let door = &furnished.door;
    let value = json!({"name": "Other", "value": "sk-live-2", "price": "0.05"});
    let gone = json_of(&door.as_owner(Action::Own(Own::StoreSecret), &value))["id"].clone();
    let gone = SecretId::parse(gone.as_str().unwrap()).unwrap();
    let cancelled = door.event(9);
    door.pass(600);
    let pages = export(door);
    let id = |event: &str| EventId::parse(event).unwrap();
    assert_eq!(own(door, Own::CancelEvent(id(&cancelled))).status, 200);
    let changed = json!({"title": "Rust evening", "capacity": 51});
    assert_eq!(
        door.as_owner(Action::Own(Own::UpdateEvent(id(&furnished.event))), &changed).status,
        200
    );
    assert_eq!(own(door, Own::RevokeSecret(gone.clone())).status, 200);
    let secret = SecretId::parse(&furnished.secret).unwrap();
    let replaced = json!({"value": "sk-live-9", "price": "0.07"});
    assert_eq!(door.as_owner(Action::Own(Own::ChangeSecret(secret)), &replaced).status, 200);
    let wallet = "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955";
    let moves = json!({"userId": PAY_TO, "walletAddress": wallet});
    assert_eq!(door.as_owner(Action::Own(Own::Register), &moves).status, 200);
    door.pass(3_600);
    let kv = door.world.memory.kv.borrow().clone();
    lose(&mut furnished.door);
    let door = &furnished.door;
    restore(door, &pages);
    assert_eq!(json_of(&own(door, Own::Profile))["walletAddress"], wallet);
    let status = |event: &str| {
        door.text(&format!("SELECT status || title FROM events WHERE id = '{event}'"))
    };
    assert_eq!(status(&cancelled), "cancelledRust meetup");
    assert_eq!(status(&furnished.event), "scheduledRust evening");
    let sealed = format!(
        "SELECT count(*) FROM secrets WHERE id = '{gone}' AND revoked_at IS NULL AND sealed IS NOT NULL"
    );
    assert_eq!(door.int(&sealed), 0);
    assert_eq!(buy_secret(door, &furnished.secret, 6)["secret"], "sk-live-9");
    let records = door.world.memory.kv.borrow().clone();
    let differs = records
        .iter()
        .find(|(key, value)| !key.ends_with(":revenue") && kv.get(*key) != Some(value));
    assert_eq!(differs, None, "nothing older is published");
}

#[test]
fn a_change_that_kv_did_not_have_yet_is_not_taken_for_older() {
    let mut door = Door::open();
    let event = door.event(50);
    door.pass(3_600);
    door.world.memory.kv_is_down.set(true);
    let changed = json!({"title": "Rust evening"});
    let id = EventId::parse(&event).unwrap();
    assert_eq!(door.as_owner(Action::Own(Own::UpdateEvent(id)), &changed).status, 200);
    let value = json!({"name": "Key", "value": "sk-live-1", "price": "0.05"});
    assert_eq!(door.as_owner(Action::Own(Own::StoreSecret), &value).status, 201);
    let other = door.event(7);
    let pages = export(&door);
    lose(&mut door);
    door.world.memory.kv_is_down.set(false);
    restore(&door, &pages);
    let title = |event: &str| door.text(&format!("SELECT title FROM events WHERE id = '{event}'"));
    assert_eq!((title(&event).as_str(), title(&other).as_str()), ("Rust evening", "Rust meetup"));
    assert_eq!(door.int("SELECT count(*) FROM secrets WHERE revoked_at IS NULL"), 1);
    door.pass(3_600);
    let kv = door.world.memory.kv.borrow();
    assert!(kv[&format!("{}:events:{event}", door.scope)].contains("Rust evening"));
    assert!(kv.contains_key(&format!("{}:events:{other}", door.scope)));
    assert_eq!(kv.keys().filter(|key| key.contains(":secrets:")).count(), 1);
}

#[test]
fn credentials_of_both_are_good_and_one_that_was_revoked_is_told_of() {
    let mut furnished = furnished();
    let pages = export(&furnished.door);
    let listed = json_of(&own(&furnished.door, Own::Credentials));
    let id = CredentialId::parse(listed["credentials"][0]["id"].as_str().unwrap()).unwrap();
    assert_eq!(own(&furnished.door, Own::RevokeCredential(id.clone())).status, 200);
    lose(&mut furnished.door);
    let door = &furnished.door;
    let body = json!({"name": "new", "tier": "read"});
    let new = json_of(&door.as_owner(Action::Own(Own::CreateCredential), &body));
    let answer = restore(door, &pages);
    assert_eq!(answer["credentials"], 2);
    assert!(answer["message"].as_str().unwrap().contains("revoke them anew"));
    assert_eq!(
        as_agent(door, new["token"].as_str().unwrap(), "listTickets", &json!({})).status,
        200
    );
    assert_eq!(as_agent(door, &furnished.token, "listTickets", &json!({})).status, 200);
    assert_eq!(own(door, Own::RevokeCredential(id)).status, 200);
    assert_eq!(as_agent(door, &furnished.token, "listTickets", &json!({})).status, 401);
}

#[test]
fn a_guest_who_has_arrived_since_is_not_let_in_twice() {
    let mut door = Door::open();
    let event = door.event(50);
    let (_, ticket) = pay(&door, &event, &Wallet::new(1).pay(&offer(&door, &event), 1));
    door.pass(600);
    let pages = export(&door);
    lose(&mut door);
    assert_eq!(own(&door, Own::Events).status, 200);
    door.sql(&format!("UPDATE rsvps SET checked_in_at = {NOW}"));
    restore(&door, &pages);
    assert_eq!(door.int("SELECT count(*) FROM rsvps WHERE checked_in_at IS NOT NULL"), 1);
    let code = ticket["ticketUrl"].as_str().unwrap().rsplit('/').next().unwrap();
    assert_eq!(
        door.int(&format!("SELECT count(*) FROM rsvps WHERE code = '{code}'")),
        1,
        "the first ticket counts"
    );
    assert_eq!(block_on(door.tool("rsvpToEvent", &rsvp(&event), None)).status, 402);
}

#[test]
fn a_sign_out_that_the_backup_does_not_know_still_counts() {
    let mut door = Door::open();
    door.event(5);
    door.pass(600);
    let pages = export(&door);
    lose(&mut door);
    assert_eq!(own(&door, Own::Events).status, 200);
    let now = UnixSeconds::new(door.world.memory.now.get());
    let out = door.request(Action::EndSessions(now), false, &[], &json!({}));
    assert_eq!(block_on(door.host.handle(out)).status, 204);
    assert_eq!(send(&door, &pages[0]).status, 401);
    let mut request = door.request(Action::Own(Own::Restore), true, &[], &json!({}));
    request.body = pages[0].as_bytes().to_vec();
    let again = SignedIn { signed_in_at: now.plus(1), ..door.signed_in() };
    request.command.user = Some(again);
    assert_eq!(json_of(&block_on(door.host.handle(request)))["done"], true);
    assert_eq!(own(&door, Own::Events).status, 401, "a session of before");
}

#[test]
fn who_has_registered_anew_in_a_new_deployment_gets_everything_back() {
    let mut furnished = furnished();
    let kv = furnished.door.world.memory.kv.borrow().clone();
    let pages = export(&furnished.door);
    furnished.door.pass(60);
    lose_everything(&mut furnished.door);
    let door = &furnished.door;
    let body = json!({"userId": PAY_TO, "walletAddress": PAY_TO});
    assert_eq!(door.as_owner(Action::Own(Own::Register), &body).status, 201);
    let new = door.event(3);
    restore(door, &pages);
    assert_eq!(door.int("SELECT count(*) FROM secrets WHERE sealed IS NOT NULL"), 1);
    assert_eq!(door.int("SELECT count(*) FROM events"), 2);
    door.pass(3_600);
    let mut records = door.world.memory.kv.borrow().clone();
    assert!(records.remove(&format!("{}:events:{new}", door.scope)).is_some());
    assert!(
        kv.iter()
            .filter(|(key, _)| !key.starts_with("users"))
            .all(|(key, value)| records.get(key) == Some(value))
    );
    is_all_there(&furnished);
}

#[test]
fn what_a_rebuilt_host_has_changed_before_the_backup_came_is_kept_and_published() {
    let mut furnished = furnished();
    let pages = export(&furnished.door);
    lose(&mut furnished.door);
    let door = &furnished.door;
    assert_eq!(own(door, Own::Events).status, 200, "rebuilt");
    door.world.memory.kv_is_down.set(true);
    let id = EventId::parse(&furnished.event).unwrap();
    assert_eq!(own(door, Own::CancelEvent(id)).status, 200);
    assert_eq!(
        own(door, Own::RevokeSecret(SecretId::parse(&furnished.secret).unwrap())).status,
        200
    );
    let late = door.event(5);
    door.pass(30);
    let versions = "SELECT sum(version) FROM outbox";
    let before = door.int(versions);
    restore(door, &pages);
    assert!(door.int(versions) > before, "a write on its way is not taken for a later one");
    assert_eq!(
        door.text("SELECT group_concat(status) FROM (SELECT status FROM events ORDER BY status)"),
        "cancelled,scheduled"
    );
    assert_eq!(door.int("SELECT count(*) FROM secrets WHERE revoked_at IS NULL"), 0);
    door.world.memory.kv_is_down.set(false);
    door.pass(7_200);
    let kv = door.world.memory.kv.borrow();
    assert!(kv[&format!("{}:events:{}", door.scope, furnished.event)].contains("cancelled"));
    assert!(kv.contains_key(&format!("{}:events:{late}", door.scope)));
    assert!(!kv.keys().any(|key| key.contains(":secrets:")));
}
