//! How many seats one purchase has, and for whom they are.

use crate::base::email::optional_email;
use crate::base::fields::{InvalidField, bad, optional_line};
use crate::base::money::Usdc;
use crate::products::events::asks::{Asks, GuestDetails};
use crate::products::events::input::RsvpToEvent;
use crate::products::events::promos;
use crate::products::events::questions::{self, Answer, Question};

/// Seats that one purchase may have.
pub const SEATS_MAX: u32 = 10;
/// The longest name of a guest, characters.
const NAME_CHARS_MAX: usize = 200;

/// The seats of one purchase and their guests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// How many, 1 to [`SEATS_MAX`].
    seats: u32,
    /// How many at least, if not all are left.
    least: u32,
    /// The name and address that the buyer gave.
    buyer: GuestDetails,
    /// The ticket type that the buyer named.
    wanted: Option<String>,
    /// The promo code that the buyer gave, in its one writing. Of what cannot be a code nothing is left, and that is none.
    promo: Option<String>,
    /// The names on the tickets, in order, as far as the buyer said.
    names: Vec<Option<String>>,
}

impl Party {
    /// Checks what a caller sent.
    ///
    /// # Errors
    ///
    /// [`InvalidField`] names the first invalid field.
    pub fn read(arguments: &RsvpToEvent) -> Result<Self, InvalidField> {
        let seats = arguments.seats.unwrap_or(1);
        if !(1..=SEATS_MAX).contains(&seats) {
            return Err(bad("seats", format!("must be 1 to {SEATS_MAX}, or be left out for 1")));
        }
        let least = arguments.seats_at_least.unwrap_or(seats);
        if !(1..=seats).contains(&least) {
            let remedy =
                format!("must be 1 to the {seats} of `seats`, or be left out for all of them");
            return Err(bad("seatsAtLeast", remedy));
        }
        let names = arguments.names.as_deref().unwrap_or_default();
        if u32::try_from(names.len()).map_or(true, |count| count > seats) {
            return Err(bad("names", format!("has more names than the {seats} of `seats`")));
        }
        let name = |text: &String| optional_line("names", Some(text), NAME_CHARS_MAX);
        let names = names.iter().map(name).collect::<Result<Vec<_>, _>>()?;
        let first = names.first().cloned().flatten();
        let named = optional_line("name", arguments.name.as_deref(), NAME_CHARS_MAX)?;
        let email = optional_email("email", arguments.email.as_deref())?;
        let answers = arguments.answers.clone().unwrap_or_default();
        questions::check_lengths(&answers)?;
        let buyer = GuestDetails { name: named.or(first), email, answers };
        let wanted = optional_line("ticketType", arguments.ticket_type.as_deref(), NAME_CHARS_MAX)?;
        let promo = optional_line("promoCode", arguments.promo_code.as_deref(), NAME_CHARS_MAX)?;
        let promo = promo.map(|code| promos::writing(&code).unwrap_or_default());
        Ok(Self { seats, least, buyer, wanted, promo, names })
    }

    /// The party of a payment that holds `seats`, with the answers that were good when it was reserved. What was stored of
    /// its arguments is gone if it had ended in between.
    #[must_use]
    pub fn stored(arguments: Option<&RsvpToEvent>, seats: u32, answers: Vec<Answer>) -> Self {
        let read = arguments.and_then(|arguments| Self::read(arguments).ok());
        let (buyer, names) = read.map(|party| (party.buyer, party.names)).unwrap_or_default();
        let buyer = GuestDetails { answers, ..buyer };
        Self { seats, least: seats, buyer, wanted: None, promo: None, names }
    }

    /// The same party with its answers in the order and writing of the event's questions.
    ///
    /// # Errors
    ///
    /// [`InvalidField`] names the first thing that the event asks for and the party lacks.
    pub fn answering(&self, asks: Asks, asked: &[Question]) -> Result<Self, InvalidField> {
        asks.check(&self.buyer)?;
        let answers = questions::answered(asked, &self.buyer.answers)?;
        Ok(Self { buyer: GuestDetails { answers, ..self.buyer.clone() }, ..self.clone() })
    }

    /// The ticket type that the buyer named, by name or id.
    #[must_use]
    pub fn wanted(&self) -> Option<&str> {
        self.wanted.as_deref()
    }

    /// The promo code that the buyer gave, in its one writing.
    #[must_use]
    pub fn promo(&self) -> Option<&str> {
        self.promo.as_deref()
    }

    /// What the buyer answered.
    #[must_use]
    pub fn answers(&self) -> &[Answer] {
        &self.buyer.answers
    }

    /// The same party with so many seats, and no others.
    #[must_use]
    pub fn holding(&self, seats: u32) -> Self {
        Self { seats, least: seats, ..self.clone() }
    }

    /// The largest number of seats that it takes and that there is, or the smallest that it takes.
    pub fn most_of(&self, is_there: impl Fn(u32) -> bool) -> u32 {
        let mut counts = (self.least..=self.seats).rev();
        counts.find(|count| is_there(*count)).unwrap_or(self.least)
    }

    /// Whether it takes fewer seats if not all are left.
    #[must_use]
    pub const fn is_flexible(&self) -> bool {
        self.least < self.seats
    }

    /// How many seats it takes at least.
    #[must_use]
    pub const fn least(&self) -> u32 {
        self.least
    }

    /// How many seats it has.
    #[must_use]
    pub const fn seats(&self) -> u32 {
        self.seats
    }

    /// The guest of each seat, in order. A ticket without a name of its own has the buyer's.
    pub fn guests(&self) -> impl Iterator<Item = (u32, GuestDetails)> + '_ {
        let names = self.names.iter().cloned().chain(std::iter::repeat(None));
        (1..=self.seats).zip(names).map(|(place, name)| {
            let name = name.or_else(|| self.buyer.name.clone());
            (place, GuestDetails { name, ..self.buyer.clone() })
        })
    }
}

/// A price for people: `$0.05`, or `Free`.
#[must_use]
pub fn price_in_words(price: Usdc) -> String {
    if price.is_zero() { "Free".to_owned() } else { format!("${price}") }
}

/// A number of seats for people: `1 seat`, `2 seats`.
#[must_use]
pub fn seats_in_words(seats: u32) -> String {
    if seats == 1 { "1 seat".to_owned() } else { format!("{seats} seats") }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(more: &Value) -> Result<Party, InvalidField> {
        let mut arguments = json!({"eventId": "evt_0123456789abcdef01234567"});
        let members = arguments.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        Party::read(&serde_json::from_value(arguments).unwrap())
    }

    #[test]
    fn one_seat_is_bought_unless_more_are_asked_for() {
        assert_eq!(read(&json!({})).unwrap().seats(), 1);
        assert_eq!(read(&json!({"seats": 10})).unwrap().seats(), 10);
        for seats in [0, 11, u32::MAX] {
            assert_eq!(read(&json!({"seats": seats})).unwrap_err().field, "seats");
        }
    }

    #[test]
    fn each_ticket_has_its_name_or_the_buyers() {
        let names = |more: &Value| -> Vec<Option<String>> {
            read(more).unwrap().guests().map(|(_, guest)| guest.name).collect()
        };
        let some = |name: &str| Some(name.to_owned());
        let two = json!({"seats": 3, "name": "Ada", "names": ["", "Bob"]});
        assert_eq!(names(&two), [some("Ada"), some("Bob"), some("Ada")]);
        assert_eq!(names(&json!({"seats": 2, "names": ["Ada"]})), [some("Ada"), some("Ada")]);
        assert_eq!(names(&json!({"seats": 2})), [None, None]);
        assert_eq!(read(&json!({"names": ["Ada", "Bob"]})).unwrap_err().field, "names");
        let long = json!({"names": ["x".repeat(201)]});
        assert_eq!(read(&long).unwrap_err().field, "names");
    }
}
