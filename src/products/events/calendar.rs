//! An event as a calendar file (RFC 5545).

use crate::base::email::EmailAddress;
use crate::base::time::UnixSeconds;
use crate::ports::World;
use crate::products::events::Event;
use crate::sale::cx::Cx;

/// The longest line, bytes without its end (RFC 5545, 3.1).
const LINE_BYTES_MAX: usize = 75;

/// The `.ics` file of an event. Its `SEQUENCE` grows with each change, so that calendars update.
#[must_use]
pub fn to_ics(event: &Event, page_url: &str, now: UnixSeconds) -> String {
    file(event, page_url, now, None)
}

/// The `.ics` file that changes the event in a guest's calendar, or removes it if it was cancelled (iTIP, RFC 5546). `None`:
/// the deployment has no address that mails are from.
pub fn invitation(cx: &Cx<'_, impl World>, event: &Event, guest: &EmailAddress) -> Option<String> {
    let organizer = &cx.config.mail.as_ref()?.from.address;
    let page_url = format!("{}/e/{}/{}", cx.config.public_url, cx.scope, event.id);
    Some(file(event, &page_url, cx.now(), Some((organizer, guest))))
}

/// `mail`: who sends it and who gets it, if it comes by mail.
fn file(
    event: &Event,
    page_url: &str,
    now: UnixSeconds,
    mail: Option<(&EmailAddress, &EmailAddress)>,
) -> String {
    let status = if event.cancelled { "CANCELLED" } else { "CONFIRMED" };
    let description = Some(event.description.as_str()).filter(|text| !text.is_empty());
    let properties = [
        ("DESCRIPTION", description.map(escaped)),
        ("DTEND", event.ends_at.map(UnixSeconds::to_ics)),
        ("DTSTAMP", Some(now.to_ics())),
        ("DTSTART", Some(event.starts_at.to_ics())),
        ("ORGANIZER", mail.map(|(organizer, _)| format!("mailto:{organizer}"))),
        ("ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE", mail.map(|(_, guest)| format!("mailto:{guest}"))),
        ("LOCATION", event.location.as_deref().map(escaped)),
        ("SEQUENCE", Some(event.sequence.to_string())),
        ("STATUS", Some(status.to_owned())),
        ("SUMMARY", Some(escaped(&event.title))),
        ("UID", Some(format!("{}@events-concierge", event.id))),
        ("URL", Some(page_url.to_owned())),
    ];
    let head =
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:events-concierge\r\nCALSCALE:GREGORIAN\r\n";
    let method = match mail {
        Some(_) if event.cancelled => "METHOD:CANCEL\r\n",
        Some(_) => "METHOD:REQUEST\r\n",
        None => "",
    };
    let mut ics = format!("{head}{method}BEGIN:VEVENT\r\n");
    for (name, value) in properties {
        if let Some(value) = value {
            push_line(&mut ics, &format!("{name}:{value}"));
        }
    }
    ics.push_str("END:VEVENT\r\nEND:VCALENDAR\r\n");
    ics
}

/// A text as a value (RFC 5545, 3.3.11). No line end in it can end the property.
fn escaped(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\n' | '\r' => value.push_str("\\n"),
            '\\' | ',' | ';' => value.extend(['\\', c]),
            // Other control characters are not allowed in a calendar file.
            c if c.is_control() && c != '\t' => {}
            c => value.push(c),
        }
    }
    value
}

/// One line, folded between characters. The crate `icalendar` folds too, but does not terminate for some texts.
fn push_line(ics: &mut String, line: &str) {
    let mut bytes: usize = 0;
    for c in line.chars() {
        if bytes.saturating_add(c.len_utf8()) > LINE_BYTES_MAX {
            ics.push_str("\r\n ");
            bytes = 1;
        }
        ics.push(c);
        bytes = bytes.saturating_add(c.len_utf8());
    }
    ics.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::EventId;
    use crate::base::money::Usdc;
    use crate::base::time::ZoneName;
    use crate::http::cover::Look;
    use crate::products::events::asks::Asks;
    use crate::products::events::policy::RefundPolicy;

    fn ics_of(description: &str) -> String {
        let event = Event {
            id: EventId::parse("evt_0123456789abcdef01234567").unwrap(),
            title: "Rust meetup".to_owned(),
            description: description.to_owned(),
            starts_at: UnixSeconds::new(1_000),
            ends_at: None,
            time_zone: ZoneName::utc(),
            location: None,
            capacity: 0,
            price: Usdc::from_cents(5),
            was: None,
            types: Vec::new(),
            promos: Vec::new(),
            asks: Asks::default(),
            questions: Vec::new(),
            guests_only: None,
            look: Look::default(),
            picture: None,
            refund: RefundPolicy::default(),
            remind_hours: 0,
            is_draft: false,
            cancelled: false,
            sequence: 0,
            created_at: UnixSeconds::new(0),
        };
        to_ics(&event, "http://localhost:8787/e/1", UnixSeconds::new(0))
    }

    #[test]
    fn a_description_cannot_add_a_property() {
        for end in ["\r\n", "\r", "\n"] {
            let ics = ics_of(&format!("Come{end}URL:https://elsewhere.example"));
            let described = "DESCRIPTION:Come\\nURL:https://elsewhere.example\r\nDTSTAMP:";
            assert!(ics.contains(described), "{ics}");
        }
        assert!(ics_of("a\\b,c;d").contains("DESCRIPTION:a\\\\b\\,c\\;d\r\n"));
    }

    #[test]
    fn every_text_is_folded_to_an_end() {
        // `icalendar` 0.17 did not terminate for this one.
        let text = format!("a{}{}x", "\u{1f600}".repeat(40), " ".repeat(300));
        let ics = ics_of(&text);
        assert!(ics.split("\r\n").all(|line| line.len() <= LINE_BYTES_MAX), "{ics}");
        assert!(ics.replace("\r\n ", "").contains(&format!("DESCRIPTION:{text}\r\n")), "{ics}");
    }
}
