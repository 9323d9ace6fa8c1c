//! The answer to a payment that this server already knows: what it has bought, or how far it has come. Nothing is
//! charged a second time.

use crate::base::code::Code;
use crate::base::time::UnixSeconds;
use crate::http::source::Source;
use crate::ledger::payments::{Payment, State};
use crate::ports::World;
use crate::rails::outcome::{Abort, Done, Failure, Money};
use crate::rails::x402::wire::PaymentPayload;
use crate::sale::answers::{
    busy, identifier_conflict, in_doubt, other_call, pending, unavailable, used_before, without_log,
};
use crate::sale::flow::InTheWay;
use crate::sale::repeat::{Kept, MayRead, Shown, is_exact};
use crate::shop::Shop;
use crate::shop::deliver::{deliver, show};
use crate::shop::find_out::{self, Evidence, NO_LOG, USED_BEFORE};
use crate::shop::limits::CALL_COST;
use crate::shop::look::Look;

/// What a call asks for and how, as far as it matters to a payment that is known.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// Of tool and arguments.
    pub digest: &'a str,
    pub source: &'a Source,
    pub has_proof: bool,
}

/// Answers a call whose payment is known. A purchase is delivered even if the event is full or over by now.
///
/// # Errors
/// [`Failure`]: why there is no answer, and whether money moved.
pub async fn known_call(
    shop: &Shop<'_, impl World>,
    known: Payment,
    asked: Asked<'_>,
    shown: Shown<'_>,
) -> Result<Done, Failure> {
    let is_other = |copy: &PaymentPayload| copy.identifier.is_some() && !is_exact(&known, copy);
    if shown.copy.is_some_and(is_other) {
        return Err(identifier_conflict().into());
    }
    if known.digest != asked.digest {
        return Err(other_call().into());
    }
    // Checking a named transaction costs a request to the chain, too.
    let names_transaction = shown.transaction.is_some();
    if names_transaction && !asked.has_proof {
        shop.memory.admit_unpaid(shop.cx.world, asked.source, CALL_COST)?;
    }
    let outcome = answer_again(shop, known, shown).await;
    if !asked.has_proof && !names_transaction && is_proof_needed(&outcome) {
        shop.memory.admit_unpaid(shop.cx.world, asked.source, CALL_COST)?;
    }
    outcome
}

/// Answers a payment that cannot be claimed for its call.
///
/// # Errors
/// [`Failure`]: why there is no answer, and whether money moved.
pub async fn barred(
    shop: &Shop<'_, impl World>,
    bar: InTheWay,
    shown: Shown<'_>,
) -> Result<Done, Failure> {
    match bar {
        InTheWay::Again(known) => answer_again(shop, *known, shown).await,
        InTheWay::OtherCall => Err(other_call().into()),
        InTheWay::Busy => Err(busy().into()),
        InTheWay::UnknownBefore => Err(pending(None, "", 2).into()),
        InTheWay::IdentifierConflict => Err(identifier_conflict().into()),
        InTheWay::Crowded => Err(unavailable(2)),
        InTheWay::Storage(error) => Err(error.into()),
    }
}

/// Answers a payment that this server already knows.
///
/// # Errors
/// [`Failure`]: why there is no answer, and whether money moved.
pub async fn answer_again(
    shop: &Shop<'_, impl World>,
    known: Payment,
    shown: Shown<'_>,
) -> Result<Done, Failure> {
    let is_payer = shown.proven.is_some_and(|wallet| wallet.paid(&known));
    let is_due = UnixSeconds::has_come(known.next_check_at, shop.cx.now());
    let known = match known.state {
        State::Settling | State::Unknown
            if is_due
                || (is_payer && known.doubtful_at.is_some())
                || (shown.transaction.is_some() && known.state == State::Unknown) =>
        {
            let evidence = Evidence { is_payer, transaction: shown.transaction };
            find_out::find_out(shop, known, evidence, &Look::whole(shop.cx.world)).await?
        }
        State::Claimed
        | State::Verified
        | State::Settling
        | State::Unknown
        | State::Settled
        | State::Delivered
        | State::Refused
        | State::Failed => known,
    };
    match (known.state, known.settled(), Kept::of(&known)) {
        (State::Delivered, Some(settled), Some(kept)) => {
            show(shop, kept, &MayRead::again(settled, shown)?)
        }
        (State::Settled, Some(settled), _) => {
            let kept = deliver(shop, &settled)?;
            show(shop, kept, &MayRead::again(settled, shown)?)
        }
        (State::Claimed | State::Verified, ..) => Err(busy().into()),
        (State::Unknown, ..) if known.doubtful_at.is_some() => Err(in_doubt().into()),
        (State::Unknown, ..) if known.reason.as_deref() == Some(NO_LOG) => {
            Err(without_log(&known.network, known.x402_version).into())
        }
        (State::Failed, ..) if known.reason.as_deref() == Some(USED_BEFORE) => {
            Err(used_before().into())
        }
        (State::Refused | State::Failed, ..) => {
            let detail = "this payment was not carried out; sign a new one";
            Err(Abort::new(Code::PaymentFailed, detail).with_money(Money::NotMoved).into())
        }
        (State::Settling | State::Unknown | State::Settled | State::Delivered, ..) => {
            Err(pending(known.transaction.clone(), &known.network, known.x402_version).into())
        }
    }
}

/// Whether the call was refused for lack of proof. Such calls are charged as unpaid.
fn is_proof_needed(outcome: &Result<Done, Failure>) -> bool {
    matches!(outcome, Err(Failure::Abort(abort)) if abort.code == Code::ProofNeeded)
}
