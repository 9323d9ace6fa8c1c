//! A call at the desk with parsed arguments.

use crate::base::id::TicketId;
use crate::products::desk::Priority;

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
