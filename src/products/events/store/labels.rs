//! How many seats of an event have a label, such as a ticket type. They are counted with each sale, so that a sale does not
//! count those before it.

use crate::ports::storage::all;
use crate::ports::{Sql, SqlError};
use crate::products::events::Event;
use crate::products::events::rsvp::Rsvp;

/// SQL: the labels of a seat or a payment, each as `value`, which may be NULL.
macro_rules! labels_of {
    ($table:literal) => {
        concat!(
            "json_each(json_array('type:' || ",
            $table,
            ".ticket_type, 'promo:' || ",
            $table,
            ".promo))"
        )
    };
}

/// The counts of an event as columns: labels with taken seats, and the labels of payments that hold some, each as JSON.
/// Most events have no labels.
pub(super) const LABEL_COLUMNS: &str = concat!(
    "CASE WHEN events.types = '[]' AND events.promos = '[]' THEN '{}' ELSE \
       (SELECT json_group_object(l.label, l.taken) FROM label_seats l WHERE l.event_id = events.id) END, \
     CASE WHEN events.types = '[]' AND events.promos = '[]' THEN '[]' ELSE \
       (SELECT json_group_array(json_array(l.value, p.seats)) FROM payments p, ",
    labels_of!("p"),
    " l WHERE p.event_id = events.id AND l.value IS NOT NULL AND p.state IN ('settling', 'unknown', 'settled')) END"
);

/// The label of seats of a ticket type.
fn of_type(id: &str) -> String {
    format!("type:{id}")
}

/// The label of seats that were bought with a promo code.
fn of_promo(id: &str) -> String {
    format!("promo:{id}")
}

/// Counts seats that are sold, all as this one.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub(super) fn count(sql: &impl Sql, seat: &Rsvp, seats: u32) -> Result<(), SqlError> {
    let statement = "INSERT INTO label_seats (event_id, label, taken) VALUES (?1, ?2, ?3) \
         ON CONFLICT (event_id, label) DO UPDATE SET taken = taken + excluded.taken";
    let labels = [seat.ticket_type.as_deref().map(of_type), seat.promo.as_deref().map(of_promo)];
    for label in labels.into_iter().flatten() {
        sql.run(statement, &[seat.event_id.as_str().into(), label.as_str().into(), seats.into()])?;
    }
    Ok(())
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
        "SELECT r.event_id, l.value, count(*) FROM rsvps r, {} l \
         WHERE {which} AND l.value IS NOT NULL GROUP BY 1, 2",
        labels_of!("r")
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
    let counts = |label: &str| {
        let of_it = held.iter().filter(|(of, _)| of == label);
        let held = of_it.fold(0_u32, |sum, (_, seats)| sum.saturating_add(*seats));
        (taken.get(label).copied().unwrap_or(0), held)
    };
    for kind in &mut event.types {
        (kind.taken, kind.held) = counts(&of_type(&kind.id));
    }
    for promo in &mut event.promos {
        (promo.taken, promo.held) = counts(&of_promo(&promo.id));
    }
    Ok(())
}
