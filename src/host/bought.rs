//! What wallets have bought at this host (`Action::BoughtBy`), for the list over all hosts ([`crate::tickets`]).

use std::cmp::Reverse;

use serde_json::json;

use crate::base::http::Reply;
use crate::base::id::{PaymentId, RsvpId};
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::http::explorer::link_to;
use crate::ledger::{holders, payments};
use crate::ports::{Level, SqlError, World};
use crate::products::events;
use crate::products::events::rsvp::paid_together;
use crate::rails::outcome::Failure;
use crate::sale::bought::Bought;
use crate::sale::cx::Cx;
use crate::sale::product::not_sold;
use crate::shop::profile::Profile;
use crate::shop::registry::Tool;
use crate::tickets::ask::{Ask, Entry, Told};

/// Digits of an address at each end of its short form.
const SHOWN_DIGITS: usize = 4;

/// Answers with a page of what these wallets have bought here, newest first.
pub(super) fn bought_by(
    cx: &Cx<'_, impl World>,
    profile: &Profile,
    ask: &Ask,
) -> Result<Reply, Failure> {
    let after = ask.after.as_ref().map(|(at, id)| (*at, id.as_str()));
    // One more than the limit tells whether others follow.
    let wanted = ask.limit.saturating_add(1);
    let mut found = Vec::new();
    for holder in &ask.holders {
        let of = (holder.wallet.as_str(), holder.network.as_deref());
        found.extend(holders::payments_of(cx.world, of, after, wanted)?);
    }
    found.sort_by(|(at, id), (other, other_id)| (Reverse(at), id).cmp(&(Reverse(other), other_id)));
    found.dedup();
    let limit = usize::try_from(ask.limit).unwrap_or(usize::MAX);
    let has_more = found.len() > limit;
    let told = Told {
        name: name_of(profile),
        server_url: cx.server_url(),
        entries: found.iter().take(limit).filter_map(|(at, id)| entry(cx, *at, id)).collect(),
        has_more,
    };
    Ok(Reply::json(200, json!(told).to_string()))
}

/// One entry. A damaged row is logged and left out, so that it hides no other.
fn entry(cx: &Cx<'_, impl World>, at: UnixSeconds, id: &str) -> Option<Entry> {
    read(cx, at, id).unwrap_or_else(|error| {
        let fields = [("payment", id), ("why", &error.0)];
        cx.world.line(Level::Error, "a purchase cannot be listed", &fields);
        None
    })
}

fn read(cx: &Cx<'_, impl World>, at: UnixSeconds, id: &str) -> Result<Option<Entry>, SqlError> {
    if let Ok(seat) = RsvpId::parse(id) {
        return given(cx, at, &seat);
    }
    let id = &PaymentId::parse(id).map_err(|error| SqlError(format!("stored id: {error}")))?;
    if let Some(payment) = payments::find(cx.world, id)? {
        let tool = Tool::by_name(&payment.tool).ok_or_else(not_sold)?;
        let bought = tool.bought(cx, &payment)?;
        let paid = payment.amount.to_string();
        let id = id.as_str();
        return Ok(Some(listed(cx, (at, id), bought, paid, payment.network, payment.transaction)));
    }
    let seat = events::bought::read_back(cx, id)?;
    Ok(seat.and_then(|(rsvps, bought)| {
        let paid = paid_together(&rsvps).to_string();
        let first = rsvps.into_iter().next()?;
        Some(listed(
            cx,
            (at, id.as_str()),
            bought,
            paid,
            first.network,
            Some(first.transaction).filter(|hash| !hash.is_empty()),
        ))
    }))
}

/// A ticket that somebody else has paid for and given to the wallet.
fn given(cx: &Cx<'_, impl World>, at: UnixSeconds, id: &RsvpId) -> Result<Option<Entry>, SqlError> {
    let seat = events::bought::given(cx, id)?;
    let paid = Usdc::ZERO.to_string();
    Ok(seat.map(|(seat, bought)| listed(cx, (at, id.as_str()), bought, paid, seat.network, None)))
}

fn listed(
    cx: &Cx<'_, impl World>,
    (at, id): (UnixSeconds, &str),
    bought: Bought,
    paid: String,
    network: String,
    transaction: Option<String>,
) -> Entry {
    let transaction_url =
        transaction.as_deref().and_then(|hash| link_to(cx.config, &network, hash));
    Entry { id: id.to_string(), at, bought, paid, network, transaction, transaction_url }
}

/// The host's name for people: its own words, or the beginning and the end of its payout address. Its user id may be an
/// e-mail address, which is not.
fn name_of(profile: &Profile) -> String {
    if !profile.words.display_name.is_empty() {
        return profile.words.display_name.clone();
    }
    let address = profile.wallet.to_checksum(None);
    let begin = address.get(..SHOWN_DIGITS.saturating_add(2)).unwrap_or_default();
    let end = address.get(address.len().saturating_sub(SHOWN_DIGITS)..).unwrap_or_default();
    format!("{begin}…{end}")
}
