//! The desk's REST routes for its host: articles, complete tickets, the approval queue, the breaker.

use crate::base::http::Reply;
use crate::base::id::TicketId;
use crate::base::text;
use crate::http::route::AtDesk;
use crate::identity::access::Caller;
use crate::ports::paging::Page;
use crate::ports::{SqlError, World};
use crate::products::desk::approvals::{approvals, approve, edit, reject};
use crate::products::desk::call::DeskCall;
use crate::products::desk::input::{
    self, Approval, DeskChanges, ListTickets, Merge, Note, TicketChanges, Verdict,
};
use crate::products::desk::merge::merge;
use crate::products::desk::rules::{DeskView, Rules};
use crate::products::desk::search::{self, MOST_URGENT_FIRST, Wanted};
use crate::products::desk::tickets::{self, EntryKind};
use crate::products::desk::views::{TicketView, Tickets};
use crate::products::desk::work::{author_of, call_as_owner, find_ticket, save_ticket};
use crate::products::desk::{Author, Status, articles, snooze};
use crate::rails::outcome::Failure;
use crate::sale::cx::Cx;
use crate::sale::request::{PAGE, ok, read_body};

/// Entries of a thread that are shown.
const THREAD_MAX: u32 = 1_000;

/// Answers a REST request of the host.
pub fn desk(
    cx: &Cx<'_, impl World>,
    cursor: Option<&str>,
    caller: &Caller,
    asked: &AtDesk,
    body: &[u8],
) -> Result<Reply, Failure> {
    let author = author_of(caller);
    Ok(match asked {
        AtDesk::Articles => ok(&articles::list(cx, cursor)?),
        AtDesk::CreateArticle => {
            Reply { status: 201, ..ok(&articles::create(cx, &read_body(body)?)?) }
        }
        AtDesk::ChangeArticle(id) => ok(&articles::change(cx, id, &read_body(body)?)?),
        AtDesk::RemoveArticle(id) => ok(&articles::remove(cx, id)?),
        AtDesk::Tickets => ok(&own_tickets(cx, cursor)?),
        AtDesk::SearchTickets => ok(&search_tickets(cx, &read_body(body)?)?),
        AtDesk::Ticket(id) => ok(&own_ticket(cx, id)?),
        AtDesk::ChangeTicket(id) => ok(&change_ticket(cx, id, &read_body(body)?, &author)?),
        AtDesk::MergeTicket(id) => {
            let Merge { into } = read_body(body)?;
            ok(&own_ticket(cx, &merge(cx, id, into, &author)?.id)?)
        }
        AtDesk::AddNote(id) => {
            let Note { body } = read_body(body)?;
            ok(&add_note(cx, id, &body, &author)?)
        }
        AtDesk::Reply(id) => {
            let Note { body } = read_body(body)?;
            let call = DeskCall::Send { ticket: id.clone(), text: input::body(&body)? };
            ok(&call_as_owner(cx, &call, caller)?)
        }
        AtDesk::Approvals => ok(&approvals(cx, cursor)?),
        AtDesk::Approve(id) => {
            let approval = if body.is_empty() { Approval::default() } else { read_body(body)? };
            ok(&approve(cx, id, &approval)?)
        }
        AtDesk::EditDraft(id) => ok(&edit(cx, id, &read_body(body)?)?),
        AtDesk::Reject(id) => {
            let verdict = if body.is_empty() { Verdict::default() } else { read_body(body)? };
            ok(&reject(cx, id, &verdict)?)
        }
        AtDesk::Settings => ok(&desk_settings(cx)?),
        AtDesk::ChangeSettings => ok(&change_desk(cx, &read_body(body)?)?),
        AtDesk::ResetBreaker => ok(&reset_breaker(cx)?),
    })
}

pub fn own_tickets(cx: &Cx<'_, impl World>, cursor: Option<&str>) -> Result<Tickets, Failure> {
    let page = Page::of(&MOST_URGENT_FIRST, PAGE, cursor, cx.world.now())?;
    found(cx, &page, &Wanted::default())
}

/// The tickets that the host looks for. The words are in the body of the request, because URLs are logged and mails are
/// nobody's business.
pub fn search_tickets(cx: &Cx<'_, impl World>, asked: &ListTickets) -> Result<Tickets, Failure> {
    let now = cx.world.now();
    let page = Page::read(&MOST_URGENT_FIRST, asked.limit, asked.cursor.as_deref(), now)?;
    found(cx, &page, &Wanted::read(asked)?)
}

fn found(cx: &Cx<'_, impl World>, page: &Page, wanted: &Wanted) -> Result<Tickets, Failure> {
    let (found, is_whole) = search::list(cx.world, page, wanted)?;
    let found = found.map(|ticket| TicketView::from(&ticket));
    Ok(Tickets { tickets: found.entries, is_whole, next_cursor: found.next_cursor })
}

/// A ticket with its whole thread.
pub fn own_ticket(cx: &Cx<'_, impl World>, id: &TicketId) -> Result<TicketView, Failure> {
    let ticket = find_ticket(cx, id)?;
    let mut view = TicketView::from(&ticket);
    view.thread = tickets::thread(cx.world, &ticket.id, true, THREAD_MAX)?;
    Ok(view)
}

pub fn change_ticket(
    cx: &Cx<'_, impl World>,
    id: &TicketId,
    changes: &TicketChanges,
    author: &Author,
) -> Result<TicketView, Failure> {
    let mut ticket = find_ticket(cx, id)?;
    let mut what = Vec::new();
    if let Some(status) = changes.status {
        ticket.status = status;
        what.push(if status == Status::Open { "opened again" } else { "resolved" }.to_owned());
    }
    if let Some(priority) = changes.priority {
        ticket.priority = priority;
        what.push(format!("priority {}", priority.as_str()));
    }
    if let Some(category) = &changes.category {
        ticket.category = input::category(category)?;
        what.push("category changed".to_owned());
    }
    if let Some(tags) = &changes.tags {
        ticket.tags = input::tags(tags)?;
        what.push("tags changed".to_owned());
    }
    if let Some(assignee) = &changes.assignee {
        let is_nobody = text::is_blank(assignee);
        ticket.assignee = if is_nobody { None } else { Some(input::assignee(assignee)?) };
        what.push("assignee changed".to_owned());
    }
    if let Some(until) = &changes.snoozed_until {
        let now = cx.world.now();
        let until = until.as_deref().map(|text| snooze::read(&ticket, text, now)).transpose()?;
        ticket.snoozed_until = until;
        what.push(if until.is_some() { "snoozed" } else { "woken" }.to_owned());
    }
    let what = what.join(", ");
    cx.world.atomically(|| save_ticket(cx, &ticket, author, &what))?;
    own_ticket(cx, id)
}

/// Adds a note that only the host sees.
pub fn add_note(
    cx: &Cx<'_, impl World>,
    id: &TicketId,
    body: &str,
    author: &Author,
) -> Result<TicketView, Failure> {
    let body = input::body(body)?;
    let ticket = find_ticket(cx, id)?;
    let now = cx.world.now();
    tickets::add(cx.world, &ticket.id, EntryKind::Note, author, &body, None, now)?;
    own_ticket(cx, id)
}

/// The desk's rules, and its mail statistics.
pub fn desk_settings(cx: &Cx<'_, impl World>) -> Result<DeskView, SqlError> {
    let now = cx.world.now();
    let takes_mail = cx.config.mail.as_ref().is_some_and(|mail| mail.inbox.is_some());
    Rules::load(cx.world, now)?.view(cx.world, takes_mail, now)
}

pub fn change_desk(cx: &Cx<'_, impl World>, changes: &DeskChanges) -> Result<DeskView, Failure> {
    let rules = Rules::load(cx.world, cx.world.now())?.changed(changes)?;
    rules.save(cx.world)?;
    Ok(desk_settings(cx)?)
}

/// Resets the breaker, so that mail is sent again.
pub fn reset_breaker(cx: &Cx<'_, impl World>) -> Result<DeskView, SqlError> {
    let now = cx.world.now();
    Rules::load(cx.world, now)?.reset(now).save(cx.world)?;
    desk_settings(cx)
}
