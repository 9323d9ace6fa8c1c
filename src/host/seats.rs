//! Seats while they are paid for. A payment that is being settled holds its seat, and wallets that never
//! paid here may hold no more than half of an event at a time: making such wallets costs nothing. Who
//! comes when all is held is not refused at once but waits until one of them has paid, or has not.

use std::cell::Cell;
use std::rc::Rc;

use crate::base::id::{EventId, PaymentId};
use crate::host::Host;
use crate::host::answers::{busy, no_money, pending};
use crate::host::wanted::Wanted;
use crate::ledger::{payments, wallets};
use crate::ports::World;
use crate::products::events::{NotOnSale, store};
use crate::rails::outcome::{Abort, Failure, Money};

/// How often a call looks whether there is a seat, and how long it waits in between, milliseconds:
/// 10 seconds in all.
const LOOKS: u32 = 40;
const LOOK_MILLIS: u32 = 250;
/// Calls that wait at a time; the others are told to come again.
const WAITING_MAX: u32 = 256;

/// How many calls wait for a seat.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting(Rc<Cell<u32>>);

/// One call that waits, until it is dropped.
struct Turn(Waiting);

impl Waiting {
    fn begin(&self) -> Option<Turn> {
        let waiting = self.0.get();
        (waiting < WAITING_MAX).then(|| {
            self.0.set(waiting.saturating_add(1));
            Turn(self.clone())
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Self(Waiting(count)) = self;
        count.set(count.get().saturating_sub(1));
    }
}

impl<W: World> Host<W> {
    /// Waits while every seat that this payer may have is held by a payment that is being settled. Whether
    /// there is one then is for [`Self::check_available`] to say.
    pub(super) async fn wait_for_seat(&self, wanted: &Wanted, payer: &str) -> Result<(), Failure> {
        let Wanted::Seat { event_id, .. } = wanted else { return Ok(()) };
        let is_held =
            || Ok::<_, Failure>(self.check_seat(event_id, payer)? == Err(NotOnSale::AllHeld));
        if !is_held()? {
            return Ok(());
        }
        let Some(_turn) = self.waiting.begin() else { return Ok(()) };
        for _ in 0..LOOKS {
            self.world.sleep(LOOK_MILLIS).await;
            if !is_held()? {
                break;
            }
        }
        Ok(())
    }

    /// Whether this payer may hold one more seat now.
    fn check_seat(
        &self,
        event_id: &EventId,
        payer: &str,
    ) -> Result<Result<(), NotOnSale>, Failure> {
        let (event, seats) = self.event(event_id).map_err(no_money)?;
        if let Err(why) = event.check_on_sale(seats, self.world.now()) {
            return Ok(Err(why));
        }
        if event.capacity > 0 && wallets::reputation(&self.world, payer)?.settled == 0 {
            let held = store::held_by_strangers(&self.world, event_id)?;
            if held >= event.capacity.div_ceil(2) {
                return Ok(Err(NotOnSale::AllHeld));
            }
        }
        Ok(Ok(()))
    }

    /// Everything that the quote checked, once more: time has passed since.
    pub(super) fn check_available(
        &self,
        wanted: &Wanted,
        payer: &str,
        payment: &PaymentId,
    ) -> Result<(), Failure> {
        if payments::is_busy(&self.world, payer, Some(payment), self.world.now())? {
            return Err(busy().into());
        }
        let event_id = match wanted {
            Wanted::Seat { event_id, .. } => event_id,
            Wanted::Analytics { .. } => return Ok(()),
            Wanted::Secret { secret_id } => return self.readable(secret_id).map(drop),
            Wanted::Desk(_, asked) => return self.check_desk(asked),
        };
        self.check_seat(event_id, payer)??;
        self.check_no_seat(event_id, payer)?;
        if payments::holds_seat(&self.world, event_id, payer, payment)? {
            return Err(pending(None, "", 2).into());
        }
        Ok(())
    }

    pub(super) fn check_no_seat(&self, event_id: &EventId, payer: &str) -> Result<(), Failure> {
        if store::rsvp_of_payer(&self.world, event_id, payer)?.is_none() {
            return Ok(());
        }
        let detail = "this wallet has a seat at this event already; to see its ticket again, call with a SIGN-IN-WITH-X header of that wallet (`extensions` says what to sign), or with exactly the payment of that seat";
        Err(Abort::new("already_has_seat", 409, detail).with_money(Money::NotMoved).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_wait_at_a_time_and_a_call_that_is_dropped_gives_its_turn_back() {
        let waiting = Waiting::default();
        let turns: Vec<Turn> = (0..WAITING_MAX).map(|_| waiting.begin().unwrap()).collect();
        assert!(waiting.begin().is_none());
        drop(turns);
        assert!(waiting.begin().is_some());
        assert_eq!(waiting.0.get(), 0);
    }
}
