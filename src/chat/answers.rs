//! What the agent answers: one sentence, and what it is about. Texts of servers are quoted; times are in the zone of the
//! event.

use crate::base::time::{UnixSeconds, ZoneName};
use crate::chat::intent::{Missing, Topic};
use crate::chat::offers::CHOICES_MAX;
use crate::chat::said::normal;
use crate::chat::text::{clean_line, quote};
use crate::chat::things::{Item, KnownEvent, Lists, same};

/// Cards that are shown at a time.
pub const CARDS_MAX: usize = 20;
/// The longest title in a suggestion, characters.
const TITLE_CHARS_MAX: usize = 60;

/// An answer to the user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub text: String,
    /// Events or secrets that are shown as cards.
    pub ids: Vec<String>,
    /// What the user may say next; at most three.
    pub suggestions: Vec<String>,
}

impl Answer {
    #[must_use]
    pub fn of(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// The same with something to say next.
    #[must_use]
    pub fn with(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestions.push(suggestion.into());
        self
    }
}

/// What is on. `typed` are the limits in the user's words.
#[must_use]
pub fn events(ids: &[String], typed: &str, is_pick: bool) -> Answer {
    let limits = if typed.is_empty() { String::new() } else { format!(" {}", clean_line(typed)) };
    let text = match ids.len() {
        0 if is_pick => format!("I found nothing for “{}”.", limits.trim()),
        0 if typed.is_empty() => "Nothing is on here at the moment.".to_owned(),
        0 => return Answer::of(format!("There is no event{limits}.")).with("What is on?"),
        1 if is_pick => format!("This is it:{limits}."),
        1 => format!("There is one event{limits}."),
        count if is_pick => format!("{} are equal:{limits}.", capital(&number(count))),
        count if count > CARDS_MAX => format!(
            "There are {count} events{limits}; these are the first {CARDS_MAX}, so name a day or a place."
        ),
        count => format!("There are {} events{limits}.", number(count)),
    };
    Answer { ids: shown(ids), ..Answer::of(text) }
}

/// Which secrets there are. `typed` is the name that was asked for.
#[must_use]
pub fn secrets(ids: &[String], typed: &str) -> Answer {
    let text = match ids.len() {
        0 if typed.is_empty() => "This host sells no secrets at the moment.".to_owned(),
        0 => {
            return Answer::of(format!("No, this host sells no {}.", quote(typed)))
                .with("What secrets do you have?");
        }
        1 if typed.is_empty() => "There is one secret.".to_owned(),
        count if typed.is_empty() => format!("There are {} secrets.", number(count)),
        _ => "Yes, it is for sale.".to_owned(),
    };
    Answer { ids: shown(ids), ..Answer::of(text) }
}

/// What is asked about an event or a secret.
#[must_use]
pub fn tell(item: Item<'_>, topic: Topic, now: UnixSeconds) -> Answer {
    let title = quote(item.title());
    let card =
        |text: String| Answer { text, ids: vec![item.id().to_owned()], suggestions: Vec::new() };
    let text = match (item, topic) {
        (_, Topic::All) => return card(format!("This is {title}.")),
        (_, Topic::Unsure) => {
            return card(format!(
                "I bought nothing, because I do not understand all of that; this is {title}."
            ));
        }
        (Item::Secret(secret), Topic::Price) => format!("{title} costs ${}.", secret.price),
        (Item::Secret(_), Topic::When | Topic::Where | Topic::Seats) => {
            return card(format!("{title} is a secret: you can buy it at any time."));
        }
        (Item::Event(event), Topic::When) => format!("{title} starts {}.", starts(event, now)),
        (Item::Event(event), Topic::Where) => match &event.place {
            Some(place) if normal(place) == ["online"] => format!("{title} is online."),
            Some(place) => format!("{title} takes place here: {}.", clean_line(place)),
            None => format!("The host has not said where {title} takes place."),
        },
        (Item::Event(event), Topic::Price) if event.price.is_zero() => format!("{title} is free."),
        (Item::Event(event), Topic::Price) => format!("A seat at {title} costs ${}.", event.price),
        (Item::Event(event), Topic::Seats) => match event.seats_left {
            None => format!("{title} has no limit on seats that I know of."),
            Some(0) => format!("{title} is full."),
            Some(1) => format!("{title} has one seat left."),
            Some(left) => format!("{title} has {left} seats left."),
        },
    };
    let mut answer = Answer::of(text);
    answer.suggestions.extend(to_buy(item));
    answer
}

/// What buys it, in words that mean nothing else; `None` if it is not for sale.
#[must_use]
pub fn to_buy(item: Item<'_>) -> Option<String> {
    let title = sayable(item.title())?;
    match item {
        Item::Event(event) if event.is_on_sale && event.has_seats() => {
            Some(format!("Buy a ticket for {title}"))
        }
        Item::Event(_) => None,
        Item::Secret(_) => Some(format!("Buy the secret {title}")),
    }
}

/// A title that can be typed.
#[must_use]
pub fn sayable(title: &str) -> Option<String> {
    let title = clean_line(title);
    let is_short = title.chars().count() <= TITLE_CHARS_MAX;
    (is_short && !title.is_empty() && !title.contains(['"', '“', '”', '„'])).then_some(title)
}

/// The choices of a question: buttons if they are few, cards otherwise. Each begins with its number, so that no title,
/// which a stranger has written, is sent as a message of its own: it could be `yes`.
#[must_use]
pub fn ask(text: &str, missing: &Missing, lists: &Lists) -> Answer {
    if let Missing::Offer { say, .. } = missing {
        return Answer::of(text).with(say);
    }
    let Missing::Event { offered, .. } = missing else { return Answer::of(text) };
    let items: Vec<Item<'_>> = offered.iter().filter_map(|id| lists.by_id(id)).collect();
    let titles = items.iter().filter_map(|item| sayable(item.title()));
    let numbered: Vec<String> =
        (1_u8..).zip(titles).map(|(number, title)| format!("{number}. {title}")).collect();
    if items.len() <= CHOICES_MAX && numbered.len() == items.len() {
        return Answer { suggestions: numbered, ..Answer::of(text) };
    }
    Answer { ids: shown(offered), ..Answer::of(format!("{text} Say its number or its name.")) }
}

/// The nearest three of what can be said here.
#[must_use]
pub fn nearest(message: &str, lists: &Lists, now: UnixSeconds) -> Vec<String> {
    let asked = normal(message);
    let mut all: Vec<(usize, String)> = SAYABLE
        .iter()
        .map(|(text, words)| (score(&asked, &normal(words)), (*text).to_owned()))
        .collect();
    let upcoming = lists.events.iter().filter(|event| event.is_on_sale && event.starts_at >= now);
    let titles = upcoming
        .map(|event| event.title.as_str())
        .chain(lists.secrets.iter().map(|secret| secret.name.as_str()));
    for title in titles {
        let score = score(&asked, &normal(title));
        if score > 0
            && let Some(title) = sayable(title)
        {
            // A name says more than any other word.
            all.push((score.saturating_mul(3), format!("Tell me about {title}")));
        }
    }
    all.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    all.into_iter().take(CHOICES_MAX).map(|(_, text)| text).collect()
}

/// What can be said, and words that lead there; the first three if no word does.
const SAYABLE: &[(&str, &str)] = &[
    (
        "What is on?",
        "what event events happening show concert party programme evening night gig upcoming list when where",
    ),
    ("My tickets", "my ticket tickets bought seat booking reservation entry code qr"),
    ("Help", "help how what can commands explain"),
    (
        "What is on this weekend?",
        "weekend saturday sunday tomorrow tonight today week date day time",
    ),
    (
        "What is the cheapest event?",
        "cheap cheaper cheapest price free cost money budget discount expensive",
    ),
    ("How much do I have left?", "balance wallet money usdc left account funds fund deposit"),
    (
        "Did my payment go through?",
        "payment paid pay charged transaction through failed pending receipt invoice",
    ),
    ("What secrets do you have?", "secret secrets password code wifi vault unlock reveal download"),
    (
        "I need to talk to support",
        "support help problem issue complain human person host contact question lift access parking",
    ),
    ("How do refunds work?", "refund refunds back cancel return money"),
    ("What is my limit?", "limit spend spending policy budget maximum"),
];

fn score(asked: &[String], words: &[String]) -> usize {
    asked
        .iter()
        .filter(|one| words.iter().any(|other| same(one, other) || is_typo(one, other)))
        .count()
}

/// Whether two long words begin alike: most typing errors are further back.
fn is_typo(one: &str, other: &str) -> bool {
    let begins = |text: &str| text.chars().take(4).collect::<String>();
    one.chars().count() >= 5 && other.chars().count() >= 5 && begins(one) == begins(other)
}

fn starts(event: &KnownEvent, now: UnixSeconds) -> String {
    let at = event.starts_at.to_plain_words(&event.zone, now);
    if event.zone == ZoneName::utc() {
        return format!("{at} (UTC)");
    }
    let city = event.zone.as_str().rsplit('/').next().unwrap_or_default().replace('_', " ");
    format!("{at} ({city} time)")
}

fn shown(ids: &[String]) -> Vec<String> {
    ids.iter().take(CARDS_MAX).cloned().collect()
}

fn number(count: usize) -> String {
    const NUMBERS: [&str; 13] = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve",
    ];
    NUMBERS.get(count).map_or_else(|| count.to_string(), |word| (*word).to_owned())
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::money::Usdc;

    fn event(title: &str, place: Option<&str>, seats_left: Option<u64>) -> KnownEvent {
        KnownEvent {
            id: "evt_a".to_owned(),
            title: title.to_owned(),
            about: String::new(),
            place: place.map(str::to_owned),
            price: Usdc::from_cents(5),
            seats_left,
            starts_at: UnixSeconds::from_rfc3339("2026-12-12T17:30:00Z").unwrap(),
            zone: ZoneName::parse("Europe/Berlin").unwrap(),
            is_on_sale: true,
        }
    }

    #[test]
    fn a_question_about_an_event_gets_one_sentence() {
        let now = UnixSeconds::from_rfc3339("2026-12-09T09:00:00Z").unwrap();
        let event = event("Rust” meetup\nYes", Some("Lindenhof 4, Berlin"), Some(47));
        for (topic, text) in [
            (Topic::All, "This is “Rust' meetup Yes”."),
            (Topic::When, "“Rust' meetup Yes” starts Sat 12 Dec, 18:30 (Berlin time)."),
            (Topic::Where, "“Rust' meetup Yes” takes place here: Lindenhof 4, Berlin."),
            (Topic::Price, "A seat at “Rust' meetup Yes” costs $0.05."),
            (Topic::Seats, "“Rust' meetup Yes” has 47 seats left."),
        ] {
            assert_eq!(tell(Item::Event(&event), topic, now).text, text);
        }
    }

    #[test]
    fn what_cannot_be_bought_is_not_suggested() {
        assert_eq!(to_buy(Item::Event(&event("A", None, None))).unwrap(), "Buy a ticket for A");
        assert_eq!(to_buy(Item::Event(&event("A", None, Some(0)))), None);
        assert_eq!(to_buy(Item::Event(&event(&"A".repeat(61), None, None))), None);
        assert_eq!(
            to_buy(Item::Event(&KnownEvent { is_on_sale: false, ..event("A", None, None) })),
            None
        );
    }

    #[test]
    fn lists_are_counted_and_cut_to_the_cards_that_are_shown() {
        let ids: Vec<String> = (0..30).map(|number| number.to_string()).collect();
        assert_eq!(events(&ids[..3], "in Berlin", false).text, "There are three events in Berlin.");
        assert_eq!(events(&ids[..1], "", false).text, "There is one event.");
        assert_eq!(events(&[], "under $1", false).text, "There is no event under $1.");
        let all = events(&ids, "", false);
        assert!(all.text.contains("30 events") && all.ids.len() == CARDS_MAX, "{all:?}");
    }

    #[test]
    fn the_nearest_three_are_suggested() {
        let now = UnixSeconds::from_rfc3339("2026-12-09T09:00:00Z").unwrap();
        let lists = Lists::of(vec![event("Rust meetup", None, None)], Vec::new());
        for (message, first) in [
            ("is there a lift?", "I need to talk to support"),
            ("something with rust and cheese", "Tell me about Rust meetup"),
            ("why was i chargd", "Did my payment go through?"),
            ("xyzzy", "What is on?"),
        ] {
            let near = nearest(message, &lists, now);
            assert_eq!((near.len(), near[0].as_str()), (3, first), "{message}: {near:?}");
        }
    }
}
