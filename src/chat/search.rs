//! Which events a message asks to see: `anything in Berlin this weekend under $1?`

use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::chat::ceiling::Ceiling;
use crate::chat::grammar::class;
use crate::chat::pattern::begins;
use crate::chat::said::{Word, as_written};
use crate::chat::things::{Index, KnownEvent, Lists};
use crate::chat::when::When;

mod phrases;

use phrases::{is_denied, is_departure, is_own_time, place, price, prices};

const ORDERS: &[(&str, Order)] = &[
    ("cheapest first", Order::ByPrice),
    ("sort them by price", Order::ByPrice),
    ("sorted by price", Order::ByPrice),
    ("sort by price", Order::ByPrice),
    ("by price", Order::ByPrice),
    ("cheap", Order::ByPrice),
    ("affordable", Order::ByPrice),
    ("inexpensive", Order::ByPrice),
    ("cheaper", Order::ByPrice),
    ("cheapest", Order::Cheapest),
    ("most affordable", Order::Cheapest),
    ("costs the least", Order::Cheapest),
    ("costs least", Order::Cheapest),
    ("bargain", Order::Cheapest),
    ("best price", Order::Cheapest),
    ("least expensive", Order::Cheapest),
    ("the less expensive", Order::Cheapest),
    ("less expensive", Order::ByPrice),
    ("lowest price", Order::Cheapest),
    ("lowest priced", Order::Cheapest),
    ("least costly", Order::Cheapest),
    ("most cheap", Order::Cheapest),
    ("as cheaply as possible", Order::Cheapest),
    ("as cheap as possible", Order::Cheapest),
    ("as little as possible", Order::Cheapest),
    ("cheaply", Order::ByPrice),
    ("the least i can pay", Order::Cheapest),
    ("least i can pay", Order::Cheapest),
    ("the least money", Order::Cheapest),
    ("cheapest possible", Order::Cheapest),
    ("lowest cost", Order::Cheapest),
    ("least price", Order::Cheapest),
    ("more cheap", Order::ByPrice),
    ("low cost", Order::ByPrice),
    ("most expensive", Order::Dearest),
    ("dearest", Order::Dearest),
    ("priciest", Order::Dearest),
    ("next", Order::Next),
    ("soonest", Order::Next),
    ("earliest", Order::Next),
    ("starts first", Order::Next),
    ("begins first", Order::Next),
    ("comes first", Order::Next),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// All of them, the cheapest first.
    ByPrice,
    Cheapest,
    Dearest,
    Next,
}

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Search {
    when: Option<When>,
    place: Vec<String>,
    /// The lowest price, beside the highest.
    floor: Usdc,
    ceiling: Option<Ceiling>,
    order: Option<Order>,
    has_seats: bool,
    /// Words that are looked for in titles and descriptions.
    topic: Vec<String>,
    /// Whether it says that events are meant.
    is_framed: bool,
    /// The limits as they were typed, one after the other.
    pub(super) typed: String,
}

/// One limit that the words begin with.
enum Limit {
    When(When),
    Place(Vec<String>),
    Ceiling(Ceiling),
    /// From one price to the other.
    Prices(Usdc, Ceiling),
    Order(Order),
    Seats,
}

impl Search {
    /// Reads all of the words as the name of something: a word that is not known counts. `message` is what they stand in.
    pub(super) fn read(words: &[Word], message: &str) -> Self {
        Self::of(words, message, |word| class("fillers").contains(&word))
    }

    /// Reads all of the words as a question for events, of which small words do not count.
    pub(super) fn asked(words: &[Word], message: &str) -> Self {
        Self::of(words, message, |word| {
            // What is mine is no event of the server.
            let is_small = !matches!(word, "my" | "mine") && class("small").contains(&word);
            class("fillers").contains(&word) || class("loose").contains(&word) || is_small
        })
    }

    fn of(words: &[Word], message: &str, is_filler: fn(&str) -> bool) -> Self {
        let mut search = Self::default();
        let mut rest = words;
        while let Some((first, after)) = rest.split_first() {
            let is_first = rest.len() == words.len();
            let own =
                is_first.then(|| class("own time").iter().find_map(|phrase| begins(rest, phrase)));
            if own.flatten().is_some() {
                // Who is free on Sunday asks for Sunday, not for what costs nothing.
                rest = after;
                continue;
            }
            if let Some(after) =
                class("without meaning").iter().find_map(|phrase| rest.get(begins(rest, phrase)?..))
            {
                rest = after;
                continue;
            }
            let before = words.get(..words.len().saturating_sub(rest.len())).unwrap_or_default();
            if first.text == "free" && search.has_time() && is_own_time(before) {
                rest = after;
                continue;
            }
            let is_denied = is_denied(before);
            if (is_denied || is_departure(before))
                && let Some((taken, when)) = When::read(rest)
                && (is_denied || search.add_end(when))
            {
                rest = rest.get(taken..).unwrap_or_default();
                continue;
            }
            if let Some((taken, limit)) = Limit::read(rest, message)
                && let Some((phrase, after)) = rest.split_at_checked(taken)
                && search.add(limit)
            {
                if !search.typed.is_empty() {
                    search.typed.push(' ');
                }
                search.typed.push_str(as_written(message, phrase));
                rest = after;
                continue;
            }
            search.is_framed |= class("triggers").contains(&first.text.as_str());
            if !is_filler(&first.text) {
                search.topic.push(first.text.clone());
            }
            rest = after;
        }
        search
    }

    /// The same without words and places that nothing on the server has.
    pub(super) fn of_known(mut self, lists: &Lists) -> Self {
        let is_at = |word: &String| has_place(lists, std::slice::from_ref(word));
        let has = |word: &String| lists.titles().any(|(_, title)| title.contains(word));
        self.topic.retain(|word| lists.is_in_text(word) || is_at(word));
        // A single word is a place that the server may not have, unless it is a name: `in the Rust meetup`.
        let is_one = self.place.len() == 1;
        let (place, other): (Vec<String>, Vec<String>) = self
            .place
            .drain(..)
            .partition(|word| is_at(word) || is_joint(word) || (is_one && !has(word)));
        self.place = place;
        self.topic.extend(other.into_iter().filter(has));
        self
    }

    /// The same up to this price, unless a price was named.
    pub(super) fn up_to(mut self, amount: Usdc) -> Self {
        if self.ceiling.is_none() {
            self.ceiling = Some(Ceiling::up_to(amount));
            let space = if self.typed.is_empty() { "" } else { " " };
            self.typed.push_str(&format!("{space}up to ${amount}"));
        }
        self
    }

    /// The same with the words after a place as what is looked for: `in Paris with friends`.
    pub(super) fn of_places(mut self, lists: &Lists) -> Self {
        let known = (1..self.place.len())
            .rev()
            .find(|length| self.place.get(..*length).is_some_and(|place| has_place(lists, place)));
        if let Some(length) = known.filter(|_| !has_place(lists, &self.place)) {
            self.topic.extend(self.place.split_off(length));
        }
        self
    }

    /// What is looked for in titles and descriptions.
    pub(super) fn topic(&self) -> impl Iterator<Item = &str> {
        self.topic.iter().map(String::as_str)
    }

    /// Whether the words ask for a list, and for nothing that is not understood.
    pub(super) fn is_list(&self, lists: &Lists) -> bool {
        let is_known = |word: &String| {
            let is_of = |index: &Index| index.has(word) || index.is_at(std::slice::from_ref(word));
            is_generic(word) || lists.indexed().any(|(_, index)| is_of(index))
        };
        match self.topic.is_empty() {
            true => self.is_framed || self.is_limited(),
            false if !self.topic.iter().all(is_known) => false,
            false => {
                self.is_framed
                    || self.is_limited()
                    || lists.indexed().any(|(_, index)| self.is_topic_of(index))
            }
        }
    }

    /// Whether it asks for everything that is on.
    pub(super) fn is_everything(&self) -> bool {
        self.is_framed && self.topic.is_empty() && !self.is_limited()
    }

    /// Whether all are looked for in another order, which names nothing.
    pub(super) fn is_sorted(&self) -> bool {
        self.order == Some(Order::ByPrice)
    }

    /// Whether something was said that is looked for in titles and descriptions.
    pub(super) fn has_topic(&self) -> bool {
        !self.topic.is_empty()
    }

    /// Whether seats are the only limit.
    pub(super) fn is_about_seats(&self) -> bool {
        self.has_seats && !Self { has_seats: false, ..self.clone() }.is_limited()
    }

    /// Whether a day or a time was named.
    pub(super) fn has_time(&self) -> bool {
        self.when.is_some()
    }

    pub(super) fn is_limited(&self) -> bool {
        self.order.is_some()
            || self.when.is_some()
            || !self.place.is_empty()
            || self.ceiling.is_some()
            || self.has_seats
    }

    /// Whether one event is looked for, not a list.
    pub(super) fn is_pick(&self) -> bool {
        self.order.is_some_and(|order| order != Order::ByPrice)
    }

    /// The events that fit, in the order of their start. If one is looked for, and several have the same price or start,
    /// these.
    pub(super) fn run<'a>(&self, lists: &'a Lists, now: UnixSeconds) -> Vec<&'a KnownEvent> {
        let is_said =
            |word: &&String| !is_generic(word) || lists.indexed().any(|(_, index)| index.has(word));
        let topic = self.topic.iter().filter(is_said).cloned().collect();
        let asked = Self { topic, ..self.clone() };
        let fits = lists.indexed().filter(|(event, index)| asked.fits(event, index, now));
        let mut found: Vec<&KnownEvent> = fits.map(|(event, _)| event).collect();
        let Some(order) = self.order else { return found };
        if order == Order::ByPrice {
            found.sort_by_key(|event| event.price);
            return found;
        }
        found.retain(|event| event.has_seats());
        let price = |event: &&KnownEvent| event.price;
        match order {
            Order::ByPrice => {}
            Order::Cheapest => {
                let least = found.iter().map(price).min();
                found.retain(|event| Some(event.price) == least);
            }
            Order::Dearest => {
                let most = found.iter().map(price).max();
                found.retain(|event| Some(event.price) == most);
            }
            Order::Next => {
                let first = found.iter().map(|event| event.starts_at).min();
                found.retain(|event| Some(event.starts_at) == first);
            }
        }
        found
    }

    fn fits(&self, event: &KnownEvent, index: &Index, now: UnixSeconds) -> bool {
        let start = event.starts_here();
        let minute =
            i16::from(start.hour()).saturating_mul(60).saturating_add(i16::from(start.minute()));
        let today = now.civil(&event.zone).date();
        event.is_on_sale
            && self.when.is_none_or(|when| when.includes(start.date(), minute, today))
            && event.price >= self.floor
            && self.ceiling.is_none_or(|ceiling| ceiling.allows(event.price))
            && (!self.has_seats || event.has_seats())
            && is_at_one(index, &self.place)
            && self.is_topic_of(index)
    }

    fn is_topic_of(&self, index: &Index) -> bool {
        self.topic.iter().all(|asked| index.has(asked) || index.is_at(std::slice::from_ref(asked)))
    }

    /// The last day of a stay; `false` if there is no first one.
    fn add_end(&mut self, end: When) -> bool {
        let stay = self.when.and_then(|when| when.through(end));
        self.when = stay.or(self.when);
        stay.is_some()
    }

    /// `false` if the same was said before, in other words.
    fn add(&mut self, limit: Limit) -> bool {
        match limit {
            Limit::When(when) => {
                let both = self.when.map_or(Some(when), |earlier| earlier.and(when));
                let is_new = both.is_some();
                self.when = both.or(self.when);
                is_new
            }
            Limit::Place(place) => {
                self.place.is_empty() && {
                    self.place = place;
                    true
                }
            }
            Limit::Ceiling(ceiling) => self.ceiling.replace(ceiling).is_none(),
            Limit::Prices(floor, ceiling) => {
                self.floor = floor;
                self.ceiling.replace(ceiling).is_none()
            }
            Limit::Order(order) => self.order.replace(order).is_none(),
            Limit::Seats => {
                self.has_seats = true;
                true
            }
        }
    }
}

/// Whether there is an event at this place.
fn has_place(lists: &Lists, place: &[String]) -> bool {
    lists.indexed().any(|(_, index)| is_at_one(index, place))
}

/// Whether it is at one of the places: `Berlin or Hamburg`.
fn is_at_one(index: &Index, places: &[String]) -> bool {
    places.split(|word| is_joint(word)).any(|place| index.is_at(place))
}

fn is_joint(word: &str) -> bool {
    matches!(word, "and" | "or")
}

/// Whether something is at a place of this name, and nothing is called so.
pub(super) fn is_only_place(lists: &Lists, word: &String) -> bool {
    has_place(lists, std::slice::from_ref(word)) && !lists.is_in_text(word)
}

/// Whether the word says nothing unless an event is called so.
pub(super) fn is_generic(word: &str) -> bool {
    class("generic").contains(&word)
}

impl Limit {
    fn read(words: &[Word], message: &str) -> Option<(usize, Self)> {
        if let Some((taken, when)) = When::read(words) {
            return Some((taken, Self::When(when)));
        }
        let seats = class("with seats").iter().filter_map(|phrase| begins(words, phrase)).max();
        if let Some(taken) = seats {
            return Some((taken, Self::Seats));
        }
        if let Some((taken, floor, ceiling)) = prices(words, message) {
            return Some((taken, Self::Prices(floor, ceiling)));
        }
        if let Some((taken, ceiling)) = price(words, message) {
            return Some((taken, Self::Ceiling(ceiling)));
        }
        let orders = ORDERS
            .iter()
            .filter_map(|(phrase, order)| Some((begins(words, phrase)?, *order)))
            .max_by_key(|(taken, _)| *taken);
        let order = orders.map(|(taken, order)| (taken, Self::Order(order)));
        order.or_else(|| place(words, message).map(|(taken, place)| (taken, Self::Place(place))))
    }
}
