//! What follows from a command, and from the one thing that is meant.

use crate::chat::ceiling::Ceiling;
use crate::chat::create::{Draft, title};
use crate::chat::grammar::Rule;
use crate::chat::intent::{Context, Intent, Missing, Purpose, say};
use crate::chat::text::quote;
use crate::chat::things::Item;

/// Choices that are offered as buttons.
pub(super) const CHOICES_MAX: usize = 3;

/// What a command is an intent for.
pub(super) fn commanded(rule: Rule, context: &Context<'_>) -> Option<Intent> {
    let at_server = |intent: Intent| Some(context.connected.map_or_else(not_connected, |_| intent));
    match rule {
        Rule::Hello => Some(Intent::Hello),
        Rule::Thanks => Some(Intent::Thanks),
        Rule::Help => Some(Intent::Help),
        Rule::Disconnect => at_server(Intent::Disconnect),
        Rule::Tools => at_server(Intent::ListTools),
        Rule::Status => Some(Intent::Status),
        Rule::Wallet => Some(Intent::Wallet),
        Rule::Balance => Some(Intent::Balance),
        Rule::Spent => Some(Intent::History),
        Rule::Limits => Some(Intent::Limits),
        Rule::Payment => Some(Intent::Payment),
        Rule::Refund => Some(Intent::Refund { event_id: None }),
        Rule::Tickets => Some(Intent::Tickets { event_id: None }),
        Rule::Secrets => Some(all_secrets(context)),
        Rule::Contact => Some(contact(context)),
        Rule::TicketStatus => at_server(Intent::TicketStatus { id: None }),
        Rule::Connect => Some(Intent::Ask {
            text: "Which server? Send its address, beginning with https://.".to_owned(),
            missing: Missing::Url,
        }),
        Rule::LimitOfCall
        | Rule::LimitOfDay
        | Rule::LimitOfSession
        | Rule::SecretsNamed
        | Rule::OpenTicket
        | Rule::When
        | Rule::Where
        | Rule::Price
        | Rule::Seats
        | Rule::Tell
        | Rule::Several
        | Rule::Buy
        | Rule::Analytics
        | Rule::Events
        | Rule::Create => None,
    }
}

fn all_secrets(context: &Context<'_>) -> Intent {
    if let Some(fault) = needs("listSecrets", context) {
        return say(fault);
    }
    let Some(lists) = context.lists else { return Intent::Look };
    Intent::Secrets {
        ids: lists.secrets.iter().map(|secret| secret.id.clone()).collect(),
        typed: String::new(),
    }
}

pub(super) fn contact(context: &Context<'_>) -> Intent {
    needs("createTicket", context).map_or_else(
        || Intent::Ask {
            text: "What is it about? I open a ticket with what you write next.".to_owned(),
            missing: Missing::Problem,
        },
        |fault| if context.connected.is_none() { say(fault) } else { say(NO_DESK) },
    )
}

pub(super) fn open_ticket(text: &str, context: &Context<'_>) -> Intent {
    if context.connected.is_none() {
        return not_connected();
    }
    match needs("createTicket", context) {
        None => Intent::OpenTicket { text: text.to_owned() },
        Some(_) => say(NO_DESK),
    }
}

const NO_DESK: &str =
    "This host has no helpdesk, so I cannot open a ticket; write to the host in another way.";

pub(super) fn drafted(draft: Draft, fault: Option<&str>) -> Intent {
    match draft.next() {
        Ok(arguments) => Intent::CreateEvent(arguments),
        Err(question) => {
            let text =
                fault.map_or_else(|| question.clone(), |fault| format!("{fault} {question}"));
            Intent::Ask { text, missing: Missing::Create(draft) }
        }
    }
}

pub(super) fn create(rest: &str, context: &Context<'_>) -> Intent {
    if context.connected.is_none() {
        return not_connected();
    }
    if !context.is_owner {
        return say(
            "Only the host of this server can create events here. Sign in as the host first.",
        );
    }
    if let Some(fault) = needs("createEvent", context) {
        return say(fault);
    }
    // With times and prices in it, it is more than a title, so every fact is asked for.
    let is_title = !rest.contains(['$', '¢', '/']) && !rest.contains(|c: char| c.is_ascii_digit());
    let title = title(rest).ok().filter(|_| is_title);
    drafted(Draft { title, ..Draft::default() }, None)
}

pub(super) fn chosen(item: Item<'_>, purpose: Purpose, context: &Context<'_>) -> Intent {
    let title = quote(item.title());
    if let Purpose::Rsvp(ceiling) = purpose {
        if let Item::Event(event) = item {
            if !event.is_on_sale {
                return say(format!("{title} is over or cancelled, so there is nothing to buy."));
            }
            if !event.has_seats() {
                return say(format!("{title} is full."));
            }
        }
        if let Some(ceiling) = ceiling.filter(|ceiling| !ceiling.allows(item.price())) {
            let price = item.price();
            return say(format!("{title} costs ${price}, and you said {ceiling}. I did nothing."));
        }
    }
    match (item, purpose) {
        (Item::Secret(secret), Purpose::Rsvp(ceiling)) => needs("retrieveSecret", context)
            .map_or_else(
                || Intent::BuySecret {
                    secret_id: secret.id.clone(),
                    max_price: ceiling.map(Ceiling::max),
                },
                say,
            ),
        (Item::Secret(_), Purpose::Analytics) => {
            say(format!("{title} is a secret, and only events have figures."))
        }
        (Item::Event(_), _) | (Item::Secret(_), Purpose::Tell(_)) => {
            by_id(item.id().to_owned(), purpose, context)
        }
    }
}

pub(super) fn by_id(id: String, purpose: Purpose, context: &Context<'_>) -> Intent {
    match purpose {
        Purpose::Rsvp(ceiling) => needs("rsvpToEvent", context).map_or_else(
            || Intent::Rsvp { event_id: id, max_price: ceiling.map(Ceiling::max) },
            say,
        ),
        Purpose::Analytics => Intent::Analytics { event_id: id },
        Purpose::Tell(topic) => Intent::Tell { id, topic },
    }
}

/// Asks which of them is meant.
pub(super) fn which(items: &[Item<'_>], purpose: Purpose) -> Intent {
    let text = if items.len() > CHOICES_MAX {
        format!("{} match. Which one do you mean?", items.len())
    } else {
        "Which one do you mean?".to_owned()
    };
    let offered = items.iter().map(|item| item.id().to_owned()).collect();
    Intent::Ask { text, missing: Missing::Event { purpose, offered } }
}

pub(super) fn which_of_all(purpose: Purpose, context: &Context<'_>) -> Intent {
    let Some(lists) = context.lists else { return Intent::Look };
    let on_sale = lists.events.iter().filter(|event| event.is_on_sale && event.has_seats());
    let items: Vec<Item<'_>> = on_sale.map(Item::Event).collect();
    match items.as_slice() {
        [] => say("This server has no events on sale now."),
        _ => {
            let offered = items.iter().map(|item| item.id().to_owned()).collect();
            let missing = Missing::Event { purpose, offered };
            Intent::Ask { text: "Which event?".to_owned(), missing }
        }
    }
}

/// What a tool call still needs.
pub(super) fn needs(tool: &str, context: &Context<'_>) -> Option<String> {
    if let Intent::Say(text) = not_connected()
        && context.connected.is_none()
    {
        return Some(text);
    }
    let has = context.tools.iter().any(|name| name == tool);
    let what = match tool {
        "listEvents" | "rsvpToEvent" => "sells no events",
        "listSecrets" | "retrieveSecret" => "sells no secrets",
        "createTicket" | "getTicketContext" => "has no helpdesk",
        _ => "does not offer that",
    };
    (!has).then(|| format!("This host {what}."))
}

pub(super) fn not_connected() -> Intent {
    say("Choose a host first: send the address of a server, or connect to https://…")
}
