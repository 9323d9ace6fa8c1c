//! Public pages: a host, an event, and a ticket. The templates escape all text of hosts and guests, and no page runs
//! a script.

use alloy_primitives::Address;
use askama::Template;
use qrcode::QrCode;
use qrcode::render::svg;

use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::ports::paging::Found;
use crate::products::events::rsvp::Rsvp;
use crate::products::events::{Event, Seats, Status};

#[derive(Template)]
#[template(path = "event.html")]
struct EventPage<'a> {
    event: &'a Event,
    when: String,
    seats: String,
    notice: &'static str,
    on_sale: bool,
    server: &'a Server,
    page_url: &'a str,
    calendar_url: String,
}

#[derive(Template)]
#[template(path = "host.html")]
struct HostPage<'a> {
    summary: String,
    rows: Vec<Row<'a>>,
    next_url: Option<String>,
    page_url: &'a str,
    server_url: &'a str,
    chat_url: &'a str,
    pay_to: String,
}

/// An event on its host's page.
struct Row<'a> {
    url: String,
    title: &'a str,
    when: String,
    location: Option<&'a str>,
    price: Usdc,
    seats: String,
}

/// The URLs on a page where a visitor can buy a seat.
pub struct Server {
    /// The URL for MCP clients.
    pub url: String,
    /// The chat, with the server filled in.
    pub chat_url: String,
}

#[derive(Template)]
#[template(path = "ticket.html")]
struct TicketPage<'a> {
    event: &'a Event,
    rsvp: &'a Rsvp,
    when: String,
    notice: String,
    transaction_url: &'a str,
    transaction_short: String,
    payer_short: String,
    calendar_url: &'a str,
    qr: String,
}

/// The page of a host with the events `found`: scheduled, on sale or full. If there are more, it ends with a link to
/// the next page.
///
/// # Errors
///
/// A message for the log if the template fails.
pub fn host_page(
    found: &Found<(Event, Seats)>,
    page_url: &str,
    server: &Server,
    pay_to: Address,
) -> Result<String, String> {
    let rows: Vec<Row<'_>> = found
        .entries
        .iter()
        .map(|(event, seats)| Row {
            url: format!("{page_url}/{}", event.id),
            title: &event.title,
            when: event.starts_at.to_words(&event.time_zone),
            location: event.location.as_deref(),
            price: event.price,
            seats: seats_in_words(event, *seats),
        })
        .collect();
    // Our cursors need no escaping in a URL.
    let next_url = found.next_cursor.as_ref().map(|next| format!("{page_url}?cursor={next}"));
    let summary = match rows.len() {
        0 => "No event is planned at the moment.".to_owned(),
        1 => "1 event, paid for in USDC by you or your agent.".to_owned(),
        many if next_url.is_none() => {
            format!("{many} events, paid for in USDC by you or your agent.")
        }
        _ => "Events, paid for in USDC by you or your agent.".to_owned(),
    };
    let pay_to = shorten(&pay_to.to_checksum(None));
    let (server_url, chat_url) = (&server.url, &server.chat_url);
    HostPage { summary, rows, next_url, page_url, server_url, chat_url, pay_to }
        .render()
        .map_err(|error| error.to_string())
}

/// The page of an event.
///
/// # Errors
///
/// A message for the log if the template fails.
pub fn event_page(
    event: &Event,
    seats: Seats,
    page_url: &str,
    server: &Server,
    now: UnixSeconds,
) -> Result<String, String> {
    EventPage {
        event,
        when: event.starts_at.to_words(&event.time_zone),
        seats: seats_in_words(event, seats),
        notice: notice(event.status(now)),
        on_sale: event.check_on_sale(seats, now).is_ok(),
        server,
        page_url,
        calendar_url: format!("{page_url}/calendar.ics"),
    }
    .render()
    .map_err(|error| error.to_string())
}

/// The page of a ticket, with a QR code of its own URL.
///
/// # Errors
///
/// A message for the log if the template or the QR code fails.
pub fn ticket_page(
    event: &Event,
    rsvp: &Rsvp,
    ticket_url: &str,
    calendar_url: &str,
    transaction_url: &str,
    now: UnixSeconds,
) -> Result<String, String> {
    let code = QrCode::new(ticket_url.as_bytes()).map_err(|error| error.to_string())?;
    let notice = match rsvp.checked_in_at {
        Some(moment) => format!("Checked in on {}", moment.to_words(&event.time_zone)),
        None => notice(event.status(now)).to_owned(),
    };
    TicketPage {
        event,
        rsvp,
        when: event.starts_at.to_words(&event.time_zone),
        notice,
        transaction_url,
        transaction_short: shorten(&rsvp.transaction),
        payer_short: shorten(&rsvp.payer),
        calendar_url,
        qr: code.render::<svg::Color<'_>>().min_dimensions(240, 240).build(),
    }
    .render()
    .map_err(|error| error.to_string())
}

fn seats_in_words(event: &Event, seats: Seats) -> String {
    match event.seats_left(seats) {
        None => "Seats are not limited".to_owned(),
        Some(0) => "No seat left".to_owned(),
        Some(1) => "1 seat left".to_owned(),
        Some(left) => format!("{left} seats left"),
    }
}

fn notice(status: Status) -> &'static str {
    match status {
        Status::Scheduled => "",
        Status::Past => "This event is over",
        Status::Cancelled => "This event was cancelled by its host",
    }
}

/// Shortens hex to the form `0x1234…abcd`.
fn shorten(hex: &str) -> String {
    match (hex.get(..6), hex.get(hex.len().saturating_sub(4)..)) {
        (Some(head), Some(tail)) if hex.len() > 12 => format!("{head}…{tail}"),
        _ => hex.to_owned(),
    }
}
