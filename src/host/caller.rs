//! Which tools and REST routes a caller may use.

use crate::base::code::Code;
use crate::http::route::{AtDesk, Own};
use crate::identity::access::{Caller, Grant, Tier};
use crate::rails::outcome::{Abort, Failure};
use crate::sale::tool::Access;
use crate::shop::registry::Tool;

/// Checks that a caller may call a tool. A credential of the tier "draft" may call a tool that sends mail: the call
/// becomes a draft ([`Caller::may_send`]).
///
/// # Errors
/// `not_owner` or `not_granted`, with what to do instead.
pub fn check(caller: &Caller, tool: Tool) -> Result<(), Failure> {
    match caller {
        Caller::Owner => Ok(()),
        Caller::Stranger if tool.access() == Access::Owner => Err(Abort::not_owner().into()),
        Caller::Stranger => Ok(()),
        Caller::Agent(grant) => check_grant(grant, tool),
    }
}

/// Checks that a caller may use a REST route of the host.
///
/// # Errors
/// `not_owner` or `not_granted`, with what to do instead.
pub fn check_own(caller: &Caller, own: &Own) -> Result<(), Failure> {
    match caller {
        Caller::Owner => Ok(()),
        Caller::Stranger => Err(Abort::not_owner().into()),
        Caller::Agent(grant) => check_own_grant(grant, own),
    }
}

/// Whether a caller may use a paid tool without paying.
#[must_use]
pub fn is_free_of_charge(caller: &Caller, tool: Tool) -> bool {
    caller.is_owner_side() && !tool.is_paid_by_owners()
}

fn check_grant(grant: &Grant, tool: Tool) -> Result<(), Failure> {
    let is_listed = grant.tools.is_empty() || grant.tools.iter().any(|name| name == tool.name());
    if !is_listed {
        let detail = format!(
            "this credential is not good for {}; ask the host for one that is",
            tool.name()
        );
        return Err(not_granted(detail));
    }
    let drafts = tool.becomes_a_draft() && grant.tier >= Tier::Draft;
    if tool.tier() <= grant.tier || drafts {
        return Ok(());
    }
    let detail = format!(
        "{} needs a credential of the tier \"{}\", and this one has \"{}\"; ask the host for another",
        tool.name(),
        tool.tier().name(),
        grant.tier.name()
    );
    Err(not_granted(detail))
}

fn check_own_grant(grant: &Grant, own: &Own) -> Result<(), Failure> {
    let Some(tier) = tier_of(own) else {
        let detail = "no credential is good for this; the host itself signs in for it";
        return Err(not_granted(detail.to_owned()));
    };
    if !grant.tools.is_empty() {
        let detail =
            "this credential is good for some tools only; call them by MCP (see tools/list)";
        return Err(not_granted(detail.to_owned()));
    }
    if tier <= grant.tier {
        return Ok(());
    }
    let detail = format!(
        "this needs a credential of the tier \"{}\", and this one has \"{}\"; ask the host for another",
        tier.name(),
        grant.tier.name()
    );
    Err(not_granted(detail))
}

/// The tier that a credential needs for a REST route. `None`: no credential is enough, because its holder could
/// change the payout wallet or create further credentials.
const fn tier_of(own: &Own) -> Option<Tier> {
    match own {
        Own::Desk(asked) => tier_at_desk(asked),
        Own::Register
        | Own::ChangeProfile
        | Own::ChangePrices
        | Own::SetPicture(None)
        | Own::RemovePicture(None)
        | Own::Credentials
        | Own::CreateCredential
        | Own::RevokeCredential(_)
        | Own::Decide(_)
        | Own::Export
        | Own::Restore => None,
        Own::Profile
        | Own::Events
        | Own::Rsvps(..)
        | Own::Waitlist(_)
        | Own::Entrance(_)
        | Own::Messages(_)
        | Own::Secrets
        | Own::Retrievals(_)
        | Own::Prices
        | Own::Refunds
        | Own::Revenue
        | Own::Mail
        | Own::Payments(_) => Some(Tier::Read),
        Own::CreateEvent
        | Own::UpdateEvent(_)
        | Own::CancelEvent(_)
        | Own::CheckIn(_)
        | Own::MessageGuests(_)
        | Own::SetPicture(Some(_))
        | Own::RemovePicture(Some(_))
        | Own::Enter(_)
        | Own::PayRefunds
        | Own::StoreSecret
        | Own::ChangeSecret(_)
        | Own::RevokeSecret(_) => Some(Tier::Send),
    }
}

/// The same for the desk. Approving a draft and resuming mail need a signed-in person.
const fn tier_at_desk(asked: &AtDesk) -> Option<Tier> {
    match asked {
        AtDesk::Approve(_)
        | AtDesk::EditDraft(_)
        | AtDesk::Reject(_)
        | AtDesk::ChangeSettings
        | AtDesk::ResetBreaker => None,
        AtDesk::Articles
        | AtDesk::Tickets
        | AtDesk::SearchTickets
        | AtDesk::Ticket(_)
        | AtDesk::Approvals
        | AtDesk::Settings => Some(Tier::Read),
        AtDesk::AddNote(_) => Some(Tier::Draft),
        AtDesk::CreateArticle
        | AtDesk::ChangeArticle(_)
        | AtDesk::RemoveArticle(_)
        | AtDesk::ChangeTicket(_)
        | AtDesk::MergeTicket(_)
        | AtDesk::Reply(_) => Some(Tier::Send),
    }
}

fn not_granted(detail: String) -> Failure {
    Abort::new(Code::NotGranted, detail).into()
}
