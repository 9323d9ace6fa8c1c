//! Two tickets become one: the thread, the drafts and later mails of the first go on in the second, and those who could read
//! one of them read both. There is no way back.

use crate::base::code::Code;
use crate::base::fields::bad;
use crate::base::id::TicketId;
use crate::ports::storage::all;
use crate::ports::{Sql, SqlError, SqlValue, World};
use crate::products::desk::tickets::{self, ENTRIES_MAX};
use crate::products::desk::work::{find_ticket, save_ticket};
use crate::products::desk::{Author, Status, Ticket};
use crate::rails::outcome::{Abort, Failure};
use crate::sale::cx::Cx;

/// Tickets that one ticket takes in.
const MERGED_MAX: usize = 50;

/// Merges the ticket `id` into the one with the number `into`, and returns that one.
///
/// # Errors
///
/// `invalid_arguments` if they belong to different customers or are the same, `ticket_not_found`, `desk_full`.
pub fn merge(
    cx: &Cx<'_, impl World>,
    id: &TicketId,
    into: u32,
    author: &Author,
) -> Result<Ticket, Failure> {
    let from = find_ticket(cx, id)?;
    let missing =
        || Abort::new(Code::TicketNotFound, "into: this desk has no ticket of this number");
    let target = tickets::find_by_number(cx.world, into)?.ok_or_else(missing)?;
    let mut target = tickets::follow(cx.world, target)?;
    if target.id == from.id {
        return Err(bad("into", "is this ticket itself; name another one").into());
    }
    if let (Some(one), Some(other)) = (&from.email, &target.email)
        && one != other
    {
        let detail = "is a ticket of another customer, who would read this one too; tickets of one address only are merged";
        return Err(bad("into", detail).into());
    }
    let all_merged =
        merged(cx.world, &from)?.len().saturating_add(merged(cx.world, &target)?.len());
    let entries = tickets::entries(cx.world, &from.id)?
        .saturating_add(tickets::entries(cx.world, &target.id)?)
        .saturating_add(2);
    if entries > ENTRIES_MAX || all_merged >= MERGED_MAX {
        let detail = "the threads of both tickets are too long for one; answer them separately";
        return Err(Abort::new(Code::DeskFull, detail).into());
    }
    if target.email.is_none() {
        target.email.clone_from(&from.email);
    }
    if from.status == Status::Open {
        target.status = Status::Open;
    }
    cx.world.atomically(|| {
        carry_over(cx.world, &from, &target)?;
        save_ticket(cx, &target, author, &format!("#{} was merged into this ticket", from.number))
    })?;
    Ok(target)
}

/// The ids and numbers of tickets that became part of this one.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn merged(sql: &impl Sql, ticket: &Ticket) -> Result<Vec<(TicketId, u32)>, SqlError> {
    let statement = "SELECT id, number FROM tickets WHERE merged_into = ?1";
    all(sql, statement, &[ticket.number.into()], |columns| {
        let id = columns.parsed(TicketId::parse)?;
        Ok((id, u32::try_from(columns.count()?).unwrap_or(u32::MAX)))
    })
}

fn carry_over(sql: &impl Sql, from: &Ticket, target: &Ticket) -> Result<(), SqlError> {
    let (old, new) = (from.id.as_str(), target.id.as_str());
    // What was asked first is a message of the thread from now on.
    let asked = "INSERT INTO ticket_entries (ticket_id, kind, author, text, at) \
         VALUES (?1, 'message', ?2, ?3, ?4)";
    let author = from.email.as_deref().unwrap_or_else(|| from.author.as_str());
    let text = format!("{}\n\n{}", from.subject, from.body);
    sql.run(asked, &[new.into(), author.into(), text.into(), from.created_at.into()])?;
    // A mail that came to both stays in one.
    let both: [SqlValue; 2] = [old.into(), new.into()];
    sql.run("UPDATE OR IGNORE ticket_entries SET ticket_id = ?2 WHERE ticket_id = ?1", &both)?;
    sql.run("UPDATE drafts SET ticket_id = ?2 WHERE ticket_id = ?1", &both)?;
    let statement = "UPDATE tickets SET merged_into = ?2, snoozed_until = NULL \
         WHERE id = ?1 OR merged_into = ?3";
    sql.run(statement, &[old.into(), target.number.into(), from.number.into()])?;
    sql.run(
        "UPDATE tickets SET email = ?2 WHERE id = ?1",
        &[new.into(), target.email.as_deref().into()],
    )?;
    let statement = "DELETE FROM ticket_text WHERE rowid = ?1";
    sql.run(statement, &[from.number.into()]).map(drop)
}
