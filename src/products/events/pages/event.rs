//! The page of an event.

use askama::Template;

use crate::base::text::line;
use crate::base::time::UnixSeconds;
use crate::http::cover::Cut;
use crate::http::markdown;
use crate::http::share::Card;
use crate::products::events::links::{Calendars, Place};
use crate::products::events::pages::json_ld;
use crate::products::events::pages::words::{
    Closed, HostCard, SeatWords, closed, hours, short, shown,
};
use crate::products::events::party::price_in_words;
use crate::products::events::types::TicketType;
use crate::products::events::{Event, Seats};

/// The longest description in a preview, characters.
const PREVIEW_CHARS_MAX: usize = 200;

/// The URLs of an event's page.
pub struct EventUrls {
    pub page: String,
    /// The page of its host.
    pub host: String,
    /// Where a seat is bought.
    pub buy: String,
    /// The manifest of the host's server, for agents.
    pub manifest: String,
    /// The picture of a link preview: the uploaded one, or the one that we draw.
    pub share: String,
    /// Whether we draw it, so that its size and type are known.
    pub is_drawn: bool,
}

#[derive(Template)]
#[template(path = "event.html")]
struct EventPage<'a> {
    event: &'a Event,
    tint: &'static str,
    cover: String,
    host_name: String,
    is_named: bool,
    face: String,
    about_host: &'a str,
    tile: (String, String),
    day: String,
    hours: String,
    zone: String,
    place: Option<Place<'a>>,
    calendars: Calendars,
    seats: SeatWords,
    closed: Option<Closed>,
    price: String,
    /// Every seat is free.
    is_free: bool,
    types: Vec<TypeLine>,
    description: String,
    page_title: String,
    summary: String,
    json_ld: String,
    urls: &'a EventUrls,
}

/// The page of an event.
///
/// # Errors
///
/// A message for the log if the template fails.
pub fn event_page(
    event: &Event,
    seats: Seats,
    host: &HostCard<'_>,
    urls: &EventUrls,
    now: UnixSeconds,
) -> Result<String, String> {
    let zone = &event.time_zone;
    let preview = line(&markdown::plain(&event.description), PREVIEW_CHARS_MAX);
    let closed = closed(event, seats, host, now);
    let buy = if closed.is_some() { &urls.page } else { &urls.buy };
    let when = short(event, now);
    let ld = json_ld::Urls { page: &urls.page, host: &urls.host, buy, picture: &urls.share };
    EventPage {
        event,
        tint: event.cover().palette().name(),
        cover: shown(event.picture.as_ref(), &event.cover(), Cut::Square),
        host_name: host.name(),
        is_named: !host.display_name.is_empty(),
        face: host.face(),
        about_host: host.about.lines().next().unwrap_or_default(),
        tile: event.starts_at.to_tile(zone),
        day: event.starts_at.to_long_day(zone),
        hours: hours(event, now),
        zone: event.starts_at.zone_in_words(zone),
        place: event.location.as_deref().map(Place::of),
        calendars: Calendars::of(event, &urls.page),
        seats: SeatWords::of(event, seats),
        closed,
        price: event.prices_in_words(now),
        is_free: event.prices(now).1.is_zero(),
        types: type_lines(event, now),
        description: markdown::html(&event.description),
        page_title: joined(&[&event.title, host.display_name]),
        summary: joined(&[&when, &event.prices_in_words(now), &preview]),
        json_ld: json_ld::event(event, seats, host, (&ld, now)),
        urls,
    }
    .render()
    .map_err(|error| error.to_string())
}

/// A ticket type on the page.
struct TypeLine {
    name: String,
    description: String,
    price: String,
    /// Until when an early price counts, or how many are left if they are few; may be empty.
    note: String,
}

fn type_lines(event: &Event, now: UnixSeconds) -> Vec<TypeLine> {
    let note = |kind: &TicketType| match (kind.seats_left(), kind.early) {
        (Some(0), _) => "Sold out".to_owned(),
        (_, Some(early)) if now < early.until => {
            let day = early.until.to_short_day(&event.time_zone, now);
            let clock = early.until.to_clock(&event.time_zone);
            format!("Until {day}, {clock}, then {}", price_in_words(kind.price))
        }
        (Some(left), _) => format!("{left} left"),
        (None, _) => String::new(),
    };
    let line = |kind: &TicketType| TypeLine {
        name: kind.name.clone(),
        description: kind.description.clone(),
        price: price_in_words(kind.price_at(now)),
        note: note(kind),
    };
    event.types.iter().map(line).collect()
}

/// What is on the picture of the link preview; `host` is the name of the host, or empty. The year is always there: a picture is kept for long.
#[must_use]
pub fn share_card(event: &Event, host: &str, now: UnixSeconds) -> Card {
    let zone = &event.time_zone;
    let day = event.starts_at.to_short_day(zone, UnixSeconds::default());
    let price = match event.cancelled {
        true => "Cancelled".to_owned(),
        false => event.prices_in_words(now),
    };
    Card {
        seed: event.id.to_string(),
        shuffle: event.look.shuffle,
        palette: event.look.palette,
        title: event.title.clone(),
        host: host.to_owned(),
        figures: {
            let civil = event.starts_at.civil(zone);
            format!("{} {}", civil.date(), event.starts_at.to_clock(zone))
        },
        when: format!("{day}, {}", event.starts_at.to_clock(zone)),
        price,
    }
}

/// The texts that are not empty, with a dot between them.
fn joined(texts: &[&str]) -> String {
    let texts: Vec<&str> = texts.iter().copied().filter(|text| !text.is_empty()).collect();
    texts.join(" \u{b7} ")
}
