//! From the signed payment to the result, and what the chain says of it.

use super::event::{ChainView, Context, Delivery, Effect, Fate, Reply, Round};
use crate::base::backoff::twice;
use crate::base::time::UnixSeconds;
use crate::chain::eip3009::Authorization;
use crate::guest::purchase::model::{Purchase, State};
use crate::rails::x402::payer::Settlement;

/// When the alarm looks after a sent payment for the first time, seconds.
const LOOK_AFTER_SECONDS: i64 = 20;
const PAUSE_MILLIS: u32 = 1_000;
/// How often a server whose payment the chain shows may refuse before the person is told to ask its host: our own
/// servers find out within half a minute. Only answers count, not what was sent in vain.
const REFUSALS_MAX: u32 = 4;
/// How far the clock of a chain may be behind ours, seconds.
const CHAIN_LAG_SECONDS: i64 = 60;

pub(super) fn answered(
    purchase: &mut Purchase,
    reply: Reply,
    round: Round,
    cx: Context,
) -> Vec<Effect> {
    match (reply, round) {
        // Nothing was sent, or the result is there.
        _ if purchase.signature.is_none() || purchase.shown => Vec::new(),
        (Reply::Result(delivery), _) if !delivery.fits => vec![Effect::ShowNow(delivery)],
        (Reply::Result(delivery), _) => delivered(purchase, delivery, cx),
        (Reply::Refused(code, text), _) => refused_by_server(purchase, code, &text, cx),
        (Reply::None(text), Round::First { pause, retries })
            if retries > 0 && purchase.is_outstanding() =>
        {
            let text = format!("not known yet, the same payment again: {text}");
            let pause = twice(pause, u32::MAX).max(PAUSE_MILLIS);
            let again = Round::First { pause, retries: retries.saturating_sub(1) };
            vec![Effect::Log("payment", text), Effect::Send(again)]
        }
        (Reply::None(text), Round::First { .. } | Round::Later) => {
            without_result(purchase, "unknown", &text, cx)
        }
    }
}

/// The result is kept before anything else. What the server says of the money is compared with what was signed, and
/// with the chain, before "paid" is said.
pub(super) fn delivered(purchase: &mut Purchase, delivery: Delivery, cx: Context) -> Vec<Effect> {
    if purchase.shown {
        return Vec::new();
    }
    let Delivery { settlement, result, ticket, fits } = delivery;
    purchase.shown = true;
    purchase.ticket = ticket.or(purchase.ticket.take());
    let mut effects = Vec::new();
    if fits {
        effects.push(Effect::Keep(result.clone()));
    }
    let transaction = settlement.and_then(|settlement| ours(settlement, purchase));
    match (purchase.state == State::Paid, transaction) {
        (true, _) => purchase.next_check_at = None,
        (false, Some(transaction)) => effects.push(Effect::ReadReceipt(transaction)),
        (false, None) => {
            let text = "the server delivered, but names no payment of this wallet; the payment is looked for on the chain";
            effects.extend(not_on_chain(purchase, "payment", text, cx));
        }
    }
    if fits {
        effects.push(Effect::HandOver);
    }
    effects.push(Effect::Report(result));
    effects
}

/// The transaction, if the server says that exactly this was paid by this wallet.
fn ours(settlement: Settlement, purchase: &Purchase) -> Option<String> {
    let is_payer = settlement.payer.is_none_or(|payer| payer.to_checksum(None) == purchase.payer);
    let is_amount = settlement.amount.is_none_or(|amount| amount == purchase.amount);
    settlement.transaction.filter(|_| settlement.success && is_payer && is_amount)
}

pub(super) fn receipt_read(
    purchase: &mut Purchase,
    transaction: String,
    is_confirmed: bool,
    cx: Context,
) -> Vec<Effect> {
    if is_confirmed {
        return paid(purchase, transaction, cx);
    }
    let text =
        "the server says that it was paid, and the chain does not yet; the payment is looked after";
    not_on_chain(purchase, "error", text, cx)
}

/// The result is there, and whether its money moved is still to be seen.
fn not_on_chain(
    purchase: &mut Purchase,
    kind: &'static str,
    text: &str,
    cx: Context,
) -> Vec<Effect> {
    if !purchase.state.is_sent() {
        return Vec::new();
    }
    purchase.state = State::Unknown;
    text.clone_into(&mut purchase.reason);
    purchase.next_check_at = Some(cx.now.plus(LOOK_AFTER_SECONDS));
    vec![Effect::Log(kind, text.to_owned())]
}

/// The chain shows the payment. Without a result the purchase stays open.
fn paid(purchase: &mut Purchase, transaction: String, cx: Context) -> Vec<Effect> {
    if !purchase.state.is_sent() {
        return Vec::new();
    }
    purchase.state = State::Paid;
    "paid".clone_into(&mut purchase.reason);
    purchase.transaction = Some(transaction.clone());
    purchase.next_check_at = match purchase.shown {
        true => None,
        false => purchase.next_check_at.or(Some(cx.now)),
    };
    vec![
        Effect::Log("payment", format!("paid ${}", purchase.amount)),
        Effect::ShowReceipt(transaction),
        Effect::ShowHistory,
        Effect::ShowWallet,
    ]
}

fn refused_by_server(
    purchase: &mut Purchase,
    code: &'static str,
    text: &str,
    cx: Context,
) -> Vec<Effect> {
    let mut effects = without_result(purchase, code, text, cx);
    if purchase.state != State::Paid || purchase.shown {
        return effects;
    }
    purchase.refusals = purchase.refusals.saturating_add(1);
    if purchase.refusals == REFUSALS_MAX {
        let text = format!(
            "the chain shows the payment, and the server does not deliver: {text}; ask its host. It is asked again for as long as this session lasts"
        );
        effects.push(Effect::Log("error", text.clone()));
        effects.push(Effect::fail("not_delivered", &text, "yes"));
    }
    effects
}

/// There is no result yet; the server is asked again. The caller is told once.
fn without_result(
    purchase: &mut Purchase,
    code: &'static str,
    text: &str,
    cx: Context,
) -> Vec<Effect> {
    let (money_moved, of_money) = match purchase.state {
        _ if purchase.shown => return Vec::new(),
        State::Paid => ("yes", "the chain shows the payment; the server is asked again"),
        State::Paying | State::Unknown => {
            ("unknown", "the signed payment may still move its money until it runs out")
        }
        State::Asked | State::Declined | State::Refused | State::Signing | State::Failed => {
            return Vec::new();
        }
    };
    if purchase.state != State::Paid {
        purchase.state = State::Unknown;
        text.clone_into(&mut purchase.reason);
    }
    let later = purchase.next_check_at.filter(|next| *next > cx.now);
    purchase.next_check_at = Some(later.unwrap_or(cx.now.plus(LOOK_AFTER_SECONDS)));
    let text = format!("{text} ({of_money})");
    let mut effects = vec![Effect::Log("payment", format!("no result yet: {text}"))];
    if !purchase.warned {
        purchase.warned = true;
        effects.push(Effect::Warn(code));
        effects.push(Effect::fail(code, &text, money_moved));
    }
    effects
}

pub(super) fn chain_read(purchase: &mut Purchase, view: ChainView, cx: Context) -> Vec<Effect> {
    let end = purchase.authorization.as_ref().map(end_of);
    let has_ended = end.is_some_and(|end| view.head > end);
    match (view.fate, has_ended) {
        (Fate::Moved(transaction), _) => paid(purchase, transaction, cx),
        (Fate::Unused, true) => void(purchase, "the payment ran out unused; no money moved", cx),
        (Fate::Elsewhere, true) => {
            let why = "the wallet used or cancelled this payment otherwise; it moved no money";
            void(purchase, why, cx)
        }
        (Fate::Unused | Fate::Elsewhere, false) | (Fate::Unclear, _) => Vec::new(),
    }
}

/// No money moved, and none can any more.
fn void(purchase: &mut Purchase, why: &'static str, cx: Context) -> Vec<Effect> {
    if !purchase.state.is_sent() {
        return Vec::new();
    }
    purchase.end(State::Failed, why);
    let mut effects = vec![Effect::Log("payment", why.to_owned()), Effect::ShowHistory];
    // Who was told that it is unknown, or has the result, does not wait for the call.
    if !purchase.warned && !purchase.shown {
        effects.push(Effect::fail("ran_out", why, "no"));
    }
    effects.extend(cx.release(purchase));
    effects
}

/// When the authorization ends for certain, also by the clock of a chain that is behind ours.
#[must_use]
pub fn end_of(authorization: &Authorization) -> UnixSeconds {
    let end = i64::try_from(authorization.valid_before).unwrap_or(i64::MAX);
    UnixSeconds::new(end).plus(CHAIN_LAG_SECONDS)
}
