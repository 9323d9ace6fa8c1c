//! What is bought, for the chat: by this session, and, for an owner, with all their wallets at all hosts of the deployment.

use crate::guest::cx::{Cx, GuestWorld, HOP_MILLIS, Trouble};
use crate::guest::held::{self, SEAT, SECRET};
use crate::guest::views::BoughtView;
use crate::guest::{owner, session};
use crate::ports::{Level, within};
use crate::sale::bought::Kind;
use crate::tickets::views::{Line, Tickets};

/// Entries that the chat shows.
const SHOWN_MAX: usize = 50;

const IN_SESSION: &str = "What your wallet bought elsewhere is under Tickets, after a sign-in.";
const MORE: &str = "The rest is under Tickets.";
const NOT_ALL: &str = "Some hosts gave no answer, so this may not be all; ask again in a minute.";

/// What was bought, and a sentence about it. Empty: there is nothing to show.
pub(super) async fn bought<W: GuestWorld>(
    cx: &Cx<W>,
) -> Result<(String, Vec<BoughtView>), Trouble> {
    let own = held::bought(cx)?;
    let Some(user) = session::owner(&cx.world)?.map(|owner| owner.user) else {
        let text = match own.len() {
            0 => format!("You have bought nothing in this session yet. {IN_SESSION}"),
            count => format!("{} {IN_SESSION}", counted(count)),
        };
        return Ok((text, own));
    };
    owner::is_signed_in(cx).await?;
    let asked = within(&cx.world, HOP_MILLIS, cx.world.bought_by_user(&cx.config, &user)).await;
    let found = match asked {
        Some(Ok(found)) => Some(found),
        Some(Err(why)) => {
            cx.world.line(Level::Warn, "the list of everything bought", &[("why", &why)]);
            None
        }
        None => None,
    };
    let is_whole = found.as_ref().is_some_and(is_whole);
    let has_more = found.as_ref().is_some_and(|found| found.next_cursor.is_some());
    let mut all = merged(own, found.map(|found| found.tickets).unwrap_or_default());
    let is_cut = has_more || all.len() > SHOWN_MAX;
    all.truncate(SHOWN_MAX);
    let text = match all.len() {
        0 => "You have bought nothing yet.".to_owned(),
        count => counted(count),
    };
    let more = match (is_whole, is_cut) {
        (false, _) => format!(" {NOT_ALL}"),
        (true, true) => format!(" {MORE}"),
        (true, false) => String::new(),
    };
    Ok((format!("{text}{more}"), all))
}

fn counted(count: usize) -> String {
    if count == 1 {
        "This is what you have bought.".to_owned()
    } else {
        format!("You have bought {count} things.")
    }
}

fn is_whole(found: &Tickets) -> bool {
    found.unavailable.is_empty() && found.wallets_unavailable.is_empty()
}

/// What the session bought, and what it did not, the newest first.
fn merged(own: Vec<BoughtView>, found: Vec<Line>) -> Vec<BoughtView> {
    let mut all = own;
    for line in found {
        let Some(view) = view(line) else { continue };
        let is_same = |known: &BoughtView| match (&known.ticket_url, &view.ticket_url) {
            (Some(known), Some(new)) => known == new,
            (Some(_), None) | (None, Some(_)) => false,
            (None, None) => {
                (&known.tool, &known.mcp_url, &known.title)
                    == (&view.tool, &view.mcp_url, &view.title)
            }
        };
        if !all.iter().any(is_same) {
            all.push(view);
        }
    }
    // Both are written as RFC 3339 in UTC.
    all.sort_by(|one, other| other.at.cmp(&one.at));
    all
}

/// Seats and secrets; the helpdesk has a list of its own.
fn view(line: Line) -> Option<BoughtView> {
    let Line { host, bought, paid_usd, bought_at, .. } = line;
    let tool = match bought.kind {
        Kind::Seat => SEAT,
        Kind::Secret => SECRET,
        Kind::Desk | Kind::Other => return None,
    };
    Some(BoughtView {
        id: format!("{}-{}-{bought_at}", host.scope, bought.item.unwrap_or_default()),
        tool: tool.to_owned(),
        mcp_url: host.server_url,
        title: bought.title,
        starts_at: bought.starts_at,
        time_zone: bought.time_zone,
        location: bought.place,
        ticket_url: bought.ticket_url,
        amount_usd: paid_usd,
        at: bought_at,
    })
}
