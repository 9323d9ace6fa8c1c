//! Pays money back to guests: has what the host has signed carried out, and asks the chain what became of it.
//!
//! Only the chain says that a refund is paid: the transfer is seen twice in the same block. No answer, and no answer of a
//! facilitator, ends a refund; it is owed again when the chain shows that nothing that was signed can move money any more.

use alloy_primitives::Address;
use serde_json::{Value, json};

use crate::base::id::PaymentId;
use crate::base::time::UnixSeconds;
use crate::chain::by_hand::ByHand;
use crate::chain::eip3009::Authorization;
use crate::chain::networks::Network;
use crate::chain::rpc::{Rpc, RpcError};
use crate::chain::solana::by_hand::{NotByHand, SolanaByHand};
use crate::chain::solana::networks::Chain;
use crate::chain::transfers::Window;
use crate::chain::usage::{TransactionId, Usage, Wanted, read_hash};
use crate::facilitator::client::{Question, SettleOutcome};
use crate::ledger::payments::{self, Step};
use crate::ledger::refunds::{self, Refund, State};
use crate::ports::{Level, SqlError, World};
use crate::products::events;
use crate::rails::x402::dialects::requirements_for;
use crate::rails::x402::signed::authorization_json;
use crate::sale::flow;
use crate::shop::Shop;
use crate::shop::find_out::ask_usage;
use crate::shop::look::{Look, PAYMENTS_REQUESTS, SHARE_REQUESTS};

/// When a refund with a bad row or a failing step is tried again, seconds.
const ROW_TROUBLE_SECONDS: i64 = 600;
/// How long no other alarm takes a refund that one is working on, seconds.
const BUSY_SECONDS: i64 = payments::SETTLE_SECONDS;
/// How often the chain is asked for what was offered and not signed, seconds.
const OFFERED_SECONDS: i64 = 300;
/// How long before its end a signature is not sent any more, seconds.
const LAST_SECONDS: i64 = 10;
/// The longest validity that the requirements name, seconds.
const VALID_SECONDS: u32 = 3_600;

/// Handles as many refunds as the alarm has requests for, the longest waiting first. `is_alone`: no payment was due in this
/// alarm.
pub async fn look_after_refunds(
    shop: &Shop<'_, impl World>,
    is_alone: bool,
) -> Result<(), SqlError> {
    let now = shop.cx.now();
    if !UnixSeconds::has_come(refunds::next_due(shop.cx.world)?, now) {
        return Ok(());
    }
    let budget = if is_alone { PAYMENTS_REQUESTS } else { SHARE_REQUESTS };
    let count = budget.checked_div(SHARE_REQUESTS).unwrap_or(1);
    for id in refunds::due(shop.cx.world, now, count)? {
        if shop.memory.slices.alone.borrow().contains(&id) {
            continue;
        }
        let look = Look::shared(shop.cx.world);
        look_after_refund(shop, &id, &look).await?;
        if look.meter.is_used_up() && shop.memory.slices.wants_to_be_alone(&id) {
            // Its transfer is far back; its next check may be minutes away, and this one was incomplete.
            refunds::put_off(shop.cx.world, &id, shop.cx.now())?;
        }
    }
    Ok(())
}

/// Takes one refund a step further; trouble with it does not keep the others waiting.
///
/// # Errors
///
/// [`SqlError`] if it cannot even be put off.
pub async fn look_after_refund<W: World>(
    shop: &Shop<'_, W>,
    id: &PaymentId,
    look: &Look<'_, W>,
) -> Result<(), SqlError> {
    if let Err(error) = step_further(shop, id, look).await {
        let fields = [("refund", id.as_str()), ("why", error.0.as_str())];
        shop.cx.world.line(Level::Error, "the next step of a refund failed", &fields);
        let again = shop.cx.now().plus(ROW_TROUBLE_SECONDS);
        refunds::put_off(shop.cx.world, id, again)?;
    }
    Ok(())
}

/// Takes a refund that is being paid one step further.
async fn step_further<W: World>(
    shop: &Shop<'_, W>,
    id: &PaymentId,
    look: &Look<'_, W>,
) -> Result<(), SqlError> {
    let now = shop.cx.now();
    let Some(refund) = refunds::find(shop.cx.world, id)?.filter(|it| it.state == State::Paying)
    else {
        return Ok(());
    };
    refunds::put_off(shop.cx.world, id, now.plus(BUSY_SECONDS))?;
    match refund.reported.clone() {
        Some(hash) => look_for_report(shop, &refund, &hash, look).await,
        None => look_for_authorization(shop, &refund, look).await,
    }
}

async fn look_for_authorization<W: World>(
    shop: &Shop<'_, W>,
    refund: &Refund,
    look: &Look<'_, W>,
) -> Result<(), SqlError> {
    let damaged = || SqlError("a refund that is being paid by nobody".to_owned());
    let until = refund.offered_until.ok_or_else(damaged)?;
    let signed_until = refund.signed.as_ref().map_or(until, |(_, until)| *until);
    let from: Address =
        refund.from.as_deref().and_then(|it| it.parse().ok()).ok_or_else(damaged)?;
    let authorization = events::refunds::authorization(&shop.cx, refund, from, signed_until)?;
    let seen = refund.seen.as_ref().and_then(|(hash, _)| read_hash(hash));
    let network = Network::by_caip2(&refund.network).ok_or_else(damaged)?;
    let wanted = Wanted {
        network,
        authorization: &authorization,
        window: Window { unused_at: refund.unused_at, created_at: refund.created_at },
        transaction: seen,
    };
    let found = ask_usage(shop, &wanted, until, look).await;
    let now = shop.cx.now();
    match found {
        Usage::Moved(hash, block) => found_paid(shop, refund, &hash.to_string(), block),
        Usage::RanOut => give_back(shop, refund, "it was not sent in time; sign it again", false),
        // The wallet has used the nonce up for something else, or has cancelled it. What was signed could only be revived
        // by a chain that drops that block, so it has to be over before there is another nonce.
        Usage::Elsewhere if now > until.plus(ROW_TROUBLE_SECONDS) => {
            give_back(shop, refund, "the wallet has cancelled the transfer; sign it again", true)
        }
        Usage::Elsewhere => noted(
            shop,
            refund,
            Some("the wallet has cancelled the transfer"),
            until.plus(ROW_TROUBLE_SECONDS),
        ),
        Usage::NotFound => {
            let why = "the chain shows that it was used, and no log that can be read says how";
            noted(shop, refund, Some(why), flow::next_check(refund.attempts, now))
        }
        Usage::Unclear(why) => {
            let fields = [("refund", refund.payment.as_str()), ("why", why.as_str())];
            shop.cx.world.line(Level::Warn, "the state of a refund is not known", &fields);
            let next = flow::next_check(refund.attempts, now);
            noted(shop, refund, refund.reason.as_deref(), next)
        }
        Usage::Unused(block) => match &refund.signed {
            Some((signature, until)) if now < until.plus(-LAST_SECONDS) => {
                if refunds::was_unused(shop.cx.world, refund, block)? == Step::Taken {
                    send(shop, refund, network, &authorization, signature).await?;
                }
                Ok(())
            }
            Some(_) => {
                let why = "it was not sent in time; it can be signed again";
                noted(shop, refund, Some(why), now.plus(OFFERED_SECONDS))
            }
            None => {
                let _: Step = refunds::was_unused(shop.cx.world, refund, block)?;
                noted(shop, refund, None, now.plus(OFFERED_SECONDS))
            }
        },
    }
}

/// Has the facilitator carry out what was signed. Its answer decides nothing: the chain is asked next.
async fn send(
    shop: &Shop<'_, impl World>,
    refund: &Refund,
    network: &'static Network,
    authorization: &Authorization,
    signature: &str,
) -> Result<(), SqlError> {
    let (payment, requirements) = as_payment(shop, network, authorization, signature);
    let payer = authorization.from.to_checksum(None);
    let question = Question {
        x402_version: 2,
        payment: &payment,
        requirements: &requirements,
        payer: &payer,
        scope: shop.cx.scope,
    };
    let outcome = shop.cx.config.facilitator.settle(shop.cx.world, &question).await;
    let now = shop.cx.now();
    let next = flow::next_check(refund.attempts, now);
    let why = match outcome {
        SettleOutcome::Settled(hash) => {
            let fields = [("refund", refund.payment.as_str()), ("transaction", hash.as_str())];
            shop.cx.world.line(Level::Info, "a refund was sent", &fields);
            None
        }
        SettleOutcome::AlreadyUsed => None,
        SettleOutcome::Refused(reason) | SettleOutcome::Reverted(reason) => Some(in_words(&reason)),
        SettleOutcome::Unavailable(trouble) | SettleOutcome::Unknown(trouble, _) => {
            let fields = [("refund", refund.payment.as_str()), ("why", trouble.why.as_str())];
            shop.cx.world.line(Level::Warn, "the facilitator did not send a refund", &fields);
            trouble.detail
        }
    };
    noted(shop, refund, why.as_deref(), next)
}

/// What a host can do about the refusal of a facilitator.
fn in_words(reason: &str) -> String {
    if reason.contains("insufficient_funds") || reason.contains("insufficient_balance") {
        return "the payout wallet has not enough USDC".to_owned();
    }
    if reason.contains("signature") {
        return "the signature is not that of the payout wallet; sign it again".to_owned();
    }
    if reason.contains("value_below_gas_cost") {
        return "it is worth less than its transaction costs now; it is tried again, or pay it by hand"
            .to_owned();
    }
    format!("it was refused ({reason}); it is tried again")
}

/// A refund as a payment of x402: the facilitator that settles purchases carries it out.
fn as_payment(
    shop: &Shop<'_, impl World>,
    network: &'static Network,
    authorization: &Authorization,
    signature: &str,
) -> (Value, Value) {
    let requirements = json!(requirements_for(network, authorization, VALID_SECONDS));
    let payment = json!({
        "x402Version": 2,
        "accepted": requirements,
        "resource": {"url": shop.cx.server_url(), "description": "Refund", "mimeType": "application/json"},
        "payload": {"authorization": authorization_json(authorization), "signature": signature},
    });
    (payment, requirements)
}

/// The chain shows the transfer. It counts once it was seen twice in the same block: a chain drops its newest blocks now and
/// then.
fn found_paid(
    shop: &Shop<'_, impl World>,
    refund: &Refund,
    transaction: &str,
    block: u64,
) -> Result<(), SqlError> {
    let now = shop.cx.now();
    if refund.seen.as_ref().is_none_or(|seen| *seen != (transaction.to_owned(), block)) {
        let next = now.plus(payments::CONFIRM_SECONDS);
        let _: Step = refunds::mark_seen(shop.cx.world, refund, (transaction, block), next)?;
        return Ok(());
    }
    shop.cx.world.atomically(|| {
        let revenue = refunds::mark_paid(shop.cx.world, refund, transaction, now)?;
        revenue.map_or(Ok(()), |revenue| shop.cx.publish_revenue(revenue))
    })
}

/// What a reported transaction says about its refund.
enum Said {
    /// It is in this block, and has made so many such transfers.
    Paid(u64, u64),
    /// Why it has not paid it.
    Not(String),
}

/// Looks for a transfer that the host has sent by hand.
async fn look_for_report<W: World>(
    shop: &Shop<'_, W>,
    refund: &Refund,
    named: &str,
    look: &Look<'_, W>,
) -> Result<(), SqlError> {
    let damaged = || SqlError("a reported refund that cannot be read".to_owned());
    let chain = Chain::by_caip2(&refund.network).ok_or_else(damaged)?;
    let transaction = TransactionId::read(named).ok_or_else(damaged)?;
    let later = flow::next_check(refund.attempts, shop.cx.now());
    let Some(url) = shop.cx.config.rpc_urls.get(chain.caip2()) else {
        let why = "no endpoint for this network (RPC_URLS)";
        return noted(shop, refund, Some(why), later);
    };
    let rpc = Rpc { url: url.clone() };
    let found = match (chain, transaction) {
        (Chain::Evm(network), TransactionId::Evm(hash)) => {
            let to = refund.payer.parse().map_err(|_| damaged())?;
            let (from, value) = (senders(shop, refund)?, refund.amount.to_u256());
            let by_hand = ByHand { from: &from, to, value, since: refund.created_at };
            said(rpc.sent_by_hand(look, network, &by_hand, hash).await)
        }
        (Chain::Solana(network), TransactionId::Solana(signature)) => {
            let (from, amount) = (senders_on_solana(shop, refund)?, refund.amount);
            let (to, since) = (refund.payer.as_str(), refund.created_at);
            let by_hand = SolanaByHand { network, from: &from, to, amount, since };
            said_on_solana(rpc.solana_sent_by_hand(look, &by_hand, signature).await)
        }
        (Chain::Evm(_), TransactionId::Solana(_)) | (Chain::Solana(_), TransactionId::Evm(_)) => {
            return Err(damaged());
        }
    };
    let transaction = transaction.to_string();
    match found {
        // One transfer pays one refund.
        Ok(Said::Paid(_, times))
            if times <= refunds::count_reported(shop.cx.world, refund, &transaction)? =>
        {
            give_back(shop, refund, "the reported transaction is that of another refund", false)
        }
        Ok(Said::Paid(block, _)) => found_paid(shop, refund, &transaction, block),
        Ok(Said::Not(why)) => give_back(shop, refund, &why, false),
        Err(error) => {
            let why = format!("the reported transaction is in no block that can be read: {error}");
            noted(shop, refund, Some(&why), later)
        }
    }
}

fn said(found: Result<Option<(u64, u64)>, RpcError>) -> Result<Said, RpcError> {
    let not = || Said::Not("the reported transaction has not paid this refund".to_owned());
    Ok(found?.map_or_else(not, |(block, times)| Said::Paid(block, times)))
}

fn said_on_solana(found: Result<Result<u64, NotByHand>, RpcError>) -> Result<Said, RpcError> {
    Ok(found?.map_or_else(|why| Said::Not(why.to_string()), |slot| Said::Paid(slot, 1)))
}

/// The wallets that a host pays back from: the one it is paid at now, and the one that the guest has paid.
fn senders(shop: &Shop<'_, impl World>, refund: &Refund) -> Result<Vec<Address>, SqlError> {
    let paid_to = payments::find(shop.cx.world, &refund.payment)?;
    let paid_to = paid_to.and_then(|payment| payment.pay_to.parse().ok());
    Ok([Some(refunds::payout_wallet(shop.cx.world)?), paid_to].into_iter().flatten().collect())
}

/// As [`senders`], on Solana.
fn senders_on_solana(
    shop: &Shop<'_, impl World>,
    refund: &Refund,
) -> Result<Vec<String>, SqlError> {
    let paid_to = payments::find(shop.cx.world, &refund.payment)?.map(|payment| payment.pay_to);
    let now = shop.profile.solana.map(|address| address.to_string());
    Ok([now, paid_to].into_iter().flatten().collect())
}

fn give_back(
    shop: &Shop<'_, impl World>,
    refund: &Refund,
    why: &str,
    is_burnt: bool,
) -> Result<(), SqlError> {
    refunds::back_to_owed(shop.cx.world, refund, why, is_burnt, shop.cx.now()).map(drop)
}

fn noted(
    shop: &Shop<'_, impl World>,
    refund: &Refund,
    why: Option<&str>,
    next: UnixSeconds,
) -> Result<(), SqlError> {
    refunds::note(shop.cx.world, refund, why, next).map(drop)
}
