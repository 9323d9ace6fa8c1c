//! What the second reading makes of a message that the grammar takes, where the grammar has heard only part of the wish.

use super::{Grammar, Heard, WEIGHT_OF_THE_SURE, has_one, read};
use crate::chat::grammar::class;
use crate::chat::intent::{Context, Intent, Missing, Purpose, Topic};
use crate::chat::naming::{is_familiar, named, spelled};
use crate::chat::offers::which_of_all;
use crate::chat::pattern::begins;
use crate::chat::said::{Word, said};
use crate::chat::search::Search;
use crate::chat::things::Item;

/// From this weight on a topic says more than a list of events.
const WEIGHT_OF_THE_SUREST: u8 = 7;
/// `seats left?` is about what was talked about last.
const FRAGMENT_WORDS_MAX: usize = 6;
/// With one of them something is asked.
const ASKING: &[&str] =
    &["how", "what", "when", "where", "which", "cost", "price", "full", "left", "time", "day"];

/// A better reading than this one of the grammar, if there is one.
pub(in crate::chat) fn closer(
    text: &str,
    context: &Context<'_>,
    intent: &Intent,
    grammar: Grammar,
) -> Option<Intent> {
    let words = said(text);
    if let Intent::Events { ids, typed, .. } = intent {
        let is_everything = typed.is_empty() && ids.len() > 1;
        return read(text, context, grammar)
            .and_then(|heard| than_list(heard, (ids, is_everything), &words, context));
    }
    if let Intent::Tell { id, topic } = intent {
        let is_asked = text.contains('?');
        if *topic != Topic::All && (is_asked || has_one(ASKING, &words)) {
            return None;
        }
        let is_told = is_asked || has_one(class("telling"), &words);
        let heard = read(text, context, grammar)?;
        return than_thing(heard, id, *topic, is_told);
    }
    if let Intent::Ask { missing: Missing::Event { purpose, offered }, .. } = intent
        && let Some(closer) =
            than_question((*purpose, offered), &words, context, || read(text, context, grammar))
    {
        return Some(closer);
    }
    if let Intent::Ask { missing: Missing::Event { purpose: Purpose::Rsvp(None), .. }, .. } = intent
        && context.seen.it.is_some()
    {
        let closer = read(text, context, grammar)?.intent;
        let is_of_it = matches!(
            closer,
            Intent::Ask { missing: Missing::Offer { .. }, .. }
                | Intent::Say(_)
                | Intent::Several { .. }
        );
        return is_of_it.then_some(closer);
    }
    if matches!(intent, Intent::Refund { event_id: None }) {
        let event_id = named_event(text, &words, context)?;
        return Some(event_id.map_or(Intent::Look, |id| Intent::Refund { event_id: Some(id) }));
    }
    if matches!(intent, Intent::Tickets { event_id: None }) {
        let event_id = named_event(text, &words, context)?;
        return Some(event_id.map_or(Intent::Look, |id| Intent::Tickets { event_id: Some(id) }));
    }
    None
}

/// What replaces the question which event is meant: the event of the message before, a list for a user who asks what there
/// is, or an intent about no event, as in `where is my ticket at?`
fn than_question(
    (purpose, offered): (Purpose, &[String]),
    words: &[Word],
    context: &Context<'_>,
    heard: impl Fn() -> Option<Heard>,
) -> Option<Intent> {
    match purpose {
        Purpose::Tell(topic) => {
            // Nothing was named if all are offered.
            let is_any = matches!(
                which_of_all(purpose, context),
                Intent::Ask { missing: Missing::Event { offered: all, .. }, .. } if all == offered
            );
            let is_other = |heard: &Heard| {
                heard.is_sure() && !matches!(heard.intent, Intent::Ask { .. } | Intent::Tell { .. })
            };
            if !is_any {
                return None;
            }
            let other = heard().filter(is_other).map(|heard| heard.intent);
            other.or_else(|| context.seen.it.clone().map(|id| Intent::Tell { id, topic }))
        }
        Purpose::Rsvp(None) if has_one(&["see", "know", "what", "which", "find"], words) => {
            let ids = offered.to_vec();
            Some(Intent::Events { ids, typed: String::new(), is_pick: false })
        }
        Purpose::Rsvp(_) | Purpose::Analytics => None,
    }
}

/// Instead of a list of events: what is asked about the one that was found, or what weighs more than a list.
fn than_list(
    Heard { intent, weight }: Heard,
    (ids, is_everything): (&[String], bool),
    words: &[Word],
    context: &Context<'_>,
) -> Option<Intent> {
    let least = if ids.is_empty() { WEIGHT_OF_THE_SURE } else { WEIGHT_OF_THE_SUREST };
    let is_closer = if let Intent::Tell { id, topic } = &intent {
        let is_it = context.seen.it.as_ref() == Some(id);
        let is_fragment = is_it
            && words.len() <= FRAGMENT_WORDS_MAX
            && !has_one(&["event", "events", "what", "which"], words);
        let is_of_it = is_it
            && ["is it", "does it", "will it"].iter().any(|of| begins(words, of).is_some())
            && !has_one(&["possible"], words);
        match ids {
            [] => *topic != Topic::All,
            _ if is_fragment && *topic == Topic::Seats => true,
            _ if is_of_it => *topic != Topic::All,
            _ if is_everything && context.seen.it.as_ref() == Some(id) => *topic != Topic::All,
            [one] => one == id && (*topic != Topic::All || has_one(class("telling"), words)),
            _ => false,
        }
    } else if let Intent::Events { ids: other, .. } = &intent {
        ids.is_empty() && !other.is_empty()
    } else {
        weight >= least || (ids.is_empty() && matches!(intent, Intent::Say(_)))
    };
    is_closer.then_some(intent)
}

/// Instead of a thing as such: what is asked about it, or an offer to buy it.
fn than_thing(heard: Heard, id: &str, topic: Topic, is_told: bool) -> Option<Intent> {
    let is_closer = if let Intent::Tell { id: other, topic: asked } = &heard.intent {
        other == id && topic == Topic::All && !matches!(asked, Topic::All | Topic::Unsure)
    } else if let Intent::Ask { missing: Missing::Offer { id: Some(other), .. }, .. }
    | Intent::Several { event_id: other, .. } = &heard.intent
    {
        other == id && !is_told
    } else {
        false
    };
    is_closer.then_some(heard.intent)
}

/// The one event that the message names; `Some(None)` if the lists must be read to know.
fn named_event(text: &str, words: &[Word], context: &Context<'_>) -> Option<Option<String>> {
    let may_name = words.iter().any(|word| !is_familiar(&word.text));
    let Some(lists) = context.lists else {
        return (may_name && context.connected.is_some()).then_some(None);
    };
    let words = spelled(words, lists);
    let search = Search::asked(&words, text).of_known(lists);
    match named(&words, &search, lists, context.now).as_slice() {
        [Item::Event(event)] => Some(Some(event.id.clone())),
        _ => None,
    }
}
