//! The page of a host.

use askama::Template;

use crate::base::money::Usdc;
use crate::base::text::line;
use crate::base::time::UnixSeconds;
use crate::http::cover::Cut;
use crate::ports::paging::Found;
use crate::products::events::links::Place;
use crate::products::events::pages::words::{HostCard, SeatWords, closed, short};
use crate::products::events::{Event, Seats};

/// The longest text in a preview, characters.
const PREVIEW_CHARS_MAX: usize = 200;

/// The URLs of a host's page.
pub struct HostUrls {
    pub page: String,
    /// The URL for MCP clients.
    pub server: String,
    /// The chat, with the server filled in.
    pub chat: String,
    /// Where what it sells is bought, without the id.
    pub buy: String,
    /// The origin of this deployment.
    pub origin: String,
}

/// What a host offers.
pub struct Listed {
    /// Events that are scheduled, by their start.
    pub events: Found<(Event, Seats)>,
    pub secrets: Vec<SecretLine>,
    /// All events of the host, also those that are over.
    pub events_ever: u64,
    pub seats_sold: u64,
}

/// A secret on its host's page.
pub struct SecretLine {
    pub id: String,
    pub name: String,
    pub price: Usdc,
    /// How often it was sold.
    pub sold: u32,
}

#[derive(Template)]
#[template(path = "host.html")]
struct HostPage<'a> {
    title: String,
    about: &'a str,
    tint: &'static str,
    strip: String,
    face: String,
    summary: String,
    figures: Vec<String>,
    cards: Vec<Card<'a>>,
    secrets: &'a [SecretLine],
    next_url: Option<String>,
    /// The uploaded picture of the host.
    picture: Option<String>,
    urls: &'a HostUrls,
}

/// An event on its host's page.
struct Card<'a> {
    url: String,
    title: &'a str,
    cover: String,
    /// What the cover shows; empty for a drawn one.
    alt: &'a str,
    when: String,
    place: Option<&'a str>,
    price: String,
    seats: SeatWords,
    state: Option<&'static str>,
}

/// The page of a host. If there are more events, it ends with a link to the next page.
///
/// # Errors
///
/// A message for the log if the template fails.
pub fn host_page(
    listed: &Listed,
    host: &HostCard<'_>,
    urls: &HostUrls,
    now: UnixSeconds,
) -> Result<String, String> {
    let Listed { events: Found { entries, next_cursor }, secrets, events_ever, seats_sold } =
        listed;
    let cards: Vec<Card<'_>> = entries
        .iter()
        .map(|(event, seats)| Card {
            url: format!("{}/{}", urls.page, event.id),
            title: &event.title,
            cover: event.cover_path(Cut::Wide),
            alt: event.picture.as_ref().map_or("", |picture| picture.alt.as_str()),
            when: short(event, now),
            place: event.location.as_deref().map(|location| Place::of(location).name),
            price: event.prices_in_words(now),
            seats: SeatWords::of(event, *seats),
            state: closed(event, *seats, host, now).map(|closed| closed.word),
        })
        .collect();
    let planned = match cards.len() {
        0 => "No event is planned at the moment.".to_owned(),
        1 => "1 event, paid for in USDC by you or your agent.".to_owned(),
        many if next_cursor.is_none() => {
            format!("{many} events, paid for in USDC by you or your agent.")
        }
        _ => "Events, paid for in USDC by you or your agent.".to_owned(),
    };
    let about = line(host.about, PREVIEW_CHARS_MAX);
    HostPage {
        title: if host.display_name.is_empty() { "Events".to_owned() } else { host.name() },
        about: host.about,
        tint: host.cover().palette().name(),
        strip: host.cover().svg(Cut::Strip),
        face: host.face(),
        summary: if about.is_empty() { planned } else { about },
        figures: figures(*events_ever, *seats_sold),
        cards,
        secrets,
        // Our cursors need no escaping in a URL.
        next_url: next_cursor.as_ref().map(|next| format!("{}?cursor={next}", urls.page)),
        picture: host
            .picture
            .filter(|picture| picture.is_for_previews())
            .map(|picture| format!("{}{}", urls.origin, picture.path)),
        urls,
    }
    .render()
    .map_err(|error| error.to_string())
}

/// What a host has done, in words; nothing of what it has not.
fn figures(events: u64, seats: u64) -> Vec<String> {
    let counted = |count: u64, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {many}")),
    };
    let all = [counted(events, "event", "events"), counted(seats, "seat sold", "seats sold")];
    all.into_iter().flatten().collect()
}
