//! The host has paid a refund by hand, and names the transaction.

use crate::base::code::Code;
use crate::base::fields;
use crate::chain::solana::networks::is_solana;
use crate::chain::usage::TransactionId;
use crate::ledger::payments::Step;
use crate::ledger::refunds::{self, Refund};
use crate::ports::World;
use crate::rails::outcome::{Abort, Failure};
use crate::sale::cx::Cx;

/// Notes a transaction that is said to have paid a refund. The alarm looks for it.
pub(super) fn take_report(
    cx: &Cx<'_, impl World>,
    refund: &Refund,
    named: &str,
) -> Result<String, Failure> {
    let (transaction, now) = (read(refund, named)?, cx.now());
    if refund.state == refunds::State::Paid {
        return Ok("it is paid already".to_owned());
    }
    // Elsewhere one transaction may pay several, which only the chain can tell.
    if is_solana(&refund.network) && refunds::count_reported(cx.world, refund, &transaction)? > 0 {
        let remedy = "is named for another refund already; each needs a transaction of its own";
        return Err(fields::bad("transaction", remedy).into());
    }
    cx.world.wake_at(now);
    cx.world.note_open();
    match refunds::report(cx.world, &refund.payment, &transaction, now)? {
        Step::Taken => Ok("the transaction is being looked for".to_owned()),
        Step::TooLate => {
            let detail = match refund.offered_until {
                Some(until) => format!(
                    "what was offered for signing may still pay it; report again some minutes after {until}, unless it is paid by then"
                ),
                None => {
                    "the chain has not confirmed the guest's payment yet; report again in a minute"
                        .to_owned()
                }
            };
            Err(Abort::new(Code::PaymentPending, detail).into())
        }
    }
}

/// The transaction as the books name it.
fn read(refund: &Refund, named: &str) -> Result<String, Failure> {
    let named = TransactionId::read(named).filter(|named| named.is_of(&refund.network));
    let remedy = match is_solana(&refund.network) {
        true => "must be the signature of a transaction on Solana: about 88 letters and digits",
        false => "must be the hash of a transaction: 0x and 64 hex digits",
    };
    Ok(named.ok_or_else(|| fields::bad("transaction", remedy))?.to_string())
}
