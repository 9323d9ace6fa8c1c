//! The page of a ticket.

use askama::Template;
use qrcode::QrCode;
use qrcode::render::svg;

use crate::base::text::line;
use crate::base::time::UnixSeconds;
use crate::http::cover::Cut;
use crate::products::events::links::{Calendars, Place};
use crate::products::events::pages::words::{HostCard, hours, short, shorten};
use crate::products::events::rsvp::Rsvp;
use crate::products::events::{Event, Status};

/// The longest name in the headline, characters.
const NAME_CHARS_MAX: usize = 40;

/// The URLs of a ticket's page.
pub struct TicketUrls {
    /// The ticket itself: what its QR code holds.
    pub ticket: String,
    pub event: String,
    pub host: String,
    /// The transaction in a block explorer.
    pub transaction: String,
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
    calendars: Calendars,
    short_code: String,
    paid_at: String,
    payer_short: String,
    transaction_short: String,
    qr: String,
    urls: &'a TicketUrls,
}

/// The state of a ticket, in words.
struct State {
    words: String,
    /// `ok`, `used` or `void`: the class of the words.
    kind: &'static str,
    /// What stands over the headline.
    eyebrow: &'static str,
}

/// The page of a ticket, with a QR code of its own URL.
///
/// # Errors
///
/// A message for the log if the template or the QR code fails.
pub fn ticket_page(
    event: &Event,
    rsvp: &Rsvp,
    host: &HostCard<'_>,
    urls: &TicketUrls,
    now: UnixSeconds,
) -> Result<String, String> {
    let code = QrCode::new(urls.ticket.as_bytes()).map_err(|error| error.to_string())?;
    let zone = &event.time_zone;
    TicketPage {
        event,
        rsvp,
        tint: event.cover().palette().name(),
        band: event.cover().svg(Cut::Band),
        host_name: host.name(),
        face: host.face(),
        headline: headline(event, rsvp, now),
        state: state(event, rsvp, now),
        when: short(event, now),
        day: event.starts_at.to_short_day(zone, now),
        hours: hours(event, now),
        zone: event.starts_at.zone_in_words(zone),
        place: event.location.as_deref().map(Place::of),
        calendars: Calendars::of(event, &urls.event),
        short_code: rsvp.code.short(),
        paid_at: rsvp.created_at.to_words(zone),
        payer_short: shorten(&rsvp.payer),
        transaction_short: shorten(&rsvp.transaction),
        qr: code.render::<svg::Color<'_>>().min_dimensions(240, 240).build(),
        urls,
    }
    .render()
    .map_err(|error| error.to_string())
}

fn headline(event: &Event, rsvp: &Rsvp, now: UnixSeconds) -> String {
    let name = rsvp.guest.name.as_deref().unwrap_or_default();
    let first = line(name.split_whitespace().next().unwrap_or_default(), NAME_CHARS_MAX);
    let words = match event.status(now) {
        Status::Scheduled => {
            format!("See you on {}", event.starts_at.to_day_and_month(&event.time_zone))
        }
        Status::Past => "This event is over".to_owned(),
        Status::Cancelled => "This event was cancelled".to_owned(),
    };
    if first.is_empty() { words } else { format!("{words}, {first}") }
}

fn state(event: &Event, rsvp: &Rsvp, now: UnixSeconds) -> State {
    let state = |words: &str, kind, eyebrow| State { words: words.to_owned(), kind, eyebrow };
    match (event.status(now), rsvp.checked_in_at) {
        (Status::Cancelled, _) => {
            state("Cancelled by its host", "void", "Ask the host for your money")
        }
        (Status::Scheduled | Status::Past, Some(moment)) => {
            let words = format!("Checked in on {}", moment.to_words(&event.time_zone));
            state(&words, "used", "You are in")
        }
        (Status::Scheduled, None) => state("Valid, not used yet", "ok", "You have a seat"),
        (Status::Past, None) => state("Over, not used", "used", "You had a seat"),
    }
}
