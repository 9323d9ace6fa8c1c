//! The host's decision on a payment with an undeterminable outcome: no endpoint shows how its authorization was used,
//! or its network was removed. The chain is asked first, and its answer wins.

use serde::Deserialize;

use crate::base::code::Code;
use crate::base::fields;
use crate::base::id::PaymentId;
use crate::chain::usage::{TransactionId, Usage};
use crate::ledger::payments::{self, Payment, State};
use crate::ledger::statement::{self, Line, STUCK_SECONDS};
use crate::ports::{Level, SqlError, World};
use crate::rails::outcome::{Abort, Failure};
use crate::shop::Shop;
use crate::shop::deliver::deliver;
use crate::shop::find_out::{Evidence, apply, ask_chain};
use crate::shop::look::Look;

/// The host's statement on a payment with an unknown outcome.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Verdict {
    /// Whether the money arrived.
    paid: bool,
    /// The transaction, if it did.
    transaction: Option<String>,
}

impl Verdict {
    /// The transaction, if the host says that it was paid.
    fn read(&self) -> Result<Option<TransactionId>, Failure> {
        let bad = |detail: &str| Failure::from(fields::bad("transaction", detail));
        match (self.paid, &self.transaction) {
            (true, Some(text)) => TransactionId::read(text).map(Some).ok_or_else(|| {
                bad("must be the hash of a transaction: 0x and 64 hex digits (on Solana its signature, base58)")
            }),
            (true, None) => Err(bad("is missing; name the transaction that has paid")),
            (false, None) => Ok(None),
            (false, Some(_)) => Err(bad("must be left out of what was not paid")),
        }
    }
}

/// Decides the outcome of a payment by the host's statement.
///
/// # Errors
///
/// `no_such_payment`; `payment_decided` if its outcome is known; `payment_pending` while it is still being
/// determined; `transaction_used` if the transaction is in the books already.
pub async fn decide(
    shop: &Shop<'_, impl World>,
    id: &PaymentId,
    verdict: &Verdict,
) -> Result<Line, Failure> {
    let transaction = verdict.read()?;
    let payment = undecided(shop, id)?;
    if transaction.is_some_and(|named| !named.is_of(&payment.network)) {
        let remedy = format!("is none of {}, where the payment was made", payment.network);
        return Err(fields::bad("transaction", remedy).into());
    }
    let found = ask_chain(shop, &payment, transaction, &Look::whole(shop.cx.world)).await;
    // Another task may have determined it while the chain was asked.
    let payment = undecided(shop, id)?;
    let evidence = Evidence { is_payer: transaction.is_some(), transaction };
    match (found, transaction) {
        (Usage::NotFound | Usage::Unclear(_), Some(transaction)) => {
            decide_paid(shop, &payment, transaction)?;
        }
        (Usage::NotFound | Usage::Unclear(_), None) => {
            payments::decide(shop.cx.world, &payment, None, shop.cx.world.now())?;
        }
        (Usage::Moved(..), None) if payment.doubtful_at.is_some() => {
            payments::decide(shop.cx.world, &payment, None, shop.cx.world.now())?;
        }
        (found @ (Usage::Moved(..) | Usage::Elsewhere | Usage::RanOut | Usage::Unused(_)), _) => {
            apply(shop, &payment, found, evidence).await?;
            deliver_if_settled(shop, id)?;
        }
    }
    let line = statement::line_of(shop.cx.world, id, shop.cx.world.now())?;
    line.ok_or_else(|| SqlError(format!("{id} is not there")).into())
}

fn undecided(shop: &Shop<'_, impl World>, id: &PaymentId) -> Result<Payment, Failure> {
    let payment = payments::find(shop.cx.world, id)?
        .ok_or_else(|| Abort::new(Code::NoSuchPayment, "there is no payment with this id"))?;
    if payment.state != State::Unknown {
        let detail = "the outcome of this payment is known, or it is being carried out";
        return Err(Abort::new(Code::PaymentDecided, detail).into());
    }
    let until = payment.valid_before.plus(STUCK_SECONDS);
    if shop.cx.world.now() <= until {
        let detail = format!("this payment is still looked for; decide after {until}");
        return Err(Abort::new(Code::PaymentPending, detail).into());
    }
    Ok(payment)
}

fn decide_paid(
    shop: &Shop<'_, impl World>,
    payment: &Payment,
    transaction: TransactionId,
) -> Result<(), Failure> {
    let transaction = transaction.to_string();
    if payments::is_booked(shop.cx.world, &transaction)? {
        let detail = "transaction: it is in your books already, for another payment";
        return Err(Abort::new(Code::TransactionUsed, detail).into());
    }
    payments::decide(shop.cx.world, payment, Some(&transaction), shop.cx.world.now())?;
    shop.cx.world.line(
        Level::Warn,
        "the host says that it was paid",
        &[("payment", payment.id.as_str())],
    );
    deliver_if_settled(shop, &payment.id)
}

fn deliver_if_settled(shop: &Shop<'_, impl World>, id: &PaymentId) -> Result<(), Failure> {
    let settled = payments::find(shop.cx.world, id)?.filter(|it| it.state == State::Settled);
    if let Some(settled) = settled.and_then(|payment| payment.settled()) {
        deliver(shop, &settled)?;
    }
    Ok(())
}
