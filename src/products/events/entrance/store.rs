//! Rows of the entrance.

use crate::base::id::{CheckInId, EventId, RsvpId};
use crate::base::time::UnixSeconds;
use crate::ports::storage::{Columns, all, first};
use crate::ports::{Sql, SqlError};
use crate::products::events::entrance::rules::{Kind, Move};
use crate::products::events::rsvp::Rsvp;
use crate::products::events::store::{RSVP_COLUMNS, rsvp_of};

const COLUMNS: &str = "id, kind, undoes, at, received_at, device";

/// A row with what it belongs to.
#[derive(Debug)]
pub(super) struct Row {
    pub event_id: String,
    pub ticket: String,
    pub it: Move,
}

/// A row that the host should look at, with the name and the wallet of the ticket's guest.
#[derive(Debug)]
pub(super) struct Doubtful {
    pub ticket: String,
    pub name: Option<String>,
    pub payer: Option<String>,
    pub it: Move,
}

/// Adds a row of the entrance.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; the same for every function here.
pub(super) fn insert(
    sql: &impl Sql,
    event: &EventId,
    ticket: &str,
    it: &Move,
) -> Result<(), SqlError> {
    let (kind, undoes) = match &it.kind {
        Kind::In => ("in", None),
        Kind::Bad => ("bad", None),
        Kind::Undo(id) => ("undo", Some(id.as_str())),
    };
    let statement = "INSERT INTO entrance (id, event_id, ticket, kind, undoes, at, received_at, device) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let parameters = [
        it.id.as_str().into(),
        event.as_str().into(),
        ticket.into(),
        kind.into(),
        undoes.into(),
        it.at.into(),
        it.received_at.into(),
        it.device.as_str().into(),
    ];
    sql.run(statement, &parameters).map(drop)
}

pub(super) fn find(sql: &impl Sql, id: &CheckInId) -> Result<Option<Row>, SqlError> {
    let statement = format!("SELECT event_id, ticket, {COLUMNS} FROM entrance WHERE id = ?1");
    let row = |mut columns: Columns| {
        let (event_id, ticket) = (columns.text()?, columns.text()?);
        Ok(Row { event_id, ticket, it: move_of(&mut columns)? })
    };
    first(sql, &statement, &[id.as_str().into()])?.map(row).transpose()
}

/// All rows of a ticket.
pub(super) fn moves_of(sql: &impl Sql, ticket: &str) -> Result<Vec<Move>, SqlError> {
    let statement = format!("SELECT {COLUMNS} FROM entrance WHERE ticket = ?1");
    all(sql, &statement, &[ticket.into()], move_of)
}

/// How often somebody came in at an event who should not have.
pub(super) fn count_bad(sql: &impl Sql, event: &EventId) -> Result<u64, SqlError> {
    let statement = "SELECT count(*) FROM entrance WHERE event_id = ?1 AND kind = 'bad'";
    first(sql, statement, &[event.as_str().into()])?.map_or(Ok(0), |mut columns| columns.count())
}

/// Notes since when somebody is in on a ticket.
pub(super) fn set_used(
    sql: &impl Sql,
    ticket: &str,
    at: Option<UnixSeconds>,
) -> Result<(), SqlError> {
    let statement = "UPDATE rsvps SET checked_in_at = ?2 WHERE id = ?1";
    sql.run(statement, &[ticket.into(), at.into()]).map(drop)
}

/// The number of an event's tickets, and of those that somebody came in on.
pub(super) fn count(sql: &impl Sql, event: &EventId) -> Result<(u64, u64), SqlError> {
    let statement = "SELECT count(*), count(checked_in_at) FROM rsvps WHERE event_id = ?1";
    let Some(mut columns) = first(sql, statement, &[event.as_str().into()])? else {
        return Ok((0, 0));
    };
    Ok((columns.count()?, columns.count()?))
}

/// At most `limit` tickets of an event that were bought, used or given to somebody else at or after `since`.
pub(super) fn changed_since(
    sql: &impl Sql,
    event: &EventId,
    since: UnixSeconds,
    limit: u32,
) -> Result<Vec<Rsvp>, SqlError> {
    let statement = format!(
        "SELECT {RSVP_COLUMNS} FROM rsvps WHERE event_id = ?1 AND (created_at >= ?2 OR id IN \
         (SELECT ticket FROM entrance WHERE event_id = ?1 AND received_at >= ?2) OR id IN \
         (SELECT rsvp_id FROM given_seats WHERE event_id = ?1 AND given_at >= ?2)) LIMIT ?3"
    );
    all(sql, &statement, &[event.as_str().into(), since.into(), limit.into()], rsvp_of)
}

/// At most `limit` check-ins that were not taken back, of tickets that were not valid or let in more than one, by
/// ticket, the oldest first.
pub(super) fn doubtful(
    sql: &impl Sql,
    event: &EventId,
    limit: u32,
) -> Result<Vec<Doubtful>, SqlError> {
    let is_live =
        |e: &str| format!("NOT EXISTS (SELECT 1 FROM entrance u WHERE u.undoes = {e}.id)");
    let statement = format!(
        "SELECT e.ticket, coalesce(r.name, c.name), coalesce(r.payer, c.payer), e.id, e.kind, e.undoes, e.at, e.received_at, e.device \
         FROM entrance e LEFT JOIN rsvps r ON r.id = e.ticket \
         LEFT JOIN cancelled_seats c ON c.id = e.ticket \
         WHERE e.event_id = ?1 AND e.kind <> 'undo' AND {} AND (e.kind = 'bad' OR EXISTS \
         (SELECT 1 FROM entrance o WHERE o.ticket = e.ticket AND o.kind = 'in' AND o.id <> e.id AND {})) \
         ORDER BY (SELECT min(f.at) FROM entrance f WHERE f.ticket = e.ticket), e.ticket, e.kind, \
         e.at, e.received_at, e.id LIMIT ?2",
        is_live("e"),
        is_live("o"),
    );
    all(sql, &statement, &[event.as_str().into(), limit.into()], |columns| {
        Ok(Doubtful {
            ticket: columns.text()?,
            name: columns.optional_text()?,
            payer: columns.optional_text()?,
            it: move_of(columns)?,
        })
    })
}

/// The id of the row for a check-in of before there were rows.
pub(super) fn id_of_old(ticket: &RsvpId) -> Result<CheckInId, SqlError> {
    let digits = ticket.as_str().trim_start_matches("rsv_");
    CheckInId::parse(&format!("chk_{digits}")).map_err(|error| SqlError(error.to_string()))
}

fn move_of(columns: &mut Columns) -> Result<Move, SqlError> {
    let id = columns.parsed(CheckInId::parse)?;
    let (kind, undoes) = (columns.text()?, columns.optional_text()?);
    let kind = match (kind.as_str(), undoes) {
        ("in", None) => Kind::In,
        ("bad", None) => Kind::Bad,
        ("undo", Some(undone)) => Kind::Undo(
            CheckInId::parse(&undone).map_err(|error| SqlError(format!("undoes: {error}")))?,
        ),
        (other, _) => return Err(SqlError(format!("a row of the entrance is {other}"))),
    };
    Ok(Move {
        id,
        kind,
        at: columns.moment()?,
        received_at: columns.moment()?,
        device: columns.text()?,
    })
}
