//! What a host says and asks on its public pages, and what these pages show.

use events_concierge::base::http::Reply;
use events_concierge::base::id::EventId;
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtHost, Own};
use serde_json::{Value, json};

use crate::support::{Server, Sqlite, Wallet, block_on, json_of};

fn update(server: &Server, event: &str, changes: &Value) -> Reply {
    let action = Action::Own(Own::UpdateEvent(EventId::parse(event).unwrap()));
    server.as_owner(action, changes)
}

fn event(server: &Server, event: &str) -> Value {
    let asked = json!({"eventId": event});
    json_of(&block_on(server.tool("getEvent", &asked, None)))["event"].clone()
}

#[test]
fn what_a_host_asks_for_is_asked_before_any_price_and_named() {
    let server = Server::open();
    let id = server.event(5);
    assert_eq!(event(&server, &id)["askName"], "optional");
    let changes = json!({"askName": "required", "askEmail": "required"});
    assert_eq!(update(&server, &id, &changes).status, 200);
    assert_eq!(event(&server, &id)["askEmail"], "required");
    let whole = json!({"eventId": id, "name": "Ada", "email": "ada@example.org"});
    for (missing, field) in [("name", "name: "), ("email", "email: ")] {
        let mut arguments = whole.clone();
        arguments.as_object_mut().unwrap().remove(missing);
        let reply = block_on(server.tool("rsvpToEvent", &arguments, None));
        assert_eq!(reply.status, 422, "{}", reply.body);
        let problem = json_of(&reply);
        assert!(problem["detail"].as_str().unwrap().starts_with(field), "{problem}");
        assert_eq!(problem["moneyMoved"], "no", "{problem}");
        assert!(problem.get("accepts").is_none(), "{problem}");
    }
    let offer = server.challenge("rsvpToEvent", &whole);
    let payment = Wallet::new(1).pay(&offer["accepts"][0], 1);
    assert_eq!(block_on(server.tool("rsvpToEvent", &whole, Some(&payment))).status, 200);
    assert_eq!(server.text("SELECT name || ' ' || email FROM rsvps"), "Ada ada@example.org");
    // Whoever has a ticket sees it again without saying anything anew.
    let bare = json!({"eventId": id});
    let proof = Wallet::new(1).prove(&server.challenge("rsvpToEvent", &whole));
    let headers = [("sign-in-with-x", proof.as_str())];
    assert_eq!(block_on(server.tool_with("rsvpToEvent", &bare, &headers)).status, 200);
}

#[test]
fn what_is_not_asked_for_is_not_kept() {
    let server = Server::open();
    let id = server.event(5);
    assert_eq!(update(&server, &id, &json!({"askEmail": "notAsked"})).status, 200);
    let arguments = json!({"eventId": id, "name": "Ada", "email": "ada@example.org"});
    let offer = server.challenge("rsvpToEvent", &arguments);
    let payment = Wallet::new(1).pay(&offer["accepts"][0], 1);
    assert_eq!(block_on(server.tool("rsvpToEvent", &arguments, Some(&payment))).status, 200);
    assert_eq!(server.text("SELECT name || ' ' || coalesce(email, '-') FROM rsvps"), "Ada -");
    assert_eq!(server.int("SELECT count(*) FROM rsvps WHERE email IS NOT NULL"), 0);
}

#[test]
fn a_host_chooses_the_cover_of_an_event() {
    let server = Server::open();
    let id = server.event(5);
    let path = |event: &Value| event["coverPath"].as_str().unwrap().to_owned();
    assert_eq!(path(&event(&server, &id)), format!("/covers/{id}/0-own/wide.svg"));
    let changes = json!({"coverShuffle": 3, "coverPalette": "plum"});
    let changed = json_of(&update(&server, &id, &changes));
    assert_eq!(path(&changed), format!("/covers/{id}/3-plum/wide.svg"));
    assert_eq!(path(&json_of(&update(&server, &id, &json!({"title": "x"})))), path(&changed));
    let changed = json_of(&update(&server, &id, &json!({"coverPalette": null})));
    assert_eq!(path(&changed), format!("/covers/{id}/3-own/wide.svg"));
    for (changes, field) in [
        (json!({"coverShuffle": 1_000_000}), "coverShuffle"),
        (json!({"coverPalette": "red"}), "coverPalette"),
        (json!({"askName": "maybe"}), "askName"),
    ] {
        let reply = update(&server, &id, &changes);
        assert_eq!(reply.status, 422, "{}", reply.body);
        assert!(json_of(&reply)["detail"].as_str().unwrap().contains(field), "{}", reply.body);
    }
}

#[test]
fn what_a_host_says_about_itself_is_published_and_comes_back_with_its_choices() {
    let mut server = Server::open();
    let id = server.event(5);
    let words = json!({"displayName": "Ada's events", "about": "Small evenings.\nIn Berlin."});
    let changed = server.as_owner(Action::Own(Own::ChangeProfile), &words);
    assert_eq!(changed.status, 200, "{}", changed.body);
    let choices = json!({"askName": "required", "coverShuffle": 2, "coverPalette": "moss"});
    assert_eq!(update(&server, &id, &choices).status, 200);
    let shown = |server: &Server| {
        let profile = json_of(&server.as_owner(Action::Own(Own::Profile), &json!({})));
        let manifest = json_of(&server.as_owner(Action::AtHost(AtHost::Manifest), &json!({})));
        assert_eq!(manifest["host"], words);
        let said = [profile["displayName"].clone(), profile["about"].clone()];
        (said, event(server, &id))
    };
    let before = shown(&server);
    assert_eq!(before.0, [words["displayName"].clone(), words["about"].clone()]);
    server.pass(30);
    server.world.sqlite = Sqlite::empty();
    server.evict();
    assert_eq!(shown(&server), before);
    let gone = json!({"displayName": "", "about": " "});
    let changed = json_of(&server.as_owner(Action::Own(Own::ChangeProfile), &gone));
    assert_eq!((&changed["displayName"], &changed["about"]), (&json!(""), &json!("")));
    for (words, field) in [
        (json!({"displayName": "a\nb"}), "displayName"),
        (json!({"displayName": "x".repeat(81)}), "displayName"),
        (json!({"about": "x".repeat(501)}), "about"),
    ] {
        let reply = server.as_owner(Action::Own(Own::ChangeProfile), &words);
        assert_eq!(reply.status, 422, "{}", reply.body);
        assert!(json_of(&reply)["detail"].as_str().unwrap().starts_with(field), "{}", reply.body);
    }
}
