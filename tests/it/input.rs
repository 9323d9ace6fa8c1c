//! What people and programs really send: lists that change while they are read, addresses, text that nobody sees.

use events_concierge::host::command::Action;
use events_concierge::http::route::AtHost;
use serde_json::json;

use crate::support::{Door, NOW};

/// Writes an event straight into the storage.
fn event_at(
    door: &Door,
    number: i64,
    starts_at: i64,
    ends_at: Option<i64>,
    status: &str,
) -> String {
    let id = format!("evt_{number:024x}");
    let end = ends_at.map_or("NULL".to_owned(), |end| end.to_string());
    door.sql(&format!(
        "INSERT INTO events (id, title, description, starts_at, ends_at, time_zone, location, \
         capacity, price, status, sequence, created_at, updated_at) VALUES ('{id}', 'T{number}', \
         '', {starts_at}, {end}, 'UTC', NULL, 5, 50000, '{status}', 0, {NOW}, {NOW})"
    ));
    id
}

#[test]
fn the_page_of_a_host_shows_what_is_under_way_however_much_was_cancelled() {
    let door = Door::open();
    let over = event_at(&door, 900, NOW - 7_200, Some(NOW), "scheduled");
    let begun = event_at(&door, 901, NOW - 3_600, None, "scheduled");
    let under_way = event_at(&door, 902, NOW - 3_600, Some(NOW + 1), "scheduled");
    for number in 0..150 {
        event_at(&door, number, NOW + 60 + number, None, "cancelled");
    }
    let later = event_at(&door, 903, NOW + 86_400, None, "scheduled");
    let page = door.as_owner(Action::AtHost(AtHost::HostPage), &json!({})).body;
    for (event, is_shown) in [(over, false), (begun, false), (under_way, true), (later, true)] {
        assert_eq!(page.contains(&event), is_shown, "{event}: {page}");
    }
    assert!(page.contains("2 events"), "{page}");
}
