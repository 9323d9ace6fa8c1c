//! Whether the seats that a payment has claimed can still be had.

use crate::base::id::PaymentId;
use crate::ledger::payments::{self, Payment};
use crate::ports::{SqlError, World};
use crate::products::events::party::Party;
use crate::products::events::{Event, NotOnSale, Status, store};
use crate::rails::outcome::Failure;
use crate::sale::answers::no_money;
use crate::sale::cx::Cx;
use crate::sale::product::Offer;

/// Checks that the ticket type of a claimed payment can still be had, and that its promo code has uses left. Its host may have made
/// others of the same name.
pub(super) fn check_claimed(
    cx: &Cx<'_, impl World>,
    event: &Event,
    party: &Party,
    payment: &PaymentId,
) -> Result<(), Failure> {
    let kind = event.type_for(party.wanted()).map_err(|it| no_money(it.into()))?;
    event.check_type(kind, party.seats())?;
    if kind.is_none() && party.promo().is_none() {
        return Ok(());
    }
    let claimed = payments::find(cx.world, payment)?;
    let (ticket_type, promo) = claimed.map(|it| (it.ticket_type, it.promo)).unwrap_or_default();
    if kind.is_some_and(|kind| ticket_type.as_ref() != Some(&kind.id)) {
        return Err(NotOnSale::TypeFull.into());
    }
    event.check_promo(promo.as_deref(), party.seats(), cx.now()).map_err(Failure::from)
}

/// The party with as many seats as its payment holds. They were counted when it was claimed.
pub(super) fn claimed_party(
    cx: &Cx<'_, impl World>,
    party: &Party,
    payment: &PaymentId,
) -> Result<Party, SqlError> {
    if !party.is_flexible() {
        return Ok(party.clone());
    }
    let claimed = payments::find(cx.world, payment)?;
    Ok(claimed.map_or_else(|| party.clone(), |claimed| party.holding(claimed.seats)))
}

/// Whether a seat that a payment of unknown outcome wants can still be had.
pub(super) fn offer_seat(cx: &Cx<'_, impl World>, payment: &Payment) -> Result<Offer, SqlError> {
    let Some(id) = &payment.event_id else { return Ok(Offer::Open) };
    let Some((event, _)) = store::find(cx.world, id)? else {
        return Ok(Offer::Gone("its event is gone"));
    };
    Ok(match event.status(cx.now()) {
        Status::Cancelled => Offer::Gone("its event is cancelled"),
        Status::Past | Status::Draft => Offer::Gone("its event is over"),
        Status::Scheduled if !store::rsvps_of_payer(cx.world, id, &payment.payer)?.is_empty() => {
            Offer::Gone("its wallet has a seat already")
        }
        Status::Scheduled => Offer::Open,
    })
}
