//! All decisions about one withdrawal, without I/O: [`step`] takes what happened and says what is to be done.
//!
//! The rules that hold for every sequence of events:
//! - One authorization, one signature. What is asked for again is asked for with both, so the money moves once.
//! - The row is written before the effects of its step are carried out, so a row exists before anything is signed, and
//!   the request is counted before it leaves.
//! - It is `Failed` only without a signature that has left, or when the chain's own time is past the end of the
//!   authorization and it moved nothing.
//! - It is `Sent` when the chain shows exactly this transfer.

use alloy_primitives::Bytes;

use crate::base::backoff::doubled;
use crate::base::time::UnixSeconds;
use crate::chain::usage::{Usage, read_hash};
use crate::facilitator::client::SettleOutcome;
use crate::guest::withdrawal::model::{State, Withdrawal};

/// The pause until the alarm looks again, seconds, doubled each time, and at the longest.
const AGAIN_SECONDS: i64 = 3;
const AGAIN_SECONDS_MAX: i64 = 600;
/// How long a signature is waited for, seconds.
pub const SIGNING_SECONDS: i64 = 120;

const NOT_SIGNED: &str = "The wallet did not sign. No money moved; try again in a minute.";
const RAN_OUT: &str =
    "It was not carried out in time, and cannot be any more. The money is still in the wallet.";
const TOO_SMALL: &str =
    "Moving so little costs more than it is worth. No money moved; send a larger amount.";
const NOT_ACCEPTED: &str = "It was not accepted. No money moved; try again in a few minutes.";
const NOT_YET: &str =
    "It was not accepted so far. No money moved yet; in a few minutes it is certain.";
/// What our own facilitator says of an amount below the cost of its transaction.
const WORTHLESS: &str = "value_below_gas_cost";

/// When the chain was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// Right after a facilitator's answer: nodes may lag.
    AfterAnswer,
    /// The alarm goes on with it.
    Later,
}

/// What happened since the last step.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The wallet has signed, or why not.
    Signed(Result<Bytes, String>),
    /// A facilitator has answered. `is_own`: it is ours, so a signature that it did not send has not left.
    Answered { outcome: SettleOutcome, is_own: bool },
    /// What the chain says.
    ChainRead(Usage, Round),
    /// The alarm looks after it.
    Due,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Ask the wallet for the signature.
    Sign,
    /// Ask the facilitator to move the money.
    Settle,
    /// Ask the chain what became of it.
    ReadChain(Round),
    /// It does not count towards the limit of the day any more.
    Release,
    /// Tell its owner how it is.
    Tell,
}

/// Decides what follows from an event.
#[must_use]
pub fn step(withdrawal: &Withdrawal, event: Event, now: UnixSeconds) -> (Withdrawal, Vec<Effect>) {
    let mut next = withdrawal.clone();
    let effects = match (next.state, event) {
        (State::Signing, Event::Signed(Ok(signature))) if next.signature.is_none() => {
            next.signature = Some(signature);
            next.state = State::Sending;
            next.requests = 1;
            next.next_check_at = Some(now.plus(AGAIN_SECONDS));
            vec![Effect::Tell, Effect::Settle]
        }
        // Evicted while the wallet was asked, or it was silent for too long: nothing has left.
        (State::Signing, Event::Signed(_) | Event::Due) => fail(&mut next, NOT_SIGNED),
        (State::Sending, Event::Answered { outcome, is_own }) => {
            answered(&mut next, outcome, is_own)
        }
        (State::Sending, Event::Due) => {
            next.attempts = next.attempts.saturating_add(1);
            let pause = doubled(AGAIN_SECONDS, next.attempts, AGAIN_SECONDS_MAX);
            next.next_check_at = Some(now.plus(pause));
            vec![Effect::ReadChain(Round::Later)]
        }
        (State::Sending, Event::ChainRead(usage, round)) => {
            chain_read(&mut next, usage, round, now)
        }
        // It comes too late, and changes nothing.
        (State::Signing, Event::Answered { .. } | Event::ChainRead(..))
        | (State::Sending, Event::Signed(_))
        | (State::Sent | State::Failed, _) => Vec::new(),
    };
    (next, effects)
}

fn answered(next: &mut Withdrawal, outcome: SettleOutcome, is_own: bool) -> Vec<Effect> {
    // Only the first request says something about all: an earlier one may still be carried out.
    let has_stayed = is_own && next.requests == 1;
    match outcome {
        SettleOutcome::Settled(hash) => {
            next.transaction = read_hash(&hash);
            vec![Effect::ReadChain(Round::AfterAnswer)]
        }
        SettleOutcome::AlreadyUsed => vec![Effect::ReadChain(Round::AfterAnswer)],
        SettleOutcome::Unavailable(trouble) if has_stayed => {
            fail(next, if trouble.why == WORTHLESS { TOO_SMALL } else { NOT_ACCEPTED })
        }
        SettleOutcome::Refused(_) if has_stayed => fail(next, NOT_ACCEPTED),
        // A transaction that reverted has published the signature, and a stranger may send it again.
        SettleOutcome::Refused(_) | SettleOutcome::Reverted(_) => {
            next.refused = true;
            NOT_YET.clone_into(&mut next.reason);
            vec![Effect::Tell]
        }
        SettleOutcome::Unavailable(_) => {
            NOT_YET.clone_into(&mut next.reason);
            vec![Effect::Tell]
        }
        SettleOutcome::Unknown(_, hash) => {
            next.transaction = hash.as_deref().and_then(read_hash).or(next.transaction);
            vec![Effect::Tell]
        }
    }
}

fn chain_read(next: &mut Withdrawal, usage: Usage, round: Round, now: UnixSeconds) -> Vec<Effect> {
    match usage {
        Usage::Moved(hash, _) => {
            next.transaction = Some(hash);
            end(next, State::Sent, "");
            vec![Effect::Tell]
        }
        Usage::RanOut | Usage::Elsewhere => fail(next, RAN_OUT),
        Usage::Unused(_) if round == Round::Later && !next.refused && now < next.ends_at() => {
            next.requests = next.requests.saturating_add(1);
            vec![Effect::Settle]
        }
        Usage::Unused(_) | Usage::NotFound | Usage::Unclear(_) => match round {
            Round::AfterAnswer => vec![Effect::Tell],
            Round::Later => Vec::new(),
        },
    }
}

fn fail(next: &mut Withdrawal, reason: &str) -> Vec<Effect> {
    end(next, State::Failed, reason);
    vec![Effect::Release, Effect::Tell]
}

fn end(next: &mut Withdrawal, state: State, reason: &str) {
    next.state = state;
    reason.clone_into(&mut next.reason);
    next.next_check_at = None;
}

#[cfg(test)]
mod tests;
