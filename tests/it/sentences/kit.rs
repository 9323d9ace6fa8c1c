//! What the sentences are about, and an intent as their files write it.

use events_concierge::base::money::Usdc;
use events_concierge::base::time::{UnixSeconds, ZoneName};
use events_concierge::chat::intents::{
    Context, Intent, Item, KnownEvent, KnownSecret, Lists, Missing, Per, Seen, Topic, understand,
};

const TOOLS: &[&str] = &[
    "listEvents",
    "getEvent",
    "rsvpToEvent",
    "listSecrets",
    "retrieveSecret",
    "createTicket",
    "getTicketContext",
];
/// Wed 9 Dec 2026, 10:00 in Berlin.
const NOW: &str = "2026-12-09T09:00:00Z";

/// Id, title, start, zone, place, price, seats left.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Option<u64>,
);

const EVENTS: &[Row] = &[
    (
        "pyn",
        "Python night",
        "2026-12-09T19:00:00+01:00",
        "Europe/Berlin",
        "c-base, Berlin",
        "1.00",
        None,
    ),
    (
        "ferris",
        "Ferris and friends",
        "2026-12-10T19:00:00+01:00",
        "Europe/Berlin",
        "Speicher, Hamburg",
        "1.50",
        Some(20),
    ),
    (
        "choir",
        "Winter choir",
        "2026-12-11T20:00:00+01:00",
        "Europe/Paris",
        "Salle Pleyel, Paris",
        "2.00",
        Some(0),
    ),
    (
        "rust",
        "Rust meetup",
        "2026-12-12T18:30:00+01:00",
        "Europe/Berlin",
        "Lindenhof 4, Berlin",
        "0.05",
        Some(47),
    ),
    (
        "tokyo",
        "Tokyo tea ceremony",
        "2026-12-13T11:00:00+09:00",
        "Asia/Tokyo",
        "Ueno, Tokyo",
        "3.00",
        Some(5),
    ),
    (
        "pym",
        "Python morning",
        "2026-12-15T08:30:00+01:00",
        "Europe/Berlin",
        "Munich",
        "1.00",
        Some(8),
    ),
    (
        "wasm",
        "Wasm workshop",
        "2026-12-19T10:00:00+01:00",
        "Europe/Berlin",
        "Online",
        "0.25",
        Some(12),
    ),
    (
        "jazz",
        "Sunset rooftop jazz",
        "2026-12-20T18:00:00+01:00",
        "Europe/Berlin",
        "Dachterrasse, Berlin",
        "0.75",
        Some(3),
    ),
    (
        "brunch",
        "New year brunch",
        "2027-01-01T11:00:00+01:00",
        "Europe/Berlin",
        "Markthalle, Berlin",
        "5.00",
        Some(30),
    ),
];
const SECRETS: &[(&str, &str, &str)] = &[
    ("abc-123", "Guest list of the launch", "0.05"),
    ("wifi", "Wifi password", "0.10"),
    ("deck", "Launch slides", "1.00"),
];

pub(super) fn lists() -> Lists {
    let event = |(id, title, at, zone, place, price, seats_left): &Row| KnownEvent {
        id: (*id).to_owned(),
        title: (*title).to_owned(),
        about: String::new(),
        place: Some((*place).to_owned()),
        price: Usdc::from_dollars(price).unwrap(),
        seats_left: *seats_left,
        starts_at: UnixSeconds::from_rfc3339(at).unwrap(),
        zone: ZoneName::parse(zone).unwrap(),
        is_on_sale: true,
    };
    let secret = |(id, name, price): &(&str, &str, &str)| KnownSecret {
        id: (*id).to_owned(),
        name: (*name).to_owned(),
        about: String::new(),
        price: Usdc::from_dollars(price).unwrap(),
    };
    Lists::of(EVENTS.iter().map(event).collect(), SECRETS.iter().map(secret).collect())
}

/// The intent of the last of these messages, as the files write it.
pub(super) fn heard(talk: &str, lists: &Lists) -> String {
    written(&meant(talk, lists), lists)
}

/// The intent of the last of these messages.
pub(super) fn meant(talk: &str, lists: &Lists) -> Intent {
    let tools: Vec<String> = TOOLS.iter().map(|name| (*name).to_owned()).collect();
    let (mut seen, mut awaiting, mut last) = (Seen::default(), None, Intent::Unknown);
    for message in talk.split(" | ") {
        let mut context = Context {
            connected: Some("https://server.example/mcp"),
            tools: &tools,
            lists: None,
            seen: &seen,
            pending: false,
            awaiting: awaiting.as_ref(),
            is_owner: false,
            now: UnixSeconds::from_rfc3339(NOW).unwrap(),
        };
        last = understand(message, &context);
        if last == Intent::Look {
            context.lists = Some(lists);
            last = understand(message, &context);
        }
        seen = last.seen(seen.clone());
        awaiting =
            if let Intent::Ask { missing, .. } = &last { Some(missing.clone()) } else { None };
    }
    last
}

pub(super) fn written(intent: &Intent, lists: &Lists) -> String {
    let with = |word: &str, ids: &[String]| {
        if ids.is_empty() { format!("{word} none") } else { format!("{word} {}", ids.join(" ")) }
    };
    let of = |word: &str, what: &Option<String>| {
        what.as_ref().map_or_else(|| word.to_owned(), |what| format!("{word} {what}"))
    };
    let bought = |id: &str, max: &Option<Usdc>| {
        let word = if is_secret(id, lists) { "secret" } else { "buy" };
        let max = max.map(|max| format!(" max={max}")).unwrap_or_default();
        format!("{word} {id}{max}")
    };
    match intent {
        Intent::Look => "look".to_owned(),
        Intent::Hello => "hello".to_owned(),
        Intent::Thanks => "thanks".to_owned(),
        Intent::Help => "help".to_owned(),
        Intent::Connect { url } => format!("connect {url}"),
        Intent::Disconnect => "disconnect".to_owned(),
        Intent::ListTools => "tools".to_owned(),
        Intent::Status => "status".to_owned(),
        Intent::Wallet => "wallet".to_owned(),
        Intent::Balance => "balance".to_owned(),
        Intent::History => "spent".to_owned(),
        Intent::Limits => "limits".to_owned(),
        Intent::SetLimit { per, amount } => format!("limit {}={amount}", field(*per)),
        Intent::Payment => "payment".to_owned(),
        Intent::Refund { event_id } => of("refund", event_id),
        Intent::Tickets { event_id } => of("tickets", event_id),
        Intent::Events { ids, .. } => with("events", ids),
        Intent::Secrets { ids, .. } => with("secrets", ids),
        Intent::Tell { id, .. } if is_secret(id, lists) => format!("secrets {id}"),
        Intent::Tell { id, topic } => format!("event {id}{}", asked(*topic)),
        Intent::Rsvp { event_id, max_price } => bought(event_id, max_price),
        Intent::BuySecret { secret_id, max_price } => bought(secret_id, max_price),
        Intent::Several { event_id, .. } => format!("several {event_id}"),
        Intent::OpenTicket { text } => format!("desk open {text}"),
        Intent::TicketStatus { id } => of("desk status", id),
        Intent::Ask { missing, .. } => match missing {
            Missing::Event { offered, .. } if offered.len() <= 3 => {
                format!("which {}", offered.join(" "))
            }
            Missing::Event { .. } => "which".to_owned(),
            Missing::Problem => "desk ask".to_owned(),
            Missing::Url | Missing::Create(_) => "ask".to_owned(),
            Missing::Offer { say, .. } => format!("offer {}", heard(say, lists)),
        },
        Intent::Say(text) => {
            let about = EVENTS.iter().find(|event| text.contains(event.1));
            let why = if text.contains("is full") {
                "full"
            } else if text.contains("you said") {
                "dear"
            } else {
                "say"
            };
            of(why, &about.map(|event| event.0.to_owned()))
        }
        Intent::NotFound { .. } | Intent::Unknown => "unknown".to_owned(),
        Intent::Analytics { event_id } => format!("analytics {event_id}"),
        Intent::CreateEvent(_) => "create".to_owned(),
        Intent::Yes => "yes".to_owned(),
        Intent::No => "no".to_owned(),
    }
}

fn is_secret(id: &str, lists: &Lists) -> bool {
    matches!(lists.by_id(id), Some(Item::Secret(_)))
}

fn field(per: Per) -> &'static str {
    match per {
        Per::Call => "perCall",
        Per::Session => "perSession",
        Per::Day => "perDay",
    }
}

fn asked(topic: Topic) -> &'static str {
    match topic {
        Topic::All => "",
        Topic::When => " when",
        Topic::Where => " where",
        Topic::Price => " price",
        Topic::Seats => " seats",
        Topic::Unsure => " unsure",
    }
}
