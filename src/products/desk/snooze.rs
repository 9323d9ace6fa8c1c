//! Tickets that sleep: they stand behind the open ones until a moment, when the alarm brings them back, or until their
//! customer writes again.

use crate::base::fields::{self, InvalidField, bad};
use crate::base::id::TicketId;
use crate::base::time::UnixSeconds;
use crate::ports::storage::{all, first};
use crate::ports::{Sql, SqlError, World};
use crate::products::desk::tickets::{self, EntryKind};
use crate::products::desk::{Author, Status, Ticket};
use crate::sale::cx::Cx;

/// How long a ticket may sleep, seconds.
const SECONDS_MAX: i64 = 366 * 86_400;
/// Tickets that one alarm brings back; the next alarm follows at once.
const AT_ONCE: u32 = 50;

/// Until when a ticket is to sleep.
///
/// # Errors
///
/// [`InvalidField`] for `snoozedUntil`.
pub fn read(ticket: &Ticket, text: &str, now: UnixSeconds) -> Result<UnixSeconds, InvalidField> {
    if ticket.status == Status::Resolved {
        return Err(bad("snoozedUntil", "only an open ticket sleeps; open it first"));
    }
    let until = fields::future("snoozedUntil", text, now)?;
    if until > now.plus(SECONDS_MAX) {
        return Err(bad("snoozedUntil", "is more than a year away"));
    }
    Ok(until)
}

/// Brings tickets back whose time has come.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses; the same for every function here.
pub fn wake_some(cx: &Cx<'_, impl World>) -> Result<(), SqlError> {
    let now = cx.world.now();
    if !UnixSeconds::has_come(next_due(cx.world)?, now) {
        return Ok(());
    }
    cx.world.atomically(|| {
        let due =
            "SELECT id FROM tickets WHERE snoozed_until <= ?1 ORDER BY snoozed_until LIMIT ?2";
        let read = |columns: &mut crate::ports::storage::Columns| columns.parsed(TicketId::parse);
        let due = all(cx.world, due, &[now.into(), AT_ONCE.into()], read)?;
        due.iter().try_for_each(|id| {
            let statement =
                "UPDATE tickets SET snoozed_until = NULL, updated_at = ?2 WHERE id = ?1";
            cx.world.run(statement, &[id.as_str().into(), now.into()])?;
            let (kind, author) = (EntryKind::Change, Author::Owner);
            tickets::add(cx.world, id, kind, &author, "came back", None, now)
        })
    })
}

/// When the next ticket comes back.
///
/// # Errors
///
/// As [`wake_some`].
pub fn next_due(sql: &impl Sql) -> Result<Option<UnixSeconds>, SqlError> {
    let statement = "SELECT min(snoozed_until) FROM tickets WHERE snoozed_until IS NOT NULL";
    let found = first(sql, statement, &[])?;
    Ok(found.map_or(Ok(None), |mut columns| columns.optional_int())?.map(UnixSeconds::new))
}
