//! All decisions about one paid call, without I/O: [`step`] takes what happened and says what is to be done.
//!
//! The rules that hold for every sequence of events:
//! - A purchase gets one authorization and one signature. No event replaces either, so a logical call has at most one
//!   live signature. A repeated call is sent with the same payment ([`Effect::Send`]).
//! - The row is written before the effects of its step are carried out (`run`), so a row exists before
//!   anything is signed.
//! - The state becomes `Failed` only without a signature, or when the chain's own time is past the end of the
//!   authorization and the authorization moved nothing ([`Fate`]).
//! - `Paid` follows from the chain. Where no endpoint is set up, the server's receipt is all there is.
//! - A server that gave no answer has not refused ([`Reply::None`]).

mod delivery;
mod event;
mod signing;
#[cfg(test)]
mod tests;

pub use delivery::end_of;
pub use event::{
    ChainView, Context, Delivery, Effect, Event, Facts, Fate, Grant, NotPaid, Reply, Round, Signer,
};

use crate::base::backoff::doubled;
use crate::guest::purchase::model::{Purchase, State};
use crate::wallets::policy::Verdict;

/// The pause until the alarm looks after an open purchase again, seconds, doubled each time, and at the longest.
const AGAIN_SECONDS: i64 = 3;
const AGAIN_SECONDS_MAX: i64 = 3_600;
/// A purchase that was looked after so many times gets an alarm to itself.
const ALONE_ATTEMPTS: u32 = 7;

/// The answer to a call that is made twice.
pub const UNDER_WAY: &str =
    "exactly this call is under way already: answer its question, or wait for what comes of it";
const TOO_MANY_OPEN: &str = "too many payments of this session are open, or wait to be heard: wait for what comes of them, or begin a new session";

/// The purchase after a step, and what is to be done.
pub type Next = (Purchase, Vec<Effect>);

/// Decides about a call that a server asks to be paid for: the purchase, what is to be done, and whether there is a
/// purchase at all. Without one no row is written.
#[must_use]
pub fn begin(mut purchase: Purchase, facts: Facts, cx: Context) -> (Next, bool) {
    let in_the_way = match (facts.is_under_way, facts.is_full) {
        (true, _) => Some(("already_under_way", UNDER_WAY)),
        (false, true) => Some(("too_many_open", TOO_MANY_OPEN)),
        (false, false) => None,
    };
    if let Some((code, text)) = in_the_way {
        return ((purchase, vec![Effect::fail(code, text, "no")]), false);
    }
    let effects = match (facts.verdict, facts.had) {
        (Verdict::Refuse(refused), _) => {
            signing::refuse(&mut purchase, (refused.code(), refused.to_string()))
        }
        // The person confirms a payment for what the wallet has already, whatever the policy says.
        (Verdict::Ask(_) | Verdict::Pay, Some(had)) => {
            signing::ask(&mut purchase, had.clone(), Some(had))
        }
        (Verdict::Ask(why), None) => signing::ask(&mut purchase, why.to_owned(), None),
        (Verdict::Pay, None) => {
            signing::to_signing(&mut purchase, "within the policy", cx);
            let text = format!("paying ${} without asking", purchase.amount);
            vec![Effect::Log("payment", text), Effect::FindWallet]
        }
    };
    ((purchase, effects), true)
}

/// Decides what follows from an event.
#[must_use]
pub fn step(purchase: &Purchase, event: Event, cx: Context) -> Next {
    let mut next = purchase.clone();
    let effects = match event {
        Event::Confirmed => signing::confirmed(&next),
        Event::Judged(verdict) => signing::judged(&mut next, verdict, cx),
        Event::Declined => signing::declined(&mut next, cx),
        Event::WalletFound(found) => signing::wallet_found(&mut next, found, cx),
        Event::BalanceRead(signer, balance) => {
            signing::balance_read(&mut next, signer, balance, cx)
        }
        Event::SignInChecked(signer, checked) => {
            signing::sign_in_checked(&mut next, signer, checked, cx)
        }
        Event::BudgetAsked(grant, answer) => signing::budget_asked(&mut next, grant, answer, cx),
        Event::Fixed(signer, authorization) => signing::fixed(&mut next, signer, authorization),
        Event::SignatureMade(made) => signing::signature_made(&mut next, made, cx),
        Event::SignatureReceived(hex) => signing::signature_received(&next, hex),
        Event::SignatureChecked(checked) => signing::signature_checked(&mut next, checked, cx),
        Event::Answered(reply, round) => delivery::answered(&mut next, reply, round, cx),
        Event::ShownNow(delivery, was_told) => {
            if was_told {
                delivery::delivered(&mut next, delivery, cx)
            } else {
                Vec::new()
            }
        }
        Event::ReceiptRead(hash, is_confirmed) => {
            delivery::receipt_read(&mut next, hash, is_confirmed, cx)
        }
        Event::Due => due(&mut next, cx),
        Event::ChainRead(view) => delivery::chain_read(&mut next, view, cx),
    };
    (next, effects)
}

fn due(purchase: &mut Purchase, cx: Context) -> Vec<Effect> {
    match purchase.state {
        // We were evicted while a wallet was asked, or its person never answered; nothing has left.
        State::Signing => signing::give_up(
            purchase,
            "not_signed",
            "it was not signed in time; call the tool again",
            cx,
        ),
        State::Paying | State::Unknown => vec![Effect::ReadChain, Effect::Send(Round::Later)],
        State::Paid if !purchase.shown => vec![Effect::Send(Round::Later)],
        State::Paid | State::Asked | State::Declined | State::Refused | State::Failed => {
            purchase.next_check_at = None;
            Vec::new()
        }
    }
}

/// How long an open purchase is left alone that was looked after so many times, seconds.
#[must_use]
pub fn again_after(attempts: u32) -> i64 {
    doubled(AGAIN_SECONDS, attempts, AGAIN_SECONDS_MAX)
}

/// Whether nothing else is looked after beside a purchase: its use may lie far back, and take many requests.
#[must_use]
pub const fn needs_an_alarm(purchase: &Purchase) -> bool {
    purchase.attempts >= ALONE_ATTEMPTS
}

/// The same of a purchase while the alarm looks after it, which is counted already.
#[must_use]
pub const fn has_an_alarm(purchase: &Purchase) -> bool {
    purchase.attempts > ALONE_ATTEMPTS
}
