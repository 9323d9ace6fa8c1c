//! What hosts and payers do in a simulation, and what must be true at every step and in the end.

mod buying;
mod elsewhere;
mod ending;
mod giving;
mod hosts;
mod refunding;
mod trouble;
mod waiting;
mod watch;

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use events_concierge::base::http::{Headers, Reply};
use events_concierge::base::id::{RequestId, ScopeId};
use events_concierge::base::time::UnixSeconds;
use events_concierge::directory::Answered;
use events_concierge::host::command::{Action, Command, SignedIn};
use events_concierge::host::{Host, Request};
use events_concierge::http::route::{AtDesk, AtHost, Own};
use events_concierge::http::source::Source;
use events_concierge::identity::{Session, UserId};
use events_concierge::ports::Delivery;
use serde_json::{Value, json};

use self::buying::Purchase;
use self::watch::Watch;
use super::chain::Chain;
use super::engine::Sim;
use super::object::Object;
use super::world::World;
use crate::support::{NOW, Wallet, config};

/// Two hosts are paid at the first address.
const PAY_TO: [&str; 3] = [
    "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
    "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
    "0x976EA74026E726554dB657fA54763abd0C3a0aa9",
];
const USERS: [&str; 3] = [
    "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
    "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955",
    "0x976EA74026E726554dB657fA54763abd0C3a0aa9",
];
const HOSTS: usize = 3;
const STEPS: usize = 40;
/// How often the cron asks the directory, milliseconds.
const SWEEP_MILLIS: i64 = 600_000;

/// What happened, for those who want to know whether anything did.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) paid: u64,
    pub(crate) unpaid: u64,
    pub(crate) crashes: u64,
    pub(crate) reversed: u64,
    pub(crate) found_out: u64,
    /// Paid ones in doubt that their payer has proven.
    pub(crate) proven: u64,
    /// Paid ones that were spent at another shop, and bought nothing here.
    pub(crate) elsewhere: u64,
    /// Paid ones of which no log is left, that are shown as waiting.
    pub(crate) stuck: u64,
    /// Alarms that the runtime gave up.
    pub(crate) drops: u64,
    /// Seats that were bought together with another one.
    pub(crate) several: u64,
    /// Seats of a ticket type.
    pub(crate) typed: u64,
    /// Seats that were bought with a promo code.
    pub(crate) reduced: u64,
    pub(crate) secrets: u64,
    pub(crate) desk: u64,
    pub(crate) mails: u64,
    /// Seats that their guests gave back, refunds that were paid, and those of payments that the chain has dropped.
    pub(crate) given_back: u64,
    pub(crate) refunded: u64,
    pub(crate) voided: u64,
    /// How often a ticket changed hands.
    pub(crate) given: u64,
    /// Guests who were offered a seat that they waited for, and let it go.
    pub(crate) offered: u64,
}

impl Outcome {
    pub(crate) fn add(&mut self, other: &Self) {
        self.paid += other.paid;
        self.unpaid += other.unpaid;
        self.crashes += other.crashes;
        self.reversed += other.reversed;
        self.found_out += other.found_out;
        self.proven += other.proven;
        self.elsewhere += other.elsewhere;
        self.stuck += other.stuck;
        self.drops += other.drops;
        self.several += other.several;
        self.typed += other.typed;
        self.reduced += other.reduced;
        self.secrets += other.secrets;
        self.desk += other.desk;
        self.mails += other.mails;
        self.given_back += other.given_back;
        self.refunded += other.refunded;
        self.voided += other.voided;
        self.given += other.given;
        self.offered += other.offered;
    }
}

/// A host's object, and what it sells.
struct Server {
    user: UserId,
    scope: ScopeId,
    object: Object<Host<World>>,
    events: Vec<String>,
    /// The one of them that has ticket types.
    typed: String,
    secrets: Vec<String>,
    tickets: Vec<String>,
    watch: Watch,
}

impl Deref for Server {
    type Target = Object<Host<World>>;

    fn deref(&self) -> &Self::Target {
        &self.object
    }
}

impl DerefMut for Server {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.object
    }
}

pub(crate) struct Scenario {
    sim: Rc<Sim>,
    servers: Vec<Server>,
    purchases: Vec<Purchase>,
    /// Events that hosts have made meanwhile: host and id.
    made: Rc<RefCell<Vec<(usize, String)>>>,
    next_sweep: i64,
    /// What objects have answered to the cron.
    answered: Rc<RefCell<Vec<Answered>>>,
    outcome: Outcome,
}

impl Scenario {
    pub(crate) fn new(seed: u64) -> Self {
        let sim = Sim::new(seed);
        trouble::begin(&sim);
        let servers = (0..HOSTS).map(|index| {
            let user = UserId::parse(USERS[index]).unwrap();
            let scope = config().keys.scope_of(&user);
            let object = Object::new(&sim, char::from(b"ABC"[index]), index);
            let (events, secrets, tickets) = (Vec::new(), Vec::new(), Vec::new());
            let typed = String::new();
            Server { user, scope, object, events, typed, secrets, tickets, watch: Watch::default() }
        });
        let servers = servers.collect();
        let next_sweep = sim.now.get() + SWEEP_MILLIS;
        let (purchases, made, outcome) = (Vec::new(), Rc::default(), Outcome::default());
        let answered = Rc::default();
        let mut new = Self { sim, servers, purchases, made, next_sweep, answered, outcome };
        new.set_up();
        new
    }

    pub(crate) fn sim(&self) -> Rc<Sim> {
        Rc::clone(&self.sim)
    }

    /// Registers the hosts, and gives each something of everything to sell.
    fn set_up(&mut self) {
        let delivery = match self.sim.rng.below(3) {
            0 => None,
            1 => Some(Delivery::AtMostOnce),
            _ => Some(Delivery::ExactlyOnce),
        };
        self.sim.mails.borrow_mut().delivery = delivery;
        for host in 0..HOSTS {
            let body = json!({"userId": USERS[host], "walletAddress": PAY_TO[host],
                "products": ["events", "vault", "desk"]});
            self.own(host, Own::Register, &body);
            let limits = json!({"limits": {"callsPerMinute": 1000, "unpaidPerMinute": 1000}});
            self.own(host, Own::ChangeProfile, &limits);
            self.own(host, Own::Desk(AtDesk::ChangeSettings), &json!({"approvalsNeeded": 1}));
            for capacity in [1, 3] {
                let event = self.own(host, Own::CreateEvent, &new_event(capacity));
                self.servers[host].events.push(text(&event["id"]));
            }
            let mut typed = new_event(3);
            typed["types"] = types("0.02", 1);
            typed["promoCodes"] = code(50, 2);
            let typed = self.own(host, Own::CreateEvent, &typed);
            self.servers[host].typed = text(&typed["id"]);
            self.servers[host].events.push(text(&typed["id"]));
            for value in ["a", "b"] {
                let secret = json!({"name": "Key", "value": format!("value {value}1")});
                let secret = self.owner_calls(host, "storeSecret", &secret);
                self.servers[host].secrets.push(text(&secret["secretId"]));
            }
            let ticket = json!({"subject": "Help", "body": "It is broken", "email": "a@b.test"});
            let ticket = self.owner_calls(host, "createTicket", &ticket);
            self.servers[host].tickets.push(text(&ticket["ticketId"]));
        }
        let mut chain = self.sim.chain.borrow_mut();
        for net in 0..2 {
            for pay_to in PAY_TO {
                chain.balances.insert((net, pay_to.to_owned()), 1_000_000_000);
            }
            for wallet in 1..=6 {
                // The fifth can pay once, and not twice; the last owns nothing.
                let balance = [10_000_000, 60_000, 0]
                    [usize::from(wallet == 5) + 2 * usize::from(wallet == 6)];
                chain.balances.insert((net, Wallet::new(wallet).address.to_string()), balance);
            }
        }
    }

    pub(crate) fn play(mut self) -> Outcome {
        self.sim.chaos.set(true);
        for _ in 0..STEPS {
            self.act();
            let millis = match self.sim.rng.below(10) {
                0..6 => self.sim.rng.range(0, 300),
                6..9 => self.sim.rng.range(300, 5_000),
                _ => self.sim.rng.range(5_000, 90_000),
            };
            self.run_for(millis);
            if self.sim.rng.chance(100) {
                self.check_all();
            }
        }
        self.give_back_and_refund();
        self.end_trouble();
        self.run_for(900_000);
        self.serve_an_honest_buyer();
        self.run_for(4_500_000);
        self.check_all();
        self.prove_doubtful();
        self.check_end()
    }

    /// One random action.
    fn act(&mut self) {
        self.take_made();
        match self.sim.rng.below(100) {
            0..40 => self.buy(),
            40..54 => self.send_again(),
            54..58 => self.cancel_seat(),
            58..62 => self.pay_refunds(),
            62..65 => self.give_ticket(),
            65..69 => self.wait_for_seat(),
            69..73 => {
                let host = self.sim.rng.below(HOSTS);
                self.sim.tell(|| format!("{} dies", self.servers[host].name));
                self.servers[host].crash();
                self.outcome.crashes += 1;
            }
            73..77 => Chain::reorg(&self.sim),
            77..83 => self.change_something(),
            83..86 => self.spend_one(),
            86..90 => self.approve(),
            90..97 => self.make_trouble(),
            _ => self.spawn_own(self.sim.rng.below(HOSTS), Own::Events, &json!({})),
        }
    }

    fn spawn_own(&self, host: usize, own: Own, body: &Value) {
        let server = &self.servers[host];
        let request = request(server, Action::Own(own), true, Vec::new(), body);
        let Some(service) = server.service.clone() else { return };
        server.spawn(async move { drop(service.handle(request).await) });
    }

    /// Something that a host asks, and its answer.
    fn own(&mut self, host: usize, own: Own, body: &Value) -> Value {
        let request = request(&self.servers[host], Action::Own(own), true, Vec::new(), body);
        let reply = self.answer(host, request);
        assert!(reply.status < 300, "{}", reply.body);
        serde_json::from_str(&reply.body).unwrap()
    }

    fn owner_calls(&mut self, host: usize, tool: &str, arguments: &Value) -> Value {
        let action = Action::AtHost(AtHost::Tool(tool.to_owned()));
        let request = request(&self.servers[host], action, true, Vec::new(), arguments);
        let reply = self.answer(host, request);
        assert_eq!(reply.status, 200, "{}", reply.body);
        serde_json::from_str(&reply.body).unwrap()
    }

    fn answer(&mut self, host: usize, request: Request) -> Reply {
        let server = &self.servers[host];
        let service = server.service.clone().unwrap();
        let slot: Rc<RefCell<Option<Reply>>> = Rc::default();
        let filled = Rc::clone(&slot);
        server.spawn(async move { *filled.borrow_mut() = Some(service.handle(request).await) });
        for _ in 0..1_000 {
            self.run_for(100);
            if let Some(reply) = slot.borrow_mut().take() {
                return reply;
            }
        }
        panic!("no answer");
    }

    /// Lets so many milliseconds pass, with everything that happens in them.
    fn run_for(&mut self, millis: i64) {
        let end = self.sim.now.get() + millis;
        loop {
            let nexts: [Option<i64>; HOSTS] = std::array::from_fn(|host| self.servers[host].next());
            let next = nexts.iter().copied().chain([self.sim.next_event(), Some(self.next_sweep)]);
            let Some(next) = next.flatten().min().filter(|next| *next <= end) else { break };
            let now = self.sim.now.get().max(next);
            self.sim.now.set(now);
            if self.next_sweep <= now {
                self.next_sweep = now + SWEEP_MILLIS;
                self.sweep();
                continue;
            }
            let due = |next: Option<i64>| next.is_some_and(|next| next <= now);
            let mut ready: Vec<usize> = (0..HOSTS).filter(|index| due(nexts[*index])).collect();
            if due(self.sim.next_event()) {
                ready.push(HOSTS);
            }
            match ready[self.sim.rng.below(ready.len())] {
                HOSTS => drop(self.sim.step_event()),
                host => {
                    self.servers[host].step();
                    self.check_step(host);
                }
            }
        }
        self.sim.now.set(end);
    }
}

/// A new event with so many seats.
fn new_event(capacity: i64) -> Value {
    // Half of the money goes back, or all.
    let percent = if capacity == 1 { 50 } else { 100 };
    json!({"title": "Meetup", "startsAt": "2027-03-01T18:30:00Z", "capacity": capacity, "price": "0.05",
        "refundPercent": percent, "refundIfMoved": true})
}

/// Two ticket types. Who names none buys the first, at the price of other events.
fn types(price: &str, seats: i64) -> Value {
    json!([{"name": "A", "price": "0.05", "seats": 2}, {"name": "B", "price": price, "seats": seats}])
}

/// The promo code of the event with ticket types.
fn code(percent: u32, uses: i64) -> Value {
    json!([{"code": "HALF", "off": format!("{percent}%"), "uses": uses}])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn request(
    server: &Server,
    action: Action,
    owner: bool,
    headers: Vec<(String, String)>,
    body: &Value,
) -> Request {
    request_of((&server.user, &server.scope, &server.world), action, owner, headers, body)
}

fn request_of(
    (user, scope, world): (&UserId, &ScopeId, &World),
    action: Action,
    owner: bool,
    mut headers: Vec<(String, String)>,
    body: &Value,
) -> Request {
    let session = Session::start(&config().keys, user.clone(), UnixSeconds::new(NOW));
    let user = SignedIn { scope: scope.clone(), ..SignedIn::of(session, true) };
    let command = Command {
        request_id: RequestId::random(world),
        scope: scope.clone(),
        origin: None,
        source: Source::parse("203.0.113.1"),
        cursor: None,
        user: owner.then_some(user),
        credential: None,
        action,
    };
    headers.push(("content-type".to_owned(), "application/json".to_owned()));
    Request { command, headers: Headers::new(headers), body: body.to_string().into_bytes() }
}
