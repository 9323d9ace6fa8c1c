//! Finds out what a message asks for: rules first, then lists, then names.

use crate::chat::grammar::Rule;
use crate::chat::intent::{Context, Intent, Purpose, Topic, say};
use crate::chat::offers::{chosen, needs, not_connected};
pub(super) use crate::chat::reading::Message;
use crate::chat::reading::{Said, by_rules};
use crate::chat::said::{as_written, normal};
use crate::chat::search::Search;
use crate::chat::things::{Found, Lists, find, picked};

/// Words of a message that are compared with patterns.
const WORDS_MAX: usize = 60;
/// One way to understand a message; the last argument is what to answer if no way does.
type Step = fn(&Message<'_>, &Context<'_>, &mut Option<Intent>) -> Option<Intent>;

/// Understands one of the forms of a message, the fullest first.
pub(super) fn understand(forms: &[Message<'_>], context: &Context<'_>) -> Intent {
    let mut not_found = None;
    let steps: [Step; 4] = [
        ruled,
        |form, context, _| listed(form, context, true),
        told,
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
    let must_look = context.connected.is_some() && context.lists.is_none();
    not_found.unwrap_or(if must_look { Intent::Look } else { Intent::Unknown })
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
