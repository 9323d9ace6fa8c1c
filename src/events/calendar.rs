//! An event as a calendar file (RFC 5545).

use icalendar::{Calendar, Component, EventLike, EventStatus};

use crate::events::Event;
use crate::time::UnixSeconds;

/// The `.ics` file of an event. Its `SEQUENCE` grows with each change, so that calendars update.
#[must_use]
pub fn to_ics(event: &Event, page_url: &str, now: UnixSeconds) -> String {
    let mut entry = icalendar::Event::new();
    entry
        .uid(&format!("{}@events-concierge", event.id))
        .add_property("DTSTAMP", now.to_ics())
        .add_property("DTSTART", event.starts_at.to_ics())
        .add_property("SEQUENCE", event.sequence.to_string())
        .summary(&event.title)
        .url(page_url)
        .status(if event.cancelled { EventStatus::Cancelled } else { EventStatus::Confirmed });
    if let Some(end) = event.ends_at {
        entry.add_property("DTEND", end.to_ics());
    }
    if !event.description.is_empty() {
        entry.description(&event.description);
    }
    if let Some(location) = &event.location {
        entry.location(location);
    }
    Calendar::new().push(entry.done()).done().to_string()
}
