//! What seats cost a caller now, and how many it gets.

use alloy_primitives::Address;

use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::base::{fields, text};
use crate::ledger::payments::SeatHold;
use crate::ports::World;
use crate::products::events::party::{Party, seats_in_words};
use crate::products::events::promos::Promo;
use crate::products::events::refusals::{check_no_seat, event_for};
use crate::products::events::types::TicketType;
use crate::products::events::{Event, NotOnSale, Seats};
use crate::rails::outcome::Failure;
use crate::sale::answers::no_money;
use crate::sale::cx::Cx;
use crate::sale::product::{PaidAmount, Pays, Terms};

/// The terms of seats for a party. `wallet`: the one that must pay, if the caller named one.
///
/// # Errors
///
/// Why they are not for sale; no money moved.
pub(super) fn seat_terms(
    cx: &Cx<'_, impl World>,
    (event, seats): (&Event, Seats),
    (wallet, party): (Option<&Address>, &Party),
    pays: Option<&Pays>,
) -> Result<Terms, Failure> {
    let now = cx.now();
    let kind = event.type_for(party.wanted()).map_err(|it| no_money(it.into()))?;
    let for_payer = |payer: &str| event_for(cx, &event.id, payer);
    let named = wallet.map(|wallet| for_payer(&wallet.to_checksum(None))).transpose()?;
    let paying = pays.filter(|pays| party.is_flexible() && !pays.payer.is_empty());
    let paying = paying.map(|pays| for_payer(&pays.payer)).transpose()?;
    let room = match paying.as_ref().or(named.as_ref()) {
        // What its payer may have here is less than all that is left.
        Some(wanted) if party.is_flexible() => party.most_of(|count| {
            wanted.check_seats(count, now).is_ok() && event.check_type(kind, count).is_ok()
        }),
        Some(_) | None => event.room_for(party, (seats, kind), now),
    };
    let promo = event.promo_for(party.promo(), (pays.is_some(), room), now)?;
    let (count, price) = sold(event, (kind, promo), (party, room), pays, now);
    let on_sale = event.check_seats(seats, count, now);
    match on_sale.and_then(|()| event.check_type(kind, count)) {
        // A call with a payment waits, because a held seat may become free.
        Err(NotOnSale::AllHeld) if pays.is_some() => {}
        // A seat may be held for the wallet that pays, or that is named.
        Err(NotOnSale::Promised) if pays.is_some() || wallet.is_some() => {}
        on_sale => on_sale?,
    }
    if let Some(wanted) = named {
        check_no_seat(&wanted)?;
        // Asking later does not help against this one.
        if let Err(why @ (NotOnSale::TooManyForNewcomer(_) | NotOnSale::Promised)) =
            wanted.check_seats(count, now)
        {
            return Err(why.into());
        }
    }
    party.answering(event.asks, &event.questions).map_err(|missing| no_money(missing.into()))?;
    let together = |count: u32| {
        price.checked_mul(count).ok_or_else(|| {
            no_money(fields::bad("seats", "cost more together than this service handles").into())
        })
    };
    let most = together(party.seats())?;
    let ticket_type = kind.map(|kind| kind.id.clone());
    let promo = promo.map(|promo| promo.id.clone());
    Ok(Terms {
        amount: together(count)?,
        most: party.is_flexible().then_some(most),
        seats: Some(SeatHold { event: event.id.clone(), count, ticket_type, promo }),
        description: in_words(event, kind, (party, count)),
    })
}

/// How many seats are sold, and the price of each. An amount says which number of seats, at which price, its payer was told.
fn sold(
    event: &Event,
    priced: (Option<&TicketType>, Option<&Promo>),
    (party, room): (&Party, u32),
    pays: Option<&Pays>,
    now: UnixSeconds,
) -> (u32, Usdc) {
    let price = |pays: Option<Usdc>, count: u32| event.price_for(priced, (pays, count), now);
    let costs = |price: Usdc, count: u32| price.checked_mul(count);
    let fewer = || (party.least()..=room).rev();
    match pays.map(|pays| pays.amount) {
        None => (room, price(None, room)),
        Some(PaidAmount::Exactly(amount)) => {
            let mut known = fewer().map(|count| (count, price(Some(amount), count)));
            let told = known.find(|(count, each)| costs(*each, *count) == Some(amount));
            told.unwrap_or_else(|| (room, price(Some(amount), room)))
        }
        Some(PaidAmount::AtMost(amount)) => {
            let each = price(Some(amount), party.seats());
            let fits = |count: &u32| costs(each, *count).is_some_and(|cost| cost <= amount);
            (fewer().find(fits).unwrap_or(room), each)
        }
    }
}

/// `Rust meetup, 12 Dec 2026 18:30 Berlin, 2 seats, …`: shown to a payer by the wallet.
fn in_words(event: &Event, kind: Option<&TicketType>, (party, count): (&Party, u32)) -> String {
    let (seats, back) = (seats_in_words(count), event.refund.short());
    let seats = match party.is_flexible() {
        false => seats,
        true => format!("{seats} now ({} to {} when you pay)", party.least(), party.seats()),
    };
    let named = kind.map(|kind| format!(" {}", text::ascii_name(&kind.name, "ticket")));
    let named = named.unwrap_or_default();
    format!("{}, {seats}{named}, {back}", describe(event))
}

/// `Rust meetup, 12 Dec 2026 18:30 Berlin`.
pub(super) fn describe(event: &Event) -> String {
    let when = event.starts_at.to_short_words(&event.time_zone);
    format!("{}, {when}", text::ascii_name(&event.title, "Event"))
}
