//! The events' REST routes for their host, and the public pages.

use crate::base::code::Code;
use crate::base::http::Reply;
use crate::base::id::{EventId, TicketCode};
use crate::base::web_address::query_of;
use crate::http::explorer::link_to;
use crate::http::route::Format;
use crate::ledger::refunds;
use crate::ports::World;
use crate::ports::paging::{Found, Page};
use crate::products::events::pages::{
    Ended, EventUrls, HostCard, HostUrls, Listed, SecretLine, TicketUrls,
};
use crate::products::events::rsvp::to_csv;
use crate::products::events::store::{self, Filter};
use crate::products::events::views::{OwnEvent, OwnEvents, Rsvps};
use crate::products::events::{calendar, cancel, pages, records, transfer, waitlist};
use crate::rails::outcome::{Abort, Failure};
use crate::sale::cx::Cx;
use crate::sale::request::{CSV_LINES_MAX, PAGE, csv_file, html, ok};

pub fn own_events(cx: &Cx<'_, impl World>, cursor: Option<&str>) -> Result<Reply, Failure> {
    let now = cx.world.now();
    let page = Page::of(&store::BY_START, PAGE, cursor, now)?;
    let found = store::list(cx.world, Filter { with_drafts: true, ..Filter::default() }, &page)?;
    let mut events = Vec::new();
    for (event, seats) in &found.entries {
        let earned = store::earned(cx.world, &event.id)?;
        events.push(OwnEvent {
            event: event.view(*seats, now),
            guests_only: event.guests_only.clone(),
            promo_codes: event.promo_views(),
            revenue: earned.revenue.to_string(),
            revenue_atomic: earned.revenue,
            seats_held: seats.held,
            waiting: seats.line,
        });
    }
    Ok(ok(&OwnEvents { events, next_cursor: found.next_cursor }))
}

/// An event as any caller sees it, after a change.
pub fn own_event(cx: &Cx<'_, impl World>, event_id: &EventId) -> Result<Reply, Failure> {
    let (event, seats) = records::event(cx, event_id)?;
    Ok(ok(&event.view(seats, cx.now())))
}

pub fn rsvps(
    cx: &Cx<'_, impl World>,
    event_id: &EventId,
    cursor: Option<&str>,
    format: Format,
) -> Result<Reply, Failure> {
    let (event, _) = records::event(cx, event_id)?;
    let page = Page::of(&store::BY_SALE, CSV_LINES_MAX, cursor, cx.world.now())?;
    let Found { entries, next_cursor } = store::guests(cx.world, event_id, &page)?;
    Ok(match format {
        Format::Csv => {
            let path = format!("events/{event_id}/rsvps.csv");
            let next = next_cursor.as_deref().map(|cursor| (path.as_str(), cursor));
            csv_file(cx, &format!("rsvps-{event_id}.csv"), to_csv(&entries, &event), next)
        }
        Format::Json => ok(&Rsvps {
            rsvps: entries.iter().map(|rsvp| rsvp.line(&event)).collect(),
            next_cursor,
        }),
    })
}

/// The guests who wait for a seat at an event.
pub fn waitlist(
    cx: &Cx<'_, impl World>,
    event_id: &EventId,
    cursor: Option<&str>,
) -> Result<Reply, Failure> {
    Ok(ok(&waitlist::list(cx, event_id, None, cursor)?))
}

/// The page of a host with its events that are in progress or still to come, and `secrets`.
pub fn host_page(
    cx: &Cx<'_, impl World>,
    host: &HostCard<'_>,
    secrets: Vec<SecretLine>,
    cursor: Option<&str>,
) -> Result<Reply, Failure> {
    let now = cx.world.now();
    let filter = Filter { scheduled_at: Some(now), ..Filter::default() };
    let asked = Page::of(&store::BY_START, PAGE, cursor, now)?;
    let listed = Listed {
        events: store::list(cx.world, filter, &asked)?,
        secrets,
        events_ever: store::count_published(cx.world)?,
        seats_sold: store::count_seats(cx.world)?,
    };
    let server = cx.server_url();
    let chat = format!("{}/?{}", cx.config.public_url, query_of([("door", server.as_str())]));
    let origin = cx.config.public_url.clone();
    let buy = format!("{origin}/buy/{}", cx.scope);
    let urls = HostUrls { page: host_url(cx), server, chat, buy, origin };
    html(pages::host_page(&listed, host, &urls, now))
}

pub fn event_page(
    cx: &Cx<'_, impl World>,
    host: &HostCard<'_>,
    event_id: &EventId,
    is_owner: bool,
) -> Result<Reply, Failure> {
    // A draft is a page for its host alone.
    let found = if is_owner { records::event } else { records::shown };
    let (event, seats) = found(cx, event_id)?;
    let uploaded = event.picture.as_ref().filter(|picture| picture.is_for_previews());
    let uploaded = uploaded.map(|picture| format!("{}{}", cx.config.public_url, picture.path));
    let page = event_url(cx, event_id);
    let urls = EventUrls {
        host: host_url(cx),
        buy: format!("{}/buy/{}/{event_id}", cx.config.public_url, cx.scope),
        manifest: format!("{}/manifest", cx.server_url()),
        is_drawn: uploaded.is_none(),
        share: uploaded.unwrap_or_else(|| format!("{page}/share.png")),
        page,
    };
    let page = html(pages::event_page(&event, seats, host, &urls, cx.world.now()))?;
    Ok(match event.is_draft {
        true => page.with_header("cache-control", "no-store".to_owned()),
        false => page,
    })
}

pub fn calendar(cx: &Cx<'_, impl World>, event_id: &EventId) -> Result<Reply, Failure> {
    let (event, _) = records::shown(cx, event_id)?;
    let url = event_url(cx, event_id);
    let ics = calendar::to_ics(&event, &url, cx.world.now());
    Ok(Reply::text(200, "text/calendar; charset=utf-8", ics))
}

/// What is on the picture of an event's link preview, with the name of its host. The gateway draws it.
pub fn share(cx: &Cx<'_, impl World>, host: &str, event_id: &EventId) -> Result<Reply, Failure> {
    let (event, _) = records::shown(cx, event_id)?;
    Ok(ok(&pages::share_card(&event, host, cx.now())))
}

pub fn ticket(
    cx: &Cx<'_, impl World>,
    host: &HostCard<'_>,
    code: &TicketCode,
) -> Result<Reply, Failure> {
    let no_ticket = || Abort::new(Code::NoSuchTicket, "there is no such ticket");
    let (mut is_given, mut has_given) = (false, false);
    let (rsvp, party, is_given_back) = match store::rsvp_of_ticket(cx.world, code)? {
        Some(rsvp) => {
            let party = store::rsvps_of_payer(cx.world, &rsvp.event_id, &rsvp.payer)?;
            let all = party.len();
            let mut kept = transfer::kept(cx, party)?;
            has_given = kept.len() < all;
            // Who was given a ticket sees none of the buyer's others.
            if !kept.iter().any(|seat| seat.id == rsvp.id) {
                kept = vec![rsvp.clone()];
                is_given = true;
            }
            (rsvp, kept, false)
        }
        None if store::former_code(cx.world, code)?.is_some() => {
            return Err(transfer::was_given().into());
        }
        None => {
            // Not the seats that the wallet may have bought since.
            let given_back = store::cancelled_of_ticket(cx.world, code)?;
            let (rsvp, payment) = given_back.ok_or_else(no_ticket)?;
            (rsvp, store::cancelled_of_payment(cx.world, &payment)?, true)
        }
    };
    let refund = refunds::of_ticket(cx.world, code)?.map(|refund| cancel::view(cx, &refund));
    let (event, _) = records::event(cx, &rsvp.event_id)?;
    let urls = TicketUrls {
        site: cx.config.public_url.clone(),
        ticket: format!("{}/t/{code}", cx.config.public_url),
        event: event_url(cx, &event.id),
        host: host_url(cx),
        transaction: link_to(cx.config, &rsvp.network, &rsvp.transaction).unwrap_or_default(),
        give: match !is_given_back && transfer::is_offered(cx, &event, &rsvp)? {
            true => Some(format!("{}/give/{}/{code}", cx.config.public_url, event.id)),
            false => None,
        },
    };
    let ended = Ended { is_given_back, refund: refund.as_ref(), is_given, has_given };
    let page = pages::ticket_page(&event, (&rsvp, &party, ended), host, &urls, cx.world.now());
    // A ticket is a secret, so no cache may keep it.
    Ok(html(page)?.with_header("cache-control", "no-store".to_owned()))
}

fn host_url(cx: &Cx<'_, impl World>) -> String {
    format!("{}/e/{}", cx.config.public_url, cx.scope)
}

fn event_url(cx: &Cx<'_, impl World>, event_id: &EventId) -> String {
    format!("{}/{event_id}", host_url(cx))
}
