//! What is offered instead of done: a purchase, a limit. The offer says what it costs.

use crate::base::money::Usdc;
use crate::chat::answers::to_buy;
use crate::chat::ceiling::{self, Ceiling};
use crate::chat::general::{Reading, has_one};
use crate::chat::grammar::class;
use crate::chat::intent::{Context, Intent, Missing, Per, Purpose, Topic, say};
use crate::chat::offers::chosen;
use crate::chat::pattern::{anywhere, begins};
use crate::chat::reading::count_in;
use crate::chat::said::{Word, as_written, normal, said};
use crate::chat::text::quote;
use crate::chat::things::Item;

/// What was offered, at the price that was offered: the server may list another one by now.
pub(in crate::chat) fn accepted(intent: Intent, max: Option<Usdc>) -> Intent {
    if let Intent::Rsvp { event_id, max_price: None } = intent {
        return Intent::Rsvp { event_id, max_price: max };
    }
    if let Intent::BuySecret { secret_id, max_price: None } = intent {
        return Intent::BuySecret { secret_id, max_price: max };
    }
    if let Intent::Several { event_id, seats, max_price: None } = intent {
        return Intent::Several { event_id, seats, max_price: max };
    }
    intent
}

/// Whether the words begin with a word of buying.
pub(super) fn is_buying(words: &[Word]) -> bool {
    class("buying").iter().any(|phrase| begins(words, phrase).is_some())
}

/// How many seats are meant.
enum Count {
    One,
    Several(u32),
    /// Numbers that may mean something else.
    Unclear,
}

impl Reading<'_> {
    /// Whether it is said that nothing is to be bought.
    pub(super) fn refuses(&self) -> bool {
        let is_refusal = |rest: &[Word]| {
            let after = class("refuses").iter().filter_map(|phrase| begins(rest, phrase)).max();
            let next = after.and_then(|after| {
                let is_to = rest.get(after).is_some_and(|word| word.text == "to");
                rest.get(after.checked_add(usize::from(is_to))?..)
            });
            next.is_some_and(is_buying)
        };
        let is_question = self.text.contains('?') || self.has_one_of(&["why", "more", "over"]);
        !is_question && anywhere(self.words, is_refusal)
    }

    /// Offers the one thing that is meant; shows it if something speaks against a purchase.
    pub(super) fn purchase(&self) -> Option<Intent> {
        let [item] = self.items.as_slice() else { return self.about(Topic::All) };
        let is_question = self.text.contains('?') || self.has_one_of(&["why"]);
        if is_question && self.has_one_of(&["should i", "should we"]) {
            return self.about(Topic::All);
        }
        let ceiling = self.ceiling();
        let is_hindered = match &ceiling {
            Some((before, _)) => {
                let is_more = |word: &Word| word.text != "only";
                has_one(
                    class("hinders"),
                    &said(before).into_iter().filter(is_more).collect::<Vec<_>>(),
                )
            }
            None => has_one(class("hinders"), &without_courtesies(self.words)),
        };
        if is_hindered {
            return self.about(Topic::Unsure);
        }
        // Full, over, or not sold here.
        if let refusal @ Intent::Say(_) = chosen(*item, Purpose::Rsvp(None), self.context) {
            return Some(refusal);
        }
        let count = match self.count() {
            Count::One => None,
            Count::Several(count) => Some(count),
            Count::Unclear => return self.about(Topic::Unsure),
        };
        if let Item::Event(event) = item
            && self.has_party(item.title())
            && (count.is_none() || self.has_one_of(&["and", "plus"]))
        {
            let event_id = event.id.clone();
            return Some(Intent::Several { event_id, seats: None, max_price: None });
        }
        let total = item.price().checked_mul(count.unwrap_or(1))?;
        let ceiling = ceiling.map(|(_, ceiling)| ceiling);
        let ceiling = ceiling.or_else(|| self.amount().map(Ceiling::up_to));
        if let Some(ceiling) = ceiling.filter(|ceiling| !ceiling.allows(total)) {
            let title = quote(item.title());
            return Some(say(format!(
                "{title} costs ${total}, and you said {ceiling}. I did nothing."
            )));
        }
        self.offer_to_buy(*item, count).or_else(|| self.about(Topic::All))
    }

    /// The limit of the price in the message, and what stands before it.
    fn ceiling(&self) -> Option<(&str, Ceiling)> {
        let divisions = ceiling::divisions(self.text);
        divisions
            .into_iter()
            .find_map(|(before, condition)| Some((before, ceiling::read(condition?).ok()?)))
    }

    fn offer_to_buy(&self, item: Item<'_>, count: Option<u32>) -> Option<Intent> {
        let (title, price) = (quote(item.title()), item.price());
        let one = to_buy(item)?;
        let (say, text) = match (item, count) {
            (Item::Event(_), Some(count)) => (
                one.replacen("a ticket", &format!("{count} tickets"), 1),
                format!("Shall I buy {count} tickets for {title}, at ${price} each?"),
            ),
            (Item::Event(_), None) => {
                (one, format!("Shall I buy a ticket for {title} for ${price}?"))
            }
            (Item::Secret(_), None) => {
                (one, format!("Shall I buy the secret {title} for ${price}?"))
            }
            (Item::Secret(_), Some(_)) => return None,
        };
        let is_it = |id: &String| id == item.id();
        let is_wanted = |intent: &Intent| match (intent, count) {
            (Intent::Rsvp { event_id: id, max_price: None }, None)
            | (Intent::BuySecret { secret_id: id, max_price: None }, None) => is_it(id),
            (Intent::Several { event_id: id, seats, max_price: None }, Some(_)) => {
                *seats == count && is_it(id)
            }
            (_, _) => false,
        };
        let total = price.checked_mul(count.unwrap_or(1))?;
        self.offer(&text, (Some(item.id()), Some(total)), say, is_wanted)
    }

    /// How many seats the message says. A number in a date, an amount or a title is none.
    fn count(&self) -> Count {
        let of_title: Vec<String> = self
            .items
            .iter()
            .flat_map(|item| [normal(item.title()), normal(item.id())].concat())
            .collect();
        let of_limits = normal(&self.search.typed);
        let amounts = self.amounts();
        let is_time = |place: usize| {
            let before = self.word(place.checked_sub(1));
            let after = self.word(place.checked_add(1));
            matches!(
                before,
                "at" | "around" | "after" | "before" | "from" | "until" | "till" | "by"
            ) || matches!(after, "am" | "pm" | "oclock" | "days" | "hours" | "minutes" | "weeks")
        };
        let is_free = |(place, word): &(usize, &Word)| {
            !is_time(*place)
                && !of_title.contains(&word.text)
                && !of_limits.contains(&word.text)
                && !amounts
                    .iter()
                    .any(|(from, length, _)| (*from..from.saturating_add(*length)).contains(place))
        };
        let is_number = |word: &Word| {
            word.text.contains(|c: char| c.is_ascii_digit()) || is_number_word(&word.text)
        };
        let all = self.words.iter().enumerate().filter(|(_, word)| is_number(word));
        let free: Vec<Word> = all.filter(is_free).map(|(_, word)| word.clone()).collect();
        match (free.as_slice(), count_in(&free)) {
            ([], _) => Count::One,
            ([one], _) if matches!(one.text.as_str(), "1" | "1x") => Count::One,
            (_, Some(count)) => Count::Several(count),
            (_, None) => Count::Unclear,
        }
    }

    /// Whether the message is little more than a number of seats: `make it two`.
    pub(super) fn count_alone(&self) -> bool {
        const WORDS_MAX: usize = 4;
        self.words.len() <= WORDS_MAX && matches!(self.count(), Count::Several(_))
    }

    /// Whether it is a number of seats beside the name of an event, and little else: `two for the jazz`, `me and two friends`.
    pub(super) fn is_count_of_seats(&self) -> bool {
        const WORDS_MAX: usize = 7;
        let [Item::Event(event)] = self.items.as_slice() else { return false };
        if has_one(&["one for", "one to", "1 for", "1 to"], self.words.get(..2).unwrap_or_default())
        {
            return true;
        }
        let is_short = self.words.len() <= WORDS_MAX || self.has_party(&event.title);
        is_short && matches!(self.count(), Count::Several(_))
    }

    /// Whether others come along. A word of the title says nothing about that.
    fn has_party(&self, title: &str) -> bool {
        let of_title = normal(title);
        // `let us` is no company.
        let is_let = |place: usize| self.word(place.checked_sub(1)) == "let";
        let is_pair = self.has_one_of(&["me and", "and me", "and myself"]);
        is_pair
            || self.words.iter().enumerate().any(|(place, word)| {
                let is_party = class("party").contains(&word.text.as_str());
                is_party && !is_let(place) && !of_title.contains(&word.text)
            })
    }

    /// Whether somebody who names an amount looks for something to buy with it.
    pub(super) fn asks_what_to_buy(&self) -> bool {
        const ASKS: &[&str] = &[
            "what",
            "which",
            "show",
            "find",
            "looking",
            "recommend",
            "suggest",
            "see",
            "anything",
        ];
        const LIMITS: &[&str] =
            &["not spend", "never", "limit", "cap", "at most", "not go", "have left", "do not do"];
        self.items.is_empty()
            && self.amount().is_some()
            && self.has_one_of(ASKS)
            && !self.has_one_of(LIMITS)
    }

    /// Offers the limit that is in the message.
    pub(super) fn limit(&self) -> Option<Intent> {
        let amount = self.amount()?;
        let (per, words) = if self.has("perday") || self.has_one_of(&["day", "daily"]) {
            (Per::Day, "a day")
        } else if self.has("percall")
            || self.has_one_of(&["purchase", "ticket", "tickets", "event", "buy", "payment"])
        {
            (Per::Call, "per purchase")
        } else {
            (Per::Session, "in total")
        };
        let say = format!("Spend at most ${amount} {words}");
        let text = format!("Shall I spend at most ${amount} {words}?");
        self.offer(&text, (None, None), say, |intent| *intent == Intent::SetLimit { per, amount })
    }

    /// The one amount of money in the message. A number without a unit is one only if there is no other.
    pub(super) fn amount(&self) -> Option<Usdc> {
        match self.amounts().as_slice() {
            [(_, _, amount)] => return Some(*amount),
            [] => {}
            _ => return None,
        }
        let mut numbers =
            self.words.iter().filter(|word| word.text.contains(|c: char| c.is_ascii_digit()));
        let (first, second) = (numbers.next()?, numbers.next());
        let is_bare = second.is_none() && self.has_one_of(&["limit", "spend", "max", "cap"]);
        ceiling::dollars(&first.text).filter(|_| is_bare)
    }

    /// The amounts with a unit: where each begins, and how many words it takes.
    fn amounts(&self) -> Vec<(usize, usize, Usdc)> {
        let is_unit =
            |word: &Word| word.text.starts_with(['$', '¢']) || word.text.ends_with(['$', '¢']);
        // `and not a cent more`
        let is_denied = |place: usize| self.word(place.checked_sub(1)) == "not";
        let at = |place: usize| {
            let two = self.words.get(place..place.checked_add(2)?);
            let one = self.words.get(place..place.checked_add(1)?);
            let amount = |part: &[Word]| ceiling::dollars(as_written(self.text, part));
            let with_unit = one.filter(|part| part.iter().any(is_unit)).and_then(amount);
            let in_words = || {
                two.filter(|part| !part.iter().any(is_unit))
                    .and_then(amount)
                    .map(|it| (place, 2, it))
            };
            with_unit.map(|it| (place, 1, it)).or_else(in_words)
        };
        (0..self.words.len()).filter(|place| !is_denied(*place)).filter_map(at).collect()
    }

    /// Offers to do what these words say, if the grammar hears in them what is wanted. A stranger's title is part of them.
    pub(super) fn offer(
        &self,
        text: &str,
        (id, max): (Option<&str>, Option<Usdc>),
        say: String,
        is_wanted: impl Fn(&Intent) -> bool,
    ) -> Option<Intent> {
        let alone = Context { awaiting: None, pending: false, ..*self.context };
        is_wanted(&(self.grammar)(&say, &alone)).then(|| Intent::Ask {
            text: text.to_owned(),
            missing: Missing::Offer { id: id.map(str::to_owned), say, max },
        })
    }
}

/// The words without courtesies that look like conditions: `if you would`.
fn without_courtesies(words: &[Word]) -> Vec<Word> {
    let mut kept = Vec::new();
    let mut rest = words;
    while let Some((first, after)) = rest.split_first() {
        let length = class("courteous").iter().find_map(|phrase| begins(rest, phrase));
        match length.and_then(|length| rest.get(length..)) {
            Some(after) => rest = after,
            None => {
                kept.push(first.clone());
                rest = after;
            }
        }
    }
    kept
}

fn is_number_word(word: &str) -> bool {
    const WORDS: [&str; 14] = [
        "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve", "couple",
        "pair", "twice", "dozen",
    ];
    WORDS.contains(&word)
}
