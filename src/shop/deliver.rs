//! Delivery: fulfils a settled payment in the SQL transaction that books it.

use serde_json::Value;

use crate::ledger::holders;
use crate::ledger::payments::{self, Payment, Settled, State};
use crate::ports::{SqlError, World};
use crate::rails::outcome::{Done, Failure, Fatal, Money};
use crate::sale::answers::receipt;
use crate::sale::cx::Cx;
use crate::sale::product::not_sold;
use crate::sale::repeat::{Kept, MayRead};
use crate::sale::tool::{Access, Fulfilment};
use crate::shop::Shop;
use crate::shop::registry::Tool;

/// Fulfils a sale in the SQL transaction that books it, once. `settled` may be older than its row, because the alarm
/// and a late answer of the facilitator can find the same: then nothing is written. If it fails, the payment stays settled, and the alarm or
/// the same payment delivers it without another charge.
///
/// # Errors
///
/// [`Fatal`]; the money was moved.
pub fn deliver(shop: &Shop<'_, impl World>, settled: &Settled) -> Result<Kept, Failure> {
    let tool = tool_of(settled).map_err(|error| broken(&error.to_string()))?;
    let delivered = shop.cx.world.atomically(|| {
        let answer = tool.complete(answer_of(shop, tool, settled)?, settled);
        let revenue = payments::mark_delivered(shop.cx.world, settled, &answer, shop.cx.now())?;
        shop.cx.publish_revenue(revenue)?;
        list_holder(shop, settled.payment())?;
        Ok::<_, SqlError>(answer)
    });
    match delivered {
        Ok(answer) => Ok(Kept::new(answer)),
        Err(error) => delivered_before(shop, settled)?.ok_or_else(|| broken(&error.to_string())),
    }
}

/// The answer that is stored already, if there is one.
fn delivered_before(
    shop: &Shop<'_, impl World>,
    settled: &Settled,
) -> Result<Option<Kept>, SqlError> {
    let row = payments::find(shop.cx.world, &settled.payment().id)?;
    Ok(row.filter(|row| row.state == State::Delivered).as_ref().and_then(Kept::of))
}

/// Lists the buyer in the deployment's index, so that the purchase is found again without knowing this host.
fn list_holder(shop: &Shop<'_, impl World>, payment: &Payment) -> Result<(), SqlError> {
    let Cx { world, config, scope } = shop.cx;
    let holder = (payment.payer.as_str(), payment.network.as_str());
    holders::list(world, &config.keys, scope, holder, shop.cx.now())
}

/// The prepared answer, or the result of the work done now.
fn answer_of(
    shop: &Shop<'_, impl World>,
    tool: Tool,
    settled: &Settled,
) -> Result<Value, SqlError> {
    match (tool.access(), &settled.payment().staged) {
        (Access::Paid(_, Fulfilment::Prepared), Some(prepared)) => Ok(prepared.clone()),
        (Access::Paid(..) | Access::Free | Access::Owner | Access::Buyer, _) => {
            tool.fulfil(&shop.cx, settled)
        }
    }
}

/// A stored answer, completed for a caller who may read it.
///
/// # Errors
///
/// Why it can no longer be shown; the money was moved.
pub fn show(shop: &Shop<'_, impl World>, kept: Kept, may: &MayRead) -> Result<Done, Failure> {
    let settled = may.settled();
    let tool = tool_of(settled).map_err(|error| broken(&error.to_string()))?;
    let value = tool.show(&shop.cx, kept.open(may), may)?;
    Ok(Done { value, receipt: Some(receipt(settled)) })
}

/// Corrects the books: the money moved in another transaction.
///
/// # Errors
///
/// [`SqlError`]; nothing is written.
pub fn correct(
    shop: &Shop<'_, impl World>,
    settled: &Settled,
    transaction: &str,
) -> Result<(), SqlError> {
    let (sql, now) = (shop.cx.world, shop.cx.now());
    let tool = tool_of(settled)?;
    let correct = || tool.correct(&shop.cx, settled, transaction);
    payments::correct_transaction(sql, settled, transaction, now, correct).map(drop)
}

/// Revokes a purchase whose money the chain has dropped for good, and reverses the books.
///
/// # Errors
///
/// [`SqlError`]; nothing is written.
pub fn revoke(shop: &Shop<'_, impl World>, settled: &Settled) -> Result<(), SqlError> {
    let tool = tool_of(settled)?;
    shop.cx.world.atomically(|| {
        tool.revoke(&shop.cx, settled)?;
        let revenue = payments::mark_reversed(shop.cx.world, settled, shop.cx.now())?;
        shop.cx.publish_revenue(revenue)
    })
}

/// The tool that a payment has bought.
///
/// # Errors
///
/// [`SqlError`] if no tool has its name.
pub fn tool_of(settled: &Settled) -> Result<Tool, SqlError> {
    let name = &settled.payment().tool;
    Tool::by_name(name).ok_or_else(not_sold)
}

/// Money moved, but the delivery failed.
fn broken(what: &str) -> Failure {
    Failure::Fatal(Fatal { what: what.to_owned(), money: Money::Moved })
}
