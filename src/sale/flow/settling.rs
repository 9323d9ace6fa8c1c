//! The consequences of a facilitator's answer to `/settle`, and the retry.

use crate::base::backoff::doubled;
use crate::base::id::ScopeId;
use crate::base::time::UnixSeconds;
use crate::facilitator::client::{Cause, Facilitator, Question, SettleOutcome, Trouble};
use crate::ledger::payments::{self, Claim, NotPaid, Payment, Settled, Step};
use crate::ports::{Level, SqlError, World};
use crate::sale::flow::stop::Stop;

/// Checks until the interval becomes an hour.
const LOOKS_SOON: u32 = 30;

/// Asks again to settle a payment with an unknown outcome.
///
/// # Errors
///
/// [`Stop`] as for the first request. A refusal proves nothing now, because the first request may have moved the
/// money, so the outcome stays unknown. Only a revert of our own transaction is certain.
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
        // Our node lags behind the facilitator's.
        SettleOutcome::AlreadyUsed => {
            SettleOutcome::Unknown(Trouble::answered("the authorization is used"), None)
        }
        other @ (SettleOutcome::Settled(_)
        | SettleOutcome::Reverted(_)
        | SettleOutcome::Unknown(..)) => other,
    };
    record(world, &payment.claim(), payment.attempts, outcome)
}

/// What became of money that the chain has dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Again {
    /// It has moved, in this transaction.
    Moved(String),
    /// Our own facilitator says that it can never move.
    Never,
    /// Not known yet, or it was not tried.
    Open,
}

/// Moves the money of a delivered payment again, because the chain has dropped it.
pub async fn move_again(
    world: &impl World,
    facilitator: &Facilitator,
    scope: &ScopeId,
    settled: &Settled,
) -> Again {
    let Some(question) = question(settled.payment(), scope) else { return Again::Open };
    match facilitator.settle(world, &question).await {
        SettleOutcome::Settled(transaction) => Again::Moved(transaction),
        SettleOutcome::Reverted(_) => Again::Never,
        SettleOutcome::Refused(_)
        | SettleOutcome::Unavailable(_)
        | SettleOutcome::AlreadyUsed
        | SettleOutcome::Unknown(..) => Again::Open,
    }
}

/// Whether our own facilitator has settled this used payment for this host.
pub async fn is_ours(
    world: &impl World,
    facilitator: &Facilitator,
    scope: &ScopeId,
    payment: &Payment,
) -> bool {
    let Some(question) = question(payment, scope) else { return false };
    facilitator.has_settled(world, &question).await
}

/// The question to the facilitator, while the signature is stored.
fn question<'a>(payment: &'a Payment, scope: &'a ScopeId) -> Option<Question<'a>> {
    Some(Question {
        x402_version: payment.x402_version,
        payment: payment.payment.as_ref()?,
        requirements: &payment.requirements,
        payer: &payment.payer,
        scope,
    })
}

/// When to check a payment with an unknown outcome again: after 3, 6, 12 s … up to 5 minutes, and after two hours of
/// that once an hour.
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
    let row = match &outcome {
        // The step itself finds out whether it comes too late.
        SettleOutcome::Settled(_) => None,
        SettleOutcome::Refused(_)
        | SettleOutcome::Reverted(_)
        | SettleOutcome::Unavailable(_)
        | SettleOutcome::AlreadyUsed
        | SettleOutcome::Unknown(..) => payments::find(world, id)?,
    };
    let row = row.filter(|row| row.claim() == *claim);
    // A second check may have settled it while this answer was on its way …
    if let Some(settled) = row.as_ref().and_then(Payment::settled) {
        return Ok(settled);
    }
    // … or may be asking for it right now. Then a refusal of the first request proves nothing.
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
            // It ended meanwhile, or was claimed again, so the chain decides.
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
