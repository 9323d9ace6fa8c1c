//! Calls of tools for the wallet that has paid for what the call is about. It proves itself as for reading an answer again
//! ([`crate::sale::repeat`]), and pays nothing.

use crate::base::code::Code;
use crate::ledger::payments::{Payment, Settled, State};
use crate::ports::World;
use crate::rails::outcome::{Abort, Done, Failure, Money};
use crate::sale::answers::{pending, proof_needed};
use crate::sale::product::Taker;
use crate::sale::repeat::{MayRead, Shown};
use crate::shop::Shop;
use crate::shop::limits::CALL_COST;
use crate::shop::pay::ToolCall;
use crate::shop::proof::{known_payment, offer_proof, proven_payer};
use crate::shop::registry::Tool;

/// Calls a tool for buyers.
pub async fn buyer_tool(
    shop: &Shop<'_, impl World>,
    tool: Tool,
    call: ToolCall,
) -> Result<Done, Failure> {
    let mut outcome = for_buyer(shop, tool, call).await;
    if let Err(failure) = &mut outcome {
        offer_proof(shop, tool, failure);
    }
    outcome
}

async fn for_buyer(
    shop: &Shop<'_, impl World>,
    tool: Tool,
    call: ToolCall,
) -> Result<Done, Failure> {
    // A proof costs a request to the chain and a row, and guessing is limited.
    shop.memory.admit_unpaid(shop.cx.world, &call.source, CALL_COST)?;
    let payment = call.payment.ok().flatten();
    let payment = payment.and_then(|received| received.read().ok()).map(|paid| paid.payment);
    let proven = proven_payer(shop, call.proof.as_deref(), payment.as_ref()).await?;
    let is_open = shop.profile.products.has(tool.product());
    let by = Taker { proven: proven.as_ref(), source: &call.source, is_open };
    if let (None, Some(taker)) = (&payment, &proven)
        && let Some(value) = tool.for_taker(&shop.cx, &call.arguments, (taker, &by))?
    {
        return Ok(Done { value, receipt: None });
    }
    let known = match (&payment, &proven) {
        (Some(payment), _) => known_payment(shop, payment)?,
        (None, Some(payer)) => tool.payment_of(&shop.cx, &call.arguments, payer)?,
        (None, None) => return Err(unproven().into()),
    };
    let settled = settled(known)?;
    let shown = Shown { copy: payment.as_ref(), proven: proven.as_ref(), transaction: None };
    let may = MayRead::again(settled, shown)?;
    let value = tool.for_buyer(&shop.cx, call.arguments, &may)?;
    Ok(Done { value, receipt: None })
}

/// The proof that the purchase was paid and delivered. While its outcome is open nothing can be done about it.
fn settled(known: Option<Payment>) -> Result<Settled, Failure> {
    let Some(known) = known else {
        let detail = "this wallet has bought nothing here that this call could be about";
        return Err(Abort::new(Code::NothingBought, detail).with_money(Money::NotMoved).into());
    };
    match known.state {
        State::Delivered => known.settled().ok_or_else(|| unproven().into()),
        State::Claimed
        | State::Verified
        | State::Settling
        | State::Settled
        | State::Unknown
        | State::Refused
        | State::Failed => {
            Err(pending(known.transaction.clone(), &known.network, known.x402_version).into())
        }
    }
}

fn unproven() -> Abort {
    let detail = "only the wallet itself may do this: call with a SIGN-IN-WITH-X header of it (`extensions` says what it signs) or, about what it has paid for, with exactly the payment that it made";
    Abort { detail: detail.to_owned(), ..proof_needed() }.with_money(Money::NotMoved)
}
