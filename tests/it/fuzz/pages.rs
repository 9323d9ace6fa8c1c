//! What hosts and guests write, on pages, in calendar files and in lists: it stays text.

use events_concierge::base::csv;
use events_concierge::base::id::{EventId, RsvpId, ScopeId, TicketCode};
use events_concierge::base::money::Usdc;
use events_concierge::base::time::{UnixSeconds, ZoneName};
use events_concierge::http::cover::Look;
use events_concierge::http::markdown;
use events_concierge::ports::paging::Found;
use events_concierge::products::events::asks::{Asks, GuestDetails};
use events_concierge::products::events::calendar::to_ics;
use events_concierge::products::events::pages::{
    Ended, EventUrls, HostCard, HostUrls, Listed, SecretLine, TicketUrls, event_page, host_page,
    ticket_page,
};
use events_concierge::products::events::pictures::Picture;
use events_concierge::products::events::policy::RefundPolicy;
use events_concierge::products::events::rsvp::{Rsvp, to_csv};
use events_concierge::products::events::{Event, Seats};
use proptest::collection::vec;
use proptest::prelude::*;

use super::input::text;
use super::{Verdict, fuzz};
use crate::support::NOW;

/// All texts of an event and a seat that others write.
#[derive(Clone, Debug)]
struct Words {
    title: String,
    description: String,
    location: String,
    name: String,
    email: String,
    transaction: String,
}

fn words() -> impl Strategy<Value = Words> {
    let long = vec(text(), 0..6).prop_map(|parts| parts.join(" "));
    (text(), long, text(), text(), text(), text()).prop_map(
        |(title, description, location, name, email, transaction)| Words {
            title,
            description,
            location,
            name,
            email,
            transaction,
        },
    )
}

fn event(words: &Words) -> Event {
    Event {
        id: EventId::parse("evt_0123456789abcdef01234567").unwrap(),
        title: words.title.clone(),
        description: words.description.clone(),
        starts_at: UnixSeconds::new(NOW + 1_000),
        ends_at: Some(UnixSeconds::new(NOW + 2_000)),
        time_zone: ZoneName::utc(),
        location: Some(words.location.clone()),
        capacity: 5,
        price: Usdc::from_cents(5),
        was: None,
        types: Vec::new(),
        promos: Vec::new(),
        asks: Asks::default(),
        questions: Vec::new(),
        guests_only: Some(words.location.clone()),
        look: Look::default(),
        picture: Some(picture(words)),
        refund: RefundPolicy::default(),
        cancelled: false,
        sequence: 0,
        remind_hours: 24,
        is_draft: false,
        created_at: UnixSeconds::new(NOW),
    }
}

fn picture(words: &Words) -> Picture {
    let path = "/pictures/0123456789abcdef0123456789abcdef/0123456789abcdef0123456789abcdef.jpg";
    Picture { path: path.to_owned(), alt: words.title.clone() }
}

fn seat(words: &Words) -> Rsvp {
    let code = "0123456789abcdef0123456789abcdef-0123456789abcdef01234567";
    Rsvp {
        id: RsvpId::parse("rsv_0123456789abcdef01234567").unwrap(),
        event_id: EventId::parse("evt_0123456789abcdef01234567").unwrap(),
        payer: words.email.clone(),
        place: 1,
        code: TicketCode::parse(code).unwrap(),
        guest: GuestDetails {
            name: Some(words.name.clone()),
            email: Some(words.email.clone()),
            answers: Vec::new(),
        },
        ticket_type: None,
        promo: None,
        paid: Usdc::from_cents(5),
        transaction: words.transaction.clone(),
        network: "eip155:84532".to_owned(),
        created_at: UnixSeconds::new(NOW),
        checked_in_at: None,
    }
}

/// All pages, and nothing of them but what is markup.
fn markup(words: &Words) -> [String; 3] {
    let (event, seat, now) = (event(words), seat(words), UnixSeconds::new(NOW));
    // What a host writes in Markdown has a test of its own.
    let event = Event { description: String::new(), ..event };
    let url = |path: &str| format!("http://server.example/{path}");
    let scope = ScopeId::parse("0123456789abcdef0123456789abcdef").unwrap();
    let picture = picture(words);
    let card = HostCard {
        scope: &scope,
        display_name: &words.name,
        about: &words.description,
        picture: Some(&picture),
        is_selling: true,
    };
    let entries = vec![(event.clone(), Seats::default())];
    let secret = SecretLine {
        id: "sec_1".to_owned(),
        name: words.title.clone(),
        price: event.price,
        sold: 2,
    };
    let listed = Listed {
        events: Found { entries, next_cursor: Some("bmV4dA".to_owned()) },
        secrets: vec![secret],
        events_ever: 3,
        seats_sold: 1,
    };
    let host = HostUrls {
        page: url("e"),
        server: url("mcp"),
        chat: url("?d"),
        buy: url("buy"),
        origin: url(""),
    };
    let of_event = EventUrls {
        page: url("e"),
        host: url("h"),
        buy: url("b"),
        manifest: url("m"),
        share: url("s"),
        is_drawn: true,
    };
    let transaction = format!("https://explorer.example/tx/{}", words.transaction);
    let ticket = TicketUrls {
        site: url(""),
        ticket: url("t"),
        event: url("e"),
        host: url("h"),
        transaction,
        give: Some(url("g")),
    };
    let pages = [
        host_page(&listed, &card, &host, now),
        event_page(&event, Seats::default(), &card, &of_event, now),
        ticket_page(
            &event,
            (&seat, std::slice::from_ref(&seat), Ended::default()),
            &card,
            &ticket,
            now,
        ),
    ];
    pages.map(|page| page.unwrap().matches(['<', '>', '"', '\'']).collect())
}

/// The same texts with a letter for each character that means something in HTML.
fn harmless(words: &Words) -> Words {
    let plain = |text: &String| text.replace(['<', '>', '"', '\'', '&'], "x");
    Words {
        title: plain(&words.title),
        description: plain(&words.description),
        location: plain(&words.location),
        name: plain(&words.name),
        email: plain(&words.email),
        transaction: plain(&words.transaction),
    }
}

#[test]
fn words_never_become_markup() {
    fuzz("pages: HTML", words, |words| {
        // A place that is an address of the web has a link of its own.
        let words = Words { location: format!("at {}", words.location), ..words };
        prop_assert_eq!(markup(&words), markup(&harmless(&words)));
        Ok(())
    });
}

/// The text behind an iCalendar value, or nothing if it is none.
fn unescape(value: &str) -> Option<String> {
    let mut text = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next()? {
                'n' => text.push('\n'),
                c @ ('\\' | ',' | ';') => text.push(c),
                _ => return None,
            },
            ',' | ';' => return None,
            c => text.push(c),
        }
    }
    Some(text)
}

/// A text as it is kept in a calendar file: lines end in one way, and nothing else controls.
fn kept(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect()
}

fn check_calendar(words: &Words) -> Verdict {
    let ics = to_ics(&event(words), "http://server.example/e", UnixSeconds::new(NOW));
    prop_assert!(
        ics.len()
            <= 2_000 + 4 * (words.title.len() + words.description.len() + words.location.len())
    );
    prop_assert!(ics.ends_with("\r\n"));
    let lines: Vec<&str> = ics.split("\r\n").collect();
    for line in &lines {
        prop_assert!(line.len() <= 75 && !line.contains(['\r', '\n']), "{line:?}");
    }
    let unfolded = ics.replace("\r\n ", "");
    let mut names = String::new();
    for line in unfolded.lines() {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        names.push_str(name);
        names.push(' ');
        let said = match name {
            "SUMMARY" => &words.title,
            "DESCRIPTION" => &words.description,
            "LOCATION" => &words.location,
            _ => continue,
        };
        prop_assert_eq!(unescape(value), Some(kept(said)), "{}", name);
    }
    let optional = if words.description.is_empty() { "" } else { "DESCRIPTION " };
    let expected = format!(
        "BEGIN VERSION PRODID CALSCALE BEGIN {optional}DTEND DTSTAMP DTSTART LOCATION SEQUENCE STATUS SUMMARY UID URL END END "
    );
    prop_assert_eq!(names, expected);
    Ok(())
}

#[test]
fn words_stay_in_their_property_of_a_calendar_file() {
    fuzz("pages: the calendar file", words, |words| check_calendar(&words));
}

/// The lines of a CSV file by RFC 4180; nothing if it is none.
fn read_csv(text: &str) -> Option<Vec<Vec<String>>> {
    let (mut lines, mut line, mut rest) = (Vec::new(), Vec::new(), text);
    while !rest.is_empty() {
        let mut field = String::new();
        if let Some(mut quoted) = rest.strip_prefix('"') {
            loop {
                let (part, after) = quoted.split_once('"')?;
                field.push_str(part);
                let Some(more) = after.strip_prefix('"') else {
                    rest = after;
                    break;
                };
                field.push('"');
                quoted = more;
            }
        } else {
            let end = rest.find([',', '\r', '\n', '"'])?;
            field.push_str(&rest[..end]);
            rest = &rest[end..];
        }
        line.push(field);
        if let Some(after) = rest.strip_prefix(',') {
            rest = after;
        } else {
            rest = rest.strip_prefix("\r\n")?;
            lines.push(std::mem::take(&mut line));
        }
    }
    line.is_empty().then_some(lines)
}

fn check_field(found: &str, said: &str) -> Verdict {
    // Where a semicolon, a tab or a line break splits, too.
    for cell in found.split([',', ';', '\t', '\r', '\n']) {
        let cell = cell.trim_start_matches(|c: char| c.is_whitespace() || c == '"');
        let formula = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
        prop_assert!(!cell.starts_with(formula), "{found:?} is a formula");
    }
    prop_assert!(!found.starts_with(['\t', '\r']), "{found:?} is a formula");
    // Apostrophes are all that is added.
    let mut left = said.chars().peekable();
    for c in found.chars() {
        if left.peek() == Some(&c) {
            left.next();
        } else {
            prop_assert_eq!(c, '\'', "{:?} {:?}", found, said);
        }
    }
    prop_assert!(left.next().is_none(), "{found:?} {said:?}");
    Ok(())
}

#[test]
fn a_list_has_its_columns_and_no_formulas() {
    let inputs = || (vec(text(), 1..8), words());
    fuzz("pages: CSV", inputs, |(fields, words)| {
        let lines = read_csv(&csv::line(&fields));
        let Some([line]) = lines.as_deref() else {
            return Err(TestCaseError::fail(format!("not one line: {lines:?}")));
        };
        prop_assert_eq!(line.len(), fields.len());
        for (found, said) in line.iter().zip(&fields) {
            check_field(found, said)?;
        }
        let file = to_csv(&[seat(&words), seat(&words)], &event(&words));
        let lines = read_csv(file.strip_prefix('\u{feff}').unwrap_or_default()).unwrap_or_default();
        prop_assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [9, 9, 9]);
        check_field(&lines[1][2], &words.name)?;
        check_field(&lines[2][3], &words.email)?;
        check_field(&lines[2][5], &words.transaction)
    });
}

/// What a description may become: these tags, links to the web or a mailbox, and text without markup.
fn check_markdown(text: &str) -> Verdict {
    let made = markdown::html(text);
    prop_assert!(made.len() <= 300 + 60 * text.len(), "{text:?}");
    let mut rest = made.as_str();
    while let Some((before, tag)) = rest.split_once('<') {
        prop_assert!(!before.contains(['>', '"', '\'']), "{made}");
        let Some((tag, after)) = tag.split_once('>') else {
            return Err(TestCaseError::fail(format!("a tag without an end: {made}")));
        };
        let name = tag.trim_start_matches('/');
        let is_plain = ["p", "ul", "ol", "li", "strong", "em", "br"].contains(&name);
        let url = tag.strip_prefix("a rel=\"noopener nofollow\" href=\"");
        let is_link = url.and_then(|url| url.strip_suffix('"')).is_some_and(|url| {
            let starts = ["https://", "http://", "mailto:"];
            starts.iter().any(|start| url.starts_with(start)) && !url.contains(['"', '\'', ' '])
        });
        prop_assert!(is_plain || is_link || tag == "/a", "{tag:?} in {made}");
        rest = after;
    }
    prop_assert!(!rest.contains(['>', '"', '\'']), "{made}");
    Ok(())
}

/// Texts of marks in any order.
fn marked() -> impl Strategy<Value = String> {
    let marks = prop::sample::select(vec![
        "**",
        "*",
        "_",
        "[",
        "](",
        ")",
        "- ",
        "1. ",
        "\n",
        "\n\n",
        "\\",
        "<b>",
        "\"",
        "'",
        "&lt;",
        "https://a.example/",
        "javascript:",
        "mailto:a@b.example",
        "@",
    ]);
    let part = prop_oneof![marks.prop_map(str::to_owned), text()];
    vec(part, 0..40).prop_map(|parts| parts.concat())
}

#[test]
fn a_description_becomes_the_markup_of_the_subset_and_no_other() {
    fuzz("pages: Markdown", marked, |text| check_markdown(&text));
}
