//! Determines the outcome of a payment: asks the chain, and if the authorization is unused and the purchase is still
//! for sale, asks the facilitator to settle again.

use alloy_primitives::{Address, U256};

use crate::base::time::UnixSeconds;
use crate::chain::eip3009::{Authorization, Via};
use crate::chain::networks::Network;
use crate::chain::origin::{Origin, origin};
use crate::chain::rpc::{Rpc, RpcError};
use crate::chain::solana::address::SolanaSignature;
use crate::chain::solana::lookup::WantedTransfer;
use crate::chain::solana::networks::{Chain, is_solana};
use crate::chain::transfers::Window;
use crate::chain::usage::{TransactionId, Usage, Wanted};
use crate::ledger::payments::{self, NotPaid, Payment, Step};
use crate::ports::{Level, SqlError, World, within};
use crate::rails::x402::wire::{Means, PaymentPayload};
use crate::sale::flow::{self, Stop};
use crate::sale::key::read_nonce;
use crate::sale::product::Offer;
use crate::shop::Shop;
use crate::shop::look::Look;
use crate::shop::registry::Tool;

/// How long a use that may belong to another seller waits for the payer's proof, seconds.
const DOUBT_SECONDS_MAX: i64 = 86_400;

/// Timeouts for the chain to say whether an authorization is used, and how, milliseconds. The first together with
/// either the second or the facilitator's timeout is less than [`payments::SETTLE_SECONDS`], so that no two tasks
/// handle one payment.
const LOOK_MILLIS: u32 = 20_000;
const SEARCH_MILLIS: u32 = 50_000;

/// The reason of a payment that was spent at another seller with the same payee.
pub const USED_BEFORE: &str = "it was used before it came here";

/// The reason of a payment that was used in an unknown way.
pub const NO_LOG: &str = "used on chain, and no log that can be read says how";

const NO_ENDPOINT: &str = "no endpoint for this network (RPC_URLS)";
const NO_FACILITATOR: &str = "no facilitator for this network (SOLANA_FACILITATOR_URL)";
const LEFT: &str = "the endpoint did not answer others just now";

/// What the caller has shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence {
    /// The caller is the wallet that pays.
    pub is_payer: bool,
    /// The transaction that is said to have moved the money. Any caller may name it; the chain decides.
    pub transaction: Option<TransactionId>,
}

/// Determines the outcome of a payment.
pub async fn find_out<W: World>(
    shop: &Shop<'_, W>,
    payment: Payment,
    evidence: Evidence,
    look: &Look<'_, W>,
) -> Result<Payment, SqlError> {
    let claim = payment.claim();
    // No other task handles it meanwhile.
    let busy_until = shop.cx.world.now().plus(payments::SETTLE_SECONDS);
    payments::postpone(shop.cx.world, &claim, busy_until)?;
    let found = ask_chain(shop, &payment, evidence.transaction, look).await;
    let now_known = payments::find(shop.cx.world, &payment.id)?;
    if let Some(known) = now_known.filter(|known| known.settled().is_some()) {
        return Ok(known);
    }
    if has_no_endpoint(shop, &payment) {
        ask_facilitator(shop, &payment).await?;
    } else {
        apply(shop, &payment, found, evidence).await?;
    }
    let id = &payment.id;
    payments::find(shop.cx.world, id)?.ok_or_else(|| SqlError(format!("{id} is not there")))
}

/// Applies what the chain shows.
pub async fn apply(
    shop: &Shop<'_, impl World>,
    payment: &Payment,
    found: Usage<String>,
    evidence: Evidence,
) -> Result<(), SqlError> {
    match found {
        Usage::Moved(transaction, block) => {
            found_paid(shop, payment, &transaction, block, evidence.is_payer).await
        }
        Usage::RanOut => end(shop, payment, NotPaid::Failed, "ran out unpaid"),
        // Not `Origin::Elsewhere`: there it moved this money, for another seller. Here it can never move it.
        Usage::Elsewhere => end(shop, payment, NotPaid::Failed, "it was used for something else"),
        // Nobody but our own facilitator can have used it here, which moves nothing twice.
        Usage::NotFound if is_permit(payment) => settle_again(shop, payment).await,
        // This state never ends by itself, because the money may have moved. A caller with the transaction can prove
        // it.
        Usage::NotFound => still_unknown(shop, payment, NO_LOG),
        Usage::Unclear(why) => still_unknown(shop, payment, &why),
        Usage::Unused(block) => {
            if !is_solana(&payment.network) {
                payments::was_unused(shop.cx.world, &payment.claim(), block)?;
            }
            ask_facilitator(shop, payment).await
        }
    }
}

/// Whether the payer has allowed an amount (scheme `upto`).
#[must_use]
pub fn is_permit(payment: &Payment) -> bool {
    match read_nonce(&payment.nonce) {
        Some((Via::Permit2, _)) => true,
        Some((Via::Token, _)) | None => false,
    }
}

/// Whether only the facilitator can say what became of it.
#[must_use]
pub fn has_no_endpoint(shop: &Shop<'_, impl World>, payment: &Payment) -> bool {
    is_solana(&payment.network) && !shop.cx.config.rpc_urls.contains_key(&payment.network)
}

/// Asks for the settlement again, if what it buys is still for sale.
async fn ask_facilitator(shop: &Shop<'_, impl World>, payment: &Payment) -> Result<(), SqlError> {
    match no_more_for_sale(shop, payment)? {
        // No money is moved for what is no longer for sale. It may be in flight, so it stays open until it expires.
        Some(why) => still_unknown(shop, payment, why),
        None => settle_again(shop, payment).await,
    }
}

async fn settle_again(shop: &Shop<'_, impl World>, payment: &Payment) -> Result<(), SqlError> {
    let Some(facilitator) = shop.cx.config.facilitator_on(&payment.network) else {
        return still_unknown(shop, payment, NO_FACILITATOR);
    };
    match flow::settle_again(shop.cx.world, facilitator, shop.cx.scope, payment).await {
        Ok(_) => shop.memory.breaker(&payment.network).borrow_mut().succeeded(),
        Err(
            Stop::Refused(_)
            | Stop::Unavailable(_)
            | Stop::Unknown(..)
            | Stop::Elsewhere
            | Stop::Mismatch(_)
            | Stop::UsedBefore
            | Stop::AlreadyUsed(_),
        ) => {}
        Err(Stop::Storage(error)) => return Err(error),
    }
    Ok(())
}

/// The chain shows the transfer. Books it if it can belong to this payment's call.
async fn found_paid(
    shop: &Shop<'_, impl World>,
    payment: &Payment,
    transaction: &str,
    block: u64,
    is_payer: bool,
) -> Result<(), SqlError> {
    // A memo says for whom a payment on Solana is made.
    let found = match is_solana(&payment.network) {
        true => Origin::Here,
        false => origin(payment.unused_at, block),
    };
    let facilitator = &shop.cx.config.facilitator;
    let is_proven = is_payer
        || found == Origin::Doubtful
            && flow::is_ours(shop.cx.world, facilitator, shop.cx.scope, payment).await;
    let (claim, now) = (payment.claim(), shop.cx.world.now());
    match found {
        Origin::Elsewhere => end(shop, payment, NotPaid::Failed, USED_BEFORE),
        Origin::Doubtful if !is_proven => {
            let until = |since: UnixSeconds| since.plus(DOUBT_SECONDS_MAX);
            // The day starts when the payer could have known; the endpoint may have been down longer.
            if payment.doubtful_at.is_some_and(|since| now > until(since)) {
                return end(shop, payment, NotPaid::Failed, "nobody has proven to have paid");
            }
            let fields = [("payment", claim.id().as_str())];
            shop.cx.world.line(Level::Warn, "a payment may belong to another seller", &fields);
            let next = flow::next_check(payment.attempts, now);
            let seen = (transaction, block);
            payments::mark_doubtful(shop.cx.world, &claim, seen, next, now).map(drop)
        }
        Origin::Here | Origin::Doubtful => {
            payments::mark_settled(shop.cx.world, &claim, transaction, now)?;
            // The facilitator did its work; only its answer was lost.
            shop.memory.breaker(&payment.network).borrow_mut().succeeded();
            Ok(())
        }
    }
}

/// Why the purchase is no longer for sale, if so.
pub fn no_more_for_sale(
    shop: &Shop<'_, impl World>,
    payment: &Payment,
) -> Result<Option<&'static str>, SqlError> {
    let config = shop.cx.config;
    let is_set = match Chain::by_caip2(&payment.network) {
        Some(Chain::Evm(network)) => config.networks.contains(&network),
        Some(Chain::Solana(network)) => {
            config.solana.as_ref().is_some_and(|solana| solana.network == network)
        }
        None => false,
    };
    if !is_set {
        return Ok(Some("its network was removed; nothing is moved there"));
    }
    let Some(tool) = Tool::by_name(&payment.tool) else {
        return Ok(Some("what it wants is not sold any more"));
    };
    if !shop.profile.products.has(tool.product()) {
        return Ok(Some("the host has closed what it wants"));
    }
    Ok(match tool.offer(&shop.cx, payment)? {
        Offer::Open => None,
        Offer::Gone(why) => Some(why),
    })
}

pub fn end(
    shop: &Shop<'_, impl World>,
    payment: &Payment,
    how: NotPaid,
    reason: &str,
) -> Result<(), SqlError> {
    let now = shop.cx.world.now();
    if payments::mark_not_paid(shop.cx.world, &payment.claim(), how, reason, now)? == Step::Taken {
        shop.cx.world.line(Level::Info, reason, &[("payment", payment.id.as_str())]);
    }
    Ok(())
}

fn still_unknown(
    shop: &Shop<'_, impl World>,
    payment: &Payment,
    why: &str,
) -> Result<(), SqlError> {
    let now = shop.cx.world.now();
    let fields = [("payment", payment.id.as_str()), ("why", why)];
    shop.cx.world.line(Level::Warn, "the outcome of a payment is still unknown", &fields);
    let next = flow::next_check(payment.attempts, now);
    payments::mark_unknown(shop.cx.world, &payment.claim(), why, next, now).map(drop)
}

/// Asks the chain. `hint`: a transaction to check first.
pub async fn ask_chain<W: World>(
    shop: &Shop<'_, W>,
    payment: &Payment,
    hint: Option<TransactionId>,
    look: &Look<'_, W>,
) -> Usage<String> {
    if is_solana(&payment.network) {
        return ask_solana(shop, payment, hint, look).await;
    }
    let hint = match hint {
        Some(TransactionId::Evm(hash)) => Some(hash),
        Some(TransactionId::Solana(_)) | None => None,
    };
    let known = Network::by_caip2(&payment.network).zip(authorization_of(payment));
    let Some((network, authorization)) = known else {
        return Usage::Unclear(NO_ENDPOINT.to_owned());
    };
    let seen = payment.seen.as_ref().and_then(|(transaction, _)| transaction.parse().ok());
    // What moved a permit is not found by its logs.
    let booked = payment.transaction.as_ref().filter(|_| is_permit(payment));
    let booked = booked.and_then(|transaction| transaction.parse().ok());
    let wanted = Wanted {
        network,
        authorization: &authorization,
        window: Window { unused_at: payment.unused_at, created_at: payment.created_at },
        transaction: hint.or(booked).or(seen),
    };
    ask_usage(shop, &wanted, payment.valid_before, look).await.in_words()
}

async fn ask_solana<W: World>(
    shop: &Shop<'_, W>,
    payment: &Payment,
    hint: Option<TransactionId>,
    look: &Look<'_, W>,
) -> Usage<String> {
    let read = payment.payment.clone().and_then(|raw| PaymentPayload::read(raw).ok());
    let Some(PaymentPayload { means: Means::Solana(transfer), .. }) = read else {
        return Usage::Unclear("the stored payment cannot be read".to_owned());
    };
    if shop.memory.slices.leaves(look, &payment.network, shop.cx.now()) {
        return Usage::Unclear(LEFT.to_owned());
    }
    let Some(url) = shop.cx.config.rpc_urls.get(&payment.network) else {
        return Usage::Unclear(NO_ENDPOINT.to_owned());
    };
    let known = payment.transaction.as_ref().or(payment.seen.as_ref().map(|(seen, _)| seen));
    let wanted = WantedTransfer {
        transfer: &transfer,
        created_at: payment.created_at,
        ends_at: payment.valid_before,
        transaction: match hint {
            Some(TransactionId::Solana(signature)) => Some(signature),
            Some(TransactionId::Evm(_)) | None => {
                known.and_then(|text| SolanaSignature::parse(text))
            }
        },
    };
    let rpc = Rpc { url: url.clone() };
    let asked = Box::pin(rpc.solana_usage(look, &wanted, shop.cx.now()));
    match within(shop.cx.world, SEARCH_MILLIS, asked).await {
        Some(found) => found.unwrap_or_else(|error| Usage::Unclear(error.to_string())),
        None => {
            shop.memory.slices.is_silent(&payment.network, shop.cx.now());
            Usage::Unclear(RpcError::Unavailable.to_string())
        }
    }
}

/// Asks the chain what became of any authorization. `ends_at`: when it ends.
pub async fn ask_usage<W: World>(
    shop: &Shop<'_, W>,
    wanted: &Wanted<'_>,
    ends_at: UnixSeconds,
    look: &Look<'_, W>,
) -> Usage {
    let network = wanted.network.caip2;
    if shop.memory.slices.leaves(look, network, shop.cx.now()) {
        return Usage::Unclear(LEFT.to_owned());
    }
    let Some(url) = shop.cx.config.rpc_urls.get(network) else {
        return Usage::Unclear(NO_ENDPOINT.to_owned());
    };
    let rpc = Rpc { url: url.clone() };
    // Boxed, because it is large, and part of every call.
    let asked = Box::pin(ask(shop, &rpc, wanted, ends_at, look)).await;
    asked.unwrap_or_else(|error| Usage::Unclear(error.to_string()))
}

async fn ask<W: World>(
    shop: &Shop<'_, W>,
    rpc: &Rpc,
    wanted: &Wanted<'_>,
    ends_at: UnixSeconds,
    look: &Look<'_, W>,
) -> Result<Usage, RpcError> {
    let world = shop.cx.world;
    let first = rpc.unused_at_head(look, wanted, ends_at);
    let Some(unused) = within(world, LOOK_MILLIS, first).await else {
        shop.memory.slices.is_silent(wanted.network.caip2, world.now());
        return Err(RpcError::Unavailable);
    };
    match unused? {
        Some(usage) => Ok(usage),
        None => {
            let how = within(world, SEARCH_MILLIS, rpc.use_of(look, wanted)).await;
            how.ok_or(RpcError::Unavailable)?
        }
    }
}

/// The authorization as the chain shows it. The row has its members also after the signature is deleted.
fn authorization_of(payment: &Payment) -> Option<Authorization> {
    let (via, nonce) = read_nonce(&payment.nonce)?;
    Some(Authorization {
        from: payment.payer.parse::<Address>().ok()?,
        to: payment.pay_to.parse::<Address>().ok()?,
        value: payment.amount.to_u256(),
        valid_after: U256::ZERO,
        valid_before: U256::from(u64::try_from(payment.valid_before.get()).ok()?),
        nonce,
        via,
    })
}
