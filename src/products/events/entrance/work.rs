//! Carries out what devices at the entrance did, or ask for.

use serde_json::{Value, json};

use crate::base::code::Code;
use crate::base::fields;
use crate::base::id::{CheckInId, EventId, RsvpId, TicketCode};
use crate::base::time::UnixSeconds;
use crate::ports::{SqlError, World};
use crate::products::events::Event;
use crate::products::events::cancel::no_ticket;
use crate::products::events::entrance::answers::{
    EntranceOutcome, EntranceResult, EntranceTicket, LetIn,
};
use crate::products::events::entrance::input::{Shown, check_scanned};
use crate::products::events::entrance::rules::{
    self, Asked, Decision, Kind, Move, Refusal, Ticket,
};
use crate::products::events::entrance::store::{self as rows, Row};
use crate::products::events::records::event;
use crate::products::events::rsvp::Rsvp;
use crate::products::events::store;
use crate::products::events::views::CheckInAnswer;
use crate::rails::outcome::{Abort, Failure};
use crate::sale::cx::Cx;

/// Rows of one ticket. Beyond them nothing is written.
const MOVES_PER_TICKET_MAX: usize = 50;
/// Rows of an event for tickets that were not valid. Beyond them nothing is written.
const BAD_MAX: u64 = 1_000;

/// Where and when a move happened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Happened<'a> {
    pub id: &'a CheckInId,
    /// When it happened, by our clock.
    pub at: UnixSeconds,
    pub device: &'a str,
}

/// Marks the guest of a ticket as arrived, for a caller without a device's list.
pub fn check_in(cx: &Cx<'_, impl World>, id: &EventId, code: &str) -> Result<Value, Failure> {
    let (event, _) = event(cx, id)?;
    let code = check_scanned("code", code.to_owned())?;
    if TicketCode::short_in(&code).is_none() {
        TicketCode::scanned(&code).map_err(|error| fields::bad("code", error.to_string()))?;
    }
    let new = CheckInId::random(cx.world);
    let happened = Happened { id: &new, at: cx.now(), device: "" };
    let shown = Shown::Code(code.clone());
    let result = cx.world.atomically(|| enter(cx, &event, happened, &shown, Asked::MayEnter))?;
    let (rsvp, _) = of_shown(cx, id, &shown)?;
    let Some(rsvp) = rsvp else { return Err(no_ticket(cx, id, &code)?.into()) };
    let first_used_at = rsvp.checked_in_at.unwrap_or(happened.at).to_string();
    let (success, message) = match result.outcome {
        EntranceOutcome::In => (true, "Welcome: the ticket is good and is used now.".to_owned()),
        EntranceOutcome::AlreadyIn => {
            (false, format!("This ticket was used before, first at {first_used_at}."))
        }
        EntranceOutcome::EventCancelled => {
            return Err(Abort::new(Code::EventCancelled, "this event was cancelled").into());
        }
        EntranceOutcome::NotValid | EntranceOutcome::Undone | EntranceOutcome::NotUndone => {
            return Err(no_ticket(cx, id, &code)?.into());
        }
    };
    Ok(json!(CheckInAnswer { success, first_used_at, rsvp: rsvp.line(&event), message }))
}

/// Lets a guest in, or says why not. Within the caller's transaction.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub(super) fn enter(
    cx: &Cx<'_, impl World>,
    event: &Event,
    happened: Happened<'_>,
    shown: &Shown,
    asked: Asked,
) -> Result<EntranceResult, SqlError> {
    if let Some(known) = rows::find(cx.world, happened.id)? {
        return known_result(cx, event, known);
    }
    let (rsvp, ticket) = of_shown(cx, &event.id, shown)?;
    let listed = match shown {
        Shown::Code(_) => None,
        Shown::Listed(id, _) => Some(id.clone()),
    };
    let Some(id) = rsvp.as_ref().map(|rsvp| rsvp.id.clone()).or(listed) else {
        return Ok(result(happened.id, EntranceOutcome::NotValid, None, None));
    };
    let mut moves = rows::moves_of(cx.world, id.as_str())?;
    if moves.is_empty() {
        moves.extend(adopt_old(cx, event, rsvp.as_ref())?);
    }
    let has_room = moves.len() < MOVES_PER_TICKET_MAX;
    let (kind, refused) = match rules::decide(ticket, event.cancelled, asked) {
        Decision::LetIn => (Some(Kind::In), None),
        Decision::Refuse(refusal) => (None, Some(refusal)),
        Decision::Regret(Refusal::AlreadyIn) => (Some(Kind::In), Some(Refusal::AlreadyIn)),
        Decision::Regret(refusal) if rows::count_bad(cx.world, &event.id)? < BAD_MAX => {
            (Some(Kind::Bad), Some(refusal))
        }
        Decision::Regret(refusal) => (None, Some(refusal)),
    };
    if let Some(kind) = kind.filter(|_| has_room) {
        let new = new_move(cx, happened, kind);
        rows::insert(cx.world, &event.id, id.as_str(), &new)?;
        moves.push(new);
        note_first(cx, id.as_str(), &moves)?;
    }
    let ticket = store::rsvp(cx.world, &id)?.filter(|rsvp| rsvp.event_id == event.id);
    let outcome = match refused {
        Some(Refusal::NotValid) => EntranceOutcome::NotValid,
        Some(Refusal::EventCancelled) => EntranceOutcome::EventCancelled,
        // A late check-in may turn out to be the first.
        Some(Refusal::AlreadyIn) | None => return Ok(standing(happened.id, ticket, &moves)),
    };
    Ok(result(happened.id, outcome, ticket.as_ref(), None))
}

/// Takes a check-in back. Within the caller's transaction.
///
/// # Errors
/// As [`enter`].
pub(super) fn undo(
    cx: &Cx<'_, impl World>,
    event: &Event,
    happened: Happened<'_>,
    undoes: &CheckInId,
) -> Result<EntranceResult, SqlError> {
    if let Some(known) = rows::find(cx.world, happened.id)? {
        return known_result(cx, event, known);
    }
    let here = |row: &Row| row.event_id == event.id.as_str();
    let Some(undone) = rows::find(cx.world, undoes)?.filter(here) else {
        return Ok(result(happened.id, EntranceOutcome::NotUndone, None, None));
    };
    let mut moves = rows::moves_of(cx.world, &undone.ticket)?;
    let is_undo = |it: &Move| matches!(&it.kind, Kind::Undo(id) if id == undoes);
    let was_undone = moves.iter().any(is_undo);
    let is_in_time = rules::may_undo(undone.it.at, happened.at);
    let has_room = moves.len() < MOVES_PER_TICKET_MAX;
    let may = !matches!(undone.it.kind, Kind::Undo(_)) && is_in_time && has_room;
    if may && !was_undone {
        let new = new_move(cx, happened, Kind::Undo(undoes.clone()));
        rows::insert(cx.world, &event.id, &undone.ticket, &new)?;
        moves.push(new);
        note_first(cx, &undone.ticket, &moves)?;
    }
    let outcome =
        if may || was_undone { EntranceOutcome::Undone } else { EntranceOutcome::NotUndone };
    Ok(result(happened.id, outcome, ticket_of(cx, &undone)?.as_ref(), None))
}

/// The line of a ticket.
#[must_use]
pub(super) fn line(rsvp: &Rsvp) -> EntranceTicket {
    EntranceTicket {
        ticket: rsvp.id.as_str().to_owned(),
        mark: rules::mark(&rsvp.code),
        guest: guest(rsvp.guest.name.as_deref(), &rsvp.payer),
        paid: rsvp.paid.to_string(),
        checked_in_at: rsvp.checked_in_at.map(|moment| moment.to_string()),
    }
}

/// The name of a guest, or the short form of its wallet.
#[must_use]
pub(super) fn guest(name: Option<&str>, payer: &str) -> String {
    let short = || match (payer.get(..6), payer.len().checked_sub(4).and_then(|at| payer.get(at..)))
    {
        (Some(start), Some(end)) => format!("{start}\u{2026}{end}"),
        (..) => payer.to_owned(),
    };
    name.map_or_else(short, str::to_owned)
}

/// When and where somebody came in.
#[must_use]
pub(super) fn let_in(it: &Move) -> LetIn {
    LetIn { id: it.id.to_string(), at: it.at.to_string(), device: it.device.clone() }
}

/// The ticket that is shown, and whether it is valid.
fn of_shown(
    cx: &Cx<'_, impl World>,
    event_id: &EventId,
    shown: &Shown,
) -> Result<(Option<Rsvp>, Ticket), SqlError> {
    let (rsvp, mark) = match shown {
        Shown::Code(text) => (of_code(cx, event_id, text)?, None),
        Shown::Listed(id, mark) => (store::rsvp(cx.world, id)?, Some(mark)),
    };
    let rsvp = rsvp.filter(|rsvp| rsvp.event_id == *event_id);
    let state = match &rsvp {
        None => Ticket::NotValid,
        // The ticket has another code now: it belongs to somebody else.
        Some(rsvp) if mark.is_some_and(|mark| *mark != rules::mark(&rsvp.code)) => Ticket::NotValid,
        Some(rsvp) if rsvp.checked_in_at.is_some() => Ticket::Used,
        Some(_) => Ticket::Valid,
    };
    Ok((rsvp, state))
}

fn of_code(
    cx: &Cx<'_, impl World>,
    event_id: &EventId,
    text: &str,
) -> Result<Option<Rsvp>, SqlError> {
    if let Some(end) = TicketCode::short_in(text) {
        return store::rsvp_of_short_code(cx.world, event_id, &end);
    }
    TicketCode::scanned(text).map_or(Ok(None), |code| store::rsvp_of_ticket(cx.world, &code))
}

/// A check-in of before there were rows gets one, so that it counts with the others.
fn adopt_old(
    cx: &Cx<'_, impl World>,
    event: &Event,
    rsvp: Option<&Rsvp>,
) -> Result<Option<Move>, SqlError> {
    let Some((rsvp, at)) = rsvp.and_then(|rsvp| Some((rsvp, rsvp.checked_in_at?))) else {
        return Ok(None);
    };
    let id = rows::id_of_old(&rsvp.id)?;
    let old = Move { id, kind: Kind::In, at, received_at: at, device: String::new() };
    rows::insert(cx.world, &event.id, rsvp.id.as_str(), &old)?;
    Ok(Some(old))
}

/// What became of a move that is sent again.
fn known_result(
    cx: &Cx<'_, impl World>,
    event: &Event,
    known: Row,
) -> Result<EntranceResult, SqlError> {
    if known.event_id != event.id.as_str() {
        return Ok(result(&known.it.id, EntranceOutcome::NotValid, None, None));
    }
    let ticket = ticket_of(cx, &known)?;
    let outcome = match known.it.kind {
        Kind::In => {
            let moves = rows::moves_of(cx.world, &known.ticket)?;
            return Ok(standing(&known.it.id, ticket, &moves));
        }
        Kind::Bad => EntranceOutcome::NotValid,
        Kind::Undo(_) => EntranceOutcome::Undone,
    };
    Ok(result(&known.it.id, outcome, ticket.as_ref(), None))
}

fn ticket_of(cx: &Cx<'_, impl World>, row: &Row) -> Result<Option<Rsvp>, SqlError> {
    let id = RsvpId::parse(&row.ticket).ok();
    let found = id.map(|id| store::rsvp(cx.world, &id)).transpose()?;
    Ok(found.flatten())
}

/// Whether a check-in is the one that counts.
fn standing(id: &CheckInId, ticket: Option<Rsvp>, moves: &[Move]) -> EntranceResult {
    let live = rules::let_in(moves);
    let first = rules::first_of(&live);
    let is_live = live.iter().any(|it| it.id == *id);
    let was_written = moves.iter().any(|it| it.id == *id);
    match first {
        Some(first) if first.id == *id => result(id, EntranceOutcome::In, ticket.as_ref(), None),
        Some(first) if is_live || !was_written => {
            let first = Some(let_in(first));
            result(id, EntranceOutcome::AlreadyIn, ticket.as_ref(), first)
        }
        Some(_) | None => result(id, EntranceOutcome::Undone, ticket.as_ref(), None),
    }
}

fn result(
    id: &CheckInId,
    outcome: EntranceOutcome,
    ticket: Option<&Rsvp>,
    first: Option<LetIn>,
) -> EntranceResult {
    EntranceResult { id: id.to_string(), outcome, ticket: ticket.map(line), first }
}

fn new_move(cx: &Cx<'_, impl World>, happened: Happened<'_>, kind: Kind) -> Move {
    let Happened { id, at, device } = happened;
    Move { id: id.clone(), kind, at, received_at: cx.now(), device: device.to_owned() }
}

fn note_first(cx: &Cx<'_, impl World>, ticket: &str, moves: &[Move]) -> Result<(), SqlError> {
    let first = rules::first_of(&rules::let_in(moves)).map(|it| it.at);
    rows::set_used(cx.world, ticket, first)
}
