//! A call at the desk, parsed from its tool and arguments.

use serde_json::Value;

use crate::base::id::TicketId;
use crate::products::desk::Priority;
use crate::products::desk::input::{
    self, AssignTicket, CreateTicket, OneTicket, Reply, ResolveTicket, TriageTicket,
};
use crate::products::desk::tools::Tool;
use crate::rails::outcome::{Abort, Failure};
use crate::sale::request::read_arguments;

#[derive(Clone, Debug)]
pub enum DeskCall {
    Create {
        subject: String,
        body: String,
        email: Option<String>,
        priority: Priority,
    },
    Context {
        ticket: TicketId,
    },
    Triage {
        ticket: TicketId,
        priority: Option<Priority>,
        category: Option<Option<String>>,
        tags: Option<Vec<String>>,
    },
    Draft {
        ticket: TicketId,
        text: String,
    },
    Propose {
        ticket: TicketId,
        text: String,
    },
    Send {
        ticket: TicketId,
        text: String,
    },
    Assign {
        ticket: TicketId,
        assignee: String,
    },
    Resolve {
        ticket: TicketId,
        text: String,
    },
}

impl DeskCall {
    /// Parses a call of a paid tool.
    ///
    /// # Errors
    ///
    /// `invalid_arguments` names the field.
    pub fn read(tool: Tool, arguments: Value) -> Result<Self, Failure> {
        let ticket = |text: &str| input::ticket_id(text);
        Ok(match tool {
            Tool::CreateTicket => {
                let asked: CreateTicket = read_arguments(arguments)?;
                Self::Create {
                    subject: input::subject(&asked.subject)?,
                    body: input::body(&asked.body)?,
                    email: input::email(asked.email.as_deref())?,
                    priority: asked.priority.unwrap_or(Priority::Normal),
                }
            }
            Tool::GetTicketContext => {
                let OneTicket { ticket_id } = read_arguments(arguments)?;
                Self::Context { ticket: ticket(&ticket_id)? }
            }
            Tool::TriageTicket => {
                let asked: TriageTicket = read_arguments(arguments)?;
                Self::Triage {
                    ticket: ticket(&asked.ticket_id)?,
                    priority: asked.priority,
                    category: asked.category.as_deref().map(input::category).transpose()?,
                    tags: asked.tags.as_deref().map(input::tags).transpose()?,
                }
            }
            Tool::DraftReply => {
                let (ticket, text) = read_reply(arguments)?;
                Self::Draft { ticket, text }
            }
            Tool::ProposeResolution => {
                let (ticket, text) = read_reply(arguments)?;
                Self::Propose { ticket, text }
            }
            Tool::SendReply => {
                let (ticket, text) = read_reply(arguments)?;
                Self::Send { ticket, text }
            }
            Tool::AssignTicket => {
                let AssignTicket { ticket_id, assignee } = read_arguments(arguments)?;
                Self::Assign { ticket: ticket(&ticket_id)?, assignee: input::assignee(&assignee)? }
            }
            Tool::ResolveTicket => {
                let ResolveTicket { ticket_id, resolution } = read_arguments(arguments)?;
                Self::Resolve { ticket: ticket(&ticket_id)?, text: input::resolution(&resolution)? }
            }
            Tool::SearchKb | Tool::ListTickets | Tool::CreateKbArticle | Tool::UpdateKbArticle => {
                return Err(Abort::is_not_paid().into());
            }
        })
    }

    /// The ticket, if the call only reads it.
    pub const fn read_only(&self) -> Option<&TicketId> {
        if let Self::Context { ticket } = self { Some(ticket) } else { None }
    }

    /// The ticket of the call, if it exists already.
    pub fn ticket(&self) -> Option<&TicketId> {
        match self {
            Self::Create { .. } => None,
            Self::Context { ticket }
            | Self::Triage { ticket, .. }
            | Self::Draft { ticket, .. }
            | Self::Propose { ticket, .. }
            | Self::Send { ticket, .. }
            | Self::Assign { ticket, .. }
            | Self::Resolve { ticket, .. } => Some(ticket),
        }
    }

    /// Whether the call may end in the approval queue.
    pub const fn may_wait(&self) -> bool {
        match self {
            Self::Create { .. } | Self::Context { .. } | Self::Triage { .. } => false,
            Self::Draft { .. }
            | Self::Propose { .. }
            | Self::Send { .. }
            | Self::Assign { .. }
            | Self::Resolve { .. } => true,
        }
    }
}

fn read_reply(arguments: Value) -> Result<(TicketId, String), Failure> {
    let Reply { ticket_id, body } = read_arguments(arguments)?;
    Ok((input::ticket_id(&ticket_id)?, input::body(&body)?))
}
