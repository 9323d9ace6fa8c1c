//! What buyers of seats find in the list of everything that they have bought.

use serde_json::json;

use crate::base::id::{EventId, PaymentId, RsvpId};
use crate::base::money::Usdc;
use crate::http::cover::Cut;
use crate::ledger::payments::{self, Payment};
use crate::ledger::refunds;
use crate::ports::{SqlError, World};
use crate::products::events::rsvp::Rsvp;
use crate::products::events::tools::Tool;
use crate::products::events::{Event, Status, cancel, store, transfer};
use crate::sale::bought::{Again, Bought, Cancel, Kind, State, unsettled};
use crate::sale::cx::Cx;
use crate::sale::tool::ProductTool;

/// The title of a seat whose event is not stored.
const NO_EVENT: &str = "Event";

/// What a payment for one of the events' tools has bought.
pub(super) fn bought(
    tool: Tool,
    cx: &Cx<'_, impl World>,
    payment: &Payment,
) -> Result<Bought, SqlError> {
    let event = payment.wanted.as_deref().and_then(|id| EventId::parse(id).ok());
    let event = event.map(|id| store::find(cx.world, &id)).transpose()?.flatten();
    let event = event.map(|(event, _)| event);
    if tool != Tool::RsvpToEvent {
        let title = tool.spec().title;
        let title = event.map_or_else(|| title.to_owned(), |it| format!("{title}: {}", it.title));
        return Ok(Bought::plain(Kind::Other, title, State::Done, payment));
    }
    let rsvps = store::rsvps_of_payment(cx.world, &payment.id)?;
    let refund = refunds::find(cx.world, &payment.id)?;
    let is_given_back = rsvps.is_empty() && refund.is_some();
    let rsvps = match is_given_back {
        true => store::cancelled_of_payment(cx.world, &payment.id)?,
        false => rsvps,
    };
    let kept = if is_given_back { rsvps.clone() } else { transfer::kept(cx, rsvps.clone())? };
    let is_any_away = kept.len() < rsvps.len();
    let seat = match kept.is_empty() && !rsvps.is_empty() {
        // The state of the event is that of its new guest's ticket.
        true => {
            Bought { state: State::GivenAway, ticket_url: None, ..seat(cx, event.as_ref(), &rsvps) }
        }
        false => seat(cx, event.as_ref(), &kept),
    };
    let state = if is_given_back { State::Cancelled } else { seat.state };
    // A ticket that was used keeps the whole purchase.
    let may_cancel = state == State::Valid
        && !is_any_away
        && payment.state == payments::State::Delivered
        && rsvps.iter().all(|rsvp| rsvp.checked_in_at.is_none());
    Ok(Bought {
        item: payment.wanted.clone(),
        state: unsettled(payment).unwrap_or(state),
        seats: Some(payment.seats),
        again: kept.first().filter(|_| !is_given_back).map(|rsvp| Again {
            url: cx.resource_url(tool.spec().name),
            arguments: json!({"eventId": rsvp.event_id}),
        }),
        refund: refund.map(|refund| cancel::view(cx, &refund)),
        cancel: event
            .filter(|_| may_cancel)
            .map(|event| offer_to_cancel(cx, &event, cancel::back(payment, &event, cx.now()))),
        ..seat
    })
}

fn offer_to_cancel(cx: &Cx<'_, impl World>, event: &Event, back: Usdc) -> Cancel {
    let refund = back.to_string();
    Cancel {
        url: cx.resource_url(Tool::CancelRsvp.spec().name),
        arguments: json!({"eventId": event.id, "refund": refund}),
        refund,
    }
}

/// Seats without a stored payment: free ones, which can be given back, and those that were read back from KV, whose tickets
/// have new codes.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn read_back(
    cx: &Cx<'_, impl World>,
    payment: &PaymentId,
) -> Result<Option<(Vec<Rsvp>, Bought)>, SqlError> {
    let rsvps = store::rsvps_of_payment(cx.world, payment)?;
    let Some(first) = rsvps.first() else { return Ok(None) };
    let event = store::find(cx.world, &first.event_id)?.map(|(event, _)| event);
    let refund = refunds::find(cx.world, payment)?.map(|refund| cancel::view(cx, &refund));
    let seat = seat(cx, event.as_ref(), &rsvps);
    let may_cancel = seat.state == State::Valid
        && rsvps.iter().all(|rsvp| rsvp.is_free() && rsvp.checked_in_at.is_none());
    let cancel = event.filter(|_| may_cancel).map(|event| offer_to_cancel(cx, &event, Usdc::ZERO));
    Ok(Some((rsvps, Bought { refund, cancel, ..seat })))
}

/// A ticket that somebody else has paid for and given away.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn given(cx: &Cx<'_, impl World>, id: &RsvpId) -> Result<Option<(Rsvp, Bought)>, SqlError> {
    let Some((rsvp, ..)) = store::seat_in_hands(cx.world, id)? else { return Ok(None) };
    let event = store::find(cx.world, &rsvp.event_id)?.map(|(event, _)| event);
    let bought = seat(cx, event.as_ref(), std::slice::from_ref(&rsvp));
    Ok(Some((rsvp, bought)))
}

fn seat(cx: &Cx<'_, impl World>, event: Option<&Event>, rsvps: &[Rsvp]) -> Bought {
    let rsvp = rsvps.first();
    let all_used = rsvps.iter().all(|rsvp| rsvp.checked_in_at.is_some());
    let state = match (event.map(|event| event.status(cx.now())), rsvp) {
        // The seats are gone: their money was dropped by the chain.
        (_, None) => State::TakenBack,
        (Some(Status::Cancelled), Some(_)) => State::Cancelled,
        (_, Some(_)) if all_used => State::Used,
        (Some(Status::Past), Some(_)) => State::Over,
        (Some(Status::Scheduled | Status::Draft) | None, Some(_)) => State::Valid,
    };
    Bought {
        kind: Kind::Seat,
        item: rsvp.map(|rsvp| rsvp.event_id.to_string()),
        title: event.map_or_else(|| NO_EVENT.to_owned(), |event| event.title.clone()),
        starts_at: event.map(|event| event.starts_at.to_string()),
        ends_at: event.and_then(|event| event.ends_at).map(|end| end.to_string()),
        time_zone: event.map(|event| event.time_zone.as_str().to_owned()),
        place: event.and_then(|event| event.location.clone()),
        cover_path: event.map(|event| event.cover_path(Cut::Wide)),
        state,
        seats: u32::try_from(rsvps.len()).ok(),
        ticket_url: rsvp.map(|rsvp| format!("{}/t/{}", cx.config.public_url, rsvp.code)),
        again: None,
        refund: None,
        cancel: None,
    }
}
