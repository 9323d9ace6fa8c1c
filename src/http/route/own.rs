//! The routes of the signed-in host: everything below `/api/users`.

use serde::{Deserialize, Serialize};

use crate::base::id::{ArticleId, CredentialId, DraftId, EventId, PaymentId, SecretId, TicketId};
use crate::http::route::part::{NoRoute, event_of};

/// A request of the signed-in host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Own {
    Register,
    Profile,
    ChangeProfile,
    Events,
    CreateEvent,
    UpdateEvent(EventId),
    CancelEvent(EventId),
    /// `GET /api/users/events/{id}/rsvps`, and with `.csv`
    Rsvps(EventId, Format),
    CheckIn(EventId),
    /// `GET /api/users/events/{id}/waitlist`: the guests who wait for a seat
    Waitlist(EventId),
    /// `GET` and `POST /api/users/events/{id}/messages`
    Messages(EventId),
    MessageGuests(EventId),
    /// Uploads the picture of an event, or of the host.
    SetPicture(Option<EventId>),
    RemovePicture(Option<EventId>),
    /// `GET /api/users/events/{id}/entrance`: the tickets, as a device at the entrance keeps them
    Entrance(EventId),
    /// `POST` to the same: check-ins of a device
    Enter(EventId),
    Secrets,
    StoreSecret,
    ChangeSecret(SecretId),
    RevokeSecret(SecretId),
    Retrievals(SecretId),
    /// The desk: `kb`, `tickets`, `approvals`, `desk`
    Desk(AtDesk),
    Credentials,
    CreateCredential,
    RevokeCredential(CredentialId),
    Export,
    Restore,
    Revenue,
    Prices,
    ChangePrices,
    /// Money that goes back to guests.
    Refunds,
    PayRefunds,
    Mail,
    /// `GET /api/users/payments`, and with `.csv`
    Payments(Format),
    Decide(PaymentId),
}

/// A request of the signed-in host to its desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AtDesk {
    Articles,
    CreateArticle,
    ChangeArticle(ArticleId),
    RemoveArticle(ArticleId),
    Tickets,
    Ticket(TicketId),
    /// A read; the words are in its body.
    SearchTickets,
    ChangeTicket(TicketId),
    MergeTicket(TicketId),
    AddNote(TicketId),
    Reply(TicketId),
    Approvals,
    Approve(DraftId),
    EditDraft(DraftId),
    Reject(DraftId),
    Settings,
    ChangeSettings,
    ResetBreaker,
}

/// The format of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    Json,
    Csv,
}

/// Finds what `method` and the segments of a path after `/api/users` ask for.
pub(super) fn own(method: &str, parts: &[&str]) -> Result<Own, NoRoute> {
    match (parts, method) {
        (["mcp"], "POST") => Ok(Own::Register),
        (["mcp"], _) => Err(NoRoute::MethodNotAllowed("POST")),
        (["me"], "GET") => Ok(Own::Profile),
        (["me"], "PATCH") => Ok(Own::ChangeProfile),
        (["me"], _) => Err(NoRoute::MethodNotAllowed("GET, HEAD, PATCH")),
        (["me", "picture"], "POST") => Ok(Own::SetPicture(None)),
        (["me", "picture"], "DELETE") => Ok(Own::RemovePicture(None)),
        (["events", id, "picture"], "POST") => Ok(Own::SetPicture(Some(event_of(id)?))),
        (["events", id, "picture"], "DELETE") => Ok(Own::RemovePicture(Some(event_of(id)?))),
        (["me", "picture"] | ["events", _, "picture"], _) => {
            Err(NoRoute::MethodNotAllowed("POST, DELETE"))
        }
        (["revenue"] | ["mail"] | ["payments"] | ["payments.csv"] | ["export"], _)
            if method != "GET" =>
        {
            Err(NoRoute::MethodNotAllowed("GET, HEAD"))
        }
        (["export"], _) => Ok(Own::Export),
        (["restore"], "POST") => Ok(Own::Restore),
        (["restore"], _) => Err(NoRoute::MethodNotAllowed("POST")),
        (["revenue"], _) => Ok(Own::Revenue),
        (["prices"], "GET") => Ok(Own::Prices),
        (["prices"], "PATCH") => Ok(Own::ChangePrices),
        (["prices"], _) => Err(NoRoute::MethodNotAllowed("GET, HEAD, PATCH")),
        (["refunds"], "GET") => Ok(Own::Refunds),
        (["refunds"], "POST") => Ok(Own::PayRefunds),
        (["mail"], _) => Ok(Own::Mail),
        (["payments"], _) => Ok(Own::Payments(Format::Json)),
        (["payments.csv"], _) => Ok(Own::Payments(Format::Csv)),
        (["payments", id, "verdict"], "POST") => {
            PaymentId::parse(id).map(Own::Decide).map_err(|_| NoRoute::NotFound)
        }
        (["payments", _, "verdict"], _) => Err(NoRoute::MethodNotAllowed("POST")),
        (["events"], "GET") => Ok(Own::Events),
        (["events"], "POST") => Ok(Own::CreateEvent),
        (["events"], _) => Err(NoRoute::MethodNotAllowed("GET, HEAD, POST")),
        (["events", id], "PATCH") => Ok(Own::UpdateEvent(event_of(id)?)),
        (["events", id], "DELETE") => Ok(Own::CancelEvent(event_of(id)?)),
        (["events", _], _) => Err(NoRoute::MethodNotAllowed("PATCH, DELETE")),
        (["events", id, "rsvps"], "GET") => Ok(Own::Rsvps(event_of(id)?, Format::Json)),
        (["events", id, "rsvps.csv"], "GET") => Ok(Own::Rsvps(event_of(id)?, Format::Csv)),
        (["events", _, "rsvps" | "rsvps.csv"], _) => Err(NoRoute::MethodNotAllowed("GET, HEAD")),
        (["events", id, "waitlist"], "GET") => Ok(Own::Waitlist(event_of(id)?)),
        (["events", _, "waitlist"], _) => Err(NoRoute::MethodNotAllowed("GET, HEAD")),
        (["events", id, "check-in"], "POST") => Ok(Own::CheckIn(event_of(id)?)),
        (["events", _, "check-in"], _) => Err(NoRoute::MethodNotAllowed("POST")),
        (["events", id, "messages"], "GET") => Ok(Own::Messages(event_of(id)?)),
        (["events", id, "messages"], "POST") => Ok(Own::MessageGuests(event_of(id)?)),
        (["events", _, "messages"], _) => Err(NoRoute::MethodNotAllowed("GET, HEAD, POST")),
        (["events", id, "entrance"], "GET") => Ok(Own::Entrance(event_of(id)?)),
        (["events", id, "entrance"], "POST") => Ok(Own::Enter(event_of(id)?)),
        (["events", _, "entrance"], _) => Err(NoRoute::MethodNotAllowed("GET, HEAD, POST")),
        (["kb" | "tickets" | "approvals" | "desk", ..], _) => at_desk(method, parts).map(Own::Desk),
        (["credentials"], "GET") => Ok(Own::Credentials),
        (["credentials"], "POST") => Ok(Own::CreateCredential),
        (["credentials"], _) => Err(NoRoute::MethodNotAllowed("GET, HEAD, POST")),
        (["credentials", id], "DELETE") => Ok(Own::RevokeCredential(credential_of(id)?)),
        (["credentials", _], _) => Err(NoRoute::MethodNotAllowed("DELETE")),
        (["secrets"], "GET") => Ok(Own::Secrets),
        (["secrets"], "POST") => Ok(Own::StoreSecret),
        (["secrets"], _) => Err(NoRoute::MethodNotAllowed("GET, HEAD, POST")),
        (["secrets", id], "PATCH") => Ok(Own::ChangeSecret(secret_of(id)?)),
        (["secrets", id], "DELETE") => Ok(Own::RevokeSecret(secret_of(id)?)),
        (["secrets", _], _) => Err(NoRoute::MethodNotAllowed("PATCH, DELETE")),
        (["secrets", id, "retrievals"], "GET") => Ok(Own::Retrievals(secret_of(id)?)),
        (["secrets", _, "retrievals"], _) => Err(NoRoute::MethodNotAllowed("GET, HEAD")),
        _ => Err(NoRoute::NotFound),
    }
}

fn at_desk(method: &str, parts: &[&str]) -> Result<AtDesk, NoRoute> {
    let ticket = |text: &str| TicketId::parse(text).map_err(|_| NoRoute::NotFound);
    let article = |text: &str| ArticleId::parse(text).map_err(|_| NoRoute::NotFound);
    let draft = |text: &str| DraftId::parse(text).map_err(|_| NoRoute::NotFound);
    match (parts, method) {
        (["kb"], "GET") => Ok(AtDesk::Articles),
        (["kb"], "POST") => Ok(AtDesk::CreateArticle),
        (["kb"], _) => Err(NoRoute::MethodNotAllowed("GET, HEAD, POST")),
        (["kb", id], "PATCH") => Ok(AtDesk::ChangeArticle(article(id)?)),
        (["kb", id], "DELETE") => Ok(AtDesk::RemoveArticle(article(id)?)),
        (["kb", _], _) => Err(NoRoute::MethodNotAllowed("PATCH, DELETE")),
        (["tickets"], "GET") => Ok(AtDesk::Tickets),
        (["tickets"] | ["approvals"], _) if method != "GET" => {
            Err(NoRoute::MethodNotAllowed("GET, HEAD"))
        }
        (["tickets", "search"], "POST") => Ok(AtDesk::SearchTickets),
        (["tickets", "search"], _) => Err(NoRoute::MethodNotAllowed("POST")),
        (["tickets", id], "GET") => Ok(AtDesk::Ticket(ticket(id)?)),
        (["tickets", id], "PATCH") => Ok(AtDesk::ChangeTicket(ticket(id)?)),
        (["tickets", _], _) => Err(NoRoute::MethodNotAllowed("GET, HEAD, PATCH")),
        (["tickets", id, "notes"], "POST") => Ok(AtDesk::AddNote(ticket(id)?)),
        (["tickets", id, "replies"], "POST") => Ok(AtDesk::Reply(ticket(id)?)),
        (["tickets", id, "merge"], "POST") => Ok(AtDesk::MergeTicket(ticket(id)?)),
        (["tickets", _, "notes" | "replies" | "merge"], _) => {
            Err(NoRoute::MethodNotAllowed("POST"))
        }
        (["approvals"], _) => Ok(AtDesk::Approvals),
        (["approvals", id], "PATCH") => Ok(AtDesk::EditDraft(draft(id)?)),
        (["approvals", _], _) => Err(NoRoute::MethodNotAllowed("PATCH")),
        (["approvals", id, "approve"], "POST") => Ok(AtDesk::Approve(draft(id)?)),
        (["approvals", id, "reject"], "POST") => Ok(AtDesk::Reject(draft(id)?)),
        (["approvals", _, "approve" | "reject"], _) => Err(NoRoute::MethodNotAllowed("POST")),
        (["desk"], "GET") => Ok(AtDesk::Settings),
        (["desk"], "PATCH") => Ok(AtDesk::ChangeSettings),
        (["desk"], _) => Err(NoRoute::MethodNotAllowed("GET, HEAD, PATCH")),
        (["desk", "reset"], "POST") => Ok(AtDesk::ResetBreaker),
        (["desk", "reset"], _) => Err(NoRoute::MethodNotAllowed("POST")),
        _ => Err(NoRoute::NotFound),
    }
}

fn secret_of(text: &str) -> Result<SecretId, NoRoute> {
    SecretId::parse(text).map_err(|_| NoRoute::NotFound)
}

fn credential_of(text: &str) -> Result<CredentialId, NoRoute> {
    CredentialId::parse(text).map_err(|_| NoRoute::NotFound)
}
