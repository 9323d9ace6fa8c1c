//! What the agent and its server can do, in words.

use crate::guest::cx::{Cx, GuestWorld, Trouble};
use crate::guest::{session, sums};
use crate::mcp::client::ServerTool;

pub(super) const HELP: &str = "I can: find events (\"list events\", \"what is on this weekend?\"), tell you about them, buy seats or a secret (\"buy 2 tickets for …\"), show \"my tickets\", open a ticket at the helpdesk, and look after your limits (\"spend at most $2\"). I ask before I pay, unless your policy lets me.";

pub(super) fn tools<W: GuestWorld>(cx: &Cx<W>) -> Result<String, Trouble> {
    let tools = session::tools(&cx.world)?;
    let line = |tool: &ServerTool| {
        let price = match (tool.is_paid, tool.price) {
            (false, _) => "free".to_owned(),
            (true, Some(price)) => format!("${price}"),
            (true, None) => "paid".to_owned(),
        };
        format!("{} ({price})", tool.name)
    };
    let lines: Vec<String> = tools.iter().map(line).collect();
    Ok(if lines.is_empty() { "This server has no tools.".to_owned() } else { lines.join(", ") })
}

pub(super) fn status<W: GuestWorld>(cx: &Cx<W>) -> Result<String, Trouble> {
    let server = match session::connection(&cx.world)? {
        Some(connection) if connection.server.is_empty() => {
            format!("Connected to {}.", connection.url)
        }
        Some(connection) => format!("Connected to {}.", connection.server),
        None => "Not connected to a server.".to_owned(),
    };
    Ok(format!("{server} {} {}", sums::wallet(cx)?, sums::spent(cx)?))
}
