//! A paid call from the price to the answer.
//!
//! A tool with *prepared* fulfilment does its work before the money moves, and its answer is stored with the payment.
//! A tool that is fulfilled *after settlement* holds what it sells, moves the money, and then does its work
//! ([`deliver`]).

use serde_json::Value;

use crate::base::code::Code;
use crate::base::fields;
use crate::base::id::PaymentId;
use crate::base::money::Usdc;
use crate::chain::solana::networks::Chain;
use crate::chain::usage::TransactionId;
use crate::facilitator::client::{Cause, Trouble};
use crate::http::source::Source;
use crate::identity::access::Caller;
use crate::ledger::payments::{self, Settled};
use crate::ledger::wallets;
use crate::ports::{Level, SqlError, World};
use crate::rails::mpp::credential::{self, Foreign};
use crate::rails::mpp::offer;
use crate::rails::outcome::{Abort, Done, Failure, Fatal, Money};
use crate::rails::quote::{PaidCall, Quote};
use crate::rails::received::{Paid, Received, Unreadable};
use crate::rails::x402::bazaar::Transport;
use crate::rails::x402::verify::Payer;
use crate::rails::x402::wire::{Means, PaymentPayload};
use crate::sale::answers::{
    busy, other_call, pending, settlement_refused, unavailable, unavailable_for, unpaid,
    used_before,
};
use crate::sale::flow::{Call, Stop};
use crate::sale::key::network_of;
use crate::sale::product::{PaidAmount, Pays, Taker, Terms};
use crate::sale::repeat::{MayRead, ProvenPayer, Shown};
use crate::sale::tool::{Access, Fulfilment};
use crate::shop::Shop;
use crate::shop::again::{Asked, answer_again, barred, known_call};
use crate::shop::declared::declare;
use crate::shop::deliver::{deliver, show};
use crate::shop::limits::{CALL_COST, Charged};
use crate::shop::payable::{payable, taken, upto_offer, working};
use crate::shop::proof::{check_copy, issuer, known_payment, offer_proof, proven_payer};
use crate::shop::registry::{AnySale, Tool};
use crate::shop::waiting::wait_while_held;

/// A tool call of any protocol.
pub struct ToolCall {
    pub name: String,
    pub arguments: Value,
    /// The payment that came with the call.
    pub payment: Result<Option<Received>, Unreadable>,
    /// The proof of a wallet that has paid before (header `SIGN-IN-WITH-X`).
    pub proof: Option<String>,
    /// The transaction that the caller says has paid (header `PAYMENT-TRANSACTION`).
    pub transaction: Option<String>,
    pub caller: Caller,
    /// The source for rate limits.
    pub source: Source,
    pub transport: Transport,
}

/// Calls a paid tool.
pub async fn paid_tool(
    shop: &Shop<'_, impl World>,
    tool: Tool,
    call: ToolCall,
) -> Result<Done, Failure> {
    let sale = tool.sale(call.arguments.clone())?;
    let transport = call.transport;
    let mut outcome = paid_call(shop, &sale, tool, call).await;
    if let Err(failure) = &mut outcome {
        offer_proof(shop, tool, failure);
        declare(shop, tool, transport, failure);
    }
    if let Err(Failure::Unpaid(_)) = &outcome {
        let (world, now) = (shop.cx.world, shop.cx.now());
        shop.memory.asked.count(world, tool.name(), sale.event(), now)?;
    }
    outcome
}

async fn paid_call(
    shop: &Shop<'_, impl World>,
    sale: &AnySale,
    tool: Tool,
    call: ToolCall,
) -> Result<Done, Failure> {
    let call_of = PaidCall::new(tool.name(), call.arguments);
    let payment = match call.payment {
        Ok(Some(received)) => Some(received.read()),
        Ok(None) => None,
        Err(two @ Unreadable::TwoRails) => return Err(two_rails(two).into()),
        Err(unreadable) => Some(Err(unreadable.to_string())),
    };
    let shown = payment.as_ref().and_then(|payment| payment.as_ref().ok());
    let shown = shown.map(|paid| &paid.payment);
    let proof = call.proof.as_deref();
    let transaction = named_transaction(call.transaction.as_deref())?;
    // A proof costs a request to the chain and a row.
    if proof.is_some() {
        shop.memory.admit_unpaid(shop.cx.world, &call.source, CALL_COST)?;
    }
    let proven = proven_payer(shop, proof, shown).await?;
    let proven = proven.as_ref();
    if let Some(payment) = shown
        && let Some(known) = known_payment(shop, payment)?
    {
        let asked =
            Asked { digest: &call_of.digest, source: &call.source, has_proof: proof.is_some() };
        return known_call(shop, known, asked, Shown { copy: Some(payment), proven, transaction })
            .await;
    }
    let charged = match proof {
        None => shop.memory.admit_payer(shop.cx.world, &call.source, shown)?,
        Some(_) => Charged::Source,
    };
    if let Some(payer) = proven
        && let Some(known) = sale.bought_before(&shop.cx, &call_of, payer)?
        && (payment.is_none() || sale.is_had(&shop.cx, &known)?)
    {
        return answer_again(shop, known, Shown { copy: None, proven, transaction }).await;
    }
    let is_open = shop.profile.products.has(tool.product());
    if let Some(value) = sale.free(&shop.cx, &Taker { proven, source: &call.source, is_open })? {
        return Ok(Done { value, receipt: None });
    }
    if !is_open {
        return Err(closed(tool));
    }
    let quote = quote(shop, tool, sale, call_of, payment.as_ref())?;
    let quote = payable(shop, quote).await?;
    if proven.is_some() && payment.is_none() {
        return Err(unpaid(quote, "this wallet has not paid for this call"));
    }
    let payment = match payment {
        None => return Err(unpaid(working(shop, quote)?, "payment required")),
        Some(Err(reason)) => return Err(unpaid(working(shop, quote)?, &reason)),
        Some(Ok(payment)) => payment,
    };
    let network = network_of(&payment.payment).map_or("", Chain::caip2);
    let breaker = shop.memory.breaker(network);
    breaker.borrow().check(shop.cx.world.now()).map_err(unavailable)?;
    let Paid { payment, terms } = payment;
    if let Some(terms) = &terms {
        check_challenge(shop, terms, &quote)?;
    }
    // Boxed, because it is the largest part of every call, and most calls do not come this far.
    let mut outcome = Box::pin(pay(shop, tool, sale, quote, payment, proven)).await;
    if terms.is_some() {
        outcome = outcome.map_err(without_challenge);
    }
    if outcome.is_ok() {
        shop.memory.give_back(&call.source, &charged);
    }
    outcome
}

async fn pay(
    shop: &Shop<'_, impl World>,
    tool: Tool,
    sale: &AnySale,
    quote: Quote,
    payment: PaymentPayload,
    proven: Option<&ProvenPayer>,
) -> Result<Done, Failure> {
    check_copy(shop, &payment, proven)?;
    let copy = payment.clone();
    let shown = Shown { copy: Some(&copy), proven, transaction: None };
    let payer = payer_of(shop, &payment)?;
    let call = Call::new(taken(shop, &quote, &payment))
        .verify(payment, payer, shop.cx.world.now())
        .map_err(|refused| unpaid(quote.clone(), &refused.1.to_string()))?;
    sale.check_payer(&call.checked().payer())?;
    let (network, scope) = (call.checked().chain().caip2(), shop.cx.scope);
    let facilitator = shop.cx.config.facilitator_on(network).ok_or_else(|| unavailable(60))?;
    let stopped = |stop| stopped(shop, stop, &quote, network);
    let locked = match call.lock(shop.cx.world, &shop.memory.judging) {
        Ok(locked) => locked,
        Err(bar) => return barred(shop, bar, shown).await,
    };
    let looked = locked.look(shop.cx.world, &shop.cx.config.rpc_urls).await.map_err(stopped)?;
    let vouched = looked.vouch(shop.cx.world, facilitator, scope).await.map_err(stopped)?;
    let claimed = match vouched.claim(shop.cx.world) {
        Ok(claimed) => claimed,
        Err(bar) => return barred(shop, bar, shown).await,
    };
    let exclusive = claimed.claim_payee(shop.cx.world, scope).await.map_err(stopped)?;
    let amount = quote.amount;
    let payer = copy.payer();
    wait_while_held(&shop.cx, &shop.memory.waiting, sale, &payer).await?;
    let check = |payer: &str, payment: &PaymentId| {
        check_not_busy(shop, payer, payment)?;
        let hold = sale.recheck(&shop.cx, payer, payment, amount)?;
        shop.memory.admit_wallet(shop.cx.world, payer, amount)?;
        let staged = match tool.access() {
            Access::Paid(_, Fulfilment::Prepared) => Some(sale.prepare(&shop.cx)?),
            Access::Paid(_, Fulfilment::AfterSettlement)
            | Access::Free
            | Access::Owner
            | Access::Buyer => hold,
        };
        // The breaker comes last: a call that it admits as the probe does ask the facilitator, so a payment that
        // fails an earlier check cannot block the others.
        let breaker = shop.memory.breaker(network);
        breaker.borrow_mut().admit(shop.cx.world.now()).map_err(unavailable)?;
        Ok::<_, Failure>(staged)
    };
    let reserved = exclusive.reserve(shop.cx.world, check)?;
    let settled = reserved.settle(shop.cx.world, facilitator, shop.cx.scope).await;
    count(shop, network, &settled);
    if let Err(Stop::AlreadyUsed(id)) = &settled
        && let Some(known) = payments::find(shop.cx.world, id)?
    {
        // Another sender may have put it on the chain, so the rule for known payments applies.
        return answer_again(shop, known, shown).await;
    }
    let settled = settled.map_err(stopped)?;
    let kept = deliver(shop, &settled)?;
    show(shop, kept, &MayRead::first(settled))
}

/// Checks that a challenge of MPP is ours, and for this call.
fn check_challenge(
    shop: &Shop<'_, impl World>,
    terms: &offer::Terms,
    quote: &Quote,
) -> Result<(), Failure> {
    match credential::check(terms, &issuer(shop), &quote.call.digest, shop.cx.now()) {
        Ok(()) => Ok(()),
        Err(Foreign::OtherCall) => Err(other_call().into()),
        Err(Foreign::Void(why)) => Err(unpaid(quote.clone(), why)),
    }
}

/// A client of MPP answers every challenge with another payment, so a refused one gets none.
fn without_challenge(failure: Failure) -> Failure {
    match failure {
        Failure::Unpaid(challenge) => {
            let detail = format!(
                "this payment was refused ({}); call again without it to be told the price",
                challenge.error
            );
            let refused = Abort::new(Code::PaymentFailed, detail).with_status(403);
            refused.with_money(Money::NotMoved).into()
        }
        other @ (Failure::Abort(_) | Failure::Fatal(_)) => other,
    }
}

fn two_rails(error: Unreadable) -> Abort {
    let refused = Abort::new(Code::PaymentFailed, error.to_string()).with_status(400);
    refused.with_money(Money::NotMoved)
}

/// How long the authorization of this payment may be valid.
fn payer_of(shop: &Shop<'_, impl World>, payment: &PaymentPayload) -> Result<Payer, SqlError> {
    let known = wallets::reputation(shop.cx.world, &payment.payer())?.settled > 0;
    Ok(if known { Payer::Known } else { Payer::Stranger })
}

/// Reports a settlement to the breaker. Only transport failures count against the facilitator. Payers influence its
/// answers and the fate of its transactions, and could otherwise block the server for all callers. `/verify` is not
/// counted for the same reason.
fn count(shop: &Shop<'_, impl World>, network: &str, settled: &Result<Settled, Stop>) {
    let mut breaker = shop.memory.breaker(network).borrow_mut();
    match settled {
        Ok(_) | Err(Stop::Refused(_) | Stop::AlreadyUsed(_)) => breaker.succeeded(),
        Err(Stop::Storage(_) | Stop::Elsewhere | Stop::Mismatch(_) | Stop::UsedBefore) => {}
        Err(Stop::Unavailable(Trouble { cause, .. }) | Stop::Unknown(cause, _)) => match cause {
            Cause::Transport => breaker.failed(shop.cx.world.now()),
            Cause::Answer => breaker.succeeded(),
        },
    }
}

fn stopped(shop: &Shop<'_, impl World>, stop: Stop, quote: &Quote, network: &str) -> Failure {
    match stop {
        Stop::Refused(reason) => settlement_refused(quote.clone(), reason, network),
        Stop::Mismatch(mismatch) => unpaid(quote.clone(), &mismatch.to_string()),
        Stop::UsedBefore => used_before().into(),
        Stop::Elsewhere => {
            let detail = "this payment was given to another server with the same payout address; sign a new one for this call";
            Abort::new(Code::PaymentUsed, detail).with_money(Money::NotMoved).into()
        }
        Stop::Unavailable(trouble) => {
            let fields = [("why", trouble.why.as_str())];
            shop.cx.world.line(Level::Warn, "facilitator unavailable", &fields);
            unavailable_for(trouble)
        }
        Stop::Unknown(_, transaction) => pending(transaction, network, 2).into(),
        Stop::AlreadyUsed(_) => pending(None, "", 2).into(),
        Stop::Storage(error) => {
            Failure::Fatal(Fatal { what: error.to_string(), money: Money::MayHaveMoved })
        }
    }
}

/// Parses the transaction that the caller names.
fn named_transaction(header: Option<&str>) -> Result<Option<TransactionId>, Failure> {
    let Some(text) = header else { return Ok(None) };
    let read = TransactionId::read(text).ok_or_else(|| {
        let remedy = "must be the hash of a transaction: 0x and 64 hex digits (on Solana its signature, base58)";
        Failure::from(fields::bad("PAYMENT-TRANSACTION", remedy))
    });
    read.map(Some)
}

/// The product is switched off. Earlier purchases are still delivered, but nothing new is sold.
fn closed(tool: Tool) -> Failure {
    let detail = format!("this host has switched off what {} belongs to", tool.name());
    Abort::new(Code::DoorClosed, detail).with_money(Money::NotMoved).into()
}

/// What a payment is for. Zero for more than there is, which pays no price.
fn value_of(Paid { payment, .. }: &Paid) -> Pays {
    let value = payment.amount();
    let value = value.and_then(|value| Usdc::from_atomic(value).ok()).unwrap_or(Usdc::ZERO);
    let amount = match &payment.means {
        Means::Evm { permit: Some(_), .. } => PaidAmount::AtMost(value),
        Means::Evm { permit: None, .. } | Means::Solana(_) => PaidAmount::Exactly(value),
    };
    Pays { payer: payment.payer(), amount }
}

/// The quote of a call, if it is for sale. `payment`: that of the call, or why it cannot be read.
fn quote(
    shop: &Shop<'_, impl World>,
    tool: Tool,
    sale: &AnySale,
    call: PaidCall,
    payment: Option<&Result<Paid, String>>,
) -> Result<Quote, Failure> {
    let unread =
        |_: &String| Pays { payer: String::new(), amount: PaidAmount::Exactly(Usdc::ZERO) };
    let pays = payment.map(|payment| payment.as_ref().map_or_else(unread, value_of));
    let Terms { amount, most, seats, description } = sale.terms(&shop.cx, pays.as_ref())?;
    shop.cx.check_price(most.unwrap_or(amount))?;
    Ok(Quote {
        resource_url: shop.cx.resource_url(tool.name()),
        call,
        amount,
        pay_to: shop.profile.wallet,
        networks: shop.cx.config.networks.clone(),
        solana: None,
        upto: most.and_then(|most| upto_offer(shop.cx.config, most)),
        wanted: sale.subject(),
        seats,
        description,
    })
}

/// Checks that no other paid call of this wallet is in flight.
fn check_not_busy(
    shop: &Shop<'_, impl World>,
    payer: &str,
    payment: &PaymentId,
) -> Result<(), Failure> {
    if payments::open_of(shop.cx.world, payer)?.is_busy(Some(payment), shop.cx.now()) {
        return Err(busy().into());
    }
    Ok(())
}
