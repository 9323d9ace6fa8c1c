//! The payments that one alarm handles. [`crate::shop::look`] has its request budget.

use std::cell::Cell;

use futures_util::future::join_all;

use crate::base::id::PaymentId;
use crate::base::time::UnixSeconds;
use crate::ledger::{payments, refunds};
use crate::ports::{SqlError, World};
use crate::shop::confirm::look_after;
use crate::shop::look::{BATCH, LANES, Look, PAYMENTS_REQUESTS, SHARE_REQUESTS, Slices};
use crate::shop::{Shop, succeeded};

/// The payment that gets this alarm alone, if one waits for that and the last alarm was shared.
pub fn next_alone(slices: &Slices, world: &impl World) -> Result<Option<PaymentId>, SqlError> {
    if slices.was_alone.replace(false) {
        return Ok(None);
    }
    let now = world.now();
    let mut alone = slices.alone.borrow_mut();
    for index in 0..alone.len() {
        let Some(id) = alone.get(index) else { break };
        // A refund has the id of its payment, which is final then.
        if payments::is_due(world, id, now)? || refunds::is_due(world, id, now)? {
            slices.was_alone.set(true);
            return Ok(Some(alone.remove(index)));
        }
    }
    Ok(None)
}

/// Handles as many payments as the alarm has requests for, the longest waiting first.
pub async fn look_after_payments(shop: &Shop<'_, impl World>) -> Result<(), SqlError> {
    let now = shop.cx.world.now();
    if !UnixSeconds::has_come(payments::next_due(shop.cx.world)?, now) {
        return Ok(());
    }
    let mut due = payments::due(shop.cx.world, now, BATCH)?;
    due.retain(|id| !shop.memory.slices.alone.borrow().contains(id));
    let (next, left) = (Cell::new(0_usize), Cell::new(PAYMENTS_REQUESTS));
    // In parallel: a missing answer must not block the others.
    let lanes = (0..LANES).map(|_| look_after_some(shop, &due, &next, &left));
    join_all(lanes).await;
    Ok(())
}

async fn look_after_some(
    shop: &Shop<'_, impl World>,
    due: &[PaymentId],
    next: &Cell<usize>,
    left: &Cell<u32>,
) {
    while let Some(id) = due.get(next.get())
        && let Some(rest) = left.get().checked_sub(SHARE_REQUESTS)
    {
        next.set(next.get().saturating_add(1));
        left.set(rest);
        let look = Look::shared(shop.cx.world);
        look_after(shop, id, &look).await;
        left.set(left.get().saturating_add(look.meter.left()));
        if look.meter.is_used_up() && shop.memory.slices.wants_to_be_alone(id) {
            // Its next check may be an hour away, and this one was incomplete.
            let soon = payments::put_off(shop.cx.world, id, shop.cx.world.now());
            succeeded(shop.cx.world, "queueing a payment for an alarm of its own", soon);
        }
    }
}
