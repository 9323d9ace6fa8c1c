//! Transfer: who has a ticket gives it to another person, also when the event is full. The ticket gets a new code and its
//! former one opens nothing any more. The seat stays that of the wallet that paid: money that goes back goes there.
//!
//! A ticket is in the hands of the wallet that paid, of the wallet that it was given to, or of the person who has its link. The last
//! one proves nothing, so only the host can give such a ticket on.

use alloy_primitives::Address;
use serde_json::{Value, json};

use crate::base::code::Code;
use crate::base::email::optional_email;
use crate::base::fields::{self, optional_line};
use crate::base::id::{EventId, TicketCode};
use crate::ledger::holders;
use crate::ports::{SqlError, World};
use crate::products::events::asks::GuestDetails;
use crate::products::events::input::TransferTicket;
use crate::products::events::rsvp::Rsvp;
use crate::products::events::store::{self, Given};
use crate::products::events::{Event, Status, records, transfer_mail};
use crate::rails::outcome::{Abort, Failure};
use crate::sale::cx::Cx;
use crate::sale::repeat::{Ground, MayRead, ProvenPayer};

/// How often a ticket changes hands at the most.
const TIMES_MAX: u32 = 5;
/// The longest name of a guest, characters.
const NAME_CHARS_MAX: usize = 200;
/// What stands for the host where others have their wallet.
const HOST: &str = "host";
const NOT_YOURS: &str = "this ticket is not in the hands of this wallet; only the wallet that bought it, or that it was given to, can give it on, or the host of the event";

/// Who wants to give a ticket away.
#[derive(Clone, Copy)]
enum Giver<'a> {
    Host,
    /// A wallet (EIP-55). A contract is one on its network only.
    Wallet(&'a str, Option<&'a str>),
}

/// Who shall have the ticket.
struct To {
    guest: GuestDetails,
    wallet: Option<String>,
}

/// For the wallet that made the payment of the seat, shown by the payment itself.
pub(super) fn by_payment(
    cx: &Cx<'_, impl World>,
    arguments: TransferTicket,
    may: &MayRead,
) -> Result<Value, Failure> {
    let payment = may.settled().payment();
    transfer(cx, arguments, Giver::Wallet(&payment.payer, Some(&payment.network)))
}

/// For a wallet that signed in with the call.
pub(super) fn by_wallet(
    cx: &Cx<'_, impl World>,
    arguments: TransferTicket,
    wallet: &ProvenPayer,
) -> Result<Value, Failure> {
    transfer(cx, arguments, Giver::Wallet(wallet.wallet(), wallet.network()))
}

/// For the host, whichever person has the ticket.
pub(super) fn by_host(
    cx: &Cx<'_, impl World>,
    arguments: TransferTicket,
) -> Result<Value, Failure> {
    transfer(cx, arguments, Giver::Host)
}

fn transfer(
    cx: &Cx<'_, impl World>,
    arguments: TransferTicket,
    giver: Giver<'_>,
) -> Result<Value, Failure> {
    let former = TicketCode::scanned(&arguments.ticket)
        .map_err(|error| fields::bad("ticket", error.to_string()))?;
    let to = read_to(arguments)?;
    let Some(seat) = store::rsvp_of_ticket(cx.world, &former)? else {
        return again(cx, &former, &to, giver);
    };
    let given = store::given(cx.world, &seat.id)?;
    if !is_in_hands(&seat, given.as_ref(), giver) {
        return Err(Abort::new(Code::NothingBought, NOT_YOURS).into());
    }
    let (event, _) = records::event(cx, &seat.event_id)?;
    let times = given.map_or(0, |given| given.times);
    check_may_transfer(cx, &event, &seat, times)?;
    event.asks.check(&to.guest)?;
    give(cx, &event, (seat, &former), &to, (giver, times.saturating_add(1)))
}

fn read_to(arguments: TransferTicket) -> Result<To, Failure> {
    let name = optional_line("name", arguments.name.as_deref(), NAME_CHARS_MAX)?;
    let email = optional_email("email", arguments.email.as_deref())?;
    let wallet = arguments.to_wallet.as_deref().map(|text| {
        let wallet = text.parse::<Address>().ok().filter(|wallet| !wallet.is_zero());
        let remedy = "must be an Ethereum address, or be left out";
        wallet.ok_or_else(|| fields::bad("toWallet", remedy))
    });
    let wallet = wallet.transpose()?.map(|wallet| wallet.to_checksum(None));
    Ok(To { guest: GuestDetails { name, email, ..GuestDetails::default() }, wallet })
}

/// Whether the giver has this ticket.
fn is_in_hands(seat: &Rsvp, given: Option<&Given>, giver: Giver<'_>) -> bool {
    match giver {
        Giver::Host => true,
        Giver::Wallet(wallet, network) => {
            let holder = given.map_or(Some(seat.payer.as_str()), |given| given.holder.as_deref());
            holder == Some(wallet) && network.is_none_or(|network| network == seat.network)
        }
    }
}

fn check_may_transfer(
    cx: &Cx<'_, impl World>,
    event: &Event,
    seat: &Rsvp,
    times: u32,
) -> Result<(), Failure> {
    let refused = |code, detail: &str| Err(Abort::new(code, detail).into());
    match event.status(cx.now()) {
        Status::Cancelled => {
            return refused(Code::EventCancelled, "this event was cancelled by its host");
        }
        Status::Past => return refused(Code::EventPast, "this event is over"),
        Status::Scheduled | Status::Draft => {}
    }
    if seat.checked_in_at.is_some() {
        let detail = "the ticket was used at the entrance, so it cannot be given to somebody else";
        return refused(Code::CannotTransfer, detail);
    }
    if times >= TIMES_MAX {
        let detail = format!(
            "the ticket has changed hands {TIMES_MAX} times, and no more is possible; ask the host of the event"
        );
        return Err(Abort::new(Code::CannotTransfer, detail).into());
    }
    Ok(())
}

/// Writes the transfer. There is no `await` between the checks and the rows.
fn give(
    cx: &Cx<'_, impl World>,
    event: &Event,
    (seat, former): (Rsvp, &TicketCode),
    to: &To,
    (giver, times): (Giver<'_>, u32),
) -> Result<Value, Failure> {
    let code = TicketCode::random(cx.scope, cx.world);
    let seat = Rsvp { code, guest: to.guest.clone(), ..seat };
    let by = match giver {
        Giver::Host => HOST,
        Giver::Wallet(wallet, _) => wallet,
    };
    let given = cx.world.atomically(|| {
        let is_mailed = transfer_mail::queue(cx, event, &seat);
        let given = Given { holder: to.wallet.clone(), is_mailed, times, at: cx.now() };
        store::give(cx.world, (&seat, former), &given, by)?;
        if let Some(holder) = &given.holder {
            // The alarm lists the wallet in the index of all hosts.
            holders::note(cx.world, holder, &seat.network)?;
        }
        Ok::<_, SqlError>(given)
    })?;
    Ok(answer(cx, &seat, &given))
}

/// A repeated call gets the same answer, as long as the ticket has not been given on.
fn again(
    cx: &Cx<'_, impl World>,
    code: &TicketCode,
    to: &To,
    giver: Giver<'_>,
) -> Result<Value, Failure> {
    let none = || Abort::new(Code::NoSuchTicket, "ticket: there is no such ticket");
    let former = store::former_code(cx.world, code)?.ok_or_else(none)?;
    let (seat, given) = store::seat_in_hands(cx.world, &former.seat)?.ok_or_else(none)?;
    let is_giver = match giver {
        Giver::Host => former.giver == HOST,
        Giver::Wallet(wallet, network) => {
            former.giver == wallet && network.is_none_or(|network| network == seat.network)
        }
    };
    let (event, _) = records::event(cx, &seat.event_id)?;
    let stored = event.asks.kept(to.guest.clone());
    let is_same = former.time == given.times && seat.guest == stored && given.holder == to.wallet;
    if is_giver && is_same { Ok(answer(cx, &seat, &given)) } else { Err(was_given().into()) }
}

fn answer(cx: &Cx<'_, impl World>, seat: &Rsvp, given: &Given) -> Value {
    let url = format!("{}/t/{}", cx.config.public_url, seat.code);
    // The person who gave it away learns the new code only if nobody else brings it to the new guest.
    let is_handed_over = !given.is_mailed && given.holder.is_none();
    let how = match (given.is_mailed, given.holder.is_some()) {
        (true, true) => {
            "The new guest has it by mail, and finds it under Tickets with the wallet that you named."
        }
        (true, false) => "The new guest has it by mail.",
        (false, true) => "The new guest finds it under Tickets with the wallet that you named.",
        (false, false) => {
            "Send the new guest the link of the ticket (`newTicketUrl`): who has it, has the seat."
        }
    };
    let money = match seat.is_free() {
        true => "",
        false => {
            " If money goes back for this seat, it goes to the wallet that paid, not to the new guest."
        }
    };
    json!({
        "success": true,
        "eventId": seat.event_id,
        "newTicketUrl": is_handed_over.then_some(url),
        "isMailed": given.is_mailed,
        "toWallet": given.holder,
        "message": format!(
            "The ticket is given away, and its former code opens nothing any more. {how}{money}"
        ),
    })
}

/// The former code of a ticket that was given away.
pub(super) fn was_given() -> Abort {
    let detail = "this ticket was given to somebody else, and this code opens nothing any more";
    Abort::new(Code::TicketTransferred, detail)
}

/// Whether a code at this event was given away.
pub(super) fn is_former(
    cx: &Cx<'_, impl World>,
    id: &EventId,
    code: &str,
) -> Result<bool, SqlError> {
    if let Some(end) = TicketCode::short_in(code) {
        return store::was_given_short(cx.world, id, &end);
    }
    let Ok(code) = TicketCode::scanned(code) else { return Ok(false) };
    Ok(match store::former_code(cx.world, &code)? {
        Some(former) => {
            store::rsvp(cx.world, &former.seat)?.is_some_and(|seat| seat.event_id == *id)
        }
        None => false,
    })
}

/// The seats of a purchase that are in the hands of the wallet that paid.
pub(super) fn kept(cx: &Cx<'_, impl World>, seats: Vec<Rsvp>) -> Result<Vec<Rsvp>, SqlError> {
    let away = store::given_away(cx.world, &seats)?;
    Ok(seats.into_iter().filter(|seat| !away.contains(&seat.id)).collect())
}

/// Whether a seat of these is in other hands than those of the wallet that paid.
pub(super) fn is_any_away(cx: &Cx<'_, impl World>, seats: &[Rsvp]) -> Result<bool, SqlError> {
    Ok(!store::given_away(cx.world, seats)?.is_empty())
}

/// Whether the page of this ticket offers to give it away.
pub(super) fn is_offered(
    cx: &Cx<'_, impl World>,
    event: &Event,
    seat: &Rsvp,
) -> Result<bool, Failure> {
    let given = store::given(cx.world, &seat.id)?;
    // Who has nothing but the link passes that on.
    let has_wallet = given.as_ref().is_none_or(|given| given.holder.is_some());
    let times = given.map_or(0, |given| given.times);
    match check_may_transfer(cx, event, seat, times) {
        Ok(()) => Ok(has_wallet),
        Err(Failure::Abort(_) | Failure::Unpaid(_)) => Ok(false),
        Err(fatal @ Failure::Fatal(_)) => Err(fatal),
    }
}

/// Completes the stored answer of seats: a ticket that was given away is not shown to the buyer, and one that came back has
/// another code.
pub(super) fn show(
    cx: &Cx<'_, impl World>,
    mut answer: Value,
    may: &MayRead,
) -> Result<Value, Failure> {
    let payment = may.settled().payment();
    // What was sold in this call is not given away yet.
    let is_new = may.ground() == Ground::First || payment.event_id.is_none();
    if is_new || !store::was_any_given(cx.world, &payment.id)? {
        return Ok(answer);
    }
    let seats = store::rsvps_of_payment(cx.world, &payment.id)?;
    if seats.is_empty() {
        return Ok(answer);
    }
    let away = store::given_away(cx.world, &seats)?;
    let url = |seat: &Rsvp| format!("{}/t/{}", cx.config.public_url, seat.code);
    let ticket = |seat: &Rsvp| match away.contains(&seat.id) {
        true => json!({"code": null, "name": null, "ticketUrl": null, "isGivenAway": true}),
        false => json!({"code": seat.code, "name": seat.guest.name, "ticketUrl": url(seat)}),
    };
    let first = seats.iter().find(|seat| !away.contains(&seat.id));
    let message = match away.len() {
        0 => "You have the ticket again. It has another code now.",
        1 => "A ticket of this purchase was given to somebody else.",
        _ => "Tickets of this purchase were given to somebody else.",
    };
    if let Some(members) = answer.as_object_mut() {
        members.insert("tickets".to_owned(), seats.iter().map(ticket).collect());
        members.insert("ticketUrl".to_owned(), json!(first.map(url)));
        members.insert("message".to_owned(), json!(message));
        if let Some(rsvp) = members.get_mut("rsvp").and_then(Value::as_object_mut) {
            rsvp.insert("code".to_owned(), json!(first.map(|seat| &seat.code)));
        }
    }
    Ok(answer)
}
