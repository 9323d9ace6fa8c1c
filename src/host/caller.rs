//! Who calls, and what they may do.

use crate::base::id::CredentialId;
use crate::http::route::{AtDesk, Own};
use crate::mcp::catalog::{Access, Tier, Tool};
use crate::rails::outcome::{Abort, Failure};

/// Who calls a tool, or asks over REST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Anybody: what is sold has to be paid.
    Stranger,
    /// The host of this server, signed in.
    Owner,
    /// A program of the host's, with a credential.
    Agent(Grant),
}

/// What a credential is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Which one it is.
    pub id: CredentialId,
    /// How far it may go.
    pub tier: Tier,
    /// The tools that it may call; empty stands for all.
    pub tools: Vec<String>,
}

impl Caller {
    /// Whether they belong to the host: they see its own tools, and pay nothing for the others.
    #[must_use]
    pub const fn is_of_the_house(&self) -> bool {
        match self {
            Self::Stranger => false,
            Self::Owner | Self::Agent(_) => true,
        }
    }

    /// Whether they may call a tool at all. A credential that may only draft may ask for what sends: it
    /// becomes a draft ([`Self::may_send`]).
    ///
    /// # Errors
    /// What to do instead.
    pub fn check(&self, tool: Tool) -> Result<(), Failure> {
        match self {
            Self::Owner => Ok(()),
            Self::Stranger if tool.access() == Access::Owner => Err(Abort::not_owner().into()),
            Self::Stranger => Ok(()),
            Self::Agent(grant) => grant.check(tool),
        }
    }

    /// Whether they may ask this over REST, where the host keeps house.
    ///
    /// # Errors
    /// What to do instead.
    pub fn check_own(&self, own: &Own) -> Result<(), Failure> {
        match self {
            Self::Owner => Ok(()),
            Self::Stranger => Err(Abort::not_owner().into()),
            Self::Agent(grant) => grant.check_own(own),
        }
    }

    /// Whether what they ask to send may leave, as far as that depends on who they are.
    #[must_use]
    pub fn may_send(&self) -> bool {
        match self {
            Self::Stranger => false,
            Self::Owner => true,
            Self::Agent(grant) => grant.tier == Tier::Send,
        }
    }

    /// Whether a paid tool is theirs without paying. A seat belongs to the wallet that pays for it, and a
    /// secret's value is shown to nobody who has not paid, so these two are paid by everybody.
    #[must_use]
    pub fn is_free_of_charge(&self, tool: Tool) -> bool {
        let is_always_paid = matches!(tool, Tool::RsvpToEvent | Tool::RetrieveSecret);
        self.is_of_the_house() && !is_always_paid
    }
}

impl Grant {
    fn check(&self, tool: Tool) -> Result<(), Failure> {
        let is_listed = self.tools.is_empty() || self.tools.iter().any(|name| name == tool.name());
        if !is_listed {
            let detail = format!(
                "this credential is not good for {}; ask the host for one that is",
                tool.name()
            );
            return Err(not_granted(detail));
        }
        let drafts = tool.becomes_a_draft() && self.tier >= Tier::Draft;
        if tool.tier() <= self.tier || drafts {
            return Ok(());
        }
        let detail = format!(
            "{} needs a credential of the tier \"{}\", and this one has \"{}\"; ask the host for another",
            tool.name(),
            tool.tier().name(),
            self.tier.name()
        );
        Err(not_granted(detail))
    }

    fn check_own(&self, own: &Own) -> Result<(), Failure> {
        let Some(tier) = tier_of(own) else {
            let detail = "no credential is good for this; the host itself signs in for it";
            return Err(not_granted(detail.to_owned()));
        };
        if !self.tools.is_empty() {
            let detail =
                "this credential is good for some tools only; call them by MCP (see tools/list)";
            return Err(not_granted(detail.to_owned()));
        }
        if tier <= self.tier {
            return Ok(());
        }
        let detail = format!(
            "this needs a credential of the tier \"{}\", and this one has \"{}\"; ask the host for another",
            tier.name(),
            self.tier.name()
        );
        Err(not_granted(detail))
    }
}

/// The tier that a credential needs for what the host asks over REST; `None` where no credential is good:
/// whoever has one could otherwise take over the payout, or make itself another.
const fn tier_of(own: &Own) -> Option<Tier> {
    match own {
        Own::Desk(asked) => tier_at_desk(asked),
        Own::Register
        | Own::ChangeProfile
        | Own::Credentials
        | Own::CreateCredential
        | Own::RevokeCredential(_)
        | Own::Decide(_)
        | Own::Export
        | Own::Restore => None,
        Own::Profile
        | Own::Events
        | Own::Rsvps(..)
        | Own::Secrets
        | Own::Retrievals(_)
        | Own::Revenue
        | Own::Mail
        | Own::Payments(_) => Some(Tier::Read),
        Own::CreateEvent
        | Own::UpdateEvent(_)
        | Own::CancelEvent(_)
        | Own::CheckIn(_)
        | Own::StoreSecret
        | Own::ChangeSecret(_)
        | Own::RevokeSecret(_) => Some(Tier::Send),
    }
}

/// The same for the desk. What takes a person is for a person: approving, and letting mail leave again.
const fn tier_at_desk(asked: &AtDesk) -> Option<Tier> {
    match asked {
        AtDesk::Approve(_) | AtDesk::Reject(_) | AtDesk::ChangeSettings | AtDesk::ResetBreaker => {
            None
        }
        AtDesk::Articles
        | AtDesk::Tickets
        | AtDesk::Ticket(_)
        | AtDesk::Approvals
        | AtDesk::Settings => Some(Tier::Read),
        AtDesk::AddNote(_) => Some(Tier::Draft),
        AtDesk::CreateArticle
        | AtDesk::ChangeArticle(_)
        | AtDesk::RemoveArticle(_)
        | AtDesk::ChangeTicket(_)
        | AtDesk::Reply(_) => Some(Tier::Send),
    }
}

fn not_granted(detail: String) -> Failure {
    Abort::new("not_granted", 403, detail).into()
}
