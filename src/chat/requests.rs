//! Finds out what a message asks for: rules first, then lists, then names, and at last words in any order.

use crate::base::id::TicketId;
use crate::chat::grammar::{GRAMMAR, Patterns, Rule, class};
use crate::chat::intent::{Context, Intent, Purpose, Topic, say};
use crate::chat::offers::{chosen, commanded, needs, not_connected};
use crate::chat::pattern::fits_bag;
pub(super) use crate::chat::reading::Message;
use crate::chat::reading::{Said, by_rules};
use crate::chat::said::{Word, as_written, normal};
use crate::chat::search::Search;
use crate::chat::things::{Found, Lists, find, picked};

/// Words of a message that are compared with patterns.
const WORDS_MAX: usize = 60;
/// One way to understand a message; the last argument is what to answer if no way does.
type Step = fn(&Message<'_>, &Context<'_>, &mut Option<Intent>) -> Option<Intent>;

/// Understands one of the forms of a message, the fullest first.
pub(super) fn understand(forms: &[Message<'_>], context: &Context<'_>) -> Intent {
    let mut not_found = None;
    let steps: [Step; 5] = [
        ruled,
        |form, context, _| listed(form, context, true),
        told,
        |form, context, _| asked_loosely(form, context, false),
        |form, context, _| listed(form, context, false),
    ];
    for step in steps {
        for form in forms {
            let is_short = form.words.len() <= WORDS_MAX;
            let form = if is_short {
                *form
            } else {
                Message { words: form.words.get(..0).unwrap_or_default(), ..*form }
            };
            if let Some(intent) = step(&form, context, &mut not_found) {
                return intent;
            }
        }
    }
    if let Some(intent) = forms.iter().find_map(|form| loosely(form, context)) {
        return intent;
    }
    let must_look = context.connected.is_some() && context.lists.is_none();
    not_found.unwrap_or(if must_look { Intent::Look } else { Intent::Unknown })
}

/// What has the words of a question in any order. Nothing that costs money is understood so.
fn loosely(message: &Message<'_>, context: &Context<'_>) -> Option<Intent> {
    if message.words.len() > WORDS_MAX {
        return None;
    }
    let mut ids = message.words.iter().filter_map(|word| TicketId::parse(&word.text).ok());
    let id = ids.next_back().map(|id| id.to_string());
    let short = |word: &Word| {
        if TicketId::parse(&word.text).is_ok() { word.renamed("tkt") } else { word.clone() }
    };
    let words: Vec<Word> = message.words.iter().map(short).collect();
    let fits = |(_, bags): &&Patterns| bags.iter().any(|bag| fits_bag(bag, &words));
    let rule = GRAMMAR.bags.iter().find(fits).map(|(rule, _)| *rule);
    match (rule, id) {
        (Some(Rule::TicketStatus), Some(id)) => Some(Intent::TicketStatus { id: Some(id) }),
        (Some(rule), _) => commanded(rule, context),
        (None, _) => asked_loosely(message, context, true),
    }
}

/// A word for what is asked, the name of one event or secret, and small words. `by_name`: the name is enough.
fn asked_loosely(message: &Message<'_>, context: &Context<'_>, by_name: bool) -> Option<Intent> {
    const ASKING: &[(Topic, &str)] = &[
        (Topic::Seats, "asks seats"),
        (Topic::Price, "asks price"),
        (Topic::Where, "asks where"),
        (Topic::When, "asks when"),
        (Topic::All, "asks all"),
    ];
    let has = |words: &[&str]| message.words.iter().any(|word| words.contains(&word.text.as_str()));
    // `where is the entrance?` asks for no price.
    let first = message.words.first().map(|word| word.text.as_str());
    let is_first = |name: &str| first.is_some_and(|first| class(name).contains(&first));
    let of_first = ASKING.iter().rfind(|(topic, name)| *topic != Topic::All && is_first(name));
    let mut classes = of_first.into_iter().chain(ASKING).map(|(topic, name)| (*topic, class(name)));
    let (topic, asking) =
        classes.find(|(_, words)| has(words)).or_else(|| by_name.then_some((Topic::All, &[])))?;
    let lists = context.lists?;
    let is_small = |word: &Word| {
        class("small").contains(&word.text.as_str()) || asking.contains(&word.text.as_str())
    };
    let name: Vec<Word> = message.words.iter().filter(|word| !is_small(word)).cloned().collect();
    // Words that are in many titles name nothing: `I am new here`.
    if name.iter().all(|word| class("common").contains(&word.text.as_str())) {
        return None;
    }
    match find(&name, "", lists, context.seen) {
        Found::One(item) => Some(Intent::Tell { id: item.id().to_owned(), topic }),
        Found::NotNamed | Found::Unknown | Found::Id(_) | Found::Several(_) => None,
    }
}

/// A message that asks for everything that is on.
pub(super) fn everything(message: &Message<'_>, context: &Context<'_>) -> Option<Intent> {
    let search = Search::asked(message.words, message.text);
    if search.is_everything() { listed(message, context, true) } else { None }
}

/// The rules of the table but those that take every name of a thing.
fn ruled(
    message: &Message<'_>,
    context: &Context<'_>,
    not_found: &mut Option<Intent>,
) -> Option<Intent> {
    by_rules(message, context, not_found, |rule| rule != Rule::Tell)
}

/// What is asked about a thing, or only its name.
fn told(
    message: &Message<'_>,
    context: &Context<'_>,
    not_found: &mut Option<Intent>,
) -> Option<Intent> {
    if let Some(intent) = by_rules(message, context, not_found, |rule| rule == Rule::Tell) {
        return Some(intent);
    }
    let lists = context.lists.filter(|_| context.connected.is_some())?;
    match find(message.words, as_written(message.text, message.words), lists, context.seen) {
        Found::One(item) => Some(Intent::Tell { id: item.id().to_owned(), topic: Topic::All }),
        Found::NotNamed | Found::Unknown | Found::Id(_) | Found::Several(_) => None,
    }
}

/// The events that fit. `only_limits`: nothing but limits and words around them was said.
fn listed(message: &Message<'_>, context: &Context<'_>, only_limits: bool) -> Option<Intent> {
    let empty = Lists::default();
    let lists = context.lists.unwrap_or(&empty);
    let search = Search::asked(message.words, message.text).of_places(lists);
    if !search.is_list(lists) || search.has_topic() == only_limits {
        return None;
    }
    if context.connected.is_none() {
        return Some(not_connected());
    }
    if let Some(fault) = needs("listEvents", context) {
        return Some(say(fault));
    }
    if context.lists.is_none() {
        return Some(Intent::Look);
    }
    let ids = search.run(lists, context.now).into_iter().map(|event| event.id.clone()).collect();
    Some(Intent::Events { ids, is_pick: search.is_pick(), typed: search.typed })
}

/// The answer to the question which one is meant.
pub(super) fn chosen_of(
    message: &Message<'_>,
    purpose: Purpose,
    offered: &[String],
    context: &Context<'_>,
    other: impl Fn() -> Option<Intent>,
) -> Intent {
    let Some(lists) = context.lists else { return Intent::Look };
    let named: Vec<&str> = message.words.iter().map(|word| word.text.as_str()).collect();
    let numbered =
        named.split_first().filter(|(_, title)| !title.is_empty()).and_then(|(number, title)| {
            let id = picked(&[*number], offered)?;
            lists.by_id(id).filter(|item| normal(item.title()) == title).map(|_| id)
        });
    if let Some(id) = picked(&named, offered).or(numbered) {
        let known = lists.by_id(id);
        return known.map_or_else(
            || say("The server does not list that any more."),
            |item| chosen(item, purpose, context),
        );
    }
    let mut not_found = None;
    let mut said = Said { message, context, not_found: &mut not_found };
    let named = said.with(message.words, purpose);
    named.or_else(other).or(not_found).unwrap_or(Intent::Unknown)
}
