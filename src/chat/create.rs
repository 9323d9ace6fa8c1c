//! Collects the facts of a new event, one question at a time.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::fields::{CAPACITY_MAX, PRICE_MAX};
use crate::base::money::Usdc;
use crate::base::time::{TimeError, UnixSeconds};
use crate::chat::ceiling::dollars;
use crate::chat::text::{clean_line, quote, tokens, words};

const TITLE_CHARS_MAX: usize = 200;

/// The facts of a new event so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Draft {
    /// One line, at most 200 characters.
    pub title: Option<String>,
    pub starts_at: Option<UnixSeconds>,
    /// Number of seats; 0 for unlimited.
    pub capacity: Option<u32>,
    /// The price of a seat.
    pub price: Option<Usdc>,
}

impl Draft {
    /// The question for the first missing fact, or the arguments of `createEvent`.
    pub(super) fn next(&self) -> Result<Value, String> {
        let title = self.title.as_deref().ok_or("What is the title of the event?")?;
        let starts_at = self.starts_at.ok_or_else(|| {
            format!("When does {} start? For example 2027-03-01 18:30 (UTC), or with an offset, 2027-03-01T18:30:00+01:00.", quote(title))
        })?;
        let capacity = self.capacity.ok_or("How many seats does it have? 0 for unlimited.")?;
        let price = self.price.ok_or("What does a seat cost in dollars? For example 0.05.")?;
        Ok(json!({
            "title": title,
            "startsAt": starts_at.to_string(),
            "capacity": capacity,
            "price": price.to_string(),
        }))
    }

    /// Applies an answer to [`Self::next`]'s question. Returns what is wrong with an invalid one.
    pub(super) fn answer(mut self, text: &str) -> Result<Self, String> {
        if self.title.is_none() {
            self.title = Some(title(text)?);
        } else if self.starts_at.is_none() {
            self.starts_at = Some(moment(text)?);
        } else if self.capacity.is_none() {
            self.capacity = Some(capacity(text)?);
        } else if self.price.is_none() {
            self.price = Some(price(text)?);
        }
        Ok(self)
    }

    /// Whether every text is a valid answer to the question.
    pub(super) fn takes_any_text(&self) -> bool {
        self.title.is_none()
    }
}

/// A title from the user's text, without surrounding quotation marks.
pub(super) fn title(text: &str) -> Result<String, String> {
    let line = clean_line(text);
    let line = line.trim_matches(['"', '“', '”', '\'']).trim();
    if line.is_empty() {
        return Err("That is not a title.".to_owned());
    }
    if line.chars().count() > TITLE_CHARS_MAX {
        return Err(format!("A title has at most {TITLE_CHARS_MAX} characters."));
    }
    Ok(line.to_owned())
}

fn moment(text: &str) -> Result<UnixSeconds, String> {
    let text = text.trim().trim_end_matches(['.', '!']);
    let spaced = text.replace(['T', 't'], " ");
    let parts = tokens(&spaced);
    let read = match parts.as_slice() {
        [date, time] if time.raw.len() == 5 => {
            UnixSeconds::from_rfc3339(&format!("{}T{}:00Z", date.raw, time.raw))
        }
        _ => UnixSeconds::from_rfc3339(text),
    };
    read.map_err(|error| match error {
        TimeError::NotRfc3339 | TimeError::UnknownZone => {
            "I did not understand that time.".to_owned()
        }
        TimeError::OutOfRange => format!("The start {error}."),
    })
}

fn capacity(text: &str) -> Result<u32, String> {
    let said = words(text);
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    let number = match said.as_slice() {
        ["unlimited" | "no"] | ["no", "limit"] | ["unlimited", "seats"] => Some(0),
        [number] | [number, "seats" | "seat" | "people" | "guests" | "places"] => {
            number.parse().ok()
        }
        _ => None,
    };
    // `words` drops signs and points, which would change the number.
    let is_plain = !text.trim().trim_end_matches('.').contains(['-', '.', ',']);
    number
        .filter(|seats| is_plain && *seats <= CAPACITY_MAX)
        .ok_or_else(|| format!("I need a whole number of seats, at most {CAPACITY_MAX}."))
}

fn price(text: &str) -> Result<Usdc, String> {
    dollars(text)
        .filter(|price| !price.is_zero() && *price <= PRICE_MAX)
        .ok_or_else(|| "I need a price in dollars, more than 0 and at most 100000.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::EventId;
    use crate::products::events::input::CreateEvent;

    fn after(answers: &[&str]) -> Result<Draft, String> {
        answers.iter().try_fold(Draft::default(), |draft, answer| draft.answer(answer))
    }

    #[test]
    fn four_answers_make_an_event_that_the_server_accepts() {
        for (when, seats, price) in [
            ("2027-03-01 18:30", "20 seats", "$5"),
            ("2027-03-01T19:30:00+01:00", "20", "5.00 usdc"),
            ("2027-03-01T18:30", "20 people", "5 dollars"),
        ] {
            let draft = after(&["“Rust meetup”", when, seats, price]).unwrap();
            let arguments = draft.next().unwrap();
            let expected = json!({"title": "Rust meetup", "startsAt": "2027-03-01T18:30:00Z",
                "capacity": 20, "price": "5.00"});
            assert_eq!(arguments, expected);
            let input: CreateEvent = serde_json::from_value(arguments).unwrap();
            let id = EventId::parse("evt_000000000000000000000000").unwrap();
            assert!(input.into_event(id, UnixSeconds::new(0)).is_ok());
        }
    }

    #[test]
    fn an_answer_that_is_none_is_asked_for_again() {
        for answers in [
            vec!["\u{200b} \n"],
            vec!["T", "tomorrow"],
            vec!["T", "2027-13-01 18:30"],
            vec!["T", "1960-01-01 18:30"],
            vec!["T", "2027-03-01 18:30", "-5"],
            vec!["T", "2027-03-01 18:30", "1.5"],
            vec!["T", "2027-03-01 18:30", "1000001"],
            vec!["T", "2027-03-01 18:30", "5", "free"],
            vec!["T", "2027-03-01 18:30", "5", "0"],
            vec!["T", "2027-03-01 18:30", "5", "1 or 2"],
            vec!["T", "2027-03-01 18:30", "5", "100001"],
        ] {
            assert!(after(&answers).is_err(), "{answers:?}");
        }
        let long = "x".repeat(TITLE_CHARS_MAX + 1);
        assert!(after(&[&long]).is_err());
    }
}
