//! Finds the event of a server that the user means.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::base::id::EventId;
use crate::base::money::Usdc;
use crate::base::time::{UnixSeconds, ZoneName};
use crate::chat::text::{quote, tokens, words};

/// Events shown at a time.
const SHOWN_MAX: usize = 5;

/// Words that name no event. None of them may reverse the meaning.
const FILLERS: &[&str] = &[
    "the", "a", "an", "to", "at", "for", "of", "in", "on", "event", "events", "seat", "ticket",
    "spot", "place", "please", "my", "me", "one", "now", "thanks", "this", "that", "called",
];

/// An event of the server. Untrusted: compared and quoted only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownEvent {
    /// The id that the server gives it.
    pub id: String,
    pub title: String,
    /// The price of a seat.
    pub price: Usdc,
    /// Seats that can still be sold; `None` if unlimited or unknown.
    pub seats_left: Option<u64>,
    pub starts_at: UnixSeconds,
}

/// The result of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// The query names nothing.
    NotNamed,
    /// No known event matches.
    Unknown,
    /// An event id that is not in the list. The server may know it.
    Id(String),
    /// Exactly one event matches.
    One(&'a KnownEvent),
    Several(Vec<&'a KnownEvent>),
}

/// The events that `query` names: by id, by the whole title, or by words that are all in the title.
pub(super) fn find<'a>(query: &str, events: &'a [KnownEvent]) -> Found<'a> {
    let is_edge = |c: char| !c.is_alphanumeric() && c != '_' && c != '-';
    let mut rest = String::new();
    let mut named: Option<&str> = None;
    for token in tokens(query) {
        let id = token.raw.trim_matches(is_edge);
        let is_id = EventId::parse(id).is_ok()
            || (!id.is_empty() && events.iter().any(|event| event.id == id));
        if is_id && named.is_none() {
            named = Some(id);
        } else {
            rest.push_str(token.raw);
            rest.push(' ');
        }
    }
    let all = words(&rest);
    let asked: Vec<&String> = all.iter().filter(|w| !FILLERS.contains(&w.as_str())).collect();
    match named {
        Some(id) if asked.is_empty() => {
            return events
                .iter()
                .find(|event| event.id == id)
                .map_or_else(|| Found::Id(id.to_owned()), Found::One);
        }
        // The id is also a word of a title.
        Some(_) | None => {}
    }
    let all = words(query);
    let without_article = |words: &[String]| match words {
        [first, rest @ ..] if first == "the" && !rest.is_empty() => rest.to_vec(),
        words => words.to_vec(),
    };
    let exact = |event: &&KnownEvent| {
        !all.is_empty() && without_article(&words(&event.title)) == without_article(&all)
    };
    let found: Vec<&KnownEvent> = events.iter().filter(exact).collect();
    if !found.is_empty() {
        return one_of(found);
    }
    let asked: Vec<&String> = all.iter().filter(|w| !FILLERS.contains(&w.as_str())).collect();
    if asked.is_empty() {
        return Found::NotNamed;
    }
    let has_all = |event: &&KnownEvent| {
        let title = words(&event.title);
        asked.iter().all(|word| title.iter().any(|other| same(word, other)))
    };
    one_of(events.iter().filter(has_all).collect())
}

fn one_of(found: Vec<&KnownEvent>) -> Found<'_> {
    match found.as_slice() {
        [] => Found::Unknown,
        [one] => Found::One(one),
        _ => Found::Several(found),
    }
}

/// The same word, or one is the plural of the other.
fn same(a: &str, b: &str) -> bool {
    a == b || a.strip_suffix('s') == Some(b) || b.strip_suffix('s') == Some(a)
}

/// The event that an answer to a numbered list picks: `2`, `the second one`.
pub(super) fn picked<'a>(answer: &str, offered: &'a [String]) -> Option<&'a str> {
    let said: Vec<String> = words(answer)
        .into_iter()
        .filter(|word| !matches!(word.as_str(), "the" | "number" | "one" | "please" | "no"))
        .collect();
    let place: usize = match said.as_slice() {
        [] if words(answer) == ["one"] => 1,
        [word] => match word.as_str() {
            "first" => 1,
            "second" | "two" => 2,
            "third" | "three" => 3,
            "fourth" | "four" => 4,
            "fifth" | "five" => 5,
            number => number.parse().ok()?,
        },
        _ => return None,
    };
    offered.get(place.checked_sub(1)?).map(String::as_str)
}

/// A numbered list for the user, and the ids in its order.
pub(super) fn listed<'a>(events: impl Iterator<Item = &'a KnownEvent>) -> (String, Vec<String>) {
    let mut text = String::new();
    let mut ids = Vec::new();
    let mut left_out = 0_usize;
    for event in events {
        if ids.len() >= SHOWN_MAX {
            left_out = left_out.saturating_add(1);
            continue;
        }
        ids.push(event.id.clone());
        // Writing to a String cannot fail.
        let _ = write!(text, "\n{}. {}", ids.len(), line(event));
    }
    if left_out > 0 {
        let _ = write!(text, "\nand {left_out} more");
    }
    (text, ids)
}

fn line(event: &KnownEvent) -> String {
    let seats = match event.seats_left {
        None => String::new(),
        Some(0) => ", full".to_owned(),
        Some(1) => ", 1 seat left".to_owned(),
        Some(seats) => format!(", {seats} seats left"),
    };
    let at = event.starts_at.to_words(&ZoneName::utc());
    format!("{}, {at}, ${}{seats}", quote(&event.title), event.price)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(titles: &[&str]) -> Vec<KnownEvent> {
        let event = |(n, title): (usize, &&str)| KnownEvent {
            id: format!("evt_{n:024x}"),
            title: (*title).to_owned(),
            price: Usdc::from_cents(5),
            seats_left: Some(3),
            starts_at: UnixSeconds::new(1_803_925_800),
        };
        titles.iter().enumerate().map(event).collect()
    }

    fn title_of(query: &str, titles: &[&str]) -> Option<String> {
        let events = known(titles);
        match find(query, &events) {
            Found::One(event) => Some(event.title.clone()),
            Found::NotNamed | Found::Unknown | Found::Id(_) | Found::Several(_) => None,
        }
    }

    #[test]
    fn an_event_is_found_by_its_words_and_only_if_all_of_them_fit() {
        let titles = ["Rust Meetup", "Rust Meetup VIP", "Python night", "東京 集会"];
        for (query, title) in [
            ("the RUST meetup!", Some("Rust Meetup")),
            ("vip", Some("Rust Meetup VIP")),
            ("pythons night", Some("Python night")),
            ("東京", Some("東京 集会")),
            ("rust", None),
            ("two seats at the python night", None),
            ("python night tomorrow", None),
            ("not the python night", None),
            ("the event", None),
            ("", None),
        ] {
            assert_eq!(title_of(query, &titles).as_deref(), title, "{query}");
        }
    }

    #[test]
    fn ids_of_this_server_and_of_our_form_are_ids() {
        let mut events = known(&["A", "B"]);
        events[1].id = "event-123".to_owned();
        assert_eq!(find("event-123.", &events), Found::One(&events[1]));
        let ours = format!("evt_{:024x}", 99);
        assert_eq!(find(&format!("event {ours}"), &events), Found::Id(ours.clone()));
        assert_eq!(find(&format!("{ours} twice"), &events), Found::Unknown);
    }

    #[test]
    fn two_events_of_one_name_are_never_guessed() {
        let events = known(&["Rust meetup", "Rust  Meetup!"]);
        assert_eq!(find("rust meetup", &events), Found::Several(events.iter().collect()));
    }

    #[test]
    fn a_numbered_list_is_answered_by_number() {
        let events = known(&["A", "B\n9. Pay all", "C", "D", "E", "F"]);
        let (text, ids) = listed(events.iter());
        assert_eq!(text.lines().count(), 7, "{text}");
        assert!(text.ends_with("and 1 more"));
        assert_eq!(picked("2", &ids), Some(ids[1].as_str()));
        assert_eq!(picked("the second one", &ids), Some(ids[1].as_str()));
        assert_eq!(picked("one", &ids), Some(ids[0].as_str()));
        for none in ["0", "6", "the", "", "2 and 3", "99999999999999999999999"] {
            assert_eq!(picked(none, &ids), None, "{none}");
        }
    }
}
