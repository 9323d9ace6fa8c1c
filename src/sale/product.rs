//! The seam between the kernel and a product: what a product answers about one paid call.
//!
//! Everything here is synchronous and works on storage only. The kernel (`shop::pay`) does all waiting, moves the money
//! and keeps the books.

use alloy_primitives::Address;
use serde_json::Value;

use crate::base::id::{EventId, PaymentId};
use crate::base::money::Usdc;
use crate::ledger::payments::{Payment, Settled};
use crate::ports::{SqlError, World};
use crate::rails::outcome::Failure;
use crate::rails::quote::PaidCall;
use crate::sale::cx::Cx;
use crate::sale::repeat::{MayRead, ProvenPayer};

/// What a paid call costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The price.
    pub amount: Usdc,
    /// The event whose seat the payment holds, if it buys one.
    pub seat: Option<EventId>,
    /// What is bought, in ASCII, for the wallet that asks its owner.
    pub description: String,
}

/// What is written down with the payment when it is reserved, for [`Sale::fulfil`]. `None` if nothing is needed.
pub type Hold = Option<Value>;

/// Whether a payment whose outcome is unknown still buys what it wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// It is still for sale.
    Open,
    /// It cannot be had any more. Why, for the log and the host.
    Gone(&'static str),
}

impl Offer {
    /// From a check that refuses what cannot be had.
    ///
    /// # Errors
    /// [`SqlError`] where the check failed for another reason.
    pub fn of(checked: Result<(), Failure>) -> Result<Self, SqlError> {
        match checked {
            Ok(()) => Ok(Self::Open),
            Err(Failure::Abort(_) | Failure::Unpaid(_)) => {
                Ok(Self::Gone("what it wants was taken back or is full"))
            }
            Err(Failure::Fatal(fatal)) => Err(SqlError(fatal.what)),
        }
    }
}

/// One paid call of a product, read and checked in form.
pub trait Sale<T>: Sized {
    /// Reads the arguments of a paid tool.
    ///
    /// # Errors
    /// `invalid_arguments` names the field.
    fn read(tool: T, arguments: Value) -> Result<Self, Failure>;

    /// The event that the call is about, if any: unpaid calls are counted by it.
    fn event(&self) -> Option<&EventId> {
        None
    }

    /// The id of what the call is about, if that exists already. It is stored with the payment.
    fn subject(&self) -> Option<String>;

    /// The price, or a refusal if it cannot be had. `pays`: whether a payment comes with the call.
    ///
    /// # Errors
    /// Why it cannot be had; no money moved.
    fn terms(&self, cx: &Cx<'_, impl World>, pays: bool) -> Result<Terms, Failure>;

    /// Checks the wallet that pays against one that the arguments name.
    ///
    /// # Errors
    /// `invalid_arguments` names the field; no money moved.
    fn check_payer(&self, payer: Address) -> Result<(), Failure> {
        let _ = payer;
        Ok(())
    }

    /// Whether everything that this payer could have is held by other payments right now. The kernel then waits a while.
    ///
    /// # Errors
    /// Why it cannot be had; no money moved.
    fn is_held(&self, cx: &Cx<'_, impl World>, payer: &str) -> Result<bool, Failure> {
        let _ = (cx, payer);
        Ok(false)
    }

    /// Checks once more what [`Self::terms`] checked, in the block that reserves, and says what to write down.
    ///
    /// # Errors
    /// Why it cannot be had any more; no money moved.
    fn recheck(
        &self,
        cx: &Cx<'_, impl World>,
        payer: &str,
        payment: &PaymentId,
        amount: Usdc,
    ) -> Result<Hold, Failure>;

    /// The answer of a tool with [`Prepared`](crate::sale::tool::Fulfilment::Prepared) fulfilment.
    ///
    /// # Errors
    /// Why there is none; no money moved.
    fn prepare(&self, cx: &Cx<'_, impl World>) -> Result<Value, Failure>;

    /// The payment that a wallet made for this call before, if it did: the newest one.
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    fn bought_before(
        &self,
        cx: &Cx<'_, impl World>,
        call: &PaidCall,
        payer: &ProvenPayer,
    ) -> Result<Option<Payment>, SqlError> {
        payer.newest_of(cx.world, call)
    }

    /// Whether a wallet that made this payment has what the call wants, so that another payment would buy nothing new.
    ///
    /// # Errors
    /// [`Failure`] if storage refuses.
    fn is_had(&self, cx: &Cx<'_, impl World>, known: &Payment) -> Result<bool, Failure> {
        let _ = (cx, known);
        Ok(false)
    }

    /// Whether a payment of unknown outcome still buys what it wanted.
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    fn offer(tool: T, cx: &Cx<'_, impl World>, payment: &Payment) -> Result<Offer, SqlError>;

    /// Hands over what was bought, in the block that books the money; the answer is stored. Called once for a payment.
    ///
    /// # Errors
    /// [`SqlError`]; nothing is written then, and it is called again later.
    fn fulfil(tool: T, cx: &Cx<'_, impl World>, paid: &Settled) -> Result<Value, SqlError>;

    /// Adds to the answer what is known of the settlement, before it is stored.
    fn complete(answer: Value, paid: &Settled) -> Value {
        let _ = paid;
        answer
    }

    /// The chain has the money in another transaction than was booked. In the block that corrects the books.
    ///
    /// # Errors
    /// [`SqlError`]; nothing is written then.
    fn correct(cx: &Cx<'_, impl World>, paid: &Settled, transaction: &str) -> Result<(), SqlError> {
        let _ = (cx, paid, transaction);
        Ok(())
    }

    /// The chain has dropped the money for good: takes back what was bought, in the block that reverses the books.
    ///
    /// # Errors
    /// [`SqlError`]; nothing is written then.
    fn revoke(cx: &Cx<'_, impl World>, paid: &Settled) -> Result<(), SqlError> {
        let _ = (cx, paid);
        Ok(())
    }

    /// Completes a stored answer for a caller who may read it, each time that it is shown.
    ///
    /// # Errors
    /// Why it cannot be shown any more; the money was moved.
    fn show(cx: &Cx<'_, impl World>, answer: Value, may: &MayRead) -> Result<Value, Failure> {
        let _ = (cx, may);
        Ok(answer)
    }
}
