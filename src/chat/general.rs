//! The second reading, for what the grammar does not take: the words of a message are weighed by what they are about
//! (`topics.txt`), and the best answer that only shows something is given.
//!
//! Words that are not known are skipped, and one of them could be the decisive one. So nothing here buys, spends, sends or
//! changes anything: it is offered in words that the grammar takes ([`Missing::Offer`]), and the user says them or not.

use crate::base::id::TicketId;
use crate::chat::grammar::{GRAMMAR, Rule, class};
use crate::chat::intent::{Context, Intent, Missing, Purpose, Topic, say};
use crate::chat::naming::{named, spelled};
use crate::chat::offers::{chosen, commanded, needs, not_connected, which};
use crate::chat::pattern::{anywhere, begins, has_entry};
use crate::chat::said::{Word, said};
use crate::chat::search::Search;
use crate::chat::text::tokens;
use crate::chat::things::{Found, Item, Lists, find, picked};

mod closer;
mod offered;

pub(super) use closer::closer;
pub(super) use offered::accepted;

/// Longer messages are no wish in a few words.
const WORDS_MAX: usize = 60;
/// What a topic has to weigh.
const WEIGHT_MIN: u8 = 3;
/// What a day, a place or a price in a message weighs, and the cheapest or the next.
const WEIGHT_OF_LIMITS: u8 = 4;
const WEIGHT_OF_PICK: u8 = 6;
/// A greeting is one only in a message that says little else.
const GREETING_WORDS_MAX: usize = 8;
/// A short question is about what was talked about last: `and where?`
const ELLIPSIS_WORDS_MAX: usize = 9;
/// From this weight on a topic says more than a part of the message that the grammar takes.
const WEIGHT_OF_THE_SURE: u8 = 6;

/// What the second reading makes of a message.
pub(super) struct Heard {
    pub(super) intent: Intent,
    weight: u8,
}

impl Heard {
    /// Whether it says more than what the grammar makes of a part of the message.
    pub(super) fn is_sure(&self) -> bool {
        self.weight >= WEIGHT_OF_THE_SURE
    }

    /// Whether it is a list of some of the events of the other list, or of events instead of a question.
    pub(super) fn is_narrower(&self, other: &Intent) -> bool {
        let Intent::Events { ids, typed, .. } = &self.intent else { return false };
        let is_wide = if let Intent::Events { ids: all, .. } = other {
            ids.len() < all.len() && ids.iter().all(|id| all.contains(id))
        } else {
            let missing =
                if let Intent::Ask { missing, .. } = other { Some(missing) } else { None };
            matches!(missing, Some(Missing::Event { purpose: Purpose::Tell(_), .. }))
        };
        is_wide && !ids.is_empty() && !typed.is_empty()
    }

    /// Whether it is about one event or secret.
    pub(super) fn is_of_one(&self) -> bool {
        matches!(self.intent, Intent::Tell { .. })
    }
}

/// The grammar: the intent of words that are understood to the last one.
pub(super) type Grammar = fn(&str, &Context<'_>) -> Intent;

/// What a message is most likely about, if anything. Never an intent that costs, sends or changes something.
pub(super) fn read(text: &str, context: &Context<'_>, grammar: Grammar) -> Option<Heard> {
    let words = said(text);
    if words.len() > WORDS_MAX || text.contains(['"', '“', '”', '„']) {
        return None;
    }
    let empty = Lists::default();
    let lists = context.lists.unwrap_or(&empty);
    let words = spelled(&words, lists);
    let search = Search::asked(&words, text).of_known(lists);
    let items = Vec::new();
    let mut reading = Reading { text, words: &words, context, lists, search, items, grammar };
    reading.items = reading.meant();
    let (weight, rule) = reading.topic();
    let intent = reading.intent(rule).filter(shows_only)?;
    // An offer, or why there is none.
    let is_reason = matches!(intent, Intent::Say(_)) && !reading.refuses();
    let is_offer =
        is_reason || matches!(intent, Intent::Ask { missing: Missing::Offer { .. }, .. });
    let weight = if is_offer { weight.max(WEIGHT_OF_THE_SURE) } else { weight };
    Some(Heard { intent, weight })
}

/// Whether it costs nothing, sends nothing and changes nothing, whatever was meant.
fn shows_only(intent: &Intent) -> bool {
    intent.is_read_only()
        || matches!(
            intent,
            Intent::Hello
                | Intent::Thanks
                | Intent::Say(_)
                // Without a number it only asks for one.
                | Intent::Several { seats: None, .. }
                | Intent::Ask { missing: Missing::Offer { .. }, .. }
        )
}

struct Reading<'a> {
    text: &'a str,
    words: &'a [Word],
    context: &'a Context<'a>,
    lists: &'a Lists,
    search: Search,
    /// The things that are meant.
    items: Vec<Item<'a>>,
    grammar: Grammar,
}

impl<'a> Reading<'a> {
    fn intent(&self, rule: Option<Rule>) -> Option<Intent> {
        if self.items.is_empty() && self.has("aside") {
            return None;
        }
        if self.refuses() {
            return Some(say("All right, I bought nothing."));
        }
        match rule {
            None | Some(Rule::Limits | Rule::Balance | Rule::Spent) if self.asks_what_to_buy() => {
                self.events()
            }
            None | Some(Rule::Hello | Rule::Thanks) if self.is_count_of_seats() => self.purchase(),
            Some(Rule::Events) if self.items.is_empty() => self.events(),
            Some(Rule::Limits) if !self.items.is_empty() && self.amount().is_some() => {
                self.purchase()
            }
            Some(Rule::Limits) => Some(self.limit().unwrap_or(Intent::Limits)),
            Some(Rule::TicketStatus) => self.desk_status(),
            Some(Rule::Refund) => Some(Intent::Refund { event_id: self.event() }),
            Some(Rule::Tickets) => Some(Intent::Tickets { event_id: self.event() }),
            Some(Rule::Hello) if self.words.len() > self.greeting_words_max() => None,
            Some(Rule::Secrets) if self.has_one_of(&["other", "list", "all", "what", "which"]) => {
                commanded(Rule::Secrets, self.context)
            }
            Some(Rule::Secrets)
                if !self.items.is_empty() && self.is_about(|rule| rule == Rule::Buy) =>
            {
                if self.text.contains('?') { self.about(Topic::All) } else { self.purchase() }
            }
            Some(Rule::Secrets) if !self.items.is_empty() => self.about(Topic::All),
            Some(Rule::Seats) => self.about(Topic::Seats),
            Some(Rule::Price) => self.listed().or_else(|| self.about(Topic::Price)),
            Some(Rule::When) => self.about(Topic::When),
            Some(Rule::Where) => self.about(Topic::Where),
            Some(Rule::Tell | Rule::Events) if self.asks_for_a_day() => self.about(Topic::When),
            Some(Rule::Tell | Rule::Events) => self.listed().or_else(|| self.about(Topic::All)),
            Some(Rule::Buy) if self.asks_for_seats() => self.about(Topic::Seats),
            Some(Rule::Buy) => self.purchase(),
            Some(rule) => commanded(rule, self.context),
            None if self.items.is_empty() => None,
            None if self.asks_for_a_day() => self.about(Topic::When),
            None => self.listed().or_else(|| self.about(Topic::All)),
        }
    }

    /// The topic that weighs most, and how much; of equals the first of the table.
    fn topic(&self) -> (u8, Option<Rule>) {
        if !self.items.is_empty() && offered::is_buying(self.words) {
            return (WEIGHT_OF_THE_SURE, Some(Rule::Buy));
        }
        let mut best: (u8, Option<Rule>) = (0, None);
        for (rule, weight, entries) in &GRAMMAR.topics {
            // Beside the name of a thing, words for events and for the server say little: `who runs the workshop`.
            let is_named = !self.items.is_empty();
            let is_of_server = matches!(rule, Rule::Events | Rule::Status);
            let counts = if is_named { !is_of_server } else { !is_of_things(*rule) };
            if counts && *weight > best.0 && self.has_entry_of(entries) {
                best = (*weight, Some(*rule));
            }
        }
        let of_search = match (self.search.is_pick(), self.search.is_limited()) {
            _ if !self.items.is_empty() => 0,
            (true, _) => WEIGHT_OF_PICK,
            (false, true) => WEIGHT_OF_LIMITS,
            (false, false) => 0,
        };
        if of_search >= best.0.max(1) {
            return (of_search, Some(Rule::Events));
        }
        let is_greeting = best.1 == Some(Rule::Hello) && self.items.is_empty();
        if best.0 >= WEIGHT_MIN || is_greeting { best } else { (0, None) }
    }

    fn has_entry_of(&self, entries: &[&str]) -> bool {
        entries.iter().any(|entry| has_entry(entry, self.words))
    }

    fn is_about(&self, is_it: fn(Rule) -> bool) -> bool {
        let mut of_it = GRAMMAR.topics.iter().filter(|(rule, ..)| is_it(*rule));
        of_it.any(|(_, _, entries)| self.has_entry_of(entries))
    }

    /// The things that are named, or else pointed at, or else talked about last.
    fn meant(&self) -> Vec<Item<'a>> {
        let by_id = tokens(self.text).into_iter().find_map(|token| {
            let id = token.raw.trim_matches(|c: char| !c.is_alphanumeric());
            // A word may be the name of another thing.
            let is_code = id.contains(|c: char| c.is_ascii_digit() || c == '_');
            self.lists.by_id(id).filter(|_| is_code)
        });
        if let Some(item) = by_id {
            return vec![item];
        }
        let named = named(self.words, &self.search, self.lists, self.context.now);
        if !named.is_empty() {
            return named;
        }
        let seen = self.context.seen;
        let ordinal = self.words.iter().find_map(|word| {
            let is_number = word.text.parse::<u32>().is_ok();
            let is_count = matches!(word.text.as_str(), "two" | "three" | "four" | "five");
            let id = picked(&[&word.text], &seen.list).filter(|_| !is_number && !is_count)?;
            self.lists.by_id(id)
        });
        if let Some(item) = ordinal {
            return vec![item];
        }
        if self.search.is_limited() && !self.search.is_about_seats() {
            return self.only_one_to_buy().into_iter().collect();
        }
        let is_short = self.words.len() <= ELLIPSIS_WORDS_MAX;
        let is_ellipsis = is_short && (self.is_about(is_of_things) || self.count_alone());
        if !(self.points() || is_ellipsis && seen.it.is_some()) {
            return Vec::new();
        }
        match find(&said("it"), "it", self.lists, seen) {
            Found::One(item) => vec![item],
            Found::Several(items) => items,
            Found::NotNamed | Found::Unknown | Found::Id(_) => Vec::new(),
        }
    }

    /// The one event within the limits, if it is to be bought: `get me into something on Friday`.
    fn only_one_to_buy(&self) -> Option<Item<'a>> {
        let asks = [
            "what",
            "which",
            "any",
            "anything",
            "something",
            "where",
            "who",
            "is",
            "are",
            "see",
            "out",
            "events",
            "ones",
        ];
        let is_against = self.has_one_of(&["not", "never", "limit", "max", "maximum"]);
        if is_against || self.has_one_of(&asks) || !self.is_about(|rule| rule == Rule::Buy) {
            return None;
        }
        match self.search.run(self.lists, self.context.now).as_slice() {
            [event] => Some(Item::Event(event)),
            _ => None,
        }
    }

    /// Whether a word stands for what was shown: not as in `is there` and `this week`.
    fn points(&self) -> bool {
        let is_being = |text: &str| matches!(text, "is" | "are" | "was" | "be" | "anything");
        (0..self.words.len()).any(|place| {
            let around = (self.word(place.checked_sub(1)), self.word(place.checked_add(1)));
            match self.word(Some(place)) {
                "it" | "that" | "this" => true,
                "there" => !is_being(around.0) && !is_being(around.1),
                _ => false,
            }
        })
    }

    /// The event that is meant, if it is one.
    fn event(&self) -> Option<String> {
        match self.items.as_slice() {
            [Item::Event(event)] => Some(event.id.clone()),
            _ => None,
        }
    }

    fn about(&self, topic: Topic) -> Option<Intent> {
        match self.items.as_slice() {
            [] => None,
            [item] => Some(chosen(*item, Purpose::Tell(topic), self.context)),
            items => Some(which(items, Purpose::Tell(topic))),
        }
    }

    /// Several events that are asked for as a list: `any Python meetups?`
    fn listed(&self) -> Option<Intent> {
        let is_list = self.has_one_of(&["any", "which", "what", "are there", "list", "all"]);
        let ids: Option<Vec<String>> = self
            .items
            .iter()
            .map(|item| match item {
                Item::Event(event) => Some(event.id.clone()),
                Item::Secret(_) => None,
            })
            .collect();
        let ids = ids.filter(|ids| is_list && ids.len() > 1)?;
        Some(Intent::Events { ids, typed: String::new(), is_pick: false })
    }

    /// `is the jazz on Sunday or Saturday?`
    fn asks_for_a_day(&self) -> bool {
        matches!(self.word(Some(0)), "is" | "are" | "does" | "will")
            && self.word(Some(1)) != "there"
            && self.search.has_time()
    }

    /// `are tickets going fast?`, `will there be seats at the door?`
    fn asks_for_seats(&self) -> bool {
        let is_about =
            matches!(self.word(Some(0)), "are" | "does" | "has") || self.word(Some(1)) == "there";
        is_about && self.has_one_of(&["seat", "seats", "ticket", "tickets", "spots", "places"])
    }

    fn greeting_words_max(&self) -> usize {
        let greets = |word: &Word| matches!(word.text.as_str(), "hi" | "hello" | "hey" | "good");
        let is_first = self.words.first().is_some_and(greets);
        if is_first { GREETING_WORDS_MAX.saturating_mul(2) } else { GREETING_WORDS_MAX }
    }

    fn events(&self) -> Option<Intent> {
        if self.context.connected.is_none() {
            return Some(not_connected());
        }
        if let Some(fault) = needs("listEvents", self.context) {
            return Some(Intent::Say(fault));
        }
        if self.has_one_of(&["euro", "euros", "pounds", "pound", "yen", "eur", "gbp"])
            || self.text.contains(['€', '£', '¥'])
        {
            return Some(say("Prices here are in US dollars; say the amount in dollars."));
        }
        let search = self.search.clone();
        let search = self.amount().map_or(search.clone(), |amount| search.up_to(amount));
        let found = search.run(self.lists, self.context.now);
        let ids = found.into_iter().map(|event| event.id.clone()).collect();
        let is_pick = search.is_pick();
        Some(Intent::Events { ids, typed: search.typed, is_pick })
    }

    /// Offers to look a ticket of the helpdesk up, which the host may charge for.
    fn desk_status(&self) -> Option<Intent> {
        let mut ids = self.words.iter().filter_map(|word| TicketId::parse(&word.text).ok());
        let id = ids.next_back().map(|id| id.to_string());
        let say = match &id {
            Some(id) => format!("What is the status of ticket {id}?"),
            None => "What is the status of my ticket?".to_owned(),
        };
        let is_it =
            |intent: &Intent| matches!(intent, Intent::TicketStatus { id: asked } if *asked == id);
        self.offer("Shall I look up your ticket at the helpdesk?", (None, None), say, is_it)
    }

    /// The word at this place; empty if there is none.
    fn word(&self, place: Option<usize>) -> &str {
        place.and_then(|place| self.words.get(place)).map_or("", |word| word.text.as_str())
    }

    fn has(&self, name: &str) -> bool {
        self.has_one_of(class(name))
    }

    /// Whether one of the words or phrases is in the message.
    fn has_one_of(&self, known: &[&str]) -> bool {
        has_one(known, self.words)
    }
}

/// Whether one of the words or phrases is in the message.
fn has_one(known: &[&str], words: &[Word]) -> bool {
    anywhere(words, |rest| known.iter().any(|one| begins(rest, one).is_some()))
}

/// Whether it means something only beside the name of a thing.
fn is_of_things(rule: Rule) -> bool {
    matches!(rule, Rule::Seats | Rule::Price | Rule::When | Rule::Where | Rule::Buy | Rule::Tell)
}
