//! Understands a user's message by patterns. It needs no key and no network, and its only state is the context that
//! is passed in.
//!
//! A message must match a pattern to its last word, or it is not acted on: an ignored word could be the decisive one
//! (`not`, `two`, `if it is cheap`).

use crate::base::web_address::Url;
pub use crate::chat::create::Draft;
use crate::chat::general;
use crate::chat::grammar::{GRAMMAR, class};
use crate::chat::intent::say;
pub use crate::chat::intent::{Context, Intent, Missing, Per, Purpose, Topic};
use crate::chat::offers::{self, commanded};
use crate::chat::pattern::{begins, matches};
use crate::chat::requests::{self, Message};
use crate::chat::said::{Word, said};
use crate::chat::text::tokens;
pub use crate::chat::things::{Item, KnownEvent, KnownSecret, Lists, Seen};

/// The longest message that is read, characters.
pub const MESSAGE_CHARS_MAX: usize = 2_000;
/// What is longer is no wish in words, except for what a ticket of the helpdesk says.
const WORDS_MAX: usize = 60;
const URL_BYTES_MAX: usize = 500;
/// Courtesies before and after a wish that are left out: `hi, could you please …`
const COURTESIES_MAX: usize = 3;
/// Where a message is divided if it makes no sense as a whole. The space is part of it: `$0.05`.
const ENDS: [&str; 5] = [", ", ". ", "? ", "! ", "; "];
const PARTS_MAX: usize = 4;
const GREETING_WORDS_MAX: usize = 4;

/// The intent of a message: of all of its words, or else what they are most likely about, which then only shows something.
#[must_use]
pub fn understand(text: &str, context: &Context<'_>) -> Intent {
    let is_free_text =
        matches!(context.awaiting, Some(Missing::Problem | Missing::Create(_) | Missing::Url));
    let rest = after_greeting(text).filter(|_| !is_free_text);
    let intent = rest.map(|rest| twice(rest, context)).filter(Intent::is_understood);
    intent.unwrap_or_else(|| twice(text, context))
}

/// What one of the two readings makes of a message.
fn twice(text: &str, context: &Context<'_>) -> Intent {
    let intent = whole(text, context);
    let closer =
        |intent: Intent| general::closer(text, context, &intent, by_grammar).unwrap_or(intent);
    if intent.is_understood() {
        return closer(intent);
    }
    let second = general::read(text, context, by_grammar);
    match (second, part(text, context)) {
        (Some(second), Some(_)) if second.is_sure() => second.intent,
        // So do limits of the whole message: `my son comes on Saturday, what do you suggest?`
        (Some(second), Some(part)) if second.is_narrower(&part) => second.intent,
        // A name says more than a question which one is meant.
        (Some(second), Some(Intent::Ask { .. })) if second.is_of_one() => second.intent,
        (_, Some(part)) => closer(part),
        (Some(second), None) => second.intent,
        (None, None) => intent,
    }
}

/// What follows a greeting of a few words and a mark: `Morning! What is on?`
fn after_greeting(text: &str) -> Option<&str> {
    let (greeting, rest) = text.split_once(['!', ',', '.', ':'])?;
    let words = said(greeting);
    let after = said(rest);
    // A yes is one only if the message says nothing else.
    let is_verdict = is_only(&after, "yes") || is_only(&after, "no");
    let is_short = words.len() <= GREETING_WORDS_MAX && !after.is_empty() && !is_verdict;
    // Another word could be the decisive one: `Hello, not now, buy it`.
    let is_address = |word: &Word| class("addressed").contains(&word.text.as_str());
    let greets = || {
        let lengths = class("greeting").iter().filter_map(|phrase| begins(&words, phrase));
        let rest = lengths.max().and_then(|length| words.get(length..));
        rest.is_some_and(|rest| rest.iter().all(is_address))
    };
    (is_short && greets()).then(|| rest.trim_start())
}

/// What the grammar understands, of the whole message or of one of its parts.
fn by_grammar(text: &str, context: &Context<'_>) -> Intent {
    let intent = whole(text, context);
    if !intent.is_understood() {
        return part(text, context).unwrap_or(intent);
    }
    intent
}

fn whole(text: &str, context: &Context<'_>) -> Intent {
    if text.chars().nth(MESSAGE_CHARS_MAX).is_some() {
        return say(format!("That is too long for me: at most {MESSAGE_CHARS_MAX} characters."));
    }
    let words = said(text);
    if let Some(intent) = verdict(text, &words, context) {
        return intent;
    }
    let wishes = without_courtesies(&words);
    let direct = address(text, &wishes).or_else(|| command(text, &wishes, context));
    if let Some(missing) = context.awaiting {
        return answered(text, &words, missing, direct, context);
    }
    direct.unwrap_or_else(|| request(text, &words, context))
}

/// What the first understood part of a message asks for: `I lost it, where is my ticket`. The parts left out may be conditions, so
/// only what can cost nothing is done.
fn part(text: &str, context: &Context<'_>) -> Option<Intent> {
    if text.contains(['"', '“', '”', '„']) {
        return None;
    }
    let parts = ENDS.iter().fold(vec![text], |parts, end| {
        parts.into_iter().flat_map(|part| part.split(end)).collect()
    });
    // A number that is left out could be a limit.
    let has_numbers = |part: &&str| {
        let has = |text: &str| text.chars().filter(char::is_ascii_digit).count();
        has(part) == has(text)
    };
    let parts = parts
        .into_iter()
        .take(PARTS_MAX)
        .filter(|part| part.len() < text.len())
        .filter(has_numbers);
    let mut heard = parts.map(|part| by_grammar(part, context));
    heard.find(Intent::is_read_only)
}

/// Yes and no, only if the message says nothing else.
fn verdict(text: &str, words: &[Word], context: &Context<'_>) -> Option<Intent> {
    if is_only(words, "no") {
        return Some(match (context.pending, context.awaiting) {
            (true, _) => Intent::No,
            (false, Some(_)) => say("All right, I dropped that."),
            (false, None) => say("There is nothing to cancel."),
        });
    }
    // `yes?` is a question.
    if !is_only(words, "yes") || text.contains('?') {
        return None;
    }
    match (context.pending, context.awaiting) {
        (true, _) => Some(Intent::Yes),
        (false, Some(_)) => None,
        (false, None) => Some(say("Nothing waits for a yes.")),
    }
}

/// Whether the words are one phrase of the class and nothing else.
fn is_only(words: &[Word], name: &str) -> bool {
    class(name).iter().any(|phrase| begins(words, phrase) == Some(words.len()))
}

/// The message, and what is left of it without courtesies at its beginning and its end.
fn without_courtesies(words: &[Word]) -> Vec<&[Word]> {
    let mut all = vec![words];
    let mut rest = words;
    for _ in 0..COURTESIES_MAX {
        let longest = class("polite").iter().filter_map(|phrase| begins(rest, phrase)).max();
        let Some(after) =
            longest.and_then(|length| rest.get(length..)).filter(|after| !after.is_empty())
        else {
            break;
        };
        rest = after;
        all.push(rest);
    }
    let ends = class("politeend").iter().map(|phrase| phrase.split(' ').count());
    let lengths: std::collections::BTreeSet<usize> = ends.collect();
    let is_end = |end: &[Word]| {
        class("politeend").iter().any(|phrase| begins(end, phrase) == Some(end.len()))
    };
    for place in 0..all.len() {
        let Some(wish) = all.get(place).copied() else { break };
        let cut = lengths.iter().find_map(|length| {
            let (wish, end) = wish.split_at_checked(wish.len().checked_sub(*length)?)?;
            (is_end(end) && !wish.is_empty()).then_some(wish)
        });
        all.extend(cut);
    }
    all
}

/// A web address that is the whole message, or all that follows a word for connecting.
fn address(text: &str, wishes: &[&[Word]]) -> Option<Intent> {
    let whole = address_of(text);
    let named = || {
        wishes.iter().find_map(|wish| {
            let lengths = class("connect").iter().filter_map(|phrase| begins(wish, phrase));
            let rest = lengths.max().and_then(|length| wish.get(length..))?;
            address_of(crate::chat::said::from_here(text, rest))
        })
    };
    whole.or_else(named).map(|url| Intent::Connect { url })
}

/// Commands that are the whole message.
fn command(text: &str, wishes: &[&[Word]], context: &Context<'_>) -> Option<Intent> {
    // Text in quotation marks is a quotation.
    if text.contains(['"', '“', '”', '„']) {
        return None;
    }
    if text.trim() == "?" {
        return Some(Intent::Help);
    }
    let short = || wishes.iter().filter(|wish| wish.len() <= WORDS_MAX);
    for wish in short() {
        for (rule, patterns) in &GRAMMAR.commands {
            let fits = |pattern: &&'static str| matches(pattern, wish, &mut |_| Some(())).is_some();
            if patterns.iter().any(fits) {
                return commanded(*rule, context);
            }
        }
    }
    short().find_map(|wish| requests::everything(&Message { text, words: wish }, context))
}

/// Commands with an argument, and questions about what the server lists.
fn request(text: &str, words: &[Word], context: &Context<'_>) -> Intent {
    let wishes = without_courtesies(words);
    let messages: Vec<Message<'_>> =
        wishes.into_iter().map(|words| Message { text, words }).collect();
    requests::understand(&messages, context)
}

/// The answer to our question, or another intent.
fn answered(
    text: &str,
    words: &[Word],
    missing: &Missing,
    direct: Option<Intent>,
    context: &Context<'_>,
) -> Intent {
    let is_offered = matches!(missing, Missing::Offer { say, .. } if text.trim() == say);
    if let Some(intent) = direct.filter(|_| !is_offered) {
        return intent;
    }
    let other = || Some(request(text, words, context)).filter(Intent::is_understood);
    match missing {
        Missing::Url => other().unwrap_or_else(|| Intent::Ask {
            text: "I need one address that begins with https:// or http://.".to_owned(),
            missing: Missing::Url,
        }),
        Missing::Problem => offers::open_ticket(text.trim(), context),
        Missing::Offer { say, max, .. }
            if text.trim() == say || (is_only(words, "yes") && !text.contains('?')) =>
        {
            general::accepted(by_grammar(say, &Context { awaiting: None, ..*context }), *max)
        }
        Missing::Offer { .. } => other().or_else(|| part(text, context)).unwrap_or(Intent::Unknown),
        Missing::Event { purpose, offered } => {
            requests::chosen_of(&Message { text, words }, *purpose, offered, context, other)
        }
        Missing::Create(draft) => {
            let other = if draft.takes_any_text() { None } else { other() };
            match (draft.clone().answer(text), other) {
                (Ok(draft), _) => offers::drafted(draft, None),
                (Err(_), Some(other)) => other,
                (Err(fault), None) => offers::drafted(draft.clone(), Some(&fault)),
            }
        }
    }
}

/// The URL, if the text is one URL and nothing else.
fn address_of(text: &str) -> Option<String> {
    let parts: Vec<_> = tokens(text)
        .into_iter()
        .filter(|part| !matches!(part.word().as_str(), "please" | "pls"))
        .collect();
    let [part] = parts.as_slice() else { return None };
    let raw = part.raw.trim_matches(['<', '>', '"', ',', '.', '!', '(', ')']);
    let url = if raw.len() > URL_BYTES_MAX { None } else { Url::parse(raw) }?;
    (url.is_web() && !url.names_a_user()).then(|| url.into())
}

#[cfg(test)]
mod tests;
