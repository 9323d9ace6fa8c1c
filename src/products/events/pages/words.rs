//! What the pages of hosts, events and tickets say in the same way.

use std::fmt::{Display, Formatter, Result, Write};

use crate::base::id::ScopeId;
use crate::base::text::visible;
use crate::base::time::UnixSeconds;
use crate::http::cover::{Cover, Cut, Look};
use crate::products::events::pictures::Picture;
use crate::products::events::{Event, NotOnSale, Seats};

/// How few of the seats are few: one of this many.
const FEW_OF: u32 = 10;

/// A host, as its pages show it.
#[derive(Clone, Copy, Debug)]
pub struct HostCard<'a> {
    pub scope: &'a ScopeId,
    /// Empty if the host has no name.
    pub display_name: &'a str,
    /// A text about the host; may be empty.
    pub about: &'a str,
    /// The picture that the host uploaded.
    pub picture: Option<&'a Picture>,
    /// Whether the host sells seats at all.
    pub is_selling: bool,
}

impl HostCard<'_> {
    /// The name, or a word for a host without one.
    pub fn name(&self) -> String {
        let name = visible(self.display_name);
        if name.is_empty() { "Your host".to_owned() } else { name }
    }

    pub(super) fn cover(&self) -> Cover<'_> {
        Cover { seed: self.scope.as_str(), look: Look::default() }
    }

    /// The face of a host as HTML: its picture, or the one that is drawn.
    pub(super) fn face(&self) -> String {
        shown(self.picture, &self.cover(), Cut::Face)
    }
}

/// An uploaded picture as HTML, or the drawn one without it.
pub(super) fn shown(picture: Option<&Picture>, cover: &Cover<'_>, cut: Cut) -> String {
    let Some(Picture { path, alt }) = picture else { return cover.svg(cut) };
    let (path, alt) = (Escaped(path), Escaped(alt));
    format!("<img src=\"{path}\" alt=\"{alt}\">")
}

/// A text in an attribute of HTML.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.0.chars().try_for_each(|c| match c {
            '<' | '>' | '&' | '"' | '\'' => write!(f, "&#{};", u32::from(c)),
            c => f.write_char(c),
        })
    }
}

/// How many seats there are, in words and as a bar.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SeatWords {
    pub words: String,
    /// `ok`, `few` or `none`: the class of the words.
    pub kind: &'static str,
    pub taken: Option<Taken>,
}

/// The part of the seats that is gone.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub words: String,
    pub percent: u32,
}

impl SeatWords {
    pub(super) fn of(event: &Event, seats: Seats) -> Self {
        let Some(left) = event.seats_left(seats) else {
            return Self { words: "Seats for everybody".to_owned(), kind: "ok", taken: None };
        };
        let words = match left {
            0 => "Full".to_owned(),
            1 => "1 seat left".to_owned(),
            left => format!("{left} seats left"),
        };
        let is_few = left.saturating_mul(FEW_OF) <= event.capacity;
        let kind = if left == 0 {
            "none"
        } else if is_few {
            "few"
        } else {
            "ok"
        };
        let gone = event.capacity.saturating_sub(left);
        let percent = u64::from(gone).saturating_mul(100) / u64::from(event.capacity.max(1));
        let percent = u32::try_from(percent).unwrap_or(100);
        let taken = Taken { words: format!("{gone} of {} taken", event.capacity), percent };
        Self { words, kind, taken: Some(taken) }
    }
}

/// Why no seat is to be had, and what to do. `None`: seats are sold.
pub(super) fn closed(
    event: &Event,
    seats: Seats,
    host: &HostCard<'_>,
    now: UnixSeconds,
) -> Option<Closed> {
    let (word, why) = match event.check_on_sale(seats, now) {
        Err(NotOnSale::Cancelled) => (
            "Cancelled",
            "This event was cancelled by its host. If you have a ticket, ask the host for your money.",
        ),
        Err(NotOnSale::Draft) => (
            "Draft",
            "Only you see this page, because you are signed in. Publish the event on your page to sell seats.",
        ),
        Err(NotOnSale::Past) => ("Over", "This event is over."),
        Err(NotOnSale::Full) => ("Full", "This event is full. No seat is left."),
        Err(NotOnSale::Promised) => {
            ("Full", "This event is full. Seats that come back go to the guests on the waitlist.")
        }
        Err(
            NotOnSale::AllHeld
            | NotOnSale::TypeFull
            | NotOnSale::TooFew(_)
            | NotOnSale::TooManyForNewcomer(_),
        ) => (
            "Full for now",
            "Somebody is paying for every free seat right now. Look again in a minute: one may become free.",
        ),
        Ok(()) if !host.is_selling => ("Not on sale", "This host sells no seats at the moment."),
        Ok(()) => return None,
    };
    let may_wait = word == "Full" && host.is_selling && event.starts_at > now;
    Some(Closed { word, why, may_wait })
}

/// A state in which nothing is sold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closed {
    pub word: &'static str,
    pub why: &'static str,
    /// Whether its waitlist is open.
    pub may_wait: bool,
}

/// `18:30 – 21:00`, with the day of the end if that is another one.
pub(super) fn hours(event: &Event, now: UnixSeconds) -> String {
    let zone = &event.time_zone;
    let start = event.starts_at.to_clock(zone);
    let Some(end) = event.ends_at else { return start };
    let day = |moment: UnixSeconds| moment.to_short_day(zone, now);
    let clock = end.to_clock(zone);
    if day(event.starts_at) == day(end) {
        format!("{start} \u{2013} {clock}")
    } else {
        format!("{start} \u{2013} {}, {clock}", day(end))
    }
}

/// `Sat 12 Dec, 18:30`: the start, where there is little room.
pub(super) fn short(event: &Event, now: UnixSeconds) -> String {
    let zone = &event.time_zone;
    format!("{}, {}", event.starts_at.to_short_day(zone, now), event.starts_at.to_clock(zone))
}

/// A hash or address in the form `0x1234…abcd`.
pub(super) fn shorten(hex: &str) -> String {
    match (hex.get(..6), hex.get(hex.len().saturating_sub(4)..)) {
        (Some(head), Some(tail)) if hex.len() > 12 => format!("{head}\u{2026}{tail}"),
        _ => hex.to_owned(),
    }
}
