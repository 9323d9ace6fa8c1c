//! The interface between the kernel and a product for one paid call.
//!
//! All functions are synchronous and use storage only. The kernel (`shop::pay`) does all waiting, moves the money and
//! keeps the books.

use serde_json::Value;

use crate::base::id::{EventId, PaymentId};
use crate::base::money::Usdc;
use crate::http::source::Source;
use crate::ledger::payments::{Payment, SeatHold, Settled};
use crate::ports::{SqlError, World};
use crate::rails::outcome::{Abort, Failure};
use crate::rails::quote::PaidCall;
use crate::sale::bought::{Bought, Kind, State};
use crate::sale::cx::Cx;
use crate::sale::repeat::{MayRead, ProvenPayer};
use crate::sale::tool::ProductTool;

/// The payment that comes with a call, as its maker says: nothing of it is checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pays {
    /// The paying wallet; empty if the payment cannot be read.
    pub payer: String,
    pub amount: PaidAmount,
}

/// What a payment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaidAmount {
    /// Zero if it cannot be read.
    Exactly(Usdc),
    /// What is taken of it is the price of what is sold then (scheme `upto`).
    AtMost(Usdc),
}

/// The terms of a paid call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    pub amount: Usdc,
    /// The most that the call may cost, if what it buys is known only when it is carried out.
    pub most: Option<Usdc>,
    /// The seats that the payment holds, if any.
    pub seats: Option<SeatHold>,
    /// What is bought, in ASCII, for the payer's wallet to show.
    pub description: String,
}

/// What is stored with the payment when it is reserved, for [`Sale::fulfil`].
pub type Hold = Option<Value>;

/// Whether a payment with an unknown outcome can still be fulfilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// It is still for sale.
    Open,
    /// It is no longer for sale. Why, for the log and the host.
    Gone(&'static str),
}

/// A stored payment names a tool that is not sold. The kernel never asks for one.
#[must_use]
pub fn not_sold() -> SqlError {
    SqlError("a payment for a tool that is not sold".to_owned())
}

impl Offer {
    /// What a tool that is not sold offers.
    pub const NOT_SOLD: Self = Self::Gone("its tool is not sold");

    /// Reads the result of an availability check.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the check failed for another reason.
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

/// Who wants what is free.
#[derive(Clone, Copy, Debug)]
pub struct Taker<'a> {
    /// The wallet that signed in with the call.
    pub proven: Option<&'a ProvenPayer>,
    /// The caller's network, for limits.
    pub source: &'a Source,
    /// Whether the product is switched on. What was given before is shown all the same.
    pub is_open: bool,
}

/// One paid call of a product, with parsed arguments.
pub trait Sale<T>: Sized {
    /// Parses the arguments of a paid tool.
    ///
    /// # Errors
    ///
    /// `invalid_arguments` names the field.
    fn read(tool: T, arguments: Value) -> Result<Self, Failure>;

    /// The event of the call, if any. Statistics count unpaid calls by it.
    fn event(&self) -> Option<&EventId> {
        None
    }

    /// The id of what the call is about, if it exists already. It is stored with the payment.
    fn subject(&self) -> Option<String>;

    /// The terms, or a refusal if it is not for sale. `pays`: the payment that comes with the call, if one does.
    ///
    /// # Errors
    ///
    /// Why it is not for sale; no money moved.
    fn terms(&self, cx: &Cx<'_, impl World>, pays: Option<&Pays>) -> Result<Terms, Failure>;

    /// Checks the payer against a wallet that the arguments name.
    ///
    /// # Errors
    ///
    /// `invalid_arguments` names the field; no money moved.
    fn check_payer(&self, payer: &str) -> Result<(), Failure> {
        let _ = payer;
        Ok(())
    }

    /// Whether other payments hold everything that this payer could buy. The kernel then waits a while.
    ///
    /// # Errors
    ///
    /// Why it is not for sale; no money moved.
    fn is_held(&self, cx: &Cx<'_, impl World>, payer: &str) -> Result<bool, Failure> {
        let _ = (cx, payer);
        Ok(false)
    }

    /// Repeats the checks of [`Self::terms`] in the SQL transaction that reserves, and returns what to store.
    ///
    /// # Errors
    ///
    /// Why it is no longer for sale; no money moved.
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
    ///
    /// Why there is none; no money moved.
    fn prepare(&self, cx: &Cx<'_, impl World>) -> Result<Value, Failure>;

    /// The newest payment of a wallet for this call, if there is one.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if SQLite refuses.
    fn bought_before(
        &self,
        cx: &Cx<'_, impl World>,
        call: &PaidCall,
        payer: &ProvenPayer,
    ) -> Result<Option<Payment>, SqlError> {
        payer.newest_of(cx.world, call)
    }

    /// What the caller gets without a payment, because it costs nothing or was given to this wallet before. `None`: it is
    /// sold, or not there.
    ///
    /// # Errors
    ///
    /// Why it cannot be had; no money moved.
    fn free(&self, cx: &Cx<'_, impl World>, by: &Taker<'_>) -> Result<Option<Value>, Failure> {
        let _ = (cx, by);
        Ok(None)
    }

    /// Whether this payment has already bought what the call wants, so that another payment would buy nothing new.
    ///
    /// # Errors
    ///
    /// [`Failure`] if storage refuses.
    fn is_had(&self, cx: &Cx<'_, impl World>, known: &Payment) -> Result<bool, Failure> {
        let _ = (cx, known);
        Ok(false)
    }

    /// Whether a payment with an unknown outcome can still be fulfilled.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if SQLite refuses.
    fn offer(tool: T, cx: &Cx<'_, impl World>, payment: &Payment) -> Result<Offer, SqlError>;

    /// Fulfils the sale in the SQL transaction that books the money, and returns the answer, which is stored. Runs
    /// once for a payment.
    ///
    /// # Errors
    ///
    /// [`SqlError`]; nothing is written, and it is called again later.
    fn fulfil(tool: T, cx: &Cx<'_, impl World>, paid: &Settled) -> Result<Value, SqlError>;

    /// Adds facts about the settlement to the answer before it is stored.
    fn complete(answer: Value, paid: &Settled) -> Value {
        let _ = paid;
        answer
    }

    /// The money moved in another transaction than was booked. Runs in the SQL transaction that corrects the books.
    ///
    /// # Errors
    ///
    /// [`SqlError`]; nothing is written.
    fn correct(cx: &Cx<'_, impl World>, paid: &Settled, transaction: &str) -> Result<(), SqlError> {
        let _ = (cx, paid, transaction);
        Ok(())
    }

    /// Whether the host has taken back what was bought. Money that the chain has dropped is then not moved again.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if SQLite refuses.
    fn is_taken_back(cx: &Cx<'_, impl World>, paid: &Settled) -> Result<bool, SqlError> {
        let _ = (cx, paid);
        Ok(false)
    }

    /// The chain has dropped the money for good. Revokes what was bought, in the SQL transaction that reverses the
    /// books.
    ///
    /// # Errors
    ///
    /// [`SqlError`]; nothing is written.
    fn revoke(cx: &Cx<'_, impl World>, paid: &Settled) -> Result<(), SqlError> {
        let _ = (cx, paid);
        Ok(())
    }

    /// What this payment has bought, for the list of its buyer. Also asked while its outcome is open, and after
    /// [`Self::revoke`].
    ///
    /// # Errors
    ///
    /// [`SqlError`] if SQLite refuses.
    fn bought(tool: T, cx: &Cx<'_, impl World>, payment: &Payment) -> Result<Bought, SqlError>
    where
        T: ProductTool,
    {
        let _ = cx;
        Ok(Bought::plain(Kind::Other, tool.spec().title, State::Done, payment))
    }

    /// The payment that a call of a tool for buyers ([`Access::Buyer`](crate::sale::tool::Access::Buyer)) is about, of the
    /// wallet that signed in.
    ///
    /// # Errors
    ///
    /// `invalid_arguments` names the field.
    fn payment_of(
        tool: T,
        cx: &Cx<'_, impl World>,
        arguments: &Value,
        payer: &ProvenPayer,
    ) -> Result<Option<Payment>, Failure> {
        let _ = (tool, cx, arguments, payer);
        Ok(None)
    }

    /// Calls a tool for buyers about what the wallet that signed in has without a payment of its own. `None`: it has nothing.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the tool.
    fn for_taker(
        tool: T,
        cx: &Cx<'_, impl World>,
        arguments: &Value,
        by: (&ProvenPayer, &Taker<'_>),
    ) -> Result<Option<Value>, Failure> {
        let _ = (tool, cx, arguments, by);
        Ok(None)
    }

    /// Calls a tool for buyers. `may`: the purchase that it is about.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the tool.
    fn for_buyer(
        tool: T,
        cx: &Cx<'_, impl World>,
        arguments: Value,
        may: &MayRead,
    ) -> Result<Value, Failure> {
        let _ = (tool, cx, arguments, may);
        Err(Abort::is_not_paid().into())
    }

    /// Completes a stored answer each time that it is shown.
    ///
    /// # Errors
    ///
    /// Why it can no longer be shown; the money was moved.
    fn show(cx: &Cx<'_, impl World>, answer: Value, may: &MayRead) -> Result<Value, Failure> {
        let _ = (cx, may);
        Ok(answer)
    }
}
