//! Calls of the events' tools: those that nobody pays for ([`call`]), and the sale of a seat and of an event's analytics.

use alloy_primitives::Address;
use serde_json::{Value, json};

use crate::base::code::Code;
use crate::base::id::{EventId, PaymentId, RsvpId, TicketCode};
use crate::base::money::Usdc;
use crate::base::{fields, text};
use crate::identity::access::Caller;
use crate::ledger::payments::{self, Payment, Settled};
use crate::ports::{SqlError, World};
use crate::products::events::asks::GuestDetails;
use crate::products::events::input::{self, CheckIn, OneEvent, RsvpToEvent};
use crate::products::events::rsvp::Rsvp;
use crate::products::events::tools::{ANALYTICS_PRICE, Tool};
use crate::products::events::{
    Event, EventView, NotOnSale, SeatFor, Seats, Status, bought, manage, records, store,
    ticket_mail,
};
use crate::rails::outcome::{Abort, Failure, Money};
use crate::rails::quote::PaidCall;
use crate::sale::answers::{no_money, pending};
use crate::sale::bought::Bought;
use crate::sale::cx::Cx;
use crate::sale::product::{Hold, Offer, Sale, Terms, not_sold};
use crate::sale::repeat::ProvenPayer;
use crate::sale::request::read_arguments;

/// A paid call of the events.
#[derive(Debug)]
pub enum EventSale {
    /// `rsvpToEvent`, which buys one seat.
    Seat {
        event_id: EventId,
        /// The wallet that must pay, if the caller named one.
        wallet: Option<Address>,
        guest: GuestDetails,
    },
    /// `getEventAnalytics`, which buys figures of the event.
    Analytics { event_id: EventId },
}

impl EventSale {
    const fn event_id(&self) -> &EventId {
        match self {
            Self::Seat { event_id, .. } | Self::Analytics { event_id } => event_id,
        }
    }
}

/// Calls a tool that is not paid for.
///
/// # Errors
///
/// [`Failure`] of the tool.
pub fn call(
    cx: &Cx<'_, impl World>,
    tool: Tool,
    arguments: Value,
    _: &Caller,
) -> Result<Value, Failure> {
    match tool {
        Tool::ListEvents => manage::list_events(cx, read_arguments(arguments)?),
        Tool::GetEvent => {
            let OneEvent { event_id } = read_arguments(arguments)?;
            manage::get_event(cx, &input::event_id(&event_id)?)
        }
        Tool::GetEventAnalytics => {
            let OneEvent { event_id } = read_arguments(arguments)?;
            let id = input::event_id(&event_id)?;
            records::event(cx, &id)?;
            Ok(records::analytics(cx, &id)?)
        }
        Tool::CreateEvent => manage::create_event(cx, read_arguments(arguments)?),
        Tool::UpdateEvent => {
            let (id, changes) = manage::split_update(arguments)?;
            manage::update_event(cx, &id, changes)
        }
        Tool::CancelEvent => {
            let OneEvent { event_id } = read_arguments(arguments)?;
            manage::cancel_event(cx, &input::event_id(&event_id)?)
        }
        Tool::CheckIn => {
            let CheckIn { event_id, code } = read_arguments(arguments)?;
            manage::check_in(cx, &input::event_id(&event_id)?, &code)
        }
        Tool::RsvpToEvent => Err(Abort::is_paid().into()),
    }
}

impl Sale<Tool> for EventSale {
    fn read(tool: Tool, arguments: Value) -> Result<Self, Failure> {
        match tool {
            Tool::RsvpToEvent => read_seat(arguments),
            Tool::GetEventAnalytics => {
                let OneEvent { event_id } = read_arguments(arguments)?;
                Ok(Self::Analytics { event_id: input::event_id(&event_id)? })
            }
            Tool::ListEvents
            | Tool::GetEvent
            | Tool::CreateEvent
            | Tool::UpdateEvent
            | Tool::CancelEvent
            | Tool::CheckIn => Err(Abort::is_not_paid().into()),
        }
    }

    fn event(&self) -> Option<&EventId> {
        Some(self.event_id())
    }

    fn subject(&self) -> Option<String> {
        Some(self.event_id().to_string())
    }

    fn terms(&self, cx: &Cx<'_, impl World>, pays: bool) -> Result<Terms, Failure> {
        let (event, seats) = records::event(cx, self.event_id()).map_err(no_money)?;
        let (wallet, guest) = match self {
            Self::Analytics { .. } => {
                let description = format!("{}, its analytics", describe(&event));
                return Ok(Terms { amount: ANALYTICS_PRICE, seat: None, description });
            }
            Self::Seat { wallet, guest, .. } => (wallet, guest),
        };
        match event.check_on_sale(seats, cx.now()) {
            // A call with a payment waits, because a held seat may become free.
            Err(NotOnSale::AllHeld) if pays => {}
            on_sale => on_sale?,
        }
        if let Some(wallet) = wallet {
            check_no_seat(&event_for(cx, &event.id, &wallet.to_checksum(None))?)?;
        }
        event.asks.check(guest).map_err(|missing| no_money(missing.into()))?;
        let description = format!("{}, 1 seat", describe(&event));
        Ok(Terms { amount: event.price, seat: Some(event.id), description })
    }

    fn check_payer(&self, payer: Address) -> Result<(), Failure> {
        match self {
            Self::Seat { wallet: Some(wallet), .. } if *wallet != payer => {
                let remedy = "must be the wallet that pays, or be left out";
                Err(no_money(fields::bad("walletAddress", remedy).into()))
            }
            Self::Seat { .. } | Self::Analytics { .. } => Ok(()),
        }
    }

    fn is_held(&self, cx: &Cx<'_, impl World>, payer: &str) -> Result<bool, Failure> {
        match self {
            Self::Seat { event_id, .. } => {
                let wanted = event_for(cx, event_id, payer)?;
                Ok(wanted.check_on_sale(cx.now()) == Err(NotOnSale::AllHeld))
            }
            Self::Analytics { .. } => Ok(false),
        }
    }

    fn recheck(
        &self,
        cx: &Cx<'_, impl World>,
        payer: &str,
        payment: &PaymentId,
        _: Usdc,
    ) -> Result<Hold, Failure> {
        match self {
            Self::Seat { event_id, .. } => {
                let wanted = event_for(cx, event_id, payer)?;
                wanted.check_on_sale(cx.now())?;
                check_no_seat(&wanted)?;
                if payments::open_of(cx.world, payer)?.has_seat(event_id, payment) {
                    return Err(pending(None, "", 2).into());
                }
                Ok(None)
            }
            Self::Analytics { .. } => Ok(None),
        }
    }

    fn prepare(&self, cx: &Cx<'_, impl World>) -> Result<Value, Failure> {
        match self {
            Self::Analytics { event_id } => Ok(records::analytics(cx, event_id)?),
            Self::Seat { .. } => Err(Abort::is_not_prepared().into()),
        }
    }

    /// A wallet has one seat at an event, so the event alone identifies the payment, not the guest's name or address.
    fn bought_before(
        &self,
        cx: &Cx<'_, impl World>,
        call: &PaidCall,
        payer: &ProvenPayer,
    ) -> Result<Option<Payment>, SqlError> {
        match self {
            Self::Seat { event_id, .. } => payer.seat_of(cx.world, event_id),
            Self::Analytics { .. } => payer.newest_of(cx.world, call),
        }
    }

    fn is_had(&self, _: &Cx<'_, impl World>, _: &Payment) -> Result<bool, Failure> {
        match self {
            Self::Seat { .. } => Ok(true),
            Self::Analytics { .. } => Ok(false),
        }
    }

    fn offer(tool: Tool, cx: &Cx<'_, impl World>, payment: &Payment) -> Result<Offer, SqlError> {
        match tool {
            Tool::RsvpToEvent => offer_seat(cx, payment),
            Tool::GetEventAnalytics => Ok(Offer::Open),
            Tool::ListEvents
            | Tool::GetEvent
            | Tool::CreateEvent
            | Tool::UpdateEvent
            | Tool::CancelEvent
            | Tool::CheckIn => Ok(Offer::NOT_SOLD),
        }
    }

    fn fulfil(tool: Tool, cx: &Cx<'_, impl World>, paid: &Settled) -> Result<Value, SqlError> {
        match tool {
            Tool::RsvpToEvent => fulfil_seat(cx, paid),
            Tool::GetEventAnalytics => {
                // A payment from before answers were prepared.
                let id = paid.payment().wanted.as_deref().unwrap_or_default();
                let id = EventId::parse(id);
                records::analytics(
                    cx,
                    &id.map_err(|error| SqlError(format!("stored id: {error}")))?,
                )
            }
            Tool::ListEvents
            | Tool::GetEvent
            | Tool::CreateEvent
            | Tool::UpdateEvent
            | Tool::CancelEvent
            | Tool::CheckIn => Err(not_sold()),
        }
    }

    fn correct(cx: &Cx<'_, impl World>, paid: &Settled, transaction: &str) -> Result<(), SqlError> {
        store::correct_rsvp(cx.world, &paid.payment().id, transaction)?;
        records::publish_seat(cx, paid.payment())
    }

    fn is_taken_back(cx: &Cx<'_, impl World>, paid: &Settled) -> Result<bool, SqlError> {
        let Some(id) = &paid.payment().event_id else { return Ok(false) };
        Ok(store::find(cx.world, id)?.is_some_and(|(event, _)| event.cancelled))
    }

    fn revoke(cx: &Cx<'_, impl World>, paid: &Settled) -> Result<(), SqlError> {
        store::remove_rsvp(cx.world, &paid.payment().id)?;
        records::publish_seat(cx, paid.payment())
    }

    fn bought(tool: Tool, cx: &Cx<'_, impl World>, payment: &Payment) -> Result<Bought, SqlError> {
        bought::bought(tool, cx, payment)
    }
}

/// Whether a seat that a payment of unknown outcome wants can still be had.
fn offer_seat(cx: &Cx<'_, impl World>, payment: &Payment) -> Result<Offer, SqlError> {
    let Some(id) = &payment.event_id else { return Ok(Offer::Open) };
    let Some((event, _)) = store::find(cx.world, id)? else {
        return Ok(Offer::Gone("its event is gone"));
    };
    Ok(match event.status(cx.now()) {
        Status::Cancelled => Offer::Gone("its event is cancelled"),
        Status::Past => Offer::Gone("its event is over"),
        Status::Scheduled if store::rsvp_of_payer(cx.world, id, &payment.payer)?.is_some() => {
            Offer::Gone("its wallet has a seat already")
        }
        Status::Scheduled => Offer::Open,
    })
}

fn read_seat(arguments: Value) -> Result<EventSale, Failure> {
    let arguments: RsvpToEvent = read_arguments(arguments)?;
    let guest = arguments.guest()?;
    let wallet = arguments.wallet_address.as_deref().map(|text| {
        text.parse::<Address>().map_err(|_| {
            fields::bad("walletAddress", "must be an Ethereum address, or be left out")
        })
    });
    Ok(EventSale::Seat {
        event_id: input::event_id(&arguments.event_id)?,
        wallet: wallet.transpose()?,
        guest,
    })
}

/// `Rust meetup, 12 Dec 2026 18:30 Berlin`: shown to a payer by the wallet.
fn describe(event: &Event) -> String {
    let when = event.starts_at.to_short_words(&event.time_zone);
    format!("{}, {when}", text::ascii_name(&event.title, "Event"))
}

fn fulfil_seat(cx: &Cx<'_, impl World>, settled: &Settled) -> Result<Value, SqlError> {
    let now = cx.world.now();
    let payment = settled.payment();
    // The arguments are gone if the payment had ended in between.
    let arguments: Option<RsvpToEvent> = serde_json::from_value(payment.arguments.clone())
        .map_err(|error| SqlError(format!("stored arguments: {error}")))?;
    let guest = arguments.and_then(|arguments| arguments.guest().ok()).unwrap_or_default();
    let event_id = payment.event_id.clone();
    let event_id = event_id.ok_or_else(|| SqlError("a seat without an event".to_owned()))?;
    let rsvp = Rsvp {
        id: RsvpId::random(cx.world),
        event_id: event_id.clone(),
        payer: payment.payer.clone(),
        code: TicketCode::random(cx.scope, cx.world),
        guest,
        paid: payment.amount,
        transaction: settled.transaction().to_owned(),
        network: payment.network.clone(),
        created_at: now,
        checked_in_at: None,
    };
    let sql = cx.world;
    let (event, seats) = store::insert_rsvp(sql, &rsvp, payment.id.as_str())?
        .ok_or_else(|| SqlError("a seat at an event that is not there".to_owned()))?;
    records::publish_sale(cx, &rsvp, &event, seats)?;
    let is_mailed = ticket_mail::queue(cx, &rsvp);
    // The payment's own hold counts as taken from here on.
    let seats = Seats { held: seats.held.saturating_sub(1), ..seats };
    Ok(ticket_answer(cx, &rsvp, event.view(seats, now), is_mailed))
}

/// The event as it is for this payer.
fn event_for(cx: &Cx<'_, impl World>, id: &EventId, payer: &str) -> Result<SeatFor, Failure> {
    let found = store::find_for(cx.world, id, payer)?.ok_or_else(Abort::event_not_found);
    found.map_err(|abort| no_money(abort.into()))
}

fn check_no_seat(wanted: &SeatFor) -> Result<(), Failure> {
    if !wanted.has_seat {
        return Ok(());
    }
    let detail = "this wallet has a seat at this event already; to see its ticket again, call with a SIGN-IN-WITH-X header of that wallet (`extensions` says what to sign), or with exactly the payment of that seat";
    Err(Abort::new(Code::AlreadyHasSeat, detail).with_money(Money::NotMoved).into())
}

fn ticket_answer(cx: &Cx<'_, impl World>, rsvp: &Rsvp, event: EventView, is_mailed: bool) -> Value {
    let url = &cx.config.public_url;
    json!({
        "success": true,
        "event": event,
        "rsvp": {"id": rsvp.id, "code": rsvp.code, "payer": rsvp.payer},
        "transactionHash": rsvp.transaction,
        "message": format!(
            "You have a seat. ${} was paid. Show the ticket at the entrance.", rsvp.paid
        ),
        "ticketUrl": format!("{url}/t/{}", rsvp.code),
        "isMailed": is_mailed,
        "calendarUrl": format!("{url}/e/{}/{}/calendar.ics", cx.scope, rsvp.event_id),
    })
}
