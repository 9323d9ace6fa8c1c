//! Events that are not published yet.

use events_concierge::base::http::Reply;
use events_concierge::base::id::EventId;
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtHost, Own};
use events_concierge::ledger::audit::audit;
use serde_json::{Value, json};

use crate::support::{NOW, Server, Wallet, block_on, json_of, offer, pay, rpc};

fn draft(server: &Server, more: &Value) -> EventId {
    let mut event = json!({"title": "Secret evening", "startsAt": "2027-03-01T18:30:00Z", "capacity": 5,
        "price": "0.05", "draft": true});
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let reply = server.as_owner(Action::Own(Own::CreateEvent), &event);
    assert_eq!(
        (reply.status, &json_of(&reply)["status"]),
        (201, &json!("draft")),
        "{}",
        reply.body
    );
    EventId::parse(json_of(&reply)["id"].as_str().unwrap()).unwrap()
}

fn change(server: &Server, id: &EventId, changes: &Value) -> Reply {
    server.as_owner(Action::Own(Own::UpdateEvent(id.clone())), changes)
}

fn call(server: &Server, tool: &str, id: &EventId) -> Reply {
    block_on(server.tool(tool, &json!({"eventId": id}), None))
}

fn own_events(server: &Server) -> Value {
    json_of(&server.as_owner(Action::Own(Own::Events), &json!({})))["events"].clone()
}

/// Everything that a stranger can ask about an event.
fn is_hidden(server: &Server, id: &EventId) {
    for tool in ["getEvent", "rsvpToEvent", "getEventAnalytics"] {
        let reply = call(server, tool, id);
        assert_eq!(
            (reply.status, &json_of(&reply)["title"]),
            (404, &json!("event not found")),
            "{tool}"
        );
    }
    let pages =
        [AtHost::EventPage(id.clone()), AtHost::Calendar(id.clone()), AtHost::Share(id.clone())];
    for page in pages {
        assert_eq!(server.as_stranger(page.clone()).status, 404, "{page:?}");
    }
    let page = server.as_stranger(AtHost::HostPage).body;
    assert!(!page.contains("Secret"), "{page}");
    let listed = block_on(server.tool("listEvents", &json!({}), None));
    assert_eq!(json_of(&listed)["events"], json!([]));
    let uri = json!({"uri": format!("event://{id}")});
    let read = server.mcp(false, &[], &rpc("resources/read", &uri));
    assert!(read.body.contains("not found") && !read.body.contains("Secret"), "{}", read.body);
    let kv = server.world.memory.kv.borrow();
    assert!(!kv.values().any(|record| record.contains("Secret")), "{kv:?}");
}

#[test]
fn a_draft_is_seen_by_its_host_and_sold_to_nobody() {
    let server = Server::open();
    let id = draft(&server, &json!({}));
    server.pass(600);
    is_hidden(&server, &id);
    assert_eq!(own_events(&server)[0]["status"], "draft");
    let preview = server.as_owner(Action::AtHost(AtHost::EventPage(id.clone())), &json!({}));
    assert_eq!(preview.status, 200);
    assert!(preview.body.contains("Only you see this page"), "{}", preview.body);
    assert!(
        preview.headers.iter().any(|(name, value)| *name == "cache-control" && value == "no-store")
    );
    // Another change leaves it a draft.
    assert_eq!(change(&server, &id, &json!({"title": "Secret night"})).status, 200);
    server.pass(600);
    is_hidden(&server, &id);
    assert_eq!(server.int("SELECT count(*) FROM payments"), 0);
}

#[test]
fn a_free_draft_is_given_to_nobody() {
    let server = Server::open();
    let id = draft(&server, &json!({"price": "0"}));
    is_hidden(&server, &id);
    let other = json!({"title": "Open evening", "startsAt": "2027-03-01T18:30:00Z", "capacity": 5, "price": "0"});
    let other = json_of(&server.as_owner(Action::Own(Own::CreateEvent), &other))["id"].clone();
    let demand = json_of(&block_on(server.tool("rsvpToEvent", &json!({"eventId": other}), None)));
    let proof = Wallet::new(1).prove(&demand);
    let headers = [("sign-in-with-x", proof.as_str())];
    let reply = block_on(server.tool_with("rsvpToEvent", &json!({"eventId": id}), &headers));
    assert_eq!(reply.status, 404, "{}", reply.body);
    assert_eq!(server.int("SELECT count(*) FROM rsvps"), 0);
}

#[test]
fn a_published_draft_is_an_event_like_others_and_no_draft_again() {
    let server = Server::open();
    let id = draft(&server, &json!({}));
    let published = change(&server, &id, &json!({"draft": false}));
    assert_eq!(json_of(&published)["status"], "scheduled", "{}", published.body);
    assert_eq!(call(&server, "getEvent", &id).status, 200);
    assert_eq!(server.as_stranger(AtHost::EventPage(id.clone())).status, 200);
    assert_eq!(
        pay(&server, id.as_str(), &Wallet::new(1).pay(&offer(&server, id.as_str()), 1)).0,
        200
    );
    server.pass(600);
    assert!(server.world.memory.kv.borrow().keys().any(|key| key.ends_with(id.as_str())));
    let refused = change(&server, &id, &json!({"draft": true}));
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert!(refused.body.contains("draft: the event is published"), "{}", refused.body);
    assert_eq!(audit(&server.world).unwrap(), Vec::<String>::new());
}

#[test]
fn a_draft_is_deleted_and_an_event_is_cancelled() {
    let server = Server::open();
    let (id, kept) = (draft(&server, &json!({})), draft(&server, &json!({"title": "Another"})));
    server.sql(&format!(
        "INSERT INTO pictures (item, path, alt, bytes, content, created_at) VALUES ('{id}', '/pictures/x', '', 1, 'x', {NOW})"
    ));
    let deleted = server.as_owner(Action::Own(Own::CancelEvent(id.clone())), &json!({}));
    assert_eq!(json_of(&deleted)["message"], "The draft is deleted.");
    assert_eq!(own_events(&server).as_array().unwrap().len(), 1);
    assert_eq!(server.int("SELECT count(*) FROM pictures"), 0);
    assert_eq!(server.int("SELECT count(*) FROM reminders"), 1, "of the other one");
    let again = server.as_owner(Action::Own(Own::CancelEvent(id)), &json!({}));
    assert_eq!(again.status, 404);
    assert_eq!(change(&server, &kept, &json!({"draft": false})).status, 200);
    let cancelled = server.as_owner(Action::Own(Own::CancelEvent(kept)), &json!({}));
    assert_eq!(json_of(&cancelled)["event"]["status"], "cancelled");
}

#[test]
fn what_is_over_is_not_published() {
    let server = Server::open();
    let id = draft(&server, &json!({"startsAt": "2026-11-22T12:00:00Z"}));
    server.world.memory.now.set(NOW + 2 * 86_400);
    let refused = change(&server, &id, &json!({"draft": false}));
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert!(refused.body.contains("startsAt: lies in the past"), "{}", refused.body);
    assert_eq!(own_events(&server)[0]["status"], "draft");
    let later = json!({"draft": false, "startsAt": "2027-03-01T18:30:00Z"});
    assert_eq!(change(&server, &id, &later).status, 200);
}
