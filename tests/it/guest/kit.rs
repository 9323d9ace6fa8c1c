//! What the suites of guest sessions have in common: a session with its tabs, wallets and clock, and what it has bought.

use std::rc::Rc;

use events_concierge::base::id::SessionId;
use events_concierge::base::time::UnixSeconds;
use events_concierge::guest::{Guest, NotLetIn};
use events_concierge::host::command::{Action, SignedIn};
use events_concierge::http::route::Own;
use events_concierge::identity::{Session, UserId};
use events_concierge::ports::{Sql, SqlValue};
use serde_json::{Value, json};

use crate::guest::deployment::{Deployment, Mood, Room, deployment};
use crate::support::{FACTORY, NOW, Server, block_on, config, config_with};

pub(crate) const HOUR: i64 = 3_600;
pub(crate) const DAY: i64 = 86_400;
pub(crate) const ADA: &str = "ada@example.org";
pub(crate) const BOB: &str = "bob@example.org";

/// A user who signed in at this moment.
pub(crate) fn person(user: &str, at: i64) -> SignedIn {
    let user = UserId::parse(user).unwrap();
    SignedIn::of(Session::start(&config().keys, user, UnixSeconds::new(at)), false)
}

fn instance(room: &Room) -> Rc<Guest<Room>> {
    Rc::new(Guest::new(room.clone(), config_with(&[("SMART_WALLET_FACTORY", FACTORY)])))
}

/// A session, and the token that resumes it.
pub(crate) struct Visit {
    pub(crate) room: Room,
    pub(crate) guest: Rc<Guest<Room>>,
    token: String,
}

impl Visit {
    pub(crate) fn begin(deployment: &Rc<Deployment>, who: Option<&SignedIn>) -> Self {
        let room = Room::new(deployment);
        let guest = instance(&room);
        let id = SessionId::random(&room);
        let greeting = block_on(guest.begin(&id, who)).unwrap();
        let welcome = serde_json::to_value(&greeting[0]).unwrap();
        let token = welcome["token"].as_str().unwrap().to_owned();
        Self { room, guest, token }
    }

    /// One that pays up to a dollar without asking, with the wallet that we keep for its owner.
    pub(crate) fn buying(deployment: &Rc<Deployment>, who: Option<&SignedIn>) -> Self {
        let visit = Self::begin(deployment, who);
        visit.say(&json!({"type": "use_wallet", "kind": "smart"}));
        visit.say(&json!({"type": "set_policy", "askAbove": "1.00"}));
        visit.connect(&url_of(&deployment.server));
        visit
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    pub(crate) fn connect(&self, url: &str) {
        self.say(&json!({"type": "connect_mcp", "url": url}));
        assert_eq!(self.last("mcp_connected")["mcpUrl"], url);
    }

    pub(crate) fn say(&self, message: &Value) {
        block_on(self.guest.hear(&message.to_string()));
    }

    /// The instance loses its memory, and the next one knows of no alarm.
    pub(crate) fn evict(&mut self) {
        self.guest = instance(&self.room);
    }

    /// Lets alarms go off for so many seconds.
    pub(crate) fn pass(&self, seconds: i64) {
        let end = self.room.deployment.now() + seconds;
        while let Some(at) = self.room.alarm.get().filter(|at| *at <= end) {
            self.room.deployment.set_now(at.max(self.room.deployment.now()));
            self.wake();
        }
        self.room.deployment.set_now(end);
    }

    pub(crate) fn wake(&self) {
        self.room.alarm.set(None);
        block_on(self.guest.wake());
    }

    pub(crate) fn seat(&self) -> Value {
        seat_at(&self.room.deployment.server)
    }

    pub(crate) fn all(&self, kind: &str) -> Vec<Value> {
        let told = self.room.told.borrow();
        told.iter().filter(|message| message["type"] == kind).cloned().collect()
    }

    pub(crate) fn last(&self, kind: &str) -> Value {
        self.all(kind).pop().unwrap()
    }

    /// What a socket is told that comes.
    pub(crate) async fn greeting(&self, who: &SignedIn) -> Vec<Value> {
        let greeting = self.guest.resume(&self.token, Some(who), None).await.unwrap();
        greeting.iter().map(|message| serde_json::to_value(message).unwrap()).collect()
    }

    pub(crate) fn resume(&self, who: Option<&SignedIn>) -> Result<(), NotLetIn> {
        block_on(self.guest.resume(&self.token, who, None)).map(drop)
    }

    pub(crate) fn resume_after(&self, who: &SignedIn, signed_out_at: i64) {
        let at = Some(UnixSeconds::new(signed_out_at));
        block_on(self.guest.resume(&self.token, Some(who), at)).unwrap();
    }

    /// A client returns: the tickets that it is told of.
    pub(crate) fn tickets_of_a_returning_client(&self, who: Option<&SignedIn>) -> Vec<Value> {
        self.resume(who).unwrap();
        let missed = self.guest.missed().unwrap();
        let missed = missed.iter().map(|text| serde_json::from_str::<Value>(text).unwrap());
        missed.filter(is_ticket).collect()
    }

    /// Tickets that were told to connected clients.
    pub(crate) fn tickets(&self) -> Vec<Value> {
        self.all("tool_result").into_iter().filter(is_ticket).collect()
    }

    pub(crate) fn text(&self, statement: &str) -> String {
        match &self.room.own.run(statement, &[]).unwrap()[0][0] {
            SqlValue::Text(text) => text.clone(),
            SqlValue::Int(number) => number.to_string(),
            SqlValue::Null => "NULL".to_owned(),
        }
    }
}

/// Puts on sale what sentences ask for.
pub(crate) fn event(server: &Server, title: &str, place: &str) {
    let event = json!({"title": title, "startsAt": "2027-03-01T18:30:00Z", "timeZone": "Europe/Berlin",
        "location": place, "capacity": 10, "price": "0.05"});
    let reply = server.as_owner(Action::Own(Own::CreateEvent), &event);
    assert_eq!(reply.status, 201, "{}", reply.body);
}

/// Says it, and gives the agent's only answer.
pub(crate) fn said(visit: &Visit, text: &str) -> Value {
    let before = visit.all("chat").len();
    visit.say(&json!({"type": "chat", "text": text}));
    let all = visit.all("chat");
    assert_eq!(all.len(), before + 1, "one answer to {text}: {:?}", &all[before..]);
    all.last().unwrap().clone()
}

pub(crate) fn is_ticket(message: &Value) -> bool {
    message["result"]["structuredContent"]["ticketUrl"].is_string()
}

pub(crate) fn url_of(server: &Server) -> String {
    format!("http://localhost:8787/mcp/users/{}", server.scope)
}

/// A call for a seat of a new event.
pub(crate) fn seat_at(server: &Server) -> Value {
    let event = server.event(10);
    json!({"type": "call_tool", "tool": "rsvpToEvent", "callId": "seat", "arguments": {"eventId": event}})
}

/// A session that has paid for a seat at a server that was lost over it.
pub(crate) fn bought(then: Mood) -> Visit {
    let deployment = deployment();
    let visit = Visit::buying(&deployment, Some(&person(ADA, NOW)));
    let seat = visit.seat();
    deployment.mood.set(Mood::Loses);
    visit.say(&seat);
    deployment.mood.set(then);
    assert_eq!(deployment.transfers(), 1);
    assert_eq!(visit.last("tool_error")["code"], "unknown");
    assert!(visit.tickets().is_empty());
    visit
}

pub(crate) fn purchase(visit: &Visit, columns: &str) -> String {
    visit.text(&format!("SELECT {columns} FROM purchases ORDER BY rowid LIMIT 1"))
}

/// One ticket, one receipt, one signature, one transfer.
pub(crate) fn arrived_once(visit: &Visit, tickets: &[Value]) {
    let deployment = &visit.room.deployment;
    assert_eq!(tickets.len(), 1, "one ticket");
    assert_eq!(tickets[0]["callId"], "seat");
    assert_eq!((deployment.transfers(), deployment.nonces.borrow().len()), (1, 1));
    assert_eq!(deployment.paid_elsewhere.get(), 0, "the other server hears nothing of it");
    assert_eq!(purchase(visit, "state || shown || coalesce(next_check_at, '')"), "paid1");
}

/// A session that has paid at both servers, which are away since.
pub(crate) fn bought_at_both() -> Visit {
    let deployment = deployment();
    let visit = Visit::buying(&deployment, Some(&person(ADA, NOW)));
    deployment.mood.set(Mood::Loses);
    deployment.other_mood.set(Mood::Loses);
    visit.say(&seat_at(&deployment.server));
    visit.connect(&url_of(&deployment.other));
    visit.say(&seat_at(&deployment.other));
    deployment.mood.set(Mood::Well);
    deployment.other_mood.set(Mood::Well);
    assert_eq!((deployment.transfers(), visit.tickets().len()), (2, 0));
    visit
}
