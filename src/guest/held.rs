//! What the session has bought: listed, and found before money is asked for.

use serde_json::{Value, json};

use crate::base::text;
use crate::guest::cx::{Cx, GuestWorld};
use crate::guest::purchase::model::Purchase;
use crate::guest::purchase::store;
use crate::guest::session;
use crate::guest::views::BoughtView;
use crate::ports::SqlError;

/// The words for a wallet that has a seat.
pub(super) const HAS_SEAT_WORDS: &str =
    "You already have a seat with this wallet. Nothing was charged.";
/// The tools of our servers that sell what one keeps.
pub(super) const SEAT: &str = "rsvpToEvent";
pub(super) const SECRET: &str = "retrieveSecret";
pub(super) const OPEN_TICKET: &str = "createTicket";

/// What is kept of a result for lists: title, time, place, and a ticket's id. Never a secret's value.
pub(super) fn summary(result: &Value) -> Option<Value> {
    let content = result.get("structuredContent")?;
    let event = content.get("event");
    let word = |from: Option<&Value>, key: &str| {
        let word = from.and_then(|from| from.get(key)).and_then(Value::as_str);
        word.map(|word| text::line(word, 300)).filter(|word| !word.is_empty())
    };
    let title = word(event, "title")
        .or_else(|| word(Some(content), "name"))
        .or_else(|| word(Some(content), "subject"));
    let all = [
        ("title", title),
        ("startsAt", word(event, "startsAt")),
        ("timeZone", word(event, "timeZone")),
        ("location", word(event, "location")),
        ("ticketId", word(Some(content), "ticketId")),
    ];
    let known: serde_json::Map<String, Value> =
        all.into_iter().filter_map(|(key, word)| Some((key.to_owned(), json!(word?)))).collect();
    (!known.is_empty()).then_some(Value::Object(known))
}

/// What a purchase is for, as the server has listed it.
pub(super) fn listed_title<W: GuestWorld>(
    cx: &Cx<W>,
    purchase: &Purchase,
) -> Result<Option<String>, SqlError> {
    let Some(event) = purchase.arguments.get("eventId").and_then(Value::as_str) else {
        return Ok(None);
    };
    let known = session::listed(&cx.world, &purchase.server, event)?;
    Ok(known.map(|known| text::line(&known.title, 300)))
}

/// What a purchase is for: as its result says, or as the server has listed it.
pub(super) fn title<W: GuestWorld>(
    cx: &Cx<W>,
    purchase: &Purchase,
) -> Result<Option<String>, SqlError> {
    let kept = store::title(&cx.world, &purchase.id)?;
    kept.map_or_else(|| listed_title(cx, purchase), |kept| Ok(Some(kept)))
}

/// Seats and secrets that were bought in this session, the newest first.
pub(super) fn bought<W: GuestWorld>(cx: &Cx<W>) -> Result<Vec<BoughtView>, SqlError> {
    let all = store::bought(&cx.world)?;
    let kept = all
        .into_iter()
        .filter(|one| one.ticket.is_some() || matches!(one.tool.as_str(), SEAT | SECRET));
    let mut views = Vec::new();
    for one in kept {
        let word = |key: &str| one.about.get(key).and_then(Value::as_str).map(str::to_owned);
        let event = one.arguments.get("eventId").and_then(Value::as_str);
        // What was bought before titles were kept.
        let known = match event {
            Some(event) => session::listed(&cx.world, &one.server, event)?,
            None => None,
        };
        let title = word("title").or_else(|| known.as_ref().map(|known| known.title.clone()));
        views.push(BoughtView {
            title: title.unwrap_or_default(),
            starts_at: word("startsAt").or_else(|| known.map(|known| known.starts_at)),
            time_zone: word("timeZone"),
            location: word("location"),
            ticket_url: one.ticket,
            id: one.id,
            tool: one.tool,
            mcp_url: one.server,
            amount_usd: one.amount.to_string(),
            at: one.at.to_string(),
        });
    }
    Ok(views)
}

/// The seat at this event that the session's wallet has bought in this session.
pub(super) fn seat<W: GuestWorld>(
    cx: &Cx<W>,
    server: &str,
    event_id: &str,
) -> Result<Option<BoughtView>, SqlError> {
    let wallet = session::wallet(&cx.world)?.map(|wallet| wallet.address.to_checksum(None));
    let all = store::bought(&cx.world)?;
    let found = all.into_iter().find(|one| {
        one.server == server
            && Some(&one.payer) == wallet.as_ref()
            && one.ticket.is_some()
            && one.arguments.get("eventId").and_then(Value::as_str) == Some(event_id)
    });
    let Some(found) = found else { return Ok(None) };
    Ok(bought(cx)?.into_iter().find(|view| view.id == found.id))
}

/// Whether the session's wallet has bought exactly this in this session.
pub(super) fn has_bought<W: GuestWorld>(
    cx: &Cx<W>,
    server: &str,
    tool: &str,
    (argument, value): (&str, &str),
) -> Result<bool, SqlError> {
    let wallet = session::wallet(&cx.world)?.map(|wallet| wallet.address.to_checksum(None));
    let is_it = |one: &store::Bought| {
        one.server == server
            && one.tool == tool
            && Some(&one.payer) == wallet.as_ref()
            && one.arguments.get(argument).and_then(Value::as_str) == Some(value)
    };
    Ok(store::bought(&cx.world)?.iter().any(is_it))
}

/// The newest ticket that was opened at the helpdesk of this server.
pub(super) fn desk_ticket<W: GuestWorld>(
    cx: &Cx<W>,
    server: &str,
) -> Result<Option<String>, SqlError> {
    let all = store::bought(&cx.world)?;
    let mut tickets = all.into_iter().filter(|one| one.server == server && one.tool == OPEN_TICKET);
    Ok(tickets.find_map(|one| one.about.get("ticketId").and_then(Value::as_str).map(str::to_owned)))
}
