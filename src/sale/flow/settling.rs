//! What follows from a facilitator's answer to `/settle`, and asking once more.

use crate::base::backoff::doubled;
use crate::base::id::ScopeId;
use crate::base::time::UnixSeconds;
use crate::facilitator::client::{Cause, Facilitator, Question, SettleOutcome, Trouble};
use crate::ledger::payments::{self, Claim, NotPaid, Payment, Settled, Step};
use crate::ports::{Level, SqlError, World};
use crate::sale::flow::stop::Stop;

/// Looks until it is looked at once an hour only.
const LOOKS_SOON: u32 = 30;

/// Asks once more for the settlement of a payment whose outcome is unknown.
///
/// # Errors
/// [`Stop`] as for the first time, but a refusal now proves nothing (the first request may have
/// moved the money), so it stays unknown. Only that a block has refused our own transaction is sure.
pub async fn settle_again(
    world: &impl World,
    facilitator: &Facilitator,
    scope: &ScopeId,
    payment: &Payment,
) -> Result<Settled, Stop> {
    let Some(question) = question(payment, scope) else {
        return Err(Stop::Unknown(Cause::Answer, None));
    };
    let outcome = match facilitator.settle(world, &question).await {
        SettleOutcome::Refused(reason) => SettleOutcome::Unknown(Trouble::answered(reason), None),
        SettleOutcome::Unavailable(trouble) => SettleOutcome::Unknown(trouble, None),
        // The node that we asked lags behind the facilitator's.
        SettleOutcome::AlreadyUsed => {
            SettleOutcome::Unknown(Trouble::answered("the authorization is used"), None)
        }
        other @ (SettleOutcome::Settled(_)
        | SettleOutcome::Reverted(_)
        | SettleOutcome::Unknown(..)) => other,
    };
    record(world, &payment.claim(), payment.attempts, outcome)
}

/// Has the money of a delivered payment moved once more, because the chain has dropped it. The
/// transaction, if it did.
pub async fn move_again(
    world: &impl World,
    facilitator: &Facilitator,
    scope: &ScopeId,
    settled: &Settled,
) -> Option<String> {
    match facilitator.settle(world, &question(settled.payment(), scope)?).await {
        SettleOutcome::Settled(transaction) => Some(transaction),
        SettleOutcome::Refused(_)
        | SettleOutcome::Reverted(_)
        | SettleOutcome::Unavailable(_)
        | SettleOutcome::AlreadyUsed
        | SettleOutcome::Unknown(..) => None,
    }
}

/// Whether our own facilitator knows that a payment which is used was settled for this host.
pub async fn is_ours(
    world: &impl World,
    facilitator: &Facilitator,
    scope: &ScopeId,
    payment: &Payment,
) -> bool {
    let Some(question) = question(payment, scope) else { return false };
    facilitator.has_settled(world, &question).await
}

/// What a facilitator is asked about a payment, as long as its signature is kept.
fn question<'a>(payment: &'a Payment, scope: &'a ScopeId) -> Option<Question<'a>> {
    Some(Question {
        x402_version: payment.x402_version,
        payment: payment.payment.as_ref()?,
        requirements: &payment.requirements,
        payer: &payment.payer,
        scope,
    })
}

/// When to look again at a payment of unknown outcome: 3 s, 6 s, 12 s … up to 5 minutes, and after two hours
/// of that once an hour.
#[must_use]
pub fn next_check(attempts: u32, now: UnixSeconds) -> UnixSeconds {
    let longest = if attempts < LOOKS_SOON { 300 } else { 3_600 };
    now.plus(doubled(3, attempts, longest))
}

pub(super) fn record(
    world: &impl World,
    claim: &Claim,
    attempts: u32,
    outcome: SettleOutcome,
) -> Result<Settled, Stop> {
    let now = world.now();
    let id = claim.id();
    let row = payments::find(world, id)?.filter(|row| row.claim() == *claim);
    // A second look may have settled it while this answer was on its way …
    if let Some(settled) = row.as_ref().and_then(Payment::settled) {
        return Ok(settled);
    }
    // … or be asking for it right now; then a refusal of the first request says nothing of that one.
    let is_alone = row.is_some_and(|row| row.attempts <= attempts.saturating_add(1));
    let outcome = match outcome {
        SettleOutcome::Refused(why) if !is_alone => {
            SettleOutcome::Unknown(Trouble::answered(why), None)
        }
        SettleOutcome::Unavailable(trouble) if !is_alone => SettleOutcome::Unknown(trouble, None),
        other @ (SettleOutcome::Settled(_)
        | SettleOutcome::Refused(_)
        | SettleOutcome::Reverted(_)
        | SettleOutcome::Unavailable(_)
        | SettleOutcome::AlreadyUsed
        | SettleOutcome::Unknown(..)) => other,
    };
    let step = match &outcome {
        SettleOutcome::Settled(_) => "settled",
        SettleOutcome::Refused(_) | SettleOutcome::Reverted(_) => "settlement refused",
        SettleOutcome::Unavailable(_) => "settlement unavailable",
        SettleOutcome::AlreadyUsed | SettleOutcome::Unknown(..) => "settlement unknown",
    };
    world.line(Level::Info, step, &[("payment", id.as_str())]);
    match outcome {
        SettleOutcome::Settled(transaction) => {
            let settled = payments::mark_settled(world, claim, &transaction, now)?;
            // It ended meanwhile, or is claimed anew: what the chain says of it counts.
            settled.ok_or(Stop::Unknown(Cause::Answer, Some(transaction)))
        }
        SettleOutcome::Refused(reason) | SettleOutcome::Reverted(reason) => {
            give_up(world, claim, &reason)?;
            Err(Stop::Refused(reason))
        }
        SettleOutcome::Unavailable(trouble) => {
            let fields = [("payment", id.as_str()), ("why", trouble.why.as_str())];
            world.line(Level::Warn, "the facilitator did not take a payment", &fields);
            give_up(world, claim, "settlement unavailable")?;
            Err(Stop::Unavailable(trouble))
        }
        SettleOutcome::AlreadyUsed => {
            let _: Step =
                payments::mark_unknown(world, claim, "the authorization is used", now, now)?;
            Err(Stop::AlreadyUsed(id.clone()))
        }
        SettleOutcome::Unknown(trouble, transaction) => {
            let next = next_check(attempts, now);
            let _: Step = payments::mark_unknown(world, claim, &trouble.why, next, now)?;
            Err(Stop::Unknown(trouble.cause, transaction))
        }
    }
}

fn give_up(world: &impl World, claim: &Claim, reason: &str) -> Result<(), SqlError> {
    payments::mark_not_paid(world, claim, NotPaid::Refused, reason, world.now()).map(drop)
}
