//! A new event and changes of one: shapes, limits, and errors that name the field.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::fields::{
    CAPACITY_MAX, InvalidField, bad, line, moment, null_or, optional_line, price_or_free, text,
};
use crate::base::id::EventId;
use crate::base::time::{UnixSeconds, ZoneName};
use crate::http::cover::palette::Palette;
use crate::http::cover::{Look, SHUFFLES_MAX};
use crate::products::events::asks::{Ask, Asks};
use crate::products::events::drafts;
use crate::products::events::news::reminders::{a_day, remind_hours};
use crate::products::events::policy::RefundPolicy;
use crate::products::events::promos::{self, PromoInput};
use crate::products::events::questions::{self, Question};
use crate::products::events::types::{self, TicketTypeInput};
use crate::products::events::{Event, guests_only};

/// The arguments of the tool `createEvent`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateEvent {
    /// One line, at most 200 characters.
    pub title: String,
    /// At most 5000 characters. Markdown: **bold**, *italic*, lists, [links](https://example.org).
    #[serde(default)]
    pub description: String,
    /// When it starts, RFC 3339 with an offset, for example 2027-03-01T18:30:00Z.
    #[schemars(required)]
    pub starts_at: Option<String>,
    /// The same moment in Unix milliseconds: the older name, still accepted.
    #[schemars(skip)]
    pub date: Option<i64>,
    /// When it ends, RFC 3339.
    pub ends_at: Option<String>,
    /// IANA time zone in which times are shown. Default UTC.
    pub time_zone: Option<String>,
    /// Where, at most 300 characters.
    pub location: Option<String>,
    /// Number of seats, 0 for unlimited.
    #[schemars(range(max = 1_000_000))]
    pub capacity: u32,
    /// Price of a seat in US dollars, for example "0.05"; "0" for a free event. With `types` their prices count.
    pub price: String,
    /// Ticket types, at most 10, if not all seats have one price. Callers that name none buy the first one.
    #[serde(default)]
    #[schemars(length(max = 10))]
    pub types: Vec<TicketTypeInput>,
    /// Promo codes, at most 50. Nobody else sees them.
    #[serde(default)]
    #[schemars(length(max = 50))]
    pub promo_codes: Vec<PromoInput>,
    /// Whether guests are asked for their name. Default optional. What is required must be sent with rsvpToEvent.
    #[serde(default)]
    pub ask_name: Ask,
    /// Whether guests are asked for their e-mail address. Default optional.
    #[serde(default)]
    pub ask_email: Ask,
    /// What else buyers are asked, at most 10 questions.
    #[serde(default)]
    #[schemars(length(max = 10))]
    pub questions: Vec<Question>,
    /// A place, a link or a code for the door that only guests get to know, on their tickets: one line, at most 300 characters.
    pub guests_only: Option<String>,
    /// What a guest that cancels its seat gets back, percent of the price, 0 to 100. Default 0. If you cancel the event, all
    /// guests get everything back.
    #[serde(default)]
    #[schemars(range(max = 100))]
    pub refund_percent: u32,
    /// Guests get that back until so many hours before the start. Default 0: until the start.
    #[serde(default)]
    #[schemars(range(max = 8_784))]
    pub refund_until_hours: u32,
    /// Whether guests may cancel until the start and get everything back if you move the event to another time or place.
    /// Default true.
    #[serde(default = "yes")]
    pub refund_if_moved: bool,
    /// Guests who gave an address are reminded by mail so many hours before the start; 0: never. Default 24.
    #[serde(default = "a_day")]
    #[schemars(range(max = 720))]
    pub remind_hours: u32,
    /// true saves the event without publishing it: it is neither shown nor sold until updateEvent sets draft to false.
    /// Default false.
    #[serde(default)]
    pub draft: bool,
    /// Another number draws another cover. Default 0.
    #[serde(default)]
    #[schemars(range(max = 999_999))]
    pub cover_shuffle: u32,
    /// The colours of the cover. Without it, the event's id chooses.
    pub cover_palette: Option<Palette>,
}

/// What may change about an event; `updateEvent` takes these beside `eventId`. What is left out
/// stays as it is.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct EventChanges {
    /// One line, at most 200 characters.
    pub title: Option<String>,
    /// At most 5000 characters. Markdown: **bold**, *italic*, lists, [links](https://example.org).
    pub description: Option<String>,
    /// When it starts, RFC 3339.
    pub starts_at: Option<String>,
    /// When it ends, RFC 3339; null for no end.
    #[serde(deserialize_with = "null_or")]
    pub ends_at: Option<Option<String>>,
    /// The IANA time zone, such as Europe/Berlin.
    pub time_zone: Option<String>,
    /// Where the event takes place.
    pub location: Option<String>,
    /// Number of seats, 0 for unlimited; not fewer than are taken or held.
    pub capacity: Option<u32>,
    /// Price of a seat in US dollars, "0" for a free event; holds for seats sold from now on. An event with `types` has
    /// its prices there.
    pub price: Option<String>,
    /// All ticket types, at most 10, in their order; an empty list for one price. Prices hold for seats sold from now on. One
    /// that has sold seats cannot be removed.
    #[schemars(length(max = 10))]
    pub types: Option<Vec<TicketTypeInput>>,
    /// All promo codes, at most 50. One that stays keeps the count of its uses; one that is left out is removed.
    #[schemars(length(max = 50))]
    pub promo_codes: Option<Vec<PromoInput>>,
    /// Whether guests are asked for their name; holds for seats sold from now on.
    pub ask_name: Option<Ask>,
    /// Whether guests are asked for their e-mail address; holds for seats sold from now on.
    pub ask_email: Option<Ask>,
    /// What else buyers are asked: all questions, at most 10. Answers that were given are kept.
    #[schemars(length(max = 10))]
    pub questions: Option<Vec<Question>>,
    /// What only guests get to know; empty for nothing. Guests see it on the tickets that they have.
    pub guests_only: Option<String>,
    /// What a guest that cancels gets back, percent; holds for seats sold from now on, and takes nothing from earlier ones.
    #[schemars(range(max = 100))]
    pub refund_percent: Option<u32>,
    /// Until so many hours before the start; holds as refundPercent.
    #[schemars(range(max = 8_784))]
    pub refund_until_hours: Option<u32>,
    /// Whether everything goes back if you move the event to another time or place; holds as refundPercent.
    pub refund_if_moved: Option<bool>,
    /// Guests are reminded so many hours before the start; 0: never.
    #[schemars(range(max = 720))]
    pub remind_hours: Option<u32>,
    /// false publishes a draft.
    pub draft: Option<bool>,
    /// Another number draws another cover.
    #[schemars(range(max = 999_999))]
    pub cover_shuffle: Option<u32>,
    /// The colours of the cover; null to let the event's id choose.
    #[serde(deserialize_with = "null_or")]
    pub cover_palette: Option<Option<Palette>>,
}

impl CreateEvent {
    /// Checks a new event.
    ///
    /// # Errors
    ///
    /// [`InvalidField`] names the first invalid field.
    pub fn into_event(self, id: EventId, now: UnixSeconds) -> Result<Event, InvalidField> {
        let starts_at = match (&self.starts_at, self.date) {
            (Some(text), _) => moment("startsAt", text)?,
            (None, Some(millis)) => UnixSeconds::from_millis(millis).map_err(|e| bad("date", e))?,
            (None, None) => return Err(bad("startsAt", "is missing; send RFC 3339 text")),
        };
        let mut event = Event {
            id,
            title: line("title", &self.title, 1, 200)?,
            description: text("description", &self.description, 5_000)?,
            starts_at,
            ends_at: self.ends_at.as_deref().map(|end| moment("endsAt", end)).transpose()?,
            time_zone: self.time_zone.as_deref().map_or(Ok(ZoneName::utc()), zone)?,
            location: optional_line("location", self.location.as_deref(), 300)?,
            capacity: capacity(self.capacity)?,
            price: price_or_free(&self.price)?,
            was: None,
            types: types::read(&self.types, &[], 0)?,
            promos: promos::read(&self.promo_codes, &[], now)?,
            asks: Asks { name: self.ask_name, email: self.ask_email },
            questions: questions::read(&self.questions)?,
            guests_only: guests_only(self.guests_only.as_deref())?,
            look: Look { shuffle: shuffle(self.cover_shuffle)?, palette: self.cover_palette },
            picture: None,
            refund: RefundPolicy::check(
                self.refund_percent,
                self.refund_until_hours,
                self.refund_if_moved,
            )?,
            remind_hours: remind_hours(self.remind_hours)?,
            cancelled: false,
            is_draft: self.draft,
            sequence: 0,
            created_at: now,
        };
        if let Some(first) = event.types.first() {
            event.price = first.price;
        }
        check_times(&event)?;
        drafts::check_published(&event, now)?;
        Ok(event)
    }
}

impl EventChanges {
    /// Applies the changes. `seats_used` seats are taken or held, so the capacity cannot be less.
    ///
    /// # Errors
    ///
    /// [`InvalidField`] names the first invalid field.
    pub fn apply(
        self,
        before: Event,
        seats_used: u32,
        now: UnixSeconds,
    ) -> Result<Event, InvalidField> {
        let mut event = before.clone();
        if let Some(title) = self.title {
            event.title = line("title", &title, 1, 200)?;
        }
        if let Some(description) = self.description {
            event.description = text("description", &description, 5_000)?;
        }
        if let Some(start) = self.starts_at {
            event.starts_at = moment("startsAt", &start)?;
        }
        if let Some(end) = self.ends_at {
            event.ends_at = end.as_deref().map(|end| moment("endsAt", end)).transpose()?;
        }
        if let Some(name) = self.time_zone {
            event.time_zone = zone(&name)?;
        }
        if let Some(location) = self.location {
            event.location = optional_line("location", Some(&location), 300)?;
        }
        if let Some(seats) = self.capacity {
            event.capacity = capacity(seats)?;
            if seats > 0 && seats < seats_used {
                return Err(bad(
                    "capacity",
                    format!("{seats_used} seats are taken or held already"),
                ));
            }
        }
        if let Some(inputs) = self.types {
            let series = before.sequence.saturating_add(1);
            event.types = types::read(&inputs, &before.types, series)?;
        }
        if let Some(inputs) = self.promo_codes {
            event.promos = promos::read(&inputs, &before.promos, now)?;
        }
        if let Some(dollars) = self.price {
            event.price = price_or_free(&dollars)?;
            if !event.types.is_empty() {
                return Err(bad("price", "is that of each ticket type; change it in `types`"));
            }
        }
        if let Some(first) = event.types.first() {
            event.price = first.price;
        }
        event.keep_prices_of(&before, now);
        event.asks = Asks {
            name: self.ask_name.unwrap_or(event.asks.name),
            email: self.ask_email.unwrap_or(event.asks.email),
        };
        if let Some(asked) = self.questions {
            event.questions = questions::read(&asked)?;
        }
        if let Some(text) = self.guests_only {
            event.guests_only = guests_only(Some(&text))?;
        }
        event.look = Look {
            shuffle: self.cover_shuffle.map_or(Ok(event.look.shuffle), shuffle)?,
            palette: self.cover_palette.unwrap_or(event.look.palette),
        };
        event.refund = RefundPolicy::check(
            self.refund_percent.unwrap_or_else(|| event.refund.percent.into()),
            self.refund_until_hours.unwrap_or(event.refund.hours),
            self.refund_if_moved.unwrap_or(event.refund.if_moved),
        )?;
        event.is_draft = drafts::changed(event.is_draft, self.draft)?;
        event.remind_hours = self.remind_hours.map_or(Ok(event.remind_hours), remind_hours)?;
        check_times(&event)?;
        event.sequence = event.sequence.saturating_add(1);
        Ok(event)
    }
}

fn check_times(event: &Event) -> Result<(), InvalidField> {
    if event.ends_at.is_some_and(|end| end <= event.starts_at) {
        return Err(bad("endsAt", "must be later than startsAt"));
    }
    Ok(())
}

fn zone(name: &str) -> Result<ZoneName, InvalidField> {
    ZoneName::parse(name).map_err(|error| bad("timeZone", error))
}

fn guests_only(text: Option<&str>) -> Result<Option<String>, InvalidField> {
    optional_line("guestsOnly", text, guests_only::CHARS_MAX)
}

fn shuffle(number: u32) -> Result<u32, InvalidField> {
    if number > SHUFFLES_MAX {
        return Err(bad("coverShuffle", format!("must be at most {SHUFFLES_MAX}")));
    }
    Ok(number)
}

const fn yes() -> bool {
    true
}

fn capacity(seats: u32) -> Result<u32, InvalidField> {
    if seats > CAPACITY_MAX {
        return Err(bad("capacity", format!("must be at most {CAPACITY_MAX}, or 0 for unlimited")));
    }
    Ok(seats)
}
