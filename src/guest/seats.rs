//! Seats that the session's wallet has already: said, with the ticket, before a question to pay.
//!
//! A session knows its own purchases. Of seats that the wallet holds otherwise only the server knows; it is told the
//! wallet where its tool asks for that, and says no more to an unproven wallet than that there is a seat.

use serde_json::{Value, json};

use crate::base::text;
use crate::guest::cx::{Cx, GuestWorld};
use crate::guest::purchase::model::Purchase;
use crate::guest::purchase::store::{self, WALLET};
use crate::guest::session;
use crate::mcp::client::{Connection, ServerTool};
use crate::ports::SqlError;

/// The argument that names an event.
const EVENT: &str = "eventId";
/// What our servers call it.
pub(super) const HAS_SEAT: &str = "already_has_seat";
/// The longest address of a ticket that is kept, bytes.
const TICKET_BYTES_MAX: usize = 2_048;

/// The arguments of a call, with the session's wallet where the tool asks for it. A tool that is free gets it at
/// servers of this deployment only: others do not learn a wallet that pays nothing.
pub(super) fn with_wallet<W: GuestWorld>(
    cx: &Cx<W>,
    connection: &Connection,
    tool: Option<&ServerTool>,
    mut arguments: Value,
) -> Result<Value, SqlError> {
    let Some(tool) = tool else { return Ok(arguments) };
    let properties = tool.input_schema.get("properties");
    let asks = properties.and_then(|all| all.get(WALLET)).is_some();
    if !asks || !(tool.is_paid || cx.rules.is_own(&connection.url)) {
        return Ok(arguments);
    }
    if let (Some(wallet), Some(members)) = (session::wallet(&cx.world)?, arguments.as_object_mut())
    {
        let address = json!(wallet.address.to_checksum(None));
        members.entry(WALLET).or_insert(address);
    }
    Ok(arguments)
}

/// The ticket of a seat that the session's wallet has bought with this tool at this event.
pub(super) fn bought_ticket<W: GuestWorld>(
    cx: &Cx<W>,
    server: &str,
    tool: &str,
    arguments: &Value,
) -> Result<Option<String>, SqlError> {
    let Some(event) = arguments.get(EVENT).and_then(Value::as_str) else { return Ok(None) };
    let Some(wallet) = session::wallet(&cx.world)? else { return Ok(None) };
    let payer = wallet.address.to_checksum(None);
    let bought = store::tickets(&cx.world, server, tool, &payer)?;
    let is_it = |arguments: &Value| arguments.get(EVENT).and_then(Value::as_str) == Some(event);
    Ok(bought.into_iter().find(|(arguments, _)| is_it(arguments)).map(|(_, ticket)| ticket))
}

/// What is said before a person is asked to pay for a seat that the wallet has bought already.
pub(super) fn seat_in_words<W: GuestWorld>(
    cx: &Cx<W>,
    purchase: &Purchase,
) -> Result<Option<String>, SqlError> {
    let Purchase { server, tool, arguments, .. } = purchase;
    let ticket = bought_ticket(cx, server, tool, arguments)?;
    Ok(ticket.map(|ticket| {
        format!("this wallet has bought a seat here already, its ticket is {ticket}; paying would buy another one")
    }))
}

/// The ticket in what a tool has answered, if it can be kept and shown as it is.
pub(super) fn ticket_in(result: &Value) -> Option<&str> {
    let ticket = result.get("structuredContent")?.get("ticketUrl")?.as_str()?;
    let is_web = ticket.starts_with("https://") || ticket.starts_with("http://");
    let is_plain = ticket.len() <= TICKET_BYTES_MAX && text::line(ticket, ticket.len()) == ticket;
    Some(ticket).filter(|_| is_web && is_plain)
}

/// Whether a server says that the wallet has a seat already.
pub(super) fn says_has_seat(result: &Value) -> bool {
    let error = result.get("structuredContent").and_then(|content| content.get("error"));
    error.and_then(|error| error.get("code")).and_then(Value::as_str) == Some(HAS_SEAT)
}
