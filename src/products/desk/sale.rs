//! The sale of the desk's work.

use serde_json::Value;

use crate::base::id::PaymentId;
use crate::base::money::Usdc;
use crate::ledger::payments::{Payment, Settled};
use crate::ports::{SqlError, World};
use crate::products::desk::call::DeskCall;
use crate::products::desk::tickets::{self, EntryKind};
use crate::products::desk::tools::Tool;
use crate::products::desk::work::{self, Asker};
use crate::products::desk::{Author, drafts};
use crate::rails::outcome::{Abort, Failure};
use crate::sale::cx::Cx;
use crate::sale::product::{Hold, Offer, Sale, Terms};
use crate::sale::tool::ProductTool;

/// A paid call at the desk.
#[derive(Debug)]
pub struct DeskSale {
    tool: Tool,
    call: DeskCall,
}

impl Sale<Tool> for DeskSale {
    fn read(tool: Tool, arguments: Value) -> Result<Self, Failure> {
        Ok(Self { tool, call: DeskCall::read(tool, arguments)? })
    }

    fn subject(&self) -> Option<String> {
        self.call.ticket().map(ToString::to_string)
    }

    fn terms(&self, cx: &Cx<'_, impl World>, _: bool) -> Result<Terms, Failure> {
        work::check(cx, &self.call)?;
        let spec = self.tool.spec();
        let amount = spec.fixed_price();
        let amount = amount.ok_or_else(|| SqlError(format!("{} has no price", spec.name)))?;
        Ok(Terms { amount, seat: None, description: work::describe(cx, &self.call)? })
    }

    fn recheck(
        &self,
        cx: &Cx<'_, impl World>,
        _: &str,
        _: &PaymentId,
        _: Usdc,
    ) -> Result<Hold, Failure> {
        work::check(cx, &self.call).map(|()| None)
    }

    fn prepare(&self, cx: &Cx<'_, impl World>) -> Result<Value, Failure> {
        match self.call.read_only() {
            Some(ticket) => Ok(work::context_of(cx, ticket)?),
            None => Err(Abort::is_not_paid().into()),
        }
    }

    fn offer(tool: Tool, cx: &Cx<'_, impl World>, payment: &Payment) -> Result<Offer, SqlError> {
        let call = DeskCall::read(tool, payment.arguments.clone());
        Offer::of(call.and_then(|call| work::check(cx, &call)))
    }

    fn fulfil(tool: Tool, cx: &Cx<'_, impl World>, paid: &Settled) -> Result<Value, SqlError> {
        let payment = paid.payment();
        let call = DeskCall::read(tool, payment.arguments.clone());
        let call = call.map_err(|failure| SqlError(format!("stored arguments: {failure}")))?;
        let author = Author::Wallet(payment.payer.clone());
        let held = work::held_back(cx, &payment.payer)?;
        work::carry_out(cx, &call, &Asker { author, held, payment: Some(&payment.id) })
    }

    fn revoke(cx: &Cx<'_, impl World>, paid: &Settled) -> Result<(), SqlError> {
        let (id, now) = (&paid.payment().id, cx.now());
        drafts::withdraw(cx.world, id, now)?;
        if let Some(ticket) = tickets::opened_with(cx.world, id)? {
            let what = "the chain has dropped the payment for this ticket";
            let (kind, author) = (EntryKind::Change, Author::Owner);
            tickets::add(cx.world, &ticket, kind, &author, what, None, now)?;
        }
        Ok(())
    }

    /// A prepared answer was made before the transaction was known, so it is added here.
    fn complete(mut answer: Value, paid: &Settled) -> Value {
        if let Some(members) = answer.as_object_mut() {
            members.insert("transactionHash".to_owned(), paid.transaction().into());
        }
        answer
    }
}
