//! The events' tools for buyers: the caller has proven that it is the wallet, or that it made the payment.

use serde_json::Value;

use crate::ledger::payments::Payment;
use crate::ports::World;
use crate::products::events::input::{self, CancelRsvp, OneEvent};
use crate::products::events::tools::Tool;
use crate::products::events::{cancel, transfer, waitlist};
use crate::rails::outcome::{Abort, Failure};
use crate::sale::cx::Cx;
use crate::sale::product::Taker;
use crate::sale::repeat::{MayRead, ProvenPayer};
use crate::sale::request::read_arguments;

/// The payment that a call is about, of the wallet that signed in.
pub(super) fn payment_of(
    tool: Tool,
    cx: &Cx<'_, impl World>,
    arguments: &Value,
    payer: &ProvenPayer,
) -> Result<Option<Payment>, Failure> {
    if tool != Tool::CancelRsvp {
        return Ok(None);
    }
    let CancelRsvp { event_id, .. } = read_arguments(arguments.clone())?;
    Ok(payer.seat_of(cx.world, &input::event_id(&event_id)?)?)
}

/// For the wallet that signed in. `None`: the call is about a payment ([`payment_of`]).
pub(super) fn for_taker(
    tool: Tool,
    cx: &Cx<'_, impl World>,
    arguments: &Value,
    (taker, by): (&ProvenPayer, &Taker<'_>),
) -> Result<Option<Value>, Failure> {
    if tool == Tool::CancelRsvp {
        cancel::cancel_free(cx, &read_arguments(arguments.clone())?, taker)
    } else if tool == Tool::TransferTicket {
        transfer::by_wallet(cx, read_arguments(arguments.clone())?, taker).map(Some)
    } else if tool == Tool::JoinWaitlist {
        waitlist::join(cx, &read_arguments(arguments.clone())?, by, taker).map(Some)
    } else if tool == Tool::LeaveWaitlist {
        let OneEvent { event_id } = read_arguments(arguments.clone())?;
        waitlist::leave(cx, &event_id, taker).map(Some)
    } else if tool == Tool::GetWaitlistPlace {
        let OneEvent { event_id } = read_arguments(arguments.clone())?;
        waitlist::show(cx, &event_id, taker).map(Some)
    } else {
        Ok(None)
    }
}

/// For the wallet that made a payment.
pub(super) fn for_buyer(
    tool: Tool,
    cx: &Cx<'_, impl World>,
    arguments: Value,
    may: &MayRead,
) -> Result<Value, Failure> {
    if tool == Tool::CancelRsvp {
        cancel::cancel_rsvp(cx, &read_arguments(arguments)?, may)
    } else if tool == Tool::TransferTicket {
        transfer::by_payment(cx, read_arguments(arguments)?, may)
    } else {
        Err(Abort::is_not_paid().into())
    }
}
