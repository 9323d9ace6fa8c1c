//! An event as JSON-LD (schema.org), for search engines and agents that read pages.

use std::fmt::Write;

use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::http::markdown;
use crate::products::events::links::Place;
use crate::products::events::pages::words::HostCard;
use crate::products::events::types::TicketType;
use crate::products::events::{Event, Seats};

/// The URLs in the data.
pub(super) struct Urls<'a> {
    pub page: &'a str,
    pub host: &'a str,
    pub buy: &'a str,
    pub picture: &'a str,
}

/// The event as a JSON object that is safe in a `script` element: no text of it holds a character of HTML.
pub(super) fn event(
    event: &Event,
    seats: Seats,
    host: &HostCard<'_>,
    (urls, now): (&Urls<'_>, UnixSeconds),
) -> String {
    let status = if event.cancelled { "EventCancelled" } else { "EventScheduled" };
    let is_full = event.seats_left(seats) == Some(0);
    let availability = if is_full || !host.is_selling { "SoldOut" } else { "InStock" };
    let mut json = format!(
        "{{\"@context\":\"https://schema.org\",\"@type\":\"Event\",\"name\":{},\"startDate\":{},\
         \"eventStatus\":\"https://schema.org/{status}\",\"url\":{},\"image\":[{}]",
        quoted(&event.title),
        quoted(&event.starts_at.to_string()),
        quoted(urls.page),
        quoted(urls.picture),
    );
    if let Some(end) = event.ends_at {
        push(&mut json, "endDate", &quoted(&end.to_string()));
    }
    let description = markdown::plain(&event.description);
    if !description.is_empty() {
        push(&mut json, "description", &quoted(&description));
    }
    if let Some(location) = &event.location {
        let place = Place::of(location);
        let (kind, mode) = if place.is_online {
            (
                format!(
                    "{{\"@type\":\"VirtualLocation\",\"url\":{}}}",
                    quoted(place.url.as_deref().unwrap_or(urls.page))
                ),
                "Online",
            )
        } else {
            (
                format!(
                    "{{\"@type\":\"Place\",\"name\":{},\"address\":{}}}",
                    quoted(place.name),
                    quoted(location)
                ),
                "Offline",
            )
        };
        push(&mut json, "location", &kind);
        push(
            &mut json,
            "eventAttendanceMode",
            &format!("\"https://schema.org/{mode}EventAttendanceMode\""),
        );
    }
    let organizer = format!(
        "{{\"@type\":\"Organization\",\"name\":{},\"url\":{}}}",
        quoted(&host.name()),
        quoted(urls.host)
    );
    push(&mut json, "organizer", &organizer);
    let offers = offers(event, availability, urls.buy, now);
    push(&mut json, "offers", &offers);
    json.push('}');
    json
}

/// An offer, or one for each ticket type.
fn offers(event: &Event, availability: &str, buy: &str, now: UnixSeconds) -> String {
    let offer = |name: &str, price: Usdc, availability: &str| {
        format!(
            "{{\"@type\":\"Offer\",{name}\"price\":\"{price}\",\"priceCurrency\":\"USD\",\"url\":{},\
             \"availability\":\"https://schema.org/{availability}\"}}",
            quoted(buy),
        )
    };
    let of_type = |kind: &TicketType| {
        let name = format!("\"name\":{},", quoted(&kind.name));
        let is_gone = kind.seats_left() == Some(0);
        offer(&name, kind.price_at(now), if is_gone { "SoldOut" } else { availability })
    };
    let offers: Vec<String> = event.types.iter().map(of_type).collect();
    match offers.is_empty() {
        true => offer("", event.price, availability),
        false => format!("[{}]", offers.join(",")),
    }
}

fn push(json: &mut String, name: &str, value: &str) {
    // Writing to text cannot fail.
    let written = write!(json, ",\"{name}\":{value}");
    debug_assert!(written.is_ok());
}

/// A JSON string. What means something in HTML or JSON is written as a number, so no text ends the string or the element.
fn quoted(text: &str) -> String {
    let mut json = String::from("\"");
    for c in text.chars() {
        let is_plain = !c.is_control()
            && !matches!(c, '"' | '\\' | '<' | '>' | '&' | '\'' | '\u{2028}' | '\u{2029}');
        if is_plain {
            json.push(c);
        } else {
            let written = write!(json, "\\u{:04x}", u32::from(c));
            debug_assert!(written.is_ok());
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_string_of_json_and_nothing_of_html() {
        for text in
            ["</script><script>alert(1)</script>", "a\"b\\c\u{0}\n\u{2028}d'&", "<!--", "\u{1f600}"]
        {
            let json = quoted(text);
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
            let inner = json.trim_matches('"');
            assert!(!inner.contains(['<', '>', '&', '"', '\'']), "{json}");
        }
    }
}
