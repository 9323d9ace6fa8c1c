//! Rules with slots: what a message asks about what the server lists.

use crate::base::id::TicketId;
use crate::chat::ceiling;
use crate::chat::grammar::{GRAMMAR, Rule, class};
use crate::chat::intent::{Context, Intent, Per, Purpose, Topic, say};
use crate::chat::offers::{
    by_id, chosen, create, needs, not_connected, open_ticket, which, which_of_all,
};
use crate::chat::pattern::{Slots, begins, matches, slot};
use crate::chat::said::{Word, as_written, from_here, said};
use crate::chat::search::{Search, is_only_place};
use crate::chat::things::{Found, Item, find};
use crate::chat::when::When;

/// With one of them something is looked for, and not bought.
const LOOKING: &[&str] = &["see", "do", "know", "hear", "find", "out", "something", "anything"];

/// A message, or what is left of it without courtesies.
#[derive(Clone, Copy)]
pub(super) struct Message<'a> {
    pub(super) text: &'a str,
    pub(super) words: &'a [Word],
}

pub(super) fn by_rules(
    message: &Message<'_>,
    context: &Context<'_>,
    not_found: &mut Option<Intent>,
    is_wanted: fn(Rule) -> bool,
) -> Option<Intent> {
    for (rule, patterns) in GRAMMAR.requests.iter().filter(|(rule, _)| is_wanted(*rule)) {
        for pattern in patterns {
            let mut said = Said { message, context, not_found };
            if let Some(intent) =
                matches(pattern, message.words, &mut |slots| said.intent(*rule, slots))
            {
                return Some(intent);
            }
        }
    }
    None
}

/// One way to read a message.
pub(super) struct Said<'a, 'b> {
    pub(super) message: &'a Message<'a>,
    pub(super) context: &'a Context<'a>,
    /// What to answer if no other way makes sense.
    pub(super) not_found: &'b mut Option<Intent>,
}

impl Said<'_, '_> {
    fn intent(&mut self, rule: Rule, slots: &Slots<'_>) -> Option<Intent> {
        let limit = |per: Per| {
            Some(Intent::SetLimit {
                per,
                amount: ceiling::dollars(self.written(slot(slots, "amount")))?,
            })
        };
        match rule {
            Rule::LimitOfCall => limit(Per::Call),
            Rule::LimitOfDay => limit(Per::Day),
            Rule::LimitOfSession => limit(Per::Session),
            Rule::Refund => self.refund(slots),
            Rule::Tickets => self.tickets(slots),
            Rule::TicketStatus => {
                let id = self.written(slot(slots, "id")).trim_start_matches('#');
                TicketId::parse(id).ok().map(|id| Intent::TicketStatus { id: Some(id.to_string()) })
            }
            Rule::OpenTicket => Some(self.problem(slots)),
            Rule::SecretsNamed => self.secrets(slots),
            Rule::When => self.tell(slots, Topic::When),
            // `is it in the morning?`
            Rule::Where if When::read(slot(slots, "place")).is_some() => {
                self.tell(slots, Topic::When)
            }
            Rule::Where => self.tell(slots, Topic::Where),
            Rule::Price => self.tell(slots, Topic::Price),
            Rule::Seats => self.tell(slots, Topic::Seats),
            Rule::Tell => self.tell(slots, Topic::All),
            Rule::Several => self.several(slots),
            Rule::Buy => self.buy(slots),
            Rule::Analytics => self.analytics(slots),
            Rule::Create => {
                Some(create(from_here(self.message.text, slot(slots, "text")), self.context))
            }
            Rule::Hello
            | Rule::Thanks
            | Rule::Help
            | Rule::Disconnect
            | Rule::Tools
            | Rule::Status
            | Rule::Wallet
            | Rule::Balance
            | Rule::Spent
            | Rule::Limits
            | Rule::Payment
            | Rule::Secrets
            | Rule::Contact
            | Rule::Events
            | Rule::Connect => None,
        }
    }

    fn written(&self, words: &[Word]) -> &str {
        as_written(self.message.text, words)
    }

    /// What the words name. Words that are no title may still mean exactly one event: `the jazz on Sunday`.
    fn find(&self, words: &[Word], picks: bool) -> Option<Found<'_>> {
        let lists = self.context.lists?;
        let found = find(words, self.written(words), lists, self.context.seen);
        if found != Found::Unknown {
            return Some(found);
        }
        let search = Search::read(words, self.message.text);
        let is_meant = !search.is_sorted() && (search.has_topic() || (picks && search.is_pick()));
        if !is_meant {
            return Some(found);
        }
        let events = search.run(lists, self.context.now);
        Some(match events.as_slice() {
            [] => Found::Unknown,
            [event] => Found::One(Item::Event(event)),
            _ => Found::Several(events.into_iter().map(Item::Event).collect()),
        })
    }

    /// Does something with the one thing that the words name, or asks which one.
    pub(super) fn with(&mut self, words: &[Word], purpose: Purpose) -> Option<Intent> {
        if self.context.connected.is_none() {
            return Some(not_connected());
        }
        // Who wants to see the next one buys nothing yet.
        let looks = |word: &Word| LOOKING.contains(&word.text.as_str());
        let picks =
            matches!(purpose, Purpose::Rsvp(_) | Purpose::Analytics) && !words.iter().any(looks);
        let context = self.context;
        let intent = match self.find(words, picks) {
            None => Some(Intent::Look),
            Some(Found::One(item)) => Some(chosen(item, purpose, context)),
            Some(Found::Id(id)) => Some(by_id(id, purpose, context)),
            Some(Found::Several(items)) => Some(which(&items, purpose)),
            Some(Found::NotNamed) => Some(which_of_all(purpose, context)),
            Some(Found::Unknown) => None,
        };
        if intent.is_none() && self.not_found.is_none() {
            *self.not_found = Some(Intent::NotFound { name: self.written(words).to_owned() });
        }
        intent
    }

    fn tell(&mut self, slots: &Slots<'_>, topic: Topic) -> Option<Intent> {
        let thing = slot(slots, "thing");
        if thing.is_empty() {
            let it = said("it");
            let found = self.context.lists.map(|lists| find(&it, "it", lists, self.context.seen));
            return match found {
                None => self.context.connected.map(|_| Intent::Look),
                Some(Found::One(item)) => Some(chosen(item, Purpose::Tell(topic), self.context)),
                Some(Found::Several(items)) => Some(which(&items, Purpose::Tell(topic))),
                Some(Found::NotNamed | Found::Unknown | Found::Id(_)) => None,
            };
        }
        // `what about Paris?` asks for all that is there.
        let is_place =
            |word: &Word| self.context.lists.is_some_and(|lists| is_only_place(lists, &word.text));
        if topic == Topic::All && thing.iter().all(is_place) {
            return None;
        }
        self.with(thing, Purpose::Tell(topic))
    }

    fn buy(&mut self, slots: &Slots<'_>) -> Option<Intent> {
        let thing = slot(slots, "thing");
        let written = self.written(thing).to_owned();
        let mut is_conditional = false;
        let mut limited = None;
        for (before, condition) in ceiling::divisions(&written) {
            let Some(condition) = condition else { continue };
            let before = said(before);
            // A title must not swallow a condition. The condition applies whatever the events are called.
            if let Ok(ceiling) = ceiling::read(condition) {
                let message = Message { text: &written, words: &before };
                let mut inner =
                    Said { message: &message, context: self.context, not_found: self.not_found };
                limited = Some(inner.with(&before, Purpose::Rsvp(Some(ceiling))));
                break;
            }
            let lists = self.context.lists?;
            let names = find(&before, as_written(&written, &before), lists, self.context.seen);
            let is_named = matches!(names, Found::One(_) | Found::Several(_) | Found::Id(_));
            is_conditional |= is_named && ceiling::is_condition(condition);
        }
        let intent = limited.unwrap_or_else(|| self.with(thing, Purpose::Rsvp(None)));
        if intent.is_none() && is_conditional {
            let text = "I did not understand the condition, so I did nothing. Say it like this: rsvp to the Rust meetup if it costs less than $0.10";
            *self.not_found = Some(say(text));
        }
        intent
    }

    fn several(&mut self, slots: &Slots<'_>) -> Option<Intent> {
        let number = slot(slots, "num");
        if !number.is_empty() && !is_several(number) {
            return None;
        }
        let one = self.buy(slots)?;
        Some(if let Intent::Rsvp { event_id, max_price } = one {
            Intent::Several { event_id, seats: count_in(number), max_price }
        } else {
            one
        })
    }

    fn refund(&self, slots: &Slots<'_>) -> Option<Intent> {
        let is_refund = self
            .message
            .words
            .iter()
            .any(|word| matches!(word.text.as_str(), "refund" | "money" | "ticket"));
        let Some(found) = self.find(slot(slots, "thing"), false) else { return Some(Intent::Look) };
        match found {
            Found::One(item) => Some(Intent::Refund { event_id: Some(item.id().to_owned()) }),
            Found::NotNamed | Found::Unknown | Found::Id(_) | Found::Several(_) => {
                is_refund.then_some(Intent::Refund { event_id: None })
            }
        }
    }

    fn tickets(&self, slots: &Slots<'_>) -> Option<Intent> {
        let is_own = self.message.words.iter().any(|word| matches!(word.text.as_str(), "my" | "i"));
        let Some(found) = self.find(slot(slots, "thing"), false) else { return Some(Intent::Look) };
        match found {
            Found::One(item) => Some(Intent::Tickets { event_id: Some(item.id().to_owned()) }),
            Found::NotNamed | Found::Unknown | Found::Id(_) | Found::Several(_) => {
                is_own.then_some(Intent::Tickets { event_id: None })
            }
        }
    }

    /// What a ticket is about: `I have` is no part of it, and `a problem with …` is.
    fn problem(&self, slots: &Slots<'_>) -> Intent {
        let words = self.message.words;
        let places = || (0..words.len()).filter_map(|place| words.get(place..));
        let is_trouble =
            |rest: &&[Word]| class("trouble").iter().any(|phrase| begins(rest, phrase).is_some());
        let rest = slot(slots, "text");
        // Who raises an issue about something names it after that.
        let is_raised = |found: &&[Word]| {
            let before = words.len().checked_sub(found.len()).and_then(|at| at.checked_sub(1));
            let before = before.and_then(|at| words.get(at)).map(|word| word.text.as_str());
            before.is_some_and(|before| class("open").contains(&before))
        };
        let text = places()
            .find(is_trouble)
            .filter(|found| found.len() > rest.len() && !is_raised(found))
            .unwrap_or(rest);
        let text = from_here(self.message.text, text).trim_matches(['"', '“', '”', '„']);
        let text = ["pls", "please"].iter().find_map(|end| text.strip_suffix(end)).unwrap_or(text);
        open_ticket(text.trim(), self.context)
    }

    /// Whether the server sells a secret of this name.
    fn secrets(&self, slots: &Slots<'_>) -> Option<Intent> {
        let thing = slot(slots, "thing");
        let Some(lists) = self.context.lists else { return Some(Intent::Look) };
        let is_asked = |word: &&Word| {
            let is_around =
                matches!(word.text.as_str(), "secret" | "secrets" | "buy" | "available" | "sale");
            !is_around && !class("small").contains(&word.text.as_str())
        };
        let asked: Vec<&str> =
            thing.iter().filter(is_asked).map(|word| word.text.as_str()).collect();
        let ids: Vec<String> =
            lists.secrets_about(&asked).into_iter().map(|secret| secret.id.clone()).collect();
        let is_sale = self
            .message
            .words
            .iter()
            .any(|word| matches!(word.text.as_str(), "sell" | "secret" | "secrets"));
        let is_list = Search::asked(thing, self.message.text).is_list(lists);
        let is_meant = !asked.is_empty() && if ids.is_empty() { is_sale && !is_list } else { true };
        is_meant.then(|| Intent::Secrets { ids, typed: self.written(thing).to_owned() })
    }

    fn analytics(&mut self, slots: &Slots<'_>) -> Option<Intent> {
        if let Some(fault) = needs("getEventAnalytics", self.context) {
            return Some(say(fault));
        }
        self.with(slot(slots, "thing"), Purpose::Analytics)
    }
}

/// The number that the words say, if it is above one and they say exactly one.
pub(super) fn count_in(words: &[Word]) -> Option<u32> {
    const WORDS: &[(&str, u32)] = &[
        ("two", 2),
        ("couple", 2),
        ("pair", 2),
        ("both", 2),
        ("twice", 2),
        ("three", 3),
        ("four", 4),
        ("five", 5),
        ("six", 6),
        ("seven", 7),
        ("eight", 8),
        ("nine", 9),
        ("ten", 10),
        ("twelve", 12),
    ];
    let of = |word: &Word| {
        let known = WORDS.iter().find(|(name, _)| *name == word.text);
        let digits = || word.text.trim_matches('x').parse().ok();
        known.map(|(_, number)| *number).or_else(digits)
    };
    let mut numbers = words.iter().filter_map(of);
    let first = numbers.next().filter(|number| *number > 1);
    first.filter(|_| numbers.next().is_none())
}

/// Whether the words are a number above one.
fn is_several(words: &[Word]) -> bool {
    const NUMBERS: &[&str] = &[
        "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve", "couple",
        "few", "several", "some", "both", "many", "dozen",
    ];
    let is_number = |word: &Word| {
        NUMBERS.contains(&word.text.as_str())
            || word.text.trim_matches('x').parse::<u32>().is_ok_and(|number| number > 1)
    };
    let is_around = |word: &Word| matches!(word.text.as_str(), "a" | "of" | "the" | "us" | "for");
    words.iter().any(is_number) && words.iter().all(|word| is_number(word) || is_around(word))
}
