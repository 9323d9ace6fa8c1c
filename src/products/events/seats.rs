//! What a buyer of seats gets once the money has moved: a ticket for each.

use serde_json::{Value, json};

use crate::base::id::{EventId, RsvpId, TicketCode};
use crate::base::money::Usdc;
use crate::ledger::payments::Settled;
use crate::ledger::refunds::{self, Cause};
use crate::ports::{SqlError, World};
use crate::products::events::input::RsvpToEvent;
use crate::products::events::party::{Party, seats_in_words};
use crate::products::events::rsvp::{Rsvp, paid_together};
use crate::products::events::views::EventView;
use crate::products::events::{Event, Seats, records, store, ticket_mail};
use crate::sale::cx::Cx;

/// Writes the seats of a settled payment, and gives the answer with their tickets.
///
/// # Errors
///
/// [`SqlError`]; nothing is written.
pub(super) fn fulfil(cx: &Cx<'_, impl World>, settled: &Settled) -> Result<Value, SqlError> {
    let payment = settled.payment();
    let rsvps = sold(cx, settled)?;
    let (event, answer) = give(cx, &rsvps, payment.id.as_str(), payment.seats)?;
    if event.cancelled {
        // Its host did that while the money was on its way.
        let amount = payment.amount;
        refunds::owe(cx.world, payment, &event.id, Cause::Host, amount, cx.now())?;
    }
    Ok(answer)
}

/// Writes seats, publishes and mails them, and gives their event and the answer with their tickets. `held` of the seats that are held now
/// become these.
///
/// # Errors
///
/// [`SqlError`]; nothing is written.
pub(super) fn give(
    cx: &Cx<'_, impl World>,
    rsvps: &[Rsvp],
    payment_id: &str,
    held: u32,
) -> Result<(Event, Value), SqlError> {
    let (mut event, seats) = store::insert_rsvps(cx.world, rsvps, payment_id)?
        .ok_or_else(|| SqlError("seats at an event that is not there".to_owned()))?;
    records::publish_sale(cx, rsvps, &event, seats)?;
    let is_mailed = ticket_mail::queue(cx, rsvps);
    let seats = Seats { held: seats.held.saturating_sub(held), ..seats };
    event.release(rsvps.first().and_then(|first| first.ticket_type.as_deref()), held);
    let answer = answer(cx, rsvps, event.view(seats, cx.world.now()), is_mailed)?;
    Ok((event, answer))
}

/// The seats that a payment buys, each at its share of the amount.
fn sold(cx: &Cx<'_, impl World>, settled: &Settled) -> Result<Vec<Rsvp>, SqlError> {
    let payment = settled.payment();
    let arguments: Option<RsvpToEvent> = serde_json::from_value(payment.arguments.clone())
        .map_err(|error| SqlError(format!("stored arguments: {error}")))?;
    let answers = payment.staged.as_ref().and_then(|staged| staged.get("answers")).cloned();
    let answers = answers.and_then(|answers| serde_json::from_value(answers).ok());
    let party = Party::stored(arguments.as_ref(), payment.seats, answers.unwrap_or_default());
    let event_id = payment.event_id.clone();
    let event_id = event_id.ok_or_else(|| SqlError("a seat without an event".to_owned()))?;
    let shares = shares(payment.amount, payment.seats);
    let shares = shares.ok_or_else(|| SqlError("a payment for no seat".to_owned()))?;
    let to = To {
        event: &event_id,
        ticket_type: payment.ticket_type.as_deref(),
        promo: payment.promo.as_deref(),
        payer: &payment.payer,
        network: &payment.network,
        transaction: settled.transaction(),
    };
    Ok(new_rsvps(cx, &to, &party, shares))
}

/// Where new seats are, and whose they are.
pub(super) struct To<'a> {
    pub event: &'a EventId,
    /// Their ticket type, by its id.
    pub ticket_type: Option<&'a str>,
    /// The promo code that they are bought with, by its id.
    pub promo: Option<&'a str>,
    /// The wallet that has them (EIP-55).
    pub payer: &'a str,
    /// CAIP-2, for example `eip155:8453`.
    pub network: &'a str,
    /// The hash of the payment, or empty.
    pub transaction: &'a str,
}

/// The seats of a party, each with a ticket of its own. `paid`: for each seat, in order.
pub(super) fn new_rsvps(
    cx: &Cx<'_, impl World>,
    to: &To<'_>,
    party: &Party,
    paid: impl IntoIterator<Item = Usdc>,
) -> Vec<Rsvp> {
    let seat = |((place, guest), paid)| Rsvp {
        id: RsvpId::random(cx.world),
        event_id: to.event.clone(),
        payer: to.payer.to_owned(),
        code: TicketCode::random(cx.scope, cx.world),
        place,
        guest,
        ticket_type: to.ticket_type.map(str::to_owned),
        promo: to.promo.map(str::to_owned),
        paid,
        transaction: to.transaction.to_owned(),
        network: to.network.to_owned(),
        created_at: cx.world.now(),
        checked_in_at: None,
    };
    party.guests().zip(paid).map(seat).collect()
}

/// What each seat costs of an amount for `seats`, the first one with the rest; `None` for no seats. The sum is the amount.
#[must_use]
pub fn shares(amount: Usdc, seats: u32) -> Option<Vec<Usdc>> {
    let each = amount.atomic().checked_div(u64::from(seats))?;
    let each = Usdc::from_atomic(each).ok()?;
    let others = each.checked_mul(seats.checked_sub(1)?)?;
    let first = amount.checked_sub(others)?;
    let others = (1..seats).map(|_| each);
    Some(std::iter::once(first).chain(others).collect())
}

/// The answer with the tickets of these seats.
///
/// # Errors
///
/// [`SqlError`] if there is no seat.
pub(super) fn answer(
    cx: &Cx<'_, impl World>,
    rsvps: &[Rsvp],
    event: EventView,
    is_mailed: bool,
) -> Result<Value, SqlError> {
    let url = &cx.config.public_url;
    let first = rsvps.first().ok_or_else(|| SqlError("a payment for no seat".to_owned()))?;
    let ticket = |rsvp: &Rsvp| {
        json!({
            "code": rsvp.code,
            "name": rsvp.guest.name,
            "ticketUrl": format!("{url}/t/{}", rsvp.code),
        })
    };
    let count = u32::try_from(rsvps.len()).unwrap_or(u32::MAX);
    let paid = paid_together(rsvps);
    let money = match first.is_free() {
        true => "It cost nothing.".to_owned(),
        false => format!("${paid} was paid."),
    };
    let message = match rsvps {
        [_] => format!("You have a seat. {money} Show the ticket at the entrance."),
        _ => format!(
            "You have {}. {money} Each guest shows one of the tickets at the entrance.",
            seats_in_words(count)
        ),
    };
    Ok(json!({
        "success": true,
        "event": event,
        "rsvp": {"id": first.id, "code": first.code, "payer": first.payer},
        "seats": count,
        "tickets": rsvps.iter().map(ticket).collect::<Vec<_>>(),
        "transactionHash": (!first.is_free()).then_some(&first.transaction),
        "message": message,
        "ticketUrl": format!("{url}/t/{}", first.code),
        "isMailed": is_mailed,
        "calendarUrl": format!("{url}/e/{}/{}/calendar.ics", cx.scope, first.event_id),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_of_the_seats_are_the_amount() {
        for (atomic, seats, first, each) in
            [(100_000, 2, 50_000, 50_000), (50_000, 1, 50_000, 50_000), (100, 3, 34, 33)]
        {
            let shares = shares(Usdc::from_atomic(atomic).unwrap(), seats).unwrap();
            assert_eq!(shares.len(), usize::try_from(seats).unwrap());
            assert_eq!(shares[0].atomic(), first);
            assert!(shares[1..].iter().all(|share| share.atomic() == each));
            assert_eq!(shares.iter().map(|share| share.atomic()).sum::<u64>(), atomic);
        }
        assert_eq!(shares(Usdc::from_cents(5), 0), None);
    }
}
