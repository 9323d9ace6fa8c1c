//! Free seats: a wallet that signs in with the call (`SIGN-IN-WITH-X`) takes them, and no money moves.
//!
//! Wallets cost nothing, so a stranger could take every seat with fresh ones. Against that stand limits for wallets that have
//! neither paid here nor were checked in by this host before:
//!
//! - Two seats at once, and one purchase for each wallet and event, as of every seat.
//! - In 24 hours they take at most half of what was left of a limited event. So an event fills over some days if nobody
//!   of its guests is known, and its host sees an attack before it is full.
//! - Callers of one network (an IPv4 address, a /48) take at most ten seats of a host in 24 hours. To take a hundred, an
//!   attacker needs ten networks.

use alloy_primitives::Address;
use serde_json::Value;

use crate::base::code::Code;
use crate::base::id::{EventId, PaymentId};
use crate::base::money::Usdc;
use crate::ledger::{holders, payments};
use crate::ports::{SqlError, World};
use crate::products::events::party::{Party, seats_in_words};
use crate::products::events::refusals::{check_no_seat, event_for, other_wallet};
use crate::products::events::rsvp::Rsvp;
use crate::products::events::seats::To;
use crate::products::events::store::{self, FreeTaken};
use crate::products::events::tools::Tool;
use crate::products::events::types::TicketType;
use crate::products::events::{
    Event, NotOnSale, SeatFor, Seats, guesses, guests_only, records, seats, transfer,
};
use crate::rails::outcome::{Abort, Failure, Money};
use crate::sale::answers::{no_money, pending};
use crate::sale::cx::Cx;
use crate::sale::free_calls::free_call;
use crate::sale::product::Taker;
use crate::sale::repeat::ProvenPayer;
use crate::sale::tool::ProductTool;

/// Free seats that a wallet without history takes at once.
const NEWCOMER_SEATS_MAX: u32 = 2;
/// Free seats that wallets without history of one network take in [`DAY_SECONDS`] at a host.
const SOURCE_SEATS_MAX: u32 = 10;
const DAY_SECONDS: i64 = 86_400;

/// The tickets of free seats, for [`crate::sale::product::Sale::free`]: those that the wallet has, or new ones. `None`: the
/// seats are sold, or are not there.
///
/// # Errors
///
/// As [`take`].
pub(super) fn seat(
    cx: &Cx<'_, impl World>,
    id: &EventId,
    (named, party): (Option<Address>, &Party),
    by: &Taker<'_>,
) -> Result<Option<Value>, Failure> {
    let had = by.proven.map(|wallet| held(cx, id, wallet)).transpose()?.unwrap_or_default();
    let found = store::find(cx.world, id)?.filter(|(event, _)| !event.is_draft);
    let Some((event, before)) = found else { return Ok(None) };
    if !had.is_empty() {
        let kept = transfer::kept(cx, had)?;
        if kept.is_empty() {
            return Err(all_given_away());
        }
        let mut answer = seats::answer(cx, &kept, event.view(before, cx.now()), false)?;
        guests_only::reveal(&mut answer, &event);
        return Ok(Some(answer));
    }
    if by.is_open {
        guesses::check(cx, &event, party, by)?;
    }
    if !price_of(&event, party, cx).is_some_and(Usdc::is_zero) || !by.is_open {
        return Ok(None);
    }
    if let Some((wallet, named)) = by.proven.zip(named)
        && wallet.wallet() != named.to_checksum(None)
    {
        return Err(other_wallet());
    }
    Ok(Some(take(cx, (&event, before), party, by)?))
}

/// The analytics of an event, if the host gives them to this wallet for nothing.
///
/// # Errors
///
/// `event_not_found`; no money moved.
pub(super) fn analytics(
    cx: &Cx<'_, impl World>,
    id: &EventId,
    by: &Taker<'_>,
) -> Result<Option<Value>, Failure> {
    let Some(free) = free_call(cx, Tool::GetEventAnalytics.spec(), by)? else { return Ok(None) };
    records::event(cx, id).map_err(no_money)?;
    let answer = cx.world.atomically(|| {
        free.count(cx.world)?;
        records::analytics(cx, id)
    })?;
    Ok(Some(answer))
}

/// The free seats that a proven wallet has at an event.
///
/// # Errors
///
/// [`Failure`] if storage refuses.
pub(super) fn held(
    cx: &Cx<'_, impl World>,
    event: &EventId,
    wallet: &ProvenPayer,
) -> Result<Vec<Rsvp>, Failure> {
    let rsvps = store::rsvps_of_payer(cx.world, event, wallet.wallet())?;
    Ok(if rsvps.iter().all(|rsvp| is_of(rsvp, wallet)) { rsvps } else { Vec::new() })
}

/// Whether seats at an event are free now.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub(super) fn is_free(
    cx: &Cx<'_, impl World>,
    event: &EventId,
    party: &Party,
) -> Result<bool, SqlError> {
    let price = store::find(cx.world, event)?.map(|(event, _)| price_of(&event, party, cx));
    Ok(price.flatten().is_some_and(Usdc::is_zero))
}

/// What a seat costs the party; `None` if it wants a ticket type that is not there, or has a promo code that does not count.
fn price_of(event: &Event, party: &Party, cx: &Cx<'_, impl World>) -> Option<Usdc> {
    let kind = event.type_for(party.wanted()).ok()?;
    let promo = event.promo_for(party.promo(), (false, party.seats()), cx.now()).ok()?;
    Some(event.price_for((kind, promo), (None, party.seats()), cx.now()))
}

/// Whether a seat of this address is free and belongs to the wallet that was proven: a contract is one on its chain only.
pub(super) fn is_of(rsvp: &Rsvp, wallet: &ProvenPayer) -> bool {
    rsvp.is_free() && wallet.network().is_none_or(|network| network == rsvp.network)
}

/// Takes free seats for the wallet that signed in. There is no `await` between the checks and the rows.
///
/// # Errors
///
/// `proof_needed` if nobody signed in, and why the seats cannot be had; no money moved.
fn take(
    cx: &Cx<'_, impl World>,
    (event, seats): (&Event, Seats),
    party: &Party,
    by: &Taker<'_>,
) -> Result<Value, Failure> {
    let kind = event.type_for(party.wanted()).map_err(|it| no_money(it.into()))?;
    let party = &party.holding(event.room_for(party, (seats, kind), cx.now()));
    match event.check_seats(seats, party.seats(), cx.now()) {
        // One of them may be held for the wallet.
        Err(NotOnSale::Promised) => {}
        there_is => there_is?,
    }
    event.check_type(kind, party.seats())?;
    let party = &party
        .answering(event.asks, &event.questions)
        .map_err(|missing| no_money(missing.into()))?;
    let Some(wallet) = by.proven else { return Err(sign_in().into()) };
    let payer = wallet.wallet();
    let wanted = event_for(cx, &event.id, payer)?;
    check_no_seat(&wanted)?;
    wanted.check_room(party.seats(), cx.now())?;
    if payments::open_of(cx.world, payer)?.holds_seat(&event.id) {
        return Err(pending(None, "", 2).into());
    }
    let source = cx.pseudonym(by.source);
    let since = cx.now().plus(-DAY_SECONDS);
    // A wallet that gave free seats back here is limited as a newcomer is: each round leaves rows behind.
    let is_newcomer = (!wanted.has_paid_here && !store::has_come(cx.world, payer)?)
        || store::cancelled_of_payer(cx.world, &event.id, payer)?.is_some();
    // Who has waited in line was counted there.
    if is_newcomer && !wanted.has_offer(cx.now()) {
        let taken = store::free_taken(cx.world, &event.id, &source, since)?;
        check_newcomer(&wanted, party.seats(), taken)?;
    }
    let rsvps = rsvps(cx, (event, kind), wallet, party);
    let mut answer = cx.world.atomically(|| {
        if is_newcomer {
            let times = (cx.now(), since);
            store::note_free(cx.world, &event.id, &source, party.seats(), times)?;
        }
        // The alarm lists the holder in the index of all hosts.
        let network = rsvps.first().map_or("", |first| first.network.as_str());
        holders::note(cx.world, payer, network)?;
        let id = PaymentId::random(cx.world);
        seats::give(cx, &rsvps, id.as_str(), 0).map(|(_, answer)| answer)
    })?;
    guests_only::reveal(&mut answer, event);
    Ok(answer)
}

fn check_newcomer(wanted: &SeatFor, seats: u32, taken: FreeTaken) -> Result<(), Failure> {
    if seats > NEWCOMER_SEATS_MAX {
        let detail = format!(
            "a wallet that is new to this host gets at most {} of a free event; ask for fewer",
            seats_in_words(NEWCOMER_SEATS_MAX)
        );
        return Err(Abort::new(Code::EventFull, detail).with_money(Money::NotMoved).into());
    }
    if taken.by_source.saturating_add(seats) > SOURCE_SEATS_MAX {
        let detail = format!(
            "new wallets from your network have taken {} free seats here in 24 hours, and no more than {SOURCE_SEATS_MAX} are given; try again tomorrow",
            taken.by_source
        );
        return Err(later(Code::RateLimited, detail));
    }
    // What was left when the day began.
    let left = wanted.event.seats_left(wanted.seats);
    let share = left.map(|left| left.saturating_add(taken.at_event).div_ceil(2));
    if share.is_some_and(|share| taken.at_event.saturating_add(seats) > share) {
        let detail = "wallets that are new to this host take at most half of the free seats in 24 hours, and they have; try again tomorrow, or with a wallet that this host knows";
        return Err(later(Code::EventSeatsHeld, detail.to_owned()));
    }
    Ok(())
}

fn rsvps(
    cx: &Cx<'_, impl World>,
    (event, kind): (&Event, Option<&TicketType>),
    wallet: &ProvenPayer,
    party: &Party,
) -> Vec<Rsvp> {
    // A key is the same on every chain, so the preferred one stands for all.
    let preferred = || cx.config.networks.first().map_or("", |network| network.caip2);
    let network = wallet.network().unwrap_or_else(preferred);
    let ticket_type = kind.map(|kind| kind.id.as_str());
    let promo = event.promo_for(party.promo(), (false, party.seats()), cx.now());
    let promo = promo.ok().flatten().map(|promo| promo.id.as_str());
    let payer = wallet.wallet();
    let to = To { event: &event.id, ticket_type, promo, payer, network, transaction: "" };
    seats::new_rsvps(cx, &to, party, std::iter::repeat(Usdc::ZERO))
}

/// A wallet takes seats once at an event, also if it has given them away.
fn all_given_away() -> Failure {
    let detail =
        "this wallet has given its ticket to somebody else, and gets no other one at this event";
    Abort::new(Code::TicketTransferred, detail).with_money(Money::NotMoved).into()
}

fn sign_in() -> Abort {
    let detail = "this seat is free, and nothing is paid: call again with a SIGN-IN-WITH-X header of the wallet that shall have the seat (`extensions` says what the wallet signs)";
    Abort::new(Code::ProofNeeded, detail).with_money(Money::NotMoved)
}

fn later(code: Code, detail: String) -> Failure {
    let abort = Abort::new(code, detail).with_money(Money::NotMoved);
    Abort { retry_after: Some(DAY_SECONDS), ..abort }.into()
}
