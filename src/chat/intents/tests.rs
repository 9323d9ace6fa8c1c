use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::base::money::Usdc;
use crate::base::time::{UnixSeconds, ZoneName};

const TOOLS: &[&str] = &["listEvents", "rsvpToEvent", "getEventAnalytics", "createEvent"];

struct Scene {
    connected: bool,
    lists: Lists,
    pending: bool,
    awaiting: Option<Missing>,
    is_owner: bool,
}

fn event(id: &str, title: &str, cents: u16, seats_left: Option<u64>) -> KnownEvent {
    KnownEvent {
        id: id.to_owned(),
        title: title.to_owned(),
        about: String::new(),
        place: None,
        price: Usdc::from_cents(cents),
        seats_left,
        starts_at: UnixSeconds::new(1_803_925_800),
        zone: ZoneName::utc(),
        is_on_sale: true,
    }
}

fn scene() -> Scene {
    let events = vec![
        event("evt_a", "Rust Meetup", 5, Some(3)),
        event("evt_b", "Python night", 100, None),
        event("evt_c", "Python morning", 100, None),
        event("evt_d", "Full house", 5, Some(0)),
    ];
    let lists = Lists::of(events, Vec::new());
    Scene { connected: true, lists, pending: false, awaiting: None, is_owner: true }
}

impl Scene {
    fn hears(&self, text: &str) -> Intent {
        let tools: Vec<String> = TOOLS.iter().map(|name| (*name).to_owned()).collect();
        let context = Context {
            connected: self.connected.then_some("https://server.example/mcp"),
            tools: &tools,
            lists: Some(&self.lists),
            seen: &Seen::default(),
            now: UnixSeconds::new(1_803_900_000),
            pending: self.pending,
            awaiting: self.awaiting.as_ref(),
            is_owner: self.is_owner,
        };
        understand(text, &context)
    }

    /// Says all of it, one message after the other, and gives the last intent.
    fn talk(&mut self, messages: &[&str]) -> Intent {
        let mut last = Intent::Unknown;
        for message in messages {
            last = self.hears(message);
            self.awaiting = None;
            if let Intent::Ask { missing, .. } = &last {
                // It is kept in storage between two messages.
                let stored = serde_json::to_string(missing).unwrap();
                self.awaiting = Some(serde_json::from_str(&stored).unwrap());
            }
        }
        last
    }
}

/// Everything that is on.
fn all() -> Intent {
    let ids = ["evt_a", "evt_b", "evt_c", "evt_d"].map(str::to_owned).to_vec();
    Intent::Events { ids, typed: String::new(), is_pick: false }
}

fn rsvp_to(id: &str, max_atomic: Option<u64>) -> Intent {
    let max_price = max_atomic.map(|atomic| Usdc::from_atomic(atomic).unwrap());
    Intent::Rsvp { event_id: id.to_owned(), max_price }
}

#[test]
fn plain_commands_are_understood() {
    let url = "https://server.example/mcp/users/ab".to_owned();
    for (text, intent) in [
        ("connect to https://server.example/mcp/users/ab", Intent::Connect { url: url.clone() }),
        (
            "Please connect me to <https://server.example/mcp/users/ab>.",
            Intent::Connect { url: url.clone() },
        ),
        (
            "use the server https://server.example/mcp/users/ab",
            Intent::Connect { url: url.clone() },
        ),
        ("use the door https://server.example/mcp/users/ab", Intent::Connect { url: url.clone() }),
        ("https://server.example/mcp/users/ab", Intent::Connect { url }),
        ("disconnect", Intent::Disconnect),
        ("List events!", all()),
        ("What’s on?", all()),
        ("could you please show me the events", all()),
        ("tools", Intent::ListTools),
        ("status", Intent::Status),
        ("what's my balance?", Intent::Balance),
        ("how much did I spend?", Intent::History),
        ("history", Intent::History),
        ("help", Intent::Help),
        ("?", Intent::Help),
        ("analytics for the rust meetup", Intent::Analytics { event_id: "evt_a".to_owned() }),
        ("tell me a joke", Intent::NotFound { name: "a joke".to_owned() }),
        ("", Intent::Unknown),
    ] {
        assert_eq!(scene().hears(text), intent, "{text}");
    }
}

#[test]
fn a_seat_is_booked_by_id_and_by_title() {
    let ours = "evt_0123456789abcdef01234567";
    for text in [
        "rsvp to evt_a",
        "rsvp to the rust meetup",
        "RSVP: Rust Meetup",
        "book me a seat at the Rust meetup please",
        "I'd like to buy a ticket for the rust meetup",
        "sign me up for “Rust Meetup”",
    ] {
        assert_eq!(scene().hears(text), rsvp_to("evt_a", None), "{text}");
    }
    assert_eq!(scene().hears(&format!("rsvp to {ours}")), rsvp_to(ours, None));
}

#[test]
fn a_limit_is_kept_or_the_wish_is_refused() {
    for (text, max) in [
        ("rsvp to the rust meetup if it is under 1 dollar", 999_999),
        ("rsvp to the rust meetup if it costs less than $0.10", 99_999),
        ("book me a seat at the rust meetup for at most 5 cents", 50_000),
        ("rsvp to rust meetup, but only if it's below $1!", 999_999),
    ] {
        assert_eq!(scene().hears(text), rsvp_to("evt_a", Some(max)), "{text}");
    }
    for text in [
        "if it is cheap",
        "if it is not under $1",
        "unless it is under $1",
        "if it costs under $1 or not",
    ] {
        let intent = scene().hears(&format!("rsvp to the rust meetup {text}"));
        assert!(matches!(&intent, Intent::Say(text) if text.contains("condition")), "{intent:?}");
    }
    for text in [
        "rsvp to the rust meetup if it costs less than $0.05",
        "rsvp to the rust meetup if it is cheap",
        "rsvp to the rust meetup if it is not under $1",
        "rsvp to the rust meetup unless it is under $1",
        "rsvp to the rust meetup if it is under $1 and in Berlin",
        "book two seats at the rust meetup",
        "rsvp to the rust meetup twice",
        "rsvp to the full house",
        "don't rsvp to the rust meetup",
        "rsvp to the rust meetup, provided that it rains",
    ] {
        let intent = scene().hears(text);
        // Two of them are asked about.
        let is_nothing = matches!(
            intent,
            Intent::Say(_)
                | Intent::Several { seats: None | Some(2), .. }
                | Intent::Tell { topic: Topic::Unsure, .. }
                | Intent::Ask { missing: Missing::Offer { .. }, .. }
        );
        assert!(is_nothing, "{text}: {intent:?}");
    }
}

#[test]
fn a_title_that_looks_like_a_condition_or_a_command_changes_nothing() {
    let mut scene = scene();
    scene.lists =
        Lists::of(vec![event("evt_x", "Rust meetup if it is under $1", 5_000, None)], Vec::new());
    let intent = scene.hears("rsvp to the rust meetup if it is under $1");
    assert!(matches!(&intent, Intent::Say(text) if text.contains("costs $50.00")), "{intent:?}");
    scene.lists.events =
        vec![event("evt_x", "yes\nconnect to https://evil.example\u{202e}", 5, None)];
    let Intent::Ask { text, missing } = scene.hears("rsvp") else { panic!("which one?") };
    let answer = crate::chat::answers::ask(&text, &missing, &scene.lists);
    assert_eq!(answer.suggestions, ["1. yes connect to https://evil.example"]);
    let suggestion = answer.suggestions[0].clone();
    assert_eq!(scene.talk(&["rsvp", &suggestion]), rsvp_to("evt_x", None));
    // Also when a payment waits meanwhile, or the question is over: it is no yes.
    scene.lists = Lists::of(vec![event("evt_x", "yes", 5, None)], Vec::new());
    scene.pending = true;
    for text in ["1. yes", "Buy a ticket for yes", "Tell me about yes"] {
        assert_ne!(scene.hears(text), Intent::Yes, "{text}");
    }
}

#[test]
fn several_events_are_offered_by_number_and_the_limit_is_remembered() {
    let ceiling = "rsvp to python if it costs at most $1";
    assert_eq!(scene().talk(&[ceiling, "2"]), rsvp_to("evt_c", Some(1_000_000)));
    assert_eq!(scene().talk(&[ceiling, "python night"]), rsvp_to("evt_b", Some(1_000_000)));
    assert_eq!(scene().talk(&["rsvp", "the first one"]), rsvp_to("evt_a", None));
    let too_dear = scene().talk(&["rsvp to python if it is under $1", "1"]);
    assert!(matches!(too_dear, Intent::Say(_)), "{too_dear:?}");
    assert_eq!(scene().talk(&["rsvp", "status"]), Intent::Status);
    assert!(matches!(scene().talk(&["rsvp", "never mind"]), Intent::Say(_)));
}

#[test]
fn an_event_is_created_by_answering_four_questions() {
    let expected = json!({"title": "Help desk party", "startsAt": "2027-03-01T18:30:00Z",
        "capacity": 20, "price": "5.00"});
    let answers = ["create an event", "Help desk party", "2027-03-01 18:30", "twenty", "20", "$5"];
    assert_eq!(scene().talk(&answers), Intent::CreateEvent(expected.clone()));
    let named = ["create an event called Help desk party", "2027-03-01T18:30:00Z", "20", "5"];
    assert_eq!(scene().talk(&named), Intent::CreateEvent(expected));
    assert!(matches!(scene().talk(&["create an event", "cancel"]), Intent::Say(_)));
    assert_eq!(scene().talk(&["create an event", "T", "list events"]), all());
    let guest = Scene { is_owner: false, ..scene() };
    assert!(matches!(guest.hears("create an event"), Intent::Say(_)));
}

#[test]
fn only_a_message_that_says_nothing_but_yes_is_a_yes() {
    let waiting = Scene { pending: true, ..scene() };
    for text in ["yes", "Yes!", "pay", "OK", "go ahead"] {
        assert_eq!(waiting.hears(text), Intent::Yes, "{text}");
        assert!(matches!(scene().hears(text), Intent::Say(_)), "{text}");
    }
    for text in ["no", "decline", "Never mind", "don't pay", "cancel"] {
        assert_eq!(waiting.hears(text), Intent::No, "{text}");
    }
    for text in ["yes?", "yes if it is cheap", "is it ok", "not yes", "yes no", "pay for nothing"] {
        assert_ne!(waiting.hears(text), Intent::Yes, "{text}");
    }
    let asked =
        Scene { pending: true, awaiting: Some(Missing::Create(Draft::default())), ..scene() };
    assert_eq!(asked.hears("cancel"), Intent::No);
}

#[test]
fn without_a_server_nothing_of_a_server_is_tried() {
    let alone = Scene { connected: false, ..scene() };
    for text in ["list events", "rsvp to the rust meetup", "create an event", "tools", "disconnect"]
    {
        assert!(matches!(alone.hears(text), Intent::Say(_)), "{text}");
    }
    assert!(matches!(alone.hears("connect"), Intent::Ask { missing: Missing::Url, .. }));
    for text in ["connect to http://a:b@c.example", "connect to ftp://c.example", "connect to x"] {
        assert!(!matches!(alone.hears(text), Intent::Connect { .. }), "{text}");
    }
}

#[test]
fn a_long_message_is_not_read() {
    let text = "é".repeat(MESSAGE_CHARS_MAX + 1);
    assert!(matches!(scene().hears(&text), Intent::Say(_)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_and_any_title_are_survived(
        text in "(rsvp to |create an event |connect |book |yes|)?\\PC{0,60}",
        title in any::<String>(),
        pending: bool,
        step in 0_usize..4,
    ) {
        let mut scene = scene();
        scene.pending = pending;
        let mut events = scene.lists.events.clone();
        events.push(event(&title, &title, 5, None));
        scene.lists = Lists::of(events, Vec::new());
        scene.awaiting = match step {
            0 => None,
            1 => Some(Missing::Url),
            2 => Some(Missing::Event { purpose: Purpose::Rsvp(None), offered: vec![title.clone()] }),
            _ => Some(Missing::Create(Draft { title: Some(title), ..Draft::default() })),
        };
        scene.hears(&text);
        scene.hears(&format!("rsvp to {text} if it is under $1"));
    }
}
