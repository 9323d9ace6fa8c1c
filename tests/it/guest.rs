//! A guest session over a world in memory: whose it is, who may speak, what a wallet of ours signs, and when
//! it ends. The sockets and the door are real messages; the budgets are real, the chain is not.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use events_concierge::guest::knock::SignIn;
use events_concierge::guest::{Guest, NotLetIn};
use events_concierge::host::command::{Action, SignedIn};
use events_concierge::http::Headers;
use events_concierge::http::route::AtHost;
use events_concierge::id::{ScopeId, SessionId};
use events_concierge::identity::{Session, UserId};
use events_concierge::ports::{
    Alarm, BudgetError, Budgets, Clock, Directory, Doors, Http, HttpError, HttpRequest,
    HttpResponse, Level, Log, Random, Row, SignOuts, SignOutsError, Sockets, Sql, SqlError,
    SqlValue, Timer, Web, WebRequest, WebResponse,
};
use events_concierge::time::UnixSeconds;
use events_concierge::wallet::budget::{self, Ask, Told};
use serde_json::{Value, json};

use crate::support::{
    Door, FACTORY, NOW, World, block_on, config, config_with, join_all, yield_once,
};

const DAY: i64 = 86_400;
const ADA: &str = "ada@example.org";
const BOB: &str = "bob@example.org";

/// What sessions have in common.
struct Town {
    door: Door,
    budgets: RefCell<BTreeMap<String, World>>,
    budgets_are_down: Cell<bool>,
    signed_out_at: Cell<Option<i64>>,
    /// Requests to the door with a payment in them.
    paid: Cell<usize>,
}

/// The world of one session.
#[derive(Clone)]
struct Room {
    town: Rc<Town>,
    own: World,
    told: Rc<RefCell<Vec<Value>>>,
    dismissed: Rc<Cell<Option<i64>>>,
}

impl Clock for Room {
    fn now(&self) -> UnixSeconds {
        self.own.now()
    }
}

impl Random for Room {
    fn fill(&self, buffer: &mut [u8]) {
        self.own.fill(buffer);
    }
}

impl Log for Room {
    fn line(&self, _level: Level, _message: &str, _fields: &[(&str, &str)]) {}
}

impl Alarm for Room {
    fn wake_at(&self, at: UnixSeconds) {
        self.own.wake_at(at);
    }
}

impl Directory for Room {
    fn note_open(&self) {
        self.own.note_open();
    }
}

impl Sql for Room {
    fn run(&self, statement: &str, parameters: &[SqlValue]) -> Result<Vec<Row>, SqlError> {
        self.own.run(statement, parameters)
    }

    fn atomically<T, E: From<SqlError>>(
        &self,
        block: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        self.own.atomically(block)
    }
}

impl Timer for Room {
    async fn sleep(&self, _millis: u32) {}
}

impl Web for Room {
    async fn exchange(&self, request: WebRequest) -> Result<WebResponse, HttpError> {
        panic!("{} is somewhere else", request.url)
    }
}

impl Http for Room {
    /// The chain of the door, on which every wallet is rich and none is there yet.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let body: Value = serde_json::from_str(request.body.as_deref().unwrap()).unwrap();
        let is_balance = body["params"].to_string().contains("0x70a08231");
        let result = match body["method"].as_str().unwrap() {
            "eth_getCode" => json!("0x"),
            "eth_call" if is_balance => json!(format!("0x{:064x}", 1_000_000_000)),
            _ => return self.town.door.world.send(request).await,
        };
        let answer = json!({"jsonrpc": "2.0", "id": body["id"], "result": result});
        Ok(HttpResponse { status: 200, body: answer.to_string() })
    }
}

impl Doors for Room {
    async fn knock(&self, scope: &ScopeId, request: WebRequest) -> Result<WebResponse, HttpError> {
        let door = &self.town.door;
        assert_eq!(*scope, door.scope);
        let text = request.body.unwrap();
        if text.contains("x402/payment\"") {
            self.town.paid.set(self.town.paid.get() + 1);
        }
        let body: Value = serde_json::from_str(&text).unwrap();
        let headers: Vec<_> =
            request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let asked = door.request(Action::AtHost(AtHost::Door), false, &headers, &body);
        let reply = door.host.handle(asked).await;
        let headers = reply.headers.into_iter().map(|(name, value)| (name.to_owned(), value));
        let headers = Headers::new(headers.collect());
        Ok(WebResponse { status: reply.status, headers, body: reply.body })
    }
}

impl SignOuts for Room {
    async fn signed_out_at(&self, _scope: &ScopeId) -> Result<Option<UnixSeconds>, SignOutsError> {
        Ok(self.town.signed_out_at.get().map(UnixSeconds::new))
    }
}

impl Budgets for Room {
    async fn ask_budget(&self, owner: &str, ask: &Ask) -> Result<Told, BudgetError> {
        yield_once().await;
        if self.town.budgets_are_down.get() {
            return Err(BudgetError("down".to_owned()));
        }
        let mut budgets = self.town.budgets.borrow_mut();
        let memory = Rc::clone(&self.own.memory);
        let budget = budgets.entry(owner.to_owned());
        let budget = budget.or_insert_with(|| World { memory, ..World::new() });
        // As it goes from object to object.
        let ask: Ask = serde_json::from_str(&serde_json::to_string(ask).unwrap()).unwrap();
        let told = budget::answer(budget, &ask).unwrap();
        Ok(serde_json::from_str(&serde_json::to_string(&told).unwrap()).unwrap())
    }
}

impl Sockets for Room {
    fn dismiss(&self, signed_out_at: UnixSeconds) {
        self.dismissed.set(Some(signed_out_at.get()));
    }

    fn tell_all(&self, text: &str) -> bool {
        self.told.borrow_mut().push(serde_json::from_str(text).unwrap());
        true
    }

    fn is_watched(&self) -> bool {
        false
    }

    fn tell_watching(&self, _text: &str) {}
}

fn town() -> Rc<Town> {
    Rc::new(Town {
        door: Door::open(),
        budgets: RefCell::default(),
        budgets_are_down: Cell::new(false),
        signed_out_at: Cell::new(None),
        paid: Cell::new(0),
    })
}

/// Somebody who signed in at this moment.
fn person(user: &str, at: i64) -> SignedIn {
    let user = UserId::parse(user).unwrap();
    SignedIn::of(Session::start(&config().keys, user, UnixSeconds::new(at)), false)
}

/// A session, and the token that resumes it.
struct Visit {
    room: Room,
    guest: Rc<Guest<Room>>,
    token: String,
}

impl Visit {
    fn begin(town: &Rc<Town>, who: Option<&SignedIn>) -> Self {
        let memory = Rc::clone(&town.door.world.memory);
        let own = World { memory, ..World::new() };
        let (told, dismissed) = (Rc::default(), Rc::default());
        let room = Room { town: Rc::clone(town), own, told, dismissed };
        let factory = [("SMART_WALLET_FACTORY", FACTORY)];
        let guest = Rc::new(Guest::new(room.clone(), config_with(&factory)));
        let id = SessionId::random(&room);
        let greeting = block_on(guest.begin(&id, who)).unwrap();
        let welcome = serde_json::to_value(&greeting[0]).unwrap();
        let token = welcome["token"].as_str().unwrap().to_owned();
        Self { room, guest, token }
    }

    /// One that pays up to a dollar without asking, with the wallet that we keep for its owner.
    fn buying(town: &Rc<Town>, who: Option<&SignedIn>) -> Self {
        let visit = Self::begin(town, who);
        visit.say(&json!({"type": "use_wallet", "kind": "smart"}));
        visit.say(&json!({"type": "set_policy", "askAbove": "1.00"}));
        let url = format!("http://localhost:8787/mcp/users/{}", town.door.scope);
        visit.say(&json!({"type": "connect_mcp", "url": url}));
        assert_eq!(visit.last("mcp_connected")["mcpUrl"], url);
        visit
    }

    fn say(&self, message: &Value) {
        block_on(self.guest.hear(&message.to_string()));
    }

    fn seat(&self) -> Value {
        let event = self.room.town.door.event(10);
        json!({"type": "call_tool", "tool": "rsvpToEvent", "arguments": {"eventId": event}})
    }

    fn last(&self, kind: &str) -> Value {
        let told = self.room.told.borrow();
        told.iter().rev().find(|message| message["type"] == kind).unwrap().clone()
    }

    fn resume(&self, who: Option<&SignedIn>) -> Result<(), NotLetIn> {
        block_on(self.guest.resume(&self.token, who, None)).map(drop)
    }
}

#[test]
fn the_token_opens_a_session_for_whoever_began_it_and_nobody_else() {
    let town = town();
    let (ada, bob) = (person(ADA, NOW), person(BOB, NOW));
    let planted = Visit::begin(&town, None);
    assert_eq!(planted.resume(None), Ok(()));
    assert_eq!(planted.resume(Some(&ada)), Err(NotLetIn::NotYours), "it never becomes hers");
    let own = Visit::begin(&town, Some(&ada));
    assert_eq!(own.resume(None), Err(NotLetIn::SignInNeeded));
    assert_eq!(own.resume(Some(&bob)), Err(NotLetIn::NotYours));
    assert_eq!(own.resume(Some(&person(ADA, NOW + 50))), Ok(()));
}

#[test]
fn a_socket_speaks_only_while_its_own_sign_in_counts() {
    let town = town();
    let ada = person(ADA, NOW);
    let own = Visit::begin(&town, Some(&ada));
    let is_silent = |sign_in| own.guest.silence(sign_in).unwrap().is_some();
    let old = SignIn::of(&ada);
    assert!(!is_silent(Some(old)) && is_silent(None));
    town.door.world.memory.now.set(NOW + DAY - 1);
    assert!(!is_silent(Some(old)));
    town.door.world.memory.now.set(NOW + DAY);
    // Another tab of the same person has come with a new sign-in; the old one's cookie is worth nothing.
    let new = person(ADA, NOW + DAY);
    assert_eq!(own.resume(Some(&new)), Ok(()));
    assert!(is_silent(Some(old)) && !is_silent(Some(SignIn::of(&new))));
    // A sign-out that one tab has heard of silences all sockets of before.
    let newer = person(ADA, NOW + DAY + 20);
    let end = UnixSeconds::new(NOW + DAY + 10);
    block_on(own.guest.resume(&own.token, Some(&newer), Some(end))).unwrap();
    assert_eq!(own.room.dismissed.get(), Some(end.get()));
    assert!(is_silent(Some(SignIn::of(&new))) && !is_silent(Some(SignIn::of(&newer))));
    let nobodys = Visit::begin(&town, None);
    assert!(nobodys.guest.silence(None).unwrap().is_none());
}

#[test]
fn our_wallet_signs_and_the_policy_changes_only_for_an_owner_who_is_signed_in_now() {
    for (signed_out_at, later, may) in
        [(None, DAY - 1, true), (None, DAY, false), (Some(NOW + 9), 10, false)]
    {
        let town = town();
        let own = Visit::buying(&town, Some(&person(ADA, NOW)));
        let seat = own.seat();
        town.signed_out_at.set(signed_out_at);
        town.door.world.memory.now.set(NOW + later);
        own.say(&json!({"type": "set_policy", "perCall": "77.00"}));
        let is_changed = own.last("policy")["policy"]["perCall"] == "77.00";
        own.say(&seat);
        assert_eq!((is_changed, town.paid.get() > 0), (may, may), "{signed_out_at:?} {later}");
        if !may {
            let error = own.last("tool_error");
            assert_eq!(
                (&error["code"], &error["moneyMoved"]),
                (&json!("sign_in_again"), &json!("no"))
            );
        }
    }
}

#[test]
fn two_sessions_of_an_owner_spend_a_days_limit_once() {
    let town = town();
    let ada = person(ADA, NOW);
    let visits = [Visit::buying(&town, Some(&ada)), Visit::buying(&town, Some(&ada))];
    visits[0].say(&json!({"type": "set_policy", "perDay": "0.10"}));
    // All at once, each a step at a time.
    let calls: Vec<_> = visits.iter().chain(&visits).map(|visit| (visit, visit.seat())).collect();
    let hear = |visit: &Visit, seat: &Value| {
        let (guest, text) = (Rc::clone(&visit.guest), seat.to_string());
        async move { Box::pin(guest.hear(&text)).await }
    };
    join_all(calls.iter().map(|(visit, seat)| hear(visit, seat)).collect());
    let signed = |visit: &Visit| {
        let statement = "SELECT id FROM purchases WHERE signature IS NOT NULL";
        visit.room.run(statement, &[]).unwrap().len()
    };
    assert_eq!(visits.iter().map(signed).sum::<usize>(), 2);
    let told = visits.iter().flat_map(|visit| visit.room.told.borrow().clone());
    assert_eq!(told.filter(|message| message["code"] == "over_per_day").count(), 2);
    // Somebody else's day is not hers.
    let other = Visit::buying(&town, Some(&person(BOB, NOW)));
    other.say(&other.seat());
    assert_eq!(signed(&other), 1);
}

#[test]
fn nothing_is_signed_while_the_budget_cannot_be_asked() {
    let town = town();
    let own = Visit::buying(&town, Some(&person(ADA, NOW)));
    town.budgets_are_down.set(true);
    own.say(&own.seat());
    let error = own.last("tool_error");
    assert_eq!(
        (&error["code"], &error["moneyMoved"], town.paid.get()),
        (&json!("budget_unavailable"), &json!("no"), 0)
    );
}

#[test]
fn a_session_ends_after_thirty_days_without_use_or_ninety_in_all() {
    let town = town();
    let now = |at: i64| town.door.world.memory.now.set(at);
    let unused = Visit::begin(&town, None);
    now(NOW + 30 * DAY - 1);
    assert!(!unused.guest.is_over().unwrap());
    now(NOW + 30 * DAY);
    assert_eq!(unused.resume(None), Err(NotLetIn::Ended));
    assert!(unused.guest.silence(None).unwrap().is_some());
    assert!(unused.guest.is_over().unwrap());

    now(NOW);
    town.door.world.memory.alarm.set(None);
    let used = Visit::begin(&town, None);
    assert_eq!(town.door.world.memory.alarm.get(), Some(NOW + 30 * DAY));
    for day in (20..90).step_by(20) {
        now(NOW + day * DAY);
        assert_eq!(used.resume(None), Ok(()), "{day}");
    }
    now(NOW + 90 * DAY - 1);
    assert_eq!(used.resume(None), Ok(()));
    now(NOW + 90 * DAY);
    assert_eq!(used.resume(None), Err(NotLetIn::Ended));
    // While money may move yet the session stays, and is looked at again.
    let open = "INSERT INTO purchases (id, door, tool, arguments, origin, challenge, amount, pay_to, \
         network, payer, state, created_at, updated_at) VALUES ('pur_1', '', '', '{}', 'call', '{}', \
         1, '', '', '', 'unknown', 0, 0)";
    used.room.run(open, &[]).unwrap();
    town.door.world.memory.alarm.set(None);
    block_on(used.guest.wake()).unwrap();
    assert!(!used.guest.is_over().unwrap());
    assert_eq!(town.door.world.memory.alarm.get(), Some(NOW + 90 * DAY + 60));
    used.room.run("DELETE FROM purchases", &[]).unwrap();
    assert!(used.guest.is_over().unwrap());
}
