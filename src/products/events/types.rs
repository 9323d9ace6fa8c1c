//! Ticket types: seats of one event at different prices, each type with a number of seats of its own. An event without
//! types has one price for all seats. `prices.rs` says what a seat costs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::fields::{CAPACITY_MAX, InvalidField, PRICE_MAX, bad, line, moment};
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::products::events::questions::is_same;

/// Ticket types of one event.
pub const TYPES_MAX: usize = 10;
/// The longest name, characters.
const NAME_CHARS_MAX: usize = 60;
/// The longest description, characters.
const DESCRIPTION_CHARS_MAX: usize = 200;

/// A ticket type of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TicketType {
    /// Made by us; it stays when the name changes.
    pub id: String,
    pub name: String,
    pub description: String,
    /// What a seat costs, unless the early price counts; zero if it is free.
    pub price: Usdc,
    /// How many there are; 0 for as many as the event has.
    pub seats: u32,
    /// A price until a moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early: Option<Until>,
    /// The price before the last change, until no challenge names it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<Until>,
    /// Seats of it that are taken, as they were read with the event.
    #[serde(skip)]
    pub taken: u32,
    /// Seats of it that are held, as they were read with the event.
    #[serde(skip)]
    pub held: u32,
}

/// A price that counts until a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Until {
    pub price: Usdc,
    pub until: UnixSeconds,
}

/// A ticket type as its host sets it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TicketTypeInput {
    /// The id of a type that is there already, to give it another name. Without it the name says which one is meant.
    pub id: Option<String>,
    /// One line, at most 60 characters, for example "Student".
    pub name: String,
    /// Whom it is for or what it includes, at most 200 characters.
    #[serde(default)]
    pub description: String,
    /// Price of a seat in US dollars, "0" for free.
    pub price: String,
    /// How many seats of this type there are. Default 0: as many as the event has.
    #[serde(default)]
    #[schemars(range(max = 1_000_000))]
    pub seats: u32,
    /// A lower price until `earlyUntil`, in US dollars.
    pub early_price: Option<String>,
    /// Until when earlyPrice counts, RFC 3339.
    pub early_until: Option<String>,
}

/// A ticket type as callers see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct TicketTypeView {
    id: String,
    name: String,
    description: String,
    /// What a seat costs now, dollars.
    price: String,
    #[cfg_attr(test, ts(type = "string"))]
    price_atomic: Usdc,
    /// What a seat costs when no early price counts.
    regular_price: String,
    /// How many there are; 0 for as many as the event has.
    seats: u32,
    /// How many of them are left; `null` for as many as the event has.
    seats_left: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    early_price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    early_until: Option<String>,
}

impl TicketType {
    /// What a seat costs at `now`.
    #[must_use]
    pub fn price_at(&self, now: UnixSeconds) -> Usdc {
        self.early.filter(|early| now < early.until).map_or(self.price, |early| early.price)
    }

    /// Seats that can still be sold; `None` if the event alone limits them.
    #[must_use]
    pub fn seats_left(&self) -> Option<u32> {
        (self.seats > 0).then(|| self.seats.saturating_sub(self.gone()))
    }

    /// Seats that are taken or held.
    #[must_use]
    pub const fn gone(&self) -> u32 {
        self.taken.saturating_add(self.held)
    }

    /// The public view at `now`.
    #[must_use]
    pub fn view(&self, now: UnixSeconds) -> TicketTypeView {
        let price = self.price_at(now);
        TicketTypeView {
            id: self.id.clone(),
            name: self.name.clone(),
            description: self.description.clone(),
            price: price.to_string(),
            price_atomic: price,
            regular_price: self.price.to_string(),
            seats: self.seats,
            seats_left: self.seats_left(),
            early_price: self.early.map(|early| early.price.to_string()),
            early_until: self.early.map(|early| early.until.to_string()),
        }
    }
}

/// Checks the types that a host sets. `known`: those of before; `series` is another number for each change of the event.
///
/// # Errors
///
/// [`InvalidField`] says what is wrong with which type.
pub fn read(
    inputs: &[TicketTypeInput],
    known: &[TicketType],
    series: u32,
) -> Result<Vec<TicketType>, InvalidField> {
    if inputs.len() > TYPES_MAX {
        return Err(bad("types", format!("must be at most {TYPES_MAX}")));
    }
    let mut types: Vec<TicketType> = Vec::new();
    for (at, input) in inputs.iter().enumerate() {
        let mut kind = read_one(input)?;
        if types.iter().any(|other| is_same(&other.name, &kind.name)) {
            return Err(bad("types", format!("has \"{}\" twice", kind.name)));
        }
        let old = known.iter().find(|old| match &input.id {
            Some(id) => old.id == *id,
            None => is_same(&old.name, &kind.name),
        });
        match old {
            Some(old) => {
                let gone = old.gone();
                if kind.seats > 0 && kind.seats < gone {
                    let remedy = format!("{gone} seats of \"{}\" are taken or held", kind.name);
                    return Err(bad("types", remedy));
                }
                kind.id.clone_from(&old.id);
                (kind.taken, kind.held) = (old.taken, old.held);
            }
            None if input.id.is_some() => {
                return Err(bad("types", format!("\"{}\" has an id that is not there", kind.name)));
            }
            None => kind.id = new_id(known, series, at),
        }
        if types.iter().any(|other| other.id == kind.id) {
            return Err(bad("types", "has an id twice"));
        }
        types.push(kind);
    }
    let is_sold = |old: &&TicketType| old.gone() > 0;
    let lost = known.iter().filter(is_sold).find(|old| !types.iter().any(|it| it.id == old.id));
    match lost {
        None => Ok(types),
        Some(old) => {
            let remedy = format!(
                "\"{}\" has seats that are taken or held and cannot be removed; set its `seats` to {} to sell no more of it",
                old.name,
                old.gone()
            );
            Err(bad("types", remedy))
        }
    }
}

fn read_one(input: &TicketTypeInput) -> Result<TicketType, InvalidField> {
    let name = line("types", &input.name, 1, NAME_CHARS_MAX)?;
    let about = |what: String| bad("types", format!("\"{name}\" {what}"));
    let dollars = |text: &str| {
        let price = Usdc::from_dollars(text).map_err(|error| about(error.to_string()))?;
        let is_good = price <= PRICE_MAX;
        is_good.then_some(price).ok_or_else(|| about("costs more than 100000 dollars".to_owned()))
    };
    let price = dollars(&input.price)?;
    let early = match (&input.early_price, &input.early_until) {
        (None, None) => None,
        (Some(early), Some(until)) => {
            Some(Until { price: dollars(early)?, until: moment("types", until)? })
        }
        (Some(_), None) | (None, Some(_)) => {
            return Err(about("must have both earlyPrice and earlyUntil, or none".to_owned()));
        }
    };
    if early.is_some_and(|early| early.price >= price) {
        return Err(about("has an earlyPrice that is not lower than its price".to_owned()));
    }
    if input.seats > CAPACITY_MAX {
        return Err(about(format!("must have at most {CAPACITY_MAX} seats")));
    }
    Ok(TicketType {
        id: String::new(),
        description: line("types", &input.description, 0, DESCRIPTION_CHARS_MAX)?,
        price,
        seats: input.seats,
        early,
        was: None,
        taken: 0,
        held: 0,
        name,
    })
}

/// An id that no type of the event has or had.
fn new_id(known: &[TicketType], series: u32, at: usize) -> String {
    let of = |series: u32| format!("t{series}-{at}");
    let mut ids = (series..series.saturating_add(100)).map(of);
    let is_new = |id: &String| !known.iter().any(|old| old.id == *id);
    ids.find(is_new).unwrap_or_else(|| of(series))
}
