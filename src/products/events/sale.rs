//! Calls of the events' tools: those that nobody pays for ([`call`]), and the sale of a seat and of an event's analytics.

use alloy_primitives::Address;
use serde_json::{Value, json};

use crate::base::fields;
use crate::base::id::{EventId, PaymentId};
use crate::base::money::Usdc;
use crate::identity::access::Caller;
use crate::ledger::payments::{self, Payment, Settled};
use crate::ledger::refunds as money;
use crate::ports::{SqlError, World};
use crate::products::events::claimed::{check_claimed, claimed_party, offer_seat};
use crate::products::events::input::{self, CheckIn, OneEvent, RsvpToEvent};
use crate::products::events::news::message;
use crate::products::events::party::Party;
use crate::products::events::refusals::{check_no_seat, event_for, other_wallet};
use crate::products::events::terms::{describe, seat_terms};
use crate::products::events::tools::{Sold, Tool};
use crate::products::events::{
    NotOnSale, bought, buyers, cancel, free, manage, records, refunds, seats, store, transfer,
    waitlist,
};
use crate::rails::outcome::{Abort, Failure};
use crate::rails::quote::PaidCall;
use crate::sale::answers::{no_money, pending};
use crate::sale::bought::Bought;
use crate::sale::cx::Cx;
use crate::sale::prices::price;
use crate::sale::product::{Hold, Offer, Pays, Sale, Taker, Terms, not_sold};
use crate::sale::repeat::{MayRead, ProvenPayer};
use crate::sale::request::read_arguments;
use crate::sale::tool::ProductTool;

/// A paid call of the events.
#[derive(Debug)]
pub enum EventSale {
    /// `rsvpToEvent`, which buys one seat or several.
    Seat {
        event_id: EventId,
        /// The wallet that must pay, if the caller named one.
        wallet: Option<Address>,
        party: Party,
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
            records::shown(cx, &id)?;
            Ok(records::analytics(cx, &id)?)
        }
        Tool::CreateEvent => manage::create_event(cx, read_arguments(arguments)?),
        Tool::UpdateEvent => {
            let (id, changes) = manage::split_event(arguments)?;
            manage::update_event(cx, &id, changes)
        }
        Tool::MessageGuests => {
            let (id, message) = manage::split_event(arguments)?;
            message::message_guests(cx, &id, &message)
        }
        Tool::CancelEvent => {
            let OneEvent { event_id } = read_arguments(arguments)?;
            cancel::cancel_event(cx, &input::event_id(&event_id)?)
        }
        Tool::CheckIn => {
            let CheckIn { event_id, code } = read_arguments(arguments)?;
            manage::check_in(cx, &input::event_id(&event_id)?, &code)
        }
        Tool::ListRefunds => refunds::list_refunds(cx, &read_arguments(arguments)?),
        Tool::PayRefunds => refunds::pay_refunds(cx, read_arguments(arguments)?),
        Tool::TransferTicket => transfer::by_host(cx, read_arguments(arguments)?),
        Tool::ListWaitlist => waitlist::list_waitlist(cx, &read_arguments(arguments)?),
        Tool::RsvpToEvent
        | Tool::CancelRsvp
        | Tool::JoinWaitlist
        | Tool::LeaveWaitlist
        | Tool::GetWaitlistPlace => Err(Abort::is_paid().into()),
    }
}

impl Sale<Tool> for EventSale {
    fn read(tool: Tool, arguments: Value) -> Result<Self, Failure> {
        match tool.sold() {
            Some(Sold::Seats) => read_seat(arguments),
            Some(Sold::Analytics) => {
                let OneEvent { event_id } = read_arguments(arguments)?;
                Ok(Self::Analytics { event_id: input::event_id(&event_id)? })
            }
            None => Err(Abort::is_not_paid().into()),
        }
    }

    fn event(&self) -> Option<&EventId> {
        Some(self.event_id())
    }

    fn subject(&self) -> Option<String> {
        Some(self.event_id().to_string())
    }

    fn terms(&self, cx: &Cx<'_, impl World>, pays: Option<&Pays>) -> Result<Terms, Failure> {
        let (event, seats) = records::shown(cx, self.event_id()).map_err(no_money)?;
        match self {
            Self::Analytics { .. } => {
                let description = format!("{}, its analytics", describe(&event));
                let amount = price(cx.world, Tool::GetEventAnalytics.spec())?.amount;
                Ok(Terms { amount, most: None, seats: None, description })
            }
            Self::Seat { wallet, party, .. } => {
                seat_terms(cx, (&event, seats), (wallet.as_ref(), party), pays)
            }
        }
    }

    fn check_payer(&self, payer: &str) -> Result<(), Failure> {
        match self {
            Self::Seat { wallet: Some(wallet), .. } if wallet.to_checksum(None) != payer => {
                Err(other_wallet())
            }
            Self::Seat { .. } | Self::Analytics { .. } => Ok(()),
        }
    }

    fn is_held(&self, cx: &Cx<'_, impl World>, payer: &str) -> Result<bool, Failure> {
        match self {
            Self::Seat { event_id, party, .. } => {
                let wanted = event_for(cx, event_id, payer)?;
                let kind = wanted.event.type_for(party.wanted())?;
                let checked = wanted.check_seats(party.least(), cx.now());
                let checked = checked.and_then(|()| wanted.event.check_type(kind, party.least()));
                Ok(checked == Err(NotOnSale::AllHeld))
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
            Self::Seat { event_id, party, .. } => {
                let wanted = event_for(cx, event_id, payer)?;
                let party = &claimed_party(cx, party, payment)?;
                wanted.check_seats(party.seats(), cx.now())?;
                check_claimed(cx, &wanted.event, party, payment)?;
                check_no_seat(&wanted)?;
                if payments::open_of(cx.world, payer)?.has_seat(event_id, payment) {
                    return Err(pending(None, "", 2).into());
                }
                // What the buyer is promised about its money from here on.
                let event = &wanted.event;
                let party = party
                    .answering(event.asks, &event.questions)
                    .map_err(|missing| no_money(missing.into()))?;
                Ok(Some(json!({
                    "refundTerms": event.refund.terms(event.starts_at, event.location.as_deref()),
                    "answers": party.answers(),
                })))
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

    /// A wallet buys once at an event, so the event alone identifies the payment, not the guest's name or address.
    fn bought_before(
        &self,
        cx: &Cx<'_, impl World>,
        call: &PaidCall,
        payer: &ProvenPayer,
    ) -> Result<Option<Payment>, SqlError> {
        match self {
            Self::Seat { event_id, party, .. } => {
                let known = payer.seat_of(cx.world, event_id)?;
                // Who has given a seat back may take a free one.
                let is_over =
                    |known: &Payment| money::find(cx.world, &known.id).map(|it| it.is_some());
                match known.as_ref().map(is_over).transpose()? {
                    Some(true) if free::is_free(cx, event_id, party)? => Ok(None),
                    Some(_) | None => Ok(known),
                }
            }
            Self::Analytics { .. } => payer.newest_of(cx.world, call),
        }
    }

    fn free(&self, cx: &Cx<'_, impl World>, by: &Taker<'_>) -> Result<Option<Value>, Failure> {
        match self {
            Self::Seat { event_id, wallet, party } => {
                free::seat(cx, event_id, (*wallet, party), by)
            }
            Self::Analytics { event_id } => free::analytics(cx, event_id, by),
        }
    }

    fn is_had(&self, cx: &Cx<'_, impl World>, known: &Payment) -> Result<bool, Failure> {
        match self {
            // A seat that was given back can be bought again.
            Self::Seat { .. } => Ok(money::find(cx.world, &known.id)?.is_none()),
            Self::Analytics { .. } => Ok(false),
        }
    }

    fn offer(tool: Tool, cx: &Cx<'_, impl World>, payment: &Payment) -> Result<Offer, SqlError> {
        match tool.sold() {
            Some(Sold::Seats) => offer_seat(cx, payment),
            Some(Sold::Analytics) => Ok(Offer::Open),
            None => Ok(Offer::NOT_SOLD),
        }
    }

    fn fulfil(tool: Tool, cx: &Cx<'_, impl World>, paid: &Settled) -> Result<Value, SqlError> {
        match tool.sold() {
            Some(Sold::Seats) => seats::fulfil(cx, paid),
            Some(Sold::Analytics) => {
                // A payment from before answers were prepared.
                let id = paid.payment().wanted.as_deref().unwrap_or_default();
                let id = EventId::parse(id);
                records::analytics(
                    cx,
                    &id.map_err(|error| SqlError(format!("stored id: {error}")))?,
                )
            }
            None => Err(not_sold()),
        }
    }

    fn correct(cx: &Cx<'_, impl World>, paid: &Settled, transaction: &str) -> Result<(), SqlError> {
        store::correct_rsvps(cx.world, &paid.payment().id, transaction)?;
        records::publish_seat(cx, paid.payment())
    }

    fn is_taken_back(cx: &Cx<'_, impl World>, paid: &Settled) -> Result<bool, SqlError> {
        let Some(id) = &paid.payment().event_id else { return Ok(false) };
        if money::find(cx.world, &paid.payment().id)?.is_some() {
            return Ok(true);
        }
        Ok(store::find(cx.world, id)?.is_some_and(|(event, _)| event.cancelled))
    }

    fn revoke(cx: &Cx<'_, impl World>, paid: &Settled) -> Result<(), SqlError> {
        let id = &paid.payment().id;
        store::remove_rsvps(cx.world, id)?;
        store::forget_cancelled(cx.world, id)?;
        store::forget_given(cx.world, id)?;
        money::void(cx.world, id, cx.now())?;
        records::publish_seat(cx, paid.payment())
    }

    fn payment_of(
        tool: Tool,
        cx: &Cx<'_, impl World>,
        arguments: &Value,
        payer: &ProvenPayer,
    ) -> Result<Option<Payment>, Failure> {
        buyers::payment_of(tool, cx, arguments, payer)
    }

    fn for_taker(
        tool: Tool,
        cx: &Cx<'_, impl World>,
        arguments: &Value,
        by: (&ProvenPayer, &Taker<'_>),
    ) -> Result<Option<Value>, Failure> {
        buyers::for_taker(tool, cx, arguments, by)
    }

    fn for_buyer(
        tool: Tool,
        cx: &Cx<'_, impl World>,
        arguments: Value,
        may: &MayRead,
    ) -> Result<Value, Failure> {
        buyers::for_buyer(tool, cx, arguments, may)
    }

    fn show(cx: &Cx<'_, impl World>, answer: Value, may: &MayRead) -> Result<Value, Failure> {
        cancel::show(cx, transfer::show(cx, answer, may)?, may)
    }

    fn bought(tool: Tool, cx: &Cx<'_, impl World>, payment: &Payment) -> Result<Bought, SqlError> {
        bought::bought(tool, cx, payment)
    }
}

fn read_seat(arguments: Value) -> Result<EventSale, Failure> {
    let arguments: RsvpToEvent = read_arguments(arguments)?;
    let party = Party::read(&arguments)?;
    let wallet = arguments.wallet_address.as_deref().map(|text| {
        text.parse::<Address>().map_err(|_| {
            fields::bad("walletAddress", "must be an Ethereum address, or be left out")
        })
    });
    Ok(EventSale::Seat {
        event_id: input::event_id(&arguments.event_id)?,
        wallet: wallet.transpose()?,
        party,
    })
}
