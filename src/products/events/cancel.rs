//! Cancellation: of a seat by its guest, and of an event by its host. Both write down what goes back
//! ([`crate::ledger::refunds`]) in the transaction that cancels.

use serde_json::{Value, json};

use crate::base::code::Code;
use crate::base::fields;
use crate::base::id::{EventId, TicketCode};
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::http::explorer::link_to;
use crate::ledger::outbox::GATHER_SECONDS;
use crate::ledger::payments::Payment;
use crate::ledger::refunds::{self, Cause, Refund, State};
use crate::ports::{SqlError, World};
use crate::products::events::input::{CancelRsvp, event_id};
use crate::products::events::news::note;
use crate::products::events::party::seats_in_words;
use crate::products::events::policy::RefundTerms;
use crate::products::events::records::{event, publish_seat, publish_seats_of, save_event};
use crate::products::events::rsvp::Rsvp;
use crate::products::events::{
    Event, Seats, Status, drafts, free, guests_only, pictures, store, transfer,
};
use crate::rails::outcome::{Abort, Failure};
use crate::sale::bought;
use crate::sale::cx::Cx;
use crate::sale::repeat::{MayRead, ProvenPayer};

/// What would go back if the guest of a purchase cancelled now.
pub fn back(payment: &Payment, event: &Event, now: UnixSeconds) -> Usdc {
    let promised: Option<RefundTerms> =
        payment.refund_terms.clone().and_then(|terms| serde_json::from_value(terms).ok());
    let (start, place) = (event.starts_at, event.location.as_deref());
    let promised = promised.map_or(Usdc::ZERO, |it| it.back(payment.amount, (start, place), now));
    // A host that has become more generous is so to everybody.
    let offered = event.refund.terms(start, place).back(payment.amount, (start, place), now);
    promised.max(offered)
}

/// Gives the seats of a purchase back, for the wallet that paid. Says what goes back if the caller has not accepted that
/// yet. A second call says how far the refund is.
pub fn cancel_rsvp(
    cx: &Cx<'_, impl World>,
    arguments: &CancelRsvp,
    may: &MayRead,
) -> Result<Value, Failure> {
    let (id, now) = (event_id(&arguments.event_id)?, cx.now());
    let payment = may.settled().payment();
    if payment.event_id.as_ref() != Some(&id) || payment.tool != "rsvpToEvent" {
        let remedy = "is not the event that this payment has bought a seat at";
        return Err(fields::bad("eventId", remedy).into());
    }
    let accepted = accepted(arguments)?;
    if let Some(refund) = refunds::find(cx.world, &payment.id)? {
        return Ok(cancelled(cx, &id, &refund, payment.seats));
    }
    let (event, _) = event(cx, &id)?;
    let seats = store::rsvps_of_payment(cx.world, &payment.id)?;
    check_may_cancel(cx, &seats, &event)?;
    let back = back(payment, &event, now);
    if !is_accepted(accepted, back)? {
        return Ok(preview(&id, back, payment.seats));
    }
    wake_for_records(cx);
    cx.world.atomically(|| {
        store::take_back(cx.world, &payment.id, now)?;
        refunds::owe(cx.world, payment, &id, Cause::Guest, back, now)?;
        publish_seat(cx, payment)
    })?;
    let refund = refunds::find(cx.world, &payment.id)?;
    let refund = refund.ok_or_else(|| SqlError("a refund that is not there".to_owned()))?;
    Ok(cancelled(cx, &id, &refund, payment.seats))
}

/// Gives the free seats of a wallet back, as [`cancel_rsvp`]; no money is owed for them. `None`: it has none here.
pub fn cancel_free(
    cx: &Cx<'_, impl World>,
    arguments: &CancelRsvp,
    taker: &ProvenPayer,
) -> Result<Option<Value>, Failure> {
    let (id, now) = (event_id(&arguments.event_id)?, cx.now());
    let accepted = accepted(arguments)?;
    let seats = free::held(cx, &id, taker)?;
    let count = u32::try_from(seats.len()).unwrap_or(u32::MAX);
    if seats.is_empty() {
        // A seat that was paid for comes first: it may have a refund.
        let has_paid = taker.seat_of(cx.world, &id)?.is_some();
        let gone = store::cancelled_of_payer(cx.world, &id, taker.wallet())?;
        let gone = gone.filter(|seat| free::is_of(seat, taker) && !has_paid);
        return Ok(gone.map(|_| free_answer(&id, "The seat is cancelled. It was free.")));
    }
    let (event, _) = event(cx, &id)?;
    check_may_cancel(cx, &seats, &event)?;
    if !is_accepted(accepted, Usdc::ZERO)? {
        return Ok(Some(preview(&id, Usdc::ZERO, count)));
    }
    wake_for_records(cx);
    cx.world.atomically(|| {
        store::take_back_free(cx.world, &id, taker.wallet(), now)?;
        publish_seats_of(cx, &id, taker.wallet())
    })?;
    let free = if count == 1 { "It was free." } else { "They were free." };
    let words = format!("{} {free}", of_seats(count));
    Ok(Some(free_answer(&id, &words)))
}

/// What the caller accepts to get back at least.
fn accepted(arguments: &CancelRsvp) -> Result<Option<Usdc>, Failure> {
    let accepted = arguments.refund.as_deref().map(Usdc::from_dollars).transpose();
    Ok(accepted.map_err(|error| fields::bad("refund", error))?)
}

/// Whether the caller has accepted what goes back; `false` if it wants to know.
fn is_accepted(accepted: Option<Usdc>, back: Usdc) -> Result<bool, Failure> {
    match accepted {
        None => Ok(false),
        Some(accepted) if accepted > back => {
            let detail =
                format!("refund: ${back} goes back by now; call again with that to cancel");
            Err(Abort::new(Code::RefundChanged, detail).into())
        }
        Some(_) => Ok(true),
    }
}

/// Whether all seats of a purchase may be given back. One that was used at the entrance, and not taken back there, keeps
/// them all, and so does one that is in other hands: its new guest relies on it.
fn check_may_cancel(cx: &Cx<'_, impl World>, seats: &[Rsvp], event: &Event) -> Result<(), Failure> {
    let refused = |code, detail: &str| Err(Abort::new(code, detail).into());
    match event.status(cx.now()) {
        Status::Cancelled if seats.iter().all(Rsvp::is_free) => {
            return refused(Code::EventCancelled, "this event was cancelled by its host");
        }
        // An event of a version that wrote no refunds down.
        Status::Cancelled => {
            let detail = "this event was cancelled by its host; ask the host for your money";
            return refused(Code::EventCancelled, detail);
        }
        Status::Past => return refused(Code::EventPast, "this event is over"),
        Status::Scheduled | Status::Draft => {}
    }
    if seats.is_empty() {
        return refused(Code::NothingBought, "this payment has no seat any more");
    }
    if seats.iter().any(|seat| seat.checked_in_at.is_some()) {
        let detail = match seats {
            [_] => "the ticket was used at the entrance, so its seat cannot be given back",
            _ => {
                "a ticket of this purchase was used at the entrance, so its seats cannot be given back"
            }
        };
        return refused(Code::CannotCancel, detail);
    }
    if transfer::is_any_away(cx, seats)? {
        let detail = "a ticket of this purchase was given to somebody else, so its seats cannot be given back; its new guest, or the host of the event, can give it to your wallet again";
        return refused(Code::CannotCancel, detail);
    }
    Ok(())
}

/// `The seat is cancelled.`
fn of_seats(count: u32) -> String {
    match count {
        0 | 1 => "The seat is cancelled.".to_owned(),
        count => format!("{} are cancelled.", seats_in_words(count)),
    }
}

fn preview(id: &EventId, back: Usdc, seats: u32) -> Value {
    let all = match seats {
        0 | 1 => String::new(),
        seats => {
            format!(" The purchase has {}, and all of them are given back.", seats_in_words(seats))
        }
    };
    let message = if back.is_zero() {
        format!(
            "Nothing is cancelled yet. If you cancel now, no money goes back.{all} To cancel all the same, call again with refund \"0\"."
        )
    } else {
        format!(
            "Nothing is cancelled yet. If you cancel now, ${back} goes back to the wallet that paid.{all} To cancel, call again with refund \"{back}\"."
        )
    };
    answer(
        id,
        false,
        &json!({"amount": back.to_string(), "amountAtomic": back, "state": "none"}),
        &message,
    )
}

fn free_answer(id: &EventId, message: &str) -> Value {
    let refund =
        json!({"amount": Usdc::ZERO.to_string(), "amountAtomic": Usdc::ZERO, "state": "none"});
    answer(id, true, &refund, message)
}

fn answer(id: &EventId, is_cancelled: bool, refund: &Value, message: &str) -> Value {
    json!({
        "success": true,
        "cancelled": is_cancelled,
        "eventId": id,
        "refund": refund,
        "message": message,
    })
}

fn cancelled(cx: &Cx<'_, impl World>, id: &EventId, refund: &Refund, seats: u32) -> Value {
    let begin = match refund.cause {
        Cause::Guest => of_seats(seats),
        Cause::Host => "The host cancelled this event.".to_owned(),
    };
    let view = view(cx, refund);
    let message = format!("{begin} {}", view.words);
    answer(id, true, &json!(view), &message)
}

/// A refund as its guest sees it.
pub fn view(cx: &Cx<'_, impl World>, refund: &Refund) -> bought::Refund {
    let amount = refund.amount;
    let is_under_way =
        refund.signed.is_some() || refund.reported.is_some() || refund.seen.is_some();
    let (state, words) = match refund.state {
        State::None | State::Void => (bought::RefundState::None, "No money goes back.".to_owned()),
        State::Paying if is_under_way => (
            bought::RefundState::Paying,
            format!("${amount} is on its way back to the wallet that paid."),
        ),
        State::Owed | State::Paying => (
            bought::RefundState::Owed,
            format!("${amount} goes back to the wallet that paid. The host has not sent it yet."),
        ),
        State::Paid => {
            (bought::RefundState::Paid, format!("${amount} went back to the wallet that paid."))
        }
    };
    let link = |hash: &String| link_to(cx.config, &refund.network, hash);
    bought::Refund {
        amount: amount.to_string(),
        amount_atomic: amount,
        state,
        words,
        transaction_url: refund.transaction.as_ref().and_then(link),
        transaction: refund.transaction.clone(),
    }
}

/// Cancels an event. Its guests are owed what they paid. A second call gives the same answer.
pub fn cancel_event(cx: &Cx<'_, impl World>, id: &EventId) -> Result<Value, Failure> {
    let now = cx.world.now();
    let (mut event, seats) = event(cx, id)?;
    if event.is_draft {
        return drafts::delete(cx, &event);
    }
    if event.status(now) == Status::Past {
        return Err(Abort::new(Code::EventPast, "this event is over").into());
    }
    if !event.cancelled {
        event.cancelled = true;
        event.sequence = event.sequence.saturating_add(1);
        event.picture = None;
        wake_for_records(cx);
        cx.world.atomically(|| {
            pictures::forget(cx.world, Some(id))?;
            save_event(cx, &event, seats, now)?;
            store::mark_cancelled(cx.world, id, now)?;
            note::cancelled(cx, &event)?;
            refunds::owe_event(cx.world, id, now)
        })?;
    }
    let message = cancelled_words(seats, store::count_purchases(cx.world, id)?);
    let view = event.view(seats, now);
    Ok(json!({"success": true, "eventId": id, "event": view, "message": message}))
}

/// Sets the alarm that publishes what is cancelled, before the rows are there.
fn wake_for_records(cx: &Cx<'_, impl World>) {
    cx.world.wake_at(cx.now().plus(GATHER_SECONDS));
    cx.world.note_open();
}

fn cancelled_words(seats: Seats, purchases: u64) -> String {
    let sold = match purchases {
        0 if seats.taken > 0 => "Nobody has paid for a seat.".to_owned(),
        0 => "No seat was sold.".to_owned(),
        1 => "1 guest gets the money back from you.".to_owned(),
        sold => format!("{sold} guests get their money back from you."),
    };
    let held = match seats.held {
        0 => String::new(),
        held => format!(
            " {held} more {} being paid for right now: no more money is asked for, but what is on its way may still arrive, and is then to be paid back, too.",
            if held == 1 { "is" } else { "are" }
        ),
    };
    format!("The event is cancelled. {sold}{held}")
}

/// Completes the stored answer of a seat: what was cancelled is not shown as a seat.
pub fn show(cx: &Cx<'_, impl World>, mut answer: Value, may: &MayRead) -> Result<Value, Failure> {
    let payment = may.settled().payment();
    if payment.tool != "rsvpToEvent" {
        return Ok(answer);
    }
    let Some(refund) = refunds::find(cx.world, &payment.id)? else {
        if let Some(id) = &payment.event_id
            && let Some((event, _)) = store::find(cx.world, id)?
        {
            guests_only::reveal(&mut answer, &event);
        }
        return Ok(answer);
    };
    let begin = match (refund.cause, payment.seats) {
        (Cause::Guest, 0 | 1) => "This seat was cancelled.",
        (Cause::Guest, _) => "These seats were cancelled.",
        (Cause::Host, _) => "This event was cancelled.",
    };
    let view = view(cx, &refund);
    if let Some(members) = answer.as_object_mut() {
        members.insert("cancelled".to_owned(), json!(true));
        members.insert("message".to_owned(), json!(format!("{begin} {}", view.words)));
        members.insert("refund".to_owned(), json!(view));
    }
    Ok(answer)
}

/// Why a code lets nobody in.
pub fn no_ticket(cx: &Cx<'_, impl World>, id: &EventId, code: &str) -> Result<Abort, SqlError> {
    let is_cancelled = match TicketCode::short_in(code) {
        Some(end) => store::cancelled_of_short_code(cx.world, id, &end)?,
        None => match TicketCode::scanned(code) {
            Ok(code) => store::cancelled_of_ticket(cx.world, &code)?
                .is_some_and(|(seat, _)| seat.event_id == *id),
            Err(_) => false,
        },
    };
    Ok(if transfer::is_former(cx, id, code)? {
        transfer::was_given()
    } else if is_cancelled {
        Abort::new(
            Code::TicketCancelled,
            "code: this ticket was cancelled; its seat was given back",
        )
    } else {
        Abort::new(Code::NoSuchTicket, "code: this is not a ticket of this event")
    })
}
