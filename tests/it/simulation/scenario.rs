//! What hosts and payers do in a simulation, and what must be true in the end.

mod elsewhere;

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use alloy_primitives::B256;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use events_concierge::host::command::{Action, Command, SignedIn};
use events_concierge::host::{Host, Request};
use events_concierge::http::route::{AtHost, Own};
use events_concierge::http::source::Source;
use events_concierge::http::{Headers, Reply};
use events_concierge::id::{EventId, RequestId, ScopeId};
use events_concierge::identity::{Session, UserId};
use events_concierge::ledger::audit::audit;
use events_concierge::time::UnixSeconds;
use serde_json::{Value, json};

use self::elsewhere::Spent;
use super::chain::{Chain, short};
use super::engine::Sim;
use super::world::{Object, World};
use crate::support::{NOW, Wallet, as_v1, config};

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
const STEPS: usize = 40;

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
    }
}

/// One signed payment, and the answers to the calls that it was sent with.
struct Purchase {
    nonce: String,
    /// Whose key signed, also for a contract wallet.
    wallet: Wallet,
    payment: Value,
    tool: &'static str,
    arguments: Value,
    host: usize,
    /// Whether it was only ever sent to that host with those arguments.
    pure: bool,
    sent: usize,
    /// Whether somebody else has had it moved.
    spent: Spent,
    answers: Rc<RefCell<Vec<Reply>>>,
}

/// A host's object.
struct Door {
    user: UserId,
    scope: ScopeId,
    object: Object<Host<World>>,
}

impl Deref for Door {
    type Target = Object<Host<World>>;

    fn deref(&self) -> &Self::Target {
        &self.object
    }
}

impl DerefMut for Door {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.object
    }
}

pub(crate) struct Scenario {
    sim: Rc<Sim>,
    objects: Vec<Door>,
    /// Host and id.
    events: Vec<(usize, String)>,
    purchases: Vec<Purchase>,
    crashes: u64,
    proven: u64,
}

impl Scenario {
    pub(crate) fn new(seed: u64) -> Self {
        let sim = Sim::new(seed);
        let objects = (0..3).map(|index| {
            let user = UserId::parse(USERS[index]).unwrap();
            let scope = config().keys.scope_of(&user);
            Door { user, scope, object: Object::new(&sim, char::from(b"ABC"[index])) }
        });
        let objects = objects.collect();
        let purchases = Vec::new();
        let mut new = Self { sim, objects, events: Vec::new(), purchases, crashes: 0, proven: 0 };
        new.set_up();
        new
    }

    pub(crate) fn sim(&self) -> Rc<Sim> {
        Rc::clone(&self.sim)
    }

    /// Registers the hosts, and gives each two small events.
    fn set_up(&mut self) {
        for host in 0..3 {
            let body = json!({"userId": USERS[host], "walletAddress": PAY_TO[host]});
            let reply = self.ask(host, Action::Own(Own::Register), &body);
            assert_eq!(reply.status, 201, "{}", reply.body);
            let limits = json!({"limits": {"callsPerMinute": 1000, "unpaidPerMinute": 1000}});
            self.ask(host, Action::Own(Own::ChangeProfile), &limits);
            for capacity in [1, 3] {
                let event = json!({"title": "Meetup", "startsAt": "2027-03-01T18:30:00Z",
                    "capacity": capacity, "price": "0.05"});
                let reply = self.ask(host, Action::Own(Own::CreateEvent), &event);
                let event: Value = serde_json::from_str(&reply.body).unwrap();
                self.events.push((host, event["id"].as_str().unwrap().to_owned()));
            }
        }
        let mut chain = self.sim.chain.borrow_mut();
        for wallet in 1..=5 {
            // The last one can pay once, and not twice.
            let balance = if wallet == 5 { 60_000 } else { 10_000_000 };
            chain.balances.insert(Wallet::new(wallet).address.to_string(), balance);
        }
        chain.balances.insert(Wallet::new(6).address.to_string(), 0);
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
            if self.sim.rng.chance(200) {
                self.check_books();
            }
        }
        self.sim.chaos.set(false);
        self.sim.tell(|| "from here on nothing goes wrong".to_owned());
        // A crash may leave an object without a next step; the next request gives it one.
        for round in 0..3 {
            for host in 0..3 {
                let reply = self.ask(host, Action::AtHost(AtHost::Manifest), &json!({}));
                assert_eq!(reply.status, 200);
            }
            self.run_for(if round == 0 { 900_000 } else { 60_000 });
        }
        self.prove_doubtful();
        self.check_end()
    }

    /// One thing that somebody does.
    fn act(&mut self) {
        match self.sim.rng.below(100) {
            0..45 => self.buy(),
            45..70 => self.send_again(),
            70..78 => {
                let host = self.sim.rng.below(3);
                self.sim.tell(|| format!("{} dies", self.objects[host].name));
                self.objects[host].crash();
                self.crashes += 1;
            }
            78..86 => Chain::reorg(&self.sim),
            86..92 => self.change_event(),
            92..95 => self.spend_one(),
            _ => self.look(),
        }
    }

    /// A wallet signs a payment and calls with it.
    fn buy(&mut self) {
        // The last one owns nothing.
        let who = if self.sim.rng.chance(60) { 6 } else { self.sim.rng.range(1, 5) };
        let wallet = Wallet::new(u8::try_from(who).unwrap());
        let (host, event) = self.events[self.sim.rng.below(self.events.len())].clone();
        let analytics = self.sim.rng.chance(150);
        let (tool, amount) =
            if analytics { ("getEventAnalytics", "10000") } else { ("rsvpToEvent", "50000") };
        let mut offer = json!({"scheme": "exact", "network": "eip155:84532", "amount": amount,
            "asset": "0x036CbD53842c5426634e7929541eC2318f3dCF7e", "payTo": PAY_TO[host],
            "maxTimeoutSeconds": 110, "extra": {"name": "USDC", "version": "2"}});
        if self.sim.rng.chance(500) {
            offer["extra"]["receiptKey"] = json!(format!("{:032x}", self.sim.rng.next()));
        }
        let nonce = self.nonce();
        let valid = self.sim.now.get() / 1000 + self.valid_seconds();
        let mut payment = wallet.pay_with(&offer, 1, |authorization| {
            authorization.nonce = nonce;
            authorization.valid_before = alloy_primitives::U256::from(valid);
        });
        match self.sim.rng.below(20) {
            // A contract wallet's signature, good or bad, or of one that lies: only the facilitator can tell.
            0 | 1 => payment["payload"]["signature"] = json!(format!("0x01{}", "22".repeat(70))),
            2 => payment["payload"]["signature"] = json!(format!("0x02{}", "22".repeat(70))),
            3 => payment["payload"]["signature"] = json!(format!("0x03{}", "22".repeat(70))),
            4 | 5 => {
                let id = format!("order_{}", short(&nonce.to_string()).replace('…', "_"));
                payment["extensions"] =
                    json!({"payment-identifier": {"info": {"required": false, "id": id}}});
            }
            _ => {}
        }
        let payment = if self.sim.rng.chance(300) && payment["extensions"].is_null() {
            as_v1(&payment)
        } else {
            payment
        };
        let purchase = Purchase {
            nonce: nonce.to_string(),
            wallet,
            payment,
            tool,
            arguments: json!({"eventId": event}),
            host,
            pure: true,
            sent: 0,
            spent: Spent::No,
            answers: Rc::default(),
        };
        let from = purchase.payment["payload"]["authorization"]["from"].as_str().unwrap();
        let name = self.objects[host].name;
        self.sim.tell(|| {
            format!(
                "{} pays {name} with {} for {tool} {event}",
                short(from),
                short(&purchase.nonce)
            )
        });
        self.purchases.push(purchase);
        let last = self.purchases.len() - 1;
        if self.sim.rng.chance(40) {
            self.spend_before(last);
        }
        let times = if self.sim.rng.chance(150) { 3 } else { 1 };
        for _ in 0..times {
            self.send(last, None, None);
        }
    }

    fn nonce(&self) -> B256 {
        let mut nonce = B256::ZERO;
        let random = self.sim.rng.next().to_be_bytes();
        random.iter().zip(nonce.iter_mut()).for_each(|(from, to)| *to = *from);
        nonce[31] = 1;
        nonce
    }

    /// Mostly as long as a server wants it; now and then too long for wallets that never paid there.
    fn valid_seconds(&self) -> i64 {
        let longest = if self.sim.rng.chance(100) { 300 } else { 120 };
        self.sim.rng.range(25, longest)
    }

    /// A payment is sent once more: to the same host, or to one that it was not made for.
    fn send_again(&mut self) {
        if self.purchases.is_empty() {
            return;
        }
        let index = self.sim.rng.below(self.purchases.len());
        let elsewhere =
            self.sim.rng.chance(250).then(|| self.events[self.sim.rng.below(6)].clone());
        self.sim.tell(|| {
            let to = elsewhere
                .as_ref()
                .map_or(String::new(), |(host, _)| format!(" to {}", self.objects[*host].name));
            format!("again {}{to}", short(&self.purchases[index].nonce))
        });
        self.send(index, elsewhere, None);
    }

    fn send(&mut self, index: usize, elsewhere: Option<(usize, String)>, proof: Option<String>) {
        let purchase = &mut self.purchases[index];
        purchase.sent += 1;
        let (host, arguments) = match elsewhere {
            Some((host, event)) => {
                purchase.pure = false;
                (host, json!({"eventId": event}))
            }
            None => (purchase.host, purchase.arguments.clone()),
        };
        let name =
            if purchase.payment["x402Version"] == 1 { "x-payment" } else { "payment-signature" };
        let header = (name.to_owned(), STANDARD.encode(purchase.payment.to_string()));
        let action = Action::AtHost(AtHost::Tool(purchase.tool.to_owned()));
        let answers = Rc::clone(&purchase.answers);
        let object = &self.objects[host];
        let proof = proof.map(|proof| ("sign-in-with-x".to_owned(), proof));
        let headers = [header].into_iter().chain(proof).collect();
        let request = request(object, action, false, headers, &arguments);
        let service = Rc::clone(&object.service);
        let (sim, nonce, name) = (Rc::clone(&self.sim), purchase.nonce.clone(), object.name);
        object.spawn(async move {
            let reply = service.handle(request).await;
            sim.tell(|| {
                format!(
                    "{name} answers {} for {}: {}",
                    reply.status,
                    short(&nonce),
                    reply.body.chars().take(120).collect::<String>()
                )
            });
            answers.borrow_mut().push(reply);
            true
        });
    }

    fn change_event(&mut self) {
        let (host, event) = self.events[self.sim.rng.below(self.events.len())].clone();
        let id = EventId::parse(&event).unwrap();
        let (action, body) = match self.sim.rng.below(10) {
            0 => (Action::Own(Own::CancelEvent(id)), json!({})),
            _ => {
                let capacity = self.sim.rng.range(1, 4);
                (Action::Own(Own::UpdateEvent(id)), json!({"capacity": capacity}))
            }
        };
        self.spawn_request(host, action, &body);
    }

    fn look(&mut self) {
        let host = self.sim.rng.below(3);
        self.spawn_request(host, Action::Own(Own::Events), &json!({}));
    }

    fn spawn_request(&self, host: usize, action: Action, body: &Value) {
        let object = &self.objects[host];
        let request = request(object, action, true, Vec::new(), body);
        let service = Rc::clone(&object.service);
        object.spawn(async move { service.handle(request).await.status < 500 });
    }

    /// Asks something, and waits for the answer.
    fn ask(&mut self, host: usize, action: Action, body: &Value) -> Reply {
        let object = &self.objects[host];
        let request = request(object, action, true, Vec::new(), body);
        self.answer(host, request)
    }

    fn answer(&mut self, host: usize, request: Request) -> Reply {
        let object = &self.objects[host];
        let service = Rc::clone(&object.service);
        let slot: Rc<RefCell<Option<Reply>>> = Rc::default();
        let filled = Rc::clone(&slot);
        object.spawn(async move {
            *filled.borrow_mut() = Some(service.handle(request).await);
            true
        });
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
            let nexts: Vec<Option<i64>> = self.objects.iter().map(|door| door.next()).collect();
            let next = nexts.iter().copied().chain([self.sim.next_event()]).flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else { break };
            let now = self.sim.now.get().max(next);
            self.sim.now.set(now);
            let due = |next: Option<i64>| next.is_some_and(|next| next <= now);
            let mut ready: Vec<usize> = (0..3).filter(|index| due(nexts[*index])).collect();
            if due(self.sim.next_event()) {
                ready.push(3);
            }
            match ready[self.sim.rng.below(ready.len())] {
                3 => drop(self.sim.step_event()),
                host => self.objects[host].step(),
            }
        }
        self.sim.now.set(end);
    }

    fn check_books(&self) {
        for object in &self.objects {
            let faults = audit(&object.world.clone().calm()).unwrap();
            assert_eq!(faults, Vec::<String>::new(), "the books of {}", object.name);
        }
    }

    /// What must be true once everything has come to rest.
    fn check_end(mut self) -> Outcome {
        self.check_books();
        for object in &self.objects {
            assert!(object.is_idle(), "{} has calls that never end", object.name);
            let open = "SELECT count(*) FROM payments WHERE next_check_at IS NOT NULL";
            assert_eq!(object.int(open), 0, "{} has open payments", object.name);
            assert_eq!(
                object.int("SELECT count(*) FROM outbox"),
                0,
                "{} has records to send",
                object.name
            );
            let money = "SELECT coalesce(sum(amount), 0) FROM ledger WHERE entry IN ('settled', 'reversed')";
            let revenue = object.int(money).to_string();
            let kv = self.sim.kv.borrow();
            let published =
                kv.get(&format!("{}:revenue", object.scope)).map_or("0", String::as_str);
            assert_eq!(published, revenue, "revenue of {} in KV", object.name);
            let seats =
                kv.keys().filter(|key| key.starts_with(&format!("{}:rsvps:", object.scope)));
            let seats = i64::try_from(seats.count()).unwrap();
            assert_eq!(
                object.int("SELECT count(*) FROM rsvps"),
                seats,
                "seats of {} in KV",
                object.name
            );
        }
        for pay_to in [PAY_TO[0], PAY_TO[2]] {
            let hosts = (0..3).filter(|host| PAY_TO[*host] == pay_to);
            let money = "SELECT coalesce(sum(amount), 0) FROM ledger WHERE entry IN ('settled', 'reversed')";
            let revenue: i64 = hosts.map(|host| self.objects[host].int(money)).sum();
            let received = i64::try_from(self.sim.chain.borrow().received(pay_to)).unwrap();
            let elsewhere = self.earned_elsewhere(pay_to);
            assert_eq!(revenue, received - elsewhere, "what {} got on the chain", short(pay_to));
        }
        let mut outcome =
            Outcome { crashes: self.crashes, proven: self.proven, ..Outcome::default() };
        for index in 0..self.purchases.len() {
            self.check_purchase(index, &mut outcome);
        }
        let reversed = "SELECT count(*) FROM ledger WHERE entry = 'reversed'";
        let sum: i64 = self.objects.iter().map(|object| object.int(reversed)).sum();
        outcome.reversed = u64::try_from(sum).unwrap();
        outcome
    }

    /// Who paid has what was paid for, once, and gets it again with a proof; who did not has
    /// nothing; and nobody was told something else.
    fn check_purchase(&mut self, index: usize, outcome: &mut Outcome) {
        let Purchase { nonce, pure, host, .. } = &self.purchases[index];
        let (nonce, pure, host) = (nonce.clone(), *pure, *host);
        let used = self.sim.chain.borrow().is_used(&nonce);
        let delivered = self.delivered(&nonce);
        let must = if used { self.must_be_delivered(index) } else { Some(false) };
        assert!(delivered < 2, "{} was delivered so often: {delivered}", short(&nonce));
        if let Some(must) = must {
            assert_eq!(delivered, i64::from(must), "{} was delivered so often", short(&nonce));
        }
        outcome.elsewhere += u64::from(used && delivered == 0);
        let used = delivered == 1;
        let answers = Rc::clone(&self.purchases[index].answers);
        let was_answered = answers.borrow().iter().any(|reply| reply.status == 200);
        if used {
            outcome.paid += 1;
            outcome.found_out += u64::from(!was_answered);
        } else {
            outcome.unpaid += 1;
        }
        if let Some(broken) = answers.borrow().iter().find(|reply| reply.status == 500) {
            panic!("an internal error for {}: {}", short(&nonce), broken.body);
        }
        if !pure {
            return;
        }
        // Of an answer that was lost nobody knows what it said.
        if let Some(last) = answers.borrow().last()
            && used
            && answers.borrow().len() == self.purchases[index].sent
        {
            let money =
                serde_json::from_str::<Value>(&last.body).unwrap_or_default()["moneyMoved"].clone();
            assert!(
                last.status == 200 || money != "no",
                "{} was told that nothing moved: {}",
                short(&nonce),
                last.body
            );
        }
        let reply = self.repeat(index, None, None);
        if !used {
            assert_ne!(reply.status, 200, "{} was not paid", short(&nonce));
            return;
        }
        // Only what the chain never shows, or the payer's wallet, opens an answer again.
        let payment = &self.purchases[index].payment;
        let is_private = !payment["extensions"].is_null()
            || payment["accepted"]["extra"]["receiptKey"].is_string();
        let reply = if is_private {
            reply
        } else {
            assert_eq!(reply.status, 401, "{} is shown to anybody: {reply:?}", short(&nonce));
            assert!(!reply.body.contains("ticketUrl") && !reply.body.contains("totalRevenue"));
            let refused = serde_json::from_str(&reply.body).unwrap();
            self.repeat(index, None, Some(self.purchases[index].wallet.prove(&refused)))
        };
        let name = self.objects[host].name;
        assert_eq!(reply.status, 200, "{} was paid at {name}: {reply:?}", short(&nonce));
    }

    /// Sends a payment once more, and waits for the answer.
    fn repeat(
        &mut self,
        index: usize,
        to: Option<(usize, String)>,
        proof: Option<String>,
    ) -> Reply {
        let answers = Rc::clone(&self.purchases[index].answers);
        answers.borrow_mut().clear();
        self.send(index, to, proof);
        self.run_for(100_000);
        answers.borrow_mut().pop().unwrap()
    }
}

fn request(
    object: &Door,
    action: Action,
    owner: bool,
    mut headers: Vec<(String, String)>,
    body: &Value,
) -> Request {
    let session = Session::start(&config().keys, object.user.clone(), UnixSeconds::new(NOW));
    let user = SignedIn { scope: object.scope.clone(), ..SignedIn::of(session, true) };
    let command = Command {
        request_id: RequestId::random(&object.world),
        scope: object.scope.clone(),
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
