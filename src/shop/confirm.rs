//! The next step of a payment that is due: determine an unknown outcome, deliver what is settled, or confirm on the
//! chain what is delivered.

use crate::base::id::PaymentId;
use crate::base::time::UnixSeconds;
use crate::chain::solana::networks::is_solana;
use crate::chain::usage::Usage;
use crate::ledger::payments::{self, NotPaid, Payment, Settled, State};
use crate::ports::{Level, SqlError, World};
use crate::sale::flow::{self, Again};
use crate::shop::deliver::{correct, deliver, revoke, tool_of};
use crate::shop::find_out::{Evidence, ask_chain, end, find_out, has_no_endpoint, is_permit};
use crate::shop::look::Look;
use crate::shop::{Shop, succeeded};

/// When a payment with a bad row or a failing step is tried again, seconds.
const ROW_TROUBLE_SECONDS: i64 = 600;

/// How long after its authorization expires the log of a delivered payment is searched, seconds, if the token says
/// that it was used.
const LOGS_SECONDS_MAX: i64 = 86_400;

/// Takes a due payment one step further. A failing one is postponed.
pub async fn look_after<W: World>(shop: &Shop<'_, W>, id: &PaymentId, look: &Look<'_, W>) {
    if let Err(error) = step_further(shop, id, look).await {
        let fields = [("payment", id.as_str()), ("why", &error.0)];
        shop.cx.world.line(Level::Error, "the next step of a payment failed", &fields);
        let again = shop.cx.world.now().plus(ROW_TROUBLE_SECONDS);
        succeeded(
            shop.cx.world,
            "putting a payment off",
            payments::put_off(shop.cx.world, id, again),
        );
    }
}

async fn step_further<W: World>(
    shop: &Shop<'_, W>,
    id: &PaymentId,
    look: &Look<'_, W>,
) -> Result<(), SqlError> {
    let now = shop.cx.world.now();
    let is_due = |payment: &Payment| UnixSeconds::has_come(payment.next_check_at, now);
    // A repeated call may have handled it since the list was read.
    let payment = payments::find(shop.cx.world, id)?.filter(is_due);
    let Some(payment) = payment else { return Ok(()) };
    let payment = match payment.state {
        State::Settling | State::Unknown => {
            find_out(shop, payment, Evidence::default(), look).await?
        }
        State::Claimed | State::Verified => {
            return end(shop, &payment, NotPaid::Refused, "interrupted before settlement");
        }
        State::Delivered => return confirm(shop, payment, look).await,
        State::Settled | State::Refused | State::Failed => payment,
    };
    if payment.state == State::Settled
        && let Some(settled) = payment.settled()
        && let Err(failure) = deliver(shop, &settled)
    {
        let next = flow::next_check(payment.attempts, shop.cx.world.now());
        payments::postpone(shop.cx.world, &payment.claim(), next)?;
        let fields = [("payment", payment.id.as_str()), ("why", &failure.to_string())];
        shop.cx.world.line(Level::Error, "a settled payment could not be delivered", &fields);
    }
    Ok(())
}

/// Checks whether the money of a delivered payment is still there, until it is seen twice in the same block: a chain
/// may drop its newest blocks. Money that is gone is moved again with the same authorization. If that has expired,
/// the purchase is revoked.
async fn confirm<W: World>(
    shop: &Shop<'_, W>,
    payment: Payment,
    look: &Look<'_, W>,
) -> Result<(), SqlError> {
    let id = &payment.id;
    let busy_until = shop.cx.world.now().plus(payments::SETTLE_SECONDS);
    payments::postpone(shop.cx.world, &payment.claim(), busy_until)?;
    let found = ask_chain(shop, &payment, None, look).await;
    let Some(settled) = payments::find(shop.cx.world, id)?.and_then(|known| known.settled()) else {
        return Ok(());
    };
    let transaction = settled.transaction();
    let is_booked = |moved: &str| match is_solana(&payment.network) {
        true => moved == transaction,
        false => moved.eq_ignore_ascii_case(transaction),
    };
    let now = shop.cx.world.now();
    let fields = [("payment", id.as_str())];
    match found {
        // Nobody can be asked but the facilitator, or nobody knows any more; it has said so.
        Usage::Unclear(_)
            if has_no_endpoint(shop, &payment)
                || is_solana(&payment.network)
                    && now > payment.valid_before.plus(LOGS_SECONDS_MAX) =>
        {
            payments::mark_confirmed(shop.cx.world, &settled)
        }
        Usage::Moved(moved, block) if is_booked(&moved) => {
            // A dropped transaction comes back in a newer block, which may be dropped as well. So the same block must
            // be seen twice.
            let seen = (moved, block);
            if settled.payment().seen.as_ref() == Some(&seen) {
                return payments::mark_confirmed(shop.cx.world, &settled);
            }
            let next = now.plus(payments::CONFIRM_SECONDS);
            payments::mark_seen(shop.cx.world, &settled, (&seen.0, seen.1), next)
        }
        Usage::Moved(moved, _) => correct(shop, &settled, &moved),
        Usage::RanOut | Usage::Elsewhere => {
            shop.cx.world.line(Level::Error, "the chain has dropped a payment", &fields);
            revoke(shop, &settled)
        }
        Usage::Unused(_) => {
            shop.cx.world.line(Level::Warn, "the chain has dropped a payment for now", &fields);
            match move_again(shop, &settled).await? {
                Again::Moved(moved) if !is_booked(&moved) => correct(shop, &settled, &moved),
                // The facilitator says that it moved the money; the chain will confirm it later.
                Again::Moved(_) => {
                    let next = shop.cx.world.now().plus(payments::CONFIRM_SECONDS);
                    payments::postpone(shop.cx.world, &payment.claim(), next)
                }
                Again::Never | Again::Open => confirm_later(shop, &payment),
            }
        }
        // Which transaction has used it, if one of ours has, our own facilitator says.
        Usage::NotFound if is_permit(&payment) => match move_again(shop, &settled).await? {
            Again::Moved(moved) if !is_booked(&moved) => correct(shop, &settled, &moved),
            Again::Never => {
                shop.cx.world.line(Level::Error, "the chain has dropped a payment", &fields);
                revoke(shop, &settled)
            }
            Again::Moved(_) | Again::Open if now > payment.valid_before.plus(LOGS_SECONDS_MAX) => {
                payments::mark_confirmed(shop.cx.world, &settled)
            }
            Again::Moved(_) | Again::Open => confirm_later(shop, &payment),
        },
        // It is used, so its money has moved, but the endpoint no longer has the log.
        Usage::NotFound if now > payment.valid_before.plus(LOGS_SECONDS_MAX) => {
            shop.cx.world.line(Level::Warn, "a payment is confirmed without its log", &fields);
            payments::mark_confirmed(shop.cx.world, &settled)
        }
        Usage::NotFound | Usage::Unclear(_) => confirm_later(shop, &payment),
    }
}

fn confirm_later(shop: &Shop<'_, impl World>, payment: &Payment) -> Result<(), SqlError> {
    let next = flow::next_check(payment.attempts, shop.cx.world.now());
    payments::postpone(shop.cx.world, &payment.claim(), next)
}

/// Moves the money of a delivered payment again, unless the host has taken back what it bought. Then it waits until
/// the authorization expires or the chain has the transaction again.
async fn move_again(shop: &Shop<'_, impl World>, settled: &Settled) -> Result<Again, SqlError> {
    if tool_of(settled)?.is_taken_back(&shop.cx, settled)? {
        return Ok(Again::Open);
    }
    let network = &settled.payment().network;
    let Some(facilitator) = shop.cx.config.facilitator_on(network) else { return Ok(Again::Open) };
    Ok(flow::move_again(shop.cx.world, facilitator, shop.cx.scope, settled).await)
}
