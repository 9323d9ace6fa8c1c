//! What callers say about events: every field with everything that it should not hold.

use events_concierge::base::fields::CAPACITY_MAX;
use events_concierge::base::fields::PRICE_MAX;
use events_concierge::base::id::EventId;
use events_concierge::base::time::UnixSeconds;
use events_concierge::host::command::Action;
use events_concierge::http::route::{AtHost, Format, Own};
use events_concierge::products::events::Event;
use events_concierge::products::events::input::{CreateEvent, EventChanges, RsvpToEvent};
use events_concierge::products::events::party::Party;
use proptest::prelude::*;
use proptest::sample::select;
use serde::Deserialize;
use serde_json::{Value, json};

use super::input::{Edit, Json, edited, edits, json, number, text};
use super::server::nothing_was_sold;
use super::{Verdict, fuzz};
use crate::support::{NOW, Server, block_on};

const EVENT: &str = "evt_c7ae046d0cf03937cd76d5b2";

fn event() -> Value {
    json!({"title": "Rust meetup", "description": "Come", "startsAt": "2027-03-01T18:30:00Z",
        "endsAt": "2027-03-01T20:30:00Z", "timeZone": "Europe/Berlin", "location": "Here",
        "capacity": 5, "price": "0.05"})
}

/// An event that was taken is one that can be shown and sold.
fn check_event(event: &Event) -> Verdict {
    prop_assert!((1..=200).contains(&event.title.chars().count()));
    let controls = |c: char| c.is_control() && c != '\t';
    prop_assert!(!event.title.contains(controls), "{:?}", event.title);
    prop_assert!(event.description.chars().count() <= 5_000);
    prop_assert!(event.capacity <= CAPACITY_MAX);
    prop_assert!(event.price <= PRICE_MAX);
    prop_assert!(event.ends_at.is_none_or(|end| end > event.starts_at));
    prop_assert!(event.starts_at.get() >= 0);
    Ok(())
}

fn check_types(json: &str) -> Verdict {
    let Ok(value) = serde_json::from_str::<Value>(json) else { return Ok(()) };
    let now = UnixSeconds::new(NOW);
    let names = event();
    let is_named = |field: &str| names.get(field).is_some() || field == "date";
    if let Ok(input) = CreateEvent::deserialize(&value) {
        match input.into_event(EventId::parse(EVENT).unwrap(), now) {
            Ok(event) => check_event(&event)?,
            Err(error) => prop_assert!(is_named(error.field), "{error}"),
        }
    }
    let start = CreateEvent::deserialize(&names).map(|event| {
        event.into_event(EventId::parse(EVENT).unwrap(), now).map_err(|error| error.to_string())
    });
    if let (Ok(changes), Ok(Ok(start))) = (EventChanges::deserialize(&value), start) {
        match changes.apply(start, 3, now) {
            Ok(event) => {
                check_event(&event)?;
                prop_assert!(event.capacity == 0 || event.capacity >= 3);
            }
            Err(error) => prop_assert!(is_named(error.field), "{error}"),
        }
    }
    if let Ok(input) = RsvpToEvent::deserialize(&value) {
        match Party::read(&input) {
            Ok(party) => {
                prop_assert!((1..=10).contains(&party.guests().count()));
                let said = party.guests().flat_map(|(_, guest)| [guest.name, guest.email]);
                for text in said.flatten() {
                    prop_assert!(text.chars().count() <= 254 && !text.contains(['\n', '\r']));
                }
            }
            Err(error) => {
                let is_named = matches!(error.field, "name" | "email" | "seats" | "names");
                prop_assert!(is_named, "{error}");
            }
        }
    }
    Ok(())
}

#[test]
fn arguments_are_taken_within_their_limits_or_refused_by_name() {
    #[derive(Clone, Debug)]
    enum Change {
        Edits(Vec<Edit>),
        Field(&'static str, Json),
        Guest(String, String),
    }
    let inputs = || {
        let names = &["title", "description", "startsAt", "endsAt", "timeZone", "location"][..];
        let numbers = &["capacity", "price", "date", "startsAt"][..];
        let text = || text().prop_map(Json::Text);
        let number = || prop_oneof![number().prop_map(Json::Raw), number().prop_map(Json::Text)];
        prop_oneof![
            edits().prop_map(Change::Edits),
            (select(names), text()).prop_map(|(name, json)| Change::Field(name, json)),
            (select(numbers), number()).prop_map(|(name, json)| Change::Field(name, json)),
            (super::input::text(), super::input::text())
                .prop_map(|(name, email)| Change::Guest(name, email)),
        ]
    };
    fuzz("arguments: as types", inputs, |change| match change {
        Change::Edits(edits) => check_types(&edited(&event(), &edits)),
        Change::Field(name, json) => check_types(&with(&event(), name, json)),
        Change::Guest(name, email) => {
            check_types(&json!({"eventId": EVENT, "name": name, "email": email}).to_string())
        }
    });
}

/// The object with one member as given, as text.
fn with(object: &Value, name: &str, json: Json) -> String {
    let Json::Object(mut members) = Json::of(object) else { return String::new() };
    members.retain(|(found, _)| found != name);
    members.push((name.to_owned(), json));
    Json::Object(members).to_text()
}

/// A call of the service whose arguments are good.
#[derive(Clone, Copy, Debug)]
enum Call {
    Create,
    Update,
    CheckIn,
    Register,
    List,
    Get,
    Rsvp,
    Analytics,
    Events,
    Payments,
}

impl Call {
    fn good(self) -> Value {
        match self {
            Self::Create => event(),
            Self::Update => json!({"title": "Rust night", "capacity": 6, "price": "0.10",
                "startsAt": "2027-03-02T18:30:00Z", "description": "x", "location": "y"}),
            Self::CheckIn => json!({"code":
                "7cd04c5a4d3f1f9e1e8e24ea60b37901-0123456789abcdef01234567"}),
            Self::Register => json!({"userId": crate::support::PAY_TO, "products": ["events"],
                "walletAddress": crate::support::PAY_TO}),
            Self::List => {
                json!({"limit": 5, "cursor": "WyJldmVudHMiLDEsWzEsImV2dCJdXQ", "from": "2027-01-01T00:00:00Z",
                "to": "2028-01-01T00:00:00Z"})
            }
            Self::Get | Self::Analytics => json!({"eventId": EVENT}),
            // Of these the body is nothing, and the cursor stands in the address.
            Self::Events | Self::Payments => json!({"cursor": "WyJldmVudHMiLDEsWzEsImV2dCJdXQ"}),
            Self::Rsvp => json!({"eventId": EVENT, "name": "Ada", "email": "ada@example.org",
                "walletAddress": crate::support::PAY_TO}),
        }
    }

    fn action(self) -> Action {
        let id = || EventId::parse(EVENT).unwrap();
        let tool = |name: &str| Action::AtHost(AtHost::Tool(name.to_owned()));
        match self {
            Self::Create => Action::Own(Own::CreateEvent),
            Self::Update => Action::Own(Own::UpdateEvent(id())),
            Self::CheckIn => Action::Own(Own::CheckIn(id())),
            Self::Register => Action::Own(Own::Register),
            Self::List => tool("listEvents"),
            Self::Get => tool("getEvent"),
            Self::Rsvp => tool("rsvpToEvent"),
            Self::Analytics => tool("getEventAnalytics"),
            Self::Events => Action::Own(Own::Events),
            Self::Payments => Action::Own(Own::Payments(Format::Json)),
        }
    }
}

#[test]
fn the_host_refuses_by_the_name_of_the_field() {
    let inputs = || {
        let calls = vec![
            Call::Create,
            Call::Update,
            Call::CheckIn,
            Call::Register,
            Call::List,
            Call::Get,
            Call::Rsvp,
            Call::Analytics,
            Call::Events,
            Call::Payments,
        ];
        let value = prop_oneof![
            2 => number().prop_map(Json::Raw),
            1 => number().prop_map(Json::Text),
            2 => text().prop_map(Json::Text),
            1 => json(),
        ];
        (select(calls), any::<usize>(), value)
    };
    fuzz("arguments: the whole server", inputs, |(call, member, value)| {
        let server = Server::open();
        let event = server.event(5);
        prop_assert_eq!(&event, EVENT);
        let good = call.good();
        let names: Vec<&String> = good.as_object().unwrap().keys().collect();
        let name = names[member % names.len()];
        let mut request = server.request(call.action(), true, &[], &Value::Null);
        if let Json::Text(text) = &value {
            request.command.cursor = Some(text.clone());
        }
        let body = with(&good, name, value);
        request.body = body.into_bytes();
        let is_json = serde_json::from_slice::<Value>(&request.body).is_ok();
        let reply = block_on(server.handle(request));
        prop_assert!(reply.status < 500, "{reply:?}");
        let answer: Value = serde_json::from_str(&reply.body).unwrap();
        if reply.status == 422 || (reply.status == 400 && is_json) {
            let detail = answer["detail"].as_str().unwrap_or_default();
            // An end that does not lie after the start is the end's fault.
            let is_named = detail.contains(name.as_str())
                || (name == "startsAt" && detail.starts_with("endsAt"));
            prop_assert!(is_named, "{name}: {detail}");
        }
        nothing_was_sold(&server)
    });
}
