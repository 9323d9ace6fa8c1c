//! What a server sells, and the one that the user means.

use jiff::civil::DateTime;

use crate::base::id::EventId;
use crate::base::money::Usdc;
use crate::base::time::{UnixSeconds, ZoneName};
use crate::chat::said::{Word, normal};
use crate::chat::text::tokens;

/// Words that name nothing. None of them may reverse the meaning.
const FILLERS: &[&str] = &[
    "the", "a", "an", "to", "at", "for", "of", "in", "on", "event", "events", "seat", "seats",
    "ticket", "tickets", "spot", "place", "my", "me", "one", "ones", "now", "thanks", "this",
    "that", "called", "thing", "it", "same", "secret", "number", "option", "about", "them",
    "there",
];
/// Words for what was shown last.
const POINTERS: &[&str] = &["it", "that", "this", "one", "same", "them", "there"];

/// An event of the server. Untrusted: compared and quoted only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownEvent {
    /// The id that the server gives it.
    pub id: String,
    pub title: String,
    pub about: String,
    pub place: Option<String>,
    /// The price of a seat.
    pub price: Usdc,
    /// Seats that can still be sold; `None` if unlimited or unknown.
    pub seats_left: Option<u64>,
    pub starts_at: UnixSeconds,
    pub zone: ZoneName,
    /// Neither over nor cancelled.
    pub is_on_sale: bool,
}

/// A secret that the server sells. Untrusted, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownSecret {
    pub id: String,
    pub name: String,
    pub about: String,
    pub price: Usdc,
}

/// What the server lists at this moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lists {
    /// In the order of their start.
    pub(super) events: Vec<KnownEvent>,
    pub(super) secrets: Vec<KnownSecret>,
    /// Their words, events before secrets: a message is compared with them many times.
    index: Vec<Index>,
}

/// The words of an event or a secret, in their normal form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Index {
    title: Vec<String>,
    id: Vec<String>,
    about: Vec<String>,
    place: Vec<String>,
}

impl Index {
    /// Whether title or description have this word.
    pub(super) fn has(&self, asked: &str) -> bool {
        self.title.iter().chain(&self.about).any(|word| same(asked, word))
    }

    /// Whether the place has all of these words.
    pub(super) fn is_at(&self, place: &[String]) -> bool {
        place.iter().all(|word| self.place.contains(word))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    Event(&'a KnownEvent),
    Secret(&'a KnownSecret),
}

/// What was shown last, for `the second one` and `it`.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Seen {
    /// Ids in the order in which they were shown.
    pub list: Vec<String>,
    /// The one that was talked about.
    pub it: Option<String>,
}

/// The result of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// The words name nothing.
    NotNamed,
    /// Nothing that is known matches.
    Unknown,
    /// An id that is not in the lists. The server may know it.
    Id(String),
    One(Item<'a>),
    Several(Vec<Item<'a>>),
}

impl KnownEvent {
    /// When it starts, in its own zone.
    #[must_use]
    pub fn starts_here(&self) -> DateTime {
        self.starts_at.civil(&self.zone)
    }

    #[must_use]
    pub fn has_seats(&self) -> bool {
        self.seats_left != Some(0)
    }
}

impl<'a> Item<'a> {
    #[must_use]
    pub fn id(self) -> &'a str {
        match self {
            Self::Event(event) => &event.id,
            Self::Secret(secret) => &secret.id,
        }
    }

    #[must_use]
    pub fn title(self) -> &'a str {
        match self {
            Self::Event(event) => &event.title,
            Self::Secret(secret) => &secret.name,
        }
    }

    #[must_use]
    pub fn price(self) -> Usdc {
        match self {
            Self::Event(event) => event.price,
            Self::Secret(secret) => secret.price,
        }
    }
}

impl Lists {
    /// What a server lists, in this order.
    #[must_use]
    pub fn of(mut events: Vec<KnownEvent>, secrets: Vec<KnownSecret>) -> Self {
        events.sort_by_key(|event| event.starts_at);
        let index = |title: &str, id: &str, about: &str, place: &str| Index {
            title: normal(title),
            id: normal(id),
            about: normal(about),
            place: normal(place),
        };
        let places = |event: &KnownEvent| event.place.clone().unwrap_or_default();
        let of_events =
            events.iter().map(|event| index(&event.title, &event.id, &event.about, &places(event)));
        let of_secrets =
            secrets.iter().map(|secret| index(&secret.name, &secret.id, &secret.about, ""));
        let index = of_events.chain(of_secrets).collect();
        Self { events, secrets, index }
    }

    /// The events with their words.
    pub(super) fn indexed(&self) -> impl Iterator<Item = (&KnownEvent, &Index)> {
        self.events.iter().zip(&self.index)
    }

    /// The secrets of which title or description have all of these words.
    pub(super) fn secrets_about(&self, asked: &[&str]) -> Vec<&KnownSecret> {
        let all = self.secrets.iter().zip(self.index.iter().skip(self.events.len()));
        all.filter(|(_, index)| {
            asked.iter().all(|word| index.has(word) || index.id.iter().any(|id| id == word))
        })
        .map(|(secret, _)| secret)
        .collect()
    }

    /// What there is, with the words of its title.
    pub(super) fn titles(&self) -> impl Iterator<Item = (Item<'_>, &[String])> {
        self.all().map(|(item, index)| (item, index.title.as_slice()))
    }

    /// Whether a title or a description has this word.
    pub(super) fn is_in_text(&self, word: &str) -> bool {
        self.index.iter().any(|index| index.has(word))
    }

    /// What has this id.
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<Item<'_>> {
        let event = self.events.iter().find(|event| event.id == id).map(Item::Event);
        event.or_else(|| self.secrets.iter().find(|secret| secret.id == id).map(Item::Secret))
    }

    fn all(&self) -> impl Iterator<Item = (Item<'_>, &Index)> {
        self.events
            .iter()
            .map(Item::Event)
            .chain(self.secrets.iter().map(Item::Secret))
            .zip(&self.index)
    }
}

/// What the words name: by id, as what was shown, by the whole title, or by words that are all in the title.
/// `written` are the same words as they were typed.
pub(super) fn find<'a>(words: &[Word], written: &str, lists: &'a Lists, seen: &Seen) -> Found<'a> {
    let named: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    if let Some(found) = by_id(written, lists) {
        return found;
    }
    if let Some(id) = picked(&named, &seen.list) {
        return lists.by_id(id).map_or(Found::Unknown, Found::One);
    }
    let those = |is_it: &dyn Fn(&Index) -> bool| -> Vec<Item<'a>> {
        lists.all().filter(|(_, index)| is_it(index)).map(|(item, _)| item).collect()
    };
    let wanted = without_article(&named);
    if !named.is_empty()
        && let Some(found) = some(those(&|index| without_article(&index.title) == wanted))
    {
        return found;
    }
    let asked: Vec<&str> = named.iter().copied().filter(|word| !FILLERS.contains(word)).collect();
    if asked.is_empty() {
        let points = named.iter().any(|word| POINTERS.contains(word));
        return if points { pointed(lists, seen) } else { Found::NotNamed };
    }
    let has = |index: &Index, word: &str| {
        index.title.iter().chain(&index.id).any(|other| same(word, other))
    };
    some(those(&|index| asked.iter().all(|word| has(index, word)))).unwrap_or(Found::Unknown)
}

/// An id, if the words hold one and nothing else that could mean something.
fn by_id<'a>(written: &str, lists: &'a Lists) -> Option<Found<'a>> {
    let is_edge = |c: char| !c.is_alphanumeric() && c != '_' && c != '-';
    let parts = tokens(written);
    let ids = parts.iter().map(|part| part.raw.trim_matches(is_edge));
    let id = ids
        .clone()
        .find(|id| EventId::parse(id).is_ok() || (!id.is_empty() && lists.by_id(id).is_some()))?;
    let is_rest = |part: &&str| *part != id;
    if !ids.filter(is_rest).flat_map(normal).all(|word| FILLERS.contains(&word.as_str())) {
        // The id is also a word of a title, or something was said beside it.
        return None;
    }
    Some(lists.by_id(id).map_or_else(|| Found::Id(id.to_owned()), Found::One))
}

fn pointed<'a>(lists: &'a Lists, seen: &Seen) -> Found<'a> {
    if let Some(item) = seen.it.as_deref().and_then(|id| lists.by_id(id)) {
        return Found::One(item);
    }
    some(seen.list.iter().filter_map(|id| lists.by_id(id)).collect()).unwrap_or(Found::NotNamed)
}

fn some(found: Vec<Item<'_>>) -> Option<Found<'_>> {
    match found.as_slice() {
        [] => None,
        [one] => Some(Found::One(*one)),
        _ => Some(Found::Several(found)),
    }
}

fn without_article<T: AsRef<str>>(words: &[T]) -> Vec<&str> {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.as_slice() {
        ["the", rest @ ..] if !rest.is_empty() => rest.to_vec(),
        _ => words,
    }
}

/// The same word, or one is the plural of the other.
pub(super) fn same(a: &str, b: &str) -> bool {
    a == b || a.strip_suffix('s') == Some(b) || b.strip_suffix('s') == Some(a)
}

/// The one of a list that the words pick: `2`, `the second one`, `the last`.
pub(super) fn picked<'a>(words: &[&str], offered: &'a [String]) -> Option<&'a str> {
    let is_said = |word: &&&str| !FILLERS.contains(*word);
    let said: Vec<&str> = words.iter().filter(is_said).copied().collect();
    let place: usize = match said.as_slice() {
        [] if words == ["one"] => 1,
        ["last"] => offered.len(),
        [word] => match *word {
            "first" | "1st" => 1,
            "second" | "two" | "2nd" => 2,
            "third" | "three" | "3rd" => 3,
            "fourth" | "four" | "4th" => 4,
            "fifth" | "five" | "5th" => 5,
            number => number.parse().ok()?,
        },
        _ => return None,
    };
    offered.get(place.checked_sub(1)?).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::said::said;

    fn known(titles: &[&str]) -> Lists {
        let event = |(n, title): (usize, &&str)| KnownEvent {
            id: format!("evt_{n:024x}"),
            title: (*title).to_owned(),
            about: String::new(),
            place: None,
            price: Usdc::from_cents(5),
            seats_left: Some(3),
            starts_at: UnixSeconds::new(1_803_925_800),
            zone: ZoneName::utc(),
            is_on_sale: true,
        };
        Lists::of(titles.iter().enumerate().map(event).collect(), Vec::new())
    }

    fn found<'a>(query: &str, lists: &'a Lists, seen: &Seen) -> Found<'a> {
        find(&said(query), query, lists, seen)
    }

    fn title_of(query: &str, titles: &[&str]) -> Option<String> {
        let lists = known(titles);
        match found(query, &lists, &Seen::default()) {
            Found::One(item) => Some(item.title().to_owned()),
            Found::NotNamed | Found::Unknown | Found::Id(_) | Found::Several(_) => None,
        }
    }

    #[test]
    fn an_event_is_found_by_its_words_and_only_if_all_of_them_fit() {
        let titles = ["Rust Meetup", "Rust Meetup VIP", "Python night", "東京 集会", "What's on"];
        for (query, title) in [
            ("the RUST meetup!", Some("Rust Meetup")),
            ("vip", Some("Rust Meetup VIP")),
            ("pythons night", Some("Python night")),
            ("東京", Some("東京 集会")),
            ("whats on", Some("What's on")),
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
        let mut events = known(&["A", "B"]).events;
        events[1].id = "event-123".to_owned();
        let lists = Lists::of(events, Vec::new());
        let seen = Seen::default();
        assert_eq!(found("event-123.", &lists, &seen), Found::One(Item::Event(&lists.events[1])));
        let ours = format!("evt_{:024x}", 99);
        assert_eq!(found(&format!("event {ours}"), &lists, &seen), Found::Id(ours.clone()));
        assert_eq!(found(&format!("{ours} twice"), &lists, &seen), Found::Unknown);
    }

    #[test]
    fn two_events_of_one_name_are_never_guessed() {
        let lists = known(&["Rust meetup", "Rust  Meetup!"]);
        let both = lists.events.iter().map(Item::Event).collect();
        assert_eq!(found("rust meetup", &lists, &Seen::default()), Found::Several(both));
    }

    #[test]
    fn what_was_shown_is_named_by_its_place_and_it_is_what_was_talked_about() {
        let lists = known(&["A", "B", "C"]);
        let ids: Vec<String> = lists.events.iter().map(|event| event.id.clone()).collect();
        let mut seen = Seen { list: ids.clone(), it: Some(ids[2].clone()) };
        let one = |place: usize| Found::One(Item::Event(&lists.events[place]));
        for (query, place) in [
            ("the second one", 1),
            ("1", 0),
            ("number 3", 2),
            ("the last one", 2),
            ("it", 2),
            ("that one", 2),
        ] {
            assert_eq!(found(query, &lists, &seen), one(place), "{query}");
        }
        assert_eq!(found("the fifth", &lists, &seen), Found::Unknown);
        seen.it = None;
        assert!(matches!(found("it", &lists, &seen), Found::Several(all) if all.len() == 3));
        assert_eq!(found("it", &lists, &Seen::default()), Found::NotNamed);
        for none in ["0", "6", "the", "", "2 and 3", "99999999999999999999999"] {
            let words = normal(none);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            assert_eq!(picked(&words, &ids), None, "{none}");
        }
        assert_eq!(picked(&["one"], &ids), Some(ids[0].as_str()));
    }
}
