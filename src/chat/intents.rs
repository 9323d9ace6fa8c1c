//! Understands a user's message by patterns. It needs no key and no network, and its only state is the context that
//! is passed in.
//!
//! A message must match a pattern to its last word, or it is not acted on: an ignored word could be the decisive one
//! (`not`, `two`, `if it is cheap`).

use url::Url;

use crate::chat::ceiling::{self, Ceiling};
pub use crate::chat::create::Draft;
use crate::chat::create::title;
pub use crate::chat::events::KnownEvent;
use crate::chat::events::{Found, find, listed, picked};
use crate::chat::intent::say;
pub use crate::chat::intent::{Context, Intent, Missing, Purpose};
use crate::chat::phrases::{
    ANALYTICS, BALANCE, CONNECT, CREATE, DISCONNECT, HELP, HISTORY, LIST_EVENTS, LIST_TOOLS, NAMED,
    NO, POLITE, RSVP, SEAT, STATUS, YES,
};
use crate::chat::text::{after, quote, tokens, words};

/// The longest message that is read, characters.
pub const MESSAGE_CHARS_MAX: usize = 2_000;
const URL_BYTES_MAX: usize = 500;

/// The intent of a message.
#[must_use]
pub fn understand(text: &str, context: &Context<'_>) -> Intent {
    if text.chars().nth(MESSAGE_CHARS_MAX).is_some() {
        return say(format!("That is too long for me: at most {MESSAGE_CHARS_MAX} characters."));
    }
    if let Some(intent) = verdict(text, context) {
        return intent;
    }
    let direct = command(text, context);
    if let Some(missing) = context.awaiting {
        return answered(text, missing, direct, context);
    }
    direct.or_else(|| request(without_courtesy(text), context)).unwrap_or(Intent::Unknown)
}

/// Yes and no, only if the message says nothing else.
fn verdict(text: &str, context: &Context<'_>) -> Option<Intent> {
    // `yes?` is a question.
    let is_question = text.contains('?');
    let said = words(text).join(" ");
    if NO.contains(&said.as_str()) {
        return Some(match (context.pending, context.awaiting) {
            (true, _) => Intent::No,
            (false, Some(Missing::Create(_) | Missing::Event { .. } | Missing::Url)) => {
                say("All right, I dropped that.")
            }
            (false, None) => say("There is nothing to cancel."),
        });
    }
    if !YES.contains(&said.as_str()) || is_question {
        return None;
    }
    match (context.pending, context.awaiting) {
        (true, _) => Some(Intent::Yes),
        (false, Some(_)) => None,
        (false, None) => Some(say("Nothing waits for a yes.")),
    }
}

/// Commands that are the whole message.
fn command(text: &str, context: &Context<'_>) -> Option<Intent> {
    // Text in quotation marks is a quotation.
    if text.contains(['"', '“', '”', '„']) {
        return None;
    }
    let asked = without_courtesy(text);
    let said = words(asked).join(" ");
    let said = said.strip_suffix(" please").unwrap_or(&said);
    let is = |phrases: &[&str]| phrases.contains(&said);
    if is(HELP) || text.trim() == "?" {
        return Some(Intent::Help);
    }
    if is(STATUS) {
        return Some(Intent::Status);
    }
    if is(BALANCE) {
        return Some(Intent::Balance);
    }
    if is(HISTORY) {
        return Some(Intent::History);
    }
    if is(DISCONNECT) {
        return Some(context.connected.map_or_else(not_connected, |_| Intent::Disconnect));
    }
    if is(LIST_TOOLS) {
        return Some(context.connected.map_or_else(not_connected, |_| Intent::ListTools));
    }
    if is(LIST_EVENTS) {
        return Some(needs("listEvents", context).map_or(Intent::ListEvents, say));
    }
    let address = after(asked, CONNECT).unwrap_or(asked);
    address_of(address).map(|url| Intent::Connect { url })
}

/// Commands with an argument.
fn request(text: &str, context: &Context<'_>) -> Option<Intent> {
    if let Some(rest) = after(text, CREATE) {
        return Some(create(rest, context));
    }
    if let Some(rest) = after(text, ANALYTICS) {
        let named = needs("getEventAnalytics", context);
        return Some(named.map_or_else(|| event(rest, Purpose::Analytics, context), say));
    }
    if let Some(rest) = after(text, RSVP) {
        let rest = after(rest, SEAT).unwrap_or(rest);
        return Some(needs("rsvpToEvent", context).map_or_else(|| rsvp(rest, None, context), say));
    }
    after(text, CONNECT).map(|_| Intent::Ask {
        text: "Which server? Send its address, beginning with https://.".to_owned(),
        missing: Missing::Url,
    })
}

/// The answer to our question, or another intent.
fn answered(
    text: &str,
    missing: &Missing,
    direct: Option<Intent>,
    context: &Context<'_>,
) -> Intent {
    if let Some(intent) = direct {
        return intent;
    }
    let other = || request(without_courtesy(text), context);
    match missing {
        Missing::Url => other().unwrap_or_else(|| Intent::Ask {
            text: "I need one address that begins with https:// or http://.".to_owned(),
            missing: Missing::Url,
        }),
        Missing::Event { purpose, offered } => {
            if let Some(id) = picked(text, offered) {
                let known = context.events.iter().find(|event| event.id == id);
                return known.map_or_else(
                    || say("The server does not list that event any more."),
                    |event| chosen(event, *purpose),
                );
            }
            other().unwrap_or_else(|| match purpose {
                Purpose::Rsvp(ceiling) => rsvp(text, *ceiling, context),
                Purpose::Analytics => event(text, *purpose, context),
            })
        }
        Missing::Create(draft) => {
            let other = if draft.takes_any_text() { None } else { other() };
            match (draft.clone().answer(text), other) {
                (Ok(draft), _) => drafted(draft, None),
                (Err(_), Some(other)) => other,
                (Err(fault), None) => drafted(draft.clone(), Some(&fault)),
            }
        }
    }
}

fn create(rest: &str, context: &Context<'_>) -> Intent {
    if let Some(fault) = needs_connection(context) {
        return say(fault);
    }
    if !context.is_owner {
        return say(
            "Only the host of this server can create events here. Sign in as the host first.",
        );
    }
    if let Some(fault) = needs("createEvent", context) {
        return say(fault);
    }
    let rest = after(rest, NAMED).unwrap_or(rest);
    // With times and prices in it, it is more than a title, so every fact is asked for.
    let is_title = !rest.contains(['$', '¢', '/']) && !rest.contains(|c: char| c.is_ascii_digit());
    let title = title(rest).ok().filter(|_| is_title);
    drafted(Draft { title, ..Draft::default() }, None)
}

fn drafted(draft: Draft, fault: Option<&str>) -> Intent {
    match draft.next() {
        Ok(arguments) => Intent::CreateEvent(arguments),
        Err(question) => {
            let text =
                fault.map_or_else(|| question.clone(), |fault| format!("{fault} {question}"));
            Intent::Ask { text, missing: Missing::Create(draft) }
        }
    }
}

/// A seat at the event that `text` names, perhaps under a condition.
fn rsvp(text: &str, earlier: Option<Ceiling>, context: &Context<'_>) -> Intent {
    let mut is_conditional = false;
    for (before, condition) in ceiling::divisions(text) {
        let Some(condition) = condition else { continue };
        if let Ok(ceiling) = ceiling::read(condition) {
            // A title must not swallow a condition. The condition applies whatever the events are called.
            return event(before, Purpose::Rsvp(Some(ceiling)), context);
        }
        let names = find(before, context.events);
        is_conditional |= matches!(names, Found::One(_) | Found::Several(_) | Found::Id(_));
    }
    match find(text, context.events) {
        Found::Unknown if is_conditional => say(
            "I did not understand the condition, so I did nothing. Say it like this: rsvp to the Rust meetup if it costs less than $0.10",
        ),
        Found::Unknown | Found::NotNamed | Found::Id(_) | Found::One(_) | Found::Several(_) => {
            event(text, Purpose::Rsvp(earlier), context)
        }
    }
}

fn event(query: &str, purpose: Purpose, context: &Context<'_>) -> Intent {
    let ask = |text: &str, listed: (String, Vec<String>)| Intent::Ask {
        text: format!("{text}{}", listed.0),
        missing: Missing::Event { purpose, offered: listed.1 },
    };
    match find(query, context.events) {
        Found::One(event) => chosen(event, purpose),
        Found::Id(event_id) => by_id(event_id, purpose),
        Found::Several(events) => ask(
            "Several events match. Which one? Answer with its number:",
            listed(events.into_iter()),
        ),
        Found::NotNamed | Found::Unknown if context.events.is_empty() => {
            say("I know no event of this server yet. Say: list events")
        }
        Found::NotNamed => {
            ask("Which event? Answer with its number or its title:", listed(context.events.iter()))
        }
        Found::Unknown => {
            let (events, _) = listed(context.events.iter());
            say(format!("I know no event that is called {}. There are:{events}", quote(query)))
        }
    }
}

fn chosen(event: &KnownEvent, purpose: Purpose) -> Intent {
    if let Purpose::Rsvp(ceiling) = purpose {
        if event.seats_left == Some(0) {
            return say(format!("{} is full.", quote(&event.title)));
        }
        if let Some(ceiling) = ceiling.filter(|ceiling| !ceiling.allows(event.price)) {
            let title = quote(&event.title);
            let price = event.price;
            return say(format!("{title} costs ${price}, and you said {ceiling}. I did nothing."));
        }
    }
    by_id(event.id.clone(), purpose)
}

fn by_id(event_id: String, purpose: Purpose) -> Intent {
    match purpose {
        Purpose::Rsvp(ceiling) => Intent::Rsvp { event_id, max_price: ceiling.map(Ceiling::max) },
        Purpose::Analytics => Intent::Analytics { event_id },
    }
}

/// What a tool call still needs.
fn needs(tool: &str, context: &Context<'_>) -> Option<String> {
    needs_connection(context).or_else(|| {
        let has = context.tools.iter().any(|name| name == tool);
        (!has).then(|| format!("This server has no tool {tool}. Say: list tools"))
    })
}

fn needs_connection(context: &Context<'_>) -> Option<String> {
    let text = "Connect to a server first: connect to https://…";
    context.connected.is_none().then(|| text.to_owned())
}

fn not_connected() -> Intent {
    say("I am not connected to a server. Say: connect to https://…")
}

/// The URL, if the text is one URL and nothing else.
fn address_of(text: &str) -> Option<String> {
    let parts = tokens(text);
    let [part] = parts.as_slice() else { return None };
    let raw = part.raw.trim_matches(['<', '>', '"', ',', '.', '!', '(', ')']);
    let url = Url::parse(raw).ok().filter(|_| raw.len() <= URL_BYTES_MAX)?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    let is_plain = url.username().is_empty() && url.password().is_none();
    (is_web && is_plain).then(|| url.to_string())
}

fn without_courtesy(text: &str) -> &str {
    let mut rest = text.trim();
    // A few at most: `hi, could you please …`
    for _ in 0..3 {
        match after(rest, POLITE) {
            Some(more) if !more.is_empty() => rest = more,
            Some(_) | None => break,
        }
    }
    rest
}

#[cfg(test)]
mod tests;
