//! Calls of the desk's tools: those that nobody pays for ([`call`]), and the sale of the desk's work.

use serde_json::Value;

use crate::base::id::{PaymentId, TicketId};
use crate::base::money::Usdc;
use crate::identity::access::Caller;
use crate::ledger::payments::{Payment, Settled};
use crate::ports::{SqlError, World};
use crate::products::desk::call::DeskCall;
use crate::products::desk::input::{
    self, ArticleChanges, AssignTicket, CreateTicket, OneTicket, Reply, ResolveTicket, TicketKey,
    TriageTicket, UpdateKbArticle,
};
use crate::products::desk::tickets::{self, EntryKind};
use crate::products::desk::tools::Tool;
use crate::products::desk::work::{self, Asker};
use crate::products::desk::{Author, Priority, articles, bought, drafts, status};
use crate::rails::outcome::{Abort, Failure};
use crate::sale::bought::Bought;
use crate::sale::cx::Cx;
use crate::sale::free_calls::free_call;
use crate::sale::prices::price;
use crate::sale::product::{Hold, Offer, Pays, Sale, Taker, Terms};
use crate::sale::request::read_arguments;
use crate::sale::tool::ProductTool;

/// A paid call at the desk.
#[derive(Debug)]
pub struct DeskSale {
    tool: Tool,
    call: DeskCall,
}

/// Calls a tool that the caller does not pay for.
///
/// # Errors
///
/// [`Failure`] of the tool.
pub fn call(
    cx: &Cx<'_, impl World>,
    tool: Tool,
    arguments: Value,
    caller: &Caller,
) -> Result<Value, Failure> {
    match tool {
        Tool::SearchKb => work::search_kb(cx, &read_arguments(arguments)?),
        Tool::GetTicketStatus => {
            let TicketKey { status_key } = read_arguments(arguments)?;
            status::status(cx, &status_key)
        }
        Tool::ListTickets => work::list_tickets(cx, &read_arguments(arguments)?),
        Tool::CreateKbArticle => articles::create(cx, &read_arguments(arguments)?),
        Tool::UpdateKbArticle => {
            let UpdateKbArticle { article_id, title, body } = read_arguments(arguments)?;
            let id = input::article_id(&article_id)?;
            articles::change(cx, &id, &ArticleChanges { title, body })
        }
        Tool::CreateTicket
        | Tool::GetTicketContext
        | Tool::TriageTicket
        | Tool::DraftReply
        | Tool::ProposeResolution
        | Tool::SendReply
        | Tool::AssignTicket
        | Tool::ResolveTicket => work::call_as_owner(cx, &read_call(tool, arguments)?, caller),
    }
}

impl Sale<Tool> for DeskSale {
    fn read(tool: Tool, arguments: Value) -> Result<Self, Failure> {
        Ok(Self { tool, call: read_call(tool, arguments)? })
    }

    fn subject(&self) -> Option<String> {
        self.call.ticket().map(ToString::to_string)
    }

    fn terms(&self, cx: &Cx<'_, impl World>, _: Option<&Pays>) -> Result<Terms, Failure> {
        work::check(cx, &self.call)?;
        let amount = price(cx.world, self.tool.spec())?.amount;
        Ok(Terms { amount, most: None, seats: None, description: work::describe(cx, &self.call)? })
    }

    fn free(&self, cx: &Cx<'_, impl World>, by: &Taker<'_>) -> Result<Option<Value>, Failure> {
        let Some(free) = free_call(cx, self.tool.spec(), by)? else { return Ok(None) };
        work::check(cx, &self.call)?;
        let held = work::held_back(cx, free.wallet())?;
        let author = Author::Wallet(free.wallet().to_owned());
        let asker = Asker { author, held, payment: None };
        let answer = cx.world.atomically(|| {
            free.count(cx.world)?;
            work::carry_out(cx, &self.call, &asker)
        })?;
        Ok(Some(answer))
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
            None => Err(Abort::is_not_prepared().into()),
        }
    }

    fn offer(tool: Tool, cx: &Cx<'_, impl World>, payment: &Payment) -> Result<Offer, SqlError> {
        let call = read_call(tool, payment.arguments.clone());
        Offer::of(call.and_then(|call| work::check(cx, &call)))
    }

    fn fulfil(tool: Tool, cx: &Cx<'_, impl World>, paid: &Settled) -> Result<Value, SqlError> {
        let payment = paid.payment();
        let call = read_call(tool, payment.arguments.clone());
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

    fn bought(tool: Tool, cx: &Cx<'_, impl World>, payment: &Payment) -> Result<Bought, SqlError> {
        bought::bought(tool, cx, payment)
    }

    /// A prepared answer was made before the transaction was known, so it is added here.
    fn complete(mut answer: Value, paid: &Settled) -> Value {
        if let Some(members) = answer.as_object_mut() {
            members.insert("transactionHash".to_owned(), paid.transaction().into());
        }
        answer
    }
}

/// Parses a call of a paid tool.
///
/// # Errors
///
/// `invalid_arguments` names the field.
fn read_call(tool: Tool, arguments: Value) -> Result<DeskCall, Failure> {
    let ticket = |text: &str| input::ticket_id(text);
    Ok(match tool {
        Tool::CreateTicket => {
            let asked: CreateTicket = read_arguments(arguments)?;
            DeskCall::Create {
                subject: input::subject(&asked.subject)?,
                body: input::body(&asked.body)?,
                email: input::email(asked.email.as_deref())?,
                priority: asked.priority.unwrap_or(Priority::Normal),
            }
        }
        Tool::GetTicketContext => {
            let OneTicket { ticket_id } = read_arguments(arguments)?;
            DeskCall::Context { ticket: ticket(&ticket_id)? }
        }
        Tool::TriageTicket => {
            let asked: TriageTicket = read_arguments(arguments)?;
            DeskCall::Triage {
                ticket: ticket(&asked.ticket_id)?,
                priority: asked.priority,
                category: asked.category.as_deref().map(input::category).transpose()?,
                tags: asked.tags.as_deref().map(input::tags).transpose()?,
            }
        }
        Tool::DraftReply => {
            let (ticket, text) = read_reply(arguments)?;
            DeskCall::Draft { ticket, text }
        }
        Tool::ProposeResolution => {
            let (ticket, text) = read_reply(arguments)?;
            DeskCall::Propose { ticket, text }
        }
        Tool::SendReply => {
            let (ticket, text) = read_reply(arguments)?;
            DeskCall::Send { ticket, text }
        }
        Tool::AssignTicket => {
            let AssignTicket { ticket_id, assignee } = read_arguments(arguments)?;
            DeskCall::Assign { ticket: ticket(&ticket_id)?, assignee: input::assignee(&assignee)? }
        }
        Tool::ResolveTicket => {
            let ResolveTicket { ticket_id, resolution } = read_arguments(arguments)?;
            DeskCall::Resolve { ticket: ticket(&ticket_id)?, text: input::resolution(&resolution)? }
        }
        Tool::SearchKb
        | Tool::GetTicketStatus
        | Tool::ListTickets
        | Tool::CreateKbArticle
        | Tool::UpdateKbArticle => {
            return Err(Abort::is_not_paid().into());
        }
    })
}

fn read_reply(arguments: Value) -> Result<(TicketId, String), Failure> {
    let Reply { ticket_id, body } = read_arguments(arguments)?;
    Ok((input::ticket_id(&ticket_id)?, input::body(&body)?))
}
