//! The page of a ticket.

use askama::Template;
use qrcode::QrCode;
use qrcode::render::svg;

use crate::base::money::Usdc;
use crate::base::text::line;
use crate::base::time::UnixSeconds;
use crate::http::cover::Cut;
use crate::products::events::links::{Calendars, Place};
use crate::products::events::pages::words::{HostCard, hours, short, shorten, shown};
use crate::products::events::party::seats_in_words;
use crate::products::events::rsvp::{Rsvp, paid_together};
use crate::products::events::{Event, Status};
use crate::sale::bought::Refund;

/// The longest name in the headline, characters.
const NAME_CHARS_MAX: usize = 40;

/// The URLs of a ticket's page.
pub struct TicketUrls {
    /// The address of the deployment.
    pub site: String,
    /// The ticket itself: what its QR code holds.
    pub ticket: String,
    pub event: String,
    pub host: String,
    /// The transaction in a block explorer.
    pub transaction: String,
    /// Where it is given to somebody else, if that is possible.
    pub give: Option<String>,
}

/// What was cancelled about a ticket.
#[derive(Clone, Copy, Default)]
pub struct Ended<'a> {
    /// The guest gave the seat back.
    pub is_given_back: bool,
    /// What becomes of the money.
    pub refund: Option<&'a Refund>,
    /// Somebody has given the ticket to its guest.
    pub is_given: bool,
    /// The buyer has given another ticket of the purchase away, and so cannot cancel.
    pub has_given: bool,
}

#[derive(Template)]
#[template(path = "ticket.html")]
struct TicketPage<'a> {
    event: &'a Event,
    rsvp: &'a Rsvp,
    tint: &'static str,
    band: String,
    host_name: String,
    face: String,
    headline: String,
    state: State,
    when: String,
    day: String,
    hours: String,
    zone: String,
    place: Option<Place<'a>>,
    /// A place or a link that only guests get to know.
    for_guests: Option<Place<'a>>,
    calendars: Calendars,
    short_code: String,
    /// "1 seat", or which one of several; "VIP, 1 seat" of a type.
    seat: String,
    /// The other tickets of the purchase, on the page of its first one.
    others: Vec<Other>,
    /// "2 seats" or "VIP, 2 seats", and what they cost together.
    bought: String,
    paid: Usdc,
    paid_at: String,
    payer_short: String,
    transaction_short: String,
    qr: String,
    refund: Option<&'a Refund>,
    /// What goes back if the buyer cancels; on the buyer's page, while that is possible.
    policy: Option<String>,
    urls: &'a TicketUrls,
}

/// Another ticket of the same purchase.
struct Other {
    name: String,
    short_code: String,
    url: String,
    qr: String,
    state: State,
}

/// The state of a ticket, in words.
struct State {
    words: String,
    /// `ok`, `used` or `void`: the class of the words.
    kind: &'static str,
    /// What stands over the headline.
    eyebrow: &'static str,
}

/// The page of a ticket, with a QR code of its own URL. `party` has all seats of its purchase. The page of the first one
/// is the buyer's and shows the others, too.
///
/// # Errors
///
/// A message for the log if the template or the QR code fails.
pub fn ticket_page(
    event: &Event,
    (rsvp, party, ended): (&Rsvp, &[Rsvp], Ended<'_>),
    host: &HostCard<'_>,
    urls: &TicketUrls,
    now: UnixSeconds,
) -> Result<String, String> {
    let is_buyers = rsvp.place == 1 && !ended.is_given;
    // Tickets that were given back are shown to nobody.
    let shows_others = is_buyers && !ended.is_given_back;
    let others = party.iter().filter(|other| shows_others && other.id != rsvp.id);
    let others = others.map(|other| other_ticket(event, other, ended, urls, now));
    // A guest of the buyer sees one seat and what it cost.
    let bought = if is_buyers { party } else { std::slice::from_ref(rsvp) };
    let count = u32::try_from(party.len()).unwrap_or(u32::MAX);
    let kind = event.type_name(rsvp.ticket_type.as_deref());
    let of_type = |seats: String| match kind {
        Some(kind) => format!("{kind}, {seats}"),
        None => seats,
    };
    let zone = &event.time_zone;
    TicketPage {
        event,
        rsvp,
        tint: event.cover().palette().name(),
        band: shown(event.picture.as_ref(), &event.cover(), Cut::Band),
        host_name: host.name(),
        face: host.face(),
        headline: headline(event, rsvp, ended, now),
        state: state(event, rsvp, ended, now),
        when: short(event, now),
        day: event.starts_at.to_short_day(zone, now),
        hours: hours(event, now),
        zone: event.starts_at.zone_in_words(zone),
        place: event.location.as_deref().map(Place::of),
        for_guests: event.for_guests().filter(|_| !ended.is_given_back).map(Place::of),
        calendars: Calendars::of(event, &urls.event),
        short_code: rsvp.code.short(),
        seat: of_type(match count {
            0 | 1 => seats_in_words(1),
            count => format!("Seat {} of {count}", rsvp.place),
        }),
        others: others.collect::<Result<_, _>>()?,
        bought: of_type(seats_in_words(u32::try_from(bought.len()).unwrap_or(u32::MAX))),
        paid: paid_together(bought),
        paid_at: rsvp.created_at.to_words(zone),
        payer_short: shorten(&rsvp.payer),
        transaction_short: shorten(&rsvp.transaction),
        refund: ended.refund,
        policy: policy(event, party, ended, now).filter(|_| is_buyers && !ended.has_given),
        qr: qr_of(&urls.ticket)?,
        urls,
    }
    .render()
    .map_err(|error| error.to_string())
}

/// What the buyer is told about giving seats back. A ticket that was used keeps them all.
fn policy(event: &Event, party: &[Rsvp], ended: Ended<'_>, now: UnixSeconds) -> Option<String> {
    let is_over = ended.is_given_back || event.status(now) != Status::Scheduled;
    let may_cancel = !is_over && party.iter().all(|rsvp| rsvp.checked_in_at.is_none());
    let is_free = party.iter().all(Rsvp::is_free);
    (may_cancel && !is_free).then(|| event.refund.words())
}

fn other_ticket(
    event: &Event,
    rsvp: &Rsvp,
    ended: Ended<'_>,
    urls: &TicketUrls,
    now: UnixSeconds,
) -> Result<Other, String> {
    let url = format!("{}/t/{}", urls.site, rsvp.code);
    Ok(Other {
        name: rsvp.guest.name.clone().unwrap_or_else(|| "Guest".to_owned()),
        short_code: rsvp.code.short(),
        qr: qr_of(&url)?,
        state: state(event, rsvp, ended, now),
        url,
    })
}

fn qr_of(url: &str) -> Result<String, String> {
    let code = QrCode::new(url.as_bytes()).map_err(|error| error.to_string())?;
    Ok(code.render::<svg::Color<'_>>().min_dimensions(240, 240).build())
}

fn headline(event: &Event, rsvp: &Rsvp, ended: Ended<'_>, now: UnixSeconds) -> String {
    let name = rsvp.guest.name.as_deref().unwrap_or_default();
    let first = line(name.split_whitespace().next().unwrap_or_default(), NAME_CHARS_MAX);
    if ended.is_given_back {
        return "This seat was given back".to_owned();
    }
    let words = match event.status(now) {
        // A draft has no tickets.
        Status::Scheduled | Status::Draft => {
            format!("See you on {}", event.starts_at.to_day_and_month(&event.time_zone))
        }
        Status::Past => "This event is over".to_owned(),
        Status::Cancelled => "This event was cancelled".to_owned(),
    };
    if first.is_empty() { words } else { format!("{words}, {first}") }
}

fn state(event: &Event, rsvp: &Rsvp, ended: Ended<'_>, now: UnixSeconds) -> State {
    let state = |words: &str, kind, eyebrow| State { words: words.to_owned(), kind, eyebrow };
    if ended.is_given_back {
        return state("Cancelled by its guest", "void", "This ticket is of no use any more");
    }
    match (event.status(now), rsvp.checked_in_at) {
        (Status::Cancelled, _) if rsvp.is_free() => {
            state("Cancelled by its host", "void", "Nothing was paid")
        }
        (Status::Cancelled, _) if ended.refund.is_some() => {
            state("Cancelled by its host", "void", "Your money goes back")
        }
        (Status::Cancelled, _) => {
            state("Cancelled by its host", "void", "Ask the host for your money")
        }
        (Status::Scheduled | Status::Past | Status::Draft, Some(moment)) => {
            let words = format!("Checked in on {}", moment.to_words(&event.time_zone));
            state(&words, "used", "You are in")
        }
        (Status::Scheduled | Status::Draft, None) => {
            state("Valid, not used yet", "ok", "You have a seat")
        }
        (Status::Past, None) => state("Over, not used", "used", "You had a seat"),
    }
}
