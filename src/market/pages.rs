//! `/discover`: events of listed hosts, for people.

use askama::Template;
use serde_json::Value;

use crate::base::http::Reply;
use crate::base::time::{UnixSeconds, ZoneName};
use crate::base::web_address::query_of;
use crate::http::page::CONTENT_SECURITY_POLICY;
use crate::market::search::{EventsAsk, Part, TEXT_CHARS_MAX};

/// Events of a page.
const EVENTS: u32 = 24;
const DAY_SECONDS: i64 = 86_400;

/// What a visitor looks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    text: String,
    place: String,
    when: When,
    price: MostPrice,
    cursor: Option<String>,
    began: UnixSeconds,
}

/// When an event shall begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum When {
    #[default]
    Any,
    Today,
    Week,
    Month,
}

/// What it may cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum MostPrice {
    #[default]
    Any,
    Free,
    One,
    Ten,
}

/// A choice of a field.
struct Choice {
    value: &'static str,
    words: &'static str,
    is_chosen: bool,
}

/// An event as the page shows it.
struct Card {
    title: String,
    when: String,
    place: String,
    host: String,
    price: String,
    seats: String,
    url: String,
    cover: String,
}

#[derive(Template)]
#[template(path = "discover.html")]
struct DiscoverPage<'a> {
    wanted: &'a Wanted,
    whens: Vec<Choice>,
    prices: Vec<Choice>,
    cards: Vec<Card>,
    next: Option<String>,
    is_search: bool,
}

impl Wanted {
    /// Reads the fields of the search.
    #[must_use]
    pub fn read(field: impl Fn(&str) -> Option<String>, now: UnixSeconds) -> Self {
        let words = |name: &str| {
            field(name).unwrap_or_default().chars().take(TEXT_CHARS_MAX).collect::<String>()
        };
        Self {
            text: words("q"),
            place: words("place"),
            when: match field("when").as_deref() {
                Some("today") => When::Today,
                Some("week") => When::Week,
                Some("month") => When::Month,
                Some(_) | None => When::Any,
            },
            price: match field("price").as_deref() {
                Some("free") => MostPrice::Free,
                Some("1") => MostPrice::One,
                Some("10") => MostPrice::Ten,
                Some(_) | None => MostPrice::Any,
            },
            cursor: field("cursor"),
            began: now,
        }
    }

    /// What the marketplace is asked.
    #[must_use]
    pub fn ask(&self) -> EventsAsk {
        let within = |days: i64| Some(self.began.plus(days.saturating_mul(DAY_SECONDS)));
        let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.trim().is_empty());
        EventsAsk {
            text: filled(&self.text),
            place: filled(&self.place),
            from: None,
            to: match self.when {
                When::Any => None,
                When::Today => within(1),
                When::Week => within(7),
                When::Month => within(31),
            },
            price_max: match self.price {
                MostPrice::Any => None,
                MostPrice::Free => Some(0),
                MostPrice::One => Some(1_000_000),
                MostPrice::Ten => Some(10_000_000),
            },
            part: Part { limit: Some(EVENTS), cursor: self.cursor.clone() },
        }
    }

    const fn when(&self) -> &'static str {
        match self.when {
            When::Any => "",
            When::Today => "today",
            When::Week => "week",
            When::Month => "month",
        }
    }

    const fn price(&self) -> &'static str {
        match self.price {
            MostPrice::Any => "",
            MostPrice::Free => "free",
            MostPrice::One => "1",
            MostPrice::Ten => "10",
        }
    }

    fn is_search(&self) -> bool {
        let nothing = Self { cursor: None, began: self.began, ..Self::default() };
        Self { cursor: None, ..self.clone() } != nothing
    }
}

/// The page. `next`: the cursor of the next one.
///
/// # Errors
/// A message for the log if the template fails.
pub fn page(
    wanted: &Wanted,
    events: &[Value],
    next: Option<&str>,
    now: UnixSeconds,
) -> Result<Reply, String> {
    let choice = |chosen: &'static str| {
        move |(value, words): (&'static str, &'static str)| Choice {
            value,
            words,
            is_chosen: value == chosen,
        }
    };
    let whens = [
        ("", "Any time"),
        ("today", "Next 24 hours"),
        ("week", "Next 7 days"),
        ("month", "Next 31 days"),
    ];
    let prices = [("", "Any price"), ("free", "Free"), ("1", "Up to $1"), ("10", "Up to $10")];
    let page = DiscoverPage {
        wanted,
        whens: whens.into_iter().map(choice(wanted.when())).collect(),
        prices: prices.into_iter().map(choice(wanted.price())).collect(),
        cards: events.iter().map(|event| card(event, now)).collect(),
        next: next.map(|cursor| link(wanted, cursor)),
        is_search: wanted.is_search(),
    };
    let html = page.render().map_err(|error| error.to_string())?;
    // The search goes to this page itself.
    let policy = CONTENT_SECURITY_POLICY.replace("form-action 'none'", "form-action 'self'");
    Ok(Reply::text(200, "text/html; charset=utf-8", html)
        .with_header("content-security-policy", policy)
        .with_header("x-content-type-options", "nosniff".to_owned())
        .with_header("cache-control", "no-cache".to_owned()))
}

/// The address of the next page.
fn link(wanted: &Wanted, cursor: &str) -> String {
    let fields = [
        ("q", wanted.text.as_str()),
        ("place", wanted.place.as_str()),
        ("when", wanted.when()),
        ("price", wanted.price()),
        ("cursor", cursor),
    ];
    let filled = fields.into_iter().filter(|(_, value)| !value.is_empty());
    format!("/discover?{}", query_of(filled))
}

fn card(event: &Value, now: UnixSeconds) -> Card {
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let zone = ZoneName::parse(&text("timeZone")).unwrap_or_else(|_| ZoneName::utc());
    let starts_at = UnixSeconds::from_rfc3339(&text("startsAt")).unwrap_or(now);
    let host = event.get("host").and_then(|host| host.get("name")).and_then(Value::as_str);
    Card {
        title: text("title"),
        when: format!("{}, {}", starts_at.to_short_day(&zone, now), starts_at.to_clock(&zone)),
        place: text("location"),
        host: host.unwrap_or_default().to_owned(),
        price: text("priceInWords"),
        seats: match event.get("seatsLeft").and_then(Value::as_u64) {
            Some(0) => "Sold out".to_owned(),
            Some(1) => "1 seat left".to_owned(),
            Some(left @ 2..=10) => format!("{left} seats left"),
            Some(_) | None => String::new(),
        },
        url: text("pageUrl"),
        cover: text("coverPath"),
    }
}
