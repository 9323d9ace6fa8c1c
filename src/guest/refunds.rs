//! How a guest gets money back, in words. A ticket is cancelled under Tickets, where what goes back is shown first.

use crate::chat::answers::{Answer, sayable};
use crate::guest::cx::{Cx, GuestWorld};
use crate::guest::held::OPEN_TICKET;
use crate::guest::lists::Catalog;
use crate::guest::session;
use crate::ports::SqlError;

/// The tool by which guests of a host cancel.
const GIVE_BACK: &str = "cancelRsvp";
const FINAL: &str = "I cannot give money back: a payment that went through is final, and only the host can send it back.";

/// What somebody can do who wants money back, perhaps for this event.
pub(super) fn answer<W: GuestWorld>(
    cx: &Cx<W>,
    catalog: &Catalog,
    event_id: Option<&str>,
) -> Result<Answer, SqlError> {
    let tools = session::tools(&cx.world)?;
    let has = |name: &str| tools.iter().any(|tool| tool.name == name);
    let title =
        event_id.and_then(|id| catalog.lists.by_id(id)).and_then(|item| sayable(item.title()));
    let about = title.as_ref().map(|title| format!(" for {title}")).unwrap_or_default();
    let ask = format!("Open a support ticket about a refund{about}");
    Ok(match (has(GIVE_BACK), has(OPEN_TICKET)) {
        (true, has_desk) => {
            let ticket = title.map(|title| format!("your ticket for “{title}”"));
            let ticket = ticket.as_deref().unwrap_or("a ticket");
            let text =
                format!("You can cancel {ticket} under Tickets, which says first what goes back.");
            let answer = Answer::of(text).with("My tickets");
            if has_desk { answer.with(ask) } else { answer }
        }
        (false, true) => Answer::of(FINAL).with(ask),
        (false, false) => {
            Answer::of(format!("{FINAL} This host has no helpdesk here, so write to the host."))
        }
    })
}
