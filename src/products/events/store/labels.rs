//! How many seats of an event have a label, such as a ticket type. They are counted with each sale, so that a sale does not
//! count those before it.

use crate::ports::storage::all;
use crate::ports::{Sql, SqlError};
use crate::products::events::Event;

/// The counts of an event as columns: labels with taken seats, and the labels of payments that hold some, each as JSON.
/// Most events have no labels.
pub(super) const LABEL_COLUMNS: &str = "CASE WHEN events.types = '[]' THEN '{}' ELSE \
       (SELECT json_group_object(l.label, l.taken) FROM label_seats l WHERE l.event_id = events.id) END, \
     CASE WHEN events.types = '[]' THEN '[]' ELSE \
       (SELECT json_group_array(json_array(p.ticket_type, p.seats)) FROM payments p WHERE p.event_id = events.id \
        AND p.ticket_type IS NOT NULL AND p.state IN ('settling', 'unknown', 'settled')) END";

/// The label of seats of a ticket type.
pub(super) fn of_type(id: &str) -> String {
    format!("type:{id}")
}

/// Counts seats that are sold.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub(super) fn count(sql: &impl Sql, event: &str, label: &str, seats: u32) -> Result<(), SqlError> {
    let statement = "INSERT INTO label_seats (event_id, label, taken) VALUES (?1, ?2, ?3) \
         ON CONFLICT (event_id, label) DO UPDATE SET taken = taken + excluded.taken";
    sql.run(statement, &[event.into(), label.into(), seats.into()]).map(drop)
}

/// Counts the labels of the seats that `which` selects as not sold. Call it before they are removed.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub(super) fn discount(
    sql: &impl Sql,
    which: &str,
    of: &[crate::ports::SqlValue],
) -> Result<(), SqlError> {
    let labelled = format!(
        "SELECT event_id, 'type:' || ticket_type, count(*) FROM rsvps \
         WHERE {which} AND ticket_type IS NOT NULL GROUP BY 1, 2"
    );
    let found = all(sql, &labelled, of, |columns| {
        Ok((columns.text()?, columns.text()?, columns.count()?))
    })?;
    for (event, label, seats) in found {
        let seats = u32::try_from(seats).unwrap_or(u32::MAX);
        let statement =
            "UPDATE label_seats SET taken = taken - ?3 WHERE event_id = ?1 AND label = ?2";
        sql.run(statement, &[event.as_str().into(), label.as_str().into(), seats.into()])?;
    }
    Ok(())
}

/// Reads [`LABEL_COLUMNS`] into the event.
///
/// # Errors
///
/// [`SqlError`] if they are damaged.
pub(super) fn read(event: &mut Event, taken: &str, held: &str) -> Result<(), SqlError> {
    let damaged = |error: serde_json::Error| SqlError(format!("counts of labels: {error}"));
    let taken: std::collections::BTreeMap<String, u32> =
        serde_json::from_str(taken).map_err(damaged)?;
    let held: Vec<(String, u32)> = serde_json::from_str(held).map_err(damaged)?;
    for kind in &mut event.types {
        let of_it = held.iter().filter(|(id, _)| *id == kind.id);
        kind.held = of_it.fold(0, |sum, (_, seats)| seats.saturating_add(sum));
        kind.taken = taken.get(&of_type(&kind.id)).copied().unwrap_or(0);
    }
    Ok(())
}
