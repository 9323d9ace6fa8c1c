//! What those who paid for work at the desk find in the list of everything that they have bought.

use crate::base::id::TicketId;
use crate::ledger::payments::Payment;
use crate::ports::{SqlError, World};
use crate::products::desk::tools::Tool;
use crate::products::desk::{Status, drafts, tickets};
use crate::sale::bought::{Bought, Kind, State};
use crate::sale::cx::Cx;
use crate::sale::tool::ProductTool;

/// What a payment at the desk has bought: a ticket with its status, or work on one.
pub(super) fn bought(
    tool: Tool,
    cx: &Cx<'_, impl World>,
    payment: &Payment,
) -> Result<Bought, SqlError> {
    let opened = tickets::opened_with(cx.world, &payment.id)?;
    let wanted = payment.wanted.as_deref().and_then(|id| TicketId::parse(id).ok());
    let id = opened.clone().or(wanted);
    let ticket = id.map(|id| tickets::find(cx.world, &id)).transpose()?.flatten();
    let state = match (&opened, &ticket) {
        (Some(_), Some(ticket)) => match ticket.status {
            Status::Open => State::Open,
            Status::Resolved => State::Resolved,
        },
        (None, _) | (_, None) => match drafts::state_of(cx.world, &payment.id)? {
            Some(drafts::State::Waiting) => State::Waiting,
            Some(drafts::State::Rejected) => State::Rejected,
            Some(drafts::State::Approved) | None => State::Done,
        },
    };
    let what = tool.spec().title;
    let title = match &ticket {
        Some(ticket) => format!("{what}: {}", ticket.subject),
        None => what.to_owned(),
    };
    let plain = Bought::plain(Kind::Desk, title, state, payment);
    Ok(Bought { item: ticket.map(|ticket| ticket.id.to_string()), ..plain })
}
