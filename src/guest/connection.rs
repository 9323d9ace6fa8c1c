//! The connection of a session to a server, and what is remembered of what it lists.

use serde_json::Value;

use crate::base::money::Usdc;
use crate::base::text;
use crate::guest::cx::{Cx, GuestWorld, Trouble};
use crate::guest::session::{self, Listed};
use crate::mcp::client::Connection;
use crate::ports::SqlError;

/// Events of one result that are remembered.
const LISTED_MAX: usize = 500;
/// Ticket types of one event whose prices are kept.
const TYPES_MAX: usize = 20;
/// What is kept of a server's tools, and of the connection, bytes each. Both stand in the row of the session with its
/// conversation; a row may have two million bytes.
pub(super) const KEPT_BYTES_MAX: usize = 600_000;

/// The server that the session is connected to.
pub(super) fn here<W: GuestWorld>(cx: &Cx<W>) -> Result<Connection, Trouble> {
    let mut connection = session::connection(&cx.world)?
        .ok_or_else(|| Trouble::Said("connect to a server first (connect_mcp)".to_owned()))?;
    // Others may be calling it at the same time.
    connection.renumber(&cx.world);
    Ok(connection)
}

/// Keeps what a call has changed of the connection, if it is still the one.
pub(super) fn keep<W: GuestWorld>(cx: &Cx<W>, connection: &Connection) -> Result<(), SqlError> {
    let current = session::connection(&cx.world)?;
    let is_news =
        |current: Connection| current.url == connection.url && !current.is_same(connection);
    if current.is_some_and(is_news) && can_be_kept(connection) {
        session::set_connection(&cx.world, connection)?;
    }
    Ok(())
}

/// Remembers the prices of the events in a result: a challenge may not ask for more.
pub(super) fn note_prices<W: GuestWorld>(
    cx: &Cx<W>,
    server: &str,
    result: &Value,
) -> Result<(), SqlError> {
    let content = result.get("structuredContent").unwrap_or(&Value::Null);
    let events = content.get("events").and_then(Value::as_array);
    let one = content.get("event").or(Some(content));
    let events = events.map_or_else(|| one.into_iter().collect(), |all| all.iter().collect());
    let events: Vec<&Value> = events;
    // In their order: the last word about an event counts.
    for event in events.into_iter().take(LISTED_MAX).flat_map(with_types) {
        let known = session::listed(&cx.world, server, &event.event_id)?;
        if known.as_ref() != Some(&event) {
            session::list(&cx.world, server, &event)?;
        }
    }
    Ok(())
}

/// An event, and each of its ticket types under a name of its own ([`type_key`]).
fn with_types(event: &Value) -> Vec<Listed> {
    let Some(listed) = read_listed(event) else { return Vec::new() };
    let types = event.get("types").and_then(Value::as_array);
    let types = types.into_iter().flatten().take(TYPES_MAX).filter_map(|kind| {
        let atomic = kind.get("priceAtomic").and_then(Value::as_str)?.parse().ok()?;
        let name = kind.get("name").and_then(Value::as_str)?;
        Some(Listed {
            event_id: type_key(&listed.event_id, name),
            price: Usdc::from_atomic(atomic).ok()?,
            ..listed.clone()
        })
    });
    let types: Vec<Listed> = types.collect();
    std::iter::once(listed).chain(types).collect()
}

/// How the price of a ticket type is kept beside that of its event.
pub(super) fn type_key(event: &str, name: &str) -> String {
    format!("{event}/{}", text::line(name, 60).to_lowercase())
}

fn read_listed(event: &Value) -> Option<Listed> {
    let text = |key: &str| event.get(key).and_then(Value::as_str);
    let atomic = text("priceAtomic")?.parse().ok()?;
    Some(Listed {
        event_id: text::line(text("id")?, 80),
        title: text::line(text("title")?, 200),
        price: Usdc::from_atomic(atomic).ok()?,
        seats_left: event.get("seatsLeft").and_then(Value::as_u64),
        starts_at: text::line(text("startsAt").unwrap_or_default(), 40),
    })
}

/// Whether it is short enough for a row of the storage.
pub(super) fn can_be_kept(connection: &Connection) -> bool {
    bytes_of(connection) <= KEPT_BYTES_MAX
}

pub(super) fn bytes_of(value: &impl serde::Serialize) -> usize {
    serde_json::to_string(value).map_or(usize::MAX, |json| json.len())
}
