//! Refusals of seats that paid and free ones share.

use crate::base::code::Code;
use crate::base::fields;
use crate::base::id::EventId;
use crate::ports::World;
use crate::products::events::{SeatFor, store};
use crate::rails::outcome::{Abort, Failure, Money};
use crate::sale::answers::no_money;
use crate::sale::cx::Cx;

/// The event as it is for this payer.
pub(super) fn event_for(
    cx: &Cx<'_, impl World>,
    id: &EventId,
    payer: &str,
) -> Result<SeatFor, Failure> {
    let found = store::find_for(cx.world, id, payer)?.ok_or_else(Abort::event_not_found);
    found.map_err(|abort| no_money(abort.into()))
}

pub(super) fn check_no_seat(wanted: &SeatFor) -> Result<(), Failure> {
    if !wanted.has_seat {
        return Ok(());
    }
    let detail = "this wallet has a seat at this event already; to see its ticket again, call with a SIGN-IN-WITH-X header of that wallet (`extensions` says what to sign), or with exactly the payment of that seat";
    Err(Abort::new(Code::AlreadyHasSeat, detail).with_money(Money::NotMoved).into())
}

/// The arguments name another wallet than the one that pays or signs in.
pub(super) fn other_wallet() -> Failure {
    let remedy = "must be the wallet that pays or signs in, or be left out";
    no_money(fields::bad("walletAddress", remedy).into())
}
