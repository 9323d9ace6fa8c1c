//! The requests of devices at the entrance.

use crate::base::http::Reply;
use crate::base::id::EventId;
use crate::ports::SqlError;
use crate::ports::World;
use crate::ports::paging::{Found, Page};
use crate::products::events::Event;
use crate::products::events::entrance::answers::{
    EntranceList, EntranceProblem, EntranceResult, EntranceSummary, EntranceSync, EntranceTicket,
    ProblemKind,
};
use crate::products::events::entrance::input::{self, NewMove, Request, What};
use crate::products::events::entrance::rules::{Kind, on_our_clock};
use crate::products::events::entrance::store as rows;
use crate::products::events::entrance::work::{self, Happened};
use crate::products::events::records::event;
use crate::products::events::rsvp::Rsvp;
use crate::products::events::store::{self, BY_SALE};
use crate::rails::outcome::Failure;
use crate::sale::cx::Cx;
use crate::sale::request::{ok, read_body};

/// Tickets on one page of the list.
const TICKETS_PER_PAGE: u32 = 1_000;
/// Changed tickets in one answer.
const CHANGED_MAX: u32 = 500;
/// Check-ins that are shown to the host as doubtful.
const DOUBTFUL_MAX: u32 = 200;

/// `GET /api/users/events/{id}/entrance`: what a device has to know without a connection.
pub fn list(
    cx: &Cx<'_, impl World>,
    event_id: &EventId,
    cursor: Option<&str>,
) -> Result<Reply, Failure> {
    let (event, _) = event(cx, event_id)?;
    let page = Page::of(&BY_SALE, TICKETS_PER_PAGE, cursor, cx.now())?;
    let Found { entries, next_cursor } = store::guests(cx.world, event_id, &page)?;
    let tickets = lines(&entries);
    Ok(ok(&EntranceList { tickets, summary: summary(cx, &event)?, next_cursor }))
}

/// `POST /api/users/events/{id}/entrance`: what a device did or asks for, and what has changed since it asked before.
pub fn sync(cx: &Cx<'_, impl World>, event_id: &EventId, body: &[u8]) -> Result<Reply, Failure> {
    let request = input::read(&read_body(body)?)?;
    let (event, _) = event(cx, event_id)?;
    let mut results = Vec::new();
    for new in &request.moves {
        results.push(cx.world.atomically(|| carry_out(cx, &event, &request, new))?);
    }
    let changed = changed(cx, &event, &request)?;
    Ok(ok(&EntranceSync { results, changed, summary: summary(cx, &event)? }))
}

fn carry_out(
    cx: &Cx<'_, impl World>,
    event: &Event,
    request: &Request,
    new: &NewMove,
) -> Result<EntranceResult, SqlError> {
    let at = on_our_clock(new.at, request.sent_at, cx.now());
    let happened = Happened { id: &new.id, at, device: &request.device };
    match &new.what {
        What::CheckIn(shown, asked) => work::enter(cx, event, happened, shown, *asked),
        What::Undo(undoes) => work::undo(cx, event, happened, undoes),
    }
}

/// What has changed since the device asked before; in the first request nothing.
fn changed(
    cx: &Cx<'_, impl World>,
    event: &Event,
    request: &Request,
) -> Result<Option<Vec<EntranceTicket>>, SqlError> {
    let Some(since) = request.since else { return Ok(Some(Vec::new())) };
    // A ticket that was given back is in no list of changes, so the device reads the whole list again.
    if store::was_given_back_since(cx.world, &event.id, since)? {
        return Ok(None);
    }
    let limit = CHANGED_MAX.saturating_add(1);
    let changed = rows::changed_since(cx.world, &event.id, since, limit)?;
    let is_whole = u32::try_from(changed.len()).is_ok_and(|count| count <= CHANGED_MAX);
    Ok(is_whole.then(|| lines(&changed)))
}

fn lines(rsvps: &[Rsvp]) -> Vec<EntranceTicket> {
    rsvps.iter().map(work::line).collect()
}

fn summary(cx: &Cx<'_, impl World>, event: &Event) -> Result<EntranceSummary, SqlError> {
    let (sold, inside) = rows::count(cx.world, &event.id)?;
    let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(EntranceSummary {
        at: cx.now().to_string(),
        title: event.title.clone(),
        starts_at: event.starts_at.to_string(),
        ends_at: event.ends_at.map(|moment| moment.to_string()),
        is_cancelled: event.cancelled,
        sold: small(sold),
        inside: small(inside),
        problems: problems(cx, &event.id)?,
    })
}

fn problems(cx: &Cx<'_, impl World>, event_id: &EventId) -> Result<Vec<EntranceProblem>, SqlError> {
    let mut problems: Vec<EntranceProblem> = Vec::new();
    for found in rows::doubtful(cx.world, event_id, DOUBTFUL_MAX)? {
        let kind = match found.it.kind {
            Kind::In => ProblemKind::Twice,
            Kind::Bad | Kind::Undo(_) => ProblemKind::NotValid,
        };
        let let_in = work::let_in(&found.it);
        match problems.last_mut() {
            Some(last) if last.ticket == found.ticket && last.kind == kind => {
                last.let_in.push(let_in);
            }
            Some(_) | None => {
                let name = found.name.as_deref();
                let guest = found.payer.as_deref().map(|payer| work::guest(name, payer));
                let let_in = vec![let_in];
                problems.push(EntranceProblem { ticket: found.ticket, guest, kind, let_in });
            }
        }
    }
    Ok(problems)
}
